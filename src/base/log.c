#include "config.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/loop.h"
#include "base/text.h"

#define LOG_FILE_MAX (4 * 1024 * 1024)
#define LOG_TEXT_MAX 4096 /* of one line in the file */

static struct log_line ring[LOG_RING];
static int64_t head;
static int log_fd = -1;
static off_t log_size;
static char log_path[512];
static bool on_stderr;
static enum log_level stderr_least;

const char *log_level_name(enum log_level l)
{
    static const char *const names[] = { "DEBUG", "INFO", "WARN", "ERROR" };

    return (unsigned)l < ARRAY_LEN(names) ? names[l] : "ERROR";
}

int64_t log_head(void)
{
    return head;
}

size_t log_read(int64_t after, struct log_line *out, size_t max)
{
    int64_t oldest = head > LOG_RING ? head - LOG_RING + 1 : 1;
    int64_t seq = after >= oldest ? after + 1 : oldest;
    size_t n = 0;

    for (; seq <= head && n < max; seq++)
        out[n++] = ring[seq % LOG_RING];
    return n;
}

static int open_file(void)
{
    struct stat st;

    log_fd = open(log_path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (log_fd < 0)
        return -1;
    log_size = fstat(log_fd, &st) == 0 ? st.st_size : 0;
    return 0;
}

static void rotate(void)
{
    char older[sizeof(log_path) + 2];

    if (log_size <= LOG_FILE_MAX || !str_fmt(older, sizeof(older), "%s.1", log_path))
        return;
    /* Without a second file the first one goes on: losing lines would be worse than its size. */
    if (rename(log_path, older) != 0)
        return;
    close(log_fd);
    open_file();
}

int log_open(const char *path, struct err *e)
{
    if (log_fd >= 0)
        close(log_fd);
    log_fd = -1;
    if (!STR_SET(log_path, path))
        return err_sys(e, ENAMETOOLONG, _("The log file %s cannot be opened"), path);
    if (open_file() < 0)
        return err_sys(e, errno, _("The log file %s cannot be opened"), path);
    rotate();
    return 0;
}

void log_to_stderr(enum log_level least)
{
    on_stderr = true;
    stderr_least = least;
}

static void write_line(int fd, const char *line, size_t n)
{
    while (n > 0) {
        ssize_t r = write(fd, line, n);

        if (r < 0 && errno == EINTR)
            continue;
        if (r <= 0)
            return;
        line += r;
        n -= (size_t)r;
    }
}

static void to_file(int64_t at_ms, enum log_level level, const char *text)
{
    char stamp[TIME_SIZE];
    struct str s = STR_INIT;

    time_iso7(stamp, at_ms);
    str_addf(&s, "%.23sZ , %s , %s\n", stamp, log_level_name(level), text);
    write_line(log_fd, str_p(&s), s.len);
    log_size += (off_t)s.len;
    str_free(&s);
    rotate();
}

static void put(int event, enum log_level level, const struct str *raw)
{
    struct log_line *line = &ring[(head + 1) % LOG_RING];
    char text[LOG_TEXT_MAX];

    text_clean(text, sizeof(text), str_p(raw), raw->len, TEXT_LINE);
    line->event = event;
    line->seq = ++head;
    line->at_ms = wall_ms();
    line->level = level;
    text_set(line->text, sizeof(line->text), text);
    if (log_fd >= 0)
        to_file(line->at_ms, level, text);
    if (on_stderr && level >= stderr_least)
        fprintf(stderr, "%s: %s: %s\n", PACKAGE, log_level_name(level), text);
}

void log_msg(enum log_level level, const char *fmt, ...)
{
    struct str raw = STR_INIT;
    int saved = errno;
    va_list ap;

    va_start(ap, fmt);
    str_addv(&raw, fmt, ap);
    va_end(ap);
    put(0, level, &raw);
    str_free(&raw);
    errno = saved;
}

void log_event(int event, enum log_level level, const char *fmt, ...)
{
    struct str raw = STR_INIT;
    int saved = errno;
    va_list ap;

    str_addf(&raw, "event %d: ", event);
    va_start(ap, fmt);
    str_addv(&raw, fmt, ap);
    va_end(ap);
    put(event, level, &raw);
    str_free(&raw);
    errno = saved;
}
