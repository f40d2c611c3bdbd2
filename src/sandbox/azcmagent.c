/* azlosandbox-azcmagent: a stand-in for the Arc agent's command. It knows its node by agent.json
 * beside the name that it was called by and asks the sandbox on that node's port. Sources:
 * azure-wire.md 5.3 to 5.10 (flags, keys of show, exit codes, config). Its configuration is
 * agentconfig.json beside agent.json; connect goes to proxy.url first, as the agent would. Links
 * base only. */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/secret.h"
#include "base/str.h"

#define VERSION_TEXT "1.48.02881.1941"
#define MAX_CONFIG   (1024 * 1024)
#define WAIT_S       60

enum {
    EXIT_AGENT = 4,
    EXIT_ARGUMENT_MISSING = 16,
    EXIT_CONFIG = 19,
    EXIT_ARGUMENT = 23,
    EXIT_NETWORK = 26,
    EXIT_CREATE = 42,
    EXIT_DELETE = 43,
    EXIT_LOCAL_CONFIG = 69,
    EXIT_COMMAND = 101
};

/* long option, its letter, the member of the request; NULL member: handled by name or accepted
 * without effect */
struct option_row {
    const char *name;
    char letter;
    bool value;
    const char *member;
};
static const struct option_row options[] = {
    { "subscription-id", 's', true, "subscriptionId" },
    { "resource-group", 'g', true, "resourceGroup" },
    { "location", 'l', true, "location" },
    { "tenant-id", 't', true, "tenantId" },
    { "resource-name", 'n', true, "resourceName" },
    { "cloud", 0, true, "cloud" },
    { "correlation-id", 0, true, "correlationId" },
    { "tags", 0, true, "tags" },
    { "access-token", 0, true, NULL },
    { "config", 0, true, NULL },
    { "private-link-scope", 0, true, NULL },
    { "gateway-id", 0, true, NULL },
    { "user-tenant-id", 0, true, NULL },
    { "automanage-profile", 0, true, NULL },
    { "service-principal-id", 'i', true, NULL },
    { "service-principal-secret", 'p', true, NULL },
    { "service-principal-cert", 0, true, NULL },
    { "force-local-only", 'f', false, "forceLocalOnly" },
    { "use-device-code", 0, false, NULL },
    { "use-azcli", 0, false, NULL },
    { "ignore-network-check", 0, false, NULL },
    { "json", 'j', false, NULL },
    { "log-stderr", 0, false, NULL },
    { "no-color", 0, false, NULL },
    { "verbose", 'v', false, NULL },
    { "os", 0, false, NULL },
    { "help", 'h', false, NULL },
};

struct run {
    const char *command, *words[3]; /* words: of config */
    size_t n_words;
    char dir[4096];       /* of agent.json, with its slash */
    struct json *request; /* body for the sandbox */
    struct secret token;
    char config[4096];
    bool as_json, log_stderr, help;
    char node[64];
    int64_t port;
};

/* ---- output ---- */

static int fail(struct run *r, int code, const char *message)
{
    FILE *to =
        r->log_stderr ? stderr : stdout; /* without --log-stderr the agent complains on stdout */

    if (r->as_json) {
        struct json *j = json_object(), *e = json_object();
        struct str text = STR_INIT;
        char name[16];

        str_fmt(name, sizeof name, "AZCM%04d", code);
        json_set_str(j, "status", "failed");
        json_set_str(e, "code", name);
        json_set_str(e, "message", message);
        json_set(j, "error", e);
        json_write(&text, j);
        fprintf(to, "%s\n", str_p(&text));
        str_free(&text);
        json_free(j);
    } else {
        fprintf(to, "level=fatal msg=\"AZCM%04d: %s\"\n", code, message);
    }
    return code;
}

static void print_json(const struct json *j)
{
    struct str text = STR_INIT;

    json_write_pretty(&text, j);
    fputs(str_p(&text), stdout);
    str_free(&text);
}

