/* The nodes' Arc agents: token address with its key-file challenge, instance metadata, and the
 * folders, commands and ports of the nodes. Sources: azure-wire.md 5.12, 2.2.5;
 * register-flow.md 1.8, 2.5 M7. */
#include "config.h"

#include "sandbox/agent.h"
#include "sandbox/clouds.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/proc.h"

#define TOKEN_LIFE_S 3599
#define KEY_LIFE_MS  60000
#define KEYS         64

struct sb_node sb_nodes[64];

/* ---- token address ---- */

struct key {
    int node;
    int64_t until; /* monotonic */
    char path[700];
    char secret[80];
};
static struct key keys[KEYS]; /* guarded by the world's lock: handlers run one at a time */

static void drop_key(struct key *k)
{
    if (k->path[0])
        unlink(k->path);
    memset(k, 0, sizeof *k);
}

static struct key *free_slot(void)
{
    struct key *oldest = &keys[0];

    for (size_t i = 0; i < KEYS; i++) {
        if (keys[i].path[0] && keys[i].until <= mono_ms())
            drop_key(&keys[i]);
        if (!keys[i].path[0])
            return &keys[i];
        if (keys[i].until < oldest->until)
            oldest = &keys[i];
    }
    drop_key(oldest);
    return oldest;
}

static void oauth_error(struct sb_reply *r, int status, const char *code, const char *text)
{
    struct json *body = json_object();

    json_set_str(body, "error", code);
    json_set_str(body, "error_description", text);
    sb_reply_json(r, status, body);
}

static void challenge(struct sb_req *q, struct sb_reply *r)
{
    struct key *k = free_slot();
    char a[GUID_SIZE], b[GUID_SIZE];
    struct err e = { 0 };

    guid_random(a);
    guid_random(b);
    str_fmt(k->path, sizeof k->path, "%s/%s.key", sb_nodes[q->node].tokens_dir, a);
    guid_random(a);
    str_fmt(k->secret, sizeof k->secret, "%s%s", a, b);
    k->node = q->node;
    k->until = mono_ms() + KEY_LIFE_MS;
    if (file_replace(k->path, k->secret, strlen(k->secret), &e)) {
        memset(k, 0, sizeof *k);
        oauth_error(r, 500, "server_error", "The key file could not be written.");
        return;
    }
    sb_reply_header(r, "WWW-Authenticate", "Basic realm=%s", k->path);
    oauth_error(r, 401, "invalid_request", "The request must carry the content of the key file.");
}

static bool key_fits(struct sb_req *q)
{
    const char *h = sb_header(q, "authorization");

    if (!h || !str_istarts(h, "Basic "))
        return false;
    for (size_t i = 0; i < KEYS; i++) {
        struct key *k = &keys[i];

        if (k->path[0] && k->node == q->node && k->until > mono_ms() && str_eq(k->secret, h + 6)) {
            drop_key(k);
            return true;
        }
    }
    return false;
}

static char *sign(const struct json *machine, const char *resource)
{
    const char *tid = json_str(machine, "identity.tenantId"),
               *oid = json_str(machine, "identity.principalId");
    struct json *c = json_object();
    char issuer[128];

    str_fmt(issuer, sizeof issuer, "https://sts.windows.net/%s/", tid ? tid : "");
    json_set_str(c, "aud", resource);
    json_set_str(c, "tid", tid);
    json_set_str(c, "oid", oid);
    json_set_str(c, "sub", oid);
    json_set_str(c, "appid", oid);
    json_set_str(c, "idtyp", "app");
    json_set_str(c, "ver", "1.0");
    json_set_str(c, "xms_mirid", json_str(machine, "id"));
    return jwt_sign(issuer, c, TOKEN_LIFE_S);
}

static void give_token(struct sb_req *q, struct sb_reply *r, const struct json *machine,
                       const char *resource)
{
    struct json *body = json_object();
    char *token = sign(machine, resource), text[32];
    int64_t now = wall_ms() / 1000;

    json_set_str(body, "access_token", token);
    free(token);
    str_fmt(text, sizeof text, "%d", TOKEN_LIFE_S);
    json_set_str(body, "expires_in", text);
    str_fmt(text, sizeof text, "%lld", (long long)now + TOKEN_LIFE_S);
    json_set_str(body, "expires_on", text);
    str_fmt(text, sizeof text, "%lld", (long long)now);
    json_set_str(body, "not_before", text);
    json_set_str(body, "resource", resource);
    json_set_str(body, "token_type", "Bearer");
    sb_reply_json(r, 200, body);
    (void)q;
}

static bool asked_properly(struct sb_req *q, struct sb_reply *r)
{
    if (str_ieq(sb_header(q, "metadata"), "true"))
        return true;
    oauth_error(r, 400, "invalid_request", "Required metadata header not specified.");
    return false;
}

static void token(struct sb_req *q, struct sb_reply *r)
{
    const char *resource = sb_query(q, "resource");
    const struct json *machine = agent_machine(q);

    if (!asked_properly(q, r))
        return;
    if (!resource || !resource[0])
        oauth_error(r, 400, "invalid_request", "The query parameter 'resource' is required.");
    else if (!json_str(machine, "identity.principalId"))
        oauth_error(r, 404, "not_connected", "This machine is not connected to Azure.");
    else if (key_fits(q))
        give_token(q, r, machine, resource);
    else if (sb_header(q, "authorization"))
        oauth_error(r, 403, "unauthorized", "The key is wrong or was used before.");
    else
        challenge(q, r);
}

