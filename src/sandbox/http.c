/* http.c - libmicrohttpd turns bytes into struct sb_req and struct sb_reply into bytes. Plain HTTP,
 * reached only through front. */
#include "config.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <microhttpd.h>

#include "base/i18n.h"
#include "sandbox/front.h"
#include "sandbox/sandbox.h"

enum { BODY_MAX = 4 * 1024 * 1024, SERVERS_MAX = 80 };

struct server {
    struct MHD_Daemon *daemon;
    struct world *world;
    int node; /* -1: the Azure routes */
};
static struct server servers[SERVERS_MAX];
static size_t n_servers;

struct exchange {
    struct str body;
    bool too_big;
};

/* Query names: lower case, but OData's stay as they are ("$filter"). */
static enum MHD_Result add_query(void *payload, enum MHD_ValueKind kind, const char *key,
                                 const char *value)
{
    (void)kind;
    struct str name = STR_INIT;
    str_add(&name, key);
    if (name.p && name.p[0] != '$')
        str_lower(name.p);
    json_set_str(payload, str_p(&name), value ? value : "");
    str_free(&name);
    return MHD_YES;
}

static enum MHD_Result add_header(void *payload, enum MHD_ValueKind kind, const char *key,
                                  const char *value)
{
    (void)kind;
    struct str name = STR_INIT;
    str_add(&name, key);
    if (name.p)
        str_lower(name.p);
    json_set_str(payload, str_p(&name), value ? value : "");
    str_free(&name);
    return MHD_YES;
}

static int hex(char c)
{
    const char *digits = "0123456789abcdef", *at = c ? strchr(digits, c | 0x20) : NULL;
    return at ? (int)(at - digits) : -1;
}

char *sb_form_decode(const char *from, size_t n)
{
    struct str out = STR_INIT;
    for (size_t i = 0; i < n; i++) {
        char c = from[i] == '+' ? ' ' : from[i];
        if (c == '%' && i + 2 < n && hex(from[i + 1]) >= 0 && hex(from[i + 2]) >= 0) {
            c = (char)(hex(from[i + 1]) << 4 | hex(from[i + 2]));
            i += 2;
        }
        if (c)
            str_addc(&out, c);
    }
    return str_take(&out);
}

static struct json *parse_form(const char *body)
{
    struct json *form = json_object();
    for (const char *p = body; *p;) {
        size_t n = strcspn(p, "&"), name_len = strcspn(p, "=&");
        char *name = sb_form_decode(p, name_len);
        char *value = sb_form_decode(p + name_len + (name_len < n), n - name_len - (name_len < n));
        if (*name)
            json_set_str(form, name, value);
        free(name);
        free(value);
        p += n + (p[n] == '&');
    }
    return form;
}

static char *collapse(const char *url)
{
    struct str s = STR_INIT;
    for (const char *p = url; *p; p++)
        if (!(p[0] == '/' && p[1] == '/'))
            str_addc(&s, *p);
    return str_take(&s);
}

static void read_body(struct sb_req *q, const struct str *body)
{
    const char *type = sb_header(q, "content-type");
    q->body = str_p(body);
    q->body_len = body->len;
    if (!body->len)
        return;
    if (type && str_istarts(type, "application/x-www-form-urlencoded")) {
        q->form = parse_form(q->body);
        return;
    }
    if (type && !str_istarts(type, "application/json"))
        return;
    struct err e = { 0 };
    q->sent_json = true;
    q->json = json_parse(q->body, q->body_len, 0, &e);
}

static void read_ids(struct sb_req *q)
{
    const char *sent = sb_header(q, "x-ms-correlation-request-id");
    if (!sent)
        sent = sb_header(q, "client-request-id");
    if (!sent)
        sent = sb_query(q, "client-request-id");
    if (!sent)
        sent = json_value_str(json_member(q->form, "client-request-id"));
    guid_random(q->request_id);
    if (!sent || !guid_parse(q->correlation_id, sent))
        guid_random(q->correlation_id);
}

static void add_ids(struct MHD_Response *response, const struct sb_req *q)
{
    const char *echo = sb_header(q, "x-ms-client-request-id");
    struct str routing = STR_INIT;
    str_addf(&routing, "SANDBOX:%s", q->request_id);
    MHD_add_response_header(response, "x-ms-request-id", q->request_id);
    MHD_add_response_header(response, "x-ms-correlation-request-id", q->correlation_id);
    MHD_add_response_header(response, "x-ms-routing-request-id", str_p(&routing));
    if (echo && guid_is(echo) && str_ieq(sb_header(q, "x-ms-return-client-request-id"), "true"))
        MHD_add_response_header(response, "x-ms-client-request-id", echo);
    MHD_add_response_header(response, "Cache-Control", "no-store");
    str_free(&routing);
}

