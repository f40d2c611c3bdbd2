#include "config.h"

#include "testing.h"
#include "fixture.h"
#include "sandbox/directory.h"

#define V        "2024-04-01"
#define OLD      "2022-05-01"
#define SETTINGS FX_CLUSTER "/arcSettings/default"

/* Status and Location of the operation that the last answer named; "" where it named none. */
static char status_path[400], result_path[400];

static void path_of(char *out, size_t size, const char *header)
{
    const char *p = fx_header(header);

    assert_true(str_starts(p, "https://127.0.0.1:4000/") || !*p);
    p += *p ? strlen("https://127.0.0.1:4000") : 0;
    str_fmt(out, size, "%.*s", (int)strcspn(p, "?"), p);
}

static void note_operation(void)
{
    path_of(status_path, sizeof status_path, "Azure-AsyncOperation");
    path_of(result_path, sizeof result_path, "Location");
    assert_string_equal(fx_header("Retry-After"), "1");
}

static void let_it_end(const char *version)
{
    JSON_EACH (o, world_section(fx_world, "operations"))
        json_set_int(json_edit(o), "readyAt", 1);
    assert_int_equal(fx_call("GET", status_path, version, NULL), 200);
    assert_string_equal(fx_str("status"), "Succeeded");
}

static void a_cluster_gets_an_identity_of_its_own(void **state)
{
    char client[64];

    (void)state;
    fx_open(NULL, false);
    fx_cluster();
    assert_int_equal(fx_call("POST", FX_CLUSTER "/createClusterIdentity", OLD, NULL), 202);
    note_operation();
    assert_int_equal(fx_call("GET", FX_CLUSTER, V, NULL), 200);
    assert_string_equal(fx_str("properties.aadClientId"), "");
    let_it_end(OLD);
    STR_SET(client, fx_str("properties.aadClientId"));
    assert_true(guid_is(client));
    assert_true(guid_is(fx_str("properties.aadServicePrincipalObjectId")));
    assert_true(guid_is(fx_str("properties.aadApplicationObjectId")));
    assert_string_equal(fx_str("properties.aadTenantId"), world_tenant(fx_world));
    assert_int_equal(fx_call("GET", result_path, OLD, NULL), 200);
    assert_string_equal(fx_str("properties.aadClientId"), client);
    assert_int_equal(fx_call("GET", FX_CLUSTER, OLD, NULL), 200);
    assert_string_equal(fx_str("properties.aadClientId"), client);
    assert_int_equal(fx_call("POST", FX_CLUSTER "/createClusterIdentity", V, NULL), 202);
    note_operation();
    let_it_end(V);
    assert_string_equal(fx_str("properties.aadClientId"), client);
    fx_close();
}

static void arc_settings_get_identity_and_password(void **state)
{
    const struct json *app;
    char first[100], client[64];

    (void)state;
    fx_open(NULL, true);
    fx_cluster();
    assert_int_equal(fx_call("POST", SETTINGS "/generatePassword", OLD, NULL), 409);
    assert_int_equal(fx_call("POST", SETTINGS "/createArcIdentity", OLD, NULL), 200);
    assert_true(guid_is(fx_str("properties.arcApplicationClientId")));
    assert_true(guid_is(fx_str("properties.arcServicePrincipalObjectId")));
    assert_int_equal(fx_call("POST", SETTINGS "/GeneratePassword", OLD, NULL), 200);
    STR_SET(first, fx_str("secretText"));
    assert_true(strlen(first) >= 32);
    assert_true(guid_is(fx_str("keyId")));
    assert_true(strcmp(fx_str("endDateTime"), fx_str("startDateTime")) > 0);
    assert_int_equal(fx_call("POST", SETTINGS "/generatePassword", V, NULL), 200);
    assert_string_not_equal(fx_str("secretText"), first);
    assert_int_equal(fx_call("GET", SETTINGS, V, NULL), 200);
    STR_SET(client, fx_str("properties.arcApplicationClientId"));
    app = dir_app(fx_world, world_tenant(fx_world), client);
    assert_int_equal(dir_secret_check(app, first), DIR_SECRET_GOOD);
    assert_string_equal(json_str(dir_sp(fx_world, world_tenant(fx_world), client), "id"),
                        fx_str("properties.arcServicePrincipalObjectId"));
    assert_string_equal(json_str(app, "id"), fx_str("properties.arcApplicationObjectId"));
    assert_int_equal(fx_call("GET", SETTINGS, V, NULL), 200);
    assert_true(guid_is(fx_str("properties.arcApplicationClientId")));
    assert_null(json_get(fx_json(), "_identity"));
    assert_int_equal(fx_call("POST", FX_CLUSTER "/arcSettings/other/createArcIdentity", V, NULL),
                     404);
    assert_int_equal(fx_call("DELETE", FX_CLUSTER, V, NULL), 200);
    assert_null(dir_app(fx_world, world_tenant(fx_world), client));
    fx_close();
}

