/* cloud_local.c - Azure.local: a cloud in the customer's own building, whose addresses the node's
 * Arc agent knows. */
#include "config.h"

#include <ctype.h>
#include <string.h>

#include "azure/cloud.h"
#include "base/i18n.h"
#include "base/str.h"
#include "net/http.h"

struct local {
    struct cloud c;
    char fqdn[150];
    bool trusted;
    struct err *e;
};

static int bad(struct local *l, const char *what)
{
    return err_set(l->e, ERR_ARM, 0,
                   _("What the Arc agent says of %s is not usable: %s is missing or not of the "
                     "expected form."),
                   CLOUD_LOCAL, what);
}

/* A name of at least two labels, and no address. */
static bool is_domain(const char *s)
{
    size_t label = 0;
    bool dot = false, letter = false;

    for (; *s; s++) {
        if (*s == '.') {
            if (!label)
                return false;
            dot = true;
            label = 0;
            letter = false;
        } else if (isalnum((unsigned char)*s) || (*s == '-' && label)) {
            label++;
            letter = letter || isalpha((unsigned char)*s);
        } else {
            return false;
        }
    }
    return dot && label && letter;
}

static bool ours(const struct local *l, const char *host)
{
    size_t n = strcspn(host, ":"), m = strlen(l->fqdn);

    return l->trusted ||
           (n >= m && !strncasecmp(host + n - m, l->fqdn, m) && (n == m || host[n - m - 1] == '.'));
}

/* The document's address where it has one, else the one that the domain's name makes. */
static int take(struct local *l, char *dst, size_t size, const struct json *v, const char *prefix,
                const char *what)
{
    const char *url = json_value_str(v);
    char host[200];
    size_t n;

    if (!v || json_is_null(v) || str_eq(url, ""))
        return str_fmt(dst, size, "https://%s%s", prefix, l->fqdn) ? 0 : bad(l, what);
    if (!url || !http_url_is_https(url) || url[strcspn(url, "?#@\\\"<> ")] ||
        !http_url_host(url, host, sizeof(host)) || !str_copy(dst, size, url))
        return bad(l, what);
    if (!ours(l, host))
        return err_set(l->e, ERR_ARM, 0,
                       _("The Arc agent names a host outside of %s for %s of %s: %s. Give its CA "
                         "file if that is right."),
                       l->fqdn, what, CLOUD_LOCAL, host);
    for (n = strlen(dst); n > 0 && dst[n - 1] == '/'; n--)
        dst[n - 1] = '\0';
    return 0;
}

static int take_domain(struct local *l, const struct json *doc)
{
    const char *fqdn = json_value_str(json_imember(json_imember(doc, "suffixes"), "storage"));

    if (!fqdn || !is_domain(fqdn) || !STR_SET(l->fqdn, fqdn))
        return bad(l, "suffixes.storage");
    return 0;
}

static int take_all(struct local *l, const struct json *doc)
{
    struct cloud *c = &l->c;
    const struct json *auth = json_imember(doc, "authentication"),
                      *dp = json_imember(doc, "dataplaneEndpoints");

    if (take_domain(l, doc) ||
        take(l, c->login, sizeof(c->login), json_imember(auth, "loginEndpoint"), "login.",
             "authentication.loginEndpoint") ||
        take(l, c->arm, sizeof(c->arm), json_imember(doc, "resourceManager"), "armmanagement.",
             "resourceManager") ||
        take(l, c->graph, sizeof(c->graph), json_imember(doc, "graph"), "graph.", "graph") ||
        take(l, c->dataplane, sizeof(c->dataplane), json_imember(dp, "hciDataplaneServiceEndpoint"),
             "dp.aszrp.", "dataplaneEndpoints.hciDataplaneServiceEndpoint") ||
        take(l, c->portal, sizeof(c->portal) - 1, json_imember(doc, "portal"), "portal.", "portal"))
        return -1;
    memcpy(c->portal + strlen(c->portal), "/", 2);
    STR_SET(c->arm_audience, c->arm);
    STR_SET(c->graph_scope, c->graph);
    if (!str_fmt(c->usage_scope, sizeof(c->usage_scope), "%s/.default", c->dataplane))
        return bad(l, "dataplaneEndpoints.hciDataplaneServiceEndpoint");
    return 0;
}

int cloud_from_agent(struct cloud *out, const struct json *doc, bool trusted, struct err *e)
{
    struct local l = { .trusted = trusted, .e = e };
    char host[200];

    if (!json_is_object(doc))
        return bad(&l, "the document");
    if (take_all(&l, doc) < 0)
        return -1;
    STR_SET(l.c.name, CLOUD_LOCAL);
    STR_SET(l.c.imds, CLOUD_LOCAL);
    STR_SET(l.c.region, "autonomous");
    l.c.discovered = true;
    if (http_url_host(l.c.login, host, sizeof(host))) {
        host[strcspn(host, ":")] = 0;
        STR_SET(l.c.verification_hosts[0], host);
    }
    *out = l.c;
    return 0;
}
