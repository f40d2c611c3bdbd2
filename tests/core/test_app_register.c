#include "config.h"

#include "testing.h"

#include "azure/hci.h"
#include "core/app_bed.h"
#include "wire/params.h"

int test_core_app_register(void);

#define VALUES(sub, tenant, region, more)                                                          \
    "{\"subscriptionId\":\"" sub "\",\"tenantId\":\"" tenant "\",\"region\":\"" region "\"" more "}"
#define GOOD VALUES(BED_SUB, BED_TENANT, "East US", "")

static int ready(void **s)
{
    bed_open_all(s);
    json_free(bed_ask("status", "{}"));
    bed_sign_in();
    return 0;
}

static const char *check(const char *values, const char *field, const char *what)
{
    static char out[300];
    struct str args = STR_INIT;
    struct json *j;

    str_addf(&args, "{\"values\":%s}", values);
    j = bed_ask("register-check", args.p);
    out[0] = 0;
    JSON_EACH (f, json_get(j, "fields"))
        if (str_eq(json_str(f, "field"), field))
            STR_SET(out, json_str(f, what));
    json_free(j);
    str_free(&args);
    return out;
}

/* Each wrong value: refused with its own sentence, before anything is begun. */
static void wrong_values(void **s)
{
    static const struct {
        const char *args, *field;
    } bad[] = {
        { "{}", "subscriptionId" },
        { VALUES("x", BED_TENANT, "eastus", ""), "subscriptionId" },
        { VALUES(BED_SUB, "contoso", "eastus", ""), "tenantId" },
        { VALUES(BED_SUB, BED_TENANT2, "eastus", ""), "tenantId" },
        { VALUES(BED_OLD, BED_TENANT, "eastus", ""), "subscriptionId" },
        { VALUES(BED_SUB, BED_TENANT, "", ""), "region" },
        { VALUES(BED_SUB, BED_TENANT, "mars!", ""), "region" },
        { VALUES(BED_SUB, BED_TENANT, "japaneast", ""), "region" },
        { VALUES(BED_SUB, BED_TENANT, "eastusa", ""), "region" },
        { VALUES(BED_SUB, BED_TENANT, "eastus", ",\"resourceName\":\"a/b\""), "resourceName" },
        { VALUES(BED_SUB, BED_TENANT, "eastus", ",\"resourceName\":\"a\\u001bb\""),
          "resourceName" },
        { VALUES(BED_SUB, BED_TENANT, "eastus", ",\"resourceName\":7"), "resourceName" },
        { VALUES(BED_SUB, BED_TENANT, "eastus", ",\"resourceGroupName\":\"ends.\""),
          "resourceGroupName" },
        { VALUES(BED_SUB, BED_TENANT, "eastus", ",\"arcServerResourceGroupName\":\"a/b\""),
          "arcServerResourceGroupName" },
        { VALUES(BED_SUB, BED_TENANT, "eastus", ",\"tag\":{\"a<b\":\"c\"}"), "tag" },
        { VALUES(BED_SUB, BED_TENANT, "eastus", ",\"resourceGroupTags\":[]"), "resourceGroupTags" },
        { VALUES(BED_SUB, BED_TENANT, "eastus", ",\"repairRegistration\":\"1\""),
          "repairRegistration" },
        { VALUES(BED_SUB, BED_TENANT, "eastus", ",\"certificateThumbprint\":\"1234\""),
          "certificateThumbprint" },
        { VALUES(BED_SUB, BED_TENANT, "eastus", ",\"arcSpnAppId\":\"app\""), "arcSpnAppId" },
        { VALUES(BED_SUB, BED_TENANT, "eastus", ",\"environmentName\":\"AzureChinaCloud\""),
          "environmentName" },
        { VALUES(BED_SUB, BED_TENANT, "eastus", ",\"logsDirectory\":\"/nowhere/at/all\""),
          "logsDirectory" },
        { VALUES(BED_SUB, BED_TENANT, "eastus", ",\"computerName\":\"node9\""), "computerName" },
        { VALUES(BED_SUB, BED_TENANT, "eastus", ",\"credential\":\"anna\""), "credential" },
        { VALUES(BED_SUB, BED_TENANT, "eastus", ",\"armAccessToken\":\"eyJ\""), "armAccessToken" },
    };

    (void)s;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_null(bed_ask("register", bad[i].args));
        assert_string_equal(bed_err.context, bad[i].field);
        assert_true(strlen(bed_err.message) > 10);
        assert_string_equal(check(bad[i].args, bad[i].field, "level"), "fail");
    }
    assert_null(bed.app->run);
}

