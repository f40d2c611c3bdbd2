#include "config.h"

#include "console/ui/ui_int.h"

#include <ncurses.h>
#include <poll.h>

#include "console/ui/frame.h"
#include "console/ui/output.h"

#define RETRY_MS   100
#define SIZE_MS    300   /* a terminal that knows answers sooner (console-anchors.md 4.4) */
#define REPAINT_MS 60000 /* others write over the screen, too: wall, the kernel */

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
void ui_flush(struct ui *ui)
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

void ui_on_tick(void *payload)
{
    struct ui *ui = payload;
    int64_t step = ui->tty.tick_ms, now = ui_now(ui);

    ui->tick = loop_after(ui->loop, step - now % step, ui_on_tick, ui);
    if (ui->room || !tty_may_draw(&ui->tty, false))
        return;
    if (ui_top(ui)->ticks || ui->has_dialog)
        ui_dirty(ui);
    if (ui->tty.kind != TTY_SERIAL && mono_ms() - ui->quiet_since > REPAINT_MS) {
        ui->quiet_since = mono_ms();
        ui_repaint(ui);
    }
}

void ui_on_resized(void *payload)
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
void ui_take_size(struct ui *ui)
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
