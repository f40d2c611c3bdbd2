#include "config.h"

#include "testing.h"

#include "azure/arm.h"
#include "azure/hci.h"

static struct json *parse(const char *text)
{
    struct err e = { 0 };
    struct json *j = json_parse(text, strlen(text), 0, &e);

    if (!j)
        fail_msg("%s", e.message);
    return j;
}

static void same_json(struct json *got, const char *expected)
{
    struct json *want = parse(expected);

    assert_true(json_equal(got, want));
    json_free(got);
    json_free(want);
}

static const char cluster_text[] =
    "{\"id\":\"/subscriptions/s/resourceGroups/g/providers/Microsoft.AzureStackHCI/clusters/c\","
    "\"location\":\"East US\",\"identity\":{\"type\":\"SystemAssigned\",\"principalId\":\"p-1\"},"
    "\"properties\":{\"provisioningState\":\"Succeeded\",\"status\":\"NotYetRegistered\","
    "\"cloudId\":\"cloud-1\",\"serviceEndpoint\":\"https://dp.example/eastus\","
    "\"resourceProviderObjectId\":null,\"lastSyncTimestamp\":\"2026-11-21T09:41:22.1234567+05:30\"}"
    "}";

static void reads_cluster(void **state)
{
    struct json *j = parse(cluster_text);
    struct hci_cluster c, back;
    struct err e = { 0 };
    struct json *own;

    (void)state;
    assert_int_equal(hci_read_cluster(j, &c, &e), 0);
    assert_string_equal(c.location, "East US");
    assert_string_equal(c.identity_type, "SystemAssigned");
    assert_string_equal(c.principal_id, "p-1");
    assert_string_equal(c.cloud_id, "cloud-1");
    assert_string_equal(c.service_endpoint, "https://dp.example/eastus");
    assert_string_equal(c.rp_object_id, "");
    assert_string_equal(c.status, "NotYetRegistered");
    own = json_encode(&hci_cluster_type, &c);
    assert_int_equal(json_decode(own, &hci_cluster_type, &back, &e), 0);
    assert_memory_equal(&c, &back, sizeof(c));
    json_free(own);
    json_free(j);
}

static void refuses_bad_clusters(void **state)
{
    static const char *const bad[] = {
        "{}",
        "[]",
        "null",
        "{\"id\":7}",
        "{\"id\":\"/x\",\"properties\":{\"cloudId\":{\"a\":1}}}",
        "{\"id\":\"/x\",\"properties\":{\"cloudId\":\"0123456789012345678901234567890123456789\"}}",
        "{\"id\":\"/x\",\"identity\":{\"principalId\":true}}",
    };
    struct hci_cluster c;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct json *j = parse(bad[i]);
        struct err e = { 0 };

        if (hci_read_cluster(j, &c, &e) != -1)
            fail_msg("accepted: %s", bad[i]);
        assert_int_equal(e.domain, ERR_ARM);
        json_free(j);
    }
    /* a document whose properties are missing or of another kind is a resource without them */
    struct json *j = parse("{\"id\":\"/x\",\"properties\":\"oops\"}");
    struct err e = { 0 };

    assert_int_equal(hci_read_cluster(j, &c, &e), 0);
    assert_string_equal(c.cloud_id, "");
    json_free(j);
}

static void reads_arc(void **state)
{
    struct json *j =
        parse("{\"id\":\"/c/arcSettings/default\",\"properties\":{"
              "\"arcInstanceResourceGroup\":\"arc-rg\",\"aggregateState\":\"PartiallyConnected\","
              "\"perNodeDetails\":[{\"name\":\"node1\",\"arcInstance\":\"/m/"
              "node1\",\"state\":\"Connected\"},"
              "{\"name\":\"no\\u001bde2\",\"state\":null}]}}");
    struct hci_arc a;
    struct err e = { 0 };

    (void)state;
    assert_int_equal(hci_read_arc(j, &a, &e), 0);
    assert_string_equal(a.resource_group, "arc-rg");
    assert_int_equal(a.n, 2);
    assert_string_equal(a.nodes[0].state, "Connected");
    assert_string_equal(a.nodes[0].arc_instance, "/m/node1");
    assert_null(strchr(a.nodes[1].name, 0x1b));
    json_free(j);
}

