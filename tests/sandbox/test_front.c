#include "config.h"

#include "testing.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sandbox/front.h"
#include "sandbox/ports.h"
#include "base/file.h"
#include "rig.h"

int test_sandbox_front(void);

static int tls_port, proxy_port;
static char log_path[600];

static int start_servers(void **state)
{
    struct err e = { 0 };
    int inner = 0;
    (void)state;
    struct world *w = rig_world();
    str_fmt(log_path, sizeof(log_path), "%s/exchanges.jsonl", test_dir());
    if (ca_init(sb_options.dir, &e) < 0 || exchange_open(log_path, &e) < 0 ||
        http_start(-1, &inner, w, &e) < 0 || front_start(inner, &tls_port, &proxy_port, &e) < 0) {
        print_error("%s: %s\n", e.context, e.message);
        return -1;
    }
    return curl_global_init(CURL_GLOBAL_DEFAULT);
}

static int stop_servers(void **state)
{
    (void)state;
    front_stop();
    http_stop_all();
    curl_global_cleanup();
    return 0;
}

struct answer {
    CURLcode rc;
    long status, retry_after, connects;
    struct str body;
    double seconds;
};

static size_t on_data(char *p, size_t size, size_t n, void *payload)
{
    str_addn(payload, p, size * n);
    return size * n;
}

static CURL *open_curl(void)
{
    static char ca[600];
    CURL *c = curl_easy_init();
    str_fmt(ca, sizeof(ca), "%s/ca.pem", sb_options.dir);
    curl_easy_setopt(c, CURLOPT_CAINFO, ca);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_data);
    curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, 5000L);
    curl_easy_setopt(c, CURLOPT_PROXY, "");
    return c;
}

static struct answer ask(CURL *c, const char *path)
{
    char url[700];
    curl_off_t wait = 0;
    struct answer a = { 0 };
    str_fmt(url, sizeof(url), "https://127.0.0.1:%d%s", tls_port, path);
    curl_easy_setopt(c, CURLOPT_URL, path[0] == '/' ? url : path);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, &a.body);
    a.rc = curl_easy_perform(c);
    curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &a.status);
    curl_easy_getinfo(c, CURLINFO_RETRY_AFTER, &wait);
    curl_easy_getinfo(c, CURLINFO_NUM_CONNECTS, &a.connects);
    curl_easy_getinfo(c, CURLINFO_TOTAL_TIME, &a.seconds);
    a.retry_after = (long)wait;
    return a;
}

static struct answer ask_once(const char *path)
{
    CURL *c = open_curl();
    struct answer a = ask(c, path);
    curl_easy_cleanup(c);
    return a;
}

#define KEYS "/common/discovery/v2.0/keys"

static void a_connection_serves_many_requests(void **state)
{
    (void)state;
    CURL *c = open_curl();
    for (int i = 0; i < 20; i++) {
        struct answer a = ask(c, i % 2 ? KEYS : "/tenants");
        assert_int_equal(a.rc, CURLE_OK);
        assert_int_equal(a.status, i % 2 ? 200 : 401);
        assert_int_equal(a.connects, i == 0);
        str_free(&a.body);
    }
    curl_easy_cleanup(c);
}

/* az joins "Microsoft.AzureStackHCI/" and "/clusters" so. */
static void doubled_slashes_are_one(void **state)
{
    (void)state;
    struct answer a = ask_once("/common//discovery/v2.0///keys");
    assert_int_equal(a.rc, CURLE_OK);
    assert_int_equal(a.status, 200);
    str_free(&a.body);
}

/* Doors stand where no outgoing connection can take their ports between two starts. */
static void doors_keep_clear_of_outgoing_connections(void **state)
{
    (void)state;
    assert_in_range(tls_port, PORTS_FIRST, PORTS_FIRST + PORTS_COUNT - 1);
    assert_in_range(proxy_port, PORTS_FIRST, PORTS_FIRST + PORTS_COUNT - 1);
}

