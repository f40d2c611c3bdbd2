#include "config.h"

#include "op/steps.h"
#include "testing.h"

#define C    OP_A_CHECK
#define RG   "Microsoft.Resources/subscriptions/resourceGroups"
#define CL   "Microsoft.AzureStackHCI/clusters"
#define ROLE "Microsoft.Authorization/roleAssignments"
#define RA   "Microsoft.Authorization/roleAssignments"
#define VM   "Microsoft.HybridCompute/machines"
#define ALL                                                                                        \
    "{\"value\":[{\"actions\":[\"*\"],\"notActions\":[\"" RA                                       \
    "/write\"]},{\"actions\":[\"*/read\"],"                                                        \
    "\"notActions\":[]}]}"
#define DENIED    "{\"error\":{\"code\":\"AuthorizationFailed\",\"message\":\"no machines\"}}"
#define SUB_PATH  "/subscriptions/" FX_SUB
#define GRP_PATH  SUB_PATH "/resourceGroups/hci-rg"
#define PERM_PATH "/providers/Microsoft.Authorization/permissions"
#define MANAGER   "f5819b54-e033-4d82-ac66-4fec3cbf3f4c"

static void requests(void **state)
{
    static const struct asked rows[] = {
        { "rights", C, NULL, "GET", SUB_PATH PERM_PATH, "", "2022-04-01", NULL, NULL },
        { "rights-group", C, NULL, "GET", GRP_PATH PERM_PATH, "", "2022-04-01", NULL, NULL },
        { "rights-arc-group", C, NULL, NULL, NULL, NULL, NULL, NULL, NULL },
        { "rights-arc-group", C, "arcGroup=m", "GET", SUB_PATH "/resourceGroups/m" PERM_PATH, "",
          "2022-04-01", NULL, NULL },
        /* who may assign roles needs not know who has them; nor has a new group any */
        { "rights-role", C, "rights.subscription= x ;rights.group= x ", NULL, NULL, NULL, NULL,
          NULL, NULL },
        { "rights-role", C, "rights.subscription= " RA "/write ;rights.group=-", NULL, NULL, NULL,
          NULL, NULL, NULL },
        { "rights-role", C, "rights.subscription=?;rights.group=?", NULL, NULL, NULL, NULL, NULL,
          NULL },
        { "rights-role", C, "rights.subscription= " RA "/write ;rights.group= " RA "/write ", "GET",
          GRP_PATH "/providers/Microsoft.Authorization/roleAssignments", "$filter=atScope()",
          "2022-04-01", NULL, NULL },
        /* no list: one machine is looked at */
        { "rights-machine", C, "rights.subscription= x ;rights.group=-", NULL, NULL, NULL, NULL,
          NULL, NULL },
        { "rights-machine", C, "rights.subscription=?;rights.group=?", "GET", FX_MACHINES "/node1",
          "", "2022-03-10", NULL, NULL },
        { "rights-machine", C, "rights.subscription=?;rights.group=?;path=application", "GET",
          FX_MACHINES "/node1", "", "2022-03-10", NULL, NULL },
    };

    (void)state;
    steps_asked(rows, ARRAY_LEN(rows));
}

static void answers(void **state)
{
    static const struct told rows[] = {
        { "rights", C, NULL, 200, ALL, OP_DONE, 0, "rights.subscription= " RA "/write " },
        { "rights-group", C, NULL, 200, "{\"value\":[{\"actions\":[\"*\"]}]}", OP_DONE, 0,
          "rights.group= " },
        { "rights", C, NULL, 403, DENIED, OP_SKIP, 0, "rights.subscription=?" },
        { "rights", C, NULL, 500, "{}", OP_SKIP, 0, "rights.subscription=?" },
        { "rights", C, NULL, -1, NULL, OP_SKIP, 0, "rights.subscription=?" },
        { "rights", C, NULL, 404, "{}", OP_SKIP, 0, "rights.subscription=?" },
        { "rights", C, NULL, 200, "{\"value\":7}", OP_SKIP, 0, "rights.subscription=?" },
        { "rights-group", C, NULL, 404, "{}", OP_SKIP, 0, "rights.group=-" },
        { "rights-arc-group", C, NULL, 0, NULL, OP_SKIP, 0, "rights.arcGroup=-" },
        { "rights-role", C, NULL, 200,
          "{\"value\":[{\"properties\":{\"scope\":\"" SUB_PATH "\",\"principalId\":\"above\","
          "\"roleDefinitionId\":\"/x/" MANAGER "\"}},{\"properties\":{\"scope\":\"" GRP_PATH
          "\",\"principalId\":\"rp\",\"roleDefinitionId\":\"/x/" MANAGER "\"}}]}",
          OP_DONE, 0, "rights.holders= " MANAGER "/rp " },
        { "rights-role", C, NULL, 403, DENIED, OP_SKIP, 0, "rights.holders=" },
        { "rights-machine", C, NULL, 403, DENIED, OP_DONE, 0, "machines.hidden=no machines" },
        { "rights-machine", C, NULL, 404, "{}", OP_DONE, 0, "machines.hidden=" },
        { "machine-place", C, NULL, 403, DENIED, OP_SKIP, 0, "machines.hidden=no machines" },
    };

    (void)state;
    steps_told(rows, ARRAY_LEN(rows));
}

