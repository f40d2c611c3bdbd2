#include "config.h"

#include "testing.h"
#include "console/picture.h"
#include "tui/rig.h"
#include "tui/tests.h"

#include <string.h>

#include "base/str.h"

/* From no cluster to a registered one, with every intent that is sent on the way. */
static void the_whole_way(void **state)
{
    struct rig r = rig_start(&rig_rich);
    const struct json *args;

    (void)state;
    canned_core(r.core, "sandbox");
    canned_no_cluster(r.core);
    canned_signin(r.core, "out");
    canned_run(r.core, "none");
    fake_reply(r.core, "register-check", canned_review());
    rig_show(&r);
    rig_keys(&r, "1\r");
    rig_assert_shows(&r, "First: the cluster");
    rig_keys(&r, "\x15"
                 "CLUSTER-A\t");
    rig_keys(&r, "\x15"
                 "node1, node2 node3\t\r");
    args = fake_args(r.core, "cluster-create");
    assert_non_null(args);
    assert_string_equal(json_str(args, "name"), "CLUSTER-A");
    assert_int_equal(json_len(json_get(args, "nodes")), 3);
    assert_string_equal(json_str(args, "nodes.1"), "node2");

    canned_not_registered(r.core);
    rig_assert_shows(&r, "Step 1 of 3: Sign in");
    rig_keys(&r, "\r");
    assert_int_equal(fake_count(r.core, "sign-in"), 1); /* out: asked for at once */
    canned_signin(r.core, "code");
    rig_assert_shows(&r, "C7XKQ2LMP");
    canned_signin(r.core, "in");
    rig_assert_shows(&r, "Step 2 of 3: Where"); /* by itself */
    assert_int_equal(fake_count(r.core, "choices"), 1);
    canned_choices(r.core);
    rig_show(&r);

    rig_keys(&r, "\tprod\r");
    assert_string_equal(json_str(fake_args(r.core, "choices"), "subscription"),
                        "11111111-2222-3333-4444-555555555555");
    rig_keys(&r, "East US\t");
    rig_keys(&r, "\t\t\r");
    rig_assert_shows(&r, "Register now");
    assert_int_equal(fake_count(r.core, "register"), 0); /* the review writes nothing */
    rig_keys(&r, "p");
    rig_assert_shows(&r, "Step 3 of 3: Every request");
    rig_assert_shows(&r, "Create the cluster resource: make");
    rig_assert_shows(&r, "node node1: register {serviceEndpoint}");
    rig_keys(&r, "\r");
    rig_assert_shows(&r, "> < Register now >");
    rig_keys(&r, "\r");
    args = fake_args(r.core, "register");
    assert_non_null(args);
    assert_string_equal(json_str(args, "tenantId"), "72f988bf-86f1-41af-91ab-2d7cd011db47");
    assert_string_equal(json_str(args, "subscriptionId"), "11111111-2222-3333-4444-555555555555");
    assert_string_equal(json_str(args, "region"), "eastus");
    assert_string_equal(json_str(args, "resourceGroupName"), "CLUSTER-A-rg");
    assert_string_equal(json_str(args, "resourceName"), "CLUSTER-A");
    canned_run(r.core, "running");
    rig_assert_shows(&r, "step 3 of 9");
    canned_run(r.core, "done");
    rig_assert_shows(&r, "Done: CLUSTER-A is registered with Azure.");
    canned_registered(r.core);
    rig_keys(&r, "\r");
    rig_assert_shows(&r, "Registered");
    rig_assert_shows(&r, "Connected");
    rig_end(&r);
}

static void to_where(struct rig *r)
{
    *r = rig_start(&rig_rich);
    canned_wizard(r->core, "none");
    rig_show(r);
    rig_keys(r, "1\r");
}

static void wrong_values_do_not_pass(void **state)
{
    struct rig r;

    (void)state;
    to_where(&r);
    rig_keys(&r, "\t\t\t\t\t\r"); /* the button, with subscription and region empty */
    rig_assert_shows(&r, "ERROR a subscription is needed");
    rig_assert_shows(&r, "ERROR a region is needed");
    assert_int_equal(fake_count(r.core, "register-check"), 0);
    rig_keys(&r, "old\r"); /* the focus went to the first wrong field */
    rig_assert_shows(&r, "is Disabled");
    rig_end(&r);
}

