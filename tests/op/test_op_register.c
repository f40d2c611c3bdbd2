#include "config.h"

#include "op/fixture.h"

#include "azure/hci.h"
#include "azure/roles.h"
#include "testing.h"

static struct op_run *run(struct fx *fx, enum op_run_state expected)
{
    struct op_run *r = fx_start(fx, &op_register);
    enum op_run_state s = fx_run(fx, r, 8000);

    if (s != expected)
        print_message("state %d: %s (%s)\n", (int)s, op_run_error(r)->message,
                      op_run_error(r)->context);
    assert_int_equal(s, expected);
    return r;
}

static void set_providers(struct fx *fx, const char *state)
{
    JSON_EACH (r, fx->resources)
        if (str_ifind(json_name(r), "/providers/") && json_str(r, "registrationState"))
            json_set_str(json_edit(r), "registrationState", state);
}

static const struct json *resource(const struct fx *fx, const char *path)
{
    char key[400];

    STR_SET(key, path);
    str_lower(key);
    return json_member(fx->resources, key);
}

static void assert_registered(struct fx *fx, int nodes)
{
    assert_string_equal(json_str(resource(fx, FX_GROUP), "tags.CreatedBy"), HCI_CREATED_BY);
    assert_string_equal(json_str(resource(fx, FX_GROUP), "location"), "eastus");
    assert_string_equal(json_str(resource(fx, FX_CLUSTER), "identity.type"), "SystemAssigned");
    assert_non_null(resource(fx, FX_SETTINGS));
    for (int i = 0; i < nodes; i++) {
        assert_true(fx->nodes[i].registered && fx->nodes[i].connected);
        assert_string_equal(fx->nodes[i].uri, FX_CLUSTER);
        assert_string_equal(fx->nodes[i].agent_group, "hci-rg");
    }
    assert_int_equal(fx->made_twice, 0);
}

static size_t roles(const struct fx *fx)
{
    size_t n = 0;

    JSON_EACH (r, fx->resources)
        n += str_ifind(json_name(r), "/roleassignments/") != NULL;
    return n;
}

/* ---- the whole ---- */

static void fresh_cluster(void **state)
{
    struct fx *fx = fx_new(1);
    struct op_run *r = run(fx, OP_R_DONE);

    (void)state;
    assert_registered(fx, 1);
    assert_int_equal(roles(fx), 1);
    assert_int_equal(fx_count(fx, "POST", "/register"), 4);
    assert_int_equal(fx_count(fx, "PUT", ""), 4); /* group, cluster, role, settings */
    assert_int_equal(fx_count(fx, "PATCH", ""), 0);
    assert_int_equal(fx_count(fx, "POST", "/reconcile"), 1);
    assert_int_equal(fx_count(fx, "POST", "/consentAndInstallDefaultExtensions"), 1);
    assert_int_equal(fx_writes(fx), 10);
    /* 11 looks before (2 at the rights), and at the end the settings and the machines once more */
    assert_int_equal(fx_count(fx, "GET", ""), 13);
    assert_int_equal(fx_count(fx, "GET", "/permissions"), 2);
    assert_int_equal(fx_count(fx, "GET", "/clusters/hci"), 3);
    assert_int_equal(fx_count(fx, "GET", "/roleAssignments"), 0);
    assert_int_equal(fx_state(r, "arc-state"), OP_S_FOUND);
    assert_int_equal(fx_state(r, "links"), OP_S_FOUND);
    assert_int_equal(fx_state(r, "arc-group"), OP_S_SKIPPED);
    op_run_free(r);
    fx_free(fx);
}

static void second_run_finds_everything(void **state)
{
    struct fx *fx = fx_new(2);
    struct op_step_view v[40];
    struct op_run *r = run(fx, OP_R_DONE);
    size_t n;

    (void)state;
    op_run_free(r);
    fx_forget(fx);
    r = run(fx, OP_R_DONE);
    assert_int_equal(fx_writes(fx), 0);
    assert_int_equal(fx->nodes[0].calls[NODE_REGISTER], 1);
    assert_int_equal(fx->nodes[0].calls[NODE_AGENT_CONNECT], 1);
    assert_int_equal(fx->nodes[0].calls[NODE_SYNC] + fx->nodes[1].calls[NODE_SYNC], 1);
    n = op_run_steps(r, v, 40);
    for (size_t i = 0; i < n; i++)
        assert_true(v[i].state == OP_S_FOUND || v[i].state == OP_S_SKIPPED);
    /* one look at each thing: machines, 4 providers, subscription, group, cluster, settings, rights
     * in the subscription and the group */
    assert_int_equal(fx_count(fx, "GET", ""), 11);
    op_run_free(r);
    fx_free(fx);
}

