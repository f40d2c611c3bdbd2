/* routes.c - the one table of routes: look-up, token, api-version and body checks, and the helpers
 * of handlers. */
#include "config.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sandbox/clouds.h"
#include "sandbox/entra.h"
#include "sandbox/graph.h"
#include "sandbox/locks.h"
#include "sandbox/page.h"
#include "sandbox/policies.h"
#include "sandbox/rights.h"
#include "sandbox/routes.h"

static const struct sb_routes *const azure_families[] = {
    &entra_routes,
    &entra_discovery_routes,
    &entra_authorize_routes,
    &web_routes,
    &control_routes,
    &arm_routes,
    &hci_routes,
    &arc_routes,
    &arc_ext_routes,
    &roles_routes,
    &locks_routes,
    &dataplane_routes,
    &graph_routes,
    &graph_apps_routes,
    &graph_grants_routes,
};
static const struct sb_routes *const local_families[] = { &himds_routes };

/* ---- helpers of handlers ---- */

/* A variable's name points into its pattern ("sub}/resourcegroups/..."). */
static bool var_is(const char *in_pattern, const char *name)
{
    size_t n = strlen(name);
    return strncmp(in_pattern, name, n) == 0 &&
           (in_pattern[n] == '}' || in_pattern[n] == '+' || !in_pattern[n]);
}

const char *sb_var(const struct sb_req *q, const char *name)
{
    for (int i = 0; i < SB_MAX_VARS && q->vars[i].name; i++)
        if (var_is(q->vars[i].name, name))
            return q->vars[i].value;
    return "";
}

const char *sb_query(const struct sb_req *q, const char *name)
{
    return json_value_str(json_member(q->query, name));
}

const char *sb_header(const struct sb_req *q, const char *name)
{
    return json_value_str(json_member(q->headers, name));
}

void sb_reply_json(struct sb_reply *r, int status, struct json *body)
{
    json_free(r->json);
    r->json = body;
    r->status = status;
}

void sb_reply_text(struct sb_reply *r, int status, const char *content_type, char *owned_text)
{
    json_free(r->json);
    r->json = NULL;
    free(r->text);
    r->text = owned_text;
    r->content_type = content_type;
    r->status = status;
}

void sb_reply_header(struct sb_reply *r, const char *name, const char *fmt, ...)
{
    struct str value = STR_INIT;
    va_list ap;
    va_start(ap, fmt);
    str_addv(&value, fmt, ap);
    va_end(ap);
    if (!r->headers)
        r->headers = json_object();
    json_set_str(r->headers, name, str_p(&value));
    str_free(&value);
}

struct json *sb_arm_error(struct sb_reply *r, int status, const char *code, const char *fmt, ...)
{
    struct str message = STR_INIT;
    va_list ap;
    va_start(ap, fmt);
    str_addv(&message, fmt, ap);
    va_end(ap);
    struct json *doc = json_object(), *error = json_object();
    json_set_str(error, "code", code);
    json_set_str(error, "message", str_p(&message));
    json_set(doc, "error", error);
    str_free(&message);
    sb_reply_json(r, status, doc);
    return error;
}

void sb_graph_error(const struct sb_req *q, struct sb_reply *r, int status, const char *code,
                    const char *fmt, ...)
{
    struct json *inner = json_object(), *error;
    struct str message = STR_INIT;
    char stamp[TIME_SIZE];
    va_list ap;
    va_start(ap, fmt);
    str_addv(&message, fmt, ap);
    va_end(ap);
    error = sb_arm_error(r, status, code, "%s", str_p(&message));
    time_iso(stamp, wall_ms());
    stamp[19] = '\0'; /* Graph leaves the "Z" out */
    json_set_str(inner, "date", stamp);
    json_set_str(inner, "request-id", q->request_id);
    json_set_str(inner, "client-request-id", q->correlation_id);
    json_set(error, "innerError", inner);
    str_free(&message);
}