/* On a small screen rows end early: the hint says the whole of what is wrong, F1 the whole hint,
 * and the keys are those of what has the focus. */
static void what_is_cut_is_said_elsewhere(void **state)
{
    struct rig r = rig_start(&rig_ascii);

    (void)state;
    canned_wizard(r.core, "none");
    rig_show(&r);
    rig_keys(&r, "1\r\tnowhere\t");
    rig_assert_shows(&r, "ERROR no such name here; a subscription id is 32 dig...");
    rig_keys(&r, "\033[A");
    rig_assert_shows(&r, "ERROR no such name here; a subscription id is 32 digits");
    rig_keys(&r, "\x15");
    rig_assert_shows(&r, "You need the role Owner there."); /* a whole sentence, not the next one */
    rig_assert_hides(&r, "Name or");
    rig_keys(&r, "\033OP");
    rig_assert_shows(&r, "Name or id can also be typed."); /* where the hint was cut */
    rig_keys(&r, "\033");
    vt_turn(r.vt, 1200);
    rig_assert_shows(&r, "^U clear");
    rig_keys(&r, "\t\t\t\t"); /* the button */
    rig_assert_shows(&r, "> < Next: review >");
    rig_assert_shows(&r, "Enter do it");
    rig_assert_hides(&r, "^U clear");
    rig_end(&r);
}

/* The real keys: a default goes at the first character and comes back by ^Z. */
static void typing_over_a_default(void **state)
{
    struct rig r;

    (void)state;
    to_where(&r);
    rig_keys(&r, "\t\t\t"); /* the resource group */
    rig_assert_shows(&r, "> Resource group  [CLUSTER-A-rg ");
    rig_keys(&r, "mine");
    rig_assert_shows(&r, "> Resource group  [mine ");
    rig_keys(&r, "\x1a");
    rig_assert_shows(&r, "> Resource group  [CLUSTER-A-rg ");
    rig_keys(&r, "\033[F2");
    rig_assert_shows(&r, "> Resource group  [CLUSTER-A-rg2 ");
    rig_end(&r);
}

/* The row without a choice offers none. */
static void fixed_value(void **state)
{
    struct rig r;
    const char *row;

    (void)state;
    to_where(&r);
    rig_assert_shows(&r, "   Azure cloud      AzureCloud\n\n");
    rig_keys(&r, "\033[A\033[A\033[A"); /* up from the first: both buttons, then the last one */
    rig_assert_shows(&r, "> Resource name");
    row = strstr(vt_text(r.vt), "Azure cloud");
    assert_non_null(row);
    assert_null(memchr(row, '[', strcspn(row, "\n")));
    rig_end(&r);
}

static void tenant_by_name(void **state)
{
    static struct sec_choices c;
    struct rig r = rig_start(&rig_rich);

    (void)state;
    canned_core(r.core, "native");
    canned_not_registered(r.core);
    canned_signin(r.core, "in");
    canned_run(r.core, "none");
    memset(&c, 0, sizeof c);
    STR_SET(c.state, "asking");
    fake_set(r.core, SEC_CHOICES, &c); /* no list yet: the sign-in knows the name */
    rig_show(&r);
    rig_keys(&r, "1\r");
    rig_assert_shows(&r, "> Tenant          [Contoso (contoso.onmicrosoft.com)");
    canned_choices(r.core);
    rig_assert_shows(&r, "72f988bf-86f1-41af-91ab-2d7cd011db47 (default)");
    rig_assert_shows(&r, "> Tenant          [Contoso (contoso.onmicrosoft.com)");
    rig_keys(&r, "aaaaaaaa-86f1-41af-91ab-2d7cd011db47\t");
    rig_assert_shows(&r, "Fabrikam (fabrikam.com)"); /* typed as an id: the name is under it */
    rig_end(&r);
}

