#include "config.h"

#include "console/ui/ui.h"

#include <errno.h>
#include <ncurses.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/i18n.h"
#include "console/face/language.h"
#include "console/face/session.h"
#include "console/ui/frame.h"
#include "console/ui/output.h"
#include "console/ui/text.h"

#define MAX_DEPTH       8
#define MAX_LAST_WORDS  400
#define RESIZE_QUIET_MS 50
#define RETRY_MS        100
#define SIZE_MS         300   /* a terminal that knows answers sooner (console-anchors.md 4.4) */
#define PASTE_QUIET_MS  3000  /* then the end of a paste was lost on the way */
#define REPAINT_MS      60000 /* others write over the screen, too: wall, the kernel */

struct ui {
    struct loop *loop;
    struct model model;
    const struct client_options *client_options;
    struct ui_options options;
    struct tty tty;
    struct theme theme;
    struct keys *keys;
    struct loop_timer *tick, *escape, *resize, *retry, *size_wait;
    struct loop_io *room; /* the terminal did not take all of the last frame */
    enum screen_id stack[MAX_DEPTH];
    int depth;
    void *selves[SCREENS];
    struct dialog dialog;
    bool has_dialog, dirty, repaint, tty_open, leaving;
    bool own_resize; /* the next SIGWINCH is our own doing */
    bool for_key;    /* the operator did something that was not drawn yet */
    bool all;        /* the operator asked for the size: take it whatever the line's speed */
    char notice[400], notice_level[8], last_words[MAX_LAST_WORDS];
    int exit_code;
    int64_t quiet_since;
};

/* ---- small things screens ask ---- */

int64_t ui_now(const struct ui *ui)
{
    return model_now(&ui->model);
}

struct theme *ui_theme(struct ui *ui)
{
    return &ui->theme;
}

struct tty *ui_tty(struct ui *ui)
{
    return &ui->tty;
}

struct loop *ui_loop(struct ui *ui)
{
    return ui->loop;
}

const struct ui_options *ui_options(const struct ui *ui)
{
    return &ui->options;
}

enum client_state ui_state(const struct ui *ui, const struct err **why)
{
    if (why)
        *why = &ui->model.why;
    return ui->model.state;
}

const struct model *ui_model(const struct ui *ui)
{
    return ui ? &ui->model : NULL;
}

const void *ui_section(const struct ui *ui, enum section_id id)
{
    return model_section(&ui->model, id);
}

bool ui_has(const struct ui *ui, enum section_id id)
{
    return model_has(&ui->model, id);
}

bool ui_may_act(const struct ui *ui)
{
    return model_may_act(&ui->model);
}

void ui_dirty(struct ui *ui)
{
    ui->dirty = true;
}

void ui_repaint(struct ui *ui)
{
    ui->dirty = ui->repaint = true;
}

const char *ui_pasted(const struct ui *ui)
{
    return ui ? keys_text(ui->keys) : "";
}

void ui_notice(struct ui *ui, const char *level, const char *fmt, ...)
{
    struct str s = STR_INIT;
    va_list ap;

    va_start(ap, fmt);
    str_addv(&s, fmt, ap);
    va_end(ap);
    STR_SET(ui->notice, str_p(&s));
    STR_SET(ui->notice_level, level);
    str_free(&s);
    ui_dirty(ui);
}

void ui_dialog(struct ui *ui, const struct dialog *d)
{
    ui->dialog = *d;
    ui->has_dialog = true;
    ui_dirty(ui);
}

void ui_show_err(struct ui *ui, const char *title, const struct err *e)
{
    struct dialog d = { .title = title, .n = 1, .choices = { { N_("Back"), NULL } } };

    words_error(d.text, sizeof d.text, e);
    ui_dialog(ui, &d);
}

bool ui_ask(struct ui *ui, const char *intent, struct json *args_owned, client_answer_fn *fn,
            void *payload)
{
    return ui_ask_secret(ui, intent, args_owned, NULL, 0, fn, payload);
}

bool ui_ask_secret(struct ui *ui, const char *intent, struct json *args_owned,
                   const struct wire_secret *secrets, size_t n, client_answer_fn *fn, void *payload)
{
    const char *why_not;

    if (!model_may_ask(&ui->model, intent, &why_not)) {
        json_free(args_owned);
        ui_notice(ui, "warn", "%s", why_not);
        return false;
    }
    client_ask_secret(ui->model.client, intent, args_owned, secrets, n, fn, payload);
    return true;
}

