/* The keys of the operations' screen, page by page. */
#include "config.h"

#include "base/i18n.h"
#include "console/face/fields.h"
#include "console/ui/act.h"
#include "console/ui/form.h"

static bool list_key(struct act_screen *s, int key)
{
    struct menu_item items[ACT_ROWS];
    const struct act *rows[ACT_ROWS];
    int chosen, n;

    act_menu(s, items, &n);
    act_rows(s, rows);
    if (!n || !menu_key(&s->list, items, n, key, &chosen))
        return false;
    if (chosen >= 0)
        act_open_row(s, rows[chosen]);
    return true;
}

static bool values_key(struct act_screen *s, int key)
{
    struct form *f = &s->form;
    bool rested = fields_rest(f);
    enum form_result r = form_key(f, s->ui, key);

    if (fields_changed_lists(f, rested))
        ui_tell(s->ui, "choices", fields_choices_args(f));
    f->changed = -1;
    if (r == FORM_NEXT)
        act_look(s);
    return r != FORM_UNUSED;
}

static bool tick_key(struct act_screen *s, int key)
{
    int n = act_items(s), on = 0, may = 0;

    for (int i = 0; i < n; i++) {
        on += s->ticks[i];
        may += !act_kept(act_item(s, i));
    }
    if (key == ' ' && act_kept(act_item(s, s->items.selected))) {
        ui_notice(s->ui, "", "%s", _("This one stays: the reason stands below the list."));
    } else if (key == ' ') {
        s->ticks[s->items.selected] = !s->ticks[s->items.selected];
    } else if (key == 'a') {
        for (int i = 0; i < n; i++)
            s->ticks[i] = on < may && !act_kept(act_item(s, i));
    } else if (key == K_ENTER && !on) {
        ui_notice(s->ui, "", "%s", _("Nothing is ticked: Space ticks the marked row, a all."));
    } else if (key == K_ENTER) {
        s->ticked = json_array();
        for (int i = 0; i < n; i++)
            if (s->ticks[i])
                json_push(s->ticked, json_string(json_str(act_item(s, i), "id")));
        act_look(s);
    } else {
        return table_key(&s->items, n, 8, key);
    }
    return true;
}

static void move(struct act_screen *s, int step)
{
    int f = (int)s->focus;

    do
        f = (f + step + ACT_STOPS) % ACT_STOPS;
    while (!act_has(s, (enum act_focus)f));
    s->focus = (enum act_focus)f;
}

static void press(struct act_screen *s)
{
    if (s->focus == ACT_VALUES) {
        act_show_values(s);
    } else if (s->focus == ACT_BACK) {
        if (!act_leave(s->ui, s))
            ui_back(s->ui);
    } else if (!act_fits(s)) { /* the button does nothing until it fits */
        s->focus = ACT_WORD;
        ui_notice(s->ui, "warn", _("The name does not match: it must be %s. Nothing was done."),
                  act_word(s->review, act_at(s), NULL));
    } else if (act_at(s) + 1 < act_words(s->review)) {
        s->typed = s->typed ? s->typed : json_array();
        json_push(s->typed, json_string(str_trim(s->word.text)));
        input_set(&s->word, "");
        s->focus = ACT_WORD;
    } else if (s->focus == ACT_WORD) {
        move(s, 1);
    } else {
        act_start(s);
    }
}

static bool review_key(struct act_screen *s, int key)
{
    bool word = s->focus == ACT_WORD;

    if (key == K_ENTER)
        press(s);
    else if (key == K_TAB || (key == K_RIGHT && !word))
        move(s, 1);
    else if (key == K_BTAB || (key == K_LEFT && !word))
        move(s, -1);
    else if (key == K_UP || key == K_DOWN || key == K_PGUP || key == K_PGDN)
        return textview_key(&s->text, key);
    else if (word)
        return input_key(&s->word, key, ui_pasted(s->ui));
    else
        return textview_key(&s->text, key);
    return true;
}

