/* graph_apps.c - applications and service principals in Graph. Sources: graph.h; what a
 * collection's PATCH replaces and that a secret is told once: azure-wire.md 4.3. */
#include "config.h"

#include "sandbox/graph.h"

#include <string.h>

/* ---- shapes ---- */

static const struct shape_row key_rows[] = {
    { "customKeyIdentifier", SHAPE_STR, 0, NULL, NULL, NULL },
    { "displayName", SHAPE_STR, 0, NULL, NULL, NULL },
    { "endDateTime", SHAPE_TIME, 0, NULL, NULL, NULL },
    { "key", SHAPE_STR, 0, NULL, NULL, NULL },
    { "keyId", SHAPE_STR, 0, NULL, NULL, NULL },
    { "startDateTime", SHAPE_TIME, 0, NULL, NULL, NULL },
    { "type", SHAPE_STR, 0, "AsymmetricX509Cert|X509CertAndPassword", NULL, NULL },
    { "usage", SHAPE_STR, 0, "Verify|Sign", NULL, NULL },
};
static const struct shape key_shape = SHAPE("keyCredential", key_rows);
static const struct shape_row access_rows[] = {
    { "id", SHAPE_STR, SHAPE_REQUIRED, NULL, NULL, NULL },
    { "type", SHAPE_STR, SHAPE_REQUIRED, "Role|Scope", NULL, NULL },
};
static const struct shape access_shape = SHAPE("resourceAccess", access_rows);
static const struct shape_row required_rows[] = {
    { "resourceAppId", SHAPE_STR, SHAPE_REQUIRED, NULL, NULL, NULL },
    { "resourceAccess", SHAPE_LIST, SHAPE_REQUIRED, NULL, NULL, &access_shape },
};
static const struct shape required_shape = SHAPE("requiredResourceAccess", required_rows);
static const struct shape_row app_rows[] = {
    { "id", SHAPE_STR, SHAPE_RO, NULL, NULL, NULL },
    { "appId", SHAPE_STR, SHAPE_RO, NULL, NULL, NULL },
    { "createdDateTime", SHAPE_TIME, SHAPE_RO, NULL, NULL, NULL },
    { "publisherDomain", SHAPE_STR, SHAPE_RO, NULL, NULL, NULL },
    { "displayName", SHAPE_STR, 0, NULL, NULL, NULL },
    { "description", SHAPE_STR, 0, NULL, NULL, NULL },
    { "notes", SHAPE_STR, 0, NULL, NULL, NULL },
    { "uniqueName", SHAPE_STR, 0, NULL, NULL, NULL },
    { "signInAudience", SHAPE_STR, 0,
      "AzureADMyOrg|AzureADMultipleOrgs|AzureADandPersonalMicrosoftAccount|"
      "PersonalMicrosoftAccount",
      NULL, NULL },
    { "isFallbackPublicClient", SHAPE_BOOL, 0, NULL, NULL, NULL },
    { "isDeviceOnlyAuthSupported", SHAPE_BOOL, 0, NULL, NULL, NULL },
    { "groupMembershipClaims", SHAPE_STR, 0, NULL, NULL, NULL },
    { "identifierUris", SHAPE_WORDS, 0, NULL, NULL, NULL },
    { "tags", SHAPE_WORDS, 0, NULL, NULL, NULL },
    { "requiredResourceAccess", SHAPE_LIST, 0, NULL, NULL, &required_shape },
    { "keyCredentials", SHAPE_LIST, 0, NULL, NULL, &key_shape },
    { "passwordCredentials", SHAPE_ANY, SHAPE_IGNORED, NULL, NULL, NULL },
    { "appRoles", SHAPE_ANY, 0, NULL, NULL, NULL },
    { "api", SHAPE_ANY, 0, NULL, NULL, NULL },
    { "web", SHAPE_ANY, 0, NULL, NULL, NULL },
    { "spa", SHAPE_ANY, 0, NULL, NULL, NULL },
    { "publicClient", SHAPE_ANY, 0, NULL, NULL, NULL },
    { "info", SHAPE_ANY, 0, NULL, NULL, NULL },
    { "optionalClaims", SHAPE_ANY, 0, NULL, NULL, NULL },
};
static const struct shape app_shape = SHAPE("application", app_rows);
static const struct shape_row sp_rows[] = {
    { "id", SHAPE_STR, SHAPE_RO, NULL, NULL, NULL },
    { "appId", SHAPE_STR, 0, NULL, NULL, NULL },
    { "accountEnabled", SHAPE_BOOL, 0, NULL, NULL, NULL },
    { "appRoleAssignmentRequired", SHAPE_BOOL, 0, NULL, NULL, NULL },
    { "displayName", SHAPE_STR, 0, NULL, NULL, NULL },
    { "description", SHAPE_STR, 0, NULL, NULL, NULL },
    { "notes", SHAPE_STR, 0, NULL, NULL, NULL },
    { "homepage", SHAPE_STR, 0, NULL, NULL, NULL },
    { "loginUrl", SHAPE_STR, 0, NULL, NULL, NULL },
    { "servicePrincipalType", SHAPE_STR, 0, NULL, NULL, NULL },
    { "servicePrincipalNames", SHAPE_WORDS, 0, NULL, NULL, NULL },
    { "alternativeNames", SHAPE_WORDS, 0, NULL, NULL, NULL },
    { "replyUrls", SHAPE_WORDS, 0, NULL, NULL, NULL },
    { "tags", SHAPE_WORDS, 0, NULL, NULL, NULL },
    { "appRoles", SHAPE_ANY, 0, NULL, NULL, NULL },
};
static const struct shape sp_shape = SHAPE("servicePrincipal", sp_rows);

