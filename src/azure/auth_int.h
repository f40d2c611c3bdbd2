/* auth_int.h - the inside of auth: shared by auth.c (the state machine), the ways (auth_device.c,
 * auth_secret.c, auth_ready.c, auth_code.c), auth_token.c (tokens), auth_assertion.c,
 * auth_listen.c, auth_error.c; nobody else but their tests includes it.
 *
 * Owns: auth owns its slots (one a tenant), its waits and every request under way; freeing auth
 * answers nobody. Units: protocol seconds are second_ms long (1000; tests shorten them), all times
 * are monotonic ms. Sources: azure-wire.md 1.3, 1.5, 1.8.
 */
#ifndef AZL_AZURE_AUTH_INT_H
#define AZL_AZURE_AUTH_INT_H

#include "azure/auth.h"

#define AUTH_MAX_REPLY  (1024u * 1024) /* azure-wire.md 6.2 */
#define AUTH_MAX_TENANT 256            /* a domain name */
#define AUTH_TRIES      4              /* of a request that did no harm when it got lost */

struct auth_slot { /* the access token of one tenant, for one audience */
    struct auth_slot *next;
    struct auth *auth;
    enum auth_for what;
    char tenant[AUTH_MAX_TENANT];
    struct secret access;
    int64_t refresh_at, ends;
    int64_t grace; /* until then the old token will do although refresh_at is past: a refresh has
                      just failed */
    struct http_call *call;   /* refresh under way */
    struct loop_timer *again; /* or to be repeated then */
    int tries;
};

struct auth_wait {
    struct auth_wait *next;
    struct auth *auth;
    struct auth_slot *slot; /* NULL once it is to fail */
    auth_token_fn *fn;
    void *payload;
    struct loop_timer *timer; /* set when it can be answered */
    struct err err;
};

struct auth_form;
/* One way to sign in. check: is all there that it needs? Changes nothing. start: asks Entra, from
 * AUTH_STARTING on to auth_is_in or auth_end. grant: adds to the form what gets a token for the
 * tenant when one is due; NULL: nothing does, the sign-in ends with its token. */
struct auth_way {
    const char *name;
    bool asks_user;     /* somebody signs in: a refresh token may come */
    bool proves_itself; /* a client that Entra refuses cannot go on */
    int (*check)(struct auth *a, const struct auth_ask *ask, struct err *e);
    void (*start)(void *auth);
    int (*grant)(struct auth *a, enum auth_for what, const char *tenant, struct auth_form *f,
                 struct err *e);
};
extern const struct auth_way auth_way_device, auth_way_secret, auth_way_certificate, auth_way_token,
    auth_way_cli, auth_way_browser;
struct auth_listen;

struct auth {
    struct loop *loop;
    struct http *http;
    struct cloud cloud;
    char client_id[64];
    auth_change_fn *fn;
    void *payload;
    struct loop_timer *change; /* a call of fn is due */
    struct auth_view view;
    int64_t second_ms;
    const struct auth_way *way;

    /* what the way was asked with */
    char app_id[64], account[128];
    int port;
    bool chain;
    struct secret proof, password;

    /* the browser's code under way */
    struct auth_listen *listen;
    struct secret verifier, code;
    char redirect[64], state[48], key[16];
    struct err refused; /* what came in place of a code */

    /* the device code under way */
    char asked[AUTH_MAX_TENANT]; /* the tenant segment of all its requests */
    char request_id[GUID_SIZE];  /* one GUID spans code and polls (azure-wire.md 1.9.1) */
    struct secret device_code;
    struct http_call *call;
    struct loop_timer *timer;
    int64_t interval_ms;
    int tries, lost;

    /* what a sign-in gave */
    unsigned signins; /* so many there were */
    char home[AUTH_MAX_TENANT];
    struct secret refresh;
    bool refresh_lost; /* an answer to a refresh was lost: the token in it may be the living one */
    struct auth_slot *slots;
    struct auth_wait *waits;
};

