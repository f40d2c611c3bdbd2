/* The first generation: this reply, that request. */
#include "config.h"

#include "op/op_register.h"
#include "op/steps.h"

#include "testing.h"

#define C OP_A_CHECK
#define A OP_A_APPLY
#define U OP_A_UNDO

#define USAGE_APP "1322e676-dee7-41ee-a874-ac923822781c"
#define APP       "aaaaaaaa-1111-4111-8111-111111111111"
#define OBJECT    "bbbbbbbb-2222-4222-8222-222222222222"
#define SP        "cccccccc-3333-4333-8333-333333333333"
#define USAGE     "dddddddd-4444-4444-8444-444444444444"
#define R1        "2344a320-6a09-4530-bed7-c90485b5e5e2"
#define R2        "493bd689-9082-40db-a506-11f40b68128f"
#define R3        "8fa5445e-80fb-4c71-a3b1-9a16a81a1966"
#define R4        "bbe8afc9-f3ba-4955-bb5f-1cfb6960b242"
#define OLD       "e4359fc6-82ee-4411-9a4d-edfc7812cf24"
#define WAY       "path=first-generation;"
#define KNOWN                                                                                      \
    WAY "entra.appId=" APP ";entra.objectId=" OBJECT ";entra.principalId=" SP                      \
        ";entra.usage=" USAGE ";"
#define ALL_GIVEN  "entra.given= " R1 " " R2 " " R3 " " R4 " "
#define ROLE(id)   "{\"id\":\"" id "\",\"type\":\"Role\"}"
#define FOUR       ROLE(R1) "," ROLE(R2) "," ROLE(R3) "," ROLE(R4)
#define OWN(roles) "{\"resourceAppId\":\"" USAGE_APP "\",\"resourceAccess\":[" roles "]}"
#define FOREIGN    "{\"resourceAppId\":\"00000003-0000-0000-c000-000000000000\",\"resourceAccess\":[]}"
#define THE_APP(access, more)                                                                      \
    "{\"id\":\"" OBJECT "\",\"appId\":\"" APP "\"" more ",\"requiredResourceAccess\":[" access "]" \
    "}"
#define GIVEN(role) "{\"id\":\"x\",\"appRoleId\":\"" role "\",\"resourceId\":\"" USAGE "\"}"
#define SELECT      "$select=id,appId,displayName,notes,requiredResourceAccess"
#define GRANTS      "/v1.0/servicePrincipals/" SP "/appRoleAssignments"
#define OF_APP      "/v1.0/applications/" OBJECT
#define CERTIFICATES                                                                               \
    "@certificate=MII1;@certificate.thumbprint=01ab;" /* of the first node; the second has none */
#define KEY(id) "{\"customKeyIdentifier\":\"" id "\",\"keyId\":\"k\",\"key\":null}"