#define PROVIDERS                                                                                  \
    "provider-hci.state=Registered;provider-compute.state=Registered;"                             \
    "provider-guest.state=Registered;provider-connectivity.state=Registered;"
#define PRESENT                                                                                    \
    PROVIDERS "group.state=present;cluster.state=present;cluster.identity=SystemAssigned;"         \
              "cluster.rpObjectId=rp;settings.state=present;settings.nodes=node1 node2;"           \
              "settings.consent=then;"
#define GONE PROVIDERS "group.state=absent;cluster.state=absent;settings.state=absent;"
#define SECRET                                                                                     \
    CL "/arcSettings/createArcIdentity/action " CL "/arcSettings/generatePassword/action "
#define NO_RIGHT "rights.group=-;rights.subscription= "

/* The gate: nodes' agents are not connected in these, so that the machines are to be made. */
static void judged(void **state)
{
    static const struct told rows[] = {
        { "ready", C, GONE "rights.group=-;rights.subscription= ", 0, NULL, OP_DONE, 0,
          "rights.state=enough" },
        { "ready", C, GONE "rights.group=-;rights.subscription=?", 0, NULL, OP_DONE, 0,
          "rights.state=unknown" },
        { "ready", C, GONE NO_RIGHT CL "/write ", 0, NULL, OP_FAILED, ERR_C_RIGHTS,
          "rights.state=missing;rights.missing=" GRP_PATH ": " CL "/write (for the cluster)" },
        { "ready", C, GONE NO_RIGHT "Microsoft.HybridCompute/register/action ", 0, NULL, OP_DONE, 0,
          "rights.state=enough" },
        { "ready", C,
          GONE NO_RIGHT
          "Microsoft.HybridCompute/register/action ;provider-compute.state=Unregistered",
          0, NULL, OP_FAILED, ERR_C_RIGHTS,
          "rights.missing=" SUB_PATH ": Microsoft.HybridCompute/register/action (for Arc)" },
        { "ready", C,
          GONE NO_RIGHT "Microsoft.HybridCompute/register/action ;provider-compute.state=;"
                        "provider-compute.hidden=yes",
          0, NULL, OP_DONE, 0, NULL },
        /* what the subscription lacks the group may give, and the other way round */
        { "ready", C, PRESENT "rights.subscription= " VM "/write ;rights.group= ", 0, NULL, OP_DONE,
          0, "rights.state=enough" },
        { "ready", C, PRESENT "rights.subscription= ;rights.group= " VM "/write ", 0, NULL, OP_DONE,
          0, "rights.state=enough" },
        { "ready", C, PRESENT "rights.subscription=?;rights.group= " VM "/write ", 0, NULL,
          OP_FAILED, ERR_C_RIGHTS, "rights.missing=" GRP_PATH ": " VM "/write (for Arc)" },
        { "ready", C, PRESENT "rights.subscription= " VM "/write ;rights.group=?", 0, NULL, OP_DONE,
          0, "rights.state=unknown" },
        /* a group of the machines' own has a scope of its own */
        { "ready", C,
          PRESENT "arcGroup=m;arc-group.state=present;rights.subscription= " VM
                  "/write ;rights.group= ;rights.arcGroup= " VM "/write ",
          0, NULL, OP_FAILED, ERR_C_RIGHTS,
          "rights.missing=" SUB_PATH "/resourceGroups/m: " VM "/write (for Arc)" },
        { "ready", C,
          PRESENT "arcGroup=m;arc-group.state=absent;rights.subscription= " RG
                  "/write ;rights.group= ;rights.arcGroup=-",
          0, NULL, OP_FAILED, ERR_C_RIGHTS,
          "rights.missing=" SUB_PATH "/resourceGroups/m: " RG "/write (for Arc)" },
        /* by certificates: only a generated secret needs what generates it, a given one no roles */
        { "ready", C, GONE "path=application;path.arc=generated;" NO_RIGHT SECRET, 0, NULL,
          OP_FAILED, ERR_C_RIGHTS,
          "rights.missing=" GRP_PATH ": " CL "/arcSettings/createArcIdentity/action (for Arc), " CL
          "/arcSettings/generatePassword/action (for Arc)" },
        { "ready", C, GONE "path=application;path.arc=identity;" NO_RIGHT SECRET, 0, NULL, OP_DONE,
          0, "rights.state=enough" },
        { "ready", C,
          PRESENT "path=application;path.arc=given;role.state=present;rights.subscription= " ROLE
                  "/write ;rights.group= " ROLE "/write ",
          0, NULL, OP_DONE, 0, "rights.state=enough" },
        { "ready", C,
          PRESENT "path=application;path.arc=identity;role.state=present;rights.subscription= " ROLE
                  "/write ;rights.group= " ROLE "/write ",
          0, NULL, OP_FAILED, ERR_C_RIGHTS,
          "rights.missing=" GRP_PATH ": " ROLE "/write (for Arc)" },
        /* what is there already needs nothing */
        { "ready", C,
          PRESENT "rights.subscription= ;rights.group= " CL "/write " CL "/arcSettings/write " CL
                  "/arcSettings/reconcile/action " RG "/write ",
          0, NULL, OP_DONE, 0, "rights.state=enough" },
        { "ready", C,
          PRESENT "settings.nodes=node1;rights.subscription=?;rights.group= " CL
                  "/arcSettings/reconcile/action ",
          0, NULL, OP_FAILED, ERR_C_RIGHTS, NULL },
        /* the service's role: given by an administrator before */
        { "ready", C, PRESENT "rights.subscription=?;rights.group= " RA "/write ", 0, NULL,
          OP_FAILED, ERR_C_RIGHTS, NULL },
        { "ready", C,
          PRESENT "rights.subscription=?;rights.group= " RA "/write ;rights.holders= " MANAGER
                  "/rp ",
          0, NULL, OP_DONE, 0, NULL },
        { "ready", C,
          PRESENT "rights.subscription=?;rights.group= " RA "/write ;rights.holders= " MANAGER
                  "/rp2 ",
          0, NULL, OP_FAILED, ERR_C_RIGHTS, NULL },
        { "ready", C,
          GONE "group.state=present;rights.subscription=?;rights.group= " RA
               "/write ;rights.holders= " MANAGER "/rp2 ",
          0, NULL, OP_DONE, 0, NULL },
        /* Azure's own refusal where no list tells; not on the way by certificates */
        { "ready", C, GONE "rights.group=-;rights.subscription=?;machines.hidden=no machines", 0,
          NULL, OP_FAILED, 0, NULL },
        { "ready", C,
          GONE "rights.group=-;rights.subscription=?;machines.hidden=no machines;path=application",
          0, NULL, OP_DONE, 0, NULL },
        { "ready", C, GONE NO_RIGHT VM "/read " VM "/write ;path=application", 0, NULL, OP_DONE, 0,
          "rights.state=enough" },
    };

    (void)state;
    steps_told(rows, ARRAY_LEN(rows));
}

