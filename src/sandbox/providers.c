/* Sources: Microsoft.Resources 2021-04-01 resources.json Providers_*; azure-wire.md 2.5;
 * register-flow.md 1.4. */
#include "config.h"

#include "sandbox/arm.h"
#include "sandbox/clouds.h"

#include <stdlib.h>
#include <string.h>

#define REGISTERING_MS 3000

enum where { HCI, EVERYWHERE, GLOBAL };

static const struct {
    const char *ns, *type, *versions;
    enum where where;
    bool always; /* registered in every subscription */
} types[] = {
    { NS_HCI, "clusters", HCI_VERSIONS, HCI, false },
    { NS_HCI, "clusters/arcSettings", HCI_VERSIONS, HCI, false },
    { NS_HCI, "clusters/arcSettings/extensions", HCI_VERSIONS, HCI, false },
    { NS_HCI, "locations/operationStatuses", HCI_VERSIONS, HCI, false },
    { NS_ARC, "machines", ARC_VERSIONS, EVERYWHERE, false },
    { NS_ARC, "machines/extensions", ARC_VERSIONS, EVERYWHERE, false },
    { "Microsoft.GuestConfiguration", "guestConfigurationAssignments", "2022-01-25", GLOBAL,
      false },
    { "Microsoft.HybridConnectivity", "endpoints", "2023-03-15", GLOBAL, false },
    { NS_AUTH, "roleAssignments", "2018-01-01-preview 2020-04-01-preview 2022-04-01", GLOBAL,
      true },
    { NS_AUTH, "roleDefinitions", "2018-01-01-preview 2022-04-01", GLOBAL, true },
    { "Microsoft.Resources", "resourceGroups", "2021-04-01 2022-09-01 2025-04-01", GLOBAL, true },
    { "Microsoft.Resources", "subscriptions", "2019-11-01 2021-01-01 2022-12-01", GLOBAL, true },
};

/* Inferred from register-flow.md 1.4: the module registers HybridConnectivity in the public cloud
 * alone, so the others are taken not to have it. */
static bool offered(const char *ns)
{
    return !str_ieq(ns, "Microsoft.HybridConnectivity") || !sb_cloud() ||
           str_eq(sb_cloud()->name, "AzureCloud");
}

const char *providers_versions(const char *ns, const char *type)
{
    for (size_t i = 0; i < ARRAY_LEN(types); i++)
        if (str_ieq(types[i].ns, ns) && str_ieq(types[i].type, type))
            return types[i].versions;
    return NULL;
}

static const char *known(const char *ns, bool *always)
{
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        if (str_ieq(types[i].ns, ns) && offered(ns)) {
            *always = types[i].always;
            return types[i].ns;
        }
    }
    return NULL;
}

/* Newest first, as ARM lists them. */
static struct json *version_list(const char *versions)
{
    const char *starts[24];
    struct json *list = json_array();
    size_t n = 0;

    for (const char *p = versions; *p && n < ARRAY_LEN(starts);) {
        starts[n++] = p;
        p += strcspn(p, " ");
        p += strspn(p, " ");
    }
    while (n-- > 0) {
        char one[32];
        size_t len = strcspn(starts[n], " ");

        str_fmt(one, sizeof one, "%.*s", (int)len, starts[n]);
        json_push(list, json_string(one));
    }
    return list;
}

static struct json *places(struct world *w, enum where where)
{
    struct json *list = json_array();

    if (where == HCI) {
        JSON_EACH (l, world_section(w, "regions"))
            json_push(list, json_copy(l));
    } else if (where == EVERYWHERE) {
        JSON_EACH (l, world_section(w, "locations"))
            json_push(list, json_string(json_str(l, "displayName")));
    } else {
        json_push(list, json_string("global"));
    }
    return list;
}

static struct json *entry(struct world *w, const char *sub, const char *ns)
{
    struct json *all = world_section(w, "providers");
    struct str key = STR_INIT;
    char *lower;

    str_addf(&key, "%s/%s", sub, ns);
    lower = str_take(&key);
    str_lower(lower);
    if (!json_member(all, lower)) {
        struct json *p = json_object();

        json_set_str(p, "state", "NotRegistered");
        json_set(all, lower, p);
    }
    all = json_edit(json_member(all, lower));
    free(lower);
    return all;
}

static struct json *form(struct sb_req *q, const char *ns, bool always)
{
    const char *sub = sb_var(q, "sub");
    struct json *p = json_object(), *list = json_array();
    const char *state = "Registered";
    struct str id = STR_INIT;

    if (!always && !res_registered(q->world, sub, ns))
        state = json_str(entry(q->world, sub, ns), "state");
    str_addf(&id, "/subscriptions/%s/providers/%s", sub, ns);
    json_set_str(p, "id", str_p(&id));
    str_free(&id);
    json_set_str(p, "namespace", ns);
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        struct json *t;

        if (!str_eq(types[i].ns, ns))
            continue;
        t = json_object();
        json_set_str(t, "resourceType", types[i].type);
        json_set(t, "locations", places(q->world, types[i].where));
        json_set(t, "apiVersions", version_list(types[i].versions));
        json_set_str(t, "capabilities",
                     strchr(types[i].type, '/') ? "None" : "SupportsTags, SupportsLocation");
        json_push(list, t);
    }
    json_set(p, "resourceTypes", list);
    json_set_str(p, "registrationState", state);
    json_set_str(p, "registrationPolicy", always ? "RegistrationFree" : "RegistrationRequired");
    return p;
}

