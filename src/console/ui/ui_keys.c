#include "config.h"

#include "console/ui/ui_int.h"

#include <errno.h>
#include <ncurses.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/i18n.h"
#include "console/face/language.h"
#include "console/ui/frame.h"

#define PASTE_QUIET_MS 3000 /* then the end of a paste was lost on the way */

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

void ui_say_language(struct ui *ui)
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
    ui_say_language(ui);
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
        ui_take_size(ui);
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
    keys_forget(ui->keys);
}

void ui_on_input(void *payload, int fd, short revents)
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
    explicit_bzero(bytes, sizeof bytes);
    keys_forget(ui->keys);
    if (keys_waiting(ui->keys))
        ui->escape =
            loop_after(ui->loop, keys_pasting(ui->keys) ? PASTE_QUIET_MS : ui->tty.escape_ms,
                       on_escape_timeout, ui);
}