/* The id alone came first, the name later. */
static void tenant_name_comes_later(void **state)
{
    static struct sec_signin s;
    struct rig r = rig_start(&rig_rich);

    (void)state;
    canned_core(r.core, "native");
    canned_not_registered(r.core);
    canned_run(r.core, "none");
    s = (struct sec_signin){ .state = "in",
                             .yours = true,
                             .account = "anna@contoso.com",
                             .tenant_id = "72f988bf-86f1-41af-91ab-2d7cd011db47" };
    fake_set(r.core, SEC_SIGNIN, &s);
    rig_show(&r);
    rig_keys(&r, "1\r");
    rig_assert_shows(&r, "> Tenant          [72f988bf-86f1");
    canned_choices(r.core);
    rig_assert_shows(&r, "> Tenant          [Contoso (contoso.onmicrosoft.com)");
    rig_end(&r);
}

/* A core that ended has forgotten the sign-in; what was typed is not lost with it. */
static void signed_out_in_the_form(void **state)
{
    struct rig r;

    (void)state;
    to_where(&r);
    rig_keys(&r, "\t\tWest Europe\r");
    canned_signin(r.core, "out");
    rig_assert_shows(&r, "> < Sign in >");
    rig_assert_hides(&r, "Signed in as");
    canned_signin(r.core, "in");
    rig_assert_shows(&r, "Signed in as");
    rig_assert_shows(&r, "[West Europe");
    rig_end(&r);
}

/* A value longer than its field is read from its beginning, until one edits it. */
static void long_value(void **state)
{
    struct rig r;

    (void)state;
    to_where(&r);
    rig_keys(&r, "\tresea\r");
    rig_assert_shows(
        &r, "  Subscription    [Contoso Research and Development, Factory Floor and ... v]");
    rig_keys(&r, "\033[Z");
    rig_assert_shows(
        &r, "> Subscription    [Contoso Research and Development, Factory Floor and ... v]");
    rig_keys(&r, "\033[F");
    rig_assert_shows(&r, "Laboratories of the North  v]");
    rig_end(&r);
}

static void subscription_states(void **state)
{
    struct rig r;

    (void)state;
    to_where(&r);
    rig_keys(&r, "\t\r");
    rig_assert_shows(&r, "Contoso-Old  Disabled");
    rig_assert_shows(&r, "...  Warned"); /* beside a name that is too long */
    rig_keys(&r, "resea\r");
    rig_assert_shows(&r, "WARN is Warned: a payment is due");
    rig_keys(&r, "\033[Z\x15old\r");
    rig_assert_shows(&r, "ERROR is Disabled: Azure writes nothing there.");
    rig_keys(&r, "west\r\t\t\r");
    assert_int_equal(fake_count(r.core, "register-check"), 0);
    rig_end(&r);
}

static void long_account(void **state)
{
    static const struct rig_options *const looks[] = { &rig_rich, &rig_ascii };
    static const char *const want[] = {
        "Signed in as anna.maria.von-und-zu-contoso@research.contoso.example.com.\n",
        "Signed in as anna.maria.von-und-zu-contoso@research.con...\n"
    };
    static struct sec_signin s;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct rig r = rig_start(looks[i]);

        canned_core(r.core, "native");
        canned_not_registered(r.core);
        canned_run(r.core, "none");
        s = (struct sec_signin){ .state = "in",
                                 .yours = true,
                                 .account =
                                     "anna.maria.von-und-zu-contoso@research.contoso.example.com",
                                 .tenant_id = "72f988bf-86f1-41af-91ab-2d7cd011db47",
                                 .token_expires_at = CANNED_NOW + 3480000 };
        fake_set(r.core, SEC_SIGNIN, &s);
        canned_choices(r.core);
        rig_show(&r);
        rig_keys(&r, "1\r");
        rig_assert_shows(&r, want[i]);
        rig_keys(&r, "\033");
        rig_keys(&r, "2\r");
        rig_assert_shows(&r, "72f988bf-86f1-41af-91ab-2d7cd011db47\n"); /* whole, at any size */
        rig_end(&r);
    }
}

