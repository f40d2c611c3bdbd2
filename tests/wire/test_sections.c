#include "config.h"

#include "testing.h"

#include "base/str.h"
#include "wire/sections.h"
#include "wire/wire.h"

int test_wire_sections(void);

static void encode(const struct json_type *t, const void *in, struct str *out)
{
    struct json *j = json_encode(t, in);

    json_write(out, j);
    json_free(j);
}

/* Every byte of a struct that is not text padding comes back: the second encoding is the first. */
static void round_trip(const struct json_type *t, const void *in, void *out)
{
    struct str a = STR_INIT, b = STR_INIT;
    struct err e = { 0 };
    struct json *j;

    encode(t, in, &a);
    j = json_parse(a.p, a.len, WIRE_MAX_LINE, &e);
    assert_non_null(j);
    assert_int_equal(json_decode(j, t, out, &e), 0);
    encode(t, out, &b);
    assert_string_equal(a.p, b.p);
    json_free(j);
    str_free(&a);
    str_free(&b);
}

static void names_and_ids(void **s)
{
    (void)s;
    for (int i = 0; i < SECTIONS; i++) {
        assert_int_equal(section_rows[i].id, i);
        assert_ptr_equal(section_by_name(section_rows[i].name), &section_rows[i]);
    }
    assert_null(section_by_name("nonsense"));
    assert_null(section_by_name(NULL));
}

static void empty_sections(void **s)
{
    (void)s;
    for (int i = 0; i < SECTIONS; i++) {
        void *in = xcalloc(1, section_rows[i].type->size);
        void *out = xcalloc(1, section_rows[i].type->size);

        round_trip(section_rows[i].type, in, out);
        free(in);
        free(out);
    }
}

static void full_run(void **s)
{
    struct sec_run *in = xcalloc(1, sizeof(*in)), *out = xcalloc(1, sizeof(*out));
    struct str text = STR_INIT;

    (void)s;
    STR_SET(in->id, "20261121T094122Z-register");
    STR_SET(in->state, "running");
    in->owner_uid = 1000;
    in->n = SEC_MAX_STEPS;
    for (size_t i = 0; i < in->n; i++) {
        str_fmt(in->steps[i].id, sizeof(in->steps[i].id), "step-%zu", i);
        memset(in->steps[i].title, 't', sizeof(in->steps[i].title) - 1);
        memset(in->steps[i].detail, '"', sizeof(in->steps[i].detail) - 1);
        STR_SET(in->steps[i].state, "waiting");
        in->steps[i].no_return = i % 2;
    }
    in->n_nodes = SEC_MAX_NODES;
    for (size_t i = 0; i < in->n_nodes; i++) {
        str_fmt(in->nodes[i].name, sizeof(in->nodes[i].name), "node%zu", i);
        memset(in->nodes[i].detail, '\\', sizeof(in->nodes[i].detail) - 1);
    }
    memset(in->consent_url, '"', sizeof(in->consent_url) - 1);
    in->n_roles = SEC_MAX_ROLES;
    for (size_t i = 0; i < in->n_roles; i++) {
        str_fmt(in->roles[i].name, sizeof(in->roles[i].name), "role%zu", i);
        memset(in->roles[i].address, '"', sizeof(in->roles[i].address) - 1);
    }
    err_set(&in->error, ERR_ARM, 0, "refused");
    in->error.http = 403;
    round_trip(&sec_run_type, in, out);
    assert_int_equal(out->n, SEC_MAX_STEPS);
    assert_true(out->steps[1].no_return);
    assert_int_equal(out->n_roles, SEC_MAX_ROLES);
    assert_string_equal(out->roles[7].name, "role7");
    assert_int_equal(out->error.http, 403);
    assert_int_equal(out->error.domain, ERR_ARM);
    encode(&sec_run_type, in, &text);
    assert_true(text.len < WIRE_MAX_LINE / 4);
    str_free(&text);
    free(in);
    free(out);
}

/* The largest section must fit a line, every character being escaped. */
static void full_choices_and_log_fit(void **s)
{
    struct sec_choices *c = xcalloc(1, sizeof(*c));
    struct sec_log *l = xcalloc(1, sizeof(*l));
    struct str text = STR_INIT;

    (void)s;
    c->n_subs = SEC_MAX_SUBS;
    c->n_tenants = SEC_MAX_TENANTS;
    c->n_regions = SEC_MAX_REGIONS;
    for (size_t i = 0; i < c->n_subs; i++)
        memset(c->subs[i].name, '"', sizeof(c->subs[i].name) - 1);
    l->n = SEC_LOG_LINES;
    for (size_t i = 0; i < l->n; i++)
        memset(l->lines[i].text, '"', sizeof(l->lines[i].text) - 1);
    encode(&sec_choices_type, c, &text);
    encode(&sec_log_type, l, &text);
    assert_true(text.len < WIRE_MAX_LINE / 2);
    str_free(&text);
    free(c);
    free(l);
}

static void hostile_text_is_cleaned(void **s)
{
    struct err e = { 0 };
    const char *text = "{\"items\":[{\"name\":\"a\\u001b[2Jb\\u202e\"}]}";
    struct json *j = json_parse(text, strlen(text), 0, &e);
    struct sec_nodes *n = xcalloc(1, sizeof(*n));

    (void)s;
    assert_non_null(j);
    assert_int_equal(json_decode(j, &sec_nodes_type, n, &e), 0);
    assert_int_equal(n->n, 1);
    assert_null(strchr(n->items[0].name, '\033'));
    assert_non_null(strstr(n->items[0].name, "\\x1b"));
    json_free(j);
    free(n);
}

static void too_many_items_are_refused(void **s)
{
    struct err e = { 0 };
    struct json *j = json_object(), *items = json_array();
    struct sec_nodes *n = xcalloc(1, sizeof(*n));

    (void)s;
    for (int i = 0; i <= SEC_MAX_NODES; i++) {
        struct json *one = json_object();

        json_set_str(one, "name", "n");
        json_push(items, one);
    }
    json_set(j, "items", items);
    assert_int_equal(json_decode(j, &sec_nodes_type, n, &e), -1);
    assert_true(err_is(&e));
    json_free(j);
    free(n);
}

int test_wire_sections(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_and_ids),
        cmocka_unit_test(empty_sections),
        cmocka_unit_test(full_run),
        cmocka_unit_test(full_choices_and_log_fit),
        cmocka_unit_test(hostile_text_is_cleaned),
        cmocka_unit_test(too_many_items_are_refused),
    };

    return TEST_GROUP("wire/sections", tests);
}
