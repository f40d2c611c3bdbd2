#include "config.h"

#include "testing.h"

#include "base/file.h"
#include "rig.h"
#include "sandbox/signin.h"

int test_sandbox_entra(void);

#define ARM_SCOPE "https://management.azure.com/.default offline_access openid profile"
#define URN       "urn:ietf:params:oauth:grant-type:device_code"
#define TOKEN     "/organizations/oauth2/v2.0/token"

struct code {
    char device[512], user[USER_CODE_SIZE];
};

static struct code ask_code(const char *tenant, const char *scope)
{
    char path[200], body[400];
    struct code c;
    rig_world();
    str_fmt(path, sizeof(path), "/%s/oauth2/v2.0/devicecode", tenant);
    str_fmt(body, sizeof(body), "client_id=%s&scope=%s", RIG_CLIENT, scope);
    struct rig_answer a = rig_ask("POST", path, NULL, body, NULL);
    assert_int_equal(a.status, 200);
    assert_true(STR_SET(c.device, json_str(a.json, "device_code")));
    assert_true(STR_SET(c.user, json_str(a.json, "user_code")));
    rig_free(&a);
    return c;
}

static struct rig_answer poll_as(const char *grant, const char *name, const char *code)
{
    char body[900];
    str_fmt(body, sizeof(body), "grant_type=%s&client_id=%s&%s=%s&client_info=1", grant, RIG_CLIENT,
            name, code);
    return rig_ask("POST", TOKEN, NULL, body, NULL);
}

static void expect_error(struct rig_answer a, const char *error, int aadsts)
{
    int64_t n = 0;
    json_int(a.json, "error_codes.0", &n);
    if (a.status != 400 || !str_eq(json_str(a.json, "error"), error) || n != aadsts)
        fail_msg("status %d error %s code %d, not %s %d", a.status,
                 json_str(a.json, "error") ? json_str(a.json, "error") : "-", (int)n, error,
                 aadsts);
    rig_free(&a);
}

static void expect_poll(const struct code *c, const char *error, int aadsts)
{
    expect_error(poll_as(URN, "device_code", c->device), error, aadsts);
}

static struct rig_answer approve(const char *user_code, const char *more)
{
    char body[200];
    str_fmt(body, sizeof(body), "{\"user_code\":\"%s\"%s}", user_code, more);
    return rig_ask("POST", "/sandbox/approve", NULL, body, NULL);
}

static void expect_approved(const struct code *c, const char *more)
{
    struct rig_answer a = approve(c->user, more);
    assert_int_equal(a.status, 200);
    rig_free(&a);
}

static void the_answer_has_what_clients_read(void **state)
{
    int64_t n = 0;
    (void)state;
    rig_world();
    struct rig_answer a = rig_ask("POST", "/common/oauth2/v2.0/devicecode", NULL,
                                  "client_id=" RIG_CLIENT "&scope=" ARM_SCOPE, NULL);
    assert_int_equal(a.status, 200);
    assert_string_equal(json_str(a.json, "verification_uri"), "https://127.0.0.1:4433/devicelogin");
    assert_non_null(str_ifind(json_str(a.json, "message"), json_str(a.json, "user_code")));
    assert_true(json_int(a.json, "expires_in", &n) && n == 900);
    assert_true(json_int(a.json, "interval", &n) && n >= 1);
    assert_true(strlen(json_str(a.json, "device_code")) > 100);
    rig_free(&a);
}

static void first_polls_are_pending(void **state)
{
    (void)state;
    struct code c = ask_code("organizations", ARM_SCOPE);
    expect_poll(&c, "authorization_pending", 70016);
    expect_poll(&c, "authorization_pending", 70016);
    expect_poll(&c, "slow_down", 0); /* only the second early one in a row */
    expect_poll(&c, "authorization_pending", 70016);
}

