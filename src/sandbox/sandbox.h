/* sandbox.h - the inside of azlosandbox: one world, one table of routes, one reply a request.
 *
 * The way of a request: front (TLS, CONNECT, byte-level faults, exchange log) -> libmicrohttpd
 * (http.c) -> route_dispatch: table look-up, token and api-version checks, answer-level faults -> a
 * handler, which reads struct sb_req, changes the world and fills struct sb_reply -> back. Handlers
 * run on libmicrohttpd's threads, one at a time: route_dispatch holds the world's lock. A handler
 * never waits; work that takes time is a state with a `ready_at` time, looked at when somebody asks
 * (world_now). Sources: /shared contracts by name in each file's head; the program shares nothing
 * with the client but src/base.
 */
#ifndef AZL_SANDBOX_SANDBOX_H
#define AZL_SANDBOX_SANDBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/json.h"
#include "base/loop.h"
#include "base/str.h"

struct world; /* world.c: everything this Azure holds */

enum sb_approve { SB_APPROVE_MANUAL, SB_APPROVE_AUTO };

/* Filled by main.c from the command line; read-only afterwards. */
struct sb_options {
    char listen_host[64]; /* loopback only: 127.0.0.1 or ::1 */
    int listen_port;
    char dir[512];  /* state and keys; 0700 */
    char seed[512]; /* JSON document that changes the first world; "" none */
    enum sb_approve approve;
    int approve_after_s;
    int latency_ms; /* added to every answer */
    bool instant;   /* provider registration, reconcile, long-running operations are done at once */
    int64_t clock_rate;
    char log[512];    /* exchange log, "" none */
    bool log_secrets; /* with tokens and secrets, for whoever hunts them */
    int nodes;        /* 1..64: node1, node2, ... */
};
extern struct sb_options sb_options;

/* ---- a request as a handler sees it ---- */

enum sb_audience {
    SB_ANYONE, /* no token */
    SB_ARM, /* https://management.azure.com, management.core.windows.net, or the sandbox's own base
             */
    SB_GRAPH,
    SB_DATAPLANE, /* the usage service (billing scope), tokens of Arc machines only */
    SB_LOCAL      /* plain loopback HTTP of a node's Arc agent; not reachable through front */
};
#define SB_MAX_VARS    8
#define SB_ACTION_SIZE 256
struct sb_var {
    const char *name; /* as in the pattern: "sub" */
    char value[2048];
};
struct sb_req {
    const char *method;         /* GET HEAD PUT PATCH POST DELETE */
    const char *path;           /* decoded, "//" collapsed, as sent otherwise */
    const char *host;           /* Host header: "127.0.0.1:41234" or "management.azure.com" */
    char base[300];             /* "https://" + host: stands in every URL that we return */
    const struct json *query;   /* object name -> string; names in lower case except those starting
                                   with '$' (kept) */
    const struct json *headers; /* object, names in lower case */
    const char *body;           /* raw, NUL-terminated */
    size_t body_len;
    const struct json
        *json; /* parsed body, NULL if none or not JSON (sent_json tells a broken one) */
    bool sent_json;
    const struct json *form;   /* application/x-www-form-urlencoded as object, or NULL */
    const char *api_version;   /* "" if absent */
    const struct json *claims; /* of the verified bearer token, or NULL: oid, tid, appid, aud, exp,
                                  name, upn, idtyp... */
    struct sb_var vars[SB_MAX_VARS];
    char request_id[GUID_SIZE];     /* sent back as x-ms-request-id */
    char correlation_id[GUID_SIZE]; /* client's x-ms-correlation-request-id or a fresh one */
    char action[SB_ACTION_SIZE];    /* what rights_enter judged it to be; "" outside of it */
    bool partial;                   /* a list of which the caller may not read all */
    int node; /* SB_LOCAL: index of the node whose agent was called; else -1 */
    struct world *world;
};
const char *sb_var(const struct sb_req *q, const char *name);    /* "" if absent */
const char *sb_query(const struct sb_req *q, const char *name);  /* NULL if absent */
const char *sb_header(const struct sb_req *q, const char *name); /* NULL if absent */

