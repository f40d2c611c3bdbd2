/* control.c - steering a running sandbox: POST /sandbox/faults, POST /sandbox/approve, POST
 * /sandbox/rights, POST /sandbox/access, POST /sandbox/policies, POST /sandbox/resources, POST
 * /sandbox/consent, GET /sandbox/state. No token, loopback only. */
#include "config.h"

#include <string.h>

#include "sandbox/access.h"
#include "sandbox/directory.h"
#include "sandbox/policies.h"
#include "sandbox/resource.h"
#include "sandbox/rights.h"
#include "sandbox/routes.h"
#include "sandbox/signin.h"

bool sb_loopback_name(const char *host)
{
    static const char *const names[] = { "127.0.0.1", "localhost", "[::1]" };
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        size_t n = strlen(names[i]);
        if (str_istarts(host, names[i]) && (!host[n] || host[n] == ':'))
            return true;
    }
    return false;
}

/* The ports are loopback anyway; this keeps out a web page that a browser on this machine shows. */
static bool may_steer(const struct sb_req *q, struct sb_reply *r)
{
    const char *origin = sb_header(q, "origin");
    if (sb_loopback_name(q->host) && (!origin || str_eq(origin, q->base)))
        return true;
    sb_arm_error(r, 403, "Forbidden", "The sandbox is steered from this machine only.");
    return false;
}

static int add_fault(const char *spec, struct sb_reply *r)
{
    struct err e = { 0 };
    if (fault_add(spec, &e) == 0)
        return 0;
    sb_arm_error(r, 400, "InvalidFault", "%s", e.message);
    return -1;
}

static int add_lines(const char *text, struct sb_reply *r)
{
    for (const char *p = text; *p; p += strspn(p, "\r\n")) {
        char line[700];
        size_t n = strcspn(p, "\r\n");
        str_fmt(line, sizeof(line), "%.*s", (int)n, p);
        if (line[0] && add_fault(line, r) < 0)
            return -1;
        p += n;
    }
    return 0;
}

static void send_faults(struct sb_reply *r)
{
    struct json *doc = json_object();
    json_set(doc, "faults", fault_list());
    sb_reply_json(r, 200, doc);
}

/* {"faults":["429:retry-after=1@GET /subscriptions*x2"]}, {"fault":"..."}, or plain text with a
 * fault a line. */
static void faults_add(struct sb_req *q, struct sb_reply *r)
{
    int rc = 0;
    if (!may_steer(q, r))
        return;
    const struct json *list = json_member(q->json, "faults");
    const char *one = json_str(q->json, "fault");
    if (q->sent_json && !list && !one) {
        sb_arm_error(r, 400, "InvalidFault", "The body must hold \"fault\" or \"faults\".");
        return;
    }
    JSON_EACH (f, list)
        if (rc == 0)
            rc = add_fault(json_value_str(f) ? json_value_str(f) : "", r);
    if (rc == 0 && one)
        rc = add_fault(one, r);
    if (rc == 0 && !q->sent_json)
        rc = add_lines(q->body, r);
    if (rc == 0)
        send_faults(r);
}

static void faults_clear(struct sb_req *q, struct sb_reply *r)
{
    if (!may_steer(q, r))
        return;
    fault_clear();
    send_faults(r);
}

static void faults_show(struct sb_req *q, struct sb_reply *r)
{
    if (may_steer(q, r))
        send_faults(r);
}

/* {"user_code":"ABCDEFGHJ"|"*", "user":"upn"?, "decline":true?} */
static void approve(struct sb_req *q, struct sb_reply *r)
{
    if (!may_steer(q, r))
        return;
    const char *code = json_str(q->json, "user_code"), *user = json_str(q->json, "user");
    bool yes = !json_flag(q->json, "decline", false);
    int n = 0;
    if (!code) {
        sb_arm_error(r, 400, "InvalidRequestContent", "The body must hold \"user_code\".");
        return;
    }
    if (user && !signin_user(q->world, user, "")) {
        sb_arm_error(r, 404, "UserNotFound", "There is no user '%s'.", user);
        return;
    }
    struct json *s = str_eq(code, "*") ? NULL : signin_by_user_code(q->world, code);
    if (str_eq(code, "*"))
        n = signin_decide_all(q->world, user, yes);
    else if (s)
        n = signin_decide(q->world, s, user, yes);
    if (n == 0 && !str_eq(code, "*")) {
        sb_arm_error(r, 404, "UserCodeNotFound", "No sign-in waits under the code '%s'.", code);
        return;
    }
    struct json *doc = json_object();
    json_set_int(doc, yes ? "approved" : "declined", n);
    sb_reply_json(r, 200, doc);
}

