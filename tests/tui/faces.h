/* faces.h - the groups of test_faces: lines, terminals, large screens, random operators.
 * AZL_LONG=1: the long form of each. */
#ifndef AZL_TESTS_TUI_FACES_H
#define AZL_TESTS_TUI_FACES_H

#include "tui/rig.h"

struct stop {
    const char *name;
    void (*prepare)(struct rig *r);
    const char *keys;
};
extern const struct stop stops[]; /* test_screens.c */
extern const size_t n_stops;
void stop_go(struct rig *r, const struct stop *s);

int test_tui_languages(void);
int test_tui_line(void);
int test_tui_slow_line(void);
int test_tui_news(void);
int test_tui_terminals(void);
int test_tui_random(void);
int test_tui_screens(void);
int test_tui_undo(void);

#endif
