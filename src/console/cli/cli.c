#include "config.h"

#include "console/cli/cli.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/str.h"
#include "console/cli/output.h"
#include "console/face/answers.h"
#include "wire/clouds.h"

#define READY_MS 40000 /* the client gives up on a core before that, and says why */

/* ---- parsing ---- */

static bool is_named(const struct cli_option *o, const char *name, size_t len)
{
    return strlen(o->name) == len && strncmp(o->name, name, len) == 0;
}

static bool find_option(const struct cli *c, const char *name, size_t len, struct cli_option *out)
{
    for (size_t i = 0; c->command && i < cli_options(c->command); i++) {
        *out = cli_option_at(c->command, i);
        if (is_named(out, name, len))
            return true;
    }
    for (size_t i = 0; i < cli_common_count; i++) {
        *out = cli_common[i];
        if (is_named(out, name, len))
            return true;
    }
    return false;
}

static int add_value(struct cli *c, const struct cli_option *o, const char *value, struct err *e)
{
    if (!o->many && cli_value(c, o->name))
        return err_set(e, ERR_USAGE, 0, _("--%s is given twice"), o->name);
    if (c->n_values == CLI_MAX_VALUES)
        return err_set(e, ERR_USAGE, 0, _("too many options"));
    c->values[c->n_values].option = *o;
    c->values[c->n_values++].value = value;
    return 0;
}

static int parse_option(struct cli *c, char **argv, int argc, int *i, struct err *e)
{
    const char *name = argv[*i] + 2, *eq = strchr(name, '=');
    size_t len = eq ? (size_t)(eq - name) : strlen(name);
    struct cli_option o;

    if (!find_option(c, name, len, &o))
        return err_set(e, ERR_USAGE, 0, _("unknown option --%.*s; \"azloconf --help\" lists them"),
                       (int)len, name);
    if (!o.arg) {
        if (eq)
            return err_set(e, ERR_USAGE, 0, _("--%s takes no value"), o.name);
        return add_value(c, &o, "", e);
    }
    if (eq)
        return add_value(c, &o, eq + 1, e);
    if (*i + 1 >= argc || strncmp(argv[*i + 1], "--", 2) == 0)
        return err_set(e, ERR_USAGE, 0,
                       _("--%s needs a value: %s (--%s=VALUE if it begins with --)"), o.name, o.arg,
                       o.name);
    return add_value(c, &o, argv[++*i], e);
}

static const struct cli_command *find_command(const char *name)
{
    for (size_t i = 0; i < cli_command_count; i++)
        if (str_eq(cli_commands[i].name, name))
            return &cli_commands[i];
    return NULL;
}

/* The command stands anywhere before its own options: found first, so that options before it are
 * known. */
static int pick_command(struct cli *c, int argc, char **argv, struct err *e)
{
    for (int i = 1; i < argc; i++) {
        struct cli_option o;

        if (strncmp(argv[i], "--", 2) == 0) {
            if (find_option(c, argv[i] + 2, strcspn(argv[i] + 2, "="), &o) && o.arg &&
                !strchr(argv[i], '='))
                i++;
            continue;
        }
        c->command = find_command(argv[i]);
        if (!c->command)
            return err_set(e, ERR_USAGE, 0,
                           _("unknown command \"%s\"; \"azloconf --help\" lists them"), argv[i]);
        return i;
    }
    return 0;
}

/* "--himds-endpoint": the core knows these options by the same names. */
static const char *core_name(const struct cli_option *o)
{
    struct str s = STR_INIT;

    str_addf(&s, "--%s", o->name);
    return str_take(&s);
}

/* The core works in another folder. */
static int absolute(const char **out, const char *path, struct err *e)
{
    *out = path ? realpath(path, NULL) : NULL;
    if (path && !*out)
        return err_set(e, ERR_USAGE, 0, _("--ca-file %s: %s"), path, strerror(errno));
    return 0;
}

