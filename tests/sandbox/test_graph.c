/* Graph: people, applications and principals, filters, credentials that work, and who may what. */
#include "config.h"

#include "testing.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "fixture.h"
#include "rig.h"
#include "sandbox/directory.h"

int test_sandbox_graph(void);

#define AUD   "https://graph.microsoft.com/"
#define ARM   "https://management.azure.com/"
#define V     "/v1.0"
#define NOT_A "11111111-1111-4111-8111-111111111111"

static struct rig_answer answer; /* of the last call */

static char *token_for(const char *oid, const char *idtyp, const char *role)
{
    struct json *c = json_object(), *roles = json_array();
    json_set_str(c, "aud", AUD);
    json_set_str(c, "tid", world_tenant(rig_world()));
    json_set_str(c, "oid", oid);
    json_set_str(c, "appid", RIG_CLIENT);
    json_set_str(c, "idtyp", idtyp);
    if (role)
        json_push(roles, json_string(role));
    json_set(c, "roles", roles);
    return jwt_sign("https://sts.windows.net/test/", c, 3600);
}

static int call_as(char *owned_token, const char *method, const char *path, const char *query,
                   const char *body)
{
    rig_free(&answer);
    answer = rig_ask(method, path, query, body, owned_token);
    free(owned_token);
    return answer.status;
}

static int call(const char *method, const char *path, const char *query, const char *body)
{
    struct world *w = rig_world();
    return call_as(rig_token(AUD, world_tenant(w), 3600), method, path, query, body);
}

static const char *str(const char *path)
{
    const char *s = json_str(answer.json, path);
    return s ? s : "";
}

/* A path with one id in it; two may stand side by side. */
static const char *at(const char *fmt, const char *id)
{
    static char text[4][300];
    static int i;
    const char *mark = strstr(fmt, "%s");
    i = (i + 1) % 4;
    str_fmt(text[i], sizeof(text[i]), "%.*s%s%s", (int)(mark - fmt), fmt, id, mark + 2);
    return text[i];
}

struct made {
    char id[GUID_SIZE], app_id[GUID_SIZE], sp[GUID_SIZE];
};

static struct made make_app(const char *name)
{
    struct made m;
    assert_int_equal(call("POST", V "/applications", NULL, at("{\"displayName\":\"%s\"}", name)),
                     201);
    assert_true(STR_SET(m.id, str("id")) && STR_SET(m.app_id, str("appId")));
    assert_string_not_equal(m.id, m.app_id);
    assert_int_equal(call("POST", V "/servicePrincipals", NULL, at("{\"appId\":\"%s\"}", m.app_id)),
                     201);
    assert_true(STR_SET(m.sp, str("id")));
    return m;
}

static void a_token_must_be_for_graph(void **state)
{
    char *arm;
    (void)state;
    arm = rig_token(ARM, world_tenant(rig_world()), 3600);
    assert_int_equal(call_as(arm, "GET", V "/me", NULL, NULL), 401);
    assert_string_equal(str("error.code"), "InvalidAuthenticationToken");
    assert_non_null(strstr(str("error.message"), "Invalid audience"));
    assert_string_not_equal(str("error.innerError.request-id"), "");
    assert_int_equal(call_as(NULL, "GET", V "/me", NULL, NULL), 401);
    assert_string_equal(str("error.message"), "Access token is empty.");
    assert_int_equal(
        call_as(rig_token(AUD, world_tenant(rig_world()), -10), "GET", V "/me", NULL, NULL), 401);
    assert_non_null(strstr(str("error.message"), "expired"));
    /* and the other way round */
    assert_int_equal(call("GET", "/subscriptions", "api-version=2022-12-01", NULL), 401);
    assert_string_equal(str("error.code"), "InvalidAuthenticationTokenAudience");
    assert_int_equal(call("GET", V "/nothing", NULL, NULL), 400);
    assert_non_null(strstr(str("error.message"), "Resource not found for the segment"));
}

