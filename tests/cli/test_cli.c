#include "config.h"

#include "testing.h"

#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/bed.h"

static void reads_options_and_words(void **state)
{
    struct err e = { 0 };
    struct cli c;

    (void)state;
    assert_int_equal(
        bed_parse(&c, "--sandbox --nodes 3 cluster create NAME --node n1 --node=n2", &e), 0);
    assert_string_equal(c.command->name, "cluster");
    assert_int_equal(c.n_words, 2);
    assert_string_equal(c.words[0], "create");
    assert_string_equal(c.words[1], "NAME");
    assert_true(c.connect.sandbox);
    assert_int_equal(c.connect.nodes, 3);
    assert_string_equal(cli_value(&c, "node"), "n2"); /* the last one */
    assert_int_equal(c.n_values, 4);
    assert_false(cli_switch(&c, "fresh"));

    assert_int_equal(bed_parse(&c, "--output=json status", &e), 0);
    assert_true(c.json);
    assert_int_equal(bed_parse(&c, "", &e), 0);
    assert_null(c.command);
    assert_null(c.connect.ca_file);
    /* a value that looks like a command is a value; one that begins with -- needs the = */
    assert_int_equal(bed_parse(&c, "--state-dir status log", &e), 0);
    assert_string_equal(c.command->name, "log");
    assert_string_equal(c.connect.state_dir, "status");
    assert_int_equal(bed_parse(&c, "status --state-dir=--x", &e), 0);
    assert_string_equal(c.connect.state_dir, "--x");
}

static void what_the_core_gets(void **state)
{
    struct err e = { 0 };
    struct cli c;

    (void)state;
    assert_int_equal(bed_parse(&c,
                               "--sandbox --himds-endpoint n1=http://127.0.0.1:1 --clock-rate=9 "
                               "--sandbox-arg=--instant --output json status",
                               &e),
                     0);
    assert_int_equal(c.n_core_args, 6);
    assert_string_equal(c.core_args[0], "--himds-endpoint");
    assert_string_equal(c.core_args[1], "n1=http://127.0.0.1:1");
    assert_string_equal(c.core_args[2], "--clock-rate");
    assert_string_equal(c.core_args[3], "9");
    assert_string_equal(c.core_args[4], "--sandbox-arg");
    assert_string_equal(c.core_args[5], "--instant");
    assert_null(c.core_args[6]);
    assert_ptr_equal(c.connect.core_args, c.core_args);
    cli_free(&c);
}

static void refuses(void **state)
{
    static const struct {
        const char *line, *says;
    } rows[] = {
        { "--nope status", "unknown option --nope" },
        { "statos", "unknown command \"statos\"" },
        { "status --yes", "unknown option --yes" }, /* another command's */
        { "status --sandbox=1", "--sandbox takes no value" },
        { "status --state-dir", "--state-dir needs a value" },
        { "register --region --yes", "--region needs a value" },
        { "status --output json --output table", "--output is given twice" },
        { "status --output xml", "not \"xml\"" },
        { "--sandbox --nodes 0 status", "from 1 to" },
        { "--sandbox --nodes 65 status", "from 1 to" },
        { "--sandbox --nodes 1x status", "from 1 to" },
        { "--nodes 2 status", "belong to --sandbox" },
        { "--fresh status", "belong to --sandbox" },
        { "--sandbox --cloud-endpoint https://x status", "brings its own cloud" },
        { "status now", "unknown word \"now\"" },
        { "operations 1 2 3 4 5 6 7 8 9", "too many words" },
        { "--ca-file /does/not/exist status", "/does/not/exist" },
    };
    struct cli c;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct err e = { 0 };

        assert_int_equal(bed_parse(&c, rows[i].line, &e), -1);
        assert_int_equal(e.domain, ERR_USAGE);
        if (!strstr(e.message, rows[i].says))
            fail_msg("%s: %s", rows[i].line, e.message);
    }
}

/* The core works in another folder: a relative name must not be looked for there. */
static void a_relative_ca_file(void **state)
{
    char want[400], real[4096], before[4096];
    struct err e = { 0 };
    struct cli c;

    (void)state;
    assert_non_null(getcwd(before, sizeof(before)));
    str_fmt(want, sizeof(want), "%s/ca.pem", test_dir());
    assert_int_equal(file_replace(want, "x", 1, &e), 0);
    assert_non_null(realpath(want, real));
    assert_int_equal(chdir(test_dir()), 0);
    assert_int_equal(bed_parse(&c, "--cloud-endpoint https://x --ca-file ca.pem status", &e), 0);
    assert_string_equal(c.connect.ca_file, real);
    cli_free(&c);
    assert_int_equal(bed_parse(&c, "--ca-file=./nowhere/../ca.pem status", &e), -1);
    assert_int_equal(chdir(before), 0);
}

static void exit_codes(void **state)
{
    static const struct {
        enum err_domain domain;
        int code, http;
        enum cli_exit want;
    } rows[] = {
        { ERR_USAGE, 0, 0, EXIT_USAGE },
        { ERR_OP, ERR_C_CANCELLED, 0, EXIT_LEFT },
        { ERR_AUTH, ERR_C_EXPIRED, 0, EXIT_SIGN_IN },
        { ERR_AUTH, ERR_C_DECLINED, 0, EXIT_SIGN_IN },
        { ERR_AUTH, 700016, 400, EXIT_SIGN_IN },
        { ERR_AUTH, 53003, 400, EXIT_REFUSED },
        { ERR_ARM, 0, 403, EXIT_REFUSED },
        { ERR_ARM, 0, 409, EXIT_FAILED },
        { ERR_OP, ERR_C_BUSY, 0, EXIT_BUSY },
        { ERR_STORE, ERR_C_BUSY, 0, EXIT_BUSY },
        { ERR_STORE, ERR_C_CORRUPT, 0, EXIT_FAILED },
        { ERR_OP, 9130, 403, EXIT_REFUSED },
        { ERR_OP, 9130, 500, EXIT_FAILED },
        { ERR_NET, 0, 403, EXIT_FAILED }, /* a proxy's refusal is not Azure's */
        { ERR_NODE, 1, 0, EXIT_FAILED },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct err e = { .domain = rows[i].domain, .code = rows[i].code, .http = rows[i].http };

        assert_int_equal(cli_exit_of(&e), rows[i].want);
    }
}

