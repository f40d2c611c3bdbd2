/* tests.h - the groups of this program. */
#ifndef AZL_TESTS_CONSOLE_TESTS_H
#define AZL_TESTS_CONSOLE_TESTS_H

int test_console_answers(void);
int test_console_text(void);
int test_console_keys(void);
int test_console_qr(void);
int test_console_widgets(void);
int test_console_client(void);
int test_console_paths(void);
int test_console_plain(void);

#endif
