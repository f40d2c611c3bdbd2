#include "config.h"

#include "sandbox/policies.h"

#include <string.h>

#include "base/i18n.h"
#include "sandbox/resource.h"
#include "sandbox/rights.h"

#define GROUPS      "Microsoft.Resources/subscriptions/resourceGroups"
#define DEFINITIONS "/providers/Microsoft.Authorization/policyDefinitions/"
#define ASSIGNMENTS "/providers/Microsoft.Authorization/policyAssignments/"

/* What is judged: a resource as it would be. */
struct subject {
    const char *type, *id;
    const struct json *body;
};

/* An expression that was evaluated, as the answer shows it. */
struct finding {
    const char *expression, *operator;
    struct json *value, *target; /* owned */
};

struct kind {
    const char *name, *definition, *definition_name; /* Azure's own, if the row names no other */
    const char *types;                               /* NULL: all that have a location */
    const char *needs;
    bool (*denies)(const struct json *policy, const struct subject *s, struct finding *f);
};

/* ---- the kinds ---- */

static bool lacks_tag(const struct json *policy, const struct subject *s, struct finding *f)
{
    const char *tag = json_str(policy, "tag");

    JSON_EACH (t, json_member(s->body, "tags"))
        if (str_ieq(json_name(t), tag))
            return false;
    f->operator= "Exists";
    f->value = json_null();
    f->target = json_string("false");
    return true;
}

static bool is_elsewhere(const struct json *policy, const struct subject *s, struct finding *f)
{
    const char *location = json_str(s->body, "location");
    char here[64], there[64];

    if (!location)
        return false;
    str_region(here, sizeof here, location);
    JSON_EACH (l, json_member(policy, "locations")) {
        str_region(there, sizeof there, json_value_str(l));
        if (str_eq(here, there))
            return false;
    }
    f->expression = "location";
    f->operator= "NotIn";
    f->value = json_string(here);
    f->target = json_copy(json_member(policy, "locations"));
    return true;
}

static bool is_misnamed(const struct json *policy, const struct subject *s, struct finding *f)
{
    const char *pattern = json_str(policy, "pattern");

    if (sb_glob(pattern, res_last(s->id)))
        return false;
    f->expression = "name";
    f->operator= "NotLike";
    f->value = json_string(res_last(s->id));
    f->target = json_string(pattern);
    return true;
}

static const struct kind kinds[] = {
    { "tag", "96670d01-0a4d-4649-9c89-2d3abc0a5025", "Require a tag on resource groups", GROUPS,
      "tag", lacks_tag },
    { "locations", "e56962a6-4747-49cd-b67b-bf8b01975c4c", "Allowed locations", NULL, "locations",
      is_elsewhere },
    { "name", NULL, "Names of resource groups", GROUPS, "pattern", is_misnamed },
};

static const struct kind *kind_of(const struct json *policy)
{
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (str_eq(kinds[i].name, json_str(policy, "kind")))
            return &kinds[i];
    return NULL;
}

/* ---- which resources ---- */

static bool type_fits(const struct json *policy, const struct kind *k, const struct subject *s)
{
    const struct json *types = json_member(policy, "types");

    JSON_EACH (t, types)
        if (str_ieq(json_value_str(t), s->type))
            return true;
    if (types)
        return false;
    return k->types ? str_ieq(k->types, s->type)
                    : json_str(s->body, "location") && !str_ieq(s->type, GROUPS);
}

static bool reaches(const struct json *policy, const char *id)
{
    const char *scope = json_str(policy, "scope");

    return !scope || res_within(id, scope);
}

/* ---- the refusal ---- */

static void scope_of(const struct json *policy, const struct subject *s, struct str *out)
{
    const char *scope = json_str(policy, "scope");
    const char *end = s->id + strlen("/subscriptions/");

    if (scope)
        str_add(out, scope);
    else
        str_addn(out, s->id, (size_t)(end - s->id) + strcspn(end, "/"));
}

static const char *or_else(const struct json *policy, const char *member, const char *other)
{
    const char *s = json_str(policy, member);

    return s && s[0] ? s : other;
}

static struct json *expression(const char *name, const char *operator, struct json * value,
                               struct json *target)
{
    struct json *x = json_object();

    json_set_str(x, "result", "True");
    json_set_str(x, "expressionKind", "Field");
    json_set_str(x, "expression", name);
    json_set_str(x, "path", name);
    json_set(x, "expressionValue", value);
    json_set(x, "targetValue", target);
    json_set_str(x, "operator", operator);
    return x;
}

static struct json *evaluation(const struct json *policy, const struct subject *s,
                               const struct finding *f)
{
    struct json *details = json_object(), *list = json_array();
    char tag[160];

    str_fmt(tag, sizeof tag, "tags[%s]", or_else(policy, "tag", ""));
    json_push(list, expression("type", "Equals", json_string(s->type), json_string(s->type)));
    json_push(list,
              expression(f->expression ? f->expression : tag, f->operator, f->value, f->target));
    json_set(details, "evaluatedExpressions", list);
    return details;
}