static void instance(struct sb_req *q, struct sb_reply *r)
{
    const struct json *a = agent_state(q), *machine = agent_machine(q);
    struct json *body, *c;

    if (!asked_properly(q, r))
        return;
    if (!machine) {
        oauth_error(r, 404, "not_connected", "This machine is not connected to Azure.");
        return;
    }
    body = json_object();
    c = json_object();
    json_set_str(c, "azEnvironment", sb_cloud() ? sb_cloud()->imds : "azlosandbox");
    json_set_str(c, "location", json_str(a, "location"));
    json_set_str(c, "name", json_str(machine, "name"));
    json_set_str(c, "osType", "Linux");
    json_set_str(c, "provider", NS_ARC);
    json_set_str(c, "resourceGroupName", json_str(a, "resourceGroup"));
    json_set_str(c, "resourceId", json_str(machine, "id"));
    json_set_str(c, "subscriptionId", json_str(a, "subscriptionId"));
    json_set_str(c, "vmId", json_str(a, "vmId"));
    json_set(body, "compute", c);
    sb_reply_json(r, 200, body);
}

static void set_url(struct json *j, const char *name, const char *base, const char *rest)
{
    struct str s = STR_INIT;

    str_addf(&s, "%s%s", base, rest);
    json_set_str(j, name, str_p(&s));
    str_free(&s);
}

static void endpoints(struct sb_req *q, struct sb_reply *r)
{
    const char *base = res_base(q->world);
    struct json *body, *auth, *suffixes, *dp;

    if (!asked_properly(q, r))
        return;
    if (sb_cloud() && !str_ieq(sb_header(q, "usedefaultcredentials"), "true")) {
        oauth_error(r, 400, "invalid_request", "Required header not specified.");
        return;
    }
    if (sb_cloud()) {
        sb_reply_json(r, 200, sb_cloud_local_metadata(sb_cloud()));
        return;
    }
    body = json_object();
    auth = json_object();
    suffixes = json_object();
    dp = json_object();
    json_set_str(body, "name", "azlosandbox");
    set_url(body, "portal", base, "/");
    set_url(body, "graph", base, "/");
    set_url(body, "resourceManager", base, "");
    set_url(auth, "loginEndpoint", base, "/");
    json_set(body, "authentication", auth);
    json_set_str(suffixes, "storage", "azlosandbox.invalid");
    json_set(body, "suffixes", suffixes);
    set_url(dp, "hciDataplaneServiceEndpoint", base, "/dataplane");
    json_set(body, "dataplaneEndpoints", dp);
    sb_reply_json(r, 200, body);
}

#define TOKEN_VERSIONS "2019-08-15 2019-11-01 2020-06-01 2021-02-01"
static const struct sb_route rows[] = {
    { "GET", "/metadata/identity/oauth2/token", SB_LOCAL, TOKEN_VERSIONS, token,
      "azure-wire.md 5.12" },
    { "GET", "/metadata/instance", SB_LOCAL, NULL, instance, "register-flow.md 1.8" },
    { "GET", "/metadata/endpoints", SB_LOCAL, NULL, endpoints, "azure-wire.md 2.2.5" },
    { "POST", "/agent/connect", SB_LOCAL, NULL, agent_connect, "azure-wire.md 5.4" },
    { "POST", "/agent/disconnect", SB_LOCAL, NULL, agent_disconnect, "azure-wire.md 5.6" },
    { "GET", "/agent/show", SB_LOCAL, NULL, agent_show, "azure-wire.md 5.7" },
};
const struct sb_routes himds_routes = { rows, ARRAY_LEN(rows) };

/* ---- folders, command, ports ---- */

static int link_command(const char *path, struct err *e)
{
    char program[512];

    if (proc_own_program(program, sizeof program, "azlosandbox-azcmagent", e))
        return -1;
    unlink(path);
    if (symlink(program, path))
        return err_sys(e, errno, "The link %s cannot be made", path);
    return 0;
}

/* Keys of a sandbox that was killed are of no use to anybody. */
static void sweep_keys(const char *folder)
{
    DIR *d = opendir(folder);
    struct dirent *f;

    while (d && (f = readdir(d)))
        if (str_ends(f->d_name, ".key"))
            unlinkat(dirfd(d), f->d_name, 0);
    if (d)
        closedir(d);
}

static int write_agent(const struct sb_node *n, const char *folder, struct err *e)
{
    struct json *j = json_object();
    struct str text = STR_INIT;
    char path[700];
    int rc;

    json_set_str(j, "name", n->name);
    json_set_int(j, "port", n->port);
    json_write_pretty(&text, j);
    str_fmt(path, sizeof path, "%s/agent.json", folder);
    rc = file_replace(path, str_p(&text), text.len, e);
    str_free(&text);
    json_free(j);
    return rc;
}

static int prepare(const char *dir, int i, struct world *w, struct err *e)
{
    struct sb_node *n = &sb_nodes[i];
    char folder[560];

    str_fmt(n->name, sizeof n->name, "node%d", i + 1);
    if (!str_fmt(folder, sizeof folder, "%s/nodes/%s", dir, n->name) ||
        !str_fmt(n->tokens_dir, sizeof n->tokens_dir, "%s/tokens", folder) ||
        !str_fmt(n->azcmagent, sizeof n->azcmagent, "%s/azcmagent", folder))
        return err_set(e, ERR_USAGE, 0, "The folder's name is too long.");
    if (file_mkdirs(n->tokens_dir, e) || link_command(n->azcmagent, e) ||
        http_start(i, &n->port, w, e))
        return -1;
    sweep_keys(n->tokens_dir);
    return write_agent(n, folder, e);
}

int nodes_prepare(const char *dir, int n, struct world *w, struct err *e)
{
    for (int i = 0; i < n && i < (int)ARRAY_LEN(sb_nodes); i++)
        if (prepare(dir, i, w, e))
            return -1;
    return 0;
}
