/* app_choices.c - what can be chosen: tenants, their subscriptions (each asked with its own
 * tenant's token, first sighting kept: azure-wire.md 1.2.4, 2.3.3), and the regions that the
 * provider names for clusters in a subscription (2.5.3): a list to choose from, registered or not.
 * The plan counts only those of a registered one (register-flow.md 1.6; op_register_azure.c). */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/log.h"
#include "base/text.h"
#include "core/app_int.h"

#define PROVIDER "Microsoft.AzureStackHCI"

static void ask_regions(struct app *a, const char *subscription);

const struct sec_choice *app_choice(const struct sec_choice *items, size_t n, const char *id)
{
    for (size_t i = 0; i < n; i++)
        if (str_ieq(items[i].id, id))
            return &items[i];
    return NULL;
}

static void publish(struct app *a)
{
    state_publish(a->c.state, SEC_CHOICES, &a->choices.sec);
    app_publish_signin(a); /* the tenant's name may be known now */
}

static void add_region(struct sec_choices *s, const char *display)
{
    struct sec_choice *c;

    if (s->n_regions == SEC_MAX_REGIONS)
        return;
    c = &s->regions[s->n_regions];
    memset(c, 0, sizeof(*c));
    str_region(c->id, sizeof(c->id), display);
    if (!c->id[0] || !text_is_clean(c->id) || app_choice(s->regions, s->n_regions, c->id))
        return;
    TEXT_SET(c->name, display);
    s->n_regions++;
}

/* The dated list, for a cloud of the table; a discovered cloud that has no rows gets the public
 * one's. */
static void built_in_regions(struct app *a)
{
    struct sec_choices *s = &a->choices.sec;
    const char *cloud = a->has_cloud ? a->cloud.name : cloud_rows[0].name;

    s->n_regions = 0;
    s->regions_of[0] = 0;
    for (int pass = 0; pass < 2 && !s->n_regions; pass++, cloud = cloud_rows[0].name)
        for (size_t i = 0; i < cloud_region_count; i++) {
            const struct cloud_region *r = &cloud_regions[i];
            size_t before = s->n_regions;

            if (!str_ieq(r->cloud, cloud))
                continue;
            add_region(s, r->name);
            if (s->n_regions > before)
                TEXT_SET(s->regions[before].name, r->display);
        }
}

/* ---- the end of asking ---- */

static void cancel_calls(struct app_choices *c)
{
    if (c->call)
        arm_cancel(c->call);
    if (c->groups)
        arm_cancel(c->groups);
    c->call = c->groups = NULL;
    for (size_t i = 0; i < SEC_MAX_TENANTS; i++) {
        if (c->subs[i])
            arm_cancel(c->subs[i]);
        c->subs[i] = NULL;
        json_free(c->lists[i]);
        c->lists[i] = NULL;
        err_clear(&c->errs[i]);
    }
    c->subs_open = 0;
}

static void finish(struct app *a, const struct err *e)
{
    struct app_choices *c = &a->choices;
    struct serve_ask asks[APP_MAX_ASKS];
    size_t n = c->n_asks;

    memcpy(asks, c->asks, sizeof(asks));
    c->n_asks = 0;
    c->busy = false;
    cancel_calls(c);
    STR_SET(c->sec.state, err_is(e) && !c->sec.n_subs ? "failed" : "ready");
    c->sec.error = *e;
    c->sec.asked_at = wall_ms();
    publish(a);
    for (size_t i = 0; i < n; i++)
        if (err_is(e))
            serve_error(&asks[i], e);
        else
            serve_result(&asks[i], NULL);
}

/* ---- regions ---- */

static void take_regions(struct app *a, const struct json *provider)
{
    struct sec_choices *s = &a->choices.sec;

    s->n_regions = 0;
    JSON_EACH (type, json_get(provider, "resourceTypes"))
        if (str_ieq(json_str(type, "resourceType"), "clusters"))
            JSON_EACH (l, json_get(type, "locations"))
                if (json_value_str(l))
                    add_region(s, json_value_str(l));
    if (s->n_regions)
        STR_SET(s->regions_of, a->choices.subscription);
    else
        built_in_regions(a); /* not registered yet: Azure lists nothing */
}

/* Regions and groups are asked side by side. */
static void finish_both(struct app *a)
{
    struct err e = a->choices.regions_err;

    if (!a->choices.call && !a->choices.groups)
        finish(a, &e);
}

static void on_regions(void *payload, const struct arm_reply *r)
{
    struct app *a = payload;

    a->choices.call = NULL;
    if (!err_is(&r->err))
        take_regions(a, r->json);
    else
        built_in_regions(a);
    a->choices.regions_err = r->err;
    finish_both(a);
}

