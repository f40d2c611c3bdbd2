#include "config.h"

#include "testing.h"

#include "azure/cloud.h"
#include "base/str.h"
#include "net/http.h"

static struct json *parse(const char *text)
{
    struct err e = { 0 };
    struct json *j = json_parse(text, strlen(text), 0, &e);

    if (!j)
        fail_msg("%s", e.message);
    return j;
}

static int discover(struct cloud *c, const char *endpoint, const char *text, bool trusted,
                    struct err *e)
{
    struct json *j = parse(text);
    int rc;

    memset(c, 0, sizeof(*c));
    memset(e, 0, sizeof(*e));
    rc = cloud_from_metadata(c, endpoint, j, trusted, e);
    json_free(j);
    return rc;
}

static void rows_are_whole(void **state)
{
    (void)state;
    assert_int_equal(cloud_count, 3);
    for (size_t i = 0; i < cloud_count; i++) {
        const struct cloud *c = &cloud_rows[i];

        assert_true(http_url_is_https(c->login));
        assert_true(http_url_is_https(c->arm));
        assert_true(http_url_is_https(c->graph));
        assert_true(http_url_is_https(c->portal));
        assert_true(str_ends(c->usage_scope, "/.default"));
        assert_true(str_ends(c->graph_scope, "/.default"));
        assert_true(str_starts(c->graph_scope, c->graph));
        assert_true(http_url_is_https(c->dataplane) && c->imds[0] && c->region[0]);
        assert_true(str_ends(c->portal, "/"));
        assert_false(str_ends(c->arm, "/") || str_ends(c->login, "/"));
        assert_int_equal(c->native_dataplane, 0);
        assert_false(c->discovered);
        assert_true(c->verification_hosts[0][0]);
    }
    assert_ptr_equal(cloud_find("azurecloud"), &cloud_rows[0]);
    assert_null(cloud_find("AzureGermanCloud"));
    assert_null(cloud_find(NULL));
}

static void regions_have_clouds(void **state)
{
    char name[64];

    (void)state;
    for (size_t i = 0; i < cloud_region_count; i++) {
        assert_true(cloud_find(cloud_regions[i].cloud) ||
                    str_eq(cloud_regions[i].cloud, CLOUD_LOCAL));
        if (!str_eq(cloud_regions[i].name, "usgovvirginia")) {
            str_region(name, sizeof(name), cloud_regions[i].display);
            assert_string_equal(name, cloud_regions[i].name);
        }
    }
    assert_true(cloud_region_count >= 8);
}

static void verification_hosts(void **state)
{
    const struct cloud *c = cloud_find("AzureCloud");
    static const char *const good[] = {
        "https://microsoft.com/devicelogin",
        "https://www.microsoft.com/link",
        "HTTPS://Login.MicrosoftOnline.com/common/oauth2/deviceauth",
        "https://login.microsoft.com:443/device",
    };
    static const char *const bad[] = {
        "http://microsoft.com/devicelogin",
        "https://microsoft.com.evil.example/devicelogin",
        "https://microsoft.com@evil.example/",
        "https://evil.example\\@microsoft.com/",
        "https://microsoft.com:8443/devicelogin",
        "https://xmicrosoft.com/",
        "https://microsoft.com/a b",
        "https://microsoft.com/\xe2\x80\xae",
        "javascript:alert(1)",
        "",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(good); i++)
        assert_true(cloud_may_verify(c, good[i]));
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        if (cloud_may_verify(c, bad[i]))
            fail_msg("accepted: %s", bad[i]);
    assert_false(cloud_may_verify(c, NULL));
}

static void portal_address(void **state)
{
    char url[400];

    (void)state;
    cloud_portal_url(cloud_find("AzureCloud"), url, sizeof(url), "tid",
                     "/subscriptions/s/resourceGroups/g");
    assert_string_equal(
        url, "https://portal.azure.com/#@tid/resource/subscriptions/s/resourceGroups/g/overview");
    cloud_portal_url(cloud_find("AzureCloud"), url, sizeof(url),
                     "72F988BF-86f1-41af-91ab-2d7cd011db47", "/subscriptions/s");
    assert_string_equal(url, "https://ms.portal.azure.com/#@72F988BF-86f1-41af-91ab-2d7cd011db47/"
                             "resource/subscriptions/s/overview");
    cloud_portal_url(cloud_find("AzureChinaCloud"), url, sizeof(url),
                     "72f988bf-86f1-41af-91ab-2d7cd011db47", "/subscriptions/s");
    assert_true(str_starts(url, "https://portal.azure.cn/#@"));
    cloud_portal_url(cloud_find("AzureCloud"), url, sizeof(url), "tid", "");
    assert_string_equal(url, "");
}

