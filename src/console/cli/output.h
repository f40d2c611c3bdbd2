/* output.h - what the command line prints: "Name : value" lists, tables by column, JSON, errors in
 * full. */
#ifndef AZL_CONSOLE_CLI_OUTPUT_H
#define AZL_CONSOLE_CLI_OUTPUT_H

#include <stdio.h>

#include "console/cli/cli.h"

struct out_column {
    const char *title; /* N_() */
    int max;           /* widest, in columns; 0: no limit */
};
/* cells: rows x columns texts, row by row. Columns are as wide as their widest cell. */
void out_table(const struct out_column *columns, size_t n_columns, const char *const *cells,
               size_t n_rows);
void out_pair(const char *name,
              const char *value);  /* "ClusterStatus      : Clustered", "--" for an empty value */
void out_json(struct json *owned); /* pretty, to stdout; times as ISO 8601 UTC */
void out_error(const struct cli *c, const struct err *e); /* stderr; with --output json an object */
/* What, why, what to do, ids: one line each, as the screens show it. */
void out_error_lines(FILE *f, const struct err *e);
const char *out_time(char buf[40], int64_t unix_ms); /* local "2026-11-21 09:41:22", "--" for 0 */
const char *out_span(char buf[24], int64_t ms);      /* "2:31" */
/* The QR square of a text, or nothing where the terminal cannot show one. */
void out_square(const char *text);

#endif
