/* Azure Policy's refusals: which requests are judged, and the form of the answer. */
#include "config.h"

#include "testing.h"

#include "fixture.h"
#include "sandbox/policies.h"

int test_sandbox_policies(void);

#define V     "2021-04-01"
#define GROUP "/subscriptions/@S/resourceGroups/"

static int set(const char *text)
{
    struct err e = { 0 };
    struct json *doc = json_parse(text, strlen(text), 0, &e);
    int rc;

    assert_non_null(doc);
    rc = policies_set(fx_world, doc, &e);
    assert_int_equal(rc < 0, err_is(&e));
    json_free(doc);
    return rc;
}

static int open_bed(void **s)
{
    (void)s;
    fx_open(NULL, true);
    return 0;
}

static int close_bed(void **s)
{
    (void)s;
    fx_close();
    return 0;
}

static int put_group(const char *name, const char *body)
{
    struct str path = STR_INIT;
    int status;

    str_addf(&path, GROUP "%s", name);
    status = fx_call("PUT", str_p(&path), V, body);
    str_free(&path);
    return status;
}

static void a_tag_is_wanted(void **s)
{
    const struct json *info;

    (void)s;
    assert_int_equal(
        set("{\"policies\":[{\"kind\":\"tag\",\"name\":\"cost\",\"tag\":\"CostCenter\","
            "\"message\":\"Ask Karl.\"}]}"),
        0);
    assert_int_equal(put_group("p1", "{\"location\":\"eastus\"}"), 403);
    assert_string_equal(fx_str("error.code"), "RequestDisallowedByPolicy");
    assert_string_equal(fx_str("error.target"), "p1");
    assert_non_null(strstr(fx_str("error.message"), "Reasons: 'Ask Karl.'. See error details"));
    info = json_member(json_first(json_get(fx_json(), "error.additionalInfo")), "info");
    assert_string_equal(json_str(info, "policyDefinitionName"),
                        "96670d01-0a4d-4649-9c89-2d3abc0a5025");
    assert_string_equal(json_str(info, "policyDefinitionEffect"), "deny");
    assert_non_null(strstr(json_str(info, "policyAssignmentId"),
                           "/providers/Microsoft.Authorization/policyAssignments/cost"));
    assert_int_equal(put_group("p1", "{\"location\":\"eastus\",\"tags\":{\"other\":\"x\"}}"), 403);
    assert_int_equal(put_group("p1", "{\"location\":\"eastus\",\"tags\":{\"costcenter\":\"1\"}}"),
                     201);
    assert_int_equal(fx_call("GET", GROUP "p1", V, NULL), 200); /* reading is not judged */
    assert_int_equal(fx_call("PATCH", GROUP "p1", V, "{\"tags\":{}}"), 403);
}

static void names_and_groups_locations(void **s)
{
    (void)s;
    assert_int_equal(set("{\"policies\":[{\"kind\":\"name\",\"pattern\":\"rg-*\"},"
                         "{\"kind\":\"locations\",\"locations\":[\"West Europe\"]}]}"),
                     0);
    assert_int_equal(put_group("p2", "{\"location\":\"eastus\"}"), 403);
    assert_non_null(strstr(fx_str("error.message"), "Policy identifiers: '[{"));
    /* a group is not judged by where it is, as in mode Indexed */
    assert_int_equal(json_len(json_get(fx_json(), "error.additionalInfo")), 1);
    assert_int_equal(put_group("rg-2", "{\"location\":\"eastus\"}"), 201);
    assert_int_equal(
        set("{\"policies\":[{\"kind\":\"locations\",\"locations\":[\"westeurope\"],\"types\":"
            "[\"Microsoft.Resources/subscriptions/resourceGroups\"]}]}"),
        0);
    assert_int_equal(put_group("rg-3", "{\"location\":\"eastus\"}"), 403);
    assert_int_equal(put_group("rg-3", "{\"location\":\"West Europe\"}"), 201);
}

static void elsewhere_and_wrong(void **s)
{
    (void)s;
    assert_int_equal(set("{\"policies\":[{\"kind\":\"name\",\"pattern\":\"x\",\"scope\":"
                         "\"/subscriptions/11111111-2222-4333-8444-555555555555\"}]}"),
                     0);
    assert_int_equal(put_group("p4", "{\"location\":\"eastus\"}"), 201);
    assert_int_equal(set("{\"policies\":{}}"), -1);
    assert_int_equal(set("{\"policies\":[{\"kind\":\"wish\"}]}"), -1);
    assert_int_equal(set("{\"policies\":[{\"kind\":\"tag\"}]}"), -1);
    assert_int_equal(set("{\"policies\":[{\"kind\":\"locations\",\"locations\":\"eastus\"}]}"), -1);
    assert_int_equal(set("{}"), 0);
}

int test_sandbox_policies(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_tag_is_wanted, open_bed, close_bed),
        cmocka_unit_test_setup_teardown(names_and_groups_locations, open_bed, close_bed),
        cmocka_unit_test_setup_teardown(elsewhere_and_wrong, open_bed, close_bed),
    };

    return TEST_GROUP("sandbox/policies", tests);
}
