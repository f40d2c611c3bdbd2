/* fixture.h - a small Azure and small nodes for the tests of src/op: the real arm and auth over a
 * transport that answers from memory.
 *
 * The power: when the journal of the run under test holds `cut` lines, nothing has any effect any
 * more and no answer arrives. fx_power_on cuts the journal to that length: what a machine finds
 * after its power came back. */
#ifndef AZL_TESTS_OP_FIXTURE_H
#define AZL_TESTS_OP_FIXTURE_H

#include "op/op_engine.h"
#include "op/plans.h"

#define FX_SUB     "11111111-2222-3333-4444-555555555555"
#define FX_TENANT  "99999999-8888-7777-6666-555555555555"
#define FX_RP      "abcdefab-0000-4000-8000-00000000aaaa"
#define FX_NODES   16
#define FX_MAX_LOG 2000

struct fx_rule {               /* an answer instead of the small Azure's; used `count` times */
    const char *method, *path; /* part of the path, without case */
    int count, status;
    const char *body;
    int64_t retry_after_ms;
    bool lost;      /* the effect happens, the answer does not arrive */
    bool no_effect; /* with lost: it never arrived there either */
};
struct fx_node {
    struct node base;
    struct fx *fx;
    bool registered, connected, no_msi, no_agent, old;
    char uri[300];
    int registrations; /* how often it was registered: its registeredAt */
    char agent_name[64], agent_sub[40], agent_group[96], agent_tenant[40];
    bool certificate, no_identity; /* of the path by certificates; Arc by the cluster's identity */
    char cert_app[40], arc_app[40], arc_group[96];
    int fail[NODE_VERBS]; /* so many calls fail */
    bool fail_unsure, fail_effect;
    int fail_http, fail_code; /* fail_code: -1 none, 0 the agent's 42 */
    int calls[NODE_VERBS];
};
struct fx {
    struct http http;
    struct loop *loop;
    struct auth *auth;
    struct arm *arm;
    struct store *store;
    struct cloud cloud;
    struct op_ports ports;
    struct fx_node nodes[FX_NODES];
    struct node *node_list[FX_NODES];
    struct json *resources; /* path in lower case -> body */
    struct fx_rule rules[16];
    size_t n_rules;
    char *log[FX_MAX_LOG]; /* "PUT /subscriptions/..." */
    size_t n_log;
    int64_t latency_ms;
    int made_twice; /* creations of something that was there */
    int in_flight, most_in_flight;
    int nodes_in_flight, most_nodes_in_flight;
    bool effect_at_send; /* else when the answer is due */
    bool signed_out;     /* tokens are refused with 401 */
    bool dead;           /* the power is off */
    bool no_rp_object, no_identity;
    bool never_connected; /* in the Arc settings */
    size_t fail_nth;      /* the nth request from here is answered 503 */
    bool lose_nth;        /* or, when it changes something, its answer is lost */
    size_t cut;           /* journal lines; 0: never */
    char runs[200], journal[400];
    int changes;
};

struct fx *fx_new(int nodes);
void fx_free(struct fx *fx);
void fx_sign_in(struct fx *fx);
struct fx_rule *fx_rule(struct fx *fx, const char *method, const char *path, int status,
                        const char *body);
size_t fx_count(const struct fx *fx, const char *method, const char *path); /* requests so far */
size_t fx_writes(const struct fx *fx);                                      /* all but GET */
void fx_forget(struct fx *fx);                                              /* the log and rules */
bool fx_has(const struct fx *fx, const char *path);
void fx_put(struct fx *fx, const char *path, const char *json);
struct json *fx_inputs(void);
/* Turns the loop until the run is in one of the end states (or waits for sign-in), the power is
 * off, or ms have passed. */
enum op_run_state fx_run(struct fx *fx, struct op_run *r, int64_t ms);
struct op_run *fx_start(struct fx *fx, const struct op_plan *plan);
void fx_follow(struct fx *fx,
               const struct op_run *r); /* this run's journal is the one that the power hangs on */
void fx_power_on(struct fx *fx);
size_t fx_lines(const char *path);
size_t fx_journal_count(struct fx *fx, const char *event, const char *step);
enum op_step_state fx_state(const struct op_run *r, const char *step);

/* fixture_aad.c: the path by application and certificates (nodes with no_msi) */
void fx_aad_node(struct fx_node *n, enum node_verb verb, const struct json *args, struct json *j);
bool fx_aad_post(struct fx *fx, const char *path, struct json **out); /* false: not of that path */
#define FX_APP "a0a0a0a0-0000-4000-8000-00000000a0a0"

/* fixture_azure.c */
void fx_world(struct fx *fx);
int fx_azure(struct fx *fx, const char *method, const char *path, const struct json *sent,
             struct json **out); /* HTTP status */
int fx_delete(struct fx *fx, const char *path);
void fx_add_machine(struct fx *fx, const char *name);
void fx_link_machines(struct fx *fx);
struct json *fx_arm_code(const char *code);

#define FX_GROUP       "/subscriptions/" FX_SUB "/resourcegroups/hci-rg"
#define FX_PERMISSIONS "/subscriptions/" FX_SUB "/providers/Microsoft.Authorization/permissions"
#define FX_CLUSTER                                                                                 \
    "/subscriptions/" FX_SUB "/resourceGroups/hci-rg/providers/Microsoft.AzureStackHCI/clusters/"  \
    "hci"
#define FX_SETTINGS FX_CLUSTER "/arcSettings/default"
#define FX_MACHINES                                                                                \
    "/subscriptions/" FX_SUB "/resourceGroups/hci-rg/providers/Microsoft.HybridCompute/machines"

int test_op_node_contract(void);
int test_op_op_engine(void);
int test_op_op_events(void);
int test_op_op_exec(void);
int test_op_op_preview(void);
int test_op_op_resume(void);
int test_op_op_undo(void);
int test_op_op_register(void);
int test_op_op_register_azure(void);
int test_op_op_register_cluster(void);
int test_op_op_register_arc(void);
int test_op_op_register_codes(void);
int test_op_op_register_decide(void);
int test_op_op_register_nodes(void);
int test_op_op_register_rights(void);
int test_op_op_register_aad(void);
int test_op_op_register_gen1(void);
int test_op_op_register_principal(void);
int test_op_op_repair_show(void);
int test_op_op_looks(void);
int test_op_op_sync(void);
int test_op_op_unregister(void);
int test_op_op_reset(void);
int test_op_op_cleanup(void);
int test_op_op_cleanup_judge(void);
int test_op_op_arc_disable(void);
int test_op_op_unregister_gate(void);
int test_op_op_unregister_show(void);

#endif
