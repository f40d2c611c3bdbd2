#include "config.h"

#include "store/journal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/str.h"

#define PATH_SIZE 900
#define MAX_BYTES (16u * 1024 * 1024)
#define SUFFIX    ".jsonl"

struct journal {
    int fd;
    int64_t seq;
    char path[PATH_SIZE];
};

/* What of a record stands in a field table; facts are any object and are added by hand. */
static const struct json_field rec_fields[] = {
    JSON_INT(struct journal_rec, seq, "seq", JSON_REQUIRED),
    JSON_INT(struct journal_rec, at_ms, "at_ms", JSON_REQUIRED),
    JSON_STR(struct journal_rec, event, "event", JSON_REQUIRED),
    JSON_INT(struct journal_rec, number, "eventId", JSON_SKIP_EMPTY),
    JSON_STR(struct journal_rec, step, "step", JSON_SKIP_EMPTY),
    JSON_STR(struct journal_rec, node, "node", JSON_SKIP_EMPTY),
    JSON_INT(struct journal_rec, attempt, "attempt", JSON_SKIP_EMPTY),
};
static const struct json_type rec_type =
    JSON_TYPE("journal record", struct journal_rec, rec_fields);

void journal_rec_clear(struct journal_rec *r)
{
    json_free(r->facts);
    *r = (struct journal_rec){ 0 };
}

static bool id_is_good(const char *id)
{
    size_t n = id ? strlen(id) : 0;

    return n > 0 && n < 64 &&
           strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") == n;
}

static int journal_path(const char *dir, const char *id, char out[PATH_SIZE], struct err *e)
{
    if (!id_is_good(id))
        return err_set(e, ERR_USAGE, 0, _("\"%s\" is no operation's id"), id ? id : "");
    if (!str_fmt(out, PATH_SIZE, "%s/%s" SUFFIX, dir, id))
        return err_sys(e, ENAMETOOLONG, _("cannot use the folder %s"), dir);
    return 0;
}

/* ---- records as lines ---- */

/* The journal is no place for secrets: a fact by such a name is a mistake of ours, and stops here.
 */
static const char *secret_name_in(const struct json *j)
{
    const char *found;

    JSON_EACH (c, j) {
        if (json_name(c) && log_is_secret_name(json_name(c)))
            return json_name(c);
        found = secret_name_in(c);
        if (found)
            return found;
    }
    return NULL;
}

static void rec_write(struct str *out, const struct journal_rec *r)
{
    struct json *j = json_encode(&rec_type, r);

    if (r->facts)
        json_set(j, "facts", json_copy(r->facts));
    if (err_is(&r->err))
        json_set(j, "err", json_encode(&err_json, &r->err));
    json_write(out, j);
    json_free(j);
}

static int rec_parse(const char *line, size_t n, struct journal_rec *r, struct err *e)
{
    struct json *j = json_parse(line, n, 0, e);
    const struct json *facts, *err;
    struct err inner = { 0 };
    int rc = -1;

    *r = (struct journal_rec){ 0 };
    if (!j)
        return -1;
    facts = json_member(j, "facts");
    err = json_member(j, "err");
    if (json_decode(j, &rec_type, r, e) == 0 &&
        (!err || json_decode(err, &err_json, &inner, e) == 0)) {
        r->err = inner;
        if (json_is_object(facts))
            r->facts = json_copy(facts);
        rc = 0;
    }
    json_free(j);
    return rc;
}

/* ---- reading ---- */

/* Walks the whole lines of the text; *end is where the last one ends. Stops without error when fn
 * says so. */
static int walk(const char *path, const char *text, size_t len, size_t *end, journal_fn *fn,
                void *payload, struct err *e)
{
    struct journal_rec r;
    struct err inner = { 0 };
    const char *lf;
    int64_t number = 0;
    bool more = true;

    *end = 0;
    while (more && (lf = memchr(text + *end, '\n', len - *end))) {
        number++;
        if (rec_parse(text + *end, (size_t)(lf - text) - *end, &r, &inner) != 0 ||
            r.seq != number) {
            journal_rec_clear(&r);
            return err_set(e, ERR_STORE, ERR_C_CORRUPT,
                           _("Line %lld of the journal %s is damaged; it was left as it is."),
                           (long long)number, path);
        }
        *end = (size_t)(lf - text) + 1;
        more = fn(&r, payload);
        journal_rec_clear(&r);
    }
    return 0;
}

int journal_read(const char *dir, const char *id, journal_fn *fn, void *payload, struct err *e)
{
    struct str text = STR_INIT;
    char path[PATH_SIZE];
    size_t end;
    int rc;

    if (journal_path(dir, id, path, e) != 0)
        return -1;
    rc = file_read(path, MAX_BYTES, &text, e);
    if (rc == 0)
        rc = walk(path, str_p(&text), text.len, &end, fn, payload, e);
    str_free(&text);
    return rc;
}

