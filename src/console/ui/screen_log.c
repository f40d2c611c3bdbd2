#include "config.h"

#include "base/i18n.h"
#include "console/ui/frame.h"
#include "console/ui/screens.h"
#include "console/ui/widgets.h"

struct log_view {
    int64_t at; /* seq of the chosen line; 0: the newest, following */
    int rows;
    bool finding, bad_only;
    struct input find;
};

static const struct sec_log *sec(const struct ui *ui)
{
    return ui_section(ui, SEC_LOG);
}

static bool is_bad(const struct sec_log_line *l)
{
    return str_istarts(l->level, "warn") || str_istarts(l->level, "err");
}

/* Indices of the lines that are shown. */
static int shown(const struct ui *ui, const struct log_view *v, int out[SEC_LOG_LINES])
{
    int n = 0;

    for (size_t i = 0; i < sec(ui)->n; i++)
        if (!v->bad_only || is_bad(&sec(ui)->lines[i]))
            out[n++] = (int)i;
    return n;
}

static int position(const struct ui *ui, const struct log_view *v, const int *list, int n)
{
    if (v->at == 0)
        return n - 1;
    for (int i = 0; i < n; i++)
        if (sec(ui)->lines[list[i]].seq >= v->at)
            return i;
    return n - 1;
}

static void go_to(const struct ui *ui, struct log_view *v, const int *list, int n, int i)
{
    if (n == 0)
        return;
    i = i < 0 ? 0 : i;
    v->at = i >= n - 1 ? 0 : sec(ui)->lines[list[i]].seq;
}

static void find(struct ui *ui, struct log_view *v, int step)
{
    int list[SEC_LOG_LINES], n = shown(ui, v, list), from = position(ui, v, list, n);

    if (!v->find.text[0])
        return;
    for (int i = 1; i <= n; i++) {
        int k = (from + step * i + 2 * n) % n;
        if (str_ifind(sec(ui)->lines[list[k]].text, v->find.text)) {
            go_to(ui, v, list, n, k);
            return;
        }
    }
    ui_notice(ui, "warn", _("\"%s\" stands in no line."), v->find.text);
}

static void log_draw(struct ui *ui, void *self, const struct area *body)
{
    struct log_view *v = self;
    int list[SEC_LOG_LINES], n = shown(ui, v, list), at = position(ui, v, list, n), top = 0;
    char clock[AGE_SIZE];

    v->rows = body->rows;
    if (n == 0) {
        paint_text(body->row + 1, 2, body->cols - 4, ROLE_TEXT,
                   !ui_has(ui, SEC_LOG) ? _("Asking the core.")
                   : v->bad_only        ? _("No warnings and no errors.")
                                        : _("The log is empty."));
        return;
    }
    top = at - body->rows + 1 > 0 ? at - body->rows + 1 : 0;
    for (int r = 0; r < body->rows && top + r < n; r++) {
        const struct sec_log_line *l = &sec(ui)->lines[list[top + r]];
        bool hit = v->find.text[0] && str_ifind(l->text, v->find.text), on = top + r == at;
        int col = 2, row = body->row + r;

        words_clock(clock, l->at);
        paint_text(row, 0, 1, ROLE_FOCUS, on ? ">" : " ");
        if (on)
            paint_cursor(row, 0);
        col += paint_text(row, col, 8, ROLE_QUIET, clock) + 1;
        paint_text(row, col, 5, is_bad(l) ? ROLE_WARN : ROLE_QUIET, l->level);
        paint_text(row, col + 6, body->cols - col - 7, hit ? ROLE_GOOD : ROLE_TEXT, l->text);
    }
}

static void log_hint(struct ui *ui, void *self, char *out, size_t size)
{
    struct log_view *v = self;
    int list[SEC_LOG_LINES], n = shown(ui, v, list), at = position(ui, v, list, n);

    if (v->finding)
        str_fmt(out, size, _("Find: %s_   Enter finds backwards, Esc ends"), v->find.text);
    else if (n > 0) /* the whole line: the rows above are cut at the edge */
        str_copy(out, size, sec(ui)->lines[list[at]].text);
}

static bool move(struct ui *ui, struct log_view *v, int key)
{
    int list[SEC_LOG_LINES], n = shown(ui, v, list), at = position(ui, v, list, n),
                             page = v->rows > 1 ? v->rows - 1 : 1;

    if (key == K_UP)
        at--;
    else if (key == K_DOWN)
        at++;
    else if (key == K_PGUP)
        at -= page;
    else if (key == K_PGDN || key == ' ')
        at += page;
    else if (key == K_HOME)
        at = 0;
    else if (key == K_END)
        at = n;
    else
        return false;
    go_to(ui, v, list, n, at);
    return true;
}

static bool log_key(struct ui *ui, void *self, int key)
{
    struct log_view *v = self;

    if (!v->finding)
        return move(ui, v, key);
    if (key == K_ENTER) {
        v->finding = false;
        find(ui, v, -1);
        return true;
    }
    return input_key(&v->find, key, ui_pasted(ui));
}

static bool log_typing(const void *self)
{
    const struct log_view *v = self;

    return v->finding;
}

static bool log_leave(struct ui *ui, void *self)
{
    struct log_view *v = self;
    bool was = v->finding;

    (void)ui;
    v->finding = false;
    return was;
}

static void start_find(struct ui *ui, void *self)
{
    struct log_view *v = self;

    (void)ui;
    v->finding = true;
    input_set(&v->find, "");
}

static void find_next(struct ui *ui, void *self)
{
    find(ui, self, -1);
}

static void find_previous(struct ui *ui, void *self)
{
    find(ui, self, 1);
}

static void toggle_bad(struct ui *ui, void *self)
{
    struct log_view *v = self;

    (void)ui;
    v->bad_only = !v->bad_only;
    v->at = 0;
}

static void log_place(struct ui *ui, void *self, char *out, size_t size)
{
    const struct log_view *v = self;
    const struct sec_core *core = ui_section(ui, SEC_CORE);

    str_fmt(out, size, "%s%s", v->bad_only ? _("warnings and errors  ") : "", core->host);
}

static void log_open(struct ui *ui, void *self)
{
    struct log_view *v = self;

    (void)ui;
    v->at = 0;
    v->finding = false;
}

static const struct key_row keys[] = {
    { K_UP, 0, 0, "Up Dn", N_("line"), NULL, NULL },
    { '/', 0, 7, "/", N_("find"), NULL, start_find },
    { 'n', 0, 0, "n", N_("next"), NULL, find_next },
    { 'N', 0, 0, "N", N_("previous"), NULL, find_previous },
    { 'w', 0, 0, "w", N_("warnings only"), NULL, toggle_bad },
    { K_END, 0, 0, "End", N_("newest"), NULL, NULL },
};

const struct screen screen_log = {
    .id = SCREEN_LOG,
    .title = N_("Log"),
    .help = &help_topics[HELP_LOG],
    .sections = 1u << SEC_LOG,
    .hint_rows = 3,
    .low_hint_rows = 2,
    .size = sizeof(struct log_view),
    .keys = keys,
    .n_keys = ARRAY_LEN(keys),
    .open = log_open,
    .draw = log_draw,
    .key = log_key,
    .typing = log_typing,
    .leave = log_leave,
    .hint = log_hint,
    .place = log_place,
};
