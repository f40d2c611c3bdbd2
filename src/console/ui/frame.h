/* frame.h - what surrounds every screen: title row, rule, hint, key bar; dialogs. */
#ifndef AZL_UI_FRAME_H
#define AZL_UI_FRAME_H

#include "console/face/words.h"
#include "console/ui/ui.h"

struct frame {
    const struct screen *screen;
    void *self;
    const char *notice, *notice_level;
    const struct dialog *dialog; /* NULL: none */
};
void frame_draw(struct ui *ui, const struct frame *f);
const struct key_row *frame_global_keys(size_t *n);

int frame_cols(void);
bool frame_hint_fits(const struct screen *s, const char *text); /* into the rows above the keys */
bool frame_large(void); /* room for two columns of panes: from 120x40 on */
void frame_log_tail(struct ui *ui, const struct area *a); /* the newest lines of the log */

#endif
