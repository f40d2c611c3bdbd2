#include "config.h"

#include "testing.h"

#include <string.h>

#include "core/app_bed.h"

int test_core_app_act(void);

#define OLD                                                                                        \
    "/subscriptions/" BED_SUB "/resourceGroups/old-rg/providers/Microsoft.AzureStackHCI/clusters/" \
    "OLD"

static int ready(void **s)
{
    bed_open_all(s);
    json_free(bed_ask("status", "{}"));
    bed_sign_in();
    return 0;
}

static void stored(const char *uri)
{
    char status[600];

    str_fmt(status, sizeof status,
            "{\"ClusterStatus\":\"Clustered\",\"RegistrationStatus\":\"Registered\","
            "\"clusterName\":\"clu\",\"Region\":\"eastus\",\"AzureResourceUri\":\"%s\"}",
            uri);
    for (int i = 0; i < 2; i++)
        fake_node_say(&bed.nodes[i], NODE_STATUS, status);
    json_free(bed_ask("status", "{}"));
}

/* By the review and by the operation itself, before Azure is asked. */
static void refuses(const char *intent, const char *args, enum err_domain domain, int code,
                    const char *words)
{
    char check[40];

    str_fmt(check, sizeof check, "%s-check", intent);
    for (int i = 0; i < 2; i++) {
        str_reset(&bed.web.log);
        assert_null(bed_ask(i ? check : intent, args));
        assert_int_equal(bed_err.domain, domain);
        assert_int_equal(bed_err.code, code);
        assert_non_null(strstr(bed_err.message, words));
        assert_string_equal(str_p(&bed.web.log), "");
    }
}

static void what_is_not_registered(void **s)
{
    (void)s;
    refuses("sync", "{}", ERR_OP, ERR_C_UNREGISTERED, "not registered with Azure");
    refuses("repair", "{}", ERR_OP, ERR_C_UNREGISTERED, "not registered with Azure");
    refuses("arc-disable", "{\"confirm\":\"clu\"}", ERR_OP, ERR_C_ARC_NEEDS_REGISTRATION,
            "no Azure Arc to be disabled or enabled");
    refuses("arc-enable", "{}", ERR_OP, ERR_C_ARC_NEEDS_REGISTRATION,
            "no Azure Arc to be disabled or enabled");
    refuses("unregister", "{\"resourceName\":\"clu\"}", ERR_OP, 9115, "must be named");
    refuses("unregister", "{\"resourceName\":\"clu\",\"subscriptionId\":\"prod\"}", ERR_USAGE, 0,
            "The subscription id is no GUID: prod");
}

static void what_contradicts_the_record(void **s)
{
    (void)s;
    stored(OLD);
    refuses("unregister", "{\"subscriptionId\":\"" BED_SUB2 "\"}", ERR_OP, 9128, BED_SUB);
    refuses("unregister", "{\"resourceName\":\"NEW\"}", ERR_OP, 9127, "another resource: OLD");
    refuses("arc-disable", "{\"resourceGroupName\":\"x\"}", ERR_OP, 9125, "group: old-rg");
}

/* The name is typed by who starts it; a review needs none. */
static void what_was_typed(void **s)
{
    static const struct {
        const char *intent, *args, *words;
    } rows[] = {
        { "unregister", "{}", "The name OLD must be typed" },
        { "unregister", "{\"confirm\":\"NEW\"}", "NEW was typed, but the name is OLD" },
        { "arc-disable", "{\"confirm\":\"clu\"}", "clu was typed, but the name is OLD" },
        { "reset", "{\"node\":\"node1\"}", "The name node1 must be typed" },
        { "reset", "{\"node\":\"node1\",\"confirm\":\"node2\"}", "node2 was typed" },
        { "reset", "{\"node\":\"all\",\"confirm\":\"node1\"}", "but the name is clu" },
    };

    (void)s;
    stored(OLD);
    fake_http_rule(&bed.web, "GET", "/subscriptions/" BED_SUB "?", 401, "");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        str_reset(&bed.web.log);
        assert_null(bed_ask(rows[i].intent, rows[i].args));
        assert_int_equal(bed_err.code, ERR_C_CONFIRM);
        assert_non_null(strstr(bed_err.message, rows[i].words));
        assert_null(strstr(str_p(&bed.web.log), "DELETE"));
    }
}

static void values_of_a_reset(void **s)
{
    (void)s;
    refuses("reset", "{\"node\":\"node7\"}", ERR_USAGE, 0, "There is no node node7 here");
    refuses("reset", "{\"tenantId\":\"contoso\"}", ERR_USAGE, 0,
            "The tenant id is no GUID: contoso");
    refuses("reset", "{\"region\":\"eastus\"}", ERR_USAGE, 0, "go with --register");
    for (int i = 0; i < 2; i++)
        fake_node_say(&bed.nodes[i], NODE_STATUS,
                      "{\"ClusterStatus\":\"NotYet\",\"RegistrationStatus\":\"NotYet\"}");
    json_free(bed_ask("status", "{}"));
    refuses("reset", "{\"register\":true,\"region\":\"eastus\"}", ERR_OP, ERR_C_NO_CLUSTER,
            "no cluster");
}

static void values_of_a_clean_up(void **s)
{
    (void)s;
    refuses("cleanup", "{\"subscriptionId\":\"prod\",\"items\":[\"" OLD "\"]}", ERR_USAGE, 0,
            "The subscription id is no GUID: prod");
    assert_null(bed_ask("cleanup", "{}"));
    assert_string_equal(bed_err.message, "Nothing was chosen.");
    assert_null(bed_ask("cleanup", "{\"items\":[]}"));
    assert_int_equal(bed_err.domain, ERR_USAGE);
}

int test_core_app_act(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, ready, bed_close)
    const struct CMUnitTest tests[] = {
        T(what_is_not_registered), T(what_contradicts_the_record), T(what_was_typed),
        T(values_of_a_reset),      T(values_of_a_clean_up),
    };

    return TEST_GROUP("core/app_act", tests);
}