static void the_proxy_leads_every_name_here(void **state)
{
    char proxy[64];
    (void)state;
    CURL *c = open_curl();
    str_fmt(proxy, sizeof(proxy), "http://127.0.0.1:%d", proxy_port);
    curl_easy_setopt(c, CURLOPT_PROXY, proxy);
    struct answer a =
        ask(c, "https://login.microsoftonline.com/common/v2.0/.well-known/openid-configuration");
    assert_int_equal(a.rc, CURLE_OK);
    assert_non_null(
        strstr(str_p(&a.body), "https://login.microsoftonline.com/common/oauth2/v2.0/token"));
    str_free(&a.body);
    a = ask(c, "https://elsewhere.example/");
    assert_int_equal(a.rc, CURLE_PEER_FAILED_VERIFICATION);
    str_free(&a.body);
    curl_easy_cleanup(c);
}

static void an_unknown_authority_is_noticed(void **state)
{
    (void)state;
    CURL *c = open_curl();
    curl_easy_setopt(c, CURLOPT_CAINFO, NULL);
    struct answer a = ask(c, KEYS);
    assert_int_equal(a.rc, CURLE_PEER_FAILED_VERIFICATION);
    str_free(&a.body);
    curl_easy_cleanup(c);
}

static void faults_of_bytes_are_real(void **state)
{
    static const struct {
        const char *spec;
        CURLcode rc;
    } rows[] = { { "reset", CURLE_RECV_ERROR },
                 { "reply-lost", CURLE_GOT_NOTHING },
                 { "truncate", CURLE_PARTIAL_FILE },
                 { "bad-length", CURLE_PARTIAL_FILE },
                 { "garbage", CURLE_RECV_ERROR } };
    struct err e = { 0 };
    (void)state;
    rig_world();
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_int_equal(fault_add(rows[i].spec, &e), 0);
        struct answer a = ask_once(KEYS);
        if (a.rc != rows[i].rc)
            fail_msg("%s: curl says %d, not %d", rows[i].spec, (int)a.rc, (int)rows[i].rc);
        str_free(&a.body);
        a = ask_once(KEYS);
        assert_int_equal(a.rc, CURLE_OK);
        str_free(&a.body);
    }
}

static void half_a_header_brings_no_body(void **state)
{
    struct err e = { 0 };
    (void)state;
    rig_world();
    assert_int_equal(fault_add("half-header", &e), 0);
    struct answer a = ask_once(KEYS);
    assert_int_equal(a.body.len, 0); /* whatever libcurl makes of it: there is no JSON */
    str_free(&a.body);
}

static void faults_of_status_carry_retry_after(void **state)
{
    struct err e = { 0 };
    (void)state;
    rig_world();
    assert_int_equal(fault_add("429:retry-after=3@GET /common*", &e), 0);
    assert_int_equal(fault_add("503@GET /common*", &e), 0);
    struct answer a = ask_once(KEYS);
    assert_int_equal(a.status, 429);
    assert_int_equal(a.retry_after, 3);
    assert_non_null(strstr(str_p(&a.body), "\"TooManyRequests\""));
    str_free(&a.body);
    a = ask_once(KEYS);
    assert_int_equal(a.status, 503);
    str_free(&a.body);
}

static void slow_and_latency_take_their_time(void **state)
{
    struct err e = { 0 };
    (void)state;
    rig_world();
    assert_int_equal(fault_add("slow=160", &e), 0);
    struct answer a = ask_once(KEYS);
    assert_int_equal(a.rc, CURLE_OK);
    assert_true(a.seconds >= 0.16);
    str_free(&a.body);
    sb_options.latency_ms = 120;
    a = ask_once(KEYS);
    sb_options.latency_ms = 0;
    assert_true(a.seconds >= 0.12);
    str_free(&a.body);
}

