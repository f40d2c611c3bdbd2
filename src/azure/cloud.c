#include "config.h"

#include "azure/cloud.h"

#include <string.h>

#include "base/i18n.h"
#include "base/str.h"
#include "base/text.h"
#include "net/http.h"

/* Any cloud without a usage service of its own names the billing app itself
 * (register-flow.md 1.2, 1.5, last row). */
#define USAGE_APP_SCOPE "1322e676-dee7-41ee-a874-ac923822781c/.default"

#define CORPORATE_TENANT "72f988bf-86f1-41af-91ab-2d7cd011db47"

const struct cloud cloud_rows[] = {
    { .name = "AzureCloud",
      .imds = "AzurePublicCloud",
      .login = "https://login.microsoftonline.com",
      .arm = "https://management.azure.com",
      .arm_audience = "https://management.azure.com",
      .graph = "https://graph.microsoft.com",
      .graph_scope = "https://graph.microsoft.com/.default",
      .dataplane = "https://dp.stackhci.azure.com",
      .region = "eastus",
      .usage_scope = "https://azurestackhci-usage.trafficmanager.net/.default",
      .portal = "https://portal.azure.com/",
      .verification_hosts = { "microsoft.com", "www.microsoft.com", "login.microsoftonline.com",
                              "login.microsoft.com" } },
    { .name = "AzureChinaCloud",
      .imds = "AzureChinaCloud",
      .login = "https://login.partner.microsoftonline.cn",
      .arm = "https://management.chinacloudapi.cn",
      .arm_audience = "https://management.chinacloudapi.cn",
      .graph = "https://microsoftgraph.chinacloudapi.cn",
      .graph_scope = "https://microsoftgraph.chinacloudapi.cn/.default",
      .dataplane = "https://dp.stackhci.azure.cn",
      .region = "chinaeast2",
      .usage_scope = USAGE_APP_SCOPE,
      .portal = "https://portal.azure.cn/",
      .verification_hosts = { "microsoft.com", "www.microsoft.com",
                              "login.partner.microsoftonline.cn", "login.chinacloudapi.cn" } },
    { .name = "AzureUSGovernment",
      .imds = "AzureUSGovernmentCloud",
      .login = "https://login.microsoftonline.us",
      .arm = "https://management.usgovcloudapi.net",
      .arm_audience = "https://management.usgovcloudapi.net",
      .graph = "https://graph.microsoft.us",
      .graph_scope = "https://graph.microsoft.us/.default",
      .dataplane = "https://dp.azurestackhci.azure.us",
      .region = "usgovvirginia",
      .usage_scope = "https://dp.azurestackhci.azure.us/.default",
      .portal = "https://portal.azure.us/",
      .verification_hosts = { "microsoft.com", "www.microsoft.com", "login.microsoftonline.us",
                              "login.usgovcloudapi.net" } },
};
const size_t cloud_count = ARRAY_LEN(cloud_rows);

const struct cloud_region cloud_regions[] = {
    { "AzureCloud", "eastus", "East US" },
    { "AzureCloud", "southcentralus", "South Central US" },
    { "AzureCloud", "canadacentral", "Canada Central" },
    { "AzureCloud", "westeurope", "West Europe" },
    { "AzureCloud", "southeastasia", "Southeast Asia" },
    { "AzureCloud", "centralindia", "Central India" },
    { "AzureCloud", "japaneast", "Japan East" },
    { "AzureCloud", "australiaeast", "Australia East" },
    { "AzureChinaCloud", "chinaeast2", "China East 2" },
    { "AzureChinaCloud", "chinanorth3", "China North 3" },
    { "AzureUSGovernment", "usgovvirginia", "US Gov Virginia" },
    { CLOUD_LOCAL, "autonomous", "Autonomous" },
};
const size_t cloud_region_count = ARRAY_LEN(cloud_regions);
const char *const cloud_regions_dated = "2025-11";

const struct cloud *cloud_find(const char *name)
{
    for (size_t i = 0; i < cloud_count; i++)
        if (str_ieq(cloud_rows[i].name, name))
            return &cloud_rows[i];
    return NULL;
}

/* host[:port] as a bare name: no port, no brackets around an IPv6 address. */
static void bare_host(char *host)
{
    char *end = host[0] == '[' ? strchr(host, ']') : strrchr(host, ':');

    if (end)
        *end = '\0';
    if (host[0] == '[')
        memmove(host, host + 1, strlen(host));
}

static bool plain_url(const char *url)
{
    const char *rest = strstr(url, "://");

    for (const char *p = url; *p; p++)
        if ((unsigned char)*p <= ' ' || (unsigned char)*p >= 0x7f || strchr("\\\"<>@", *p))
            return false;
    return rest != NULL;
}

