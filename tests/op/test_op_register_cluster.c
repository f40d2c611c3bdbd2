#include "config.h"

#include "op/steps.h"

#include "testing.h"

#define C OP_A_CHECK
#define A OP_A_APPLY
#define U OP_A_UNDO
#define ROLES                                                                                      \
    "/subscriptions/" FX_SUB                                                                       \
    "/resourceGroups/hci-rg/providers/Microsoft.Authorization/roleAssignments"
#define DENIED "{\"error\":{\"code\":\"AuthorizationFailed\",\"message\":\"no\"}}"
#define RP     "cluster.rpObjectId=" FX_RP
#define FULL                                                                                       \
    "\"properties\":{\"cloudId\":\"c\",\"serviceEndpoint\":\"https://"                             \
    "dp\",\"resourceProviderObjectId\":\"" FX_RP "\"}"
#define HERE "\"id\":\"x\",\"location\":\"East US\""

static void requests(void **state)
{
    static const struct asked rows[] = {
        { "cluster", C, NULL, "GET", FX_CLUSTER, NULL, API_CLUSTERS, NULL, NULL },
        { "cluster", A, NULL, "PUT", FX_CLUSTER, NULL, API_CLUSTERS,
          "{\"identity\":{\"type\":\"SystemAssigned\"},\"location\":\"eastus\"}", NULL },
        { "cluster", U, NULL, "DELETE", FX_CLUSTER, NULL, API_CLUSTERS, NULL, NULL },
        { "identity", C, NULL, NULL, NULL, NULL, NULL, NULL, NULL },
        { "identity", C, "!tries", "GET", FX_CLUSTER, NULL, API_CLUSTERS, NULL, NULL },
        { "identity", A, NULL, "PATCH", FX_CLUSTER, NULL, API_CLUSTERS,
          "{\"identity\":{\"type\":\"SystemAssigned\"}}", NULL },
        { "rp-object", C, NULL, NULL, NULL, NULL, NULL, NULL, NULL },
        { "rp-object", C, "!tries", "GET", FX_CLUSTER, NULL, API_CLUSTERS, NULL, NULL },
        { "rp-object", A, NULL, "PATCH", FX_CLUSTER, NULL, API_CLUSTERS, "{}", NULL },
        { "role", C, RP, "GET", ROLES, "$filter=principalId%20eq%20%27" FX_RP "%27", API_ROLES,
          NULL, NULL },
        { "role", C, RP ";arc-group.state=same;group.state=made", NULL, NULL, NULL, NULL, NULL,
          NULL },
        { "role", C, RP ";arc-group.state=made;group.state=present", NULL, NULL, NULL, NULL, NULL,
          NULL },
        { "role", C, RP ";arc-group.state=present;group.state=made", "GET", ROLES,
          "$filter=principalId%20eq%20%27" FX_RP "%27", API_ROLES, NULL, NULL },
        { "role", C, RP ";arc-group.state=same;group.state=made;!tries", "GET", ROLES,
          "$filter=principalId%20eq%20%27" FX_RP "%27", API_ROLES, NULL, NULL },
        { "arc-settings", C, NULL, "GET", FX_SETTINGS, NULL, API_ARC_SETTINGS, NULL, NULL },
        { "arc-settings", A, NULL, "PUT", FX_SETTINGS, NULL, API_ARC_SETTINGS,
          "{\"properties\":{\"arcInstanceResourceGroup\":\"hci-rg\"}}", NULL },
        { "arc-settings", U, NULL, "DELETE", FX_SETTINGS, NULL, API_ARC_SETTINGS, NULL, NULL },
        { "reconcile", C, NULL, NULL, NULL, NULL, NULL, NULL, NULL },
        { "reconcile", C, "!tries", "GET", FX_SETTINGS, NULL, API_ARC_SETTINGS, NULL, NULL },
        { "reconcile", A, NULL, "POST", FX_SETTINGS "/reconcile", NULL, API_RECONCILE,
          "{\"properties\":{\"clusterNodes\":[\"node1\",\"node2\"]}}", NULL },
    };

    (void)state;
    steps_asked(rows, ARRAY_LEN(rows));
}

