#include "config.h"

#include "base/i18n.h"
#include "console/ui/frame.h"
#include "console/ui/screens.h"
#include "console/ui/widgets.h"

struct help_view {
    struct textview view;
    enum screen_id about;
};

static void add_keys(struct textview *v, const struct key_row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char second[16] = "";

        if (!rows[i].name)
            continue;
        if (rows[i].fkey)
            str_fmt(second, sizeof second, "F%d", rows[i].fkey);
        textview_add(v, ROLE_TEXT, 2, 18, "%-10s %-5s %s", rows[i].name, second, _(rows[i].label));
    }
}

static void add_paragraph(void *payload, const char *level, const char *text)
{
    textview_add(payload, theme_role(level), 0, 0, "%s", text);
}

/* What the rows above the keys were too few for: the whole of it. */
static void add_hint(struct ui *ui, struct help_view *h, const struct screen *s)
{
    char text[900] = "";

    if (s->hint)
        s->hint(ui, ui_self(ui, s->id), text, sizeof text);
    if (!text[0] || frame_hint_fits(s, text))
        return;
    textview_add(&h->view, ROLE_TEXT, 0, 0, "%s", text);
    textview_add(&h->view, ROLE_TEXT, 0, 0, "%s", "");
}

static void help_open(struct ui *ui, void *self)
{
    struct help_view *h = self;
    const struct screen *s = ui_below(ui);
    size_t n;
    const struct key_row *global = frame_global_keys(&n);

    textview_clear(&h->view);
    h->view.top = 0;
    if (s) {
        h->about = s->id;
        textview_add(&h->view, ROLE_BAR, 0, 0, " %s ", _(s->title));
        textview_add(&h->view, ROLE_TEXT, 0, 0, "%s", "");
        add_hint(ui, h, s);
        if (s->help->about) {
            textview_add(&h->view, ROLE_TEXT, 0, 0, "%s", _(s->help->about));
            textview_add(&h->view, ROLE_TEXT, 0, 0, "%s", "");
        }
        textview_add(&h->view, ROLE_TEXT, 0, 0, "%s", _(s->help->screen));
        textview_add(&h->view, ROLE_TEXT, 0, 0, "%s", "");
        textview_add(&h->view, ROLE_BAR, 0, 0, " %s ", _("Keys"));
        add_keys(&h->view, s->keys, s->n_keys);
        add_keys(&h->view, global, n);
        textview_add(&h->view, ROLE_QUIET, 2, 0, "%s",
                     _("Every F-key is also Esc or Alt with its digit."));
        textview_add(&h->view, ROLE_TEXT, 0, 0, "%s", "");
    }
    textview_add(&h->view, ROLE_BAR, 0, 0, " %s ", _("About"));
    help_program(ui_model(ui), add_paragraph, &h->view);
}

static void help_close(struct ui *ui, void *self)
{
    struct help_view *h = self;

    (void)ui;
    textview_clear(&h->view);
}

static void help_draw(struct ui *ui, void *self, const struct area *body)
{
    struct help_view *h = self;
    int cols = body->cols - 4 < 76 ? body->cols - 4 : 76;

    (void)ui;
    textview_draw(&h->view, &(struct area){ body->row, 2, body->rows, cols });
}

static bool help_key(struct ui *ui, void *self, int key)
{
    struct help_view *h = self;

    (void)ui;
    return textview_key(&h->view, key);
}

static const struct key_row keys[] = {
    { K_PGDN, 0, 0, "PgUp PgDn", N_("move"), NULL, NULL },
};

const struct screen screen_help = {
    .id = SCREEN_HELP,
    .title = N_("Help"),
    .help = &help_topics[HELP_HELP],
    .hint_rows = 1,
    .low_hint_rows = 0,
    .size = sizeof(struct help_view),
    .keys = keys,
    .n_keys = ARRAY_LEN(keys),
    .open = help_open,
    .close = help_close,
    .draw = help_draw,
    .key = help_key,
};
