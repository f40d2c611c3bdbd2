/* The operations that leave, come back and mend: one screen for all rows of face/acts.h. */
#include "config.h"

#include "console/ui/act.h"

#include <string.h>

#include "base/i18n.h"
#include "console/face/fields.h"
#include "console/ui/form.h"
#include "console/ui/screen_secret.h"
#include "console/ui/screens.h"

struct act_screen *act_self(struct ui *ui)
{
    return ui_self(ui, SCREEN_ACT);
}

int act_rows(const struct act_screen *s, const struct act *out[ACT_ROWS])
{
    int n = 0;

    for (size_t i = 0; i < act_count && n < ACT_ROWS; i++)
        if (acts[i].item == s->item)
            out[n++] = &acts[i];
    return n;
}

const struct json *act_item(const struct act_screen *s, int i)
{
    const struct json *w = json_first(json_get(s->review, "items"));

    for (; w && i > 0; i--)
        w = json_next(w);
    return w;
}

int act_items(const struct act_screen *s)
{
    int n = (int)json_len(json_get(s->review, "items"));

    return n < ACT_ITEMS ? n : ACT_ITEMS;
}

size_t act_at(const struct act_screen *s)
{
    return s->typed ? json_len(s->typed) : 0;
}

bool act_fits(const struct act_screen *s)
{
    char typed[INPUT_SIZE];

    STR_SET(typed, s->word.text);
    return act_word_fits(s->review, act_at(s), str_trim(typed));
}

bool act_has(const struct act_screen *s, enum act_focus f)
{
    bool can = !err_is(&s->stop) && !act_is_idle(s->review);

    switch (f) {
    case ACT_WORD:
        return can && act_words(s->review);
    case ACT_GO:
        return can;
    case ACT_VALUES:
        return s->act->fields != NULL;
    default:
        return true;
    }
}

/* ---- what is kept ---- */

static void drop_answer(struct act_screen *s)
{
    json_free(s->review);
    json_free(s->ticked);
    json_free(s->typed);
    s->review = s->ticked = s->typed = NULL;
    err_clear(&s->stop);
    textview_clear(&s->text);
    textview_clear(&s->requests);
    s->text.top = s->requests.top = 0;
    memset(s->ticks, 0, sizeof s->ticks);
    s->items = (struct table){ 0 };
    input_set(&s->word, "");
    secret_clear(&s->secret);
}

static void forget(struct act_screen *s)
{
    if (s->waiting && ui_model(s->ui)->client)
        client_forget(ui_model(s->ui)->client, s);
    s->waiting = s->starting = false;
}

/* ---- what the core is asked ---- */

static bool ask(struct act_screen *s, bool check, client_answer_fn *fn)
{
    struct json *args = act_args(s->act, &s->form, s->ticked);
    struct wire_secret secret = { "arcSpnSecret", &s->secret };
    char intent[80];

    if (!check)
        act_confirm(args, s->review, s->typed, str_trim(s->word.text));
    act_intent(intent, sizeof intent, s->act, check);
    s->starting = !check;
    s->asked_at = ui_now(s->ui);
    s->waiting = ui_ask_secret(s->ui, intent, args, &secret, secret_is(&s->secret), fn, s);
    return s->waiting;
}

static void show_review(struct act_screen *s)
{
    act_build(s);
    s->page = ACT_PAGE_REVIEW;
    s->focus = ACT_BACK;
    for (int f = ACT_STOPS - 1; f >= 0; f--)
        if (act_has(s, (enum act_focus)f))
            s->focus = (enum act_focus)f;
    if (err_is(&s->stop))
        s->focus = ACT_BACK;
}

static void secret_came(struct ui *ui, struct secret *given)
{
    struct act_screen *s = act_self(ui);

    if (s->page != ACT_PAGE_REVIEW || !act_principal(s->review))
        return;
    s->secret = *given;
    *given = (struct secret){ 0 };
    act_look(s);
}

