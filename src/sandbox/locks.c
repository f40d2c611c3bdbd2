#include "config.h"

#include "sandbox/locks.h"

#include <string.h>

#include "sandbox/rights.h"
#include "sandbox/roles.h"

#define LOCK_TYPE "Microsoft.Authorization/locks"
#define MARK      "/providers/" LOCK_TYPE "/"
#define LOCK_NAME 260
#define NOTES_MAX 512

static const struct shape_row owner_rows[] = {
    { "applicationId", SHAPE_STR, 0, NULL, NULL, NULL },
};
static const struct shape owner_shape = SHAPE("ManagementLockOwner", owner_rows);
static const struct shape_row properties_rows[] = {
    { "level", SHAPE_STR, SHAPE_REQUIRED, "NotSpecified|CanNotDelete|ReadOnly", NULL, NULL },
    { "notes", SHAPE_STR, 0, NULL, NULL, NULL },
    { "owners", SHAPE_LIST, 0, NULL, NULL, &owner_shape },
};
static const struct shape properties_shape = SHAPE("ManagementLockProperties", properties_rows);
static const struct shape_row lock_rows[] = {
    { "properties", SHAPE_OBJ, SHAPE_REQUIRED, NULL, NULL, &properties_shape },
    { "id", SHAPE_STR, SHAPE_RO, NULL, NULL, NULL },
    { "type", SHAPE_STR, SHAPE_RO, NULL, NULL, NULL },
    { "name", SHAPE_STR, SHAPE_RO, NULL, NULL, NULL },
    { "systemData", SHAPE_OBJ, SHAPE_RO, NULL, NULL, &shape_system_data },
};
static const struct shape lock_shape = SHAPE("ManagementLockObject", lock_rows);

static struct json *form(struct sb_req *q, const struct json *lock)
{
    return shape_cut(&lock_shape, lock, q->api_version);
}

/* ---- what a lock holds ---- */

/* False: no lock. */
static bool scope_of(struct str *out, const char *id, const struct json *resource)
{
    const char *mark = str_ieq(json_str(resource, "type"), LOCK_TYPE) ? str_ifind(id, MARK) : NULL,
               *next;

    if (!mark)
        return false;
    while ((next = str_ifind(mark + 1, MARK)))
        mark = next;
    str_addn(out, id, (size_t)(mark - id));
    return true;
}

struct search {
    const char *id; /* what changes or goes */
    bool gone;
    struct str found; /* scopes of the locks in the way, with commas */
};

static void look_at(const char *key, struct json *resource, void *payload)
{
    struct search *s = payload;
    const char *level = json_str(resource, "properties.level"), *id = json_str(resource, "id");
    struct str scope = STR_INIT;

    if (scope_of(&scope, id ? id : key, resource)) {
        bool holds = str_ieq(level, "ReadOnly") || (s->gone && str_ieq(level, "CanNotDelete"));
        bool covers =
            res_within(s->id, str_p(&scope)) || (s->gone && res_within(str_p(&scope), s->id));

        if (holds && covers)
            str_addf(&s->found, "%s%s", s->found.len ? "," : "", str_p(&scope));
    }
    str_free(&scope);
}

bool locks_allow_at(struct sb_req *q, struct sb_reply *r, const char *method, const char *id)
{
    struct search s = { .id = id, .gone = str_eq(method, "DELETE") };
    bool ok;

    world_each(q->world, "/", look_at, &s);
    ok = s.found.len == 0;
    if (!ok)
        sb_arm_error(r, 409, "ScopeLocked",
                     "The scope '%s' cannot perform %s operation because following scope(s) are "
                     "locked: '%s'. Please remove the lock and try again.",
                     id, s.gone ? "delete" : "write", str_p(&s.found));
    str_free(&s.found);
    return ok;
}