static void refuses_bad_arc(void **state)
{
    struct str many = STR_INIT;
    struct hci_arc a;
    struct err e = { 0 };
    struct json *j;

    (void)state;
    j = parse("{\"id\":\"/x\",\"properties\":{\"perNodeDetails\":\"none\"}}");
    assert_int_equal(hci_read_arc(j, &a, &e), -1);
    json_free(j);
    j = parse("{\"id\":\"/x\",\"properties\":{\"perNodeDetails\":[1]}}");
    assert_int_equal(hci_read_arc(j, &a, &e), -1);
    json_free(j);
    str_add(&many, "{\"id\":\"/x\",\"properties\":{\"perNodeDetails\":[{}");
    for (int i = 0; i < 64; i++)
        str_add(&many, ",{}");
    str_add(&many, "]}}");
    j = parse(many.p);
    assert_int_equal(hci_read_arc(j, &a, &e), -1);
    json_free(j);
    str_free(&many);
}

static void running_states(void **state)
{
    (void)state;
    assert_true(hci_state_running("Creating"));
    assert_true(hci_state_running("updating"));
    assert_true(hci_state_running("DisableInProgress"));
    assert_true(hci_state_running("SomethingNew"));
    assert_false(hci_state_running("succeeded"));
    assert_false(hci_state_running("Failed"));
    assert_false(hci_state_running("Canceled"));
    assert_false(hci_state_running("PartiallyConnected"));
    assert_false(hci_state_running(""));
    assert_false(hci_state_running(NULL));
}

static void ids_and_bodies(void **state)
{
    static const char *const nodes[] = { "node1", "node2" };
    struct str id = STR_INIT, arc = STR_INIT;
    struct arm_id parts;
    struct json *tags;

    (void)state;
    hci_cluster_id(&id, "sub", "my-rg", "c1");
    assert_string_equal(
        id.p,
        "/subscriptions/sub/resourceGroups/my-rg/providers/Microsoft.AzureStackHCI/clusters/c1");
    hci_arc_id(&arc, id.p);
    assert_true(str_ends(arc.p, "/clusters/c1/arcSettings/default"));
    assert_true(arm_id_parse(&parts, id.p));
    assert_string_equal(parts.provider, "Microsoft.AzureStackHCI");
    assert_string_equal(parts.type, "clusters");
    assert_string_equal(parts.name, "c1");
    str_free(&id);
    str_free(&arc);

    same_json(hci_cluster_body("eastus", NULL),
              "{\"location\":\"eastus\",\"identity\":{\"type\":\"SystemAssigned\"}}");
    tags = parse("{\"a\":\"b\"}");
    same_json(hci_cluster_body("eastus", tags), "{\"location\":\"eastus\",\"identity\":{\"type\":"
                                                "\"SystemAssigned\"},\"tags\":{\"a\":\"b\"}}");
    json_free(tags);
    same_json(hci_identity_body(), "{\"identity\":{\"type\":\"SystemAssigned\"}}");
    same_json(hci_arc_body("arc-rg"), "{\"properties\":{\"arcInstanceResourceGroup\":\"arc-rg\"}}");
    same_json(hci_reconcile_body(nodes, 2),
              "{\"properties\":{\"clusterNodes\":[\"node1\",\"node2\"]}}");
}

static void names(void **state)
{
    char long_name[120];

    (void)state;
    memset(long_name, 'a', sizeof(long_name));
    long_name[91] = '\0';
    assert_null(hci_bad_group_name("my-rg_(1).x"));
    assert_non_null(hci_bad_group_name(""));
    assert_non_null(hci_bad_group_name(NULL));
    assert_non_null(hci_bad_group_name("ends."));
    assert_non_null(hci_bad_group_name("a/b"));
    assert_non_null(hci_bad_group_name("a b"));
    assert_non_null(hci_bad_group_name("a\nb"));
    assert_non_null(hci_bad_group_name(long_name));
    long_name[90] = '\0';
    assert_null(hci_bad_group_name(long_name));

    long_name[41] = '\0';
    assert_non_null(hci_bad_cluster_name(long_name));
    long_name[40] = '\0';
    assert_null(hci_bad_cluster_name(long_name));
    assert_non_null(hci_bad_cluster_name("a%62"));
    assert_non_null(hci_bad_cluster_name(".."));
    assert_non_null(hci_bad_cluster_name(""));
    assert_null(hci_bad_region("East US"));
    assert_null(hci_bad_region("chinaeast2"));
    assert_non_null(hci_bad_region("east-us;"));
    assert_non_null(hci_bad_region("  "));
    assert_non_null(hci_bad_region(""));
}

int test_azure_hci(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_cluster),  cmocka_unit_test(refuses_bad_clusters),
        cmocka_unit_test(reads_arc),      cmocka_unit_test(refuses_bad_arc),
        cmocka_unit_test(running_states), cmocka_unit_test(ids_and_bodies),
        cmocka_unit_test(names),
    };

    return TEST_GROUP("azure/hci", tests);
}
