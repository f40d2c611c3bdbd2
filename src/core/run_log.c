#include "config.h"

#include "core/run_log.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/loop.h"

struct run_log {
    int fd;
    int64_t seen; /* the newest line that is in the file */
};

int run_log_may(const char *dir, struct err *e)
{
    struct stat st;

    if (stat(dir, &st) != 0)
        return err_sys(e, errno, _("The folder %s for the logs cannot be used"), dir);
    if (!S_ISDIR(st.st_mode))
        return err_sys(e, ENOTDIR, _("The folder %s for the logs cannot be used"), dir);
    if (access(dir, W_OK | X_OK) != 0)
        return err_sys(e, errno, _("The folder %s for the logs cannot be used"), dir);
    return 0;
}

static void file_name(struct str *out, const char *dir, int64_t started_ms)
{
    time_t at = (time_t)(started_ms / 1000);
    char when[32] = "";
    struct tm tm;

    if (gmtime_r(&at, &tm))
        strftime(when, sizeof(when), "%Y%m%d-%H%M", &tm);
    str_addf(out, "%s/RegisterHCI_%s.log", dir, when);
}

struct run_log *run_log_open(const char *dir, int64_t started_ms, struct err *e)
{
    struct str path = STR_INIT;
    struct run_log *l = NULL;
    int fd;

    file_name(&path, dir, started_ms);
    fd = file_append_open(str_p(&path), e);
    str_free(&path);
    if (fd >= 0) {
        l = xcalloc(1, sizeof(*l));
        l->fd = fd;
        l->seen = log_head();
    }
    return l;
}

static bool write_all(int fd, const struct str *s)
{
    for (size_t at = 0; at < s->len;) {
        ssize_t n = write(fd, s->p + at, s->len - at);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        at += (size_t)n;
    }
    return true;
}

void run_log_turn(struct run_log *l)
{
    struct log_line *lines;
    struct str s = STR_INIT;
    char at[TIME_SIZE];
    size_t n;

    if (!l || l->fd < 0 || l->seen == log_head())
        return;
    lines = xcalloc(LOG_RING, sizeof(*lines));
    n = log_read(l->seen, lines, LOG_RING);
    for (size_t i = 0; i < n; i++) {
        time_iso(at, lines[i].at_ms);
        str_addf(&s, "%s , %s , %s\n", at, log_level_name(lines[i].level), lines[i].text);
        l->seen = lines[i].seq;
    }
    if (!write_all(l->fd, &s)) {
        log_wrn("the log of this registration cannot be written: %m");
        close(l->fd);
        l->fd = -1;
    }
    str_free(&s);
    free(lines);
}

void run_log_close(struct run_log *l)
{
    if (!l)
        return;
    run_log_turn(l);
    if (l->fd >= 0)
        close(l->fd);
    free(l);
}
