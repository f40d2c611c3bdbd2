#include "config.h"

#include "console/face/form.h"

#include <string.h>

#include "base/i18n.h"
#include "base/str.h"

bool form_off(const struct form *f, int field)
{
    return f->fields[field].off && f->fields[field].off(f);
}

void input_set(struct input *in, const char *text)
{
    STR_SET(in->text, text);
    in->at = strlen(in->text);
}

const char *form_id(const struct form_field *d)
{
    return d->param ? d->param->id : d->id;
}

const char *form_label(const struct form_field *d)
{
    return _(d->param ? d->param->label : d->label);
}

const char *form_about(const struct form_field *d)
{
    return _(d->param ? d->param->help : d->help);
}

void form_init(struct form *f, const struct form_field *fields, int n, const char *button)
{
    *f = (struct form){ .fields = fields, .n = n, .button = button, .changed = -1 };
    while (f->focus < n && fields[f->focus].fixed)
        f->focus++;
}

void form_set(struct form *f, int field, const char *text, const char *id, enum form_source source)
{
    struct form_value *v = &f->values[field];

    input_set(&v->in, text);
    STR_SET(v->undo, text);
    STR_SET(v->id, id);
    v->source = v->undo_source = source;
    v->message[0] = v->level[0] = '\0';
}

int form_choices(const struct form *f, const struct model *m, int field)
{
    return f->fields[field].count ? f->fields[field].count(m, f) : 0;
}

int form_matches(const struct form *f, const struct model *m, int field, const char *typed,
                 int out[FORM_MATCHES])
{
    int n = form_choices(f, m, field), found = 0;

    for (int i = 0; i < n && found < FORM_MATCHES; i++) {
        struct form_choice c = { .id = "" };
        f->fields[field].choice(m, f, i, &c);
        if (!*typed || str_ifind(c.id, typed) || str_ifind(c.name, typed))
            out[found++] = i;
    }
    return found;
}

static void check(struct form *f, const struct model *m, int field)
{
    struct form_value *v = &f->values[field];

    v->message[0] = '\0';
    if (form_off(f, field))
        v->level[0] = '\0';
    else if (f->fields[field].check)
        STR_SET(v->level, f->fields[field].check(m, f, field, v->message, sizeof v->message));
}

void form_choose(struct form *f, const struct model *m, int field, int index)
{
    struct form_value *v = &f->values[field];
    struct form_choice c = { .id = "" };

    f->fields[field].choice(m, f, index, &c);
    input_set(&v->in, c.name[0] ? c.name : c.id);
    v->source = FORM_CHOSEN;
    if (!str_ieq(v->id, c.id))
        f->changed = field;
    STR_SET(v->id, c.id);
    check(f, m, field);
}

/* From text to id: a choice's id or name, without case; else what was typed. Then the check. */
void form_settle(struct form *f, const struct model *m, int field)
{
    struct form_value *v = &f->values[field];
    char before[INPUT_SIZE], guid[GUID_SIZE];
    int n = form_choices(f, m, field);
    bool found = false;

    if (f->fields[field].fixed)
        return;
    STR_SET(before, v->id);
    str_trim(v->in.text);
    if (v->in.at > strlen(v->in.text))
        v->in.at = strlen(v->in.text);
    STR_SET(v->id, v->in.text);
    if (guid_parse(guid, v->in.text))
        STR_SET(v->id, guid);
    for (int i = 0; i < n && !found; i++) {
        struct form_choice c = { .id = "" };
        f->fields[field].choice(m, f, i, &c);
        found = str_ieq(c.id, v->id) || str_ieq(c.name, v->in.text);
        if (found)
            STR_SET(v->id, c.id);
    }
    if (!found && (v->source == FORM_DEFAULT || v->source == FORM_CHOSEN) && before[0])
        STR_SET(v->id, before); /* its list is being asked anew */
    if (!str_eq(before, v->id))
        f->changed = field;
    check(f, m, field);
}

bool form_check(struct form *f, const struct model *m)
{
    int wrong = -1;

    for (int i = f->n - 1; i >= 0; i--) {
        form_settle(f, m, i);
        if (str_eq(f->values[i].level, "fail") && !f->fields[i].fixed)
            wrong = i;
    }
    if (wrong >= 0)
        f->focus = wrong;
    return wrong < 0;
}

int form_wrong(const struct form *f)
{
    for (int i = 0; i < f->n; i++)
        if (str_eq(f->values[i].level, "fail") && !form_off(f, i))
            return i;
    return -1;
}

void form_message(struct form *f, const char *field_id, const char *level, const char *text)
{
    for (int i = 0; i < f->n; i++)
        if (str_eq(form_id(&f->fields[i]), field_id)) {
            STR_SET(f->values[i].level, level);
            STR_SET(f->values[i].message, text);
        }
}
