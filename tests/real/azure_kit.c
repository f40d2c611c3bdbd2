/* azure_kit.c - what `make check-azure` runs twice, once against a real cloud and once against
 * the sandbox: see kit.h. */
#include "config.h"

#include "real/kit.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/secret.h"
#include "net/http.h"
#include "real/record.h"

static const struct option long_options[] = {
    { "cloud", required_argument, NULL, 'c' },
    { "cloud-endpoint", required_argument, NULL, 'e' },
    { "ca-file", required_argument, NULL, 'a' },
    { "tenant", required_argument, NULL, 't' },
    { "subscription", required_argument, NULL, 's' },
    { "region", required_argument, NULL, 'r' },
    { "client-id", required_argument, NULL, 'i' },
    { "out", required_argument, NULL, 'o' },
    { "record", required_argument, NULL, 'n' },
    { "write", no_argument, NULL, 'w' },
    { "read-only", no_argument, NULL, 'R' },
    { "help", no_argument, NULL, 'h' },
    { NULL, 0, NULL, 0 },
};

static const char help[] =
    "Usage: azure_kit --out DIR [OPTION]...\n"
    "Asks Azure what azloconf would ask it, and records the exchanges with ids and secrets "
    "masked.\n"
    "  --cloud NAME           AzureCloud (default), AzureUSGovernment, AzureChinaCloud\n"
    "  --cloud-endpoint URL   a cloud that describes itself at URL/metadata/endpoints\n"
    "  --ca-file FILE         trust this CA alone\n"
    "  --tenant ID|DOMAIN     the tenant to sign in to (default: organizations)\n"
    "  --subscription ID      default: $AZL_AZURE_SUBSCRIPTION, or chosen from a list\n"
    "  --region NAME          of what is made (default: eastus)\n"
    "  --client-id ID         the application that signs in (default: the Azure CLI's)\n"
    "  --out DIR              where the record goes (made 0700)\n"
    "  --record NAME          the record's file name (default: azure.jsonl)\n"
    "  --read-only            makes nothing in Azure (default)\n"
    "  --write                makes and deletes a group and a cluster resource; asks twice\n"
    "Proxy: HTTPS_PROXY and its kin.\n";

static int take_option(struct kit_options *o, int c)
{
    switch (c) {
    case 'c':
        o->cloud = optarg;
        break;
    case 'e':
        o->cloud_endpoint = optarg;
        break;
    case 'a':
        o->ca_file = optarg;
        break;
    case 't':
        o->tenant = optarg;
        break;
    case 's':
        o->subscription = optarg;
        break;
    case 'r':
        o->region = optarg;
        break;
    case 'i':
        o->client_id = optarg;
        break;
    case 'o':
        o->out = optarg;
        break;
    case 'n':
        o->record = optarg;
        break;
    case 'w':
    case 'R':
        o->write = c == 'w';
        break;
    default:
        return -1;
    }
    return 0;
}

static int read_options(struct kit_options *o, int argc, char **argv)
{
    const char *s = getenv("AZL_AZURE_SUBSCRIPTION");

    o->subscription = s && s[0] ? s : NULL;
    o->record = "azure.jsonl";
    o->cloud = "AzureCloud";
    for (int c; (c = getopt_long(argc, argv, "", long_options, NULL)) != -1;) {
        if (c == 'h') {
            fputs(help, stdout);
            exit(0);
        }
        if (take_option(o, c) < 0)
            return -1;
    }
    if (optind < argc || !o->out || !cloud_find(o->cloud)) {
        fprintf(stderr, "azure_kit: %s\n",
                !o->out         ? "--out is missing"
                : optind < argc ? "it takes options only; see --help"
                                : "there is no such cloud; see --help");
        return -1;
    }
    return 0;
}

/* ---- the parts ---- */

static struct mask *masking;
static struct http *transport;

static void know_host(const char *url, bool is_public)
{
    char host[300];

    if (url[0] && http_url_host(url, host, sizeof(host)))
        mask_cloud_host(masking, host, is_public);
}

