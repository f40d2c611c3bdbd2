#include "config.h"

#include "op/fixture.h"

#include "azure/hci.h"

#include <stdlib.h>
#include <string.h>

/* ---- the small Azure ---- */

static char *lower(const char *path)
{
    char *s = xstrdup(path);

    str_lower(s);
    return s;
}

bool fx_has(const struct fx *fx, const char *path)
{
    char *key = lower(path);
    bool has = json_member(fx->resources, key) != NULL;

    free(key);
    return has;
}

void fx_put(struct fx *fx, const char *path, const char *text)
{
    struct err e = { 0 };
    char *key = lower(path);

    json_set(fx->resources, key, json_parse(text, strlen(text), 0, &e));
    free(key);
}

void fx_add_machine(struct fx *fx, const char *name)
{
    char path[400], body[200];

    str_fmt(path, sizeof path, "%s/%s", FX_MACHINES, name);
    if (fx_has(fx, path))
        fx->made_twice++;
    str_fmt(body, sizeof body, "{\"id\":\"x\",\"name\":\"%s\",\"properties\":{}}", name);
    fx_put(fx, path, body);
}

static void tell_settings(struct fx *fx, struct json *nodes, bool all)
{
    char *key = lower(FX_SETTINGS);
    struct json *p = json_edit(json_get(json_member(fx->resources, key), "properties"));

    free(key);
    if (!p) {
        json_free(nodes);
        return;
    }
    json_set(p, "perNodeDetails", nodes);
    json_set_str(p, "aggregateState", all ? "Connected" : "InProgress");
}

void fx_link_machines(struct fx *fx)
{
    struct json *nodes = json_array();
    bool all = true;

    for (size_t i = 0; i < fx->ports.n_nodes; i++) {
        struct fx_node *n = &fx->nodes[i];
        struct json *one = json_object();
        char path[400], *key;
        struct json *p = json_object();

        str_fmt(path, sizeof path, "%s/%s", FX_MACHINES, n->base.name);
        key = lower(path);
        json_set_str(p, "parentClusterResourceId", FX_CLUSTER);
        if (json_member(fx->resources, key))
            json_set(json_edit(json_member(fx->resources, key)), "properties", p);
        else
            json_free(p);
        free(key);
        json_set_str(one, "name", n->base.name);
        json_set_str(one, "state", n->connected && !fx->never_connected ? "Connected" : "Creating");
        all &= n->connected && !fx->never_connected;
        json_push(nodes, one);
    }
    tell_settings(fx, nodes, all);
}

static void fill_cluster(struct fx *fx, struct json *j)
{
    struct json *p = json_object();

    json_set_str(j, "id", FX_CLUSTER);
    json_set_str(p, "provisioningState", "Succeeded");
    json_set_str(p, "cloudId", "c1c1c1c1-0000-4000-8000-000000000001");
    json_set_str(p, "serviceEndpoint", "https://dp.test");
    json_set_str(p, "resourceProviderObjectId", fx->no_rp_object ? NULL : FX_RP);
    json_set(j, "properties", p);
    json_set_str(json_edit(json_member(j, "identity")), "principalId",
                 "b0b0b0b0-0000-4000-8000-00000000b0b0");
    if (fx->no_identity)
        json_unset(j, "identity");
}

static struct json *fill(struct fx *fx, const char *path, const struct json *sent)
{
    struct json *j = sent ? json_copy(sent) : json_object();
    const struct json *old;
    char *key = lower(path);

    old = json_member(fx->resources, key);
    free(key);
    if (!json_str(j, "id"))
        json_set_str(j, "id", path);
    if (str_ends(path, "/clusters/hci")) {
        fill_cluster(fx, j);
    } else if (str_ends(path, "/arcSettings/default")) {
        struct json *p = json_edit(json_get(j, "properties"));

        json_set_str(p, "aggregateState", "NotSpecified");
        json_set(p, "perNodeDetails", json_array());
    } else if (str_ifind(path, "/roleAssignments/")) {
        struct json *p = json_edit(json_get(j, "properties"));

        json_set_str(p, "scope", "/subscriptions/" FX_SUB "/resourceGroups/hci-rg");
        if (old)
            fx->made_twice -= 1; /* the same name and values: Azure answers 200 and keeps one */
    }
    return j;
}

static struct json *list_under(const struct fx *fx, const char *prefix, const char *part)
{
    struct json *out = json_object(), *value = json_array();

    JSON_EACH (r, fx->resources)
        if (str_istarts(json_name(r), prefix) && (!part || str_ifind(json_name(r), part)) &&
            strlen(json_name(r)) > strlen(prefix))
            json_push(value, json_copy(r));
    json_set(out, "value", value);
    return out;
}

struct json *fx_arm_code(const char *code)
{
    struct json *j = json_object(), *e = json_object();

    json_set_str(e, "code", code);
    json_set_str(e, "message", code);
    json_set(j, "error", e);
    return j;
}

