/* access.c - tenants that block device codes or demand MFA. */
#include "config.h"

#include "sandbox/access.h"

#include <string.h>

enum { SESSION_BLOCKED = 530036 };

/* -1: no such word */
static int graph_of(const char *word)
{
    static const char *const words[] = {
        [ACCESS_ADMIN] = "admin", [ACCESS_APPS] = "apps", [ACCESS_NONE] = "none"
    };

    for (size_t i = 0; word && i < ARRAY_LEN(words); i++)
        if (str_eq(words[i], word))
            return (int)i;
    return word ? -1 : ACCESS_ADMIN;
}

enum access_graph access_graph(struct world *w, const char *tid)
{
    int what = graph_of(json_str(json_member(world_section(w, "access"), tid), "graph"));

    return what < 0 ? ACCESS_ADMIN : (enum access_graph)what;
}

static int set_one(struct world *w, const struct json *rule, struct err *e)
{
    char tid[GUID_SIZE];
    const char *tenant = json_str(rule, "tenant"), *graph = json_str(rule, "graph");
    int64_t number = 0;
    struct json *kept = json_object();

    json_int(rule, "deviceCode", &number);
    if (!json_is_object(rule) || !guid_parse(tid, tenant ? tenant : world_tenant(w)) ||
        number < 0 || number > 99999999 || graph_of(graph) < 0) {
        json_free(kept);
        return err_set(e, ERR_USAGE, 0,
                       "A rule is {\"tenant\": GUID, \"deviceCode\": NUMBER, \"mfa\": BOOL, "
                       "\"graph\": \"admin\", \"apps\" or \"none\"}.");
    }
    json_set_int(kept, "deviceCode", number);
    json_set_bool(kept, "mfa", json_flag(rule, "mfa", false));
    json_set_str(kept, "graph", graph);
    json_set(world_section(w, "access"), tid, kept);
    world_touch(w);
    return 0;
}

int access_set(struct world *w, const struct json *rules, struct err *e)
{
    if (!json_is_array(rules))
        return set_one(w, rules, e);
    JSON_EACH (rule, rules)
        if (set_one(w, rule, e) < 0)
            return -1;
    return 0;
}

static const struct json *rule_of(const struct sb_req *q, const char *tid)
{
    return json_member(world_section(q->world, "access"), tid);
}

static void refuse(const struct sb_req *q, struct sb_reply *r, int aadsts, const char *suberror,
                   const char *text)
{
    sb_entra_error(q, r, 400, "invalid_grant", aadsts, text);
    json_set_str(r->json, "suberror", suberror);
}

bool access_refuses_device(const struct sb_req *q, struct sb_reply *r, const char *tid)
{
    int64_t number = 0;

    json_int(rule_of(q, tid), "deviceCode", &number);
    if (!number || number == SESSION_BLOCKED)
        return false;
    refuse(q, r, (int)number, "message_only",
           number == 50097 ? "Device authentication is required."
                           : "Access has been blocked by Conditional Access policies. The access "
                             "policy does not allow token issuance.");
    return true;
}

bool access_refuses_refresh(const struct sb_req *q, struct sb_reply *r, const char *tid,
                            const char *born_in, bool device_born)
{
    const struct json *rule = rule_of(q, tid);
    int64_t number = 0;

    json_int(rule, "deviceCode", &number);
    if (device_born && number == SESSION_BLOCKED) {
        refuse(q, r, SESSION_BLOCKED, "bad_token",
               "Access has been blocked by Conditional Access policies: the session began with the "
               "device code flow, which an authentication flows policy forbids.");
        return true;
    }
    if (!json_flag(rule, "mfa", false) || str_ieq(tid, born_in))
        return false;
    refuse(
        q, r, 50076, "basic_action",
        "Due to a configuration change made by your administrator, or because you moved to a new "
        "location, you must use multi-factor authentication to access the resource.");
    return true;
}