/* The effect of a request whose answer is lost has happened; that of a reset one has not. */
static void lost_replies_have_their_effect(void **state)
{
    const char *body = "client_id=" RIG_CLIENT "&scope=https://management.azure.com/.default";
    struct err e = { 0 };
    (void)state;
    const struct json *all = world_section(rig_world(), "signins");
    static const struct {
        const char *spec;
        size_t more;
    } rows[] = { { "reset", 0 }, { "503", 0 }, { "reply-lost", 1 }, { "truncate", 1 } };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        size_t before = json_len(all);
        assert_int_equal(fault_add(rows[i].spec, &e), 0);
        CURL *c = open_curl();
        curl_easy_setopt(c, CURLOPT_POSTFIELDS, body);
        struct answer a = ask(c, "/common/oauth2/v2.0/devicecode");
        assert_true(a.rc != CURLE_OK || a.status == 503);
        assert_int_equal(json_len(all), before + rows[i].more);
        str_free(&a.body);
        curl_easy_cleanup(c);
    }
}

static void steering_works_through_the_door(void **state)
{
    (void)state;
    rig_world();
    CURL *c = open_curl();
    struct curl_slist *h = curl_slist_append(NULL, "Content-Type: application/json");
    curl_easy_setopt(c, CURLOPT_HTTPHEADER, h);
    curl_easy_setopt(c, CURLOPT_POSTFIELDS, "{\"faults\":[\"500x*\"]}");
    struct answer a = ask(c, "/sandbox/faults");
    assert_int_equal(a.status, 200);
    str_free(&a.body);
    a = ask_once(KEYS);
    assert_int_equal(a.status, 500);
    str_free(&a.body);
    curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, "DELETE");
    curl_easy_setopt(c, CURLOPT_POSTFIELDS, "");
    a = ask(c, "/sandbox/faults"); /* a fault for everything spares it */
    assert_int_equal(a.status, 200);
    str_free(&a.body);
    a = ask_once(KEYS);
    assert_int_equal(a.status, 200);
    str_free(&a.body);
    curl_slist_free_all(h);
    h = curl_slist_append(NULL, "Origin: https://evil.example");
    curl_easy_setopt(c, CURLOPT_HTTPHEADER, h);
    a = ask(c, "/sandbox/faults");
    assert_int_equal(a.status, 403);
    str_free(&a.body);
    curl_slist_free_all(h);
    curl_easy_cleanup(c);
}

static size_t four_bytes(char *p, size_t size, size_t n, void *payload)
{
    const char **text = payload;
    size_t len = strlen(*text) < 4 ? strlen(*text) : 4;
    if (len > size * n)
        len = size * n;
    memcpy(p, *text, len);
    *text += len;
    return len;
}

static void chunked_bodies_are_read(void **state)
{
    const char *text = "client_id=" RIG_CLIENT "&scope=openid";
    (void)state;
    rig_world();
    CURL *c = open_curl();
    struct curl_slist *h = curl_slist_append(NULL, "Transfer-Encoding: chunked");
    h = curl_slist_append(h, "Content-Type: application/x-www-form-urlencoded");
    h = curl_slist_append(h, "Expect: 100-continue");
    curl_easy_setopt(c, CURLOPT_HTTPHEADER, h);
    curl_easy_setopt(c, CURLOPT_POST, 1L);
    curl_easy_setopt(c, CURLOPT_READFUNCTION, four_bytes);
    curl_easy_setopt(c, CURLOPT_READDATA, &text);
    struct answer a = ask(c, "/common/oauth2/v2.0/devicecode");
    assert_int_equal(a.rc, CURLE_OK);
    assert_int_equal(a.status, 200);
    assert_true(a.seconds < 0.9); /* the 100 came */
    str_free(&a.body);
    curl_slist_free_all(h);
    curl_easy_cleanup(c);
}

/* The agent's door: plain, and with bytes that are not HTTP. */
static void bad_requests_are_answered(void **state)
{
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct err e = { 0 };
    char buf[256] = "";
    int port = 0, fd = socket(AF_INET, SOCK_STREAM, 0);
    static const char request[] = "GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n";
    (void)state;
    assert_int_equal(http_start(0, &port, rig_world(), &e), 0);
    to.sin_port = htons((uint16_t)port);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
    assert_true(send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL) > 0);
    assert_true(recv(fd, buf, sizeof(buf) - 1, 0) > 12);
    assert_true(str_starts(buf, "HTTP/1.1 400 "));
    close(fd);
}

