/* The clouds as which the sandbox speaks: what is good in one is not in another. */
#include "config.h"

#include "testing.h"

#include "base/str.h"
#include "sandbox/clouds.h"
#include "sandbox/routes.h"

int test_sandbox_clouds(void);

static void audiences(void **s)
{
    const struct sb_cloud *china = sb_cloud_find("azurechinacloud");

    (void)s;
    assert_non_null(china);
    assert_null(sb_cloud_find("AzureGermanCloud"));
    assert_true(sb_audience_fits(SB_ARM, "https://management.azure.com/"));
    sb_cloud_set(china);
    assert_false(sb_audience_fits(SB_ARM, "https://management.azure.com/"));
    assert_false(sb_audience_fits(SB_ARM, "https://127.0.0.1:44"));
    assert_true(sb_audience_fits(SB_ARM, "https://management.chinacloudapi.cn"));
    assert_true(sb_audience_fits(SB_ARM, "https://management.core.chinacloudapi.cn/"));
    assert_true(sb_audience_fits(SB_GRAPH, "https://microsoftgraph.chinacloudapi.cn"));
    assert_true(sb_audience_fits(SB_DATAPLANE, "1322e676-dee7-41ee-a874-ac923822781c"));
    assert_false(sb_audience_fits(SB_DATAPLANE, "https://dp.stackhci.azure.cn"));
    sb_cloud_set(NULL);
}

static bool host_ok(const char *host, enum sb_audience service)
{
    struct sb_req q = { .host = host };
    struct sb_reply r = { 0 };
    bool ok = sb_cloud_host_ok(&q, &r, service);

    assert_int_equal(r.status, ok ? 0 : 421);
    json_free(r.json);
    return ok;
}

static void hosts(void **s)
{
    (void)s;
    assert_true(host_ok("management.azure.com", SB_GRAPH)); /* the sandbox's own minds none */
    sb_cloud_set(sb_cloud_find("AzureUSGovernment"));
    assert_true(host_ok("management.usgovcloudapi.net", SB_ARM));
    assert_true(host_ok("management.usgovcloudapi.net:443", SB_ARM));
    assert_false(host_ok("management.usgovcloudapi.net.evil", SB_ARM));
    assert_false(host_ok("management.azure.com", SB_ARM));
    assert_false(host_ok("graph.microsoft.us", SB_ARM));
    assert_true(host_ok("graph.microsoft.us", SB_GRAPH));
    assert_true(host_ok("login.usgovcloudapi.net", SB_ANYONE));
    assert_false(host_ok("login.microsoftonline.com", SB_ANYONE));
    assert_true(host_ok("127.0.0.1:4444", SB_ARM)); /* for steering */
    sb_cloud_set(NULL);
}

static void documents(void **s)
{
    struct json *j = sb_cloud_metadata(sb_cloud_find("AzureChinaCloud"), "2022-09-01");

    (void)s;
    assert_string_equal(json_str(j, "name"), "AzureChinaCloud");
    /* the wart of azure-wire.md 2.2.4: not the address that the module signs in at */
    assert_string_equal(json_str(j, "authentication.loginEndpoint"),
                        "https://login.chinacloudapi.cn");
    json_free(j);
    j = sb_cloud_metadata(sb_cloud_find("AzureChinaCloud"), "2019-05-01");
    assert_int_equal(json_len(j), 3);
    json_free(j);
    j = sb_cloud_local_metadata(sb_cloud_find("Azure.local"));
    assert_string_equal(json_str(j, "suffixes.storage"), "autonomous.cloud.private");
    json_free(j);
}

static void regions(void **s)
{
    struct json *all = json_array(), *clusters = json_array();

    (void)s;
    sb_cloud_regions(sb_cloud_find("AzureChinaCloud"), all, clusters);
    assert_int_equal(json_len(all), json_len(clusters) + 1);
    assert_string_equal(json_value_str(json_first(clusters)), "China East 2");
    json_free(all);
    json_free(clusters);
}

int test_sandbox_clouds(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(audiences),
        cmocka_unit_test(hosts),
        cmocka_unit_test(documents),
        cmocka_unit_test(regions),
    };

    return TEST_GROUP("sandbox/clouds", tests);
}
