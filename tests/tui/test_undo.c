#include "config.h"

#include "testing.h"
#include "tui/faces.h"
#include "tui/rig.h"

#include <string.h>

#include "base/str.h"

/* The undo of an operation that failed: what goes and what stays, then a yes. Goldens: undo_*.txt,
 * plain_undo.txt. */

#define RUN_ID "20261122T094122Z-register"

static struct json *review(const char *extra)
{
    struct str s = STR_INIT;
    struct err e = { 0 };
    struct json *j;

    str_addf(
        &s,
        "{\"id\":\"" RUN_ID "\",\"plan\":\"register\",\"title\":\"Register with Azure\",%s"
        "\"will\":[{\"what\":\"Arc-connected "
        "machine\",\"name\":\"node1\",\"how\":\"delete\",\"why\":"
        "\"\"},{\"what\":\"Arc-connected "
        "machine\",\"name\":\"node2\",\"how\":\"delete\",\"why\":\"\"},"
        "{\"what\":\"Cluster resource\",\"name\":\"CLUSTER-A\",\"how\":\"delete\",\"why\":\"it is "
        "looked first whether it came to be\"},{\"what\":\"Resource "
        "group\",\"name\":\"CLUSTER-A-rg\","
        "\"how\":\"delete\",\"why\":\"only if nothing else is in it\"},{\"what\":\"Resource "
        "provider\",\"name\":\"Microsoft.AzureStackHCI\",\"how\":\"keep\",\"why\":\"a provider "
        "that is "
        "registered is not taken back: others may use it; it costs nothing\"}]}",
        extra);
    j = json_parse(str_p(&s), s.len, 0, &e);
    str_free(&s);
    assert_non_null(j);
    return j;
}

static void failing(struct rig *r)
{
    canned_core(r->core, "sandbox");
    canned_not_registered(r->core);
    canned_signin(r->core, "in");
    canned_run(r->core, "running");
    rig_show(r);
    rig_keys(r, "1\r");
    canned_run(r->core, "failed");
    rig_show(r);
}

static void review_and_yes(void **state)
{
    static const struct rig_options *const looks[] = { &rig_rich, &rig_ascii };
    static const char *const names[] = { "undo_80x24", "undo_60x20" };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct rig r = rig_start(looks[i]);

        fake_reply(r.core, "run-undo-check", review(""));
        failing(&r);
        rig_keys(&r, "u");
        rig_assert_shows(&r, "Arc-connected machine node1, node2");
        rig_assert_shows(&r, "y takes it back");
        rig_golden(&r, names[i]);
        rig_keys(&r, "u"); /* back, nothing is done */
        rig_assert_hides(&r, "y takes it back");
        rig_keys(&r, "y");
        assert_int_equal(fake_count(r.core, "run-undo"), 0);
        rig_keys(&r, "u");
        rig_keys(&r, "\033");
        rig_assert_hides(&r, "y takes it back");
        rig_keys(&r, "u");
        rig_keys(&r, "y");
        assert_int_equal(fake_count(r.core, "run-undo"), 1);
        assert_string_equal(json_str(fake_args(r.core, "run-undo"), "id"), RUN_ID);
        rig_end(&r);
    }
}

/* What has no way back offers to go on instead, and takes no yes. */
static void no_way_back(void **state)
{
    struct rig r = rig_start(&rig_rich);

    (void)state;
    fake_reply(r.core, "run-undo-check",
               review("\"error\":{\"domain\":\"op\",\"code\":146,\"message\":\"Nothing that it has "
                      "done so far can be taken back.\",\"advice\":\"Go on with it.\"},"));
    failing(&r);
    rig_keys(&r, "u");
    rig_assert_shows(&r, "Nothing that it has done so far can be taken back.");
    rig_assert_shows(&r, "r goes on with the operation");
    rig_golden(&r, "undo_no_way_80x24");
    rig_keys(&r, "y");
    assert_int_equal(fake_count(r.core, "run-undo"), 0);
    rig_keys(&r, "r");
    rig_assert_hides(&r, "Nothing that it has done");
    assert_int_equal(fake_count(r.core, "run-resume"), 1);
    rig_end(&r);
}

/* Refused by the core: said, and the steps stay in view. */
static void refused(void **state)
{
    struct rig r = rig_start(&rig_rich);
    struct err e = { 0 };

    (void)state;
    err_set(&e, ERR_OP, ERR_C_BUILT_ON, "A later operation has gone on with it.");
    fake_refuse(r.core, "run-undo-check", &e);
    failing(&r);
    rig_keys(&r, "u");
    rig_assert_shows(&r, "There is no undo");
    rig_assert_shows(&r, "A later operation has gone on with it.");
    rig_end(&r);
}

static void in_lines(void **state)
{
    struct rig_options o = rig_large;
    struct rig r;

    (void)state;
    o.plain = true;
    r = rig_start(&o);
    fake_reply(r.core, "run-undo-check", review(""));
    failing(&r);
    rig_keys(&r, "u\r");
    rig_assert_shows(&r, "Arc-connected machine node1, node2");
    rig_golden(&r, "plain_undo");
    rig_keys(&r, "yes\r");
    assert_int_equal(fake_count(r.core, "run-undo"), 1);
    rig_end(&r);
}

int test_tui_undo(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(review_and_yes),
        cmocka_unit_test(no_way_back),
        cmocka_unit_test(refused),
        cmocka_unit_test(in_lines),
    };

    return TEST_GROUP("tui/undo", tests);
}
