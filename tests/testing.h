/* testing.h - what every test file includes: cmocka, tallies, loud skips.
 *
 * A test program's main calls its groups and returns test_end(): the last line it prints is "N
 * passed, N failed, N skipped", which tests/tally.sh adds up. A skipped test says why on a line of
 * its own.
 */
#ifndef AZL_TESTING_H
#define AZL_TESTING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* Runs a group and adds to the tallies; returns the number of failed tests. */
#define TEST_GROUP(name, tests)                                                                    \
    test_group((name), cmocka_run_group_tests_name((name), (tests), NULL, NULL),                   \
               (int)(sizeof(tests) / sizeof((tests)[0])))
int test_group(const char *name, int failed, int total);
/* Ends the current test as skipped, with its reason. */
#define test_skip(why)                                                                             \
    do {                                                                                           \
        test_note_skip(why);                                                                       \
        skip();                                                                                    \
    } while (0)
void test_note_skip(const char *why);
/* The groups of a program that mostly waits: all at the same time, each in a process of its own.
 * What they print comes out one after another. No folder of test_dir may be there yet. */
typedef int test_group_fn(void);
void test_side_by_side(test_group_fn *const *groups, size_t n);
int test_end(void); /* prints the tallies; exit status of the program */

/* A fresh 0700 folder under $TMPDIR, removed at exit. */
const char *test_dir(void);
/* Path of a file in tests/, found through the environment variable srcdir (set by automake; default
 * "."). */
const char *test_data(const char *relative);

#endif