static void me_is_a_user(void **state)
{
    (void)state;
    assert_int_equal(call("GET", V "/me", NULL, NULL), 200);
    assert_string_equal(str("userPrincipalName"), "anna@contoso.onmicrosoft.com");
    assert_string_equal(str("id"),
                        json_str(json_first(world_section(rig_world(), "users")), "oid"));
    assert_int_equal(call("GET", V "/me", "$select=id", NULL), 200);
    assert_string_equal(str("displayName"), "");
    assert_int_equal(call_as(token_for(NOT_A, "app", NULL), "GET", V "/me", NULL, NULL), 400);
    assert_string_equal(str("error.message"),
                        "/me request is only valid with delegated authentication flow.");
    assert_int_equal(call("GET", V "/users/anna@contoso.onmicrosoft.com", NULL, NULL), 200);
    assert_int_equal(call("GET", V "/organization", NULL, NULL), 200);
    assert_string_equal(str("value.0.id"), world_tenant(rig_world()));
    assert_string_equal(str("value.0.verifiedDomains.0.name"), "contoso.onmicrosoft.com");
}

static void principals_are_found_as_clients_look(void **state)
{
    struct made m = make_app("finder");
    (void)state;
    assert_int_equal(call("GET", V "/servicePrincipals",
                          at("$filter=servicePrincipalNames/any(c:c eq '%s')", m.app_id), NULL),
                     200);
    assert_int_equal(json_len(json_get(answer.json, "value")), 1);
    assert_string_equal(str("value.0.id"), m.sp);
    assert_int_equal(
        call("GET", V "/servicePrincipals", at("$filter=appId eq '%s'", m.app_id), NULL), 200);
    assert_string_equal(str("value.0.id"), m.sp);
    assert_int_equal(call("GET", at(V "/servicePrincipals(appId='%s')", m.app_id), NULL, NULL),
                     200);
    assert_string_equal(str("id"), m.sp);
    assert_int_equal(call("GET", at(V "/servicePrincipals/%s", m.sp), NULL, NULL), 200);
    assert_string_equal(str("appId"), m.app_id);
    assert_string_equal(str("_tid"), ""); /* ours */
    assert_int_equal(call("GET", V "/servicePrincipals/" NOT_A, NULL, NULL), 404);
    assert_string_equal(str("error.code"), "Request_ResourceNotFound");
    assert_int_equal(call("GET", V "/servicePrincipals(appId='" APP_GRAPH "')", NULL, NULL), 200);
    assert_string_equal(str("displayName"), "Microsoft Graph");
    assert_int_equal(
        call("POST", V "/directoryObjects/getByIds", NULL,
             at("{\"ids\":[\"%s\",\"" NOT_A "\"],\"types\":[\"servicePrincipal\"]}", m.sp)),
        200);
    assert_int_equal(json_len(json_get(answer.json, "value")), 1);
    assert_string_equal(
        json_value_str(json_member(json_get(answer.json, "value.0"), "@odata.type")),
        "#microsoft.graph.servicePrincipal");
    assert_int_equal(call("POST", V "/directoryObjects/getByIds", NULL,
                          at("{\"ids\":[\"%s\"],\"types\":[\"user\"]}", m.sp)),
                     200);
    assert_int_equal(json_len(json_get(answer.json, "value")), 0);
}

static void filters_mean_what_they_say(void **state)
{
    static const struct {
        const char *filter;
        int status, n;
    } rows[] = {
        { "displayName eq 'Filter One'", 200, 1 },
        { "displayName eq 'filter one' or displayName eq 'Filter''s Two'", 200, 2 },
        { "displayName eq 'Filter''s Two'", 200, 1 },
        { "startswith(displayName,'filter')", 200, 2 },
        { "startswith(displayName,'filter') and displayName eq 'Filter One'", 200, 1 },
        { "displayName in ('Filter One','x')", 200, 1 },
        { "displayName eq 'none'", 200, 0 },
        { "displayName ne 'x'", 400, 0 },
        { "contains(displayName,'x')", 400, 0 },
        { "displayName eq", 400, 0 },
        { "displayName eq 'x", 400, 0 },
    };
    (void)state;
    make_app("Filter One");
    make_app("Filter's Two");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int status = call("GET", V "/applications", at("$filter=%s", rows[i].filter), NULL);
        if (status != rows[i].status ||
            (status == 200 && (int)json_len(json_get(answer.json, "value")) != rows[i].n))
            fail_msg("%s: %d, %zu found", rows[i].filter, status,
                     json_len(json_get(answer.json, "value")));
    }
}

