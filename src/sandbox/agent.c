/* Connecting and disconnecting a node's Arc agent, asked for by the azcmagent stand-in: the machine
 * resource is made and deleted with the caller's token as by an ARM request. Sources:
 * azure-wire.md 5.4 to 5.9. */
#include "config.h"

#include "sandbox/agent.h"

#include <stdlib.h>
#include <string.h>

#include "sandbox/clouds.h"
#include "sandbox/policies.h"
#include "sandbox/routes.h"

#define AGENT_VERSION   "1.48.02881.1941"
#define MACHINE_VERSION "2022-03-10"

const char *agent_node(const struct sb_req *q)
{
    return q->node >= 0 && q->node < (int)ARRAY_LEN(sb_nodes) ? sb_nodes[q->node].name : "";
}

struct json *agent_state(struct sb_req *q)
{
    const struct json *a = json_member(world_section(q->world, "agents"), agent_node(q));

    return a ? json_edit(a) : NULL;
}

struct json *agent_machine(struct sb_req *q)
{
    const char *id = json_str(agent_state(q), "resourceId");
    struct json *m = id ? world_resource(q->world, id) : NULL;

    return str_ieq(json_str(m, "properties.vmId"), json_str(agent_state(q), "vmId")) ? m : NULL;
}

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
    const char *code = json_str(arm->json, "error.code"),
               *message = json_str(arm->json, "error.message");
    struct str s = STR_INIT;

    str_addf(&s,
             "Error occurred while sending request to Azure Resource Manager: status %d, code "
             "\"%s\": %s",
             arm->status, code ? code : "", message ? message : "");
    refuse(r, str_eq(code, "LocationNotAvailableForResourceType") ? 20 : exit, code, str_p(&s));
    str_free(&s);
}

static bool token_ok(struct sb_req *q, struct sb_reply *r, const char *sub)
{
    const char *aud = json_str(q->claims, "aud"),
               *tenant = json_str(res_subscription(q->world, sub), "tenantId");

    if (!q->claims || !aud || !sb_audience_fits(SB_ARM, aud)) {
        refuse(r, q->claims ? 12 : 41, "InvalidAuthenticationToken",
               "The access token is missing or not for Azure Resource Manager.");
        return false;
    }
    if (tenant && !str_ieq(tenant, json_str(q->claims, "tid"))) {
        refuse(r, 12, "InvalidAuthenticationTokenTenant",
               "The access token is from the wrong tenant.");
        return false;
    }
    return true;
}

/* The request as the agent would send it to ARM. */
static struct sb_req *arm_request(struct sb_req *q, const char *method, const char *sub,
                                  const char *group, const char *machine)
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
    static const char *const kept[] = { "subscriptionId", "resourceGroup", "tenantId",
                                        "location",       "cloud",         "correlationId" };

    for (size_t i = 0; i < ARRAY_LEN(kept); i++)
        if (json_str(q->json, kept[i]))
            json_set_str(a, kept[i], json_str(q->json, kept[i]));
    json_set_str(a, "resourceId", json_str(machine, "id"));
    json_set_str(a, "resourceName", json_str(machine, "name"));
    json_set_str(a, "tenantId", json_str(machine, "identity.tenantId"));
    json_set_str(a, "vmId", vm_id);
    json_set(world_section(q->world, "agents"), agent_node(q), a);
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
    json_set_str(p, "displayName", agent_node(q));
    json_set_str(p, "machineFqdn", agent_node(q));
    json_set_str(p, "dnsFqdn", agent_node(q));
    json_set_str(p, "osName", "linux");
    world_touch(q->world);
}

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
    const char *sub = json_str(q->json, "subscriptionId"),
               *group = json_str(q->json, "resourceGroup");
    struct sb_req *arm = arm_request(q, "PUT", sub, group, name);
    struct json *body = machine_body(json_str(q->json, "location"), vm_id), *machine;
    struct sb_reply reply = { 0 };
    struct str id = STR_INIT;

    res_id(&id, arm, "Microsoft.HybridCompute/machines", name);
    if (name_free(q, r, str_p(&id), vm_id)) {
        arm->json = body;
        if (policies_allow_resource(arm, &reply, "Microsoft.HybridCompute/machines", str_p(&id),
                                    body))
            arc_machine_put(arm, &reply);
        machine = world_resource(q->world, str_p(&id));
        if (reply.status == 200 && machine) {
            remember(q, machine, vm_id);
            report_in(q, machine);
            agent_show(q, r);
        } else {
            refuse_like(r, &reply, 42);
        }
    }
    drop_reply(&reply);
    json_free(body);
    str_free(&id);
    free(arm);
}

