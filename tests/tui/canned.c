#include "config.h"

#include "tui/canned.h"

#include <string.h>

#include "base/str.h"

#define NOW CANNED_NOW

void canned_core(struct fake_core *f, const char *mode)
{
    static struct sec_core s;

    s = (struct sec_core){ .version = "0.1.0",
                           .pid = 4711,
                           .host = "node1",
                           .cloud = "AzureCloud",
                           .portal = "https://portal.azure.com",
                           .state_dir = "/var/lib/azloconf",
                           .started_at = NOW - 60000,
                           .now = NOW,
                           .policy_now = NOW,
                           .clock_rate = 1 };
    STR_SET(s.mode, mode);
    if (str_eq(mode, "sandbox"))
        STR_SET(s.sandbox_base, "https://127.0.0.1:41234");
    fake_set(f, SEC_CORE, &s);
}

static struct sec_cluster cluster_base(void)
{
    static struct sec_cluster s;

    s = (struct sec_cluster){
        .exists = true,
        .name = "CLUSTER-A",
        .nodes_up = 3,
        .nodes_total = 3,
        .cluster = { "Clustered", "ok", "3 of 3 nodes up", "node engine, quorum 3", "",
                     NOW - 3000 },
        .registration = { "NotYet", "warn", "due 2026-12-18, 27 days left",
                          "30 days from the cluster's making",
                          "1 registers the cluster; after 30 days it is OutOfPolicy.", NOW - 3000 },
        .connection = { "", "unknown", "never connected", "", "", NOW - 3000 },
    };
    return s;
}

void canned_no_cluster(struct fake_core *f)
{
    static struct sec_cluster s;

    s = (struct sec_cluster){
        .cluster = { "NotYet", "warn", "no cluster on this machine", "",
                     "1 creates a cluster, then registers it.", NOW - 2000 },
        .registration = { "NotYet", "unknown", "needs a cluster first", "", "", NOW - 2000 },
        .connection = { "", "unknown", "", "", "", NOW - 2000 },
    };
    fake_set(f, SEC_CLUSTER, &s);
}

void canned_not_registered(struct fake_core *f)
{
    struct sec_cluster s = cluster_base();

    fake_set(f, SEC_CLUSTER, &s);
}

void canned_registered(struct fake_core *f)
{
    struct sec_cluster s = cluster_base();

    s.registration =
        (struct sec_pane){ "Registered", "ok",      "since 2026-11-20", "ARM resource found 09:30",
                           "",           NOW - 3000 };
    s.connection = (struct sec_pane){ "Connected",       "ok", "last sync 12 min ago",
                                      "next sync 21:29", "",   NOW - 3000 };
    STR_SET(s.azure_resource_name, "CLUSTER-A");
    STR_SET(s.azure_resource_uri, CANNED_CLUSTER);
    STR_SET(s.region, "eastus");
    fake_set(f, SEC_CLUSTER, &s);
}

void canned_signin(struct fake_core *f, const char *state)
{
    static struct sec_signin s;

    s = (struct sec_signin){ .yours = true };
    STR_SET(s.state, state);
    if (str_eq(state, "code")) {
        STR_SET(s.user_code, "C7XKQ2LMP");
        STR_SET(s.verification_uri, "https://microsoft.com/devicelogin");
        s.uri_trusted = true;
        s.code_expires_at = NOW + 872000;
        s.polled_at = NOW - 4000;
        s.next_poll_at = NOW + 1000;
    } else if (str_eq(state, "in")) {
        STR_SET(s.account, "anna@contoso.com");
        STR_SET(s.tenant_id, "72f988bf-86f1-41af-91ab-2d7cd011db47");
        STR_SET(s.tenant_name, "Contoso (contoso.onmicrosoft.com)");
        s.token_expires_at = NOW + 3480000;
    } else if (str_eq(state, "failed")) {
        err_set(&s.error, ERR_AUTH, 53003,
                "Azure refused the sign-in: a Conditional Access rule blocks it (AADSTS53003).");
        STR_SET(s.error.remote_code, "AADSTS53003");
        STR_SET(s.error.request_id, "8d6f0a1c-8d4e-4b7e-a1b5-0d9a3a8f1c00");
        STR_SET(s.error.advice,
                "Ask the directory's administrator to allow the device code flow for you.");
    }
    fake_set(f, SEC_SIGNIN, &s);
}

