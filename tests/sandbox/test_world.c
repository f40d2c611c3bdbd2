#include "config.h"

#include "testing.h"
#include "fixture.h"
#include "sandbox/resource.h"

#include <sys/stat.h>
#include <unistd.h>

static void count_one(const char *id, struct json *resource, void *payload)
{
    (void)id;
    (void)resource;
    ++*(int *)payload;
}

static void first_world_has_tenants_and_subscriptions(void **state)
{
    (void)state;
    fx_open(NULL, true);
    assert_true(guid_is(world_tenant(fx_world)));
    assert_true(guid_is(world_subscription(fx_world)));
    assert_int_equal(json_len(world_section(fx_world, "tenants")), 2);
    assert_int_equal(json_len(world_section(fx_world, "subscriptions")), 4);
    assert_int_equal(json_len(world_section(fx_world, "regions")), 6);
    assert_string_equal(json_str(json_first(world_section(fx_world, "users")), "upn"),
                        "anna@contoso.onmicrosoft.com");
    fx_close();
}

static void resources_are_found_without_case(void **state)
{
    int n = 0;
    struct json *j = json_object();

    (void)state;
    fx_open(NULL, true);
    json_set_str(j, "id", "/subscriptions/X/resourceGroups/Rg");
    world_put(fx_world, "/subscriptions/X/resourceGroups/Rg", j);
    assert_non_null(world_resource(fx_world, "/Subscriptions/x/RESOURCEGROUPS/rg"));
    assert_null(world_resource(fx_world, "/subscriptions/x/resourcegroups/rg2"));
    world_each(fx_world, "/SUBSCRIPTIONS/x/", count_one, &n);
    assert_int_equal(n, 1);
    assert_true(world_remove(fx_world, "/subscriptions/x/resourceGroups/RG/"));
    assert_false(world_remove(fx_world, "/subscriptions/x/resourceGroups/RG"));
    fx_close();
}

static void a_world_is_kept(void **state)
{
    struct world *again;
    struct err e = { 0 };
    char tenant[64], dir[512];

    (void)state;
    fx_open(NULL, true);
    STR_SET(tenant, world_tenant(fx_world));
    STR_SET(dir, sb_options.dir);
    json_set_str(world_section(fx_world, "signins"), "x", "y");
    world_touch(fx_world);
    world_save(fx_world);
    assert_int_equal(world_open(dir, "", &again, &e), 0);
    assert_string_equal(world_tenant(again), tenant);
    assert_string_equal(json_str(world_section(again, "signins"), "x"), "y");
    world_close(again);
    fx_close();
}

static void a_broken_world_is_an_error(void **state)
{
    struct world *w = NULL;
    struct err e = { 0 };
    char path[600];
    FILE *f;

    (void)state;
    fx_open(NULL, true);
    snprintf(path, sizeof path, "%s/world.json", sb_options.dir);
    f = fopen(path, "w");
    fputs("{\"tenants\":", f);
    fclose(f);
    assert_int_equal(world_open(sb_options.dir, "", &w, &e), -1);
    assert_null(w);
    assert_true(e.message[0] != 0);
    fx_close();
}

static void a_seed_changes_the_world(void **state)
{
    (void)state;
    fx_open(
        "{\"tenant\":\"aaaaaaaa-0000-4000-8000-000000000001\",\"subscriptions\":[{"
        "\"subscriptionId\":"
        "\"bbbbbbbb-0000-4000-8000-000000000002\",\"displayName\":\"Only\"}],\"providers\":{"
        "\"Microsoft.AzureStackHCI\":"
        "\"Registered\"},\"regions\":[\"Canada Central\"],\"resources\":[{\"id\":\"/subscriptions/"
        "bbbbbbbb-0000-4000-8000-000000000002/resourceGroups/old\",\"name\":\"old\",\"type\":"
        "\"Microsoft.Resources/"
        "resourceGroups\",\"location\":\"eastus\",\"properties\":{\"provisioningState\":"
        "\"Succeeded\"}}],\"denyActions\":[\"Microsoft.Authorization/roleAssignments/write\"]}",
        true);
    assert_string_equal(world_tenant(fx_world), "aaaaaaaa-0000-4000-8000-000000000001");
    assert_string_equal(world_subscription(fx_world), "bbbbbbbb-0000-4000-8000-000000000002");
    assert_int_equal(fx_call("GET", "/subscriptions/@S/resourcegroups/OLD", "2021-04-01", NULL),
                     200);
    assert_int_equal(
        fx_call("GET", "/subscriptions/@S/providers/Microsoft.AzureStackHCI", "2021-04-01", NULL),
        200);
    assert_string_equal(fx_str("registrationState"), "Registered");
    assert_string_equal(fx_str("resourceTypes.0.locations.0"), "Canada Central");
    fx_close();
}

static int open_with(const char *seed, struct err *e)
{
    static int n;
    struct world *w = NULL;
    char dir[300], path[400];
    FILE *f;
    int rc;

    snprintf(dir, sizeof dir, "%s/seed%d", test_dir(), ++n);
    assert_int_equal(mkdir(dir, 0700), 0);
    snprintf(path, sizeof path, "%s/seed.json", dir);
    f = fopen(path, "w");
    assert_non_null(f);
    fputs(seed, f);
    fclose(f);
    rc = world_open(dir, path, &w, e);
    if (rc == 0)
        world_close(w);
    return rc;
}

static void a_mistyped_seed_is_refused(void **state)
{
    static const char *const bad[] = {
        "[]",
        "{\"tenant\":\"x\"}",
        "{\"subscription\":[]}",
        "{\"regions\":\"East US\"}",
        "{\"subscriptions\":[{\"subscriptionId\":\"x\"}]}",
        "{\"subscriptions\":[{\"state\":\"Off\"}]}",
        "{\"subscriptions\":[7]}",
        "{\"resourceProviderObjectIdNull\":\"yes\"}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct err e = { 0 };
        assert_int_equal(open_with(bad[i], &e), -1);
        assert_int_equal(e.domain, ERR_USAGE);
        assert_non_null(strstr(e.context, "seed.json"));
    }
}

static void a_warned_subscription_is_better_than_none(void **state)
{
    (void)state;
    fx_open("{\"subscriptions\":[{\"subscriptionId\":\"bbbbbbbb-0000-4000-8000-000000000001\","
            "\"state\":\"Disabled\"},{\"subscriptionId\":"
            "\"bbbbbbbb-0000-4000-8000-000000000002\",\"state\":\"Warned\"}]}",
            true);
    assert_string_equal(world_subscription(fx_world), "bbbbbbbb-0000-4000-8000-000000000002");
    fx_close();
}

int test_sandbox_world(void);
int test_sandbox_world(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_world_has_tenants_and_subscriptions),
        cmocka_unit_test(resources_are_found_without_case),
        cmocka_unit_test(a_world_is_kept),
        cmocka_unit_test(a_broken_world_is_an_error),
        cmocka_unit_test(a_seed_changes_the_world),
        cmocka_unit_test(a_mistyped_seed_is_refused),
        cmocka_unit_test(a_warned_subscription_is_better_than_none),
    };

    return TEST_GROUP("sandbox/world", tests);
}
