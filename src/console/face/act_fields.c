#include "config.h"

#include "console/face/act_fields.h"

#include <string.h>

#include "base/i18n.h"
#include "base/str.h"
#include "console/face/fields.h"

/* ---- what is stored ---- */

/* The segment behind "/name/" of a resource's id, without case; "" if it has none. */
static void segment(char *out, size_t size, const char *id, const char *name)
{
    size_t n = strlen(name);

    out[0] = '\0';
    for (const char *p = strchr(id, '/'); p; p = strchr(p + 1, '/'))
        if (str_istarts(p + 1, name) && p[1 + n] == '/') {
            str_fmt(out, size, "%.*s", (int)strcspn(p + n + 2, "/"), p + n + 2);
            return;
        }
}

static void fill_empty(struct form *f, int field, const char *text)
{
    if (!f->values[field].in.text[0] && text[0])
        form_set(f, field, text, text, FORM_DEFAULT);
}

static const struct sec_choices *choices(const struct model *m)
{
    return model_section(m, SEC_CHOICES);
}

/* The stored id's name, once the list of names is there. */
static void name_subscription(struct form *f, int field, const struct model *m)
{
    const struct form_value *v = &f->values[field];
    const struct sec_choices *c = choices(m);

    for (size_t i = 0; v->source == FORM_DEFAULT && i < c->n_subs; i++)
        if (str_ieq(c->subs[i].id, v->id) && c->subs[i].name[0] && str_ieq(v->in.text, v->id)) {
            form_set(f, field, c->subs[i].name, c->subs[i].id, FORM_DEFAULT);
            return;
        }
}

void act_named_fill(struct form *f, const struct model *m)
{
    static const struct {
        int field;
        const char *name;
    } parts[] = { { ACT_NAMED_SUBSCRIPTION, "subscriptions" },
                  { ACT_NAMED_NAME, "clusters" },
                  { ACT_NAMED_GROUP, "resourceGroups" } };
    const struct sec_cluster *c = model_section(m, SEC_CLUSTER);
    char text[INPUT_SIZE];

    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        segment(text, sizeof text, c->azure_resource_uri, parts[i].name);
        fill_empty(f, parts[i].field, text);
    }
    name_subscription(f, ACT_NAMED_SUBSCRIPTION, m);
}

/* ---- choices and checks ---- */

static int sub_count(const struct model *m, const struct form *f)
{
    (void)f;
    return (int)choices(m)->n_subs;
}

static void sub_choice(const struct model *m, const struct form *f, int i, struct form_choice *out)
{
    const struct sec_choice *s = &choices(m)->subs[i];

    (void)f;
    STR_SET(out->id, s->id);
    STR_SET(out->name, s->name);
    STR_SET(out->note, s->state);
}

static const char *check_subscription(const struct model *m, const struct form *f, int i, char *msg,
                                      size_t size)
{
    const struct form_value *v = &f->values[i];

    (void)m;
    if (guid_is(v->id)) {
        str_copy(msg, size, str_ieq(v->id, v->in.text) ? "" : v->id);
        return "ok";
    }
    str_copy(msg, size,
             v->id[0] ? _("no such name here; a subscription id is 32 digits with dashes")
                      : _("a subscription is needed"));
    return "fail";
}

static const char *check_name(const struct model *m, const struct form *f, int i, char *msg,
                              size_t size)
{
    (void)m;
    (void)size;
    if (f->values[i].id[0])
        return "ok";
    str_copy(msg, size, _("a name is needed"));
    return "fail";
}

static const char *check_flag(const struct model *m, const struct form *f, int i, char *msg,
                              size_t size)
{
    const char *id = f->values[i].id;

    (void)m;
    if (!*id || str_eq(id, "yes") || str_eq(id, "no"))
        return "ok";
    str_copy(msg, size, _("yes or no"));
    return "fail";
}

const struct form_field act_named_fields[ACT_NAMED_FIELDS] = {
    [ACT_NAMED_SUBSCRIPTION] = { .id = "subscriptionId",
                                 .label = N_("Subscription"),
                                 .help = N_("Holds the cluster's resource. In the portal: "
                                            "Subscriptions, column Subscription ID. Name or id "
                                            "can also be typed."),
                                 .count = sub_count,
                                 .choice = sub_choice,
                                 .check = check_subscription },
    [ACT_NAMED_NAME] = { .id = "resourceName",
                         .label = N_("Resource name"),
                         .help = N_("The cluster's name in Azure. In the portal: Azure Local, "
                                    "column Name. Usually the cluster's own name."),
                         .check = check_name },
    [ACT_NAMED_GROUP] = { .id = "resourceGroupName",
                          .label = N_("Resource group"),
                          .help = N_("Holds the cluster's resource. Left empty, it is the name "
                                     "with -rg behind it. In the portal: Resource groups.") },
    [ACT_NAMED_FORCE] = { .id = "force",
                          .label = N_("Force"),
                          .help = N_("yes goes on past extensions that cannot be deleted, and past "
                                     "nothing else."),
                          .count = fields_flag_count,
                          .choice = fields_flag_choice,
                          .check = check_flag },
};

