#include "config.h"

#include "sandbox/seed.h"

#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/loop.h"
#include "base/str.h"
#include "sandbox/clouds.h"

static const char *const hci_regions[] = { "East US",     "South Central US", "Canada Central",
                                           "West Europe", "Southeast Asia",   "Australia East" };

/* Azure has more regions than the resource provider: a client must ask the provider, not this list.
 */
static const struct {
    const char *display, *geography, *group, *paired;
} locations[] = {
    { "East US", "United States", "US", "westus" },
    { "South Central US", "United States", "US", "northcentralus" },
    { "Canada Central", "Canada", "Canada", "canadaeast" },
    { "West Europe", "Europe", "Europe", "northeurope" },
    { "Southeast Asia", "Asia Pacific", "Asia Pacific", "eastasia" },
    { "Australia East", "Australia", "Asia Pacific", "australiasoutheast" },
    { "West US", "United States", "US", "eastus" },
    { "North Europe", "Europe", "Europe", "westeurope" },
    { "Germany West Central", "Germany", "Europe", "germanynorth" },
};

static const struct {
    const char *name, *state, *quota, *limit;
    int tenant;
} subscriptions[] = {
    { "Contoso-Prod-HCI", "Enabled", "EnterpriseAgreement_2014-09-01", "Off", 0 },
    { "Contoso-Test-HCI", "Warned", "PayAsYouGo_2014-09-01", "Off", 0 },
    { "Contoso-Old-Lab", "Disabled", "FreeTrial_2014-09-01", "On", 0 },
    { "Fabrikam-Stores-HCI", "Enabled", "EnterpriseAgreement_2014-09-01", "Off", 1 },
};

static const char owner_role[] = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635";

char *seed_key(const char *id)
{
    struct str s = STR_INIT;
    char *key;

    if (id[0] != '/')
        str_addc(&s, '/');
    str_add(&s, id);
    while (s.len > 1 && s.p[s.len - 1] == '/')
        s.p[--s.len] = 0;
    key = str_take(&s);
    str_lower(key);
    return key;
}

static void set_fmt(struct json *j, const char *name, const char *fmt, const char *value)
{
    struct str s = STR_INIT;
    const char *mark = strstr(fmt, "%s");

    str_addn(&s, fmt, (size_t)(mark - fmt));
    str_add(&s, value);
    str_add(&s, mark + 2);
    json_set_str(j, name, str_p(&s));
    str_free(&s);
}

static struct json *make_tenant(const char *id, const char *name, const char *domain)
{
    struct json *t = json_object(), *domains = json_array();

    set_fmt(t, "id", "/tenants/%s", id);
    json_set_str(t, "tenantId", id);
    json_set_str(t, "countryCode", "US");
    json_set_str(t, "displayName", name);
    json_push(domains, json_string(domain));
    json_set(t, "domains", domains);
    json_set_str(t, "defaultDomain", domain);
    json_set_str(t, "tenantType", "AAD");
    return t;
}

static struct json *make_subscription(const char *id, const char *tenant, const char *name,
                                      const char *state)
{
    struct json *s = json_object(), *policies = json_object();

    set_fmt(s, "id", "/subscriptions/%s", id);
    json_set_str(s, "subscriptionId", id);
    json_set_str(s, "tenantId", tenant);
    json_set_str(s, "displayName", name);
    json_set_str(s, "state", state);
    json_set_str(policies, "locationPlacementId", "Public_2014-09-01");
    json_set_str(policies, "quotaId", "EnterpriseAgreement_2014-09-01");
    json_set_str(policies, "spendingLimit", "Off");
    json_set(s, "subscriptionPolicies", policies);
    json_set_str(s, "authorizationSource", "RoleBased");
    json_set(s, "managedByTenants", json_array());
    return s;
}

static struct json *make_user(const char *oid, const char *upn, const char *name, const char *tid)
{
    struct json *u = json_object();

    json_set_str(u, "oid", oid);
    json_set_str(u, "upn", upn);
    json_set_str(u, "name", name);
    json_set_str(u, "tid", tid);
    return u;
}

static void add_locations(struct json *root)
{
    struct json *list = json_array(), *regions = json_array();
    const struct sb_cloud *c = sb_cloud();

    if (c)
        sb_cloud_regions(c, list, regions);
    for (size_t i = 0; i < ARRAY_LEN(locations) && !c; i++) {
        struct json *l = json_object();
        char name[64];

        str_region(name, sizeof name, locations[i].display);
        json_set_str(l, "name", name);
        json_set_str(l, "displayName", locations[i].display);
        json_set_str(l, "geography", locations[i].geography);
        json_set_str(l, "geographyGroup", locations[i].group);
        json_set_str(l, "paired", locations[i].paired);
        json_push(list, l);
    }
    for (size_t i = 0; i < ARRAY_LEN(hci_regions) && !c; i++)
        json_push(regions, json_string(hci_regions[i]));
    json_set(root, "locations", list);
    json_set(root, "regions", regions);
}