static void add(struct sec_choice *list, size_t *n, const char *id, const char *name,
                const char *state, const char *parent)
{
    struct sec_choice *c = &list[(*n)++];

    STR_SET(c->id, id);
    STR_SET(c->name, name);
    STR_SET(c->state, state);
    STR_SET(c->parent, parent);
}

void canned_choices(struct fake_core *f)
{
    static struct sec_choices s;
    static const char *const tenant = "72f988bf-86f1-41af-91ab-2d7cd011db47";
    static const char *const regions[][2] = { { "eastus", "East US" },
                                              { "westeurope", "West Europe" },
                                              { "southeastasia", "Southeast Asia" },
                                              { "australiaeast", "Australia East" },
                                              { "canadacentral", "Canada Central" },
                                              { "southcentralus", "South Central US" } };

    memset(&s, 0, sizeof s);
    STR_SET(s.state, "ready");
    STR_SET(s.regions_of, "11111111-2222-3333-4444-555555555555");
    s.asked_at = NOW - 5000;
    add(s.tenants, &s.n_tenants, tenant, "Contoso (contoso.onmicrosoft.com)", "", "");
    add(s.tenants, &s.n_tenants, "aaaaaaaa-86f1-41af-91ab-2d7cd011db47", "Fabrikam (fabrikam.com)",
        "", "");
    add(s.subs, &s.n_subs, "11111111-2222-3333-4444-555555555555", "Contoso-Prod-HCI", "Enabled",
        tenant);
    add(s.subs, &s.n_subs, "22222222-2222-3333-4444-555555555555", "Contoso-Test", "Enabled",
        tenant);
    add(s.subs, &s.n_subs, "33333333-2222-3333-4444-555555555555", "Contoso-Old", "Disabled",
        tenant);
    add(s.subs, &s.n_subs, "44444444-2222-3333-4444-555555555555",
        "Contoso Research and Development, Factory Floor and Laboratories of the North", "Warned",
        tenant);
    for (size_t i = 0; i < ARRAY_LEN(regions); i++)
        add(s.regions, &s.n_regions, regions[i][0], regions[i][1], "", "");
    fake_set(f, SEC_CHOICES, &s);
}

void canned_nodes(struct fake_core *f)
{
    static struct sec_nodes s;

    memset(&s, 0, sizeof s);
    s.n = 3;
    for (size_t i = 0; i < s.n; i++) {
        struct sec_node *n = &s.items[i];
        str_fmt(n->name, sizeof n->name, "node%zu", i + 1);
        STR_SET(n->state, "Up");
        STR_SET(n->level, "ok");
        STR_SET(n->registration, "Registered");
        STR_SET(n->connection, "Connected");
        STR_SET(n->arc, "Connected");
        STR_SET(n->agent_version, "1.64.03414.2961");
        STR_SET(n->last_connected, "2026-11-21T09:29:22Z");
        n->checked_at = NOW - 3000;
    }
    STR_SET(s.items[1].arc, "Disconnected"); /* the longest word of its column */
    STR_SET(s.items[2].state, "Down");
    STR_SET(s.items[2].level, "fail");
    STR_SET(s.items[2].connection, "");
    STR_SET(s.items[2].arc, "Unknown");
    STR_SET(s.items[2].reason, "no answer from node1 since 09:37:03");
    STR_SET(s.items[2].effect, "the cluster stays registered; this node's Arc state is not known");
    STR_SET(s.items[2].next, "check power and network, then press r");
    s.items[2].checked_at = NOW - 260000;
    s.items[2].stale = true;
    fake_set(f, SEC_NODES, &s);
}

static const struct {
    const char *id, *title;
    bool no_return;
} steps[] = {
    { "checks", "Check prerequisites on all nodes", false },
    { "providers", "Register resource providers", false },
    { "group", "Resource group CLUSTER-A-rg", false },
    { "cluster", "Cluster resource CLUSTER-A", true },
    { "identity", "Identity of the cluster", false },
    { "node", "Register the nodes", false },
    { "arc", "Azure Arc on the nodes", false },
    { "sync", "First sync with Azure", false },
    { "verify", "Verify the connection", false },
};

