#include "config.h"

#include "core/settings.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "azure/auth.h"
#include "base/i18n.h"
#include "net/http.h"
#include "wire/clouds.h"

#define FILE_MAX 65536

/* ---- kinds of options ---- */

static int bad(struct err *e, const struct settings_option *o, const char *value, const char *why)
{
    return err_set(e, ERR_USAGE, 0, _("--%s %s: %s"), o->name, value, why);
}

static char *member(struct settings *c, const struct settings_option *o)
{
    return (char *)c + o->off;
}

static int take_text(struct settings *c, const struct settings_option *o, const char *value,
                     struct err *e)
{
    if (!value[0])
        return bad(e, o, value, _("a value is needed"));
    return str_copy(member(c, o), o->size, value) ? 0 : bad(e, o, value, _("this is too long"));
}

static int take_flag(struct settings *c, const struct settings_option *o, const char *value,
                     struct err *e)
{
    bool on = !value || str_eq(value, "yes");

    if (value && !on && !str_eq(value, "no"))
        return bad(e, o, value, _("yes or no is needed"));
    memcpy(member(c, o), &on, sizeof(on));
    return 0;
}

static int take_whole(struct settings *c, const struct settings_option *o, const char *value,
                      struct err *e, int64_t least, int64_t most)
{
    int64_t n = 0;

    if (!str_to_int(value, &n) || n < least || n > most)
        return err_set(e, ERR_USAGE, 0, _("--%s %s: a whole number from %lld to %lld is needed"),
                       o->name, value, (long long)least, (long long)most);
    memcpy(member(c, o), &n, sizeof(n));
    return 0;
}

static int take_nodes(struct settings *c, const struct settings_option *o, const char *value,
                      struct err *e)
{
    return take_whole(c, o, value, e, 1, SETTINGS_MAX_NODES);
}

static int take_rate(struct settings *c, const struct settings_option *o, const char *value,
                     struct err *e)
{
    return take_whole(c, o, value, e, 1, 10000000);
}

static int take_build(struct settings *c, const struct settings_option *o, const char *value,
                      struct err *e)
{
    return take_whole(c, o, value, e, 10000, 99999);
}

/* No node is up for longer than ten years. */
static int take_uptime(struct settings *c, const struct settings_option *o, const char *value,
                       struct err *e)
{
    return take_whole(c, o, value, e, 1, 87600);
}

static int take_seconds(struct settings *c, const struct settings_option *o, const char *value,
                        struct err *e)
{
    return take_whole(c, o, value, e, 0, 31536000);
}

static int take_path(struct settings *c, const struct settings_option *o, const char *value,
                     struct err *e)
{
    if (value[0] != '/')
        return bad(e, o, value, _("a path that begins with / is needed"));
    return take_text(c, o, value, e);
}

static int take_https(struct settings *c, const struct settings_option *o, const char *value,
                      struct err *e)
{
    size_t n;

    if (!http_url_is_https(value))
        return bad(e, o, value, _("an https address is needed"));
    if (take_text(c, o, value, e) < 0)
        return -1;
    n = strlen(member(c, o));
    while (n && member(c, o)[n - 1] == '/')
        member(c, o)[--n] = 0;
    return 0;
}

static int take_cloud(struct settings *c, const struct settings_option *o, const char *value,
                      struct err *e)
{
    const char *name = cloud_name_judge(value, e);

    return name ? take_text(c, o, name, e) : -1;
}

static int take_proxy(struct settings *c, const struct settings_option *o, const char *value,
                      struct err *e)
{
    c->has_proxy = true;
    if (str_eq(value, "none")) {
        member(c, o)[0] = 0;
        return 0;
    }
    return take_text(c, o, value, e);
}

static int take_client(struct settings *c, const struct settings_option *o, const char *value,
                       struct err *e)
{
    c->has_client_id = true;
    return guid_parse(member(c, o), value) ? 0 : bad(e, o, value, _("a GUID is needed"));
}

