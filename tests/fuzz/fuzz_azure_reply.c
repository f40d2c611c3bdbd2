/* Target azure_reply: what Entra and Resource Manager answer, through the sign-in, the tokens, long
 * operations, pages and error bodies. The input is a script: its first line says what is done, then
 * come the answers, parted by lines "%%"; the last one is given again a few times.
 *
 *   sign-in | GET | PAGES | PUT | DELETE | POST | metadata     (a number behind it: cancel after so
 *   202 hold lost                                               many answers)
 *   Header: value
 *
 *   body
 *
 * An answer begins with its status; 0 is a lost one, 1 one that never comes. Clocks are the
 * script's: waiting costs nothing (the linker's --wrap puts that in). Entra's part of all but
 * sign-in is played from here. */
#include "config.h"

#include <ctype.h>
#include <stdlib.h>

#include "azure/arm_int.h"
#include "azure/auth_int.h"
#include "fuzz.h"
#include "net/http_impl.h"

#define ARM_HOST   "management.azure.com"
#define LOGIN_HOST "login.microsoftonline.com"
#define TOKEN      "token-of-this-test"
#define REPEATS    10
#define DAY_MS     (24 * 3600 * 1000)

/* ---- clocks ---- */

int64_t __real_mono_ms(void);
int64_t __wrap_mono_ms(void);
struct loop_timer *__real_loop_after(struct loop *l, int64_t ms, loop_timer_fn *fn, void *payload);
struct loop_timer *__wrap_loop_after(struct loop *l, int64_t ms, loop_timer_fn *fn, void *payload);

static int64_t now_ms = 1000000, dues[128];
static size_t n_dues;

int64_t __wrap_mono_ms(void)
{
    return now_ms;
}

struct loop_timer *__wrap_loop_after(struct loop *l, int64_t ms, loop_timer_fn *fn, void *payload)
{
    size_t kept = 0;

    FUZZ_HOLDS(ms <= 2 * (int64_t)DAY_MS, "nothing waits for more than two days");
    for (size_t i = 0; i < n_dues; i++)
        if (dues[i] > now_ms)
            dues[kept++] = dues[i];
    n_dues = kept < sizeof dues / sizeof dues[0] ? kept : kept - 1;
    dues[n_dues++] = now_ms + (ms > 0 ? ms : 0);
    return __real_loop_after(l, ms, fn, payload);
}

/* One turn; when nothing was due, the clock goes to what is due next. False: nothing ever is. */
static bool turn(struct loop *l)
{
    uint64_t before = loop_wakeups(l);
    int64_t next = INT64_MAX;

    loop_turn(l, 0);
    if (loop_wakeups(l) != before)
        return true;
    for (size_t i = 0; i < n_dues; i++)
        if (dues[i] > now_ms && dues[i] < next)
            next = dues[i];
    if (next == INT64_MAX)
        return false;
    now_ms = next;
    return true;
}

/* ---- the script ---- */

struct answer {
    const char *text;
    size_t len;
};
static struct {
    struct answer v[64];
    size_t n, at, given, most; /* most: then the call is cancelled; 0: never */
    bool entra;                /* Entra's answers come from the script, too */
} script;

static const struct answer *next_answer(void)
{
    script.given++;
    if (script.at < script.n)
        return &script.v[script.at++];
    return script.n && script.given < script.n + REPEATS ? &script.v[script.n - 1] : NULL;
}

static void parse_script(const char *text, size_t len)
{
    script.n = script.at = script.given = 0;
    while (len > 0 && script.n < sizeof script.v / sizeof script.v[0]) {
        const char *end = memmem(text, len, "\n%%\n", 4);
        size_t n = end ? (size_t)(end - text) : len;

        script.v[script.n++] = (struct answer){ text, n };
        n += end ? 4 : 0;
        text += n;
        len -= n;
    }
}

/* ---- the transport ---- */

