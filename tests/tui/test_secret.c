#include "config.h"

#include "testing.h"
#include "tui/rig.h"
#include "tui/tests.h"

#include <string.h>

#include "base/str.h"

/* The secret of the operator's own Arc principal: asked where it is needed, stars on the screen, a
 * descriptor beside the intent. Goldens: secret_*.txt. */

#define SECRET "s3cr3t~W1zard"

static void needs_it(struct rig *r)
{
    struct err e = { 0 };

    err_set(&e, ERR_USAGE, ERR_C_NEEDS_SECRET, "The secret of the application is needed.");
    fake_refuse(r->core, "register-check", &e);
}

/* The wizard with all its values and the principal's id, the review asked for. */
static void to_review(struct rig *r, const struct rig_options *o)
{
    *r = rig_start(o);
    canned_wizard(r->core, "none");
    needs_it(r);
    rig_show(r);
    rig_keys(r, "1\r\tprod\reast us\t");
    rig_keys(r, "\t\t\t\r"); /* further values, up to the principal, and back */
    rig_keys(r, "\033[A\033[A\033[A\033[A" CANNED_APP "\t\t\t\r");
    rig_keys(r, "\033[D\r");
}

static const struct json *checked(const struct rig *r)
{
    return json_get(fake_args(r->core, "register-check"), "values");
}

static void the_wizard_asks_for_it(void **state)
{
    struct rig r;

    (void)state;
    to_review(&r, &rig_rich);
    rig_assert_shows(&r, CANNED_APP);
    assert_string_equal(json_str(checked(&r), "arcSpnAppId"), CANNED_APP);
    assert_string_equal(fake_secret(r.core, "register-check", "arcSpnSecret"), "");
    rig_keys(&r, "\r"); /* nothing typed */
    rig_assert_shows(&r, "ERROR The secret is empty.");
    rig_keys(&r, "wrong\x15"); /* ^U */
    rig_keys(&r, SECRET "xq\b\177");
    rig_assert_shows(&r, "[*************");
    rig_assert_hides(&r, "**************");
    rig_assert_hides(&r, "s3cr3t");
    rig_golden(&r, "secret_rich");
    fake_reply(r.core, "register-check", canned_review());
    rig_keys(&r, "\r");
    rig_assert_shows(&r, "< Register now >");
    assert_string_equal(fake_secret(r.core, "register-check", "arcSpnSecret"), SECRET);
    assert_null(json_str(checked(&r), "arcSpnSecret"));
    rig_keys(&r, "\r"); /* the run gets it without a second question */
    assert_string_equal(fake_secret(r.core, "register", "arcSpnSecret"), SECRET);
    rig_end(&r);
}

/* Pasted with spaces and a line end around it; another principal's is not sent; Esc sends nothing.
 */
static void another_principal_another_secret(void **state)
{
    struct rig r;

    (void)state;
    to_review(&r, &rig_rich);
    rig_keys(&r, "abc\033");
    vt_turn(r.vt, 300);
    rig_assert_shows(&r, "< Next: review >");
    assert_int_equal(fake_count(r.core, "register-check"), 1);
    rig_keys(&r, "\r");
    rig_assert_shows(&r, CANNED_APP);
    rig_assert_hides(&r, "[*"); /* what was typed before is gone */
    rig_keys(&r, "\033[200~  " SECRET " \r\nmore\033[201~");
    fake_reply(r.core, "register-check", canned_review());
    rig_keys(&r, "\r");
    assert_string_equal(fake_secret(r.core, "register-check", "arcSpnSecret"), SECRET);
    rig_assert_shows(&r, "< Register now >");
    rig_keys(&r, "\t\r"); /* back: another id, the old secret is not for it */
    rig_keys(&r, "\t\r\033[A\033[A\033[A\x15");
    rig_keys(&r, "76666666-7777-8888-9999-000000000000\t\t\t\r\033[D\r");
    rig_assert_shows(&r, "< Register now >");
    assert_string_equal(json_str(checked(&r), "arcSpnAppId"),
                        "76666666-7777-8888-9999-000000000000");
    assert_string_equal(fake_secret(r.core, "register-check", "arcSpnSecret"), "");
    rig_end(&r);
}

/* From the menu: the run that failed is offered, r asks for the secret, Esc resumes nothing. */
static void a_resume_asks_again(void **state)
{
    struct rig r = rig_start(&rig_ascii);

    (void)state;
    canned_core(r.core, "native");
    canned_not_registered(r.core);
    canned_signin(r.core, "in");
    canned_run(r.core, "needs-secret");
    rig_show(&r);
    rig_keys(&r, "1\r");
    rig_assert_shows(&r, "Show that run");
    rig_golden(&r, "secret_home_ascii");
    rig_keys(&r, "\rr");
    rig_assert_shows(&r, CANNED_APP);
    rig_keys(&r, "abc");
    rig_golden(&r, "secret_ascii");
    rig_keys(&r, "\033");
    vt_turn(r.vt, 1200); /* vt100: the Esc of a slow line */
    rig_assert_shows(&r, "r tries again");
    assert_int_equal(fake_count(r.core, "run-resume"), 0);
    rig_keys(&r, "r" SECRET "\r");
    assert_int_equal(fake_count(r.core, "run-resume"), 1);
    assert_string_equal(fake_secret(r.core, "run-resume", "arcSpnSecret"), SECRET);
    assert_string_equal(json_str(fake_args(r.core, "run-resume"), "id"), "r1");
    rig_end(&r);
}

/* The menu's item leads to the run or past it. */
static void a_failed_run_is_offered(void **state)
{
    struct rig r = rig_start(&rig_rich);

    (void)state;
    canned_wizard(r.core, "failed");
    rig_show(&r);
    rig_keys(&r, "1\r2");
    rig_assert_shows(&r, "Step 2 of 3: Where");
    rig_keys(&r, "\033");
    vt_turn(r.vt, 300);
    rig_keys(&r, "1\r1r");
    assert_int_equal(fake_count(r.core, "run-resume"), 1);
    assert_string_equal(fake_secret(r.core, "run-resume", "arcSpnSecret"), "");
    rig_end(&r);
}

int test_tui_secret(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_wizard_asks_for_it),
        cmocka_unit_test(another_principal_another_secret),
        cmocka_unit_test(a_resume_asks_again),
        cmocka_unit_test(a_failed_run_is_offered),
    };

    return TEST_GROUP("tui/secret", tests);
}
