/* home.h - what the home screen and its large form share. */
#ifndef AZL_UI_HOME_H
#define AZL_UI_HOME_H

#include "console/ui/widgets.h"

#define HOME_CHANGES 5
#define HOME_PANES   3

struct home_pane {
    const char *title, *brief; /* the core's own words, never translated */
    const struct sec_pane *p;
};
/* What a pane's word was since this console watches, newest last. */
struct home_changes {
    int n;
    struct {
        int64_t at;
        char word[40];
    } items[HOME_CHANGES];
};
void home_panes(struct ui *ui, struct home_pane out[HOME_PANES]);
void home_age_line(struct ui *ui, const struct sec_pane *p, bool stale, char *out, size_t size);

/* screen_home_large.c: from 120x40 on. Left the panes, whole; draws no menu: returns its area. */
struct area home_draw_large(struct ui *ui, const struct home_changes changes[HOME_PANES],
                            const struct area *body, int menu_len);

#endif