/* ---- the two sets ---- */

static const struct set {
    const char *name;
    const struct shape *shape;
    struct json *(*by_id)(struct world *w, const char *tid, const char *id);
    struct json *(*by_app_id)(struct world *w, const char *tid, const char *app_id);
    void (*remove)(struct world *w, const struct json *o);
} sets[] = {
    { "applications", &app_shape, dir_app_by_id, dir_app, dir_app_remove },
    { "servicePrincipals", &sp_shape, dir_sp_by_id, dir_sp, dir_sp_remove },
};

static const struct set *set_of(const struct sb_req *q)
{
    return &sets[str_istarts(q->path, GRAPH "/servicePrincipals")];
}

struct json *graph_find(struct sb_req *q, struct sb_reply *r, enum graph_right right)
{
    const struct set *set = set_of(q);
    const char *app_id = sb_var(q, "appid"), *id = sb_var(q, "id");
    dir_sync(q->world);
    struct json *o = app_id[0] ? set->by_app_id(q->world, graph_tid(q), app_id)
                               : set->by_id(q->world, graph_tid(q), id);
    if (!graph_may(q, r, right, o))
        return NULL;
    if (!o)
        graph_absent(q, r, app_id[0] ? app_id : id);
    return o;
}

/* ---- keys ---- */

static struct json *kept_key(const struct json *app, const struct json *sent)
{
    JSON_EACH (k, json_member(app, "keyCredentials"))
        if (str_ieq(json_str(k, "keyId"), json_str(sent, "keyId")))
            return json_copy(k);
    return NULL;
}

/* The Azure CLI sends a certificate's lines as they stand in its PEM. */
static bool decode_lines(struct str *der, const char *text)
{
    struct str one = STR_INIT;
    for (; *text; text++)
        if (!strchr("\r\n ", *text))
            str_addc(&one, *text);
    bool ok = str_b64_decode(der, str_p(&one));
    str_free(&one);
    return ok;
}

static struct json *new_key(const struct json *sent)
{
    static const char *const taken[] = { "keyId", "displayName", "startDateTime", "endDateTime" };
    struct str der = STR_INIT;
    struct json *k = NULL;
    if (decode_lines(&der, json_str(sent, "key")))
        k = dir_key_credential(str_p(&der), der.len, json_str(sent, "displayName"));
    str_free(&der);
    for (size_t i = 0; k && i < ARRAY_LEN(taken); i++)
        if (json_str(sent, taken[i]))
            json_set_str(k, taken[i], json_str(sent, taken[i]));
    return k;
}