static void own_arc_group(void **state)
{
    struct fx *fx = fx_new(1);
    struct json *in = fx_inputs();
    struct err e = { 0 };
    struct op_run *r;

    (void)state;
    json_set_str(in, "arcGroup", "machines");
    r = op_run_start(&fx->ports, &op_register, in, 0, NULL, NULL, &e);
    fx_follow(fx, r);
    fx_run(fx, r, 400); /* the small Azure's roles stand on the other group: not looked at here */
    assert_true(fx_has(fx, "/subscriptions/" FX_SUB "/resourcegroups/machines"));
    assert_string_equal(fx->nodes[0].agent_group, "machines");
    assert_string_equal(json_str(resource(fx, FX_SETTINGS), "properties.arcInstanceResourceGroup"),
                        "machines");
    assert_int_equal(
        fx_count(fx, "PUT", "/resourceGroups/machines/providers/Microsoft.Authorization"), 1);
    op_run_free(r);
    json_free(in);
    fx_free(fx);
}

static void found_group_is_kept_and_roles_are_read(void **state)
{
    struct fx *fx = fx_new(1);
    struct op_run *r;
    struct err e = { 0 };

    (void)state;
    fx_put(fx, FX_GROUP, "{\"id\":\"g\",\"location\":\"westus\",\"tags\":{}}");
    fx_rule(fx, "POST", "/reconcile", 400, "{\"error\":{\"code\":\"Bad\",\"message\":\"no\"}}");
    r = run(fx, OP_R_FAILED);
    assert_int_equal(fx_count(fx, "PUT", "/resourcegroups/hci-rg/"), 3);
    assert_int_equal(fx_count(fx, "GET", "/roleAssignments"), 1);
    assert_int_equal(op_run_undo(r, &e), 0);
    assert_int_equal(fx_run(fx, r, 3000), OP_R_UNDONE);
    assert_true(fx_has(fx, FX_GROUP));
    assert_false(fx_has(fx, FX_CLUSTER));
    assert_int_equal(roles(fx), 0);
    assert_string_equal(fx->nodes[0].agent_name, "");
    op_run_free(r);
    fx_free(fx);
}

static void undo_keeps_a_group_with_strangers(void **state)
{
    struct fx *fx = fx_new(1);
    struct op_run *r;
    struct err e = { 0 };

    (void)state;
    fx_rule(fx, "POST", "/reconcile", 400, "{}");
    r = run(fx, OP_R_FAILED);
    fx_put(fx, FX_GROUP "/providers/microsoft.storage/storageaccounts/x", "{\"id\":\"x\"}");
    assert_int_equal(op_run_undo(r, &e), 0);
    assert_int_equal(fx_run(fx, r, 3000), OP_R_UNDONE);
    assert_true(fx_has(fx, FX_GROUP));
    assert_false(fx_has(fx, FX_CLUSTER));
    op_run_free(r);
    fx_free(fx);
}

static void undo_removes_all_that_was_made(void **state)
{
    struct fx *fx = fx_new(2);
    struct op_run *r;
    struct err e = { 0 };

    (void)state;
    fx->nodes[1].fail[NODE_SYNC] = 1;
    r = run(fx, OP_R_FAILED);
    assert_int_equal(op_run_undo(r, &e), 0);
    assert_int_equal(fx_run(fx, r, 3000), OP_R_UNDONE);
    assert_false(fx_has(fx, FX_GROUP) || fx_has(fx, FX_CLUSTER) || fx_has(fx, FX_SETTINGS));
    assert_int_equal(roles(fx), 0);
    assert_false(fx->nodes[0].registered);
    assert_int_equal(fx->nodes[0].calls[NODE_UNREGISTER], 1);
    assert_int_equal(fx->nodes[1].calls[NODE_UNREGISTER], 0);
    op_run_free(r);
    fx_free(fx);
}