static void told(void *payload, const struct json *result, const struct err *e)
{
    (void)result;
    if (e)
        ui_notice(payload, "fail", "%s", e->message);
}

bool ui_tell(struct ui *ui, const char *intent, struct json *args_owned)
{
    return ui_ask(ui, intent, args_owned, told, ui);
}

/* ---- the stack of screens ---- */

const struct screen *ui_top(const struct ui *ui)
{
    return screens[ui->stack[ui->depth - 1]];
}

const struct screen *ui_below(const struct ui *ui)
{
    return ui->depth > 1 ? screens[ui->stack[ui->depth - 2]] : NULL;
}

void *ui_self(struct ui *ui, enum screen_id id)
{
    if (!ui->selves[id])
        ui->selves[id] = xcalloc(1, screens[id]->size + 1);
    return ui->selves[id];
}

static void pop(struct ui *ui)
{
    const struct screen *s = ui_top(ui);

    ui->depth--;
    if (s->close)
        s->close(ui, ui_self(ui, s->id));
}

void ui_open(struct ui *ui, enum screen_id id)
{
    const struct screen *s = screens[id];

    ui->notice[0] = '\0';
    for (int i = 0; i < ui->depth; i++) /* no screen stands twice in the stack */
        if (ui->stack[i] == id)
            while (ui->depth > i)
                pop(ui);
    if (ui->depth == MAX_DEPTH)
        pop(ui);
    ui->stack[ui->depth++] = id;
    if (s->open)
        s->open(ui, ui_self(ui, id));
    ui_dirty(ui);
}

void ui_back(struct ui *ui)
{
    const struct screen *s;

    if (ui->depth < 2)
        return;
    pop(ui);
    s = ui_top(ui);
    if (s->shown)
        s->shown(ui, ui_self(ui, s->id));
    ui_dirty(ui);
}

void ui_to_home(struct ui *ui)
{
    while (ui->depth > 1)
        ui_back(ui);
}

void ui_leave(struct ui *ui, int exit_code, const char *last_words)
{
    ui->exit_code = exit_code;
    STR_SET(ui->last_words, last_words);
    ui->leaving = true;
}

/* ---- drawing ---- */

static void draw(struct ui *ui)
{
    const struct screen *s = ui_top(ui);
    struct frame f = {
        .screen = s,
        .self = ui_self(ui, s->id),
        .notice = ui->notice,
        .notice_level = ui->notice_level,
        .dialog = ui->has_dialog ? &ui->dialog : NULL,
    };

    erase();
    if (ui->repaint)
        clearok(curscr, TRUE);
    ui->dirty = ui->repaint = false;
    curs_set(f.dialog || (s->typing && s->typing(f.self)) ? 1 : s->id == SCREEN_HOME);
    frame_draw(ui, &f);
    paint_end();
    wnoutrefresh(stdscr);
}

static void on_retry(void *payload)
{
    struct ui *ui = payload;

    ui->retry = NULL;
}

static void on_room(void *payload, int fd, short revents)
{
    (void)payload, (void)fd, (void)revents;
}

/* After every turn. A frame is made when the one before it is out: what changed in between is in
 * it, and nothing piles up behind a terminal that is slow or does not read at all. */
static void flush(struct ui *ui)
{
    bool out = output_flush();

    if (out && ui->dirty && !ui->size_wait) {
        if (tty_may_draw(&ui->tty, ui->for_key)) {
            draw(ui);
            doupdate();
            ui->for_key = false;
            out = output_flush();
        } else if (!ui->retry) {
            ui->retry = loop_after(ui->loop, RETRY_MS, on_retry, ui);
            tty_ask_caught_up(&ui->tty);
            out = output_flush();
        }
    }
    if (!out && !ui->room) {
        ui->room = loop_io_add(ui->loop, output_fd(), POLLOUT, on_room, ui);
    } else if (out) {
        loop_io_del(ui->room);
        ui->room = NULL;
    }
}

