/* principals.h - the two service principals that every sandbox has for clients without a user: one
 * proves itself by a secret, one by a certificate.
 *
 * Their secret and key lie in DIR/principals (0600), made at the first start and again when a file
 * is gone; the ready line names clients and files, never what is in them. Both may do everything
 * that registers a cluster (azure-wire.md 2.10.18) on every subscription of the first tenant; only
 * the first has rights in Graph.
 */
#ifndef AZL_SANDBOX_PRINCIPALS_H
#define AZL_SANDBOX_PRINCIPALS_H

#include "sandbox/sandbox.h"

/* After world_open, before the first request. */
int principals_prepare(const char *dir, struct world *w, struct err *e);
/* For the ready line: an array of {name, clientId, objectId, tenant, secretFile|certificateFile}.
 */
struct json *principals_list(const char *dir, struct world *w);

#endif
