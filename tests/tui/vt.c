#include "config.h"

#include "tui/vt.h"

#include <fcntl.h>
#include <locale.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utmp.h>
#include <vterm.h>

#include "base/str.h"
#include "console/ui/text.h"

#define QUIET_MS 80 /* longer than the console's own delays for Esc and resize */
#define LONG_MS  5000

struct vt {
    struct loop *loop;
    struct loop_io *io;
    VTerm *term;
    VTermScreen *screen;
    int fd, rows, cols, slave;
    pid_t pid;
    int status;
    bool ended, mute, held;
    long drain;
    struct loop_timer *drainer, *later;
    const char *later_bytes;
    int64_t drained_at, busy_ms;
    double allowed;
    void (*reply)(struct vt *v, const char *ask);
    size_t bytes;
    int64_t last;
    struct str text, all;
};

static ssize_t take(struct vt *v, size_t most)
{
    char buf[8192];
    ssize_t n = read(v->fd, buf, most < sizeof buf ? most : sizeof buf);

    if (n <= 0)
        return n;
    v->bytes += (size_t)n;
    v->last = mono_ms();
    str_addn(&v->all, buf, (size_t)n);
    if (v->reply && memmem(buf, (size_t)n, "\033[6n", 4))
        v->reply(v, "\033[6n");
    vterm_input_write(v->term, buf, (size_t)n);
    return n;
}

static void on_pty(void *payload, int fd, short revents)
{
    struct vt *v = payload;

    (void)fd, (void)revents;
    if (take(v, SIZE_MAX) <= 0) {
        loop_io_del(v->io);
        v->io = NULL;
    }
}

/* A line of `drain` bytes a second: what is read is what has passed over it. */
static void on_drain(void *payload)
{
    struct vt *v = payload;
    int64_t now = mono_ms(), passed = now - v->drained_at;
    struct pollfd p = { .fd = v->fd, .events = POLLIN };

    v->drainer = loop_after(v->loop, 4, on_drain, v);
    v->drained_at = now;
    v->allowed += (double)(passed * v->drain) / 1000;
    if (v->held || poll(&p, 1, 0) != 1) {
        v->allowed = v->allowed > 1 ? 1 : v->allowed; /* what was not used is gone */
        return;
    }
    v->busy_ms += passed;
    while (v->allowed >= 1 && poll(&p, 1, 0) == 1) {
        ssize_t n = take(v, (size_t)v->allowed);
        if (n <= 0)
            return;
        v->allowed -= (double)n;
    }
}

static void answer(const char *s, size_t len, void *user)
{
    struct vt *v = user;

    if (!v->mute)
        vt_send_raw(v, s, len);
}

static void run_child(const struct vt_options *o, int slave)
{
    login_tty(slave);
    setenv("TERM", o->term, 1);
    setenv("LC_ALL", o->locale, 1);
    setenv("TZ", "UTC", 1);
    unsetenv("LANGUAGE");
    unsetenv("NO_COLOR");
    unsetenv("ESCDELAY");
    unsetenv("SSH_CONNECTION");
    unsetenv("LINES");
    unsetenv("COLUMNS");
    for (size_t i = 0; o->env && o->env[i]; i++)
        putenv((char *)(uintptr_t)o->env[i]);
    setlocale(LC_ALL, "");
    exit(o->child(o->arg));
}

struct vt *vt_start(struct loop *l, const struct vt_options *o)
{
    struct winsize ws = { .ws_row = (unsigned short)o->rows, .ws_col = (unsigned short)o->cols };
    struct vt *v = xcalloc(1, sizeof *v);
    struct termios line;

    if (o->no_size)
        ws = (struct winsize){ 0 };
    v->mute = o->mute || o->reply;
    v->reply = o->reply;
    v->drain = o->drain;
    v->loop = l;
    v->rows = o->rows;
    v->cols = o->cols;
    if (openpty(&v->fd, &v->slave, NULL, NULL, &ws) < 0)
        abort();
    fcntl(v->fd, F_SETFD, FD_CLOEXEC);
    if (o->set_line) {
        tcgetattr(v->slave, &line);
        o->set_line(&line);
        tcsetattr(v->slave, TCSANOW, &line);
    }
    v->term = vterm_new(o->rows, o->cols);
    vterm_set_utf8(v->term, 1);
    vterm_output_set_callback(v->term, answer, v);
    v->screen = vterm_obtain_screen(v->term);
    vterm_screen_reset(v->screen, 1);
    fflush(NULL);
    v->pid = fork();
    if (v->pid == 0) {
        close(v->fd);
        run_child(o, v->slave);
    }
    if (v->drain) {
        v->drained_at = mono_ms();
        on_drain(v);
    } else {
        v->io = loop_io_add(l, v->fd, POLLIN, on_pty, v);
    }
    for (int64_t start = mono_ms();
         v->bytes == 0 && (v->io || v->drain) && mono_ms() - start < LONG_MS;)
        loop_turn(l, 20);
    vt_settle(v);
    return v;
}

void vt_free(struct vt *v)
{
    if (!v->ended) {
        kill(v->pid, SIGKILL);
        waitpid(v->pid, NULL, 0);
    }
    loop_io_del(v->io);
    loop_timer_del(v->drainer);
    loop_timer_del(v->later);
    close(v->fd);
    close(v->slave);
    vterm_free(v->term);
    str_free(&v->text);
    str_free(&v->all);
    free(v);
}

void vt_settle(struct vt *v)
{
    int64_t start = mono_ms();

    v->last = start;
    while (mono_ms() - v->last < QUIET_MS && mono_ms() - start < LONG_MS)
        loop_turn(v->loop, 20);
}

