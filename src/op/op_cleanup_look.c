/* What a clean-up has to ask Azure, from what is known already. Pure: the core asks it again and
 * again until nothing is left to ask (core/app_cleanup.c). */
#include "config.h"

#include "op/op_cleanup_found.h"

#include <string.h>

#include "base/i18n.h"
#include "base/text.h"

/* A namespace that the subscription does not use has no resources. */
#define NOT_USED "MissingSubscriptionRegistration"

/* ---- answers ---- */

const char *cl_text(const struct json *j, const char *path)
{
    const char *s = json_str(j, path);

    return s ? s : "";
}

const struct json *cl_answer(const struct json *found, const char *key)
{
    return json_member(json_member(found, "answers"), key);
}

int cl_http(const struct json *found, const char *key)
{
    int64_t http = 0;

    json_int(cl_answer(found, key), "http", &http);
    return (int)http;
}

static void list_key(struct str *out, const char *sub, const char *list)
{
    arm_path(out, "/subscriptions/%s", sub);
    str_add(out, list);
}

const struct json *cl_list(const struct json *found, const char *sub, const char *list)
{
    struct str key = STR_INIT;
    const struct json *value = NULL;

    list_key(&key, sub, list);
    if (cl_http(found, str_p(&key)) == 200)
        value = json_get(json_member(cl_answer(found, str_p(&key)), "json"), "value");
    else if (str_eq(cl_text(cl_answer(found, str_p(&key)), "code"), NOT_USED))
        value = json_member(found, "none");
    str_free(&key);
    return value;
}

const struct json *cl_body(const struct json *found, const char *id, const char *tail)
{
    struct str key = STR_INIT;
    const struct json *body = NULL;

    str_addf(&key, "%s%s", id, tail);
    if (cl_http(found, str_p(&key)) == 200)
        body = json_member(cl_answer(found, str_p(&key)), "json");
    str_free(&key);
    return body;
}

bool cl_scanned(const struct json *found, const char *id)
{
    JSON_EACH (s, json_member(found, "subscriptions")) {
        char scope[64];

        str_fmt(scope, sizeof scope, "/subscriptions/%s", json_value_str(s));
        if (cl_within(id, scope))
            return true;
    }
    return false;
}

const struct json *cl_find(const struct json *list, const char *id)
{
    JSON_EACH (x, list)
        if (arm_id_equal(cl_text(x, "id"), id))
            return x;
    return NULL;
}

void cl_sub_of(char out[40], const char *id)
{
    const char *p = id + strlen("/subscriptions/");

    out[0] = '\0';
    if (str_istarts(id, "/subscriptions/"))
        str_fmt(out, 40, "%.*s", (int)strcspn(p, "/"), p);
}

/* Azure's own word for a thing is a path under a subscription: nothing else is asked for or
 * offered. */
bool cl_is_id(const char *id)
{
    char sub[40];

    cl_sub_of(sub, id);
    return guid_is(sub) && text_is_clean(id) && !strpbrk(id, "?#@\\%| ") && !strstr(id, "//") &&
           !strstr(id, "/../") && !strstr(id, "/./") && !str_ends(id, "/..") && !str_ends(id, "/.");
}

/* ---- asks ---- */

struct want {
    const struct json *found;
    struct json *asks;
};

static bool asked(const struct want *w, const char *key)
{
    JSON_EACH (a, w->asks)
        if (str_ieq(cl_text(a, "key"), key))
            return true;
    return false;
}

/* An id as Azure gave it, URL-safe. */
static void add_path(struct json *ask, const char *id)
{
    struct str path = STR_INIT;

    for (; *id; id++) {
        char one[2] = { *id, '\0' };

        if (*id == '/')
            str_addc(&path, '/');
        else
            str_add_url(&path, one);
    }
    json_set_str(ask, "path", str_p(&path));
    str_free(&path);
}

static void want(struct want *w, const char *path, const char *query, const char *api,
                 unsigned flags)
{
    struct str key = STR_INIT;
    struct json *ask;

    str_addf(&key, "%s%s%s", path, query ? "?" : "", query ? query : "");
    if (!cl_answer(w->found, str_p(&key)) && !asked(w, str_p(&key))) {
        ask = json_object();
        json_set_str(ask, "key", str_p(&key));
        add_path(ask, path);
        if (query)
            json_set_str(ask, "query", query);
        if (api)
            json_set_str(ask, "api", api);
        json_set_int(ask, "flags", flags);
        json_push(w->asks, ask);
    }
    str_free(&key);
}