static void looked(void *payload, const struct json *result, const struct err *e)
{
    struct act_screen *s = payload;

    s->waiting = false;
    ui_dirty(s->ui);
    if (e) {
        s->stop = *e;
        if (s->valued) {
            s->page = ACT_PAGE_VALUES;
            ui_show_err(s->ui, s->act->title, e);
        }
        return;
    }
    json_free(s->review);
    json_free(s->typed);
    s->typed = NULL;
    s->review = json_copy(result);
    if (!s->ticked && act_items(s) > 0)
        s->page = ACT_PAGE_TICK;
    else
        show_review(s);
    if (s->page == ACT_PAGE_REVIEW && act_principal(result) && !secret_is(&s->secret) &&
        ui_top(s->ui)->id == SCREEN_ACT)
        secret_open(s->ui, act_principal(result), secret_came);
}

void act_look(struct act_screen *s)
{
    s->page = ACT_PAGE_LOOK;
    err_clear(&s->stop);
    ask(s, true, looked);
}

static void started(void *payload, const struct json *result, const struct err *e)
{
    struct act_screen *s = payload;
    struct ui *ui = s->ui;

    (void)result;
    s->waiting = s->starting = false;
    ui_dirty(ui);
    if (e) {
        ui_show_err(ui, s->act->title, e);
        return;
    }
    if (ui_top(ui)->id == SCREEN_ACT) {
        ui_to_home(ui);
        ui_open(ui, SCREEN_PROGRESS);
    }
    drop_answer(s);
    s->act = NULL;
}

void act_start(struct act_screen *s)
{
    ask(s, false, started);
}

/* ---- from page to page ---- */

/* With them a default subscription may have come: now its regions and groups, once. */
static void lists_came(struct act_screen *s)
{
    const struct sec_choices *c = ui_section(s->ui, SEC_CHOICES);
    const char *sub;

    if (s->act->fill)
        s->act->fill(&s->form, ui_model(s->ui));
    if (!fields_places(&s->form) || !str_eq(c->state, "ready"))
        return;
    sub = s->form.values[fields_at(&s->form, WHERE_SUBSCRIPTION)].id;
    if (!fields_lack_choices(&s->form, ui_model(s->ui)) || str_ieq(s->lists_for, sub))
        return;
    STR_SET(s->lists_for, sub);
    ui_tell(s->ui, "choices", fields_choices_args(&s->form));
}

void act_show_values(struct act_screen *s)
{
    const struct sec_choices *c = ui_section(s->ui, SEC_CHOICES);

    s->page = ACT_PAGE_VALUES;
    s->valued = true;
    s->by_itself = false;
    secret_clear(&s->secret); /* of the principal that was named before */
    if (s->act->fill)
        s->act->fill(&s->form, ui_model(s->ui));
    s->lists_for[0] = '\0';
    if (!s->act->lists || fields_rest(&s->form))
        return;
    if (fields_places(&s->form))
        lists_came(s);
    if (!str_eq(c->state, "ready") && !str_eq(c->state, "asking"))
        ui_tell(s->ui, "choices", NULL);
}

static void begin(struct act_screen *s)
{
    drop_answer(s);
    if (!s->act->offline && !model_signed_in(ui_model(s->ui))) {
        s->page = ACT_PAGE_SIGNIN;
    } else if (s->act->first && s->act->first(ui_model(s->ui))) {
        act_show_values(s);
        s->by_itself = true;
    } else {
        act_look(s);
    }
    ui_dirty(s->ui);
}

void act_open_row(struct act_screen *s, const struct act *a)
{
    if (s->act != a)
        form_init(&s->form, a->fields, a->n_fields, N_("Next: review"));
    s->act = a;
    s->valued = false;
    begin(s);
}

static void act_opened(struct ui *ui, void *self)
{
    struct act_screen *s = self;
    const struct act *rows[ACT_ROWS];

    s->ui = ui;
    if (s->starting)
        return; /* it was left before the core had answered */
    if (act_rows(s, rows) == 1)
        act_open_row(s, rows[0]);
    else
        s->page = ACT_PAGE_LIST;
}