static void on_tick(void *payload)
{
    struct ui *ui = payload;
    int64_t step = ui->tty.tick_ms, now = ui_now(ui);

    ui->tick = loop_after(ui->loop, step - now % step, on_tick, ui);
    if (ui->room || !tty_may_draw(&ui->tty, false))
        return;
    if (ui_top(ui)->ticks || ui->has_dialog)
        ui_dirty(ui);
    if (ui->tty.kind != TTY_SERIAL && mono_ms() - ui->quiet_since > REPAINT_MS) {
        ui->quiet_since = mono_ms();
        ui_repaint(ui);
    }
}

static void on_resized(void *payload)
{
    struct ui *ui = payload;
    bool news = tty_resized(0, 0);

    ui->resize = NULL;
    if (news && ui->size_wait) { /* who knows the size has set it */
        loop_timer_del(ui->size_wait);
        ui->size_wait = NULL;
    }
    ui->for_key = true; /* the operator's own doing, too */
    if (news || !ui->own_resize)
        ui_repaint(ui);
    ui->own_resize = false;
}

/* ---- a line that does not know its size: ask the terminal ---- */

static void on_no_size(void *payload)
{
    struct ui *ui = payload;

    ui->size_wait = NULL;
    ui_repaint(ui); /* where the question was shown, it goes */
}

void ui_ask_size(struct ui *ui)
{
    ui->all = true;
    tty_ask_size(&ui->tty);
    loop_timer_del(ui->size_wait);
    ui->size_wait = loop_after(ui->loop, SIZE_MS, on_no_size, ui);
}

/* A slow line keeps the small screen until the operator asks for more: four times the cells are
 * four times the seconds. */
static void take_size(struct ui *ui)
{
    int rows, cols;

    keys_report(ui->keys, &rows, &cols);
    if (!ui->all && ui->tty.baud && ui->tty.baud <= 9600) {
        rows = rows > 24 ? 24 : rows;
        cols = cols > 80 ? 80 : cols;
    }
    if (!tty_answered(&ui->tty, rows, cols))
        return;
    loop_timer_del(ui->size_wait);
    ui->size_wait = NULL;
    ui->own_resize = ui->for_key = true;
    ui_repaint(ui);
}

/* ---- keys ---- */

static void run_choice(struct ui *ui, int i)
{
    struct dialog d = ui->dialog;

    ui->has_dialog = false;
    ui_dirty(ui);
    if (d.choices[i].run)
        d.choices[i].run(ui, d.payload);
}

static void dialog_key(struct ui *ui, int key)
{
    struct dialog *d = &ui->dialog;

    ui_dirty(ui);
    if (key == K_ENTER)
        run_choice(ui, d->focus);
    else if (key >= '1' && key < '1' + d->n)
        run_choice(ui, key - '1');
    else if (key == K_ESC || key == K_CTRL('C') || key == 'q')
        ui->has_dialog = false;
    else if (key == K_LEFT || key == K_UP || key == K_BTAB)
        d->focus = (d->focus + d->n - 1) % d->n;
    else if (key == K_RIGHT || key == K_DOWN || key == K_TAB)
        d->focus = (d->focus + 1) % d->n;
}

static void leave_screen(struct ui *ui)
{
    const struct screen *s = ui_top(ui);

    if (!s->leave || !s->leave(ui, ui_self(ui, s->id)))
        ui_back(ui);
}

static void key_help(struct ui *ui, void *self)
{
    (void)self;
    if (ui_top(ui)->id != SCREEN_HELP)
        ui_open(ui, SCREEN_HELP);
}

static void key_log(struct ui *ui, void *self)
{
    (void)self;
    if (ui_top(ui)->id != SCREEN_LOG)
        ui_open(ui, SCREEN_LOG);
}

static void key_redraw(struct ui *ui, void *self)
{
    (void)self;
    ui_repaint(ui);
}

static void say_language(struct ui *ui)
{
    char word[200];

    if (language_word(word, sizeof word)[0])
        ui_notice(ui, "warn", "%s", word);
}

void ui_change_look(struct ui *ui)
{
    if (!ui->theme.utf8) {
        ui_notice(ui, "", "%s",
                  _("The locale has no UTF-8: this terminal stays in the basic look."));
        return;
    }
    theme_set_rich(&ui->theme, !ui->theme.rich);
    say_language(ui);
    ui_repaint(ui);
}

static void key_look(struct ui *ui, void *self)
{
    (void)self;
    ui_change_look(ui);
}

