#include "config.h"

#include "console/ui/tty.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kd.h>
#include <ncurses.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/str.h"
#include "console/ui/terminfo.h"
#include "console/ui/text.h"

#define BUSY_BYTES 256

/* What a crash handler needs; written before the handlers are set. */
static struct termios found;
static volatile sig_atomic_t taken;
static SCREEN *screen;
static const int crash_signals[] = { SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL };
static struct sigaction crash_before[ARRAY_LEN(crash_signals)];
/* Attributes off, cursor on, alternate set off, paste marks off, keypad off, leave the other screen
 * (unknown ones are ignored). */
static const char reset_bytes[] = "\033[m\033[?25h\017\033[?2004l\033[?1l\033>\033[?1049l\r\n";

static void on_crash(int signo)
{
    if (taken) {
        ssize_t n = write(STDOUT_FILENO, reset_bytes, sizeof reset_bytes - 1);
        (void)n;
        tcsetattr(STDIN_FILENO, TCSANOW, &found);
    }
    signal(signo, SIG_DFL);
    raise(signo);
}

static void catch_crashes(bool on)
{
    struct sigaction sa = { .sa_handler = on_crash, .sa_flags = (int)SA_RESETHAND };

    for (size_t i = 0; i < ARRAY_LEN(crash_signals); i++) {
        if (on)
            sigaction(crash_signals[i], &sa, &crash_before[i]);
        else
            sigaction(crash_signals[i], &crash_before[i], NULL);
    }
}

static const struct rate {
    speed_t speed;
    long baud;
} rates[] = {
    { B1200, 1200 },   { B2400, 2400 },     { B4800, 4800 },
    { B9600, 9600 },   { B19200, 19200 },   { B38400, 38400 },
    { B57600, 57600 }, { B115200, 115200 }, { B230400, 230400 },
};

static long baud_of(const struct termios *tio)
{
    for (size_t i = 0; i < ARRAY_LEN(rates); i++)
        if (cfgetospeed(tio) == rates[i].speed)
            return rates[i].baud;
    return 115200;
}

static enum tty_kind kind_of(const char *tty)
{
    char type = 0;

    if (ioctl(STDIN_FILENO, KDGKBTYPE, &type) == 0)
        return TTY_VT;
    return str_starts(tty, "/dev/pts/") || str_starts(tty, "/dev/pty") ? TTY_PTY : TTY_SERIAL;
}

/* A VT's font says which characters it has; other terminals cannot be asked. */
static bool font_has_halves(void)
{
    struct unipair pairs[2048];
    struct unimapdesc map = { .entry_ct = ARRAY_LEN(pairs), .entries = pairs };
    bool upper = false, lower = false;

    if (ioctl(STDIN_FILENO, GIO_UNIMAP, &map) < 0)
        return false;
    for (int i = 0; i < map.entry_ct; i++) {
        upper |= pairs[i].unicode == 0x2580;
        lower |= pairs[i].unicode == 0x2584;
    }
    return upper && lower;
}

static void describe(struct tty *t)
{
    const char *tty = ttyname(STDIN_FILENO), *delay = getenv("ESCDELAY");
    struct winsize ws;
    int64_t ms;

    STR_SET(t->device, tty ? tty : "?");
    t->kind = kind_of(t->device);
    t->baud = t->kind == TTY_SERIAL ? baud_of(&found) : 0;
    t->tick_ms = t->baud == 0 || t->baud > 38400 ? 1000 : t->baud > 9600 ? 2000 : 5000;
    t->escape_ms = t->kind == TTY_SERIAL || getenv("SSH_CONNECTION") ? 250 : 50;
    if (delay && str_to_int(delay, &ms) && ms > 0 && ms <= 5000)
        t->escape_ms = ms;
    t->half_blocks = t->kind != TTY_VT || font_has_halves();
    t->size_unknown = ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) < 0 || ws.ws_row == 0 || ws.ws_col == 0;
}

static bool try_term(const char *name)
{
    if (terminfo_places_text(name)) /* newterm keeps what it made for a type that it cannot use */
        screen = newterm(name, stdout, stdin);
    return screen != NULL;
}

/* TERM as given; where it is unknown or cannot place text, what the line most likely is. */
static int start_curses(struct tty *t, struct err *e)
{
    static const char *const vt[] = { "linux", "vt220", "vt100", NULL },
                             *const serial[] = { "vt220", "vt100", NULL }, *const none[] = { NULL };
    const char *given = getenv("TERM"), *const *other = t->kind == TTY_VT       ? vt
                                                        : t->kind == TTY_SERIAL ? serial
                                                                                : none;

    if (given && *given && try_term(given)) {
        STR_SET(t->name, given);
        return 0;
    }
    for (; *other; other++)
        if (try_term(*other)) {
            STR_SET(t->name, *other);
            return 0;
        }
    return err_set(e, ERR_USAGE, 0,
                   _("The terminal type \"%s\" is unknown here or cannot place text. Set TERM "
                     "(xterm-256color, linux, "
                     "vt220), or use the commands: azloconf status, azloconf register."),
                   given ? given : "");
}

