#include "config.h"

#include "console/face/fields.h"

#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/name.h"
#include "base/str.h"
#include "wire/regions.h"

/* ---- choices ---- */

static const struct sec_choices *choices(const struct model *m)
{
    return model_section(m, SEC_CHOICES);
}

static void fill(struct form_choice *out, const struct sec_choice *c, const char *note)
{
    STR_SET(out->id, c->id);
    STR_SET(out->name, c->name);
    STR_SET(out->note, note);
}

int fields_tenant_count(const struct model *m, const struct form *f)
{
    (void)f;
    return (int)choices(m)->n_tenants;
}

void fields_tenant_choice(const struct model *m, const struct form *f, int i,
                          struct form_choice *out)
{
    (void)f;
    fill(out, &choices(m)->tenants[i], choices(m)->tenants[i].state);
}

int fields_at(const struct form *f, int where)
{
    for (int i = 0; i < f->n; i++)
        if (f->fields[i].param == where_fields[where].param)
            return i;
    return -1;
}

bool fields_rest(const struct form *f)
{
    int at = fields_at(f, WHERE_TENANT);

    return at >= 0 && form_off(f, at);
}

bool fields_places(const struct form *f)
{
    return fields_at(f, WHERE_TENANT) >= 0 && !fields_rest(f);
}

bool fields_changed_lists(const struct form *f, bool rested)
{
    return fields_places(f) && (rested || f->changed == fields_at(f, WHERE_TENANT) ||
                                f->changed == fields_at(f, WHERE_SUBSCRIPTION));
}

static const char *id_of(const struct form *f, int where)
{
    return f->values[fields_at(f, where)].id;
}

static bool of_tenant(const struct sec_choice *s, const struct form *f)
{
    const char *tenant = id_of(f, WHERE_TENANT);

    return !tenant[0] || !s->parent[0] || str_ieq(s->parent, tenant);
}

int fields_sub_count(const struct model *m, const struct form *f)
{
    int n = 0;

    for (size_t i = 0; i < choices(m)->n_subs; i++)
        n += of_tenant(&choices(m)->subs[i], f);
    return n;
}

void fields_sub_choice(const struct model *m, const struct form *f, int i, struct form_choice *out)
{
    for (size_t k = 0; k < choices(m)->n_subs; k++)
        if (of_tenant(&choices(m)->subs[k], f) && i-- == 0)
            fill(out, &choices(m)->subs[k], choices(m)->subs[k].state);
}

int fields_region_count(const struct model *m, const struct form *f)
{
    (void)f;
    return (int)choices(m)->n_regions;
}

void fields_region_choice(const struct model *m, const struct form *f, int i,
                          struct form_choice *out)
{
    const struct sec_choice *c = &choices(m)->regions[i];

    (void)f;
    fill(out, c, c->name[0] && !str_ieq(c->name, c->id) ? c->id : "");
}

static const struct sec_choice *find(const struct sec_choice *list, size_t n, const char *id)
{
    for (size_t i = 0; i < n; i++)
        if (str_ieq(list[i].id, id))
            return &list[i];
    return NULL;
}

/* ---- checks: each fills the message that stands under the field ---- */

const char *fields_check_tenant(const struct model *m, const struct form *f, int i, char *msg,
                                size_t size)
{
    const struct form_value *v = &f->values[i];
    const struct sec_choice *c = find(choices(m)->tenants, choices(m)->n_tenants, v->id);
    const struct sec_signin *in = model_section(m, SEC_SIGNIN);

    if (c && c->state[0]) {
        str_fmt(msg, size, _("refuses this sign-in (%s): sign in with this tenant's id"), c->state);
        return "warn";
    }
    if (c) {
        str_fmt(msg, size, "%s", str_ieq(v->in.text, c->id) ? c->name : c->id);
        return "ok";
    }
    if (in->tenant_name[0] && str_ieq(v->id, in->tenant_id)) {
        str_copy(msg, size, str_ieq(v->in.text, v->id) ? in->tenant_name : in->tenant_id);
        return "ok";
    }
    if (guid_is(v->id)) {
        str_copy(msg, size, _("typed; Azure is asked on the next page"));
        return "ok";
    }
    str_copy(msg, size,
             v->id[0] ? _("a tenant id looks like 72f988bf-86f1-41af-91ab-2d7cd011db47")
                      : _("a tenant is needed"));
    return "fail";
}

const char *fields_check_sub(const struct model *m, const struct form *f, int i, char *msg,
                             size_t size)
{
    const struct form_value *v = &f->values[i];
    const struct sec_choice *c = find(choices(m)->subs, choices(m)->n_subs, v->id);

    if (c && (str_ieq(c->state, "Disabled") || str_ieq(c->state, "Deleted"))) {
        str_fmt(msg, size, _("is %s: Azure writes nothing there. Enable it in the portal"),
                c->state);
        return "fail";
    }
    if (c && (str_ieq(c->state, "Warned") || str_ieq(c->state, "PastDue"))) {
        str_fmt(msg, size, _("is %s: a payment is due; it works for now"), c->state);
        return "warn";
    }
    if (c) {
        bool fine = str_ieq(c->state, "Enabled") || !c->state[0];
        str_fmt(msg, size, "%s%s%s", str_ieq(v->in.text, c->id) ? c->name : c->id, fine ? "" : ", ",
                fine ? "" : c->state);
        return fine ? "ok" : "warn";
    }
    if (guid_is(v->id)) {
        str_copy(msg, size, _("typed; Azure is asked on the next page"));
        return "ok";
    }
    str_copy(msg, size,
             v->id[0] ? _("no such name here; a subscription id is 32 digits with dashes")
                      : _("a subscription is needed"));
    return "fail";
}

