#include "config.h"

#include "testing.h"

#include "azure/auth.h"
#include "real/mask.h"
#include "real/mask_words.h"

int test_real_mask(void);

#define ID   "11111111-2222-3333-4444-555555555555"
#define WORD "kovacsburg"

static char *value(struct mask *m, const char *name, const char *text)
{
    struct str s = STR_INIT;

    mask_value(m, &s, "step", name, text);
    return str_take(&s);
}

static void formats_stay(void **state)
{
    static const struct {
        const char *in, *begins, *ends;
    } rows[] = {
        { "anna@contoso.example", "user-", "@example.invalid" },
        { "contoso.onmicrosoft.com", "host-", ".invalid" },
        { "10.1.2.3", "192.0.2.", "" },
        { "fd00::17", "2001:db8::", "" },
        { "Contoso", "w-", "" },
        { "https://contoso.example/a?api-version=2024-04-01", "https://host-",
          "?api-version=2024-04-01" },
        { "https://management.azure.com/subscriptions/" ID,
          "https://management.azure.com/subscriptions/", "" },
        { "/subscriptions/" ID "/resourceGroups/rg/providers/Microsoft.AzureStackHCI/clusters/c",
          "/subscriptions/", "" },
        { "2026-11-21T09:41:22.1234567Z", "2026-11-21T09:41:22.1234567Z", "" },
        { "2025-09-15-preview", "2025-09-15-preview", "" },
        { AUTH_CLIENT_AZURE_CLI, AUTH_CLIENT_AZURE_CLI, "" },
        { "", "", "" },
    };
    struct mask *m = mask_new();

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char *out = value(m, "x", rows[i].in), *again = value(m, "x", rows[i].in);

        if (!str_starts(out, rows[i].begins) || !str_ends(out, rows[i].ends))
            fail_msg("%s -> %s", rows[i].in, out);
        assert_string_equal(out, again); /* equal stays equal */
        assert_null(strstr(out, ID));
        assert_null(str_ifind(out, "contoso"));
        free(out);
        free(again);
    }
    mask_free(m);
}

static void one_guid_however_written(void **state)
{
    struct mask *m = mask_new(), *other = mask_new();
    char *a = value(m, "x", "aBCDef01-2222-3333-4444-555555555555");
    char *b = value(m, "x", "ABCDEF01-2222-3333-4444-555555555555");
    char *c = value(other, "x", "ABCDEF01-2222-3333-4444-555555555555");
    char *path = value(m, "x", "/subscriptions/abcdef01-2222-3333-4444-555555555555");

    (void)state;
    assert_true(guid_is(a));
    assert_string_equal(a, b);
    assert_string_not_equal(a, c); /* another run, another key */
    assert_true(str_ends(path, a));
    free(a);
    free(b);
    free(c);
    free(path);
    mask_free(m);
    mask_free(other);
}

static void public_words_stay(void **state)
{
    static const char *const rows[][2] = {
        { "state", "Enabled" },
        { "resourceType", "clusters/arcSettings" },
        { "locations", "West Europe" },
        { "actions", "Microsoft.AzureStackHCI/*/read" },
        { "code", "AuthorizationFailed" },
        { "message", "The client 'a' does not have authorization to perform action "
                     "'Microsoft.AzureStackHCI/clusters/read' (AADSTS70016)." },
    };
    struct mask *m = mask_new();

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct json *in = json_object(), *out;

        json_set_str(in, rows[i][0], rows[i][1]);
        out = mask_json(m, "step", in);
        assert_string_equal(json_str(out, rows[i][0]), rows[i][1]);
        json_free(in);
        json_free(out);
    }
    mask_free(m);
}

/* A member whose words are public keeps none that looks like an address, an id or a sentence of
 * others. */
static void public_places_are_no_hole(void **state)
{
    static const char *const bad[] = { "https://" WORD ".example/x",
                                       "/subscriptions/" WORD,
                                       "x-" ID,
                                       "10.1.2.3",
                                       "a@" WORD ".example",
                                       WORD "\"x" };
    struct mask *m = mask_new();

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        char *out = value(m, "location", bad[i]);

        assert_null(strstr(out, WORD));
        assert_null(strstr(out, ID));
        assert_null(strstr(out, "10.1.2.3"));
        free(out);
    }
    mask_free(m);
}

static void secrets_go(void **state)
{
    static const char *const text =
        "{\"access_token\":\"" WORD "\",\"user_code\":\"" WORD "\",\"refreshToken\":[\"" WORD
        "\"],\"secretText\":{\"a\":\"" WORD "\"},\"id_token\":null,\"client_info\":7,"
        "\"tags\":{\"" WORD "\":\"" WORD "\",\"state\":\"" WORD "\"},\"displayName\":\"" WORD
        "\",\"" ID "\":1,\"n\":12,\"b\":true}";
    struct mask *m = mask_new();
    struct str s = STR_INIT;
    struct err e = { 0 };
    struct json *in = json_parse(text, strlen(text), 0, &e), *out;

    (void)state;
    assert_non_null(in);
    out = mask_json(m, "step", in);
    json_write(&s, out);
    assert_null(strstr(s.p, WORD));
    assert_null(strstr(s.p, ID));
    assert_string_equal(json_str(out, "access_token"), MASK_GONE);
    assert_string_equal(json_str(out, "user_code"), MASK_GONE);
    assert_string_equal(json_str(out, "client_info"), MASK_GONE);
    assert_true(json_is_null(json_member(out, "id_token")));
    assert_true(json_is_number(json_member(out, "n")));
    assert_true(json_is_bool(json_member(out, "b")));
    assert_int_equal(json_len(json_member(out, "tags")), 2);
    str_free(&s);
    json_free(in);
    json_free(out);
    mask_free(m);
}

/* Whatever stands around it, a word that is in no table does not come through. */
static void any_surroundings(void **state)
{
    static const char *const around[] = {
        " ",
        "'",
        "\"",
        "/",
        "?",
        "&",
        "=",
        "https://",
        "http://",
        "@",
        ".",
        ":",
        ",",
        ";",
        "%",
        "%2",
        "#",
        "\\",
        "\n",
        "(",
        "the",
        "code",
        "Bearer",
        "Microsoft",
        "12",
        "-",
        "\xc3\xa4",
        "{",
        "[",
        "",
        "/subscriptions/",
        "providers/Microsoft.X/",
        "api-version=",
        "$filter=",
        "locations/",
    };
    struct mask *m = mask_new();
    unsigned seed = 20261121;

    (void)state;
    for (int i = 0; i < 20000; i++) {
        struct str in = STR_INIT, out = STR_INIT;

        for (int k = 0; k < 8; k++) {
            seed = seed * 1103515245u + 12345u;
            str_add(&in, k == 4 ? WORD : around[(seed >> 16) % ARRAY_LEN(around)]);
        }
        mask_text(m, &out, in.p, in.len);
        mask_url(m, &out, in.p);
        mask_value(m, &out, "step", "displayName", in.p);
        if (str_ifind(out.p, WORD))
            fail_msg("%s -> %s", in.p, out.p);
        str_free(&in);
        str_free(&out);
    }
    mask_free(m);
}

int test_real_mask(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formats_stay),      cmocka_unit_test(one_guid_however_written),
        cmocka_unit_test(public_words_stay), cmocka_unit_test(public_places_are_no_hole),
        cmocka_unit_test(secrets_go),        cmocka_unit_test(any_surroundings),
    };

    return TEST_GROUP("real/mask", tests);
}
