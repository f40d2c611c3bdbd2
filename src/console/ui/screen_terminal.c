#include "config.h"

#include <langinfo.h>
#include <ncurses.h>
#include <stdlib.h>

#include "base/i18n.h"
#include "console/face/language.h"
#include "console/ui/frame.h"
#include "console/ui/screens.h"

static int line(int row, int cols, const char *label, const char *text)
{
    paint_text(row, 2, 18, ROLE_QUIET, label);
    paint_cut(row, 21, cols - 21, ROLE_TEXT, text);
    return row + 1;
}

static void terminal_draw(struct ui *ui, void *self, const struct area *body)
{
    const struct theme *t = ui_theme(ui);
    const struct tty *tty = ui_tty(ui);
    const char *no_color = getenv("NO_COLOR");
    struct area sample = { 0, 2, 4, body->cols - 4 };
    char text[160];
    int row = body->row + 1, cols = body->cols;

    (void)self;
    str_fmt(text, sizeof text, "%s, %s", tty->name, tty_kind_name(tty->kind));
    row = line(row, cols, _("Terminal"), text);
    row = line(row, cols, _("Device"), tty->device);
    if (tty->baud)
        str_fmt(text, sizeof text, _("%ld baud; times change every %d s"), tty->baud,
                (int)(tty->tick_ms / 1000));
    else
        str_fmt(text, sizeof text, _("fast; times change every %d s"), (int)(tty->tick_ms / 1000));
    row = line(row, cols, _("Line"), text);
    str_fmt(text, sizeof text, _("%d columns, %d rows"), COLS, LINES);
    row = line(row, cols, _("Size"), text);
    row = line(row, cols, _("Look"),
               t->rich ? _("rich: lines, bars, half blocks")
                       : _("basic: 7-bit characters, > is the focus"));
    row = line(row, cols, _("Colours"),
               t->color && t->rich     ? _("on (NO_COLOR=1 turns them off)")
               : no_color && *no_color ? _("off by NO_COLOR")
                                       : _("none in this look"));
    row = line(row, cols, _("Characters"), nl_langinfo(CODESET));
    row = line(row, cols, _("Language"), language_name(text, sizeof text));
    row = line(row, cols, _("Half blocks"),
               tty->half_blocks && t->rich ? _("yes: squares can be drawn")
                                           : _("no: no square, or one of blanks"));
    sample.row = row + 1;
    paint_wrapped(&sample, ROLE_QUIET,
                  _("The language is that of the session (LANG, for example LANG=de_DE.UTF-8); g "
                    "takes the next one that this terminal can show, until you leave. A serial "
                    "line starts basic because nobody knows what stands at its far end."));
}

static void look(struct ui *ui, void *self)
{
    (void)self;
    ui_change_look(ui);
}

static void language(struct ui *ui, void *self)
{
    (void)self;
    if (!language_next(!ui_theme(ui)->rich))
        ui_notice(ui, "", "%s", _("There is no other language that this terminal can show."));
    ui_repaint(ui);
}

static void colors(struct ui *ui, void *self)
{
    struct theme *t = ui_theme(ui);

    (void)self;
    t->color = !t->color && has_colors();
    ui_repaint(ui);
}

static void size(struct ui *ui, void *self)
{
    (void)self;
    ui_ask_size(ui);
    ui_notice(ui, "", "%s", _("Asked the terminal for its size."));
}

static void plain(struct ui *ui, void *self)
{
    (void)self;
    ui_leave(ui, UI_PLAIN, NULL);
}

static const struct key_row keys[] = {
    { 't', 0, 0, "t", N_("basic or rich"), NULL, look },
    { 'c', 0, 0, "c", N_("colours"), NULL, colors },
    { 's', 0, 0, "s", N_("ask for the size"), NULL, size },
    { 'p', 0, 0, "p", N_("plain"), NULL, plain },
    { 'g', 0, 0, "g", N_("language"), NULL, language },
};

const struct screen screen_terminal = {
    .id = SCREEN_TERMINAL,
    .title = N_("Terminal and language"),
    .help = &help_topics[HELP_TERMINAL],
    .hint_rows = 1,
    .low_hint_rows = 1,
    .size = 1,
    .keys = keys,
    .n_keys = ARRAY_LEN(keys),
    .draw = terminal_draw,
};
