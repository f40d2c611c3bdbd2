/* main.c - azloconfd, the core of azloconf: puts the parts together. The only file that names back
 * ends. */
#include "config.h"

#include <openssl/crypto.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "azure/auth.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/secret.h"
#include "core/app.h"
#include "core/cloud_find.h"
#include "core/folder.h"
#include "core/sandbox.h"
#include "core/settings.h"
#include "net/http.h"
#include "node/node.h"
#include "wire/paths.h"

#define AGENT_HIMDS        "http://127.0.0.1:40342"
#define AGENT_COMMAND      "/usr/bin/azcmagent"
#define AGENT_TOKENS       "/var/opt/azcmagent/tokens"
#define AGENT_CERTIFICATES "/etc/azloconf/certificates"
#define CHECK_MS           60000 /* how often the state folder is looked at */
#define TROUBLE_MS         10000 /* and while there is trouble with it */
#define FIND_AGAIN_MS      2000
#define FIND_AGAIN_MAX     60000

enum { EXIT_USAGE = 2, EXIT_BUSY = 75 };

struct core {
    struct settings c;
    struct loop *loop;
    struct state *state;
    struct app *app;
    struct serve *serve;
    struct clock clock;
    struct json *options; /* what it was started with, for those who say hello */
    char host[64], runs_dir[640];
    int lock;
    bool done;
    struct sandbox *sandbox;
    struct http *http, *reads;
    struct store *store;
    struct node *nodes[SETTINGS_MAX_NODES];
    size_t n_nodes;
    bool cloud_there;
    struct cloud cloud;
    struct cloud_find *find;
    int64_t find_again_ms;
    struct loop_timer *find_timer, *folder_timer;
    struct auth *auth;
    struct arm *arm;
};

static void trouble(struct core *k, enum app_part part, const struct err *e)
{
    app_trouble(k->app, part, e);
}

/* ---- the cloud ---- */

static void allow(struct core *k, const char *url)
{
    char host[300];

    if (url[0] && http_url_host(url, host, sizeof(host)))
        k->http->ops->allow(k->http, host);
}

static void attach_cloud(struct core *k, const struct cloud *cloud)
{
    k->cloud = *cloud;
    allow(k, cloud->arm);
    allow(k, cloud->graph);
    allow(k, cloud->dataplane);
    k->auth = auth_new(k->loop, k->http, &k->cloud, k->c.client_id, app_auth_changed, k->app);
    k->arm = arm_new(k->loop, k->reads, k->http, k->auth, &k->cloud);
    k->cloud_there = true;
    log_inf("cloud %s at %s", cloud->name, cloud->arm);
    app_attach_cloud(k->app, &k->cloud, k->auth, k->arm, k->c.sandbox_base);
}

/* A rehearsal speaks docs/dataplane.md, whichever cloud it plays. */
static void attach_chosen(struct core *k, const struct cloud *found)
{
    struct cloud cloud = *found;

    if (k->c.sandbox)
        cloud.native_dataplane = 1;
    attach_cloud(k, &cloud);
}

/* Where the first node's Arc agent listens. */
static const char *first_himds(const struct core *k)
{
    for (size_t i = 0; i < k->c.n_nodes; i++)
        if (k->c.node[i].himds[0])
            return k->c.node[i].himds;
    return AGENT_HIMDS;
}

static void find_cloud(void *payload);

static void on_cloud(void *payload, const struct cloud *cloud, const struct err *e)
{
    struct core *k = payload;

    k->find = NULL;
    if (cloud) {
        trouble(k, APP_BACKENDS, NULL);
        attach_chosen(k, cloud);
        return;
    }
    trouble(k, APP_BACKENDS, e);
    k->find_timer = loop_after(k->loop, k->find_again_ms, find_cloud, k);
    if (k->find_again_ms < FIND_AGAIN_MAX)
        k->find_again_ms *= 2;
}

static void find_cloud(void *payload)
{
    struct core *k = payload;

    k->find_timer = NULL;
    if (k->c.cloud_endpoint[0])
        k->find = cloud_find_start(k->http, k->c.cloud_endpoint, k->c.ca_file[0] != 0, on_cloud, k);
    else
        k->find = cloud_find_local(k->http, first_himds(k), k->c.ca_file[0] != 0, on_cloud, k);
}

