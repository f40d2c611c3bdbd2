#include "config.h"

#include "op/op_reset.h"
#include "op/steps.h"

#include "testing.h"

#define C       OP_A_CHECK
#define A       OP_A_APPLY
#define MACHINE FX_MACHINES "/node1"
#define RUN     "33333333-2222-3333-4444-555555555555"
#define LOCKS   "/subscriptions/" FX_SUB "/providers/Microsoft.Authorization/locks"
#define LOCK_AT(scope)                                                                             \
    "{\"value\":[{\"id\":\"" scope                                                                 \
    "/providers/Microsoft.Authorization/locks/l\",\"properties\":{\"level\":\"ReadOnly\"}}]}"
#define HAS(version, shell, module, admin)                                                         \
    "{\"solutionVersion\":\"" version "\",\"powershell\":\"" shell                                 \
    "\",\"azStackHciModule\":" module ",\"administrator\":" admin "}"
#define AGENT(tenant, cloud, id)                                                                   \
    "{\"resourceName\":\"node1\",\"tenantId\":\"" tenant "\",\"cloud\":\"" cloud                   \
    "\",\"resourceId\":\"" id "\"}"
#define IN_ARC "@agent.id=" MACHINE ";@machine=present"
#define STATE(id, word, active)                                                                    \
    "{\"id\":\"" id "\",\"status\":\"" word "\",\"active\":" active                                \
    ",\"gateway\":true,\"bootstrap\":false}"
#define PHASES(active, first)                                                                      \
    "{\"id\":\"" RUN "\",\"status\":\"InProgress\",\"active\":" active                             \
    ",\"phases\":[{\"name\":\"ExtensionCleanup\",\"elapsedMs\":1200," first "}]}"

static void requests(void **state)
{
    static const struct asked rows[] = {
        { .step = "needs", .act = C, .verb = "facts" },
        { .step = "stored", .act = C, .verb = "status" },
        { .step = "agent-place", .act = C, .verb = "agent-show" },
        { .step = "state", .act = C, .verb = "reset-status", .body = "{\"look\":true}" },
        { .step = "machine", .act = C },
        { .step = "machine",
          .act = C,
          .facts = IN_ARC,
          .method = "GET",
          .path = MACHINE,
          .api = API_MACHINES },
        { .step = "cluster", .act = C },
        { .step = "cluster",
          .act = C,
          .facts = "@parent=" FX_CLUSTER,
          .method = "GET",
          .path = FX_CLUSTER,
          .api = API_CLUSTERS },
        { .step = "extensions",
          .act = C,
          .facts = IN_ARC,
          .method = "GET",
          .path = MACHINE "/extensions",
          .api = API_MACHINES },
        { .step = "extensions", .act = C, .facts = "@agent.id=" MACHINE ";@machine=absent" },
        { .step = "locks",
          .act = C,
          .facts = IN_ARC,
          .method = "GET",
          .path = LOCKS,
          .api = API_LOCKS },
        { .step = "rights",
          .act = C,
          .facts = IN_ARC,
          .method = "GET",
          .path = "/subscriptions/" FX_SUB "/resourceGroups/hci-rg/providers/"
                  "Microsoft.Authorization/permissions",
          .api = API_ROLES },
        { .step = "rights", .act = C, .facts = "@agent.id=" MACHINE ";@machine=absent" },
        { .step = "reset",
          .act = A,
          .verb = "reset",
          .body = "{\"id\":\"" RUN "\",\"arm\":\"https://arm.test\"}" },
        { .step = "extension-cleanup", .act = C, .verb = "reset-status" },
        { .step = "extension-cleanup", .act = A },
    };

    (void)state;
    steps_plan = &op_reset;
    steps_asked(rows, ARRAY_LEN(rows));
    steps_plan = &op_register;
}

#define NEEDS(version, shell, module, admin, end, number)                                          \
    {                                                                                              \
        .step = "needs", .act = C, .body = HAS(version, shell, module, admin), .verdict = end,     \
        .code = number                                                                             \
    }

#define MAY(actions, have, end, number)                                                            \
    {                                                                                              \
        .step = "rights", .act = C, .facts = IN_ARC have, .http = 200,                             \
        .body = "{\"value\":[{\"actions\":[" actions "],\"notActions\":[]}]}", .verdict = end,     \
        .code = number                                                                             \
    }
#define DELETES_IT   "\"Microsoft.HybridCompute/machines/delete\""
#define DELETES_THEM "\"Microsoft.HybridCompute/machines/extensions/delete\""