static void key_back(struct ui *ui, void *self)
{
    (void)self;
    leave_screen(ui);
}

static const struct key_row global_keys[] = {
    { K_F(1), '?', 1, "?", N_("help"), NULL, key_help },
    { 'l', 0, 9, "l", N_("log"), NULL, key_log },
    { K_CTRL('L'), 0, 3, "^L", N_("redraw"), NULL, key_redraw },
    { K_CTRL('T'), 0, 4, "^T", N_("basic or rich look"), NULL, key_look },
    { K_ESC, 'q', 10, "Esc", N_("back"), NULL, key_back },
    { K_CTRL('C'), 0, 0, NULL, N_("back"), NULL, key_back },
};

const struct key_row *frame_global_keys(size_t *n)
{
    *n = ARRAY_LEN(global_keys);
    return global_keys;
}

static bool too_small_key(struct ui *ui, int key)
{
    if (LINES >= UI_MIN_ROWS && COLS >= UI_MIN_COLS)
        return false;
    if (key == 'q' || key == K_CTRL('C'))
        ui_leave(ui, 0, NULL);
    if (key == 'p')
        ui_leave(ui, UI_PLAIN, NULL);
    return true;
}

static bool is_character(int key)
{
    return (key >= ' ' && key < K_UP) || key == K_PASTE || key == K_BACKSPACE;
}

static void on_key(void *payload, int key)
{
    struct ui *ui = payload;
    const struct screen *s = ui_top(ui);
    void *self = ui_self(ui, s->id);
    const struct key_row *row;

    if (key == K_SIZE) {
        take_size(ui);
        return;
    }
    if (key == K_ALIVE) {
        tty_caught_up(&ui->tty);
        return;
    }
    ui_dirty(ui);
    ui->for_key = true;
    ui->notice[0] = '\0';
    if (ui->leaving || too_small_key(ui, key))
        return;
    if (ui->has_dialog) {
        dialog_key(ui, key);
        return;
    }
    if (is_character(key) && s->typing && s->typing(self) && s->key && s->key(ui, self, key))
        return;
    row = keys_find(s->keys, s->n_keys, key, ui, self);
    if (row && row->run) {
        row->run(ui, self);
        return;
    }
    if (s->key && s->key(ui, self, key))
        return;
    if (is_character(key) && s->typing && s->typing(self))
        return;
    row = keys_find(global_keys, ARRAY_LEN(global_keys), key, ui, self);
    if (row)
        row->run(ui, self);
}

static void on_escape_timeout(void *payload)
{
    struct ui *ui = payload;

    ui->escape = NULL;
    keys_timeout(ui->keys, on_key, ui);
}

static void on_input(void *payload, int fd, short revents)
{
    struct ui *ui = payload;
    char bytes[512];
    ssize_t n = read(fd, bytes, sizeof bytes);

    (void)revents;
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    if (n <= 0) { /* the terminal is gone; the work goes on without it */
        ui_leave(ui, 128 + SIGHUP, NULL);
        return;
    }
    ui->quiet_since = mono_ms();
    loop_timer_del(ui->escape);
    ui->escape = NULL;
    keys_feed(ui->keys, bytes, (size_t)n, on_key, ui);
    if (keys_waiting(ui->keys))
        ui->escape =
            loop_after(ui->loop, keys_pasting(ui->keys) ? PASTE_QUIET_MS : ui->tty.escape_ms,
                       on_escape_timeout, ui);
}

/* ---- signals, core ---- */

/* By the signal's own action: where no shell would get the terminal the kernel does not stop us. */
static void stop(struct ui *ui)
{
    static const struct sigaction plain = { .sa_handler = SIG_DFL };
    struct sigaction ours;

    tty_pause(&ui->tty);
    sigaction(SIGTSTP, &plain, &ours);
    raise(SIGTSTP);
    sigaction(SIGTSTP, &ours, NULL);
}

static void on_signal(void *payload, int signo)
{
    struct ui *ui = payload;

    if (signo == SIGWINCH) {
        loop_timer_del(ui->resize);
        ui->resize = loop_after(ui->loop, RESIZE_QUIET_MS, on_resized, ui);
    } else if (signo == SIGCONT || signo == SIGTSTP) {
        if (signo == SIGTSTP)
            stop(ui);
        tty_resume(&ui->tty);
        ui->for_key = true;
        ui_repaint(ui);
    } else {
        ui_leave(ui, 128 + signo, NULL);
    }
}