static void both_names_of_grant_and_code_work(void **state)
{
    static const char *const rows[][2] = { { URN, "device_code" },
                                           { URN, "code" },
                                           { "device_code", "device_code" },
                                           { "device_code", "code" } };
    bool expired;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct code c = ask_code("organizations", ARM_SCOPE);
        expect_approved(&c, "");
        struct rig_answer a = poll_as(rows[i][0], rows[i][1], c.device);
        int64_t n = 0;
        assert_int_equal(a.status, 200);
        assert_true(json_int(a.json, "expires_in", &n) && n == 3599);
        assert_non_null(json_str(a.json, "refresh_token"));
        assert_non_null(json_str(a.json, "client_info"));
        struct json *t = jwt_verify(json_str(a.json, "access_token"), &expired);
        struct json *id = jwt_verify(json_str(a.json, "id_token"), &expired);
        assert_string_equal(json_str(t, "aud"), "https://management.azure.com");
        assert_string_equal(json_str(t, "appid"), RIG_CLIENT);
        assert_string_equal(json_str(t, "tid"), world_tenant(rig_world()));
        assert_string_equal(json_str(id, "aud"), RIG_CLIENT);
        assert_string_equal(json_str(id, "preferred_username"), "anna@contoso.onmicrosoft.com");
        json_free(t);
        json_free(id);
        rig_free(&a);
        expect_poll(&c, "invalid_grant", 54005);
    }
}

static void only_what_was_asked_is_given(void **state)
{
    (void)state;
    struct code c = ask_code("organizations", "https://management.core.windows.net//.default");
    expect_approved(&c, "");
    struct rig_answer a = poll_as(URN, "device_code", c.device);
    bool expired;
    struct json *t = jwt_verify(json_str(a.json, "access_token"), &expired);
    assert_string_equal(json_str(t, "aud"), "https://management.core.windows.net/");
    assert_null(json_str(a.json, "refresh_token"));
    assert_null(json_str(a.json, "id_token"));
    json_free(t);
    rig_free(&a);
}

static void a_refusal_is_told(void **state)
{
    (void)state;
    struct code c = ask_code("organizations", ARM_SCOPE);
    expect_approved(&c, ",\"decline\":true");
    expect_poll(&c, "authorization_declined", 65004);
    struct rig_answer a = approve(c.user, "");
    assert_int_equal(a.status, 404);
    rig_free(&a);
}

static void time_ends_a_code(void **state)
{
    (void)state;
    struct code c = ask_code("organizations", ARM_SCOPE);
    struct json *s = signin_by_device_code(rig_world(), c.device);
    json_set_int(s, "expires", wall_ms() - 1);
    expect_poll(&c, "expired_token", 70019);
    struct rig_answer a = approve(c.user, "");
    assert_int_equal(a.status, 404);
    rig_free(&a);
}

static void automatic_approval_waits_its_time(void **state)
{
    (void)state;
    struct code c = ask_code("organizations", ARM_SCOPE);
    sb_options.approve = SB_APPROVE_AUTO;
    sb_options.approve_after_s = 20;
    expect_poll(&c, "authorization_pending", 70016);
    json_set_int(signin_by_device_code(rig_world(), c.device), "asked", wall_ms() - 20000);
    struct rig_answer a = poll_as(URN, "device_code", c.device);
    sb_options.approve = SB_APPROVE_MANUAL;
    assert_int_equal(a.status, 200);
    rig_free(&a);
}

static void ordered_faults_come(void **state)
{
    struct err e = { 0 };
    (void)state;
    struct code c = ask_code("organizations", ARM_SCOPE);
    assert_int_equal(fault_add("slow_down@POST /*/oauth2/v2.0/token", &e), 0);
    expect_poll(&c, "slow_down", 0);
    expect_poll(&c, "authorization_pending", 70016);
    assert_int_equal(fault_add("expired_token", &e), 0);
    expect_poll(&c, "expired_token", 70019);
    expect_poll(&c, "expired_token", 70019);
    c = ask_code("organizations", ARM_SCOPE);
    assert_int_equal(fault_add("declined", &e), 0);
    expect_poll(&c, "authorization_declined", 65004);
}