static const char *nearest_region(const struct sec_choices *c, const char *typed)
{
    const struct sec_choice *near = region_near(c, typed);

    return near ? near->id : "";
}

const char *fields_check_region(const struct model *m, const struct form *f, int i, char *msg,
                                size_t size)
{
    const struct sec_choices *c = choices(m);
    char region[64];
    const char *near;

    str_region(region, sizeof region, f->values[i].id);
    if (!region[0]) {
        str_copy(msg, size, _("a region is needed"));
        return "fail";
    }
    if (find(c->regions, c->n_regions, region)) {
        str_fmt(msg, size, c->regions_of[0] ? "%s" : _("%s, after the built-in list"), region);
        return "ok";
    }
    near = nearest_region(c, region);
    if (c->n_regions && c->regions_of[0]) {
        str_fmt(msg, size,
                near[0] ? _("\"%s\" is not offered. Nearest: %s")
                        : _("\"%s\" is not offered for this subscription"),
                region, near);
        return "fail";
    }
    if (near[0])
        str_fmt(msg, size, _("not in the built-in list (%s is); Azure is asked next"), near);
    else
        str_copy(msg, size, _("not in the built-in list; Azure is asked on the next page"));
    return "warn";
}

static bool all_of(const char *s, const char *also)
{
    for (; *s; s++) {
        bool letter =
            (*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') || (*s >= '0' && *s <= '9');
        if (!letter && !strchr(also, *s))
            return false;
    }
    return true;
}

/* What is needed, then the parameter's own rules. */
const char *fields_check_name(const struct model *m, const struct form *f, int i, char *msg,
                              size_t size)
{
    if (!f->values[i].id[0]) {
        str_copy(msg, size, _("a name is needed"));
        return "fail";
    }
    return fields_check_param(m, f, i, msg, size);
}

const char *fields_need_group(const struct model *m, const struct form *f, int i, char *msg,
                              size_t size)
{
    return f->values[i].id[0] ? fields_check_group(m, f, i, msg, size)
                              : fields_check_name(m, f, i, msg, size);
}

/* The cluster that is made here: its own name (base/name.h). */
static const char *check_cluster(const struct model *m, const struct form *f, int i, char *msg,
                                 size_t size)
{
    const char *why = name_bad_cluster(f->values[i].id);

    (void)m;
    fields_sentence(msg, size, why);
    return why ? "fail" : "ok";
}

static const char *check_nodes(const struct model *m, const struct form *f, int i, char *msg,
                               size_t size)
{
    const char *s = f->values[i].id;

    (void)m;
    if (!s[0])
        str_copy(msg, size, _("at least one node is needed"));
    else if (!all_of(s, "-_., "))
        str_copy(msg, size, _("names of machines, with blanks between them"));
    else
        return "ok";
    return "fail";
}

const struct form_field create_fields[CREATE_FIELDS] = {
    { .id = "name",
      .label = N_("Cluster name"),
      .help = N_("The cluster's own name; Azure's resource gets it, too, unless you give another. "
                 "It cannot be changed later."),
      .check = check_cluster },
    { .id = "nodes",
      .label = N_("Nodes"),
      .help = N_("The machines of the cluster by name, with blanks between them. All of them are "
                 "registered together."),
      .check = check_nodes },
};

const struct form_field where_fields[WHERE_MOVE_FIELDS] = {
    { .param = &params[PAR_ENVIRONMENT], .fixed = true },
    { .param = &params[PAR_TENANT],
      .count = fields_tenant_count,
      .choice = fields_tenant_choice,
      .check = fields_check_tenant },
    { .param = &params[PAR_SUBSCRIPTION],
      .count = fields_sub_count,
      .choice = fields_sub_choice,
      .check = fields_check_sub },
    { .param = &params[PAR_REGION],
      .count = fields_region_count,
      .choice = fields_region_choice,
      .check = fields_check_region },
    { .param = &params[PAR_GROUP],
      .count = fields_group_count,
      .choice = fields_group_choice,
      .check = fields_need_group,
      .free = true },
    { .param = &params[PAR_NAME], .check = fields_check_name },
    { .param = &params[PAR_ARC_GROUP],
      .count = fields_arc_group_count,
      .choice = fields_arc_group_choice,
      .check = fields_check_group,
      .free = true },
};

/* ---- values ---- */

static void fill_field(struct form *f, int field, const char *text, const char *id)
{
    if (f->values[field].source == FORM_EMPTY && !f->values[field].in.text[0] && text[0])
        form_set(f, field, text, id, FORM_DEFAULT);
}

static void default_subscription(struct form *w, const struct model *m)
{
    const struct sec_choice *only = NULL;
    int n = 0;

    for (size_t i = 0; i < choices(m)->n_subs; i++) {
        const struct sec_choice *s = &choices(m)->subs[i];
        if (of_tenant(s, w) && str_ieq(s->state, "Enabled")) {
            only = s;
            n++;
        }
    }
    if (n == 1)
        fill_field(w, fields_at(w, WHERE_SUBSCRIPTION), only->name[0] ? only->name : only->id,
                   only->id);
}

/* What Azure's lists say of the values that stand there, except the one being typed. */
static void judge_known(struct form *w, const struct model *m)
{
    int last = choices(m)->groups_of[0] ? WHERE_GROUP : WHERE_REGION;

    for (int where = WHERE_TENANT; where <= last; where++) {
        int i = fields_at(w, where);

        if (w->values[i].in.text[0] && !(i == w->focus && (w->editing || w->list_open)) &&
            !str_eq(choices(m)->state, "asking"))
            form_settle(w, m, i);
    }
}

void fields_defaults(struct form *w, const struct model *m)
{
    const struct sec_core *core = model_section(m, SEC_CORE);
    const struct sec_cluster *cluster = model_section(m, SEC_CLUSTER);
    const struct sec_signin *in = model_section(m, SEC_SIGNIN);
    const struct sec_choice *t = find(choices(m)->tenants, choices(m)->n_tenants, in->tenant_id);
    const char *name = t && t->name[0] ? t->name : in->tenant_name;
    int tenant = fields_at(w, WHERE_TENANT);
    char group[96];

    if (fields_at(w, WHERE_CLOUD) >= 0)
        form_set(w, fields_at(w, WHERE_CLOUD), core->cloud, core->cloud, FORM_DEFAULT);
    fill_field(w, tenant, name[0] ? name : in->tenant_id, in->tenant_id);
    if (w->values[tenant].source == FORM_DEFAULT && name[0] &&
        str_ieq(w->values[tenant].in.text, in->tenant_id)) /* it came after the default */
        form_set(w, tenant, name, in->tenant_id, FORM_DEFAULT);
    default_subscription(w, m);
    if (cluster->name[0]) {
        str_fmt(group, sizeof group, "%s-rg", cluster->name);
        fill_field(w, fields_at(w, WHERE_GROUP), group, group);
        fill_field(w, fields_at(w, WHERE_NAME), cluster->name, cluster->name);
    }
    judge_known(w, m);
}

void fields_create_defaults(struct form *c, const struct model *m)
{
    const struct sec_core *core = model_section(m, SEC_CORE);
    const struct sec_nodes *nodes = model_section(m, SEC_NODES);
    struct str s = STR_INIT;

    for (size_t i = 0; i < nodes->n; i++)
        str_addf(&s, "%s%s", i ? " " : "", nodes->items[i].name);
    fill_field(c, CREATE_NODES, nodes->n ? str_p(&s) : core->host,
               nodes->n ? str_p(&s) : core->host);
    fill_field(c, CREATE_NAME, "cluster1", "cluster1");
    str_free(&s);
}

struct json *fields_create_args(const struct form *c)
{
    struct json *args = json_object(), *list = json_array();
    const char *p = c->values[CREATE_NODES].id;

    while (*p) {
        size_t n = strcspn(p, " ,");
        char name[64];
        if (n > 0 && n < sizeof name) {
            str_fmt(name, sizeof name, "%.*s", (int)n, p);
            json_push(list, json_string(name));
        }
        p += n + strspn(p + n, " ,");
    }
    json_set_str(args, "name", c->values[CREATE_NAME].id);
    json_set(args, "nodes", list);
    return args;
}

struct json *fields_choices_args(const struct form *w)
{
    struct json *args = json_object();
    const char *tenant = id_of(w, WHERE_TENANT), *sub = id_of(w, WHERE_SUBSCRIPTION);

    if (guid_is(tenant))
        json_set_str(args, "tenant", tenant);
    if (guid_is(sub))
        json_set_str(args, "subscription", sub);
    return args;
}

bool fields_lack_choices(const struct form *w, const struct model *m)
{
    const struct sec_choices *c = choices(m);
    const char *sub = id_of(w, WHERE_SUBSCRIPTION);

    return !str_eq(c->state, "ready") || (guid_is(sub) && !str_ieq(c->regions_of, sub));
}

struct json *fields_args(const struct form *w, const struct form *more)
{
    struct json *args = json_object();
    char region[64];

    str_region(region, sizeof region, w->values[WHERE_REGION].id);
    for (int i = WHERE_TENANT; i < WHERE_FIELDS; i++)
        json_set_str(args, form_id(&where_fields[i]), i == WHERE_REGION ? region : w->values[i].id);
    fields_add_more(args, more);
    return args;
}

const char *fields_source(enum form_source s)
{
    static const char *const words[] = { "", N_("default"), N_("typed"), N_("from Azure's list") };

    return words[s][0] ? _(words[s]) : "";
}
