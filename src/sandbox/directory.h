/* directory.h - the applications and service principals of the world's tenants, as Graph shows
 * them.
 *
 * Sections "applications" and "servicePrincipals": object id -> object. Members that start with
 * "_" are ours and never leave: "_tid", "_owners", and a password's "_digest" (the secret itself is
 * told once, at its making). Everything returned belongs to the world; changes call world_touch.
 * Sources: azure-wire.md 1.4, 4.3, 4.4; Microsoft.Graph graph-v1.0-extract.xml (application,
 * servicePrincipal, passwordCredential, keyCredential).
 */
#ifndef AZL_SANDBOX_DIRECTORY_H
#define AZL_SANDBOX_DIRECTORY_H

#include "sandbox/sandbox.h"

#define APP_GRAPH "00000003-0000-0000-c000-000000000000" /* Microsoft Graph */
#define APP_HCI   "1322e676-dee7-41ee-a874-ac923822781c" /* azure-wire.md 4.4 */
#define SHA1_SIZE 41

/* By client id or by object id, without case; NULL if absent in that tenant. */
struct json *dir_app(struct world *w, const char *tid, const char *app_id);
struct json *dir_app_by_id(struct world *w, const char *tid, const char *object_id);
struct json *dir_sp(struct world *w, const char *tid, const char *app_id);
struct json *dir_sp_by_id(struct world *w, const char *tid, const char *object_id);

/* Makes the directory agree with the rest of the world: managed identities of resources, the
 * applications that the HCI service made, Microsoft's own principals. Call it before looking for
 * what others made. */
void dir_sync(struct world *w);
/* An application role of Microsoft Graph by its value ("Directory.Read.All"), as GUID; NULL. */
const char *dir_graph_role(const char *value);

struct json *dir_app_new(struct world *w, const char *tid, const char *display_name);
/* The principal of an application in its own tenant. */
struct json *dir_sp_new(struct world *w, const struct json *app);
/* The same under a given object id (NULL: a fresh one); app needs appId, displayName and _tid. */
struct json *dir_sp_new_as(struct world *w, const struct json *app, const char *object_id);
/* An app role of `resource` for the principal; the token of its applications carries it. */
struct json *dir_grant_role(struct world *w, const struct json *sp, const struct json *resource,
                            const char *role_id);
/* The same of a service in the principal's tenant, unless it has the role; how many were given. */
int dir_grant_role_once(struct world *w, const struct json *sp, const char *resource_app,
                        const char *role_id);
/* With everything that hangs on it. */
void dir_app_remove(struct world *w, const struct json *app);
void dir_sp_remove(struct world *w, const struct json *sp);

/* A fresh secret, appended to `secret`; end "": two years. Returns the credential. */
struct json *dir_add_password(struct world *w, struct json *app, const char *name, const char *end,
                              struct str *secret);
enum dir_secret { DIR_SECRET_WRONG, DIR_SECRET_EXPIRED, DIR_SECRET_GOOD };
enum dir_secret dir_secret_check(const struct json *app, const char *secret);
/* A certificate (DER) that may sign for the application; NULL when it is no certificate with an
 * RSA key. */
struct json *dir_key_credential(const void *der, size_t len, const char *name);

#endif