static void upload(const char *certificate, int status)
{
    struct str body = STR_INIT;

    str_addf(&body, "{\"properties\":{\"certificates\":[\"%s\"]}}", certificate);
    assert_int_equal(fx_call("POST", FX_CLUSTER "/uploadCertificate", V, str_p(&body)), status);
    str_free(&body);
}

static const struct json *keys_of(const char *client)
{
    return json_member(dir_app(fx_world, world_tenant(fx_world), client), "keyCredentials");
}

static void certificates_become_keys_of_the_application(void **state)
{
    struct str one = STR_INIT, other = STR_INIT, weak = STR_INIT;
    char client[GUID_SIZE];

    (void)state;
    fx_certificate(&one, "RSA");
    fx_certificate(&other, "RSA");
    fx_certificate(&weak, "EC");
    fx_open(NULL, true);
    fx_cluster();
    upload(str_p(&one), 409); /* there is no application yet */
    assert_int_equal(fx_call("POST", FX_CLUSTER "/createClusterIdentity", V, NULL), 200);
    assert_int_equal(fx_call("GET", FX_CLUSTER, V, NULL), 200);
    STR_SET(client, fx_str("properties.aadClientId"));
    upload(str_p(&one), 202);                       /* the contract knows no other answer */
    assert_int_equal(json_len(keys_of(client)), 0); /* not before the operation is over */
    note_operation();
    assert_int_equal(fx_call("GET", status_path, V, NULL), 200);
    assert_string_equal(fx_str("status"), "Succeeded");
    assert_int_equal(fx_call("GET", result_path, V, NULL), 204);
    assert_int_equal(json_len(keys_of(client)), 1);
    assert_string_equal(json_str(json_first(keys_of(client)), "key"), str_p(&one));
    upload(str_p(&one), 202); /* the same again is no second key; another one is */
    upload(str_p(&other), 202);
    note_operation();
    assert_int_equal(fx_call("GET", status_path, V, NULL), 200);
    assert_int_equal(json_len(keys_of(client)), 2);
    upload("MIIBCg==", 400);
    upload("not base64!", 400);
    upload(str_p(&weak), 400); /* Entra takes RSA keys only */
    assert_int_equal(fx_call("POST", FX_CLUSTER "/uploadCertificate", V,
                             "{\"properties\":{\"certificates\":[]}}"),
                     400);
    assert_int_equal(fx_call("POST", FX_CLUSTER "/uploadCertificate", V, NULL), 400);
    fx_close();
    str_free(&one);
    str_free(&other);
    str_free(&weak);
}

static void actions_are_there_from_their_version_on(void **state)
{
    static const struct {
        const char *path, *version;
        int status;
    } rows[] = {
        { FX_CLUSTER "/createClusterIdentity", "2021-09-01", 404 },
        { FX_CLUSTER "/createIdentity", V, 404 },
        { FX_CLUSTER "/generatePassword", V, 404 },
        { SETTINGS "/createClusterIdentity", V, 404 },
        { SETTINGS "/consentAndInstallDefaultExtensions", "2022-12-01", 404 },
        { SETTINGS "/consentAndInstallDefaultExtensions", "2023-03-01", 200 },
        { SETTINGS "/InitializeDisableProcess", "2023-03-01", 200 },
    };

    (void)state;
    fx_open(NULL, true);
    fx_cluster();
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_int_equal(fx_call("POST", rows[i].path, rows[i].version, NULL), rows[i].status);
    assert_int_equal(fx_call("GET", SETTINGS, V, NULL), 200);
    assert_string_equal(fx_str("properties.aggregateState"), "DisableInProgress");
    assert_string_equal(fx_str("properties.defaultExtensions.0.category"), "Telemetry");
    assert_int_equal(fx_call("POST", FX_CLUSTER "/extendSoftwareAssuranceBenefit", V,
                             "{\"properties\":{\"softwareAssuranceIntent\":\"Enable\"}}"),
                     200);
    assert_string_equal(fx_str("properties.softwareAssuranceProperties.softwareAssuranceStatus"),
                        "Enabled");
    assert_int_equal(fx_call("POST", FX_CLUSTER "/extendSoftwareAssuranceBenefit", V,
                             "{\"properties\":{\"softwareAssuranceIntent\":\"Perhaps\"}}"),
                     400);
    fx_close();
}