static const char *member(const struct json *j, const char *name)
{
    const char *s = json_str(j, name);

    return s ? s : "";
}

static void print_table(const struct json *j)
{
    static const struct {
        const char *label, *name;
    } lines[] = {
        { "Resource Name", "resourceName" },
        { "Resource Group Name", "resourceGroup" },
        { "Resource Id", "resourceId" },
        { "Subscription ID", "subscriptionId" },
        { "Tenant ID", "tenantId" },
        { "VM ID", "vmId" },
        { "Correlation ID", "correlationId" },
        { "Location", "location" },
        { "Cloud", "cloud" },
        { "Agent Version", "agentVersion" },
        { "Agent Status", "status" },
        { "Agent Last Heartbeat", "lastHeartbeat" },
    };

    for (size_t i = 0; i < ARRAY_LEN(lines); i++)
        printf("%-25s: %s\n", lines[i].label, member(j, lines[i].name));
}

/* ---- arguments ---- */

static const struct option_row *find_option(const char *arg, size_t n)
{
    for (size_t i = 0; i < ARRAY_LEN(options); i++) {
        if (arg[1] != '-' && n == 2 && options[i].letter == arg[1])
            return &options[i];
        if (arg[1] == '-' && n == strlen(options[i].name) + 2 &&
            !strncmp(arg + 2, options[i].name, n - 2))
            return &options[i];
    }
    return NULL;
}

static void take(struct run *r, const struct option_row *o, const char *value)
{
    if (o->member && o->value)
        json_set_str(r->request, o->member, value);
    else if (o->member)
        json_set_bool(r->request, o->member, true);
    else if (str_eq(o->name, "access-token"))
        secret_set(&r->token, value, strlen(value));
    else if (str_eq(o->name, "config"))
        STR_SET(r->config, value);
    r->as_json = r->as_json || str_eq(o->name, "json");
    r->log_stderr = r->log_stderr || str_eq(o->name, "log-stderr");
    r->help = r->help || str_eq(o->name, "help");
}

static int parse(struct run *r, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        const char *equals = strchr(argv[i], '=');
        size_t n = equals && argv[i][1] == '-' ? (size_t)(equals - argv[i]) : strlen(argv[i]);
        const struct option_row *o;

        if (argv[i][0] != '-') {
            if (!r->command)
                r->command = argv[i];
            else if (r->n_words < ARRAY_LEN(r->words))
                r->words[r->n_words++] = argv[i];
            continue;
        }
        o = find_option(argv[i], n);
        if (!o)
            return fail(r, EXIT_ARGUMENT, "An unknown flag was given.");
        if (!o->value)
            take(r, o, "");
        else if (argv[i][n] == '=')
            take(r, o, argv[i] + n + 1);
        else if (i + 1 < argc)
            take(r, o, argv[++i]);
        else
            return fail(r, EXIT_ARGUMENT_MISSING, "A flag needs a value.");
    }
    return 0;
}

/* The file may be a descriptor of the caller (/dev/fd/N), so it is read as a stream. */
static ssize_t read_all(const char *path, char *buf, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    size_t len = 0;
    ssize_t n = -1;

    if (fd < 0)
        return -1;
    while (len < size && ((n = read(fd, buf + len, size - len)) > 0 || (n < 0 && errno == EINTR)))
        len += n > 0 ? (size_t)n : 0;
    close(fd);
    return n < 0 ? -1 : (ssize_t)len;
}

static void take_config(struct run *r, const struct json *doc)
{
    for (size_t i = 0; i < ARRAY_LEN(options); i++) {
        const struct option_row *o = &options[i];
        const char *value = json_value_str(json_member(doc, o->name));
        bool given = o->member && json_member(r->request, o->member);

        if (str_eq(o->name, "access-token"))
            given = secret_is(&r->token);
        if (given || str_eq(o->name, "config")) /* the command line wins */
            continue;
        if (o->value && value)
            take(r, o, value);
        else if (!o->value && json_flag(doc, o->name, false))
            take(r, o, "");
    }
}