/* ---- writing ---- */

static int sync_folder(const char *dir)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc;

    if (fd < 0)
        return -1;
    rc = fsync(fd);
    close(fd);
    return rc;
}

static struct journal *journal_for(const char *path, int64_t seq, struct err *e)
{
    struct journal *j;
    int fd = file_append_open(path, e);

    if (fd < 0)
        return NULL;
    j = xcalloc(1, sizeof(*j));
    j->fd = fd;
    j->seq = seq;
    STR_SET(j->path, path);
    return j;
}

struct journal *journal_create(const char *dir, const char *id, struct err *e)
{
    char path[PATH_SIZE];
    int fd;

    if (journal_path(dir, id, path, e) != 0)
        return NULL;
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0 && errno == EEXIST) {
        err_set(e, ERR_STORE, ERR_C_CONFLICT, _("There is a journal %s already."), path);
        return NULL;
    }
    if (fd < 0) {
        err_sys(e, errno, _("cannot make the journal %s"), path);
        return NULL;
    }
    close(fd);
    if (sync_folder(dir) != 0) {
        err_sys(e, errno, _("cannot make the journal %s"), path);
        unlink(path);
        return NULL;
    }
    return journal_for(path, 0, e);
}

static bool count_record(const struct journal_rec *r, void *payload)
{
    *(int64_t *)payload = r->seq;
    return true;
}

struct journal *journal_open(const char *dir, const char *id, struct err *e)
{
    struct str text = STR_INIT;
    struct journal *j = NULL;
    char path[PATH_SIZE];
    int64_t seq = 0;
    size_t end;

    if (journal_path(dir, id, path, e) != 0)
        return NULL;
    if (file_read(path, MAX_BYTES, &text, e) == 0 &&
        walk(path, str_p(&text), text.len, &end, count_record, &seq, e) == 0)
        j = journal_for(path, seq, e);
    if (j && end < text.len) {
        log_wrn("a torn line of %zu bytes was cut from the journal %s", text.len - end, path);
        if (ftruncate(j->fd, (off_t)end) != 0 || fdatasync(j->fd) != 0) {
            err_sys(e, errno, _("cannot cut the torn line of the journal %s"), path);
            journal_close(j);
            j = NULL;
        }
    }
    str_free(&text);
    return j;
}

int journal_add(struct journal *j, struct journal_rec *r, struct err *e)
{
    const char *secret = secret_name_in(r->facts);
    struct str line = STR_INIT;
    int rc;

    if (secret)
        return err_set(e, ERR_STORE, 0, "the fact \"%s\" is a secret and is not journaled", secret);
    r->seq = j->seq + 1;
    r->at_ms = wall_ms();
    rec_write(&line, r);
    rc = file_append_line(j->fd, str_p(&line), line.len, e);
    str_free(&line);
    if (rc == 0)
        j->seq = r->seq;
    else
        err_wrap(e, _("writing the journal %s"), j->path);
    return rc;
}

void journal_close(struct journal *j)
{
    if (!j)
        return;
    close(j->fd);
    free(j);
}

/* ---- names ---- */

static int newest_first(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*b)->d_name, (*a)->d_name);
}

static int is_journal(const struct dirent *f)
{
    char id[64];
    size_t n = strlen(f->d_name), k = strlen(SUFFIX);

    if (n <= k || n - k >= sizeof(id) || !str_ends(f->d_name, SUFFIX))
        return 0;
    memcpy(id, f->d_name, n - k);
    id[n - k] = '\0';
    return id_is_good(id);
}

struct json *journal_list(const char *dir, struct err *e)
{
    struct dirent **found = NULL;
    int n = scandir(dir, &found, is_journal, newest_first);
    struct json *list;

    if (n < 0 && errno != ENOENT) {
        err_sys(e, errno, _("cannot list the folder %s"), dir);
        return NULL;
    }
    list = json_array();
    for (int i = 0; i < n; i++) {
        found[i]->d_name[strlen(found[i]->d_name) - strlen(SUFFIX)] = '\0';
        json_push(list, json_string(found[i]->d_name));
        free(found[i]);
    }
    free(found);
    return list;
}

void journal_new_id(char out[64], const char *plan, int64_t now_ms)
{
    time_t t = (time_t)(now_ms / 1000);
    struct tm tm;

    gmtime_r(&t, &tm);
    str_fmt(out, 64, "%04d%02d%02dT%02d%02d%02dZ-%s", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
            tm.tm_hour, tm.tm_min, tm.tm_sec, plan);
}
