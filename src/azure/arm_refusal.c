/* arm_refusal.c - what Resource Manager says about a refusal beside its code: whose policy and with
 * which words, which right and where (azure-wire.md 2.6.3 to 2.6.6, docs-facts.md 8).
 *
 * The customer's own message (nonComplianceMessages of a policy assignment) stands in the message
 * behind "Reasons:", which is inferred from answers that people have shown; a member
 * nonComplianceMessage of the violation is read, too. Without additionalInfo the ids are taken from
 * the JSON text that the message holds behind "Policy identifiers:".
 */
#include "config.h"

#include "azure/arm_int.h"

#include <string.h>

#include "base/i18n.h"
#include "base/text.h"

#define POLICIES_MAX 4 /* more than these would not fit into an error */

struct violation {
    char policy[140], policy_id[260], assignment[140], assignment_id[260];
    char message[300], found[260];
    bool token; /* a policy token or change reference is wanted */
};

struct refusal {
    struct violation v[POLICIES_MAX];
    size_t n;
};

static const char *member_str(const struct json *j, const char *name)
{
    return json_value_str(json_imember(j, name));
}

/* ---- one violation ---- */

static const char *first_str(const struct json *j, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *s = member_str(j, names[i]);

        if (s && s[0])
            return s;
    }
    return NULL;
}

/* A name that is an id is shown by its last part. */
static void set_name(char *dst, size_t size, const char *s)
{
    const char *slash = s && s[0] == '/' ? strrchr(s, '/') : NULL;

    text_set(dst, size, slash && slash[1] ? slash + 1 : s);
}

static void add_value(struct str *out, const struct json *v)
{
    bool first = true;

    if (json_value_str(v)) {
        str_add(out, json_value_str(v));
        return;
    }
    JSON_EACH (one, v) {
        if (json_value_str(one))
            str_addf(out, "%s%s", first ? "" : ", ", json_value_str(one));
        first = false;
    }
}

/* "location is westus; NotIn westeurope, northeurope": the last one that held is the nearest to the
 * cause. */
static void set_found(struct violation *v, const struct json *info)
{
    const struct json *list = json_get(info, "evaluationDetails.evaluatedExpressions"),
                      *last = NULL;
    struct str s = STR_INIT;

    JSON_EACH (x, list)
        if (member_str(x, "expression") && !str_ieq(member_str(x, "expression"), "type"))
            last = x;
    if (last) {
        str_addf(&s, "%s = \"", member_str(last, "expression"));
        add_value(&s, json_imember(last, "expressionValue"));
        str_addf(&s, "\" (%s ", member_str(last, "operator") ? member_str(last, "operator") : "");
        add_value(&s, json_imember(last, "targetValue"));
        str_addc(&s, ')');
        text_set(v->found, sizeof(v->found), str_p(&s));
    }
    str_free(&s);
}

static void add_violation(struct refusal *r, const struct json *info)
{
    static const char *const policies[] = { "policyDefinitionDisplayName", "policyDefinitionName",
                                            "policyDefinitionId" };
    /* Three s: the misspelling of Microsoft's own description (azure-wire.md 2.6.5). */
    static const char *const assignments[] = { "policyAssignmentDisplayName",
                                               "policyAssignmentName", "policyAssignmentId",
                                               "policyAsssignmentId" };
    const char *policy = first_str(info, policies, ARRAY_LEN(policies));
    const char *assignment = first_str(info, assignments, ARRAY_LEN(assignments));
    struct violation *v = &r->v[r->n];

    if ((!policy && !assignment) || r->n == POLICIES_MAX)
        return;
    r->n++;
    memset(v, 0, sizeof(*v));
    set_name(v->policy, sizeof(v->policy), policy ? policy : assignment);
    set_name(v->assignment, sizeof(v->assignment), assignment ? assignment : policy);
    text_set(v->policy_id, sizeof(v->policy_id), first_str(info, &policies[2], 1));
    text_set(v->assignment_id, sizeof(v->assignment_id), first_str(info, &assignments[2], 2));
    text_set(v->message, sizeof(v->message), member_str(info, "nonComplianceMessage"));
    set_found(v, info);
    v->token = json_is_object(json_get(info, "evaluationDetails.missingPolicyTokenDetails"));
}

static void find_violations(struct refusal *r, const struct json *j)
{
    const struct json *info = json_imember(j, "info");

    if (json_is_object(info) && str_ieq(member_str(j, "type"), "PolicyViolation")) {
        add_violation(r, info);
        return;
    }
    JSON_EACH (c, j)
        find_violations(r, c);
}

/* ---- what stands in the message alone ---- */

/* Text between `mark` and the next of `end`; false without. */
static bool between(const char *text, const char *mark, const char *end, struct str *out)
{
    const char *from = str_ifind(text, mark), *to;

    str_reset(out);
    if (!from)
        return false;
    from += strlen(mark);
    to = strstr(from, end);
    if (!to)
        return false;
    str_addn(out, from, (size_t)(to - from));
    return true;
}

static void name_and_id(char *name, size_t name_size, char *id, size_t id_size,
                        const struct json *j)
{
    set_name(name, name_size, member_str(j, "name") ? member_str(j, "name") : member_str(j, "id"));
    text_set(id, id_size, member_str(j, "id"));
}