static void requests(void **state)
{
    static const struct asked rows[] = {
        { .step = "entra-usage",
          .act = C,
          .method = "GET",
          .path = "/v1.0/servicePrincipals(appId='" USAGE_APP "')",
          .query = "$select=id,appId" },
        { .step = "entra-app", .act = C, .facts = WAY },
        { .step = "entra-app",
          .act = C,
          .facts = WAY "cluster.appId=00000000-0000-0000-0000-000000000000" },
        { .step = "entra-app",
          .act = C,
          .facts = WAY "cluster.appId=" APP,
          .method = "GET",
          .path = "/v1.0/applications(appId='" APP "')",
          .query = SELECT },
        { .step = "entra-app",
          .act = C,
          .facts = WAY "!tries;entra.mark=m;name=HCI1",
          .method = "GET",
          .path = "/v1.0/applications",
          .query = "$filter=displayName%20eq%20%27HCI1%27&" SELECT },
        { .step = "entra-app",
          .act = A,
          .facts = WAY "entra.mark=m;name=HCI1",
          .method = "POST",
          .path = "/v1.0/applications",
          .body = "{\"displayName\":\"HCI1\",\"signInAudience\":\"AzureADMyOrg\",\"notes\":"
                  "\"" PACKAGE_NAME " m\",\"requiredResourceAccess\":[" OWN(FOUR) "]}" },
        { .step = "entra-app",
          .act = A,
          .facts = KNOWN "entra.access=[" OWN(FOUR) "]",
          .method = "PATCH",
          .path = OF_APP,
          .body = "{\"requiredResourceAccess\":[" OWN(FOUR) "]}" },
        { .step = "entra-app", .act = U, .facts = KNOWN },
        { .step = "entra-app",
          .act = U,
          .facts = KNOWN "entra.state=made",
          .method = "DELETE",
          .path = OF_APP },
        { .step = "entra-principal", .act = C, .facts = KNOWN "entra.state=made" },
        { .step = "entra-principal",
          .act = C,
          .facts = KNOWN,
          .method = "GET",
          .path = "/v1.0/servicePrincipals(appId='" APP "')",
          .query = "$select=id,appId" },
        { .step = "entra-principal",
          .act = A,
          .facts = KNOWN,
          .method = "POST",
          .path = "/v1.0/servicePrincipals",
          .body = "{\"appId\":\"" APP "\"}" },
        { .step = "entra-given", .act = C, .facts = KNOWN, .method = "GET", .path = GRANTS },
        { .step = "entra-node-read", .act = C, .facts = KNOWN },
        { .step = "entra-node-read",
          .act = A,
          .facts = KNOWN,
          .method = "POST",
          .path = "/v1.0/servicePrincipals/" USAGE "/appRoleAssignedTo",
          .body = "{\"principalId\":\"" SP "\",\"resourceId\":\"" USAGE "\",\"appRoleId\":\"" R3
                  "\"}" },
        { .step = "entra-consent", .act = C, .facts = KNOWN ALL_GIVEN },
        { .step = "entra-consent", .act = C, .facts = KNOWN, .method = "GET", .path = GRANTS },
        { .step = "entra-deprecated",
          .act = A,
          .facts = KNOWN "entra.deprecated=x",
          .method = "DELETE",
          .path = GRANTS "/x" },
        { .step = "entra-bind",
          .act = A,
          .facts = KNOWN,
          .method = "PATCH",
          .path = FX_CLUSTER,
          .api = API_CLUSTERS,
          .body =
              "{\"properties\":{\"aadClientId\":\"" APP "\",\"aadTenantId\":\"" FX_TENANT "\"}}" },
        { .step = "cluster",
          .act = A,
          .facts = KNOWN,
          .method = "PUT",
          .path = FX_CLUSTER,
          .api = API_CLUSTERS,
          .body = "{\"properties\":{\"aadClientId\":\"" APP "\",\"aadTenantId\":\"" FX_TENANT
                  "\"},\"location\":\"eastus\"}" },
        { .step = "entra-keys",
          .act = C,
          .facts = KNOWN,
          .method = "GET",
          .path = OF_APP,
          .query = "$select=id,appId,keyCredentials" },
        { .step = "certificate-set",
          .act = A,
          .facts = KNOWN "cluster.appId=" APP ";cluster.serviceEndpoint=https://dp",
          .verb = "certificate-set" },
        { .step = "register-app", .act = A, .facts = KNOWN, .verb = "register-app" },
    };

    (void)state;
    steps_asked(rows, ARRAY_LEN(rows));
}