void providers_list(struct sb_req *q, struct sb_reply *r)
{
    static const struct res_need need = { "Microsoft.Resources/subscriptions/providers/read", NULL,
                                          false, false };
    struct json *body, *value;

    if (!res_allow(q, r, &need))
        return;
    body = json_object();
    value = json_array();
    for (size_t i = 0; i < ARRAY_LEN(types); i++)
        if ((i == 0 || !str_eq(types[i].ns, types[i - 1].ns)) && offered(types[i].ns))
            json_push(value, form(q, types[i].ns, types[i].always));
    json_set(body, "value", value);
    sb_reply_json(r, 200, body);
}

static const char *asked(struct sb_req *q, struct sb_reply *r, bool *always)
{
    const char *ns = known(sb_var(q, "ns"), always);

    if (!ns)
        sb_arm_error(r, 404, "InvalidResourceNamespace", "The resource namespace '%s' is invalid.",
                     sb_var(q, "ns"));
    return ns;
}

void providers_get(struct sb_req *q, struct sb_reply *r)
{
    static const struct res_need need = { "Microsoft.Resources/subscriptions/providers/read", NULL,
                                          false, false };
    bool always = false;
    const char *ns;

    if (!res_allow(q, r, &need) || !(ns = asked(q, r, &always)))
        return;
    sb_reply_json(r, 200, form(q, ns, always));
}

static void change(struct sb_req *q, struct sb_reply *r, const char *verb, const char *during,
                   const char *final)
{
    char action[128];
    struct res_need need = { action, NULL, true, false };
    bool always = false;
    const char *ns = known(sb_var(q, "ns"), &always);
    struct json *p;

    str_fmt(action, sizeof action, "%s/%s/action", ns ? ns : sb_var(q, "ns"), verb);
    if (!res_allow(q, r, &need) || !asked(q, r, &always))
        return;
    if (!always) {
        res_registered(q->world, sb_var(q, "sub"), ns);
        p = entry(q->world, sb_var(q, "sub"), ns);
        if (!str_eq(json_str(p, "state"), final) && !str_eq(json_str(p, "state"), during)) {
            json_set_str(p, "state", sb_options.instant ? final : during);
            json_set_int(p, "readyAt", world_now(q->world) + REGISTERING_MS);
            world_touch(q->world);
        }
    }
    sb_reply_json(r, 200, form(q, ns, always));
}

void providers_register(struct sb_req *q, struct sb_reply *r)
{
    change(q, r, "register", "Registering", "Registered");
}

void providers_unregister(struct sb_req *q, struct sb_reply *r)
{
    change(q, r, "unregister", "NotRegistered", "NotRegistered");
}

/* ---- what a provider can do ---- */

static const struct {
    const char *ns, *resource, *verb, *operation;
} can_do[] = {
    { NS_HCI, "Register", "Action", "Registers the resource provider" },
    { NS_HCI, "Unregister", "Action", "Unregisters the resource provider" },
    { NS_HCI, "Operations", "Read", "Lists operations" },
    { NS_HCI, "Clusters", "Read", "Gets or lists clusters" },
    { NS_HCI, "Clusters", "Write", "Creates or updates a cluster" },
    { NS_HCI, "Clusters", "Delete", "Deletes a cluster" },
    { NS_HCI, "Clusters/ArcSettings", "Read", "Gets or lists arcSettings" },
    { NS_HCI, "Clusters/ArcSettings", "Write", "Creates or updates arcSettings" },
    { NS_HCI, "Clusters/ArcSettings", "Delete", "Deletes arcSettings" },
    { NS_HCI, "Clusters/ArcSettings/Extensions", "Read", "Gets or lists extensions" },
    { NS_HCI, "Clusters/ArcSettings/Extensions", "Write", "Creates or updates an extension" },
    { NS_HCI, "Clusters/ArcSettings/Extensions", "Delete", "Deletes an extension" },
    { NS_ARC, "operations", "read", "Lists operations" },
    { NS_ARC, "machines", "read", "Gets or lists Arc machines" },
    { NS_ARC, "machines", "write", "Creates or updates an Arc machine" },
    { NS_ARC, "machines", "delete", "Deletes an Arc machine" },
};

static void operations(struct sb_req *q, struct sb_reply *r, const char *ns)
{
    struct json *body = json_object(), *value = json_array();

    res_note_base(q);
    for (size_t i = 0; i < ARRAY_LEN(can_do); i++) {
        struct json *o, *display;
        struct str name = STR_INIT;

        if (!str_eq(can_do[i].ns, ns))
            continue;
        o = json_object();
        display = json_object();
        str_addf(&name, "%s/%s/%s", ns, can_do[i].resource, can_do[i].verb);
        json_set_str(o, "name", str_p(&name));
        str_free(&name);
        json_set_str(display, "provider", ns);
        json_set_str(display, "resource", can_do[i].resource);
        json_set_str(display, "operation", can_do[i].operation);
        json_set_str(display, "description", can_do[i].operation);
        json_set(o, "display", display);
        json_push(value, o);
    }
    json_set(body, "value", value);
    sb_reply_json(r, 200, body);
}

void providers_hci_operations(struct sb_req *q, struct sb_reply *r)
{
    operations(q, r, NS_HCI);
}

void providers_arc_operations(struct sb_req *q, struct sb_reply *r)
{
    operations(q, r, NS_ARC);
}
