/* The commands of face/acts.h: what must be said, what is asked at a terminal, which run is taken
 * for one's own after a lost answer. */
#include "config.h"

#include "testing.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/bed.h"
#include "console/cli/follow.h"

#define BIT(s) (1u << (s))
#define REVIEW                                                                                     \
    "{\"plan\":\"unregister\",\"will\":[{\"what\":\"cluster resource\",\"name\":\"CLUSTER-A\","    \
    "\"how\":\"delete\",\"why\":\"\"}],\"confirm\":{\"word\":\"CLUSTER-A\",\"ask\":\"Type the "    \
    "name\"}}"

#define TENANT "72f988bf-86f1-41af-91ab-2d7cd011db47"

static struct json *answer(const char *text)
{
    struct err e = { 0 };

    return json_parse(text, strlen(text), 0, &e);
}

/* With a cluster and a sign-in. */
static int act(struct bed *b)
{
    static struct sec_cluster cluster;
    static struct sec_signin in;
    int code;

    cluster = (struct sec_cluster){ .exists = true };
    in = (struct sec_signin){ .yours = true };
    STR_SET(in.state, "in");
    STR_SET(in.tenant_id, TENANT);
    fake_set(b->core, SEC_CLUSTER, &cluster);
    fake_set(b->core, SEC_SIGNIN, &in);
    bed_capture();
    code = b->c.command->run(&b->c);
    bed_captured(b);
    return code;
}

static void start(struct bed *b, const char *line)
{
    bed_start(b, line, BIT(SEC_SIGNIN) | BIT(SEC_CLUSTER) | BIT(SEC_RUN));
}