static void read_identifiers(struct refusal *r, const char *text)
{
    struct str list = STR_INIT;
    struct err ignored;
    struct json *doc = NULL;

    if (between(text, "Policy identifiers: '", "]'", &list)) {
        str_addc(&list, ']');
        doc = json_parse(list.p, list.len, 0, &ignored);
    }
    JSON_EACH (one, doc) {
        struct violation *v = &r->v[r->n];

        if (r->n == POLICIES_MAX)
            break;
        memset(v, 0, sizeof(*v));
        name_and_id(v->policy, sizeof(v->policy), v->policy_id, sizeof(v->policy_id),
                    json_imember(one, "policyDefinition"));
        name_and_id(v->assignment, sizeof(v->assignment), v->assignment_id,
                    sizeof(v->assignment_id), json_imember(one, "policyAssignment"));
        r->n += v->policy[0] || v->assignment[0];
    }
    json_free(doc);
    str_free(&list);
}

static void read_reasons(struct refusal *r, const char *text)
{
    struct str words = STR_INIT;

    if (r->n && !r->v[0].message[0] &&
        (between(text, "Reasons: '", "'. See error details", &words) ||
         between(text, "Reasons: '", "'.", &words)))
        text_set(r->v[0].message, sizeof(r->v[0].message), str_p(&words));
    str_free(&words);
}

/* ---- the sentences ---- */

static void add_line(struct str *out, const char *what, const char *value)
{
    if (value[0])
        str_addf(out, "%s%s: %s", out->len ? "; " : "", what, value);
}

static void add_named(struct str *out, const char *what, const char *name, const char *id)
{
    char both[420];

    str_fmt(both, sizeof(both), "%s%s%s%s", name, id[0] ? " (" : "", id, id[0] ? ")" : "");
    add_line(out, what, both);
}

static void tell(struct err *e, const struct refusal *r)
{
    const struct violation *v = &r->v[0];
    struct str lines = STR_INIT;

    if (v->token)
        str_fmt(e->message, sizeof(e->message),
                _("The policy \"%s\" (assignment \"%s\") wants a policy token or change reference "
                  "with this request."),
                v->policy, v->assignment);
    else if (v->message[0])
        str_fmt(e->message, sizeof(e->message),
                _("The policy \"%s\" (assignment \"%s\") forbids this request. Its owner says: %s"),
                v->policy, v->assignment, v->message);
    else
        str_fmt(e->message, sizeof(e->message),
                _("The policy \"%s\" (assignment \"%s\") forbids this request."), v->policy,
                v->assignment);
    for (size_t i = 0; i < r->n; i++) {
        add_named(&lines, _("Policy"), r->v[i].policy, r->v[i].policy_id);
        add_named(&lines, _("Assignment"), r->v[i].assignment, r->v[i].assignment_id);
        add_line(&lines, _("Found"), r->v[i].found);
    }
    str_copy(e->detail, sizeof(e->detail), str_p(&lines));
    str_free(&lines);
}

bool arm_refusal_policy(struct err *e, const struct json *j, const char *whole)
{
    struct refusal r = { .n = 0 };

    find_violations(&r, j);
    if (!r.n && str_ieq(e->remote_code, "RequestDisallowedByPolicy"))
        read_identifiers(&r, whole);
    if (!r.n)
        return false;
    read_reasons(&r, whole);
    tell(e, &r);
    return true;
}

/* "action 'A' over scope 'S'"; of a linked right the second pair is the missing one. */
static bool find_right(const char *whole, struct str *action, struct str *scope)
{
    const char *p = whole, *last = NULL;

    while ((p = str_ifind(p, "action '")) != NULL)
        last = p++;
    if (!last || !between(last, "action '", "'", action))
        return false;
    if (!between(last, "scope '", "'", scope) && !between(last, "scope(s) '", "'", scope))
        str_reset(scope);
    return true;
}

static bool is_about_rights(const char *code)
{
    return str_ieq(code, "AuthorizationFailed") || str_ieq(code, "LinkedAuthorizationFailed") ||
           str_ieq(code, "DenyAssignmentAuthorizationFailed");
}

static void tell_right(struct err *e, const char *whole)
{
    struct str action = STR_INIT, scope = STR_INIT, deny = STR_INIT, lines = STR_INIT;
    char text[400];

    if (find_right(whole, &action, &scope)) {
        text_set(text, sizeof(text), str_p(&action));
        add_line(&lines, _("Missing right"), text);
        text_set(text, sizeof(text), str_p(&scope));
        add_line(&lines, _("Scope"), text);
        if (between(whole, "deny assignment with name '", "'", &deny)) {
            text_set(text, sizeof(text), str_p(&deny));
            add_line(&lines, _("Deny assignment"), text);
        }
        if (strlen(whole) >= sizeof(e->message)) {
            str_fmt(text, sizeof(text), _("Your account may not do '%s' over scope '%s'."),
                    str_p(&action), str_p(&scope));
            text_set(e->message, sizeof(e->message), text);
        }
    }
    str_copy(e->detail, sizeof(e->detail), str_p(&lines));
    str_free(&action);
    str_free(&scope);
    str_free(&deny);
    str_free(&lines);
}

void arm_refusal_right(struct err *e, const char *whole)
{
    if (is_about_rights(e->remote_code))
        tell_right(e, whole);
    else if (strlen(whole) >= sizeof(e->message))
        text_set(e->detail, sizeof(e->detail), whole);
}