static int make_http(struct core *k, struct err *e)
{
    struct http_curl_config hc = { .ca_file = k->c.ca_file[0] ? k->c.ca_file : NULL,
                                   .proxy = k->c.has_proxy ? k->c.proxy : NULL,
                                   .user_agent = "azloconf/" PACKAGE_VERSION };

    k->http = http_curl_new(k->loop, &hc, e);
    if (!k->http)
        return -1;
    k->reads = http_retry_new(k->loop, k->http);
    return 0;
}

/* ---- the nodes ---- */

static const char *either(const char *a, const char *b, const char *dflt)
{
    if (a && a[0])
        return a;
    return b && b[0] ? b : dflt;
}

static int make_node(struct core *k, const char *name, const struct settings_node *own,
                     const struct settings_node *any, struct err *e)
{
    char dir[800], proxy[256];
    struct node_local_config nc = {
        .name = name, .dir = dir, .store = k->store, .http = k->http, .clock = &k->clock
    };

    settings_agent_proxy(&k->c, proxy, sizeof(proxy));
    nc.agent_proxy = proxy;
    str_fmt(dir, sizeof(dir), "%s/nodes/%s", k->c.state_dir, name);
    nc.himds_endpoint = either(own ? own->himds : NULL, any ? any->himds : NULL, AGENT_HIMDS);
    nc.azcmagent = either(own ? own->azcmagent : NULL, any ? any->azcmagent : NULL, AGENT_COMMAND);
    nc.tokens_dir =
        either(own ? own->tokens_dir : NULL, any ? any->tokens_dir : NULL, AGENT_TOKENS);
    nc.certificates_dir = either(own ? own->certificates_dir : NULL,
                                 any ? any->certificates_dir : NULL, AGENT_CERTIFICATES);
    nc.os_build = k->c.node_build;
    nc.uptime_ms = k->c.node_uptime * 3600 * 1000;
    k->nodes[k->n_nodes] = node_local_new(k->loop, &nc, e);
    if (!k->nodes[k->n_nodes])
        return -1;
    k->n_nodes++;
    return 0;
}

/* The nodes that the settings name; without such names this host alone. */
static int make_nodes(struct core *k, struct err *e)
{
    const struct settings_node *any = NULL;
    size_t named = 0;

    for (size_t i = 0; i < k->c.n_nodes; i++)
        if (!k->c.node[i].name[0])
            any = &k->c.node[i];
    for (size_t i = 0; i < k->c.n_nodes; i++) {
        if (!k->c.node[i].name[0])
            continue;
        named++;
        if (make_node(k, k->c.node[i].name, &k->c.node[i], any, e) < 0)
            return -1;
    }
    return named ? 0 : make_node(k, k->host, NULL, any, e);
}

static void drop_nodes(struct core *k)
{
    while (k->n_nodes) {
        struct node *n = k->nodes[--k->n_nodes];

        n->ops->close(n);
    }
    if (k->store)
        k->store->ops->close(k->store);
    k->store = NULL;
}

static int attach_nodes(struct core *k, struct err *e)
{
    struct str path = STR_INIT;

    if (folder_prepare(k->c.state_dir, e) < 0)
        return -1;
    str_addf(&path, "%s/store", k->c.state_dir);
    k->store = store_file_open(path.p, e);
    str_free(&path);
    if (!k->store || make_nodes(k, e) < 0) {
        drop_nodes(k);
        return -1;
    }
    app_attach_nodes(k->app, k->store, k->nodes, k->n_nodes);
    return 0;
}

/* ---- the state folder ---- */

static void check_folder(void *payload)
{
    struct core *k = payload;
    struct err e = { 0 };
    bool bad = false, nodes_due = k->http && !k->n_nodes;

    k->folder_timer = NULL;
    if (nodes_due || !folder_looks_well(k->c.state_dir)) {
        bad = folder_probe(k->c.state_dir, &e) < 0;
        trouble(k, APP_STATE_FOLDER, bad ? &e : NULL);
    } else {
        trouble(k, APP_STATE_FOLDER, NULL);
    }
    /* Statuses can be told from a folder that is only readable. */
    if (nodes_due && attach_nodes(k, &e) < 0) {
        trouble(k, APP_STATE_FOLDER, &e);
        bad = true;
    }
    k->folder_timer = loop_after(k->loop, bad ? TROUBLE_MS : CHECK_MS, check_folder, k);
}

/* ---- start ---- */

