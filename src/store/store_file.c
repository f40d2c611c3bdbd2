/* The file store. Facts: backends.md 4 (the order of system calls; a lock file that is never
 * renamed; readers need no lock). */
#include "config.h"

#include "store/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/file.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/str.h"

#define PATH_SIZE 900
#define KEY_MAX   200
#define MAX_DEPTH 8
#define NFS_MAGIC 0x6969

struct file_store {
    struct store store;
    char dir[PATH_SIZE / 2];
};
struct store_lock {
    int fd;
};

/* ---- names ---- */

static bool key_is_good(const char *key)
{
    const char *p = key;

    if (!key || strlen(key) > KEY_MAX || str_starts(key, "locks/"))
        return false;
    for (;;) {
        size_t n = strcspn(p, "/");

        if (n == 0 || !strchr("abcdefghijklmnopqrstuvwxyz0123456789", *p) ||
            strspn(p, "abcdefghijklmnopqrstuvwxyz0123456789._-") < n || memmem(p, n, "..", 2))
            return false;
        if (!p[n])
            return true;
        p += n + 1;
    }
}

static int doc_path(struct file_store *s, const char *key, char out[PATH_SIZE], struct err *e)
{
    if (!key_is_good(key))
        return err_set(e, ERR_USAGE, 0, _("\"%s\" is no name of a stored document"),
                       key ? key : "");
    str_fmt(out, PATH_SIZE, "%s/%s.json", s->dir, key);
    return 0;
}

/* ---- reading ---- */

static int corrupt(struct err *e, const char *path, const char *why)
{
    return err_set(e, ERR_STORE, ERR_C_CORRUPT,
                   _("The stored document %s is damaged (%s); it was left as it is."), path, why);
}

/* The whole file as a tree; NULL and ERR_C_NOT_FOUND, ERR_C_CORRUPT. */
static struct json *read_file(const char *path, int64_t *rev, struct err *e)
{
    struct str text = STR_INIT;
    struct err inner = { 0 };
    struct json *j;

    if (file_read(path, JSON_MAX_BYTES, &text, e) != 0) {
        str_free(&text);
        return NULL;
    }
    j = json_parse(str_p(&text), text.len, 0, &inner);
    str_free(&text);
    if (!j) {
        corrupt(e, path, inner.message);
        return NULL;
    }
    if (!json_int(j, "rev", rev) || *rev < 1 || !json_member(j, "doc")) {
        json_free(j);
        corrupt(e, path, "no rev or doc");
        return NULL;
    }
    return j;
}

static struct json *file_get(struct store *st, const char *key, int64_t *rev, struct err *e)
{
    struct file_store *s = (struct file_store *)st;
    struct json *whole, *doc;
    char path[PATH_SIZE];
    int64_t found = 0;

    if (doc_path(s, key, path, e) != 0)
        return NULL;
    whole = read_file(path, &found, e);
    if (!whole)
        return NULL;
    doc = json_copy(json_member(whole, "doc"));
    json_free(whole);
    if (rev)
        *rev = found;
    return doc;
}

/* Revision of what is there now: 0 absent, -1 error. */
static int64_t rev_now(const char *path, struct err *e)
{
    struct err inner = { 0 };
    int64_t rev = 0;
    struct json *j = read_file(path, &rev, &inner);

    if (j) {
        json_free(j);
        return rev;
    }
    if (inner.domain == ERR_STORE && inner.code == ERR_C_NOT_FOUND)
        return 0;
    *e = inner;
    return -1;
}

/* ---- writing, always under DIR/.lock ---- */

static int commit_begin(struct file_store *s, struct err *e)
{
    char path[PATH_SIZE];

    str_fmt(path, sizeof(path), "%s/.lock", s->dir);
    return file_lock(path, true, e);
}

/* Revisions of deleted documents are not used again: DIR/.gone keeps the highest. */
static int64_t gone_rev(struct file_store *s)
{
    struct str text = STR_INIT;
    struct err ignored = { 0 };
    char path[PATH_SIZE];
    int64_t rev = 0;

    str_fmt(path, sizeof(path), "%s/.gone", s->dir);
    if (file_read(path, 64, &text, &ignored) != 0 || !str_to_int(str_trim(text.p), &rev) || rev < 0)
        rev = 0;
    str_free(&text);
    return rev;
}

