#include "config.h"

#include "op/steps.h"

#include "azure/hci.h"
#include "testing.h"

#define C      OP_A_CHECK
#define A      OP_A_APPLY
#define U      OP_A_UNDO
#define SUB    "/subscriptions/" FX_SUB
#define DENIED "{\"error\":{\"code\":\"AuthorizationFailed\",\"message\":\"no\"}}"

static void requests(void **state)
{
    static const struct asked rows[] = {
        { "subscription", C, NULL, "GET", SUB, NULL, API_SUBSCRIPTIONS, NULL, NULL },
        { "provider-hci", C, NULL, "GET", SUB "/providers/Microsoft.AzureStackHCI", NULL,
          API_RESOURCES, NULL, NULL },
        { "provider-compute", C, NULL, "GET", SUB "/providers/Microsoft.HybridCompute", NULL,
          API_RESOURCES, NULL, NULL },
        { "provider-guest", A, NULL, "POST", SUB "/providers/Microsoft.GuestConfiguration/register",
          NULL, API_RESOURCES, NULL, NULL },
        { "provider-connectivity", A, NULL, "POST",
          SUB "/providers/Microsoft.HybridConnectivity/register", NULL, API_RESOURCES, NULL, NULL },
        { "region", C, NULL, NULL, NULL, NULL, NULL, NULL, NULL },
        { "group", C, NULL, "GET", SUB "/resourcegroups/hci-rg", NULL, API_RESOURCES, NULL, NULL },
        { "group", A, NULL, "PUT", SUB "/resourcegroups/hci-rg", NULL, API_RESOURCES,
          "{\"location\":\"eastus\",\"tags\":{\"CreatedBy\":\"" HCI_CREATED_BY "\"}}", NULL },
        { "group", U, NULL, "GET", SUB "/resourcegroups/hci-rg/resources", NULL, API_RESOURCES,
          NULL, NULL },
        { "group", U, "group.empty=yes", "DELETE", SUB "/resourcegroups/hci-rg", NULL,
          API_RESOURCES, NULL, NULL },
        { "arc-group", C, NULL, NULL, NULL, NULL, NULL, NULL, NULL },
        { "arc-group", C, "arcGroup=machines", "GET", SUB "/resourcegroups/machines", NULL,
          API_RESOURCES, NULL, NULL },
        { "arc-group", U, "arcGroup=machines;group.empty=yes", "GET",
          SUB "/resourcegroups/machines/resources", NULL, API_RESOURCES, NULL, NULL },
    };

    (void)state;
    steps_asked(rows, ARRAY_LEN(rows));
}

static void subscription_answers(void **state)
{
    static const struct told rows[] = {
        { "subscription", C, NULL, 200, "{\"state\":\"Enabled\"}", OP_DONE, 0,
          "subscription.state=Enabled" },
        { "subscription", C, NULL, 200, "{\"state\":\"Warned\"}", OP_DONE, 0,
          "subscription.state=Warned" },
        { "subscription", C, NULL, 200, "{\"state\":\"disabled\"}", OP_FAILED, ERR_C_SUBSCRIPTION,
          NULL },
        { "subscription", C, NULL, 200, "{\"state\":\"Deleted\"}", OP_FAILED, ERR_C_SUBSCRIPTION,
          NULL },
        { "subscription", C, NULL, 200, "{\"state\":\"Enabled\",\"tenantId\":\"x\"}", OP_FAILED,
          ERR_C_SUBSCRIPTION, NULL },
        { "subscription", C, NULL, 404,
          "{\"error\":{\"code\":\"SubscriptionNotFound\",\"message\":\"no\"}}", OP_FAILED,
          ERR_C_SUBSCRIPTION, NULL },
        { "subscription", C, NULL, 200, NULL, OP_DONE, 0, NULL },
    };

    (void)state;
    steps_told(rows, ARRAY_LEN(rows));
}

#define TYPES                                                                                      \
    "\"resourceTypes\":[{\"resourceType\":\"edgeDevices\",\"locations\":[\"x\"]},{"                \
    "\"resourceType\":\"Clusters\",\"locations\":[\"East US\",\"UK South\"]}]"