struct http_call {
    struct http_call *next;
    http_done_fn *fn;
    void *payload;
    struct loop_timer *timer;
    struct http_req q;
    char method[8], host[HTTP_MAX_HOST], canned[400];
    const struct answer *answer;
};
static struct {
    struct http http;
    struct loop *loop;
    struct http_call *calls;
    struct http_allowed allowed;
    int writes, polls;
    int64_t last_poll;
} net;

static void call_drop(struct http_call *c)
{
    struct http_call **at = &net.calls;

    while (*at != c)
        at = &(*at)->next;
    *at = c->next;
}

static size_t read_head(const struct answer *a, struct http_reply *r, struct http_headers *h)
{
    const char *p = a->text, *end = a->text + a->len;
    bool first = true;

    while (p < end) {
        const char *lf = memchr(p, '\n', (size_t)(end - p));
        size_t n = lf ? (size_t)(lf - p) : (size_t)(end - p);

        if (first)
            for (size_t i = 0; i < n && i < 3 && isdigit((unsigned char)p[i]); i++)
                r->status = r->status * 10 + (p[i] - '0');
        else if (n == 0)
            return (size_t)(lf ? lf + 1 - a->text : end - a->text);
        else
            http_headers_line(h, p, n);
        first = false;
        p += lf ? n + 1 : n;
    }
    return a->len;
}

/* As net/http_curl ends a call: judged, then told, then gone. */
static void on_answer(void *payload)
{
    struct http_call *c = payload;
    struct answer canned = { c->canned, strlen(c->canned) };
    const struct answer *a = c->canned[0] ? &canned : c->answer;
    struct http_headers h = { NULL, 0, 0 };
    struct http_reply r = { .body = "", .retry_after_ms = -1, .headers = &h };
    size_t at = a ? read_head(a, &r, &h) : 0;
    char *body = malloc(a ? a->len - at + 1 : 1);

    c->timer = NULL;
    if (r.status >= 200) {
        r.body_len = a->len - at;
        memcpy(body, a->text + at, r.body_len);
        body[r.body_len] = '\0';
        r.body = body;
        http_judge(&r, &c->q, c->host, true);
    } else {
        r.status = 0;
        http_lost(&r, 28, true, true, c->host, "No answer came in time.");
    }
    call_drop(c);
    c->fn(c->payload, &r);
    http_headers_clear(&h);
    free(body);
    free(c);
}

/* Entra, where the script is about something else. */
static void canned_answer(struct http_call *c, const char *url)
{
    if (strstr(url, "/devicecode"))
        snprintf(c->canned, sizeof c->canned,
                 "200\nContent-Type: application/json\n\n{\"device_code\":\"d\",\"user_code\":"
                 "\"AB\",\"verification_uri\":\"https://microsoft.com/devicelogin\"}");
    else
        snprintf(c->canned, sizeof c->canned,
                 "200\nContent-Type: application/json\n\n{\"access_token\":\"" TOKEN "\","
                 "\"token_type\":\"Bearer\",\"refresh_token\":\"r\",\"expires_in\":3600}");
}

static void is_permitted(const struct http_req *q, const struct http_call *c, bool login)
{
    FUZZ_HOLDS(login || str_eq(c->host, ARM_HOST), "requests go to the cloud's own hosts");
    FUZZ_HOLDS(!q->basic, "the agent's key is not for Azure");
    FUZZ_HOLDS(!login || (!q->bearer && str_eq(q->method, "POST")), "Entra gets no bearer token");
    FUZZ_HOLDS(login || !q->bearer || str_starts(q->url, "https://" ARM_HOST) ||
                   str_istarts(q->url, "https://" ARM_HOST),
               "the token goes to Resource Manager alone");
    FUZZ_HOLDS(q->deadline_ms >= 0 && q->deadline_ms <= 15 * 60000, "a request has a deadline");
    for (size_t i = 0; i < HTTP_MAX_HEADERS && q->headers[i].name; i++)
        FUZZ_HOLDS(!strpbrk(q->headers[i].value, "\r\n"), "a header we send is one line");
}