struct auth_form { /* application/x-www-form-urlencoded, in memory that is wiped */
    char *p;
    size_t len, cap;
};

/* ---- auth.c ---- */
/* Sets or replaces the way's timer. */
void auth_timer(struct auth *a, int64_t ms, loop_timer_fn *fn);
int64_t auth_backoff(const struct auth *a, const struct err *e); /* after a->tries */
void auth_signed_in(struct auth *a, const struct json *j);       /* a token answer */
void auth_is_in(struct auth *a); /* the home slot has its token: AUTH_IN */
void auth_changed(struct auth *a);
/* Ends the sign-in, or the code under way: AUTH_FAILED with *why, all tokens wiped, all waits
 * answered with an error. */
void auth_end(struct auth *a, const struct err *why);
/* The same with a code and a sentence of ours; *from (may be NULL) lends its numbers. */
void auth_end_own(struct auth *a, int code, const char *sentence, const struct err *from);

/* ---- auth_form.c ---- */
void auth_form_add(struct auth_form *f, const char *name, const char *value);
void auth_form_free(struct auth_form *f);
/* {login}/{tenant}/oauth2/v2.0/{what} */
const char *auth_endpoint(const struct auth *a, const char *tenant, const char *what,
                          struct str *out);
/* POSTs there; frees the form. */
struct http_call *auth_post(struct auth *a, const char *tenant, const char *what,
                            const char *request_id, struct auth_form *f, http_done_fn *fn,
                            void *payload);
/* The answer as an object, or NULL with *e: no answer, no JSON, or Entra's error. */
struct json *auth_read(const struct http_reply *r, const char **error_word, struct err *e);
const char *auth_audience(const struct auth *a, enum auth_for what, struct str *out); /* a scope */
const char *auth_scope(const struct auth *a, enum auth_for what, struct str *out); /* of a user */
/* Do both lead to the same sign-in host? */
bool auth_same_authority(const struct cloud *c, const char *address);

/* ---- auth_assertion.c ---- */
/* The signed assertion of a client that owns certificate and key (PEM or PKCS #12), for the token
 * endpoint of the tenant. out is wiped by the caller. NULL tenant: only looks whether certificate
 * and key are there and fit. */
int auth_assertion(const struct auth *a, const struct secret *pem, const struct secret *password,
                   const char *client_id, const char *tenant, struct secret *out, struct err *e);

/* ---- auth_listen.c: a web server on the loopback addresses, for one browser ---- */
struct auth_page { /* what goes back: a page, or with 302 the address to go to */
    int status;
    const char *title, *text;
    struct str location;
};
/* target: path and query of a GET request whose Host is ours, wiped afterwards. */
typedef void auth_listen_fn(void *payload, const char *target, struct auth_page *out);
/* port 0: any. Neither starting nor stopping calls fn; it must not stop the listening itself. */
struct auth_listen *auth_listen_start(struct loop *l, int port, auth_listen_fn *fn, void *payload,
                                      struct err *e);
int auth_listen_port(const struct auth_listen *l);
void auth_listen_stop(struct auth_listen *l); /* NULL is fine */

/* ---- auth_token.c ---- */
/* A token answer: signs in (home slot), or renews a slot's token. -1 when it holds no usable token.
 */
int auth_take(struct auth *a, struct auth_slot *s, const struct json *j, struct err *e);
void auth_sign_in(struct auth *a, const struct json *claims_from);
struct auth_slot *auth_slot_of(struct auth *a, enum auth_for what, const char *tenant);
int auth_grant_refresh(struct auth *a, enum auth_for what, const char *tenant, struct auth_form *f,
                       struct err *e);
/* The payload of a JWT, for display only; NULL if it is none. */
struct json *auth_claims(const char *jwt);
void auth_drop_tokens(struct auth *a, const struct err *why);
bool auth_tenant_ok(const char *tenant);
int64_t auth_seconds(const struct auth *a, const struct json *j, const char *name, int64_t dflt,
                     int64_t most);

#endif
