/* entra.h - between the files of the sign-in service: entra.c (device codes, refresh, the token
 * endpoint), entra_discovery.c (documents), entra_token.c (scopes, tokens), entra_client.c
 * (client_credentials), assertion.c (signed assertions).
 *
 * Everything here runs inside a handler. Whoever refuses fills the reply and says so by NULL or
 * false; an entra_error is a constant that entra_refuse sends. Sources: azure-wire.md 1.2 to 1.8.
 */
#ifndef AZL_SANDBOX_ENTRA_H
#define AZL_SANDBOX_ENTRA_H

#include "sandbox/signin.h"

struct entra_error {
    const char *error;
    int aadsts;
    const char *text;
};
void entra_refuse(const struct sb_req *q, struct sb_reply *r, const struct entra_error *e);

/* A form field, NULL when absent or empty. */
const char *entra_field(const struct sb_req *q, const char *name);
/* A required one; NULL: r holds AADSTS900144. */
const char *entra_need(const struct sb_req *q, struct sb_reply *r, const char *name);
/* The tenant of the path: tid "" for common and organizations (the user's own decides later). An
 * unknown one is answered with `error` and AADSTS90002. */
bool entra_tenant(const struct sb_req *q, struct sb_reply *r, const char *error,
                  char tid[GUID_SIZE]);
/* base/segment rest */
void entra_set_url(struct json *doc, const char *name, const struct sb_req *q, const char *segment,
                   const char *rest);

/* ---- scopes and tokens ---- */

struct entra_scopes {
    char aud[512]; /* the resource scope minus exactly "/.default" */
    bool openid, offline;
};
extern const struct entra_error entra_many_resources, entra_no_resource, entra_first_party;
/* Fills *s; NULL, or what is wrong. */
const struct entra_error *entra_read_scopes(const char *scope, struct entra_scopes *s);

struct entra_grant {
    const struct json *user; /* of the section "users", or NULL: */
    const struct json *sp;   /* the service principal that signs in for itself */
    const char *proof;       /* how a client proved itself: "0" not, "1" secret, "2" certificate */
    char tid[GUID_SIZE];
    const char *client_id;
    const char *scope;
    bool device_born; /* the session began with a device code */
    struct entra_scopes scopes;
};
/* Finds the user in the tenant that is asked for ("": at home), judges scope and account. */
const struct entra_error *entra_fill_user(struct world *w, struct entra_grant *g, const char *upn,
                                          const char *tid);
/* The token answer: an access token, and for users what scope and client_info ask for. */
void entra_send_tokens(struct sb_req *q, struct sb_reply *r, const struct entra_grant *g);

/* ---- clients ---- */

/* Who the request says it comes from: client_id of the body or of HTTP Basic; the secret likewise.
 * Strings are owned (entra_client_free). False: r is filled. */
struct entra_client {
    char id[GUID_SIZE];
    char *secret, *assertion;
};
bool entra_client_read(const struct sb_req *q, struct sb_reply *r, struct entra_client *c);
void entra_client_free(struct entra_client *c);
/* Any GUID may be an application of Microsoft's or of another tenant; other text is answered with
 * AADSTS700016. */
bool entra_known_client(const struct sb_req *q, struct sb_reply *r, const char *client_id);
/* For the users' grants: a registered application that is not public must prove itself, a public
 * one must not. False: r is filled. */
bool entra_client_fits(struct sb_req *q, struct sb_reply *r, const struct entra_client *c);
void entra_client_credentials(struct sb_req *q, struct sb_reply *r, const struct entra_client *c);

/* Is the assertion signed with a certificate of app, for this endpoint, now? False: r is filled. */
bool assertion_good(const struct sb_req *q, struct sb_reply *r, const struct json *app,
                    const char *tid, const char *assertion);

/* ---- authorize.c: the authorization code with PKCE ---- */
void entra_redeem_code(struct sb_req *q, struct sb_reply *r, const char *client_id,
                       const char *tid);

extern const struct sb_routes entra_discovery_routes, entra_authorize_routes;

#endif