static void want_lists(struct want *w, const char *sub)
{
    static const struct {
        const char *list, *api;
    } lists[] = { { CL_CLUSTERS, API_CLUSTERS }, { CL_MACHINES, API_MACHINES },
                  { CL_GROUPS, API_RESOURCES },  { CL_LOCKS, API_LOCKS },
                  { CL_ROLES, API_ROLES },       { CL_PERMISSIONS, API_ROLES } };

    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        struct str path = STR_INIT;

        list_key(&path, sub, lists[i].list);
        want(w, str_p(&path), NULL, lists[i].api, ARM_PAGES);
        str_free(&path);
    }
}

static void want_more(struct want *w, const char *id, const char *tail, const char *api,
                      unsigned flags)
{
    struct str path = STR_INIT;

    if (!cl_is_id(id))
        return;
    str_addf(&path, "%s%s", id, tail);
    want(w, str_p(&path), NULL, api, flags);
    str_free(&path);
}

static void want_details(struct want *w, const char *sub)
{
    JSON_EACH (c, cl_list(w->found, sub, CL_CLUSTERS))
        want_more(w, cl_text(c, "id"), CL_SETTINGS_TAIL, API_ARC_SETTINGS, 0);
    JSON_EACH (m, cl_list(w->found, sub, CL_MACHINES)) {
        const char *parent = cl_text(m, "properties.parentClusterResourceId");
        char of[40];

        cl_sub_of(of, parent);
        if (*of && cl_scanned(w->found, parent) &&
            !cl_find(cl_list(w->found, of, CL_CLUSTERS), parent))
            want_more(w, parent, "", API_CLUSTERS, 0);
    }
    JSON_EACH (g, cl_list(w->found, sub, CL_GROUPS))
        if (cl_tagged(g))
            want_more(w, cl_text(g, "id"), CL_RESOURCES_TAIL, API_RESOURCES, ARM_PAGES);
}

/* Who may not delete by a role of the subscription's may by one of the group's. */
static void want_rights(struct want *w, const struct json *items)
{
    JSON_EACH (i, items) {
        struct str group = STR_INIT;

        cl_group_of(&group, cl_text(i, "id"));
        if (!json_flag(i, "may", true) && group.len)
            want_more(w, str_p(&group), CL_PERMISSIONS, API_ROLES, ARM_PAGES);
        str_free(&group);
    }
}

/* displayName in ('hci','hci.arc',...): in quotes a quote is doubled. */
static void want_applications(struct want *w, const struct json *names)
{
    struct str filter = STR_INIT, query = STR_INIT;
    size_t n = 0;

    JSON_EACH (name, names) {
        const char *tails[] = { "", ".arc" };

        for (size_t i = 0; i < ARRAY_LEN(tails); i++) {
            str_add(&filter, filter.len ? ",'" : "displayName in ('");
            for (const char *p = json_value_str(name); *p; p++)
                str_addf(&filter, "%s%c", *p == '\'' ? "'" : "", *p);
            str_addf(&filter, "%s'", tails[i]);
        }
        if (++n % CL_NAMES_A_QUERY && json_next(name))
            continue;
        str_addc(&filter, ')');
        str_add(&query, "$filter=");
        str_add_url(&query, str_p(&filter));
        str_add(&query, "&" CL_APP_SELECT);
        want(w, CL_APPLICATIONS, str_p(&query), NULL, ARM_GRAPH | ARM_PAGES);
        str_reset(&filter);
        str_reset(&query);
    }
    str_free(&filter);
    str_free(&query);
}

struct json *op_cleanup_asks(const struct json *found, int64_t now)
{
    struct want w = { found, json_array() };
    struct json *items;

    JSON_EACH (s, json_member(found, "subscriptions"))
        want_lists(&w, json_value_str(s));
    JSON_EACH (s, json_len(w.asks) ? NULL : json_member(found, "subscriptions"))
        want_details(&w, json_value_str(s));
    if (json_len(w.asks))
        return w.asks;
    items = op_cleanup_items(found, now);
    want_rights(&w, items);
    json_free(items);
    items = cl_names(found, now);
    want_applications(&w, items);
    json_free(items);
    return w.asks;
}
