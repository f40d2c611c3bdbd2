/* cloud_find.h - a cloud that is in no table, asked for its metadata: GET
 * {endpoint}/metadata/endpoints without a token (azure-wire.md 2.2). trusted: a CA file was given
 * for it (azure/cloud.h says what that allows). Answered once by callback; cancel with
 * cloud_find_cancel. */
#ifndef AZL_CORE_CLOUD_FIND_H
#define AZL_CORE_CLOUD_FIND_H

#include "azure/cloud.h"
#include "net/http.h"

struct cloud_find;
typedef void cloud_find_fn(void *payload, const struct cloud *cloud,
                           const struct err *e); /* exactly one is set */
struct cloud_find *cloud_find_start(struct http *h, const char *endpoint, bool trusted,
                                    cloud_find_fn *fn, void *payload);
/* Azure.local, asked of a node's Arc agent at its loopback address: GET
 * {himds}/metadata/endpoints?api-version=2020-06-01 with the headers "metadata: true" and
 * "UseDefaultCredentials: true" (register-flow.md 1.5: the module sends the second one literally).
 */
struct cloud_find *cloud_find_local(struct http *h, const char *himds, bool trusted,
                                    cloud_find_fn *fn, void *payload);
void cloud_find_cancel(struct cloud_find *f);

#endif
