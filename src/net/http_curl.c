/* The transport over libcurl's multi interface, joined to base/loop by its socket and timer
 * callbacks.
 *
 * Facts: backends.md 5.3. CURLMOPT_MAX_HOST_CONNECTIONS stalls, so requests wait here, in a queue
 * for each host. libcurl by itself repeats a request whose reused connection was closed without an
 * answer, writes included: the pre-request callback sees that and stops it, and tells whether
 * anything was sent at all.
 */
#include "config.h"

#include "net/http_impl.h"

#include <curl/curl.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/log.h"
#include "base/text.h"

#define CONNECT_MS 30000

struct host_queue {
    struct host_queue *next;
    char name[HTTP_MAX_HOST];
    int active;
    struct http_call *first, *last; /* waiting ones */
};

struct curl_http {
    struct http_base base;
    struct loop *loop;
    CURLM *multi;
    struct loop_timer *timer;
    struct host_queue *hosts;
    struct http_call *calls; /* all that are not answered yet */
    struct http_allowed allowed;
    char *ca_file, *proxy, *user_agent;
    int max_per_host;
};

enum call_state { CALL_REFUSED, CALL_WAITING, CALL_ACTIVE, CALL_ENDING };
enum call_stop { STOP_NONE, STOP_TOO_BIG, STOP_REPEAT };

struct http_call {
    struct curl_http *h;
    struct http_call *prev, *next; /* all */
    struct http_call *queue_next;
    struct host_queue *queue;
    enum call_state state;
    enum call_stop stop;
    http_done_fn *fn;
    void *payload;
    struct http_req q; /* url, method, body and bearer are not kept here */
    char host[HTTP_MAX_HOST], method[16];
    char path[200]; /* for the log: without the query */
    CURL *easy;
    struct curl_slist *lines;
    struct loop_timer *timer;
    int64_t started, deadline;
    char *body_out, *body_in; /* wiped when freed: either may carry tokens */
    size_t in_len, in_cap, max;
    bool sent, is_read, head_whole;
    struct http_headers headers;
    struct err refusal;
    char accept[128];
};

static void queue_run(struct host_queue *q);

/* ---- lists ---- */

static void call_link(struct http_call *c)
{
    c->next = c->h->calls;
    if (c->next)
        c->next->prev = c;
    c->h->calls = c;
}

static void call_unlink(struct http_call *c)
{
    if (c->prev)
        c->prev->next = c->next;
    else
        c->h->calls = c->next;
    if (c->next)
        c->next->prev = c->prev;
}

static struct host_queue *queue_of(struct curl_http *h, const char *host)
{
    struct host_queue *q = h->hosts;

    while (q && !str_eq(q->name, host))
        q = q->next;
    if (q)
        return q;
    q = xcalloc(1, sizeof(*q));
    STR_SET(q->name, host);
    q->next = h->hosts;
    h->hosts = q;
    return q;
}

static void queue_push(struct host_queue *q, struct http_call *c)
{
    c->state = CALL_WAITING;
    c->queue = q;
    if (q->last)
        q->last->queue_next = c;
    else
        q->first = c;
    q->last = c;
}

static void queue_remove(struct host_queue *q, struct http_call *c)
{
    struct http_call **at = &q->first, *before = NULL;

    while (*at && *at != c) {
        before = *at;
        at = &(*at)->queue_next;
    }
    if (!*at)
        return;
    *at = c->queue_next;
    if (q->last == c)
        q->last = before;
    c->queue_next = NULL;
}

/* ---- the end of a call ---- */

static void lines_free(struct curl_slist *lines)
{
    for (struct curl_slist *s = lines; s; s = s->next)
        explicit_bzero(s->data, strlen(s->data));
    curl_slist_free_all(lines);
}

static void call_free(struct http_call *c)
{
    if (c->easy) {
        if (c->state == CALL_ACTIVE)
            curl_multi_remove_handle(c->h->multi, c->easy);
        curl_easy_cleanup(c->easy);
    }
    lines_free(c->lines);
    loop_timer_del(c->timer);
    wipe_free(c->body_out);
    wipe_free(c->body_in);
    http_headers_clear(&c->headers);
    free(c);
}