/* Who may not list groups types a name: that is no error. */
static void on_groups(void *payload, const struct arm_reply *r)
{
    struct app *a = payload;
    struct sec_choices *s = &a->choices.sec;

    a->choices.groups = NULL;
    s->n_groups = 0;
    STR_SET(s->groups_of, err_is(&r->err) ? "" : a->choices.subscription);
    JSON_EACH (g, json_get(r->json, "value")) {
        struct sec_choice *c = &s->groups[s->n_groups];

        if (s->n_groups == SEC_MAX_GROUPS)
            break;
        if (!json_str(g, "name") || !text_is_clean(json_str(g, "name")))
            continue;
        memset(c, 0, sizeof(*c));
        s->n_groups += STR_SET(c->name, json_str(g, "name"));
        TEXT_SET(c->state, json_str(g, "location"));
    }
    finish_both(a);
}

static void ask_regions(struct app *a, const char *subscription)
{
    const struct sec_choice *sub =
        app_choice(a->choices.sec.subs, a->choices.sec.n_subs, subscription);
    struct str path = STR_INIT;
    struct arm_req q = { .method = "GET", .api = API_RESOURCES };

    STR_SET(a->choices.subscription, subscription);
    a->choices.sec.n_groups = 0;
    a->choices.sec.groups_of[0] = 0;
    arm_path(&path, "/subscriptions/%s/providers/" PROVIDER, subscription);
    q.path = str_p(&path);
    q.tenant = sub && sub->parent[0] ? sub->parent : NULL;
    err_clear(&a->choices.regions_err);
    a->choices.call = arm_send(a->arm, &q, on_regions, a);
    str_reset(&path);
    arm_path(&path, "/subscriptions/%s/resourcegroups", subscription);
    q.path = str_p(&path);
    q.flags = ARM_PAGES;
    a->choices.groups = arm_send(a->arm, &q, on_groups, a);
    str_free(&path);
}

/* ---- tenants and subscriptions ---- */

static void add_subscription(struct sec_choices *s, const struct json *j, const char *tenant)
{
    const char *id = json_str(j, "subscriptionId");
    struct sec_choice *c;

    if (!id || s->n_subs == SEC_MAX_SUBS || app_choice(s->subs, s->n_subs, id))
        return;
    c = &s->subs[s->n_subs++];
    memset(c, 0, sizeof(*c));
    TEXT_SET(c->id, id);
    TEXT_SET(c->name, json_str(j, "displayName"));
    TEXT_SET(c->state, json_str(j, "state"));
    TEXT_SET(c->parent, json_str(j, "tenantId") ? json_str(j, "tenantId") : tenant);
}

static const struct sec_choice *only_enabled(const struct sec_choices *s)
{
    const struct sec_choice *found = NULL;

    for (size_t i = 0; i < s->n_subs; i++)
        if (str_eq(s->subs[i].state, "Enabled")) {
            if (found)
                return NULL;
            found = &s->subs[i];
        }
    return found;
}

static void merge(struct app *a)
{
    struct app_choices *c = &a->choices;
    struct err e = { 0 };
    size_t answered = 0;
    const struct sec_choice *one;

    c->sec.n_subs = 0;
    for (size_t i = 0; i < c->sec.n_tenants; i++) {
        answered += c->lists[i] != NULL;
        if (!c->lists[i] && err_is(&c->errs[i]) && !err_is(&e))
            e = c->errs[i];
        JSON_EACH (sub, json_get(c->lists[i], "value"))
            add_subscription(&c->sec, sub, c->sec.tenants[i].id);
    }
    one = only_enabled(&c->sec);
    if (!answered && err_is(&e)) {
        finish(a, &e);
    } else if (c->subscription[0] || one) {
        publish(a);
        ask_regions(a, c->subscription[0] ? c->subscription : one->id);
    } else {
        err_clear(&e);
        finish(a, &e);
    }
}

static void on_subs(void *payload, const struct arm_reply *r)
{
    struct app_tenant_ask *t = payload;
    struct app *a = t->app;
    struct app_choices *c = &a->choices;
    size_t i = t->at;

    c->subs[i] = NULL;
    if (err_is(&r->err)) {
        c->errs[i] = r->err;
        STR_SET(c->sec.tenants[i].state, r->err.remote_code);
        log_wrn("tenant %s: its subscriptions are not listed: %s", c->sec.tenants[i].id,
                r->err.message);
    } else {
        c->lists[i] = json_copy(r->json);
    }
    if (--c->subs_open == 0)
        merge(a);
}