static void values_stay(void **state)
{
    struct rig r;

    (void)state;
    to_where(&r);
    rig_keys(&r, "\tprod\r");
    rig_keys(&r, "west\r");
    rig_keys(&r, "\033");
    rig_assert_shows(&r, "ClusterStatus");
    rig_keys(&r, "1\r");
    rig_assert_shows(&r, "[West Europe");
    rig_assert_shows(&r, "[Contoso-Prod-HCI");
    rig_end(&r);
}

static void core_finds_fault(void **state)
{
    struct json *o = json_object(), *fields = json_array(), *f = json_object();
    struct rig r;

    (void)state;
    to_where(&r);
    json_set_str(f, "field", "resourceName");
    json_set_str(f, "value", "CLUSTER-A");
    json_set_str(f, "source", "given");
    json_set_str(f, "note", "is taken by another cluster");
    json_set_str(f, "level", "fail");
    json_push(fields, f);
    json_set(o, "fields", fields);
    json_set(o, "will", json_array());
    fake_reply(r.core, "register-check", o);
    rig_keys(&r, "\tprod\r");
    rig_keys(&r, "west\r\t\t\r");
    rig_assert_shows(&r, "Something must be corrected first.");
    rig_keys(&r, "\r"); /* Enter goes back, never on */
    rig_assert_shows(&r, "ERROR is taken by another cluster");
    assert_int_equal(fake_count(r.core, "register"), 0);
    rig_end(&r);
}

static void refusal_is_shown(void **state)
{
    struct rig r;
    struct err e = { 0 };

    (void)state;
    to_where(&r);
    err_set(&e, ERR_ARM, 0, "Azure refused: no role on this subscription.");
    e.http = 403;
    STR_SET(e.remote_code, "AuthorizationFailed");
    STR_SET(e.advice, "Ask an Owner for a role.");
    fake_refuse(r.core, "register-check", &e);
    rig_keys(&r, "\tprod\r");
    rig_keys(&r, "west\r\t\t\r");
    rig_assert_shows(&r, "Azure refused: no role on this subscription.");
    rig_assert_shows(&r, "Ask an Owner for a role.");
    rig_assert_shows(&r, "AuthorizationFailed");
    rig_keys(&r, "\r");
    rig_assert_shows(&r, "< Next: review >");
    rig_end(&r);
}

/* Rights that are missing: the whole review, they at its top, and no start. */
static void what_stands_in_the_way(void **state)
{
    struct json *o = canned_review(), *missing = json_array(), *m = json_object();
    struct err e = { 0 };
    struct rig r;

    (void)state;
    to_where(&r);
    err_set(&e, ERR_OP, ERR_C_RIGHTS, "Your account lacks rights over the resource group.");
    STR_SET(e.detail, "the same in one line");
    STR_SET(e.advice, "Ask an Owner for a role.");
    json_set_str(m, "scope", "/subscriptions/1/resourceGroups/g");
    json_set_str(m, "actions", "a/machines/read (for Arc), a/machines/write (for Arc)");
    json_push(missing, m);
    json_set(o, "error", json_encode(&err_json, &e));
    json_set(o, "missing", missing);
    fake_reply(r.core, "register-check", o);
    rig_keys(&r, "\tprod\r");
    rig_keys(&r, "west\r\t\t\r");
    rig_golden(&r, "wizard_stop");
    assert_true(json_flag(fake_args(r.core, "register-check"), "whole", false));
    rig_keys(&r, "\t\r");
    rig_assert_shows(&r, "The registration did not start");
    rig_assert_shows(&r, "Ask an Owner for a role.");
    assert_int_equal(fake_count(r.core, "register"), 0);
    rig_keys(&r, "\r\t\r");
    rig_assert_shows(&r, "< Next: review >");
    rig_end(&r);
}

/* 60 columns of title are left of 80 (test_core_language.py counts the titles); what is said beside
 * it is brief, or goes. */
