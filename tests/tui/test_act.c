/* The screen of the operations that leave, come back and mend. */
#include "config.h"

#include "testing.h"
#include "tui/rig.h"
#include "tui/tests.h"

#include <string.h>

#include "base/str.h"

static struct rig leaving(const struct rig_options *o)
{
    struct rig r = rig_start(o);

    canned_core(r.core, "sandbox");
    canned_registered(r.core);
    canned_signin(r.core, "in");
    canned_choices(r.core);
    canned_run(r.core, "none");
    rig_show(&r);
    return r;
}

/* Of a run of another plan, or in another state. */
static void run_of_whole(struct rig *r, const char *plan, const char *whole, const char *state)
{
    static struct sec_run s;

    s = (struct sec_run){ .n = 1, .step_no = 1, .step_count = 1 };
    STR_SET(s.whole, whole);
    STR_SET(s.id, "r2");
    STR_SET(s.plan, plan);
    STR_SET(s.title, "Unregister from Azure");
    STR_SET(s.state, state);
    STR_SET(s.steps[0].title, "Delete the cluster resource");
    STR_SET(s.steps[0].state, "running");
    fake_set(r->core, SEC_RUN, &s);
}

static void run_of(struct rig *r, const char *plan, const char *state)
{
    run_of_whole(r, plan, "", state);
}

static struct json *answer(const char *text)
{
    struct err e = { 0 };

    return json_parse(text, strlen(text), 0, &e);
}

static void the_name_is_typed(void **state)
{
    struct rig r = leaving(&rig_rich);

    (void)state;
    fake_reply(r.core, "unregister-check", canned_unregister());
    rig_keys(&r, "10\r\r");
    rig_assert_shows(&r, "Unregister this cluster: Review");
    rig_assert_shows(&r, "WARN An extension is stuck");
    rig_assert_shows(&r, "Arc-connected machine node1, node3: the registration connected it");
    rig_keys(&r, "\t\r"); /* the button, with nothing typed */
    rig_assert_shows(&r, "The name does not match: it must be CLUSTER-A. Nothing was done.");
    rig_keys(&r, "CLUSTER-B\r");
    rig_assert_shows(&r, "not the name yet");
    rig_assert_shows(&r, "The name does not match");
    rig_keys(&r, "\t\r");
    rig_assert_shows(&r, "The name does not match");
    assert_int_equal(fake_count(r.core, "unregister"), 0);
    rig_keys(&r, "\x15"
                 " cluster-a ");
    rig_assert_shows(&r, "matches");
    rig_keys(&r, "\r");
    rig_assert_shows(&r, "> < Unregister now >");
    assert_int_equal(fake_count(r.core, "unregister"), 0);
    rig_keys(&r, "\r");
    assert_int_equal(fake_count(r.core, "unregister"), 1);
    assert_string_equal(json_str(fake_args(r.core, "unregister"), "confirm"), "cluster-a");
    run_of(&r, "unregister", "running");
    rig_assert_shows(&r, "Delete the cluster resource");
    rig_keys(&r, "\r"); /* leaves; it goes on */
    rig_assert_shows(&r, "10 Unregister or move                running: step 1 of 1");
    rig_assert_shows(&r, "1 Register this cluster with Azure  done: CLUSTER-A, eastus");
    rig_keys(&r, "10\r");
    rig_assert_shows(&r, "Delete the cluster resource");
    rig_end(&r);
}

/* A repair is a run of plan register, and an operation of item 9. */
static void a_repair_is_of_item_nine(void **state)
{
    struct rig r = leaving(&rig_rich);

    (void)state;
    run_of_whole(&r, "register", "repair", "failed");
    rig_assert_shows(&r, "9 Repair");
    rig_assert_shows(&r, "the last run failed");
    rig_assert_shows(&r, "1 Register this cluster with Azure  done: CLUSTER-A, eastus");
    rig_keys(&r, "9\r");
    rig_assert_shows(&r, "Show that run");
    rig_end(&r);
}