void sb_entra_error(const struct sb_req *q, struct sb_reply *r, int status, const char *error,
                    int aadsts, const char *text)
{
    char trace[GUID_SIZE], stamp[TIME_SIZE];
    struct str d = STR_INIT;
    guid_random(trace);
    time_iso(stamp, wall_ms());
    stamp[10] = ' '; /* Entra writes "2026-11-21 09:41:22Z" */
    if (aadsts)
        str_addf(&d, "AADSTS%d: ", aadsts);
    str_addf(&d, "%s\r\nTrace ID: %s\r\nCorrelation ID: %s\r\nTimestamp: %s", text, trace,
             q->correlation_id, stamp);
    struct json *doc = json_object(), *codes = json_array();
    json_set_str(doc, "error", error);
    json_set_str(doc, "error_description", str_p(&d));
    if (aadsts)
        json_push(codes, json_number(aadsts));
    json_set(doc, "error_codes", codes);
    json_set_str(doc, "timestamp", stamp);
    json_set_str(doc, "trace_id", trace);
    json_set_str(doc, "correlation_id", q->correlation_id);
    str_reset(&d);
    if (aadsts) {
        str_addf(&d, "%s/error?code=%d", q->base, aadsts);
        json_set_str(doc, "error_uri", str_p(&d));
    }
    str_free(&d);
    sb_reply_json(r, status, doc);
}

/* ---- patterns ---- */

struct match {
    struct sb_var vars[SB_MAX_VARS];
    int n_vars;
    int literals; /* the more fixed segments, the better the row fits */
    int rests;    /* {x+} variables: the fewer, the better */
};

static size_t segment(const char *s)
{
    return strcspn(s, "/");
}

static bool set_var(struct match *m, const char *name, const char *from, size_t len)
{
    if (m->n_vars >= SB_MAX_VARS || len == 0 || len >= sizeof(m->vars[0].value))
        return false;
    memcpy(m->vars[m->n_vars].value, from, len);
    m->vars[m->n_vars].value[len] = '\0';
    m->vars[m->n_vars++].name = name;
    return true;
}

static bool fits(const char *pattern, const char *path, struct match *m);

/* {x+}: the longest run of segments that lets the rest of the pattern fit. */
static bool fits_rest(const char *pattern, size_t plen, const char *path, struct match *m)
{
    int vars = m->n_vars, literals = m->literals, rests = m->rests;
    for (size_t len = strlen(path); len > 0; len--) {
        if (path[len] && path[len] != '/')
            continue;
        m->n_vars = vars;
        m->literals = literals;
        m->rests = rests + 1;
        if (set_var(m, pattern + 1, path, len) && fits(pattern + plen, path + len, m))
            return true;
    }
    return false;
}

/* "name(key='{var}')": fixed text around one variable. */
static bool fits_inside(const char *pattern, size_t plen, const char *path, size_t len,
                        struct match *m)
{
    const char *open = memchr(pattern, '{', plen);
    size_t before = (size_t)(open - pattern), after = plen - before - strcspn(open, "}") - 1;
    if (len <= before + after || strncasecmp(pattern, path, before) != 0 ||
        strncasecmp(pattern + plen - after, path + len - after, after) != 0)
        return false;
    m->literals++;
    return set_var(m, open + 1, path + before, len - before - after);
}

static bool fits(const char *pattern, const char *path, struct match *m)
{
    pattern += strspn(pattern, "/");
    path += strspn(path, "/");
    if (!*pattern || !*path)
        return !*pattern && !*path;
    size_t plen = segment(pattern), len = segment(path);
    if (pattern[0] == '{' && pattern[plen - 2] == '+')
        return fits_rest(pattern, plen, path, m);
    if (pattern[0] == '{') {
        if (!set_var(m, pattern + 1, path, len))
            return false;
    } else if (memchr(pattern, '{', plen)) {
        if (!fits_inside(pattern, plen, path, len, m))
            return false;
    } else {
        if (plen != len || strncasecmp(pattern, path, len) != 0)
            return false;
        m->literals++;
    }
    return fits(pattern + plen, path + len, m);
}

static bool has_word(const char *words, const char *word)
{
    size_t n = strlen(word);
    for (const char *p = words; n && (p = str_ifind(p, word)); p += n)
        if ((p == words || p[-1] == ' ') && (!p[n] || p[n] == ' '))
            return true;
    return false;
}