static void whose_application(void **state)
{
    static const struct told rows[] = {
        { "entra-usage", C, WAY, 404, "{}", OP_RUNNING, ERR_C_NOT_FOUND, NULL },
        { "entra-usage", C, WAY, 200, "{\"id\":\"" USAGE "\"}", OP_DONE, 0, "entra.usage=" USAGE },
        { "entra-usage", C, WAY, 403, "{}", OP_FAILED, 0, NULL },
        { "entra-app", C, WAY, 0, NULL, OP_ABSENT, 0, NULL },
        { "entra-app", C, WAY "cluster.appId=" APP, 200, THE_APP(OWN(FOUR), ""), OP_DONE, 0,
          "entra.objectId=" OBJECT },
        { "entra-app", C, WAY "cluster.appId=" APP, 404, "{}", OP_FAILED, ERR_C_NOT_FOUND, NULL },
        /* what is missing is added, what others need stays */
        { "entra-app", C, WAY "cluster.appId=" APP, 200,
          THE_APP(FOREIGN "," OWN(ROLE(R1) "," ROLE(R2) "," ROLE(R3)), ""), OP_ABSENT, 0,
          "entra.access=[" FOREIGN "," OWN(FOUR) "]" },
        /* the deprecated ones go only when things are renewed */
        { "entra-app", C, WAY "cluster.appId=" APP, 200, THE_APP(OWN(FOUR "," ROLE(OLD)), ""),
          OP_DONE, 0, NULL },
        { "entra-app", C, WAY "way=renew;cluster.appId=" APP, 200,
          THE_APP(OWN(ROLE(OLD) "," FOUR), ""), OP_ABSENT, 0, "entra.access=[" OWN(FOUR) "]" },
        /* an answer was lost: only the mark proves it; the name does not */
        { "entra-app", C, WAY "!tries;entra.mark=m;entra.lost=0", 200,
          "{\"value\":[" THE_APP(OWN(FOUR), ",\"notes\":\"other\"") "]}", OP_ABSENT, 0,
          "entra.appId=" },
        { "entra-app", C, WAY "!tries;entra.mark=m;entra.lost=2", 200, "{\"value\":[]}", OP_RUNNING,
          0, "entra.lost=1" },
        { "entra-app", C, WAY "!tries;entra.mark=m;entra.lost=0", 200,
          "{\"value\":[" THE_APP(OWN(FOUR), ",\"notes\":\"azloconf m\"") "]}", OP_DONE, 0,
          "entra.appId=" APP ";entra.state=made" },
        { "entra-app", A, WAY, 201, THE_APP(OWN(FOUR), ""), OP_DONE, 0,
          "entra.state=made;entra.appId=" APP },
        { "entra-app", A, KNOWN, 204, NULL, OP_DONE, 0, "entra.state=" },
        { "entra-app", A, WAY, 403, "{}", OP_FAILED, 0, NULL },
        { "entra-app", U, KNOWN, 0, NULL, OP_SKIP, 0, NULL },
        { "entra-app", U, KNOWN "entra.state=made", 404, "{}", OP_DONE, 0, NULL },
        { "entra-principal", A, KNOWN, 201, "{\"id\":\"" SP "\"}", OP_DONE, 0, NULL },
        { "entra-principal", A, KNOWN, 409,
          "{\"error\":{\"code\":\"Request_MultipleObjectsWithSameKeyValue\"}}", OP_ABSENT, 0,
          NULL },
    };

    (void)state;
    steps_told(rows, ARRAY_LEN(rows));
}

