#include "config.h"

#include "core/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/file.h"
#include "base/i18n.h"
#include "base/json.h"
#include "base/str.h"

#define ROOM_LEAST 65536

static const char *const parts[] = { "", "/store", "/runs", "/nodes" };

int folder_prepare(const char *dir, struct err *e)
{
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        struct str path = STR_INIT;
        int rc;

        str_addf(&path, "%s%s", dir, parts[i]);
        rc = file_mkdirs(path.p, e);
        str_free(&path);
        if (rc < 0)
            return err_wrap(e, "%s", _("the state folder"));
    }
    return 0;
}

/* A rehearsal writes sandbox.json before anything else; a cluster's record lies in store. */
int folder_is_for(const char *dir, bool sandbox, struct err *e)
{
    struct str mark = STR_INIT, record = STR_INIT;
    bool rehearsal, used;

    str_addf(&mark, "%s/" FOLDER_REHEARSAL, dir);
    str_addf(&record, "%s/store", dir);
    rehearsal = access(mark.p, F_OK) == 0;
    used = access(record.p, F_OK) == 0;
    str_free(&mark);
    str_free(&record);
    if (rehearsal && !sandbox)
        return err_set(e, ERR_USAGE, 0,
                       _("%s holds a rehearsal: add --sandbox, or name another folder with "
                         "--state-dir."),
                       dir);
    if (sandbox && used && !rehearsal)
        return err_set(e, ERR_USAGE, 0,
                       _("%s is the folder of a real cluster: name another one for the rehearsal "
                         "with --state-dir."),
                       dir);
    return 0;
}

int folder_probe(const char *dir, struct err *e)
{
    struct str path = STR_INIT;
    char room[4096] = "";
    int rc;

    str_addf(&path, "%s/.probe", dir);
    rc = file_replace(path.p, room, sizeof(room), e);
    unlink(path.p);
    str_free(&path);
    return rc < 0 ? err_wrap(e, "%s", _("the state folder")) : 0;
}

bool folder_looks_well(const char *dir)
{
    struct statvfs v;

    return statvfs(dir, &v) == 0 && !(v.f_flag & ST_RDONLY) &&
           v.f_bavail * v.f_frsize >= ROOM_LEAST;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

int folder_forget(const char *dir, struct err *e)
{
    static const char *const gone[] = { "store",   "runs",         "nodes",
                                        "sandbox", "sandbox.json", "clock.json" };

    for (size_t i = 0; i < ARRAY_LEN(gone); i++) {
        struct str path = STR_INIT;
        int rc;

        str_addf(&path, "%s/%s", dir, gone[i]);
        rc = access(path.p, F_OK) == 0 ? nftw(path.p, remove_one, 16, FTW_DEPTH | FTW_PHYS) : 0;
        if (rc != 0)
            rc = err_sys(e, errno, _("%s cannot be removed"), path.p);
        str_free(&path);
        if (rc < 0)
            return -1;
    }
    return 0;
}

/* ---- the policy clock ---- */

static int64_t stored_now(const struct json *j, int64_t now)
{
    int64_t real = 0, policy = 0, rate = 1;

    if (!json_int(j, "real", &real) || !json_int(j, "policy", &policy) ||
        !json_int(j, "rate", &rate))
        return now;
    return now > real ? policy + (now - real) * rate : policy;
}

static int store_clock(const char *path, int64_t real, int64_t policy, int64_t rate, struct err *e)
{
    struct json *j = json_object();
    struct str text = STR_INIT;
    int rc;

    json_set_int(j, "real", real);
    json_set_int(j, "policy", policy);
    json_set_int(j, "rate", rate);
    json_write_pretty(&text, j);
    rc = file_replace(path, text.p, text.len, e);
    str_free(&text);
    json_free(j);
    return rc;
}

int folder_clock(const char *dir, int64_t rate, struct clock *out, struct err *e)
{
    struct str path = STR_INIT, text = STR_INIT;
    struct err none = { 0 };
    struct json *j = NULL;
    int64_t now = wall_ms(), policy = now, was = 1;
    int rc = 0;

    str_addf(&path, "%s/clock.json", dir);
    if (file_read(path.p, 4096, &text, &none) == 0)
        j = json_parse(text.p, text.len, 4096, &none);
    if (j)
        policy = stored_now(j, now);
    json_int(j, "rate", &was);
    clock_init_at(out, rate, policy);
    if (rate != was || (!j && rate != 1))
        rc = store_clock(path.p, now, policy, rate, e);
    json_free(j);
    str_free(&path);
    str_free(&text);
    return rc;
}
