#include "config.h"

#include "op/op_register.h"
#include "op/fixture.h"

#include "testing.h"

#define NOW "2026-11-22T00:00:00Z"
#define ALL                                                                                        \
    "\"name\":\"hci\",\"group\":\"g\",\"cluster.id\":\"" FX_CLUSTER                                \
    "\",\"cluster.state\":\"present\",\"group.state\":\"present\",\"settings.state\":\"present\"," \
    "\"settings.aggregate\":\"Connected\",\"role.state\":\"present\",\"cluster.appId\":\"app\","   \
    "\"cluster.cloudId\":\"c1\",\"arc.node1\":\"Connected\",\"parent.node1\":\"" FX_CLUSTER "\""
#define NODE "\"connection\":\"Connected\",\"cloudId\":\"c1\",\"agent\":\"here\""

struct seen {
    const char *run, *node; /* further facts; the last of a name counts */
    const char *given;      /* the user's certificate */
    const char *what, *how, *why;
    bool needed;
};

static struct json *parsed(const char *text)
{
    struct err e = { 0 };
    struct json *j = json_parse(text, strlen(text), 0, &e);

    if (!j)
        print_message("%s\n%s\n", e.message, text);
    assert_non_null(j);
    return j;
}

static struct json *facts_of(const struct seen *row)
{
    struct json *facts =
        parsed("{\"run\":{" ALL "},\"nodes\":[{\"name\":\"node1\",\"facts\":{" NODE "}}]}");
    struct json *run = json_edit(json_member(facts, "run")),
                *node = json_edit(json_get(facts, "nodes.0.facts")), *more;

    more = parsed(row->run ? row->run : "{}");
    JSON_EACH (f, more)
        json_set(run, json_name(f), json_copy(f));
    json_free(more);
    more = parsed(row->node ? row->node : "{}");
    JSON_EACH (f, more)
        json_set(node, json_name(f), json_copy(f));
    json_free(more);
    return facts;
}

static void one(const struct seen *row)
{
    struct json *facts = facts_of(row), *in = json_object(), *will;
    const struct json *found = NULL;
    bool needed;
    int64_t now;

    assert_true(time_parse(NOW, &now));
    if (row->given)
        json_set_str(in, "certificateThumbprint", row->given);
    will = op_repair_preview(in, facts, now, &needed);
    JSON_EACH (w, will)
        if (str_eq(json_str(w, "what"), row->what) && !found)
            found = w;
    if (!found || !str_eq(json_str(found, "how"), row->how) ||
        !strstr(json_str(found, "why"), row->why))
        print_message("%s: %s %s\n", row->what, found ? json_str(found, "how") : "no row",
                      found ? json_str(found, "why") : "");
    assert_non_null(found);
    assert_string_equal(json_str(found, "how"), row->how);
    assert_non_null(strstr(json_str(found, "why"), row->why));
    assert_int_equal(needed, row->needed);
    json_free(will);
    json_free(facts);
    json_free(in);
}

#define REGISTRATION "Registration of the cluster"
#define CERTIFICATE  "Certificate of the node"
#define APP          "{\"path\":\"application\"}"
#define FIRST        "{\"path\":\"first-generation\",\"entra.appId\":\"\"}"

static void evidence(void **state)
{
    static const struct seen rows[] = {
        { .what = REGISTRATION, .how = "renew", .why = "in any case" },
        { .node = "{\"connection\":\"RepairRegistrationRequired\"}",
          .what = REGISTRATION,
          .how = "renew",
          .why = "node1 says ConnectionStatus RepairRegistrationRequired",
          .needed = true },
        { .node = "{\"connection\":\"OutOfPolicy\"}",
          .what = REGISTRATION,
          .how = "renew",
          .why = "OutOfPolicy",
          .needed = true },
        { .node = "{\"cloudId\":\"c0\"}",
          .what = REGISTRATION,
          .how = "renew",
          .why = "made again",
          .needed = true },
        { .node = "{\"lastError\":\"no route\"}",
          .what = REGISTRATION,
          .how = "renew",
          .why = "the last sync of node1 failed: no route",
          .needed = true },
        { .run = "{\"cluster.state\":\"absent\"}",
          .what = "Cluster resource",
          .how = "make",
          .why = "gone",
          .needed = true },
        { .run = "{\"group.state\":\"absent\"}",
          .what = "Resource group",
          .how = "make",
          .why = "gone",
          .needed = true },
        { .run = "{\"path\":\"identity\",\"provider-compute.state\":\"NotRegistered\"}",
          .what = "Resource provider",
          .how = "make",
          .why = "not registered",
          .needed = true },
        { .run = "{\"path\":\"identity\",\"role.state\":\"absent\"}",
          .what = "Role of the service on the machines' group",
          .how = "make",
          .why = "taken away",
          .needed = true },
        { .run = "{\"path\":\"identity\",\"settings.state\":\"absent\"}",
          .what = "Arc settings",
          .how = "make",
          .why = "gone",
          .needed = true },
        { .run = "{\"path\":\"identity\",\"settings.aggregate\":\"Error\"}",
          .what = "Arc settings",
          .how = "renew",
          .why = "they say Error",
          .needed = true },
        { .run = "{\"path\":\"identity\"}",
          .node = "{\"agent\":\"none\"}",
          .what = "Arc-connected machine",
          .how = "make",
          .why = "not connected",
          .needed = true },
        { .run = "{\"path\":\"identity\",\"parent.node1\":\"\",\"machines.hidden\":\"no\"}",
          .what = "Arc-connected machine",
          .how = "keep",
          .why = "" },
        { .run = APP, .what = CERTIFICATE, .how = "renew", .why = "in any case" },
        { .run = APP,
          .node = "{\"certificateEnds\":\"2026-12-01T00:00:00Z\"}",
          .what = CERTIFICATE,
          .how = "renew",
          .why = "it ends on 2026-12-01, in 9 days",
          .needed = true },
        { .run = APP,
          .node = "{\"certificateEnds\":\"2026-11-01T00:00:00Z\"}",
          .what = CERTIFICATE,
          .how = "renew",
          .why = "it ended on 2026-11-01",
          .needed = true },
        { .run = APP,
          .node = "{\"certificateEnds\":\"2027-11-01T00:00:00Z\"}",
          .what = CERTIFICATE,
          .how = "renew",
          .why = "in any case" },
        { .run = APP, .given = "AB", .what = CERTIFICATE, .how = "keep", .why = "yours" },
        { .run = APP, .what = "application in Microsoft Entra", .how = "keep", .why = "" },
        { .run = APP,
          .node = "{\"lastError\":\"AADSTS700016: not found\"}",
          .what = "application in Microsoft Entra",
          .how = "renew",
          .why = "AADSTS700016",
          .needed = true },
        { .run = FIRST,
          .what = "application in Microsoft Entra",
          .how = "make",
          .why = "gone",
          .needed = true },
        { .run = "{\"path\":\"application\",\"path.arc\":\"generated\"}",
          .node = "{\"secretEnds\":\"2026-11-25T00:00:00Z\"}",
          .what = "Secret of the Arc settings",
          .how = "renew",
          .why = "in 3 days",
          .needed = true },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        one(&rows[i]);
}

int test_op_op_repair_show(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(evidence) };

    return TEST_GROUP("op/repair_show", tests);
}
