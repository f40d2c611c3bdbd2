/* The path by application and certificates: this reply, that request; and the table's two paths. */
#include "config.h"

#include "op/op_register.h"
#include "op/steps.h"

#include "testing.h"

#define C OP_A_CHECK
#define A OP_A_APPLY
#define U OP_A_UNDO
#define APP                                                                                        \
    "path=application;cluster.appId=a-1;cluster.serviceEndpoint=https://dp;cluster.cloudId=c"
#define GENERATED "path=application;path.arc=generated;settings.appId=b-1;settings.spObjectId=b-2"
#define CERTIFICATE(days, app)                                                                     \
    "{\"found\":true,\"certificateThumbprint\":\"AB\",\"daysLeft\":" days                          \
    ",\"certificate\":\"MII=\",\"appId\":\"" app "\"}"
#define ARC(node, app)                                                                             \
    "{\"clusterArcStatus\":\"Enabled\",\"nodeArcStatus\":\"" node "\",\"applicationId\":\"" app    \
    "\",\"resourceGroup\":\"hci-rg\",\"clusterIdentity\":true}"
#define ROLES                                                                                      \
    "/subscriptions/" FX_SUB                                                                       \
    "/resourceGroups/hci-rg/providers/Microsoft.Authorization/roleAssignments"

static void requests(void **state)
{
    static const struct asked rows[] = {
        { .step = "path", .act = C },
        { .step = "certificate", .act = C, .verb = "certificate-find" },
        { .step = "certificate", .act = A, .verb = "certificate-new", .body = "{\"renew\":false}" },
        { .step = "certificate",
          .act = A,
          .facts = "way=renew",
          .verb = "certificate-new",
          .body = "{\"renew\":true}" },
        { .step = "certificate", .act = U, .verb = "certificate-remove" },
        { .step = "app-identity", .act = C },
        { .step = "app-identity",
          .act = C,
          .facts = "!tries",
          .method = "GET",
          .path = FX_CLUSTER,
          .api = API_CLUSTERS },
        { .step = "app-identity",
          .act = A,
          .method = "POST",
          .path = FX_CLUSTER "/createClusterIdentity",
          .api = API_CLUSTERS },
        { .step = "upload", .act = C, .facts = APP ";app.state=made" },
        { .step = "upload", .act = C, .facts = APP, .verb = "certificate-set" },
        { .step = "upload",
          .act = C,
          .facts = APP ";app.state=made;!tries",
          .verb = "certificate-set" },
        { .step = "certificate-set",
          .act = A,
          .facts = APP,
          .verb = "certificate-set",
          .body = "{\"serviceEndpoint\":\"https://dp\",\"billingServiceApiScope\":\"https://"
                  "usage.test/.default\",\"aadAuthority\":\"https://login.test\",\"appId\":\"a-1\","
                  "\"tenantId\":\"" FX_TENANT "\",\"cloudId\":\"c\",\"objectId\":\"\","
                  "\"servicePrincipalClientId\":\"\",\"certificateThumbprint\":\"\"}" },
        { .step = "certificates", .act = C },
        { .step = "register-app", .act = A, .facts = APP, .verb = "register-app" },
        { .step = "arc-status", .act = C, .verb = "arc-status" },
        { .step = "arc-app",
          .act = A,
          .method = "POST",
          .path = FX_SETTINGS "/createArcIdentity",
          .api = API_ARC_SETTINGS },
        { .step = "arc-role-admin",
          .act = C,
          .facts = GENERATED,
          .method = "GET",
          .path = ROLES,
          .query = "$filter=principalId%20eq%20%27b-2%27",
          .api = API_ROLES },
        { .step = "arc-role-onboarding",
          .act = C,
          .facts = "path=application;path.arc=identity;cluster.principalId=p-1",
          .method = "GET",
          .path = ROLES,
          .query = "$filter=principalId%20eq%20%27p-1%27",
          .api = API_ROLES },
        { .step = "arc-secret",
          .act = A,
          .method = "POST",
          .path = FX_SETTINGS "/generatePassword",
          .api = API_ARC_SETTINGS },
        { .step = "arc-init",
          .act = A,
          .facts = GENERATED,
          .verb = "arc-init",
          .body = "{\"tenantId\":\"" FX_TENANT "\",\"subscriptionId\":\"" FX_SUB
                  "\",\"region\":\"eastus\",\"resourceGroup\":\"hci-rg\",\"cloud\":\"TestCloud\","
                  "\"appId\":\"b-1\",\"secretNotAfter\":\"\"}" },
        { .step = "arc-init",
          .act = A,
          .facts = GENERATED ";settings.secretEnd=2028-11-22T00:00:00Z",
          .verb = "arc-init",
          .body = "{\"tenantId\":\"" FX_TENANT "\",\"subscriptionId\":\"" FX_SUB
                  "\",\"region\":\"eastus\",\"resourceGroup\":\"hci-rg\",\"cloud\":\"TestCloud\","
                  "\"appId\":\"b-1\",\"secretNotAfter\":\"2028-11-22T00:00:00Z\"}" },
        { .step = "arc-enable", .act = C },
        { .step = "arc-enable",
          .act = A,
          .facts = GENERATED ";run.correlation=g",
          .verb = "arc-enable",
          .body = "{\"correlationId\":\"g\",\"resourceName\":\"node1\"}" },
        { .step = "arc-enable", .act = U, .verb = "agent-disconnect" },
    };

    (void)state;
    steps_asked(rows, ARRAY_LEN(rows));
}

