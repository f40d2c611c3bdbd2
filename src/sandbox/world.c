#include "config.h"

#include "sandbox/sandbox.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "sandbox/access.h"
#include "sandbox/policies.h"
#include "sandbox/resource.h"
#include "sandbox/rights.h"
#include "sandbox/seed.h"

struct world {
    pthread_mutex_t lock;
    struct json *root;
    struct json *resources; /* in root */
    char path[600];
    struct clock clock;
    bool changed;
};

static const char *const array_sections[] = { "tenants", "subscriptions", "users", "locations",
                                              "regions" };

static int load(struct world *w, struct err *e)
{
    struct str text = STR_INIT;

    if (file_read(w->path, 64u << 20, &text, e))
        return -1;
    w->root = json_parse(str_p(&text), text.len, 64u << 20, e);
    str_free(&text);
    if (!w->root)
        return err_wrap(e, "reading %s", w->path);
    return 0;
}

static int make(struct world *w, const char *seed, struct err *e)
{
    struct str text = STR_INIT;
    struct json *doc = NULL;
    int rc;

    if (seed && seed[0]) {
        if (file_read(seed, JSON_MAX_BYTES, &text, e)) {
            str_free(&text);
            return -1;
        }
        doc = json_parse(str_p(&text), text.len, 0, e);
        str_free(&text);
        if (!doc)
            return err_wrap(e, "reading %s", seed);
    }
    w->root = json_object();
    rc = seed_world(w->root, doc, e);
    if (!rc) {
        w->resources = json_edit(json_member(w->root, "resources"));
        rc = rights_set(w, doc, e);
        if (!rc)
            rc = policies_set(w, doc, e);
        if (rc == 0 && json_member(doc, "access"))
            rc = access_set(w, json_member(doc, "access"), e);
    }
    if (rc)
        err_wrap(e, "reading %s", seed);
    json_free(doc);
    w->changed = true;
    return rc;
}

static void start_clock(struct world *w)
{
    int64_t stored = 0, rate = sb_options.clock_rate > 1 ? sb_options.clock_rate : 1;

    json_int(w->root, "clock", &stored);
    if (rate > 1 && stored > wall_ms())
        clock_init_at(&w->clock, rate, stored);
    else
        clock_init(&w->clock, rate);
}

void world_close(struct world *w)
{
    if (!w)
        return;
    json_free(w->root);
    pthread_mutex_destroy(&w->lock);
    free(w);
}

int world_open(const char *dir, const char *seed, struct world **out, struct err *e)
{
    struct world *w = xcalloc(1, sizeof *w);
    struct err local = { 0 };

    pthread_mutex_init(&w->lock, NULL);
    str_fmt(w->path, sizeof w->path, "%s/world.json", dir);
    if (load(w, &local)) {
        if (local.code != ERR_C_NOT_FOUND) {
            *e = local;
            world_close(w);
            return -1;
        }
        if (make(w, seed, e)) {
            world_close(w);
            return -1;
        }
    }
    if (!json_is_object(json_member(w->root, "resources")))
        json_set(w->root, "resources", json_object());
    w->resources = json_edit(json_member(w->root, "resources"));
    start_clock(w);
    world_save(w);
    *out = w;
    return 0;
}

void world_save(struct world *w)
{
    struct str text = STR_INIT;
    struct err e = { 0 };

    if (!w->changed)
        return;
    json_set_int(w->root, "clock", world_now(w));
    json_write_pretty(&text, w->root);
    if (file_replace(w->path, str_p(&text), text.len, &e))
        log_err("world not saved: %s", e.message);
    else
        w->changed = false;
    str_free(&text);
}

void world_touch(struct world *w)
{
    w->changed = true;
}

void world_lock(struct world *w)
{
    pthread_mutex_lock(&w->lock);
}

void world_unlock(struct world *w)
{
    pthread_mutex_unlock(&w->lock);
}

struct json *world_resource(struct world *w, const char *id)
{
    char *key = seed_key(id);
    const struct json *j = json_member(w->resources, key);

    free(key);
    return j ? json_edit(j) : NULL;
}

void world_put(struct world *w, const char *id, struct json *owned)
{
    char *key = seed_key(id);

    json_set(w->resources, key, owned);
    free(key);
    w->changed = true;
}

bool world_remove(struct world *w, const char *id)
{
    char *key = seed_key(id);
    bool there = json_member(w->resources, key) != NULL;

    if (there) {
        json_unset(w->resources, key);
        w->changed = true;
    }
    free(key);
    return there;
}

struct json *world_section(struct world *w, const char *name)
{
    const struct json *j = json_member(w->root, name);

    if (!j) {
        bool array = false;

        for (size_t i = 0; i < ARRAY_LEN(array_sections); i++)
            array = array || str_eq(array_sections[i], name);
        json_set(w->root, name, array ? json_array() : json_object());
        j = json_member(w->root, name);
    }
    return json_edit(j);
}

int64_t world_now(struct world *w)
{
    return clock_now(&w->clock);
}

const char *world_tenant(struct world *w)
{
    const char *id = json_str(json_first(json_member(w->root, "tenants")), "tenantId");

    return id ? id : "";
}

const char *world_subscription(struct world *w)
{
    const char *warned = "";
    JSON_EACH (s, json_member(w->root, "subscriptions")) {
        const char *id = json_str(s, "subscriptionId"), *state = json_str(s, "state");
        if (id && str_ieq(state, "Enabled"))
            return id;
        if (id && !warned[0] && (str_ieq(state, "Warned") || str_ieq(state, "PastDue")))
            warned = id;
    }
    return warned;
}

void world_each(struct world *w, const char *prefix, world_each_fn *fn, void *payload)
{
    const struct json *c = json_first(w->resources);

    while (c) {
        const struct json *next = json_next(c); /* fn may remove c */

        if (str_istarts(json_name(c), prefix)) {
            const char *id = json_str(c, "id");

            fn(id ? id : json_name(c), json_edit(c), payload);
        }
        c = next;
    }
}