static int read_config(struct run *r)
{
    char *buf;
    struct json *doc = NULL;
    struct err e = { 0 };
    ssize_t n;

    if (!r->config[0])
        return 0;
    buf = xmalloc(MAX_CONFIG);
    n = read_all(r->config, buf, MAX_CONFIG);
    if (n >= 0)
        doc = json_parse(buf, (size_t)n, MAX_CONFIG, &e);
    explicit_bzero(buf, MAX_CONFIG);
    free(buf);
    if (!json_is_object(doc)) {
        json_free(doc);
        return fail(r, EXIT_CONFIG,
                    "The configuration file cannot be read or is not a JSON object.");
    }
    take_config(r, doc);
    json_free(doc);
    return 0;
}

static int read_node(struct run *r, const char *self)
{
    const char *slash = strrchr(self, '/');
    struct str text = STR_INIT;
    struct json *doc = NULL;
    struct err e = { 0 };
    char path[4096];

    str_fmt(r->dir, sizeof r->dir, "%.*s", slash ? (int)(slash - self + 1) : 0, self);
    str_fmt(path, sizeof path, "%sagent.json", r->dir);
    if (!file_read(path, MAX_CONFIG, &text, &e))
        doc = json_parse(str_p(&text), text.len, 0, &e);
    str_free(&text);
    STR_SET(r->node, json_str(doc, "name"));
    json_int(doc, "port", &r->port);
    json_free(doc);
    return r->port > 0 && r->port < 65536
               ? 0
               : fail(r, 6, "The agent is not set up: agent.json is missing or wrong.");
}

/* ---- the agent's port ---- */

static int open_port(int64_t port)
{
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    struct timeval wait = { .tv_sec = WAIT_S };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
    if (connect(fd, (struct sockaddr *)&to, sizeof to)) {
        close(fd);
        return -1;
    }
    return fd;
}

static bool send_all(int fd, const struct str *s)
{
    size_t done = 0;

    while (done < s->len) {
        ssize_t n = send(fd, s->p + done, s->len - done, MSG_NOSIGNAL);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        done += (size_t)n;
    }
    return true;
}

static void receive(int fd, struct str *in)
{
    char part[4096];
    ssize_t n;

    while (in->len < MAX_CONFIG &&
           ((n = recv(fd, part, sizeof part, 0)) > 0 || (n < 0 && errno == EINTR)))
        if (n > 0)
            str_addn(in, part, (size_t)n);
}

static void compose(struct str *out, const struct run *r, const char *method, const char *path)
{
    struct str body = STR_INIT;

    if (str_eq(method, "POST"))
        json_write(&body, r->request);
    str_addf(out, "%s %s HTTP/1.1\r\nHost: 127.0.0.1:%lld\r\nConnection: close\r\n", method, path,
             (long long)r->port);
    if (secret_is(&r->token))
        str_addf(out, "Authorization: Bearer %s\r\n", r->token.p);
    if (body.len)
        str_addf(out, "Content-Type: application/json\r\nContent-Length: %zu\r\n", body.len);
    str_addf(out, "\r\n%s", str_p(&body));
    str_free(&body);
}

/* The answer's status and body; 0 when the agent does not answer. */
static int ask(struct run *r, const char *method, const char *path, struct json **answer)
{
    struct str out = STR_INIT, in = STR_INIT;
    struct err e = { 0 };
    const char *body;
    int fd = open_port(r->port), status = 0;

    *answer = NULL;
    if (fd < 0)
        return 0;
    compose(&out, r, method, path);
    if (send_all(fd, &out))
        receive(fd, &in);
    close(fd);
    if (out.p)
        explicit_bzero(out.p, out.cap);
    str_free(&out);
    body = in.len ? strstr(in.p, "\r\n\r\n") : NULL;
    if (body && str_starts(in.p, "HTTP/1.1 ")) {
        status = atoi(in.p + 9);
        *answer = json_parse(body + 4, in.len - (size_t)(body + 4 - in.p), MAX_CONFIG, &e);
    }
    str_free(&in);
    return status;
}

