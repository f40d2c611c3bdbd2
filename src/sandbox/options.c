/* options.c - the command line of azlosandbox: one table for parsing, one for the help. */
#include "config.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "sandbox/clouds.h"
#include "sandbox/options.h"

enum { APPROVE_AFTER_S = 20, NODES_MAX = 64 };

struct sb_options sb_options;

static const struct option long_options[] = {
    { "listen", required_argument, NULL, 'l' },
    { "dir", required_argument, NULL, 'd' },
    { "seed", required_argument, NULL, 's' },
    { "approve", required_argument, NULL, 'a' },
    { "latency", required_argument, NULL, 't' },
    { "instant", no_argument, NULL, 'i' },
    { "clock-rate", required_argument, NULL, 'c' },
    { "fault", required_argument, NULL, 'f' },
    { "log", required_argument, NULL, 'o' },
    { "log-secrets", no_argument, NULL, 'S' },
    { "nodes", required_argument, NULL, 'n' },
    { "cloud", required_argument, NULL, 'C' },
    { "help", no_argument, NULL, 'h' },
    { "version", no_argument, NULL, 'V' },
    { NULL, 0, NULL, 0 },
};

static const struct {
    const char *name, *text;
} help[] = {
    { "--listen ADDRESS:PORT", N_("where to listen; loopback only (default 127.0.0.1:0)") },
    { "--dir DIR", N_("keys and state; kept between starts") },
    { "--seed FILE.json", N_("what the first world holds") },
    { "--approve auto[:SECONDS] | manual", N_("who approves device codes (default auto:20)") },
    { "--latency MS", N_("added to every answer") },
    { "--instant", N_("long-running work is done at once") },
    { "--clock-rate N", N_("N seconds pass in one") },
    { "--fault SPEC", N_("KIND[@METHOD PATH-GLOB][xCOUNT][ after N]; may be repeated") },
    { "--log FILE.jsonl", N_("writes each exchange as one JSON line") },
    { "--log-secrets", N_("... with tokens and secrets, for tests that hunt them") },
    { "--nodes N", N_("nodes with an Arc agent, 1 to 64 (default 1)") },
    { "--cloud NAME", N_("speaks as AzureCloud, AzureChinaCloud, AzureUSGovernment or "
                         "Azure.local, at their host names, through the proxy port") },
    { "--help", N_("shows this text") },
    { "--version", N_("shows the version") },
};

static void show_help(void)
{
    printf(_("Usage: %s [OPTION]...\n"), "azlosandbox");
    printf("%s\n\n",
           _("An Azure for rehearsal, training and tests; everything stays on this machine."));
    for (size_t i = 0; i < ARRAY_LEN(help); i++)
        printf("  %-36s %s\n", help[i].name, _(help[i].text));
    printf("\n%s\n  429:retry-after=N 500 503 reset reply-lost truncate garbage bad-length "
           "half-header\n"
           "  slow=MS slow_down expired_token declined\n",
           _("Faults:"));
}

static int parse_number(const char *text, int64_t least, int64_t most, int64_t *out, struct err *e)
{
    if (str_to_int(text, out) && *out >= least && *out <= most)
        return 0;
    return err_set(e, ERR_USAGE, 0, _("\"%s\" is not a number from %lld to %lld."), text,
                   (long long)least, (long long)most);
}

static int parse_listen(const char *text, struct err *e)
{
    char host[64];
    int64_t port = 0;
    const char *colon = strrchr(text, ':');
    if (!colon || !str_fmt(host, sizeof(host), "%.*s", (int)(colon - text), text))
        return err_set(e, ERR_USAGE, 0, _("\"%s\" is not ADDRESS:PORT."), text);
    if (parse_number(colon + 1, 0, 65535, &port, e) < 0)
        return -1;
    if (!str_eq(host, "127.0.0.1") && !str_eq(host, "localhost") && !str_eq(host, "[::1]"))
        return err_set(e, ERR_USAGE, 0,
                       _("The sandbox listens on loopback only: 127.0.0.1, localhost or [::1]."));
    STR_SET(sb_options.listen_host, host[0] == '[' ? "::1" : "127.0.0.1");
    sb_options.listen_port = (int)port;
    return 0;
}