static const char sandbox_object[] =
    "{\"name\":\"azlosandbox\",\"portal\":\"https://127.0.0.1:4711/portal\","
    "\"authentication\":{\"loginEndpoint\":\"https://127.0.0.1:4711/\",\"audiences\":["
    "\"https://management.core.windows.net/\",\"https://127.0.0.1:4711/\"]},"
    "\"resourceManager\":\"https://127.0.0.1:4711/\","
    "\"microsoftGraphResourceId\":\"https://127.0.0.1:4711/\","
    "\"dataplaneEndpoints\":{\"hciDataplaneServiceEndpoint\":\"https://127.0.0.1:4711/dataplane\"},"
    "\"azloconf\":{\"dataplane\":1,\"usageScope\":\"https://127.0.0.1:4711/usage/.default\","
    "\"verificationHosts\":[\"127.0.0.1\"]}}";

/* register-flow.md 1.5 and azure-wire.md 1.1, written down a second time. */
static void rows_to_the_letter(void **state)
{
    static const char *const said[][8] = {
        { "AzureCloud", "https://login.microsoftonline.com", "https://dp.stackhci.azure.com",
          "https://azurestackhci-usage.trafficmanager.net/.default",
          "https://graph.microsoft.com/.default", "https://management.azure.com", "eastus",
          "AzurePublicCloud" },
        { "AzureChinaCloud", "https://login.partner.microsoftonline.cn",
          "https://dp.stackhci.azure.cn", "1322e676-dee7-41ee-a874-ac923822781c/.default",
          "https://microsoftgraph.chinacloudapi.cn/.default", "https://management.chinacloudapi.cn",
          "chinaeast2", "AzureChinaCloud" },
        { "AzureUSGovernment", "https://login.microsoftonline.us",
          "https://dp.azurestackhci.azure.us", "https://dp.azurestackhci.azure.us/.default",
          "https://graph.microsoft.us/.default", "https://management.usgovcloudapi.net",
          "usgovvirginia", "AzureUSGovernmentCloud" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(said); i++) {
        const struct cloud *c = cloud_find(said[i][0]);
        const char *is[] = { c->name,        c->login, c->dataplane, c->usage_scope,
                             c->graph_scope, c->arm,   c->region,    c->imds };

        for (size_t k = 0; k < ARRAY_LEN(is); k++)
            assert_string_equal(is[k], said[i][k]);
        assert_string_equal(c->arm_audience, c->arm);
    }
}

static int from_agent(struct cloud *c, const char *text, bool trusted, struct err *e)
{
    struct json *j = parse(text);
    int rc;

    memset(c, 0, sizeof(*c));
    memset(e, 0, sizeof(*e));
    rc = cloud_from_agent(c, j, trusted, e);
    json_free(j);
    return rc;
}

static void the_agents_cloud(void **state)
{
    struct cloud c;
    struct err e;

    (void)state;
    assert_int_equal(from_agent(&c, "{\"Suffixes\":{\"Storage\":\"a.lan\"}}", false, &e), 0);
    assert_string_equal(c.name, "Azure.local");
    assert_string_equal(c.login, "https://login.a.lan");
    assert_string_equal(c.graph, "https://graph.a.lan");
    assert_string_equal(c.graph_scope, "https://graph.a.lan"); /* no "/.default" */
    assert_string_equal(c.dataplane, "https://dp.aszrp.a.lan");
    assert_string_equal(c.usage_scope, "https://dp.aszrp.a.lan/.default");
    assert_string_equal(c.portal, "https://portal.a.lan/");
    assert_string_equal(c.arm, "https://armmanagement.a.lan");
    assert_true(cloud_may_verify(&c, "https://login.a.lan/x"));
    assert_false(cloud_may_verify(&c, "https://login.microsoftonline.com/x"));
    assert_int_equal(
        from_agent(&c,
                   "{\"suffixes\":{\"storage\":\"a.lan\"},\"portal\":\"https://p.a.lan/\","
                   "\"graph\":\"https://g.a.lan\",\"resourceManager\":\"https://arm.a.lan/\","
                   "\"authentication\":{\"loginEndpoint\":\"https://l.a.lan/adfs/\"},"
                   "\"dataplaneEndpoints\":{\"hciDataplaneServiceEndpoint\":\"https://d.a.lan\"}}",
                   false, &e),
        0);
    assert_string_equal(c.login, "https://l.a.lan/adfs");
    assert_string_equal(c.arm, "https://arm.a.lan");
    assert_string_equal(c.portal, "https://p.a.lan/");
    assert_string_equal(c.usage_scope, "https://d.a.lan/.default");
}

static void the_agents_cloud_refused(void **state)
{
    static const char *const bad[] = {
        "[]",
        "{}",
        "{\"suffixes\":{\"storage\":\"\"}}",
        "{\"suffixes\":{\"storage\":\"lan\"}}",
        "{\"suffixes\":{\"storage\":\"a.lan/x\"}}",
        "{\"suffixes\":{\"storage\":\"10.0.0.1\"}}",
        "{\"suffixes\":{\"storage\":\"a..lan\"}}",
        "{\"suffixes\":{\"storage\":\"a.lan\"},\"graph\":\"http://graph.a.lan\"}",
        "{\"suffixes\":{\"storage\":\"a.lan\"},\"graph\":7}",
        "{\"suffixes\":{\"storage\":\"a.lan\"},\"portal\":\"https://evil-a.lan\"}",
        ("{\"suffixes\":{\"storage\":\"a.lan\"},\"authentication\":{\"loginEndpoint\":"
         "\"https://login.evil.example\"}}"),
        "{\"suffixes\":{\"storage\":\"a.lan\"},\"graph\":\"https://x@graph.a.lan\"}",
    };
    struct cloud c;
    struct err e;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_int_equal(from_agent(&c, bad[i], false, &e), -1);
        assert_true(e.message[0] != 0);
        assert_string_equal(c.arm, "");
    }
    assert_int_equal(from_agent(&c, bad[10], true, &e), 0); /* its CA was given */
}