static void what_is_refused(void **state)
{
    static const struct told rows[] = {
        MAY("\"*\"", ";@extensions=a b", OP_DONE, 0),
        MAY("\"*/read\"", ";@extensions=a b", OP_FAILED, ERR_C_RIGHTS),
        MAY(DELETES_IT, ";@extensions=a b", OP_FAILED, ERR_C_RIGHTS),
        MAY(DELETES_IT, ";@extensions=", OP_DONE, 0),
        MAY(DELETES_THEM, ";@extensions=a", OP_FAILED, ERR_C_RIGHTS),
        MAY(DELETES_IT "," DELETES_THEM, ";@extensions=a", OP_DONE, 0),
        { .step = "rights", .act = C, .facts = IN_ARC, .http = 403, .verdict = OP_SKIP },
        { .step = "rights",
          .act = C,
          .facts = IN_ARC,
          .http = 200,
          .body = "{}",
          .verdict = OP_SKIP },
        NEEDS("12.2510.1002.1", "7.5", "true", "true", OP_DONE, 0),
        NEEDS("2508", "7", "true", "true", OP_DONE, 0),
        NEEDS("11.2507.1001.9", "7.5", "true", "true", OP_FAILED, ERR_C_RESET_VERSION),
        NEEDS("", "7.5", "true", "true", OP_FAILED, ERR_C_RESET_VERSION),
        NEEDS("12.2510", "5.1", "true", "true", OP_FAILED, ERR_C_RESET_POWERSHELL),
        NEEDS("12.2510", "7.5", "false", "true", OP_FAILED, ERR_C_RESET_MODULE),
        NEEDS("12.2510", "7.5", "true", "false", OP_FAILED, ERR_C_RESET_ADMIN),
        { .step = "stored", .act = C, .body = "{\"AzureResourceUri\":null}", .verdict = OP_DONE },
        { .step = "stored",
          .act = C,
          .body = "{\"AzureResourceUri\":\"" FX_CLUSTER "\",\"ConnectionStatus\":\"OutOfPolicy\"}",
          .verdict = OP_FAILED,
          .code = ERR_C_RESET_REGISTERED },
        { .step = "agent-place",
          .act = C,
          .body = "{\"resourceName\":\"\"}",
          .verdict = OP_DONE,
          .after = "@agent.id=" },
        { .step = "agent-place",
          .act = C,
          .body = AGENT(FX_TENANT, "TestCloud", MACHINE),
          .verdict = OP_DONE,
          .after = "@agent.id=" MACHINE },
        { .step = "agent-place",
          .act = C,
          .body = AGENT(FX_TENANT, "AzureChinaCloud", MACHINE),
          .verdict = OP_FAILED,
          .code = ERR_C_OTHER_CLOUD },
        { .step = "agent-place",
          .act = C,
          .body = AGENT(RUN, "TestCloud", MACHINE),
          .verdict = OP_FAILED,
          .code = ERR_C_ELSEWHERE },
        { .step = "agent-place",
          .act = C,
          .body = AGENT(FX_TENANT, "TestCloud", "nonsense"),
          .verdict = OP_FAILED,
          .code = ERR_C_CORRUPT },
        { .step = "cluster",
          .act = C,
          .facts = "@parent=" FX_CLUSTER,
          .http = 200,
          .body = "{}",
          .verdict = OP_FAILED,
          .code = ERR_C_RESET_CLUSTER },
        { .step = "cluster",
          .act = C,
          .facts = "@parent=" FX_CLUSTER,
          .http = 403,
          .verdict = OP_FAILED },
        { .step = "cluster",
          .act = C,
          .facts = "@parent=" FX_CLUSTER,
          .http = 404,
          .verdict = OP_SKIP },
        { .step = "locks",
          .act = C,
          .facts = IN_ARC,
          .http = 200,
          .body = LOCK_AT("/subscriptions/" FX_SUB),
          .verdict = OP_FAILED,
          .code = ERR_C_RESET_LOCK },
        { .step = "locks",
          .act = C,
          .facts = IN_ARC,
          .http = 200,
          .body = LOCK_AT(MACHINE "/extensions/a"),
          .verdict = OP_FAILED,
          .code = ERR_C_RESET_LOCK },
        { .step = "locks",
          .act = C,
          .facts = IN_ARC,
          .http = 200,
          .body = LOCK_AT(FX_MACHINES "/node10"),
          .verdict = OP_DONE },
        { .step = "locks", .act = C, .facts = IN_ARC, .http = 403, .verdict = OP_SKIP },
    };

    (void)state;
    steps_plan = &op_reset;
    steps_told(rows, ARRAY_LEN(rows));
    steps_plan = &op_register;
}

