/* auth_int.h - the inside of auth: shared by auth.c (the device code), auth_token.c (tokens),
 * auth_error.c; nobody else but their tests includes it.
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

struct auth_slot { /* the access token of one tenant */
    struct auth_slot *next;
    struct auth *auth;
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

/* ---- auth.c ---- */
void auth_changed(struct auth *a);
/* Ends the sign-in, or the code under way: AUTH_FAILED with *why, all tokens wiped, all waits
 * answered with an error. */
void auth_end(struct auth *a, const struct err *why);
/* The same with a code and a sentence of ours; *from (may be NULL) lends its numbers. */
void auth_end_own(struct auth *a, int code, const char *sentence, const struct err *from);

/* ---- auth_form.c ---- */
struct auth_form { /* application/x-www-form-urlencoded, in memory that is wiped */
    char *p;
    size_t len, cap;
};
void auth_form_add(struct auth_form *f, const char *name, const char *value);
void auth_form_free(struct auth_form *f);
/* POST {login}/{tenant}/oauth2/v2.0/{what}; frees the form. */
struct http_call *auth_post(struct auth *a, const char *tenant, const char *what,
                            const char *request_id, struct auth_form *f, http_done_fn *fn,
                            void *payload);
/* The answer as an object, or NULL with *e: no answer, no JSON, or Entra's error. */
struct json *auth_read(const struct http_reply *r, const char **error_word, struct err *e);
const char *auth_scope(const struct auth *a, struct str *out);

/* ---- auth_token.c ---- */
/* A token answer: signs in (home slot), or renews a slot's token. -1 when it holds no usable token.
 */
int auth_take(struct auth *a, struct auth_slot *s, const struct json *j, struct err *e);
void auth_sign_in(struct auth *a, const struct json *claims_from);
struct auth_slot *auth_slot_of(struct auth *a, const char *tenant);
void auth_drop_tokens(struct auth *a, const struct err *why);
bool auth_tenant_ok(const char *tenant);
int64_t auth_seconds(const struct auth *a, const struct json *j, const char *name, int64_t dflt,
                     int64_t most);

#endif