static void role_has_a_derived_name(void **state)
{
    struct op_need a = { 0 }, b = { 0 };
    struct fx *fx = fx_new(1);
    struct json *in = fx_inputs();
    struct err e = { 0 };
    struct op_run *r;
    struct op_view v;

    (void)state;
    r = op_run_make(&fx->ports, &op_register, in, NULL, &e);
    v = (struct op_view){ r, op_cell_of(r, "role", -1) };
    op_set_fact(&v, "arcGroup", "hci-rg");
    op_set_fact(&v, "cluster.rpObjectId", FX_RP);
    v.cell->step->apply.ask(&v, &a);
    v.cell->step->undo.ask(&v, &b);
    assert_string_equal(a.method, "PUT");
    assert_string_equal(b.method, "DELETE");
    assert_string_equal(str_p(&a.path), str_p(&b.path));
    assert_true(str_starts(a.path.p, ROLES "/"));
    assert_true(guid_is(a.path.p + strlen(ROLES "/")));
    assert_string_equal(json_str(a.body, "properties.principalId"), FX_RP);
    assert_string_equal(json_str(a.body, "properties.principalType"), "ServicePrincipal");
    assert_true(str_ends(json_str(a.body, "properties.roleDefinitionId"),
                         "/f5819b54-e033-4d82-ac66-4fec3cbf3f4c"));
    str_free(&a.path);
    str_free(&b.path);
    json_free(a.body);
    json_free(in);
    op_run_free(r);
    fx_free(fx);
}

static void cluster_answers(void **state)
{
    static const struct told rows[] = {
        { "cluster", C, NULL, 404, "{}", OP_ABSENT, 0, "cluster.state=absent" },
        { "cluster", C, NULL, 409,
          "{\"error\":{\"code\":\"MissingSubscriptionRegistration\",\"message\":\"no\"}}",
          OP_ABSENT, 0, "cluster.state=absent" },
        { "cluster", C, NULL, 409, "{\"error\":{\"code\":\"Conflict\",\"message\":\"no\"}}",
          OP_FAILED, 0, "cluster.state=" },
        { "cluster", C, NULL, 403, DENIED, OP_FAILED, 0, "cluster.state=" },
        { "cluster", C, NULL, 200, "{" HERE "," FULL "}", OP_DONE, 0,
          "cluster.state=present;cluster.cloudId=c;cluster.serviceEndpoint=https://"
          "dp;cluster.rpObjectId=" FX_RP },
        { "cluster", C, NULL, 200, "{\"id\":\"x\",\"location\":\"westus\"}", OP_FAILED, 9104,
          NULL },
        { "cluster", C, NULL, 200, "{" HERE ",\"properties\":{\"provisioningState\":\"Creating\"}}",
          OP_RUNNING, 0, NULL },
        { "cluster", C, NULL, 200, "{" HERE ",\"properties\":{\"cloudId\":7}}", OP_FAILED, 0,
          NULL },
        { "cluster", C, NULL, 200, "[]", OP_FAILED, 0, NULL },
        { "cluster", A, NULL, 201, "{" HERE "," FULL "}", OP_DONE, 0,
          "cluster.state=made;cluster.cloudId=c" },
        { "cluster", A, NULL, 200, NULL, OP_ABSENT, 0, NULL },
        { "cluster", A, NULL, 400,
          "{\"error\":{\"code\":\"InvalidRequestContent\",\"message\":\"no\"}}", OP_FAILED, 9130,
          NULL },
        { "cluster", U, NULL, 204, NULL, OP_DONE, 0, NULL },
        { "cluster", U, NULL, 404, "{}", OP_DONE, 0, NULL },
        { "cluster", U, NULL, 409, "{\"error\":{\"code\":\"ScopeLocked\",\"message\":\"no\"}}",
          OP_FAILED, 0, NULL },
        { "identity", C, "cluster.identity=SystemAssigned, UserAssigned", 0, NULL, OP_DONE, 0,
          NULL },
        { "identity", C, "cluster.identity=None", 0, NULL, OP_ABSENT, 0, NULL },
        { "identity", C, "cluster.identity=", 200,
          "{" HERE ",\"identity\":{\"type\":\"SystemAssigned\"}}", OP_DONE, 0, NULL },
        { "identity", A, NULL, 200, "{" HERE ",\"identity\":{\"type\":\"SystemAssigned\"}}",
          OP_DONE, 0, NULL },
        { "identity", A, NULL, 200, "{" HERE "}", OP_ABSENT, 0, NULL },
        { "identity", A, NULL, 403, DENIED, OP_FAILED, 0, NULL },
        { "rp-object", C, RP ";cluster.cloudId=c;cluster.serviceEndpoint=s", 0, NULL, OP_DONE, 0,
          NULL },
        { "rp-object", C, "cluster.cloudId=c;cluster.serviceEndpoint=s", 0, NULL, OP_ABSENT, 9131,
          NULL },
        { "rp-object", C, RP, 0, NULL, OP_ABSENT, 9130, NULL },
        { "rp-object", C, NULL, 200, "{" HERE "," FULL "}", OP_DONE, 0, RP },
        { "rp-object", A, NULL, 200, "{" HERE "," FULL "}", OP_DONE, 0, RP },
        { "rp-object", A, NULL, 200, "{" HERE "}", OP_ABSENT, 9131, NULL },
        { "rp-object", A, NULL, 403, DENIED, OP_FAILED, 9131, NULL },
    };

    (void)state;
    steps_told(rows, ARRAY_LEN(rows));
}

