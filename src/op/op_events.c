#include "config.h"

#include "op/op_events.h"

static const struct op_event events[] = {
    { 9001, LOG_INF, "registration began" },
    { 9002, LOG_INF, "Arc task began" },
    { 9003, LOG_INF, "Arc task done" },
    { 9004, LOG_INF, "registration ended" },
    { 9005, LOG_INF, "unregistration began" },
    { 9006, LOG_ERR, "Arc task failed" },
    { 9007, LOG_INF, "unregistration done" },
    { 9008, LOG_INF, "Arc part of the unregistration done" },
    { 9009, LOG_INF, "parameters" },
    { 9010, LOG_WRN, "the cluster's application was not deleted: delete it by hand" },
    { 9011, LOG_WRN, "the Arc application was not deleted: delete it by hand" },
    { 9101, LOG_ERR, "repair was asked for, but nothing is registered" },
    { 9102, LOG_ERR, "this machine is in no cluster" },
    { 9104, LOG_ERR, "the resource exists in another region" },
    { 9105, LOG_ERR, "an Arc machine of this name belongs to another cluster" },
    { 9106, LOG_ERR, "registered, but the resource is gone from Azure" },
    { 9107, LOG_ERR, "registered as another resource" },
    { 9108, LOG_ERR, "the region is not offered" },
    { 9109, LOG_ERR, "the certificate is missing on a node or ends within 60 days" },
    { 9110, LOG_ERR, "the certificate was not made or not accepted on a node" },
    { 9111, LOG_ERR, "the operating system of a node is too old" },
    { 9112, LOG_ERR, "a node lacks the Arc commands" },
    { 9113, LOG_ERR, "Arc is being disabled" },
    { 9114, LOG_ERR, "registration failed" },
    { 9115, LOG_ERR, "unregistration needs more parameters" },
    { 9116, LOG_ERR, "Arc task broke off" },
    { 9117, LOG_ERR, "Arc was not unregistered" },
    { 9118, LOG_ERR, "unregistration failed" },
    { 9119, LOG_WRN, "the cloud management service is missing" },
    { 9120, LOG_WRN, "the cloud management group was not made" },
    { 9121, LOG_WRN, "the cloud management group did not start" },
    { 9123, LOG_WRN, "nodes are not Connected in the Arc settings" },
    { 9125, LOG_ERR, "the stored registration names another resource group" },
    { 9127, LOG_ERR, "the stored registration names another resource" },
    { 9128, LOG_ERR, "the stored registration names another subscription" },
    { 9129, LOG_ERR, "the Arc settings name another resource group" },
    { 9130, LOG_ERR, "the cluster resource was not created" },
    { 9131, LOG_ERR, "the service's object id is not known" },
    { 9132, LOG_ERR, "the service did not get its role" },
    { 9133, LOG_INF, "nodes and cluster are tied by the identity path" },
    { 9134, LOG_INF, "the machine's token for the usage service is asked for" },
    { 9135, LOG_INF, "registered by the identity path" },
    { 9140, LOG_ERR, "Arc was not unregistered (identity path)" },
    { 9141, LOG_INF, "Arc part of the unregistration done (identity path)" },
    { 9142, LOG_ERR, "nodes and cluster were not tied" },
    { 9143, LOG_ERR, "the Arc agent gave no token" },
    { 9145, LOG_ERR, "the identity path failed" },
    { 9146, LOG_INF, "unregistration began (identity path)" },
    { 9147, LOG_INF, "Arc part done (identity path)" },
    { 9148, LOG_ERR, "the registration was not taken back" },
    { 9149, LOG_ERR, "unregistration failed (identity path)" },
    { 9150, LOG_ERR, "a node was not connected to Azure Arc" },
    { 9151, LOG_INF, "the nodes are connected to Azure Arc" },
};

const struct op_event *op_event_at(size_t i)
{
    return i < ARRAY_LEN(events) ? &events[i] : NULL;
}

const struct op_event *op_event_find(int number)
{
    for (size_t i = 0; i < ARRAY_LEN(events); i++)
        if (events[i].number == number)
            return &events[i];
    return NULL;
}