static int set_gone_rev(struct file_store *s, int64_t rev, struct err *e)
{
    char path[PATH_SIZE], text[32];

    if (rev <= gone_rev(s))
        return 0;
    str_fmt(path, sizeof(path), "%s/.gone", s->dir);
    str_fmt(text, sizeof(text), "%lld\n", (long long)rev);
    return file_replace(path, text, strlen(text), e);
}

static int conflict(struct err *e, const char *key)
{
    return err_set(e, ERR_STORE, ERR_C_CONFLICT,
                   _("The stored document \"%s\" was changed by somebody else in the meantime."),
                   key);
}

static int make_parents(struct file_store *s, const char *key, struct err *e)
{
    const char *slash = strrchr(key, '/');
    char folder[PATH_SIZE];

    if (!slash)
        return 0;
    str_fmt(folder, sizeof(folder), "%s/%.*s", s->dir, (int)(slash - key), key);
    return file_mkdirs(folder, e);
}

static int write_doc(const char *path, const struct json *doc, int64_t rev, struct err *e)
{
    struct json *whole = json_object();
    struct str text = STR_INIT;
    int rc;

    json_set_int(whole, "rev", rev);
    json_set(whole, "doc", json_copy(doc));
    json_write_pretty(&text, whole);
    json_free(whole);
    if (text.len > JSON_MAX_BYTES)
        rc = err_set(e, ERR_STORE, ERR_C_TOO_BIG,
                     _("The document is too big to be stored (%zu bytes)."), text.len);
    else
        rc = file_replace(path, str_p(&text), text.len, e);
    str_free(&text);
    return rc;
}

static int file_put(struct store *st, const char *key, const struct json *doc, int64_t rev,
                    int64_t *new_rev, struct err *e)
{
    struct file_store *s = (struct file_store *)st;
    char path[PATH_SIZE];
    int64_t now, next;
    int lock, rc = -1;

    if (doc_path(s, key, path, e) != 0)
        return -1;
    lock = commit_begin(s, e);
    if (lock < 0)
        return -1;
    now = rev_now(path, e);
    if (now >= 0 && now != rev) {
        conflict(e, key);
    } else if (now >= 0 && make_parents(s, key, e) == 0) {
        next = (now ? now : gone_rev(s)) + 1;
        rc = write_doc(path, doc, next, e);
        if (rc == 0 && new_rev)
            *new_rev = next;
    }
    close(lock);
    return rc;
}

static int remove_durably(const char *path, struct err *e)
{
    char folder[PATH_SIZE], *slash;
    int fd, rc;

    STR_SET(folder, path);
    slash = strrchr(folder, '/');
    *slash = '\0';
    fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return err_sys(e, errno, _("cannot open the folder %s"), folder);
    rc = unlink(path) == 0 && fsync(fd) == 0 ? 0 : err_sys(e, errno, _("cannot delete %s"), path);
    close(fd);
    return rc;
}

static int file_del(struct store *st, const char *key, int64_t rev, struct err *e)
{
    struct file_store *s = (struct file_store *)st;
    char path[PATH_SIZE];
    int64_t now;
    int lock, rc = -1;

    if (doc_path(s, key, path, e) != 0)
        return -1;
    lock = commit_begin(s, e);
    if (lock < 0)
        return -1;
    now = rev_now(path, e);
    if (now == 0)
        err_set(e, ERR_STORE, ERR_C_NOT_FOUND, _("There is no stored document \"%s\"."), key);
    else if (now > 0 && now != rev)
        conflict(e, key);
    else if (now > 0 && set_gone_rev(s, now, e) == 0)
        rc = remove_durably(path, e);
    close(lock);
    return rc;
}

/* ---- listing ---- */

struct keys {
    char (*v)[KEY_MAX + 1];
    size_t n, cap;
};