#define ASSIGNED(scope, role, who)                                                                 \
    "{\"value\":[{\"properties\":{\"roleDefinitionId\":\"/x/" role "\",\"principalId\":\"" who     \
    "\",\"scope\":\"/subscriptions/" FX_SUB scope "\"}}]}"
#define ROLE "F5819B54-E033-4D82-AC66-4FEC3CBF3F4C"

static void role_answers(void **state)
{
    static const struct told rows[] = {
        { "role", C, RP, 0, NULL, OP_ABSENT, 0, NULL },
        { "role", C, RP, 404, "{}", OP_ABSENT, 0, NULL },
        { "role", C, RP, 200, "{\"value\":[]}", OP_ABSENT, 0, NULL },
        { "role", C, RP, 200, ASSIGNED("/resourcegroups/HCI-rg", ROLE, FX_RP), OP_DONE, 0,
          "role.state=present" },
        { "role", C, RP, 200, ASSIGNED("", ROLE, FX_RP), OP_ABSENT, 0, NULL },
        { "role", C, RP, 200, ASSIGNED("/resourceGroups/other", ROLE, FX_RP), OP_ABSENT, 0, NULL },
        { "role", C, RP, 200,
          ASSIGNED("/resourceGroups/hci-rg", "b64e21ea-ac4e-4cdf-9dc9-5b892992bee7", FX_RP),
          OP_ABSENT, 0, NULL },
        { "role", C, RP, 200, ASSIGNED("/resourceGroups/hci-rg", ROLE, FX_TENANT), OP_ABSENT, 0,
          NULL },
        { "role", C, RP, 403, DENIED, OP_FAILED, 9132, NULL },
        { "role", C, RP ";role.conflict=full", 200, "{\"value\":[]}", OP_FAILED, 9132, NULL },
        { "role", C, RP ";role.conflict=there", 200,
          ASSIGNED("/resourceGroups/hci-rg", ROLE, FX_RP), OP_DONE, 0, NULL },
        { "role", A, RP, 201, "{}", OP_DONE, 0, NULL },
        { "role", A, RP, 200, "{}", OP_DONE, 0, NULL },
        { "role", A, RP, 409,
          "{\"error\":{\"code\":\"RoleAssignmentExists\",\"message\":\"there\"}}", OP_ABSENT, 0,
          "role.conflict=there" },
        { "role", A, RP, 403, DENIED, OP_FAILED, 9132, NULL },
        { "role", U, RP, 200, "{}", OP_DONE, 0, NULL },
        { "role", U, RP, 204, NULL, OP_DONE, 0, NULL },
        { "role", U, RP, 403, DENIED, OP_FAILED, 0, NULL },
    };

    (void)state;
    steps_told(rows, ARRAY_LEN(rows));
}

