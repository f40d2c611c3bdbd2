#include "config.h"

#include "testing.h"

#include <sys/stat.h>
#include <unistd.h>

#include "azure/auth.h"
#include "azure/cloud.h"
#include "core/settings.h"
#include "wire/clouds.h"

/* Name and password stay here: a command line shows what the agent is told. */
static void agent_proxy(void **s)
{
    static const struct {
        const char *own, *proxy, *env, *is;
    } rows[] = {
        { "", "", NULL, "" },
        { "", NULL, NULL, "" },
        { "", NULL, "proxy:3128", "http://proxy:3128" },
        { "", "", "proxy:3128", "" },
        { "", "http://p:1/", "proxy:3128", "http://p:1" },
        { "none", "http://p:1", NULL, "" },
        { "http://anna:pa@ss@q:2/x", "http://p:1", NULL, "http://q:2" },
        { "https://anna:pass@[::1]:2", NULL, NULL, "https://[::1]:2" },
    };

    (void)s;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct settings c;
        char is[256];

        settings_init(&c);
        unsetenv("https_proxy");
        unsetenv("all_proxy");
        unsetenv("ALL_PROXY");
        unsetenv("HTTPS_PROXY");
        if (rows[i].env)
            setenv("HTTPS_PROXY", rows[i].env, 1);
        STR_SET(c.agent_proxy, rows[i].own);
        c.has_proxy = rows[i].proxy != NULL;
        STR_SET(c.proxy, rows[i].proxy ? rows[i].proxy : "");
        settings_agent_proxy(&c, is, sizeof(is));
        assert_string_equal(is, rows[i].is);
    }
    unsetenv("HTTPS_PROXY");
}

int test_core_settings(void);

static struct settings c;
static struct err e;

static int take(const char *const *args)
{
    char *argv[32] = { (char *)(uintptr_t) "azloconfd" };
    int n = 1;

    while (args[n - 1]) {
        argv[n] = (char *)(uintptr_t)args[n - 1];
        n++;
    }
    err_clear(&e);
    settings_init(&c);
    return settings_args(&c, n, argv, &e) < 0 ? -1 : settings_finish(&c, &e);
}
#define TAKE(...) take((const char *const[]){ __VA_ARGS__, NULL })

static void defaults(void **s)
{
    (void)s;
    assert_int_equal(take((const char *const[]){ NULL }), 0);
    assert_false(c.private_core);
    assert_string_equal(c.state_dir, SETTINGS_SYSTEM_STATE);
    assert_string_equal(c.cloud, "AzureCloud");
    assert_int_equal(c.clock_rate, 1);
    assert_int_equal(c.idle_seconds, 0); /* the system core stays */
    assert_int_equal(TAKE("--private", "--socket", "/tmp/s", "--state-dir=/tmp/d"), 0);
    assert_int_equal(c.idle_seconds, 600);
    assert_string_equal(c.socket, "/tmp/s");
    assert_string_equal(c.state_dir, "/tmp/d");
}

#define PRIVATE "--private", "--socket", "/s", "--state-dir", "/d"

static void values(void **s)
{
    (void)s;
    assert_int_equal(TAKE(PRIVATE, "--cloud-endpoint", "https://127.0.0.1:44/", "--ca-file", "/ca",
                          "--himds-endpoint", "n1=http://127.0.0.1:5", "--azcmagent", "n1=/x/az",
                          "--tokens-dir", "n1=/x/t", "--himds-endpoint", "http://localhost:6",
                          "--clock-rate", "1000"),
                     0);
    assert_string_equal(c.cloud_endpoint, "https://127.0.0.1:44");
    assert_int_equal(c.n_nodes, 2);
    assert_string_equal(c.node[0].name, "n1");
    assert_string_equal(c.node[0].himds, "http://127.0.0.1:5");
    assert_string_equal(c.node[0].azcmagent, "/x/az");
    assert_string_equal(c.node[0].tokens_dir, "/x/t");
    assert_string_equal(c.node[1].name, "");
    assert_string_equal(c.node[1].himds, "http://localhost:6");
    assert_int_equal(c.clock_rate, 1000);
    assert_int_equal(TAKE(PRIVATE, "--sandbox", "--nodes", "16", "--fresh", "--sandbox-arg",
                          "--approve", "--sandbox-arg=auto:1"),
                     0);
    assert_int_equal(c.nodes, 16);
    assert_int_equal(c.n_sandbox_args, 2);
    assert_string_equal(c.sandbox_args[0], "--approve");
    assert_int_equal(TAKE("--proxy", "none"), 0);
    assert_true(c.has_proxy && !c.proxy[0]);
}