static void run_steps(struct sec_run *s, int done, const char *at)
{
    s->n = ARRAY_LEN(steps);
    s->step_count = (int64_t)s->n;
    s->step_no = done + 1 < (int)s->n ? done + 1 : (int)s->n;
    for (size_t i = 0; i < s->n; i++) {
        struct sec_step *p = &s->steps[i];
        STR_SET(p->id, steps[i].id);
        STR_SET(p->title, steps[i].title);
        p->no_return = steps[i].no_return;
        STR_SET(p->state, (int)i < done    ? (i == 1 ? "found" : "done")
                          : (int)i == done ? at
                                           : "waiting");
        if ((int)i <= done)
            p->started_at = NOW - 151000 + (int64_t)i * 20000;
        if ((int)i < done)
            p->ended_at = p->started_at + 12000;
    }
}

void canned_run(struct fake_core *f, const char *state)
{
    static struct sec_run s;
    bool part = str_eq(state, "in-part"), done = part || str_eq(state, "done"),
         secret = str_eq(state, "needs-secret");

    memset(&s, 0, sizeof s);
    state = secret ? "failed" : state;
    STR_SET(s.secret_for, secret ? CANNED_APP : "");
    STR_SET(s.state, part ? "done" : state);
    if (!str_eq(state, "none")) {
        STR_SET(s.id, "r1");
        STR_SET(s.plan, "register");
        STR_SET(s.title, "Registering CLUSTER-A with Azure");
        s.started_at = NOW - 151000;
        run_steps(&s, done ? 9 : 2, str_eq(state, "failed") ? "failed" : "running");
        s.n_nodes = 3;
        for (size_t i = 0; i < 3; i++) {
            str_fmt(s.nodes[i].name, sizeof s.nodes[i].name, "node%zu", i + 1);
            STR_SET(s.nodes[i].state, done ? "done" : "waiting");
            STR_SET(s.nodes[i].detail, done ? "" : "waits for the cluster resource");
        }
        if (!done) {
            STR_SET(s.steps[2].detail, "HTTP 429 from Azure; try 2 of 5 in 12 s");
            s.steps[2].tries = 2;
        }
    }
    if (str_eq(state, "failed")) {
        s.ended_at = s.steps[2].ended_at = NOW - 20000;
        err_set(&s.error, ERR_ARM, 0,
                "Azure does not allow this account to create the resource group CLUSTER-A-rg.");
        s.error.http = 403;
        STR_SET(s.error.remote_code, "AuthorizationFailed");
        STR_SET(s.error.advice, "An Owner of the subscription must give you the role Contributor "
                                "and User Access Administrator; then press r.");
    }
    if (done) {
        s.ended_at = NOW - 20000;
        STR_SET(s.result, "Success");
        STR_SET(s.details, "The cluster is registered with Azure.");
        STR_SET(s.resource_id,
                "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/CLUSTER-A-rg/"
                "providers/Microsoft.AzureStackHCI/clusters/CLUSTER-A");
        STR_SET(s.portal_url,
                "https://portal.azure.com/#@72f988bf-86f1-41af-91ab-2d7cd011db47/resource/"
                "subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/CLUSTER-A-rg/"
                "providers/Microsoft.AzureStackHCI/clusters/CLUSTER-A/overview");
    }
    if (part) {
        STR_SET(s.steps[8].state, "failed");
        STR_SET(s.steps[8].detail, "The Arc settings are PartiallyConnected, not Connected yet.");
        STR_SET(s.result, "RegisterSucceededButArcFailed");
        STR_SET(s.error_detail, "ArcIntegrationFailedOnNodes");
        STR_SET(s.details,
                "The cluster is registered with Azure, but this did not come to its end: Verify "
                "the connection. The Arc settings are PartiallyConnected, not Connected yet.");
        err_set(&s.error, ERR_OP, 9123, "%s", s.steps[8].detail);
        STR_SET(s.error.advice, "Look at the Arc agent of the named nodes (azcmagent show).");
    }
    fake_set(f, SEC_RUN, &s);
}

