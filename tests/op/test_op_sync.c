#include "config.h"

#include "op/op_sync.h"
#include "op/steps.h"

#include "testing.h"

#define C OP_A_CHECK
#define A OP_A_APPLY
#define STATUS(uri, up)                                                                            \
    "{\"RegistrationStatus\":\"Registered\",\"ConnectionStatus\":\"Connected\","                   \
    "\"LastConnected\":\"2026-11-01T00:00:00Z\",\"NextSync\":\"2026-11-01T12:00:00Z\","            \
    "\"AzureResourceUri\":\"" uri "\",\"uptime\":" up ",\"clusterNodes\":[\"node1\",\"node2\"]}"
#define NODES(list) "{\"properties\":{\"reportedProperties\":{\"nodes\":[" list "]}}}"
#define ALL                                                                                        \
    "cluster.state=present;*registration=Registered;*uri=" FX_CLUSTER ";*members=node1 node2 "     \
    "node3;"
#define WHOLE "census= NODE3 node1 node2 ;"
#define LACKS "census= node1 node2 ;"

static void requests(void **state)
{
    static const struct asked rows[] = {
        { .step = "proof", .act = C },
        { .step = "stored", .act = C, .verb = "status" },
        { .step = "census", .act = C, .method = "GET", .path = FX_CLUSTER, .api = API_CLUSTERS },
        { .step = "sync", .act = C },
        { .step = "sync", .act = C, .facts = "!tries", .verb = "status" },
        { .step = "sync", .act = A, .verb = "sync" },
    };

    (void)state;
    steps_plan = &op_sync;
    steps_asked(rows, ARRAY_LEN(rows));
    steps_plan = &op_register;
}

static void answers(void **state)
{
    static const struct told rows[] = {
        { .step = "stored",
          .act = C,
          .body = STATUS(FX_CLUSTER, "7200"),
          .verdict = OP_DONE,
          .after = "@uptime=7200;@members=node1 node2;@last=2026-11-01T00:00:00Z" },
        { .step = "stored", .act = C, .body = "{}", .verdict = OP_DONE, .after = "@uptime=" },
        { .step = "census",
          .act = C,
          .http = 200,
          .body = NODES("{\"name\":\"node1\"},{\"name\":\"NODE2\"}"),
          .verdict = OP_DONE,
          .after = "census= node1 NODE2 ;cluster.state=present" },
        { .step = "census",
          .act = C,
          .http = 404,
          .body = "{\"error\":{\"code\":\"ResourceNotFound\"}}",
          .verdict = OP_DONE,
          .after = "cluster.state=absent" },
        { .step = "census", .act = C, .http = 403, .verdict = OP_FAILED },
        { .step = "sync",
          .act = C,
          .facts = "@last=2026-11-01T00:00:00Z",
          .body = STATUS(FX_CLUSTER, "1"),
          .verdict = OP_ABSENT },
        { .step = "sync",
          .act = C,
          .facts = "@last=2026-10-01T00:00:00Z",
          .body = STATUS(FX_CLUSTER, "1"),
          .verdict = OP_DONE },
        { .step = "sync", .act = C, .facts = "!made", .verdict = OP_DONE },
        { .step = "sync",
          .act = A,
          .body = "{\"lastSync\":\"2026-11-02T00:00:00Z\",\"nextSync\":\"2026-11-02T12:00:00Z\"}",
          .verdict = OP_DONE,
          .after = "@next=2026-11-02T12:00:00Z" },
    };

    (void)state;
    steps_plan = &op_sync;
    steps_told(rows, ARRAY_LEN(rows));
    steps_plan = &op_register;
}

/* A sync tells Azure which nodes there are, and Azure deletes the machine of one that is not named:
 * refused while a node is missing and any node was started less than 12 hours ago. */