static void a_long_title_is_whole(void **state)
{
    static struct sec_run s = { .id = "r1", .plan = "register", .state = "running", .n = 3 };
    static const char title[] = "Give the role Azure Connected Machine Resource Administrator";
    struct rig r = rig_start(&rig_rich);

    (void)state;
    s.started_at = CANNED_NOW - 4000000;
    for (size_t i = 0; i < 3; i++) {
        STR_SET(s.steps[i].id, "s");
        STR_SET(s.steps[i].title, title);
        STR_SET(s.steps[i].state, i == 2 ? "running" : "found");
        s.steps[i].started_at = s.started_at;
    }
    s.steps[0].nodes_done = s.steps[0].nodes_total = 16;
    s.steps[1].ended_at = CANNED_NOW;
    STR_SET(s.steps[2].title, "Have Azure test every node's certificate, all of them");
    s.steps[2].nodes_done = s.steps[2].nodes_total = 16;
    canned_core(r.core, "native");
    canned_not_registered(r.core);
    canned_signin(r.core, "in");
    fake_set(r.core, SEC_RUN, &s);
    rig_show(&r);
    rig_keys(&r, "1\r");
    rig_assert_shows(&r, " Give the role Azure Connected Machine Resource Administrator 1:06:40");
    rig_assert_shows(&r, " Have Azure test every node's certificate, all of them 16/16");
    rig_end(&r);
}

static void stop_asks_first(void **state)
{
    struct rig r = rig_start(&rig_rich);

    (void)state;
    canned_core(r.core, "native");
    canned_not_registered(r.core);
    canned_run(r.core, "running");
    rig_show(&r);
    rig_keys(&r, "1\rs\r"); /* Enter takes the safe choice */
    assert_int_equal(fake_count(r.core, "run-stop"), 0);
    rig_keys(&r, "s1");
    assert_int_equal(fake_count(r.core, "run-stop"), 1);
    assert_string_equal(json_str(fake_args(r.core, "run-stop"), "id"), "r1");
    canned_run(r.core, "failed");
    rig_show(&r);
    rig_keys(&r, "r");
    assert_int_equal(fake_count(r.core, "run-resume"), 1);
    rig_end(&r);
}

static void signin_keys(void **state)
{
    struct rig r = rig_start(&rig_rich);

    (void)state;
    canned_core(r.core, "native");
    canned_not_registered(r.core);
    canned_signin(r.core, "code");
    rig_show(&r);
    rig_keys(&r, "2\r");
    assert_int_equal(fake_count(r.core, "sign-in"), 0); /* a code is there already */
    *r.clock += 10000;
    rig_assert_shows(&r, "Code good for 14:22");
    *r.clock += 900000;
    rig_assert_shows(&r, "The code has expired");
    rig_keys(&r, "n");
    assert_int_equal(fake_count(r.core, "sign-in-cancel"), 1);
    assert_int_equal(fake_count(r.core, "sign-in"), 1);
    rig_keys(&r, "\033");
    assert_int_equal(fake_count(r.core, "sign-in-cancel"), 2); /* leaving gives the code up */
    rig_assert_hides(&r, "C7XKQ2LMP");
    rig_end(&r);
}