/* ---- the power goes, requests fail ---- */

static size_t journal_length(bool at_send)
{
    struct fx *fx = fx_new(2);
    struct op_run *r;
    size_t n;

    fx->effect_at_send = at_send;
    set_providers(fx, "Registered");
    r = run(fx, OP_R_DONE);
    n = fx_lines(fx->journal);
    op_run_free(r);
    fx_free(fx);
    return n;
}

static void cut(size_t line, bool at_send, bool undo)
{
    struct fx *fx = fx_new(2);
    struct err e = { 0 };
    struct op_run *r;

    fx->effect_at_send = at_send;
    set_providers(fx, "Registered");
    fx->cut = line;
    r = fx_start(fx, &op_register);
    fx_run(fx, r, 5000);
    assert_true(fx->dead);
    fx_power_on(fx);
    {
        char id[80];

        STR_SET(id, op_run_id(r));
        op_run_free(r);
        r = op_run_resume(&fx->ports, id, NULL, NULL, &e);
    }
    assert_non_null(r);
    if (!undo) {
        assert_int_equal(fx_run(fx, r, 8000), OP_R_DONE);
        assert_registered(fx, 2);
        assert_int_equal(roles(fx), 1);
        assert_int_equal(fx_journal_count(fx, "made", "cluster"), 1);
        assert_int_equal(fx_journal_count(fx, "made", "agent"), 2);
    } else {
        op_run_stop(r);
        assert_int_equal(fx_run(fx, r, 3000), OP_R_STOPPED);
        assert_int_equal(op_run_undo(r, &e), 0);
        assert_int_equal(fx_run(fx, r, 5000), OP_R_UNDONE);
        assert_false(fx_has(fx, FX_GROUP) || fx_has(fx, FX_CLUSTER) || fx_has(fx, FX_SETTINGS));
        assert_int_equal(roles(fx), 0);
        assert_false(fx->nodes[0].registered);
    }
    op_run_free(r);
    fx_free(fx);
}

static void power_cut_at_every_line(void **state)
{
    (void)state;
    for (int at_send = 0; at_send < 2; at_send++) {
        size_t n = journal_length(at_send);

        assert_true(n > 30);
        for (size_t line = 1; line < n; line++)
            cut(line, at_send, false);
    }
}

static void power_cut_then_undo(void **state)
{
    size_t n = journal_length(true);

    (void)state;
    for (size_t line = 1; line < n; line++)
        cut(line, true, true);
}

static void each_request_fails_once(void **state)
{
    size_t n = 0;

    (void)state;
    for (int lose = 0; lose < 2; lose++)
        for (size_t i = 1; i == 1 || i <= n; i++) {
            struct fx *fx = fx_new(1);
            struct op_run *r;

            fx->fail_nth = i;
            fx->lose_nth = lose;
            r = run(fx, OP_R_DONE);
            n = fx->n_log;
            assert_registered(fx, 1);
            assert_int_equal(roles(fx), 1);
            op_run_free(r);
            fx_free(fx);
        }
}

/* ---- time ---- */

static int64_t timed(int nodes, int64_t latency)
{
    struct fx *fx = fx_new(nodes);
    struct op_run *r;
    int64_t t;

    set_providers(fx, "Registered");
    fx->latency_ms = latency;
    t = mono_ms();
    r = run(fx, OP_R_DONE);
    t = mono_ms() - t;
    assert_registered(fx, nodes);
    op_run_free(r);
    fx_free(fx);
    return t;
}

static void time_is_that_of_the_longest_chain(void **state)
{
    (void)state;
    /* the chain: looks, group, cluster, role, reconcile, register, looks at the end; among several
     * nodes the others take over what the first one registered, however many they are */
    assert_int_equal(timed(1, 80), 7 * 80);
    assert_int_equal(timed(2, 80), 8 * 80);
    assert_int_equal(timed(16, 80), 8 * 80);
}

/* ---- refusals before anything is touched ---- */