static void metadata_object(void **state)
{
    struct cloud c;
    struct err e;

    (void)state;
    assert_int_equal(discover(&c, "https://127.0.0.1:4711", sandbox_object, false, &e), 0);
    assert_string_equal(c.name, "azlosandbox");
    assert_string_equal(c.login, "https://127.0.0.1:4711");
    assert_string_equal(c.arm, "https://127.0.0.1:4711");
    assert_string_equal(c.arm_audience, "https://127.0.0.1:4711/");
    assert_string_equal(c.portal, "https://127.0.0.1:4711/portal/");
    assert_string_equal(c.usage_scope, "https://127.0.0.1:4711/usage/.default");
    assert_int_equal(c.native_dataplane, 1);
    assert_true(c.discovered);
    assert_true(cloud_may_verify(&c, "https://127.0.0.1:4711/devicelogin"));
    assert_false(cloud_may_verify(&c, "https://localhost:4711/devicelogin"));
    assert_false(cloud_may_verify(&c, "https://microsoft.com/devicelogin"));
}

static void metadata_on_ipv6(void **state)
{
    struct cloud c;
    struct err e;

    (void)state;
    assert_int_equal(
        discover(&c, "https://[::1]:4711",
                 "{\"name\":\"six\",\"authentication\":{\"loginEndpoint\":"
                 "\"https://[::1]:4711/\"},\"azloconf\":{\"verificationHosts\":[\"::1\"]}}",
                 false, &e),
        0);
    assert_string_equal(c.arm, "https://[::1]:4711");
    assert_true(cloud_may_verify(&c, "https://[::1]:4711/devicelogin"));
    assert_false(cloud_may_verify(&c, "https://[::2]:4711/devicelogin"));
}

