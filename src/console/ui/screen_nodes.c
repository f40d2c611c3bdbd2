#include "config.h"

#include "base/i18n.h"
#include "console/ui/frame.h"
#include "console/ui/screens.h"
#include "console/ui/text.h"
#include "console/ui/widgets.h"

struct nodes {
    struct table table;
    int rows; /* of the last drawing */
};

enum { COL_NODE, COL_STATE, COL_REGISTRATION, COL_CONNECTION, COL_ARC, COL_CHECKED, COLUMNS_N };

static const struct column columns[] = {
    { N_("Node"), 9, 2 },        { N_("State"), 7, 0 }, { N_("Registration"), 12, 0 },
    { N_("Connection"), 10, 1 }, { N_("Arc"), 9, 2 },   { N_("Age"), 4, 2 },
};

static const struct sec_nodes *sec(const struct ui *ui)
{
    return ui_section(ui, SEC_NODES);
}

static enum role cell(struct ui *ui, int row, int column, char *out, size_t size)
{
    const struct sec_node *n = &sec(ui)->items[row];
    const char *const words[COLUMNS_N] = { n->name,       n->state, n->registration,
                                           n->connection, n->arc,   "" };
    char age[AGE_SIZE];

    if (column != COL_CHECKED) {
        str_copy(out, size, words_or_blank(words[column]));
        return column == COL_STATE ? theme_role(n->level) : ROLE_TEXT;
    }
    words_age(age, ui_now(ui), n->checked_at);
    str_fmt(out, size, n->stale ? _("STALE %s") : "%s", age);
    return n->stale ? ROLE_WARN : ROLE_QUIET;
}

static enum role brief_cell(struct ui *ui, int row, int column, char *out, size_t size)
{
    static const int which[] = { COL_NODE, COL_STATE, COL_REGISTRATION, COL_ARC, COL_CHECKED };

    return cell(ui, row, which[column], out, size);
}

void nodes_table(struct ui *ui, const struct area *a)
{
    static const struct column brief[] = {
        { N_("Node"), 12, 1 }, { N_("State"), 7, 0 }, { N_("Registration"), 12, 0 },
        { N_("Arc"), 12, 0 },  { N_("Age"), 11, 0 },
    };
    struct table none = { .selected = -1 };

    table_draw(&none, ui, a, brief, ARRAY_LEN(brief), (int)sec(ui)->n, brief_cell);
}

static int detail_line(int row, const struct area *a, const char *label, const char *text)
{
    struct area t = { row, 16, a->row + a->rows - row, a->cols - 18 };

    if (t.rows <= 0 || !text[0])
        return row;
    paint_text(row, 3, 12, ROLE_QUIET, label);
    return row + paint_wrapped(&t, ROLE_TEXT, text);
}

static void draw_detail(const struct sec_node *n, const struct area *a)
{
    int row = a->row;

    paint_text(row, 1, 7, theme_role(n->level), theme_badge(n->level));
    paint_fmt(row++, 8, a->cols - 9, ROLE_TEXT, _("%s in detail"), n->name);
    row = detail_line(row, a, _("Why"), n->reason);
    row = detail_line(row, a, _("Effect"), n->effect);
    row = detail_line(row, a, _("Do"), n->next);
    row = detail_line(row, a, _("Last sync"), n->last_connected);
    detail_line(row, a, _("Arc agent"), n->agent_version);
}

static void nodes_draw(struct ui *ui, void *self, const struct area *body)
{
    struct nodes *s = self;
    int n = (int)sec(ui)->n, detail = body->rows >= 19 ? 9 : 7;
    struct area t = { body->row, 0, body->rows - detail - 1, body->cols };

    s->rows = t.rows - 1;
    if (n == 0) {
        paint_text(body->row + 1, 2, body->cols - 4, ROLE_TEXT,
                   ui_has(ui, SEC_NODES) ? _("There are no nodes yet: item 1 creates a cluster.")
                                         : _("Asking the core."));
        return;
    }
    if (s->table.selected >= n)
        s->table.selected = n - 1;
    if (n + 1 < t.rows)
        t.rows = n + 1;
    table_draw(&s->table, ui, &t, columns, COLUMNS_N, n, cell);
    paint_rule(t.row + t.rows);
    t.row += t.rows + 1;
    t.rows = body->row + body->rows - t.row;
    if (frame_large() && t.rows > detail + 3) {
        struct area log = { t.row + detail + 1, 0, t.rows - detail - 1, body->cols };

        paint_rule(log.row - 1);
        frame_log_tail(ui, &log);
        t.rows = detail;
    }
    draw_detail(&sec(ui)->items[s->table.selected], &t);
}

static bool nodes_key(struct ui *ui, void *self, int key)
{
    struct nodes *s = self;

    return table_key(&s->table, (int)sec(ui)->n, s->rows, key);
}

static void refresh(struct ui *ui, void *self)
{
    (void)self;
    if (ui_tell(ui, "status", NULL))
        ui_notice(ui, "", "%s", _("Asking the nodes again."));
}

/* To the next node that is not well. */
static void next_bad(struct ui *ui, void *self)
{
    struct nodes *s = self;
    int n = (int)sec(ui)->n;

    for (int i = 1; i <= n; i++) {
        int k = (s->table.selected + i) % n;
        if (!str_eq(sec(ui)->items[k].level, "ok")) {
            s->table.selected = k;
            return;
        }
    }
    ui_notice(ui, "ok", "%s", _("All nodes are well."));
}

static void nodes_place(struct ui *ui, void *self, char *out, size_t size)
{
    int n = (int)sec(ui)->n, bad = 0;

    (void)self;
    for (int i = 0; i < n; i++)
        bad += !str_eq(sec(ui)->items[i].level, "ok");
    if (n && bad)
        str_fmt(out, size, P_("%d node, %d not well", "%d nodes, %d not well", n), n, bad);
    else if (n)
        str_fmt(out, size, P_("%d node, well", "%d nodes, all well", n), n);
}

static void nodes_hint(struct ui *ui, void *self, char *out, size_t size)
{
    (void)self;
    if (sec(ui)->n)
        str_copy(out, size, _("The mark chooses the node whose details stand below."));
}

static const struct key_row keys[] = {
    { K_DOWN, 0, 0, "Up Dn", N_("node"), NULL, NULL },
    { 'r', 0, 5, "r", N_("check now"), NULL, refresh },
    { 'x', 0, 0, "x", N_("next with a problem"), NULL, next_bad },
    { 'l', 0, 9, "l", N_("log"), NULL, NULL },
};

const struct screen screen_nodes = {
    .id = SCREEN_NODES,
    .title = N_("Nodes and Arc"),
    .help = &help_topics[HELP_NODES],
    .sections = 1u << SEC_NODES | 1u << SEC_LOG,
    .ticks = true,
    .hint_rows = 1,
    .low_hint_rows = 1,
    .size = sizeof(struct nodes),
    .keys = keys,
    .n_keys = ARRAY_LEN(keys),
    .draw = nodes_draw,
    .key = nodes_key,
    .hint = nodes_hint,
    .place = nodes_place,
};
