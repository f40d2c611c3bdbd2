#include "config.h"

#include "console/ui/ui_int.h"

#include "base/i18n.h"
#include "console/face/words.h"

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

void ui_pop(struct ui *ui)
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
                ui_pop(ui);
    if (ui->depth == UI_MAX_DEPTH)
        ui_pop(ui);
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
    ui_pop(ui);
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