void kit_cloud(struct kit *k, const struct cloud *c)
{
    k->cloud = *c;
    know_host(c->login, !c->discovered);
    know_host(c->arm, !c->discovered);
    know_host(c->graph, !c->discovered);
    know_host(c->portal, !c->discovered);
    for (size_t i = 0; i < ARRAY_LEN(c->verification_hosts); i++)
        if (c->verification_hosts[i][0])
            mask_cloud_host(masking, c->verification_hosts[i], !c->discovered);
}

static int open_parts(struct kit *k, struct err *e)
{
    struct http_curl_config hc = { .ca_file = k->o.ca_file,
                                   .user_agent = "azloconf/" PACKAGE_VERSION };
    struct str path = STR_INIT;

    if (file_mkdirs(k->o.out, e) < 0)
        return -1;
    k->loop = loop_new(e);
    if (!k->loop)
        return -1;
    masking = mask_new();
    transport = http_curl_new(k->loop, &hc, e);
    if (!transport)
        return -1;
    str_addf(&path, "%s/%s", k->o.out, k->o.record);
    k->rec = record_new(transport, masking, path.p, e);
    str_free(&path);
    if (!k->rec)
        return -1;
    k->reads = http_retry_new(k->loop, k->rec);
    if (k->o.cloud_endpoint)
        know_host(k->o.cloud_endpoint, false);
    kit_cloud(k, cloud_find(k->o.cloud));
    return 0;
}

static void make_names(struct kit *k)
{
    char guid[GUID_SIZE];

    guid_random(k->run_id);
    guid_random(guid);
    str_fmt(k->group, sizeof(k->group), "azlcheck-%.8s", guid);
    str_fmt(k->cluster, sizeof(k->cluster), "azlchk-%.8s", guid); /* 15, as on Windows */
    str_fmt(k->missing, sizeof(k->missing), "azlcheck-none-%.4s", guid + 9);
}

static void on_signal(void *payload, int signo)
{
    (void)signo;
    kit_stop(payload);
}

static int watch_signals(struct kit *k, struct err *e)
{
    static const int signals[] = { SIGINT, SIGTERM, SIGHUP };

    signal(SIGPIPE, SIG_IGN);
    for (size_t i = 0; i < ARRAY_LEN(signals); i++)
        if (loop_signal(k->loop, signals[i], on_signal, k, e) < 0)
            return -1;
    return 0;
}

static void close_parts(struct kit *k)
{
    if (k->find)
        cloud_find_cancel(k->find);
    http_cancel(k->reads, k->plain);
    loop_timer_del(k->timer);
    loop_timer_del(k->tick);
    arm_free(k->arm);
    auth_free(k->auth);
    if (k->reads)
        k->reads->ops->close(k->reads);
    if (k->rec)
        k->rec->ops->close(k->rec);
    if (transport)
        transport->ops->close(transport);
    loop_free(k->loop);
    mask_free(masking);
    json_free(k->subscriptions);
    str_free(&k->regions);
}

static int finish(struct kit *k)
{
    if (k->result == KIT_OK && k->failed)
        k->result = KIT_FAILED;
    if (!record_whole(k->rec))
        kit_note(k, "failed", "the record could not be written to its end: is the disk full?");
    kit_note(k, "", "%u exchanges recorded in %s/%s", record_count(k->rec), k->o.out, k->o.record);
    return k->result;
}

int main(int argc, char **argv)
{
    static struct kit k;
    struct err e = { 0 };
    int rc = KIT_USAGE;

    secret_harden_process();
    i18n_init();
    if (read_options(&k.o, argc, argv) < 0)
        return KIT_USAGE;
    if (open_parts(&k, &e) < 0 || watch_signals(&k, &e) < 0) {
        fprintf(stderr, "azure_kit: %s\n", e.message);
    } else {
        make_names(&k);
        ask_open(&k);
        kit_start(&k);
        while (!k.done)
            loop_turn(k.loop, -1);
        rc = finish(&k);
    }
    close_parts(&k);
    return rc;
}
