/* sections.h - the sections of the core's state, as plain structs, with one field table each (both
 * ways).
 *
 * Times ending in _at are Unix ms of the real clock (0: never); policy times (last_connected,
 * due_at...) are on the policy clock, whose present is core.policy_now at core.now. Texts are clean
 * (base/text.h). Words that are states are the field's own (Clustered, NotYet...) and never
 * translated; `level` says how to show them. An empty word means: blank ("--").
 */
#ifndef AZL_WIRE_SECTIONS_H
#define AZL_WIRE_SECTIONS_H

#include "base/err.h"
#include "base/json.h"

enum section_id {
    SEC_CORE,
    SEC_SIGNIN,
    SEC_CLUSTER,
    SEC_NODES,
    SEC_RUN,
    SEC_CHOICES,
    SEC_LOG,
    SECTIONS
};
struct section_row {
    enum section_id id;
    const char *name; /* "core", "signin", ... as in messages */
    const struct json_type *type;
};
extern const struct section_row section_rows[SECTIONS];
const struct section_row *section_by_name(const char *name);

/* level: "ok" "warn" "fail" "unknown" "" */

struct sec_core {
    char version[32];
    int64_t pid;
    char mode[16]; /* "native" or "sandbox" */
    char host[64];
    char cloud[48]; /* name of the cloud in force */
    char portal[160];
    char state_dir[256];
    int64_t started_at, now, policy_now, clock_rate;
    char sandbox_base[200]; /* "" unless mode is sandbox */
    char problem[400]; /* "" or why the core cannot work fully (read-only state folder, sandbox did
                          not start) */
    char advice[400];
};

struct sec_signin {
    char state[16]; /* out starting code browser in failed */
    char way[24];   /* device-code secret certificate token azure-cli browser; "" when out */
    bool ends;      /* the sign-in ends when its token does: nothing renews it */
    int64_t port;   /* of state browser: verification_uri leads to this port of this machine */
    char account[128], tenant_id[40], tenant_name[96];
    char user_code[48], verification_uri[256], message[400];
    bool uri_trusted; /* https and an allowed verification host: a square may be drawn */
    int64_t code_expires_at, polled_at, next_poll_at, token_expires_at;
    int64_t owner_uid;
    bool yours;       /* the sign-in belongs to the uid that asks: set by the core per connection */
    struct err error; /* of failed */
};

struct sec_pane { /* a status is five things: word, reason, age, evidence, next act */
    char word[40], level[8], reason[160], evidence[160], next[160];
    int64_t checked_at;
};
struct sec_cluster {
    bool exists; /* there is a cluster record */
    char name[64];
    struct sec_pane cluster, registration,
        connection; /* ClusterStatus, RegistrationStatus, ConnectionStatus */
    /* Get-AzureStackHCI's properties; times ISO 8601 UTC or "" */
    char registration_date[40], azure_resource_name[96], azure_resource_uri[400],
        last_connected[40], next_sync[40], diagnostic_level[16], region[40];
    char certificate_ends[40]; /* the first of the nodes' certificates; "": they have none */
    char arc_secret_ends[40];  /* the secret generated for Azure Arc; "": there is none */
    char portal_url[512];
    int64_t nodes_up, nodes_total, due_at; /* due_at: policy clock; 0 nothing falls due */
    bool stale;                            /* the answer is old: show STALE */
    struct err error;                      /* of the last refresh */
};

#define SEC_MAX_NODES 64
struct sec_node {
    char name[64], state[16], level[8]; /* Up Down Unknown */
    char registration[40], connection[40], arc[40], agent_version[40], last_connected[40];
    char reason[200], effect[160], next[160];
    int64_t checked_at;
    bool stale;
};
struct sec_nodes {
    size_t n;
    struct sec_node items[SEC_MAX_NODES];
};

#define SEC_MAX_STEPS 80
struct sec_step {
    char id[48], title[120];
    char state[12]; /* waiting running done found failed skipped undone */
    int64_t started_at, ended_at, tries;
    char detail[200];                /* "HTTP 429 from Azure; try 2 of 5 in 12 s" */
    int64_t nodes_done, nodes_total; /* steps of each node; 0/0 otherwise */
    bool no_return;                  /* cannot be undone */
    bool undo;                       /* what it made is taken back by itself */
};
struct sec_run_node {
    char name[64], step[48], state[12], detail[200];
};
/* A permission that an administrator of the directory must grant: the application role's name and
 * its whole address. */
