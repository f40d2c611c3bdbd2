#include "config.h"

#include "testing.h"

#include "base/str.h"
#include "base/text.h"
#include "wire/params.h"

int test_wire_params(void);

/* "" right, else the sentence. *out: the value as it is sent, as JSON. */
static const char *judged(enum param_no no, const char *json, char out[200])
{
    static struct err e;
    struct json *j, *own = NULL;
    struct str s = STR_INIT;

    err_clear(&e);
    j = json_parse(json, strlen(json), 0, &e);
    assert_non_null(j);
    out[0] = 0;
    if (param_judge(&params[no], j, &own, &e) == 0) {
        json_write(&s, own);
        str_copy(out, 200, str_p(&s));
    } else {
        assert_null(own);
        assert_true(strlen(e.message) > 10);
    }
    json_free(own);
    json_free(j);
    str_free(&s);
    return e.message;
}

static void right_values(void **s)
{
    static const struct {
        enum param_no no;
        const char *json, *sent;
    } rows[] = {
        { PAR_SUBSCRIPTION, "\"{11111111-AAAA-3333-4444-555555555555}\"",
          "\"11111111-aaaa-3333-4444-555555555555\"" },
        { PAR_REGION, "\" East US \"", "\"eastus\"" },
        { PAR_NAME, "\"CLUSTER-A\"", "\"CLUSTER-A\"" },
        { PAR_GROUP, "\"a_(b).c-d\"", "\"a_(b).c-d\"" },
        { PAR_THUMBPRINT, "\"ab:cd 0123456789ABCDEF0123456789abcdef0123\"",
          "\"ABCD0123456789ABCDEF0123456789ABCDEF0123\"" },
        { PAR_REPAIR, "true", "true" },
        { PAR_REPAIR, "false", "false" },
        { PAR_TAG, "{\"owner\":\"IT\",\"empty\":\"\"}", "{\"owner\":\"IT\",\"empty\":\"\"}" },
        { PAR_LOGS, "\"/var/log/hci\"", "\"/var/log/hci\"" },
    };
    char out[200];

    (void)s;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_string_equal(judged(rows[i].no, rows[i].json, out), "");
        assert_string_equal(out, rows[i].sent);
    }
}