/* The whole array is replaced; an entry without its key stands for one that is there. */
static bool set_keys(struct sb_req *q, struct sb_reply *r, struct json *app)
{
    const struct json *sent = json_member(q->json, "keyCredentials");
    struct json *keys = json_array();
    if (!json_is_array(sent)) {
        json_free(keys);
        return true;
    }
    JSON_EACH (s, sent) {
        struct json *k = json_str(s, "key") ? new_key(s) : kept_key(app, s);
        if (!k) {
            graph_bad(q, r,
                      "Invalid value specified for property 'keyCredentials' of resource "
                      "'Application'.");
            json_free(keys);
            return false;
        }
        json_push(keys, k);
    }
    json_set(app, "keyCredentials", keys);
    return true;
}

/* ---- one, many, new ---- */

static void set_owner(struct sb_req *q, struct json *o)
{
    const char *oid = json_str(q->claims, "oid");
    if (oid)
        json_push(json_edit(json_member(o, "_owners")), json_string(oid));
}

/* What is given, the credentials apart: they have their own rules. */
static void merge(struct json *o, const struct shape *shape, const struct json *body)
{
    struct json *rest = json_copy(body);
    json_unset(rest, "keyCredentials");
    shape_merge(shape, o, rest);
    json_free(rest);
}

static void app_create(struct sb_req *q, struct sb_reply *r)
{
    const struct json *body = graph_body(q, r, &app_shape);
    const char *name = json_str(body, "displayName");
    if (!body)
        return;
    if (!name || !*name) {
        graph_bad(q, r,
                  "A value is required for property 'displayName' of resource "
                  "'Application'.");
        return;
    }
    struct json *app = dir_app_new(q->world, graph_tid(q), name);
    if (!set_keys(q, r, app)) {
        dir_app_remove(q->world, app);
        return;
    }
    merge(app, &app_shape, body);
    set_owner(q, app);
    graph_one(q, r, 201, "applications", app);
}

static void sp_create(struct sb_req *q, struct sb_reply *r)
{
    const struct json *body = graph_body(q, r, &sp_shape);
    const char *app_id = json_str(body, "appId");
    if (!body)
        return;
    const struct json *app = app_id ? dir_app(q->world, graph_tid(q), app_id) : NULL;
    if (!app) {
        graph_bad(q, r,
                  "The appId '%.100s' of the service principal does not reference a valid "
                  "application object.",
                  app_id ? app_id : "");
        return;
    }
    if (dir_sp(q->world, graph_tid(q), app_id)) {
        sb_graph_error(q, r, 409, "Request_MultipleObjectsWithSameKeyValue",
                       "The service principal cannot be created, updated, or restored because the "
                       "service principal name %s is already in use.",
                       app_id);
        return;
    }
    struct json *sp = dir_sp_new(q->world, app);
    set_owner(q, sp);
    graph_one(q, r, 201, "servicePrincipals", sp);
}

static void collection(struct sb_req *q, struct sb_reply *r)
{
    const struct set *set = set_of(q);
    bool create = str_eq(q->method, "POST");
    if (!graph_may(q, r, create ? GRAPH_CREATE : GRAPH_READ, NULL))
        return;
    dir_sync(q->world);
    if (!create)
        graph_list(q, r, set->name, world_section(q->world, set->name));
    else if (set == &sets[0])
        app_create(q, r);
    else
        sp_create(q, r);
}

static void update(struct sb_req *q, struct sb_reply *r, const struct set *set, struct json *o)
{
    const struct json *body = graph_body(q, r, set->shape);
    if (!body || (set == &sets[0] && !set_keys(q, r, o)))
        return;
    merge(o, set->shape, body);
    world_touch(q->world);
    r->status = 204;
}