static int take_sandbox_arg(struct settings *c, const struct settings_option *o, const char *value,
                            struct err *e)
{
    if (c->n_sandbox_args == SETTINGS_MAX_LIST)
        return bad(e, o, value, _("these are too many"));
    if (!STR_SET(c->sandbox_args[c->n_sandbox_args], value))
        return bad(e, o, value, _("this is too long"));
    c->n_sandbox_args++;
    return 0;
}

struct settings_node *settings_node(struct settings *c, const char *name)
{
    for (size_t i = 0; i < c->n_nodes; i++)
        if (str_ieq(c->node[i].name, name))
            return &c->node[i];
    if (c->n_nodes == SETTINGS_MAX_NODES || strlen(name) >= sizeof(c->node[0].name))
        return NULL;
    STR_SET(c->node[c->n_nodes].name, name);
    return &c->node[c->n_nodes++];
}

/* Behind "NODE=", or all of it. A NODE has no slash or colon, a path and an address have. */
static const char *behind_node(const char *value)
{
    const char *eq = strchr(value, '=');
    size_t len = eq ? (size_t)(eq - value) : 0;

    return eq && !memchr(value, '/', len) && !memchr(value, ':', len) ? eq + 1 : value;
}

/* [NODE=]VALUE; off is the member's place in struct settings_node. */
static int take_node(struct settings *c, const struct settings_option *o, const char *value,
                     struct err *e)
{
    const char *rest = behind_node(value);
    struct settings_node *node;
    char name[64] = "";

    if (rest != value) {
        size_t len = (size_t)(rest - value) - 1;

        if (!len || len >= sizeof(name))
            return bad(e, o, value, _("the node's name is empty or too long"));
        str_copy(name, len + 1, value);
    }
    node = settings_node(c, name);
    if (!node)
        return bad(e, o, rest, _("these are too many"));
    if (!rest[0])
        return bad(e, o, rest, _("a value is needed"));
    return str_copy((char *)node + o->off, o->size, rest) ? 0
                                                          : bad(e, o, rest, _("this is too long"));
}

static int take_himds(struct settings *c, const struct settings_option *o, const char *value,
                      struct err *e)
{
    if (!http_url_is_loopback(behind_node(value)))
        return bad(e, o, value, _("an http address of this machine (127.0.0.1) is needed"));
    return take_node(c, o, value, e);
}

#define SIZE_OF(T, m) sizeof(((T *)0)->m)
#define MEMBER(m)     offsetof(struct settings, m), SIZE_OF(struct settings, m)
#define NODE(m)       offsetof(struct settings_node, m), SIZE_OF(struct settings_node, m)