static void the_machines_word(void **state)
{
    static const struct told rows[] = {
        { .step = "machine",
          .act = C,
          .facts = "@agent.id=" MACHINE,
          .http = 200,
          .body = "{\"properties\":{\"parentClusterResourceId\":\"" FX_CLUSTER "\"}}",
          .verdict = OP_DONE,
          .after = "@machine=present;@parent=" FX_CLUSTER },
        { .step = "machine",
          .act = C,
          .facts = "@agent.id=" MACHINE,
          .http = 404,
          .verdict = OP_DONE,
          .after = "@machine=absent;@parent=" },
        { .step = "machine", .act = C, .verdict = OP_SKIP },
        { .step = "extensions",
          .act = C,
          .facts = IN_ARC,
          .http = 200,
          .body = "{\"value\":[{\"name\":\"a\"},{\"name\":\"b\"}]}",
          .verdict = OP_DONE,
          .after = "@extensions=a b" },
        { .step = "state",
          .act = C,
          .body = STATE(RUN, "Failed", "false"),
          .verdict = OP_DONE,
          .after = "@state=Failed;@gateway=1;@bootstrap=0" },
        /* under way, done, cut off; of this operation or an earlier one */
        { .step = "reset", .act = C, .body = STATE(RUN, "InProgress", "true"), .verdict = OP_DONE },
        { .step = "reset", .act = C, .body = STATE(RUN, "Succeeded", "false"), .verdict = OP_DONE },
        { .step = "reset",
          .act = C,
          .body = STATE(RUN, "InProgress", "false"),
          .verdict = OP_ABSENT },
        { .step = "reset", .act = C, .body = STATE("x", "Succeeded", "false"), .verdict = OP_SKIP },
        { .step = "reset",
          .act = C,
          .facts = IN_ARC,
          .body = STATE("x", "Succeeded", "false"),
          .verdict = OP_ABSENT },
        { .step = "reset", .act = C, .body = STATE("x", "Failed", "false"), .verdict = OP_ABSENT },
        { .step = "ready", .act = C, .verdict = OP_DONE },
        { .step = "reset", .act = A, .body = STATE(RUN, "InProgress", "true"), .verdict = OP_DONE },
        { .step = "reset", .act = A, .http = -1, .verdict = OP_FAILED },
        { .step = "extension-cleanup", .act = A, .verdict = OP_ABSENT }, /* nothing is sent */
        { .step = "extension-cleanup",
          .act = C,
          .body = STATE("x", "Succeeded", "false"),
          .verdict = OP_SKIP },
        { .step = "extension-cleanup",
          .act = C,
          .body = PHASES("true", "\"status\":\"InProgress\""),
          .verdict = OP_ABSENT },
        { .step = "extension-cleanup",
          .act = C,
          .facts = "!tries",
          .body = PHASES("true", "\"status\":\"InProgress\""),
          .verdict = OP_RUNNING },
        { .step = "extension-cleanup",
          .act = C,
          .facts = "!tries",
          .body = PHASES("true", "\"status\":\"Succeeded\""),
          .verdict = OP_DONE },
        { .step = "extension-cleanup",
          .act = C,
          .body = PHASES("true", "\"status\":\"NotApplicable\""),
          .verdict = OP_SKIP },
        { .step = "extension-cleanup",
          .act = C,
          .facts = "!tries",
          .body = PHASES("false", "\"status\":\"Failed\",\"error\":{\"domain\":\"arm\","
                                  "\"message\":\"no\",\"remoteCode\":\"ScopeLocked\"}"),
          .verdict = OP_FAILED,
          .code = ERR_C_RESET_PHASE },
        { .step = "extension-cleanup",
          .act = C,
          .facts = "!tries",
          .body = PHASES("false", "\"status\":\"InProgress\""),
          .verdict = OP_FAILED,
          .code = ERR_C_RESET_PHASE },
    };

    (void)state;
    steps_plan = &op_reset;
    steps_told(rows, ARRAY_LEN(rows));
    steps_plan = &op_register;
}

static size_t count(const struct json *will, const char *how)
{
    size_t n = 0;

    JSON_EACH (w, will)
        n += str_eq(json_str(w, "how"), how);
    return n;
}

static void what_goes_and_what_stays(void **state)
{
    static const char facts[] =
        "{\"nodes\":[{\"name\":\"node1\",\"facts\":{\"agent.id\":\"" MACHINE
        "\",\"agent.name\":\"node1\",\"extensions\":\"a b\",\"gateway\":\"1\","
        "\"bootstrap\":\"1\",\"state\":\"NotStarted\"}},"
        "{\"name\":\"node2\",\"facts\":{\"agent.id\":\"\",\"state\":\"Failed\"}}]}";
    static const char nothing[] =
        "{\"nodes\":[{\"name\":\"node1\",\"facts\":{\"agent.id\":\"\",\"state\":\"Succeeded\"}}]}";
    struct err e = { 0 };
    struct json *j = json_parse(facts, sizeof facts - 1, 0, &e), *will = op_reset_preview(j);

    (void)state;
    assert_int_equal(count(will, "delete"), 4); /* two extensions, machine, bootstrap */
    assert_int_equal(count(will, "change"), 2); /* the gateway; node2's unfinished reset */
    assert_int_equal(count(will, "keep"), 3);   /* two systems, one group */
    json_free(will);
    json_free(j);
    j = json_parse(nothing, sizeof nothing - 1, 0, &e);
    will = op_reset_preview(j);
    assert_int_equal(json_len(will), 0);
    json_free(will);
    json_free(j);
}

int test_op_op_reset(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests),
        cmocka_unit_test(what_is_refused),
        cmocka_unit_test(the_machines_word),
        cmocka_unit_test(what_goes_and_what_stays),
    };

    return TEST_GROUP("op_reset", tests);
}
