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
    bool ended;
    size_t bytes;
    int64_t last;
    struct str text, all;
};

static void on_pty(void *payload, int fd, short revents)
{
    struct vt *v = payload;
    char buf[8192];
    ssize_t n = read(fd, buf, sizeof buf);

    (void)revents;
    if (n <= 0) {
        loop_io_del(v->io);
        v->io = NULL;
        return;
    }
    v->bytes += (size_t)n;
    v->last = mono_ms();
    str_addn(&v->all, buf, (size_t)n);
    vterm_input_write(v->term, buf, (size_t)n);
}

static void answer(const char *s, size_t len, void *user)
{
    struct vt *v = user;

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

    v->loop = l;
    v->rows = o->rows;
    v->cols = o->cols;
    if (openpty(&v->fd, &v->slave, NULL, NULL, &ws) < 0)
        abort();
    fcntl(v->fd, F_SETFD, FD_CLOEXEC);
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
    v->io = loop_io_add(l, v->fd, POLLIN, on_pty, v);
    for (int64_t start = mono_ms(); v->bytes == 0 && v->io && mono_ms() - start < LONG_MS;)
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

void vt_resize(struct vt *v, int rows, int cols)
{
    struct winsize ws = { .ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols };

    v->rows = rows;
    v->cols = cols;
    vterm_set_size(v->term, rows, cols);
    ioctl(v->fd, TIOCSWINSZ, &ws);
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

void vt_termios(const struct vt *v, struct termios *out)
{
    tcgetattr(v->slave, out);
}

int vt_exit(struct vt *v)
{
    int64_t start = mono_ms();

    while (!v->ended && mono_ms() - start < LONG_MS) {
        loop_turn(v->loop, 10);
        if (waitpid(v->pid, &v->status, WNOHANG) == v->pid)
            v->ended = true;
    }
    if (v->ended)
        vt_settle(v);
    return !v->ended              ? -1
           : WIFEXITED(v->status) ? WEXITSTATUS(v->status)
                                  : 128 + WTERMSIG(v->status);
}
