#include "config.h"

#include "node/node.h"

#define MINUTE 60000

const struct node_verb_row node_verbs[NODE_VERBS] = {
    [NODE_STATUS] = { NODE_STATUS, "status", false, false, MINUTE },
    [NODE_FACTS] = { NODE_FACTS, "facts", false, false, MINUTE },
    [NODE_AGENT_SHOW] = { NODE_AGENT_SHOW, "agent-show", false, false, MINUTE },
    [NODE_AGENT_CONNECT] = { NODE_AGENT_CONNECT, "agent-connect", true, true, 10 * MINUTE },
    [NODE_AGENT_DISCONNECT] = { NODE_AGENT_DISCONNECT, "agent-disconnect", true, true, 5 * MINUTE },
    [NODE_REGISTER] = { NODE_REGISTER, "register", true, false, 5 * MINUTE },
    [NODE_UNREGISTER] = { NODE_UNREGISTER, "unregister", true, false, 2 * MINUTE },
    [NODE_SYNC] = { NODE_SYNC, "sync", true, false, 3 * MINUTE },
    [NODE_CLUSTER_CREATE] = { NODE_CLUSTER_CREATE, "cluster-create", true, false, MINUTE },
    [NODE_CERTIFICATE_FIND] = { NODE_CERTIFICATE_FIND, "certificate-find", false, false, MINUTE },
    [NODE_CERTIFICATE_NEW] = { NODE_CERTIFICATE_NEW, "certificate-new", true, false, MINUTE },
    [NODE_CERTIFICATE_SET] = { NODE_CERTIFICATE_SET, "certificate-set", true, false, 2 * MINUTE },
    [NODE_CERTIFICATE_REMOVE] = { NODE_CERTIFICATE_REMOVE, "certificate-remove", true, false,
                                  MINUTE },
    [NODE_REGISTER_APP] = { NODE_REGISTER_APP, "register-app", true, false, 5 * MINUTE },
    [NODE_ARC_STATUS] = { NODE_ARC_STATUS, "arc-status", false, false, MINUTE },
    [NODE_ARC_INIT] = { NODE_ARC_INIT, "arc-init", true, false, MINUTE },
    [NODE_ARC_ENABLE] = { NODE_ARC_ENABLE, "arc-enable", true, true, 12 * MINUTE },
    [NODE_ARC_CLEAR] = { NODE_ARC_CLEAR, "arc-clear", true, false, MINUTE },
    [NODE_RESET] = { NODE_RESET, "reset", true, true, MINUTE },
    [NODE_RESET_STATUS] = { NODE_RESET_STATUS, "reset-status", false, false, MINUTE },
};

const char *node_verb_name(enum node_verb v)
{
    return (unsigned)v < NODE_VERBS ? node_verbs[v].name : "";
}