static void pages_follow_each_other(void **state)
{
    size_t all, seen = 0;
    (void)state;
    make_app("page");
    make_app("page");
    make_app("page");
    assert_int_equal(call("GET", V "/applications", "$top=999", NULL), 200);
    all = json_len(json_get(answer.json, "value"));
    char query[100] = "$top=2";
    for (;;) {
        assert_int_equal(call("GET", V "/applications", query, NULL), 200);
        seen += json_len(json_get(answer.json, "value"));
        const char *next = json_value_str(json_member(answer.json, "@odata.nextLink"));
        if (!next)
            break;
        assert_true(str_starts(next, "https://127.0.0.1:4433/v1.0/applications?"));
        STR_SET(query, strchr(next, '?') + 1);
    }
    assert_int_equal(seen, all);
}

static struct rig_answer sign_in(const struct made *m, const char *secret)
{
    char path[100], body[400];
    str_fmt(path, sizeof(path), "/%s/oauth2/v2.0/token", world_tenant(rig_world()));
    str_fmt(body, sizeof(body),
            "grant_type=client_credentials&client_id=%s&client_secret=%s&scope=%s.default",
            m->app_id, secret, AUD);
    return rig_ask("POST", path, NULL, body, NULL);
}

static void a_secret_is_told_once_and_works_until_it_is_removed(void **state)
{
    struct made m = make_app("secrets");
    char secret[64], key_id[GUID_SIZE];
    (void)state;
    assert_int_equal(call("POST", at(V "/applications/%s/addPassword", m.id), NULL,
                          "{\"passwordCredential\":{\"displayName\":\"one\","
                          "\"endDateTime\":\"2099-01-01T00:00:00Z\"}}"),
                     200);
    assert_string_equal(str("displayName"), "one");
    assert_string_equal(str("endDateTime"), "2099-01-01T00:00:00Z");
    assert_true(STR_SET(secret, str("secretText")) && secret[0]);
    assert_true(STR_SET(key_id, str("keyId")));
    struct rig_answer a = sign_in(&m, secret);
    assert_int_equal(a.status, 200);
    rig_free(&a);
    assert_int_equal(call("GET", at(V "/applications/%s", m.id), NULL, NULL), 200);
    assert_string_equal(str("passwordCredentials.0.keyId"), key_id);
    assert_string_equal(str("passwordCredentials.0.secretText"), "");
    assert_string_equal(str("passwordCredentials.0._digest"), "");
    assert_int_equal(call("POST", at(V "/applications/%s/removePassword", m.id), NULL,
                          at("{\"keyId\":\"%s\"}", key_id)),
                     204);
    a = sign_in(&m, secret);
    assert_int_equal(a.status, 401);
    rig_free(&a);
    assert_int_equal(call("POST", at(V "/applications/%s/removePassword", m.id), NULL,
                          at("{\"keyId\":\"%s\"}", key_id)),
                     400);
}

