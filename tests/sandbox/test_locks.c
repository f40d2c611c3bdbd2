/* Management locks: the contract's calls, and what each kind refuses where. */
#include "config.h"

#include "testing.h"

#include "fixture.h"
#include "sandbox/rights.h"

int test_sandbox_locks(void);

#define V        "2020-05-01"
#define ARM      "2021-04-01"
#define HCI      "2024-04-01"
#define ARC      "2022-03-10"
#define LOCK     "/providers/Microsoft.Authorization/locks"
#define SUB      "/subscriptions/@S"
#define SETTINGS FX_CLUSTER "/arcSettings/default"
#define ROLE                                                                                       \
    FX_RG "/providers/Microsoft.Authorization/roleAssignments/"                                    \
          "11111111-2222-4333-8444-555555555555"
#define LEVEL(level) "{\"properties\":{\"level\":\"" level "\",\"notes\":\"hands off\"}}"
#define KEEP         LEVEL("CanNotDelete")
#define FREEZE       LEVEL("ReadOnly")

static int open_bed(void **s)
{
    (void)s;
    fx_open(NULL, true);
    fx_cluster();
    return 0;
}

static int close_bed(void **s)
{
    (void)s;
    fx_close();
    return 0;
}

static size_t listed(const char *scope, const char *filter)
{
    struct str path = STR_INIT;
    size_t n;

    str_addf(&path, "%s" LOCK, scope);
    assert_int_equal(filter ? fx_query(str_p(&path), V, "$filter", filter)
                            : fx_call("GET", str_p(&path), V, NULL),
                     200);
    str_free(&path);
    n = json_len(json_get(fx_json(), "value"));
    return n;
}

static void the_calls_follow_the_contract(void **s)
{
    (void)s;
    assert_int_equal(fx_call("GET", FX_RG LOCK "/DoNotDelete", V, NULL), 404);
    assert_string_equal(fx_str("error.code"), "LockNotFound");
    assert_int_equal(fx_call("PUT", FX_RG LOCK "/DoNotDelete", V, KEEP), 201);
    assert_string_equal(fx_str("name"), "DoNotDelete");
    assert_string_equal(fx_str("type"), "Microsoft.Authorization/locks");
    assert_string_equal(fx_str("properties.notes"), "hands off");
    assert_string_equal(fx_str("systemData.createdBy"), "anna@contoso.onmicrosoft.com");
    assert_int_equal(fx_call("PUT", FX_RG LOCK "/donotdelete", V, FREEZE), 200);
    assert_int_equal(fx_call("GET", FX_RG LOCK "/DoNotDelete", V, NULL), 200);
    assert_string_equal(fx_str("properties.level"), "ReadOnly");
    assert_int_equal(fx_call("PUT", FX_RG LOCK "/x", V, LEVEL("Loose")), 400);
    assert_int_equal(fx_call("PUT", FX_RG LOCK "/x", V, "{\"properties\":{}}"), 400);
    assert_int_equal(fx_call("PUT", SUB "/resourceGroups/none" LOCK "/x", V, KEEP), 404);
    assert_int_equal(fx_call("DELETE", FX_RG LOCK "/DoNotDelete", V, NULL), 200);
    assert_int_equal(fx_call("DELETE", FX_RG LOCK "/DoNotDelete", V, NULL), 204);
    assert_int_equal(fx_call("GET", FX_RG LOCK, "2022-04-01", NULL), 400);
}

static void a_list_shows_what_holds_here(void **s)
{
    (void)s;
    assert_int_equal(fx_call("PUT", SUB LOCK "/all", V, KEEP), 201);
    assert_int_equal(fx_call("PUT", FX_RG LOCK "/group", V, KEEP), 201);
    assert_int_equal(fx_call("PUT", FX_CLUSTER LOCK "/cluster", V, KEEP), 201);
    assert_int_equal(fx_call("PUT", FX_MACHINE "node1" LOCK "/node1", V, KEEP), 201);
    assert_int_equal(listed(SUB, NULL), 4);
    assert_int_equal(listed(SUB, "atScope()"), 1);
    assert_int_equal(listed(FX_RG, NULL), 4);
    assert_int_equal(listed(FX_RG, "atScope()"), 2);
    assert_int_equal(listed(FX_CLUSTER, NULL), 3);
    assert_int_equal(listed(SETTINGS, "atScope()"), 3);
    assert_null(str_ifind(fx_str("value.0.id"), "node1"));
}

static void refused(const char *method, const char *path, const char *version, const char *body,
                    const char *words)
{
    assert_int_equal(fx_call(method, path, version, body), 409);
    assert_string_equal(fx_str("error.code"), "ScopeLocked");
    if (!strstr(fx_str("error.message"), words))
        fail_msg("%s", fx_str("error.message"));
}

