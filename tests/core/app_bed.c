#include "config.h"

#include "testing.h"

#include "core/app_bed.h"

#include <unistd.h>

#include "azure/auth_int.h"
#include "base/file.h"

struct bed bed;
struct err bed_err;

#define FRESH                                                                                      \
    "{\"ClusterStatus\":\"Clustered\",\"RegistrationStatus\":\"NotYet\",\"ConnectionStatus\":"     \
    "null,\"clusterName\":\"clu\"}"

static void on_stop(void *payload)
{
    (void)payload;
    bed.stopped++;
}

static void open_with(int64_t idle_ms)
{
    struct err e = { 0 };
    static int n;
    struct app_config ac = { .on_stop = on_stop,
                             .idle_ms = idle_ms,
                             .private_core = true,
                             .version = "0.1.0",
                             .host = "host" };
    struct serve_config sc = { .owner = getuid(),
                               .version = "0.1.0",
                               .on_intent = app_intent,
                               .on_clients = app_clients,
                               .on_newer = app_newer };

    memset(&bed, 0, sizeof(bed));
    str_fmt(bed.dir, sizeof(bed.dir), "%s/app%d", test_dir(), n++);
    str_fmt(bed.runs, sizeof(bed.runs), "%s/runs", bed.dir);
    assert_int_equal(file_mkdirs(bed.runs, &e), 0);
    bed.loop = loop_new(&e);
    bed.state = state_new();
    clock_init(&bed.clock, 1);
    fake_http_init(&bed.web, bed.loop);
    for (int i = 0; i < 2; i++) {
        fake_node_init(&bed.nodes[i], bed.loop, i ? "node2" : "node1");
        fake_node_say(&bed.nodes[i], NODE_STATUS, FRESH);
        fake_node_say(&bed.nodes[i], NODE_FACTS, "{\"msiCapable\":true}");
        fake_node_say(&bed.nodes[i], NODE_AGENT_SHOW,
                      "{\"installed\":true,\"status\":\"Disconnected\"}");
        bed.list[i] = &bed.nodes[i].node;
    }
    ac.loop = bed.loop;
    ac.state = bed.state;
    ac.clock = &bed.clock;
    ac.state_dir = bed.dir;
    ac.runs_dir = bed.runs;
    bed.app = app_new(&ac);
    sc.state = bed.state;
    sc.payload = bed.app;
    bed.serve = serve_new(bed.loop, &sc);
    app_attach_serve(bed.app, bed.serve);
    peer_open(&bed.peer, bed.loop, bed.serve);
    json_free(peer_next(&bed.peer));
    peer_hello(&bed.peer, WIRE_PROTOCOL);
    spin(bed.loop, 5);
}

int bed_open(void **s)
{
    (void)s;
    open_with(0);
    return 0;
}

int bed_open_private(void **s)
{
    (void)s;
    open_with(100);
    return 0;
}

void bed_attach_nodes(void)
{
    struct err e = { 0 };
    char dir[340];

    str_fmt(dir, sizeof(dir), "%s/store", bed.dir);
    assert_int_equal(file_mkdirs(dir, &e), 0);
    bed.store = store_file_open(dir, &e);
    assert_non_null(bed.store);
    app_attach_nodes(bed.app, bed.store, bed.list, 2);
}

static void add_jwt(struct str *out)
{
    const char *claims = "{\"tid\":\"" BED_TENANT "\",\"oid\":\"" BED_SUB
                         "\",\"preferred_username\":\"anna@contoso.com\"}";

    str_add_b64url(out, "{\"alg\":\"none\"}", 14);
    str_addc(out, '.');
    str_add_b64url(out, claims, strlen(claims));
    str_add(out, ".c2ln");
}