static void wrong_requests_are_named(void **state)
{
    (void)state;
    rig_world();
    expect_error(rig_ask("POST", TOKEN, NULL, "client_id=" RIG_CLIENT, NULL), "invalid_request",
                 900144);
    expect_error(rig_ask("POST", TOKEN, NULL, "grant_type=" URN, NULL), "invalid_request", 900144);
    expect_error(rig_ask("POST", TOKEN, NULL, "grant_type=password&client_id=" RIG_CLIENT, NULL),
                 "unsupported_grant_type", 70003);
    expect_error(
        rig_ask("POST", TOKEN, NULL, "grant_type=" URN "&client_id=mine&device_code=x", NULL),
        "unauthorized_client", 700016);
    expect_error(poll_as(URN, "device_code", "unknown"), "bad_verification_code", 70018);
    expect_error(rig_ask("POST", "/nowhere.example/oauth2/v2.0/devicecode", NULL,
                         "client_id=" RIG_CLIENT "&scope=" ARM_SCOPE, NULL),
                 "invalid_request", 90002);
    expect_error(rig_ask("POST", "/common/oauth2/v2.0/devicecode", NULL,
                         "client_id=" RIG_CLIENT "&scope=https://a/.default https://b/.default",
                         NULL),
                 "invalid_scope", 28000);
    struct code c = ask_code("organizations", "https://nobody.example/.default");
    expect_approved(&c, "");
    expect_poll(&c, "invalid_resource", 500011);
}

static struct rig_answer refresh(const char *path, const char *token, const char *scope)
{
    char body[1200];
    str_fmt(body, sizeof(body), "grant_type=refresh_token&client_id=%s&refresh_token=%s&scope=%s",
            RIG_CLIENT, token, scope);
    return rig_ask("POST", path, NULL, body, NULL);
}

static void a_refresh_token_serves_other_resources_and_tenants(void **state)
{
    char token[600], path[200];
    bool expired;
    (void)state;
    struct code c = ask_code("contoso.onmicrosoft.com", ARM_SCOPE);
    expect_approved(&c, "");
    char body[900];
    str_fmt(body, sizeof(body), "grant_type=%s&client_id=%s&device_code=%s", URN, RIG_CLIENT,
            c.device);
    struct rig_answer a =
        rig_ask("POST", "/contoso.onmicrosoft.com/oauth2/v2.0/token", NULL, body, NULL);
    assert_int_equal(a.status, 200);
    STR_SET(token, json_str(a.json, "refresh_token"));
    rig_free(&a);

    const char *other = json_str(world_section(rig_world(), "tenants"), "1.tenantId");
    str_fmt(path, sizeof(path), "/%s/oauth2/v2.0/token", other);
    a = refresh(path, token, "https://graph.microsoft.com/.default");
    assert_int_equal(a.status, 200);
    struct json *t = jwt_verify(json_str(a.json, "access_token"), &expired);
    assert_string_equal(json_str(t, "aud"), "https://graph.microsoft.com");
    assert_string_equal(json_str(t, "tid"), other);
    assert_string_not_equal(json_str(a.json, "refresh_token"), token);
    json_free(t);
    rig_free(&a);

    a = refresh(TOKEN, token, "https://127.0.0.1:4433/usage/.default");
    expect_error(a, "invalid_grant", 65002);
    expect_error(refresh(TOKEN, "1.unknown", ARM_SCOPE), "invalid_grant", 70000);
}

static void discovery_names_this_host(void **state)
{
    (void)state;
    rig_world();
    struct rig_answer a =
        rig_ask("GET", "/organizations/v2.0/.well-known/openid-configuration", NULL, NULL, NULL);
    assert_int_equal(a.status, 200);
    assert_string_equal(json_str(a.json, "token_endpoint"),
                        "https://127.0.0.1:4433/organizations/oauth2/v2.0/token");
    assert_string_equal(json_str(a.json, "device_authorization_endpoint"),
                        "https://127.0.0.1:4433/organizations/oauth2/v2.0/devicecode");
    rig_free(&a);
    a = rig_ask("GET", "/common/discovery/instance",
                "authorization_endpoint=https://127.0.0.1/organizations/oauth2/v2.0/authorize",
                NULL, NULL);
    assert_string_equal(
        json_str(a.json, "tenant_discovery_endpoint"),
        "https://127.0.0.1:4433/organizations/v2.0/.well-known/openid-configuration");
    rig_free(&a);
    expect_error(rig_ask("GET", "/common/discovery/instance",
                         "authorization_endpoint=https://evil.example/common", NULL, NULL),
                 "invalid_instance", 50049);
    expect_error(rig_ask("GET", "/nobody/v2.0/.well-known/openid-configuration", NULL, NULL, NULL),
                 "invalid_tenant", 90002);
}