/* The best row for path and method; *path_known when only the method is wrong. */
static const struct sb_route *find_route(struct sb_req *q, const struct sb_routes *const *families,
                                         size_t n_families, bool *path_known)
{
    const struct sb_route *best = NULL;
    int literals = -1, rests = 0;
    struct match *m = xcalloc(1, sizeof(*m));
    *path_known = false;
    for (size_t f = 0; f < n_families; f++) {
        for (size_t i = 0; i < families[f]->n; i++) {
            const struct sb_route *row = &families[f]->rows[i];
            m->n_vars = m->literals = m->rests = 0;
            if (!fits(row->pattern, q->path, m))
                continue;
            *path_known = true;
            bool better = m->literals > literals || (m->literals == literals && m->rests < rests);
            if (!better || !has_word(row->methods, q->method))
                continue;
            best = row;
            literals = m->literals;
            rests = m->rests;
            memset(q->vars, 0, sizeof(q->vars));
            memcpy(q->vars, m->vars, (size_t)m->n_vars * sizeof(m->vars[0]));
        }
    }
    free(m);
    return best;
}

/* ---- tokens ---- */

/* "https://127.0.0.1:41234", with or without "/", of any loopback name; after it `tail`. */
static bool is_own(const char *aud, const char *tail)
{
    static const char *const hosts[] = { "https://127.0.0.1:", "https://localhost:",
                                         "https://[::1]:" };
    for (size_t i = 0; i < ARRAY_LEN(hosts); i++) {
        if (!str_istarts(aud, hosts[i]))
            continue;
        const char *p = aud + strlen(hosts[i]);
        size_t digits = strspn(p, "0123456789");
        p += digits;
        if (!digits || !str_starts(p, tail))
            continue;
        p += strlen(tail);
        return !*p || str_eq(p, "/");
    }
    return false;
}

struct audience_row {
    enum sb_audience audience;
    const char *name;
};
static const struct audience_row audiences[] = {
    { SB_ARM, "https://management.azure.com" },
    { SB_ARM, "https://management.azure.com/" },
    { SB_ARM, "https://management.core.windows.net" },
    { SB_ARM, "https://management.core.windows.net/" },
    { SB_GRAPH, "https://graph.microsoft.com" },
    { SB_GRAPH, "https://graph.microsoft.com/" },
    { SB_GRAPH, "00000003-0000-0000-c000-000000000000" },
    { SB_DATAPLANE, "https://azurestackhci-usage.trafficmanager.net" },
};

bool sb_audience_fits(enum sb_audience audience, const char *aud)
{
    if (sb_cloud())
        return sb_cloud_audience(sb_cloud(), audience, aud);
    for (size_t i = 0; i < ARRAY_LEN(audiences); i++)
        if (audiences[i].audience == audience && str_ieq(audiences[i].name, aud))
            return true;
    return is_own(aud, audience == SB_DATAPLANE ? "/usage" : "");
}

static void challenge(const struct sb_req *q, struct sb_reply *r, const char *tenant,
                      const char *why)
{
    sb_reply_header(r, "WWW-Authenticate",
                    "Bearer authorization_uri=\"%s/%s\", error=\"invalid_token\", "
                    "error_description=\"%s\"",
                    q->base, tenant, why);
}

static const char *bearer(const struct sb_req *q)
{
    const char *h = sb_header(q, "authorization");
    return h && str_istarts(h, "Bearer ") ? h + 7 : NULL;
}

/* The subscription that the path names, or NULL. */
static const struct json *path_subscription(const struct sb_req *q, char *id, size_t size)
{
    static const char prefix[] = "/subscriptions/";
    id[0] = '\0';
    if (!str_istarts(q->path, prefix))
        return NULL;
    const char *p = q->path + sizeof(prefix) - 1;
    str_fmt(id, size, "%.*s", (int)segment(p), p);
    JSON_EACH (s, world_section(q->world, "subscriptions"))
        if (str_ieq(json_str(s, "subscriptionId"), id))
            return s;
    return NULL;
}

