/* options.h - the command line of azlosandbox: fills sb_options and orders the faults of --fault.
 */
#ifndef AZL_SANDBOX_OPTIONS_H
#define AZL_SANDBOX_OPTIONS_H

#include "sandbox/sandbox.h"

/* 0: go on; 1: help or version was shown; -1: *e (ERR_USAGE). */
int options_read(int argc, char **argv, struct err *e);

#endif
