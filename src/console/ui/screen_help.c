#include "config.h"

#include "base/i18n.h"
#include "console/ui/frame.h"
#include "console/ui/screens.h"
#include "console/ui/widgets.h"

struct help {
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

static void help_open(struct ui *ui, void *self)
{
    struct help *h = self;
    const struct screen *s = ui_below(ui);
    const struct sec_core *core = ui_section(ui, SEC_CORE);
    size_t n;
    const struct key_row *global = frame_global_keys(&n);

    textview_clear(&h->view);
    h->view.top = 0;
    if (s) {
        h->about = s->id;
        textview_add(&h->view, ROLE_BAR, 0, 0, " %s ", _(s->title));
        textview_add(&h->view, ROLE_TEXT, 0, 0, "%s", "");
        textview_add(&h->view, ROLE_TEXT, 0, 0, "%s", _(s->help));
        textview_add(&h->view, ROLE_TEXT, 0, 0, "%s", "");
        textview_add(&h->view, ROLE_BAR, 0, 0, " %s ", _("Keys"));
        add_keys(&h->view, s->keys, s->n_keys);
        add_keys(&h->view, global, n);
        textview_add(&h->view, ROLE_QUIET, 2, 0, "%s",
                     _("Every F-key is also Esc or Alt with its digit."));
        textview_add(&h->view, ROLE_TEXT, 0, 0, "%s", "");
    }
    textview_add(&h->view, ROLE_BAR, 0, 0, " %s ", _("About"));
    textview_add(&h->view, ROLE_TEXT, 0, 0,
                 _("azloconf %s, core %s. A console that registers Azure Local and Azure Stack HCI "
                   "clusters with Azure."),
                 PACKAGE_VERSION, words_or_blank(core->version));
    textview_add(&h->view, ROLE_TEXT, 0, 0, "%s",
                 _("It is not a Microsoft product and is not supported by Microsoft. Azure, Azure "
                   "Local and Azure Stack HCI are names of Microsoft."));
    textview_add(&h->view, ROLE_TEXT, 0, 0, _("State folder: %s"), words_or_blank(core->state_dir));
    if (str_eq(core->mode, "sandbox"))
        textview_add(&h->view, ROLE_WARN, 0, 0,
                     _("This is the sandbox: an Azure that runs on this machine, at %s. Nothing "
                       "reaches the real one."),
                     core->sandbox_base);
    textview_add(&h->view, ROLE_TEXT, 0, 0, "%s", _("Licence: Apache-2.0. Manual: man azloconf"));
}

static void help_close(struct ui *ui, void *self)
{
    struct help *h = self;

    (void)ui;
    textview_clear(&h->view);
}

static void help_draw(struct ui *ui, void *self, const struct area *body)
{
    struct help *h = self;
    int cols = body->cols - 4 < 76 ? body->cols - 4 : 76;

    (void)ui;
    textview_draw(&h->view, &(struct area){ body->row, 2, body->rows, cols });
}

static bool help_key(struct ui *ui, void *self, int key)
{
    struct help *h = self;

    (void)ui;
    return textview_key(&h->view, key);
}

static const struct key_row keys[] = {
    { K_PGDN, 0, 0, "PgUp PgDn", N_("move"), NULL, NULL },
};

const struct screen screen_help = {
    .id = SCREEN_HELP,
    .title = N_("Help"),
    .help = N_("Esc goes back."),
    .hint_rows = 1,
    .low_hint_rows = 0,
    .size = sizeof(struct help),
    .keys = keys,
    .n_keys = ARRAY_LEN(keys),
    .open = help_open,
    .close = help_close,
    .draw = help_draw,
    .key = help_key,
};
