#include "config.h"

#include "testing.h"

#include "base/name.h"
#include "base/str.h"

int test_base_name(void);

#define TEN   "a123456789"
#define FORTY TEN TEN TEN TEN

static void cluster_names(void **state)
{
    static const char *const good[] = { "c", "Cluster-1", "123", FORTY };
    static const char *const bad[] = { NULL,  "",    "-a",  "a-",         "a_b",      "a.b",
                                       "a b", "a/b", "a%b", "\x1b[31mab", "\xc3\xa4", FORTY "a" };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(good); i++)
        assert_null(name_bad_cluster(good[i]));
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_non_null(name_bad_cluster(bad[i]));
}

static void node_names(void **state)
{
    static const char *const good[] = { "n", "node-1.example_x", "123", FORTY TEN "abcd" };
    static const char *const bad[] = { NULL,
                                       "",
                                       "-a",
                                       ".",
                                       "..",
                                       "a.",
                                       "_a",
                                       "a b",
                                       "a/b",
                                       "n\xc3\xb6"
                                       "de",
                                       FORTY TEN "abcde" };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(good); i++)
        assert_null(name_bad_node(good[i]));
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_non_null(name_bad_node(bad[i]));
}

int test_base_name(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cluster_names),
        cmocka_unit_test(node_names),
    };

    return TEST_GROUP("base/name", tests);
}