static int parse_approve(const char *text, struct err *e)
{
    int64_t seconds = APPROVE_AFTER_S;
    sb_options.approve = str_eq(text, "manual") ? SB_APPROVE_MANUAL : SB_APPROVE_AUTO;
    if (sb_options.approve == SB_APPROVE_AUTO && !str_eq(text, "auto")) {
        if (!str_starts(text, "auto:"))
            return err_set(e, ERR_USAGE, 0, _("--approve is auto, auto:SECONDS or manual."));
        if (parse_number(text + 5, 0, 86400, &seconds, e) < 0)
            return -1;
    }
    sb_options.approve_after_s = (int)seconds;
    return 0;
}

static int keep(char *dst, size_t size, const char *text, struct err *e)
{
    return str_copy(dst, size, text) ? 0 : err_set(e, ERR_USAGE, 0, _("A path is too long."));
}

static int take_cloud(const char *name, struct err *e)
{
    const struct sb_cloud *c = sb_cloud_find(name);
    struct str known = STR_INIT;

    sb_cloud_set(c);
    if (c)
        return 0;
    for (size_t i = 0; i < sb_cloud_count; i++)
        str_addf(&known, "%s%s", i ? ", " : "", sb_clouds[i].name);
    err_set(e, ERR_USAGE, 0, _("--cloud %s: this cloud is not known; known are %s."), name,
            str_p(&known));
    str_free(&known);
    return -1;
}

static int take_option(int c, const char *arg, struct err *e)
{
    int64_t n = 0;
    int rc = 0;
    switch (c) {
    case 'l':
        return parse_listen(arg, e);
    case 'd':
        return keep(sb_options.dir, sizeof(sb_options.dir), arg, e);
    case 's':
        return keep(sb_options.seed, sizeof(sb_options.seed), arg, e);
    case 'o':
        return keep(sb_options.log, sizeof(sb_options.log), arg, e);
    case 'a':
        return parse_approve(arg, e);
    case 'f':
        return fault_add(arg, e);
    case 'S':
        sb_options.log_secrets = true;
        return 0;
    case 'i':
        sb_options.instant = true;
        return 0;
    case 't':
        rc = parse_number(arg, 0, 60000, &n, e);
        sb_options.latency_ms = (int)n;
        return rc;
    case 'n':
        rc = parse_number(arg, 1, NODES_MAX, &n, e);
        sb_options.nodes = (int)n;
        return rc;
    case 'C':
        return take_cloud(arg, e);
    case 'c':
        rc = parse_number(arg, 1, 1000000000, &n, e);
        sb_options.clock_rate = n;
        return rc;
    default:
        return err_set(e, ERR_USAGE, 0,
                       _("There is no such option, or its value is missing: %s; see --help."), arg);
    }
}

static int default_dir(struct err *e)
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    bool fits = true;
    if (sb_options.dir[0])
        return 0;
    if (state && state[0] == '/')
        fits = str_fmt(sb_options.dir, sizeof(sb_options.dir), "%s/azlosandbox", state);
    else if (home && home[0] == '/')
        fits = str_fmt(sb_options.dir, sizeof(sb_options.dir), "%s/.local/state/azlosandbox", home);
    else
        return err_set(e, ERR_USAGE, 0, _("HOME is not set; name the folder with --dir."));
    return fits ? 0 : err_set(e, ERR_USAGE, 0, _("A path is too long."));
}

int options_read(int argc, char **argv, struct err *e)
{
    sb_options.approve = SB_APPROVE_AUTO;
    sb_options.approve_after_s = APPROVE_AFTER_S;
    sb_options.clock_rate = 1;
    sb_options.nodes = 1;
    STR_SET(sb_options.listen_host, "127.0.0.1");
    opterr = 0;
    for (int c; (c = getopt_long(argc, argv, "", long_options, NULL)) != -1;) {
        if (c == 'h') {
            show_help();
            return 1;
        }
        if (c == 'V') {
            printf("azlosandbox %s\n", PACKAGE_VERSION);
            return 1;
        }
        if (take_option(c, c == '?' ? argv[optind - 1] : optarg, e) < 0)
            return -1;
    }
    if (optind < argc)
        return err_set(e, ERR_USAGE, 0, _("\"%s\" is not an option; see --help."), argv[optind]);
    return default_dir(e);
}