/* Nothing is asked of the core where the line itself is wrong. */
static void refused_lines(void **state)
{
    static const struct {
        const char *line, *says, *intent;
    } rows[] = {
        { "unregister --yes", "--yes needs --resource-name", "unregister" },
        { "unregister", "nobody can be asked here: add --yes and --resource-name", "unregister" },
        { "sync", "nobody can be asked here: add --yes to do it", "sync" },
        { "repair --output json", "nobody can be asked here", "repair" },
        { "move --yes --resource-name NEW", "--yes needs --old-resource-name", "move" },
        { "reset --yes", "--yes needs --node", "reset" },
        { "arc disable --yes", "--yes needs --resource-name", "arc-disable" },
        { "arc", "usage: azloconf arc disable | enable", "arc-enable" },
        { "arc away --yes", "usage: azloconf arc disable | enable", "arc-enable" },
        { "arc enable twice --yes", "unknown word \"twice\" after enable", "arc-enable" },
        { "arc enable --force --yes", "--force does not go with azloconf arc enable",
          "arc-enable" },
        { "arc disable --arc-spn-app-id 9 --resource-name A --yes",
          "--arc-spn-app-id does not go with azloconf arc disable", "arc-disable" },
        { "arc enable --arc-spn-secret-fd 9 --yes", "name it with --arc-spn-app-id", "arc-enable" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char check[80];
        struct bed b;

        start(&b, rows[i].line);
        assert_int_equal(act(&b), EXIT_USAGE);
        if (!strstr(b.c.json ? b.out.p : b.err.p, rows[i].says))
            fail_msg("%s: %s%s", rows[i].line, b.out.p, b.err.p);
        str_fmt(check, sizeof(check), "%s-check", rows[i].intent);
        assert_int_equal(fake_count(b.core, check), 0);
        assert_int_equal(fake_count(b.core, rows[i].intent), 0);
        bed_stop(&b);
    }
}

/* One JSON object, with the exit code of what stands in the way; nothing is started. */
static void a_look_as_json(void **state)
{
    struct err stop = { .domain = ERR_OP, .code = ERR_C_BUSY, .message = "Another one is at it." };

    (void)state;
    for (int stopped = 0; stopped < 2; stopped++) {
        struct json *review = answer(REVIEW), *printed;
        struct err e = { 0 };
        struct bed b;

        if (stopped)
            json_set(review, "error", json_encode(&err_json, &stop));
        start(&b, "unregister --what-if --force --output json");
        fake_reply(b.core, "unregister-check", review);
        assert_int_equal(act(&b), stopped ? EXIT_BUSY : EXIT_DONE);
        printed = json_parse(b.out.p, b.out.len, 0, &e);
        assert_non_null(printed);
        assert_string_equal(json_str(printed, "confirm.word"), "CLUSTER-A");
        assert_true(json_flag(fake_args(b.core, "unregister-check"), "force", false));
        assert_int_equal(fake_count(b.core, "unregister"), 0);
        json_free(printed);
        bed_stop(&b);
    }
}

/* ---- at a terminal ---- */

static int keep_stdin = -1;

/* Standard input is a terminal on which this was typed. */
static int type(const char *text)
{
    int far = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), near;

    assert_true(far >= 0 && grantpt(far) == 0 && unlockpt(far) == 0);
    near = open(ptsname(far), O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(near >= 0);
    assert_int_equal(write(far, text, strlen(text)), (ssize_t)strlen(text));
    keep_stdin = dup(STDIN_FILENO);
    dup2(near, STDIN_FILENO);
    close(near);
    return far;
}

static void typed(int far)
{
    dup2(keep_stdin, STDIN_FILENO);
    close(keep_stdin);
    close(far);
}

static void the_question(void **state)
{
    static const struct {
        const char *line, *intent, *typed;
        bool starts;
    } rows[] = {
        { "unregister", "unregister", "CLUSTER-A\n", true },
        { "unregister", "unregister", "  cluster-a \n", true },
        { "unregister", "unregister", "yes\n", false },
        { "unregister", "unregister", "\n", false },
        { "sync", "sync", "yes\n", true },
        { "sync", "sync", "y\n", false },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct err no = { .domain = ERR_STORE, .code = ERR_C_BUSY, .message = "busy" };
        struct json *review = answer(REVIEW);
        char check[80];
        struct bed b;
        int far = type(rows[i].typed), code;

        start(&b, rows[i].line);
        b.c.tty = true;
        if (str_eq(rows[i].line, "sync"))
            json_unset(review, "confirm");
        str_fmt(check, sizeof(check), "%s-check", rows[i].intent);
        fake_reply(b.core, check, review);
        fake_refuse(b.core, rows[i].intent, &no); /* it ends there */
        code = act(&b);
        typed(far);
        assert_int_equal(code, rows[i].starts ? EXIT_BUSY : EXIT_LEFT);
        assert_int_equal(fake_count(b.core, rows[i].intent), rows[i].starts);
        assert_non_null(strstr(b.out.p, "cluster resource CLUSTER-A"));
        if (str_eq(rows[i].line, "sync"))
            assert_non_null(strstr(b.out.p, "Type yes to do it:"));
        else
            assert_non_null(strstr(b.out.p, "Type the name:"));
        if (!rows[i].starts)
            assert_non_null(strstr(b.err.p, "nothing was done"));
        bed_stop(&b);
    }
}

/* ---- a lost answer ---- */

/* Only the newest run, of this operation, that is not at its end is one's own. */
static void the_run_after_a_lost_answer(void **state)
{
    static const struct {
        const char *runs;
        bool own;
        const char *intent; /* NULL: unregister */
    } rows[] = {
        { "[{\"id\":\"new\",\"plan\":\"unregister\",\"state\":\"running\"}]", true, NULL },
        { "[{\"id\":\"new\",\"plan\":\"unregister\",\"state\":\"waiting-sign-in\"}]", true, NULL },
        { "[{\"id\":\"new\",\"plan\":\"register\",\"whole\":\"unregister\",\"state\":"
          "\"running\"}]",
          true, NULL },
        { "[{\"id\":\"new\",\"plan\":\"unregister\",\"whole\":\"move\",\"state\":\"running\"}]",
          false, NULL },
        { "[{\"id\":\"new\",\"plan\":\"register\",\"state\":\"running\"},"
          "{\"id\":\"old\",\"plan\":\"unregister\",\"state\":\"running\"}]",
          false, NULL },
        { "[{\"id\":\"new\",\"plan\":\"unregister\",\"state\":\"done\"}]", false, NULL },
        { "[{\"id\":\"new\",\"plan\":\"unregister\",\"state\":\"failed\"}]", false, NULL },
        { "[]", false, NULL },
        { "[{\"id\":\"new\",\"plan\":\"register\",\"state\":\"running\"}]", true, "repair" },
        { "[{\"id\":\"new\",\"plan\":\"register\",\"whole\":\"repair\",\"state\":\"running\"}]",
          true, "repair" },
        { "[{\"id\":\"new\",\"plan\":\"register\",\"state\":\"running\"}]", true, "register" },
        { "[{\"id\":\"new\",\"plan\":\"register\",\"whole\":\"repair\",\"state\":\"running\"}]",
          true, "register" }, /* --repair-registration */
        { "[{\"id\":\"new\",\"plan\":\"register\",\"whole\":\"move\",\"state\":\"running\"}]",
          false, "register" },
        { "[{\"id\":\"new\",\"plan\":\"sync\",\"state\":\"running\"}]", false, "register" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct err lost = { .domain = ERR_WIRE, .unsure = true, .message = "the core went away" },
                   e = { 0 };
        const char *intent = rows[i].intent ? rows[i].intent : "unregister";
        struct json *runs = json_object();
        char id[64] = "";
        struct bed b;

        start(&b, "unregister --resource-name A --yes");
        fake_refuse(b.core, intent, &lost);
        json_set(runs, "runs", answer(rows[i].runs));
        fake_reply(b.core, "runs", runs);
        assert_int_equal(cli_begin(&b.c, intent, json_object(), id, &e), rows[i].own ? 0 : -1);
        assert_string_equal(id, rows[i].own ? "new" : "");
        bed_stop(&b);
    }
}

/* `register`, too: a sync that somebody else began meanwhile is not followed. */
static void a_lost_registration_follows_no_other_operation(void **state)
{
    struct err lost = { .domain = ERR_WIRE, .unsure = true, .message = "the core went away" };
    struct json *runs = json_object();
    struct bed b;

    (void)state;
    start(&b, "register --tenant-id " TENANT " --subscription-id " TENANT
              " --region eastus --resource-name A --yes");
    fake_refuse(b.core, "register", &lost);
    json_set(runs, "runs", answer("[{\"id\":\"new\",\"plan\":\"sync\",\"state\":\"running\"}]"));
    fake_reply(b.core, "runs", runs);
    assert_int_not_equal(act(&b), EXIT_DONE);
    assert_int_equal(fake_count(b.core, "register"), 2);
    assert_non_null(strstr(b.err.p, "the core went away"));
    bed_stop(&b);
}

int test_cli_act(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refused_lines),
        cmocka_unit_test(a_look_as_json),
        cmocka_unit_test(the_question),
        cmocka_unit_test(the_run_after_a_lost_answer),
        cmocka_unit_test(a_lost_registration_follows_no_other_operation),
    };

    return TEST_GROUP("cli/act", tests);
}
