#include "config.h"

#include "testing.h"
#include "fixture.h"

#include <sys/stat.h>
#include <unistd.h>

#define V   "2022-03-10"
#define ARM "https://management.azure.com/"
#define CONNECT                                                                                    \
    "{\"subscriptionId\":\"@S\",\"resourceGroup\":\"" FX_GROUP                                     \
    "\",\"tenantId\":\"x\",\"location\":\"eastus\","                                               \
    "\"cloud\":\"AzureCloud\"}"

static void node_ready(void)
{
    memset(sb_nodes, 0, sizeof sb_nodes);
    STR_SET(sb_nodes[0].name, "node1");
    STR_SET(sb_nodes[1].name, "node2");
    snprintf(sb_nodes[0].tokens_dir, sizeof sb_nodes[0].tokens_dir, "%s/tokens", sb_options.dir);
    STR_SET(sb_nodes[1].tokens_dir, sb_nodes[0].tokens_dir);
    assert_int_equal(mkdir(sb_nodes[0].tokens_dir, 0700), 0);
}

static int agent(const char *method, const char *path, const char *body)
{
    char *token = fx_user_token(ARM, world_tenant(fx_world));
    int status = fx_raw(method, path, NULL, body, token, 0);

    free(token);
    return status;
}

static void extensions_of_a_machine(void **state)
{
    static const char body[] = "{\"location\":\"eastus\",\"properties\":{\"publisher\":\"p\","
                               "\"type\":\"t\",\"protectedSettings\":{\"k\":\"hidden\"}}}";

    (void)state;
    fx_open(NULL, true);
    fx_ready();
    assert_int_equal(fx_call("PUT", FX_MACHINE "m1/extensions/a", V, body), 404);
    assert_int_equal(fx_call("PUT", FX_MACHINE "m1", V, "{\"location\":\"eastus\"}"), 200);
    assert_int_equal(fx_call("PUT", FX_MACHINE "m1/extensions/a", V, body), 200);
    assert_string_equal(fx_str("properties.provisioningState"), "Succeeded");
    assert_null(json_get(fx_json(), "properties.protectedSettings"));
    assert_int_equal(fx_call("GET", FX_MACHINE "m1/extensions", V, NULL), 200);
    assert_int_equal(json_len(json_get(fx_json(), "value")), 1);
    assert_int_equal(fx_call("DELETE", FX_MACHINE "m1/extensions/a", V, NULL), 200);
    assert_int_equal(fx_call("DELETE", FX_MACHINE "m1/extensions/a", V, NULL), 204);
    assert_int_equal(fx_call("GET", FX_MACHINE "m1/extensions/a", V, NULL), 404);
    assert_int_equal(fx_call("PUT", FX_MACHINE "m1/extensions/b", V, body), 200);
    assert_int_equal(fx_call("DELETE", FX_MACHINE "m1", V, NULL), 200);
    assert_int_equal(fx_call("PUT", FX_MACHINE "m1", V, "{\"location\":\"eastus\"}"), 200);
    assert_int_equal(fx_call("GET", FX_MACHINE "m1/extensions/b", V, NULL), 404); /* went with it */
    fx_close();
}

static void machines_are_made_and_listed(void **state)
{
    (void)state;
    fx_open(NULL, true);
    fx_ready();
    assert_int_equal(fx_call("PUT", FX_MACHINE "m1", V,
                             "{\"location\":\"eastus\",\"identity\":{\"type\":\"SystemAssigned\"},"
                             "\"properties\":{\"vmId\":\"v\"}}"),
                     200);
    assert_true(guid_is(fx_str("identity.principalId")));
    assert_string_equal(fx_str("properties.status"), "Disconnected");
    assert_int_equal(fx_call("PATCH", FX_MACHINE "M1", V,
                             "{\"properties\":{\"parentClusterResourceId\":\"/x\"}}"),
                     200);
    assert_string_equal(fx_str("properties.parentClusterResourceId"), "/x");
    assert_int_equal(fx_call("PUT", FX_MACHINE "m%1", V, "{\"location\":\"eastus\"}"), 400);
    assert_int_equal(
        fx_call("PUT", FX_MACHINE "m2", V, "{\"location\":\"eastus\",\"kind\":\"HCI\"}"), 400);
    assert_int_equal(fx_call("GET", FX_RG "/providers/Microsoft.HybridCompute/machines", V, NULL),
                     200);
    assert_int_equal(json_len(json_get(fx_json(), "value")), 1);
    assert_int_equal(fx_call("DELETE", FX_MACHINE "m1", V, NULL), 200);
    assert_int_equal(fx_call("DELETE", FX_MACHINE "m1", V, NULL), 204);
    assert_int_equal(fx_call("GET", FX_MACHINE "m1", V, NULL), 404);
    fx_close();
}

