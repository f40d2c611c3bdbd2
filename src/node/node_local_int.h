/* node_local_int.h - between the files of the back end "this POSIX host": node_local.c (the back
 * end, status, agent, register, sync) and node_aad.c (certificates, the cluster's application, Arc
 * by the cluster), reset.c. Each call answers once, by node_reply_end, and is dead then. */
#ifndef AZL_NODE_NODE_LOCAL_INT_H
#define AZL_NODE_NODE_LOCAL_INT_H

#include "base/str.h"
#include "node/agent.h"
#include "node/dataplane.h"
#include "node/engine.h"
#include "node/node.h"

#define NODE_PATH_SIZE 800

struct reset_job;

struct local_node {
    struct node node;
    struct loop *loop;
    struct store *store;
    const struct clock *clock;
    char *himds, *azcmagent, *tokens_dir, *agent_proxy;
    char dir[NODE_PATH_SIZE - 32];
    char record_path[NODE_PATH_SIZE];
    char own_path[NODE_PATH_SIZE], new_path[NODE_PATH_SIZE]; /* the node's own certificate, and one
                                                                that is not proven yet */
    char *certificates_dir;
    int64_t os_build;
    int64_t started; /* Unix ms on the policy clock */
    struct dataplane plane;
    struct agent agent;
    struct json *facts; /* read once */
    struct node_call *calls;
    struct reset_job *reset; /* under way, or NULL */
};

struct node_call {
    struct local_node *n;
    struct node_call *prev, *next;
    enum node_verb verb;
    node_done_fn *fn;
    void *payload;
    struct loop_timer *timer;
    struct agent_call *agent;
    struct dataplane_call *plane;
    struct loop_child *child; /* makes a certificate */
    struct json *args;
    struct secret token;
    struct engine_registration registration; /* of register, until it stands in the record */
    char certificate[NODE_PATH_SIZE];        /* of certificate-set, until it is accepted */
    char registration_date[TIME_SIZE];
};

/* node_local.c */
void node_reply_end(struct node_call *c, struct json *answer, const struct err *e);
int node_own_cluster(struct local_node *n, struct engine_cluster *out, int64_t *rev, struct err *e);
/* Changes the cluster's record, again when somebody else changed it in the meantime. */
typedef void node_change_fn(struct engine_cluster *c, const void *payload);
int node_change_cluster(struct local_node *n, node_change_fn *fn, const void *payload,
                        struct err *e);
void node_do_sync(struct node_call *c);
/* Registers as c->registration says (checked by node_take_registration). */
int node_take_registration(struct node_call *c);
void node_do_register(struct node_call *c);

/* node_aad.c */
bool node_has_arc(const struct local_node *n); /* its Windows has commands for Azure Arc */
/* The application that a registration names, as *out; false: it names none. */
bool node_app_of(struct local_node *n, const struct engine_registration *g,
                 struct dataplane_app *out);
void node_drop_certificates(struct local_node *n);
void node_certificate_find(struct node_call *c);
void node_certificate_new(struct node_call *c);
void node_certificate_set(struct node_call *c);
void node_certificate_remove(struct node_call *c);
void node_register_app(struct node_call *c);
void node_arc_status(struct node_call *c);
void node_arc_init(struct node_call *c);
void node_arc_enable(struct node_call *c);
void node_arc_clear(struct node_call *c);

/* reset.c */
void node_reset(struct node_call *c);
void node_reset_status(struct node_call *c);
void node_reset_close(struct local_node *n);
void node_bootstrap_keep(struct local_node *n, const struct json *args); /* of agent-connect */
void node_add_plays(const struct local_node *n, struct json *facts);

#endif
