/* The operator's own service principal: Graph, its roles, and what is said of what is missing. */
#include "config.h"

#include "op/op_register.h"
#include "op/steps.h"

#include "azure/hci.h"
#include "testing.h"

#define C     OP_A_CHECK
#define A     OP_A_APPLY
#define OID   "abababab-0000-4000-8000-00000000abab"
#define GROUP "/subscriptions/" FX_SUB "/resourceGroups/hci-rg"
#define ROLES "/providers/Microsoft.Authorization/roleAssignments"
#define GIVEN "path=application;path.arc=given;principal.id=" OID ";principal.name=Arc bot"
#define FOUND "{\"value\":[{\"id\":\"" OID "\",\"displayName\":\"Arc bot\"}]}"
#define SEEN  GIVEN ";path.roles=give"
#define ON(role, scope)                                                                            \
    "{\"properties\":{\"roleDefinitionId\":\"/subscriptions/" FX_SUB                               \
    "/providers/Microsoft.Authorization/roleDefinitions/" role "\",\"scope\":\"" scope "\"}}"
#define LIST(a, b) "{\"value\":[" a "," b "]}"
/* as lists say: no right to assign roles, neither in the subscription nor in the group */
#define NO_WRITE                                                                                   \
    ";rights.subscription= Microsoft.Authorization/roleAssignments/write "                         \
    ";rights.group= Microsoft.Authorization/roleAssignments/write "

static void requests(void **state)
{
    static const struct asked rows[] = {
        { .step = "arc-principal",
          .act = C,
          .facts = "path=application;path.arc=given",
          .method = "GET",
          .path = "/v1.0/servicePrincipals",
          .query = "$filter=appId%20eq%20%27%27&$select=id,displayName" },
        { .step = "arc-principal-roles", .act = C, .facts = "path.roles=unseen" },
        { .step = "arc-principal-roles",
          .act = C,
          .facts = GIVEN ";group.state=present;arc-group.state=same",
          .method = "GET",
          .path = GROUP ROLES,
          .query = "$filter=assignedTo(%27" OID "%27)",
          .api = API_ROLES },
        { .step = "arc-principal-roles", /* a group that is still to be made has none of its own */
          .act = C,
          .facts = GIVEN ";group.state=absent;arc-group.state=same",
          .method = "GET",
          .path = "/subscriptions/" FX_SUB ROLES,
          .query = "$filter=assignedTo(%27" OID "%27)",
          .api = API_ROLES },
        { .step = "arc-role-onboarding", .act = C, .facts = SEEN ";principal.onboarding=held" },
        { .step = "arc-role-admin",
          .act = C,
          .facts = SEEN ";principal.admin=missing",
          .method = "GET",
          .path = GROUP ROLES,
          .query = "$filter=principalId%20eq%20%27" OID "%27",
          .api = API_ROLES },
    };

    (void)state;
    steps_asked(rows, ARRAY_LEN(rows));
}

static void answers(void **state)
{
    static const struct told rows[] = {
        { "arc-principal", C, NULL, 200, FOUND, OP_DONE, 0,
          "principal.id=" OID ";principal.name=Arc bot;path.roles=give" },
        { "arc-principal", C, NULL, 200, "{\"value\":[]}", OP_SKIP, 0, "path.roles=unseen" },
        { "arc-principal", C, NULL, 200, "{\"value\":[{\"id\":\"../x\"}]}", OP_SKIP, 0,
          "path.roles=unseen;principal.id=" },
        { "arc-principal", C, NULL, 403, "{}", OP_SKIP, 0, "path.roles=unseen" },
        { "arc-principal", C, NULL, -1, NULL, OP_SKIP, 0, "path.roles=unseen" },

        { "arc-principal-roles", C, SEEN, 200,
          LIST(ON(HCI_ROLE_ONBOARDING, GROUP), ON(HCI_ROLE_RESOURCE_ADMIN, GROUP)), OP_DONE, 0,
          "principal.onboarding=held;principal.admin=held" },
        { "arc-principal-roles", C, SEEN, 200, /* above counts, whatever the case */
          LIST(ON(HCI_ROLE_ONBOARDING, "/Subscriptions/" FX_SUB),
               ON(HCI_ROLE_RESOURCE_ADMIN, "/providers/Microsoft.Management/managementGroups/all")),
          OP_DONE, 0, "principal.onboarding=held;principal.admin=held" },
        { "arc-principal-roles", C, SEEN, 200, /* beside and below do not */
          LIST(ON(HCI_ROLE_ONBOARDING, GROUP "-2"),
               ON(HCI_ROLE_RESOURCE_ADMIN, GROUP "/providers/Microsoft.HybridCompute/machines/m")),
          OP_DONE, 0, "principal.onboarding=missing;principal.admin=missing" },
        { "arc-principal-roles", C, SEEN,
          200, /* nor does a group whose name this one begins with */
          LIST(ON(HCI_ROLE_ONBOARDING, "/subscriptions/" FX_SUB "/resourceGroups/hci"),
               ON(HCI_ROLE_RESOURCE_ADMIN, GROUP "/")),
          OP_DONE, 0, "principal.onboarding=missing;principal.admin=held" },
        { "arc-principal-roles", C, SEEN NO_WRITE, 200,
          LIST(ON(HCI_ROLE_ONBOARDING, GROUP), ON(HCI_ROLE_RESOURCE_ADMIN, GROUP)), OP_DONE, 0,
          "principal.onboarding=held;principal.admin=held" },
        { "arc-principal-roles", C, SEEN NO_WRITE, 200,
          LIST(ON(HCI_ROLE_ONBOARDING, GROUP), ON(HCI_ROLE_RESOURCE_MANAGER, GROUP)), OP_FAILED,
          ERR_C_ROLES, "principal.onboarding=held;principal.admin=missing" },
        { "arc-principal-roles", C, SEEN NO_WRITE, 200, "{\"value\":[]}", OP_FAILED, ERR_C_ROLES,
          "principal.onboarding=missing;principal.admin=missing" },
        { "arc-principal-roles", C, SEEN ";rights.subscription=?;rights.group=?", 200,
          "{\"value\":[]}", OP_DONE, 0, NULL },
        { "arc-principal-roles", C, SEEN, 403, "{}", OP_SKIP, 0, "path.roles=unseen" },

        { "arc-role-onboarding", C, SEEN ";principal.onboarding=held", 0, NULL, OP_DONE, 0, NULL },
        { "arc-role-onboarding", C, SEEN ";principal.onboarding=missing", 0, NULL, OP_ABSENT, 0,
          NULL },
    };

    (void)state;
    steps_told(rows, ARRAY_LEN(rows));
}

int test_op_op_register_principal(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests),
        cmocka_unit_test(answers),
    };

    return TEST_GROUP("op_register_principal", tests);
}