/* A name that is no parameter's is refused, not ignored. */
static void unknown_values(void **s)
{
    static const char *const args = VALUES(BED_SUB, BED_TENANT, "eastus", ",\"regoin\":\"x\"");

    (void)s;
    assert_null(bed_ask("register", args));
    assert_non_null(strstr(bed_err.message, "regoin"));
    assert_null(bed_ask("register-check", args));
    assert_non_null(strstr(bed_err.message, "regoin"));
    assert_null(bed.app->run);
}

/* All the plan's inputs, under the names that its steps read. */
static void every_value_becomes_an_input(void **s)
{
    static const char *const wanted[][2] = {
        { "subscriptionId", BED_SUB },
        { "tenantId", BED_TENANT },
        { "region", "eastus" },
        { "resourceName", "clu" },
        { "resourceGroupName", "clu-rg" },
        { "arcGroup", "arc-rg" },
        { "tags", "{\"owner\":\"IT\"}" },
        { "groupTags", "{\"dept\":\"7\"}" },
        { "repair", "1" },
        { "recreate", "" }, /* false: not given */
        { "certificateThumbprint", "ABCD0123456789ABCDEF0123456789ABCDEF0123" },
        { "arcAppId", BED_SUB2 },
        { "stableAgent", "1" },
    };
    struct json *j = bed_ask(
        "register", VALUES(BED_SUB, BED_TENANT, "East US",
                           ",\"arcServerResourceGroupName\":\"arc-rg\",\"tag\":{\"owner\":\"IT\"},"
                           "\"resourceGroupTags\":{\"dept\":\"7\"},\"repairRegistration\":true,"
                           "\"recreateResource\":false,\"useStableAgentVersion\":true,"
                           "\"certificateThumbprint\":\"abcd0123456789abcdef0123456789abcdef0123\","
                           "\"arcSpnAppId\":\"" BED_SUB2 "\",\"environmentName\":\"AzureCloud\""));

    (void)s;
    assert_non_null(j);
    json_free(j);
    for (size_t i = 0; i < ARRAY_LEN(wanted); i++)
        assert_string_equal(op_run_input(bed.app->run, wanted[i][0]), wanted[i][1]);
}

/* Only what is given stands on the review; the rest would be noise. */
static void only_given_fields(void **s)
{
    (void)s;
    json_free(bed_ask("sign-out", "{}"));
    assert_string_equal(check(GOOD, "tag", "level"), "");
    assert_string_equal(check(GOOD, "repairRegistration", "level"), "");
    assert_string_equal(
        check(VALUES(BED_SUB, BED_TENANT, "eastus", ",\"tag\":{\"a\":\"b\"}"), "tag", "value"),
        "a=b");
    assert_string_equal(
        check(VALUES(BED_SUB, BED_TENANT, "eastus", ",\"useStableAgentVersion\":true"),
              "useStableAgentVersion", "level"),
        "warn"); /* native nodes have their agent: said, not ignored */
}