static void keys_are_replaced_as_a_whole(void **state)
{
    struct made m = make_app("keys");
    struct str b64 = STR_INIT, body = STR_INIT;
    char first[GUID_SIZE];
    const char *path = at(V "/applications/%s", m.id);
    (void)state;
    fx_certificate(&b64, "RSA");
    str_addf(&body,
             "{\"keyCredentials\":[{\"type\":\"AsymmetricX509Cert\",\"usage\":\"Verify\","
             "\"key\":\"%s\"}]}",
             str_p(&b64));
    assert_int_equal(call("PATCH", path, NULL, str_p(&body)), 204);
    assert_int_equal(call("GET", path, NULL, NULL), 200);
    assert_true(STR_SET(first, str("keyCredentials.0.keyId")));
    assert_string_equal(str("keyCredentials.0.key"), ""); /* only when asked for */
    assert_int_equal(call("GET", path, "$select=keyCredentials", NULL), 200);
    assert_string_equal(str("keyCredentials.0.key"), str_p(&b64));
    /* the one that is there, by its id, and a second one */
    str_reset(&body);
    str_addf(&body, "{\"keyCredentials\":[{\"keyId\":\"%s\",\"key\":null},{\"key\":\"%s\"}]}",
             first, str_p(&b64));
    assert_int_equal(call("PATCH", path, NULL, str_p(&body)), 204);
    assert_int_equal(call("GET", path, "$select=keyCredentials", NULL), 200);
    assert_string_equal(str("keyCredentials.0.keyId"), first);
    assert_string_equal(str("keyCredentials.0.key"), str_p(&b64));
    assert_int_equal(json_len(json_get(answer.json, "keyCredentials")), 2);
    /* as the Azure CLI sends it: in lines, with an annotation */
    str_reset(&body);
    str_addf(&body,
             "{\"keyCredentials\":[{\"@odata.type\":\"#microsoft.graph.keyCredential\","
             "\"key\":\"%.64s\\n%s\"},{\"keyId\":\"%s\"}]}",
             str_p(&b64), str_p(&b64) + 64, first);
    assert_int_equal(call("PATCH", path, NULL, str_p(&body)), 204);
    assert_int_equal(call("GET", path, "$select=keyCredentials", NULL), 200);
    assert_string_equal(str("keyCredentials.0.key"), str_p(&b64));
    assert_int_equal(call("PATCH", path, NULL, "{\"keyCredentials\":[{\"key\":\"AAAA\"}]}"), 400);
    assert_int_equal(call("GET", path, NULL, NULL), 200);
    assert_int_equal(json_len(json_get(answer.json, "keyCredentials")), 2);
    str_free(&b64);
    str_free(&body);
}

static void an_application_goes_with_its_principal(void **state)
{
    struct made m = make_app("gone");
    (void)state;
    assert_int_equal(call("POST", V "/servicePrincipals", NULL, at("{\"appId\":\"%s\"}", m.app_id)),
                     409);
    assert_int_equal(call("POST", V "/servicePrincipals", NULL, "{\"appId\":\"" NOT_A "\"}"), 400);
    assert_non_null(strstr(str("error.message"), "does not reference a valid application object"));
    assert_int_equal(call("PATCH", at(V "/applications/%s", m.id), NULL, "{\"wrong\":1}"), 400);
    assert_int_equal(call("PATCH", at(V "/applications/%s", m.id), NULL, "{\"notes\":\"n\"}"), 204);
    assert_int_equal(call("GET", at(V "/applications(appId='%s')", m.app_id), NULL, NULL), 200);
    assert_string_equal(str("notes"), "n");
    assert_int_equal(call("DELETE", at(V "/applications/%s", m.id), NULL, NULL), 204);
    assert_int_equal(call("GET", at(V "/servicePrincipals/%s", m.sp), NULL, NULL), 404);
    assert_int_equal(call("DELETE", at(V "/applications/%s", m.id), NULL, NULL), 404);
    assert_int_equal(call("POST", V "/applications", NULL, "{}"), 400);
}

static void rights_come_from_roles_and_ownership(void **state)
{
    struct made m = make_app("rights");
    const char *app = at(V "/applications/%s", m.id), *patch = "{\"notes\":\"x\"}";
    (void)state;
    assert_int_equal(call_as(token_for(m.sp, "app", NULL), "GET", app, NULL, NULL), 403);
    assert_string_equal(str("error.code"), "Authorization_RequestDenied");
    assert_int_equal(call_as(token_for(m.sp, "app", "Directory.Read.All"), "GET", app, NULL, NULL),
                     200);
    assert_int_equal(
        call_as(token_for(m.sp, "app", "Directory.Read.All"), "PATCH", app, NULL, patch), 403);
    assert_int_equal(
        call_as(token_for(m.sp, "app", "Application.ReadWrite.All"), "PATCH", app, NULL, patch),
        204);
    /* another user reads, and changes what is his own */
    assert_int_equal(call_as(token_for(NOT_A, "user", NULL), "PATCH", app, NULL, patch), 403);
    assert_int_equal(call_as(token_for(NOT_A, "user", NULL), "GET", app, NULL, NULL), 200);
    assert_int_equal(call_as(token_for(NOT_A, "user", NULL), "POST", V "/applications", NULL,
                             "{\"displayName\":\"his\"}"),
                     201);
    app = at(V "/applications/%s", str("id"));
    assert_int_equal(call_as(token_for(NOT_A, "user", NULL), "PATCH", app, NULL, patch), 204);
}