/* ---- commands ---- */

/* refused: the exit code where the answer names none (azure-wire.md 5.9); what Azure said is in the
 * text. */
static int run_ask(struct run *r, const char *method, const char *path, const char *done,
                   int refused)
{
    struct json *answer;
    int status = ask(r, method, path, &answer), code;
    char text[600];
    int64_t n = 0;

    if (!status || !answer) {
        json_free(answer);
        return fail(r, EXIT_AGENT, "The agent's service does not answer.");
    }
    if (status == 200) {
        if (r->as_json)
            print_json(answer);
        else if (done)
            printf("level=info msg=\"%s\"\n", done);
        else
            print_table(answer);
        code = 0;
    } else {
        const char *message = json_str(answer, "error.message");

        if (json_int(answer, "error.exitCode", &n))
            str_fmt(text, sizeof text, "%s", message ? message : "Refused.");
        else
            str_fmt(text, sizeof text, "status %d: %s", status, message ? message : "Refused.");
        code = fail(r, json_int(answer, "error.exitCode", &n) ? (int)n : refused, text);
    }
    json_free(answer);
    return code;
}

/* ---- config ---- */

static const char *const config_keys[] = { "proxy.url",
                                           "proxy.bypass",
                                           "config.mode",
                                           "connection.type",
                                           "incomingconnections.enabled",
                                           "incomingconnections.ports",
                                           "extensions.enabled",
                                           "extensions.allowlist",
                                           "extensions.blocklist",
                                           "extensions.agent.cpulimit",
                                           "guestconfiguration.enabled" };

static struct json *load_config(const struct run *r)
{
    struct str text = STR_INIT;
    struct err e = { 0 };
    struct json *doc = NULL;
    char path[4200];

    str_fmt(path, sizeof path, "%sagentconfig.json", r->dir);
    if (file_read(path, MAX_CONFIG, &text, &e) == 0)
        doc = json_parse(str_p(&text), text.len, 0, &e);
    str_free(&text);
    return doc ? doc : json_object();
}

/* Their names have dots: json_str would take them for paths. */
static const char *setting(const struct json *doc, const char *key)
{
    const char *s = json_value_str(json_member(doc, key));

    return s ? s : "";
}

static int store_config(struct run *r, const char *key, const char *value)
{
    struct json *doc = load_config(r);
    struct str text = STR_INIT;
    struct err e = { 0 };
    char path[4200];
    int rc;

    json_set_str(doc, key, value);
    json_write_pretty(&text, doc);
    str_fmt(path, sizeof path, "%sagentconfig.json", r->dir);
    rc = file_replace(path, str_p(&text), text.len, &e);
    str_free(&text);
    json_free(doc);
    return rc ? fail(r, EXIT_LOCAL_CONFIG, "The configuration cannot be written.") : 0;
}

static int do_config(struct run *r)
{
    const char *what = r->n_words ? r->words[0] : "", *key = r->n_words > 1 ? r->words[1] : "";
    bool known = str_eq(what, "list");
    struct json *doc;

    for (size_t i = 0; i < ARRAY_LEN(config_keys); i++)
        known = known || str_eq(config_keys[i], key);
    if (!known)
        return fail(r, EXIT_ARGUMENT, "config needs get, set, clear or list and a known property.");
    if (str_eq(what, "set") && r->n_words == 3)
        return store_config(r, key, r->words[2]);
    if (str_eq(what, "clear"))
        return store_config(r, key, "");
    if (!str_eq(what, "get") && !str_eq(what, "list"))
        return fail(r, EXIT_ARGUMENT, "config needs get, set, clear or list.");
    doc = load_config(r);
    if (str_eq(what, "list"))
        print_json(doc);
    else
        puts(setting(doc, key));
    json_free(doc);
    return 0;
}

