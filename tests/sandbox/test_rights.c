/* Rights: what a request is, who may it, and what is said to who may not. */
#include "config.h"

#include "testing.h"

#include "fixture.h"
#include "sandbox/rights.h"

int test_sandbox_rights(void);

#define BOB   "bbbbbbbb-0000-4000-8000-000000000001"
#define GROUP "99999999-0000-4000-8000-000000000009"
#define USERS                                                                                      \
    "\"users\":[{\"upn\":\"anna@x\",\"oid\":\"aaaaaaaa-0000-4000-8000-000000000001\"},"            \
    "{\"upn\":\"bob@x\",\"oid\":\"" BOB "\",\"groups\":[\"" GROUP "\"]}]"
#define AUTH   "/providers/Microsoft.Authorization/"
#define ROLE   "77777777-0000-4000-8000-000000000007"
#define ASSIGN "66666666-0000-4000-8000-000000000006"
#define GROUPS "2021-04-01"
#define V      "2022-04-01"

static int bob(const char *method, const char *path, const char *version, const char *body)
{
    struct json *c = json_object();
    json_set_str(c, "aud", "https://management.azure.com/");
    json_set_str(c, "tid", world_tenant(fx_world));
    json_set_str(c, "oid", BOB);
    json_set_str(c, "upn", "bob@x");
    json_set_str(c, "idtyp", "user");
    char *token = jwt_sign("https://sts.windows.net/x/", c, 3600);
    int status = fx_raw(method, path, version, body, token, -1);
    free(token);
    return status;
}

static void set(const char *text)
{
    struct err e = { 0 };
    struct json *doc = json_parse(text, strlen(text), 0, &e);
    assert_non_null(doc);
    if (rights_set(fx_world, doc, &e) < 0)
        fail_msg("%s", e.message);
    json_free(doc);
}

static void make_group(const char *name)
{
    struct str path = STR_INIT;
    str_addf(&path, "/subscriptions/@S/resourceGroups/%s", name);
    assert_int_equal(fx_call("PUT", str_p(&path), GROUPS, "{\"location\":\"eastus\"}"), 201);
    str_free(&path);
}

/* BOB's role at a scope under the first subscription. */
static void give(const char *role, const char *below)
{
    struct str text = STR_INIT;
    str_addf(&text,
             "{\"roleAssignments\":[{\"principal\":\"bob@x\",\"role\":\"%s\","
             "\"scope\":\"/subscriptions/%s%s\"}]}",
             role, fx_sub(), below);
    set(str_p(&text));
    str_free(&text);
}

static void requests_are_actions(void **state)
{
#define S "/subscriptions/s"
#define G S "/resourceGroups/g"
#define H "/providers/Microsoft.AzureStackHCI"
    static const struct {
        const char *method, *path, *action, *scope;
        bool list;
    } rows[] = {
        { "GET", "/subscriptions", "", "/", true },
        { "GET", "/providers/Microsoft.AzureStackHCI/operations", "", "", false },
        { "GET", S, "Microsoft.Resources/subscriptions/read", S, false },
        { "GET", S "/locations", "Microsoft.Resources/subscriptions/locations/read", S, false },
        { "GET", S "/resourcegroups", "Microsoft.Resources/subscriptions/resourceGroups/read", S,
          true },
        { "HEAD", G, "Microsoft.Resources/subscriptions/resourceGroups/read", G, false },
        { "PUT", G, "Microsoft.Resources/subscriptions/resourceGroups/write", G, false },
        { "DELETE", G, "Microsoft.Resources/subscriptions/resourceGroups/delete", G, false },
        { "GET", S "/providers/Microsoft.AzureStackHCI",
          "Microsoft.Resources/subscriptions/providers/read", S, false },
        { "POST", S H "/register", "Microsoft.AzureStackHCI/register/action", S, false },
        { "GET", S H "/clusters", "Microsoft.AzureStackHCI/clusters/read", S, true },
        { "GET", G H "/clusters", "Microsoft.AzureStackHCI/clusters/read", G, true },
        { "PUT", G H "/clusters/c", "Microsoft.AzureStackHCI/clusters/write", G H "/clusters/c",
          false },
        { "PATCH", G H "/clusters/c", "Microsoft.AzureStackHCI/clusters/write", G H "/clusters/c",
          false },
        { "POST", G H "/clusters/c/createClusterIdentity",
          "Microsoft.AzureStackHCI/clusters/createClusterIdentity/action", G H "/clusters/c",
          false },
        { "DELETE", G H "/clusters/c/arcSettings/default",
          "Microsoft.AzureStackHCI/clusters/arcSettings/delete",
          G H "/clusters/c/arcSettings/default", false },
        { "GET", G H "/clusters/c/arcSettings", "Microsoft.AzureStackHCI/clusters/arcSettings/read",
          G H "/clusters/c", true },
        { "GET", S H "/locations/eastus/operationStatuses/1",
          "Microsoft.AzureStackHCI/locations/operationStatuses/read",
          S H "/locations/eastus/operationStatuses/1", false },
        { "PUT", G AUTH "roleAssignments/1", "Microsoft.Authorization/roleAssignments/write",
          G AUTH "roleAssignments/1", false },
        { "GET", G AUTH "roleAssignments", "Microsoft.Authorization/roleAssignments/read", G,
          false },
        { "GET", G H "/clusters/c" AUTH "permissions", "Microsoft.Authorization/permissions/read",
          G H "/clusters/c", false },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct rights_act act;
        rights_act(rows[i].method, rows[i].path, &act);
        if (!str_eq(act.action, rows[i].action) || act.list != rows[i].list ||
            (rows[i].action[0] && !str_eq(str_p(&act.scope), rows[i].scope)))
            fail_msg("%s %s is %s at %s", rows[i].method, rows[i].path, act.action,
                     str_p(&act.scope));
        str_free(&act.scope);
    }
}

