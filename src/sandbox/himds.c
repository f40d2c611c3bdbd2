/* The nodes' Arc agents: token address with its key-file challenge, instance metadata, and the door through which the azcmagent stand-in connects
 * and disconnects a node. Sources: azure-wire.md 5.4 to 5.9, 5.12, 2.2.5; register-flow.md 2.5 M7. */
#include "config.h"

#include "sandbox/resource.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/proc.h"
#include "sandbox/routes.h"

#define TOKEN_LIFE_S 3599
#define KEY_LIFE_MS  60000
#define KEYS         64
#define AGENT_VERSION "1.48.02881.1941"
#define MACHINE_VERSION "2022-03-10"

struct sb_node sb_nodes[64];

/* ---- what an agent remembers ---- */

static const char *node_name(const struct sb_req *q)
{
    return q->node >= 0 && q->node < (int)ARRAY_LEN(sb_nodes) ? sb_nodes[q->node].name : "";
}

static struct json *agent(struct sb_req *q)
{
    const struct json *a = json_member(world_section(q->world, "agents"), node_name(q));

    return a ? json_edit(a) : NULL;
}

/* The machine behind a connected agent, NULL when not connected or when Azure has it no more. */
static struct json *machine_of(struct sb_req *q)
{
    const char *id = json_str(agent(q), "resourceId");
    struct json *m = id ? world_resource(q->world, id) : NULL;

    return str_ieq(json_str(m, "properties.vmId"), json_str(agent(q), "vmId")) ? m : NULL;
}

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
    const char *tid = json_str(machine, "identity.tenantId"), *oid = json_str(machine, "identity.principalId");
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

static void give_token(struct sb_req *q, struct sb_reply *r, const struct json *machine, const char *resource)
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
    const struct json *machine = machine_of(q);

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
    const struct json *a = agent(q), *machine = machine_of(q);
    struct json *body, *c;

    if (!asked_properly(q, r))
        return;
    if (!machine) {
        oauth_error(r, 404, "not_connected", "This machine is not connected to Azure.");
        return;
    }
    body = json_object();
    c = json_object();
    json_set_str(c, "azEnvironment", "azlosandbox");
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

/* ---- connect and disconnect ---- */

/* exit: the command's exit code, azure-wire.md 5.9; code: "AZCM" and four digits. */
static void refuse(struct sb_reply *r, int exit, const char *code, const char *message)
{
    char name[16];
    struct json *error;

    str_fmt(name, sizeof name, "AZCM%04d", exit);
    error = sb_arm_error(r, 400, name, "%s", message);
    json_set_int(error, "exitCode", exit);
    if (code)
        json_set_str(error, "armCode", code);
}

/* ARM's refusal becomes the agent's: exit code by what was tried, ARM's text inside. */
static void refuse_like(struct sb_reply *r, const struct sb_reply *arm, int exit)
{
    const char *code = json_str(arm->json, "error.code"), *message = json_str(arm->json, "error.message");
    struct str s = STR_INIT;

    str_addf(&s, "Error occurred while sending request to Azure Resource Manager: status %d, code \"%s\": %s",
             arm->status, code ? code : "", message ? message : "");
    refuse(r, str_eq(code, "LocationNotAvailableForResourceType") ? 20 : exit, code, str_p(&s));
    str_free(&s);
}

static bool token_ok(struct sb_req *q, struct sb_reply *r, const char *sub)
{
    const char *aud = json_str(q->claims, "aud"), *tenant = json_str(res_subscription(q->world, sub), "tenantId");

    if (!q->claims || !aud || !sb_audience_fits(SB_ARM, aud)) {
        refuse(r, q->claims ? 12 : 41, "InvalidAuthenticationToken", "The access token is missing or not for Azure Resource Manager.");
        return false;
    }
    if (tenant && !str_ieq(tenant, json_str(q->claims, "tid"))) {
        refuse(r, 12, "InvalidAuthenticationTokenTenant", "The access token is from the wrong tenant.");
        return false;
    }
    return true;
}