/* Of a certificate nothing is cut off: it goes whole, or not at all. */
static void a_large_certificate(void **state)
{
    static char text[OP_FACT_MAX + 2], body[OP_FACT_MAX + 200], fact[OP_FACT_MAX + 200];
    const struct {
        size_t size;
        enum op_verdict verdict;
        int code;
    } rows[] = { { OP_FACT_MAX, OP_DONE, 0 }, { OP_FACT_MAX + 1, OP_FAILED, 9109 } };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct told row = { "certificate", C, NULL, 0, body, rows[i].verdict, rows[i].code, NULL };

        memset(text, 'M', rows[i].size);
        str_fmt(body, sizeof body,
                "{\"found\":true,\"daysLeft\":400,\"certificateThumbprint\":\"AB\","
                "\"appId\":\"\",\"certificate\":\"%s\"}",
                text);
        str_fmt(fact, sizeof fact, "@certificate=%s", text);
        if (!rows[i].code)
            row.after = fact;
        steps_told(&row, 1);
    }
}

static void answers(void **state)
{
    static const struct told rows[] = {
        { "certificate", C, NULL, 0, "{\"found\":false}", OP_ABSENT, 0, NULL },
        { "certificate", C, NULL, 0, CERTIFICATE("59", ""), OP_ABSENT, 0, NULL },
        { "certificate", C, NULL, 0, CERTIFICATE("60", "a-1"), OP_DONE, 0,
          "@certificate=MII=;@certificate.thumbprint=AB;@certificate.app=a-1" },
        { "certificate", C, "path=application;way=renew", 0, CERTIFICATE("700", "a-1"), OP_ABSENT,
          0, NULL },
        { "certificate", C, "path=application;way=renew", 0, CERTIFICATE("700", ""), OP_DONE, 0,
          NULL },
        { "certificate", A, NULL, -1, NULL, OP_FAILED, 9110, NULL },
        { "app-identity", C, NULL, 0, NULL, OP_ABSENT, 0, NULL },
        { "app-identity", C, "cluster.appId=a;cluster.appObjectId=o", 0, NULL, OP_DONE, 0, NULL },
        { "app-identity", C, "!tries;app.lost=1", 200, "{\"id\":\"" FX_CLUSTER "\"}", OP_RUNNING, 0,
          "app.lost=0" },
        { "app-identity", C, "!tries;app.lost=0", 200, "{\"id\":\"" FX_CLUSTER "\"}", OP_ABSENT, 0,
          NULL },
        { "app-identity", A, NULL, 403, "{}", OP_FAILED, 0, NULL },
        { "upload", C, APP ";@certificate.app=", 0, "{}", OP_DONE, 0, NULL },
        /* refused: not uploaded, unless this run has done it: then the key is only new */
        { "upload", C, APP, -1, "{\"code\":\"AADSTS700027\"}", OP_ABSENT, 0, NULL },
        { "upload", C, "!tries;" APP, -1, "{\"code\":\"AADSTS700027\"}", OP_RUNNING, 0, NULL },
        { "upload", C, "!made;" APP, -1, "{\"code\":\"AADSTS700027\"}", OP_DONE, 0, NULL },
        { "upload", A, NULL, 400, "{}", OP_FAILED, 9110, NULL },
        { "certificate-set", C, APP, 0, NULL, OP_ABSENT, 0, NULL },
        { "certificate-set", A, APP, 0, CERTIFICATE("700", "a-1"), OP_DONE, 0,
          "@certificate.app=a-1" },
        { "certificate-set", A, APP, -1, NULL, OP_FAILED, 9110,
          "@certificate.why=the agent failed" },
        { "certificates", C, APP, 0, NULL, OP_FAILED, 9110, NULL },
        { "arc-status", C, NULL, 0, ARC("Disabled", ""), OP_DONE, 0, "@arc=Disabled" },
        { "arc-status", C, NULL, -1, NULL, OP_FAILED, 9112, NULL },
        { "arc-secret", C, NULL, 0, NULL, OP_ABSENT, 0, NULL },
        { "arc-secret", A, NULL, 200, "{\"keyId\":\"k\"}", OP_FAILED, 0, NULL },
        { "arc-secret", A, NULL, 200,
          "{\"secretText\":\"s\",\"endDateTime\":\"2028-11-22T00:00:00.1234567Z\"}", OP_DONE, 0,
          "settings.secretEnd=2028-11-22T00:00:00Z" },
        { "arc-secret", A, NULL, 200, "{\"secretText\":\"s\",\"endDateTime\":\"soon\"}", OP_DONE, 0,
          "settings.secretEnd=" },
        { "arc-init", C, "!tries;" GENERATED, 0, ARC("Disabled", "b-1"), OP_DONE, 0, NULL },
        { "arc-init", C, "!tries;" GENERATED, 0, ARC("Disabled", ""), OP_ABSENT, 0, NULL },
        { "arc-init", C, "!tries;" GENERATED ";settings.secretEnd=2028-11-22T00:00:00Z", 0,
          ARC("Enabled", "b-1"), OP_ABSENT, 0, NULL },
        { "arc-enable", C, "!tries", 0, ARC("Enabled", ""), OP_DONE, 0, NULL },
        { "arc-enable", C, "!tries", 0, ARC("Disabled", ""), OP_ABSENT, 0, NULL },
        { "arc-enable", A, NULL, -1, NULL, OP_FAILED, 0, NULL },
        { "arc-role-admin", A, GENERATED, 403, "{}", OP_FAILED, 0, NULL },
    };

    (void)state;
    steps_told(rows, ARRAY_LEN(rows));
}