/* Every key is ours: no signals by Ctrl-C or Ctrl-Z, flow control only on serial lines. */
static void set_line(const struct tty *t)
{
    struct termios tio;

    cbreak();
    noecho();
    nonl();
    if (tcgetattr(STDIN_FILENO, &tio) == 0) {
        tio.c_lflag &= (tcflag_t) ~(ISIG | IEXTEN);
        if (t->kind != TTY_SERIAL)
            tio.c_iflag &= (tcflag_t)~IXON;
        tcsetattr(STDIN_FILENO, TCSADRAIN, &tio);
        def_prog_mode();
    }
    keypad(stdscr, TRUE);
    nodelay(stdscr, TRUE);
    leaveok(stdscr, FALSE);
}

static void paste_marks(const struct tty *t, bool on)
{
    if (str_starts(t->name, "xterm") || str_starts(t->name, "tmux") ||
        str_starts(t->name, "screen") || str_starts(t->name, "rxvt")) {
        fputs(on ? "\033[?2004h" : "\033[?2004l", stdout);
        fflush(stdout);
    }
}

int tty_open(struct tty *t, struct err *e)
{
    *t = (struct tty){ 0 };
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) || tcgetattr(STDIN_FILENO, &found) < 0)
        return err_set(e, ERR_USAGE, 0,
                       _("The console needs a terminal. Without one use the commands: azloconf "
                         "status, azloconf register."));
    describe(t);
    if (start_curses(t, e) < 0) {
        tcsetattr(STDIN_FILENO, TCSADRAIN, &found);
        return -1;
    }
    taken = 1;
    catch_crashes(true);
    set_line(t);
    paste_marks(t, true);
    return 0;
}

void tty_say(const char *line)
{
    char plain[600];

    text_plain(plain, sizeof plain, line);
    printf("%s\n", plain);
    fflush(stdout);
}

void tty_close(struct tty *t, const char *last_words)
{
    if (!taken)
        return;
    paste_marks(t, false);
    erase();
    clearok(stdscr, TRUE);
    move(0, 0);
    refresh();
    endwin();
    tcsetattr(STDIN_FILENO, TCSADRAIN, &found);
    catch_crashes(false);
    taken = 0;
    if (last_words && *last_words)
        tty_say(last_words);
    delscreen(screen);
    screen = NULL;
}

void tty_pause(struct tty *t)
{
    paste_marks(t, false);
    erase();
    clearok(stdscr, TRUE);
    refresh();
    endwin();
    tcsetattr(STDIN_FILENO, TCSADRAIN, &found);
}

void tty_resume(struct tty *t)
{
    struct sigaction ignore = { .sa_handler = SIG_IGN }, before;

    /* A shell with job control leaves the terminal to a group that is gone; taking it back must not
     * stop us. */
    sigaction(SIGTTOU, &ignore, &before);
    tcsetpgrp(STDIN_FILENO, getpgrp());
    reset_prog_mode();
    sigaction(SIGTTOU, &before, NULL);
    paste_marks(t, true);
    tty_resized(0, 0);
    clearok(curscr, TRUE);
    refresh();
}

void tty_add_keys(const struct tty *t, struct keys *k)
{
    static const struct {
        const char *cap;
        int key;
    } caps[] = {
        { "kcuu1", K_UP },   { "kcud1", K_DOWN }, { "kcub1", K_LEFT }, { "kcuf1", K_RIGHT },
        { "khome", K_HOME }, { "kend", K_END },   { "kpp", K_PGUP },   { "knp", K_PGDN },
        { "kich1", K_INS },  { "kdch1", K_DEL },  { "kcbt", K_BTAB },  { "kent", K_ENTER },
        { "kf1", K_F(1) },   { "kf2", K_F(2) },   { "kf3", K_F(3) },   { "kf4", K_F(4) },
        { "kf5", K_F(5) },   { "kf6", K_F(6) },   { "kf7", K_F(7) },   { "kf8", K_F(8) },
        { "kf9", K_F(9) },   { "kf10", K_F(10) }, { "kf11", K_F(11) }, { "kf12", K_F(12) },
    };

    (void)t;
    for (size_t i = 0; i < ARRAY_LEN(caps); i++) {
        const char *s = tigetstr(caps[i].cap);
        if (s != (char *)-1)
            keys_add(k, s, caps[i].key);
    }
}

bool tty_busy(const struct tty *t)
{
    struct pollfd p = { .fd = STDOUT_FILENO, .events = POLLOUT };
    int queued = 0;

    if (t->kind != TTY_PTY && ioctl(STDOUT_FILENO, TIOCOUTQ, &queued) == 0 && queued > BUSY_BYTES)
        return true;
    return poll(&p, 1, 0) == 0;
}

void tty_ask_size(const struct tty *t)
{
    (void)t;
    fputs("\0337\033[999;999H\033[6n\0338", stdout);
    fflush(stdout);
}

void tty_resized(int rows, int cols)
{
    struct winsize ws = { 0 };

    if (rows > 0 && cols > 0) {
        ws.ws_row = (unsigned short)rows;
        ws.ws_col = (unsigned short)cols;
        ioctl(STDIN_FILENO, TIOCSWINSZ, &ws);
    } else if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) < 0 || ws.ws_row == 0 || ws.ws_col == 0) {
        return;
    }
    resizeterm(ws.ws_row, ws.ws_col);
}

const char *tty_kind_name(enum tty_kind k)
{
    static const char *const names[] = { N_("terminal window or SSH"), N_("screen of this machine"),
                                         N_("serial line") };

    return _(names[k]);
}