static enum MHD_Result send_reply(struct MHD_Connection *c, const struct sb_req *q,
                                  struct sb_reply *r)
{
    struct str text = STR_INIT;
    const char *type = NULL;
    if (r->json) {
        json_write(&text, r->json);
        type = "application/json; charset=utf-8";
    } else if (r->text) {
        str_add(&text, r->text);
        type = r->content_type ? r->content_type : "text/plain; charset=utf-8";
    }
    struct MHD_Response *response = MHD_create_response_from_buffer(
        text.len, (void *)(uintptr_t)str_p(&text), MHD_RESPMEM_MUST_COPY);
    if (type)
        MHD_add_response_header(response, "Content-Type", type);
    JSON_EACH (h, r->headers)
        if (json_value_str(h))
            MHD_add_response_header(response, json_name(h), json_value_str(h));
    add_ids(response, q);
    enum MHD_Result rc = MHD_queue_response(c, (unsigned)r->status, response);
    MHD_destroy_response(response);
    str_free(&text);
    json_free(r->json);
    json_free(r->headers);
    free(r->text);
    return rc;
}

static enum MHD_Result answer(const struct server *s, struct MHD_Connection *c, const char *url,
                              const char *method, const struct exchange *x)
{
    struct sb_req *q = xcalloc(1, sizeof(*q));
    struct sb_reply r = { 0 };
    struct json *query = json_object(), *headers = json_object();
    char *path = collapse(url);
    MHD_get_connection_values(c, MHD_GET_ARGUMENT_KIND, add_query, query);
    MHD_get_connection_values(c, MHD_HEADER_KIND, add_header, headers);
    q->method = method;
    q->path = path;
    q->query = query;
    q->headers = headers;
    q->world = s->world;
    q->node = s->node;
    q->host = sb_header(q, "host");
    if (!q->host)
        q->host = "127.0.0.1";
    str_fmt(q->base, sizeof(q->base), "%s://%s", s->node < 0 ? "https" : "http", q->host);
    q->api_version = sb_query(q, "api-version");
    if (!q->api_version)
        q->api_version = "";
    read_body(q, &x->body);
    read_ids(q);
    if (x->too_big)
        sb_arm_error(&r, 413, "RequestEntityTooLarge", "The request is larger than %d bytes.",
                     BODY_MAX);
    else
        route_dispatch(q, &r, s->node >= 0);
    enum MHD_Result rc = send_reply(c, q, &r);
    json_free(query);
    json_free(headers);
    json_free(json_edit(q->json));
    json_free(json_edit(q->form));
    free(path);
    free(q);
    return rc;
}

static enum MHD_Result on_request(void *payload, struct MHD_Connection *c, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *n, void **state)
{
    (void)version;
    struct exchange *x = *state;
    if (!x) {
        *state = xcalloc(1, sizeof(*x));
        return MHD_YES;
    }
    if (*n) {
        x->too_big = x->too_big || x->body.len + *n > BODY_MAX;
        if (!x->too_big)
            str_addn(&x->body, data, *n);
        *n = 0;
        return MHD_YES;
    }
    return answer(payload, c, url, method, x);
}

static void on_completed(void *payload, struct MHD_Connection *c, void **state,
                         enum MHD_RequestTerminationCode why)
{
    (void)payload;
    (void)c;
    (void)why;
    struct exchange *x = *state;
    if (x)
        str_free(&x->body);
    free(x);
    *state = NULL;
}

int http_start(int local_node, int *port, struct world *w, struct err *e)
{
    if (n_servers == SERVERS_MAX)
        return err_set(e, ERR_USAGE, ERR_C_TOO_BIG, _("There are too many nodes."));
    struct server *s = &servers[n_servers];
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    s->world = w;
    s->node = local_node;
    s->daemon = MHD_start_daemon(
        MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_POLL |
            MHD_USE_ITC | MHD_USE_TURBO,
        0, NULL, NULL, on_request, s, MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&at,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)(160 * 1024), MHD_OPTION_THREAD_STACK_SIZE, (size_t)(512 * 1024), MHD_OPTION_END);
    const union MHD_DaemonInfo *info =
        s->daemon ? MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_BIND_PORT) : NULL;
    if (!info) {
        if (s->daemon)
            MHD_stop_daemon(s->daemon);
        return err_set(e, ERR_SYSTEM, 0, _("No loopback port could be opened."));
    }
    n_servers++;
    *port = info->port;
    if (local_node < 0)
        return 0;
    int inner = info->port; /* an agent's port has the faults and the log of the front, too */
    return front_start_plain(inner, port, e);
}

void http_stop_all(void)
{
    while (n_servers > 0) {
        MHD_stop_daemon(servers[--n_servers].daemon);
        memset(&servers[n_servers], 0, sizeof(servers[0]));
    }
}