static void consent(void **state)
{
    static const struct told rows[] = {
        { "entra-given", C, KNOWN, 200, "{\"value\":[" GIVEN(R1) "," GIVEN(OLD) "]}", OP_DONE, 0,
          "entra.given= " R1 " " OLD " ;entra.deprecated=x" },
        { "entra-cluster-read", C, KNOWN ALL_GIVEN, 0, NULL, OP_DONE, 0, NULL },
        { "entra-cluster-read", C, KNOWN, 0, NULL, OP_ABSENT, 0, NULL },
        { "entra-cluster-read", A, KNOWN, 201, "{}", OP_DONE, 0, "entra.given= " R1 " " },
        { "entra-cluster-read", A, KNOWN, 400,
          "{\"error\":{\"code\":\"Request_BadRequest\",\"message\":\"Permission being assigned "
          "already exists on the object\"}}",
          OP_DONE, 0, "entra.given= " R1 " " },
        { "entra-cluster-read", A, KNOWN, 400, "{}", OP_FAILED, 0, NULL },
        { "entra-cluster-read", A, KNOWN, 403,
          "{\"error\":{\"code\":\"Authorization_RequestDenied\"}}", OP_SKIP, 0, "entra.given=" },
        { "entra-consent", C, KNOWN ALL_GIVEN, 0, NULL, OP_DONE, 0, NULL },
        { "entra-consent", C, KNOWN, 200, "{\"value\":[]}", OP_RUNNING, ERR_C_CONSENT,
          "consent.url=https://portal.test/#blade/Microsoft_AAD_RegisteredApps/"
          "ApplicationMenuBlade/CallAnAPI/appId/" APP "/isMSAApp/;consent.roles="
          "AzureStackHCI.Cluster.Read https://usage.test/AzureStackHCI.Cluster.Read "
          "AzureStackHCI.Cluster.ReadWrite https://usage.test/AzureStackHCI.Cluster.ReadWrite "
          "AzureStackHCI.ClusterNode.Read https://usage.test/AzureStackHCI.ClusterNode.Read "
          "AzureStackHCI.ClusterNode.ReadWrite "
          "https://usage.test/AzureStackHCI.ClusterNode.ReadWrite" },
        { "entra-consent", C, KNOWN "consent.url=u;consent.roles=r", 200,
          "{\"value\":[" GIVEN(R1) "," GIVEN(R2) "," GIVEN(R3) "," GIVEN(R4) "]}", OP_DONE, 0,
          "consent.url=;consent.roles=" },
        { "entra-deprecated", C, KNOWN, 0, NULL, OP_SKIP, 0, NULL },
        { "entra-deprecated", A, KNOWN, 403, "{}", OP_SKIP, 0, NULL },
        { "entra-deprecated", A, KNOWN, 204, NULL, OP_ABSENT, 0, NULL },
        { "entra-bind", C, KNOWN "cluster.appId=" APP ";cluster.cloudId=c", 0, NULL, OP_DONE, 0,
          NULL },
        { "entra-bind", C, KNOWN "cluster.appId=other;cluster.cloudId=c", 0, NULL, OP_ABSENT, 0,
          NULL },
        { "entra-bind", C, KNOWN "cluster.appId=" APP, 0, NULL, OP_ABSENT, 9130, NULL },
    };

    (void)state;
    steps_told(rows, ARRAY_LEN(rows));
}

/* The full addresses, cloud by cloud; the service's address is a bare id in China. */
static void addresses(void **state)
{
    static const char *const rows[][3] = {
        { "AzureCloud", "https://portal.azure.com/#blade/",
          "https://azurestackhci-usage.trafficmanager.net/AzureStackHCI.Cluster.Read " },
        { "AzureChinaCloud", "https://portal.azure.cn/#blade/",
          USAGE_APP "/AzureStackHCI.Cluster.Read " },
        { "AzureUSGovernment", "https://portal.azure.us/#blade/",
          "https://dp.azurestackhci.azure.us/AzureStackHCI.Cluster.Read " },
    };
    struct fx *fx = fx_new(1);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct json *in = fx_inputs();
        struct err e = { 0 };
        struct op_answer none = { .http = 200 };
        struct op_run *r;
        struct op_view v;

        fx->ports.cloud = cloud_find(rows[i][0]);
        fx->ports.runs_dir = NULL;
        r = op_run_make(&fx->ports, &op_register, in, NULL, &e);
        v = (struct op_view){ r, op_cell_of(r, "entra-consent", -1) };
        assert_int_equal(v.cell->step->check.read(&v, &none, &e), OP_RUNNING);
        assert_true(str_starts(op_fact(&v, "consent.url"), rows[i][1]));
        assert_non_null(strstr(op_fact(&v, "consent.roles"), rows[i][2]));
        assert_non_null(strstr(e.detail, "AzureStackHCI.ClusterNode.ReadWrite"));
        assert_non_null(strstr(e.detail, op_fact(&v, "consent.url")));
        assert_null(strstr(e.message, "://")); /* a step's line would cut it */
        op_run_free(r);
        json_free(in);
    }
    fx_free(fx);
}