const struct settings_option settings_options[] = {
    { "private", NULL, N_("be a private core: one user's, with its own socket and state"), NULL, 0,
      take_flag, MEMBER(private_core) },
    { "socket", "PATH", N_("where consoles connect; PATH has at most 107 bytes"), NULL, 0,
      take_path, MEMBER(socket) },
    { "state-dir", "DIR", N_("state, journals and log"), SETTINGS_SYSTEM_STATE, SETTINGS_IN_FILE,
      take_text, MEMBER(state_dir) },
    { "cloud", "NAME", N_("the Azure cloud"), "AzureCloud", SETTINGS_IN_FILE, take_cloud,
      MEMBER(cloud) },
    { "cloud-endpoint", "URL",
      N_("Resource Manager of a cloud that is not in the table: its metadata are asked"), NULL,
      SETTINGS_PRIVATE, take_https, MEMBER(cloud_endpoint) },
    { "ca-file", "FILE", N_("trust only this CA (PEM) for Azure"), NULL, SETTINGS_IN_FILE,
      take_text, MEMBER(ca_file) },
    { "proxy", "URL", N_("proxy for Azure, or none"), N_("from the environment"), SETTINGS_IN_FILE,
      take_proxy, MEMBER(proxy) },
    { "agent-proxy", "URL", N_("proxy for the nodes' Arc agents, or none"), N_("that of --proxy"),
      SETTINGS_IN_FILE, take_text, MEMBER(agent_proxy) },
    { "client-id", "GUID", N_("application that signs in"), AUTH_CLIENT_AZURE_CLI, SETTINGS_IN_FILE,
      take_client, MEMBER(client_id) },
    { "himds-endpoint", "[NODE=]URL", N_("token address of a node's Arc agent"),
      "http://127.0.0.1:40342", SETTINGS_IN_FILE, take_himds, NODE(himds) },
    { "azcmagent", "[NODE=]PATH", N_("command of a node's Arc agent"), "/usr/bin/azcmagent",
      SETTINGS_IN_FILE, take_node, NODE(azcmagent) },
    { "tokens-dir", "[NODE=]DIR", N_("key files of a node's Arc agent"),
      "/var/opt/azcmagent/tokens", SETTINGS_IN_FILE, take_node, NODE(tokens_dir) },
    { "certificates-dir", "[NODE=]DIR", N_("where a node looks for certificates of its users"),
      "/etc/azloconf/certificates", SETTINGS_IN_FILE, take_node, NODE(certificates_dir) },
    { "sandbox", NULL, N_("start an azlosandbox and use it as the cloud"), NULL, SETTINGS_PRIVATE,
      take_flag, MEMBER(sandbox) },
    { "nodes", "N", N_("nodes of the sandbox, 1 to 64"), N_("as it was, else 1"), SETTINGS_PRIVATE,
      take_nodes, MEMBER(nodes) },
    { "fresh", NULL, N_("forget the sandbox's state first"), NULL, SETTINGS_PRIVATE, take_flag,
      MEMBER(fresh) },
    { "sandbox-arg", "ARG", N_("a further argument for azlosandbox; may be repeated"), NULL,
      SETTINGS_PRIVATE, take_sandbox_arg, 0, 0 },
    { "clock-rate", "N", N_("let the policy clock run N times as fast"), "1", SETTINGS_PRIVATE,
      take_rate, MEMBER(clock_rate) },
    { "node-build", "N",
      N_("let native nodes play Windows build N: below 25398 they register by an application and "
         "certificates"),
      N_("the newest"), SETTINGS_PRIVATE, take_build, MEMBER(node_build) },
    { "node-uptime", "HOURS", N_("let native nodes say that they were started so long ago"),
      N_("as this machine"), SETTINGS_PRIVATE, take_uptime, MEMBER(node_uptime) },
    { "idle-seconds", "N", N_("end N seconds after the last console and run; 0: never"), "600",
      SETTINGS_PRIVATE, take_seconds, MEMBER(idle_seconds) },
    { "help", NULL, N_("print this and end"), NULL, 0, take_flag, MEMBER(help) },
    { "version", NULL, N_("print the version and end"), NULL, 0, take_flag, MEMBER(version) },
};
const size_t settings_option_count = ARRAY_LEN(settings_options);

/* ---- reading ---- */

void settings_init(struct settings *c)
{
    memset(c, 0, sizeof(*c));
    c->clock_rate = 1;
    c->idle_seconds = SETTINGS_IDLE_SECONDS;
    STR_SET(c->client_id, AUTH_CLIENT_AZURE_CLI);
}

static const struct settings_option *find(const char *name, size_t len)
{
    for (size_t i = 0; i < ARRAY_LEN(settings_options); i++)
        if (strlen(settings_options[i].name) == len &&
            !strncmp(settings_options[i].name, name, len))
            return &settings_options[i];
    return NULL;
}

static int take_arg(struct settings *c, int argc, char **argv, int *i, struct err *e)
{
    const char *arg = argv[*i];
    const char *eq = strchr(arg, '=');
    const struct settings_option *o = NULL;
    const char *value = NULL;

    if (str_starts(arg, "--"))
        o = find(arg + 2, eq ? (size_t)(eq - arg - 2) : strlen(arg + 2));
    if (!o)
        return err_set(e, ERR_USAGE, 0, _("%s is no option of azloconfd; see azloconfd --help"),
                       arg);
    if (eq)
        value = eq + 1;
    else if (o->argument && *i + 1 < argc)
        value = argv[++*i];
    if (o->argument && !value)
        return err_set(e, ERR_USAGE, 0, _("--%s needs a value: %s"), o->name, o->argument);
    if (!o->argument && value)
        return err_set(e, ERR_USAGE, 0, _("--%s takes no value"), o->name);
    return o->take(c, o, value, e);
}