static void ask_subs(struct app *a)
{
    struct app_choices *c = &a->choices;

    c->subs_open = c->sec.n_tenants;
    for (size_t i = 0; i < c->sec.n_tenants; i++) {
        struct arm_req q = { .method = "GET",
                             .path = "/subscriptions",
                             .api = API_SUBSCRIPTIONS,
                             .tenant = c->sec.tenants[i].id,
                             .flags = ARM_PAGES };

        c->tenant_asks[i].app = a;
        c->tenant_asks[i].at = i;
        c->subs[i] = arm_send(a->arm, &q, on_subs, &c->tenant_asks[i]);
    }
}

static void add_tenant(struct sec_choices *s, const char *id, const struct json *j)
{
    const char *name = json_str(j, "displayName"), *domain = json_str(j, "defaultDomain");
    struct sec_choice *c;
    struct str both = STR_INIT;

    if (!id || s->n_tenants == SEC_MAX_TENANTS || app_choice(s->tenants, s->n_tenants, id))
        return;
    c = &s->tenants[s->n_tenants++];
    memset(c, 0, sizeof(*c));
    TEXT_SET(c->id, id);
    str_add(&both, name ? name : "");
    if (domain)
        str_addf(&both, both.len ? " (%s)" : "%s", domain);
    TEXT_SET(c->name, str_p(&both));
    str_free(&both);
}

static void on_tenants(void *payload, const struct arm_reply *r)
{
    struct app *a = payload;
    struct app_choices *c = &a->choices;

    c->call = NULL;
    if (err_is(&r->err)) {
        finish(a, &r->err);
        return;
    }
    c->sec.n_tenants = 0;
    /* The tenant of the sign-in comes first: its sighting of a subscription counts. */
    JSON_EACH (t, json_get(r->json, "value"))
        if (str_ieq(json_str(t, "tenantId"), auth_view(a->auth)->tenant))
            add_tenant(&c->sec, json_str(t, "tenantId"), t);
    JSON_EACH (t, json_get(r->json, "value"))
        add_tenant(&c->sec, json_str(t, "tenantId"), t);
    add_tenant(&c->sec, auth_view(a->auth)->tenant[0] ? auth_view(a->auth)->tenant : NULL, NULL);
    if (c->sec.n_tenants)
        ask_subs(a);
    else
        merge(a);
}

static void ask_tenants(struct app *a)
{
    struct arm_req q = {
        .method = "GET", .path = "/tenants", .api = API_SUBSCRIPTIONS, .flags = ARM_PAGES
    };

    a->choices.call = arm_send(a->arm, &q, on_tenants, a);
}

/* ---- public ---- */

void app_choices_ask(struct app *a, const char *subscription)
{
    struct app_choices *c = &a->choices;
    bool known = c->sec.n_subs > 0 && !c->busy && subscription[0];

    cancel_calls(c);
    if (subscription[0] || !c->busy)
        STR_SET(c->subscription, subscription);
    c->busy = true;
    STR_SET(c->sec.state, "asking");
    err_clear(&c->sec.error);
    publish(a);
    if (known)
        ask_regions(a, subscription);
    else
        ask_tenants(a);
}

void app_choices(struct app *a, const struct serve_ask *ask, const struct json *args)
{
    struct app_choices *c = &a->choices;
    const char *sub = json_str(args, "subscription");
    char id[GUID_SIZE] = "";
    struct err e = { 0 };

    if (sub && sub[0] && !guid_parse(id, sub))
        err_set(&e, ERR_USAGE, 0, _("\"%s\" is no subscription id: it is a GUID."), sub);
    else if (c->n_asks == APP_MAX_ASKS)
        err_set(&e, ERR_OP, ERR_C_BUSY, "%s", _("Too many consoles ask for choices."));
    if (err_is(&e)) {
        serve_error(ask, &e);
        return;
    }
    c->asks[c->n_asks++] = *ask;
    app_choices_ask(a, id);
}

void app_choices_reset(struct app *a)
{
    struct app_choices *c = &a->choices;
    struct err e = { 0 };

    if (c->busy) {
        err_set(&e, ERR_AUTH, ERR_C_NOT_SIGNED_IN, "%s", _("Nobody is signed in to Azure."));
        finish(a, &e);
    }
    memset(&c->sec, 0, sizeof(c->sec));
    c->subscription[0] = 0;
    STR_SET(c->sec.state, "none");
    built_in_regions(a);
    publish(a);
}

void app_choices_free(struct app *a)
{
    cancel_calls(&a->choices);
}
