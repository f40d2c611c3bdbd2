#include "config.h"

#include "sandbox/resource.h"

#include <stdlib.h>
#include <string.h>

#include "sandbox/rights.h"
#include "sandbox/routes.h"
#include "sandbox/seed.h"

/* ---- who may ---- */

const char *res_caller(const struct sb_req *q)
{
    const char *name = json_str(q->claims, "upn");

    if (!name)
        name = json_str(q->claims, "appid");
    return name ? name : "unknown";
}

static void scope_of(struct str *out, struct sb_req *q)
{
    if (sb_var(q, "rg")[0])
        res_group_id(out, q);
    else
        str_addf(out, "/subscriptions/%s", sb_var(q, "sub"));
}

/* The dispatcher judged what came through it; what an agent asks for in somebody's name did not. */
static bool may(struct sb_req *q, struct sb_reply *r, const char *action)
{
    struct str scope = STR_INIT;
    bool ok = true;

    if (!q->action[0]) {
        scope_of(&scope, q);
        ok = rights_allow(q, r, action, str_p(&scope));
    }
    str_free(&scope);
    return ok;
}

const struct json *res_subscription(struct world *w, const char *sub)
{
    JSON_EACH (s, world_section(w, "subscriptions"))
        if (str_ieq(json_str(s, "subscriptionId"), sub))
            return s;
    return NULL;
}

static bool group_there(struct sb_req *q, struct sb_reply *r, bool write)
{
    struct str id = STR_INIT;
    const struct json *g;
    bool ok = true;

    res_group_id(&id, q);
    g = world_resource(q->world, str_p(&id));
    if (!g) {
        sb_arm_error(r, 404, "ResourceGroupNotFound", "Resource group '%s' could not be found.",
                     sb_var(q, "rg"));
        ok = false;
    } else if (write && str_eq(json_str(g, "properties.provisioningState"), "Deleting")) {
        sb_arm_error(
            r, 409, "ResourceGroupBeingDeleted",
            "The resource group '%s' is in deprovisioning state and cannot perform this operation.",
            sb_var(q, "rg"));
        ok = false;
    }
    str_free(&id);
    return ok;
}

bool res_allow(struct sb_req *q, struct sb_reply *r, const struct res_need *need)
{
    const char *sub_id = sb_var(q, "sub");
    const struct json *sub = res_subscription(q->world, sub_id);

    res_note_base(q);
    lro_settle(q->world);
    if (!sub) {
        sb_arm_error(r, 404, "SubscriptionNotFound", "The subscription '%s' could not be found.",
                     sub_id);
        return false;
    }
    if (!may(q, r, need->action))
        return false;
    if (need->write && str_ieq(json_str(sub, "state"), "Disabled")) {
        sb_arm_error(r, 409, "ReadOnlyDisabledSubscription",
                     "The subscription '%s' is disabled and therefore marked as read only. You "
                     "cannot perform any "
                     "write actions on this subscription until it is re-enabled.",
                     sub_id);
        return false;
    }
    if (need->group && !group_there(q, r, need->write))
        return false;
    if (need->write && need->provider && !res_registered(q->world, sub_id, need->provider)) {
        sb_arm_error(r, 409, "MissingSubscriptionRegistration",
                     "The subscription is not registered to use namespace '%s'. See "
                     "https://aka.ms/rps-not-found for how to register subscriptions.",
                     need->provider);
        return false;
    }
    return true;
}

/* ---- ids ---- */

void res_group_id(struct str *out, struct sb_req *q)
{
    struct str id = STR_INIT;
    const struct json *g;

    str_addf(&id, "/subscriptions/%s/resourceGroups/%s", sb_var(q, "sub"), sb_var(q, "rg"));
    g = world_resource(q->world, str_p(&id));
    str_add(out, json_str(g, "id") ? json_str(g, "id") : str_p(&id));
    str_free(&id);
}

void res_id(struct str *out, struct sb_req *q, const char *type, const char *name)
{
    const struct json *old;
    struct str id = STR_INIT;

    res_group_id(&id, q);
    str_addf(&id, "/providers/%s/%s", type, name);
    old = world_resource(q->world, str_p(&id));
    str_add(out, json_str(old, "id") ? json_str(old, "id") : str_p(&id));
    str_free(&id);
}

