#include "config.h"

#include "sandbox/clouds.h"

#include <string.h>

#include "base/i18n.h"
#include "sandbox/routes.h"

#define LOCAL_FQDN "autonomous.cloud.private"
#define HTTPS      "https://"

static const struct sb_region public_regions[] = {
    { "East US", "United States", "US", "westus" },
    { "South Central US", "United States", "US", "northcentralus" },
    { "Canada Central", "Canada", "Canada", "canadaeast" },
    { "West Europe", "Europe", "Europe", "northeurope" },
    { "Southeast Asia", "Asia Pacific", "Asia Pacific", "eastasia" },
    { "Japan East", "Japan", "Asia Pacific", "japanwest" },
    { "Australia East", "Australia", "Asia Pacific", "australiasoutheast" },
    { "North Europe", "Europe", "Europe", "westeurope" },
};
static const struct sb_region china_regions[] = {
    { "China East 2", "China", "China", "chinanorth2" },
    { "China North 3", "China", "China", "chinaeast3" },
    { "China East", "China", "China", "chinanorth" },
};
static const struct sb_region gov_regions[] = {
    { "USGov Virginia", "US Government", "US Government", "usgovtexas" },
    { "USGov Texas", "US Government", "US Government", "usgovvirginia" },
};
/* The last row offers no clusters; this cloud has but one place. */
static const struct sb_region local_regions[] = {
    { "Autonomous", "Autonomous", "Autonomous", "autonomous" },
    { "Nowhere", "Autonomous", "Autonomous", "autonomous" },
};

const struct sb_cloud sb_clouds[] = {
    { .name = "AzureCloud",
      .imds = "AzurePublicCloud",
      .login = "login.microsoftonline.com",
      .login_alias = "login.windows.net",
      .arm = "management.azure.com",
      .graph = "graph.microsoft.com",
      .dataplane = "dp.stackhci.azure.com",
      .portal = "https://portal.azure.com/",
      .arm_classic = "https://management.core.windows.net/",
      .usage = "https://azurestackhci-usage.trafficmanager.net",
      .fqdn = "core.windows.net",
      .instance = "microsoftonline.com",
      .regions = public_regions,
      .n_regions = ARRAY_LEN(public_regions) },
    { .name = "AzureChinaCloud",
      .imds = "AzureChinaCloud",
      .login = "login.partner.microsoftonline.cn",
      .login_alias = "login.chinacloudapi.cn",
      .arm = "management.chinacloudapi.cn",
      .graph = "microsoftgraph.chinacloudapi.cn",
      .dataplane = "dp.stackhci.azure.cn",
      .portal = "https://portal.azure.cn/",
      .arm_classic = "https://management.core.chinacloudapi.cn/",
      .usage = "1322e676-dee7-41ee-a874-ac923822781c",
      .fqdn = "core.chinacloudapi.cn",
      .instance = "partner.microsoftonline.cn",
      .regions = china_regions,
      .n_regions = ARRAY_LEN(china_regions) },
    { .name = "AzureUSGovernment",
      .imds = "AzureUSGovernmentCloud",
      .login = "login.microsoftonline.us",
      .login_alias = "login.usgovcloudapi.net",
      .arm = "management.usgovcloudapi.net",
      .graph = "graph.microsoft.us",
      .dataplane = "dp.azurestackhci.azure.us",
      .portal = "https://portal.azure.us/",
      .arm_classic = "https://management.core.usgovcloudapi.net/",
      .usage = "https://dp.azurestackhci.azure.us",
      .fqdn = "core.usgovcloudapi.net",
      .instance = "microsoftonline.us",
      .regions = gov_regions,
      .n_regions = ARRAY_LEN(gov_regions) },
    { .name = "Azure.local",
      .imds = "Azure.local",
      .login = "login." LOCAL_FQDN,
      .arm = "armmanagement." LOCAL_FQDN,
      .graph = "graph." LOCAL_FQDN,
      .dataplane = "dp.aszrp." LOCAL_FQDN,
      .portal = "https://portal." LOCAL_FQDN "/",
      .usage = "https://dp.aszrp." LOCAL_FQDN,
      .fqdn = LOCAL_FQDN,
      .instance = LOCAL_FQDN,
      .regions = local_regions,
      .n_regions = ARRAY_LEN(local_regions) },
};
const size_t sb_cloud_count = ARRAY_LEN(sb_clouds);

