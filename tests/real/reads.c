#include "config.h"

#include "real/kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "azure/rights.h"
#include "azure/roles.h"
#include "base/text.h"

#define OPENID_MS 30000

/* ---- what needs no token ---- */

static void on_cloud(void *payload, const struct cloud *cloud, const struct err *e)
{
    struct kit *k = payload;
    bool custom = k->o.cloud_endpoint != NULL;

    k->find = NULL;
    if (e && custom) {
        kit_fail(k, KIT_FAILED, "%s", e->message);
    } else if (e) {
        kit_error(k, e, e->http);
    } else {
        kit_note(k, "ok", "the cloud describes itself: %s", cloud->name);
        if (custom)
            kit_cloud(k, cloud);
    }
    kit_next(k);
}

void read_metadata(struct kit *k)
{
    const char *at = k->o.cloud_endpoint ? k->o.cloud_endpoint : k->cloud.arm;

    /* A built-in cloud's own row is used whatever it says of itself: all of that is for the record.
     */
    k->find = cloud_find_start(k->rec, at, k->o.ca_file || !k->o.cloud_endpoint, on_cloud, k);
}

static void on_openid(void *payload, const struct http_reply *r)
{
    struct kit *k = payload;

    k->plain = NULL;
    if (r->status == 200)
        kit_note(k, "ok", "%s (HTTP 200)", kit_step(k)->title);
    else if (r->status)
        kit_note(k, "failed", "%s: HTTP %d", kit_step(k)->title, r->status);
    else
        kit_note(k, "failed", "%s: %s", kit_step(k)->title, r->err.message);
    k->failed += r->status != 200;
    if (r->status == 0)
        kit_fail(k, KIT_FAILED, "Microsoft Entra is not reached: proxy, CA file, network?");
    kit_next(k);
}

void read_openid(struct kit *k)
{
    struct str url = STR_INIT;
    struct http_req q = { .method = "GET",
                          .headers = { { "Accept", "application/json" } },
                          .deadline_ms = OPENID_MS };

    str_addf(&url, "%s/", k->cloud.login);
    str_add_url(&url, k->o.tenant ? k->o.tenant : "organizations");
    str_add(&url, "/v2.0/.well-known/openid-configuration");
    q.url = url.p;
    k->plain = http_send(k->reads, &q, on_openid, k);
    str_free(&url);
}

/* ---- tenants and subscriptions ---- */

void read_tenants(struct kit *k)
{
    kit_ask(k, "GET", "/tenants", API_SUBSCRIPTIONS, ARM_PAGES, NULL);
}

void read_subscriptions(struct kit *k)
{
    kit_ask(k, "GET", "/subscriptions", API_SUBSCRIPTIONS, ARM_PAGES, NULL);
}

void got_subscriptions(struct kit *k, const struct arm_reply *r)
{
    if (err_is(&r->err)) {
        kit_error(k, &r->err, r->http);
        k->stopping = true;
    } else {
        k->subscriptions = json_copy(json_member(r->json, "value"));
        kit_note(k, "ok", "subscriptions: %zu (HTTP %d)", json_len(k->subscriptions), r->http);
    }
    kit_next(k);
}

static void take_subscription(struct kit *k, const struct json *s)
{
    STR_SET(k->subscription, json_str(s, "subscriptionId"));
    TEXT_SET(k->subscription_name, json_str(s, "displayName"));
    kit_note(k, "", "chosen: %s (%s)", k->subscription_name, k->subscription);
    kit_next(k);
}

static const struct json *nth(const struct json *list, int64_t n)
{
    JSON_EACH (s, list)
        if (--n == 0)
            return s;
    return NULL;
}

static void on_number(struct kit *k, char *line)
{
    int64_t n = 0;
    const struct json *s = line && str_to_int(line, &n) ? nth(k->subscriptions, n) : NULL;

    if (s) {
        take_subscription(k, s);
    } else if (!line || !line[0]) {
        kit_fail(k, KIT_USAGE, "no subscription was chosen");
        kit_next(k);
    } else {
        ask_line(k, on_number, "Its number (1 to %zu): ", json_len(k->subscriptions));
    }
}