static int watch_signals(struct ui *ui, struct err *e)
{
    static const int signals[] = { SIGWINCH, SIGCONT, SIGTSTP, SIGTERM, SIGHUP, SIGINT, SIGQUIT };

    for (size_t i = 0; i < ARRAY_LEN(signals); i++)
        if (loop_signal(ui->loop, signals[i], on_signal, ui, e) < 0)
            return -1;
    return 0;
}

static void on_change(void *payload, enum section_id id)
{
    struct ui *ui = payload;

    for (int i = 0; i < ui->depth; i++) {
        const struct screen *s = screens[ui->stack[i]];
        if ((s->sections & 1u << id) && s->changed)
            s->changed(ui, ui_self(ui, s->id), id);
    }
    if ((ui_top(ui)->sections & 1u << id) || id == SEC_CORE || id == SEC_CLUSTER)
        ui_dirty(ui);
}

static void on_state(void *payload, enum client_state state, const struct err *why)
{
    struct ui *ui = payload;

    model_state(&ui->model, state, why);
    ui_dirty(ui);
}

void ui_shell(struct ui *ui)
{
    const char *shell;
    int r;

    tty_pause(&ui->tty);
    tty_say(_("Type exit to come back to azloconf."));
    r = session_shell(&shell);
    tty_resume(&ui->tty);
    ui_repaint(ui);
    if (r < 0)
        ui_notice(ui, "fail", _("The shell %s could not be started."), shell);
}

/* ---- life ---- */

struct ui *ui_new(const struct client_options *client, const struct ui_options *options,
                  struct err *e)
{
    struct ui *ui = xcalloc(1, sizeof *ui);

    ui->client_options = client;
    if (options)
        ui->options = *options;
    ui->model.now = ui->options.now;
    ui->loop = loop_new(e);
    if (!ui->loop || watch_signals(ui, e) < 0 || tty_open(&ui->tty, e) < 0) {
        ui_free(ui);
        return NULL;
    }
    ui->tty_open = true;
    theme_init(&ui->theme, ui->tty.name, ui->options.look);
    paint_use(&ui->theme);
    ui->keys = keys_new();
    tty_add_keys(&ui->tty, ui->keys);
    ui->quiet_since = mono_ms();
    ui_open(ui, SCREEN_HOME);
    say_language(ui);
    if (ui->tty.given[0] && !str_eq(ui->tty.given, ui->tty.name))
        ui_notice(ui, "warn", _("The terminal type \"%s\" is unknown here; it is taken for a %s."),
                  ui->tty.given, ui->tty.name);
    return ui;
}

static void start_client(struct ui *ui)
{
    static const struct client_options none;
    struct client_options o = ui->client_options ? *ui->client_options : none;

    o.sections = (1u << SECTIONS) - 1;
    if (ui->options.core_fd > 0)
        ui->model.client =
            client_over(ui->loop, ui->options.core_fd, o.sections, on_change, on_state, ui);
    else
        ui->model.client = client_start(ui->loop, &o, on_change, on_state, ui);
}

int ui_run(struct ui *ui)
{
    if (ui->tty.size_unknown) {
        ui_ask_size(ui);
        ui->all = false;
    }
    flush(ui); /* the first paint waits for nobody else */
    loop_io_add(ui->loop, STDIN_FILENO, POLLIN, on_input, ui);
    start_client(ui);
    on_tick(ui);
    while (!ui->leaving) {
        if (loop_turn(ui->loop, -1) < 0)
            ui_leave(ui, 1, NULL);
        if (!ui->leaving)
            flush(ui);
    }
    return ui->exit_code;
}

void ui_free(struct ui *ui)
{
    if (!ui)
        return;
    while (ui->depth > 0)
        pop(ui);
    if (ui->tty_open)
        tty_close(&ui->tty, ui->last_words);
    if (ui->model.client)
        client_free(ui->model.client);
    if (ui->loop)
        loop_free(ui->loop);
    for (int i = 0; i < SCREENS; i++)
        free(ui->selves[i]);
    keys_free(ui->keys);
    free(ui);
}