/* Each step is of both paths, of one, or of the other; the goals are one each. */
static void the_two_paths(void **state)
{
    size_t goals[2] = { 0 };

    (void)state;
    for (size_t i = 0; i < op_register.n; i++) {
        const struct op_step *s = &op_register.steps[i];
        bool other = s->flags & OP_OTHER_WAY;

        if (s->plan)
            continue; /* of arc-enable alone */
        assert_true(!other || s->when_path);
        assert_int_equal(s->when_path != NULL, s->path_needs != NULL);
        if (s->flags & OP_GOAL)
            goals[other]++;
        assert_false(!other && (s->flags & (OP_SERVICE_APP | OP_CLIENT_APP)));
        assert_int_equal(op_step_off_way(&op_register, s, 0), other);
        assert_int_equal(op_step_off_way(&op_register, s, OP_OTHER_WAY),
                         s->when_path && (!other || s->flags & OP_CLIENT_APP));
        assert_int_equal(op_step_off_way(&op_register, s, OP_OTHER_WAY | OP_CLIENT_APP),
                         s->when_path && (!other || s->flags & OP_SERVICE_APP));
    }
    assert_int_equal(goals[0], 1);
    assert_int_equal(goals[1], 1);
}

/* Surprise 13: the registration is set on one node, a certificate on each; and what is called the
 * principal's client id is its object id. */
static void one_node_registers_and_each_sets_its_certificate(void **state)
{
    static const struct asked rows[] = {
        { .step = "register-app",
          .act = A,
          .facts = APP ";cluster.appObjectId=o-1;cluster.spObjectId=s-1;cluster.serviceEndpoint=d",
          .verb = "register-app",
          .body =
              ("{\"serviceEndpoint\":\"d\",\"billingServiceApiScope\":\"https://usage.test/"
               ".default\","
               "\"cloudId\":\"c\",\"subscriptionId\":\"" FX_SUB "\",\"tenantId\":\"" FX_TENANT
               "\",\"resourceName\":\"hci\",\"providerNamespace\":\"Microsoft.AzureStackHCI\","
               "\"resourceArmId\":\"" FX_CLUSTER "\",\"region\":\"eastus\",\"clusterNodes\":"
               "[\"node1\",\"node2\"],\"aadAuthority\":\"https://login.test\",\"appId\":\"a-1\","
               "\"objectId\":\"o-1\",\"servicePrincipalClientId\":\"s-1\"}") },
    };
    struct fx *fx = fx_new(3);
    struct op_run *r;

    (void)state;
    steps_asked(rows, ARRAY_LEN(rows));
    for (int i = 0; i < 3; i++)
        fx->nodes[i].no_msi = true;
    r = fx_start(fx, &op_register);
    assert_int_equal(fx_run(fx, r, 600000), OP_R_DONE);
    assert_int_equal(fx_count(fx, "POST", "/uploadCertificate"), 1);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(fx->nodes[i].calls[NODE_CERTIFICATE_NEW], 1);
        assert_int_equal(fx->nodes[i].calls[NODE_CERTIFICATE_SET], 1);
        assert_int_equal(fx->nodes[i].calls[NODE_REGISTER_APP], i == 0);
        assert_int_equal(fx->nodes[i].calls[NODE_ARC_INIT], i == 0);
        assert_int_equal(fx->nodes[i].calls[NODE_ARC_ENABLE], 1);
    }
    op_run_free(r);
    fx_free(fx);
}

int test_op_op_register_aad(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests),
        cmocka_unit_test(a_large_certificate),
        cmocka_unit_test(answers),
        cmocka_unit_test(the_two_paths),
        cmocka_unit_test(one_node_registers_and_each_sets_its_certificate),
    };

    return TEST_GROUP("op_register_aad", tests);
}