/* What the settings are is known only when all were read: --private may stand last. */
static int check_private(const struct settings *c, const struct settings_option *o, struct err *e)
{
    if (c->private_core || !(o->where & SETTINGS_PRIVATE))
        return 0;
    return err_set(e, ERR_USAGE, 0, _("--%s belongs to a private core (--private)"), o->name);
}

int settings_args(struct settings *c, int argc, char **argv, struct err *e)
{
    for (int i = 1; i < argc; i++)
        if (take_arg(c, argc, argv, &i, e) < 0)
            return -1;
    for (int i = 1; i < argc; i++) {
        const char *eq = strchr(argv[i], '=');
        const struct settings_option *o = NULL;

        if (str_starts(argv[i], "--"))
            o = find(argv[i] + 2, eq ? (size_t)(eq - argv[i] - 2) : strlen(argv[i] + 2));
        if (o && check_private(c, o, e) < 0)
            return -1;
        if (o && o->argument && !eq)
            i++;
    }
    return 0;
}

static int take_line(struct settings *c, char *line, struct err *e)
{
    char *eq, *name;
    const struct settings_option *o;

    name = str_trim(line);
    if (!name[0] || name[0] == '#')
        return 0;
    eq = strchr(name, '=');
    if (!eq)
        return err_set(e, ERR_USAGE, 0, _("\"%s\" is not NAME = VALUE"), name);
    *eq = 0;
    name = str_trim(name);
    o = find(name, strlen(name));
    if (!o || !(o->where & SETTINGS_IN_FILE))
        return err_set(e, ERR_USAGE, 0, _("%s is no setting of this file"), name);
    return o->take(c, o, str_trim(eq + 1), e);
}

static int take_text_of_file(struct settings *c, char *text, const char *path, struct err *e)
{
    int number = 1;

    for (char *line = text, *end; line; line = end, number++) {
        end = strchr(line, '\n');
        if (end)
            *end++ = 0;
        if (take_line(c, line, e) < 0)
            return err_wrap(e, _("%s, line %d"), path, number);
    }
    return 0;
}

static int read_checked(int fd, const char *path, uid_t owner, struct str *out, struct err *e)
{
    char chunk[4096];
    struct stat st;
    ssize_t n;

    if (fstat(fd, &st) < 0)
        return err_sys(e, errno, "%s", path);
    if (!S_ISREG(st.st_mode) || st.st_uid != owner || (st.st_mode & (S_IWGRP | S_IWOTH)))
        return err_set(e, ERR_USAGE, 0,
                       _("%s must be a regular file that uid %u owns and nobody else may write"),
                       path, (unsigned)owner);
    while ((n = read(fd, chunk, sizeof(chunk))) > 0) {
        str_addn(out, chunk, (size_t)n);
        if (out->len > FILE_MAX)
            return err_set(e, ERR_USAGE, 0, _("%s is longer than %d bytes"), path, FILE_MAX);
    }
    return n < 0 ? err_sys(e, errno, "%s", path) : 0;
}

static void keep_node(struct settings *c, const struct settings_node *given)
{
    struct settings_node *now = settings_node(c, given->name);

    if (given->himds[0])
        STR_SET(now->himds, given->himds);
    if (given->azcmagent[0])
        STR_SET(now->azcmagent, given->azcmagent);
    if (given->tokens_dir[0])
        STR_SET(now->tokens_dir, given->tokens_dir);
}

void settings_agent_proxy(const struct settings *c, char *out, size_t size)
{
    static const char *const names[] = { "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY" };
    const char *url = c->agent_proxy, *scheme, *host, *end;

    if (!url[0] && c->has_proxy)
        url = c->proxy;
    for (size_t i = 0; !url[0] && !c->has_proxy && i < ARRAY_LEN(names); i++)
        url = getenv(names[i]) ? getenv(names[i]) : "";
    if (!url[0] || str_eq(url, "none")) {
        out[0] = 0;
        return;
    }
    scheme = strstr(url, "://");
    host = scheme ? scheme + 3 : url;
    end = host + strcspn(host, "/?#");
    for (const char *p = end; p > host; p--)
        if (p[-1] == '@') {
            host = p;
            break;
        }
    str_fmt(out, size, "%.*s%.*s", scheme ? (int)(scheme + 3 - url) : 7, scheme ? url : "http://",
            (int)(end - host), host);
}

