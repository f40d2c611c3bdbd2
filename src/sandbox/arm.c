/* Sources: azure-wire.md 2.2 (metadata), 2.3; Microsoft.Resources 2022-12-01 subscriptions.json;
 * routes name their own. */
#include "config.h"

#include "sandbox/arm.h"
#include "sandbox/clouds.h"

#include <stdlib.h>
#include <string.h>

/* ---- metadata ---- */

static struct json *strings(const char *const *list, size_t n)
{
    struct json *a = json_array();

    for (size_t i = 0; i < n; i++)
        json_push(a, json_string(list[i]));
    return a;
}

static void set_url(struct json *j, const char *name, const char *base, const char *rest)
{
    struct str s = STR_INIT;

    str_addf(&s, "%s%s", base, rest);
    json_set_str(j, name, str_p(&s));
    str_free(&s);
}

static struct json *authentication(const char *base)
{
    struct json *a = json_object();
    const char *audiences[] = { base, "https://management.core.windows.net/",
                                "https://management.azure.com/" };

    set_url(a, "loginEndpoint", base, "/");
    json_set(a, "audiences", strings(audiences, ARRAY_LEN(audiences)));
    return a;
}

/* The member by which azloconf knows that this cloud speaks docs/dataplane.md. */
static struct json *own_member(const char *base, const char *host)
{
    struct json *j = json_object();
    char name[256];
    const char *names[] = { name };
    const char *colon = strrchr(host, ':');

    if (host[0] == '[')
        str_fmt(name, sizeof name, "%.*s", (int)strcspn(host + 1, "]"), host + 1);
    else
        str_fmt(name, sizeof name, "%.*s", colon ? (int)(colon - host) : (int)strlen(host), host);
    json_set_int(j, "dataplane", 1);
    set_url(j, "usageScope", base, "/usage/.default");
    json_set(j, "verificationHosts", strings(names, 1));
    return j;
}

static struct json *whole_cloud(const char *base, const char *host)
{
    struct json *c = json_object(), *a = authentication(base), *suffixes = json_object(),
                *dp = json_object();

    json_set_str(c, "name", "azlosandbox");
    set_url(c, "portal", base, "/");
    json_set_str(a, "tenant", "common");
    json_set_str(a, "identityProvider", "AAD");
    json_set(c, "authentication", a);
    set_url(c, "resourceManager", base, "");
    set_url(c, "graph", base, "/");
    set_url(c, "graphAudience", base, "/");
    set_url(c, "microsoftGraphResourceId", base, "/");
    set_url(c, "gallery", base, "/");
    set_url(c, "batch", base, "/");
    set_url(c, "media", base, "/");
    set_url(c, "sqlManagement", base, "/");
    set_url(c, "vmImageAliasDoc", base, "/");
    json_set_str(suffixes, "storage", "azlosandbox.invalid");
    json_set_str(suffixes, "keyVaultDns", "vault.azlosandbox.invalid");
    json_set_str(suffixes, "acrLoginServer", "azurecr.azlosandbox.invalid");
    json_set(c, "suffixes", suffixes);
    set_url(dp, "hciDataplaneServiceEndpoint", base, "/dataplane");
    json_set(c, "dataplaneEndpoints", dp);
    json_set(c, "azloconf", own_member(base, host));
    return c;
}

static void metadata(struct sb_req *q, struct sb_reply *r)
{
    struct json *body;

    res_note_base(q);
    if (sb_cloud()) {
        body = sb_cloud_metadata(sb_cloud(), q->api_version);
    } else if (str_eq(q->api_version, "2015-01-01")) {
        body = json_object();
        set_url(body, "galleryEndpoint", q->base, "/");
        set_url(body, "graphEndpoint", q->base, "/");
        set_url(body, "portalEndpoint", q->base, "/");
        json_set(body, "authentication", authentication(q->base));
        json_set(body, "azloconf", own_member(q->base, q->host));
    } else if (strcmp(q->api_version, "2022-09-01") < 0) {
        body = json_array();
        json_push(body, whole_cloud(q->base, q->host));
    } else {
        body = whole_cloud(q->base, q->host);
    }
    sb_reply_json(r, 200, body);
}