static struct json *fx_consent(struct fx *fx)
{
    static const char text[] = "[{\"category\":\"Telemetry\",\"consentTime\":\"2026-11-21T09:00:"
                               "00Z\"}]";
    char *key = lower(FX_SETTINGS);
    struct json *settings = json_edit(json_member(fx->resources, key));
    struct err e = { 0 };

    free(key);
    json_set(json_edit(json_get(settings, "properties")), "defaultExtensions",
             json_parse(text, sizeof text - 1, 0, &e));
    return json_copy(settings);
}

static int do_post(struct fx *fx, const char *path, struct json **out)
{
    if (str_ends(path, "/register")) {
        char *key = lower(path);
        struct json *provider;

        key[strlen(key) - strlen("/register")] = '\0';
        provider = json_edit(json_member(fx->resources, key));
        free(key);
        json_set_str(provider, "registrationState", "Registered");
        *out = json_copy(provider);
    } else if (str_ends(path, "/reconcile")) {
        fx_link_machines(fx);
        *out = json_object();
    } else if (str_ends(path, "/consentAndInstallDefaultExtensions")) {
        *out = fx_consent(fx);
    } else if (!fx_aad_post(fx, path, out)) {
        char *key = lower(path);

        if (json_member(fx->resources, key))
            fx->made_twice++;
        free(key);
        fx_put(fx, path, "{}");
        *out = json_object();
    }
    return 200;
}

int fx_delete(struct fx *fx, const char *path)
{
    char *key = lower(path);
    bool there = json_member(fx->resources, key) != NULL;
    struct json *kept = json_object();
    size_t n = strlen(key);

    JSON_EACH (r, fx->resources)
        if (!str_istarts(json_name(r), key) || (json_name(r)[n] && json_name(r)[n] != '/'))
            json_set(kept, json_name(r), json_copy(r));
    json_free(fx->resources);
    fx->resources = kept;
    free(key);
    return there ? 200 : 204;
}

int fx_azure(struct fx *fx, const char *method, const char *path, const struct json *sent,
             struct json **out)
{
    char *key = lower(path);
    struct json *old = json_edit(json_member(fx->resources, key));
    int status = 200;

    if (str_eq(method, "GET") && str_ends(key, "/roleassignments")) {
        *out = list_under(fx, "/", "/roleassignments/");
    } else if (str_eq(method, "GET") && str_ends(key, "hybridcompute/machines")) {
        *out = list_under(fx, key, NULL);
    } else if (str_eq(method, "GET") && str_ends(key, "/resources")) {
        key[strlen(key) - strlen("resources")] = '\0';
        *out = list_under(fx, key, NULL);
    } else if (str_eq(method, "GET")) {
        status = old ? 200 : 404;
        *out = old ? json_copy(old) : fx_arm_code("ResourceNotFound");
    } else if (str_eq(method, "PUT")) {
        fx->made_twice += old != NULL;
        status = old ? 200 : 201;
        *out = fill(fx, path, sent);
        json_set(fx->resources, key, json_copy(*out));
    } else if (str_eq(method, "PATCH")) {
        if (!old) {
            free(key);
            *out = fx_arm_code("ResourceNotFound");
            return 404;
        }
        JSON_EACH (m, sent)
            json_set(old, json_name(m), json_copy(m));
        if (str_ends(path, "/clusters/hci")) {
            fx->no_rp_object = fx->no_identity = false;
            fill_cluster(fx, old);
        }
        *out = json_copy(old);
    } else if (str_eq(method, "POST")) {
        status = do_post(fx, path, out);
    } else {
        status = fx_delete(fx, path);
    }
    free(key);
    return status;
}

static void add_provider(struct fx *fx, const char *ns)
{
    struct str path = STR_INIT, body = STR_INIT;

    str_addf(&path, "/subscriptions/%s/providers/%s", FX_SUB, ns);
    str_addf(&body, "{\"registrationState\":\"NotRegistered\",\"resourceTypes\":[{\"resourceType\":"
                    "\"clusters\",\"locations\":"
                    "[\"East US\",\"West Europe\"]}]}");
    fx_put(fx, str_p(&path), str_p(&body));
    str_free(&path);
    str_free(&body);
}

void fx_world(struct fx *fx)
{
    fx->resources = json_object();
    fx_put(fx, "/subscriptions/" FX_SUB,
           "{\"state\":\"Enabled\",\"displayName\":\"Sub\",\"tenantId\":\"" FX_TENANT "\"}");
    add_provider(fx, "Microsoft.AzureStackHCI");
    add_provider(fx, "Microsoft.HybridCompute");
    add_provider(fx, "Microsoft.GuestConfiguration");
    add_provider(fx, "Microsoft.HybridConnectivity");
    fx_put(fx, FX_PERMISSIONS, "{\"value\":[{\"actions\":[\"*\"],\"notActions\":[]}]}");
}