static void add_cloud(struct json *root)
{
    struct json *server = json_object();

    json_set_str(server, "cloud", sb_cloud() ? sb_cloud()->name : "");
    json_set(root, "server", server);
}

static void default_subscriptions(struct json *root, const char *const tenants[2])
{
    struct json *list = json_array();

    for (size_t i = 0; i < ARRAY_LEN(subscriptions); i++) {
        char id[GUID_SIZE];
        struct json *s;

        guid_random(id);
        s = make_subscription(id, tenants[subscriptions[i].tenant], subscriptions[i].name,
                              subscriptions[i].state);
        json_set_str(json_edit(json_get(s, "subscriptionPolicies")), "quotaId",
                     subscriptions[i].quota);
        json_set_str(json_edit(json_get(s, "subscriptionPolicies")), "spendingLimit",
                     subscriptions[i].limit);
        json_push(list, s);
    }
    json_set(root, "subscriptions", list);
}

static void seed_subscriptions(struct json *root, const struct json *given, const char *tenant)
{
    struct json *list = json_array();

    JSON_EACH (c, given) {
        const char *name = json_str(c, "displayName"), *state = json_str(c, "state");
        const char *tid = json_str(c, "tenantId");
        char id[GUID_SIZE];
        struct json *s;

        if (!json_str(c, "subscriptionId") || !guid_parse(id, json_str(c, "subscriptionId")))
            guid_random(id);
        s = make_subscription(id, tid ? tid : tenant, name ? name : "Subscription",
                              state ? state : "Enabled");
        JSON_EACH (m, c) {
            if (!str_eq(json_name(m), "subscriptionId") && !str_eq(json_name(m), "id"))
                json_set(s, json_name(m), json_copy(m));
        }
        json_push(list, s);
    }
    json_set(root, "subscriptions", list);
}

static void seed_users(struct json *root, const struct json *given, const char *tenant)
{
    struct json *list = json_array();

    JSON_EACH (c, given) {
        const char *oid = json_str(c, "oid"), *upn = json_str(c, "upn"), *tid = json_str(c, "tid");
        const char *name = json_str(c, "name");
        char fresh[GUID_SIZE];

        struct json *u;

        guid_random(fresh);
        u = make_user(oid ? oid : fresh, upn ? upn : "user@contoso.onmicrosoft.com",
                      name ? name : "User", tid ? tid : tenant);
        if (json_is_array(json_member(c, "groups")))
            json_set(u, "groups", json_copy(json_member(c, "groups")));
        json_push(list, u);
    }
    json_set(root, "users", list);
}

/* The first user owns every subscription: the assignments stand there to be listed. */
static void add_owner(struct json *root, const struct json *user)
{
    struct json *resources = json_edit(json_get(root, "resources"));
    char now[TIME_SIZE];

    time_iso7(now, wall_ms());
    JSON_EACH (sub, json_get(root, "subscriptions")) {
        const char *sid = json_str(sub, "subscriptionId");
        struct json *a = json_object(), *p = json_object();
        struct str id = STR_INIT, role = STR_INIT;
        char name[GUID_SIZE], *key;

        guid_random(name);
        str_addf(&id, "/subscriptions/%s/providers/Microsoft.Authorization/roleAssignments/%s", sid,
                 name);
        str_addf(&role, "/subscriptions/%s/providers/Microsoft.Authorization/roleDefinitions/%s",
                 sid, owner_role);
        json_set_str(a, "id", str_p(&id));
        json_set_str(a, "name", name);
        json_set_str(a, "type", "Microsoft.Authorization/roleAssignments");
        json_set_str(p, "roleDefinitionId", str_p(&role));
        json_set_str(p, "principalId", json_str(user, "oid"));
        json_set_str(p, "principalType", "User");
        set_fmt(p, "scope", "/subscriptions/%s", sid);
        json_set_str(p, "createdOn", now);
        json_set_str(p, "updatedOn", now);
        json_set(a, "properties", p);
        key = seed_key(str_p(&id));
        json_set(resources, key, a);
        free(key);
        str_free(&id);
        str_free(&role);
    }
}

static int seed_resources(struct json *root, const struct json *given, struct err *e)
{
    struct json *resources = json_edit(json_get(root, "resources"));

    JSON_EACH (c, given) {
        const char *id = json_str(c, "id");
        char *key;

        if (!id || id[0] != '/')
            return err_set(e, ERR_USAGE, 0,
                           _("A resource of the seed has no id that starts with \"/\"."));
        key = seed_key(id);
        json_set(resources, key, json_copy(c));
        free(key);
    }
    return 0;
}

