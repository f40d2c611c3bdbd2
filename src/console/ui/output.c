#include "config.h"

#include "console/ui/output.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/loop.h"
#include "base/str.h"

#define PART 256 /* where the terminal could not be opened a second time a write may wait */

static struct {
    FILE *curses; /* curses' own descriptor: the terminal, then the memory file */
    int memory, fd;
    bool waits; /* fd is the operator's own and may not be set to O_NONBLOCK: others share it */
    struct str left;
    size_t at; /* of left: sent before it */
    uint64_t sent;
} out = { .memory = -1, .fd = -1 };

FILE *output_open(void)
{
    const char *name = ttyname(STDOUT_FILENO);
    int copy = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 10);

    out.curses = copy < 0 ? NULL : fdopen(copy, "w");
    if (!out.curses)
        return NULL;
    out.fd = name ? open(name, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC) : -1;
    out.waits = out.fd < 0;
    if (out.waits)
        out.fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 10);
    return out.curses;
}

void output_hold(void)
{
    out.memory = memfd_create("screen", MFD_CLOEXEC);
    if (out.memory >= 0)
        dup3(out.memory, fileno(out.curses), O_CLOEXEC);
}

void output_close(void)
{
    if (out.curses)
        fclose(out.curses);
    if (out.memory >= 0)
        close(out.memory);
    if (out.fd >= 0)
        close(out.fd);
    str_free(&out.left);
    out.curses = NULL;
    out.memory = out.fd = -1;
    out.at = 0;
}

/* From the memory file, which is empty afterwards. */
static void collect(void)
{
    char part[4096];
    ssize_t n;

    if (out.memory < 0)
        return;
    lseek(out.memory, 0, SEEK_SET);
    while ((n = read(out.memory, part, sizeof part)) > 0)
        str_addn(&out.left, part, (size_t)n);
    if (ftruncate(out.memory, 0) == 0)
        lseek(out.memory, 0, SEEK_SET);
}

void output_add(const char *bytes)
{
    collect();
    str_add(&out.left, bytes);
}

static bool takes_more(void)
{
    struct pollfd p = { .fd = out.fd, .events = POLLOUT };

    return poll(&p, 1, 0) == 1;
}

bool output_flush(void)
{
    collect();
    while (out.at < out.left.len) {
        size_t n = out.left.len - out.at;
        ssize_t done;

        if (out.waits && !takes_more())
            return false;
        done = write(out.fd, out.left.p + out.at, out.waits && n > PART ? PART : n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0 && errno == EAGAIN)
            return false;
        if (done <= 0) /* the terminal is gone */
            break;
        out.at += (size_t)done;
        out.sent += (uint64_t)done;
    }
    str_reset(&out.left);
    out.at = 0;
    return true;
}

bool output_drain(int64_t ms)
{
    int64_t moved = mono_ms();
    uint64_t before = out.sent;

    while (!output_flush()) {
        struct pollfd p = { .fd = out.fd, .events = POLLOUT };

        if (out.sent != before) {
            before = out.sent;
            moved = mono_ms();
        }
        if (mono_ms() - moved >= ms) {
            str_reset(&out.left);
            out.at = 0;
            return false;
        }
        poll(&p, 1, 20);
    }
    return true;
}

int output_fd(void)
{
    return out.fd;
}

uint64_t output_sent(void)
{
    return out.sent;
}