/* ---- with a core at the other end ---- */

static void asks_the_core(void **state)
{
    struct json *answer = json_object(), *got = NULL;
    struct err e = { 0 }, no = { 0 };
    struct bed b;

    (void)state;
    bed_start(&b, "status", 1u << SEC_CLUSTER);
    json_set_int(answer, "n", 7);
    fake_reply(b.core, "do-it", answer);
    assert_int_equal(cli_ask(&b.c, "do-it", json_object(), &got, &e), 0);
    assert_int_equal(fake_count(b.core, "do-it"), 1);
    assert_true(json_get(got, "n") != NULL);
    json_free(got);

    err_set(&no, ERR_STORE, ERR_C_BUSY, "%s", "another one is at it");
    fake_refuse(b.core, "do-it", &no);
    assert_int_equal(cli_ask(&b.c, "do-it", json_object(), NULL, &e), -1);
    assert_int_equal(e.code, ERR_C_BUSY);
    assert_string_equal(e.message, "another one is at it");
    bed_stop(&b);
}

static bool never(struct cli *c, void *payload)
{
    (void)c;
    (void)payload;
    return false;
}

static void waits_no_longer_than_told(void **state)
{
    struct err e = { 0 };
    struct bed b;
    int64_t start;

    (void)state;
    bed_start(&b, "status", 1u << SEC_CLUSTER);
    start = mono_ms();
    assert_int_equal(cli_wait(&b.c, never, NULL, 50, &e), -1);
    assert_int_equal(e.code, ERR_C_DEADLINE);
    assert_in_range(mono_ms() - start, 49, 2000);
    b.c.left = true;
    assert_int_equal(cli_wait(&b.c, never, NULL, 0, &e), -1);
    assert_int_equal(cli_exit_of(&e), EXIT_LEFT);
    bed_stop(&b);
}

static void needs_a_cluster(void **state)
{
    struct sec_cluster *s = xcalloc(1, sizeof(*s));
    struct err e = { 0 };
    struct bed b;

    (void)state;
    bed_start(&b, "status", 1u << SEC_CLUSTER);
    fake_set(b.core, SEC_CLUSTER, s);
    assert_int_equal(cli_need_cluster(&b.c, &e), -1);
    assert_int_equal(e.code, ERR_C_NO_CLUSTER);
    assert_non_null(strstr(e.advice, "cluster create"));
    bed_stop(&b);

    s->exists = true;
    bed_start(&b, "status", 1u << SEC_CLUSTER);
    fake_set(b.core, SEC_CLUSTER, s);
    assert_int_equal(cli_need_cluster(&b.c, &e), 0);
    assert_int_equal(fake_count(b.core, "status"), 1);
    bed_stop(&b);
    free(s);
}

static void help_names_everything(void **state)
{
    struct bed b = { 0 };

    (void)state;
    bed_capture();
    cli_help(NULL);
    bed_captured(&b);
    for (size_t i = 0; i < cli_command_count; i++)
        assert_non_null(strstr(b.out.p, cli_commands[i].name));
    for (size_t i = 0; i < cli_common_count; i++)
        assert_non_null(strstr(b.out.p, cli_common[i].name));
    for (size_t i = 0; i < cli_command_count; i++) {
        bed_capture();
        cli_help(&cli_commands[i]);
        bed_captured(&b);
        for (size_t k = 0; k < cli_options(&cli_commands[i]); k++)
            assert_non_null(strstr(b.out.p, cli_option_at(&cli_commands[i], k).name));
        if (str_eq(cli_commands[i].name, "sign-in"))
            assert_non_null(strstr(b.out.p, "--tenant-id GUID or DOMAIN"));
    }
    str_free(&b.out);
    str_free(&b.err);
}

/* Every parameter that has an option is one of register's, with what its row says. */
static void the_parameters_are_options(void **state)
{
    const struct cli_command *k = cli_commands;
    struct cli_option o;
    size_t n = 0;

    (void)state;
    while (!str_eq(k->name, "register"))
        k++;
    for (size_t i = 0; i < PARAMS; i++) {
        if (!params[i].option)
            continue;
        o = cli_option_at(k, n++);
        assert_string_equal(o.name, params[i].option);
        assert_string_equal(o.help, params[i].brief);
        assert_int_equal(o.many, params[i].kind == PARAM_TAGS);
    }
    assert_int_equal(n, k->n_params);
    assert_true(cli_takes(k, "yes"));
    assert_false(cli_takes(k, "delete"));
}

int test_cli_cli(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_options_and_words),
        cmocka_unit_test(what_the_core_gets),
        cmocka_unit_test(refuses),
        cmocka_unit_test(a_relative_ca_file),
        cmocka_unit_test(exit_codes),
        cmocka_unit_test(asks_the_core),
        cmocka_unit_test(waits_no_longer_than_told),
        cmocka_unit_test(needs_a_cluster),
        cmocka_unit_test(help_names_everything),
        cmocka_unit_test(the_parameters_are_options),
    };

    return TEST_GROUP("cli/cli", tests);
}