/* The agent of a cloud of its own name connects to that cloud (azure-wire.md 5.4, exit 75). */
static bool cloud_ok(struct sb_req *q, struct sb_reply *r)
{
    const char *cloud = json_str(q->json, "cloud");

    if (!sb_cloud() || str_ieq(cloud, sb_cloud()->name))
        return true;
    refuse(r, 75, NULL, "The cloud configuration of --cloud cannot be read from here.");
    return false;
}

void agent_connect(struct sb_req *q, struct sb_reply *r)
{
    static const char *const needed[] = { "subscriptionId", "resourceGroup", "location",
                                          "tenantId" };
    const char *name = json_str(q->json, "resourceName"), *vm_id = json_str(agent_state(q), "vmId");
    struct json *ids = world_section(q->world, "vmIds");
    char fresh[GUID_SIZE];

    for (size_t i = 0; i < ARRAY_LEN(needed); i++) {
        if (!json_str(q->json, needed[i]) || !json_str(q->json, needed[i])[0]) {
            refuse(r, 16, NULL,
                   "A required argument is missing: subscription-id, resource-group, location, "
                   "tenant-id.");
            return;
        }
    }
    if (json_str(agent_state(q), "resourceId")) {
        refuse(r, 67, NULL, "This machine is already connected. Disconnect it first.");
        return;
    }
    if (!cloud_ok(q, r) || !token_ok(q, r, json_str(q->json, "subscriptionId")))
        return;
    vm_id = json_value_str(json_member(ids, agent_node(q)));
    if (!vm_id) {
        guid_random(fresh);
        json_set_str(ids, agent_node(q), fresh);
        vm_id = json_value_str(json_member(ids, agent_node(q)));
    }
    connect_as(q, r, name && name[0] ? name : agent_node(q), vm_id);
}

static void forget(struct sb_req *q, struct sb_reply *r)
{
    json_unset(world_section(q->world, "agents"), agent_node(q));
    world_touch(q->world);
    agent_show(q, r);
}

void agent_disconnect(struct sb_req *q, struct sb_reply *r)
{
    const struct json *a = agent_state(q);
    struct sb_reply reply = { 0 };
    struct sb_req *arm;
    struct json *m;

    if (!json_str(a, "resourceId")) {
        agent_show(q, r); /* cleanly disconnected already */
        return;
    }
    if (json_flag(q->json, "forceLocalOnly", false)) {
        if ((m = agent_machine(q)))
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
void agent_show(struct sb_req *q, struct sb_reply *r)
{
    static const char *const shown[] = { "resourceName", "resourceGroup", "subscriptionId",
                                         "tenantId",     "location",      "cloud",
                                         "vmId",         "resourceId",    "correlationId" };
    const struct json *a = agent_state(q);
    struct json *body = json_object();
    char now[TIME_SIZE];

    for (size_t i = 0; i < ARRAY_LEN(shown); i++)
        json_set_str(body, shown[i], json_str(a, shown[i]) ? json_str(a, shown[i]) : "");
    time_iso(now, a ? world_now(q->world) : 0);
    json_set_str(body, "status", a && agent_machine(q) ? "Connected" : "Disconnected");
    json_set_str(body, "lastHeartbeat", now);
    json_set_str(body, "agentVersion", AGENT_VERSION);
    sb_reply_json(r, 200, body);
}
