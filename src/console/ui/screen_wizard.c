/* The wizard: from page to page. What its fields are is in face/fields.h. */
#include "config.h"

#include "console/ui/wizard.h"

#include "base/i18n.h"
#include "console/face/answers.h"
#include "console/face/fields.h"
#include "console/ui/form.h"
#include "console/ui/screens.h"

const struct sec_cluster *wizard_cluster(const struct ui *ui)
{
    return ui_section(ui, SEC_CLUSTER);
}

struct wizard *wizard_of(struct ui *ui)
{
    return ui_self(ui, SCREEN_WIZARD);
}

struct form *wizard_form(struct wizard *w)
{
    switch (w->page) {
    case WIZARD_CREATE:
        return &w->create;
    case WIZARD_WHERE:
        return &w->where;
    case WIZARD_MORE:
        return &w->more;
    case WIZARD_FILE:
        return &w->file;
    default:
        return NULL;
    }
}

/* ---- going from page to page ---- */

static void ask_choices(struct ui *ui, struct wizard *w)
{
    STR_SET(w->regions_for, w->where.values[WHERE_SUBSCRIPTION].id);
    ui_tell(ui, "choices", fields_choices_args(&w->where));
}

/* The lists have come, and with them a default subscription: now its regions. */
static void lists_came(struct ui *ui, struct wizard *w)
{
    const struct sec_choices *c = ui_section(ui, SEC_CHOICES);
    const char *sub = w->where.values[WHERE_SUBSCRIPTION].id;

    fields_defaults(&w->where, ui_model(ui));
    if (str_eq(c->state, "ready") && fields_lack_choices(&w->where, ui_model(ui)) &&
        !str_ieq(w->regions_for, sub))
        ask_choices(ui, w);
}

static void enter_where(struct ui *ui, struct wizard *w)
{
    const struct sec_choices *c = ui_section(ui, SEC_CHOICES);

    w->page = WIZARD_WHERE;
    fields_defaults(&w->where, ui_model(ui));
    if (!str_eq(c->state, "asking") && fields_lack_choices(&w->where, ui_model(ui)))
        ask_choices(ui, w);
}

static void enter(struct ui *ui, struct wizard *w)
{
    if (ui_has(ui, SEC_CLUSTER) && !wizard_cluster(ui)->exists) {
        w->page = WIZARD_CREATE;
        fields_create_defaults(&w->create, ui_model(ui));
    } else if (!model_signed_in(ui_model(ui))) {
        w->page = WIZARD_SIGNIN;
    } else {
        enter_where(ui, w);
    }
    ui_dirty(ui);
}

static void wizard_open(struct ui *ui, void *self)
{
    struct wizard *w = self;

    if (!w->begun) {
        w->begun = true;
        form_init(&w->create, create_fields, CREATE_FIELDS, N_("Create the cluster"));
        form_init(&w->where, where_fields, WHERE_FIELDS, N_("Next: review"));
        form_init(&w->more, more_fields, MORE_FIELDS, N_("Back to the values"));
        form_init(&w->file, answers_fields, ANSWERS_FIELDS, N_("Write the file"));
        w->where.other = N_("Further values");
    }
    w->waiting = false;
    enter(ui, w);
}

static void wizard_shown(struct ui *ui, void *self)
{
    struct wizard *w = self;

    if (w->page == WIZARD_SIGNIN)
        enter(ui, w);
}

static void wizard_close(struct ui *ui, void *self)
{
    struct wizard *w = self;

    (void)ui;
    wizard_forget(w);
    textview_clear(&w->review);
    textview_clear(&w->requests);
}

static void wizard_changed(struct ui *ui, void *self, enum section_id id)
{
    struct wizard *w = self;

    if (id == SEC_NODES && w->page == WIZARD_CREATE)
        fields_create_defaults(&w->create, ui_model(ui));
    if (id == SEC_CHOICES && (w->page == WIZARD_WHERE || w->page == WIZARD_MORE))
        lists_came(ui, w);
    if (id == SEC_CLUSTER && w->page == WIZARD_CREATE && wizard_cluster(ui)->exists)
        enter(ui, w);
    if ((id == SEC_SIGNIN || id == SEC_CLUSTER) && w->page == WIZARD_SIGNIN)
        enter(ui, w);
    if (id == SEC_SIGNIN && w->page > WIZARD_SIGNIN && !model_signed_in(ui_model(ui))) {
        wizard_forget(w);
        enter(ui, w); /* signed out, or another core: the values stay for the next sign-in */
    }
}

/* ---- page 0: a cluster ---- */

static void created(void *payload, const struct json *result, const struct err *e)
{
    struct wizard *w = wizard_of(payload);

    (void)result;
    w->waiting = false;
    if (e)
        ui_show_err(payload, N_("The cluster was not created"), e);
    ui_dirty(payload);
}

static void create(struct ui *ui, struct wizard *w)
{
    w->waiting = ui_ask(ui, "cluster-create", fields_create_args(&w->create), created, ui);
}