/* What goes, what stays and what ends can all be read; nothing is cut. */
static void pages(void **state)
{
    static const struct rig_options *const looks[] = { &rig_rich, &rig_ascii, &rig_large };
    static const char *const all[] = { "This goes:",           "clusters/CLUSTER-A",
                                       "Arc settings default", "This stays:",
                                       "node2: registration",  "vm-1, vm-2",
                                       "What ends with it:",   "anew." };

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct rig r = leaving(looks[i]);
        bool seen[ARRAY_LEN(all)] = { false };
        size_t n = 0;

        fake_reply(r.core, "unregister-check", canned_unregister());
        rig_keys(&r, "10\r\r");
        for (int page = 0; page < 4; page++) {
            rig_assert_shows(&r, "Type the name of the cluster resource");
            rig_assert_shows(&r, "< Unregister now >");
            for (size_t k = 0; k < ARRAY_LEN(all); k++)
                seen[k] |= strstr(vt_text(r.vt), all[k]) != NULL;
            rig_keys(&r, "\033[6~");
        }
        for (size_t k = 0; k < ARRAY_LEN(all); k++) {
            if (!seen[k])
                print_message("not shown: %s\n", all[k]);
            n += seen[k];
        }
        assert_int_equal(n, ARRAY_LEN(all));
        rig_keys(&r, "\0336"); /* F6: every request */
        rig_assert_shows(&r, "Create the cluster resource: make");
        rig_keys(&r, "\r\033OP");
        rig_assert_shows(&r, "What cannot be brought back wants a name typed");
        rig_end(&r);
    }
}

/* The core has not answered yet: it says so, counts the time, and keys do something. */
static void while_it_is_asked(void **state)
{
    struct rig r = leaving(&rig_rich);

    (void)state;
    fake_hold(r.core, "unregister-check");
    rig_keys(&r, "10\r\r");
    rig_assert_shows(&r, "Azure and the nodes are asked what is to be done.");
    rig_assert_shows(&r, "Asking ... 0:0");
    rig_keys(&r, "\r");
    rig_assert_shows(&r, "Azure is still being asked. Esc goes back.");
    rig_keys(&r, "?");
    rig_assert_shows(&r, "Azure and the nodes are looked at first.");
    rig_keys(&r, "q");
    rig_assert_shows(&r, "Asking ...");
    rig_keys(&r, "q");
    rig_assert_shows(&r, "2 Disable Azure Arc");
    fake_answer(r.core, canned_unregister()); /* too late: nobody is led astray */
    rig_show(&r);
    rig_assert_shows(&r, "2 Disable Azure Arc");
    rig_keys(&r, "\r");
    fake_answer(r.core, canned_unregister());
    rig_assert_shows(&r, "This goes:");
    rig_end(&r);
}

static const struct err refusal = { .domain = ERR_OP,
                                    .code = 9115,
                                    .message = "Azure has no such cluster.",
                                    .why = "Somebody deleted it.",
                                    .advice = "Name another one." };

static void refused(void **state)
{
    struct rig r = leaving(&rig_rich);
    struct json *stopped = canned_unregister();

    (void)state;
    fake_refuse(r.core, "unregister-check", &refusal);
    rig_keys(&r, "10\r\r");
    rig_assert_shows(&r, "Azure has no such cluster.");
    rig_assert_shows(&r, "Somebody deleted it. Name another one.");
    json_set(stopped, "error", json_encode(&err_json, &refusal));
    fake_reply(r.core, "unregister-check", stopped);
    rig_keys(&r, "\r"); /* ask again: now a review, and what stands in the way */
    rig_assert_shows(&r, "Something stands in the way:");
    rig_assert_shows(&r, "Somebody deleted it. Name another one.");
    rig_assert_shows(&r, "This goes:");
    rig_assert_hides(&r, "Unregister now");
    rig_assert_hides(&r, "Type the name");
    rig_keys(&r, "\033");
    vt_turn(r.vt, 1200);
    fake_reply(r.core, "unregister-check", canned_unregister());
    fake_refuse(r.core, "unregister", &refusal);
    rig_keys(&r, "\r");
    rig_assert_shows(&r, "Unregister now");
    rig_keys(&r, "CLUSTER-A\r\r");
    assert_int_equal(fake_count(r.core, "unregister"), 1);
    rig_assert_shows(&r, "Name another one.");
    rig_keys(&r, "\r");
    rig_assert_shows(&r, "[CLUSTER-A "); /* what was typed is still there */
    rig_end(&r);
}