/* Seed providers hold for every subscription. */
static void seed_providers(struct json *root, const struct json *given)
{
    struct json *providers = json_object();

    JSON_EACH (ns, given) {
        JSON_EACH (sub, json_get(root, "subscriptions")) {
            struct json *p = json_object();
            struct str key = STR_INIT;
            char *lower;

            str_addf(&key, "%s/%s", json_str(sub, "subscriptionId"), json_name(ns));
            lower = str_take(&key);
            str_lower(lower);
            json_set_str(p, "state", json_value_str(ns));
            json_set(providers, lower, p);
            free(lower);
        }
    }
    json_set(root, "providers", providers);
}

static bool is_guid(const struct json *j)
{
    char id[GUID_SIZE];
    return json_is_string(j) && guid_parse(id, json_value_str(j));
}

static bool is_state(const struct json *j)
{
    static const char *const states[] = { "Enabled", "Warned", "PastDue", "Disabled", "Deleted" };
    for (size_t i = 0; i < ARRAY_LEN(states); i++)
        if (str_eq(json_value_str(j), states[i]))
            return true;
    return false;
}

/* A mistyped seed must not become a world that merely looks like the wanted one. */
static int check_seed(const struct json *seed, struct err *e)
{
    static const struct {
        const char *name;
        bool (*fits)(const struct json *j);
    } members[] = { { "tenant", is_guid },
                    { "subscriptions", json_is_array },
                    { "users", json_is_array },
                    { "resources", json_is_array },
                    { "providers", json_is_object },
                    { "resourceProviderObjectIdNull", json_is_bool },
                    { "resourceProviderObjectIdNever", json_is_bool },
                    { "denyActions", json_is_array },
                    { "roleAssignments", json_is_array },
                    { "denyAssignments", json_is_array },
                    { "policies", json_is_array },
                    { "regions", json_is_array } };

    if (!json_is_object(seed))
        return err_set(e, ERR_USAGE, 0, _("The seed is not a JSON object."));
    JSON_EACH (m, seed) {
        size_t i = 0;
        while (i < ARRAY_LEN(members) && !str_eq(members[i].name, json_name(m)))
            i++;
        if (i == ARRAY_LEN(members))
            return err_set(e, ERR_USAGE, 0, _("The seed's member \"%s\" is not known."),
                           json_name(m));
        if (!members[i].fits(m))
            return err_set(e, ERR_USAGE, 0, _("The seed's member \"%s\" has a wrong value."),
                           json_name(m));
    }
    JSON_EACH (s, json_get(seed, "subscriptions")) {
        const struct json *id = json_member(s, "subscriptionId"), *state = json_member(s, "state");
        if (!json_is_object(s) || (id && !is_guid(id)) || (state && !is_state(state)))
            return err_set(e, ERR_USAGE, 0,
                           _("A subscription of the seed has a wrong id or an unknown state."));
    }
    return 0;
}

int seed_world(struct json *root, const struct json *seed, struct err *e)
{
    const struct json *subs = json_get(seed, "subscriptions"), *users = json_get(seed, "users");
    const char *wanted = json_str(seed, "tenant");
    char t1[GUID_SIZE], t2[GUID_SIZE], oid[GUID_SIZE];
    const char *ids[2] = { t1, t2 };
    struct json *tenants, *list, *options;

    if (seed && check_seed(seed, e))
        return -1;
    tenants = json_array();
    list = json_array();
    options = json_object();
    if (!wanted || !guid_parse(t1, wanted))
        guid_random(t1);
    guid_random(t2);
    guid_random(oid);
    json_push(tenants, make_tenant(t1, "Contoso", "contoso.onmicrosoft.com"));
    json_push(tenants, make_tenant(t2, "Fabrikam", "fabrikam.onmicrosoft.com"));
    json_set(root, "tenants", tenants);
    json_set(root, "resources", json_object());
    add_locations(root);
    add_cloud(root);
    if (json_is_array(json_get(seed, "regions")))
        json_set(root, "regions", json_copy(json_get(seed, "regions")));
    if (json_is_array(subs))
        seed_subscriptions(root, subs, t1);
    else
        default_subscriptions(root, ids);
    json_push(list, make_user(oid, "anna@contoso.onmicrosoft.com", "Anna Contoso", t1));
    json_set(root, "users", list);
    if (json_is_array(users))
        seed_users(root, users, t1);
    if (!json_get(seed, "roleAssignments"))
        add_owner(root, json_first(json_get(root, "users")));
    seed_providers(root, json_get(seed, "providers"));
    json_set_bool(options, "resourceProviderObjectIdNull",
                  json_flag(seed, "resourceProviderObjectIdNull", false));
    json_set_bool(options, "resourceProviderObjectIdNever",
                  json_flag(seed, "resourceProviderObjectIdNever", false));
    json_set(options, "denyActions",
             json_is_array(json_get(seed, "denyActions")) ? json_copy(json_get(seed, "denyActions"))
                                                          : json_array());
    json_set(root, "options", options);
    return seed_resources(root, json_get(seed, "resources"), e);
}
