#include "config.h"

#include "console/ui/screen_secret.h"

#include <string.h>

#include "base/i18n.h"
#include "console/ui/screens.h"
#include "console/ui/text.h"

#define MAX_BYTES 1024 /* Entra's own have 40; certificates are no secrets of this kind */

struct asking {
    char app[64];
    struct secret typed;
    int cells; /* characters of it */
    bool wrong;
    secret_then_fn *then;
};

void secret_open(struct ui *ui, const char *app, secret_then_fn *then)
{
    struct asking *s = ui_self(ui, SCREEN_SECRET);

    STR_SET(s->app, app);
    s->then = then;
    ui_open(ui, SCREEN_SECRET);
}

static void forget(struct asking *s)
{
    secret_clear(&s->typed);
    s->cells = 0;
    s->wrong = false;
}

static void secret_close(struct ui *ui, void *self)
{
    (void)ui;
    forget(self);
}

/* ---- the line ---- */

static void add(struct asking *s, const char *bytes, size_t n)
{
    if (s->typed.len + n > MAX_BYTES)
        return;
    secret_add(&s->typed, bytes, n);
    for (size_t i = 0; i < n; i++)
        s->cells += ((unsigned char)bytes[i] & 0xc0) != 0x80;
}

/* The first line of it; spaces around it were copied by mistake. */
static void add_pasted(struct asking *s, const char *pasted)
{
    size_t n;

    pasted += strspn(pasted, " \t\r\n");
    n = strcspn(pasted, "\r\n");
    while (n > 0 && strchr(" \t", pasted[n - 1]))
        n--;
    add(s, pasted, n);
}

static void take_back(struct asking *s)
{
    size_t n = s->typed.len;

    if (n == 0)
        return;
    do
        n--;
    while (n > 0 && ((unsigned char)s->typed.p[n] & 0xc0) == 0x80);
    secret_cut(&s->typed, n);
    s->cells--;
}

static void done(struct ui *ui, struct asking *s)
{
    struct secret typed = s->typed;
    secret_then_fn *then = s->then;

    if (!secret_is(&typed)) {
        s->wrong = true;
        return;
    }
    s->typed = (struct secret){ 0 };
    ui_back(ui);
    then(ui, &typed);
    secret_clear(&typed);
}

static bool secret_key(struct ui *ui, void *self, int key)
{
    struct asking *s = self;
    char utf8[5];

    if (key == K_ENTER) {
        done(ui, s);
        return true;
    }
    s->wrong = false;
    if (key == K_PASTE)
        add_pasted(s, ui_pasted(ui));
    else if (key == K_BACKSPACE)
        take_back(s);
    else if (key == K_CTRL('U'))
        forget(s);
    else if (key >= ' ' && key < K_UP)
        add(s, utf8, text_encode(utf8, (wchar_t)key));
    else
        return false;
    explicit_bzero(utf8, sizeof utf8);
    return true;
}

static bool secret_typing(const void *self)
{
    (void)self;
    return true;
}

/* ---- drawing ---- */

static void secret_draw(struct ui *ui, void *self, const struct area *body)
{
    const struct asking *s = self;
    struct area a = { body->row + 1, 2, body->rows - 1, paint_prose(body->cols - 4) };
    int cols = a.cols - 2 < 48 ? a.cols - 2 : 48, stars = s->cells < cols ? s->cells : cols - 1;

    (void)ui;
    a.row += paint_wrapped(&a, ROLE_TEXT,
                           _("The nodes are to be connected to Azure Arc by your own "
                             "application. Its secret is kept nowhere, so it is asked for:")) +
             1;
    a.row += paint_wrapped(&a, ROLE_QUIET, s->app) + 1;
    paint_text(a.row, 2, 1, ROLE_TEXT, "[");
    for (int i = 0; i < stars; i++)
        paint_text(a.row, 3 + i, 1, ROLE_TEXT, "*");
    paint_text(a.row, 3 + cols, 1, ROLE_TEXT, "]");
    paint_cursor(a.row, 3 + stars);
    if (s->wrong)
        paint_fmt(a.row + 1, 3, a.cols - 1, ROLE_BAD, "%s %s", _("ERROR"),
                  _("The secret is empty."));
}

static void secret_hint(struct ui *ui, void *self, char *out, size_t size)
{
    (void)ui;
    (void)self;
    str_copy(out, size,
             _("Shown as stars only, and forgotten once it was handed over. Enter goes on with it, "
               "Esc goes back."));
}

static const struct key_row keys[] = {
    { K_ENTER, 0, 0, "Enter", N_("go on"), NULL, NULL },
    { K_CTRL('U'), 0, 0, "^U", N_("clear"), NULL, NULL },
};

const struct screen screen_secret = {
    .id = SCREEN_SECRET,
    .title = N_("Secret of the application"),
    .help = &help_topics[HELP_WIZARD],
    .hint_rows = 2,
    .low_hint_rows = 2,
    .size = sizeof(struct asking),
    .keys = keys,
    .n_keys = ARRAY_LEN(keys),
    .close = secret_close,
    .draw = secret_draw,
    .key = secret_key,
    .typing = secret_typing,
    .hint = secret_hint,
};