static void other_ways(void **state)
{
    static struct sec_signin s;
    struct rig r = rig_start(&rig_rich);
    struct err no = { 0 };
    int64_t port = 0;

    (void)state;
    canned_core(r.core, "native");
    canned_not_registered(r.core);
    canned_signin(r.core, "failed");
    rig_show(&r);
    rig_keys(&r, "2\r");
    rig_assert_shows(&r, "w signs in another way");
    rig_keys(&r, "w");
    rig_assert_shows(&r, "How do you want to sign in?");
    rig_assert_shows(&r, "7 The variables AZURE_...");
    rig_keys(&r, "5\r");
    rig_assert_shows(&r, "Certificate ");
    rig_keys(&r, "\t\t\t\t\r"); /* nothing was filled in */
    rig_assert_shows(&r, "ERROR");
    assert_int_equal(fake_count(r.core, "sign-in"), 0);
    rig_keys(&r, "\033");
    rig_assert_shows(&r, "How do you want to sign in?");
    rig_keys(&r, "2\r80\t\r");
    rig_assert_shows(&r, "a number from 1024 to 65535");
    assert_int_equal(fake_count(r.core, "sign-in"), 0);
    rig_keys(&r, "\033");
    err_set(&no, ERR_SYSTEM, 98, "Port 8400 of this machine is taken.");
    fake_refuse(r.core, "sign-in", &no);
    rig_keys(&r, "2\r8400\t\r");
    rig_assert_shows(&r, "Port 8400 of this machine is taken.");
    assert_string_equal(json_str(fake_args(r.core, "sign-in"), "way"), "browser");
    assert_true(json_int(fake_args(r.core, "sign-in"), "port", &port) && port == 8400);
    rig_end(&r);

    r = rig_start(&rig_rich);
    s = (struct sec_signin){ .state = "browser",
                             .way = "browser",
                             .verification_uri = "http://localhost:8400/Ab3dEf",
                             .port = 8400,
                             .yours = true };
    s.code_expires_at = *r.clock + 872000;
    fake_set(r.core, SEC_SIGNIN, &s);
    rig_show(&r);
    rig_keys(&r, "2\r");
    rig_assert_shows(&r, "http://localhost:8400/Ab3dEf");
    rig_assert_shows(&r, "ssh -L 8400:localhost:8400 THIS-MACHINE");
    rig_keys(&r, "\033");
    assert_int_equal(fake_count(r.core, "sign-in-cancel"), 1); /* leaving gives it up */
    rig_end(&r);
}

/* The screen as it stands in the terminal, cell by cell, to zbar. */
static void read_screen(struct rig *r, int rows, int cols, const char *want)
{
    struct picture p;

    picture_init(&p, rows, cols);
    for (int row = 0; row < rows; row++)
        for (int col = 0; col < cols; col++) {
            uint32_t glyph;
            bool reverse;
            vt_cell(r->vt, row, col, &glyph, &reverse);
            picture_cell(&p, row, col, glyph, reverse, 0);
        }
    assert_string_equal(picture_read(&p), want);
    picture_free(&p);
}

static void square_is_read(void **state)
{
    static const int sizes[][2] = { { 24, 80 }, { 20, 60 }, { 43, 132 } };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        struct rig_options o = rig_rich;
        struct rig r;

        o.rows = sizes[i][0];
        o.cols = sizes[i][1];
        r = rig_start(&o);
        canned_signin(r.core, "code");
        rig_show(&r);
        rig_keys(&r, "2\r");
        read_screen(&r, o.rows, o.cols, "https://microsoft.com/devicelogin");
        rig_end(&r);
    }
}

static void square_of_blanks(void **state)
{
    struct rig_options o = rig_ascii;
    struct rig r;

    (void)state;
    o.rows = 43;
    o.cols = 80;
    r = rig_start(&o);
    canned_signin(r.core, "code");
    rig_show(&r);
    rig_keys(&r, "2\r");
    rig_assert_shows(&r, "No square here");
    rig_keys(&r, "b");
    read_screen(&r, 43, 80, "https://microsoft.com/devicelogin");
    rig_keys(&r, "b");
    rig_assert_shows(&r, "C7XKQ2LMP");
    rig_end(&r);
}

static void untrusted_address_has_no_square(void **state)
{
    static struct sec_signin s;
    struct rig r = rig_start(&rig_rich);

    (void)state;
    s = (struct sec_signin){ .state = "code",
                             .yours = true,
                             .user_code = "ABCD",
                             .verification_uri = "https://evil.example/devicelogin" };
    fake_set(r.core, SEC_SIGNIN, &s);
    rig_show(&r);
    rig_keys(&r, "2\r");
    rig_assert_shows(&r, "is not one that this cloud uses");
    rig_assert_shows(&r, "https://evil.example/devicelogin");
    read_screen(&r, 24, 80, "");
    rig_end(&r);
}