static void without_a_role_nothing_is_seen(void **state)
{
    (void)state;
    fx_open("{" USERS "}", true);
    fx_ready();
    assert_int_equal(bob("GET", "/subscriptions", "2022-12-01", NULL), 200);
    assert_int_equal(json_len(json_get(fx_json(), "value")), 0);
    assert_int_equal(bob("GET", "/subscriptions/@S", "2022-12-01", NULL), 404);
    assert_string_equal(fx_str("error.code"), "SubscriptionNotFound");
    assert_int_equal(bob("GET", "/subscriptions/@S/resourcegroups", GROUPS, NULL), 403);
    assert_int_equal(bob("GET", FX_RG, GROUPS, NULL), 403);
    assert_int_equal(fx_call("GET", "/subscriptions", "2022-12-01", NULL), 200);
    assert_int_equal(json_len(json_get(fx_json(), "value")), 3); /* the owner sees his tenant's */
    fx_close();
}

static void a_reader_reads_and_is_told_what_he_lacks(void **state)
{
    struct str text = STR_INIT;
    (void)state;
    fx_open("{" USERS ",\"roleAssignments\":[{\"principal\":\"anna@x\",\"role\":\"Owner\"},"
            "{\"principal\":\"bob@x\",\"role\":\"Reader\"}]}",
            true);
    fx_cluster();
    assert_int_equal(bob("GET", FX_CLUSTER, "2024-04-01", NULL), 200);
    assert_int_equal(bob("GET", "/subscriptions/@S/resourcegroups", GROUPS, NULL), 200);
    assert_int_equal(json_len(json_get(fx_json(), "value")), 1);
    assert_int_equal(bob("DELETE", FX_CLUSTER, "2024-04-01", NULL), 403);
    assert_string_equal(fx_str("error.code"), "AuthorizationFailed");
    str_addf(&text,
             "The client 'bob@x' with object id '" BOB "' does not have authorization to perform "
             "action 'Microsoft.AzureStackHCI/clusters/delete' over scope "
             "'/subscriptions/%s/resourceGroups/" FX_GROUP
             "/providers/Microsoft.AzureStackHCI/clusters/c1' or the scope is invalid. If access "
             "was recently granted, please refresh your credentials.",
             fx_sub());
    assert_string_equal(fx_str("error.message"), str_p(&text));
    assert_int_equal(
        bob("POST", "/subscriptions/@S/providers/Microsoft.HybridCompute/register", GROUPS, NULL),
        403);
    str_free(&text);
    fx_close();
}

static void a_contributor_gives_no_roles(void **state)
{
    static const char body[] =
        "{\"properties\":{\"roleDefinitionId\":\"/subscriptions/@S" AUTH
        "roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7\",\"principalId\":\"" BOB "\"}}";
    (void)state;
    fx_open("{" USERS "}", true);
    fx_ready();
    give("Contributor", "");
    assert_int_equal(
        bob("PUT", "/subscriptions/@S/resourceGroups/g2", GROUPS, "{\"location\":\"eastus\"}"),
        201);
    assert_int_equal(bob("GET", FX_RG AUTH "roleAssignments", V, NULL), 200);
    assert_int_equal(bob("PUT", FX_RG AUTH "roleAssignments/" ASSIGN, V, body), 403);
    assert_non_null(
        strstr(fx_str("error.message"), "'Microsoft.Authorization/roleAssignments/write'"));
    give("User Access Administrator", "");
    assert_int_equal(bob("PUT", FX_RG AUTH "roleAssignments/" ASSIGN, V, body), 201);
    assert_int_equal(bob("DELETE", FX_RG AUTH "roleAssignments/" ASSIGN, V, NULL), 200);
    assert_int_equal(bob("DELETE", FX_RG, GROUPS, NULL), 403);
    fx_close();
}