static const struct sb_cloud *spoken; /* set before the first request, then only read */

const struct sb_cloud *sb_cloud_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(sb_clouds); i++)
        if (str_ieq(sb_clouds[i].name, name))
            return &sb_clouds[i];
    return NULL;
}

const struct sb_cloud *sb_cloud(void)
{
    return spoken;
}

void sb_cloud_set(const struct sb_cloud *c)
{
    spoken = c;
}

int sb_cloud_of_world(struct world *w, struct err *e)
{
    const char *was = json_str(world_section(w, "server"), "cloud");

    if (spoken && !str_eq(was, spoken->name))
        return err_set(e, ERR_USAGE, 0,
                       _("The world in this folder is of the cloud \"%s\": start anew in an empty "
                         "folder (--fresh) to speak as another."),
                       was && was[0] ? was : "azlosandbox");
    spoken = sb_cloud_find(was);
    return 0;
}

/* ---- hosts and audiences ---- */

static const char *host_of(const struct sb_cloud *c, enum sb_audience service)
{
    switch (service) {
    case SB_ARM:
        return c->arm;
    case SB_GRAPH:
        return c->graph;
    case SB_DATAPLANE:
        return c->dataplane;
    default:
        return c->login;
    }
}

void sb_cloud_base(char out[300], const struct sb_req *q, enum sb_audience service)
{
    if (spoken && !sb_loopback_name(q->host))
        str_fmt(out, 300, HTTPS "%s", host_of(spoken, service));
    else
        str_copy(out, 300, q->base);
}

static bool host_is(const char *host, const char *name)
{
    size_t n = name ? strlen(name) : 0;

    return n && str_istarts(host, name) && (!host[n] || str_eq(host + n, ":443"));
}

bool sb_cloud_login_host(const struct sb_cloud *c, const char *host)
{
    return c && (host_is(host, c->login) || host_is(host, c->login_alias));
}

bool sb_cloud_host_ok(const struct sb_req *q, struct sb_reply *r, enum sb_audience service)
{
    const struct sb_cloud *c = spoken;
    bool ok = !c || service == SB_LOCAL || sb_loopback_name(q->host) ||
              host_is(q->host, host_of(c, service));

    /* What needs no token stands at several hosts. */
    if (!ok && service == SB_ANYONE)
        ok = sb_cloud_login_host(c, q->host) || host_is(q->host, c->arm) ||
             host_is(q->host, c->dataplane);
    if (!ok)
        sb_arm_error(r, 421, "MisdirectedRequest", "'%.200s' is no host of %s for this request.",
                     q->host, c->name);
    return ok;
}

/* With or without the last "/". */
static bool same_audience(const char *aud, const char *name)
{
    size_t n = strlen(name), len = strlen(aud);

    while (n && name[n - 1] == '/')
        n--;
    while (len && aud[len - 1] == '/')
        len--;
    return n == len && str_istarts(aud, name);
}

static bool is_host(const char *aud, const char *host)
{
    return str_istarts(aud, HTTPS) && same_audience(aud + strlen(HTTPS), host);
}

bool sb_cloud_audience(const struct sb_cloud *c, enum sb_audience service, const char *aud)
{
    switch (service) {
    case SB_ARM:
        return is_host(aud, c->arm) || (c->arm_classic && same_audience(aud, c->arm_classic));
    case SB_GRAPH:
        return is_host(aud, c->graph) || str_ieq(aud, "00000003-0000-0000-c000-000000000000");
    case SB_DATAPLANE:
        return str_ieq(aud, c->usage);
    default:
        return false;
    }
}

void sb_cloud_cert_names(struct str *out)
{
    for (size_t i = 0; i < ARRAY_LEN(sb_clouds); i++) {
        const struct sb_cloud *c = &sb_clouds[i];
        const char *hosts[] = { c->login, c->login_alias, c->arm, c->graph, c->dataplane };

        for (size_t k = 0; k < ARRAY_LEN(hosts); k++)
            if (hosts[k])
                str_addf(out, ",DNS:%s", hosts[k]);
    }
}