/* A length is digits on its own line: no sign, no 0x, nothing of the next line. */
static void lengths_are_read_strictly(void **state)
{
    static const struct {
        const char *text;
        enum msg_result result;
        const char *body;
    } rows[] = {
        { "A\r\nContent-Length: \t2\r\n\r\nab", MSG_OK, "ab" },
        { "A\r\nContent-Length:\r\n2\r\n\r\nab", MSG_BROKEN, "" },
        { "A\r\nContent-Length: +2\r\n\r\nab", MSG_BROKEN, "" },
        { "A\r\nContent-Length: 2;\r\n\r\nab", MSG_BROKEN, "" },
        { "A\r\nTransfer-Encoding: chunked\r\n\r\n2;x\r\nab\r\n0\r\n\r\n", MSG_OK, "ab" },
        { "A\r\nTransfer-Encoding: chunked\r\n\r\n0x2\r\nab\r\n0\r\n\r\n", MSG_BROKEN, "" },
        { "A\r\nTransfer-Encoding: chunked\r\n\r\n\r\n2\r\nab\r\n0\r\n\r\n", MSG_BROKEN, "" },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct msg m = { .head = STR_INIT, .body = STR_INIT };
        struct conn c = { .in = STR_INIT };
        size_t n = strlen(rows[i].text);
        int fd[2];

        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
        assert_int_equal(send(fd[1], rows[i].text, n, MSG_NOSIGNAL), n);
        close(fd[1]);
        c.fd = fd[0];
        assert_int_equal(msg_read(&c, &m, true, true), rows[i].result);
        assert_string_equal(str_p(&m.body), rows[i].body);
        msg_free(&m);
        str_free(&c.in);
        close(fd[0]);
    }
}

static void the_log_holds_each_exchange(void **state)
{
    struct str text = STR_INIT;
    struct err e = { 0 };
    bool marked = false, seen = false;
    (void)state;
    rig_world();
    assert_int_equal(fault_add("reply-lost@GET /tenants", &e), 0);
    struct answer a = ask_once("/tenants");
    str_free(&a.body);
    a = ask_once(KEYS "?x=1");
    str_free(&a.body);
    assert_int_equal(file_read(log_path, 1 << 22, &text, &e), 0);
    for (char *line = text.p; *line;) {
        size_t n = strcspn(line, "\n");
        struct json *j = json_parse(line, n, 0, &e);
        assert_non_null(j);
        const char *url = json_str(j, "url");
        int64_t status = 0;
        assert_true(json_int(j, "status", &status));
        assert_non_null(json_str(j, "method"));
        assert_true(json_is_object(json_get(j, "reqHeaders")));
        if (str_ends(url, KEYS "?x=1") && status == 200 &&
            json_is_array(json_get(j, "resBody.keys")))
            seen = true;
        if (str_ends(url, "/tenants") &&
            str_eq(json_str(j, "resHeaders.x-azlosandbox-fault"), "reply-lost") && status == 401)
            marked = true;
        json_free(j);
        line += n + (line[n] == '\n');
    }
    assert_true(seen && marked);
    str_free(&text);
}

int test_sandbox_front(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_connection_serves_many_requests),
        cmocka_unit_test(doubled_slashes_are_one),
        cmocka_unit_test(doors_keep_clear_of_outgoing_connections),
        cmocka_unit_test(the_proxy_leads_every_name_here),
        cmocka_unit_test(an_unknown_authority_is_noticed),
        cmocka_unit_test(faults_of_bytes_are_real),
        cmocka_unit_test(half_a_header_brings_no_body),
        cmocka_unit_test(faults_of_status_carry_retry_after),
        cmocka_unit_test(slow_and_latency_take_their_time),
        cmocka_unit_test(lost_replies_have_their_effect),
        cmocka_unit_test(steering_works_through_the_door),
        cmocka_unit_test(chunked_bodies_are_read),
        cmocka_unit_test(bad_requests_are_answered),
        cmocka_unit_test(lengths_are_read_strictly),
        cmocka_unit_test(the_log_holds_each_exchange),
    };
    return test_group(
        "sandbox/front",
        cmocka_run_group_tests_name("sandbox/front", tests, start_servers, stop_servers),
        (int)ARRAY_LEN(tests));
}
