/* Target journal: a journal file as a crash, a full disk or a foreign hand left it. The input is
 * the file. */
#include "config.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/loop.h"
#include "fuzz_file.h"
#include "store/journal.h"

#define ID "20261121T094122Z-register"

static char dir[200], path[300];

struct seen {
    int64_t n, stop_at;
    struct str text; /* the records as lines, without their times */
};

static bool note(const struct journal_rec *r, void *payload)
{
    struct seen *s = payload;
    struct json *err = json_encode(&err_json, &r->err);

    s->n++;
    FUZZ_HOLDS(r->seq == s->n, "records count 1, 2, 3");
    FUZZ_HOLDS(r->event[0] == '\0' || text_is_clean(r->event), "an event is clean");
    FUZZ_HOLDS(text_is_clean(r->step) && text_is_clean(r->node), "step and node are clean");
    FUZZ_HOLDS(!r->facts || json_is_object(r->facts), "facts are an object");
    str_addf(&s->text, "%s|%s|%s|%lld|", r->event, r->step, r->node, (long long)r->attempt);
    if (r->facts)
        json_write(&s->text, r->facts);
    if (err_is(&r->err))
        json_write(&s->text, err);
    str_addc(&s->text, '\n');
    json_free(err);
    return s->n != s->stop_at;
}

static void file_is(const uint8_t *data, size_t size, const char *sentence)
{
    struct str now = STR_INIT;
    struct err e = { 0 };

    FUZZ_HOLDS(file_read(path, 1 << 20, &now, &e) == 0, "the file is still there");
    FUZZ_HOLDS(now.len == size && (!size || memcmp(now.p, data, size) == 0), sentence);
    str_free(&now);
}

/* Bytes up to the last line feed. */
static size_t whole_lines(const uint8_t *data, size_t size)
{
    while (size > 0 && data[size - 1] != '\n')
        size--;
    return size;
}

static void damaged(const uint8_t *data, size_t size, const struct err *e)
{
    struct err again = { 0 };
    struct journal *j = journal_open(dir, ID, &again);

    fuzz_error(e);
    FUZZ_HOLDS(e->domain == ERR_STORE && e->code == ERR_C_CORRUPT, "a damaged line is CORRUPT");
    FUZZ_HOLDS(!j, "a damaged journal is not written on");
    fuzz_error(&again);
    FUZZ_HOLDS(again.code == ERR_C_CORRUPT, "reading and opening see the same damage");
    file_is(data, size, "a damaged journal is left as it was");
}

/* Everything read so far, and the records added, come back. */
static void go_on(struct journal *j, const struct seen *before)
{
    struct journal_rec r = { .event = "failed", .step = "arc", .node = "node1", .attempt = 2 };
    struct seen after = { .text = STR_INIT };
    struct err e = { 0 };

    r.facts = json_object();
    json_set_str(r.facts, "resource", "a \"b\"\n\x1b");
    err_set(&r.err, ERR_ARM, 5, "no");
    FUZZ_HOLDS(journal_add(j, &r, &e) == 0, "a record can be added");
    FUZZ_HOLDS(r.seq == before->n + 1, "the count goes on");
    FUZZ_HOLDS(journal_add(j, &r, &e) == 0, "and another");
    journal_close(j);
    journal_rec_clear(&r);
    FUZZ_HOLDS(journal_read(dir, ID, note, &after, &e) == 0, "what was written on can be read");
    FUZZ_HOLDS(after.n == before->n + 2, "nothing is lost, nothing is there twice");
    FUZZ_HOLDS(before->text.len == 0 || memcmp(after.text.p, before->text.p, before->text.len) == 0,
               "the records from before are the same");
    str_free(&after.text);
}

/* The records, written anew through the journal, are the same records. */
static bool copy_one(const struct journal_rec *r, void *payload)
{
    struct journal_rec mine = *r;
    struct err e = { 0 };
    int rc = journal_add(payload, &mine, &e);

    FUZZ_HOLDS(rc == 0 || strstr(e.message, "secret"), "what was read can be written");
    return rc == 0;
}

static void copied(const struct seen *before)
{
    static const char id[] = "copy";
    struct seen after = { .text = STR_INIT };
    struct err e = { 0 };
    char file[320];
    struct journal *j;

    snprintf(file, sizeof file, "%s/%s.jsonl", dir, id);
    unlink(file);
    j = journal_create(dir, id, &e);
    FUZZ_HOLDS(j, "a new journal can be made");
    FUZZ_HOLDS(journal_read(dir, ID, copy_one, j, &e) == 0, "the first is read again");
    journal_close(j);
    FUZZ_HOLDS(journal_read(dir, id, note, &after, &e) == 0, "the copy is read");
    FUZZ_HOLDS(after.n <= before->n && (after.text.len == 0 ||
                                        memcmp(after.text.p, before->text.p, after.text.len) == 0),
               "the copy's records are the same");
    str_free(&after.text);
}

static void early_stop(int64_t n)
{
    struct seen s = { .stop_at = n / 2 + 1, .text = STR_INIT };
    struct err e = { 0 };

    FUZZ_HOLDS(journal_read(dir, ID, note, &s, &e) == 0, "a reader may stop early");
    FUZZ_HOLDS(s.n == s.stop_at, "it stops where the reader says");
    str_free(&s.text);
}

static void remove_all(void)
{
    char file[320];

    unlink(path);
    snprintf(file, sizeof file, "%s/copy.jsonl", dir);
    unlink(file);
    rmdir(dir);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    fuzz_folder(dir, sizeof dir); /* in memory: the journal syncs every line */
    snprintf(path, sizeof path, "%s/" ID ".jsonl", dir);
    atexit(remove_all);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct seen first = { .text = STR_INIT };
    struct err e = { 0 };
    struct journal *j;

    fuzz_put(path, data, size);
    if (journal_read(dir, ID, note, &first, &e) != 0) {
        damaged(data, size, &e);
    } else {
        size_t whole = whole_lines(data, size);

        file_is(data, size, "reading changes nothing");
        if (first.n > 0)
            early_stop(first.n);
        copied(&first);
        j = journal_open(dir, ID, &e);
        FUZZ_HOLDS(j, "what can be read can be written on");
        file_is(data, whole, "a torn line is cut, and nothing else");
        go_on(j, &first);
    }
    str_free(&first.text);
    return 0;
}