/* What rights_set reads. */
static void rights(struct sb_req *q, struct sb_reply *r)
{
    struct err e = { 0 };
    if (!may_steer(q, r))
        return;
    if (!json_is_object(q->json)) {
        sb_arm_error(r, 400, "InvalidRequestContent",
                     "The body must hold \"roleAssignments\" or \"denyAssignments\".");
        return;
    }
    if (rights_set(q->world, q->json, &e) < 0)
        sb_arm_error(r, 400, "InvalidRights", "%s", e.message);
    else
        sb_reply_json(r, 200, json_object());
}

/* What policies_set reads. */
static void policies(struct sb_req *q, struct sb_reply *r)
{
    struct err e = { 0 };
    if (!may_steer(q, r))
        return;
    if (!json_member(q->json, "policies"))
        sb_arm_error(r, 400, "InvalidRequestContent", "The body must hold \"policies\".");
    else if (policies_set(q->world, q->json, &e) < 0)
        sb_arm_error(r, 400, "InvalidPolicies", "%s", e.message);
    else
        sb_reply_json(r, 200, json_object());
}

/* "properties.status": an object that is there, and the member's name */
static bool set_at(struct json *resource, const struct json *value)
{
    const char *path = json_name(value), *dot = strrchr(path, '.');
    struct json *parent = resource;
    char before[200];

    if (dot) {
        str_fmt(before, sizeof before, "%.*s", (int)(dot - path), path);
        parent = json_edit(json_get(resource, before));
    }
    if (json_is_object(parent))
        json_set(parent, dot ? dot + 1 : path, json_copy(value));
    return json_is_object(parent);
}

static void put_resource(struct world *w, const char *id, const struct json *resource)
{
    struct json *copy = json_copy(resource);

    if (!json_str(copy, "name"))
        json_set_str(copy, "name", res_last(id));
    world_put(w, id, copy);
}

static void put_application(struct sb_req *q, struct sb_reply *r, const struct json *members)
{
    const char *name = json_str(members, "displayName");
    struct json *app, *doc;

    if (!name || !*name) {
        sb_arm_error(r, 400, "InvalidRequestContent", "An application needs a \"displayName\".");
        return;
    }
    app = dir_app_new(q->world, world_tenant(q->world), name);
    JSON_EACH (m, members)
        json_set(app, json_name(m), json_copy(m));
    dir_sp_new(q->world, app);
    world_touch(q->world);
    doc = json_object();
    json_set_str(doc, "id", json_str(app, "id"));
    json_set_str(doc, "appId", json_str(app, "appId"));
    sb_reply_json(r, 200, doc);
}

static bool set_page(struct sb_req *q, struct sb_reply *r)
{
    int64_t size;

    if (!json_int(q->json, "pageSize", &size))
        return false;
    json_set_int(world_section(q->world, "options"), "pageSize", size);
    world_touch(q->world);
    sb_reply_json(r, 200, json_object());
    return true;
}

/* What happens to resources behind a client's back: {"delete": ID}, with all below it; {"id": ID,
 * "set": {"properties.status": "Disconnected"}}; or {"put": {"id": ID, "type": ..., ...}}, whatever
 * it is: another's resource in a group, a lock, an extension with "_delete" (resource.h). Beside
 * them: {"application": {"displayName": ..., "createdDateTime": ...}}, one that somebody made, with
 * its principal; {"pageSize": N} of lists (page.h). */
static void resources(struct sb_req *q, struct sb_reply *r)
{
    const struct json *made = json_member(q->json, "put");
    const char *gone = json_str(q->json, "delete"),
               *id = made ? json_str(made, "id") : json_str(q->json, "id");
    struct json *resource;

    if (!may_steer(q, r) || set_page(q, r))
        return;
    if (json_member(q->json, "application")) {
        put_application(q, r, json_member(q->json, "application"));
        return;
    }
    if (made && (!id || id[0] != '/' || !json_str(made, "type"))) {
        sb_arm_error(r, 400, "InvalidRequestContent", "A resource needs \"id\" and \"type\".");
        return;
    }
    if (made)
        put_resource(q->world, id, made);
    resource = id ? world_resource(q->world, id) : NULL;
    if (gone ? !world_resource(q->world, gone) : !resource) {
        sb_arm_error(r, 404, "ResourceNotFound", "There is no resource '%s'.",
                     gone ? gone
                     : id ? id
                          : "");
        return;
    }
    if (gone)
        lro_delete(q->world, gone);
    JSON_EACH (value, gone ? NULL : json_member(q->json, "set"))
        if (!set_at(resource, value)) {
            sb_arm_error(r, 400, "InvalidRequestContent", "There is no object for '%s'.",
                         json_name(value));
            return;
        }
    world_touch(q->world);
    sb_reply_json(r, 200, json_object());
}