/* The request as the agent would send it to ARM. */
static struct sb_req *arm_request(struct sb_req *q, const char *method, const char *sub, const char *group,
                                  const char *machine)
{
    struct sb_req *arm = xcalloc(1, sizeof *arm);
    static const char *const names[] = { "sub", "rg", "machine" };
    const char *values[] = { sub, group, machine };

    *arm = *q;
    memset(arm->vars, 0, sizeof arm->vars);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        arm->vars[i].name = names[i];
        STR_SET(arm->vars[i].value, values[i]);
    }
    arm->method = method;
    arm->api_version = MACHINE_VERSION;
    arm->json = NULL;
    return arm;
}

static void drop_reply(struct sb_reply *arm)
{
    json_free(arm->json);
    json_free(arm->headers);
    free(arm->text);
}

static struct json *machine_body(const char *location, const char *vm_id)
{
    struct json *body = json_object(), *identity = json_object(), *p = json_object();

    json_set_str(body, "location", location);
    json_set_str(identity, "type", "SystemAssigned");
    json_set(body, "identity", identity);
    json_set_str(p, "vmId", vm_id);
    json_set_str(p, "osType", "linux");
    json_set(body, "properties", p);
    return body;
}

static void remember(struct sb_req *q, const struct json *machine, const char *vm_id)
{
    struct json *a = json_object();
    static const char *const kept[] = { "subscriptionId", "resourceGroup", "tenantId", "location", "cloud",
                                        "correlationId" };

    for (size_t i = 0; i < ARRAY_LEN(kept); i++)
        if (json_str(q->json, kept[i]))
            json_set_str(a, kept[i], json_str(q->json, kept[i]));
    json_set_str(a, "resourceId", json_str(machine, "id"));
    json_set_str(a, "resourceName", json_str(machine, "name"));
    json_set_str(a, "tenantId", json_str(machine, "identity.tenantId"));
    json_set_str(a, "vmId", vm_id);
    json_set(world_section(q->world, "agents"), node_name(q), a);
    world_touch(q->world);
}

static void report_in(struct sb_req *q, struct json *machine)
{
    struct json *p = res_props(machine);
    char now[TIME_SIZE];

    time_iso7(now, world_now(q->world));
    json_set_str(p, "status", "Connected");
    json_set_str(p, "lastStatusChange", now);
    json_set_str(p, "agentVersion", AGENT_VERSION);
    json_set_str(p, "displayName", node_name(q));
    json_set_str(p, "machineFqdn", node_name(q));
    json_set_str(p, "dnsFqdn", node_name(q));
    json_set_str(p, "osName", "linux");
    world_touch(q->world);
}

static void answer(struct sb_req *q, struct sb_reply *r);

/* An older resource of this name may be taken over only by the agent that it belongs to. */
static bool name_free(struct sb_req *q, struct sb_reply *r, const char *id, const char *vm_id)
{
    const struct json *m = world_resource(q->world, id);
    const char *theirs = json_str(m, "properties.vmId");

    if (!m || !theirs || str_ieq(theirs, vm_id))
        return true;
    refuse(r, 44, "ResourceExists", "A machine of this name exists already in the resource group.");
    return false;
}

static void connect_as(struct sb_req *q, struct sb_reply *r, const char *name, const char *vm_id)
{
    const char *sub = json_str(q->json, "subscriptionId"), *group = json_str(q->json, "resourceGroup");
    struct sb_req *arm = arm_request(q, "PUT", sub, group, name);
    struct json *body = machine_body(json_str(q->json, "location"), vm_id), *machine;
    struct sb_reply reply = { 0 };
    struct str id = STR_INIT;

    res_id(&id, arm, "Microsoft.HybridCompute/machines", name);
    if (name_free(q, r, str_p(&id), vm_id)) {
        arm->json = body;
        arc_machine_put(arm, &reply);
        machine = world_resource(q->world, str_p(&id));
        if (reply.status == 200 && machine) {
            remember(q, machine, vm_id);
            report_in(q, machine);
            answer(q, r);
        } else {
            refuse_like(r, &reply, 42);
        }
    }
    drop_reply(&reply);
    json_free(body);
    str_free(&id);
    free(arm);
}

