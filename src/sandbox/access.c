/* access.c - tenants that block device codes or demand MFA. */
#include "config.h"

#include "sandbox/access.h"

#include <string.h>

enum { SESSION_BLOCKED = 530036, MFA_WANTED = 50076 };

static const struct refusal {
    int aadsts;
    const char *error, *suberror, *text;
} refusals[] = {
    { 50020, "invalid_grant", "",
      "User account from this identity provider does not exist in the tenant and cannot access the "
      "application in that tenant. The account needs to be added as an external user in the tenant "
      "first." },
    { 50076, "invalid_grant", "basic_action",
      "Due to a configuration change made by your administrator, or because you moved to a new "
      "location, you must use multi-factor authentication to access the resource." },
    { 50079, "invalid_grant", "basic_action",
      "Due to a configuration change made by your administrator, or because you moved to a new "
      "location, you must enroll in multi-factor authentication to access the resource." },
    { 50097, "invalid_grant", "message_only", "Device authentication is required." },
    { 50199, "interaction_required", "",
      "For security reasons, user confirmation is required for this request. Please repeat the "
      "request allowing user interaction." },
    { 65001, "invalid_grant", "consent_required",
      "The user or administrator has not consented to use the application. Send an interactive "
      "authorization request for this user and resource." },
    { 90072, "invalid_grant", "",
      "User account from an external identity provider does not exist in the tenant and cannot "
      "access the application in that tenant. The account needs to be added as an external user in "
      "the tenant first. Sign out and sign in again with a different Azure Active Directory user "
      "account." },
    { SESSION_BLOCKED, "invalid_grant", "bad_token",
      "Access has been blocked by Conditional Access policies: the session began with the device "
      "code flow, which an authentication flows policy forbids." },
    { 0, "invalid_grant", "message_only",
      "Access has been blocked by Conditional Access policies. The access policy does not allow "
      "token issuance." },
};

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

static bool good_number(int64_t n)
{
    return n >= 0 && n <= 99999999;
}

static int set_one(struct world *w, const struct json *rule, struct err *e)
{
    char tid[GUID_SIZE];
    const char *tenant = json_str(rule, "tenant"), *graph = json_str(rule, "graph");
    int64_t code = 0, user = 0, mfa = json_flag(rule, "mfa", false) ? MFA_WANTED : 0;
    struct json *kept;

    json_int(rule, "deviceCode", &code);
    json_int(rule, "signIn", &user);
    json_int(rule, "mfa", &mfa);
    if (!json_is_object(rule) || !guid_parse(tid, tenant ? tenant : world_tenant(w)) ||
        !good_number(code) || !good_number(user) || !good_number(mfa) || graph_of(graph) < 0)
        return err_set(e, ERR_USAGE, 0,
                       "A rule is {\"tenant\": GUID, \"deviceCode\": NUMBER, \"signIn\": NUMBER, "
                       "\"mfa\": BOOL or NUMBER, \"graph\": \"admin\", \"apps\" or \"none\"}.");
    kept = json_object();
    json_set_int(kept, "deviceCode", code);
    json_set_int(kept, "signIn", user);
    json_set_int(kept, "mfa", mfa);
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

static int64_t number_of(const struct sb_req *q, const char *tid, const char *name)
{
    int64_t number = 0;

    json_int(rule_of(q, tid), name, &number);
    return number;
}

static bool refuse(const struct sb_req *q, struct sb_reply *r, int64_t aadsts)
{
    const struct refusal *f = refusals;

    while (f->aadsts && f->aadsts != aadsts)
        f++;
    sb_entra_error(q, r, 400, f->error, (int)aadsts, f->text);
    if (f->suberror[0])
        json_set_str(r->json, "suberror", f->suberror);
    return true;
}

bool access_refuses_user(const struct sb_req *q, struct sb_reply *r, const char *tid)
{
    int64_t number = number_of(q, tid, "signIn");

    return number && refuse(q, r, number);
}

bool access_refuses_device(const struct sb_req *q, struct sb_reply *r, const char *tid)
{
    int64_t number = number_of(q, tid, "deviceCode");

    if (number && number != SESSION_BLOCKED)
        return refuse(q, r, number);
    return access_refuses_user(q, r, tid);
}

bool access_refuses_refresh(const struct sb_req *q, struct sb_reply *r, const char *tid,
                            const char *born_in, bool device_born)
{
    int64_t mfa = number_of(q, tid, "mfa");

    if (device_born && number_of(q, tid, "deviceCode") == SESSION_BLOCKED)
        return refuse(q, r, SESSION_BLOCKED);
    if (str_ieq(tid, born_in))
        return false;
    return mfa ? refuse(q, r, mfa) : access_refuses_user(q, r, tid);
}
