/* deny.c - deny assignments: nobody makes them by the Resource Manager (Azure does, for its own
 * purposes), so here they come from the seed or from whoever steers the sandbox. Sources:
 * Microsoft.Authorization 2022-04-01 authorization-DenyAssignmentCalls.json; azure-wire.md 2.10.3.
 */
#include "config.h"

#include "sandbox/roles.h"

#include <string.h>

#include "sandbox/rights.h"

struct walk {
    const char *scope;
    char principal[64], name[128];
    bool below; /* no atScope() */
    struct json *value;
};

static bool names(const struct json *principals, const char *oid)
{
    JSON_EACH (p, principals)
        if (str_ieq(json_str(p, "id"), oid))
            return true;
    return false;
}

static void add_one(const char *id, struct json *a, void *payload)
{
    struct walk *w = payload;
    const char *scope = json_str(a, "properties.scope");

    (void)id;
    if (!str_ieq(json_str(a, "type"), RIGHTS_DENY) || !scope)
        return;
    if (!res_within(w->scope, scope) && !(w->below && res_within(scope, w->scope)))
        return;
    if (w->principal[0] && !names(json_get(a, "properties.principals"), w->principal))
        return;
    if (w->name[0] && !str_ieq(json_str(a, "properties.denyAssignmentName"), w->name))
        return;
    json_push(w->value, json_copy(a));
}

void deny_list(struct sb_req *q, struct sb_reply *r)
{
    const char *filter = sb_query(q, "$filter");
    struct walk w = { .below = true, .value = json_array() };
    struct json *body = json_object();
    struct str scope = STR_INIT;

    roles_scope(&scope, q);
    w.scope = str_p(&scope);
    if (filter) {
        w.below = !str_ifind(filter, "atScope()");
        roles_quoted_after(filter, "principalId eq", w.principal, sizeof w.principal);
        roles_quoted_after(filter, "denyAssignmentName eq", w.name, sizeof w.name);
    }
    world_each(q->world, "/", add_one, &w);
    json_set(body, "value", w.value);
    sb_reply_json(r, 200, body);
    str_free(&scope);
}

void deny_one(struct sb_req *q, struct sb_reply *r)
{
    struct str id = STR_INIT;
    const struct json *a;

    roles_scope(&id, q);
    str_addf(&id, "/providers/" RIGHTS_DENY "/%s", sb_var(q, "name"));
    a = world_resource(q->world, str_p(&id));
    if (a)
        sb_reply_json(r, 200, json_copy(a));
    else
        sb_arm_error(r, 404, "DenyAssignmentNotFound", "The deny assignment '%.100s' is not found.",
                     sb_var(q, "name"));
    str_free(&id);
}