static void a_role_reaches_down_and_not_aside(void **state)
{
    (void)state;
    fx_open("{" USERS "}", false);
    fx_cluster();
    make_group("other");
    give("Contributor", "/resourceGroups/" FX_GROUP);
    assert_int_equal(bob("GET", "/subscriptions", "2022-12-01", NULL), 200);
    assert_int_equal(json_len(json_get(fx_json(), "value")), 1);
    assert_string_equal(fx_str("value.0.subscriptionId"), fx_sub());
    assert_int_equal(bob("GET", "/subscriptions/@S", "2022-12-01", NULL), 200);
    /* lists show what he may read */
    assert_int_equal(bob("GET", "/subscriptions/@S/resourcegroups", GROUPS, NULL), 200);
    assert_int_equal(json_len(json_get(fx_json(), "value")), 1);
    assert_string_equal(fx_str("value.0.name"), FX_GROUP);
    assert_int_equal(bob("GET", "/subscriptions/@S/providers/Microsoft.AzureStackHCI/clusters",
                         "2024-04-01", NULL),
                     200);
    assert_int_equal(json_len(json_get(fx_json(), "value")), 1);
    assert_int_equal(bob("GET", "/subscriptions/@S/resourceGroups/other", GROUPS, NULL), 403);
    assert_int_equal(bob("GET", "/subscriptions/@S/locations", "2022-12-01", NULL), 403);
    /* he starts long work, and may not follow it: its address is the subscription's */
    assert_int_equal(bob("DELETE", FX_CLUSTER, "2024-04-01", NULL), 202);
    const char *status = strstr(fx_header("Azure-AsyncOperation"), "/subscriptions/");
    assert_non_null(status);
    struct str path = STR_INIT;
    str_addn(&path, status, strcspn(status, "?"));
    assert_int_equal(bob("GET", str_p(&path), "2024-04-01", NULL), 403);
    assert_non_null(strstr(fx_str("error.message"), "/operationStatuses/read'"));
    assert_int_equal(fx_call("GET", str_p(&path), "2024-04-01", NULL), 200);
    str_free(&path);
    fx_close();
}

static void a_custom_role_is_its_actions_less_its_exceptions(void **state)
{
    static const char role[] =
        "{\"properties\":{\"roleName\":\"Half\",\"type\":\"CustomRole\",\"permissions\":[{"
        "\"actions\":[\"Microsoft.Resources/*/read\",\"Microsoft.AzureStackHCI/clusters/*\"],"
        "\"notActions\":[\"*/delete\"]}],\"assignableScopes\":[\"/subscriptions/@S\"]}}";
    static const char path[] = "/subscriptions/@S" AUTH "roleDefinitions/" ROLE;
    (void)state;
    fx_open("{" USERS "}", true);
    fx_cluster();
    assert_int_equal(bob("PUT", path, V, role), 403);
    assert_int_equal(fx_call("PUT", path, V, role), 201);
    assert_string_equal(fx_str("properties.type"), "CustomRole");
    assert_int_equal(fx_call("PUT", "/subscriptions/@S" AUTH "roleDefinitions/" ASSIGN, V, role),
                     409);
    assert_string_equal(fx_str("error.code"), "RoleDefinitionWithSameNameExists");
    assert_int_equal(
        fx_query("/subscriptions/@S" AUTH "roleDefinitions", V, "$filter", "roleName eq 'Half'"),
        200);
    assert_string_equal(fx_str("value.0.name"), ROLE);
    assert_int_equal(fx_query("/subscriptions/@S" AUTH "roleDefinitions", "2018-01-01-preview",
                              "$filter", "atScopeAndBelow() and type eq 'CustomRole'"),
                     200);
    assert_int_equal(json_len(json_get(fx_json(), "value")), 1);
    give("Half", "");
    assert_int_equal(bob("GET", FX_RG, GROUPS, NULL), 200);
    assert_int_equal(bob("GET", FX_CLUSTER, "2024-04-01", NULL), 200);
    assert_int_equal(bob("PATCH", FX_CLUSTER, "2024-04-01", "{\"tags\":{\"a\":\"b\"}}"), 200);
    assert_int_equal(bob("DELETE", FX_CLUSTER, "2024-04-01", NULL), 403);
    assert_int_equal(bob("GET", FX_MACHINE "node1", "2022-03-10", NULL), 403);
    assert_int_equal(fx_call("DELETE", path, V, NULL), 400);
    assert_string_equal(fx_str("error.code"), "RoleDefinitionHasAssignments");
    set("{\"roleAssignments\":[{\"principal\":\"bob@x\"}]}");
    assert_int_equal(fx_call("DELETE", path, V, NULL), 200);
    assert_int_equal(fx_call("DELETE", path, V, NULL), 204);
    assert_int_equal(fx_call("GET", path, V, NULL), 404);
    fx_close();
}