static void foreign_signin_shows_no_code(void **state)
{
    static struct sec_signin s;
    struct rig r = rig_start(&rig_rich);

    (void)state;
    s = (struct sec_signin){ .state = "code",
                             .user_code = "ABCDEFGH",
                             .verification_uri = "https://microsoft.com/devicelogin",
                             .uri_trusted = true };
    fake_set(r.core, SEC_SIGNIN, &s);
    rig_show(&r);
    rig_keys(&r, "2\r");
    rig_assert_shows(&r, "is signing in at this moment");
    rig_assert_hides(&r, "ABCDEFGH");
    rig_keys(&r, "\033");
    assert_int_equal(fake_count(r.core, "sign-in-cancel"), 0);
    rig_end(&r);
}

static void who_may_only_watch(void **state)
{
    static const struct wire_hello h = {
        .protocol = WIRE_PROTOCOL,
        .program = "azloconfd",
        .version = "0.1.0",
        .who_may = "Only root and the group azloconf may act on this machine."
    };
    struct rig_options o = rig_rich;
    struct rig r;

    (void)state;
    o.hello = &h;
    r = rig_start(&o);
    canned_not_registered(r.core);
    canned_signin(r.core, "out");
    rig_show(&r);
    rig_assert_shows(&r, "Clustered"); /* watching is allowed */
    rig_keys(&r, "2\rn");
    rig_assert_shows(&r, "Only root and the group azloconf may act");
    assert_int_equal(fake_count(r.core, "sign-in"), 0);
    rig_end(&r);
}

static void log_finds(void **state)
{
    struct rig r = rig_start(&rig_rich);

    (void)state;
    canned_log(r.core);
    rig_show(&r);
    rig_keys(&r, "l/PROVIDER\r");
    rig_assert_shows(&r, "> 09:40:40 INFO  provider Microsoft");
    rig_keys(&r, "/nothing like this\r");
    rig_assert_shows(&r, "stands in no line");
    rig_keys(&r, "w");
    rig_assert_hides(&r, "provider Microsoft");
    rig_assert_shows(&r, "throttled");
    rig_end(&r);
}

static void power_is_refused_in_the_sandbox(void **state)
{
    struct rig r = rig_start(&rig_rich);

    (void)state;
    canned_core(r.core, "sandbox");
    rig_show(&r);
    rig_keys(&r, "13\r");
    rig_assert_shows(&r, "does not restart");
    canned_core(r.core, "native");
    rig_show(&r);
    rig_keys(&r, "14\r");
    rig_assert_shows(&r, ">2 Leave it running<"); /* the safe choice has the focus */
    rig_keys(&r, "\r");
    rig_assert_hides(&r, "Shut down now");
    rig_end(&r);
}

static void absent_number(void **state)
{
    struct rig r = rig_start(&rig_rich);

    (void)state;
    canned_core(r.core, "native");
    rig_show(&r);
    rig_keys(&r, "7\r");
    rig_assert_shows(&r, "There is no item with this number yet.");
    rig_end(&r);
}

static void help_of_every_screen(void **state)
{
    static const char *const ways[] = { "?", "1\r\033OP", "3\r?", "8\r?", "11\r?" };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
        struct rig r = rig_start(&rig_rich);
        canned_core(r.core, "native");
        canned_not_registered(r.core);
        rig_show(&r);
        rig_keys(&r, ways[i]);
        rig_assert_shows(&r, "Help");
        rig_keys(&r, "\033[F"); /* End */
        rig_assert_shows(&r, "not a Microsoft product");
        rig_end(&r);
    }
}

static void show_move(struct rig *r, const char *state, const char *details)
{
    static struct sec_run s;

    memset(&s, 0, sizeof s);
    STR_SET(s.state, state);
    STR_SET(s.id, "r9");
    STR_SET(s.plan, "register");
    STR_SET(s.whole, "move");
    STR_SET(s.title, "Part 2 of 2: Register with Azure");
    STR_SET(s.details, details);
    s.part = s.parts = 2;
    s.started_at = 1;
    s.n = 1;
    s.step_no = s.step_count = 30; /* of both parts */
    STR_SET(s.steps[0].id, "cluster");
    STR_SET(s.steps[0].title, "Create the cluster resource");
    STR_SET(s.steps[0].state, str_eq(state, "running") ? "waiting" : state);
    s.steps[0].started_at = s.ended_at = 61001; /* it was looked at */
    fake_set(r->core, SEC_RUN, &s);
}