/* All that the settings had to say is known: from here the sandbox is a cloud like another. */
static void attach(struct core *k)
{
    struct err e = { 0 };

    if (make_http(k, &e) < 0) {
        err_wrap(&e, "%s", _("the network"));
        trouble(k, APP_BACKENDS, &e);
        return;
    }
    loop_timer_del(k->folder_timer);
    check_folder(k);
    if (k->c.cloud_endpoint[0] || str_eq(k->c.cloud, CLOUD_LOCAL)) {
        k->find_again_ms = FIND_AGAIN_MS;
        find_cloud(k);
    } else {
        attach_chosen(k, cloud_find(k->c.cloud));
    }
}

/* For consoles that name a cloud: which one this core works with. */
static void name_cloud(struct core *k)
{
    if (!k->c.cloud[0] || k->c.cloud_endpoint[0])
        return;
    json_push(k->options, json_string("--cloud"));
    json_push(k->options, json_string(k->c.cloud));
}

static void on_sandbox(void *payload, const struct err *e)
{
    struct core *k = payload;

    if (e) {
        trouble(k, APP_BACKENDS, e);
        return;
    }
    name_cloud(k);
    unsetenv("no_proxy"); /* a cloud that is played is reached through the sandbox's proxy only */
    unsetenv("NO_PROXY");
    attach(k);
}

static void on_stop(void *payload)
{
    struct core *k = payload;

    k->done = true;
}

static void on_signal(void *payload, int signo)
{
    log_inf("ending: signal %d", signo);
    on_stop(payload);
}

static void host_name(struct core *k)
{
    char name[256] = "";

    gethostname(name, sizeof(name) - 1);
    name[strcspn(name, ".")] = 0;
    STR_SET(k->host, name[0] ? name : "localhost");
}

static void make_app(struct core *k)
{
    struct app_config ac = { .loop = k->loop,
                             .state = k->state,
                             .clock = &k->clock,
                             .version = PACKAGE_VERSION,
                             .state_dir = k->c.state_dir,
                             .runs_dir = k->runs_dir,
                             .host = k->host,
                             .private_core = k->c.private_core,
                             .sandbox = k->c.sandbox,
                             .idle_ms = k->c.idle_seconds * 1000,
                             .on_stop = on_stop,
                             .payload = k };
    struct serve_config sc = { .system = !k->c.private_core,
                               .owner = getuid(),
                               .version = PACKAGE_VERSION,
                               .options = k->c.private_core ? k->options : NULL,
                               .state = k->state,
                               .on_intent = app_intent,
                               .on_clients = app_clients,
                               .on_newer = app_newer };

    k->app = app_new(&ac);
    sc.payload = k->app;
    k->serve = serve_new(k->loop, &sc);
    app_attach_serve(k->app, k->serve);
}

static int open_socket(struct core *k, int activated, struct err *e)
{
    if (activated >= 0) {
        serve_listen_fd(k->serve, activated);
        return 0;
    }
    if (!k->c.private_core && !k->c.socket[0]) {
        STR_SET(k->c.socket, PATH_SYSTEM_SOCKET);
        mkdir("/run/azloconf", 0755);
    }
    return serve_listen(k->serve, k->c.socket, e);
}

/* The lock comes first: who holds it may remove an old socket and write the state. A folder that
 * cannot be written has nobody else in it who writes. */
static int take_folder(struct core *k, struct err *trouble_out)
{
    struct str path = STR_INIT;
    struct err e = { 0 };
    int rc = 0;

    str_fmt(k->runs_dir, sizeof(k->runs_dir), "%s/runs", k->c.state_dir);
    str_addf(&path, "%s/core.lock", k->c.state_dir);
    k->lock = -1;
    if (file_mkdirs(k->c.state_dir, &e) < 0 || (k->lock = file_lock(path.p, false, &e)) < 0) {
        if (e.code == ERR_C_BUSY && e.domain != ERR_SYSTEM && e.domain != ERR_NONE) {
            fprintf(stderr, _("azloconfd: another core works in %s: %s\n"), k->c.state_dir,
                    e.message);
            rc = -1;
        }
        *trouble_out = e;
    }
    str_free(&path);
    return rc;
}

static void open_log(struct core *k)
{
    struct str path = STR_INIT;
    struct err e = { 0 };

    str_addf(&path, "%s/azloconfd.log", k->c.state_dir);
    if (log_open(path.p, &e) < 0)
        log_wrn("no log file: %s", e.message);
    str_free(&path);
    log_inf("azloconfd " PACKAGE_VERSION ", pid %d, %s core", (int)getpid(),
            k->c.private_core ? "private" : "system");
}

