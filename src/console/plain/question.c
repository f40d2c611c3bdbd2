/* Questions of a form, one after the other; lists that Azure gives for them. */
#include "config.h"

#include "console/plain/question.h"

#include <string.h>

#include "base/i18n.h"
#include "console/face/fields.h"
#include "console/plain/answer.h"

#define FEW      9     /* choices that are listed without being asked for */
#define LISTS_MS 15000 /* after that the values are typed */

/* ---- one question ---- */

static void say_choice(struct plain *p, const struct form *f, int field, int i)
{
    struct form_choice c = { .id = "" };
    const char *name, *note;

    f->fields[field].choice(plain_model(p), f, i, &c);
    name = c.name[0] ? c.name : c.id;
    note = c.note[0] ? c.note : str_ieq(name, c.id) ? "" : c.id;
    plain_say(p, "%d %s%s%s", i + 1, name, note[0] ? ", " : "", note);
}

static void offer(struct plain *p, const struct form *f, int field, bool all)
{
    const char *label = form_label(&f->fields[field]);
    int n = form_choices(f, plain_model(p), field);

    if (n == 0)
        return;
    if (n > FEW && !all) {
        plain_say(p,
                  f->fields[field].free
                      ? _("%s: %d to choose from. Type a number or a name, also a new one; ? lists "
                          "all.")
                      : _("%s: %d to choose from. Type a number, a name or a part of it; ? lists "
                          "all."),
                  label, n);
        return;
    }
    plain_say(p, _("%s, %d to choose from:"), label, n);
    for (int i = 0; i < n; i++)
        say_choice(p, f, field, i);
}

/* What the check found; false: it must be answered again. */
static bool judged(struct plain *p, const struct form *f, int field)
{
    const struct form_value *v = &f->values[field];

    if (str_eq(v->level, "fail")) {
        plain_say(p, _("Error: %s."), v->message);
        return false;
    }
    if (str_eq(v->level, "warn"))
        plain_say(p, _("Warning: %s."), v->message);
    return true;
}

static bool take_text(struct plain *p, struct form *f, int field, const char *line)
{
    const struct model *m = plain_model(p);
    struct form_value before = f->values[field];
    int found[FORM_MATCHES], n = answer_pick(f, m, field, line, found);

    if (f->fields == more_fields && str_eq(line, "-")) {
        form_set(f, field, "", "", FORM_EMPTY);
        return true;
    }
    if (strlen(line) >= INPUT_SIZE) {
        plain_say(p, "%s", _("Error: this is too long."));
        return false;
    }
    if (n > 1) {
        plain_say(p, P_("%d fits \"%s\":", "%d fit \"%s\":", n), n, line);
        for (int i = 0; i < n; i++)
            say_choice(p, f, field, found[i]);
        return false;
    }
    if (n == 1) {
        form_choose(f, m, field, found[0]);
        plain_say(p, _("%s: %s."), form_label(&f->fields[field]), f->values[field].in.text);
    } else {
        form_set(f, field, line, before.id, FORM_TYPED);
        form_settle(f, m, field);
    }
    if (judged(p, f, field))
        return true;
    f->values[field] = before; /* what stood there is offered again */
    return false;
}

static enum step ask_field(struct plain *p, struct form *f, int field)
{
    const struct form_field *d = &f->fields[field];
    struct form_value *v = &f->values[field];
    char line[PLAIN_LINE];

    offer(p, f, field, false);
    for (;;) {
        enum got got = v->in.text[0] ? plain_ask(p, line, "%s [%s]:", form_label(d), v->in.text)
                                     : plain_ask(p, line, "%s:", form_label(d));

        if (got != GOT_LINE)
            return STEP_END;
        switch (answer_kind(line)) {
        case ANSWER_BACK:
            return STEP_BACK;
        case ANSWER_HELP:
            plain_say(p, "%s", form_about(d));
            offer(p, f, field, true);
            break;
        case ANSWER_EMPTY:
            form_settle(f, plain_model(p), field);
            if (judged(p, f, field))
                return STEP_NEXT;
            break;
        case ANSWER_TEXT:
            if (take_text(p, f, field, line))
                return STEP_NEXT;
            break;
        }
    }
}

/* ---- the page of questions ---- */

static bool lists_came(struct plain *p, void *payload)
{
    const struct sec_choices *c = plain_section(p, SEC_CHOICES);
    const int64_t *until = payload;

    return mono_ms() >= *until || str_eq(c->state, "ready") || str_eq(c->state, "failed");
}

/* Asks Azure for tenants, subscriptions and the regions of the chosen one; what does not come in
 * time is typed. */
static void ask_lists(struct plain *p, const struct form *f)
{
    const struct sec_choices *c = plain_section(p, SEC_CHOICES);
    int64_t until = mono_ms() + LISTS_MS;

    if (!plain_do(p, _("No lists"), "choices", f ? fields_choices_args(f) : NULL, NULL))
        return;
    plain_wait(p, NULL, lists_came, &until);
    if (str_eq(c->state, "failed"))
        plain_error(p, _("No lists, values must be typed"), &c->error);
    else if (!str_eq(c->state, "ready"))
        plain_say(p, "%s", _("The lists have not come; values can be typed."));
}

/* The tenant and the subscription that the lists belong to. */
void question_lists(struct plain *p, struct form *f)
{
    const struct sec_choices *c = plain_section(p, SEC_CHOICES);
    bool where = fields_places(f);

    if (fields_rest(f))
        return;
    f->changed = -1;
    if (where ? fields_lack_choices(f, plain_model(p)) : !str_eq(c->state, "ready"))
        ask_lists(p, where ? f : NULL);
    if (where)
        fields_defaults(f, plain_model(p));
    f->changed = -1;
}

enum step question_fields(struct plain *p, struct form *f, int from)
{
    int first = 0, i;

    while (f->fields[first].fixed)
        first++;
    for (i = from < first ? first : from; i < f->n;) {
        bool rested = fields_rest(f);
        enum step s = ask_field(p, f, i);

        if (s == STEP_END || (s == STEP_BACK && i == first))
            return s;
        do
            i += s == STEP_BACK ? -1 : 1;
        while (i < f->n && form_off(f, i));
        if (fields_changed_lists(f, rested)) {
            plain_say(p, "%s", _("Asking Azure for the lists."));
            question_lists(p, f);
        }
    }
    return STEP_NEXT;
}