static void refused(struct fx *fx, int code, enum err_domain domain)
{
    struct op_run *r = run(fx, OP_R_FAILED);

    assert_int_equal(op_run_error(r)->code, code);
    assert_int_equal(op_run_error(r)->domain, domain);
    assert_int_equal(fx_writes(fx), 0);
    for (size_t i = 0; i < fx->ports.n_nodes; i++)
        for (int v = 0; v < NODE_VERBS; v++)
            assert_true(!node_verbs[v].changes || !fx->nodes[i].calls[v]);
    op_run_free(r);
    fx_free(fx);
}

static struct fx *stored(const char *uri, bool registered)
{
    struct fx *fx = fx_new(2);

    for (int i = 0; i < 2; i++) {
        STR_SET(fx->nodes[i].uri, uri);
        fx->nodes[i].registered = registered;
    }
    return fx;
}

#define ID(sub, group, name)                                                                       \
    "/Subscriptions/" sub "/resourceGroups/" group                                                 \
    "/providers/Microsoft.AzureStackHCI/clusters/" name

static void stored_registration_decides(void **state)
{
    (void)state;
    refused(stored(ID(FX_SUB, "other", "hci"), true), 9125, ERR_OP);
    refused(stored(ID(FX_SUB, "hci-rg", "other"), true), 9127, ERR_OP);
    refused(stored(ID("22222222-2222-3333-4444-555555555555", "hci-rg", "hci"), true), 9128,
            ERR_OP);
    refused(stored("/nonsense", true), 9107, ERR_OP);
    refused(stored(ID(FX_SUB, "other", "hci"), false), 9125,
            ERR_OP); /* OutOfPolicy: the stored id counts all the same */
    refused(stored(ID(FX_SUB, "HCI-RG", "Hci"), true), 9106,
            ERR_OP); /* the same without case, but gone from Azure */
}

static void stored_but_not_registered_goes_on(void **state)
{
    struct fx *fx = stored(ID(FX_SUB, "HCI-RG", "HCI"), false);
    struct op_run *r = run(fx, OP_R_DONE);

    (void)state;
    assert_registered(fx, 2);
    op_run_free(r);
    fx_free(fx);
}

static void agent_elsewhere(void **state)
{
    static const char *const places[][3] = {
        { "22222222-2222-3333-4444-555555555555", "hci-rg", FX_TENANT },
        { FX_SUB, "other", FX_TENANT },
        { FX_SUB, "hci-rg", "12345678-8888-7777-6666-555555555555" }
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        struct fx *fx = fx_new(2);

        STR_SET(fx->nodes[1].agent_name, "node2");
        STR_SET(fx->nodes[1].agent_sub, places[i][0]);
        STR_SET(fx->nodes[1].agent_group, places[i][1]);
        STR_SET(fx->nodes[1].agent_tenant, places[i][2]);
        refused(fx, ERR_C_ELSEWHERE, ERR_OP);
    }
}

static void nodes_that_cannot(void **state)
{
    struct fx *fx = fx_new(2);

    (void)state;
    fx->nodes[1].no_msi = fx->nodes[1].old = true;
    refused(fx, 9111, ERR_OP);
    fx = fx_new(2);
    fx->nodes[1].no_agent = true;
    refused(fx, ERR_C_NOT_FOUND, ERR_NODE);
}

static void no_dataplane(void **state)
{
    struct fx *fx = fx_new(1);

    (void)state;
    fx->cloud.native_dataplane = 0;
    {
        struct op_run *r = run(fx, OP_R_FAILED);

        assert_int_equal(op_run_error(r)->code, ERR_C_DATAPLANE);
        assert_int_equal(fx->n_log, 0);
        assert_int_equal(fx->nodes[0].calls[NODE_STATUS], 0);
        op_run_free(r);
    }
    fx_free(fx);
}

static void bad_values(void **state)
{
    static const char *const values[][2] = { { "subscriptionId", "nope" },
                                             { "tenantId", "contoso.com" },
                                             { "resourceName", "a b" },
                                             { "resourceGroupName", "ends." },
                                             { "arcGroup", "sl/ash" },
                                             { "region", "east us!" },
                                             { "resourceName",
                                               "very-long-name-of-more-than-forty-characters" } };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(values); i++) {
        struct fx *fx = fx_new(1);
        struct json *in = fx_inputs();
        struct err e = { 0 };
        struct op_run *r;

        json_set_str(in, values[i][0], values[i][1]);
        r = op_run_start(&fx->ports, &op_register, in, 0, NULL, NULL, &e);
        assert_int_equal(fx_run(fx, r, 3000), OP_R_FAILED);
        assert_int_equal(op_run_error(r)->domain, ERR_USAGE);
        assert_int_equal(fx->n_log, 0);
        op_run_free(r);
        json_free(in);
        fx_free(fx);
    }
}