static void keys(void **state)
{
    static const struct told rows[] = {
        { "entra-keys", C, KNOWN CERTIFICATES, 200, "{\"keyCredentials\":[" KEY("other") "]}",
          OP_ABSENT, 0,
          "entra.keys=1;entra.key.0={\"customKeyIdentifier\":\"other\",\"keyId\":\"k\"}" },
        { "entra-keys", C, KNOWN "way=renew;" CERTIFICATES, 200,
          "{\"keyCredentials\":[" KEY("other") "]}", OP_ABSENT, 0, "entra.keys=0" },
        { "entra-keys", C, KNOWN "entra.sent=1", 200, "{\"keyCredentials\":[]}", OP_RUNNING, 0,
          NULL },
        { "entra-keys", C, KNOWN "!tries;entra-keys.lost=2", 200, "{\"keyCredentials\":[]}",
          OP_RUNNING, 0, NULL },
        { "entra-keys", C, KNOWN, 403, "{}", OP_FAILED, 0, NULL },
        { "entra-keys", A, KNOWN, 204, NULL, OP_ABSENT, 0, "entra.sent=1" },
        { "entra-keys", A, KNOWN, 400, "{}", OP_FAILED, 9110, "entra.sent=" },
        { "entra-no-arc", C, KNOWN, 0, NULL, OP_DONE, 0, NULL },
    };

    (void)state;
    steps_told(rows, ARRAY_LEN(rows));
}

/* One request puts all nodes' certificates on the application, and keeps those of others. */
static void one_request_for_all_keys(void **state)
{
    struct fx *fx = fx_new(2);
    struct json *in = fx_inputs(), *want;
    struct err e = { 0 };
    struct op_need need = { 0 };
    struct op_answer list = { .http = 200 };
    static const char text[] = "{\"keyCredentials\":[" KEY("other") "]}";
    static const char sent[] =
        "{\"keyCredentials\":[{\"customKeyIdentifier\":\"other\",\"keyId\":\"k\"},"
        "{\"type\":\"AsymmetricX509Cert\",\"usage\":\"Verify\",\"key\":\"MII0\",\"displayName\":"
        "\"" PACKAGE_NAME " node1\",\"customKeyIdentifier\":\"AKs=\"},"
        "{\"type\":\"AsymmetricX509Cert\",\"usage\":\"Verify\",\"key\":\"MII1\",\"displayName\":"
        "\"" PACKAGE_NAME " node2\",\"customKeyIdentifier\":\"Aas=\"}]}";
    struct op_run *r;
    struct op_view v;
    struct json *body = json_parse(text, sizeof text - 1, 0, &e);

    (void)state;
    fx->ports.runs_dir = NULL;
    r = op_run_make(&fx->ports, &op_register, in, NULL, &e);
    for (int i = 0; i < 2; i++) {
        v = (struct op_view){ r, op_cell_of(r, "certificate", i) };
        op_set_node_fact(&v, "certificate", i ? "MII1" : "MII0");
        op_set_node_fact(&v, "certificate.thumbprint", i ? "01AB" : "00ab");
    }
    v = (struct op_view){ r, op_cell_of(r, "entra-keys", -1) };
    list.json = body;
    assert_int_equal(v.cell->step->check.read(&v, &list, &e), OP_ABSENT);
    v.cell->step->apply.ask(&v, &need);
    want = json_parse(sent, strlen(sent), 0, &e);
    assert_true(json_equal(need.body, want));
    list.json = need.body; /* as it is listed then */
    assert_int_equal(v.cell->step->check.read(&v, &list, &e), OP_DONE);
    op_need_clear(&need);
    json_free(want);
    json_free(body);
    json_free(in);
    op_run_free(r);
    fx_free(fx);
}

int test_op_op_register_gen1(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests), cmocka_unit_test(whose_application),
        cmocka_unit_test(consent),  cmocka_unit_test(addresses),
        cmocka_unit_test(keys),     cmocka_unit_test(one_request_for_all_keys),
    };

    return TEST_GROUP("op_register_gen1", tests);
}