/* As the first generation's registration waits: the step "register" is where the nodes begin. */
void canned_consent(struct fake_core *f, bool gave_up)
{
    static const char *const roles[] = { "AzureStackHCI.Cluster.Read",
                                         "AzureStackHCI.Cluster.ReadWrite",
                                         "AzureStackHCI.ClusterNode.Read",
                                         "AzureStackHCI.ClusterNode.ReadWrite" };
    static struct sec_run s;

    memset(&s, 0, sizeof s);
    STR_SET(s.state, gave_up ? "failed" : "running");
    STR_SET(s.id, "r1");
    STR_SET(s.plan, "register");
    STR_SET(s.title, "Registering CLUSTER-A with Azure");
    s.started_at = NOW - 151000;
    run_steps(&s, 4, gave_up ? "failed" : "running");
    STR_SET(s.steps[4].title, "Consent of an administrator");
    STR_SET(s.steps[4].detail, "waits for the consent of an administrator, 14 min more");
    STR_SET(s.consent_url, "https://portal.azure.com/#blade/Microsoft_AAD_RegisteredApps/"
                           "ApplicationMenuBlade/CallAnAPI/appId/"
                           "9b2d6c1e-5c0f-4b8a-9a55-0d2f8a3e7c11/isMSAApp/");
    s.n_roles = ARRAY_LEN(roles);
    for (size_t i = 0; i < s.n_roles; i++) {
        STR_SET(s.roles[i].name, roles[i]);
        str_fmt(s.roles[i].address, sizeof s.roles[i].address,
                "https://azurestackhci-usage.trafficmanager.net/%s", roles[i]);
    }
    if (gave_up) {
        s.ended_at = s.steps[4].ended_at = NOW - 20000;
        STR_SET(s.result, "PendingForAdminConsent");
        err_set(&s.error, ERR_OP, 0, "The administrator's consent did not come in 15 minutes.");
        str_fmt(s.details, sizeof s.details, "%s %s", s.error.message, s.consent_url);
    }
    fake_set(f, SEC_RUN, &s);
}

void canned_long_run(struct fake_core *f, int done)
{
    static struct sec_run s;

    memset(&s, 0, sizeof s);
    STR_SET(s.state, "running");
    STR_SET(s.id, "r2");
    STR_SET(s.plan, "register");
    STR_SET(s.title, "Registering with Azure");
    s.started_at = NOW - 4271000;
    s.n = 25;
    s.step_count = 25;
    s.step_no = done + 1;
    for (int i = 0; i < (int)s.n; i++) {
        struct sec_step *p = &s.steps[i];

        str_fmt(p->id, sizeof p->id, "step%d", i + 1);
        str_fmt(p->title, sizeof p->title, "Work number %d on the resources of the cluster", i + 1);
        STR_SET(p->state, i > done ? "waiting" : i < done ? "done" : "running");
        if (i <= done)
            p->started_at = NOW - 4271000 + i * INT64_C(100000);
        if (i < done)
            p->ended_at = p->started_at + 61000;
        else if (i == done)
            STR_SET(p->detail, "waits until Azure has made the resource");
    }
    fake_set(f, SEC_RUN, &s);
}

void canned_log(struct fake_core *f)
{
    static struct sec_log s;
    static const struct {
        const char *level, *text;
    } lines[] = {
        { "INFO", "azloconfd 0.1.0 started, state folder /var/lib/azloconf" },
        { "INFO", "signed in as anna@contoso.com, tenant 72f988bf-86f1-41af-91ab-2d7cd011db47" },
        { "INFO", "provider Microsoft.AzureStackHCI Registered" },
        { "INFO",
          "PUT /subscriptions/11111111-2222-3333-4444-555555555555/resourcegroups/CLUSTER-A-rg "
          "429" },
        { "WARN", "throttled by Azure, Retry-After 17 s" },
    };

    memset(&s, 0, sizeof s);
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        s.lines[i].seq = (int64_t)i + 1;
        s.lines[i].at = NOW - 60000 + (int64_t)i * 9000;
        STR_SET(s.lines[i].level, lines[i].level);
        STR_SET(s.lines[i].text, lines[i].text);
    }
    s.n = ARRAY_LEN(lines);
    fake_set(f, SEC_LOG, &s);
}

static void field(struct json *list, const char *name, const char *value, const char *note,
                  const char *level)
{
    struct json *o = json_object();

    json_set_str(o, "field", name);
    json_set_str(o, "value", value);
    json_set_str(o, "source", "given");
    json_set_str(o, "note", note);
    json_set_str(o, "level", level);
    json_push(list, o);
}

static void will(struct json *list, const char *what, const char *name, const char *how)
{
    struct json *o = json_object();

    json_set_str(o, "what", what);
    json_set_str(o, "name", name);
    json_set_str(o, "how", how);
    json_push(list, o);
}