static void a_granted_role_stands_in_the_token(void **state)
{
    struct made m = make_app("granted");
    struct str body = STR_INIT;
    char graph[GUID_SIZE], given[100];
    bool expired;
    (void)state;
    assert_int_equal(call("GET", V "/servicePrincipals(appId='" APP_GRAPH "')", NULL, NULL), 200);
    assert_true(STR_SET(graph, str("id")));
    str_addf(&body, "{\"principalId\":\"%s\",\"resourceId\":\"%s\",\"appRoleId\":\"%s\"}", m.sp,
             graph, dir_graph_role("Directory.Read.All"));
    const char *to = at(V "/servicePrincipals/%s/appRoleAssignedTo", graph);
    assert_int_equal(call_as(token_for(m.sp, "app", "Application.ReadWrite.All"), "POST", to, NULL,
                             str_p(&body)),
                     403);
    assert_int_equal(call("POST", to, NULL, str_p(&body)), 201);
    assert_true(STR_SET(given, str("id")));
    assert_int_equal(call("POST", to, NULL, str_p(&body)), 400);
    assert_string_equal(str("error.message"),
                        "Permission being assigned already exists on the object");
    assert_int_equal(
        call("GET", at(V "/servicePrincipals/%s/appRoleAssignments", m.sp), NULL, NULL), 200);
    assert_string_equal(str("value.0.id"), given);
    assert_int_equal(call("POST", at(V "/applications/%s/addPassword", m.id), NULL, "{}"), 200);
    struct rig_answer a = sign_in(&m, str("secretText"));
    struct json *t = jwt_verify(json_str(a.json, "access_token"), &expired);
    assert_string_equal(json_str(t, "roles.0"), "Directory.Read.All");
    json_free(t);
    rig_free(&a);
    str_reset(&body);
    str_addf(&body, "%s/%s", to, given);
    assert_int_equal(call("DELETE", str_p(&body), NULL, NULL), 204);
    assert_int_equal(
        call("GET", at(V "/servicePrincipals/%s/appRoleAssignments", m.sp), NULL, NULL), 200);
    assert_int_equal(json_len(json_get(answer.json, "value")), 0);
    str_free(&body);
}

static void allow(const char *word)
{
    struct rig_answer a =
        rig_ask("POST", "/sandbox/access", NULL, at("{\"graph\":\"%s\"}", word), NULL);
    assert_int_equal(a.status, 200);
    rig_free(&a);
}

static void what_users_may_in_the_directory_is_set(void **state)
{
    static const char one[] = "{\"displayName\":\"one\"}", patch[] = "{\"notes\":\"x\"}";
    struct made m = make_app("set");
    char to[200];
    struct rig_answer a;
    (void)state;
    STR_SET(to, at(V "/servicePrincipals/%s/appRoleAssignedTo", m.sp));
    allow("apps");
    assert_int_equal(call("POST", V "/applications", NULL, one), 201);
    assert_int_equal(call("PATCH", at(V "/applications/%s", str("id")), NULL, patch), 204);
    assert_int_equal(call("POST", to, NULL, "{}"), 403);
    assert_string_equal(str("error.code"), "Authorization_RequestDenied");
    allow("none");
    assert_int_equal(call("POST", V "/applications", NULL, one), 403);
    assert_int_equal(call("GET", V "/applications", NULL, NULL), 200);
    allow("admin");
    assert_int_equal(call("POST", to, NULL, "{}"), 400);
    a = rig_ask("POST", "/sandbox/access", NULL, "{\"graph\":\"all\"}", NULL);
    assert_int_equal(a.status, 400);
    rig_free(&a);
}