bool cloud_may_verify(const struct cloud *c, const char *verification_uri)
{
    char host[300];

    if (!verification_uri || !plain_url(verification_uri) || !http_url_is_https(verification_uri) ||
        !http_url_host(verification_uri, host, sizeof(host)))
        return false;
    if (c->discovered)
        bare_host(host);
    for (size_t i = 0; i < ARRAY_LEN(c->verification_hosts); i++)
        if (c->verification_hosts[i][0] && str_ieq(c->verification_hosts[i], host))
            return true;
    return false;
}

void cloud_portal_url(const struct cloud *c, char *out, size_t size, const char *tenant,
                      const char *resource_id)
{
    bool slash = resource_id && resource_id[0] == '/';
    bool corporate = str_ieq(tenant, CORPORATE_TENANT) && str_eq(c->portal, cloud_rows[0].portal);

    out[0] = '\0';
    if (!c->portal[0] || !tenant || !resource_id || !resource_id[0])
        return;
    str_fmt(out, size, "%s#@%s/resource%s%s/overview",
            corporate ? "https://ms.portal.azure.com/" : c->portal, tenant, slash ? "" : "/",
            resource_id);
}

/* ---- discovery ---- */

struct discovery {
    struct cloud c;
    const char *endpoint;
    char host[200];
    bool trusted;
    struct err *e;
};

static int bad(struct discovery *d, const char *what)
{
    return err_set(d->e, ERR_ARM, 0,
                   _("The cloud's description at %s is not usable: %s is missing or not of the "
                     "expected form."),
                   d->endpoint, what);
}

/* An address that we shall talk to: https, no trailing slash, on a host that may speak for this
 * cloud. */
static int take_url(struct discovery *d, char *dst, size_t size, const char *url, const char *what)
{
    char host[200];
    size_t n;

    if (!url || !url[0])
        return bad(d, what);
    if (!plain_url(url) || strpbrk(url, "?#") || !http_url_host(url, host, sizeof(host)) ||
        !str_copy(dst, size, url))
        return bad(d, what);
    if (!http_url_is_https(url))
        return err_set(d->e, ERR_ARM, 0,
                       _("The cloud's description at %s names an address without https for %s."),
                       d->endpoint, what);
    if (!d->trusted && !str_ieq(host, d->host))
        return err_set(d->e, ERR_ARM, 0,
                       _("The cloud's description at %s names another host for %s: %s. Give its CA "
                         "file if that is right."),
                       d->endpoint, what, host);
    for (n = strlen(dst); n > 0 && dst[n - 1] == '/'; n--)
        dst[n - 1] = '\0';
    return 0;
}

/* An absent address is fine, a wrong one is not. */
static int take_optional(struct discovery *d, char *dst, size_t size, const struct json *v,
                         const char *what)
{
    if (!v || json_is_null(v) || str_eq(json_value_str(v), ""))
        return 0;
    return take_url(d, dst, size, json_value_str(v), what);
}

static const struct json *first_of(const struct json *doc, const char *a, const char *b)
{
    const struct json *v = json_member(doc, a);

    return v && !json_is_null(v) ? v : json_member(doc, b);
}

/* The array form describes several clouds: ours is the one whose Resource Manager is the endpoint
 * itself. */
static const struct json *choose(const struct discovery *d, const struct json *doc)
{
    char host[200];

    if (!json_is_array(doc))
        return json_is_object(doc) ? doc : NULL;
    JSON_EACH (one, doc) {
        const char *arm = json_str(one, "resourceManager");

        if (arm && http_url_host(arm, host, sizeof(host)) && str_ieq(host, d->host))
            return one;
    }
    return json_len(doc) == 1 && json_is_object(json_first(doc)) ? json_first(doc) : NULL;
}

/* An audience is a name, kept as it is (a trailing slash counts: azure-wire.md 1.1.3). Our own
 * host's is preferred. */
static int take_audience(struct discovery *d, const struct json *list)
{
    const char *best = NULL;
    char host[200];

    JSON_EACH (one, list) {
        const char *s = json_value_str(one);

        if (!s || !plain_url(s))
            continue;
        if (http_url_host(s, host, sizeof(host)) && str_ieq(host, d->host)) {
            best = s;
            break;
        }
        if (!best)
            best = s;
    }
    return str_copy(d->c.arm_audience, sizeof(d->c.arm_audience), best ? best : d->c.arm)
               ? 0
               : bad(d, "authentication.audiences");
}