static void refused(void **s)
{
    static const char *const bad[][6] = {
        { "--nonsense" },
        { "stray" },
        { "--socket" },
        { "--socket", "relative" },
        { "--help=yes" },
        { "--cloud", "Mars" },
        { "--client-id", "x" },
        { "--clock-rate", "5" }, /* private only */
        { "--sandbox" },         /* private only */
        { "--cloud-endpoint", "https://a" },
        { "--private" }, /* where? */
        { "--himds-endpoint", "http://10.0.0.1" },
        { "--himds-endpoint", "http://10.0.0.1/=http://127.0.0.1" },
        { "--himds-endpoint", "n=10.0.0.1" },
        { "--azcmagent", "=/x" },
        { "--state-dir", "" },
    };

    (void)s;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_int_equal(take(bad[i]), -1);
        assert_int_equal(e.domain, ERR_USAGE);
        assert_true(strlen(e.message) > 10);
    }
    assert_int_equal(TAKE(PRIVATE, "--nodes", "0", "--sandbox"), -1);
    assert_int_equal(TAKE(PRIVATE, "--nodes", "65", "--sandbox"), -1);
    assert_int_equal(TAKE(PRIVATE, "--nodes", "2x", "--sandbox"), -1);
    assert_int_equal(TAKE(PRIVATE, "--nodes", "2"), -1);
    assert_int_equal(TAKE(PRIVATE, "--cloud-endpoint", "http://x"), -1);
    assert_int_equal(TAKE(PRIVATE, "--sandbox", "--cloud", "azurechinacloud"), 0);
    assert_string_equal(c.cloud, "AzureChinaCloud");
    assert_int_equal(TAKE(PRIVATE, "--sandbox"), 0);
    assert_string_equal(c.cloud, "");
    assert_int_equal(TAKE(PRIVATE, "--cloud", "azure.local"), 0);
    assert_string_equal(c.cloud, "Azure.local");
    assert_int_equal(TAKE(PRIVATE, "--cloud", "AzureGermanCloud"), -1);
    assert_int_equal(TAKE(PRIVATE, "--cloud", "AzureCanary"), -1);
    assert_int_equal(TAKE(PRIVATE, "--cloud", "AzureCloud", "--cloud-endpoint", "https://x"), -1);
}

/* wire/clouds.h has the names that azure/cloud.h has rows for, spelled the same. */
static void the_clouds_that_can_be_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < cloud_count; i++)
        assert_string_equal(cloud_name_judge(cloud_rows[i].name, &e), cloud_rows[i].name);
    assert_string_equal(cloud_name_judge("AZURE.LOCAL", &e), CLOUD_LOCAL);
    assert_null(cloud_name_judge("azuregermancloud", &e));
    assert_non_null(strstr(e.message, "closed"));
    err_clear(&e);
    assert_null(cloud_name_judge("Foo", &e));
    for (size_t i = 0; i < cloud_count; i++)
        assert_non_null(strstr(e.message, cloud_rows[i].name));
    assert_non_null(strstr(e.message, CLOUD_LOCAL));
}

static const char *file_with(const char *text, mode_t mode)
{
    static char path[300];
    FILE *f;

    str_fmt(path, sizeof(path), "%s/azloconf.conf", test_dir());
    unlink(path);
    f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    assert_int_equal(chmod(path, mode), 0);
    return path;
}

static int from_file(const char *text, mode_t mode)
{
    err_clear(&e);
    settings_init(&c);
    return settings_file(&c, file_with(text, mode), getuid(), &e);
}