static void keys_add(struct keys *k, const char *key)
{
    if (!key_is_good(key))
        return;
    if (k->n == k->cap) {
        k->cap = k->cap ? k->cap * 2 : 16;
        k->v = xrealloc(k->v, k->cap * sizeof(*k->v));
    }
    STR_SET(k->v[k->n], key);
    k->n++;
}

static void keys_walk(struct keys *k, const char *dir, const char *under, int depth)
{
    char path[PATH_SIZE], key[KEY_MAX + 8];
    DIR *d = depth < MAX_DEPTH ? opendir(dir) : NULL;
    struct dirent *f;
    struct stat st;

    while (d && (f = readdir(d))) {
        if (f->d_name[0] == '.' || (!*under && str_eq(f->d_name, "locks")) ||
            !str_fmt(path, sizeof(path), "%s/%s", dir, f->d_name) || lstat(path, &st) != 0 ||
            !str_fmt(key, sizeof(key), "%s%s", under, f->d_name))
            continue;
        if (S_ISDIR(st.st_mode) && str_fmt(key, sizeof(key), "%s%s/", under, f->d_name)) {
            keys_walk(k, path, key, depth + 1);
        } else if (S_ISREG(st.st_mode) && str_ends(key, ".json")) {
            key[strlen(key) - 5] = '\0';
            keys_add(k, key);
        }
    }
    if (d)
        closedir(d);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

static struct json *file_list(struct store *st, const char *prefix, struct err *e)
{
    struct file_store *s = (struct file_store *)st;
    struct json *list;
    struct keys k = { NULL, 0, 0 };

    if (access(s->dir, R_OK | X_OK) != 0) {
        err_sys(e, errno, _("cannot open the folder %s"), s->dir);
        return NULL;
    }
    keys_walk(&k, s->dir, "", 0);
    if (k.n > 1)
        qsort(k.v, k.n, sizeof(*k.v), by_name);
    list = json_array();
    for (size_t i = 0; i < k.n; i++)
        if (!prefix || str_starts(k.v[i], prefix))
            json_push(list, json_string(k.v[i]));
    free(k.v);
    return list;
}

/* ---- locks ---- */

static struct store_lock *file_lock_named(struct store *st, const char *name, struct err *e)
{
    struct file_store *s = (struct file_store *)st;
    char path[PATH_SIZE];
    struct store_lock *l;
    int fd;

    if (!key_is_good(name) || strchr(name, '/')) {
        err_set(e, ERR_USAGE, 0, _("\"%s\" is no name of a lock"), name ? name : "");
        return NULL;
    }
    str_fmt(path, sizeof(path), "%s/locks", s->dir);
    if (file_mkdirs(path, e) != 0)
        return NULL;
    str_fmt(path, sizeof(path), "%s/locks/%s.lock", s->dir, name);
    fd = file_lock(path, false, e);
    if (fd < 0)
        return NULL;
    l = xcalloc(1, sizeof(*l));
    l->fd = fd;
    return l;
}

static void file_unlock(struct store_lock *l)
{
    if (!l)
        return;
    close(l->fd);
    free(l);
}

static void file_close(struct store *st)
{
    free(st);
}

static const struct store_ops file_ops = {
    file_get, file_put, file_del, file_list, file_lock_named, file_unlock, file_close,
};

struct store *store_file_open(const char *dir, struct err *e)
{
    struct file_store *s;
    struct statfs fs;
    struct stat st;

    if (stat(dir, &st) != 0) {
        err_sys(e, errno, _("cannot open the state folder %s"), dir);
        return NULL;
    }
    if (!S_ISDIR(st.st_mode)) {
        err_sys(e, ENOTDIR, _("cannot open the state folder %s"), dir);
        return NULL;
    }
    if (strlen(dir) >= sizeof(s->dir)) {
        err_sys(e, ENAMETOOLONG, _("cannot open the state folder %s"), dir);
        return NULL;
    }
    if (statfs(dir, &fs) == 0 && fs.f_type == NFS_MAGIC)
        log_wrn("the state folder %s is on NFS; locks and renames there are not safe", dir);
    s = xcalloc(1, sizeof(*s));
    s->store.ops = &file_ops;
    STR_SET(s->dir, dir);
    return &s->store;
}