static void built_in_roles_stay(void **state)
{
    static const char reader[] =
        "/subscriptions/@S" AUTH "roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7";
    static const char role[] = "{\"properties\":{\"roleName\":\"R\",\"permissions\":[],"
                               "\"assignableScopes\":[\"/subscriptions/@S\"]}}";
    (void)state;
    fx_open(NULL, true);
    assert_int_equal(fx_call("GET", reader, "2018-01-01-preview", NULL), 200);
    assert_string_equal(fx_str("properties.roleName"), "Reader");
    assert_int_equal(fx_call("PUT", reader, V, role), 400);
    assert_int_equal(fx_call("DELETE", reader, V, NULL), 400);
    assert_int_equal(
        fx_call("PUT", "/subscriptions/@S" AUTH "roleDefinitions/" ROLE, V,
                "{\"properties\":{\"roleName\":\"R\",\"permissions\":[],\"assignableScopes\":[]}}"),
        400);
    assert_int_equal(fx_call("PUT", "/subscriptions/@S" AUTH "roleDefinitions/no-guid", V, role),
                     400);
    fx_close();
}

static void deny(const char *more, const char *scope)
{
    struct str text = STR_INIT;
    str_addf(&text,
             "{\"denyAssignments\":[{\"name\":\"Keep\",\"actions\":[\"*/delete\"],"
             "\"scope\":\"/subscriptions/%s%s\"%s}]}",
             fx_sub(), scope, more);
    set(str_p(&text));
    str_free(&text);
}

static void a_denial_wins(void **state)
{
    struct str text = STR_INIT;
    char name[GUID_SIZE];
    (void)state;
    fx_open("{" USERS "}", true);
    fx_cluster();
    deny("", "/resourceGroups/" FX_GROUP);
    assert_int_equal(fx_call("GET", FX_CLUSTER AUTH "denyAssignments", V, NULL), 200);
    assert_string_equal(fx_str("value.0.properties.denyAssignmentName"), "Keep");
    assert_true(STR_SET(name, fx_str("value.0.name")));
    assert_int_equal(fx_call("DELETE", FX_CLUSTER, "2024-04-01", NULL), 403);
    assert_string_equal(fx_str("error.code"), "DenyAssignmentAuthorizationFailed");
    str_addf(&text, "because of the deny assignment with name 'Keep' and Id '%s' at scope", name);
    assert_non_null(strstr(fx_str("error.message"), str_p(&text)));
    assert_int_equal(fx_call("PATCH", FX_CLUSTER, "2024-04-01", "{\"tags\":{}}"), 200);
    str_reset(&text);
    str_addf(&text, FX_RG AUTH "denyAssignments/%s", name);
    assert_int_equal(fx_call("GET", str_p(&text), V, NULL), 200);
    assert_true(json_flag(fx_json(), "properties.isSystemProtected", false));
    /* a caller without any role is told of the role */
    assert_int_equal(bob("DELETE", FX_CLUSTER, "2024-04-01", NULL), 403);
    assert_string_equal(fx_str("error.code"), "AuthorizationFailed");
    deny(",\"doNotApplyToChildScopes\":true", "/resourceGroups/" FX_GROUP);
    assert_int_equal(fx_call("DELETE", FX_CLUSTER, "2024-04-01", NULL), 200);
    assert_int_equal(fx_call("DELETE", FX_RG, GROUPS, NULL), 403);
    deny(",\"excludePrincipals\":[\"anna@x\"]", "");
    assert_int_equal(fx_call("DELETE", FX_RG, GROUPS, NULL), 200);
    str_free(&text);
    fx_close();
}