static void file(void **s)
{
    char line[] = "--cloud=AzureChinaCloud", *argv[] = { (char *)(uintptr_t) "d", line, NULL };

    (void)s;
    assert_int_equal(from_file("# c\n\n cloud = AzureUSGovernment \nazcmagent=/opt/az\n", 0644), 0);
    assert_string_equal(c.cloud, "AzureUSGovernment");
    assert_string_equal(c.node[0].azcmagent, "/opt/az");
    settings_init(&c);
    assert_int_equal(settings_args(&c, 2, argv, &e), 0);
    assert_int_equal(
        settings_file(&c, file_with("cloud = AzureUSGovernment\n", 0600), getuid(), &e), 0);
    assert_string_equal(c.cloud, "AzureChinaCloud"); /* the command line wins */
    assert_int_equal(settings_file(&c, "/nonexistent/azloconf.conf", 0, &e), 0);
}

/* Also where the command line says what would have been taken anyway, and of agents. */
static void command_line_wins(void **s)
{
    (void)s;
    assert_int_equal(TAKE("--client-id", AUTH_CLIENT_AZURE_CLI, "--proxy", "none", "--azcmagent",
                          "/opt/a", "--tokens-dir", "n1=/t/a", "--himds-endpoint",
                          "N1=http://127.0.0.1:1"),
                     0);
    assert_int_equal(settings_file(&c,
                                   file_with("client-id = 11111111-2222-3333-4444-555555555555\n"
                                             "proxy = http://p:1\nazcmagent = /opt/b\n"
                                             "tokens-dir = N1=/t/b\nazcmagent = n1=/opt/c\n"
                                             "himds-endpoint = n1=http://127.0.0.1:2\n",
                                             0600),
                                   getuid(), &e),
                     0);
    assert_string_equal(c.client_id, AUTH_CLIENT_AZURE_CLI);
    assert_string_equal(c.proxy, "");
    assert_int_equal(c.n_nodes, 2);
    assert_string_equal(c.node[0].azcmagent, "/opt/a");
    assert_string_equal(c.node[1].tokens_dir, "/t/a");
    assert_string_equal(c.node[1].himds, "http://127.0.0.1:1");
    assert_string_equal(c.node[1].azcmagent, "/opt/c"); /* of this the command line says nothing */
}

static void file_refused(void **s)
{
    (void)s;
    assert_int_equal(from_file("cloud = AzureCloud\n", 0666), -1);
    assert_int_equal(from_file("cloud = AzureCloud\n", 0664), -1);
    assert_int_equal(from_file("cloud\n", 0644), -1);
    assert_non_null(strstr(e.context, "line 1"));
    assert_int_equal(from_file("\n\nsandbox = yes\n", 0644), -1);
    assert_non_null(strstr(e.context, "line 3"));
    assert_int_equal(from_file("socket = /x\n", 0644), -1);
    settings_init(&c);
    assert_int_equal(settings_file(&c, file_with("cloud = AzureCloud\n", 0644), getuid() + 1, &e),
                     -1);
    assert_int_equal(settings_file(&c, test_dir(), getuid(), &e), -1);
}

/* --help is made from the table: every row stands in it. */
static void help(void **s)
{
    char *text = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&text, &n);

    (void)s;
    settings_help(f);
    fclose(f);
    for (size_t i = 0; i < settings_option_count; i++) {
        char name[64];

        str_fmt(name, sizeof(name), "--%s", settings_options[i].name);
        assert_non_null(strstr(text, name));
        assert_non_null(strstr(text, settings_options[i].help));
    }
    free(text);
}

int test_core_settings(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults),     cmocka_unit_test(values),
        cmocka_unit_test(refused),      cmocka_unit_test(the_clouds_that_can_be_named),
        cmocka_unit_test(file),         cmocka_unit_test(command_line_wins),
        cmocka_unit_test(file_refused), cmocka_unit_test(help),
        cmocka_unit_test(agent_proxy),
    };

    return TEST_GROUP("core/settings", tests);
}