static void no_code_stands_in_the_world(void **state)
{
    struct str text = STR_INIT;
    struct err e = { 0 };
    char path[600];
    (void)state;
    struct code c = ask_code("organizations", ARM_SCOPE);
    str_fmt(path, sizeof(path), "%s/world.json", sb_options.dir);
    assert_int_equal(file_read(path, 1 << 22, &text, &e), 0);
    assert_non_null(strstr(str_p(&text), c.user));
    assert_null(strstr(str_p(&text), c.device));
    str_free(&text);
}

static void the_page_leads_to_a_decision(void **state)
{
    char body[200];
    (void)state;
    struct code c = ask_code("organizations", "https://a.example/<b>/.default");
    struct rig_answer a = rig_ask("POST", "/devicelogin", NULL, "code=WRONG", NULL);
    assert_non_null(strstr(a.text, "did not work"));
    rig_free(&a);
    str_fmt(body, sizeof(body), "code=%.4s-%s", c.user, c.user + 4);
    a = rig_ask("POST", "/devicelogin", NULL, body, NULL);
    assert_non_null(strstr(a.text, "Microsoft Azure CLI"));
    assert_non_null(strstr(a.text, RIG_CLIENT));
    assert_non_null(strstr(a.text, "&lt;b&gt;"));
    assert_null(strstr(a.text, "<b>"));
    assert_non_null(strstr(a.text, "anna@contoso.onmicrosoft.com"));
    rig_free(&a);
    expect_poll(&c, "authorization_pending", 70016);
    str_fmt(body, sizeof(body), "code=%s&answer=decline", c.user);
    a = rig_ask("POST", "/devicelogin", NULL, body, NULL);
    assert_non_null(strstr(a.text, "declined"));
    rig_free(&a);
    expect_poll(&c, "authorization_declined", 65004);
    a = rig_ask("POST", "/devicelogin", NULL, body, NULL);
    assert_non_null(strstr(a.text, "already used"));
    rig_free(&a);
}

static void a_star_approves_all_that_wait(void **state)
{
    int64_t n = 0;
    (void)state;
    struct code c = ask_code("organizations", ARM_SCOPE), d = ask_code("organizations", ARM_SCOPE);
    struct rig_answer a = approve("*", "");
    assert_true(json_int(a.json, "approved", &n) && n >= 2);
    rig_free(&a);
    a = poll_as(URN, "device_code", c.device);
    assert_int_equal(a.status, 200);
    rig_free(&a);
    a = poll_as(URN, "device_code", d.device);
    assert_int_equal(a.status, 200);
    rig_free(&a);
    a = approve("*", ",\"user\":\"nobody@contoso.onmicrosoft.com\"");
    assert_int_equal(a.status, 404);
    rig_free(&a);
}

int test_sandbox_entra(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_answer_has_what_clients_read),
        cmocka_unit_test(first_polls_are_pending),
        cmocka_unit_test(both_names_of_grant_and_code_work),
        cmocka_unit_test(only_what_was_asked_is_given),
        cmocka_unit_test(a_refusal_is_told),
        cmocka_unit_test(time_ends_a_code),
        cmocka_unit_test(automatic_approval_waits_its_time),
        cmocka_unit_test(ordered_faults_come),
        cmocka_unit_test(wrong_requests_are_named),
        cmocka_unit_test(a_refresh_token_serves_other_resources_and_tenants),
        cmocka_unit_test(discovery_names_this_host),
        cmocka_unit_test(no_code_stands_in_the_world),
        cmocka_unit_test(the_page_leads_to_a_decision),
        cmocka_unit_test(a_star_approves_all_that_wait),
    };
    return TEST_GROUP("sandbox/entra", tests);
}