/* Console and core judge names by wire/params.h, the steps by azure/hci.h: they must agree. */
static void the_rules_agree(void **s)
{
    static const char *const names[] = {
        "a",
        "A-_.b",
        ".",
        "..",
        "a.",
        "a/b",
        "a b",
        "a(b)",
        "\xc3\xa4",
        "a%",
        "-",
        "_x",
        "aaaaaaaaaabbbbbbbbbbccccccccccdddddddddd",
        "aaaaaaaaaabbbbbbbbbbccccccccccdddddddddde",
        "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddaaaaaaaaaabbbbbbbbbbccccccccccddddddddddaaaaaaaaa"
        "a",
        "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddaaaaaaaaaabbbbbbbbbbccccccccccddddddddddaaaaaaaaaa"
        "b",
    };

    (void)s;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        struct json *j = json_string(names[i]), *own = NULL;
        struct err e = { 0 };

        assert_int_equal(param_judge(&params[PAR_NAME], j, &own, &e) == 0,
                         hci_bad_cluster_name(names[i]) == NULL);
        json_free(own);
        assert_int_equal(param_judge(&params[PAR_GROUP], j, &own, &e) == 0,
                         hci_bad_group_name(names[i]) == NULL);
        json_free(own);
        assert_int_equal(param_judge(&params[PAR_REGION], j, &own, &e) == 0,
                         hci_bad_region(names[i]) == NULL);
        json_free(own);
        json_free(j);
    }
}

static void defaults_and_sources(void **s)
{
    (void)s;
    bed.web.n_rules = 0; /* Azure does not answer: the review is an error, not a guess */
    assert_string_equal(check(GOOD, "region", "value"), "");
    assert_true(err_is(&bed_err));
    json_free(bed_ask("sign-out", "{}"));
    /* signed out: the values are judged, nothing is asked */
    assert_string_equal(check(GOOD, "region", "value"), "eastus");
    assert_string_equal(check(GOOD, "resourceName", "value"), "clu");
    assert_string_equal(check(GOOD, "resourceName", "source"), "default");
    assert_string_equal(check(GOOD, "resourceGroupName", "value"), "clu-rg");
    assert_string_equal(check(VALUES(BED_SUB, BED_TENANT, "eastus", ",\"resourceName\":\"new\""),
                              "resourceGroupName", "value"),
                        "new-rg");
    assert_string_equal(check(GOOD, "subscriptionId", "source"), "typed");
    assert_string_equal(check(GOOD, "region", "level"), "ok");
}

static void a_warned_subscription(void **s)
{
    (void)s;
    json_free(bed_ask("choices", "{\"subscription\":\"" BED_SUB2 "\"}"));
    assert_string_equal(check(VALUES(BED_SUB2, BED_TENANT, "mars!", ""), "subscriptionId", "level"),
                        "warn");
    assert_non_null(strstr(
        check(VALUES(BED_SUB2, BED_TENANT, "mars!", ""), "subscriptionId", "note"), "Warned"));
}

static void a_stored_registration_fills_in(void **s)
{
    (void)s;
    for (int i = 0; i < 2; i++)
        fake_node_say(&bed.nodes[i], NODE_STATUS,
                      "{\"ClusterStatus\":\"Clustered\",\"RegistrationStatus\":\"Registered\","
                      "\"clusterName\":\"clu\",\"Region\":\"westeurope\","
                      "\"AzureResourceUri\":\"/Subscriptions/" BED_SUB
                      "/resourceGroups/grp/providers/Microsoft.AzureStackHCI/clusters/stored\"}");
    json_free(bed_ask("status", "{}"));
    json_free(bed_ask("sign-out", "{}"));
    assert_string_equal(check("{\"tenantId\":\"" BED_TENANT "\"}", "resourceName", "value"),
                        "stored");
    assert_string_equal(check("{\"tenantId\":\"" BED_TENANT "\"}", "resourceGroupName", "value"),
                        "grp");
    assert_string_equal(check("{\"tenantId\":\"" BED_TENANT "\"}", "subscriptionId", "source"),
                        "stored");
    assert_string_equal(check("{\"tenantId\":\"" BED_TENANT "\"}", "region", "value"),
                        "westeurope");
}

