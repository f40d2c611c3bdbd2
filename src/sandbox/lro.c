#include "config.h"

#include "sandbox/resource.h"

#include <stdlib.h>
#include <string.h>

#include "sandbox/seed.h"

#define KEEP_OPERATIONS 400

struct below {
    const char *target;
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

/* A machine whose cluster is gone is free again. */
static void free_machine(const char *id, struct json *resource, void *payload)
{
    const struct below *b = payload;
    const char *parent = json_str(resource, "properties.parentClusterResourceId");

    (void)id;
    if (parent && res_within(parent, b->target))
        json_unset(res_props(resource), "parentClusterResourceId");
}

void lro_delete(struct world *w, const char *target)
{
    struct below b = { target, { NULL }, 0 };

    world_each(w, "/subscriptions/", free_machine, &b);
    world_each(w, target, note_below, &b);
    for (size_t i = 0; i < b.n; i++) {
        hci_identity_drop(w, world_resource(w, b.ids[i]));
        world_remove(w, b.ids[i]);
        free(b.ids[i]);
    }
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
        int64_t ready = 0;

        if (json_flag(o, "done", false) || !json_int(o, "readyAt", &ready) || world_now(w) < ready)
            continue;
        json_set_bool(json_edit(o), "done", true);
        apply(w, json_str(o, "kind"), json_str(o, "target"));
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

    if (sb_options.instant && !o->only_202) {
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

void lro_status(struct sb_req *q, struct sb_reply *r)
{
    const struct json *o = look_up(q, r);
    bool done = json_flag(o, "done", false);
    struct json *body, *properties;
    int64_t at = 0;
    char when[TIME_SIZE];

    if (!o)
        return;
    properties = done ? shown_properties(q->world, o) : NULL;
    body = json_object();
    json_set_str(body, "id", q->path);
    json_set_str(body, "name", sb_var(q, "op"));
    json_set_str(body, "status", done ? "Succeeded" : "InProgress");
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
