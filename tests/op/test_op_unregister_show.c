/* What is told to go and what to stay, before it is confirmed. */
#include "config.h"

#include "op/plans.h"

#include "base/json.h"
#include "base/str.h"
#include "testing.h"

static struct json *facts_of(const char *run, const char *node)
{
    struct str s = STR_INIT;
    struct err e = { 0 };
    struct json *j;

    str_addf(&s,
             "{\"run\":{\"group\":\"g\",\"arcGroup\":\"a\",\"cluster.id\":\"/c\"%s},"
             "\"nodes\":[{\"name\":\"n1\",\"facts\":{%s}}]}",
             run, node);
    j = json_parse(str_p(&s), s.len, 0, &e);
    if (!j)
        fail_msg("%s: %s", e.message, str_p(&s));
    str_free(&s);
    return j;
}

/* "+what name" of what goes, "-what name (why)" of what stays, one a line. */
static char *lines(struct json *rows)
{
    struct str s = STR_INIT;
    char *out;

    JSON_EACH (r, rows)
        if (str_eq(json_str(r, "how"), "delete"))
            str_addf(&s, "+%s %s\n", json_str(r, "what"), json_str(r, "name"));
        else
            str_addf(&s, "-%s %s (%s)\n", json_str(r, "what"), json_str(r, "name"),
                     json_str(r, "why"));
    out = xstrdup(str_p(&s));
    str_free(&s);
    json_free(rows);
    return out;
}

struct row {
    const char *run, *node;
    const char *has;   /* a line that is told */
    const char * not ; /* what no line says, or NULL */
};

static void check(const struct row *rows, size_t n, struct json *(*preview)(const struct json *))
{
    for (size_t i = 0; i < n; i++) {
        struct json *facts = facts_of(rows[i].run, rows[i].node);
        char *is = lines(preview(facts));

        if (!strstr(is, rows[i].has) || (rows[i].not &&strstr(is, rows[i].not )))
            fail_msg("row %zu: %s", i, is);
        free(is);
        json_free(facts);
    }
}

#define AGENT   "\"agent\":\"here\",\"agent.name\":\"m1\""
#define ROLE    ",\"role.state\":\"present\""
#define TAGGED  ",\"group.state\":\"tagged\""
#define MACHINE "Arc-connected machine m1"
#define MANAGER "role assignment Azure Connected Machine Resource Manager"

