#include "config.h"

#include "testing.h"

#include "net/http_impl.h"

int test_net_http(void);

static void test_host(void **state)
{
    static const struct {
        const char *url, *host;
    } good[] = {
        { "https://management.azure.com/subscriptions?x=1", "management.azure.com" },
        { "HTTPS://Management.Azure.COM:443", "management.azure.com" },
        { "https://127.0.0.1:4711/a", "127.0.0.1:4711" },
        { "http://localhost:80/", "localhost" },
        { "https://[::1]:8443#x", "[::1]:8443" },
    };
    static const char *const bad[] = {
        "ftp://a/",         "https://",
        "https:///x",       "https://user@host/",
        "https://a b/",     "https://a\\@b/",
        "https://a%2eb/",   "https://a:0/",
        "https://a:70000/", "https://a:/",
        "https://[::1/",    "https://[]/",
        "//host/",          "",
    };
    char host[HTTP_MAX_HOST];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        assert_true(http_url_host(good[i].url, host, sizeof(host)));
        assert_string_equal(host, good[i].host);
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_false(http_url_host(bad[i], host, sizeof(host)));
    assert_false(http_url_host(NULL, host, sizeof(host)));
    assert_false(http_url_host("https://management.azure.com/", host, 5));
}

static void test_kinds(void **state)
{
    (void)state;
    assert_true(http_url_is_https("https://a/"));
    assert_false(http_url_is_https("http://a/"));
    assert_false(http_url_is_https("https://user@a/"));
    assert_true(http_url_is_loopback("http://127.0.0.1:1/"));
    assert_true(http_url_is_loopback("https://127.9.9.9/"));
    assert_true(http_url_is_loopback("http://localhost:40342/x"));
    assert_true(http_url_is_loopback("http://[::1]:1/"));
    assert_false(http_url_is_loopback("http://127.0.0.1.evil.example/"));
    assert_false(http_url_is_loopback("http://localhost.evil.example/"));
    assert_false(http_url_is_loopback("http://128.0.0.1/"));
    assert_false(http_url_is_loopback("http://127.1/"));
    assert_false(http_url_is_loopback("http://[::2]/"));
}

static void add(struct http_headers *h, const char *line)
{
    assert_true(http_headers_line(h, line, strlen(line)));
}

static void test_headers(void **state)
{
    struct http_headers h = { 0 };
    struct http_reply r = { .headers = &h };

    (void)state;
    add(&h, "HTTP/1.1 200 OK\r\n");
    add(&h, "Content-Type:  application/json \r\n");
    add(&h, "X-Empty:\r\n");
    add(&h, "\r\n");
    assert_int_equal(h.n, 2);
    assert_string_equal(http_header(&r, "content-TYPE"), "application/json");
    assert_string_equal(http_header(&r, "x-empty"), "");
    assert_null(http_header(&r, "x-none"));
    add(&h, " Retry-After: 5\r\n"); /* goes on with the line before */
    add(&h, "Retry-After : 5\r\n");
    add(&h, "a b: c\r\n");
    add(&h, ": c\r\n");
    assert_int_equal(h.n, 2);
    add(&h, "X-Control: a\rb\x7f"
            "c\x1b\r\n");
    assert_string_equal(http_header(&r, "X-Control"), "a b c");
    http_headers_clear(&h);
    r.headers = NULL;
    assert_null(http_header(&r, "content-type"));
}

static void test_head_limit(void **state)
{
    struct http_headers h = { 0 };
    char line[1024];
    int n = 0;

    (void)state;
    memset(line, 'a', sizeof(line));
    line[10] = ':';
    while (http_headers_line(&h, line, sizeof(line)))
        n++;
    assert_int_equal(n, HTTP_MAX_HEAD / sizeof(line));
    http_headers_clear(&h);
}

static int64_t after(const char *name, const char *value)
{
    struct http_headers h = { 0 };
    struct http_reply r = { .status = 429, .body = "", .retry_after_ms = -1, .headers = &h };
    struct http_req q = { .method = "GET", .url = "https://a/" };

    if (name)
        http_headers_add(&h, name, value);
    http_judge(&r, &q, "a", true);
    http_headers_clear(&h);
    return r.retry_after_ms;
}

static void test_retry_after(void **state)
{
    int64_t ms;

    (void)state;
    assert_int_equal(after(NULL, NULL), -1);
    assert_int_equal(after("Retry-After", "7"), 7000);
    assert_int_equal(after("retry-after", "0"), 0);
    assert_int_equal(after("retry-after-ms", "250"), 250);
    assert_int_equal(after("x-ms-retry-after-ms", "1500"), 1500);
    assert_int_equal(after("Retry-After", "soon"), -1);
    assert_int_equal(after("Retry-After", "-5"), -1);
    assert_int_equal(after("Retry-After", "99999999999"), 24 * 3600 * 1000);
    assert_int_equal(after("Retry-After", "Sun, 06 Nov 1994 08:49:37 GMT"), 0);
    ms = after("Retry-After", "Fri, 31 Dec 2999 23:59:59 GMT");
    assert_int_equal(ms, 24 * 3600 * 1000);
    assert_int_equal(after("Retry-After", "Fri, 31 Foo 2999 23:59:59 GMT"), -1);
}