static void one(struct sb_req *q, struct sb_reply *r)
{
    const struct set *set = set_of(q);
    bool get = str_eq(q->method, "GET");
    struct json *o = graph_find(q, r, get ? GRAPH_READ : GRAPH_CHANGE);
    if (!o)
        return;
    if (get) {
        graph_one(q, r, 200, set->name, o);
    } else if (str_eq(q->method, "PATCH")) {
        update(q, r, set, o);
    } else {
        set->remove(q->world, o);
        r->status = 204;
    }
}

/* ---- secrets ---- */

static void add_password(struct sb_req *q, struct sb_reply *r)
{
    struct json *o = graph_find(q, r, GRAPH_CHANGE);
    const char *name = json_str(q->json, "passwordCredential.displayName");
    const char *end = json_str(q->json, "passwordCredential.endDateTime");
    const char *start = json_str(q->json, "passwordCredential.startDateTime");
    struct str secret = STR_INIT;
    int64_t end_ms = 0;
    if (!o)
        return;
    if (end && !time_parse(end, &end_ms)) {
        graph_bad(q, r, "Invalid value specified for property 'endDateTime'.");
        return;
    }
    struct json *p = dir_add_password(q->world, o, name, end, &secret);
    if (start)
        json_set_str(p, "startDateTime", start);
    struct json *form = graph_form(q, p, NULL);
    json_set_str(form, "secretText", str_p(&secret)); /* now and never again */
    str_free(&secret);
    sb_reply_json(r, 200, form);
}

static void remove_password(struct sb_req *q, struct sb_reply *r)
{
    struct json *o = graph_find(q, r, GRAPH_CHANGE), *rest;
    const char *key_id = json_str(q->json, "keyId");
    bool found = false;
    if (!o)
        return;
    rest = json_array();
    JSON_EACH (p, json_member(o, "passwordCredentials")) {
        if (str_ieq(json_str(p, "keyId"), key_id))
            found = true;
        else
            json_push(rest, json_copy(p));
    }
    if (!found) {
        json_free(rest);
        graph_bad(q, r, "No password credential found with keyId '%.100s'.", key_id ? key_id : "");
        return;
    }
    json_set(o, "passwordCredentials", rest);
    world_touch(q->world);
    r->status = 204;
}

/* ---- owners ---- */

static void owners(struct sb_req *q, struct sb_reply *r)
{
    const struct json *o = graph_find(q, r, GRAPH_READ);
    struct json *list;
    if (!o)
        return;
    list = json_array();
    JSON_EACH (id, json_member(o, "_owners")) {
        JSON_EACH (u, world_section(q->world, "users"))
            if (str_ieq(json_str(u, "oid"), json_value_str(id)))
                json_push(list, graph_user(u));
        const struct json *sp = dir_sp_by_id(q->world, graph_tid(q), json_value_str(id));
        if (sp)
            json_push(list, json_copy(sp));
    }
    graph_list(q, r, "directoryObjects", list);
    json_free(list);
}

#define FACTS "azure-wire.md 4.3"
#define BOTH(methods, rest, handler)                                                               \
    { methods, GRAPH "/applications/{id}" rest, SB_GRAPH, NULL, handler, FACTS },                  \
        { methods, GRAPH "/applications(appId='{appid}')" rest, SB_GRAPH, NULL, handler, FACTS },  \
        { methods, GRAPH "/servicePrincipals/{id}" rest, SB_GRAPH, NULL, handler, FACTS },         \
    {                                                                                              \
        methods, GRAPH "/servicePrincipals(appId='{appid}')" rest, SB_GRAPH, NULL, handler, FACTS  \
    }
static const struct sb_route rows[] = {
    { "GET POST", GRAPH "/applications", SB_GRAPH, NULL, collection, FACTS },
    { "GET POST", GRAPH "/servicePrincipals", SB_GRAPH, NULL, collection, FACTS },
    BOTH("GET PATCH DELETE", "", one),
    BOTH("POST", "/addPassword", add_password),
    BOTH("POST", "/removePassword", remove_password),
    BOTH("GET", "/owners", owners),
};
const struct sb_routes graph_apps_routes = { rows, ARRAY_LEN(rows) };