/* Graph has one code for all that is wrong with a token. */
static bool refuse_graph(const struct sb_req *q, struct sb_reply *r, const char *why)
{
    sb_graph_error(q, r, 401, "InvalidAuthenticationToken", "%s", why);
    sb_reply_header(r, "WWW-Authenticate",
                    "Bearer realm=\"\", authorization_uri=\"%s/common/oauth2/authorize\", "
                    "client_id=\"" APP_GRAPH "\"",
                    q->base);
    return false;
}

static bool check_graph_token(struct sb_req *q, struct sb_reply *r)
{
    const char *token = bearer(q), *aud;
    bool expired = false;
    if (!token || !*token)
        return refuse_graph(q, r, "Access token is empty.");
    q->claims = jwt_verify(token, &expired);
    if (!q->claims)
        return refuse_graph(q, r,
                            expired ? "Lifetime validation failed, the token is expired."
                                    : "CompactToken validation failed.");
    aud = json_str(q->claims, "aud");
    if (!aud || !sb_audience_fits(SB_GRAPH, aud))
        return refuse_graph(q, r, "Access token validation failure. Invalid audience.");
    return true;
}

static bool refuse(const struct sb_req *q, struct sb_reply *r, const char *tenant, const char *code,
                   const char *why)
{
    sb_arm_error(r, 401, code, "%s", why);
    challenge(q, r, tenant, why);
    return false;
}

static bool check_audience(const struct sb_req *q, struct sb_reply *r, enum sb_audience audience,
                           const char *tenant)
{
    const char *aud = json_str(q->claims, "aud");
    char why[600];
    if (aud && sb_audience_fits(audience, aud))
        return true;
    str_fmt(why, sizeof(why),
            "The access token has been obtained for wrong audience or resource '%.200s'. It should "
            "exactly match with one of the allowed audiences of this service.",
            aud ? aud : "");
    return refuse(q, r, tenant, "InvalidAuthenticationTokenAudience", why);
}

static bool check_tenant(const struct sb_req *q, struct sb_reply *r, const char *tenant)
{
    const char *tid = json_str(q->claims, "tid");
    char why[600];
    if (str_ieq(tid, tenant))
        return true;
    str_fmt(why, sizeof(why),
            "The access token is from the wrong issuer 'https://sts.windows.net/%s/'. It must "
            "match the tenant 'https://sts.windows.net/%s/' associated with this subscription. "
            "Please use the authority (URL) '%s/%s' to get the token.",
            tid ? tid : "", tenant, q->base, tenant);
    return refuse(q, r, tenant, "InvalidAuthenticationTokenTenant", why);
}

static bool absent_subscription(struct sb_reply *r, const char *id)
{
    sb_arm_error(r, 404, "SubscriptionNotFound", "The subscription '%s' could not be found.", id);
    return false;
}

/* docs/dataplane.md: an application that proved itself by a secret is not believed. */
static bool by_certificate(const struct sb_req *q)
{
    return str_eq(json_str(q->claims, "idtyp"), "app") &&
           str_eq(json_str(q->claims, "appidacr"), "2");
}

/* Sets q->claims, or answers 401 and says false. */
static bool check_token(struct sb_req *q, struct sb_reply *r, enum sb_audience audience)
{
    char id[128];
    const struct json *sub = path_subscription(q, id, sizeof(id));
    const char *tenant = json_str(sub, "tenantId");
    const char *shown = tenant ? tenant : world_tenant(q->world);
    const char *token = bearer(q);
    bool expired = false;
    if (!token && id[0] && !sub) /* no challenge, so no tenant for what is not there: inferred */
        return absent_subscription(r, id);
    if (!token)
        return refuse(q, r, shown, "AuthenticationFailed",
                      "Authentication failed. The 'Authorization' header is missing.");
    q->claims = jwt_verify(token, &expired);
    if (!q->claims)
        return refuse(q, r, shown,
                      expired ? "ExpiredAuthenticationToken" : "InvalidAuthenticationToken",
                      expired ? "The access token expiry UTC time is earlier than current UTC time."
                              : "The access token is invalid.");
    if (!check_audience(q, r, audience, shown))
        return false;
    if (audience == SB_DATAPLANE && !json_str(q->claims, "xms_mirid") && !by_certificate(q)) {
        sb_arm_error(r, 403, "Forbidden",
                     "Only the managed identity of an Arc machine, or a cluster's application by "
                     "its certificate, may call this service.");
        return false;
    }
    if (audience != SB_ARM || !id[0])
        return true;
    if (!sub)
        return absent_subscription(r, id);
    return check_tenant(q, r, tenant ? tenant : "");
}