static void do_connect(struct sb_req *q, struct sb_reply *r)
{
    static const char *const needed[] = { "subscriptionId", "resourceGroup", "location", "tenantId" };
    const char *name = json_str(q->json, "resourceName"), *vm_id = json_str(agent(q), "vmId");
    struct json *ids = world_section(q->world, "vmIds");
    char fresh[GUID_SIZE];

    for (size_t i = 0; i < ARRAY_LEN(needed); i++) {
        if (!json_str(q->json, needed[i]) || !json_str(q->json, needed[i])[0]) {
            refuse(r, 16, NULL, "A required argument is missing: subscription-id, resource-group, location, tenant-id.");
            return;
        }
    }
    if (json_str(agent(q), "resourceId")) {
        refuse(r, 67, NULL, "This machine is already connected. Disconnect it first.");
        return;
    }
    if (!token_ok(q, r, json_str(q->json, "subscriptionId")))
        return;
    vm_id = json_value_str(json_member(ids, node_name(q)));
    if (!vm_id) {
        guid_random(fresh);
        json_set_str(ids, node_name(q), fresh);
        vm_id = json_value_str(json_member(ids, node_name(q)));
    }
    connect_as(q, r, name && name[0] ? name : node_name(q), vm_id);
}

static void forget(struct sb_req *q, struct sb_reply *r)
{
    json_unset(world_section(q->world, "agents"), node_name(q));
    world_touch(q->world);
    answer(q, r);
}

static void do_disconnect(struct sb_req *q, struct sb_reply *r)
{
    const struct json *a = agent(q);
    struct sb_reply reply = { 0 };
    struct sb_req *arm;
    struct json *m;

    if (!json_str(a, "resourceId")) {
        answer(q, r); /* cleanly disconnected already */
        return;
    }
    if (json_flag(q->json, "forceLocalOnly", false)) {
        if ((m = machine_of(q)))
            json_set_str(res_props(m), "status", "Disconnected");
        forget(q, r);
        return;
    }
    if (!token_ok(q, r, json_str(a, "subscriptionId")))
        return;
    arm = arm_request(q, "DELETE", json_str(a, "subscriptionId"), json_str(a, "resourceGroup"),
                      json_str(a, "resourceName"));
    arc_machine_delete(arm, &reply);
    if (reply.status == 200 || reply.status == 204)
        forget(q, r);
    else
        refuse_like(r, &reply, 43);
    drop_reply(&reply);
    free(arm);
}

/* Keys of show -j: azure-wire.md 5.8. */
static void answer(struct sb_req *q, struct sb_reply *r)
{
    static const char *const shown[] = { "resourceName", "resourceGroup", "subscriptionId", "tenantId", "location",
                                         "cloud",        "vmId",          "resourceId",     "correlationId" };
    const struct json *a = agent(q);
    struct json *body = json_object();
    char now[TIME_SIZE];

    for (size_t i = 0; i < ARRAY_LEN(shown); i++)
        json_set_str(body, shown[i], json_str(a, shown[i]) ? json_str(a, shown[i]) : "");
    time_iso(now, a ? world_now(q->world) : 0);
    json_set_str(body, "status", a && machine_of(q) ? "Connected" : "Disconnected");
    json_set_str(body, "lastHeartbeat", now);
    json_set_str(body, "agentVersion", AGENT_VERSION);
    sb_reply_json(r, 200, body);
}

#define TOKEN_VERSIONS "2019-08-15 2019-11-01 2020-06-01 2021-02-01"
static const struct sb_route rows[] = {
    { "GET", "/metadata/identity/oauth2/token", SB_LOCAL, TOKEN_VERSIONS, token, "azure-wire.md 5.12" },
    { "GET", "/metadata/instance", SB_LOCAL, NULL, instance, "register-flow.md 1.8" },
    { "GET", "/metadata/endpoints", SB_LOCAL, NULL, endpoints, "azure-wire.md 2.2.5" },
    { "POST", "/agent/connect", SB_LOCAL, NULL, do_connect, "azure-wire.md 5.4" },
    { "POST", "/agent/disconnect", SB_LOCAL, NULL, do_disconnect, "azure-wire.md 5.6" },
    { "GET", "/agent/show", SB_LOCAL, NULL, answer, "azure-wire.md 5.7" },
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
    if (file_mkdirs(n->tokens_dir, e) || link_command(n->azcmagent, e) || http_start(i, &n->port, w, e))
        return -1;
    return write_agent(n, folder, e);
}

int nodes_prepare(const char *dir, int n, struct world *w, struct err *e)
{
    for (int i = 0; i < n && i < (int)ARRAY_LEN(sb_nodes); i++)
        if (prepare(dir, i, w, e))
            return -1;
    return 0;
}
