/* app_scan.h - looking through subscriptions for a clean-up: op_cleanup_asks says what is still to
 * be asked, this asks it, a few requests at a time, until nothing is left.
 *
 * found (op_cleanup.h) is the scan's until it is done; the callback may copy or take it apart, and
 * is called once. What Azure refuses (403, 404) is an answer like any other; what did not arrive at
 * all ends the scan with its error, for a half look proves nothing. */
#ifndef AZL_CORE_APP_SCAN_H
#define AZL_CORE_APP_SCAN_H

#include "core/app_int.h"

struct app_scan;
typedef void app_scan_done_fn(void *payload, const struct json *found, const struct err *e);
/* subscription: "" all that the sign-in sees in its tenant. */
struct app_scan *app_scan_start(struct app *a, const char *subscription, app_scan_done_fn *fn,
                                void *payload);
void app_scan_free(struct app_scan *s); /* also while it runs; NULL is fine */

#endif