/* ---- the dispatcher ---- */

static bool check_version(const struct sb_req *q, struct sb_reply *r, const struct sb_route *row)
{
    if (!row->versions)
        return true;
    if (!q->api_version[0]) {
        sb_arm_error(
            r, 400, "MissingApiVersionParameter",
            "The api-version query parameter (?api-version=) is required for all requests.");
        return false;
    }
    if (has_word(row->versions, q->api_version))
        return true;
    struct str list = STR_INIT;
    for (const char *p = row->versions; *p; p++)
        str_add(&list, *p == ' ' ? "," : (char[]){ *p, '\0' });
    sb_arm_error(r, 400, "InvalidApiVersionParameter",
                 "The api-version '%s' is invalid. The supported versions are '%s'.",
                 q->api_version, str_p(&list));
    str_free(&list);
    return false;
}

static bool check_rights(struct sb_req *q, struct sb_reply *r, const struct sb_route *row)
{
    return row->audience != SB_ARM || rights_enter(q, r);
}

static void bad_body(const struct sb_req *q, struct sb_reply *r, const struct sb_route *row)
{
    if (row->audience == SB_GRAPH)
        sb_graph_error(q, r, 400, "BadRequest", "Unable to read JSON request payload.");
    else
        sb_arm_error(r, 400, "InvalidRequestContent",
                     "The request content was invalid and could not be deserialized.");
}

static bool check_body(const struct sb_req *q, struct sb_reply *r, const struct sb_route *row)
{
    if (!q->sent_json || q->json || row->audience == SB_ANYONE || row->audience == SB_LOCAL)
        return true;
    bad_body(q, r, row);
    return false;
}

static void no_route(const struct sb_req *q, struct sb_reply *r, bool path_known)
{
    if (str_istarts(q->path, GRAPH "/"))
        sb_graph_error(q, r, 400, "BadRequest", "Resource not found for the segment '%.100s'.",
                       q->path + strlen(GRAPH "/"));
    else if (path_known)
        sb_arm_error(r, 405, "MethodNotAllowed",
                     "The requested resource does not support http method '%s'.", q->method);
    else if (str_ifind(q->path, "/providers/"))
        sb_arm_error(r, 404, "InvalidResourceType",
                     "The resource type could not be found for '%s' and api version '%s'.", q->path,
                     q->api_version);
    else
        sb_arm_error(r, 404, "NotFound", "No HTTP resource was found that matches '%s'.", q->path);
}

void route_dispatch(struct sb_req *q, struct sb_reply *r, bool local)
{
    bool path_known;
    const struct sb_route *row =
        local ? find_route(q, local_families, ARRAY_LEN(local_families), &path_known)
              : find_route(q, azure_families, ARRAY_LEN(azure_families), &path_known);
    if (!row) {
        no_route(q, r, path_known);
        return;
    }
    if (!sb_cloud_host_ok(q, r, row->audience))
        return;
    world_lock(q->world);
    bool good = true;
    if (row->audience == SB_LOCAL) {
        bool expired;
        const char *token = bearer(q);
        q->claims = token ? jwt_verify(token, &expired) : NULL; /* the agent judges it itself */
    } else if (row->audience == SB_GRAPH) {
        good = check_graph_token(q, r);
    } else if (row->audience != SB_ANYONE) {
        good = check_token(q, r, row->audience);
    }
    if (good && check_version(q, r, row) && check_rights(q, r, row) && check_body(q, r, row) &&
        (row->audience != SB_ARM || (policies_allow(q, r) && locks_allow(q, r))))
        row->handler(q, r);
    rights_leave(q, r);
    if (row->audience == SB_ARM)
        page_cut(q, r);
    world_save(q->world);
    world_unlock(q->world);
    json_free(json_edit(q->claims));
    q->claims = NULL;
    if (!r->status)
        sb_arm_error(r, 500, "InternalServerError", "The sandbox's handler gave no answer.");
}
