/* frame.h - what surrounds every screen: title row, rule, hint, key bar; dialogs; and the words for
 * ages and errors. */
#ifndef AZL_UI_FRAME_H
#define AZL_UI_FRAME_H

#include "console/ui/ui.h"

struct frame {
    const struct screen *screen;
    void *self;
    const char *notice, *notice_level;
    const struct dialog *dialog; /* NULL: none */
};
void frame_draw(struct ui *ui, const struct frame *f);
const struct key_row *frame_global_keys(size_t *n);

/* "3 s", "4 min", "2 h", "5 d"; "--" for 0 */
#define AGE_SIZE 24
void frame_age(char out[AGE_SIZE], int64_t now, int64_t at);
void frame_duration(char out[AGE_SIZE], int64_t ms); /* "0:41", "1:02:03" */
void frame_clock(char out[AGE_SIZE], int64_t at);    /* local "09:41:22" */
/* Message, what was being done, advice, codes for support: several paragraphs. */
void frame_error_text(char *out, size_t size, const struct err *e);
const char *frame_or_blank(const char *s); /* "--" for "" */

#endif