/* Form encoding undone ("+", %XX). Allocated. */
char *sb_form_decode(const char *from, size_t n);

struct sb_reply {
    int status;        /* 0: the handler forgot: becomes 500 */
    struct json *json; /* owned; sent as application/json; charset=utf-8 */
    char *text;        /* owned; sent with content_type where json is NULL */
    const char *content_type;
    struct json *headers; /* owned object name -> string, or NULL */
};
void sb_reply_json(struct sb_reply *r, int status, struct json *body);
void sb_reply_text(struct sb_reply *r, int status, const char *content_type, char *owned_text);
void sb_reply_header(struct sb_reply *r, const char *name, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* ARM's form: {"error":{"code","message"}} (azure-wire.md 2.6). Returns the error object so that
 * details can be added. */
struct json *sb_arm_error(struct sb_reply *r, int status, const char *code, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* Graph's form: code, message, innerError with date and ids (azure-wire.md 4.7.1). */
void sb_graph_error(const struct sb_req *q, struct sb_reply *r, int status, const char *code,
                    const char *fmt, ...) __attribute__((format(printf, 5, 6)));
/* Entra's form (azure-wire.md 1.8): error, error_description "AADSTSnnnn: ...", error_codes,
 * timestamp, trace_id, correlation_id. */
void sb_entra_error(const struct sb_req *q, struct sb_reply *r, int status, const char *error,
                    int aadsts, const char *text);

/* ---- the table of routes ---- */

typedef void sb_handler(struct sb_req *q, struct sb_reply *r);
struct sb_route {
    const char *methods; /* "GET PUT" */
    const char *pattern; /* "/subscriptions/{sub}/resourcegroups/{rg}": compared without case; {x+}
                            takes the rest of the path */
    enum sb_audience audience;
    const char *versions; /* api-versions, blank-separated, without which 400; NULL: none asked */
    sb_handler *handler;
    const char *source; /* contract file and operationId, or azure-wire.md section: the contract
                           test prints it */
};
/* Each family exports its rows: entra.c, web.c, arm.c, hci.c, arc.c, dataplane.c, control.c (POST
 * /sandbox/...), himds.c (SB_LOCAL). */
struct sb_routes {
    const struct sb_route *rows;
    size_t n;
};
extern const struct sb_routes entra_routes, web_routes, control_routes; /* sign-in part */
extern const struct sb_routes arm_routes, hci_routes, arc_routes, arc_ext_routes, roles_routes,
    locks_routes, dataplane_routes, himds_routes; /* resource part */
/* Looks the route up, checks token, audience, tenant, expiry, api-version and JSON, applies
 * answer-level faults, calls the handler. ARM's own answers for what is missing: 401 with
 * WWW-Authenticate, 400 MissingApiVersionParameter / InvalidApiVersionParameter, 404, 405. */
void route_dispatch(struct sb_req *q, struct sb_reply *r, bool local);

/* ---- tokens (jwt.c): RS256, key made at first start and kept in dir ---- */

/* Signs the claims (iss, iat, nbf, exp are added; exp = real time + life_s). Returns an allocated
 * compact JWT. */
char *jwt_sign(const char *issuer, struct json *claims_owned, int life_s);
/* Verified claims (caller frees), or NULL: bad form, signature, or expired (then *expired is true).
 * Real clock. */
struct json *jwt_verify(const char *token, bool *expired);
struct json *jwt_jwks(void); /* {"keys":[...]} */
/* One part of a compact JWT as JSON, or NULL. */
struct json *jwt_part(const char *from, size_t len);
int jwt_init(const char *dir, struct err *e);

/* ---- the world (world.c) ---- */

/* Resources are JSON objects as ARM shows them in the newest api-version, keyed by their id in
 * lower case; the reply code removes what an older version does not have. Fields starting with "_"
 * are ours and never leave (_ready_at, _parent...). */
int world_open(const char *dir, const char *seed, struct world **out, struct err *e);
void world_save(
    struct world *w); /* to DIR/world.json, after each changing request (route_dispatch calls it) */
void world_touch(struct world *w); /* something changed: route_dispatch saves after the handler */
void world_lock(struct world *w);
void world_unlock(struct world *w);
struct json *world_resource(struct world *w, const char *id);        /* editable; NULL if absent */
void world_put(struct world *w, const char *id, struct json *owned); /* replaces */
bool world_remove(struct world *w, const char *id);
/* "tenants", "subscriptions", "signins", "users" and so on: object or array, made when absent. */
struct json *world_section(struct world *w, const char *name);
int64_t world_now(struct world *w);              /* Unix ms on the sandbox's clock (--clock-rate) */
const char *world_tenant(struct world *w);       /* GUID of the first tenant */
const char *world_subscription(struct world *w); /* GUID of the first enabled subscription */
/* Calls fn for each resource whose id starts (without case) with prefix. */
typedef void world_each_fn(const char *id, struct json *resource, void *payload);
void world_each(struct world *w, const char *prefix, world_each_fn *fn, void *payload);

/* ---- faults (faults.c) ---- */

/* "KIND[@METHOD PATH-GLOB][xCOUNT][ after N]": 429:retry-after=N 500 503 reset reply-lost truncate
 * garbage bad-length half-header slow=MS slow_down expired_token declined. Default pattern: every
 * request; default count 1; "x*" for ever; N requests that fit go by first. Path globs: '*' spans
 * '/', no case, query left out. */
enum fault_kind {
    FAULT_NONE,
    FAULT_STATUS,
    FAULT_RESET,
    FAULT_REPLY_LOST,
    FAULT_TRUNCATE,
    FAULT_GARBAGE,
    FAULT_BAD_LENGTH,
    FAULT_HALF_HEADER,
    FAULT_SLOW,
    FAULT_OAUTH
};
struct fault {
    enum fault_kind kind;
    int status;        /* FAULT_STATUS */
    int value;         /* retry-after seconds, ms of slow; -1 none */
    const char *oauth; /* "slow_down", "expired_token", "authorization_declined" */
};
/* '*' is any text, "/" too; '?' one character; without case. */
bool sb_glob(const char *glob, const char *text);
int fault_add(const char *spec, struct err *e);
void fault_clear(void);
/* Takes one count of the first fault that matches and is of the asked kind group; thread-safe. */
bool fault_take_bytes(const char *method, const char *path,
                      struct fault *out); /* front: reset .. slow, and status faults too */
bool fault_take_oauth(const char *method, const char *path, struct fault *out); /* token endpoint */
struct json *fault_list(void);

/* ---- servers ---- */

/* libmicrohttpd on a loopback port (plain): the inside. Threads of its own. local_node -1: the
 * Azure routes; else the Arc agent of that node. */
int http_start(int local_node, int *port, struct world *w, struct err *e);
void http_stop_all(void);
/* TLS and CONNECT listeners; relays to inner_port. Threads of its own. */
int front_start(int inner_port, int *tls_port, int *proxy_port, struct err *e);
void front_stop(void);
/* The sandbox's CA and server certificate: DIR/ca.pem, DIR/server.pem, DIR/server.key, made at
 * first start, kept. */
int ca_init(const char *dir, struct err *e);
/* Exchange log: one JSON line (method, url, reqHeaders, reqBody, status, resHeaders, resBody);
 * thread-safe. Bodies that are JSON stand as JSON, form bodies as text; secrets are masked
 * (exchange.h) unless --log-secrets. */
int exchange_open(const char *path, struct err *e);
void exchange_write(const char *url, int64_t started_at, int64_t ended_at, const char *request,
                    size_t req_len, const char *reply, size_t reply_len);

/* ---- the nodes' Arc agents (himds.c) ---- */

struct sb_node {
    char name[64];
    int port;             /* token address http://127.0.0.1:port */
    char tokens_dir[600]; /* key files */
    char azcmagent[600];  /* path of the stand-in: DIR/nodes/NAME/azcmagent */
};
extern struct sb_node sb_nodes[64];
int nodes_prepare(const char *dir, int n, struct world *w,
                  struct err *e); /* folders, wrappers, ports */

#endif