static struct json *canned_steps(void)
{
    static const char *const text =
        "[{\"id\":\"inputs\",\"title\":\"Check the values\",\"state\":\"ok\",\"requests\":[]},"
        "{\"id\":\"cluster\",\"title\":\"Create the cluster resource\",\"state\":\"make\","
        "\"requests\":[{\"kind\":\"look\",\"method\":\"GET\",\"address\":"
        "\"https://management.azure.com/subscriptions/11111111-2222-3333-4444-555555555555/"
        "resourceGroups/CLUSTER-A-rg\"},{\"kind\":\"write\",\"method\":\"PUT\",\"address\":"
        "\"https://management.azure.com/subscriptions/11111111-2222-3333-4444-555555555555/"
        "resourceGroups/CLUSTER-A-rg\"}]},"
        "{\"id\":\"register\",\"title\":\"Register the cluster\",\"state\":\"perhaps\","
        "\"requests\":[{\"kind\":\"write\",\"method\":\"node\",\"node\":\"node1\","
        "\"address\":\"register {serviceEndpoint}\"}]}]";
    struct err e = { 0 };

    return json_parse(text, strlen(text), 0, &e);
}

void canned_wizard(struct fake_core *f, const char *run)
{
    canned_core(f, "native");
    canned_not_registered(f);
    canned_signin(f, "in");
    canned_choices(f);
    canned_run(f, run);
}

struct json *canned_review(void)
{
    struct json *o = json_object(), *fields = json_array(), *acts = json_array();

    field(fields, "tenantId", "72f988bf-86f1-41af-91ab-2d7cd011db47", "", "ok");
    field(fields, "subscriptionId", "11111111-2222-3333-4444-555555555555",
          "your role here is Owner", "ok");
    field(fields, "region", "eastus", "", "ok");
    field(fields, "resourceGroupName", "CLUSTER-A-rg", "will be created in eastus", "ok");
    field(fields, "resourceName", "CLUSTER-A", "", "ok");
    will(acts, "Resource provider", "Microsoft.AzureStackHCI", "keep");
    will(acts, "Resource provider", "Microsoft.HybridCompute", "register");
    will(acts, "Resource group", "CLUSTER-A-rg", "create");
    will(acts, "Cluster resource", "CLUSTER-A", "create");
    will(acts, "Arc machine", "node1", "connect");
    will(acts, "Arc machine", "node2", "connect");
    will(acts, "Arc machine", "node3", "connect");
    json_set(o, "fields", fields);
    json_set(o, "will", acts);
    json_set(o, "steps", canned_steps());
    return o;
}

struct json *canned_unregister(void)
{
    static const char *const text =
        "{\"plan\":\"unregister\",\"title\":\"Unregister\",\"local\":true,\"will\":["
        "{\"what\":\"cluster resource\",\"name\":\"" CANNED_CLUSTER "\",\"how\":\"delete\","
        "\"why\":\"\"},"
        "{\"what\":\"Arc settings\",\"name\":\"default\",\"how\":\"delete\",\"why\":\"\"},"
        "{\"what\":\"Arc-connected machine\",\"name\":\"node1\",\"how\":\"delete\","
        "\"why\":\"the registration connected it\"},"
        "{\"what\":\"Arc-connected machine\",\"name\":\"node2\",\"how\":\"keep\","
        "\"why\":\"registration did not connect it\"},"
        "{\"what\":\"Arc-connected machine\",\"name\":\"node3\",\"how\":\"delete\","
        "\"why\":\"the registration connected it\"},"
        "{\"what\":\"resource group\",\"name\":\"CLUSTER-A-rg\",\"how\":\"keep\","
        "\"why\":\"it holds other resources: vm-1, vm-2\"}],"
        "\"warn\":[\"An extension is stuck: AzureEdgeTelemetry.\"],"
        "\"ends\":[\"Azure's monitoring of the cluster, support through Azure, and billing through "
        "the subscription.\",\"What goes cannot be brought back; the cluster can be registered "
        "anew.\"],"
        "\"confirm\":{\"word\":\"CLUSTER-A\",\"ask\":\"Type the name of the cluster resource, "
        "CLUSTER-A, to unregister it\"}}";
    struct err e = { 0 };
    struct json *o = json_parse(text, strlen(text), 0, &e);

    json_set(o, "steps", canned_steps());
    return o;
}

/* ---- hostile ---- */