const char *res_last(const char *id)
{
    const char *slash = strrchr(id, '/');

    return slash ? slash + 1 : id;
}

bool res_within(const char *id, const char *scope)
{
    size_t n = strlen(scope);

    while (n && scope[n - 1] == '/')
        n--;
    return !strncasecmp(id, scope, n) && (id[n] == 0 || id[n] == '/');
}

struct json *res_find(struct sb_req *q, struct sb_reply *r, const char *id)
{
    struct json *j = world_resource(q->world, id);
    const char *type = strstr(id, "/providers/");

    if (!j)
        sb_arm_error(r, 404, "ResourceNotFound",
                     "The Resource '%s' under resource group '%s' was not found. For more details "
                     "please go to "
                     "https://aka.ms/ARMResourceNotFoundFix",
                     type ? type + strlen("/providers/") : id, sb_var(q, "rg"));
    return j;
}

/* ---- what comes in ---- */

const struct json *res_body(struct sb_req *q, struct sb_reply *r, const struct shape *s)
{
    char why[300];

    if (!q->json) {
        sb_arm_error(r, 400, "InvalidRequestContent",
                     "The request content was invalid and could not be deserialized: 'A body of "
                     "type '%s' is "
                     "required.'.",
                     s->type);
        return NULL;
    }
    if (!shape_check(s, q->json, q->api_version, why, sizeof why)) {
        sb_arm_error(r, 400, "InvalidRequestContent",
                     "The request content was invalid and could not be deserialized: '%s'.", why);
        return NULL;
    }
    return q->json;
}

bool res_name_ok(struct sb_reply *r, const char *name, size_t max)
{
    size_t n = strlen(name);

    if (n && n <= max && !strpbrk(name, "<>%&:\\?/#") && name[n - 1] != '.' && name[n - 1] != ' ')
        return true;
    sb_arm_error(r, 400, "InvalidResourceName",
                 "Resource name '%.100s' is invalid. The name can be up to %u characters, cannot "
                 "end with '.' and "
                 "cannot contain '<,>,%%,&,:,\\,?,/'.",
                 name, (unsigned)max);
    return false;
}

bool res_location_ok(struct sb_req *q, struct sb_reply *r, const char *location, const char *type,
                     bool hci)
{
    struct str names = STR_INIT;
    char wanted[64];
    bool found = false;

    if (!location || !location[0]) {
        sb_arm_error(r, 400, "LocationRequired",
                     "The location property is required for this definition.");
        return false;
    }
    str_region(wanted, sizeof wanted, location);
    JSON_EACH (l, world_section(q->world, hci ? "regions" : "locations")) {
        const char *display = hci ? json_value_str(l) : json_str(l, "displayName");
        char name[64];

        str_region(name, sizeof name, display);
        found = found || str_eq(name, wanted);
        str_addf(&names, "%s%s", names.len ? "," : "", name);
    }
    if (!found)
        sb_arm_error(r, 400, "LocationNotAvailableForResourceType",
                     "The provided location '%.60s' is not available for resource type '%s'. List "
                     "of available "
                     "regions for the resource type is '%s'.",
                     location, type, str_p(&names));
    str_free(&names);
    return found;
}

/* ---- resources ---- */

struct json *res_new(const char *id, const char *type)
{
    struct json *j = json_object();

    json_set_str(j, "id", id);
    json_set_str(j, "name", res_last(id));
    json_set_str(j, "type", type);
    json_set(j, "properties", json_object());
    return j;
}

struct json *res_props(struct json *resource)
{
    if (!json_is_object(json_member(resource, "properties")))
        json_set(resource, "properties", json_object());
    return json_edit(json_member(resource, "properties"));
}

void res_stamp(struct sb_req *q, struct json *resource)
{
    bool app = str_eq(json_str(q->claims, "idtyp"), "app");
    const char *kind = !app                               ? "User"
                       : json_str(q->claims, "xms_mirid") ? "ManagedIdentity"
                                                          : "Application";
    struct json *data;
    char now[TIME_SIZE];

    time_iso7(now, world_now(q->world));
    if (!json_is_object(json_member(resource, "systemData"))) {
        data = json_object();
        json_set_str(data, "createdBy", res_caller(q));
        json_set_str(data, "createdByType", kind);
        json_set_str(data, "createdAt", now);
        json_set(resource, "systemData", data);
    }
    data = json_edit(json_member(resource, "systemData"));
    json_set_str(data, "lastModifiedBy", res_caller(q));
    json_set_str(data, "lastModifiedByType", kind);
    json_set_str(data, "lastModifiedAt", now);
    world_touch(q->world);
}