bool locks_allow(struct sb_req *q, struct sb_reply *r)
{
    struct rights_act act;
    bool ok = true;

    if (str_eq(q->method, "GET") || str_eq(q->method, "HEAD"))
        return true;
    rights_act(q->method, q->path, &act);
    if (!str_istarts(act.action, LOCK_TYPE "/"))
        ok = locks_allow_at(q, r, q->method, str_p(&act.scope));
    str_free(&act.scope);
    return ok;
}

/* ---- handlers ---- */

struct list {
    struct sb_req *q;
    struct str scope;
    bool below; /* no atScope() */
    struct json *value;
};

static void list_one(const char *key, struct json *resource, void *payload)
{
    struct list *l = payload;
    const char *id = json_str(resource, "id");
    struct str scope = STR_INIT;

    if (scope_of(&scope, id ? id : key, resource) &&
        (res_within(str_p(&l->scope), str_p(&scope)) ||
         (l->below && res_within(str_p(&scope), str_p(&l->scope)))))
        json_push(l->value, form(l->q, resource));
    str_free(&scope);
}

static void locks(struct sb_req *q, struct sb_reply *r)
{
    const char *filter = sb_query(q, "$filter");
    struct list l = { .q = q, .below = !filter || !str_ifind(filter, "atScope()") };
    struct json *body;

    if (!roles_allow(q, r, LOCK_TYPE "/read", false))
        return;
    roles_scope(&l.scope, q);
    l.value = json_array();
    world_each(q->world, "/", list_one, &l);
    body = json_object();
    json_set(body, "value", l.value);
    sb_reply_json(r, 200, body);
    str_free(&l.scope);
}

static void put(struct sb_req *q, struct sb_reply *r, const char *id)
{
    const struct json *body = res_body(q, r, &lock_shape);
    const char *notes = json_str(body, "properties.notes");
    bool fresh = !world_resource(q->world, id);
    struct json *lock;

    if (!body || !res_name_ok(r, sb_var(q, "name"), LOCK_NAME))
        return;
    if (notes && strlen(notes) > NOTES_MAX) {
        sb_arm_error(r, 400, "InvalidRequestContent",
                     "The notes of a lock can be up to %d characters.", NOTES_MAX);
        return;
    }
    if (fresh)
        world_put(q->world, id, res_new(id, LOCK_TYPE));
    lock = world_resource(q->world, id);
    shape_merge(&lock_shape, lock, body);
    res_stamp(q, lock);
    sb_reply_json(r, fresh ? 201 : 200, form(q, lock));
}

static void lock(struct sb_req *q, struct sb_reply *r)
{
    bool read = str_eq(q->method, "GET");
    const char *action = read                       ? LOCK_TYPE "/read"
                         : str_eq(q->method, "PUT") ? LOCK_TYPE "/write"
                                                    : LOCK_TYPE "/delete";
    struct str id = STR_INIT;
    const struct json *old;

    if (!roles_allow(q, r, action, !read))
        return;
    roles_scope(&id, q);
    str_addf(&id, MARK "%s", sb_var(q, "name"));
    old = world_resource(q->world, str_p(&id));
    if (str_eq(q->method, "PUT"))
        put(q, r, str_p(&id));
    else if (!read)
        r->status = world_remove(q->world, str_p(&id)) ? 200 : 204;
    else if (old)
        sb_reply_json(r, 200, form(q, old));
    else
        sb_arm_error(r, 404, "LockNotFound", "The lock '%.100s' could not be found.",
                     sb_var(q, "name"));
    str_free(&id);
}

#define VERSIONS "2015-01-01 2016-09-01 2017-04-01 2020-05-01"
#define AT       "/{scope+}/providers/" LOCK_TYPE
#define FROM     "Microsoft.Authorization 2020-05-01 locks.json ManagementLocks_"
static const struct sb_route rows[] = {
    { "GET", AT, SB_ARM, VERSIONS, locks, FROM "ListByScope" },
    { "GET PUT DELETE", AT "/{name}", SB_ARM, VERSIONS, lock, FROM "*ByScope" },
};
const struct sb_routes locks_routes = { rows, ARRAY_LEN(rows) };