/* ---- tenants, subscriptions, locations ---- */

static void reply_list(struct sb_reply *r, struct json *value, bool next_link)
{
    struct json *body = json_object();

    json_set(body, "value", value);
    if (next_link)
        json_set_str(body, "nextLink", ""); /* the contract requires it here */
    sb_reply_json(r, 200, body);
}

static void tenants(struct sb_req *q, struct sb_reply *r)
{
    struct json *value = json_array();

    res_note_base(q);
    JSON_EACH (t, world_section(q->world, "tenants")) {
        struct json *c = json_copy(t);

        json_set_str(c, "tenantCategory",
                     str_ieq(json_str(t, "tenantId"), json_str(q->claims, "tid")) ? "Home"
                                                                                  : "ManagedBy");
        json_push(value, c);
    }
    reply_list(r, value, true);
}

static struct json *subscription_form(const struct json *s)
{
    struct json *out = json_object();

    JSON_EACH (m, s)
        if (json_name(m)[0] != '_')
            json_set(out, json_name(m), json_copy(m));
    return out;
}

static void subscriptions(struct sb_req *q, struct sb_reply *r)
{
    struct json *value = json_array();

    res_note_base(q);
    JSON_EACH (s, world_section(q->world, "subscriptions"))
        if (str_ieq(json_str(s, "tenantId"), json_str(q->claims, "tid")))
            json_push(value, subscription_form(s));
    reply_list(r, value, true);
}

static const struct res_need read_subscription = { "Microsoft.Resources/subscriptions/read", NULL,
                                                   false, false };

static void subscription(struct sb_req *q, struct sb_reply *r)
{
    if (res_allow(q, r, &read_subscription))
        sb_reply_json(r, 200, subscription_form(res_subscription(q->world, sb_var(q, "sub"))));
}

static struct json *location_form(const char *sub, const struct json *l)
{
    struct json *out = json_object(), *meta = json_object(), *pairs = json_array(),
                *pair = json_object();
    const char *name = json_str(l, "name"), *display = json_str(l, "displayName"),
               *paired = json_str(l, "paired");
    struct str id = STR_INIT;

    str_addf(&id, "/subscriptions/%s/locations/%s", sub, name);
    json_set_str(out, "id", str_p(&id));
    json_set_str(out, "name", name);
    json_set_str(out, "type", "Region");
    json_set_str(out, "displayName", display);
    json_set_str(out, "regionalDisplayName", display);
    json_set_str(meta, "regionType", "Physical");
    json_set_str(meta, "regionCategory", "Recommended");
    json_set_str(meta, "geography", json_str(l, "geography"));
    json_set_str(meta, "geographyGroup", json_str(l, "geographyGroup"));
    json_set_str(pair, "name", paired);
    str_reset(&id);
    str_addf(&id, "/subscriptions/%s/locations/%s", sub, paired);
    json_set_str(pair, "id", str_p(&id));
    json_push(pairs, pair);
    json_set(meta, "pairedRegion", pairs);
    json_set(out, "metadata", meta);
    str_free(&id);
    return out;
}

static void locations(struct sb_req *q, struct sb_reply *r)
{
    static const struct res_need need = { "Microsoft.Resources/subscriptions/locations/read", NULL,
                                          false, false };
    struct json *value;

    if (!res_allow(q, r, &need))
        return;
    value = json_array();
    JSON_EACH (l, world_section(q->world, "locations"))
        json_push(value, location_form(sb_var(q, "sub"), l));
    reply_list(r, value, false);
}