/* The cloud is chosen when a core is started: a file of answers is looked into before. */
static const char *environment_of(struct cli *c)
{
    const char *given = cli_value(c, "environment-name"), *answers = cli_value(c, "answers");
    struct err unknown = { 0 };
    char named[48];

    if (given || !answers || c->connect.cloud_endpoint)
        return given;
    answers_environment(answers, named, sizeof named);
    return cloud_name_judge(named, &unknown); /* register judges it with the other keys */
}

/* Options that do not fit each other, and a cloud that there is not. */
static int check_connect(struct cli *c, struct err *e)
{
    struct client_options *o = &c->connect;

    if ((o->fresh || o->nodes) && !o->sandbox)
        return err_set(e, ERR_USAGE, 0, _("--nodes and --fresh belong to --sandbox"));
    if (o->sandbox && o->cloud_endpoint)
        return err_set(e, ERR_USAGE, 0,
                       _("--sandbox brings its own cloud: leave --cloud-endpoint out"));
    if (o->environment && o->cloud_endpoint)
        return err_set(e, ERR_USAGE, 0,
                       _("--environment-name and --cloud-endpoint exclude each other"));
    if (o->environment && !(c->command && c->command->run == cmd_register)) {
        o->environment = cloud_name_judge(o->environment, e);
        return o->environment ? 0 : -1;
    }
    return 0;
}

static int fill_connect(struct cli *c, struct err *e)
{
    const char *nodes = cli_value(c, "nodes"), *output = cli_value(c, "output");
    int64_t n = 0;

    if (nodes && (!str_to_int(nodes, &n) || n < 1 || n > SEC_MAX_NODES))
        return err_set(e, ERR_USAGE, 0, _("--nodes takes a number from 1 to %d"), SEC_MAX_NODES);
    if (output && !str_eq(output, "table") && !str_eq(output, "json"))
        return err_set(e, ERR_USAGE, 0, _("--output is table or json, not \"%s\""), output);
    c->json = output && str_eq(output, "json");
    c->connect.sandbox = cli_switch(c, "sandbox");
    c->connect.fresh = cli_switch(c, "fresh");
    c->connect.nodes = (int)n;
    c->connect.state_dir = cli_value(c, "state-dir");
    c->connect.cloud_endpoint = cli_value(c, "cloud-endpoint");
    c->connect.environment = environment_of(c);
    if (absolute(&c->connect.ca_file, cli_value(c, "ca-file"), e) < 0 || check_connect(c, e) < 0)
        return -1;
    for (size_t i = 0; i < c->n_values; i++)
        if (c->values[i].option.core) {
            c->core_args[c->n_core_args++] = core_name(&c->values[i].option);
            if (c->values[i].option.arg)
                c->core_args[c->n_core_args++] = c->values[i].value;
        }
    c->connect.core_args = c->core_args;
    return 0;
}

/* Wanted first: what is wrong with the rest is told in that form, too. */
static bool wants_json(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (str_eq(argv[i], "--output=json") ||
            (str_eq(argv[i], "--output") && i + 1 < argc && str_eq(argv[i + 1], "json")))
            return true;
    return false;
}

int cli_parse(struct cli *c, int argc, char **argv, struct err *e)
{
    int at = pick_command(c, argc, argv, e);

    c->json = wants_json(argc, argv);
    if (at < 0)
        return -1;
    for (int i = 1; i < argc; i++) {
        if (i == at && c->command)
            continue;
        if (strncmp(argv[i], "--", 2) == 0 && argv[i][2]) {
            if (parse_option(c, argv, argc, &i, e) < 0)
                return -1;
        } else if (c->n_words < ARRAY_LEN(c->words)) {
            c->words[c->n_words++] = argv[i];
        } else {
            return err_set(e, ERR_USAGE, 0, _("too many words after \"%s\""), c->command->name);
        }
    }
    if (c->n_words && c->command && !c->command->words)
        return err_set(e, ERR_USAGE, 0, _("unknown word \"%s\" after %s"), c->words[0],
                       c->command->name);
    return fill_connect(c, e);
}