static struct json *info_of(const struct json *policy, const struct kind *k,
                            const struct subject *s, const struct finding *f)
{
    struct json *info = json_object();
    struct str scope = STR_INIT, id = STR_INIT;
    const char *name = or_else(policy, "name", k->name);
    const char *definition = or_else(policy, "definition", k->definition ? k->definition : name);

    scope_of(policy, s, &scope);
    json_set(info, "evaluationDetails", evaluation(policy, s, f));
    if (!json_str(policy, "definition") && k->definition)
        str_addf(&id, DEFINITIONS "%s", definition);
    else
        str_addf(&id, "%s" DEFINITIONS "%s", str_p(&scope), definition);
    json_set_str(info, "policyDefinitionId", str_p(&id));
    json_set_str(info, "policyDefinitionName", definition);
    json_set_str(info, "policyDefinitionDisplayName",
                 or_else(policy, "definitionDisplayName", k->definition_name));
    json_set_str(info, "policyDefinitionEffect", "deny");
    str_reset(&id);
    str_addf(&id, "%s" ASSIGNMENTS "%s", str_p(&scope), name);
    json_set_str(info, "policyAssignmentId", str_p(&id));
    json_set_str(info, "policyAssignmentName", name);
    json_set_str(info, "policyAssignmentDisplayName", or_else(policy, "displayName", name));
    json_set_str(info, "policyAssignmentScope", str_p(&scope));
    str_free(&scope);
    str_free(&id);
    return info;
}

static struct json *pair(const char *name, const char *id)
{
    struct json *j = json_object();

    json_set_str(j, "name", name);
    json_set_str(j, "id", id);
    return j;
}

static struct json *identifiers(const struct json *info)
{
    struct json *j = json_object();

    json_set(
        j, "policyAssignment",
        pair(json_str(info, "policyAssignmentDisplayName"), json_str(info, "policyAssignmentId")));
    json_set(
        j, "policyDefinition",
        pair(json_str(info, "policyDefinitionDisplayName"), json_str(info, "policyDefinitionId")));
    return j;
}

struct verdict {
    struct json *more, *ids; /* additionalInfo; the identifiers of the message */
    struct str reasons;
};

static void judge(const struct json *policy, const struct subject *s, struct verdict *v)
{
    const struct kind *k = kind_of(policy);
    const char *message = json_str(policy, "message");
    struct finding f = { .value = NULL };
    struct json *one, *info;

    if (!k || !reaches(policy, s->id) || !type_fits(policy, k, s) || !k->denies(policy, s, &f))
        return;
    info = info_of(policy, k, s, &f);
    one = json_object();
    json_set_str(one, "type", "PolicyViolation");
    json_push(v->ids, identifiers(info));
    json_set(one, "info", info);
    json_push(v->more, one);
    if (message && message[0])
        str_addf(&v->reasons, "%s'%s'", v->reasons.len ? "," : "", message);
}

static void refuse(struct sb_reply *r, const struct subject *s, struct verdict *v)
{
    struct str ids = STR_INIT;
    struct json *error;

    json_write(&ids, v->ids);
    if (v->reasons.len)
        error = sb_arm_error(r, 403, "RequestDisallowedByPolicy",
                             "Resource '%s' was disallowed by policy. Reasons: %s. See error "
                             "details for policy resource IDs.",
                             res_last(s->id), str_p(&v->reasons));
    else
        error = sb_arm_error(r, 403, "RequestDisallowedByPolicy",
                             "Resource '%s' was disallowed by policy. Policy identifiers: '%s'.",
                             res_last(s->id), str_p(&ids));
    json_set_str(error, "target", res_last(s->id));
    json_set(error, "additionalInfo", v->more);
    v->more = NULL;
    str_free(&ids);
}

static bool allow(struct sb_req *q, struct sb_reply *r, const struct subject *s)
{
    struct verdict v = { json_array(), json_array(), STR_INIT };
    bool ok;

    JSON_EACH (p, json_member(world_section(q->world, "options"), "policies"))
        judge(p, s, &v);
    ok = json_len(v.more) == 0;
    if (!ok)
        refuse(r, s, &v);
    json_free(v.more);
    json_free(v.ids);
    str_free(&v.reasons);
    return ok;
}

bool policies_allow_resource(struct sb_req *q, struct sb_reply *r, const char *type, const char *id,
                             const struct json *body)
{
    struct subject s = { type, id, body };

    return allow(q, r, &s);
}

/* A PATCH that leaves the tags alone changes nothing that is judged. */
bool policies_allow(struct sb_req *q, struct sb_reply *r)
{
    struct rights_act act;
    struct subject s = { act.action, q->path, q->json };
    bool judged = str_eq(q->method, "PUT") ||
                  (str_eq(q->method, "PATCH") && json_member(q->json, "tags")),
         ok = true;

    if (!judged || !json_is_object(q->json))
        return true;
    rights_act(q->method, q->path, &act);
    if (str_ends(act.action, "/write")) {
        act.action[strlen(act.action) - strlen("/write")] = 0;
        ok = allow(q, r, &s);
    }
    str_free(&act.scope);
    return ok;
}

/* ---- what is set ---- */

static int check(const struct json *p, struct err *e)
{
    const struct kind *k = kind_of(p);

    if (!k)
        return err_set(e, ERR_USAGE, 0, _("A policy's kind is tag, locations or name."));
    if (!json_member(p, k->needs) ||
        json_is_array(json_member(p, k->needs)) != str_eq(k->needs, "locations"))
        return err_set(e, ERR_USAGE, 0, _("A policy of kind %s needs \"%s\"."), k->name, k->needs);
    return 0;
}

int policies_set(struct world *w, const struct json *doc, struct err *e)
{
    const struct json *list = json_member(doc, "policies");

    if (!list)
        return 0;
    if (!json_is_array(list))
        return err_set(e, ERR_USAGE, 0, _("\"policies\" must be a list."));
    JSON_EACH (p, list)
        if (check(p, e) < 0)
            return -1;
    json_set(world_section(w, "options"), "policies", json_copy(list));
    world_touch(w);
    return 0;
}
