/* ui_int.h - what the files of ui share and no screen sees: ui.c (what screens ask, the stack of
 * screens), ui_draw.c (frames, ticks, the size), ui_keys.c (dialog, keys of every screen, input),
 * ui_life.c (signals, core, the loop). Everything belongs to the one struct ui, which ui_new makes
 * and ui_free frees; all of it runs in the loop.
 */
#ifndef AZL_UI_UI_INT_H
#define AZL_UI_UI_INT_H

#include "console/ui/ui.h"

#define UI_MAX_DEPTH      8
#define UI_MAX_LAST_WORDS 400

struct ui {
    struct loop *loop;
    struct model model;
    const struct client_options *client_options;
    struct ui_options options;
    struct tty tty;
    struct theme theme;
    struct keys *keys;
    struct loop_timer *tick, *escape, *resize, *retry, *size_wait;
    struct loop_io *room; /* the terminal did not take all of the last frame */
    enum screen_id stack[UI_MAX_DEPTH];
    int depth;
    void *selves[SCREENS];
    struct dialog dialog;
    bool has_dialog, dirty, repaint, tty_open, leaving;
    bool own_resize; /* the next SIGWINCH is our own doing */
    bool for_key;    /* the operator did something that was not drawn yet */
    bool all;        /* the operator asked for the size: take it whatever the line's speed */
    char notice[400], notice_level[8], last_words[UI_MAX_LAST_WORDS];
    int exit_code;
    int64_t quiet_since;
};

void ui_pop(struct ui *ui); /* the top screen is closed */

/* ui_draw.c */
void ui_flush(struct ui *ui); /* after every turn of the loop */
void ui_on_tick(void *ui);
void ui_on_resized(void *ui);
void ui_take_size(struct ui *ui); /* the terminal answered */

/* ui_keys.c */
void ui_say_language(struct ui *ui);
void ui_on_input(void *ui, int fd, short revents);

#endif