static int start(struct core *k, int activated, struct err *e)
{
    struct err folder = { 0 }, clock = { 0 };
    char nodes[24];

    host_name(k);
    if (take_folder(k, &folder) < 0)
        return EXIT_BUSY;
    if (folder_is_for(k->c.state_dir, k->c.sandbox, e) < 0)
        return EXIT_FAILURE;
    if (k->c.fresh && !err_is(&folder))
        folder_forget(k->c.state_dir, &folder);
    open_log(k);
    k->loop = loop_new(e);
    if (!k->loop || loop_signal(k->loop, SIGTERM, on_signal, k, e) < 0 ||
        loop_signal(k->loop, SIGINT, on_signal, k, e) < 0)
        return EXIT_FAILURE;
    if (folder_clock(k->c.state_dir, k->c.clock_rate, &k->clock, &clock) < 0)
        log_wrn("policy clock: %s", clock.message);
    k->state = state_new();
    make_app(k);
    if (open_socket(k, activated, e) < 0)
        return EXIT_FAILURE;
    trouble(k, APP_STATE_FOLDER, &folder);
    if (!k->c.sandbox) {
        name_cloud(k);
        attach(k);
        return 0;
    }
    k->sandbox = sandbox_start(k->loop, &k->c, on_sandbox, k, e);
    if (!k->sandbox)
        trouble(k, APP_BACKENDS, e);
    str_fmt(nodes, sizeof(nodes), "%lld", (long long)k->c.nodes); /* given, or as it was */
    json_push(k->options, json_string("--nodes"));
    json_push(k->options, json_string(nodes));
    return 0;
}

static void finish(struct core *k)
{
    loop_timer_del(k->find_timer);
    loop_timer_del(k->folder_timer);
    cloud_find_cancel(k->find);
    serve_free(k->serve);
    app_free(k->app);
    if (k->arm)
        arm_free(k->arm);
    if (k->auth)
        auth_free(k->auth);
    drop_nodes(k);
    if (k->reads)
        k->reads->ops->close(k->reads);
    if (k->http)
        k->http->ops->close(k->http);
    sandbox_stop(k->sandbox);
    state_free(k->state);
    if (k->loop)
        loop_free(k->loop);
    if (k->lock >= 0)
        close(k->lock);
    json_free(k->options);
}

/* ---- the process ---- */

static void *ssl_malloc(size_t n, const char *file, int line)
{
    (void)file;
    (void)line;
    return wipe_malloc(n);
}

static void *ssl_realloc(void *p, size_t n, const char *file, int line)
{
    (void)file;
    (void)line;
    return wipe_realloc(p, n);
}

static void ssl_free(void *p, const char *file, int line)
{
    (void)file;
    (void)line;
    wipe_free(p);
}

static int read_settings(struct settings *c, int argc, char **argv, struct err *e)
{
    settings_init(c);
    if (settings_args(c, argc, argv, e) < 0)
        return -1;
    if (c->help || c->version)
        return 0;
    if (!c->private_core && settings_file(c, SETTINGS_FILE, 0, e) < 0)
        return -1;
    return settings_finish(c, e);
}

int main(int argc, char **argv)
{
    static struct core k;
    struct err e = { 0 };
    int activated, rc;

    secret_harden_process();
    CRYPTO_set_mem_functions(ssl_malloc, ssl_realloc, ssl_free);
    umask(077);
    signal(SIGPIPE, SIG_IGN);
    i18n_init();
    i18n_utf8();
    k.lock = -1;
    activated = serve_activated_fd();
    if (read_settings(&k.c, argc, argv, &e) < 0) {
        fprintf(stderr, "azloconfd: %s\n", e.message);
        return EXIT_USAGE;
    }
    if (k.c.help) {
        settings_help(stdout);
        return 0;
    }
    if (k.c.version) {
        puts("azloconfd " PACKAGE_VERSION);
        return 0;
    }
    k.options = json_array();
    for (int i = 1; i < argc; i++)
        json_push(k.options, json_string(argv[i]));
    rc = start(&k, activated, &e);
    if (rc == EXIT_FAILURE)
        fprintf(stderr, "azloconfd: %s\n", e.message);
    while (rc == 0 && !k.done) {
        app_turn(k.app);
        loop_turn(k.loop, -1);
    }
    finish(&k);
    log_inf("ended");
    return rc;
}