/* What the command line said stays. */
static void keep(struct settings *c, const struct settings *given)
{
    if (given->state_dir[0])
        STR_SET(c->state_dir, given->state_dir);
    if (given->cloud[0])
        STR_SET(c->cloud, given->cloud);
    if (given->ca_file[0])
        STR_SET(c->ca_file, given->ca_file);
    if (given->has_proxy)
        STR_SET(c->proxy, given->proxy);
    if (given->agent_proxy[0])
        STR_SET(c->agent_proxy, given->agent_proxy);
    if (given->has_client_id)
        STR_SET(c->client_id, given->client_id);
    for (size_t i = 0; i < given->n_nodes; i++)
        keep_node(c, &given->node[i]);
}

int settings_file(struct settings *c, const char *path, uid_t owner, struct err *e)
{
    struct settings from_args = *c;
    struct str text = STR_INIT;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    int rc;

    if (fd < 0)
        return errno == ENOENT ? 0 : err_sys(e, errno, "%s", path);
    rc = read_checked(fd, path, owner, &text, e);
    close(fd);
    if (rc == 0 && memchr(str_p(&text), 0, text.len))
        rc = err_set(e, ERR_USAGE, 0, _("%s is no text file"), path);
    if (rc == 0 && text.len)
        rc = take_text_of_file(c, text.p, path, e);
    str_free(&text);
    if (rc < 0)
        return -1;
    keep(c, &from_args);
    return 0;
}

/* A folder of certificates is of no agent: the sandbox's nodes may have one. */
static bool names_agents(const struct settings *c)
{
    for (size_t i = 0; i < c->n_nodes; i++)
        if (c->node[i].name[0] || c->node[i].himds[0] || c->node[i].azcmagent[0] ||
            c->node[i].tokens_dir[0])
            return true;
    return false;
}

int settings_finish(struct settings *c, struct err *e)
{
    if (c->sandbox && (c->cloud_endpoint[0] || names_agents(c)))
        return err_set(e, ERR_USAGE, 0, "%s",
                       _("--sandbox brings its own cloud and nodes: leave out --cloud-endpoint and "
                         "the options of Arc agents"));
    if ((c->nodes || c->fresh || c->n_sandbox_args) && !c->sandbox)
        return err_set(e, ERR_USAGE, 0, "%s",
                       _("--nodes, --fresh and --sandbox-arg belong to --sandbox"));
    if (c->cloud[0] && c->cloud_endpoint[0])
        return err_set(e, ERR_USAGE, 0, "%s", _("--cloud and --cloud-endpoint exclude each other"));
    if (c->private_core && (!c->socket[0] || !c->state_dir[0]))
        return err_set(e, ERR_USAGE, 0, "%s",
                       _("--private needs --socket PATH and --state-dir DIR"));
    if (!c->state_dir[0])
        STR_SET(c->state_dir, SETTINGS_SYSTEM_STATE);
    if (!c->cloud[0] && !c->sandbox) /* a rehearsal is its own cloud, or the one that it was */
        STR_SET(c->cloud, "AzureCloud");
    if (!c->private_core)
        c->idle_seconds = 0;
    return 0;
}

void settings_help(FILE *out)
{
    fputs(_("Usage: azloconfd [OPTION]...\n"
            "The core of azloconf: signs in, runs operations, keeps the state, syncs on "
            "schedule.\n\n"),
          out);
    for (size_t i = 0; i < ARRAY_LEN(settings_options); i++) {
        const struct settings_option *o = &settings_options[i];
        char left[64];

        str_fmt(left, sizeof(left), "--%s%s%s", o->name, o->argument ? " " : "",
                o->argument ? o->argument : "");
        fprintf(out, "  %-28s %s", left, _(o->help));
        if (o->dflt)
            fprintf(out, " [%s]", _(o->dflt));
        fputc('\n', out);
    }
    fprintf(out, _("\nThe system core also reads %s.\n"), SETTINGS_FILE);
}
