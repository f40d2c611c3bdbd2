/* panes.h - from what nodes answered to the panes of sec_cluster and the rows of sec_nodes. Pure:
 * no clock, no I/O.
 *
 * A status is five things: word, reason, age, evidence, next act. Words are the nodes' own and
 * shown as they came, unknown ones too; the worst of the nodes stands for the cluster. Windows and
 * words: docs-facts.md 1.3 to 1.5 (30 days without a cluster, a registration, a connection;
 * ConnectionStatus blank until registered; LastConnected is usually within the last day: older is a
 * warning).
 */
#ifndef AZL_CORE_PANES_H
#define AZL_CORE_PANES_H

#include "azure/cloud.h"
#include "wire/sections.h"

#define PANES_DAY_MS (INT64_C(24) * 3600 * 1000)
/* The end of a node's certificate is told of so many days ahead, and again: nodes whose certificate
 * has ended cannot sign in any more. */
#define PANES_CREDENTIAL_DAYS 60
#define PANES_CREDENTIAL_LAST 14

struct panes_node {
    const char *name;
    const struct json *status; /* the last good answer of verb status, or NULL */
    const struct json *agent;  /* the last good answer of verb agent-show, or NULL */
    int64_t checked_at;        /* real Unix ms of that status; 0 never */
    bool asked;                /* at least one answer or error came */
    struct err err;            /* of the newest status; ERR_NONE: it answered */
};
struct panes_in {
    const struct panes_node *nodes;
    size_t n;
    int64_t policy_now;        /* Unix ms on the policy clock */
    const struct cloud *cloud; /* or NULL: no portal address */
    const char *tenant;        /* for the portal address, "" unknown */
    const char *gap;           /* what the newest run found missing in Azure, "" or NULL nothing */
    const char *move;          /* the run of a move that is not at its end, "" or NULL none */
    const char *leave; /* the run of an unregistration that broke off half way, "" or NULL none */
    bool move_stopped; /* nobody works on it: it failed, or was stopped */
};
void panes_cluster(struct sec_cluster *out, const struct panes_in *in);
void panes_nodes(struct sec_nodes *out, const struct panes_in *in);

#endif