static void subscription_states(void **state)
{
    struct fx *fx = fx_new(1);
    struct op_step_view v[40];
    struct op_run *r;

    (void)state;
    fx_put(fx, "/subscriptions/" FX_SUB, "{\"state\":\"Disabled\",\"displayName\":\"Sub\"}");
    refused(fx, ERR_C_SUBSCRIPTION, ERR_OP);
    fx = fx_new(1);
    fx_put(fx, "/subscriptions/" FX_SUB,
           "{\"state\":\"Enabled\",\"tenantId\":\"12345678-8888-7777-6666-555555555555\"}");
    refused(fx, ERR_C_SUBSCRIPTION, ERR_OP);
    fx = fx_new(1);
    fx_put(fx, "/subscriptions/" FX_SUB, "{\"state\":\"PastDue\",\"displayName\":\"Sub\"}");
    r = run(fx, OP_R_DONE);
    op_run_steps(r, v, 40);
    assert_non_null(strstr(v[4].detail, "PastDue"));
    op_run_free(r);
    fx_free(fx);
}

static void what_azure_holds(void **state)
{
    struct fx *fx;
    char path[300];

    (void)state;
    fx = fx_new(1);
    fx_put(fx, FX_CLUSTER,
           "{\"id\":\"" FX_CLUSTER "\",\"location\":\"westeurope\",\"properties\":{}}");
    refused(fx, 9104, ERR_OP);
    fx = fx_new(1);
    fx_put(fx, FX_SETTINGS,
           "{\"id\":\"x\",\"properties\":{\"arcInstanceResourceGroup\":\"other\"}}");
    refused(fx, 9129, ERR_OP);
    fx = fx_new(1);
    fx_put(fx, FX_SETTINGS,
           "{\"id\":\"x\",\"properties\":{\"aggregateState\":\"DisableInProgress\"}}");
    refused(fx, 9113, ERR_OP);
    fx = fx_new(2);
    str_fmt(path, sizeof path, "%s/node2", FX_MACHINES);
    fx_put(fx, path,
           "{\"id\":\"m\",\"name\":\"NODE2\",\"properties\":{\"parentClusterResourceId\":\"" ID(
               FX_SUB, "hci-rg", "zzz") "\"}}");
    refused(fx, 9105, ERR_OP);
    fx = fx_new(1);
    set_providers(fx, "Registered");
    json_set(json_edit(json_get(json_member(fx->resources, "/subscriptions/" FX_SUB
                                                           "/providers/microsoft.azurestackhci"),
                                "resourceTypes.0")),
             "locations", json_array());
    json_push(json_edit(json_get(json_member(fx->resources, "/subscriptions/" FX_SUB
                                                            "/providers/microsoft.azurestackhci"),
                                 "resourceTypes.0.locations")),
              json_string("Japan East"));
    refused(fx, 9108, ERR_OP);
}

static void only_404_means_absent(void **state)
{
    static const char *const paths[] = { "/resourcegroups/hci-rg", "/clusters/hci",
                                         "/arcSettings/default", "/machines",
                                         ("/subscriptions/" FX_SUB) };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        struct fx *fx = fx_new(1);
        struct op_run *r;

        fx_rule(fx, "GET", paths[i], 403,
                "{\"error\":{\"code\":\"AuthorizationFailed\",\"message\":\"no\"}}")
            ->count = 9;
        r = run(fx, OP_R_FAILED);
        assert_string_equal(op_run_error(r)->remote_code, "AuthorizationFailed");
        assert_int_equal(fx_writes(fx), 0);
        op_run_free(r);
        fx_free(fx);
    }
}

