#include "config.h"

#include "real/kit.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/str.h"

static void on_line(struct kit *k, char *line)
{
    void (*answer)(struct kit *, char *) = k->answer;

    k->answer = NULL;
    if (answer)
        answer(k, line ? str_trim(line) : NULL);
}

static void take_lines(struct kit *k)
{
    char *nl, line[sizeof(k->input)];

    while (k->answer && (nl = memchr(k->input, '\n', k->input_len))) {
        size_t n = (size_t)(nl - k->input);

        memcpy(line, k->input, n);
        line[n] = '\0';
        k->input_len -= n + 1;
        memmove(k->input, nl + 1, k->input_len);
        on_line(k, line);
    }
}

static void on_input(void *payload, int fd, short revents)
{
    struct kit *k = payload;
    ssize_t n = read(fd, k->input + k->input_len, sizeof(k->input) - 1 - k->input_len);

    (void)revents;
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) { /* the terminal went */
        loop_io_del(k->in);
        k->in = NULL;
        k->tty = false;
        on_line(k, NULL);
        return;
    }
    if (!k->answer)
        return; /* typed ahead: no question was meant */
    k->input_len += (size_t)n;
    if (k->input_len == sizeof(k->input) - 1)
        k->input[k->input_len - 1] = '\n';
    take_lines(k);
}

void ask_open(struct kit *k)
{
    k->tty = isatty(STDIN_FILENO);
    if (k->tty)
        k->in = loop_io_add(k->loop, STDIN_FILENO, POLLIN, on_input, k);
}

void ask_line(struct kit *k, void (*answer)(struct kit *k, char *line), const char *fmt, ...)
{
    va_list ap;

    k->input_len = 0; /* what was typed before the question is no answer to it */
    if (k->tty)
        tcflush(STDIN_FILENO, TCIFLUSH); /* before it is seen: an answer must not be lost */
    va_start(ap, fmt);
    vprintf(fmt, ap);
    va_end(ap);
    fflush(stdout);
    k->answer = answer;
}