static void without_a_cluster(void **s)
{
    (void)s;
    for (int i = 0; i < 2; i++)
        fake_node_say(&bed.nodes[i], NODE_STATUS,
                      "{\"ClusterStatus\":\"NotYet\",\"RegistrationStatus\":\"NotYet\"}");
    json_free(bed_ask("status", "{}"));
    assert_null(bed_ask("register", GOOD));
    assert_int_equal(bed_err.code, ERR_C_NO_CLUSTER);
    assert_true(bed_err.advice[0] != 0);
}

static void native_nodes_and_a_real_cloud(void **s)
{
    (void)s;
    bed.app->cloud.native_dataplane = 0;
    assert_null(bed_ask("register", GOOD));
    assert_int_equal(bed_err.code, ERR_C_DATAPLANE);
    assert_null(bed_ask("register-check", "{\"values\":" GOOD "}"));
    assert_int_equal(bed_err.code, ERR_C_DATAPLANE);
    bed.nodes[0].node.native = bed.nodes[1].node.native = false;
    json_free(bed_ask("register-check", "{\"values\":" VALUES("x", "", "", "") "}"));
    assert_false(err_is(&bed_err));
}

static struct json *whole(const char *what)
{
    struct json *j = bed_ask("register-check", "{\"values\":" GOOD ",\"whole\":true}");

    assert_non_null(j);
    assert_true(json_len(json_get(j, "fields")) > 4 && json_len(json_get(j, "steps")) > 20);
    assert_non_null(strstr(json_str(j, "error.message"), what));
    assert_true(strlen(json_str(j, "error.advice")) > 10);
    return j;
}

/* A preview that is asked for all the same tells what stands in the way, and which rights. */
static void a_preview_of_what_would_be_stopped(void **s)
{
    struct json *j;

    (void)s;
    fake_http_rule(&bed.web, "GET", "/subscriptions/" BED_SUB "?", 200,
                   "{\"state\":\"Enabled\",\"displayName\":\"S\"}");
    fake_http_rule(&bed.web, "GET", "/providers/Microsoft.", 200,
                   "{\"registrationState\":\"NotRegistered\",\"resourceTypes\":[{"
                   "\"resourceType\":\"clusters\",\"locations\":[\"East US\"]}]}");
    fake_http_rule(&bed.web, "GET", "/clu-rg", 404,
                   "{\"error\":{\"code\":\"ResourceGroupNotFound\",\"message\":\"none\"}}");
    fake_http_rule(&bed.web, "GET", BED_SUB "/providers/Microsoft.Authorization/permissions", 200,
                   "{\"value\":[{\"actions\":[\"*/read\"],\"notActions\":[]}]}");
    assert_null(bed_ask("register-check", "{\"values\":" GOOD "}"));
    assert_int_equal(bed_err.code, ERR_C_RIGHTS);
    j = whole("Your account lacks rights over");
    assert_string_equal(json_str(j, "missing.0.scope"), "/subscriptions/" BED_SUB);
    assert_non_null(strstr(json_str(j, "missing.0.actions"),
                           "Microsoft.AzureStackHCI/register/action (for the cluster), "));
    assert_string_equal(json_str(j, "missing.1.scope"),
                        "/subscriptions/" BED_SUB "/resourceGroups/clu-rg");
    assert_null(strchr(json_str(j, "missing.1.actions"), ';'));
    assert_int_equal(json_len(json_get(j, "missing")), 2);
    json_free(j);
    fake_http_rule(&bed.web, "GET", "/subscriptions/" BED_SUB "?", 403,
                   "{\"error\":{\"code\":\"AuthorizationFailed\",\"message\":\"no right\"}}");
    json_free(whole(""));
    assert_null(bed.app->run);
    json_free(bed_ask("sign-out", "{}"));
    j = bed_ask("register-check", "{\"values\":" GOOD ",\"whole\":true}");
    assert_null(json_member(j, "steps"));
    json_free(j);
}

static void signed_out(void **s)
{
    (void)s;
    json_free(bed_ask("sign-out", "{}"));
    assert_null(bed_ask("register", GOOD));
    assert_int_equal(bed_err.code, ERR_C_NOT_SIGNED_IN);
}

