/* ways.h - what a sign-in is asked with: gathered here from files, descriptors, the environment and
 * the Azure CLI, and handed to the core beside the intent `sign-in` (wire.h).
 *
 * A struct way starts zeroed; way_clear wipes what it took. Secrets are read into locked pages and
 * are never in an argument, a line or a log. Sources: the parameters' names register-flow.md 2.1;
 * AZURE_* variables as Microsoft's identity libraries read them (their EnvironmentCredential:
 * secret first, then certificate; AZURE_CLIENT_SEND_CERTIFICATE_CHAIN is on by "true" in any case
 * and by "1", as @azure/identity 4.13 reads it); `az account get-access-token` as version 2.45
 * answers it (real-clients.md: accessToken, tenant).
 */
#ifndef AZL_FACE_WAYS_H
#define AZL_FACE_WAYS_H

#include "base/secret.h"
#include "console/client.h"
#include "console/face/form.h"

struct way {
    const char *name; /* as in sec_signin; NULL: the device code */
    char tenant[256], client_id[64], account[128], authority[256];
    int64_t port;
    bool chain; /* the certificate goes along */
    struct secret proof, password;
    char warning[300]; /* "" or what is to be said although it works */
};
void way_clear(struct way *w);

/* One line of a file or descriptor: the line end behind it is left out. whole: all bytes as they
 * are (a certificate). */
int way_read_file(struct secret *out, const char *path, bool whole, char *warning, size_t size,
                  struct err *e);
int way_read_fd(struct secret *out, const char *number, struct err *e);
void way_trim(struct secret *s); /* without the line end behind it */
/* AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_SECRET or AZURE_CLIENT_CERTIFICATE_PATH (and
 * ..._PASSWORD, AZURE_CLIENT_SEND_CERTIFICATE_CHAIN), AZURE_AUTHORITY_HOST. */
int way_environment(struct way *w, struct err *e);

/* The Azure CLI's current token: a child, no shell, 60 s, 64 KB. done is called once, in the loop.
 */
struct way_cli;
typedef void way_cli_fn(void *payload, const struct err *e); /* NULL: w holds the token */
struct way_cli *way_cli_start(struct loop *l, struct way *w, way_cli_fn *done, void *payload,
                              struct err *e);
/* For whoever waits in place: done and payload of way_cli_start. */
struct way_cli_end {
    bool done;
    struct err err;
};
void way_cli_ended(void *way_cli_end, const struct err *e);
void way_cli_stop(struct way_cli *c); /* done is not called any more; NULL is fine */

/* way_rows.c: the ways as the screens and the plain face offer them, in this order. */
struct way_row {
    const char *name;         /* as in struct way; "environment" becomes another; "azure-cli" is
                                 way_cli_start's */
    const char *label, *help; /* N_() */
    const struct form_field *fields;
    int n;
};
extern const struct way_row way_rows[];
extern const size_t way_count;
int way_from_form(struct way *w, const struct way_row *row, const struct form *f, struct err *e);

struct json *way_args(const struct way *w);
size_t way_secrets(const struct way *w, struct wire_secret out[WIRE_MAX_SECRETS]);

#endif
