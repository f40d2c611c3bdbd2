/* fields_more.c - the parameters that most leave alone, and the resource groups to choose from. */
#include "config.h"

#include "console/face/fields.h"

#include <string.h>

#include "base/i18n.h"
#include "base/str.h"

/* ---- values ---- */

void fields_sentence(char *out, size_t size, const char *sentence)
{
    size_t n;

    str_copy(out, size, sentence ? sentence : "");
    n = strlen(out);
    if (n && out[n - 1] == '.')
        out[n - 1] = '\0';
}

/* NULL and "" in *e: nothing is given. */
static struct json *value_of(const struct param *p, const char *text, struct err *e)
{
    struct json *given = NULL, *own = NULL;

    if (!*text || (p->kind == PARAM_FLAG && str_eq(text, "no")))
        return NULL;
    if (p->kind == PARAM_TAGS)
        given = param_tags_read(text, e);
    else if (p->kind == PARAM_FLAG)
        given = str_eq(text, "yes") ? json_bool(true) : json_string(text);
    else
        given = json_string(text);
    if (given)
        param_judge(p, given, &own, e);
    json_free(given);
    return own;
}

const char *fields_check_param(const struct model *m, const struct form *f, int i, char *msg,
                               size_t size)
{
    const struct param *p = f->fields[i].param;
    struct err e = { 0 };
    struct json *own = value_of(p, f->values[i].id, &e);
    bool fine = own || !err_is(&e);

    (void)m;
    json_free(own);
    if (!fine && p->kind == PARAM_FLAG)
        str_copy(msg, size, _("yes or no"));
    else
        fields_sentence(msg, size, e.message);
    return fine ? "ok" : "fail";
}

void fields_add_more(struct json *args, const struct form *more)
{
    for (int i = 0; i < more->n; i++) {
        struct err ignored = { 0 };
        struct json *own = value_of(more->fields[i].param, more->values[i].id, &ignored);

        if (own)
            json_set(args, more->fields[i].param->id, own);
    }
}

/* ---- resource groups ---- */

static const struct sec_choices *choices(const struct model *m)
{
    return model_section(m, SEC_CHOICES);
}

static const struct sec_choice *group_named(const struct model *m, const char *name)
{
    for (size_t i = 0; i < choices(m)->n_groups; i++)
        if (str_ieq(choices(m)->groups[i].name, name))
            return &choices(m)->groups[i];
    return NULL;
}

/* The name that a new group would get by itself; "" if it is there already, or no list came. */
static void new_name(const struct model *m, const struct form *f, const char *suffix, char *out,
                     size_t size)
{
    const struct sec_cluster *c = model_section(m, SEC_CLUSTER);
    int at = fields_at(f, WHERE_NAME);
    const char *name = at >= 0 ? f->values[at].id : "";

    out[0] = '\0';
    if (!*name)
        name = c->name;
    if (*name && choices(m)->n_groups)
        str_fmt(out, size, "%s%s", name, suffix);
    if (group_named(m, out))
        out[0] = '\0';
}

static int group_count(const struct model *m, const struct form *f, const char *suffix)
{
    char fresh[160];

    new_name(m, f, suffix, fresh, sizeof fresh);
    return (int)choices(m)->n_groups + (fresh[0] != '\0');
}

static void group_choice(const struct model *m, const struct form *f, const char *suffix, int i,
                         struct form_choice *out)
{
    char fresh[160];

    new_name(m, f, suffix, fresh, sizeof fresh);
    if (fresh[0] && i-- == 0) {
        STR_SET(out->id, fresh);
        STR_SET(out->note, _("create new"));
        return;
    }
    STR_SET(out->id, choices(m)->groups[i].name);
    str_fmt(out->note, sizeof out->note, _("existing, %s"), choices(m)->groups[i].state);
}

int fields_group_count(const struct model *m, const struct form *f)
{
    return group_count(m, f, "-rg");
}

void fields_group_choice(const struct model *m, const struct form *f, int i,
                         struct form_choice *out)
{
    group_choice(m, f, "-rg", i, out);
}

int fields_arc_group_count(const struct model *m, const struct form *f)
{
    return group_count(m, f, "-arc-rg");
}

void fields_arc_group_choice(const struct model *m, const struct form *f, int i,
                             struct form_choice *out)
{
    group_choice(m, f, "-arc-rg", i, out);
}

const char *fields_check_group(const struct model *m, const struct form *f, int i, char *msg,
                               size_t size)
{
    const char *level = fields_check_param(m, f, i, msg, size);
    const struct sec_choice *there = group_named(m, f->values[i].id);

    if (str_eq(level, "fail") || !f->values[i].id[0])
        return level;
    if (there)
        str_fmt(msg, size, _("existing, in %s: it is used"), there->state);
    else if (choices(m)->groups_of[0])
        str_copy(msg, size, _("new: it will be made"));
    else
        str_copy(msg, size, _("used if it is there, else made"));
    return "ok";
}

/* ---- yes and no ---- */

int fields_flag_count(const struct model *m, const struct form *f)
{
    (void)m;
    (void)f;
    return 2;
}

void fields_flag_choice(const struct model *m, const struct form *f, int i, struct form_choice *out)
{
    (void)m;
    (void)f;
    STR_SET(out->id, i ? "yes" : "no");
    STR_SET(out->name, i ? _("yes") : _("no"));
}

#define TEXT(no)                                                                                   \
    {                                                                                              \
        .param = &params[no], .check = fields_check_param                                          \
    }
#define FLAG(no)                                                                                   \
    {                                                                                              \
        .param = &params[no], .count = fields_flag_count, .choice = fields_flag_choice,            \
        .check = fields_check_param                                                                \
    }

const struct form_field more_fields[MORE_FIELDS] = {
    [MORE_ARC_GROUP] = { .param = &params[PAR_ARC_GROUP],
                         .count = fields_arc_group_count,
                         .choice = fields_arc_group_choice,
                         .check = fields_check_group,
                         .free = true },
    [MORE_TAG] = TEXT(PAR_TAG),
    [MORE_GROUP_TAGS] = TEXT(PAR_GROUP_TAGS),
    [MORE_REPAIR] = FLAG(PAR_REPAIR),
    [MORE_RECREATE] = FLAG(PAR_RECREATE),
    [MORE_THUMBPRINT] = TEXT(PAR_THUMBPRINT),
    [MORE_ARC_SPN] = TEXT(PAR_ARC_SPN),
    [MORE_STABLE_AGENT] = FLAG(PAR_STABLE_AGENT),
    [MORE_LOGS] = TEXT(PAR_LOGS),
};