struct sec_role {
    char name[96], address[240];
};
#define SEC_MAX_ROLES 8
struct sec_run {
    char id[64], plan[32], title[120];
    char state[20]; /* none running waiting-sign-in stopping stopped failed done undoing undone */
    int64_t started_at, ended_at, owner_uid;
    bool undo; /* it goes backwards, or did so last */
    int64_t step_no, step_count;
    size_t n;
    struct sec_step steps[SEC_MAX_STEPS];
    size_t n_nodes;
    struct sec_run_node nodes[SEC_MAX_NODES];
    struct err error;
    /* As long as an administrator's consent is missing: the page where it is given
     * (register-flow.md 1.7, there AzurePortalAADAppPermissionsURL), and for what. "" and 0:
     * nothing is missing. */
    char consent_url[400];
    size_t n_roles;
    struct sec_role roles[SEC_MAX_ROLES];
    /* of a run that is over: Result, ErrorDetail, Details, AzureResourceId and
     * AzurePortalResourceURL of register-flow.md 3.1 (face/outcome.h has those names) */
    char resource_id[400], portal_url[512], result[40], error_detail[40], details[1400];
    char secret_for[40]; /* the application whose secret run-resume wants beside it; "" none */
    /* One of two runs that are one operation (core/app_chain.c); 0 and "" of a run of its own. Step
     * numbers and started_at are then the operation's. */
    int64_t part, parts;
    char whole[24];            /* what both are together: "move"; "repair", of one run that mends */
    char before[64], next[64]; /* the first run, of the second; and the other way round, once that
                                  has begun */
};

#define SEC_MAX_TENANTS 32
#define SEC_MAX_SUBS    128
#define SEC_MAX_REGIONS 96
#define SEC_MAX_GROUPS  256
struct sec_choice {
    char id[64], name[128],
        state[24];   /* tenant: id, name+domain; the code by which its list was refused in `state`;
                        subscription: id, name, Enabled/Warned/Disabled...; region: eastus, East
                        US; resource group: its name in `name`, its region in `state` */
    char parent[40]; /* subscription: its tenant */
};
struct sec_choices {
    char state[16];      /* none asking ready failed */
    char regions_of[40]; /* subscription whose provider list the regions are; "" = the dated
                            built-in list */
    char groups_of[40];  /* whose resource groups are listed; "" = not known */
    int64_t asked_at;
    size_t n_tenants, n_subs, n_regions, n_groups;
    struct sec_choice tenants[SEC_MAX_TENANTS], subs[SEC_MAX_SUBS], regions[SEC_MAX_REGIONS],
        groups[SEC_MAX_GROUPS];
    struct err error;
};

#define SEC_LOG_LINES 120
struct sec_log_line {
    int64_t seq, at, event; /* event: op/op_events.h, 0 none; the text begins with it, too */
    char level[8], text[240];
};
struct sec_log {
    size_t n;
    struct sec_log_line lines[SEC_LOG_LINES]; /* newest last */
};

extern const struct json_type sec_core_type, sec_signin_type, sec_cluster_type, sec_nodes_type,
    sec_run_type, sec_choices_type, sec_log_type;

/* Intents of protocol 1: name (who may): args -> result. "act" ones need may_act.
 * - status (any): {} -> {}. Refresh now; answers when the asked nodes have answered
 * - sign-in (act): {tenant?, way?, clientId?, accountId?, port?, authority?} -> {}. way: as in
 *   sec_signin, the device code without it; the section shows the code, or the browser's address.
 *   Secrets beside it: "proof" (the client's secret, its certificate and key, or the ready token),
 *   "password" (of the key)
 * - sign-in-cancel (act): {} -> {}
 * - sign-out (act): {} -> {}
 * - choices (act): {subscription?} -> {}. Asks tenants, subscriptions, regions and resource groups
 * of that subscription
 * - cluster-create (act): {name, nodes: [...]} -> {}
 * - register-check (act): as register, and its secret -> {fields: [{field, value, source, note,
 * level}], will: [{what, name, how}], steps: [{id, title, state, requests}]} (op.h, op_preview).
 * The review; nothing is written. With {values: {...}, whole: true} also of a registration that
 * something stands in the way of: error says what, missing: [{scope, actions}] which rights
 * - register (act): the values of wire/params.h that are sent -> {id}. Secret beside it:
 *   "arcSpnSecret" of the principal that arcSpnAppId names; where it is needed and missing the
 *   answer (of register-check) or the run's error is ERR_C_NEEDS_SECRET
 * - run-stop (act): {id} -> {}. Stop after the steps under way
 * - run-resume (act): {id} -> {id}. Secret beside it: as register's
 * - runs (any): {} -> {runs: [{id, plan, state, started, ended, error}]}
 * - run-show (any): {id} -> an object of sec_run_type
 * - log (any): {after, max} -> {lines: [...]}
 * - core-stop (act): {} -> {}. An idle private core ends
 */
#endif