/* Every action that is missing, as many as the message holds, and how many more. */
static void message(void **state)
{
    struct fx *fx = fx_new(1);
    struct op_run *r;

    (void)state;
    fx_put(fx, FX_PERMISSIONS, "{\"value\":[{\"actions\":[\"*\"],\"notActions\":[\"" VM "/*\"]}]}");
    r = fx_start(fx, &op_register);
    assert_int_equal(fx_run(fx, r, 8000), OP_R_FAILED);
    assert_int_equal(op_run_error(r)->code, ERR_C_RIGHTS);
    assert_string_equal(op_run_error(r)->message,
                        "Your account lacks rights over " GRP_PATH ": " VM "/read (for Arc), " VM
                        "/write (for Arc). A cluster that registers by certificates would need "
                        "none of them.");
    assert_int_equal(fx_writes(fx), 0);
    op_run_free(r);
    fx_put(fx, FX_PERMISSIONS, "{\"value\":[{\"actions\":[\"*/read\"],\"notActions\":[]}]}");
    r = fx_start(fx, &op_register);
    assert_int_equal(fx_run(fx, r, 8000), OP_R_FAILED);
    assert_non_null(str_ifind(op_run_error(r)->message, ", and 7 more."));
    assert_non_null(str_ifind(op_run_error(r)->detail, RA "/write (for Arc)"));
    assert_non_null(str_ifind(op_run_error(r)->detail, VM "/write (for Arc)"));
    assert_int_equal(fx_writes(fx), 0);
    op_run_free(r);
    fx_free(fx);
}

int test_op_op_register_rights(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests),
        cmocka_unit_test(answers),
        cmocka_unit_test(judged),
        cmocka_unit_test(message),
    };

    return TEST_GROUP("op_register_rights", tests);
}