void bed_attach_cloud(void)
{
    bed.cloud = cloud_rows[0];
    bed.cloud.native_dataplane = 1;
    bed.auth = auth_new(bed.loop, &bed.web.http, &bed.cloud, AUTH_CLIENT_AZURE_CLI,
                        app_auth_changed, bed.app);
    bed.auth->second_ms = 5; /* the protocol's second */
    bed.arm = arm_new(bed.loop, &bed.web.http, &bed.web.http, bed.auth, &bed.cloud);
    app_attach_cloud(bed.app, &bed.cloud, bed.auth, bed.arm, "");
    add_jwt(&bed.token);
    str_addf(&bed.tokens_body,
             "{\"token_type\":\"Bearer\",\"expires_in\":3600,\"access_token\":\"at\",\"refresh_"
             "token\":\"rt\",\"id_token\":\"%s\"}",
             bed.token.p);
    fake_http_rule(&bed.web, "POST", "/devicecode", 200,
                   "{\"device_code\":\"d\",\"user_code\":\"ABCD\",\"verification_uri\":\"https://"
                   "microsoft.com/devicelogin\","
                   "\"expires_in\":900,\"interval\":1,\"message\":\"go there\"}");
    fake_http_rule(&bed.web, "POST", "/token", 200, bed.tokens_body.p);
    fake_http_rule(&bed.web, "GET", "/tenants", 200,
                   "{\"value\":[{\"tenantId\":\"" BED_TENANT2 "\",\"displayName\":\"Fabrikam\"},"
                   "{\"tenantId\":\"" BED_TENANT
                   "\",\"displayName\":\"Contoso\",\"defaultDomain\":\"contoso.com\"}]}");
    fake_http_rule(
        &bed.web, "GET", "/subscriptions?", 200,
        "{\"value\":[{\"subscriptionId\":\"" BED_SUB
        "\",\"displayName\":\"Prod\",\"state\":\"Enabled\"},"
        "{\"subscriptionId\":\"" BED_SUB2 "\",\"displayName\":\"Test\",\"state\":\"Warned\"},"
        "{\"subscriptionId\":\"" BED_OLD "\",\"displayName\":\"Old\",\"state\":\"Disabled\"}]}");
    fake_http_rule(&bed.web, "GET", "/providers/Microsoft.AzureStackHCI", 200,
                   "{\"resourceTypes\":[{\"resourceType\":\"Clusters\",\"locations\":[\"East "
                   "US\",\"West Europe\"]}]}");
}

int bed_open_all(void **s)
{
    bed_open(s);
    bed_attach_nodes();
    bed_attach_cloud();
    return 0;
}

static bool choices_ready(void *arg)
{
    (void)arg;
    return str_eq(((const struct sec_choices *)state_get(bed.state, SEC_CHOICES))->state, "ready");
}

void bed_sign_in(void)
{
    json_free(bed_ask("sign-in", "{}"));
    assert_true(spin_until(bed.loop, choices_ready, NULL));
}

struct json *bed_ask(const char *intent, const char *args)
{
    struct json *a = peer_ask(&bed.peer, ++bed.last_id, intent, args), *result = NULL;

    err_clear(&bed_err);
    assert_non_null(a);
    if (json_member(a, "error"))
        assert_int_equal(json_decode(json_member(a, "error"), &err_json, &bed_err, &bed_err), 0);
    else
        result = json_copy(json_member(a, "result"));
    json_free(a);
    return result;
}

int bed_close(void **s)
{
    (void)s;
    peer_close(&bed.peer);
    serve_free(bed.serve);
    app_free(bed.app);
    if (bed.arm)
        arm_free(bed.arm);
    if (bed.auth)
        auth_free(bed.auth);
    if (bed.store)
        bed.store->ops->close(bed.store);
    for (int i = 0; i < 2; i++)
        fake_node_clear(&bed.nodes[i]);
    fake_http_clear(&bed.web);
    str_free(&bed.token);
    str_free(&bed.tokens_body);
    state_free(bed.state);
    loop_free(bed.loop);
    return 0;
}