/* Nothing is registered here: the cluster is named. Its values survive a refusal. */
static void by_name(void **state)
{
    struct rig r = rig_start(&rig_ascii);
    const struct json *args;

    (void)state;
    canned_core(r.core, "native");
    canned_not_registered(r.core);
    canned_signin(r.core, "in");
    canned_choices(r.core);
    canned_run(r.core, "none");
    rig_assert_shows(&r, "10 Unregister or move\n");
    rig_keys(&r, "10\r\r");
    rig_assert_shows(&r, "Unregister this cluster: Values");
    rig_keys(&r, "\t\t\t\t\r");
    rig_assert_shows(&r, "ERROR a subscription is needed");
    rig_assert_shows(&r, "ERROR a name is needed");
    assert_int_equal(fake_count(r.core, "unregister-check"), 0);
    fake_refuse(r.core, "unregister-check", &refusal);
    rig_keys(&r, "prod\rOLD\t\t\r\033[B\r\r");
    args = fake_args(r.core, "unregister-check");
    assert_non_null(args);
    assert_string_equal(json_str(args, "subscriptionId"), "11111111-2222-3333-4444-555555555555");
    assert_string_equal(json_str(args, "resourceName"), "OLD");
    assert_null(json_member(args, "resourceGroupName"));
    assert_true(json_flag(args, "force", false));
    rig_assert_shows(&r, "Azure has no such cluster.");
    rig_keys(&r, "\r");
    rig_assert_shows(&r, "[OLD ");
    fake_reply(r.core, "unregister-check", canned_unregister());
    rig_keys(&r, "\r");
    rig_assert_shows(&r, "This goes:");
    rig_end(&r);
}

/* The page of a move is the registration's: another subscription has other regions and groups. */
static void a_move_asks_for_the_lists(void **state)
{
    static const char other[] = "22222222-2222-3333-4444-555555555555";
    struct rig r = leaving(&rig_rich);

    (void)state;
    rig_keys(&r, "10\r\033[B\033[B\r");
    rig_assert_shows(&r, "Move the registration: Values");
    assert_int_equal(fake_count(r.core, "choices"), 0); /* they are of what is stored */
    rig_keys(&r, "\t\x15test\r");
    assert_int_equal(fake_count(r.core, "choices"), 1);
    assert_string_equal(json_str(fake_args(r.core, "choices"), "subscription"), other);
    rig_end(&r);
}