/* Microsoft's own role for registrations may register providers, but not look at them. */
static void hidden_providers_are_registered_anew(void **state)
{
    static const char *const names[] = { "Microsoft.GuestConfiguration",
                                         "Microsoft.HybridConnectivity" };
    struct fx *fx = fx_new(1);
    struct op_run *r;
    char path[80];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        str_fmt(path, sizeof path, "/providers/%s", names[i]);
        fx_rule(fx, "GET", path, 403,
                "{\"error\":{\"code\":\"AuthorizationFailed\",\"message\":\"no\"}}")
            ->count = 99;
    }
    r = run(fx, OP_R_DONE);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        str_fmt(path, sizeof path, "/providers/%s", names[i]);
        assert_int_equal(fx_count(fx, "GET", path), 1);
        assert_true(fx_count(fx, "POST", path) >= 1);
    }
    assert_int_equal(fx_state(r, "provider-guest"), OP_S_DONE);
    op_run_free(r);
    fx_free(fx);
}

static void region_not_offered_after_registering(void **state)
{
    struct fx *fx = fx_new(1);
    struct json *in = fx_inputs();
    struct err e = { 0 };
    struct op_run *r;

    (void)state;
    json_set_str(in, "region", "japaneast");
    r = op_run_start(&fx->ports, &op_register, in, 0, NULL, NULL, &e);
    assert_int_equal(fx_run(fx, r, 3000), OP_R_FAILED);
    assert_int_equal(op_run_error(r)->code, 9108);
    assert_non_null(strstr(op_run_error(r)->message, "East US, West Europe"));
    assert_int_equal(fx_count(fx, "PUT", ""), 0);
    op_run_free(r);
    json_free(in);
    fx_free(fx);
}

/* ---- half-made clusters ---- */

static void repairs_what_is_missing(void **state)
{
    struct fx *fx = fx_new(1);
    struct op_run *r;

    (void)state;
    fx->no_rp_object = fx->no_identity = true;
    r = run(fx, OP_R_DONE);
    assert_int_equal(fx_count(fx, "PATCH", "/clusters/hci"),
                     1); /* the identity's PATCH filled in the object id as well */
    assert_int_equal(fx_state(r, "identity"), OP_S_DONE);
    assert_int_equal(fx_state(r, "rp-object"), OP_S_FOUND);
    op_run_free(r);
    fx_free(fx);

    fx = fx_new(1);
    fx->no_rp_object = true;
    r = run(fx, OP_R_DONE);
    assert_int_equal(fx_count(fx, "PATCH", "/clusters/hci"), 1);
    assert_int_equal(fx_state(r, "rp-object"), OP_S_DONE);
    assert_registered(fx, 1);
    op_run_free(r);
    fx_free(fx);
}

static void role_conflicts(void **state)
{
    struct fx *fx = fx_new(1);
    struct op_run *r;
    struct fx_rule *rule;

    (void)state;
    rule = fx_rule(fx, "PUT", "/roleAssignments/", 409,
                   "{\"error\":{\"code\":\"RoleAssignmentExists\",\"message\":\"exists\"}}");
    r = run(fx, OP_R_FAILED); /* it is said to be there, and is not */
    assert_int_equal(op_run_error(r)->code, 9132);
    assert_int_equal(fx_count(fx, "PUT", "/roleAssignments/"), 1);
    op_run_free(r);
    fx_free(fx);

    fx = fx_new(1);
    fx_rule(fx, "PUT", "/roleAssignments/", 409,
            "{\"error\":{\"code\":\"RoleAssignmentLimitExceeded\",\"message\":\"full\"}}");
    r = run(fx, OP_R_FAILED); /* nothing is read: it cannot be there */
    assert_int_equal(op_run_error(r)->code, 9132);
    assert_string_equal(op_run_error(r)->remote_code, "RoleAssignmentLimitExceeded");
    assert_int_equal(fx_count(fx, "GET", "/roleAssignments"), 0);
    op_run_free(r);
    fx_free(fx);

    fx = fx_new(1);
    fx_rule(fx, "PUT", "/roleAssignments/", 409,
            "{\"error\":{\"code\":\"RoleAssignmentExists\",\"message\":\"exists\"}}");
    fx_rule(fx, "GET", "/roleAssignments", 200,
            "{\"value\":[{\"properties\":{\"roleDefinitionId\":\"/providers/x/"
            "F5819B54-e033-4d82-ac66-4fec3cbf3f4c\",\"principalId\":\"" FX_RP
            "\",\"scope\":\"/subscriptions/" FX_SUB "/resourcegroups/HCI-RG\"}}]}");
    r = run(fx, OP_R_DONE);
    assert_int_equal(fx_count(fx, "GET", "/roleAssignments"), 1);
    op_run_free(r);
    fx_free(fx);

    fx = fx_new(1);
    rule = fx_rule(fx, "PUT", "/roleAssignments/", 400,
                   "{\"error\":{\"code\":\"PrincipalNotFound\",\"message\":\"not yet\"}}");
    rule->count = 7;
    rule->retry_after_ms = 5;
    r = run(fx, OP_R_DONE);
    assert_int_equal(fx_count(fx, "PUT", "/roleAssignments/"), 8);
    op_run_free(r);
    fx_free(fx);
}

