/* run_end.h - how a run ended, as the screen of the operation shows it: words, result, portal; and
 * the portal's address as a square over the whole body. The owner keeps the struct zeroed until
 * run_end_close. */
#ifndef AZL_UI_RUN_END_H
#define AZL_UI_RUN_END_H

#include "console/ui/paint.h"
#include "console/ui/qr.h"
#include "console/ui/ui.h"

enum { RUN_FRAME_ROWS = 4 }; /* of the screen, beside the body: title, rule, hint and keys */

struct run_end {
    bool square; /* is asked for */
    bool drawn;  /* and fits */
    bool fits;   /* run_end_square_fits, when the screen was last drawn */
    bool inverted;
    struct qr qr;
    char encoded[512]; /* what qr holds */
};
bool run_end_over(const struct sec_run *r);
int run_end_rows(struct ui *ui, const struct sec_run *r, int cols); /* 0: it is not over */
void run_end_draw(struct ui *ui, const struct sec_run *r, const struct area *a);
void run_end_square(struct ui *ui, struct run_end *e, const struct sec_run *r,
                    const struct area *body);
bool run_end_square_fits(struct ui *ui, struct run_end *e, const struct sec_run *r,
                         const struct area *body);
void run_end_close(struct run_end *e);

#endif