/* Items are ticked first; the review is of these. A plain yes needs no word. */
static void ticked(void **state)
{
    static const char items[] =
        "{\"items\":[{\"id\":\"a\",\"what\":\"cluster resource\",\"name\":\"LOST-1\",\"age\":\"90 "
        "d\","
        "\"why\":\"its nodes are gone since August; harmless, not billed\"},"
        "{\"id\":\"b\",\"what\":\"Arc-connected machine\",\"name\":\"nodeX\",\"age\":\"2 d\","
        "\"why\":\"its cluster is gone\"}],\"will\":[]}";
    static const char review[] =
        "{\"will\":[{\"what\":\"Arc-connected machine\",\"name\":\"nodeX\","
        "\"how\":\"delete\",\"why\":\"\"}]}";
    struct rig r = leaving(&rig_rich);
    const struct json *list;

    (void)state;
    fake_reply(r.core, "unregister-check", answer(items));
    rig_keys(&r, "10\r\r");
    rig_assert_shows(&r, "0 of 2 ticked");
    rig_assert_shows(&r,
                     "cluster resource LOST-1, 90 d: its nodes are gone since August; harmless,");
    rig_keys(&r, "\r");
    rig_assert_shows(&r, "Nothing is ticked");
    rig_keys(&r, "\033[B ");
    rig_assert_shows(&r, "[x] nodeX");
    rig_assert_shows(&r, "its cluster is gone");
    fake_reply(r.core, "unregister-check", answer(review));
    rig_keys(&r, "\r");
    list = json_get(fake_args(r.core, "unregister-check"), "items");
    assert_int_equal(json_len(list), 1);
    assert_string_equal(json_value_str(json_first(list)), "b");
    rig_assert_shows(&r, "Arc-connected machine nodeX");
    rig_assert_shows(&r, "> < Unregister now >");
    rig_keys(&r, "\r");
    list = json_get(fake_args(r.core, "unregister"), "items");
    assert_int_equal(json_len(list), 1);
    assert_null(json_member(fake_args(r.core, "unregister"), "confirm"));
    rig_end(&r);
}

/* Of two with one name the place says which, in the row and under the rows. */
static void twins(void **state)
{
    static const char items[] =
        "{\"items\":[{\"id\":\"a\",\"what\":\"cluster resource\",\"name\":\"TWIN\",\"place\":"
        "\"ONE-rg\",\"why\":\"left\"},"
        "{\"id\":\"b\",\"what\":\"cluster resource\",\"name\":\"twin\",\"place\":\"TWO-rg, Prod\"},"
        "{\"id\":\"c\",\"what\":\"cluster resource\",\"name\":\"ALONE\",\"group\":\"SIX-rg\"}],"
        "\"will\":[]}";
    struct rig r = leaving(&rig_rich);

    (void)state;
    fake_reply(r.core, "unregister-check", answer(items));
    rig_keys(&r, "10\r\r");
    rig_assert_shows(&r, "[ ] TWIN (ONE-rg)");
    rig_assert_shows(&r, "[ ] twin (TWO-rg, Prod)");
    rig_assert_shows(&r, "[ ] ALONE ");
    rig_assert_hides(&r, "SIX-rg");
    rig_assert_shows(&r, "cluster resource TWIN (ONE-rg): left");
    rig_end(&r);
}

static void sign_in_first(void **state)
{
    struct rig r = rig_start(&rig_rich);

    (void)state;
    canned_core(r.core, "native");
    canned_registered(r.core);
    canned_signin(r.core, "out");
    canned_run(r.core, "none");
    fake_reply(r.core, "unregister-check", canned_unregister());
    rig_show(&r);
    rig_keys(&r, "10\r\r");
    rig_assert_shows(&r, "Azure must know who you are");
    assert_int_equal(fake_count(r.core, "unregister-check"), 0);
    rig_keys(&r, "\r");
    assert_int_equal(fake_count(r.core, "sign-in"), 1);
    canned_signin(r.core, "in");
    rig_assert_shows(&r, "This goes:"); /* by itself */
    canned_signin(r.core, "out");
    rig_assert_shows(&r, "Azure must know who you are");
    rig_end(&r);
}

/* A run of this item that failed is shown by it, and not by item 1. */
static void the_run_before(void **state)
{
    struct rig r = leaving(&rig_rich);

    (void)state;
    run_of(&r, "unregister", "failed");
    rig_assert_shows(&r, "10 Unregister or move                the last run failed");
    rig_keys(&r, "1\r");
    rig_assert_hides(&r, "Show that run");
    rig_keys(&r, "\033");
    vt_turn(r.vt, 1200);
    rig_keys(&r, "10\r");
    rig_assert_shows(&r, "The last run failed. It can go on");
    fake_reply(r.core, "unregister-check", canned_unregister());
    rig_keys(&r, "2");
    rig_keys(&r, "\r");
    rig_assert_shows(&r, "This goes:");
    rig_end(&r);
}

