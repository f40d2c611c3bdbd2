#include "config.h"

#include "op/steps.h"

#include "testing.h"

#define C                 OP_A_CHECK
#define A                 OP_A_APPLY
#define SETTINGS(members) "{\"id\":\"x\",\"properties\":{" members "}}"
#define NODES(a, b)                                                                                \
    "\"perNodeDetails\":[{\"name\":\"NODE1\",\"state\":\"" a                                       \
    "\"},{\"name\":\"node2\",\"state\":\"" b "\"}]"
#define CONSENT(a, b)                                                                              \
    "\"defaultExtensions\":[{\"category\":\"Telemetry\",\"consentTime\":" a                        \
    "},{\"category\":\"Supportability\",\"consentTime\":" b "}]"
#define NOON    "\"2026-11-21T12:00:00Z\""
#define ONE     "\"2026-11-21T13:00:00Z\""
#define MACHINE FX_MACHINES "/node1"
#define DENIED  "{\"error\":{\"code\":\"AuthorizationFailed\",\"message\":\"no\"}}"

static void requests(void **state)
{
    static const struct asked rows[] = {
        { .step = "consent", .act = C },
        { .step = "consent",
          .act = C,
          .facts = "!tries",
          .method = "GET",
          .path = FX_SETTINGS,
          .api = API_ARC_SETTINGS },
        { .step = "consent",
          .act = A,
          .method = "POST",
          .path = FX_SETTINGS "/consentAndInstallDefaultExtensions",
          .api = API_ARC_SETTINGS },
        { .step = "arc-state",
          .act = C,
          .method = "GET",
          .path = FX_SETTINGS,
          .api = API_ARC_SETTINGS },
        { .step = "arc-state", .act = C, .facts = "arc.node1=Connected;arc.node2=Connected" },
        { .step = "arc-state", .act = A, .verb = "sync" },
        { .step = "arc-node", .act = C, .facts = "arc.node1=Connected" },
        { .step = "arc-node",
          .act = C,
          .facts = "arc.node1=Disconnected",
          .method = "GET",
          .path = MACHINE,
          .api = API_MACHINES },
        { .step = "arc-node",
          .act = C,
          .facts = "@agent.name=other",
          .method = "GET",
          .path = FX_MACHINES "/other",
          .api = API_MACHINES },
    };

    (void)state;
    steps_asked(rows, ARRAY_LEN(rows));
}

static void consent_answers(void **state)
{
    static const struct told rows[] = {
        { "consent", C, "settings.consent=x", 0, NULL, OP_DONE, 0, NULL },
        { "consent", C, NULL, 0, NULL, OP_ABSENT, 0, NULL },
        { "consent", C, NULL, 200, SETTINGS(CONSENT(ONE, NOON)), OP_DONE, 0,
          "settings.consent=2026-11-21T12:00:00Z" },
        { "consent", C, NULL, 200, SETTINGS(CONSENT(NOON, "null")), OP_ABSENT, 0,
          "settings.consent=" },
        { "consent", C, NULL, 200, SETTINGS("\"defaultExtensions\":[]"), OP_ABSENT, 0, NULL },
        { "consent", A, NULL, 200, SETTINGS(CONSENT(NOON, NOON)), OP_DONE, 0,
          "settings.consent=2026-11-21T12:00:00Z" },
        { "consent", A, NULL, 200, SETTINGS(""), OP_ABSENT, 0, NULL },
        /* it left Azure before a look that overtook it */
        { "consent", A, "arc.node1=Connected", 200,
          SETTINGS(CONSENT(NOON, NOON) "," NODES("Creating", "Creating")), OP_DONE, 0,
          "arc.node1=Connected" },
        { "consent", A, NULL, 404, DENIED, OP_SKIP, 0, NULL },
        { "consent", A, NULL, 403, DENIED, OP_FAILED, 0, NULL },
    };

    (void)state;
    steps_told(rows, ARRAY_LEN(rows));
}

/* register-flow.md 2.11: four looks, then a sync, and so on. */
static void states(void **state)
{
    static const struct told rows[] = {
        { "arc-state", C, NULL, 200, SETTINGS(NODES("Connected", "Connected")), OP_DONE, 0,
          "arc.node1=Connected;arc.node2=Connected" },
        { "arc-state", C, NULL, 200, SETTINGS(NODES("Connected", "Creating")), OP_RUNNING, 9123,
          "arc.node2=Creating;settings.looks=1" },
        { "arc-state", C, "settings.looks=3", 200, SETTINGS(NODES("Connected", "Creating")),
          OP_ABSENT, 9123, "settings.looks=4" },
        { "arc-state", C, "settings.looks=4", 200, SETTINGS(NODES("Connected", "Creating")),
          OP_RUNNING, 9123, NULL },
        { "arc-state", C, "settings.looks=4", 200, SETTINGS(NODES("Connected", "Connected")),
          OP_DONE, 0, NULL },
        { "arc-state", C, NULL, 200,
          SETTINGS("\"perNodeDetails\":[{\"name\":\"node1\",\"state\":\"Connected\"}]"), OP_RUNNING,
          9123, "arc.node2=" },
        { "arc-state", C, "way=look", 200, SETTINGS(NODES("Connected", "Creating")), OP_FAILED,
          9123, NULL },
        { "arc-state", C, NULL, 403, DENIED, OP_FAILED, 9123, NULL },
        { "arc-state", A, NULL, 0, "{}", OP_ABSENT, 0, NULL },
        { "arc-state", A, NULL, -1, NULL, OP_ABSENT, 0, NULL },
    };

    (void)state;
    steps_told(rows, ARRAY_LEN(rows));
}

static void causes(void **state)
{
    static const struct told rows[] = {
        { "arc-node", C, "arc.node1=Connected", 0, NULL, OP_DONE, 0, NULL },
        { "arc-node", C, "arc.node1=Disconnected", 200,
          SETTINGS("\"status\":\"Error\",\"errorDetails\":[{\"code\":\"AZCM0026\",\"message\":\"no "
                   "network\"}]"),
          OP_FAILED, 9123, NULL },
        { "arc-node", C, "arc.node1=", 404, DENIED, OP_FAILED, 9123, NULL },
        { "arc-node", C, "arc.node1=", 403, DENIED, OP_FAILED, 9123, NULL },
    };

    (void)state;
    steps_told(rows, ARRAY_LEN(rows));
}

int test_op_op_register_arc(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests),
        cmocka_unit_test(consent_answers),
        cmocka_unit_test(states),
        cmocka_unit_test(causes),
    };

    return TEST_GROUP("op_register_arc", tests);
}
