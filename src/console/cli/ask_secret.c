/* A secret typed at the terminal: not shown, into locked pages, Ctrl-C leaves and the terminal is
 * as it was. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/str.h"
#include "console/cli/sign_in_ways.h"

#define LINE_MAX_BYTES 4096

struct typing {
    int fd;
    char line[LINE_MAX_BYTES];
    size_t len;
    bool done, gone;
};

static void on_typed(void *payload, int fd, short revents)
{
    struct typing *t = payload;
    ssize_t n = read(fd, t->line + t->len, sizeof t->line - t->len);

    (void)revents;
    if (n > 0)
        t->len += (size_t)n;
    t->gone = n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
    t->done = t->gone || t->len == sizeof t->line || memchr(t->line, '\n', t->len);
}

static bool was_typed(struct cli *c, void *payload)
{
    (void)c;
    return ((struct typing *)payload)->done;
}

static void say(int fd, const char *text)
{
    ssize_t n = write(fd, text, strlen(text));

    (void)n;
}

int cli_ask_line(struct cli *c, char *answer, size_t size, struct err *e)
{
    struct typing t = { .fd = STDIN_FILENO };
    struct loop_io *io = loop_io_add(c->loop, t.fd, POLLIN, on_typed, &t);
    int rc = cli_wait(c, was_typed, &t, 0, e);

    loop_io_del(io);
    str_fmt(answer, size, "%.*s", (int)t.len, t.line);
    str_trim(answer);
    return rc;
}

int ask_secret(struct cli *c, const char *prompt, struct secret *out, struct err *e)
{
    struct typing t = { .fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY) };
    struct termios was, quiet;
    struct loop_io *io;
    int rc;

    if (t.fd < 0 || tcgetattr(t.fd, &was) < 0) {
        if (t.fd >= 0)
            close(t.fd);
        return err_set(e, ERR_USAGE, 0, "%s",
                       _("There is no terminal to ask for the secret: give it by a file or a "
                         "descriptor."));
    }
    quiet = was;
    quiet.c_lflag &= (tcflag_t)~ECHO;
    quiet.c_lflag |= ICANON | ISIG;
    tcsetattr(t.fd, TCSAFLUSH, &quiet);
    say(t.fd, prompt);
    io = loop_io_add(c->loop, t.fd, POLLIN, on_typed, &t);
    rc = cli_wait(c, was_typed, &t, 0, e);
    loop_io_del(io);
    tcsetattr(t.fd, TCSAFLUSH, &was);
    say(t.fd, "\n");
    close(t.fd);
    if (rc == 0 && !t.gone)
        secret_set(out, t.line, t.len);
    explicit_bzero(t.line, sizeof t.line);
    way_trim(out);
    if (rc == 0 && !secret_is(out))
        rc = err_set(e, ERR_USAGE, 0, "%s", _("The secret is empty."));
    return rc;
}
