/* bed.h - a command line without a process: parsed arguments, a fake core at the other end, and
 * what was printed. */
#ifndef AZL_TESTS_CLI_BED_H
#define AZL_TESTS_CLI_BED_H

#include "console/cli/cli.h"
#include "tui/fake_core.h"

struct bed {
    struct cli c;
    struct fake_core *core;
    struct str out, err; /* of the newest capture */
};
/* Parses a blank-separated line; "azloconf" stands before it. */
int bed_parse(struct cli *c, const char *line, struct err *e);
void bed_start(struct bed *b, const char *line, unsigned sections); /* parses and connects */
void bed_stop(struct bed *b);
/* Standard output and error go to files from here until bed_captured reads them. */
void bed_capture(void);
void bed_captured(struct bed *b);

int test_cli_cli(void);
int test_cli_output(void);
int test_cli_follow(void);
int test_cli_act(void);

#endif