static bool run_over(void *arg)
{
    const struct sec_run *r = state_get(bed.state, SEC_RUN);

    (void)arg;
    return str_eq(r->state, "failed") || str_eq(r->state, "done");
}

/* A run begins, is shown, refuses a second one, and ends with Azure's own refusal and our advice.
 */
static void a_run(void **s)
{
    const struct sec_run *r;
    struct json *j;
    char id[64];

    (void)s;
    fake_http_rule(&bed.web, "GET", "/subscriptions/" BED_SUB "?", 403,
                   "{\"error\":{\"code\":\"AuthorizationFailed\",\"message\":\"no right\"}}");
    j = bed_ask("register", GOOD);
    assert_non_null(json_str(j, "id"));
    STR_SET(id, json_str(j, "id"));
    json_free(j);
    r = state_get(bed.state, SEC_RUN);
    assert_string_equal(r->id, id); /* shown before the answer */
    assert_null(bed_ask("register", GOOD));
    assert_int_equal(bed_err.code, ERR_C_BUSY);
    assert_true(spin_until(bed.loop, run_over, NULL));
    r = state_get(bed.state, SEC_RUN);
    assert_string_equal(r->state, "failed");
    assert_string_equal(r->error.message, "no right");
    assert_string_equal(r->error.remote_code, "AuthorizationFailed");
    assert_true(r->error.advice[0] != 0);
    assert_string_equal(r->result, "Failed");
    assert_int_equal(r->owner_uid, bed.app->signin_uid);
    j = bed_ask("runs", "{}");
    assert_string_equal(json_str(j, "runs.0.id"), id);
    assert_string_equal(json_str(j, "runs.0.state"), "failed");
    json_free(j);
    j = bed_ask("run-show", "{\"id\":\"\"}");
    assert_string_equal(json_str(j, "id"), id);
    json_free(j);
}

static bool run_waits(void *arg)
{
    (void)arg;
    return str_eq(((const struct sec_run *)state_get(bed.state, SEC_RUN))->state,
                  "waiting-sign-in");
}

static bool code_asked(void *arg)
{
    return strstr(str_p(&bed.web.log), arg) != NULL;
}

/* The sign-in ends while a run is under way: the next one, of whatever console, is in the run's
 * tenant, unless another one is named. */
static void the_runs_tenant_is_signed_in_to(void **s)
{
    (void)s;
    fake_http_rule(&bed.web, "GET", "management.azure.com/", 401, "{}");
    fake_http_rule(&bed.web, "POST", "/oauth2/v2.0/token", 400, "{\"error\":\"invalid_grant\"}");
    json_free(bed_ask("register", GOOD));
    assert_true(spin_until(bed.loop, run_waits, NULL));
    str_reset(&bed.web.log);
    json_free(bed_ask("sign-in", "{}"));
    assert_true(spin_until(bed.loop, code_asked, "/" BED_TENANT "/oauth2/v2.0/devicecode"));
    json_free(bed_ask("sign-in", "{\"tenant\":\"" BED_TENANT2 "\"}"));
    assert_true(spin_until(bed.loop, code_asked, "/" BED_TENANT2 "/oauth2/v2.0/devicecode"));
}

int test_core_app_register(void)
{
#undef T
#define T(f) cmocka_unit_test_setup_teardown(f, ready, bed_close)
    const struct CMUnitTest tests[] = {
        T(wrong_values),
        T(unknown_values),
        T(every_value_becomes_an_input),
        T(only_given_fields),
        T(the_rules_agree),
        T(defaults_and_sources),
        T(a_warned_subscription),
        T(a_stored_registration_fills_in),
        T(without_a_cluster),
        T(native_nodes_and_a_real_cloud),
        T(a_preview_of_what_would_be_stopped),
        T(signed_out),
        T(a_run),
        T(the_runs_tenant_is_signed_in_to),
    };

    return TEST_GROUP("core/app_register", tests);
}