#define NODES(a, b)                                                                                \
    "\"perNodeDetails\":[{\"name\":\"NODE1\",\"state\":\"" a                                       \
    "\"},{\"name\":\"node2\",\"state\":\"" b "\"}]"

static void arc_answers(void **state)
{
    static const struct told rows[] = {
        { "arc-settings", C, NULL, 404, "{}", OP_ABSENT, 0, "settings.state=absent" },
        { "arc-settings", C, NULL, 403, DENIED, OP_FAILED, 0, "settings.state=" },
        { "arc-settings", C, NULL, 200,
          "{\"id\":\"x\",\"properties\":{\"arcInstanceResourceGroup\":\"HCI-RG\"," NODES(
              "Connected", "Connected") "}}",
          OP_DONE, 0, "settings.state=present;settings.nodes=NODE1 node2" },
        { "arc-settings", C, NULL, 200,
          "{\"id\":\"x\",\"properties\":{\"arcInstanceResourceGroup\":\"other\"}}", OP_FAILED, 9129,
          NULL },
        { "arc-settings", C, NULL, 200,
          "{\"id\":\"x\",\"properties\":{\"aggregateState\":\"DisableInProgress\"}}", OP_FAILED,
          9113, NULL },
        { "arc-settings", A, NULL, 200, "{\"id\":\"x\",\"properties\":{}}", OP_DONE, 0,
          "settings.state=made;settings.nodes=" },
        { "arc-settings", A, NULL, 200, "{}", OP_ABSENT, 0, NULL },
        { "arc-settings", A, NULL, 409, "{\"error\":{\"code\":\"Conflict\",\"message\":\"no\"}}",
          OP_FAILED, 0, NULL },
        { "arc-settings", U, NULL, 204, NULL, OP_DONE, 0, NULL },
        { "reconcile", C, "settings.nodes=node1 node2", 0, NULL, OP_DONE, 0, NULL },
        { "reconcile", C, "settings.nodes=node2 node10", 0, NULL, OP_ABSENT, 0, NULL },
        { "reconcile", C, NULL, 200,
          "{\"id\":\"x\",\"properties\":{" NODES("Connected", "Failed") "}}", OP_ABSENT, 0,
          "settings.nodes=NODE1" },
        { "reconcile", C, NULL, 200,
          "{\"id\":\"x\",\"properties\":{" NODES("Creating", "Connected") "}}", OP_DONE, 0, NULL },
        { "reconcile", C, NULL, 403, DENIED, OP_FAILED, 9142, NULL },
        { "reconcile", A, NULL, 202, NULL, OP_DONE, 0, NULL },
        { "reconcile", A, NULL, 400,
          "{\"error\":{\"code\":\"InvalidParameter\",\"message\":\"no\"}}", OP_FAILED, 9142, NULL },
    };

    (void)state;
    steps_told(rows, ARRAY_LEN(rows));
}

int test_op_op_register_cluster(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests),        cmocka_unit_test(role_has_a_derived_name),
        cmocka_unit_test(cluster_answers), cmocka_unit_test(role_answers),
        cmocka_unit_test(arc_answers),
    };

    return TEST_GROUP("op_register_cluster", tests);
}