#define APP "99999999-8888-4777-8666-555555555555"
static const char wants_secret[] = "{\"inputs\":{\"arcAppId\":\"" APP "\"},\"will\":[]}";
static const char gives[] = "{\"will\":[{\"what\":\"Arc settings\",\"name\":\"default\","
                            "\"how\":\"make\",\"why\":\"\"}]}";

/* The group and the operator's own principal; its secret is asked for, and goes with both intents.
 */
static void arc_again(void **state)
{
    struct rig r = leaving(&rig_rich);
    const struct json *args;
    struct err e = { .domain = ERR_USAGE,
                     .code = ERR_C_NEEDS_SECRET,
                     .message = "Its secret was not given." };
    struct json *stopped = answer(wants_secret);

    (void)state;
    json_set(stopped, "error", json_encode(&err_json, &e));
    fake_reply(r.core, "arc-enable-check", answer(gives));
    rig_keys(&r, "9\r\r");
    rig_assert_shows(&r, "Arc settings default");
    rig_keys(&r, "\t\r");
    rig_assert_shows(&r, "Enable Azure Arc: Values");
    rig_keys(&r, "machines\t12345\t");
    rig_assert_shows(&r, "ERROR");
    fake_reply(r.core, "arc-enable-check", stopped);
    rig_keys(&r, "\033[A\x15" APP "\t\r");
    args = fake_args(r.core, "arc-enable-check");
    assert_string_equal(json_str(args, "arcServerResourceGroupName"), "machines");
    assert_string_equal(json_str(args, "arcSpnAppId"), APP);
    assert_string_equal(fake_secret(r.core, "arc-enable-check", "arcSpnSecret"), "");
    rig_assert_shows(&r, "secret is kept nowhere");
    rig_assert_shows(&r, APP);
    fake_reply(r.core, "arc-enable-check", answer(gives));
    rig_keys(&r, "s3cret");
    rig_assert_hides(&r, "s3cret");
    rig_keys(&r, "\r");
    assert_string_equal(fake_secret(r.core, "arc-enable-check", "arcSpnSecret"), "s3cret");
    rig_assert_shows(&r, "> < Enable Azure Arc now >");
    rig_keys(&r, "\r");
    assert_int_equal(fake_count(r.core, "arc-enable"), 1);
    assert_string_equal(fake_secret(r.core, "arc-enable", "arcSpnSecret"), "s3cret");
    rig_end(&r);
}

/* Esc at the question for the secret shows what stands in the way, and starts nothing. */
static void no_secret(void **state)
{
    struct rig r = leaving(&rig_ascii);
    struct json *stopped = answer(wants_secret);
    struct err e = { .domain = ERR_USAGE,
                     .code = ERR_C_NEEDS_SECRET,
                     .message = "Its secret was not given." };

    (void)state;
    json_set(stopped, "error", json_encode(&err_json, &e));
    fake_reply(r.core, "repair-check", stopped);
    rig_keys(&r, "9\r2\r");
    rig_assert_shows(&r, "secret is kept nowhere");
    rig_keys(&r, "\033");
    vt_turn(r.vt, 1200);
    rig_assert_shows(&r, "Something stands in the way:");
    rig_assert_shows(&r, "Its secret was not given.");
    rig_assert_hides(&r, "Repair now");
    fake_reply(r.core, "repair-check", answer(gives));
    rig_keys(&r, "\033[Z\r\r\033[B\r\r"); /* other values: yes */
    assert_true(json_flag(fake_args(r.core, "repair-check"), "recreate", false));
    rig_assert_shows(&r, "Repair now");
    rig_end(&r);
}

/* Which machine comes first where there are several: this one stands there, another one or all can
 * be taken, and no name that is none. */