static int check(const char *url, unsigned flags, bool bearer, bool basic, const char *allowed,
                 struct err *e)
{
    struct http_allowed a = { 0 };
    struct secret s = { 0 };
    struct http_req q = { .method = "GET", .url = url, .flags = flags };
    char host[HTTP_MAX_HOST];
    int rc;

    secret_set(&s, "geheim", 6);
    q.bearer = bearer ? &s : NULL;
    q.basic = basic ? &s : NULL;
    if (allowed)
        http_allowed_add(&a, allowed);
    rc = http_check(&q, &a, host, e);
    http_allowed_add(&a, NULL);
    secret_clear(&s);
    return rc;
}

static void test_policy(void **state)
{
    struct err e = { 0 };

    (void)state;
    assert_int_equal(check("https://a.example/", 0, false, false, NULL, &e), 0);
    assert_int_equal(check("https://a.example/", 0, true, false, "a.example", &e), 0);
    assert_int_equal(check("https://a.example/", 0, true, false, "A.Example:443", &e), 0);
    assert_int_equal(check("http://127.0.0.1:1/", HTTP_PLAIN_LOOPBACK, false, true, NULL, &e), 0);
    assert_int_equal(check("https://b.example/", 0, true, false, "a.example", &e), -1);
    assert_int_equal(e.domain, ERR_NET);
    assert_string_equal(e.message, "refused to send the token to b.example");
    assert_false(e.unsure);
    assert_int_equal(check("https://a.example:444/", 0, true, false, "a.example", &e), -1);
    assert_int_equal(check("https://x.a.example/", 0, true, false, "a.example", &e), -1);
    assert_int_equal(check("http://127.0.0.1:1/", 0, false, false, NULL, &e), -1);
    assert_int_equal(check("http://a.example/", HTTP_PLAIN_LOOPBACK, false, false, NULL, &e), -1);
    assert_string_equal(e.message, "refused to talk to a.example without encryption");
    assert_int_equal(check("https://a.example/", 0, false, true, "a.example", &e), -1);
    assert_int_equal(check("file:///etc/passwd", HTTP_PLAIN_LOOPBACK, false, false, NULL, &e), -1);
}

static struct http_reply judged(const char *method, int status, const char *type, const char *body,
                                const char *accept, bool framed)
{
    struct http_headers h = { 0 };
    struct http_reply r = { .status = status,
                            .body = body,
                            .body_len = strlen(body),
                            .retry_after_ms = -1,
                            .headers = &h };
    struct http_req q = { .method = method, .url = "https://a/" };

    if (accept)
        q.headers[0] = (struct http_header){ "Accept", accept };
    if (type)
        http_headers_add(&h, "Content-Type", type);
    http_judge(&r, &q, "a", framed);
    http_headers_clear(&h);
    r.headers = NULL;
    return r;
}

static void test_judge(void **state)
{
    struct http_reply r;

    (void)state;
    r = judged("GET", 200, "application/json; charset=utf-8", "{\"a\":1}", NULL, true);
    assert_int_equal(r.status, 200);
    r = judged("PUT", 200, "application/json", "{\"a\":1", NULL, true);
    assert_int_equal(r.status, 0);
    assert_true(r.err.unsure);
    assert_true(r.err.retryable);
    assert_int_equal(r.err.http, 200);
    assert_int_equal(r.body_len, 0);
    r = judged("GET", 200, "application/problem+json", "{} {}", NULL, true);
    assert_int_equal(r.status, 0);
    r = judged("GET", 200, "text/plain", "{\"a\":1", NULL, true);
    assert_int_equal(r.status, 200);
    r = judged("GET", 200, "application/jsonx", "{", NULL, true);
    assert_int_equal(r.status, 200);
    /* An empty body is whole only where something says that it ends there. */
    r = judged("DELETE", 200, "application/json", "", NULL, true);
    assert_int_equal(r.status, 200);
    r = judged("GET", 200, "application/json", "", NULL, false);
    assert_int_equal(r.status, 0);
    r = judged("PUT", 202, "application/json", "", NULL, false);
    assert_int_equal(r.status, 202);
    r = judged("GET", 200, "text/html", "<html>sign in</html>", NULL, true);
    assert_int_equal(r.status, 0);
    assert_non_null(strstr(r.err.message, "web page"));
    r = judged("GET", 200, "text/html", "<html></html>", "text/html", true);
    assert_int_equal(r.status, 200);
    r = judged("GET", 502, "text/html", "<html></html>", NULL, true);
    assert_int_equal(r.status, 502);
}

int test_net_http(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_host),        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_headers),     cmocka_unit_test(test_head_limit),
        cmocka_unit_test(test_retry_after), cmocka_unit_test(test_policy),
        cmocka_unit_test(test_judge),
    };

    return TEST_GROUP("net/http", tests);
}