static void the_gate(void **state)
{
    static const struct told rows[] = {
        { .step = "ready", .act = C, .facts = ALL WHOLE "*uptime=60", .verdict = OP_DONE },
        { .step = "ready",
          .act = C,
          .facts = ALL LACKS "*uptime=60",
          .verdict = OP_FAILED,
          .code = ERR_C_CENSUS,
          .after = "missing=node3" },
        { .step = "ready",
          .act = C,
          .facts = ALL LACKS "*uptime=43199",
          .verdict = OP_FAILED,
          .code = ERR_C_CENSUS },
        { .step = "ready",
          .act = C,
          .facts = ALL LACKS "*uptime=43200",
          .verdict = OP_DONE,
          .after = "missing=node3" },
        /* the newest start counts, and one that is not known is one of now */
        { .step = "ready",
          .act = C,
          .facts = ALL LACKS "*uptime=900000;1uptime=60",
          .verdict = OP_FAILED,
          .code = ERR_C_CENSUS },
        { .step = "ready",
          .act = C,
          .facts = ALL LACKS "*uptime=900000;1uptime=",
          .verdict = OP_FAILED,
          .code = ERR_C_CENSUS },
        { .step = "ready",
          .act = C,
          .facts = ALL "census=  ;*uptime=60",
          .verdict = OP_FAILED,
          .code = ERR_C_CENSUS,
          .after = "missing=node1 node2 node3" },
        /* every node is registered with this very resource, or nothing is synced */
        { .step = "ready",
          .act = C,
          .facts = ALL WHOLE "1registration=NotYet",
          .verdict = OP_FAILED,
          .code = ERR_C_UNREGISTERED },
        { .step = "ready",
          .act = C,
          .facts = ALL WHOLE "1uri=" FX_CLUSTER "2",
          .verdict = OP_FAILED,
          .code = ERR_C_UNREGISTERED },
        { .step = "ready",
          .act = C,
          .facts = ALL WHOLE "*uptime=60;cluster.state=absent",
          .verdict = OP_FAILED,
          .code = 9106 },
    };

    (void)state;
    steps_plan = &op_sync;
    steps_told(rows, ARRAY_LEN(rows));
    steps_plan = &op_register;
}

static void spans(void **state)
{
    char text[64];

    (void)state;
    op_sync_span(text, sizeof text, -5);
    assert_string_equal(text, "0 min");
    op_sync_span(text, sizeof text, 59 * 60000);
    assert_string_equal(text, "59 min");
    op_sync_span(text, sizeof text, 125 * 60000);
    assert_string_equal(text, "2 h 5 min");
    op_sync_span(text, sizeof text, INT64_C(49) * 3600000);
    assert_string_equal(text, "2 days");
}

static void the_review_says_how_recent(void **state)
{
    struct err e = { 0 };
    static const char text[] =
        "{\"run\":{},\"nodes\":[{\"name\":\"node1\",\"facts\":{\"last\":\"2026-11-01T00:00:00Z\","
        "\"next\":\"2026-11-01T12:00:00Z\"}},{\"name\":\"node2\",\"facts\":{}}]}";
    struct json *facts = json_parse(text, strlen(text), 0, &e);
    struct json *warn = json_array(), *will;
    int64_t at;

    (void)state;
    assert_true(time_parse("2026-11-01T00:20:00Z", &at));
    will = op_sync_preview(facts, at, warn);
    assert_int_equal(json_len(will), 2);
    assert_non_null(strstr(json_str(json_first(will), "why"), "20 min ago"));
    assert_int_equal(json_len(warn), 1);
    assert_non_null(strstr(json_value_str(json_first(warn)), "node1 has synced 20 min ago"));
    json_free(will);
    json_free(warn);
    warn = json_array();
    will = op_sync_preview(facts, at + INT64_C(12) * 3600000, warn);
    assert_int_equal(json_len(warn), 0);
    json_free(will);
    json_free(warn);
    json_free(facts);
}

int test_op_op_sync(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests),
        cmocka_unit_test(answers),
        cmocka_unit_test(the_gate),
        cmocka_unit_test(spans),
        cmocka_unit_test(the_review_says_how_recent),
    };

    return TEST_GROUP("op/sync", tests);
}
