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
#include "base/loop.h"
#include "base/str.h"
#include "console/ui/output.h"
#include "console/ui/terminfo.h"
#include "console/ui/text.h"

#define STUCK_MS  300  /* a terminal that takes nothing for so long is left as it is */
#define PTY_RATE  600  /* bytes a second: what a line of 9600 baud behind it bears easily */
#define PTY_BURST 3000 /* a first paint and the core's first news */
#define PTY_FRAME 100  /* the far end has seen all: one frame more */
#define KEY_DEBT  400  /* news wait no longer than this for what keys have cost */
#define LARGEST   500  /* rows or columns: more is no answer */
#define LATE_MS   5000

/* What a crash handler needs; written before the handlers are set. */
static struct termios found, ours;
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

/* A pseudo terminal starts at 38400, which means nothing; a lower speed was set by somebody who
 * knows the line behind it (ssh carries that of the terminal it was started on). */
static long baud_of(const struct termios *tio, enum tty_kind kind)
{
    long baud = 115200;

    for (size_t i = 0; i < ARRAY_LEN(rates); i++)
        if (cfgetospeed(tio) == rates[i].speed)
            baud = rates[i].baud;
    return kind == TTY_SERIAL || (kind == TTY_PTY && baud < 38400) ? baud : 0;
}

int64_t tty_tick_of(long baud)
{
    return baud == 0 || baud > 38400 ? 1000 : baud > 9600 ? 2000 : 5000;
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
    t->baud = baud_of(&found, t->kind);
    t->tick_ms = tty_tick_of(t->baud);
    t->credit = PTY_BURST;
    t->credit_at = mono_ms();
    t->escape_ms = t->kind == TTY_SERIAL || getenv("SSH_CONNECTION") ? 250 : 50;
    if (delay && str_to_int(delay, &ms) && ms > 0 && ms <= 5000)
        t->escape_ms = ms;
    t->half_blocks = t->kind != TTY_VT || font_has_halves();
    t->size_unknown =
        (ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) < 0 || ws.ws_row == 0 || ws.ws_col == 0) &&
        !(getenv("LINES") && getenv("COLUMNS")); /* curses takes those */
}

static bool try_term(const char *name)
{
    FILE *f;

    if (!terminfo_places_text(name)) /* newterm keeps what it made for a type that it cannot use */
        return false;
    f = output_open();
    screen = f ? newterm(name, f, stdin) : NULL;
    if (!screen)
        output_close();
    return screen != NULL;
}

/* What the line most likely is where TERM says nothing of use. dumb is a wish, and a terminal
 * window without any TERM is no window. */
static const char *const *others(const struct tty *t, const char *given)
{
    static const char *const vt[] = { "linux", "vt220", "vt100", NULL },
                             *const line[] = { "vt220", "vt100", NULL }, *const none[] = { NULL };

    if (str_eq(given, "dumb"))
        return none;
    if (t->kind == TTY_PTY)
        return !*given || str_eq(given, "unknown") || terminfo_knows(given) ? none : line;
    return t->kind == TTY_VT ? vt : line;
}

static int start_curses(struct tty *t, struct err *e)
{
    const char *given = getenv("TERM"), *const * other;

    given = given ? given : "";
    STR_SET(t->given, given);
    if (*given && try_term(given)) {
        STR_SET(t->name, given);
        return 0;
    }
    for (other = others(t, given); *other; other++)
        if (try_term(*other)) {
            STR_SET(t->name, *other);
            return 0;
        }
    return err_set(e, ERR_USAGE, 0,
                   _("The terminal type \"%s\" is unknown here or cannot place text. "
                     "For the full screens set TERM (xterm-256color, linux, vt220)."),
                   given);
}

/* All of it, for getty may have left a line without ICRNL, with upper case or stripped of its
 * eighth bit; how the line itself is (speed, parity, bits) stays. Every key is ours: no signals by
 * Ctrl-C or Ctrl-Z, flow control only where a serial line came with it. */
static void set_line(const struct tty *t)
{
    cbreak();
    noecho();
    nonl();
    ours = found;
    ours.c_iflag &= (tcflag_t) ~(BRKINT | ICRNL | IGNCR | INLCR | INPCK | ISTRIP | IUCLC | PARMRK);
    if (t->kind != TTY_SERIAL)
        ours.c_iflag &= (tcflag_t) ~(IXON | IXOFF | IXANY);
    ours.c_oflag &=
        (tcflag_t) ~(OLCUC | ONLCR | OCRNL | ONOCR | ONLRET | OFILL | TABDLY | NLDLY | CRDLY);
    ours.c_lflag &= (tcflag_t) ~(ICANON | ECHO | ECHONL | ISIG | IEXTEN | TOSTOP);
    ours.c_cflag |= CREAD;
    ours.c_cc[VMIN] = 1;
    ours.c_cc[VTIME] = 0;
    tcsetattr(STDIN_FILENO, TCSADRAIN, &ours);
    def_prog_mode();
    keypad(stdscr, TRUE);
    nodelay(stdscr, TRUE);
    leaveok(stdscr, FALSE);
}

