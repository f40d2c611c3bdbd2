#include "config.h"

#include "sandbox/resource.h"

#include <stdlib.h>
#include <string.h>

#include "sandbox/seed.h"

#define KEEP_OPERATIONS 400

struct below {
    const char *target;
    struct str parent; /* of machines that become free */
    char *ids[512];
    size_t n;
};

static void note_below(const char *id, struct json *resource, void *payload)
{
    struct below *b = payload;

    (void)resource;
    if (res_within(id, b->target) && b->n < ARRAY_LEN(b->ids))
        b->ids[b->n++] = xstrdup(id);
}

/* A machine whose cluster is gone is free again, and already when the cluster's arcSettings are
 * (register-flow.md 7.28: inferred there from the order in which the module cleans up). */
static void freed_parent(struct str *out, const char *target)
{
    const char *settings = str_ifind(target, "/arcSettings/");
    bool whole = settings && !strchr(settings + strlen("/arcSettings/"), '/');

    str_addn(out, target, whole ? (size_t)(settings - target) : strlen(target));
}

static void free_machine(const char *id, struct json *resource, void *payload)
{
    const struct below *b = payload;
    const char *parent = json_str(resource, "properties.parentClusterResourceId");

    (void)id;
    if (parent && res_within(parent, str_p(&b->parent)))
        json_unset(res_props(resource), "parentClusterResourceId");
}

void lro_delete(struct world *w, const char *target)
{
    struct below b = { .target = target };
    bool more;

    freed_parent(&b.parent, target);
    world_each(w, "/subscriptions/", free_machine, &b);
    do {
        b.n = 0;
        world_each(w, target, note_below, &b);
        more = b.n == ARRAY_LEN(b.ids);
        for (size_t i = 0; i < b.n; i++) {
            hci_identity_drop(w, world_resource(w, b.ids[i]));
            world_remove(w, b.ids[i]);
            free(b.ids[i]);
        }
    } while (more);
    str_free(&b.parent);
}

/* A resource that whoever steers the sandbox marked with "_delete": its deletion never ends as long
 * as that says "never", and fails if it says "fails". */
static bool delete_is(struct world *w, const char *kind, const char *target, const char *how)
{
    return str_eq(kind, "delete") && str_eq(json_str(world_resource(w, target), "_delete"), how);
}

static const struct {
    const char *kind;
    void (*apply)(struct world *w, const char *target);
    struct json *(*shown)(struct world *w,
                          const char *target); /* "properties" of the last answer */
} effects[] = {
    { "delete", lro_delete, NULL },
    { "reconcile", hci_reconcile_done, NULL },
    { "identity", hci_identity_done, hci_identity_shown },
    { "certificate", hci_certificates_done, NULL },
    { "assurance", hci_assurance_done, NULL },
    { "extension", hci_extension_done, NULL },
};

static void apply(struct world *w, const char *kind, const char *target)
{
    for (size_t i = 0; i < ARRAY_LEN(effects); i++)
        if (str_eq(effects[i].kind, kind))
            effects[i].apply(w, target);
    world_touch(w);
}

static struct json *shown_properties(struct world *w, const struct json *o)
{
    for (size_t i = 0; i < ARRAY_LEN(effects); i++)
        if (effects[i].shown && str_eq(effects[i].kind, json_str(o, "kind")))
            return effects[i].shown(w, json_str(o, "target"));
    return NULL;
}

void lro_settle(struct world *w)
{
    JSON_EACH (o, world_section(w, "operations")) {
        const char *kind = json_str(o, "kind"), *target = json_str(o, "target");
        int64_t ready = 0;

        if (json_flag(o, "done", false) || !json_int(o, "readyAt", &ready) ||
            world_now(w) < ready || delete_is(w, kind, target, "never"))
            continue;
        json_set_bool(json_edit(o), "done", true);
        if (delete_is(w, kind, target, "fails")) {
            json_set_bool(json_edit(o), "failed", true);
            json_set_str(res_props(world_resource(w, target)), "provisioningState", "Failed");
            world_touch(w);
        } else {
            apply(w, kind, target);
        }
    }
}

static void prune(struct json *operations)
{
    const struct json *c = json_first(operations);

    while (json_len(operations) > KEEP_OPERATIONS && c) {
        const struct json *next = json_next(c);

        if (json_flag(c, "done", false))
            json_unset(operations, json_name(c));
        c = next;
    }
}

static void remember(struct sb_req *q, const struct lro *o, const char *id)
{
    struct json *operations = world_section(q->world, "operations"), *j = json_object();
    int64_t now = world_now(q->world);

    prune(operations);
    json_set_str(j, "subscription", sb_var(q, "sub"));
    json_set_str(j, "kind", o->kind);
    json_set_str(j, "target", o->target);
    if (o->result)
        json_set_str(j, "result", o->result);
    json_set_int(j, "startedAt", now);
    json_set_int(j, "readyAt", now + (sb_options.instant ? 0 : o->ms));
    json_set_bool(j, "done", false);
    json_set(operations, id, j);
    world_touch(q->world);
}

