/* main.c - azlosandbox, an Azure for rehearsal on this machine: start, the ready line, the end. */
#include "config.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/i18n.h"
#include "base/log.h"
#include "sandbox/clouds.h"
#include "sandbox/options.h"
#include "sandbox/ports.h"
#include "sandbox/principals.h"

enum { EXIT_USAGE = 2, EXIT_BUSY = 75 };

static int print_ready(struct world *w, int tls_port, int proxy_port, struct err *e)
{
    bool six = strchr(sb_options.listen_host, ':') != NULL;
    const char *host = six ? "[::1]" : "127.0.0.1";
    char base[128], proxy[128], ca[600], himds[64], path[600];
    struct json *doc = json_object(), *nodes = json_array();
    struct str line = STR_INIT;
    str_fmt(base, sizeof(base), "https://%s:%d", host, tls_port);
    str_fmt(proxy, sizeof(proxy), "http://%s:%d", host, proxy_port);
    str_fmt(ca, sizeof(ca), "%s/ca.pem", sb_options.dir);
    json_set_str(doc, "base", base);
    json_set_str(doc, "proxy", proxy);
    json_set_str(doc, "ca", ca);
    for (int i = 0; i < sb_options.nodes; i++) {
        struct json *node = json_object();
        str_fmt(himds, sizeof(himds), "http://127.0.0.1:%d", sb_nodes[i].port);
        json_set_str(node, "name", sb_nodes[i].name);
        json_set_str(node, "himds", himds);
        json_set_str(node, "azcmagent", sb_nodes[i].azcmagent);
        json_set_str(node, "tokensDir", sb_nodes[i].tokens_dir);
        json_push(nodes, node);
    }
    json_set(doc, "nodes", nodes);
    json_set(doc, "principals", principals_list(sb_options.dir, w));
    json_set_str(doc, "cloud", sb_cloud() ? sb_cloud()->name : "");
    json_set_str(doc, "tenant", world_tenant(w));
    json_set_str(doc, "subscription", world_subscription(w));
    json_set_str(doc, "user", json_str(json_first(world_section(w, "users")), "upn"));
    json_set_int(doc, "pid", getpid());
    json_write(&line, doc);
    str_fmt(path, sizeof(path), "%s/ready.json",
            sb_options.dir); /* for whoever steers a running sandbox */
    int rc = file_replace(path, str_p(&line), line.len, e);
    puts(str_p(&line));
    fflush(stdout);
    str_free(&line);
    json_free(doc);
    return rc;
}

/* The nodes' links and the ready line must hold whoever reads them, wherever that one stands. */
static int absolute_dir(struct err *e)
{
    char real[PATH_MAX];
    if (!realpath(sb_options.dir, real))
        return err_sys(e, errno, "%s", sb_options.dir);
    if (!STR_SET(sb_options.dir, real))
        return err_set(e, ERR_USAGE, 0, _("A path is too long."));
    return 0;
}

static int start(struct world **w, struct err *e)
{
    char lock[600];
    int inner = 0, tls_port = 0, proxy_port = 0;
    if (file_mkdirs(sb_options.dir, e) < 0 || absolute_dir(e) < 0)
        return -1;
    str_fmt(lock, sizeof(lock), "%s/lock", sb_options.dir);
    if (file_lock(lock, false, e) < 0) /* held until the process ends */
        return -1;
    ports_open(sb_options.dir);
    if ((sb_options.log[0] && exchange_open(sb_options.log, e) < 0) ||
        ca_init(sb_options.dir, e) < 0 || jwt_init(sb_options.dir, e) < 0 ||
        world_open(sb_options.dir, sb_options.seed, w, e) < 0 || sb_cloud_of_world(*w, e) < 0 ||
        principals_prepare(sb_options.dir, *w, e) < 0 ||
        nodes_prepare(sb_options.dir, sb_options.nodes, *w, e) < 0 ||
        http_start(-1, &inner, *w, e) < 0 || front_start(inner, &tls_port, &proxy_port, e) < 0)
        return -1;
    return ports_save(e) < 0 ? -1 : print_ready(*w, tls_port, proxy_port, e);
}

/* A child whose parent asked for a death signal also looks itself: the parent may have gone before
 * the request took hold. */
static void wait_for_end(const sigset_t *set, pid_t parent)
{
    int death = 0;
    prctl(PR_GET_PDEATHSIG, &death);
    for (;;) {
        struct timespec second = { 1, 0 };
        int signo = sigtimedwait(set, NULL, &second);
        if (signo > 0 || (death && getppid() != parent))
            return;
    }
}

static int fail(const struct err *e)
{
    fprintf(stderr, "azlosandbox: %s%s%s\n", e->context, e->context[0] ? ": " : "", e->message);
    if (e->domain == ERR_USAGE)
        return EXIT_USAGE;
    return e->code == ERR_C_BUSY ? EXIT_BUSY : EXIT_FAILURE;
}

static struct world *world; /* lives as long as the program */

int main(int argc, char **argv)
{
    pid_t parent = getppid();
    struct err e = { 0 };
    sigset_t set;
    i18n_init();
    i18n_utf8();
    log_to_stderr(LOG_WRN);
    int rc = options_read(argc, argv, &e);
    if (rc)
        return rc < 0 ? fail(&e) : EXIT_SUCCESS;
    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &set, NULL); /* before the first thread: they inherit it */
    if (start(&world, &e) < 0)
        rc = fail(&e);
    else
        wait_for_end(&set, parent);
    front_stop();
    http_stop_all();
    if (world) {
        world_lock(world);
        world_save(world);
        world_unlock(world);
    }
    return rc;
}