/* Takes the call out of every list; its place is free for the next one. */
static void call_detach(struct http_call *c)
{
    struct host_queue *q = c->queue;

    if (c->state == CALL_WAITING)
        queue_remove(q, c);
    if (c->state == CALL_ACTIVE) {
        curl_multi_remove_handle(c->h->multi, c->easy);
        q->active--;
    }
    c->state = CALL_ENDING;
    call_unlink(c);
    loop_timer_del(c->timer);
    c->timer = NULL;
}

static void keep_path(struct http_call *c, const char *url)
{
    const char *path = strstr(url, "://");

    path = path ? strchr(path + 3, '/') : NULL;
    text_clean(c->path, sizeof(c->path), path ? path : "", path ? strcspn(path, "?#") : 0,
               TEXT_LINE);
}

static void call_end(struct http_call *c, struct http_reply *r)
{
    struct host_queue *q = c->queue;

    call_detach(c);
    log_dbg("%s %s%s -> %d in %lld ms%s%s", c->method, c->host, c->path, r->status,
            (long long)(mono_ms() - c->started), r->status ? "" : ": ",
            r->status ? "" : r->err.message);
    c->fn(c->payload, r);
    call_free(c);
    if (q)
        queue_run(q);
}

static void on_refused(void *payload)
{
    struct http_call *c = payload;
    struct http_reply r = { .body = "", .retry_after_ms = -1 };

    c->timer = NULL;
    r.err = c->refusal;
    call_end(c, &r);
}

static void on_queue_deadline(void *payload)
{
    struct http_call *c = payload;
    struct http_reply r = { .body = "", .retry_after_ms = -1 };

    c->timer = NULL;
    http_lost(&r, CURLE_OPERATION_TIMEDOUT, false, true, c->host,
              _("No answer came within the time allowed."));
    call_end(c, &r);
}

/* ---- what libcurl's end codes mean ---- */

struct code_row {
    CURLcode code;
    bool retryable;
    const char *sentence;
};
static const struct code_row code_rows[] = {
    { CURLE_PEER_FAILED_VERIFICATION, false,
      N_("The server's certificate is not trusted. A proxy that re-signs traffic, a wrong clock or "
         "a "
         "missing CA certificate can be the reason.") },
    { CURLE_SSL_CACERT_BADFILE, false, N_("The file of CA certificates cannot be read.") },
    { CURLE_SSL_CONNECT_ERROR, true, N_("No encrypted connection could be agreed on.") },
    { CURLE_SSL_ISSUER_ERROR, false, N_("The issuer of the server's certificate is wrong.") },
    { CURLE_SSL_CERTPROBLEM, false, N_("The local certificate is not usable.") },
    { CURLE_SSL_CIPHER, false, N_("No encrypted connection could be agreed on.") },
    { CURLE_USE_SSL_FAILED, false, N_("No encrypted connection could be agreed on.") },
    { CURLE_COULDNT_RESOLVE_HOST, true,
      N_("The name of the server cannot be resolved; check DNS and the network.") },
    { CURLE_COULDNT_RESOLVE_PROXY, true, N_("The name of the proxy cannot be resolved.") },
    { CURLE_COULDNT_CONNECT, true,
      N_("The connection was refused or cannot be made; check network, firewall and proxy.") },
    { CURLE_PROXY, true, N_("The proxy refused the connection.") },
    { CURLE_UNSUPPORTED_PROTOCOL, true, N_("What came is no HTTP answer.") },
    { CURLE_URL_MALFORMAT, false, N_("The address is not well formed.") },
    { CURLE_OPERATION_TIMEDOUT, true, N_("No answer came within the time allowed.") },
    { CURLE_GOT_NOTHING, true, N_("The connection was closed without an answer.") },
    { CURLE_RECV_ERROR, true, N_("The connection broke while the answer was awaited.") },
    { CURLE_SEND_ERROR, true, N_("The connection broke while the request was sent.") },
    { CURLE_PARTIAL_FILE, true, N_("The answer was cut off in the middle.") },
    { CURLE_HTTP2, true, N_("The connection broke while the answer was awaited.") },
    { CURLE_HTTP2_STREAM, true, N_("The connection broke while the answer was awaited.") },
    { CURLE_WEIRD_SERVER_REPLY, true, N_("What came is no HTTP answer.") },
};

static const struct code_row *code_find(CURLcode code)
{
    static const struct code_row other = { CURLE_OK, true, N_("The request failed.") };

    for (size_t i = 0; i < ARRAY_LEN(code_rows); i++)
        if (code_rows[i].code == code)
            return &code_rows[i];
    return &other;
}