void vt_turn(struct vt *v, int64_t ms)
{
    int64_t until = mono_ms() + ms;

    while (mono_ms() < until)
        loop_turn(v->loop, until - mono_ms() < 20 ? until - mono_ms() : 20);
}

void vt_hold(struct vt *v, bool hold)
{
    v->held = hold;
    if (v->io)
        loop_io_set(v->io, hold ? 0 : POLLIN);
}

int64_t vt_busy_ms(const struct vt *v)
{
    return v->busy_ms;
}

void vt_send_raw(struct vt *v, const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t done = write(v->fd, bytes, n);
        if (done <= 0)
            return;
        bytes += done;
        n -= (size_t)done;
    }
}

void vt_send(struct vt *v, const char *keys)
{
    vt_send_raw(v, keys, strlen(keys));
    vt_settle(v);
}

static void on_later(void *payload)
{
    struct vt *v = payload;

    v->later = NULL;
    vt_send_raw(v, v->later_bytes, strlen(v->later_bytes));
}

void vt_send_later(struct vt *v, int64_t ms, const char *bytes)
{
    v->later_bytes = bytes;
    v->later = loop_after(v->loop, ms, on_later, v);
}

void vt_line_size(struct vt *v, int rows, int cols)
{
    struct winsize ws = { .ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols };

    ioctl(v->fd, TIOCSWINSZ, &ws);
}

void vt_resize(struct vt *v, int rows, int cols)
{
    v->rows = rows;
    v->cols = cols;
    vterm_set_size(v->term, rows, cols);
    vt_line_size(v, rows, cols);
    vt_settle(v);
}

static void add_row(struct vt *v, int row)
{
    size_t blank_from = v->text.len;
    int col = 0;

    while (col < v->cols) {
        VTermScreenCell c;
        VTermPos p = { row, col };
        char utf8[5];

        vterm_screen_get_cell(v->screen, p, &c);
        if (c.chars[0] == 0)
            str_addc(&v->text, ' ');
        for (int i = 0; i < VTERM_MAX_CHARS_PER_CELL && c.chars[i]; i++)
            if (text_encode(utf8, (wchar_t)c.chars[i]))
                str_add(&v->text, utf8);
        if (c.chars[0] != 0 && c.chars[0] != ' ')
            blank_from = v->text.len;
        col += c.width > 1 ? c.width : 1;
    }
    v->text.len = blank_from;
    if (v->text.p)
        v->text.p[blank_from] = '\0';
    str_addc(&v->text, '\n');
}

const char *vt_text(struct vt *v)
{
    str_reset(&v->text);
    for (int row = 0; row < v->rows; row++)
        add_row(v, row);
    return str_p(&v->text);
}

bool vt_shows(struct vt *v, const char *text)
{
    return strstr(vt_text(v), text) != NULL;
}

bool vt_wait_for(struct vt *v, const char *text)
{
    int64_t start = mono_ms();

    while (!vt_shows(v, text)) {
        if (mono_ms() - start > LONG_MS)
            return false;
        loop_turn(v->loop, 20);
    }
    return true;
}

void vt_cell(struct vt *v, int row, int col, uint32_t *glyph, bool *reverse)
{
    VTermScreenCell c;
    VTermPos p = { row, col };

    vterm_screen_get_cell(v->screen, p, &c);
    *glyph = c.chars[0] ? c.chars[0] : ' ';
    *reverse = c.attrs.reverse;
}

void vt_style(struct vt *v, int row, int col, struct vt_style *out)
{
    VTermScreenCell c;
    VTermPos p = { row, col };

    vterm_screen_get_cell(v->screen, p, &c);
    out->fg =
        VTERM_COLOR_IS_INDEXED(&c.fg) && !VTERM_COLOR_IS_DEFAULT_FG(&c.fg) ? c.fg.indexed.idx : -1;
    out->painted = !VTERM_COLOR_IS_DEFAULT_BG(&c.bg);
    out->bold = c.attrs.bold;
    out->reverse = c.attrs.reverse;
}

void vt_cursor(struct vt *v, int *row, int *col)
{
    VTermPos p;

    vterm_state_get_cursorpos(vterm_obtain_state(v->term), &p);
    *row = p.row;
    *col = p.col;
}

size_t vt_bytes(struct vt *v)
{
    size_t n = v->bytes;

    v->bytes = 0;
    return n;
}

bool vt_sent(struct vt *v, const char *bytes)
{
    return memmem(str_p(&v->all), v->all.len, bytes, strlen(bytes)) != NULL;
}

size_t vt_all(struct vt *v, const char **bytes)
{
    *bytes = str_p(&v->all);
    return v->all.len;
}

pid_t vt_pid(const struct vt *v)
{
    return v->pid;
}

void vt_size(const struct vt *v, struct winsize *out)
{
    ioctl(v->slave, TIOCGWINSZ, out);
}

void vt_termios(const struct vt *v, struct termios *out)
{
    tcgetattr(v->slave, out);
}

int vt_ended(struct vt *v)
{
    if (!v->ended && waitpid(v->pid, &v->status, WNOHANG) == v->pid)
        v->ended = true;
    return !v->ended              ? -1
           : WIFEXITED(v->status) ? WEXITSTATUS(v->status)
                                  : 128 + WTERMSIG(v->status);
}

int vt_exit(struct vt *v)
{
    int64_t start = mono_ms();

    while (vt_ended(v) < 0 &&
           mono_ms() - start < 4 * LONG_MS) /* with leaks looked for at its end */
        loop_turn(v->loop, 10);
    if (v->ended)
        vt_settle(v);
    return vt_ended(v);
}
