/* journal.h - the write-ahead journal of one operation: DIR/ID.jsonl, one JSON record a line,
 * fsynced line by line.
 *
 * `begin` is on disk before the effect, `made` or `found` after it. A torn last line is cut when
 * the journal is opened for writing; a damaged line in the middle is ERR_C_CORRUPT with its number.
 * Facts are strings, never secrets. Step ids are never renamed.
 */
#ifndef AZL_STORE_JOURNAL_H
#define AZL_STORE_JOURNAL_H

#include "base/err.h"
#include "base/json.h"

struct journal_rec {
    int64_t seq;    /* 1, 2, ...: set by journal_add */
    int64_t at_ms;  /* real wall clock: set by journal_add */
    char event[16]; /* open note (of a step: its facts while it waits) begin made found failed
                     * skipped undoing undone signin stopped done
                     */
    int64_t number; /* of the event (op/op_events.h), written as "eventId"; 0: it has none */
    char step[48];
    char node[64]; /* "" for once */
    int64_t attempt;
    struct json
        *facts;     /* object or NULL; owned by the record. In `open`: plan, inputs, nodes, uid */
    struct err err; /* of failed */
};
void journal_rec_clear(struct journal_rec *r);

struct journal;
struct journal *journal_create(const char *dir, const char *id,
                               struct err *e); /* must not exist yet */
struct journal *journal_open(const char *dir, const char *id,
                             struct err *e); /* for writing on; seq goes on */
int journal_add(struct journal *j, struct journal_rec *r, struct err *e);
void journal_close(struct journal *j);

/* Reads all records oldest first, until fn returns false. */
typedef bool journal_fn(const struct journal_rec *r, void *payload);
int journal_read(const char *dir, const char *id, journal_fn *fn, void *payload, struct err *e);
/* Ids of all journals in dir, newest first, as a JSON array of strings. Ids sort by time:
 * "20261121T094122Z-register". */
struct json *journal_list(const char *dir, struct err *e);
void journal_new_id(char out[64], const char *plan, int64_t now_ms);

#endif