static void provider_answers(void **state)
{
    static const struct told rows[] = {
        { "provider-hci", C, NULL, 200, "{\"registrationState\":\"Registered\"," TYPES "}", OP_DONE,
          0, "provider-hci.state=Registered;provider-hci.locations=East US, UK South" },
        { "provider-hci", C, NULL, 200,
          "{\"registrationState\":\"Registered\",\"resourceTypes\":[]}", OP_RUNNING, 0, NULL },
        { "provider-hci", C, NULL, 200, "{\"registrationState\":\"NotRegistered\"," TYPES "}",
          OP_ABSENT, 0, "provider-hci.locations=" },
        { "provider-guest", C, NULL, 200, "{\"registrationState\":\"Registered\"}", OP_DONE, 0,
          NULL },
        { "provider-guest", C, NULL, 200, "{\"registrationState\":\"Registering\"}", OP_RUNNING, 0,
          NULL },
        { "provider-guest", C, NULL, 200, "{\"registrationState\":\"Unregistering\"}", OP_RUNNING,
          0, NULL },
        { "provider-guest", C, NULL, 404,
          "{\"error\":{\"code\":\"InvalidResourceNamespace\",\"message\":\"no\"}}", OP_FAILED, 0,
          NULL },
        { "provider-connectivity", C, NULL, 404,
          "{\"error\":{\"code\":\"InvalidResourceNamespace\",\"message\":\"no\"}}", OP_SKIP, 0,
          NULL },
        { "provider-guest", C, NULL, 403, DENIED, OP_ABSENT, 0, "provider-guest.hidden=yes" },
        { "provider-guest", C, "provider-guest.hidden=yes", 403, DENIED, OP_DONE, 0,
          "provider-hci.locations=" },
        { "provider-hci", A, "provider-hci.hidden=yes", 403, DENIED, OP_DONE, 0,
          "provider-hci.locations=eastus" },
        { "provider-guest", C, NULL, 403,
          "{\"error\":{\"code\":\"DenyAssignmentAuthorizationFailed\",\"message\":\"no\"}}",
          OP_FAILED, 0, "provider-guest.hidden=" },
        { "provider-guest", C, "provider-guest.hidden=yes;!tries", 200,
          "{\"registrationState\":\"NotRegistered\"}", OP_RUNNING, 0, NULL },
        { "provider-guest", A, NULL, 200, "{\"registrationState\":\"Registering\"}", OP_RUNNING, 0,
          NULL },
        { "provider-guest", A, NULL, 200, "{\"registrationState\":\"Registered\"}", OP_DONE, 0,
          NULL },
        { "provider-guest", A, NULL, 200, "{\"registrationState\":\"NotRegistered\"}", OP_RUNNING,
          0, NULL },
        { "provider-guest", A, NULL, 403, DENIED, OP_FAILED, 0, NULL },
        { "region", C, "provider-hci.locations=West US, East US", 0, NULL, OP_DONE, 0, NULL },
        { "region", C, "provider-hci.locations=West US, East US 2", 0, NULL, OP_FAILED, 9108,
          NULL },
        { "region", C, "provider-hci.locations=", 0, NULL, OP_FAILED, 9108, NULL },
    };

    (void)state;
    steps_told(rows, ARRAY_LEN(rows));
}

static void group_answers(void **state)
{
    static const struct told rows[] = {
        { "group", C, NULL, 200, "{\"id\":\"g\"}", OP_DONE, 0, "group.state=present" },
        { "group", C, NULL, 404,
          "{\"error\":{\"code\":\"ResourceGroupNotFound\",\"message\":\"no\"}}", OP_ABSENT, 0,
          "group.state=absent" },
        { "group", C, NULL, 403, DENIED, OP_FAILED, 0, "group.state=" },
        { "group", C, NULL, 200, "{\"properties\":{\"provisioningState\":\"Deleting\"}}",
          OP_RUNNING, ERR_C_DELETING, "group.state=deleting" },
        { "group", A, NULL, 201, "{}", OP_DONE, 0, "group.state=made" },
        { "group", A, NULL, 200, "{}", OP_DONE, 0, "group.state=made" },
        { "group", A, NULL, 409,
          "{\"error\":{\"code\":\"InvalidResourceGroupLocation\",\"message\":\"no\"}}", OP_FAILED,
          0, NULL },
        { "group", U, NULL, 200, "{\"value\":[]}", OP_ABSENT, 0, "group.empty=yes" },
        { "group", U, NULL, 200, "{\"value\":[{\"id\":\"x\"}]}", OP_SKIP, 0, "group.empty=" },
        { "group", U, NULL, 404, "{}", OP_DONE, 0, NULL },
        { "group", U, "group.empty=yes", 202, NULL, OP_DONE, 0, NULL },
        { "group", U, "group.empty=yes", 409,
          "{\"error\":{\"code\":\"ScopeLocked\",\"message\":\"no\"}}", OP_FAILED, 0, NULL },
        { "arc-group", C, NULL, 0, NULL, OP_SKIP, 0, "arc-group.state=same" },
        { "arc-group", C, "arcGroup=machines", 404, "{}", OP_ABSENT, 0,
          "arc-group.state=absent;group.state=" },
    };

    (void)state;
    steps_told(rows, ARRAY_LEN(rows));
}

int test_op_op_register_azure(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests),
        cmocka_unit_test(subscription_answers),
        cmocka_unit_test(provider_answers),
        cmocka_unit_test(group_answers),
    };

    return TEST_GROUP("op_register_azure", tests);
}
