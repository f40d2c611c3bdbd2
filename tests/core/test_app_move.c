#include "config.h"

#include "testing.h"

#include "core/app_bed.h"

int test_core_app_move(void);

static int ready(void **s)
{
    bed_open_all(s);
    json_free(bed_ask("status", "{}"));
    bed_sign_in();
    return 0;
}

static void refused(const char *args, enum err_domain domain, int code, const char *words)
{
    str_reset(&bed.web.log);
    assert_null(bed_ask("move-check", args));
    assert_int_equal(bed_err.domain, domain);
    assert_int_equal(bed_err.code, code);
    assert_non_null(strstr(bed_err.message, words));
    assert_string_equal(str_p(&bed.web.log), ""); /* Azure is not even asked */
}

/* Judged before anybody is asked: there is nothing to move, another cloud, what mends a
 * registration, names that no parameter has, the word. */
static void what_needs_no_look(void **s)
{
    (void)s;
    refused("{}", ERR_OP, ERR_C_NO_MOVE, "not registered");
    for (int i = 0; i < 2; i++)
        fake_node_say(&bed.nodes[i], NODE_STATUS,
                      "{\"ClusterStatus\":\"Clustered\",\"RegistrationStatus\":\"Registered\","
                      "\"clusterName\":\"clu\",\"Region\":\"westeurope\","
                      "\"AzureResourceUri\":\"/Subscriptions/" BED_SUB
                      "/resourceGroups/grp/providers/Microsoft.AzureStackHCI/clusters/stored\"}");
    json_free(bed_ask("status", "{}"));
    refused("{\"environmentName\":\"AzureChinaCloud\"}", ERR_USAGE, 0,
            "This core works with the cloud");
    refused("{\"region\":\"eastus\",\"repairRegistration\":true}", ERR_USAGE, 0,
            "RepairRegistration does not go with it");
    refused("{\"region\":\"eastus\",\"nonsense\":\"x\"}", ERR_USAGE, 0, "no parameter");
    refused("{\"tag\":[\"a=b\",\"a=c\"]}", ERR_USAGE, 0, "");
    refused("{\"region\":\"!\"}", ERR_USAGE, 0, "");
    str_reset(&bed.web.log);
    assert_null(bed_ask("move", "{\"region\":\"eastus\"}"));
    assert_int_equal(bed_err.code, ERR_C_CONFIRM);
    assert_null(bed_ask("move", "{\"region\":\"eastus\",\"confirm\":\"other\"}"));
    assert_int_equal(bed_err.code, ERR_C_CONFIRM);
    assert_string_equal(str_p(&bed.web.log), "");
}

int test_core_app_move(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, ready, bed_close)
    const struct CMUnitTest tests[] = {
        T(what_needs_no_look),
    };

    return TEST_GROUP("core/app_move", tests);
}