bool act_key(struct ui *ui, void *self, int key)
{
    struct act_screen *s = self;

    if (s->waiting) {
        if (key == K_ENTER)
            ui_notice(ui, "", "%s",
                      s->starting ? _("The core is asked to start it.")
                                  : _("Azure is still being asked. Esc goes back."));
        return key == K_ENTER || key == K_TAB;
    }
    switch (s->page) {
    case ACT_PAGE_LIST:
        return list_key(s, key);
    case ACT_PAGE_SIGNIN:
        if (key == K_ENTER)
            ui_open(ui, SCREEN_SIGNIN);
        return key == K_ENTER;
    case ACT_PAGE_VALUES:
        return values_key(s, key);
    case ACT_PAGE_LOOK:
        if (key == K_ENTER)
            act_look(s);
        return key == K_ENTER || textview_key(&s->text, key);
    case ACT_PAGE_TICK:
        return tick_key(s, key);
    case ACT_PAGE_REQUESTS:
        if (key == K_ENTER)
            s->page = ACT_PAGE_REVIEW;
        return key == K_ENTER || textview_key(&s->requests, key);
    default:
        return review_key(s, key);
    }
}

bool act_typing(const void *self)
{
    const struct act_screen *s = self;

    if (s->waiting)
        return false;
    return s->page == ACT_PAGE_VALUES ? form_typing(&s->form)
                                      : s->page == ACT_PAGE_REVIEW && s->focus == ACT_WORD;
}

/* ---- the table ---- */

static bool on_page(const void *self, enum act_page page)
{
    const struct act_screen *s = self;

    return s->page == page && !s->waiting;
}

static bool is_form(struct ui *ui, const void *self)
{
    (void)ui;
    return on_page(self, ACT_PAGE_VALUES);
}

static bool is_field(struct ui *ui, const void *self)
{
    const struct act_screen *s = self;

    return is_form(ui, self) && form_typing(&s->form);
}

static bool is_list(struct ui *ui, const void *self)
{
    (void)ui;
    return on_page(self, ACT_PAGE_LIST);
}

static bool is_ticks(struct ui *ui, const void *self)
{
    (void)ui;
    return on_page(self, ACT_PAGE_TICK);
}

static bool is_review(struct ui *ui, const void *self)
{
    (void)ui;
    return on_page(self, ACT_PAGE_REVIEW);
}

static bool is_told(struct ui *ui, const void *self)
{
    const struct act_screen *s = self;

    return is_review(ui, self) && s->requests.n > 0;
}

static bool is_button(struct ui *ui, const void *self)
{
    return !is_field(ui, self) && !is_ticks(ui, self) && !is_list(ui, self) &&
           !((const struct act_screen *)self)->waiting;
}

static void show_requests(struct ui *ui, void *self)
{
    struct act_screen *s = self;

    s->page = ACT_PAGE_REQUESTS;
    ui_dirty(ui);
}

const struct key_row act_keys[ACT_KEYS] = {
    { K_TAB, K_DOWN, 0, "Tab Dn", N_("next"), is_form, NULL },
    { K_BTAB, K_UP, 0, "Up", N_("previous"), is_form, NULL },
    { K_ENTER, 0, 0, "Enter", N_("list, next"), is_field, NULL },
    { ' ', 0, 0, "Space", N_("tick"), is_ticks, NULL },
    { 'a', 0, 0, "a", N_("all"), is_ticks, NULL },
    { K_ENTER, 0, 0, "Enter", N_("open"), is_list, NULL },
    { K_ENTER, 0, 0, "Enter", N_("review"), is_ticks, NULL },
    { K_ENTER, 0, 0, "Enter", N_("do it"), is_button, NULL },
    { K_TAB, 0, 0, "Tab", N_("next"), is_review, NULL },
    { K_PGDN, K_PGUP, 0, "PgUp PgDn", N_("read"), is_review, NULL },
    { 'p', 'P', 6, "F6", N_("requests"), is_told, show_requests },
};