/* The error's own number, if it has one; else that of the row. */
static int of_failure(const struct err *e, int otherwise)
{
    const struct op_event *ev = e ? op_event_find(e->code) : NULL;

    return ev && ev->level > LOG_INF ? ev->number : otherwise;
}

/* Every node has it, and some of them from us. */
static bool made_by_all(const struct op_run *r, const struct op_cell *c)
{
    bool any = false;

    for (size_t k = r->first[c->step_no]; k < r->first[c->step_no + 1]; k++)
        any = any || (r->cells[k].state == OP_S_DONE && r->cells[k].tries);
    return any && op_step_complete(r, c->step_no);
}

static int of_row(const struct op_run *r, const struct op_cell *c, const char *word,
                  const struct err *e)
{
    const struct op_told *t = c ? &c->step->told : &r->plan->told;

    if (str_eq(word, "failed"))
        return of_failure(e, t->failed);
    if (str_eq(word, c ? "begin" : "open"))
        return t->begin;
    if (c && !c->step->apply.read && str_eq(word, "found"))
        return t->found;
    if (c && (str_eq(word, "made") || str_eq(word, "found")))
        return t->made && made_by_all(r, c) ? t->made : 0;
    return !c && str_eq(word, "done") ? t->made : 0;
}

int op_event_of(const struct op_run *r, const struct op_cell *c, const char *word,
                const struct err *e)
{
    int number = of_row(r, c, word, e);
    struct op_view v = { (struct op_run *)r, (struct op_cell *)c };

    return number && r->plan->number ? r->plan->number(&v, number) : number;
}

void op_event_tell(const struct op_run *r, const struct op_cell *c, const char *word, int number,
                   const struct err *e)
{
    const struct op_event *ev = op_event_find(number);
    const char *node = c && c->node >= 0 ? r->nodes[c->node]->name : "";
    const char *on = *node ? " on " : "";
    bool failed = str_eq(word, "failed");

    if (ev && c && failed)
        log_event(number, ev->level, "step %s%s%s failed: %s", c->step->id, on, node, e->message);
    else if (ev && c)
        log_event(number, ev->level, "%s (step %s%s%s)", ev->meaning, c->step->id, on, node);
    else if (ev)
        log_event(number, ev->level, "%s (run %s)%s%s", ev->meaning, r->id, failed ? ": " : "",
                  failed ? e->message : "");
    else if (c && failed)
        log_wrn("step %s%s%s failed: %s", c->step->id, on, node, e->message);
    else if (!c &&
             (failed || str_eq(word, "done") || str_eq(word, "stopped") || str_eq(word, "undone")))
        log_inf("run %s: %s", r->id, word);
}

/* ---- parameters ---- */

/* The plan's inputs under the names that the module's log has. */
static const struct {
    const char *input, *name;
    bool masked;
} parameters[] = {
    { "subscriptionId", "SubscriptionId", false },
    { "tenantId", "TenantId", false },
    { "region", "Region", false },
    { "resourceName", "ResourceName", false },
    { "resourceGroupName", "ResourceGroupName", false },
    { "arcGroup", "ArcServerResourceGroupName", false },
    { "cloud", "EnvironmentName", false },
    { "clusterName", "ClusterName", false },
    { "tags", "Tag", false },
    { "groupTags", "ResourceGroupTags", false },
    { "certificateThumbprint", "CertificateThumbprint", false },
    { "repair", "RepairRegistration", false },
    { "recreate", "RecreateResource", false },
    { "stableAgent", "UseStableAgentVersion", false },
    { "logsDirectory", "LogsDirectory", false },
    { "arcOnly", "DisableOnlyAzureArcServer", false },
    { "arcAppId", "ArcSpnCredential", true },
    { "accountId", "AccountId", true },
};

struct json *op_event_parameters(const struct json *inputs)
{
    struct json *out = json_object();

    JSON_EACH (in, inputs) {
        const char *name = json_name(in), *value = json_value_str(in);
        bool masked = true;

        if (!value || !*value)
            continue;
        for (size_t i = 0; i < ARRAY_LEN(parameters); i++)
            if (str_eq(parameters[i].input, json_name(in))) {
                name = parameters[i].name;
                masked = parameters[i].masked;
            }
        json_set_str(out, name, masked ? "***" : value);
    }
    return out;
}