void cli_free(struct cli *c)
{
    secret_clear(&c->arc_secret);
    for (size_t i = 0, n = 0; i < c->n_values && n < c->n_core_args; i++)
        if (c->values[i].option.core) {
            free((char *)c->core_args[n]);
            n += c->values[i].option.arg ? 2 : 1;
        }
    free((char *)c->connect.ca_file);
    c->n_core_args = 0;
    c->connect.ca_file = NULL;
}

const char *cli_value(const struct cli *c, const char *name)
{
    for (size_t i = c->n_values; i-- > 0;)
        if (str_eq(c->values[i].option.name, name))
            return c->values[i].value;
    return NULL;
}

bool cli_switch(const struct cli *c, const char *name)
{
    return cli_value(c, name) != NULL;
}

/* ---- running ---- */

static void on_change(void *payload, enum section_id id)
{
    struct cli *c = payload;

    c->came[id]++;
}

static void on_state(void *payload, enum client_state s, const struct err *why)
{
    struct cli *c = payload;

    c->state = s;
    if (why && err_is(why))
        c->why = *why;
}

static void on_signal(void *payload, int signo)
{
    (void)signo;
    ((struct cli *)payload)->left = true;
}

int cli_wait(struct cli *c, cli_until_fn *fn, void *payload, int64_t max_ms, struct err *e)
{
    int64_t end = max_ms > 0 ? mono_ms() + max_ms : 0;

    for (;;) {
        int64_t left = end ? end - mono_ms() : 1000;

        if (c->left)
            return err_set(e, ERR_OP, ERR_C_CANCELLED, _("left by you"));
        if (c->state == CLIENT_REFUSED || c->state == CLIENT_FAILED) {
            *e = c->why;
            return -1;
        }
        if (fn(c, payload))
            return 0;
        if (end && left <= 0)
            return err_set(e, ERR_WIRE, ERR_C_DEADLINE, _("the core did not answer in time"));
        loop_turn(c->loop, left < 1000 ? left : 1000);
    }
}

struct asked {
    bool done;
    struct json *result;
    struct err err;
};

static void on_answer(void *payload, const struct json *result, const struct err *e)
{
    struct asked *a = payload;

    a->done = true;
    if (e)
        a->err = *e;
    else
        a->result = json_copy(result);
}

static bool was_answered(struct cli *c, void *payload)
{
    (void)c;
    return ((struct asked *)payload)->done;
}

static bool is_ready(struct cli *c, void *payload)
{
    (void)payload;
    return c->state == CLIENT_READY;
}

int cli_ask(struct cli *c, const char *intent, struct json *args, struct json **result,
            struct err *e)
{
    return cli_ask_secret(c, intent, args, NULL, 0, result, e);
}

int cli_ask_secret(struct cli *c, const char *intent, struct json *args,
                   const struct wire_secret *secrets, size_t n, struct json **result, struct err *e)
{
    struct asked a = { 0 };

    if (cli_wait(c, is_ready, NULL, READY_MS, e) < 0) {
        json_free(args);
        return -1;
    }
    client_ask_secret(c->client, intent, args, secrets, n, on_answer, &a);
    if (cli_wait(c, was_answered, &a, 0, e) < 0) {
        client_forget(c->client, &a);
        return -1;
    }
    if (err_is(&a.err)) {
        *e = a.err;
        return -1;
    }
    if (result)
        *result = a.result;
    else
        json_free(a.result);
    return 0;
}

static bool sections_came(struct cli *c, void *payload)
{
    unsigned mask = *(unsigned *)payload;

    for (unsigned id = 0; id < SECTIONS; id++)
        if (mask & (1u << id) && client_version(c->client, (enum section_id)id) == 0)
            return false;
    return true;
}

bool cli_have(struct cli *c, unsigned sections, struct err *e)
{
    return cli_wait(c, sections_came, &sections, READY_MS, e) == 0;
}