void choose_subscription(struct kit *k)
{
    size_t count = json_len(k->subscriptions), n = 0;
    char guid[GUID_SIZE];

    if (k->o.subscription && !guid_parse(guid, k->o.subscription)) {
        kit_fail(k, KIT_USAGE, "a subscription is named by its id, a GUID: %s", k->o.subscription);
    } else if (k->o.subscription) {
        STR_SET(k->subscription, guid); /* GET tells whether it is there */
    } else if (count == 0) {
        kit_fail(k, KIT_FAILED,
                 "this account sees no subscription in tenant %s: name another tenant (--tenant), "
                 "or have a role assigned",
                 auth_view(k->auth)->tenant);
    } else if (count > 1 && !k->tty) {
        kit_fail(k, KIT_USAGE,
                 "%zu subscriptions: name one with AZL_AZURE_SUBSCRIPTION or --subscription",
                 count);
    } else if (count == 1) {
        take_subscription(k, json_first(k->subscriptions));
        return;
    } else {
        JSON_EACH (s, k->subscriptions)
            kit_note(k, "", "%3zu  %s  %s  %s", ++n, json_str(s, "subscriptionId"),
                     json_str(s, "state"), json_str(s, "displayName"));
        ask_line(k, on_number, "Which subscription? Its number: ");
        return;
    }
    kit_next(k);
}

static void in_subscription(struct kit *k, const char *below, const char *api, unsigned flags)
{
    struct str path = STR_INIT;

    arm_path(&path, "/subscriptions/%s", k->subscription);
    str_add(&path, below);
    kit_ask(k, "GET", path.p, api, flags, NULL);
    str_free(&path);
}

void read_subscription(struct kit *k)
{
    in_subscription(k, "", API_SUBSCRIPTIONS, 0);
}

void got_subscription(struct kit *k, const struct arm_reply *r)
{
    if (r->http == 404) {
        kit_fail(k, KIT_FAILED,
                 "the subscription %s does not exist in tenant %s, or this account has no right on "
                 "it [%s]",
                 k->subscription, auth_view(k->auth)->tenant, r->err.remote_code);
    } else if (err_is(&r->err)) {
        kit_error(k, &r->err, r->http);
        k->stopping = true;
    } else {
        TEXT_SET(k->state, json_str(r->json, "state"));
        TEXT_SET(k->subscription_name, json_str(r->json, "displayName"));
        kit_note(k, "ok", "subscription %s is %s (HTTP %d)", k->subscription_name, k->state,
                 r->http);
    }
    kit_next(k);
}

void read_locations(struct kit *k)
{
    in_subscription(k, "/locations", API_SUBSCRIPTIONS, ARM_PAGES);
}

/* ---- what must be refused ---- */

void got_refusal(struct kit *k, const struct arm_reply *r)
{
    if (r->http >= 400 && r->http < 500) {
        kit_note(k, "ok", "%s (HTTP %d %s)", kit_step(k)->title, r->http, r->err.remote_code);
    } else if (err_is(&r->err)) {
        kit_error(k, &r->err, r->http);
    } else {
        kit_note(k, "differs", "%s: it was not (HTTP %d)", kit_step(k)->title, r->http);
        k->failed++;
    }
    kit_next(k);
}

void got_not_found(struct kit *k, const struct arm_reply *r)
{
    got_refusal(k, r);
}

void read_no_token(struct kit *k)
{
    in_subscription(k, "", API_SUBSCRIPTIONS, ARM_NO_TOKEN);
}

void read_bad_version(struct kit *k)
{
    in_subscription(k, "/resourcegroups", "1999-01-01", 0);
}

static void in_missing_group(struct kit *k, const char *below, const char *api)
{
    struct str path = STR_INIT;

    arm_path(&path, "/subscriptions/%s/resourceGroups/%s", k->subscription, k->missing);
    str_add(&path, below);
    kit_ask(k, "GET", path.p, api, 0, NULL);
    str_free(&path);
}

void read_no_group(struct kit *k)
{
    in_missing_group(k, "", API_RESOURCES);
}

void read_no_cluster(struct kit *k)
{
    in_missing_group(k, "/providers/Microsoft.AzureStackHCI/clusters/azlchk-none", API_CLUSTERS);
}

/* ---- providers and regions ---- */

void read_provider(struct kit *k)
{
    struct str below = STR_INIT;

    str_addf(&below, "/providers/%s", strchr(kit_step(k)->id, '.') + 1);
    in_subscription(k, below.p, API_RESOURCES, 0);
    str_free(&below);
}

static void take_regions(struct kit *k, const struct json *provider)
{
    JSON_EACH (t, json_member(provider, "resourceTypes")) {
        if (!str_ieq(json_str(t, "resourceType"), "clusters"))
            continue;
        JSON_EACH (l, json_member(t, "locations")) {
            char name[64];

            str_region(name, sizeof(name), json_value_str(l));
            str_addf(&k->regions, "%s%s,", k->regions.len ? "" : ",", name);
        }
    }
}