/* ---- metadata ---- */

static void set_host(struct json *j, const char *name, const char *host, const char *rest)
{
    char url[300];

    str_fmt(url, sizeof url, HTTPS "%s%s", host, rest);
    json_set_str(j, name, url);
}

static struct json *authentication(const struct sb_cloud *c)
{
    struct json *a = json_object(), *audiences = json_array();
    char url[300];

    set_host(a, "loginEndpoint", c->login_alias ? c->login_alias : c->login, "");
    if (c->arm_classic)
        json_push(audiences, json_string(c->arm_classic));
    str_fmt(url, sizeof url, HTTPS "%s/", c->arm);
    json_push(audiences, json_string(url));
    json_set(a, "audiences", audiences);
    json_set_str(a, "tenant", "common");
    json_set_str(a, "identityProvider", "AAD");
    return a;
}

static struct json *one_cloud(const struct sb_cloud *c)
{
    struct json *j = json_object(), *suffixes = json_object(), *dp = json_object(),
                *own = json_object();

    json_set_str(j, "name", c->name);
    json_set_str(j, "portal", c->portal);
    json_set(j, "authentication", authentication(c));
    set_host(j, "resourceManager", c->arm, "/");
    set_host(j, "graph", c->graph, "/");
    set_host(j, "graphAudience", c->graph, "/");
    set_host(j, "microsoftGraphResourceId", c->graph, "/");
    json_set_str(suffixes, "storage", c->fqdn);
    json_set(j, "suffixes", suffixes);
    set_host(dp, "hciDataplaneServiceEndpoint", c->dataplane, "");
    json_set(j, "dataplaneEndpoints", dp);
    json_set_int(own, "dataplane", 1);
    json_set(j, "azloconf", own);
    return j;
}

struct json *sb_cloud_metadata(const struct sb_cloud *c, const char *api_version)
{
    struct json *body;

    if (str_eq(api_version, "2015-01-01")) {
        body = json_object();
        set_host(body, "graphEndpoint", c->graph, "/");
        json_set_str(body, "portalEndpoint", c->portal);
        json_set(body, "authentication", authentication(c));
    } else if (strcmp(api_version, "2022-09-01") < 0) {
        body = json_array();
        for (size_t i = 0; i < ARRAY_LEN(sb_clouds); i++)
            if (!str_eq(sb_clouds[i].name, "Azure.local") || c == &sb_clouds[i])
                json_push(body, one_cloud(&sb_clouds[i]));
    } else {
        body = one_cloud(c);
    }
    return body;
}

struct json *sb_cloud_local_metadata(const struct sb_cloud *c)
{
    struct json *j = json_object(), *a = json_object(), *suffixes = json_object(),
                *dp = json_object();

    json_set_str(j, "name", c->name);
    json_set_str(j, "portal", c->portal);
    set_host(j, "graph", c->graph, "");
    set_host(a, "loginEndpoint", c->login, "/");
    json_set(j, "authentication", a);
    json_set_str(suffixes, "storage", c->fqdn);
    json_set(j, "suffixes", suffixes);
    set_host(dp, "hciDataplaneServiceEndpoint", c->dataplane, "");
    json_set(j, "dataplaneEndpoints", dp);
    return j;
}

/* ---- regions ---- */

void sb_cloud_regions(const struct sb_cloud *c, struct json *locations, struct json *regions)
{
    for (size_t i = 0; i < c->n_regions; i++) {
        const struct sb_region *g = &c->regions[i];
        struct json *l = json_object();
        char name[64];

        str_region(name, sizeof name, g->display);
        json_set_str(l, "name", name);
        json_set_str(l, "displayName", g->display);
        json_set_str(l, "geography", g->geography);
        json_set_str(l, "geographyGroup", g->group);
        json_set_str(l, "paired", g->paired);
        json_push(locations, l);
        if (i + 1 < c->n_regions)
            json_push(regions, json_string(g->display));
    }
}
