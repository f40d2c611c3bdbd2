/* tests.h - the groups of this program. */
#ifndef AZL_TESTS_TUI_TESTS_H
#define AZL_TESTS_TUI_TESTS_H

int test_tui_flow(void);
int test_tui_life(void);
int test_tui_sizes(void);
int test_tui_every(void);
int test_tui_hostile(void);
int test_tui_secret(void);
int test_tui_act(void);

#endif
