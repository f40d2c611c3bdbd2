/* Target http_reply: the bytes of a server's whole answer, through libcurl, the transport's head
 * and body doors and its judgement. The first byte chooses the request ('H': HEAD, 'P': PUT, else
 * GET); the rest is what the server sends before it closes. No port is opened: the transport's
 * sockets are pairs (the linker's --wrap puts that in). Addresses in the answer are also read by
 * libcurl's own parser: both must name the same host, for a token goes by ours. */
#include "config.h"

#include <ctype.h>
#include <curl/curl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/json.h"
#include "base/str.h"
#include "fuzz.h"
#include "net/http_impl.h"

#define URL "http://127.0.0.1:1/subscriptions?api-version=1"

CURL *__real_curl_easy_init(void);
CURL *__wrap_curl_easy_init(void);

/* ---- the server ---- */

static const uint8_t *answer;
static size_t answer_len;
static int server_fd = -1, connections;

static curl_socket_t open_pair(void *payload, curlsocktype purpose, struct curl_sockaddr *address)
{
    int fd[2];
    size_t at = 0;

    (void)payload;
    (void)purpose;
    (void)address;
    if (connections++ > 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd) != 0)
        return CURL_SOCKET_BAD;
    while (at < answer_len) {
        ssize_t n = send(fd[1], answer + at, answer_len - at, MSG_NOSIGNAL);

        if (n <= 0)
            break;
        at += (size_t)n;
    }
    answer_len = at;
    shutdown(fd[1], SHUT_WR);
    server_fd = fd[1];
    return fd[0];
}

/* Instead of the C library's, for libcurl, too: a pair is connected. (libcurl 7.88 forgets what
 * CURL_SOCKOPT_ALREADY_CONNECTED says.) */
int connect(int fd, __CONST_SOCKADDR_ARG address, socklen_t len)
{
    (void)fd;
    (void)address;
    (void)len;
    return 0;
}

CURL *__wrap_curl_easy_init(void)
{
    CURL *easy = __real_curl_easy_init();

    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_pair);
    return easy;
}

/* ---- addresses ---- */

/* What we take for a host, libcurl must take for the same one. */
static void address(const char *url)
{
    char host[HTTP_MAX_HOST], again[HTTP_MAX_HOST], whole[HTTP_MAX_HOST + 16], *theirs = NULL;
    CURLU *u;

    if (!http_url_host(url, host, sizeof host)) {
        FUZZ_HOLDS(!http_url_is_https(url) && !http_url_is_loopback(url), "no host, no https");
        return;
    }
    for (const char *p = host; *p; p++)
        FUZZ_HOLDS(isalnum((unsigned char)*p) ? !isupper((unsigned char)*p)
                                              : strchr(".-_:[]", *p) != NULL,
                   "a host has lower letters, digits and . - _ only");
    snprintf(whole, sizeof whole, "%s://%s/", http_url_is_https(url) ? "https" : "http", host);
    FUZZ_HOLDS(http_url_host(whole, again, sizeof again) && str_eq(host, again),
               "a host read again is the same host");
    u = curl_url();
    if (curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
        curl_url_get(u, CURLUPART_HOST, &theirs, 0) == CURLUE_OK) {
        size_t n = strlen(theirs);
        bool same = strncasecmp(theirs, host, n) == 0 && (!host[n] || host[n] == ':');

        /* libcurl writes addresses in their usual form: 127.1 is 127.0.0.1, [0::1] is [::1] */
        FUZZ_HOLDS(same || host[0] == '[' || isdigit((unsigned char)host[0]),
                   "libcurl would go to the same host");
        FUZZ_HOLDS(!http_url_is_loopback(url) || str_starts(theirs, "127.") ||
                       str_eq(theirs, "[::1]") || str_ieq(theirs, "localhost"),
                   "what we take for this machine is this machine");
    }
    curl_free(theirs);
    curl_url_cleanup(u);
}

/* ---- what a simple answer must become, by another hand ---- */

struct simple {
    int status;
    size_t body, length; /* where the body begins, what Content-Length says */
};

static bool one_line(const uint8_t *p, size_t n, size_t *len)
{
    const uint8_t *lf = memchr(p, '\n', n);

    *len = lf ? (size_t)(lf - p) + 1 : 0;
    return lf && *len >= 2 && lf[-1] == '\r' && !memchr(p, '\0', *len);
}

static bool number_of(const char *text, size_t *out)
{
    int64_t v;

    if (!isdigit((unsigned char)text[0]) || !str_to_int(text, &v) || v > 100000)
        return false;
    *out = (size_t)v;
    return true;
}