static void act_close(struct ui *ui, void *self)
{
    struct act_screen *s = self;

    (void)ui;
    if (!s->starting) /* what starts is told when it has started */
        forget(s);
    if (!s->waiting)
        drop_answer(s);
}

static void act_shown(struct ui *ui, void *self)
{
    struct act_screen *s = self;

    if (s->page == ACT_PAGE_SIGNIN && model_signed_in(ui_model(ui)))
        begin(s);
}

static bool untouched(const struct form *f)
{
    for (int i = 0; i < f->n; i++)
        if (f->values[i].source == FORM_TYPED || f->values[i].source == FORM_CHOSEN)
            return false;
    return !f->editing && !f->list_open;
}

static void act_changed(struct ui *ui, void *self, enum section_id id)
{
    struct act_screen *s = self;
    bool in = model_signed_in(ui_model(ui));

    if (!s->act || s->page == ACT_PAGE_LIST)
        return;
    if (id == SEC_CHOICES && s->page == ACT_PAGE_VALUES)
        lists_came(s);
    if (id == SEC_CLUSTER && s->page == ACT_PAGE_VALUES && s->by_itself && untouched(&s->form) &&
        !s->act->first(ui_model(ui))) { /* a core that had only begun knew nothing of it yet */
        s->valued = false;
        begin(s);
    }
    if (id != SEC_SIGNIN || s->act->offline)
        return;
    if (s->page == ACT_PAGE_SIGNIN && in) {
        begin(s);
    } else if (s->page != ACT_PAGE_SIGNIN && !in) {
        forget(s);
        s->page = ACT_PAGE_SIGNIN;
    }
}

/* One step back; false: out of this screen. */
bool act_leave(struct ui *ui, void *self)
{
    struct act_screen *s = self;
    const struct act *rows[ACT_ROWS];

    if (s->page == ACT_PAGE_VALUES && form_close_list(&s->form))
        return true;
    if (s->page == ACT_PAGE_LIST || s->starting)
        return false;
    forget(s);
    ui_dirty(ui);
    if (s->page == ACT_PAGE_REQUESTS) {
        s->page = ACT_PAGE_REVIEW;
    } else if (s->page == ACT_PAGE_REVIEW && s->ticked) {
        json_free(s->ticked);
        s->ticked = NULL;
        s->page = ACT_PAGE_TICK;
    } else if (s->page != ACT_PAGE_VALUES && s->valued) {
        s->page = ACT_PAGE_VALUES;
    } else if (act_rows(s, rows) > 1) {
        s->page = ACT_PAGE_LIST;
    } else {
        return false;
    }
    return true;
}

void act_open(struct ui *ui, int item)
{
    struct act_screen *s = act_self(ui);
    const struct act *rows[ACT_ROWS];

    if (s->item != item)
        s->list = (struct menu){ 0 };
    s->item = item;
    if (act_rows(s, rows))
        ui_open(ui, SCREEN_ACT);
    else
        ui_notice(ui, "", "%s", _("There is no item with this number yet."));
}

const struct screen screen_act = {
    .id = SCREEN_ACT,
    .title = N_("Operation"),
    .help = &help_topics[HELP_ACT],
    .sections =
        1u << SEC_CORE | 1u << SEC_SIGNIN | 1u << SEC_CLUSTER | 1u << SEC_CHOICES | 1u << SEC_NODES,
    .ticks = true,
    .own_title = true,
    .signs_in = true,
    .hint_rows = 2,
    .low_hint_rows = 2,
    .size = sizeof(struct act_screen),
    .open = act_opened,
    .shown = act_shown,
    .close = act_close,
    .draw = act_draw,
    .key = act_key,
    .typing = act_typing,
    .leave = act_leave,
    .changed = act_changed,
    .hint = act_hint,
    .place = act_place,
    .keys = act_keys,
    .n_keys = ACT_KEYS,
};