/* A proxy that answered CONNECT with anything but 200. */
static bool proxy_refused(struct http_call *c, struct http_reply *r)
{
    long connect_code = 0;

    curl_easy_getinfo(c->easy, CURLINFO_HTTP_CONNECTCODE, &connect_code);
    if (c->sent || connect_code == 0 || connect_code == 200)
        return false;
    http_lost(r, CURLE_PROXY, false, connect_code >= 500, c->host,
              connect_code == 407 ? _("The proxy asks for a user name and a password.")
                                  : _("The proxy refused the connection."));
    r->err.http = (int)connect_code;
    return true;
}

static void explain(struct http_call *c, struct http_reply *r, CURLcode code)
{
    const struct code_row *row = code_find(code);

    if (c->stop == STOP_TOO_BIG) {
        http_lost(r, CURLE_FILESIZE_EXCEEDED, true, false, c->host,
                  _("The answer is larger than any answer expected here."));
        return;
    }
    if (c->stop == STOP_REPEAT) {
        http_lost(r, CURLE_GOT_NOTHING, true, true, c->host,
                  _("The connection was closed without an answer."));
        return;
    }
    if (proxy_refused(c, r))
        return;
    http_lost(r, (int)code, c->sent, row->retryable, c->host, _(row->sentence));
}

/* Does the protocol itself say where the body ends? */
static bool is_framed(struct http_call *c, const struct http_reply *r)
{
    long version = 0;
    const char *coding = http_header(r, "Transfer-Encoding");

    curl_easy_getinfo(c->easy, CURLINFO_HTTP_VERSION, &version);
    return version >= CURL_HTTP_VERSION_2_0 || http_header(r, "Content-Length") ||
           (coding && str_ifind(coding, "chunked"));
}

static void call_finish(struct http_call *c, CURLcode code)
{
    struct http_reply r = { .body = "", .retry_after_ms = -1, .headers = &c->headers };
    long status = 0;

    if (code == CURLE_OK)
        curl_easy_getinfo(c->easy, CURLINFO_RESPONSE_CODE, &status);
    r.status = (int)status;
    r.body = c->body_in ? c->body_in : "";
    r.body_len = c->in_len;
    c->q.method = c->method;
    if (code == CURLE_OK && !c->head_whole) /* a head that breaks off is no error to libcurl */
        code = CURLE_PARTIAL_FILE;
    /* "HTTP/22" is status 22 to libcurl, "HTTP/220000" is 20000 */
    if (code == CURLE_OK && status >= 200 && status <= 999)
        http_judge(&r, &c->q, c->host, is_framed(c, &r));
    else
        explain(c, &r, code == CURLE_OK ? CURLE_WEIRD_SERVER_REPLY : code);
    call_end(c, &r);
}

static void drain(struct curl_http *h)
{
    struct http_call *c;
    CURLMsg *m;
    CURLcode code;
    int left;

    while ((m = curl_multi_info_read(h->multi, &left))) {
        if (m->msg != CURLMSG_DONE)
            continue;
        code = m->data.result;
        curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &c);
        call_finish(c, code);
    }
}

/* ---- libcurl's callbacks ---- */

static size_t on_body(char *bytes, size_t size, size_t n, void *payload)
{
    struct http_call *c = payload;
    size_t more = size * n, cap = c->in_cap ? c->in_cap : 4096;

    if (more > c->max - c->in_len) {
        c->stop = STOP_TOO_BIG;
        return 0;
    }
    while (cap < c->in_len + more + 1)
        cap *= 2;
    if (cap != c->in_cap) {
        c->body_in = wipe_realloc(c->body_in, cap);
        c->in_cap = cap;
        if (!c->body_in)
            abort();
    }
    memcpy(c->body_in + c->in_len, bytes, more);
    c->in_len += more;
    c->body_in[c->in_len] = '\0';
    return more;
}

/* Interim answers and a proxy's come first: each status line starts over, the last block stays. */
static size_t on_header(char *bytes, size_t size, size_t n, void *payload)
{
    struct http_call *c = payload;
    size_t len = size * n;

    if (len >= 5 && memcmp(bytes, "HTTP/", 5) == 0)
        http_headers_clear(&c->headers);
    c->head_whole = len > 0 && (bytes[0] == '\r' || bytes[0] == '\n');
    if (!http_headers_line(&c->headers, bytes, len)) {
        c->stop = STOP_TOO_BIG;
        return 0;
    }
    return len;
}