static int consent(const char *app_id)
{
    struct rig_answer a =
        rig_ask("POST", "/sandbox/consent", NULL, at("{\"application\":\"%s\"}", app_id), NULL);
    int64_t n = -1;
    json_int(a.json, "granted", &n);
    n = a.status == 200 ? n : -a.status;
    rig_free(&a);
    return (int)n;
}

static void an_administrator_consents_behind_the_back(void **state)
{
    struct made m = make_app("asks");
    struct str body = STR_INIT;
    (void)state;
    str_addf(&body,
             "{\"requiredResourceAccess\":[{\"resourceAppId\":\"" APP_GRAPH
             "\",\"resourceAccess\":[{\"id\":\"%s\",\"type\":\"Role\"},{\"id\":\"%s\",\"type\":"
             "\"Scope\"}]}]}",
             dir_graph_role("Directory.Read.All"), dir_graph_role("Application.Read.All"));
    assert_int_equal(call("PATCH", at(V "/applications/%s", m.id), NULL, str_p(&body)), 204);
    assert_int_equal(consent(m.app_id), 1); /* a delegated permission is no app role */
    assert_int_equal(consent(m.app_id), 0);
    assert_int_equal(consent(NOT_A), -404);
    assert_int_equal(
        call("GET", at(V "/servicePrincipals/%s/appRoleAssignments", m.sp), NULL, NULL), 200);
    assert_string_equal(str("value.0.appRoleId"), dir_graph_role("Directory.Read.All"));
    str_free(&body);
}

static void delegated_grants_are_kept(void **state)
{
    struct made m = make_app("delegated");
    struct str body = STR_INIT;
    char id[100];
    (void)state;
    assert_int_equal(call("GET", V "/servicePrincipals(appId='" APP_GRAPH "')", NULL, NULL), 200);
    str_addf(&body,
             "{\"clientId\":\"%s\",\"consentType\":\"AllPrincipals\",\"resourceId\":\"%s\","
             "\"scope\":\"User.Read\"}",
             m.sp, str("id"));
    assert_int_equal(call("POST", V "/oauth2PermissionGrants", NULL, str_p(&body)), 201);
    assert_true(STR_SET(id, str("id")));
    assert_int_equal(call("POST", V "/oauth2PermissionGrants", NULL, str_p(&body)), 409);
    const char *path = at(V "/oauth2PermissionGrants/%s", id);
    assert_int_equal(call("PATCH", path, NULL, "{\"scope\":\"User.Read openid\"}"), 204);
    assert_int_equal(
        call("GET", V "/oauth2PermissionGrants", at("$filter=clientId eq '%s'", m.sp), NULL), 200);
    assert_string_equal(str("value.0.scope"), "User.Read openid");
    assert_int_equal(call("DELETE", path, NULL, NULL), 204);
    assert_int_equal(call("GET", path, NULL, NULL), 404);
    str_free(&body);
}

int test_sandbox_graph(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_must_be_for_graph),
        cmocka_unit_test(me_is_a_user),
        cmocka_unit_test(principals_are_found_as_clients_look),
        cmocka_unit_test(filters_mean_what_they_say),
        cmocka_unit_test(pages_follow_each_other),
        cmocka_unit_test(a_secret_is_told_once_and_works_until_it_is_removed),
        cmocka_unit_test(keys_are_replaced_as_a_whole),
        cmocka_unit_test(an_application_goes_with_its_principal),
        cmocka_unit_test(rights_come_from_roles_and_ownership),
        cmocka_unit_test(a_granted_role_stands_in_the_token),
        cmocka_unit_test(what_users_may_in_the_directory_is_set),
        cmocka_unit_test(an_administrator_consents_behind_the_back),
        cmocka_unit_test(delegated_grants_are_kept),
    };
    int rc = TEST_GROUP("sandbox/graph", tests);
    rig_free(&answer);
    return rc;
}