void got_provider(struct kit *k, const struct arm_reply *r)
{
    char state[32];

    if (err_is(&r->err)) {
        kit_error(k, &r->err, r->http);
    } else {
        TEXT_SET(state, json_str(r->json, "registrationState"));
        kit_note(k, "ok", "%s is %s (HTTP %d)", kit_step(k)->title, state, r->http);
        if (str_ends(kit_step(k)->id, "AzureStackHCI")) {
            STR_SET(k->provider_state, state);
            take_regions(k, r->json);
        }
    }
    kit_next(k);
}

static bool has_region(const struct kit *k, const char *region)
{
    char with_commas[72];

    str_fmt(with_commas, sizeof(with_commas), ",%s,", region);
    return str_ifind(str_p(&k->regions), with_commas) != NULL;
}

void choose_region(struct kit *k)
{
    size_t n = 0;

    for (const char *p = str_p(&k->regions); *p; p++)
        n += *p == ',';
    kit_note(k, "ok", "regions that take cluster resources: %zu", n ? n - 1 : 0);
    if (k->o.region) {
        str_region(k->region, sizeof(k->region), k->o.region);
        if (n > 0 && !has_region(k, k->region))
            kit_fail(k, KIT_USAGE, "the region %s takes no cluster resources:%s", k->region,
                     k->regions.p);
    } else if (has_region(k, "eastus") || n == 0) {
        STR_SET(k->region, "eastus");
    } else {
        str_fmt(k->region, sizeof(k->region), "%.*s", (int)strcspn(k->regions.p + 1, ","),
                k->regions.p + 1);
    }
    kit_next(k);
}

/* ---- rights, and what is there ---- */

void read_permissions(struct kit *k)
{
    /* azure-wire.md 2.10.1: at this scope in use, though not in the contract */
    in_subscription(k, "/providers/Microsoft.Authorization/permissions", API_ROLES, ARM_PAGES);
}

/* What the writing part needs. Deny assignments and locks are not told here: a true answer is no
 * promise, but a false one saves a group that could be made and not deleted. */
static const char *const needed[] = {
    "Microsoft.Resources/subscriptions/resourceGroups/read",
    "Microsoft.Resources/subscriptions/resourceGroups/write",
    "Microsoft.Resources/subscriptions/resourceGroups/delete",
    "Microsoft.AzureStackHCI/clusters/read",
    "Microsoft.AzureStackHCI/clusters/write",
    "Microsoft.AzureStackHCI/clusters/delete",
};

void got_permissions(struct kit *k, const struct arm_reply *r)
{
    size_t n = 0;

    if (err_is(&r->err)) {
        kit_error(k, &r->err, r->http);
    } else {
        for (size_t i = 0; i < ARRAY_LEN(needed); i++) {
            if (rights_permit(r->json, needed[i]))
                continue;
            k->lacks = needed[i];
            kit_note(k, "", "this account may not: %s", needed[i]);
            n++;
        }
        kit_note(k, "ok", "%s: %zu of the %zu that the writing part needs (HTTP %d)",
                 kit_step(k)->title, ARRAY_LEN(needed) - n, ARRAY_LEN(needed), r->http);
    }
    kit_next(k);
}

void read_assignments(struct kit *k)
{
    struct str path = STR_INIT, query = STR_INIT;

    if (!auth_view(k->auth)->user_oid[0]) {
        kit_note(k, "", "%s: the tokens do not tell its object id", kit_step(k)->title);
        kit_next(k);
        return;
    }
    arm_path(&path, "/subscriptions/%s/providers/Microsoft.Authorization/roleAssignments",
             k->subscription);
    str_add(&query, "%24filter=");
    str_add_url(&query, "principalId eq '");
    str_add_url(&query, auth_view(k->auth)->user_oid);
    str_add_url(&query, "'");
    kit_query(k, path.p, API_ROLES, query.p, ARM_PAGES);
    str_free(&path);
    str_free(&query);
}

void read_clusters(struct kit *k)
{
    in_subscription(k, "/providers/Microsoft.AzureStackHCI/clusters", API_CLUSTERS, ARM_PAGES);
}

void read_refresh(struct kit *k)
{
    auth_token_reject(k->auth, NULL);
    kit_ask(k, "GET", "/subscriptions", API_SUBSCRIPTIONS, ARM_PAGES, NULL);
}