int cli_need_cluster(struct cli *c, struct err *e)
{
    const struct sec_cluster *s = client_section(c->client, SEC_CLUSTER);

    if (cli_ask(c, "status", json_object(), NULL, e) < 0 || !cli_have(c, 1u << SEC_CLUSTER, e))
        return -1;
    if (s->exists || err_is(&s->error))
        return 0;
    err_set(e, ERR_OP, ERR_C_NO_CLUSTER, _("there is no cluster on this node yet"));
    STR_SET(e->advice, _("Create a cluster first: azloconf cluster create NAME."));
    return -1;
}

enum cli_exit cli_exit_of(const struct err *e)
{
    static const struct {
        enum err_domain domain;
        int code, http;
        enum cli_exit exit;
    } rows[] = { /* first match; 0: any */
                 { ERR_USAGE, 0, 0, EXIT_USAGE },
                 { ERR_OP, ERR_C_CANCELLED, 0, EXIT_LEFT },
                 { ERR_OP, ERR_C_BUSY, 0, EXIT_BUSY },
                 { ERR_STORE, ERR_C_BUSY, 0, EXIT_BUSY },
                 { ERR_OP, ERR_C_NOT_SIGNED_IN, 0, EXIT_SIGN_IN },
                 { ERR_AUTH, ERR_C_NOT_SIGNED_IN, 0, EXIT_SIGN_IN },
                 { ERR_AUTH, ERR_C_NO_GRAPH, 0, EXIT_SIGN_IN },
                 { ERR_AUTH, ERR_C_EXPIRED, 0, EXIT_SIGN_IN },
                 { ERR_AUTH, ERR_C_DECLINED, 0, EXIT_SIGN_IN },
                 { ERR_AUTH, 53003, 0, EXIT_REFUSED },
                 { ERR_AUTH, 50097, 0, EXIT_REFUSED },
                 { ERR_AUTH, 53000, 0, EXIT_REFUSED },
                 { ERR_AUTH, 53001, 0, EXIT_REFUSED },
                 { ERR_AUTH, 530035, 0, EXIT_REFUSED },
                 { ERR_AUTH, 530036, 0, EXIT_REFUSED },
                 { ERR_AUTH, 0, 0, EXIT_SIGN_IN },
                 { ERR_ARM, 0, 403, EXIT_REFUSED },
                 { ERR_NODE, 0, 403, EXIT_REFUSED },
                 { ERR_OP, 9132, 403, EXIT_REFUSED },
                 { ERR_OP, 9130, 403, EXIT_REFUSED },
                 { ERR_OP, ERR_C_RIGHTS, 0, EXIT_REFUSED },
                 { ERR_OP, ERR_C_ROLES, 0, EXIT_REFUSED },
                 { ERR_OP, ERR_C_CONSENT, 0, EXIT_REFUSED }
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (rows[i].domain == e->domain && (!rows[i].code || rows[i].code == e->code) &&
            (!rows[i].http || rows[i].http == e->http))
            return rows[i].exit;
    return EXIT_FAILED;
}

int cli_fail(const struct cli *c, const struct err *e)
{
    out_error(c, e);
    return cli_exit_of(e);
}

int cli_run(struct cli *c)
{
    struct err e = { 0 };
    int code;

    c->loop = loop_new(&e);
    if (!c->loop || loop_signal(c->loop, SIGINT, on_signal, c, &e) < 0 ||
        loop_signal(c->loop, SIGTERM, on_signal, c, &e) < 0)
        return cli_fail(c, &e);
    c->tty = isatty(STDOUT_FILENO);
    c->connect.sections = c->command->sections;
    c->client = client_start(c->loop, &c->connect, on_change, on_state, c);
    code = c->command->run(c);
    client_free(c->client);
    loop_free(c->loop);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        perror("azloconf: stdout");
        return code ? code : EXIT_FAILED;
    }
    return code;
}