static void an_agent_connects_and_disconnects(void **state)
{
    (void)state;
    fx_open(NULL, true);
    fx_ready();
    node_ready();
    assert_int_equal(agent("GET", "/agent/show", NULL), 200);
    assert_string_equal(fx_str("resourceName"), "");
    assert_string_equal(fx_str("status"), "Disconnected");
    assert_int_equal(agent("POST", "/agent/connect", CONNECT), 200);
    assert_string_equal(fx_str("status"), "Connected");
    assert_string_equal(fx_str("resourceName"), "node1");
    assert_string_equal(fx_str("tenantId"), world_tenant(fx_world));
    assert_int_equal(fx_call("GET", FX_MACHINE "node1", V, NULL), 200);
    assert_string_equal(fx_str("properties.status"), "Connected");
    assert_int_equal(agent("POST", "/agent/connect", CONNECT), 400);
    assert_string_equal(fx_str("error.code"), "AZCM0067");
    assert_int_equal(agent("POST", "/agent/disconnect", "{}"), 200);
    assert_int_equal(fx_call("GET", FX_MACHINE "node1", V, NULL), 404);
    assert_int_equal(agent("POST", "/agent/disconnect", "{}"), 200);
    fx_close();
}

static void a_machine_gone_in_azure_is_disconnected(void **state)
{
    (void)state;
    fx_open(NULL, true);
    fx_ready();
    node_ready();
    assert_int_equal(agent("POST", "/agent/connect", CONNECT), 200);
    assert_int_equal(fx_call("DELETE", FX_MACHINE "node1", V, NULL), 200);
    assert_int_equal(agent("GET", "/agent/show", NULL), 200);
    assert_string_equal(fx_str("status"), "Disconnected");
    assert_string_equal(fx_str("resourceName"), "node1");
    assert_int_equal(agent("POST", "/agent/disconnect", "{\"forceLocalOnly\":true}"), 200);
    assert_string_equal(fx_str("resourceName"), "");
    fx_close();
}

/* docs-facts.md 3.2: a lock stops the agent, too. */
static void a_locked_machine_stays_connected(void **state)
{
    int64_t code = 0;

    (void)state;
    fx_open(NULL, true);
    fx_ready();
    node_ready();
    assert_int_equal(agent("POST", "/agent/connect", CONNECT), 200);
    assert_int_equal(fx_call("PUT", FX_RG "/providers/Microsoft.Authorization/locks/DoNotDelete",
                             "2020-05-01", "{\"properties\":{\"level\":\"CanNotDelete\"}}"),
                     201);
    assert_int_equal(agent("POST", "/agent/disconnect", "{}"), 400);
    assert_string_equal(fx_str("error.code"), "AZCM0043");
    assert_string_equal(fx_str("error.armCode"), "ScopeLocked");
    assert_true(json_int(fx_json(), "error.exitCode", &code));
    assert_int_equal(code, 43);
    assert_int_equal(agent("GET", "/agent/show", NULL), 200);
    assert_string_equal(fx_str("status"), "Connected");
    assert_int_equal(fx_call("DELETE", FX_RG "/providers/Microsoft.Authorization/locks/DoNotDelete",
                             "2020-05-01", NULL),
                     200);
    assert_int_equal(agent("POST", "/agent/disconnect", "{}"), 200);
    assert_int_equal(fx_call("PUT", FX_RG "/providers/Microsoft.Authorization/locks/frozen",
                             "2020-05-01", "{\"properties\":{\"level\":\"ReadOnly\"}}"),
                     201);
    assert_int_equal(agent("POST", "/agent/connect", CONNECT), 400);
    assert_string_equal(fx_str("error.armCode"), "ScopeLocked");
    fx_close();
}

static void a_connect_that_azure_refuses_says_why(void **state)
{
    char *token;
    int64_t code = 0;

    (void)state;
    fx_open("{\"denyActions\":[\"Microsoft.HybridCompute/machines/write\"]}", true);
    fx_ready();
    node_ready();
    assert_int_equal(agent("POST", "/agent/connect", CONNECT), 400);
    assert_string_equal(fx_str("error.armCode"), "AuthorizationFailed");
    assert_true(json_int(fx_json(), "error.exitCode", &code));
    assert_int_equal(code, 42);
    assert_int_equal(agent("POST", "/agent/connect", "{}"), 400);
    assert_string_equal(fx_str("error.code"), "AZCM0016");
    assert_int_equal(fx_raw("POST", "/agent/connect", NULL, CONNECT, "rubbish", 0), 400);
    assert_string_equal(fx_str("error.code"), "AZCM0041");
    token = fx_user_token("https://graph.microsoft.com/", world_tenant(fx_world));
    assert_int_equal(fx_raw("POST", "/agent/connect", NULL, CONNECT, token, 0), 400);
    assert_string_equal(fx_str("error.code"), "AZCM0012");
    free(token);
    token = fx_user_token(ARM, "22222222-0000-4000-8000-000000000000");
    assert_int_equal(fx_raw("POST", "/agent/connect", NULL, CONNECT, token, 0), 400);
    assert_string_equal(fx_str("error.armCode"), "InvalidAuthenticationTokenTenant");
    free(token);
    fx_close();
}