static void fill(char *out, size_t size)
{
    static const char *const bits[] = { "\xe4\xb8\xad\xe6\x96\x87",
                                        "e\xcc\x81\xcc\x82\xcc\x83",
                                        "\xe2\x80\xaewrong way",
                                        "\033[2J\033[H",
                                        "\r\n\ttab",
                                        "\xff\xfe",
                                        "\xf0\x9f\x98\x80",
                                        "%s%n",
                                        "\x7f\b\b",
                                        "wwwwwwwwww" };
    size_t n = 0;

    for (size_t i = 0; n + 16 < size; i++) {
        const char *b = bits[i % ARRAY_LEN(bits)];
        memcpy(out + n, b, strlen(b));
        n += strlen(b);
    }
    out[n] = '\0';
}
#define FILL(a) fill((a), sizeof(a))

static void hostile_pane(struct sec_pane *p)
{
    FILL(p->word);
    STR_SET(p->level, "fail");
    FILL(p->reason);
    FILL(p->evidence);
    FILL(p->next);
    p->checked_at = NOW - 3000;
}

static void hostile_cluster(struct fake_core *f)
{
    static struct sec_cluster s;

    memset(&s, 0, sizeof s);
    s.exists = true;
    FILL(s.name);
    hostile_pane(&s.cluster);
    hostile_pane(&s.registration);
    hostile_pane(&s.connection);
    s.nodes_up = -5;
    s.nodes_total = INT32_MAX;
    s.stale = true;
    fake_set(f, SEC_CLUSTER, &s);
}

static void hostile_lists(struct fake_core *f)
{
    static struct sec_nodes nodes;
    static struct sec_choices c;
    static struct sec_log log;

    memset(&nodes, 0, sizeof nodes);
    memset(&c, 0, sizeof c);
    memset(&log, 0, sizeof log);
    nodes.n = SEC_MAX_NODES;
    for (size_t i = 0; i < nodes.n; i++) {
        struct sec_node *n = &nodes.items[i];
        FILL(n->name), FILL(n->registration), FILL(n->connection), FILL(n->arc),
            FILL(n->agent_version);
        FILL(n->last_connected), FILL(n->reason), FILL(n->effect), FILL(n->next);
    }
    STR_SET(c.state, "ready");
    c.n_tenants = c.n_subs = c.n_regions = 20;
    for (size_t i = 0; i < 20; i++) {
        FILL(c.tenants[i].id), FILL(c.tenants[i].name), FILL(c.subs[i].id), FILL(c.subs[i].name);
        FILL(c.subs[i].state), FILL(c.regions[i].id), FILL(c.regions[i].name);
    }
    log.n = SEC_LOG_LINES;
    for (size_t i = 0; i < log.n; i++) {
        log.lines[i].seq = (int64_t)i + 1;
        FILL(log.lines[i].text);
    }
    fake_set(f, SEC_NODES, &nodes);
    fake_set(f, SEC_CHOICES, &c);
    fake_set(f, SEC_LOG, &log);
}

void canned_hostile(struct fake_core *f)
{
    static struct sec_run r;
    static struct sec_core core;
    static struct sec_signin s;

    memset(&r, 0, sizeof r);
    memset(&core, 0, sizeof core);
    memset(&s, 0, sizeof s);
    STR_SET(r.state, "failed");
    FILL(r.title), FILL(r.id), FILL(r.error.message), FILL(r.error.advice),
        FILL(r.error.remote_code);
    r.error.domain = ERR_ARM;
    r.started_at = 1;
    r.n = SEC_MAX_STEPS;
    for (size_t i = 0; i < r.n; i++) {
        FILL(r.steps[i].title), FILL(r.steps[i].detail);
        STR_SET(r.steps[i].state, "running");
    }
    r.n_nodes = SEC_MAX_NODES;
    for (size_t i = 0; i < r.n_nodes; i++)
        FILL(r.nodes[i].name), FILL(r.nodes[i].step), FILL(r.nodes[i].detail);
    FILL(core.host), FILL(core.cloud), FILL(core.problem), FILL(core.advice), FILL(core.version),
        FILL(core.state_dir);
    STR_SET(s.state, "code");
    s.yours = true;
    FILL(s.user_code), FILL(s.verification_uri), FILL(s.account);
    fake_set(f, SEC_CORE, &core);
    fake_set(f, SEC_SIGNIN, &s);
    fake_set(f, SEC_RUN, &r);
    hostile_cluster(f);
    hostile_lists(f);
}