static void count(const struct http_req *q, bool login)
{
    if (login && q->body && strstr(q->body, "grant-type%3Adevice_code")) {
        FUZZ_HOLDS(net.polls == 0 || now_ms - net.last_poll >= 1000,
                   "Entra is asked once a second at most");
        net.polls++;
        net.last_poll = now_ms;
    }
    if (!login && !str_eq(q->method, "GET") && !str_eq(q->method, "HEAD"))
        net.writes++;
}

static struct http_call *net_send(struct http *h, const struct http_req *q, http_done_fn *fn,
                                  void *payload)
{
    struct http_call *c = calloc(1, sizeof *c);
    struct err e = { 0 };
    int status = 0;
    bool login;

    (void)h;
    if (!c)
        abort();
    FUZZ_HOLDS(http_check(q, &net.allowed, c->host, &e) == 0, "a transport would let it out");
    login = str_eq(c->host, LOGIN_HOST);
    is_permitted(q, c, login);
    count(q, login);
    snprintf(c->method, sizeof c->method, "%s", q->method);
    c->fn = fn;
    c->payload = payload;
    c->q = (struct http_req){ .method = c->method, .max_reply = q->max_reply };
    c->next = net.calls;
    net.calls = c;
    if (login && !script.entra)
        canned_answer(c, q->url);
    else
        c->answer = next_answer();
    if (c->answer && c->answer->len)
        status = c->answer->text[0] == '1' && (c->answer->len == 1 || c->answer->text[1] == '\n');
    c->timer = loop_after(net.loop, c->canned[0] || (c->answer && status != 1) ? 1 : q->deadline_ms,
                          on_answer, c);
    return c;
}

static void net_cancel(struct http_call *c)
{
    loop_timer_del(c->timer);
    call_drop(c);
    free(c);
}

static void net_allow(struct http *h, const char *host_port)
{
    (void)h;
    http_allowed_add(&net.allowed, host_port);
}

static void net_close(struct http *h)
{
    (void)h;
}

static const struct http_ops net_ops = { net_send, net_cancel, net_close, net_allow };

/* ---- sign-in ---- */

static void view_is_sound(const struct auth *a)
{
    const struct auth_view *v = auth_view(a);

    FUZZ_HOLDS(text_is_clean(v->account) && text_is_clean(v->tenant) && text_is_clean(v->user_code),
               "what is shown of a sign-in is clean");
    FUZZ_HOLDS(text_is_clean(v->verification_uri) && text_is_clean(v->message), "and its message");
    FUZZ_HOLDS(!v->uri_trusted || cloud_may_verify(&a->cloud, v->verification_uri),
               "a trusted address is one of the cloud's");
    FUZZ_HOLDS(v->state != AUTH_CODE || (v->user_code[0] && v->verification_uri[0]),
               "a code can be used");
    FUZZ_HOLDS(v->state != AUTH_CODE || v->code_expires_mono - now_ms <= DAY_MS,
               "a code lives a day at most");
    FUZZ_HOLDS(v->state != AUTH_CODE || v->next_poll_mono <= v->code_expires_mono,
               "nothing is asked for a code that is over");
    if (v->state == AUTH_FAILED)
        fuzz_error(&v->err);
    if (v->state == AUTH_OUT || v->state == AUTH_FAILED)
        FUZZ_HOLDS(!secret_is(&a->refresh) && !a->slots, "who is out has no token");
}

struct token_told {
    int times;
    bool got;
};

static void on_token(void *payload, const struct secret *token, const struct err *e)
{
    struct token_told *t = payload;

    t->times++;
    FUZZ_HOLDS((token != NULL) == (e == NULL), "a token or an error");
    if (e)
        fuzz_error(e);
    t->got = token && secret_is(token);
}

