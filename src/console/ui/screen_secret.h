/* screen_secret.h - asks for the secret of the operator's own Arc principal (ArcSpnCredential),
 * where a registration or a resume of it needs it: a line of stars.
 *
 * What is typed goes into locked pages, a byte at a time (base/secret.h), and is wiped when the
 * screen is left in whatever way. `then` is called once, after the screen has gone, with the
 * secret, which it may take (and zero) or leave to be wiped; Esc calls nobody.
 */
#ifndef AZL_UI_SCREEN_SECRET_H
#define AZL_UI_SCREEN_SECRET_H

#include "base/secret.h"
#include "console/ui/ui.h"

typedef void secret_then_fn(struct ui *ui, struct secret *s);
void secret_open(struct ui *ui, const char *app, secret_then_fn *then);

#endif