static void a_foreign_machine_of_this_name_is_left_alone(void **state)
{
    (void)state;
    fx_open(NULL, true);
    fx_ready();
    node_ready();
    assert_int_equal(fx_call("PUT", FX_MACHINE "node1", V,
                             "{\"location\":\"eastus\",\"properties\":{\"vmId\":\"other\"}}"),
                     200);
    assert_int_equal(agent("POST", "/agent/connect", CONNECT), 400);
    assert_string_equal(fx_str("error.code"), "AZCM0044");
    fx_close();
}

/* Asks the token address with one Authorization header. */
static int ask_token(const char *authorization, int node)
{
    struct sb_req *q = xcalloc(1, sizeof *q);
    struct sb_reply r = { 0 };
    struct json *query = json_object(), *headers = json_object();
    int status;

    json_set_str(query, "resource", "https://127.0.0.1:4000/usage");
    json_set_str(headers, "metadata", "True");
    if (authorization)
        json_set_str(headers, "authorization", authorization);
    q->method = "GET";
    q->path = "/metadata/identity/oauth2/token";
    q->host = "127.0.0.1:1";
    q->query = query;
    q->headers = headers;
    q->api_version = "2020-06-01";
    q->node = node;
    q->world = fx_world;
    route_dispatch(q, &r, true);
    status = r.status;
    json_set(world_section(fx_world, "test"), "json", json_copy(r.json));
    if (r.headers)
        json_set(world_section(fx_world, "test"), "headers", json_copy(r.headers));
    json_free(r.json);
    json_free(r.headers);
    json_free(query);
    json_free(headers);
    free(q);
    return status;
}

static void read_key(char *path, size_t path_size, char *out, size_t size)
{
    const char *h = json_str(world_section(fx_world, "test"), "headers.WWW-Authenticate");
    struct stat st;
    FILE *f;

    assert_non_null(h);
    assert_true(str_starts(h, "Basic realm="));
    str_copy(path, path_size, h + strlen("Basic realm="));
    assert_true(str_starts(path, sb_nodes[0].tokens_dir));
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    f = fopen(path, "r");
    assert_non_null(f);
    assert_non_null(fgets(out, (int)size, f));
    fclose(f);
}

/* A client that came through the CONNECT port speaks to Azure's own names: no node may be sent
 * there. */
static void a_foreign_client_does_not_send_the_nodes_to_azure(void **state)
{
    (void)state;
    fx_open(NULL, true);
    fx_ready();
    fx_host = "management.azure.com";
    assert_int_equal(fx_call("GET", "/subscriptions", "2022-12-01", NULL), 200);
    fx_host = "127.0.0.1:4000";
    assert_int_equal(fx_raw("GET", "/metadata/endpoints", "2020-06-01", NULL, NULL, 0), 200);
    assert_string_equal(fx_str("resourceManager"), "https://127.0.0.1:4000");
    fx_close();
}

static void a_token_costs_a_look_at_the_key_file(void **state)
{
    char path[700], key[200], header[300];
    struct json *claims;
    bool expired;

    (void)state;
    fx_open(NULL, true);
    fx_ready();
    node_ready();
    assert_int_equal(ask_token(NULL, 0), 404);
    assert_int_equal(agent("POST", "/agent/connect", CONNECT), 200);
    assert_int_equal(ask_token(NULL, 0), 401);
    read_key(path, sizeof path, key, sizeof key);
    snprintf(header, sizeof header, "Basic %s", key);
    assert_int_equal(ask_token("Basic wrong", 0), 403);
    assert_int_equal(ask_token(header, 1), 404);
    assert_int_equal(ask_token(header, 0), 200);
    claims = jwt_verify(json_str(world_section(fx_world, "test"), "json.access_token"), &expired);
    assert_non_null(claims);
    assert_string_equal(json_str(claims, "aud"), "https://127.0.0.1:4000/usage");
    assert_string_equal(json_str(claims, "idtyp"), "app");
    assert_true(str_ends(json_str(claims, "xms_mirid"), "/machines/node1"));
    json_free(claims);
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(ask_token(header, 0), 403);
    fx_close();
}

int test_sandbox_arc(void);
int test_sandbox_arc(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(machines_are_made_and_listed),
        cmocka_unit_test(extensions_of_a_machine),
        cmocka_unit_test(an_agent_connects_and_disconnects),
        cmocka_unit_test(a_machine_gone_in_azure_is_disconnected),
        cmocka_unit_test(a_locked_machine_stays_connected),
        cmocka_unit_test(a_connect_that_azure_refuses_says_why),
        cmocka_unit_test(a_foreign_machine_of_this_name_is_left_alone),
        cmocka_unit_test(a_foreign_client_does_not_send_the_nodes_to_azure),
        cmocka_unit_test(a_token_costs_a_look_at_the_key_file),
    };

    return TEST_GROUP("sandbox/arc", tests);
}