static void metadata_array_and_oldest(void **state)
{
    struct cloud c;
    struct err e;

    (void)state;
    assert_int_equal(
        discover(&c, "https://arm.local.example/",
                 "[{\"name\":\"AzureCloud\",\"resourceManager\":\"https://management.azure.com/\","
                 "\"authentication\":{\"loginEndpoint\":\"https://login.microsoftonline.com\"}},"
                 "{\"name\":\"Stack\",\"resourceManager\":\"https://arm.local.example\","
                 "\"portal\":\"https://portal.local.example\","
                 "\"authentication\":{\"loginEndpoint\":\"https://login.local.example/adfs\","
                 "\"audiences\":[\"https://management.local.example/guid\"]}}]",
                 true, &e),
        0);
    assert_string_equal(c.name, "Stack");
    assert_string_equal(c.login, "https://login.local.example/adfs");
    assert_string_equal(c.arm_audience, "https://management.local.example/guid");
    assert_string_equal(c.usage_scope, "1322e676-dee7-41ee-a874-ac923822781c/.default");
    assert_int_equal(c.native_dataplane, 0);
    assert_true(cloud_may_verify(&c, "https://login.local.example/device"));

    assert_int_equal(
        discover(&c, "https://stack.example",
                 "{\"galleryEndpoint\":\"x\",\"graphEndpoint\":\"y\",\"portalEndpoint\":"
                 "\"https://stack.example/portal/\",\"authentication\":{\"loginEndpoint\":"
                 "\"https://stack.example/login/\",\"audiences\":[]}}",
                 false, &e),
        0);
    assert_string_equal(c.name, "stack.example");
    assert_string_equal(c.arm, "https://stack.example");
    assert_string_equal(c.arm_audience, "https://stack.example");
    assert_string_equal(c.login, "https://stack.example/login");
}

static void metadata_takes_no_known_name(void **state)
{
    struct cloud c;
    struct err e;

    (void)state;
    assert_int_equal(
        discover(&c, "https://evil.example",
                 "{\"name\":\"AzureCloud\",\"resourceManager\":\"https://evil.example\","
                 "\"authentication\":{\"loginEndpoint\":\"https://evil.example\"}}",
                 true, &e),
        0);
    assert_string_equal(c.name, "evil.example");
}

static void metadata_refused(void **state)
{
    static const struct {
        const char *endpoint, *doc;
        bool trusted;
    } cases[] = {
        { "http://a.example", "{}", true },
        { "https://a.example", "[]", true },
        { "https://a.example", "\"text\"", true },
        { "https://a.example", "{\"authentication\":{}}", true },
        { "https://a.example", "{\"authentication\":{\"loginEndpoint\":7}}", true },
        { "https://a.example", "{\"authentication\":{\"loginEndpoint\":\"http://a.example\"}}",
          true },
        { "https://a.example", "{\"authentication\":{\"loginEndpoint\":\"https://b.example\"}}",
          false },
        { "https://a.example",
          "{\"resourceManager\":\"https://"
          "a.example@b.example\",\"authentication\":{\"loginEndpoint\":\"https://a.example\"}}",
          true },
        { "https://a.example",
          "{\"resourceManager\":\"https://"
          "b.example\",\"authentication\":{\"loginEndpoint\":\"https://a.example\"}}",
          false },
        { "https://a.example",
          "{\"authentication\":{\"loginEndpoint\":\"https://"
          "a.example\"},\"azloconf\":{\"verificationHosts\":[\"b.example\"]}}",
          false },
        { "https://a.example",
          "{\"authentication\":{\"loginEndpoint\":\"https://"
          "a.example\"},\"azloconf\":{\"verificationHosts\":[1]}}",
          true },
        { "https://a.example",
          "{\"authentication\":{\"loginEndpoint\":\"https://"
          "a.example\"},\"azloconf\":{\"usageScope\":\"https://b.example/.default\"}}",
          false },
        { "https://a.example",
          "{\"authentication\":{\"loginEndpoint\":\"https://a.example\"},\"portal\":{}}", true },
    };
    struct cloud c;
    struct err e;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        if (discover(&c, cases[i].endpoint, cases[i].doc, cases[i].trusted, &e) != -1)
            fail_msg("case %zu was accepted", i);
        assert_true(err_is(&e) && e.message[0]);
        assert_string_equal(c.arm, "");
    }
}

int test_azure_cloud(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_whole),
        cmocka_unit_test(regions_have_clouds),
        cmocka_unit_test(verification_hosts),
        cmocka_unit_test(portal_address),
        cmocka_unit_test(rows_to_the_letter),
        cmocka_unit_test(the_agents_cloud),
        cmocka_unit_test(the_agents_cloud_refused),
        cmocka_unit_test(metadata_object),
        cmocka_unit_test(metadata_on_ipv6),
        cmocka_unit_test(metadata_array_and_oldest),
        cmocka_unit_test(metadata_takes_no_known_name),
        cmocka_unit_test(metadata_refused),
    };

    return TEST_GROUP("azure/cloud", tests);
}