static int on_prerequest(void *payload, char *ip, char *local_ip, int port, int local_port)
{
    struct http_call *c = payload;

    (void)ip;
    (void)local_ip;
    (void)port;
    (void)local_port;
    if (c->sent && !c->is_read) {
        c->stop = STOP_REPEAT;
        return CURL_PREREQFUNC_ABORT;
    }
    c->sent = true;
    return CURL_PREREQFUNC_OK;
}

static void on_io(void *payload, int fd, short revents)
{
    struct curl_http *h = payload;
    int mask = 0, running;

    if (revents & POLLIN)
        mask |= CURL_CSELECT_IN;
    if (revents & POLLOUT)
        mask |= CURL_CSELECT_OUT;
    if (revents & (POLLERR | POLLHUP | POLLNVAL))
        mask |= CURL_CSELECT_IN | CURL_CSELECT_ERR;
    curl_multi_socket_action(h->multi, fd, mask, &running);
    drain(h);
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *payload, void *watch)
{
    struct curl_http *h = payload;
    short events = 0;

    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        loop_io_del(watch);
        curl_multi_assign(h->multi, fd, NULL);
        return 0;
    }
    if (what & CURL_POLL_IN)
        events |= POLLIN;
    if (what & CURL_POLL_OUT)
        events |= POLLOUT;
    if (watch)
        loop_io_set(watch, events);
    else
        curl_multi_assign(h->multi, fd, loop_io_add(h->loop, fd, events, on_io, h));
    return 0;
}