static void wrong_values(void **s)
{
    static const struct {
        enum param_no no;
        const char *json, *says;
    } rows[] = {
        { PAR_SUBSCRIPTION, "\"x\"", "GUID" },
        { PAR_TENANT, "7", "must be a text" },
        { PAR_REGION, "\"mars!\"", "for example eastus" },
        { PAR_REGION, "\"  \"", "empty" },
        { PAR_NAME, "\"a/b\"", "holds letters" },
        { PAR_NAME, "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"", "at most 40" },
        { PAR_NAME, "\"a\\u001bb\"", "characters that cannot be" },
        { PAR_GROUP, "\"ends.\"", "full stop" },
        { PAR_THUMBPRINT, "\"ABCD\"", "40 hexadecimal" },
        { PAR_THUMBPRINT, "\"XXXX0123456789ABCDEF0123456789ABCDEF0123\"", "40 hexadecimal" },
        { PAR_THUMBPRINT, "\"ABCD0123456789ABCDEF0123456789ABCDEF012345\"", "40 hexadecimal" },
        { PAR_REPAIR, "\"true\"", "true or false" },
        { PAR_TAG, "\"a=b\"", "an object of texts" },
        { PAR_TAG, "{\"a\":1}", "must be a text" },
        { PAR_TAG, "{\"a/b\":\"\"}", "may not hold" },
        { PAR_TAG, "{\"\":\"\"}", "needs a name" },
        { PAR_TAG, "{\"Owner\":\"a\",\"owner\":\"b\"}", "twice" },
        { PAR_GROUP_TAGS, "{\"createdby\":\"me\"}", "set by the registration itself" },
        { PAR_LOGS, "\"logs\"", "absolute" },
        { PAR_COMPUTER, "\"node9\"", "cannot be used here" },
        { PAR_CREDENTIAL, "\"anna\"", "cannot be used here" },
        { PAR_ARM_TOKEN, "\"eyJ\"", "secret" },
    };
    char out[200];

    (void)s;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (!strstr(judged(rows[i].no, rows[i].json, out), rows[i].says))
            fail_msg("%s %s: %s", params[rows[i].no].id, rows[i].json,
                     judged(rows[i].no, rows[i].json, out));
}

/* n tags; the first has a name and a value of so many characters. */
static bool tags_pass(enum param_no no, int n, size_t name, size_t value, const char *one)
{
    struct json *tags = json_object(), *own = NULL;
    struct str a = STR_INIT, b = STR_INIT;
    struct err e = { 0 };
    bool ok;

    for (size_t i = 0; i < name; i++)
        str_add(&a, one);
    for (size_t i = 0; i < value; i++)
        str_add(&b, one);
    json_set_str(tags, a.p, str_p(&b));
    for (int i = 1; i < n; i++) {
        char t[20];

        str_fmt(t, sizeof t, "t%d", i);
        json_set_str(tags, t, "v");
    }
    ok = param_judge(&params[no], tags, &own, &e) == 0;
    json_free(tags);
    json_free(own);
    str_free(&a);
    str_free(&b);
    return ok;
}

/* azure-wire.md 2.4.3: 50 tags, name 512, value 256. */
static void the_rules_limits(void **s)
{
    (void)s;
    assert_true(tags_pass(PAR_TAG, 50, 512, 256, "x"));
    assert_false(tags_pass(PAR_TAG, 51, 1, 1, "x"));
    assert_false(tags_pass(PAR_TAG, 1, 513, 1, "x"));
    assert_false(tags_pass(PAR_TAG, 1, 1, 257, "x"));
    assert_true(tags_pass(PAR_TAG, 1, 512, 256, "\xc3\xa4")); /* characters, not bytes */
    assert_true(tags_pass(PAR_TAG, 1, 1, 128, "\xf0\x9f\x98\x80"));
    assert_false(tags_pass(PAR_TAG, 1, 1, 129, "\xf0\x9f\x98\x80")); /* two each */
    assert_true(tags_pass(PAR_GROUP_TAGS, 49, 1, 1, "x"));
    assert_false(tags_pass(PAR_GROUP_TAGS, 50, 1, 1, "x")); /* CreatedBy is the fiftieth */
}

static void tags_as_text(void **s)
{
    struct err e = { 0 };
    struct str out = STR_INIT;
    struct json *tags = param_tags_read(" owner = IT ,, cost=a=b, e=", &e);

    (void)s;
    assert_non_null(tags);
    param_tags_text(&out, tags);
    assert_string_equal(out.p, "owner=IT, cost=a=b, e=");
    json_free(tags);
    str_free(&out);
    assert_null(param_tags_read("a=1, b", &e));
    assert_non_null(strstr(e.message, "NAME=VALUE"));
    assert_null(param_tags_read("a=1, A=2", &e));
    tags = param_tags_read("", &e);
    assert_int_equal(json_len(tags), 0);
    json_free(tags);
}

static void names_without_case_and_near_ones(void **s)
{
    (void)s;
    assert_ptr_equal(param_find("REGION"), &params[PAR_REGION]);
    assert_ptr_equal(param_find("arcSpnAppId"), &params[PAR_ARC_SPN]);
    assert_null(param_find("regoin"));
    assert_string_equal(param_near("Regoin"), "Region");
    assert_string_equal(param_near("SubscriptonID"), "SubscriptionId");
    assert_string_equal(param_near("Tags"), "Tag");
    assert_string_equal(param_near("EntirelyDifferentThing"), "");
    assert_string_equal(param_near("Foo"), ""); /* three letters of three are no slip */
}

/* Every row can serve what it is for. */
static void the_table_is_whole(void **s)
{
    (void)s;
    for (int i = 0; i < PARAMS; i++) {
        const struct param *p = &params[i];

        assert_non_null(p->id);
        assert_non_null(p->name);
        assert_true(str_ieq(p->id, p->name) || i == PAR_ARC_SPN);
        assert_ptr_equal(param_find(p->name), p);
        assert_true(!p->option || p->brief);
        assert_true(!p->help || p->label);
        assert_true(p->instead || (p->flags & (PARAM_SENT | PARAM_KEY)));
        assert_false((p->flags & PARAM_SENT) && (p->flags & PARAM_SECRET));
        assert_true(!p->option || (p->kind == PARAM_FLAG) == !p->arg);
    }
}

int test_wire_params(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(right_values),
        cmocka_unit_test(wrong_values),
        cmocka_unit_test(the_rules_limits),
        cmocka_unit_test(tags_as_text),
        cmocka_unit_test(names_without_case_and_near_ones),
        cmocka_unit_test(the_table_is_whole),
    };

    return TEST_GROUP("wire/params", tests);
}