bool lro_start(struct sb_req *q, struct sb_reply *r, const struct lro *o)
{
    struct str status = STR_INIT, result = STR_INIT;
    char id[GUID_SIZE], location[64];

    if (sb_options.instant && !o->only_202 && !delete_is(q->world, o->kind, o->target, "never") &&
        !delete_is(q->world, o->kind, o->target, "fails")) {
        apply(q->world, o->kind, o->target);
        return true;
    }
    guid_random(id);
    remember(q, o, id);
    str_region(location, sizeof location, o->location ? o->location : "global");
    if (o->provider) {
        str_addf(
            &status,
            "%s/subscriptions/%s/providers/%s/locations/%s/operationStatuses/%s?api-version=%s",
            q->base, sb_var(q, "sub"), o->provider, location, id, q->api_version);
        str_addf(&result,
                 "%s/subscriptions/%s/providers/%s/locations/%s/operationResults/%s?api-version=%s",
                 q->base, sb_var(q, "sub"), o->provider, location, id, q->api_version);
        sb_reply_header(r, "Azure-AsyncOperation", "%s", str_p(&status));
    } else {
        str_addf(&result, "%s/subscriptions/%s/operationresults/%s?api-version=%s", q->base,
                 sb_var(q, "sub"), id, q->api_version);
    }
    sb_reply_header(r, "Location", "%s", str_p(&result));
    sb_reply_header(r, "Retry-After", "1");
    r->status = 202;
    str_free(&status);
    str_free(&result);
    return false;
}

void lro_drop(struct sb_req *q, struct sb_reply *r, const char *provider, const char *location,
              const char *id, int ms)
{
    const struct lro o = {
        .provider = provider, .location = location, .kind = "delete", .target = id, .ms = ms
    };
    struct json *resource = world_resource(q->world, id);

    if (!resource) {
        r->status = 204;
        return;
    }
    json_set_str(res_props(resource), "provisioningState", "Deleting");
    if (lro_start(q, r, &o))
        r->status = 200;
}

static const struct json *look_up(struct sb_req *q, struct sb_reply *r)
{
    const struct json *o;

    res_note_base(q);
    lro_settle(q->world);
    o = json_member(world_section(q->world, "operations"), sb_var(q, "op"));
    if (o && str_ieq(json_str(o, "subscription"), sb_var(q, "sub")))
        return o;
    sb_arm_error(r, 404, "OperationNotFound", "The operation '%s' was not found.", sb_var(q, "op"));
    return NULL;
}

/* Code and words are inferred: no source tells what a failed deletion says. */
#define FAILED_CODE  "ResourceDeletionFailed"
#define FAILED_WORDS "The resource '%s' could not be deleted."

static void add_error(struct json *body, const struct json *o)
{
    struct json *error = json_object();
    struct str words = STR_INIT;

    str_addf(&words, FAILED_WORDS, json_str(o, "target"));
    json_set_str(error, "code", FAILED_CODE);
    json_set_str(error, "message", str_p(&words));
    json_set(body, "error", error);
    str_free(&words);
}

void lro_status(struct sb_req *q, struct sb_reply *r)
{
    const struct json *o = look_up(q, r);
    bool done = json_flag(o, "done", false), failed = json_flag(o, "failed", false);
    struct json *body, *properties;
    int64_t at = 0;
    char when[TIME_SIZE];

    if (!o)
        return;
    properties = done ? shown_properties(q->world, o) : NULL;
    body = json_object();
    json_set_str(body, "id", q->path);
    json_set_str(body, "name", sb_var(q, "op"));
    json_set_str(body, "status", failed ? "Failed" : done ? "Succeeded" : "InProgress");
    if (failed)
        add_error(body, o);
    json_int(o, "startedAt", &at);
    time_iso7(when, at);
    json_set_str(body, "startTime", when);
    if (done) {
        json_int(o, "readyAt", &at);
        time_iso7(when, at);
        json_set_str(body, "endTime", when);
        if (properties)
            json_set(body, "properties", properties);
    } else {
        sb_reply_header(r, "Retry-After", "1");
    }
    sb_reply_json(r, 200, body);
}

void lro_result(struct sb_req *q, struct sb_reply *r)
{
    const struct json *o = look_up(q, r), *shown;
    struct json *properties, *body;

    if (!o)
        return;
    if (!json_flag(o, "done", false)) {
        sb_reply_header(r, "Location", "%s%s?api-version=%s", q->base, q->path, q->api_version);
        sb_reply_header(r, "Retry-After", "1");
        r->status = 202;
        return;
    }
    if (json_flag(o, "failed", false)) {
        sb_arm_error(r, 409, FAILED_CODE, FAILED_WORDS, json_str(o, "target"));
        return;
    }
    shown = json_str(o, "result") ? world_resource(q->world, json_str(o, "result")) : NULL;
    properties = shown_properties(q->world, o);
    if (shown) {
        sb_reply_json(r, 200, hci_form(q, shown));
    } else if (properties) {
        body = json_object();
        json_set(body, "properties", properties);
        sb_reply_json(r, 200, body);
    } else {
        r->status = sb_var(q, "ns")[0] ? 204 : 200;
    }
}