/* From the subscription and from the group, too. */
static void cannot_delete_refuses_deletions_alone(void **s)
{
    static const char *const scopes[] = { SUB, FX_RG, FX_CLUSTER };

    (void)s;
    for (size_t i = 0; i < ARRAY_LEN(scopes); i++) {
        struct str lock = STR_INIT;

        str_addf(&lock, "%s" LOCK "/keep", scopes[i]);
        assert_int_equal(fx_call("PUT", str_p(&lock), V, KEEP), 201);
        refused("DELETE", FX_CLUSTER, HCI, NULL, "cannot perform delete operation because");
        refused("DELETE", SETTINGS, HCI, NULL, "Please remove the lock and try again.");
        refused("DELETE", FX_RG, ARM, NULL, "following scope(s) are locked: '/subscriptions/");
        assert_int_equal(fx_call("PATCH", FX_CLUSTER, HCI, "{\"tags\":{\"a\":\"b\"}}"), 200);
        assert_int_equal(fx_call("POST", SETTINGS "/initializeDisableProcess", HCI, NULL), 200);
        if (i < 2) {
            refused("DELETE", FX_MACHINE "node1", ARC, NULL, "locked");
            refused("DELETE", ROLE, "2022-04-01", NULL, "locked");
        }
        assert_int_equal(fx_call("GET", FX_CLUSTER, HCI, NULL), 200);
        assert_int_equal(fx_call("DELETE", str_p(&lock), V, NULL), 200);
        str_free(&lock);
    }
    assert_int_equal(fx_call("DELETE", FX_MACHINE "node1", ARC, NULL), 200);
    assert_int_equal(fx_call("DELETE", ROLE, "2022-04-01", NULL), 200);
    assert_int_equal(fx_call("DELETE", SETTINGS, HCI, NULL), 200);
    assert_int_equal(fx_call("DELETE", FX_CLUSTER, HCI, NULL), 200);
    assert_int_equal(fx_call("DELETE", FX_RG, ARM, NULL), 200);
}

static void read_only_refuses_every_change(void **s)
{
    (void)s;
    assert_int_equal(fx_call("PUT", FX_RG LOCK "/frozen", V, FREEZE), 201);
    refused("DELETE", FX_CLUSTER, HCI, NULL, "cannot perform delete operation");
    refused("PATCH", FX_CLUSTER, HCI, "{}", "cannot perform write operation");
    refused("PUT", FX_RG, ARM, "{\"location\":\"eastus\"}", "write operation");
    refused("POST", SETTINGS "/initializeDisableProcess", HCI, NULL, "write operation");
    assert_int_equal(fx_call("GET", FX_CLUSTER, HCI, NULL), 200);
    assert_int_equal(fx_call("PUT", SUB "/resourceGroups/other", ARM, "{\"location\":\"eastus\"}"),
                     201);
    assert_int_equal(fx_call("DELETE", SUB "/resourceGroups/other", ARM, NULL), 200);
    assert_int_equal(fx_call("DELETE", FX_RG LOCK "/frozen", V, NULL), 200);
    assert_int_equal(fx_call("PATCH", FX_CLUSTER, HCI, "{}"), 200);
}

/* A neighbour's lock keeps its group, but nothing else in it. */
static void a_lock_below_keeps_what_holds_it(void **s)
{
    (void)s;
    assert_int_equal(fx_call("PUT", FX_MACHINE "node1" LOCK "/mine", V, KEEP), 201);
    refused("DELETE", FX_RG, ARM, NULL, "machines/node1'");
    assert_int_equal(fx_call("DELETE", SETTINGS, HCI, NULL), 200);
    assert_int_equal(fx_call("DELETE", FX_CLUSTER, HCI, NULL), 200);
    assert_int_equal(fx_call("DELETE", FX_RG, ARM, NULL), 409);
}

/* Of the built-in roles only Owner and User Access Administrator may (locks.json). */
static void only_those_who_may_make_locks(void **s)
{
    struct err e = { 0 };
    const char *text = "{\"roleAssignments\":[{\"principal\":\"anna@contoso.onmicrosoft.com\","
                       "\"role\":\"Contributor\"}]}";
    struct json *doc = json_parse(text, strlen(text), 0, &e);

    (void)s;
    assert_int_equal(rights_set(fx_world, doc, &e), 0);
    json_free(doc);
    assert_int_equal(fx_call("GET", FX_RG LOCK, V, NULL), 200);
    assert_int_equal(fx_call("PUT", FX_RG LOCK "/x", V, KEEP), 403);
    assert_non_null(
        strstr(fx_str("error.message"), "'Microsoft.Authorization/locks/write' over scope"));
    assert_int_equal(fx_call("DELETE", FX_RG LOCK "/x", V, NULL), 403);
}

int test_sandbox_locks(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_calls_follow_the_contract, open_bed, close_bed),
        cmocka_unit_test_setup_teardown(a_list_shows_what_holds_here, open_bed, close_bed),
        cmocka_unit_test_setup_teardown(cannot_delete_refuses_deletions_alone, open_bed, close_bed),
        cmocka_unit_test_setup_teardown(read_only_refuses_every_change, open_bed, close_bed),
        cmocka_unit_test_setup_teardown(a_lock_below_keeps_what_holds_it, open_bed, close_bed),
        cmocka_unit_test_setup_teardown(only_those_who_may_make_locks, open_bed, close_bed),
    };
    return TEST_GROUP("sandbox/locks", tests);
}