static void failures_carry_their_number(void **state)
{
    static const struct {
        const char *method, *path;
        int code;
    } rows[] = { { "PUT", "/clusters/hci", 9130 },
                 { "PUT", "/roleAssignments/", 9132 },
                 { "POST", "/reconcile", 9142 } };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct fx *fx = fx_new(1);
        struct op_run *r;

        fx_rule(fx, rows[i].method, rows[i].path, 403,
                "{\"error\":{\"code\":\"AuthorizationFailed\",\"message\":\"no\"}}");
        r = run(fx, OP_R_FAILED);
        assert_int_equal(op_run_error(r)->code, rows[i].code);
        assert_int_equal(op_run_error(r)->http, 403);
        assert_string_equal(op_run_error(r)->remote_code, "AuthorizationFailed");
        assert_int_equal(fx_count(fx, rows[i].method, rows[i].path), 1);
        op_run_free(r);
        fx_free(fx);
    }
    {
        struct fx *fx = fx_new(1);
        struct op_run *r;

        fx->nodes[0].fail[NODE_REGISTER] = 1;
        r = run(fx, OP_R_FAILED);
        assert_int_equal(op_run_error(r)->code, 9144);
        assert_int_equal(op_run_error(r)->domain, ERR_NODE);
        op_run_free(r);
        fx_free(fx);
    }
}

/* ---- the review page ---- */

static const char *how(const struct json *rows, const char *name)
{
    JSON_EACH (r, rows)
        if (str_eq(json_str(r, "name"), name))
            return json_str(r, "how");
    return "";
}

/* Only looked at, nothing comes to be; a repair renews. */
static void review_of_a_registered_cluster(void)
{
    static const char *const names[] = { "Microsoft.HybridCompute",
                                         "Azure Connected Machine Resource Manager", "default",
                                         "Telemetry, Supportability", "node1" };
    struct fx *fx = fx_new(2);
    struct json *in = fx_inputs();
    struct err e = { 0 };

    op_run_free(run(fx, OP_R_DONE));
    fx->nodes[1].agent_name[0] = '\0';
    for (int repair = 0; repair < 2; repair++) {
        struct json *facts, *rows = NULL;
        struct op_run *r;

        if (repair)
            json_set_str(in, "repair", "1");
        r = op_check_start(&fx->ports, &op_register, in, NULL, NULL, &e);
        assert_int_equal(fx_run(fx, r, 3000), OP_R_DONE);
        facts = op_run_facts(r);
        assert_int_equal(op_register_preview(in, facts, &rows, &e), 0);
        for (size_t i = 0; i < ARRAY_LEN(names); i++)
            assert_string_equal(how(rows, names[i]), "keep");
        assert_string_equal(how(rows, "node2"), repair ? "connect" : "repair");
        JSON_EACH (row, rows)
            if (str_eq(json_str(row, "what"), "Registration of the cluster"))
                assert_string_equal(json_str(row, "how"), repair ? "renew" : "keep");
        json_free(rows);
        json_free(facts);
        op_run_free(r);
    }
    json_free(in);
    fx_free(fx);
}