/* Which part it is, that a step which has not begun takes no time, the operation's own end, and
 * after an undo where to go on. */
static void a_move_tells_its_part_and_its_end(void **state)
{
    struct rig r = rig_start(&rig_ascii);

    (void)state;
    canned_registered(r.core);
    show_move(&r, "running", "");
    rig_show(&r);
    rig_assert_shows(&r, "running: step 30");
    rig_keys(&r, "10\r");
    rig_assert_shows(&r, "Part 2 of 2: Register with Azure");
    rig_assert_shows(&r, "[    ] Create the cluster resource\n");
    show_move(&r, "done", "The cluster was moved.");
    rig_assert_shows(&r, "Done. The cluster was moved.");
    rig_assert_hides(&r, "is registered with Azure");
    show_move(&r, "undone", "What this run had made was taken back.");
    rig_assert_shows(&r, "taken back.");
    rig_assert_shows(&r, "Enter goes back to the menu");
    rig_end(&r);
}

/* The menu counts both parts, the page the rows that it shows. */
static void the_step_of_a_move_is_that_of_its_rows(void **state)
{
    struct rig r = rig_start(&rig_rich);

    (void)state;
    canned_registered(r.core);
    show_move(&r, "running", "");
    rig_show(&r);
    rig_assert_shows(&r, "running: step 30 of 30");
    rig_keys(&r, "10\r");
    rig_assert_shows(&r, "Part 2 of 2: Register with Azure  step 1 of 1 ");
    rig_end(&r);
}

static void home_tells_that_arc_is_disabled(void **state)
{
    struct rig r = rig_start(&rig_ascii);
    static struct sec_nodes s;

    (void)state;
    canned_registered(r.core);
    s = (struct sec_nodes){ .n = 2 };
    for (size_t i = 0; i < s.n; i++)
        STR_SET(s.items[i].arc, "Disabled");
    fake_set(r.core, SEC_NODES, &s);
    rig_show(&r);
    rig_assert_shows(&r, "up, Arc disabled");
    STR_SET(s.items[1].arc, "Connected");
    fake_set(r.core, SEC_NODES, &s);
    rig_show(&r);
    rig_assert_hides(&r, "Arc disabled");
    rig_end(&r);
}

int test_tui_flow(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_whole_way),
        cmocka_unit_test(the_step_of_a_move_is_that_of_its_rows),
        cmocka_unit_test(home_tells_that_arc_is_disabled),
        cmocka_unit_test(wrong_values_do_not_pass),
        cmocka_unit_test(what_is_cut_is_said_elsewhere),
        cmocka_unit_test(typing_over_a_default),
        cmocka_unit_test(fixed_value),
        cmocka_unit_test(tenant_by_name),
        cmocka_unit_test(tenant_name_comes_later),
        cmocka_unit_test(subscription_states),
        cmocka_unit_test(long_value),
        cmocka_unit_test(long_account),
        cmocka_unit_test(values_stay),
        cmocka_unit_test(signed_out_in_the_form),
        cmocka_unit_test(core_finds_fault),
        cmocka_unit_test(refusal_is_shown),
        cmocka_unit_test(what_stands_in_the_way),
        cmocka_unit_test(a_long_title_is_whole),
        cmocka_unit_test(stop_asks_first),
        cmocka_unit_test(signin_keys),
        cmocka_unit_test(other_ways),
        cmocka_unit_test(square_is_read),
        cmocka_unit_test(square_of_blanks),
        cmocka_unit_test(untrusted_address_has_no_square),
        cmocka_unit_test(foreign_signin_shows_no_code),
        cmocka_unit_test(who_may_only_watch),
        cmocka_unit_test(log_finds),
        cmocka_unit_test(power_is_refused_in_the_sandbox),
        cmocka_unit_test(absent_number),
        cmocka_unit_test(help_of_every_screen),
        cmocka_unit_test(a_move_tells_its_part_and_its_end),
    };

    return TEST_GROUP("tui/flow", tests);
}
