/* run_undo.h - the undo of an operation, over the whole body of its screen: what goes and what
 * stays, as the core found it in the journal; then a yes. The owner keeps the struct zeroed until
 * run_undo_close. */
#ifndef AZL_UI_RUN_UNDO_H
#define AZL_UI_RUN_UNDO_H

#include "console/ui/paint.h"
#include "console/ui/ui.h"
#include "console/ui/widgets.h"

struct run_undo {
    bool shown;
    bool ready; /* it can be begun */
    char id[64];
    struct textview text;
};
/* What the core answered to run-undo-check. */
void run_undo_show(struct ui *ui, struct run_undo *u, const struct json *review);
void run_undo_draw(struct run_undo *u, const struct area *body);
void run_undo_begin(struct ui *ui, struct run_undo *u);
void run_undo_close(struct run_undo *u);

#endif