static int take_usage(struct discovery *d, const struct json *doc)
{
    const struct json *own = json_get(doc, "azloconf.usageScope");
    char url[200] = "", scope[200] = "";

    if (take_optional(d, url, sizeof(url),
                      json_get(doc, "dataplaneEndpoints.hciDataplaneServiceEndpoint"),
                      "dataplaneEndpoints.hciDataplaneServiceEndpoint"))
        return -1;
    STR_SET(d->c.dataplane, url);
    if (json_is_string(own)) {
        if (take_url(d, scope, sizeof(scope), json_value_str(own), "azloconf.usageScope"))
            return -1;
        return STR_SET(d->c.usage_scope, scope) ? 0 : bad(d, "azloconf.usageScope");
    }
    if (url[0])
        return str_fmt(d->c.usage_scope, sizeof(d->c.usage_scope), "%s/.default", url)
                   ? 0
                   : bad(d, "dataplaneEndpoints.hciDataplaneServiceEndpoint");
    STR_SET(d->c.usage_scope, USAGE_APP_SCOPE);
    return 0;
}

static int take_verification_hosts(struct discovery *d, const struct json *list)
{
    char own[200], login[200];
    size_t n = 0;

    STR_SET(own, d->host);
    bare_host(own);
    JSON_EACH (one, list) {
        const char *host = json_value_str(one);

        if (!host || !host[0] ||
            strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                         "0123456789-.:[]") != strlen(host))
            return bad(d, "azloconf.verificationHosts");
        if (!d->trusted && !str_ieq(host, own))
            return err_set(d->e, ERR_ARM, 0,
                           _("The cloud's description at %s names another host for sign-in pages: "
                             "%s."),
                           d->endpoint, host);
        if (n == ARRAY_LEN(d->c.verification_hosts) || !STR_SET(d->c.verification_hosts[n], host))
            return bad(d, "azloconf.verificationHosts");
        n++;
    }
    if (n == 0 && http_url_host(d->c.login, login, sizeof(login))) {
        bare_host(login);
        STR_SET(d->c.verification_hosts[0], login);
    }
    return 0;
}

/* A discovered cloud never takes the name of a built-in one: runs and records are kept under names.
 */
static void take_name(struct discovery *d, const char *name)
{
    const struct cloud *row;

    text_set(d->c.name, sizeof(d->c.name), name && name[0] ? name : d->host);
    row = cloud_find(d->c.name);
    if (row && !str_ieq(row->arm, d->c.arm))
        text_set(d->c.name, sizeof(d->c.name), d->host);
}

static int take_all(struct discovery *d, const struct json *doc)
{
    struct cloud *c = &d->c;
    const char *arm = json_str(doc, "resourceManager");
    int64_t dataplane = 0;

    if (take_url(d, c->arm, sizeof(c->arm), arm ? arm : d->endpoint, "resourceManager") ||
        take_url(d, c->login, sizeof(c->login), json_str(doc, "authentication.loginEndpoint"),
                 "authentication.loginEndpoint") ||
        take_audience(d, json_get(doc, "authentication.audiences")) ||
        take_optional(d, c->graph, sizeof(c->graph), json_member(doc, "microsoftGraphResourceId"),
                      "microsoftGraphResourceId") ||
        take_optional(d, c->portal, sizeof(c->portal) - 1,
                      first_of(doc, "portal", "portalEndpoint"), "portal") ||
        take_usage(d, doc) ||
        take_verification_hosts(d, json_get(doc, "azloconf.verificationHosts")))
        return -1;
    if (c->portal[0])
        memcpy(c->portal + strlen(c->portal), "/", 2);
    if (c->graph[0])
        str_fmt(c->graph_scope, sizeof(c->graph_scope), "%s/.default", c->graph);
    c->native_dataplane = json_int(doc, "azloconf.dataplane", &dataplane) && dataplane == 1;
    c->discovered = true;
    take_name(d, json_str(doc, "name"));
    return 0;
}

int cloud_from_metadata(struct cloud *out, const char *endpoint, const struct json *doc,
                        bool trusted, struct err *e)
{
    struct discovery d = { .endpoint = endpoint, .trusted = trusted, .e = e };
    const struct json *one;

    if (!http_url_is_https(endpoint) || !plain_url(endpoint) ||
        !http_url_host(endpoint, d.host, sizeof(d.host)))
        return err_set(e, ERR_USAGE, 0, _("A cloud's address must begin with https://: %s"),
                       endpoint);
    one = choose(&d, doc);
    if (!one)
        return err_set(e, ERR_ARM, 0,
                       _("%s does not describe a cloud at its address /metadata/endpoints."),
                       endpoint);
    if (take_all(&d, one))
        return -1;
    *out = d.c;
    return 0;
}