void res_identity(struct sb_req *q, struct json *resource, const struct json *asked)
{
    const struct json *old = json_member(resource, "identity");
    const char *type = json_str(asked, "type"), *tenant;
    struct json *identity;
    char id[GUID_SIZE];

    if (!type)
        return;
    if (!str_istarts(type, "SystemAssigned")) {
        identity = json_object();
        json_set_str(identity, "type", type);
        json_set(resource, "identity", identity);
        return;
    }
    if (json_str(old, "principalId"))
        return;
    guid_random(id);
    tenant = json_str(res_subscription(q->world, sb_var(q, "sub")), "tenantId");
    identity = json_object();
    json_set_str(identity, "type", type);
    json_set_str(identity, "principalId", id);
    json_set_str(identity, "tenantId", tenant);
    json_set(resource, "identity", identity);
}

struct list_walk {
    struct sb_req *q;
    const char *type;
    struct json *(*form)(struct sb_req *q, const struct json *resource);
    struct json *value;
};

static void list_one(const char *id, struct json *resource, void *payload)
{
    struct list_walk *l = payload;

    (void)id;
    if (str_ieq(json_str(resource, "type"), l->type))
        json_push(l->value, l->form(l->q, resource));
}

void res_list(struct sb_req *q, struct sb_reply *r, const char *prefix, const char *type,
              struct json *(*form)(struct sb_req *q, const struct json *resource))
{
    struct list_walk l = { q, type, form, json_array() };
    struct json *body = json_object();

    world_each(q->world, prefix, list_one, &l);
    json_set(body, "value", l.value);
    sb_reply_json(r, 200, body);
}

void res_list_scope(struct sb_req *q, struct sb_reply *r, const struct res_need *need,
                    const char *type,
                    struct json *(*form)(struct sb_req *q, const struct json *resource))
{
    struct res_need here = *need;
    struct str prefix = STR_INIT;

    here.group = sb_var(q, "rg")[0] != 0;
    if (!res_allow(q, r, &here))
        return;
    if (here.group)
        res_group_id(&prefix, q);
    else
        str_addf(&prefix, "/subscriptions/%s", sb_var(q, "sub"));
    str_addc(&prefix, '/');
    res_list(q, r, str_p(&prefix), type, form);
    str_free(&prefix);
}

/* ---- the sandbox's own address, providers, the provider's principal ---- */

void res_note_base(struct sb_req *q)
{
    struct json *server = world_section(q->world, "server");

    if (q->node >= 0 || !sb_loopback_name(q->host) || str_eq(json_str(server, "base"), q->base))
        return;
    json_set_str(server, "base", q->base);
    world_touch(q->world);
}

const char *res_base(struct world *w)
{
    const char *base = json_str(world_section(w, "server"), "base");

    return base ? base : "https://127.0.0.1";
}

bool res_registered(struct world *w, const char *sub, const char *ns)
{
    struct str key = STR_INIT;
    const struct json *p;
    const char *state;
    int64_t ready = 0;
    char *lower;

    str_addf(&key, "%s/%s", sub, ns);
    lower = str_take(&key);
    str_lower(lower);
    p = json_member(world_section(w, "providers"), lower);
    free(lower);
    state = json_str(p, "state");
    if (str_eq(state, "Registering") && json_int(p, "readyAt", &ready) && world_now(w) >= ready) {
        json_set_str(json_edit(p), "state", "Registered");
        world_touch(w);
        return true;
    }
    return str_eq(state, "Registered");
}

const char *res_rp_object_id(struct world *w, const char *tenant)
{
    struct json *rp = world_section(w, "rpObjectIds");
    char id[GUID_SIZE];

    if (!json_value_str(json_member(rp, tenant))) {
        guid_random(id);
        json_set_str(rp, tenant, id);
        world_touch(w);
    }
    return json_value_str(json_member(rp, tenant));
}