static void what_an_unregistration_takes(void **state)
{
    static const struct row rows[] = {
        { ",\"cluster.state\":\"present\"", "", "+cluster resource /c\n", NULL },
        { ",\"cluster.state\":\"absent\"", "", "", "cluster resource" },
        /* machines */
        { ",\"leaving\":\"n1\",\"leaves\":\"n1\"", AGENT, "+" MACHINE, "-" MACHINE },
        { ",\"leaving\":\"n1\",\"leaves\":\"\",\"leave.lacks\":\"x/delete\"", AGENT,
          "-" MACHINE " (your account lacks x/delete)", "+" MACHINE },
        { ",\"leaving\":\"n1\",\"leaves\":\"\",\"leave.lacks\":\"?\"", AGENT,
          "-" MACHINE " (your rights cannot be read", "+" MACHINE },
        { ",\"leaves\":\"\"", AGENT, "-" MACHINE " (registration did not connect it)",
          "+" MACHINE },
        { "", AGENT, "", MACHINE }, /* a look failed before it was judged */
        { "", "\"agent\":\"elsewhere\"", "-Arc-connected machine n1 (it is connected elsewhere)",
          "+Arc-connected" },
        { "", "\"agent\":\"none\"", "", "Arc-connected" },
        /* the node's own */
        { ",\"local\":\"1\"", "\"msi\":\"0\"", "+the node's own certificate n1", NULL },
        { ",\"local\":\"1\"", "\"msi\":\"1\"", "+registration stored on the node n1",
          "certificate" },
        { ",\"local\":\"0\"", "\"msi\":\"0\"", "", "n1" },
        /* extensions and roles */
        { ",\"extensions.user\":\" e1 e2\",\"extensions.azure\":\"z1\"", "",
          "+extension e1\n+extension e2\n-extension z1", NULL },
        { ROLE, "", "+" MANAGER, NULL },
        { ROLE ",\"machines.foreign\":\"m9\"", "",
          "-" MANAGER " (machines of another cluster need it: m9)", "+" MANAGER },
        { ROLE ",\"role.lacks\":\"y\"", "", "-" MANAGER " (your account lacks y)", "+" MANAGER },
        { ",\"role.state\":\"unseen\"", "", "", MANAGER },
        { ",\"arc-role-admin.state\":\"present\",\"arc-role-onboarding.state\":\"absent\"", "",
          "+role assignment Azure Connected Machine Resource Administrator", "Onboarding" },
        { ",\"arc-role-admin.state\":\"present\",\"arc-roles.given\":\"1\","
          "\"machines.foreign\":\"m9\"",
          "",
          "-role assignment Azure Connected Machine Resource Administrator (machines of another "
          "cluster need it: m9)",
          "+role" },
        { ",\"arc-role-admin.state\":\"present\",\"machines.foreign\":\"m9\"", "",
          "+role assignment Azure Connected Machine Resource Administrator", "-role" },
        /* groups: tagged, empty, and visible */
        { TAGGED, "", "+resource group g\n", NULL },
        { TAGGED ",\"group.holds\":\"T/n\"", "",
          "-resource group g (it holds other resources: T/n)", "+resource group" },
        { TAGGED ",\"group.lacks\":\"*/read\"", "", "-resource group g (your account lacks */read)",
          "+resource group" },
        { TAGGED ",\"group.hidden\":\"1\"", "",
          "-resource group g (your account lacks Microsoft.Resources/subscriptions/resourceGroups/"
          "resources/read)",
          "+resource group" },
        { ",\"group.state\":\"foreign\"", "", "-resource group g (registration did not make it)",
          "+resource group" },
        { TAGGED ",\"arc-group.state\":\"same\"", "", "+resource group g", "group a" },
        /* applications */
        { ",\"application.id\":\"o\",\"cluster.appId\":\"i\"", "",
          "+application in Microsoft Entra i", NULL },
        { ",\"cluster.appId\":\"i\"", "", "", "application" },
        { ",\"settings.appId\":\"s\",\"settings.state\":\"absent\"", "", "", "application" },
    };

    (void)state;
    check(rows, ARRAY_LEN(rows), op_unregister_preview);
}

static void what_disabling_arc_takes(void **state)
{
    static const struct row rows[] = {
        { ",\"cluster.state\":\"present\"", "", "-cluster resource /c (only Azure Arc is disabled)",
          "+cluster" },
        { ",\"local\":\"1\"", "\"msi\":\"0\"",
          "-registration stored on the node n1 (only Azure Arc is disabled)", "+" },
        { ",\"carried\":\"1\"", AGENT, "-" MACHINE " (the registration signs in with its identity)",
          "+" },
        { TAGGED ",\"arc-group.state\":\"tagged\"", "", "+resource group a", "group g" },
        { ",\"settings.appId\":\"s\",\"settings.state\":\"present\"", "",
          "+application of the Arc settings in Microsoft Entra s", NULL },
    };

    (void)state;
    check(rows, ARRAY_LEN(rows), op_arc_disable_preview);
}

static void what_cannot_be_seen_is_said(void **state)
{
    static const struct {
        const char *run;
        size_t n;
        const char *first;
    } rows[] = {
        { ",\"rights.group\":\" \",\"rights.arcGroup\":\" \"", 0, NULL },
        { ",\"rights.group\":\" \",\"rights.arcGroup\":\"?\"", 2, "rights cannot be read" },
        { ",\"group.hidden\":\"1\"", 1, "resource group g" },
        { ",\"arc-group.hidden\":\"1\"", 1, "resource group a" },
        { ",\"rights.group\":\" Microsoft.AnyProvider/anything/read \"", 1, "resource group g" },
        { ",\"locks.state\":\"unseen\"", 1, "may not see locks" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct json *facts = facts_of(rows[i].run, ""), *warn = op_unregister_warnings(facts);

        assert_int_equal(json_len(warn), rows[i].n);
        if (rows[i].first)
            assert_non_null(strstr(json_value_str(json_first(warn)), rows[i].first));
        json_free(warn);
        json_free(facts);
    }
}

int test_op_op_unregister_show(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_an_unregistration_takes),
        cmocka_unit_test(what_disabling_arc_takes),
        cmocka_unit_test(what_cannot_be_seen_is_said),
    };

    return TEST_GROUP("op/unregister_show", tests);
}
