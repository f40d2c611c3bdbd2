/* auth.h - the ways to sign in and the tokens that they gave: one state machine over net/http.
 *
 * The ways are rows of one table (auth_int.h), each in a file of its own: the device code (RFC 8628
 * as Entra speaks it), a service principal with secret or certificate, a ready token of Resource
 * Manager's, the same from the Azure CLI, a browser (authorization code with PKCE, RFC 7636, on a
 * loopback port, RFC 8252). Sources: azure-wire.md 1.2-1.5, 1.8; real-clients.md 4 (a second
 * dialect: no interval, no message, access_denied). auth_start (auth_device) starts; on_change is
 * called after each change of the view (in the loop). Tokens stay inside: callers ask auth_token,
 * which answers from memory or refreshes (five minutes before the end; one refresh at a time an
 * audience). A refresh token that is dead ends the sign-in. Interval, message,
 * verification_uri_complete optional; numbers may be strings; slow_down adds 5 s; a 5xx or lost
 * answer while polling does not end it; the countdown is monotonic; auth_cancel works within a
 * second. default client id: the Azure CLI's (a setting).
 */
#ifndef AZL_AZURE_AUTH_H
#define AZL_AZURE_AUTH_H

#include "azure/cloud.h"
#include "base/loop.h"
#include "base/secret.h"
#include "net/http.h"

#define AUTH_CLIENT_AZURE_CLI "04b07795-8ddb-461a-bbee-02f9e1bf7b46"

#define AUTH_DEVICE_CODE "device-code"
#define AUTH_SECRET      "secret"
#define AUTH_CERTIFICATE "certificate"
#define AUTH_TOKEN       "token"
#define AUTH_CLI         "azure-cli"
#define AUTH_BROWSER_WAY "browser"

enum auth_state { AUTH_OUT, AUTH_STARTING, AUTH_CODE, AUTH_BROWSER, AUTH_IN, AUTH_FAILED };
struct auth_view {
    enum auth_state state;
    const char *way; /* a name above; NULL: out */
    bool renews;     /* false: the sign-in ends with its token */
    int port;        /* AUTH_BROWSER: where we listen; verification_uri leads there */
    char account[128], tenant[40], user_oid[40];
    char user_code[48], verification_uri[256], message[400];
    bool uri_trusted;                                       /* cloud_may_verify */
    int64_t code_expires_mono, polled_mono, next_poll_mono; /* monotonic ms */
    int64_t token_expires_mono;
    struct err err; /* AUTH_FAILED: ERR_AUTH with AADSTS number, trace and correlation id */
};
struct auth;
typedef void auth_change_fn(void *payload);

struct auth *auth_new(struct loop *l, struct http *h, const struct cloud *c, const char *client_id,
                      auth_change_fn *fn, void *payload);
void auth_free(struct auth *a);
int auth_device(struct auth *a, const char *tenant,
                struct err *e); /* tenant NULL or "": organizations */
struct auth_ask {
    const char *way;       /* NULL or "": the device code */
    const char *tenant;    /* a service principal's must be its own */
    const char *client_id; /* of a service principal */
    const char *account;   /* of a ready token: whose it is */
    const char *authority; /* NULL, "", or an address that must be the cloud's own */
    int port;              /* browser: of the loopback address; 0: any */
    bool chain;            /* certificate: it goes along, with those beside it (x5c) */
    /* The secret; certificate and key (PEM, or PKCS #12); the token. Copied, and wiped when the
     * sign-in ends. */
    const struct secret *proof;
    const struct secret *password; /* of the certificate's key */
};
/* -1: nothing has changed, *e says what is wrong with the asking (ERR_C_PASSWORD: a certificate's
 * password is missing or wrong). */
int auth_start(struct auth *a, const struct auth_ask *ask, struct err *e);
void auth_cancel(struct auth *a);   /* of a code under way */
void auth_sign_out(struct auth *a); /* forgets all tokens */
const struct auth_view *auth_view(const struct auth *a);

/* A token of the given tenant (NULL: the signed-in one), for Resource Manager or for Microsoft
 * Graph: the same refresh token is redeemed there (azure-wire.md 1.2.4). fn is called once, in the
 * loop: token set, or err (ERR_C_NOT_SIGNED_IN ...). The secret stays auth's: copy what must live
 * longer. What Entra refuses for Graph says nothing of the sign-in, which goes on. */
enum auth_for { AUTH_FOR_ARM, AUTH_FOR_GRAPH };
typedef void auth_token_fn(void *payload, const struct secret *token, const struct err *e);
struct auth_wait;
struct auth_wait *auth_token(struct auth *a, const char *tenant, auth_token_fn *fn,
                             void *payload); /* for Resource Manager */
struct auth_wait *auth_token_for(struct auth *a, enum auth_for what, const char *tenant,
                                 auth_token_fn *fn, void *payload);
void auth_token_cancel(struct auth_wait *w);
/* It said 401: forget the access token, not the sign-in. */
void auth_token_reject(struct auth *a, const char *tenant);
void auth_token_reject_for(struct auth *a, enum auth_for what, const char *tenant);
unsigned auth_signins(const struct auth *a); /* how many there were */
/* ARM said 401 to a token just got from that sign-in: if it still is the one, it ends, AUTH_FAILED.
 */
void auth_refused(struct auth *a, unsigned signins, const struct err *why);

/* The one place that reads Entra's error body (azure-wire.md 1.8). */
void auth_error(struct err *e, int http, const char *body, size_t len);

#endif