#define RESOURCES "Microsoft.Resources 2021-04-01 resources.json "
#define SUBS      "Microsoft.Resources 2022-12-01 subscriptions.json "
static const struct sb_route rows[] = {
    { "GET", "/metadata/endpoints", SB_ANYONE,
      "2015-01-01 2018-05-01 2019-05-01 2020-06-01 2022-09-01", metadata, "azure-wire.md 2.2" },
    { "GET", "/tenants", SB_ARM, ARM_SUBSCRIPTIONS, tenants, SUBS "Tenants_List" },
    { "GET", "/subscriptions", SB_ARM, ARM_SUBSCRIPTIONS, subscriptions,
      SUBS "Subscriptions_List" },
    { "GET", "/subscriptions/{sub}", SB_ARM, ARM_SUBSCRIPTIONS, subscription,
      SUBS "Subscriptions_Get" },
    { "GET", "/subscriptions/{sub}/locations", SB_ARM, ARM_SUBSCRIPTIONS, locations,
      SUBS "Subscriptions_ListLocations" },
    { "GET", "/subscriptions/{sub}/resourcegroups", SB_ARM, ARM_RESOURCES, groups_list,
      RESOURCES "ResourceGroups_List" },
    { "HEAD GET PUT PATCH DELETE", "/subscriptions/{sub}/resourcegroups/{rg}", SB_ARM,
      ARM_RESOURCES, groups_one, RESOURCES "ResourceGroups_*" },
    { "GET", "/subscriptions/{sub}/resourcegroups/{rg}/resources", SB_ARM, ARM_RESOURCES,
      groups_resources, RESOURCES "Resources_ListByResourceGroup" },
    { "GET", "/subscriptions/{sub}/resources", SB_ARM, ARM_RESOURCES, groups_resources,
      RESOURCES "Resources_List" },
    { "GET", "/subscriptions/{sub}/providers/Microsoft.ExtendedLocation/customLocations", SB_ARM,
      "2021-08-15", groups_custom_locations,
      "Microsoft.ExtendedLocation 2021-08-15 CustomLocations_ListBySubscription" },
    { "GET", "/subscriptions/{sub}/providers", SB_ARM, ARM_RESOURCES, providers_list,
      RESOURCES "Providers_List" },
    { "GET", "/subscriptions/{sub}/providers/{ns}", SB_ARM, ARM_RESOURCES, providers_get,
      RESOURCES "Providers_Get" },
    { "POST", "/subscriptions/{sub}/providers/{ns}/register", SB_ARM, ARM_RESOURCES,
      providers_register, RESOURCES "Providers_Register" },
    { "POST", "/subscriptions/{sub}/providers/{ns}/unregister", SB_ARM, ARM_RESOURCES,
      providers_unregister, RESOURCES "Providers_Unregister" },
    { "GET", "/providers/Microsoft.AzureStackHCI/operations", SB_ARM, HCI_VERSIONS,
      providers_hci_operations,
      "Microsoft.AzureStackHCI 2024-04-01 operations.json Operations_List" },
    { "GET", "/providers/Microsoft.HybridCompute/operations", SB_ARM, ARC_VERSIONS,
      providers_arc_operations,
      "Microsoft.HybridCompute 2022-03-10 HybridCompute.json Operations_List" },
    { "GET", "/subscriptions/{sub}/operationresults/{op}", SB_ARM, ARM_RESOURCES, lro_result,
      "azure-wire.md 2.8.3" },
    { "GET", "/subscriptions/{sub}/providers/{ns}/locations/{loc}/operationStatuses/{op}", SB_ARM,
      HCI_VERSIONS " " ARC_VERSIONS, lro_status, "azure-wire.md 2.8.2" },
    { "GET", "/subscriptions/{sub}/providers/{ns}/locations/{loc}/operationResults/{op}", SB_ARM,
      HCI_VERSIONS " " ARC_VERSIONS, lro_result, "azure-wire.md 2.8.3" },
};
const struct sb_routes arm_routes = { rows, ARRAY_LEN(rows) };
