/* run_consent.h - the consent that an operation waits for, over the whole body of its screen: the
 * page's address, as a square where there is room, and the roles. The owner keeps the struct zeroed
 * until run_consent_close. */
#ifndef AZL_UI_RUN_CONSENT_H
#define AZL_UI_RUN_CONSENT_H

#include "console/ui/paint.h"
#include "console/ui/qr.h"
#include "console/ui/ui.h"
#include "console/ui/widgets.h"

struct run_consent {
    bool shown; /* is asked for */
    bool drawn; /* its square fits */
    bool inverted;
    struct qr qr;
    char encoded[400]; /* what qr holds */
    struct textview text;
};
void run_consent_draw(struct ui *ui, struct run_consent *c, const struct sec_run *r,
                      const struct area *body);
void run_consent_close(struct run_consent *c);

#endif
