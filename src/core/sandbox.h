/* sandbox.h - the sandbox as a child of a private core: started, its ready line read, the settings
 * filled.
 *
 * What it fills is what --cloud-endpoint, --ca-file, --proxy none, --himds-endpoint NODE=URL,
 * --azcmagent NODE=PATH and --tokens-dir NODE=DIR would have filled: from there on nothing is
 * special. The child gets SIGTERM when this process ends, however that happens; a predecessor that
 * is still ending is waited for. Its state lies in STATE/sandbox; how many nodes it has stands in
 * STATE/sandbox.json. fn is called once when it is ready (e NULL), and with an error when it did
 * not start or ended.
 */
#ifndef AZL_CORE_SANDBOX_H
#define AZL_CORE_SANDBOX_H

#include "base/json.h"
#include "base/loop.h"
#include "core/settings.h"

struct sandbox;
typedef void sandbox_fn(void *payload, const struct err *e);
struct sandbox *sandbox_start(struct loop *l, struct settings *c, sandbox_fn *fn, void *payload,
                              struct err *e);
void sandbox_stop(struct sandbox *s);
/* The ready line's object into the settings. */
int sandbox_fill(struct settings *c, const struct json *ready, struct err *e);

#endif
