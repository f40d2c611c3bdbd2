/* log.h - log lines: English, one line an event, levels, a ring for the log pane, an optional file.
 *
 * Form of a line in the file: "2026-11-21T09:41:22.123Z , INFO , text" (after
 * register-flow.md 3.4). Values of secret fields never reach a line: pass them through log_redact
 * first (field names of azure-wire.md 6.5).
 */
#ifndef AZL_BASE_LOG_H
#define AZL_BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

enum log_level { LOG_DBG, LOG_INF, LOG_WRN, LOG_ERR };

struct log_line {
    int64_t seq;   /* 1, 2, ... since the program started */
    int64_t at_ms; /* wall clock, Unix ms */
    enum log_level level;
    int event; /* the number that the text begins with ("event 9001: ..."), 0: none */
    char text[240];
};
#define LOG_RING 256

void log_msg(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* A numbered event (op/op_events.h). */
void log_event(int event, enum log_level level, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
#define log_dbg(...) log_msg(LOG_DBG, __VA_ARGS__)
#define log_inf(...) log_msg(LOG_INF, __VA_ARGS__)
#define log_wrn(...) log_msg(LOG_WRN, __VA_ARGS__)
#define log_err(...) log_msg(LOG_ERR, __VA_ARGS__)

int64_t log_head(void); /* seq of the newest line, 0 if none */
/* Copies up to max lines with seq > after, oldest first; returns how many. */
size_t log_read(int64_t after, struct log_line *out, size_t max);
int log_open(const char *path,
             struct err *e); /* appends, 0600; one older file kept (path.1) beyond 4 MiB */
void log_to_stderr(enum log_level least);     /* programs without a screen */
const char *log_level_name(enum log_level l); /* "INFO" */
/* Appends `text` (a form body, JSON, or header line) with the values of secret fields masked as
 * "***". */
void log_redact(struct str *out, const char *text, size_t len);
bool log_is_secret_name(const char *field);

#endif