static void on_timer(void *payload)
{
    struct curl_http *h = payload;
    int running;

    h->timer = NULL;
    curl_multi_socket_action(h->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    drain(h);
}

static int on_timeout(CURLM *multi, long ms, void *payload)
{
    struct curl_http *h = payload;

    (void)multi;
    loop_timer_del(h->timer);
    h->timer = ms < 0 ? NULL : loop_after(h->loop, ms, on_timer, h);
    return 0;
}

/* ---- a request ---- */

/* Memory of libcurl is wiped when freed (http_curl_new), so the line with the token is, too. */
static void add_line(struct http_call *c, const char *name, const char *value, size_t n)
{
    size_t size = strlen(name) + n + 3;
    char *line = wipe_malloc(size);
    struct curl_slist *more;

    if (!line)
        abort();
    memcpy(line, name, strlen(name));
    memcpy(line + strlen(name), ": ", 2);
    memcpy(line + strlen(name) + 2, value, n);
    line[size - 1] = '\0';
    more = curl_slist_append(c->lines, line);
    wipe_free(line);
    if (!more)
        abort();
    c->lines = more;
}

static void add_authorization(struct http_call *c, const char *scheme, const struct secret *s)
{
    size_t k = strlen(scheme);
    char *value = wipe_malloc(k + s->len + 1);

    if (!value)
        abort();
    memcpy(value, scheme, k);
    memcpy(value + k, s->p, s->len);
    value[k + s->len] = '\0';
    add_line(c, "Authorization", value, k + s->len);
    wipe_free(value);
}

static void add_headers(struct http_call *c, const struct http_req *q)
{
    const struct http_header *f;
    struct curl_slist *more;

    for (size_t i = 0; i < HTTP_MAX_HEADERS && q->headers[i].name; i++) {
        f = &q->headers[i];
        add_line(c, f->name, f->value, strlen(f->value));
    }
    if (!http_req_header(q, "Accept"))
        add_line(c, "Accept", "application/json", 16);
    if (q->body && !http_req_header(q, "Content-Type"))
        add_line(c, "Content-Type", "application/json", 16);
    /* No waiting for "100 Continue", and no content type for what has no content. */
    more = curl_slist_append(c->lines, "Expect:");
    if (more && !q->body)
        more = curl_slist_append(more, "Content-Type:");
    if (!more)
        abort();
    c->lines = more;
    if (q->bearer && secret_is(q->bearer))
        add_authorization(c, "Bearer ", q->bearer);
    else if (q->basic && secret_is(q->basic))
        add_authorization(c, "Basic ", q->basic);
}

static void set_method(struct http_call *c, const struct http_req *q)
{
    bool sends = str_eq(q->method, "POST") || str_eq(q->method, "PUT") ||
                 str_eq(q->method, "PATCH") || q->body;

    if (str_eq(q->method, "HEAD")) {
        curl_easy_setopt(c->easy, CURLOPT_NOBODY, 1L);
        return;
    }
    if (!sends) {
        curl_easy_setopt(c->easy, CURLOPT_HTTPGET, 1L);
    } else {
        c->body_out = wipe_malloc(q->body_len + 1);
        if (!c->body_out)
            abort();
        if (q->body)
            memcpy(c->body_out, q->body, q->body_len);
        c->body_out[q->body ? q->body_len : 0] = '\0';
        curl_easy_setopt(c->easy, CURLOPT_POSTFIELDS, c->body_out);
        curl_easy_setopt(c->easy, CURLOPT_POSTFIELDSIZE_LARGE,
                         (curl_off_t)(q->body ? q->body_len : 0));
    }
    curl_easy_setopt(c->easy, CURLOPT_CUSTOMREQUEST, c->method);
}

/* A proxy of the environment is never asked for an address of this machine. */
static void set_proxy(struct http_call *c, const struct http_req *q)
{
    bool plain = !http_url_is_https(q->url);

    if ((q->flags & HTTP_NO_PROXY) || plain || (!c->h->proxy && http_url_is_loopback(q->url)))
        curl_easy_setopt(c->easy, CURLOPT_PROXY, "");
    else if (c->h->proxy)
        curl_easy_setopt(c->easy, CURLOPT_PROXY, c->h->proxy);
    curl_easy_setopt(c->easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
}

static void set_trust(struct http_call *c)
{
    curl_easy_setopt(c->easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(c->easy, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(c->easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (c->h->ca_file) {
        curl_easy_setopt(c->easy, CURLOPT_CAINFO, c->h->ca_file);
        curl_easy_setopt(c->easy, CURLOPT_CAPATH, NULL);
    }
}

static void set_callbacks(struct http_call *c)
{
    curl_easy_setopt(c->easy, CURLOPT_PRIVATE, c);
    curl_easy_setopt(c->easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(c->easy, CURLOPT_WRITEDATA, c);
    curl_easy_setopt(c->easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(c->easy, CURLOPT_HEADERDATA, c);
    curl_easy_setopt(c->easy, CURLOPT_PREREQFUNCTION, on_prerequest);
    curl_easy_setopt(c->easy, CURLOPT_PREREQDATA, c);
}

static void call_prepare(struct http_call *c, const struct http_req *q)
{
    c->easy = curl_easy_init();
    if (!c->easy)
        abort();
    curl_easy_setopt(c->easy, CURLOPT_URL, q->url);
    curl_easy_setopt(c->easy, CURLOPT_PROTOCOLS_STR,
                     q->flags & HTTP_PLAIN_LOOPBACK ? "https,http" : "https");
    curl_easy_setopt(c->easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(c->easy, CURLOPT_FAILONERROR, 0L);
    curl_easy_setopt(c->easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c->easy, CURLOPT_USERAGENT, c->h->user_agent);
    set_callbacks(c);
    set_trust(c);
    set_proxy(c, q);
    set_method(c, q);
    add_headers(c, q);
    curl_easy_setopt(c->easy, CURLOPT_HTTPHEADER, c->lines);
}

static void call_start(struct http_call *c)
{
    int64_t left = c->deadline - mono_ms();

    loop_timer_del(c->timer);
    c->timer = NULL;
    if (left < 1)
        left = 1;
    curl_easy_setopt(c->easy, CURLOPT_TIMEOUT_MS, (long)left);
    curl_easy_setopt(c->easy, CURLOPT_CONNECTTIMEOUT_MS,
                     (long)(left < CONNECT_MS ? left : CONNECT_MS));
    c->state = CALL_ACTIVE;
    c->queue->active++;
    c->h->base.requests++;
    curl_multi_add_handle(c->h->multi, c->easy);
}

static void queue_run(struct host_queue *q)
{
    struct http_call *c;

    while ((c = q->first) && q->active < c->h->max_per_host) {
        queue_remove(q, c);
        call_start(c);
    }
}

/* ---- the transport ---- */

static struct http_call *curl_send(struct http *http, const struct http_req *q, http_done_fn *fn,
                                   void *payload)
{
    struct curl_http *h = (struct curl_http *)http;
    struct http_call *c = xcalloc(1, sizeof(*c));

    c->h = h;
    c->fn = fn;
    c->payload = payload;
    c->started = mono_ms();
    c->deadline = c->started + (q->deadline_ms > 0 ? q->deadline_ms : HTTP_DEADLINE_MS);
    c->max = q->max_reply ? q->max_reply : HTTP_MAX_REPLY;
    c->is_read = str_eq(q->method, "GET") || str_eq(q->method, "HEAD");
    STR_SET(c->method, q->method);
    keep_path(c, q->url);
    STR_SET(c->accept, http_req_header(q, "Accept"));
    c->q = (struct http_req){ .max_reply = c->max,
                              .headers = { { c->accept[0] ? "Accept" : NULL, c->accept } } };
    call_link(c);
    if (http_check(q, &h->allowed, c->host, &c->refusal) != 0) {
        c->state = CALL_REFUSED;
        c->timer = loop_after(h->loop, 0, on_refused, c);
        return c;
    }
    call_prepare(c, q);
    queue_push(queue_of(h, c->host), c);
    queue_run(c->queue);
    if (c->state == CALL_WAITING)
        c->timer = loop_after(h->loop, c->deadline - c->started, on_queue_deadline, c);
    return c;
}

static void curl_cancel(struct http_call *c)
{
    struct host_queue *q = c->queue;

    if (c->state == CALL_ENDING)
        return;
    call_detach(c);
    call_free(c);
    if (q)
        queue_run(q);
}

static void curl_close(struct http *http)
{
    struct curl_http *h = (struct curl_http *)http;
    struct http_call *c;
    struct host_queue *q;

    while ((c = h->calls)) {
        call_detach(c);
        call_free(c);
    }
    curl_multi_cleanup(h->multi);
    loop_timer_del(h->timer);
    while ((q = h->hosts)) {
        h->hosts = q->next;
        free(q);
    }
    http_allowed_add(&h->allowed, NULL);
    free(h->ca_file);
    free(h->proxy);
    free(h->user_agent);
    free(h);
}

static void curl_allow(struct http *http, const char *host_port)
{
    http_allowed_add(&((struct curl_http *)http)->allowed, host_port);
}

static const struct http_ops curl_ops = { curl_send, curl_cancel, curl_close, curl_allow };

static int curl_ready(struct err *e)
{
    static bool done;

    if (!done && curl_global_init_mem(CURL_GLOBAL_DEFAULT, wipe_malloc, wipe_free, wipe_realloc,
                                      wipe_strdup, wipe_calloc) != CURLE_OK)
        return err_set(e, ERR_NET, CURLE_FAILED_INIT, _("the network library did not start"));
    done = true;
    return 0;
}

struct http *http_curl_new(struct loop *l, const struct http_curl_config *cfg, struct err *e)
{
    struct curl_http *h;

    if (cfg->ca_file && access(cfg->ca_file, R_OK) != 0) {
        err_sys(e, errno, _("cannot read the CA certificates in %s"), cfg->ca_file);
        return NULL;
    }
    if (curl_ready(e) != 0)
        return NULL;
    h = xcalloc(1, sizeof(*h));
    h->base.http.ops = &curl_ops;
    h->loop = l;
    h->multi = curl_multi_init();
    if (!h->multi) {
        free(h);
        err_set(e, ERR_NET, CURLE_FAILED_INIT, _("the network library did not start"));
        return NULL;
    }
    h->ca_file = cfg->ca_file ? xstrdup(cfg->ca_file) : NULL;
    h->proxy = cfg->proxy ? xstrdup(cfg->proxy) : NULL;
    h->user_agent = xstrdup(cfg->user_agent ? cfg->user_agent : PACKAGE_NAME "/" PACKAGE_VERSION);
    h->max_per_host = cfg->max_per_host > 0 ? cfg->max_per_host : 16;
    curl_multi_setopt(h->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(h->multi, CURLMOPT_SOCKETDATA, h);
    curl_multi_setopt(h->multi, CURLMOPT_TIMERFUNCTION, on_timeout);
    curl_multi_setopt(h->multi, CURLMOPT_TIMERDATA, h);
    return &h->base.http;
}