static void extensions_come_and_go(void **state)
{
    static const char body[] =
        "{\"properties\":{\"extensionParameters\":{\"publisher\":\"Microsoft.Compute\",\"type\":"
        "\"MicrosoftMonitoringAgent\",\"typeHandlerVersion\":\"1.10\",\"settings\":{"
        "\"workspaceId\":"
        "[1]},\"protectedSettings\":{\"workspaceKey\":\"hidden\"}}}}";

    (void)state;
    fx_open(NULL, false);
    fx_cluster();
    assert_int_equal(fx_call("GET", SETTINGS "/extensions/e1", V, NULL), 404);
    assert_int_equal(fx_call("PATCH", SETTINGS "/extensions/e1", V, "{}"), 404);
    assert_int_equal(fx_call("PUT", SETTINGS "/extensions/e1", V, body), 201);
    assert_string_equal(fx_str("properties.provisioningState"), "Creating");
    assert_null(json_get(fx_json(), "properties.extensionParameters.protectedSettings"));
    assert_non_null(json_get(fx_json(), "properties.extensionParameters.settings.workspaceId.0"));
    note_operation();
    let_it_end(V);
    assert_int_equal(fx_call("GET", SETTINGS "/extensions/e1", "2021-09-01", NULL), 200);
    assert_string_equal(fx_str("properties.provisioningState"), "Succeeded");
    assert_null(json_get(fx_json(), "properties.managedBy"));
    assert_int_equal(fx_call("GET", SETTINGS "/extensions", V, NULL), 200);
    assert_string_equal(fx_str("value.0.name"), "e1");
    assert_string_equal(fx_str("value.0.properties.managedBy"), "User");
    assert_int_equal(
        fx_call("PATCH", SETTINGS "/extensions/e1", V,
                "{\"properties\":{\"extensionParameters\":{\"typeHandlerVersion\":\"1.11\"}}}"),
        202);
    note_operation();
    let_it_end(V);
    assert_int_equal(fx_call("GET", SETTINGS "/extensions/e1", V, NULL), 200);
    assert_string_equal(fx_str("properties.extensionParameters.typeHandlerVersion"), "1.11");
    assert_string_equal(fx_str("properties.extensionParameters.publisher"), "Microsoft.Compute");
    assert_int_equal(fx_call("DELETE", SETTINGS "/extensions/e1", V, NULL), 202);
    note_operation();
    let_it_end(V);
    assert_int_equal(fx_call("DELETE", SETTINGS "/extensions/e1", V, NULL), 204);
    fx_close();
}

static void older_clusters_show_what_the_npm_sdk_s_models_have(void **state)
{
    (void)state;
    fx_open(NULL, true);
    fx_cluster();
    assert_int_equal(fx_call("POST", FX_CLUSTER "/createClusterIdentity", V, NULL), 200);
    assert_int_equal(fx_call("GET", FX_CLUSTER, OLD, NULL), 200);
    assert_non_null(json_get(fx_json(), "properties.serviceEndpoint"));
    assert_non_null(json_get(fx_json(), "properties.aadApplicationObjectId"));
    assert_null(json_get(fx_json(), "properties.resourceProviderObjectId"));
    assert_null(json_get(fx_json(), "identity"));
    assert_int_equal(fx_call("GET", FX_CLUSTER, "2021-09-01-preview", NULL), 200);
    assert_null(json_get(fx_json(), "properties.serviceEndpoint"));
    assert_null(json_get(fx_json(), "properties.aadApplicationObjectId"));
    assert_int_equal(fx_call("DELETE", FX_CLUSTER, "2021-09-01-preview", NULL), 200);
    assert_int_equal(fx_call("DELETE", FX_CLUSTER, "2021-09-01-preview", NULL), 204);
    fx_close();
}

static void providers_say_what_they_can_do(void **state)
{
    (void)state;
    fx_open(NULL, true);
    assert_int_equal(
        fx_call("GET", "/providers/Microsoft.AzureStackHCI/operations", "2021-09-01-preview", NULL),
        200);
    assert_string_equal(fx_str("value.0.name"), "Microsoft.AzureStackHCI/Register/Action");
    assert_string_equal(fx_str("value.0.display.provider"), "Microsoft.AzureStackHCI");
    assert_int_equal(
        fx_call("GET", "/providers/Microsoft.HybridCompute/operations", "2022-08-11-preview", NULL),
        200);
    assert_int_equal(fx_call("GET", "/providers/No.Such/operations", V, NULL), 404);
    fx_close();
}

int test_sandbox_hci_actions(void);
int test_sandbox_hci_actions(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cluster_gets_an_identity_of_its_own),
        cmocka_unit_test(arc_settings_get_identity_and_password),
        cmocka_unit_test(certificates_become_keys_of_the_application),
        cmocka_unit_test(actions_are_there_from_their_version_on),
        cmocka_unit_test(extensions_come_and_go),
        cmocka_unit_test(older_clusters_show_what_the_npm_sdk_s_models_have),
        cmocka_unit_test(providers_say_what_they_can_do),
    };
    return TEST_GROUP("sandbox/hci_actions", tests);
}