static void a_denial_may_name_a_group(void **state)
{
    (void)state;
    fx_open("{" USERS "}", true);
    fx_ready();
    give("Owner", "");
    deny(",\"principals\":[\"" GROUP "\"]", "");
    assert_int_equal(bob("DELETE", FX_RG, GROUPS, NULL), 403);
    assert_string_equal(fx_str("error.code"), "DenyAssignmentAuthorizationFailed");
    assert_int_equal(fx_call("DELETE", FX_RG, GROUPS, NULL), 200);
    fx_close();
}

static void permissions_are_those_of_the_caller(void **state)
{
    (void)state;
    fx_open("{" USERS "}", true);
    fx_cluster();
    assert_int_equal(fx_call("GET", FX_RG AUTH "permissions", V, NULL), 200);
    assert_string_equal(fx_str("value.0.actions.0"), "*");
    /* by way of a group, at one resource */
    struct str text = STR_INIT;
    str_addf(&text,
             "{\"roleAssignments\":[{\"principal\":\"" GROUP "\",\"role\":\"Reader\",\"scope\":"
             "\"/subscriptions/%s/resourceGroups/" FX_GROUP
             "/providers/Microsoft.AzureStackHCI/clusters/c1\"}]}",
             fx_sub());
    set(str_p(&text));
    str_free(&text);
    assert_int_equal(bob("GET", FX_CLUSTER AUTH "permissions", V, NULL), 200);
    assert_int_equal(json_len(json_get(fx_json(), "value")), 1);
    assert_string_equal(fx_str("value.0.actions.0"), "*/read");
    assert_int_equal(bob("GET", FX_CLUSTER, "2024-04-01", NULL), 200);
    assert_int_equal(bob("GET", "/subscriptions/@S" AUTH "permissions", V, NULL), 403);
    assert_int_equal(fx_call("GET", "/subscriptions/@S" AUTH "permissions", V, NULL), 200);
    fx_close();
}

static void onboarding_makes_machines_and_deletes_none(void **state)
{
    (void)state;
    fx_open("{" USERS "}", true);
    fx_ready();
    give("Azure Connected Machine Onboarding", "");
    assert_int_equal(
        bob("PUT", FX_MACHINE "m", "2022-03-10", "{\"location\":\"eastus\",\"properties\":{}}"),
        200);
    assert_int_equal(bob("DELETE", FX_MACHINE "m", "2022-03-10", NULL), 403);
    give("Azure Connected Machine Resource Administrator", "");
    assert_int_equal(bob("DELETE", FX_MACHINE "m", "2022-03-10", NULL), 200);
    fx_close();
}

static void whoever_steers_changes_rights(void **state)
{
    (void)state;
    fx_open(NULL, true);
    assert_int_equal(fx_raw("POST", "/sandbox/rights", NULL,
                            "{\"roleAssignments\":[{\"principal\":\"anna@contoso.onmicrosoft.com\","
                            "\"role\":\"Reader\"}]}",
                            NULL, -1),
                     200);
    assert_int_equal(fx_call("PUT", FX_RG, GROUPS, "{\"location\":\"eastus\"}"), 403);
    assert_int_equal(fx_raw("POST", "/sandbox/rights", NULL,
                            "{\"roleAssignments\":[{\"principal\":\"nobody\",\"role\":\"Owner\"}]}",
                            NULL, -1),
                     400);
    assert_int_equal(fx_raw("POST", "/sandbox/rights", NULL,
                            "{\"roleAssignments\":[{\"principal\":\"anna@contoso.onmicrosoft.com\","
                            "\"role\":\"King\"}]}",
                            NULL, -1),
                     400);
    assert_int_equal(fx_call("GET", "/subscriptions/@S/resourcegroups", GROUPS, NULL), 200);
    fx_close();
}

int test_sandbox_rights(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_actions),
        cmocka_unit_test(without_a_role_nothing_is_seen),
        cmocka_unit_test(a_reader_reads_and_is_told_what_he_lacks),
        cmocka_unit_test(a_contributor_gives_no_roles),
        cmocka_unit_test(a_role_reaches_down_and_not_aside),
        cmocka_unit_test(a_custom_role_is_its_actions_less_its_exceptions),
        cmocka_unit_test(built_in_roles_stay),
        cmocka_unit_test(a_denial_wins),
        cmocka_unit_test(a_denial_may_name_a_group),
        cmocka_unit_test(permissions_are_those_of_the_caller),
        cmocka_unit_test(onboarding_makes_machines_and_deletes_none),
        cmocka_unit_test(whoever_steers_changes_rights),
    };
    return TEST_GROUP("sandbox/rights", tests);
}