/* Waits for the terminal only while it takes something. */
static bool give_back(const struct tty *t)
{
    bool all = output_drain(STUCK_MS);

    if (t->alive_at) /* its answer is not for the shell */
        tcflush(STDIN_FILENO, TCIFLUSH);

    if (!all)
        tcflush(STDIN_FILENO, TCOFLUSH);
    tcsetattr(STDIN_FILENO, all ? TCSADRAIN : TCSANOW, &found);
    return all;
}

static void paste_marks(const struct tty *t, bool on)
{
    if (str_starts(t->name, "xterm") || str_starts(t->name, "tmux") ||
        str_starts(t->name, "screen") || str_starts(t->name, "rxvt"))
        output_add(on ? "\033[?2004h" : "\033[?2004l");
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
    output_hold();
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
    bool all;

    if (!taken)
        return;
    paste_marks(t, false);
    erase();
    clearok(stdscr, TRUE);
    move(0, 0);
    refresh();
    endwin();
    all = give_back(t);
    catch_crashes(false);
    taken = 0;
    if (all && last_words && *last_words)
        tty_say(last_words);
    delscreen(screen);
    screen = NULL;
    output_close();
}

void tty_pause(struct tty *t)
{
    paste_marks(t, false);
    erase();
    clearok(stdscr, TRUE);
    refresh();
    endwin();
    give_back(t);
}

void tty_resume(struct tty *t)
{
    struct sigaction ignore = { .sa_handler = SIG_IGN }, before;

    /* A shell with job control leaves the terminal to a group that is gone; taking it back must not
     * stop us. */
    sigaction(SIGTTOU, &ignore, &before);
    tcsetpgrp(STDIN_FILENO, getpgrp());
    tcsetattr(STDIN_FILENO, TCSADRAIN, &ours);
    sigaction(SIGTTOU, &before, NULL);
    keypad(stdscr, FALSE); /* curses cannot know that the terminal is back */
    keypad(stdscr, TRUE);
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
        /* vt100's F5 to F10 are the number pad, whose digits are wanted as digits */
        if (s != (char *)-1 && !(s && str_starts(s, "\033O") && s[2] >= 'l'))
            keys_add(k, s, caps[i].key);
    }
}

static void settle_credit(struct tty *t, long rate)
{
    int64_t now = mono_ms(), most = t->baud ? rate : PTY_BURST, spent;

    t->credit += (now - t->credit_at) * rate / 1000;
    t->credit = t->credit > most ? most : t->credit;
    t->credit_at = now;
    spent = (int64_t)(output_sent() - t->sent);
    t->sent += (uint64_t)spent;
    if (t->key_frame && t->credit - spent < -KEY_DEBT)
        t->credit = t->credit < -KEY_DEBT ? t->credit : -KEY_DEBT;
    else
        t->credit -= spent;
}

/* A real line says how much is on its way; behind a pseudo terminal only what was sent is known. */
bool tty_may_draw(struct tty *t, bool for_key)
{
    long rate = t->baud ? t->baud / 11 : PTY_RATE;
    int queued = 0;

    if (t->kind != TTY_PTY && t->baud && ioctl(STDOUT_FILENO, TIOCOUTQ, &queued) == 0)
        return queued <= rate / 8;
    settle_credit(t, rate);
    if (!for_key && t->kind == TTY_PTY &&
        (t->credit <= 0 || (t->answers && t->alive_at && mono_ms() - t->alive_at < LATE_MS)))
        return false;
    t->key_frame = for_key;
    return true;
}

void tty_ask_caught_up(struct tty *t)
{
    if (t->kind != TTY_PTY || (t->alive_at && mono_ms() - t->alive_at < LATE_MS))
        return;
    t->alive_at = mono_ms();
    output_add("\033[5n");
}

void tty_caught_up(struct tty *t)
{
    if (!t->alive_at)
        return;
    settle_credit(t, PTY_RATE);
    t->answers = true;
    if (!t->baud)
        t->credit = PTY_FRAME;
    t->alive_at = 0;
}

void tty_ask_size(struct tty *t)
{
    t->asked_at = mono_ms();
    output_add("\033[999;999H\033[6n");
}

bool tty_answered(struct tty *t, int rows, int cols)
{
    bool good =
        t->asked_at && mono_ms() - t->asked_at < LATE_MS && rows <= LARGEST && cols <= LARGEST;

    t->asked_at = 0;
    if (good)
        tty_resized(rows, cols);
    return good;
}

bool tty_resized(int rows, int cols)
{
    struct winsize ws = { 0 };
    bool news;

    if (rows > 0 && cols > 0) {
        ws.ws_row = (unsigned short)rows;
        ws.ws_col = (unsigned short)cols;
        ioctl(STDIN_FILENO, TIOCSWINSZ, &ws);
    } else if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) < 0 || ws.ws_row == 0 || ws.ws_col == 0) {
        return false;
    }
    news = ws.ws_row != LINES || ws.ws_col != COLS;
    resizeterm(ws.ws_row, ws.ws_col);
    return news;
}

const char *tty_kind_name(enum tty_kind k)
{
    static const char *const names[] = { N_("terminal window or SSH"), N_("screen of this machine"),
                                         N_("serial line") };

    return _(names[k]);
}