static bool signed_in(struct auth *a)
{
    struct err e = { 0 };
    size_t looked = 0;

    FUZZ_HOLDS(auth_device(a, NULL, &e) == 0, "a sign-in begins");
    for (int i = 0; i < 20000; i++) {
        if (script.entra && script.given != looked)
            view_is_sound(a);
        looked = script.given;
        if (auth_view(a)->state == AUTH_IN || auth_view(a)->state == AUTH_FAILED)
            break;
        if (script.entra && script.most && script.given >= script.most) {
            auth_cancel(a);
            FUZZ_HOLDS(auth_view(a)->state == AUTH_OUT, "a cancelled sign-in is out");
            break;
        }
        FUZZ_HOLDS(turn(net.loop), "a sign-in goes on or ends");
    }
    view_is_sound(a);
    FUZZ_HOLDS(auth_view(a)->state != AUTH_STARTING && auth_view(a)->state != AUTH_CODE,
               "a sign-in comes to an end");
    return auth_view(a)->state == AUTH_IN;
}

/* Tokens now, and again when the first has run out. */
static void ask_tokens(struct auth *a)
{
    for (int round = 0; round < 3; round++) {
        struct token_told home = { 0, false }, other = { 0, false };
        bool in = auth_view(a)->state == AUTH_IN;

        auth_token(a, NULL, on_token, &home);
        auth_token(a, "other.example", on_token, &other);
        for (int i = 0; i < 5000 && (!home.times || !other.times); i++)
            FUZZ_HOLDS(turn(net.loop), "a token comes or does not");
        FUZZ_HOLDS(home.times == 1 && other.times == 1, "who asks for a token is told once");
        FUZZ_HOLDS(in || !home.got, "no token for who is not signed in");
        view_is_sound(a);
        if (round == 0)
            auth_token_reject(a, NULL);
        else
            now_ms += 3 * (int64_t)DAY_MS;
    }
}

/* ---- Resource Manager ---- */

struct told {
    int times;
    bool pages;
};

static void on_reply(void *payload, const struct arm_reply *r)
{
    struct told *t = payload;

    FUZZ_HOLDS(t->times++ == 0, "a call is answered once");
    FUZZ_HOLDS(text_is_clean(r->www_authenticate), "a challenge is clean");
    if (err_is(&r->err)) {
        fuzz_error(&r->err);
        return;
    }
    FUZZ_HOLDS(r->http >= 200 && r->http < 300, "a success has a good status");
    FUZZ_HOLDS(!t->pages || json_is_array(json_member(r->json, "value")), "pages are a list");
}

static void call(struct auth *a, const char *method, unsigned flags)
{
    static const char path[] =
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.AzureStackHCI/clusters/c";
    struct http *reads = http_retry_new(net.loop, &net.http);
    struct arm *arm = arm_new(net.loop, reads, &net.http, a, cloud_find("AzureCloud"));
    struct told t = { .pages = flags & ARM_PAGES };
    struct json *body = str_eq(method, "GET") ? NULL : json_object();
    struct arm_req q = { .method = method,
                         .path = path,
                         .api = "2024-04-01",
                         .body = body,
                         .flags = flags,
                         .correlation = "c" };
    struct arm_call *c = arm_send(arm, &q, on_reply, &t);
    int64_t began = now_ms;

    while (!t.times) {
        if (script.most && script.given >= script.most) {
            arm_cancel(c);
            break;
        }
        FUZZ_HOLDS(turn(net.loop), "a call goes on or ends");
        FUZZ_HOLDS(now_ms - began <= 16 * 60000, "a call keeps its deadline");
    }
    FUZZ_HOLDS(net.writes <= 2, "a write is sent once, and once more after a 401");
    json_free(body);
    arm_free(arm);
    reads->ops->close(reads);
}

/* ---- other documents ---- */

static void own_host(const char *url, const char *host)
{
    char theirs[HTTP_MAX_HOST];

    FUZZ_HOLDS(!url[0] || (http_url_is_https(url) && http_url_host(url, theirs, sizeof theirs) &&
                           str_eq(theirs, host)),
               "an untrusted cloud names its own host alone");
}