/* What access_set reads. */
static void access_rules(struct sb_req *q, struct sb_reply *r)
{
    struct err e = { 0 };
    if (!may_steer(q, r))
        return;
    if (access_set(q->world, q->json, &e) < 0)
        sb_arm_error(r, 400, "InvalidAccess", "%s", e.message);
    else
        sb_reply_json(r, 200, json_object());
}

/* An administrator consents in the portal: {"application": client id} gets all the application
 * permissions that it asks for; with "roles" (ids) of the HCI service these instead. */
static void consent(struct sb_req *q, struct sb_reply *r)
{
    const char *id = json_str(q->json, "application");
    const struct json *app, *sp;
    int n = 0;

    if (!may_steer(q, r))
        return;
    dir_sync(q->world);
    app = id ? dir_app(q->world, "", id) : NULL;
    sp = app ? dir_sp(q->world, json_str(app, "_tid"), id) : NULL;
    if (!sp) {
        sb_arm_error(r, 404, "ApplicationNotFound", "There is no application '%s'.", id ? id : "");
        return;
    }
    JSON_EACH (role, json_member(q->json, "roles"))
        n += dir_grant_role_once(q->world, sp, APP_HCI, json_value_str(role));
    JSON_EACH (one,
               json_member(q->json, "roles") ? NULL : json_member(app, "requiredResourceAccess"))
        JSON_EACH (role, json_member(one, "resourceAccess"))
            if (str_eq(json_str(role, "type"), "Role"))
                n += dir_grant_role_once(q->world, sp, json_str(one, "resourceAppId"),
                                         json_str(role, "id"));
    struct json *doc = json_object();
    json_set_int(doc, "granted", n);
    sb_reply_json(r, 200, doc);
}

static struct json *show_signin(struct world *w, struct json *s)
{
    static const char *const names[] = { "userCode", "clientId", "scope", "tenant", "user" };
    struct json *out = json_object();
    char time[TIME_SIZE];
    int64_t expires = 0;
    json_set_str(out, "state", signin_state_name(signin_now(w, s)));
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (json_str(s, names[i]))
            json_set_str(out, names[i], json_str(s, names[i]));
    json_int(s, "expires", &expires);
    time_iso(time, expires);
    json_set_str(out, "expires", time);
    return out;
}

static void state(struct sb_req *q, struct sb_reply *r)
{
    if (!may_steer(q, r))
        return;
    struct json *doc = json_object(), *list = json_array();
    JSON_EACH (s, world_section(q->world, "signins"))
        json_push(list, show_signin(q->world, json_edit(s)));
    json_set(doc, "signIns", list);
    json_set(doc, "faults", fault_list());
    sb_reply_json(r, 200, doc);
}

static const struct sb_route rows[] = {
    { "POST", "/sandbox/faults", SB_ANYONE, NULL, faults_add, "of this program" },
    { "DELETE", "/sandbox/faults", SB_ANYONE, NULL, faults_clear, "of this program" },
    { "GET", "/sandbox/faults", SB_ANYONE, NULL, faults_show, "of this program" },
    { "POST", "/sandbox/rights", SB_ANYONE, NULL, rights, "of this program" },
    { "POST", "/sandbox/policies", SB_ANYONE, NULL, policies, "of this program" },
    { "POST", "/sandbox/resources", SB_ANYONE, NULL, resources, "of this program" },
    { "POST", "/sandbox/access", SB_ANYONE, NULL, access_rules, "of this program" },
    { "POST", "/sandbox/consent", SB_ANYONE, NULL, consent, "of this program" },
    { "POST", "/sandbox/approve", SB_ANYONE, NULL, approve, "of this program" },
    { "GET", "/sandbox/state", SB_ANYONE, NULL, state, "of this program" },
};
const struct sb_routes control_routes = { rows, ARRAY_LEN(rows) };
