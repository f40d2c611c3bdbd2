#include "config.h"

#include "testing.h"

#include "rig.h"
#include "sandbox/routes.h"

int test_sandbox_routes(void);

#define ARM "https://management.azure.com"

static void expect(struct rig_answer a, int status, const char *code)
{
    const char *got = json_str(a.json, "error.code");
    if (a.status != status || (code && !str_eq(got, code)))
        fail_msg("status %d code %s, not %d %s", a.status, got ? got : "-", status,
                 code ? code : "-");
    rig_free(&a);
}

static void tokens_are_judged(void **state)
{
    const char *v = "api-version=2022-12-01";
    (void)state;
    struct world *w = rig_world();
    char *good = rig_token(ARM, world_tenant(w), 60), *old = rig_token(ARM, world_tenant(w), -1);
    char *graph = rig_token("https://graph.microsoft.com", world_tenant(w), 60);
    char *own = rig_token("https://127.0.0.1:9/", world_tenant(w), 60);
    expect(rig_ask("GET", "/subscriptions", v, NULL, NULL), 401, "AuthenticationFailed");
    expect(rig_ask("GET", "/subscriptions", v, NULL, "rubbish"), 401, "InvalidAuthenticationToken");
    expect(rig_ask("GET", "/subscriptions", v, NULL, old), 401, "ExpiredAuthenticationToken");
    expect(rig_ask("GET", "/subscriptions", v, NULL, graph), 401,
           "InvalidAuthenticationTokenAudience");
    expect(rig_ask("GET", "/subscriptions", v, NULL, good), 200, NULL);
    expect(rig_ask("GET", "/subscriptions", v, NULL, own), 200, NULL);
    free(good);
    free(old);
    free(graph);
    free(own);
}

static void the_challenge_names_the_tenant(void **state)
{
    char path[200], want[200];
    (void)state;
    struct world *w = rig_world();
    str_fmt(path, sizeof(path), "/subscriptions/%s", world_subscription(w));
    str_fmt(want, sizeof(want), "Bearer authorization_uri=\"https://127.0.0.1:4433/%s\"",
            world_tenant(w));
    struct rig_answer a = rig_ask("GET", path, "api-version=2022-12-01", NULL, NULL);
    assert_int_equal(a.status, 401);
    assert_true(str_starts(json_str(a.headers, "WWW-Authenticate"), want));
    rig_free(&a);
}

static void a_foreign_tenant_is_refused(void **state)
{
    char path[200];
    (void)state;
    struct world *w = rig_world();
    const char *v = "api-version=2022-12-01";
    char *foreign = rig_token(ARM, "00000000-1111-2222-3333-444444444444", 60);
    char *good = rig_token(ARM, world_tenant(w), 60);
    str_fmt(path, sizeof(path), "/SUBSCRIPTIONS/%s", world_subscription(w));
    expect(rig_ask("GET", path, v, NULL, foreign), 401, "InvalidAuthenticationTokenTenant");
    expect(rig_ask("GET", path, v, NULL, good), 200, NULL);
    expect(rig_ask("GET", "/subscriptions/00000000-0000-0000-0000-000000000009", v, NULL, good),
           404, "SubscriptionNotFound");
    free(foreign);
    free(good);
}

static void versions_and_methods_are_judged(void **state)
{
    (void)state;
    struct world *w = rig_world();
    char *good = rig_token(ARM, world_tenant(w), 60);
    expect(rig_ask("GET", "/subscriptions", NULL, NULL, good), 400, "MissingApiVersionParameter");
    expect(rig_ask("GET", "/subscriptions", "api-version=2022-12", NULL, good), 400,
           "InvalidApiVersionParameter");
    expect(rig_ask("DELETE", "/subscriptions", "api-version=2022-12-01", NULL, good), 405,
           "MethodNotAllowed");
    expect(rig_ask("GET", "/nowhere", NULL, NULL, good), 404, "NotFound");
    expect(rig_ask("GET", "/", NULL, NULL, NULL), 200, NULL);
    free(good);
}

static void broken_json_is_refused(void **state)
{
    char path[200];
    (void)state;
    struct world *w = rig_world();
    char *good = rig_token(ARM, world_tenant(w), 60);
    str_fmt(path, sizeof(path), "/subscriptions/%s/resourcegroups/x", world_subscription(w));
    expect(rig_ask("PUT", path, "api-version=2021-04-01", "{\"location\":", good), 400,
           "InvalidRequestContent");
    free(good);
}

static void audiences_fit(void **state)
{
    (void)state;
    assert_true(sb_audience_fits(SB_ARM, ARM));
    assert_true(sb_audience_fits(SB_ARM, "https://management.core.windows.net/"));
    assert_true(sb_audience_fits(SB_ARM, "https://localhost:1"));
    assert_true(sb_audience_fits(SB_ARM, "https://[::1]:1/"));
    assert_true(sb_audience_fits(SB_DATAPLANE, "https://127.0.0.1:41234/usage"));
    assert_true(sb_audience_fits(SB_DATAPLANE, "https://azurestackhci-usage.trafficmanager.net"));
    assert_false(sb_audience_fits(SB_ARM, "https://127.0.0.1:41234/usage"));
    assert_false(sb_audience_fits(SB_DATAPLANE, "https://127.0.0.1:41234"));
    assert_false(sb_audience_fits(SB_ARM, "https://127.0.0.1.evil.example:1"));
    assert_false(sb_audience_fits(SB_ARM, "https://127.0.0.1:"));
    assert_false(sb_audience_fits(SB_ARM, "https://graph.microsoft.com"));
    assert_false(sb_audience_fits(SB_ARM, ""));
}

static void variables_come_from_the_pattern(void **state)
{
    struct sb_req q = { 0 };
    (void)state;
    q.vars[0].name = "sub}/resourcegroups/{rg}";
    STR_SET(q.vars[0].value, "one");
    q.vars[1].name = "scope+}/x";
    STR_SET(q.vars[1].value, "two/three");
    assert_string_equal(sb_var(&q, "sub"), "one");
    assert_string_equal(sb_var(&q, "scope"), "two/three");
    assert_string_equal(sb_var(&q, "su"), "");
    assert_string_equal(sb_var(&q, "rg"), "");
}

int test_sandbox_routes(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_are_judged),
        cmocka_unit_test(the_challenge_names_the_tenant),
        cmocka_unit_test(a_foreign_tenant_is_refused),
        cmocka_unit_test(versions_and_methods_are_judged),
        cmocka_unit_test(broken_json_is_refused),
        cmocka_unit_test(audiences_fit),
        cmocka_unit_test(variables_come_from_the_pattern),
    };
    return TEST_GROUP("sandbox/routes", tests);
}