/* HOST:PORT of an http address; false: nobody answers there. */
static bool proxy_answers(const char *url)
{
    const char *host = strstr(url, "://");
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *found = NULL;
    char name[256], port[8] = "80";
    bool answers = false;
    size_t n;

    host = host ? host + 3 : url;
    n = strcspn(host, ":/");
    str_fmt(name, sizeof name, "%.*s", (int)n, host);
    if (host[n] == ':')
        str_fmt(port, sizeof port, "%.*s", (int)strspn(host + n + 1, "0123456789"), host + n + 1);
    if (getaddrinfo(name, port, &hints, &found) != 0)
        return false;
    for (struct addrinfo *a = found; a && !answers; a = a->ai_next) {
        int fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, 0);

        answers = fd >= 0 && connect(fd, a->ai_addr, a->ai_addrlen) == 0;
        if (fd >= 0)
            close(fd);
    }
    freeaddrinfo(found);
    return answers;
}

static int by_proxy(struct run *r)
{
    struct json *doc = load_config(r);
    const char *url = setting(doc, "proxy.url");
    int rc = 0;

    if (*url && !proxy_answers(url))
        rc = fail(r, EXIT_NETWORK, "proxyconnect tcp: connect: connection refused");
    json_free(doc);
    return rc;
}

/* ---- connect, disconnect, show ---- */

static int do_connect(struct run *r)
{
    int rc = by_proxy(r);

    if (rc)
        return rc;
    if (!json_member(r->request, "cloud"))
        json_set_str(r->request, "cloud", "AzureCloud");
    return run_ask(r, "POST", "/agent/connect", "Connected machine to Azure", EXIT_CREATE);
}

static int do_disconnect(struct run *r)
{
    return run_ask(r, "POST", "/agent/disconnect", "Disconnected machine from Azure", EXIT_DELETE);
}

static int do_show(struct run *r)
{
    return run_ask(r, "GET", "/agent/show", NULL, EXIT_AGENT);
}

static int do_version(struct run *r)
{
    if (r->as_json)
        printf("{\"version\":\"%s\"}\n", VERSION_TEXT);
    else
        printf("azcmagent version %s (stand-in of azlosandbox)\n", VERSION_TEXT);
    return 0;
}

static const struct {
    const char *name, *help;
    bool node; /* needs the agent */
    int (*run)(struct run *r);
} commands[] = {
    { "connect", "connect this node to Azure Arc", true, do_connect },
    { "config", "get, set, clear or list the agent's configuration", true, do_config },
    { "disconnect", "disconnect this node from Azure Arc", true, do_disconnect },
    { "show", "show the agent's state", true, do_show },
    { "version", "show the version", false, do_version },
};

static int help(void)
{
    puts("Stand-in for the Azure Connected Machine agent's command, part of "
         "azlosandbox.\n\nCommands:");
    for (size_t i = 0; i < ARRAY_LEN(commands); i++)
        printf("  %-12s %s\n", commands[i].name, commands[i].help);
    puts("\nFlags:");
    for (size_t i = 0; i < ARRAY_LEN(options); i++)
        printf("  --%s%s\n", options[i].name, options[i].value ? " VALUE" : "");
    return 0;
}

static int dispatch(struct run *r, const char *self)
{
    int rc;

    for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
        if (!str_eq(commands[i].name, r->command))
            continue;
        if (commands[i].node && ((rc = read_config(r)) || (rc = read_node(r, self))))
            return rc;
        return commands[i].run(r);
    }
    return fail(r, EXIT_COMMAND, "Unknown command.");
}

int main(int argc, char **argv)
{
    struct run r = { 0 };
    int rc;

    secret_harden_process();
    r.request = json_object();
    rc = parse(&r, argc, argv);
    if (!rc)
        rc = r.help || !r.command ? help() : dispatch(&r, argv[0]);
    json_free(r.request);
    secret_clear(&r.token);
    return rc;
}