const struct form_field act_repair_fields[ACT_REPAIR_FIELDS] = {
    { .id = "recreate",
      .label = N_("Make it anew"),
      .help = N_("Only if the cluster's resource was deleted in Azure: makes a new one in its "
                 "place."),
      .count = fields_flag_count,
      .choice = fields_flag_choice,
      .check = check_flag },
};

const struct form_field act_arc_fields[ACT_ARC_FIELDS] = {
    { .param = &params[PAR_ARC_GROUP], .check = fields_check_param },
    { .param = &params[PAR_ARC_SPN], .check = fields_check_param },
};

/* ---- a reset ---- */

#define ALL_NODES "all"

static const struct sec_nodes *nodes(const struct model *m)
{
    return model_section(m, SEC_NODES);
}

static const char *this_node(const struct model *m)
{
    const struct sec_core *core = model_section(m, SEC_CORE);

    for (size_t i = 0; i < nodes(m)->n; i++)
        if (str_ieq(nodes(m)->items[i].name, core->host))
            return nodes(m)->items[i].name;
    return "";
}

static int node_count(const struct model *m, const struct form *f)
{
    (void)f;
    return nodes(m)->n ? (int)nodes(m)->n + 1 : 0;
}

static void node_choice(const struct model *m, const struct form *f, int i, struct form_choice *out)
{
    (void)f;
    if (i == (int)nodes(m)->n) {
        STR_SET(out->id, ALL_NODES);
        STR_SET(out->note, _("all machines"));
        return;
    }
    STR_SET(out->id, nodes(m)->items[i].name);
    if (str_eq(out->id, this_node(m)))
        STR_SET(out->note, _("this machine"));
}

static const char *check_node(const struct model *m, const struct form *f, int i, char *msg,
                              size_t size)
{
    const char *id = f->values[i].id;

    if (!*id && !*this_node(m) && nodes(m)->n > 1) {
        str_copy(msg, size, _("name a machine, or all"));
        return "fail";
    }
    for (size_t k = 0; k < nodes(m)->n; k++)
        if (str_ieq(nodes(m)->items[k].name, id))
            return "ok";
    if (!*id || !nodes(m)->n || str_ieq(id, ALL_NODES))
        return "ok";
    str_fmt(msg, size, _("there is no node %s here"), id);
    return "fail";
}

static bool once(const struct form *f)
{
    return !str_eq(f->values[ACT_RESET_AGAIN].id, "yes");
}

const struct form_field act_reset_fields[ACT_RESET_FIELDS] = {
    [ACT_RESET_NODE] = { .id = "node",
                         .label = N_("Machine"),
                         .help = N_("A node of the cluster, or all. Only its hold in Azure Arc "
                                    "goes; the machine is not installed anew."),
                         .count = node_count,
                         .choice = node_choice,
                         .check = check_node },
    [ACT_RESET_AGAIN] = { .id = "register",
                          .label = N_("Register again"),
                          .help = N_("yes registers the cluster when the reset is done, as one "
                                     "operation. Where to is asked here."),
                          .count = fields_flag_count,
                          .choice = fields_flag_choice,
                          .check = check_flag },
    [ACT_RESET_TENANT] = { .param = &params[PAR_TENANT],
                           .count = fields_tenant_count,
                           .choice = fields_tenant_choice,
                           .check = fields_check_tenant,
                           .off = once },
    [ACT_RESET_SUBSCRIPTION] = { .param = &params[PAR_SUBSCRIPTION],
                                 .count = fields_sub_count,
                                 .choice = fields_sub_choice,
                                 .check = fields_check_sub,
                                 .off = once },
    [ACT_RESET_REGION] = { .param = &params[PAR_REGION],
                           .count = fields_region_count,
                           .choice = fields_region_choice,
                           .check = fields_check_region,
                           .off = once },
    [ACT_RESET_GROUP] = { .param = &params[PAR_GROUP],
                          .count = fields_group_count,
                          .choice = fields_group_choice,
                          .check = fields_need_group,
                          .free = true,
                          .off = once },
    [ACT_RESET_NAME] = { .param = &params[PAR_NAME], .check = fields_check_name, .off = once },
    [ACT_RESET_ARC_GROUP] = { .param = &params[PAR_ARC_GROUP],
                              .count = fields_arc_group_count,
                              .choice = fields_arc_group_choice,
                              .check = fields_check_group,
                              .free = true,
                              .off = once },
};

/* ---- where a registration goes ---- */

void act_move_fill(struct form *f, const struct model *m)
{
    static const struct {
        int field;
        const char *name;
    } parts[] = { { WHERE_SUBSCRIPTION, "subscriptions" },
                  { WHERE_NAME, "clusters" },
                  { WHERE_GROUP, "resourceGroups" } };
    const struct sec_cluster *c = model_section(m, SEC_CLUSTER);
    char text[INPUT_SIZE];

    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        segment(text, sizeof text, c->azure_resource_uri, parts[i].name);
        fill_empty(f, fields_at(f, parts[i].field), text);
    }
    name_subscription(f, fields_at(f, WHERE_SUBSCRIPTION), m);
    fill_empty(f, fields_at(f, WHERE_REGION), c->region);
    fields_defaults(f, m);
}

void act_reset_fill(struct form *f, const struct model *m)
{
    fill_empty(f, ACT_RESET_NODE, this_node(m));
    fill_empty(f, ACT_RESET_AGAIN, "no");
    act_move_fill(f, m);
}