/* ---- keys ---- */

static bool form_page_key(struct ui *ui, struct wizard *w, int key)
{
    struct form *f = wizard_form(w);
    enum form_result r = form_key(f, ui, key);

    if (f == &w->where && (f->changed == WHERE_TENANT || f->changed == WHERE_SUBSCRIPTION)) {
        f->changed = -1;
        ask_choices(ui, w);
    }
    if (r == FORM_OTHER)
        w->page = WIZARD_MORE;
    if (r != FORM_NEXT)
        return r != FORM_UNUSED;
    if (w->page == WIZARD_CREATE)
        create(ui, w);
    else if (w->page == WIZARD_MORE)
        w->page = WIZARD_WHERE;
    else if (w->page == WIZARD_FILE)
        wizard_write_file(ui, w, false);
    else
        wizard_review(ui, w);
    return true;
}

static bool wizard_key(struct ui *ui, void *self, int key)
{
    struct wizard *w = self;

    if (w->waiting)
        return key == K_ENTER || key == K_TAB;
    switch (w->page) {
    case WIZARD_SIGNIN:
        if (key == K_ENTER)
            ui_open(ui, SCREEN_SIGNIN);
        return key == K_ENTER;
    case WIZARD_REVIEW:
        return wizard_review_key(ui, w, key);
    case WIZARD_REQUESTS:
        if (key == K_ENTER)
            w->page = WIZARD_REVIEW;
        return key == K_ENTER || textview_key(&w->requests, key);
    default:
        return form_page_key(ui, w, key);
    }
}

static bool wizard_typing(const void *self)
{
    struct wizard *w = (struct wizard *)self;
    const struct form *f = wizard_form(w);

    return f && !w->waiting && form_typing(f);
}

static bool wizard_leave(struct ui *ui, void *self)
{
    static const enum wizard_page back[] = { [WIZARD_REVIEW] = WIZARD_WHERE,
                                             [WIZARD_MORE] = WIZARD_WHERE,
                                             [WIZARD_REQUESTS] = WIZARD_REVIEW,
                                             [WIZARD_FILE] = WIZARD_REVIEW };
    struct wizard *w = self;
    struct form *f = wizard_form(w);

    (void)ui;
    if (f && form_close_list(f))
        return true;
    if (w->page < WIZARD_REVIEW)
        return false;
    w->page = back[w->page];
    return true;
}

static bool is_form(struct ui *ui, const void *self)
{
    (void)ui;
    return wizard_form((struct wizard *)self) != NULL;
}

static bool is_field(struct ui *ui, const void *self)
{
    return is_form(ui, self) && form_typing(wizard_form((struct wizard *)self));
}

static bool is_review(struct ui *ui, const void *self)
{
    const struct wizard *w = self;

    (void)ui;
    return w->page == WIZARD_REVIEW && !w->waiting;
}

static bool is_told(struct ui *ui, const void *self)
{
    const struct wizard *w = self;

    return is_review(ui, self) && w->told;
}

static bool is_button(struct ui *ui, const void *self)
{
    const struct wizard *w = self;

    return is_review(ui, self) || w->page == WIZARD_SIGNIN ||
           (is_form(ui, self) && !is_field(ui, self) && !w->waiting);
}

static const struct key_row keys[] = {
    { K_TAB, K_DOWN, 0, "Tab Dn", N_("next"), is_form, NULL },
    { K_BTAB, K_UP, 0, "Up", N_("previous"), is_form, NULL },
    { K_ENTER, 0, 0, "Enter", N_("list, next"), is_field, NULL },
    { K_CTRL('U'), 0, 0, "^U", N_("clear"), is_field, NULL },
    { K_CTRL('Z'), 0, 0, "^Z", N_("undo"), is_field, NULL },
    { 'p', 'P', 0, "p", N_("requests"), is_told, wizard_show_requests },
    { 'f', 'F', 0, "f", N_("file"), is_review, wizard_ask_file },
    { K_ENTER, 0, 0, "Enter", N_("do it"), is_button, NULL },
    { K_TAB, 0, 0, "Tab", N_("other button"), is_review, NULL },
};

const struct screen screen_wizard = {
    .id = SCREEN_WIZARD,
    .title = N_("Register with Azure"),
    .help = &help_topics[HELP_WIZARD],
    .sections =
        1u << SEC_CORE | 1u << SEC_SIGNIN | 1u << SEC_CLUSTER | 1u << SEC_CHOICES | 1u << SEC_NODES,
    .ticks = true,
    .signs_in = true,
    .hint_rows = 3,
    .low_hint_rows = 2,
    .size = sizeof(struct wizard),
    .keys = keys,
    .n_keys = ARRAY_LEN(keys),
    .open = wizard_open,
    .shown = wizard_shown,
    .close = wizard_close,
    .draw = wizard_draw,
    .key = wizard_key,
    .typing = wizard_typing,
    .leave = wizard_leave,
    .changed = wizard_changed,
    .hint = wizard_hint,
    .place = wizard_place,
};