static void review(void **state)
{
    struct fx *fx = fx_new(2);
    struct json *in = fx_inputs(), *facts, *rows = NULL;
    struct err e = { 0 };
    struct op_run *r;

    (void)state;
    fx_put(fx, FX_GROUP, "{\"id\":\"g\"}");
    r = op_check_start(&fx->ports, &op_register, in, NULL, NULL, &e);
    assert_int_equal(fx_run(fx, r, 3000), OP_R_DONE);
    assert_int_equal(fx_writes(fx), 0);
    assert_int_equal(fx_state(r, "ready"), OP_S_FOUND);
    facts = op_run_facts(r);
    assert_int_equal(op_register_preview(in, facts, &rows, &e), 0);
    assert_string_equal(how(rows, "Microsoft.HybridCompute"), "register");
    assert_string_equal(how(rows, "hci-rg"), "keep");
    assert_string_equal(how(rows, "default"), "create");
    assert_string_equal(how(rows, "node2"), "connect");
    assert_string_equal(how(rows, "Azure Connected Machine Resource Manager"), "assign");
    assert_string_equal(how(rows, "Telemetry, Supportability"), "consent");
    assert_string_equal(how(rows, "Sub"), "enough");
    json_free(rows);
    json_free(facts);
    op_run_free(r);
    fx_put(fx, FX_PERMISSIONS, "{}"); /* no list: Azure will tell */
    r = op_check_start(&fx->ports, &op_register, in, NULL, NULL, &e);
    assert_int_equal(fx_run(fx, r, 3000), OP_R_DONE);
    facts = op_run_facts(r);
    assert_int_equal(op_register_preview(in, facts, &rows, &e), 0);
    assert_string_equal(how(rows, "Sub"), "unseen");
    json_free(rows);
    json_free(facts);
    op_run_free(r);
    review_of_a_registered_cluster();
    facts = json_object();
    assert_int_equal(op_register_preview(in, facts, &rows, &e), -1);
    json_free(facts);
    json_free(in);
    fx_free(fx);
}

/* ---- the table itself ---- */

static void every_change_comes_after_the_gate(void **state)
{
    (void)state;
    for (size_t i = 0; i < op_register.n; i++) {
        const struct op_step *s = &op_register.steps[i];
        const char *p = s->after;
        char word[64];

        if (s->apply.read)
            assert_true(op_has_word(s->after, "ready"));
        while (p && (p = op_next_word(p, word, sizeof word))) {
            bool earlier = false;

            for (size_t k = 0; k < i; k++)
                earlier |= str_eq(op_register.steps[k].id, word);
            assert_true(earlier); /* so there are no rings, and undo may walk backwards */
        }
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(op_register.steps[k].id, s->id);
    }
    assert_ptr_equal(op_plan_find("register"), &op_register);
    assert_null(op_plan_find("nothing"));
}

int test_op_op_register(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fresh_cluster),
        cmocka_unit_test(second_run_finds_everything),
        cmocka_unit_test(own_arc_group),
        cmocka_unit_test(found_group_is_kept_and_roles_are_read),
        cmocka_unit_test(undo_keeps_a_group_with_strangers),
        cmocka_unit_test(undo_removes_all_that_was_made),
        cmocka_unit_test(power_cut_at_every_line),
        cmocka_unit_test(power_cut_then_undo),
        cmocka_unit_test(each_request_fails_once),
        cmocka_unit_test(time_is_that_of_the_longest_chain),
        cmocka_unit_test(stored_registration_decides),
        cmocka_unit_test(stored_but_not_registered_goes_on),
        cmocka_unit_test(agent_elsewhere),
        cmocka_unit_test(nodes_that_cannot),
        cmocka_unit_test(no_dataplane),
        cmocka_unit_test(bad_values),
        cmocka_unit_test(subscription_states),
        cmocka_unit_test(what_azure_holds),
        cmocka_unit_test(only_404_means_absent),
        cmocka_unit_test(hidden_providers_are_registered_anew),
        cmocka_unit_test(region_not_offered_after_registering),
        cmocka_unit_test(repairs_what_is_missing),
        cmocka_unit_test(role_conflicts),
        cmocka_unit_test(failures_carry_their_number),
        cmocka_unit_test(review),
        cmocka_unit_test(every_change_comes_after_the_gate),
    };

    return TEST_GROUP("op_register", tests);
}
