#include "config.h"

#include "testing.h"

#include "core/cloud_find.h"
#include "core/fake.h"

int test_core_cloud_find(void);

static struct loop *loop;
static struct fake_http web;
static struct cloud found;
static struct err why;
static int answers;

static void on_found(void *payload, const struct cloud *cloud, const struct err *e)
{
    (void)payload;
    answers++;
    if (cloud)
        found = *cloud;
    if (e)
        why = *e;
}

static bool answered(void *arg)
{
    (void)arg;
    return answers > 0;
}

static int open_bed(void **s)
{
    struct err e = { 0 };

    (void)s;
    answers = 0;
    err_clear(&why);
    memset(&found, 0, sizeof(found));
    loop = loop_new(&e);
    fake_http_init(&web, loop);
    return 0;
}

static int close_bed(void **s)
{
    (void)s;
    fake_http_clear(&web);
    loop_free(loop);
    return 0;
}

static void find(bool trusted)
{
    cloud_find_start(&web.http, "https://127.0.0.1:44", trusted, on_found, NULL);
    assert_true(spin_until(loop, answered, NULL));
    assert_int_equal(answers, 1);
}

#define DOC                                                                                        \
    "{\"name\":\"mine\",\"portal\":\"https://127.0.0.1:44/\",\"resourceManager\":\"https://"       \
    "127.0.0.1:44/\","                                                                             \
    "\"authentication\":{\"loginEndpoint\":\"https://127.0.0.1:44/\",\"audiences\":[\"https://"    \
    "127.0.0.1:44\"]}}"

static void metadata_make_a_cloud(void **s)
{
    (void)s;
    fake_http_rule(&web, "GET", "/metadata/endpoints?api-version=", 200, DOC);
    find(true);
    assert_false(err_is(&why));
    assert_string_equal(found.arm, "https://127.0.0.1:44");
    assert_true(found.discovered);
    assert_int_equal(web.with_bearer, 0);
}

static void the_agent_is_asked_for_azure_local(void **s)
{
    (void)s;
    fake_http_rule(&web, "GET", "http://127.0.0.1:40342/metadata/endpoints?api-version=2020-06-01",
                   200, "{\"Suffixes\":{\"Storage\":\"a.lan\"}}");
    cloud_find_local(&web.http, "http://127.0.0.1:40342", false, on_found, NULL);
    assert_true(spin_until(loop, answered, NULL));
    assert_false(err_is(&why));
    assert_string_equal(found.name, "Azure.local");
    assert_string_equal(found.login, "https://login.a.lan");
    assert_int_equal(web.with_bearer, 0);
}

static void errors(void **s)
{
    (void)s;
    find(true); /* no rule: no answer came */
    assert_int_equal(why.domain, ERR_NET);
    assert_true(why.context[0] != 0);
    answers = 0;
    fake_http_rule(&web, "GET", "/metadata", 503, "busy");
    find(true);
    assert_int_equal(why.http, 503);
    web.n_rules = 0;
    answers = 0;
    err_clear(&why);
    fake_http_rule(&web, "GET", "/metadata", 200, "<html>login here</html>");
    find(true);
    assert_true(err_is(&why));
    assert_int_equal(found.arm[0], 0);
}

static void cancelled(void **s)
{
    struct cloud_find *f =
        cloud_find_start(&web.http, "https://127.0.0.1:44", true, on_found, NULL);

    (void)s;
    cloud_find_cancel(f);
    cloud_find_cancel(NULL);
    spin(loop, 20);
    assert_int_equal(answers, 0);
}

int test_core_cloud_find(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(metadata_make_a_cloud, open_bed, close_bed),
        cmocka_unit_test_setup_teardown(the_agent_is_asked_for_azure_local, open_bed, close_bed),
        cmocka_unit_test_setup_teardown(errors, open_bed, close_bed),
        cmocka_unit_test_setup_teardown(cancelled, open_bed, close_bed),
    };

    return TEST_GROUP("core/cloud_find", tests);
}