/* Plain HTTP/1.1 with one Content-Length and nothing that changes a body's meaning. */
static bool is_simple(const uint8_t *p, size_t n, struct simple *s)
{
    char line[256];
    size_t at = 13, len, lengths = 0;

    if (n < 15 || memcmp(p, "HTTP/1.1 ", 9) != 0 || memcmp(p + 12, "\r\n", 2) != 0)
        return false;
    for (int i = 9; i < 12; i++)
        if (!isdigit(p[i]))
            return false;
    s->status = (p[9] - '0') * 100 + (p[10] - '0') * 10 + (p[11] - '0');
    if (s->status < 200 || s->status == 204 || s->status == 304 || s->status > 599)
        return false;
    for (at = 14; one_line(p + at, n - at, &len) && len > 2; at += len) {
        if (len >= sizeof line)
            return false;
        memcpy(line, p + at, len - 2);
        line[len - 2] = '\0';
        if (!isalpha((unsigned char)line[0]) || !strchr(line, ':') || strchr(line, '\r'))
            return false;
        if (str_istarts(line, "Content-Length:")) {
            if (lengths++ || !number_of(line + 15 + strspn(line + 15, " "), &s->length))
                return false;
        } else if (!str_istarts(line, "X-") && !str_istarts(line, "Retry-After:") &&
                   !str_istarts(line, "Location:")) {
            return false;
        }
    }
    s->body = at + 2;
    return lengths == 1 && one_line(p + at, n - at, &len) && len == 2;
}

/* ---- one answer ---- */

struct told {
    int times;
    char method;
};

static void headers(const struct http_reply *r)
{
    const struct http_headers *h = r->headers;
    const char *location = http_header(r, "Location");

    for (size_t i = 0; h && i < h->n; i++) {
        const char *name = h->v[i].name, *value = h->v[i].value;

        FUZZ_HOLDS(name[0] && !strpbrk(name, " \t\r\n:"), "a header's name is one word");
        for (; *value; value++)
            FUZZ_HOLDS(!iscntrl((unsigned char)*value), "a header's value has no controls");
        FUZZ_HOLDS(http_header(r, name), "a header is found by its name");
    }
    if (location)
        address(location);
    FUZZ_HOLDS(r->retry_after_ms >= -1 && r->retry_after_ms <= 24 * 3600 * 1000,
               "a delay is a day at most");
}

static void is_simple_answer(const struct http_reply *r, char method)
{
    struct simple s = { 0 };
    bool whole;

    if (!is_simple(answer, answer_len, &s))
        return;
    whole = method == 'H' || answer_len - s.body >= s.length;
    FUZZ_HOLDS((r->status != 0) == whole, "a whole answer arrives, a cut one does not");
    FUZZ_HOLDS(!whole || r->status == s.status, "the status is the server's");
    FUZZ_HOLDS(!whole || r->body_len == (method == 'H' ? 0 : s.length), "the body is whole");
    FUZZ_HOLDS(!whole || memcmp(r->body, answer + s.body, r->body_len) == 0,
               "the body is the server's");
}

static void on_done(void *payload, const struct http_reply *r)
{
    struct told *t = payload;
    const char *type = http_header(r, "Content-Type");

    FUZZ_HOLDS(t->times++ == 0, "a request is answered once");
    FUZZ_HOLDS(r->body && r->body[r->body_len] == '\0', "a body ends with a NUL");
    headers(r);
    if (r->status == 0) {
        fuzz_error(&r->err);
        FUZZ_HOLDS(r->err.domain == ERR_NET, "a lost answer is the network's");
        FUZZ_HOLDS(r->err.unsure, "a request that went out may have arrived");
        FUZZ_HOLDS(r->body_len == 0, "a lost answer has no body");
    } else {
        FUZZ_HOLDS(!err_is(&r->err), "an answer is no error");
        FUZZ_HOLDS(r->status >= 200 && r->status <= 999, "an interim status is no answer");
        FUZZ_HOLDS(t->method != 'H' || r->body_len == 0, "HEAD has no body");
    }
    if (r->status && r->body_len && type && str_istarts(type, "application/json")) {
        struct err e = { 0 };
        struct json *j = json_parse(r->body, r->body_len, HTTP_MAX_REPLY, &e);

        FUZZ_HOLDS(j || !str_ieq(type, "application/json"), "JSON that arrives is JSON");
        json_free(j);
    }
    is_simple_answer(r, t->method);
    if (r->status && r->body_len < 400)
        address(r->body);
}

static void exchange(struct loop *l, struct http *h, char method)
{
    struct told t = { .method = method };
    struct http_req q = { .method = method == 'H'   ? "HEAD"
                                    : method == 'P' ? "PUT"
                                                    : "GET",
                          .url = URL,
                          .headers = { { "Accept", "application/json" } },
                          .flags = HTTP_PLAIN_LOOPBACK | HTTP_NO_PROXY,
                          .deadline_ms = 5000,
                          .max_reply = 100000 };

    if (method == 'P') {
        q.body = "{}";
        q.body_len = 2;
    }
    http_send(h, &q, on_done, &t);
    for (int i = 0; i < 5000 && !t.times; i++)
        loop_turn(l, 10);
    FUZZ_HOLDS(t.times == 1, "a request is answered");
    FUZZ_HOLDS(connections == 1, "a request is sent once");
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct http_curl_config plain = { .proxy = "" };
    struct err e = { 0 };
    struct loop *l;
    struct http *h;

    if (size == 0)
        return 0;
    answer = data + 1;
    answer_len = size - 1;
    connections = 0;
    l = loop_new(&e);
    h = http_curl_new(l, &plain, &e);
    exchange(l, h, (char)data[0]);
    h->ops->close(h);
    if (server_fd >= 0)
        close(server_fd);
    server_fd = -1;
    loop_free(l);
    return 0;
}