static void which_machine(void **state)
{
    struct rig r = leaving(&rig_rich);

    (void)state;
    canned_nodes(r.core);
    rig_show(&r);
    rig_keys(&r, "10\r4\r");
    rig_assert_shows(&r, "Reset a machine: Values");
    rig_assert_shows(&r, "[node1 ");
    assert_int_equal(fake_count(r.core, "reset-check"), 0);
    rig_keys(&r, "\x15node9\t");
    rig_assert_shows(&r, "there is no node node9 here");
    rig_keys(&r, "\033[A\r");
    rig_assert_shows(&r, "all machines");
    rig_keys(&r, "\033[B\033[B\033[B\r");
    rig_assert_shows(&r, "[all ");
    fake_reply(r.core, "reset-check", answer(gives));
    rig_keys(&r, "\t\r");
    assert_string_equal(json_str(fake_args(r.core, "reset-check"), "node"), "all");
    assert_int_equal(json_len(fake_args(r.core, "reset-check")), 1);
    rig_end(&r);
}

/* Where the machine goes to when it is reset is asked only of whoever registers again, and sent
 * only then. */
static void reset_and_register(void **state)
{
    struct rig r = leaving(&rig_ascii);
    const struct json *args;

    (void)state;
    canned_nodes(r.core);
    rig_show(&r);
    rig_keys(&r, "10\r4\r\t");
    rig_assert_shows(&r, "> Register again  [no ");
    rig_assert_hides(&r, "Region");
    assert_int_equal(fake_count(r.core, "choices"), 0);
    rig_keys(&r, "yes\t");
    rig_assert_shows(&r, "> Tenant ");
    rig_assert_shows(&r, "Region ");
    assert_int_equal(fake_count(r.core, "choices"), 1);
    rig_keys(&r, "\t\t\t\t\x15\t\t\r");
    rig_assert_shows(&r, "> Resource name ");
    rig_assert_shows(&r, "a name is needed");
    assert_int_equal(fake_count(r.core, "reset-check"), 0);
    fake_reply(r.core, "reset-check", answer(gives));
    rig_keys(&r, "AGAIN\033[A\033[A\x15"
                 "East US\t\t\t\t\r");
    args = fake_args(r.core, "reset-check");
    assert_true(json_flag(args, "register", false));
    assert_string_equal(json_str(args, "node"), "node1");
    assert_string_equal(json_str(args, "region"), "eastus");
    assert_string_equal(json_str(args, "resourceName"), "AGAIN");
    assert_string_equal(json_str(args, "subscriptionId"), "11111111-2222-3333-4444-555555555555");
    assert_string_equal(json_str(args, "tenantId"), "72f988bf-86f1-41af-91ab-2d7cd011db47");
    assert_non_null(json_str(args, "resourceGroupName"));
    assert_null(json_member(args, "arcServerResourceGroupName"));
    rig_keys(&r, "\033");
    vt_turn(r.vt, 1200);
    rig_assert_shows(&r, "Reset a machine: Values");
    rig_keys(&r, "\t\t\x15no\t"); /* the button's next is the first field */
    rig_assert_hides(&r, "Region");
    rig_assert_shows(&r, "> < Next: review >");
    fake_reply(r.core, "reset-check", answer(gives));
    rig_keys(&r, "\r");
    assert_int_equal(json_len(fake_args(r.core, "reset-check")), 1);
    rig_end(&r);
}

int test_tui_act(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_name_is_typed),
        cmocka_unit_test(pages),
        cmocka_unit_test(while_it_is_asked),
        cmocka_unit_test(refused),
        cmocka_unit_test(a_move_asks_for_the_lists),
        cmocka_unit_test(by_name),
        cmocka_unit_test(a_repair_is_of_item_nine),
        cmocka_unit_test(ticked),
        cmocka_unit_test(twins),
        cmocka_unit_test(sign_in_first),
        cmocka_unit_test(the_run_before),
        cmocka_unit_test(arc_again),
        cmocka_unit_test(no_secret),
        cmocka_unit_test(which_machine),
        cmocka_unit_test(reset_and_register),
    };

    return TEST_GROUP("tui/act", tests);
}