static void metadata(const struct answer *a, bool trusted)
{
    struct cloud c = { 0 };
    struct err e = { 0 };
    struct json *j = json_parse(a->text, a->len, 0, &e);

    err_clear(&e);
    if (cloud_from_metadata(&c, "https://arm.local:8443", j, trusted, &e) != 0) {
        fuzz_error(&e);
    } else {
        FUZZ_HOLDS(c.discovered && c.name[0] && text_is_clean(c.name), "a cloud has a name");
        FUZZ_HOLDS(http_url_is_https(c.arm) && http_url_is_https(c.login), "a cloud is https");
        FUZZ_HOLDS(!c.graph[0] || http_url_is_https(c.graph), "Graph is https");
        FUZZ_HOLDS(!c.portal[0] || (http_url_is_https(c.portal) && str_ends(c.portal, "/")),
                   "a portal is https and ends in a slash");
        if (!trusted) {
            own_host(c.arm, "arm.local:8443");
            own_host(c.login, "arm.local:8443");
            own_host(c.graph, "arm.local:8443");
            own_host(c.portal, "arm.local:8443");
        }
    }
    json_free(j);
}

/* Error bodies, tokens' words and ids, without a call around them. */
static void alone(const struct answer *a)
{
    struct err e = { 0 };
    char *text = malloc(a->len + 1);
    struct arm_id id;

    memcpy(text, a->text, a->len);
    text[a->len] = '\0';
    arm_error(&e, 403, text, a->len, text, text);
    fuzz_error(&e);
    err_clear(&e);
    auth_error(&e, 400, text, a->len);
    fuzz_error(&e);
    if (arm_id_parse(&id, text)) {
        FUZZ_HOLDS(arm_id_equal(text, text), "an id equals itself");
        FUZZ_HOLDS(id.subscription[0] && id.group[0] && id.provider[0] && id.type[0] && id.name[0],
                   "an id has all its parts");
    }
    free(text);
}

/* ---- one input ---- */

static const struct plan {
    const char *word, *method;
    unsigned flags;
} plans[] = {
    { "sign-in", NULL, 0 },        { "metadata", NULL, 0 },       { "GET", "GET", 0 },
    { "PAGES", "GET", ARM_PAGES }, { "PUT", "PUT", ARM_LRO },     { "DELETE", "DELETE", ARM_LRO },
    { "POST", "POST", ARM_LRO },   { "PATCH", "PATCH", ARM_LRO },
};

static void play(const struct plan *p)
{
    struct auth *a;

    script.entra = str_eq(p->word, "sign-in");
    for (size_t i = 0; i < script.n; i++)
        alone(&script.v[i]);
    if (str_eq(p->word, "metadata")) {
        for (size_t i = 0; i < script.n; i++) {
            metadata(&script.v[i], false);
            metadata(&script.v[i], true);
        }
        return;
    }
    a = auth_new(net.loop, &net.http, cloud_find("AzureCloud"), NULL, NULL, NULL);
    if (signed_in(a) && p->method)
        call(a, p->method, p->flags);
    else if (!p->method)
        ask_tokens(a);
    auth_sign_out(a);
    view_is_sound(a);
    auth_free(a);
    FUZZ_HOLDS(!net.calls, "nothing is under way when all is freed");
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *lf = size ? memchr(data, '\n', size) : NULL;
    struct err e = { 0 };
    char word[32] = "";

    if (!lf || (size_t)(lf - data) >= sizeof word)
        return 0;
    memcpy(word, data, (size_t)(lf - data));
    parse_script((const char *)lf + 1, size - (size_t)(lf - data) - 1);
    now_ms = 1000000;
    n_dues = 0;
    memset(&net, 0, sizeof net);
    net.http.ops = &net_ops;
    net.loop = loop_new(&e);
    for (size_t i = 0; i < sizeof plans / sizeof plans[0]; i++) {
        size_t n = strlen(plans[i].word);

        if (strncmp(word, plans[i].word, n) != 0 || (word[n] && word[n] != ' '))
            continue;
        script.most = word[n] ? (size_t)atoi(word + n) : 0;
        play(&plans[i]);
        break;
    }
    for (int i = 0; i < 8; i++)
        turn(net.loop);
    http_allowed_add(&net.allowed, NULL);
    loop_free(net.loop);
    return 0;
}
