#include "config.h"

#include "node/agent.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/log.h"
#include "base/proc.h"
#include "base/str.h"
#include "base/text.h"

#define SHOW_MS    45000
#define CONNECT_MS 480000
#define MAX_ARGS   24

enum agent_act { ACT_SHOW, ACT_CONNECT, ACT_DISCONNECT, ACT_GET, ACT_SET };

struct agent_call {
    struct agent *a;
    enum agent_act act;
    agent_done_fn *fn;
    void *payload;
    struct json *args;
    struct secret token;
    struct proc *proc;
    struct loop_timer *timer;
    struct err err; /* of a start that failed */
    bool changed;   /* the changing command has run: show what is now */
};

static const char *const show_keys[] = { "status",         "resourceName", "resourceGroup",
                                         "subscriptionId", "tenantId",     "location",
                                         "cloud",          "vmId",         "agentVersion",
                                         "resourceId" };

/* ---- the output of show -j ---- */

/* Older agents write log lines before the object, to standard output. */
static struct json *find_object(const char *text, size_t len)
{
    struct err ignored = { 0 };
    const char *open = memchr(text, '{', len), *close = memrchr(text, '}', len);
    struct json *j = json_parse(text, len, 0, &ignored);

    if (!j && open && close && close > open)
        j = json_parse(open, (size_t)(close - open) + 1, 0, &ignored);
    if (j && !json_is_object(j)) {
        json_free(j);
        return NULL;
    }
    return j;
}

static void derive_resource_id(struct json *out)
{
    const char *sub = json_str(out, "subscriptionId"), *group = json_str(out, "resourceGroup");
    const char *name = json_str(out, "resourceName"), *id = json_str(out, "resourceId");
    char text[400];

    if ((id && *id) || !sub || !group || !name || !*sub || !*group || !*name)
        return;
    if (str_fmt(text, sizeof(text),
                "/subscriptions/%s/resourceGroups/%s/providers/Microsoft.HybridCompute/machines/%s",
                sub, group, name)) /* the beginning of an id is none */
        json_set_str(out, "resourceId", text);
}

struct json *agent_parse_show(const char *text, size_t len, struct err *e)
{
    struct json *j = find_object(text, len), *out;
    const struct json *v;
    char clean[400];

    if (!j) {
        err_set(e, ERR_NODE, 0, _("What the Arc agent says about itself cannot be read."));
        return NULL;
    }
    out = json_object();
    json_set_bool(out, "installed", true);
    for (size_t i = 0; i < ARRAY_LEN(show_keys); i++) {
        v = json_imember(j, show_keys[i]);
        if (!v && str_eq(show_keys[i], "resourceId"))
            v = json_imember(j, "id");
        TEXT_SET(clean, json_value_str(v));
        json_set_str(out, show_keys[i], clean);
    }
    derive_resource_id(out);
    json_free(j);
    return out;
}

static struct json *not_installed(void)
{
    struct json *out = json_object();

    json_set_bool(out, "installed", false);
    for (size_t i = 0; i < ARRAY_LEN(show_keys); i++)
        json_set_str(out, show_keys[i], "");
    return out;
}

/* ---- exit codes ---- */

static bool code_in(int code, const int *codes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (codes[i] == code)
            return true;
    return false;
}

/* A word of its own, not a part of a number or name. */
static bool has_word(const char *text, const char *word)
{
    size_t n = strlen(word);

    for (const char *p = text; (p = strstr(p, word)); p++)
        if ((p == text || !(isalnum((unsigned char)p[-1]) || p[-1] == '-' || p[-1] == '.')) &&
            !isalnum((unsigned char)p[n]) && p[n] != '-')
            return true;
    return false;
}

static bool has_any(const char *text, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (has_word(text, words[i]))
            return true;
    return false;
}

/* The line that says most: the last one that speaks of an error, else the last one. */
static void telling_line(struct str *out, const char *text)
{
    const char *best = NULL, *p = text;
    size_t best_len = 0;
    bool best_error = false;

    while (*p) {
        size_t n = strcspn(p, "\n");
        struct str line = STR_INIT;
        bool error;

        str_addn(&line, p, n);
        error = str_ifind(line.p, "error") || str_ifind(line.p, "AZCM");
        if (*str_trim(line.p) && (error || !best_error)) {
            best = p;
            best_len = n;
            best_error = error;
        }
        str_free(&line);
        p += n + (p[n] == '\n');
    }
    if (best)
        str_addn(out, best, best_len);
}

static void remote_code(struct err *e, const char *text)
{
    const char *p = strstr(text, "AZCM");
    size_t n = p ? strspn(p + 4, "0123456789") : 0;

    if (n == 4)
        str_fmt(e->remote_code, sizeof(e->remote_code), "%.8s", p);
    else if (e->code > 0)
        str_fmt(e->remote_code, sizeof(e->remote_code), "AZCM%04d", e->code);
}

static bool has_proxy(const struct agent_call *c)
{
    return c->a->proxy && c->a->proxy[0];
}

/* What did not reach Azure went by the agent's proxy: 26 is the network, the words are Go's. */
static void tell_proxy(struct agent_call *c, const char *said)
{
    char text[sizeof(c->err.message)];

    if (!has_proxy(c) || (c->err.code != 26 && !str_ifind(said, "proxyconnect")))
        return;
    STR_SET(text, c->err.message);
    str_fmt(c->err.message, sizeof(c->err.message),
            _("%.280s The agent goes through the proxy %.80s."), text, c->a->proxy);
}

/* Of a missing right: action and scope, which stand at the end of a line that is too long for a
 * message. */
static void keep_right(struct str *line)
{
    const char *p = str_ifind(str_p(line), "does not have authorization to perform action");
    struct str rest = STR_INIT;

    if (!p)
        return;
    str_addf(&rest, "... %s", p);
    str_free(line);
    *line = rest;
}

/* azure-wire.md 5.9 */
static void explain(struct agent_call *c, const struct proc_result *r, const char *what)
{
    static const int later[] = { 4, 26, 45, 61, 64, 65, 66, 70, 83 }, unsure[] = { 11, 26, 62, 63 };
    static const char *const denied[] = {
        "Forbidden",     "AuthorizationFailed",       "access denied",
        "Access denied", "RequestDisallowedByPolicy", "403"
    };
    static const char *const busy[] = { "TooManyRequests",
                                        "ServiceUnavailable",
                                        "InternalServerError",
                                        "GatewayTimeout",
                                        "429",
                                        "500",
                                        "502",
                                        "503",
                                        "504" };
    struct str all = STR_INIT, line = STR_INIT;

    str_addn(&all, r->errout, r->errout_len);
    str_addc(&all, '\n');
    str_addn(&all, r->out, r->out_len);
    telling_line(&line, r->errout_len ? r->errout : r->out);
    keep_right(&line);
    if (r->timed_out || r->exit_code < 0) {
        err_set(&c->err, ERR_NODE, 0, _("azcmagent %s did not end in its time."), what);
        c->err.unsure = c->err.retryable = true;
    } else {
        err_set(&c->err, ERR_NODE, r->exit_code, _("azcmagent %s ended with code %d. %s"), what,
                r->exit_code, str_p(&line));
        c->err.unsure = code_in(r->exit_code, unsure, ARRAY_LEN(unsure));
        c->err.retryable = code_in(r->exit_code, later, ARRAY_LEN(later)) ||
                           has_any(str_p(&all), busy, ARRAY_LEN(busy));
        if (has_any(str_p(&all), denied, ARRAY_LEN(denied))) {
            c->err.http = 403;
            c->err.retryable = false;
        }
        remote_code(&c->err, str_p(&all));
        tell_proxy(c, str_p(&all));
    }
    str_free(&all);
    str_free(&line);
}

/* ---- a call ---- */

static void call_free(struct agent_call *c)
{
    loop_timer_del(c->timer);
    json_free(c->args);
    secret_clear(&c->token);
    free(c);
}

void agent_cancel(struct agent_call *c)
{
    if (!c)
        return;
    if (c->proc)
        proc_kill(c->proc);
    call_free(c);
}

/* answer is taken over; NULL: c->err */
static void call_end(struct agent_call *c, struct json *answer)
{
    c->fn(c->payload, answer, answer ? NULL : &c->err);
    json_free(answer);
    call_free(c);
}

static void run(struct agent_call *c, const char *const *argv, int fd, int64_t deadline,
                proc_done_fn *fn)
{
    struct proc_spec spec = { .argv = argv, .deadline_ms = deadline, .max_output = 256 * 1024 };

    if (fd >= 0) {
        spec.keep_fds = &fd;
        spec.n_keep_fds = 1;
    }
    c->proc = proc_start(c->a->loop, &spec, fn, c, &c->err);
    if (!c->proc)
        call_end(c, NULL);
}

static void on_shown(void *payload, const struct proc_result *r);

static void show(struct agent_call *c)
{
    const char *const argv[] = { c->a->path, "show", "-j", NULL };

    run(c, argv, -1, SHOW_MS, on_shown);
}

static bool is_connected(const struct json *shown)
{
    return str_ieq(json_str(shown, "status"), "Connected");
}

/* Does the agent stand where args want it? The Windows module compares these three
 * (register-flow.md 2.5 M3), not the name. */
static bool is_there(const struct json *shown, const struct json *args)
{
    static const char *const keys[] = { "subscriptionId", "resourceGroup", "tenantId" };
    const char *want;

    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        want = json_str(args, keys[i]);
        if (want && *want && !str_ieq(want, json_str(shown, keys[i])))
            return false;
    }
    return true;
}

static void end_connected(struct agent_call *c, struct json *shown)
{
    json_set_bool(shown, "already", !c->changed);
    call_end(c, shown);
}

static void end_elsewhere(struct agent_call *c, struct json *shown)
{
    err_set(&c->err, ERR_OP, ERR_C_ELSEWHERE,
            _("The Arc agent is connected to another place: %s (tenant %s). Disconnect it there "
              "first."),
            json_str(shown, "resourceId"), json_str(shown, "tenantId"));
    json_free(shown);
    call_end(c, NULL);
}

static void on_changed(void *payload, const struct proc_result *r)
{
    struct agent_call *c = payload;
    const char *what = c->act == ACT_CONNECT ? "connect" : "disconnect";
    bool connected_already = c->act == ACT_CONNECT && r->exit_code == 67;

    c->proc = NULL;
    if (r->exit_code != 0 && !connected_already) {
        explain(c, r, what);
        log_wrn("%s", c->err.message);
        call_end(c, NULL);
        return;
    }
    c->changed = true;
    show(c);
}

/* {"access-token":"..."}, or "service-principal-id" and "service-principal-secret": names of the
 * config file are those of the long options. What the secret stands in needs no escapes. */
static char *config_text(struct agent_call *c, size_t *len)
{
    const char *id = json_str(c->args, "servicePrincipalId");
    char head[160];
    size_t n;
    char *text;

    if (id && *id)
        str_fmt(head, sizeof(head),
                "{\"service-principal-id\":\"%s\",\"service-principal-secret\":\"", id);
    else
        STR_SET(head, "{\"access-token\":\"");
    n = strlen(head);
    text = wipe_malloc(n + c->token.len + 3);
    if (!text)
        abort();
    memcpy(text, head, n);
    memcpy(text + n, c->token.p, c->token.len);
    memcpy(text + n + c->token.len, "\"}", 3);
    *len = n + c->token.len + 2;
    return text;
}

static int secret_config(struct agent_call *c)
{
    const char *id = json_str(c->args, "servicePrincipalId");
    char *text;
    size_t n;
    int fd;

    if (!secret_is(&c->token))
        return err_set(&c->err, ERR_NODE, 0,
                       _("The Arc agent needs the token of a signed-in operator."));
    if (id && *id && !guid_is(id))
        return err_set(&c->err, ERR_NODE, 0, _("\"%s\" is no id of an application."), id);
    for (size_t i = 0; i < c->token.len; i++)
        if (c->token.p[i] < 0x21 || c->token.p[i] > 0x7e || strchr("\"\\", c->token.p[i]))
            return err_set(&c->err, ERR_NODE, 0,
                           _("The token holds characters that no token has."));
    text = config_text(c, &n);
    fd = secret_memfd("azcmagent-config", text, n);
    wipe_free(text);
    return fd >= 0 ? fd : err_sys(&c->err, errno, _("cannot hand the token to the Arc agent"));
}

static void change(struct agent_call *c)
{
    static const struct {
        const char *arg, *option;
    } rows[] = { { "subscriptionId", "--subscription-id" },
                 { "resourceGroup", "--resource-group" },
                 { "tenantId", "--tenant-id" },
                 { "location", "--location" },
                 { "cloud", "--cloud" },
                 { "correlationId", "--correlation-id" },
                 { "resourceName", "--resource-name" } };
    const char *argv[MAX_ARGS] = { c->a->path, c->act == ACT_CONNECT ? "connect" : "disconnect" };
    size_t n = 2;
    const char *value;
    char config[64];
    int fd = -1;

    for (size_t i = 0; c->act == ACT_CONNECT && i < ARRAY_LEN(rows); i++) {
        value = json_str(c->args, rows[i].arg);
        if (!value || !*value)
            continue;
        argv[n++] = rows[i].option;
        argv[n++] = value;
    }
    if (c->act == ACT_DISCONNECT && json_flag(c->args, "local", false)) {
        argv[n++] = "--force-local-only";
    } else {
        fd = secret_config(c);
        if (fd < 0) {
            call_end(c, NULL);
            return;
        }
        str_fmt(config, sizeof(config), "/proc/self/fd/%d", fd);
        argv[n++] = "--config";
        argv[n++] = config;
    }
    argv[n] = NULL;
    run(c, argv, fd, CONNECT_MS, on_changed);
    if (fd >= 0)
        close(fd);
}

static void on_proxy_set(void *payload, const struct proc_result *r)
{
    struct agent_call *c = payload;

    c->proc = NULL;
    if (r->exit_code == 0) {
        change(c);
        return;
    }
    explain(c, r, "config set proxy.url");
    call_end(c, NULL);
}

/* The agent is told its proxy before it is connected; one that is connected has its own. */
static void prepare(struct agent_call *c)
{
    const char *const argv[] = { c->a->path, "config", "set", "proxy.url", c->a->proxy, NULL };

    if (has_proxy(c))
        run(c, argv, -1, SHOW_MS, on_proxy_set);
    else
        change(c);
}

/* What a show before or after the change means for each act. */
static void shown_for_connect(struct agent_call *c, struct json *shown)
{
    const char *name = json_str(shown, "resourceName");

    if (is_connected(shown) && is_there(shown, c->args)) {
        end_connected(c, shown);
    } else if (name && *name && !is_there(shown, c->args)) {
        end_elsewhere(c, shown);
    } else if (c->changed) {
        err_set(&c->err, ERR_NODE, 0, _("azcmagent connect ended well, but the agent is %s."),
                json_str(shown, "status"));
        c->err.retryable = c->err.unsure = true;
        json_free(shown);
        call_end(c, NULL);
    } else {
        json_free(shown);
        prepare(c);
    }
}

static void shown_for_disconnect(struct agent_call *c, struct json *shown)
{
    const char *name = json_str(shown, "resourceName");

    if ((!name || !*name) && !is_connected(shown)) {
        call_end(c, shown);
    } else if (c->changed) {
        err_set(&c->err, ERR_NODE, 0, _("azcmagent disconnect ended well, but the agent is %s."),
                json_str(shown, "status"));
        c->err.retryable = c->err.unsure = true;
        json_free(shown);
        call_end(c, NULL);
    } else {
        json_free(shown);
        change(c);
    }
}

static void on_shown(void *payload, const struct proc_result *r)
{
    struct agent_call *c = payload;
    struct json *shown = NULL;

    c->proc = NULL;
    if (r->exit_code != 0)
        explain(c, r, "show");
    else
        shown = agent_parse_show(r->out, r->out_len, &c->err);
    if (!shown || c->act == ACT_SHOW) {
        if (!shown)
            c->err.unsure = c->changed;
        call_end(c, shown);
    } else if (c->act == ACT_CONNECT) {
        shown_for_connect(c, shown);
    } else {
        shown_for_disconnect(c, shown);
    }
}

/* ---- the agent's settings ---- */

static void on_config(void *payload, const struct proc_result *r)
{
    struct agent_call *c = payload;
    struct json *out = NULL;
    struct str text = STR_INIT;
    char clean[200];

    c->proc = NULL;
    if (r->exit_code != 0) {
        explain(c, r, c->act == ACT_GET ? "config get" : "config set");
    } else {
        str_addn(&text, r->out, r->out_len);
        TEXT_SET(clean, text.len ? str_trim(text.p) : "");
        out = json_object();
        json_set_str(out, "value", clean);
    }
    str_free(&text);
    call_end(c, out);
}

static void config(struct agent_call *c)
{
    const char *const argv[] = { c->a->path,
                                 "config",
                                 c->act == ACT_GET ? "get" : "set",
                                 json_str(c->args, "key"),
                                 json_str(c->args, "value"), /* NULL of a get */
                                 NULL };

    run(c, argv, -1, SHOW_MS, on_config);
}

static void on_start(void *payload)
{
    struct agent_call *c = payload;
    bool there = c->a->path && access(c->a->path, X_OK) == 0;

    c->timer = NULL;
    if (there && (c->act == ACT_GET || c->act == ACT_SET)) {
        config(c);
    } else if (c->act == ACT_GET || c->act == ACT_SET) {
        struct json *none = json_object();

        json_set_str(none, "value", "");
        call_end(c, none);
    } else if (there) {
        show(c);
    } else if (c->act == ACT_CONNECT) {
        err_set(&c->err, ERR_NODE, 0, _("The Arc agent is not installed: there is no %s."),
                c->a->path ? c->a->path : "azcmagent");
        call_end(c, NULL);
    } else {
        call_end(c, not_installed());
    }
}

static struct agent_call *start(struct agent *a, enum agent_act act, const struct json *args,
                                const struct secret *token, agent_done_fn *fn, void *payload)
{
    struct agent_call *c = xcalloc(1, sizeof(*c));

    c->a = a;
    c->act = act;
    c->fn = fn;
    c->payload = payload;
    c->args = args ? json_copy(args) : json_object();
    if (token)
        secret_copy(&c->token, token);
    c->timer = loop_after(a->loop, 0, on_start, c);
    return c;
}

struct agent_call *agent_show(struct agent *a, agent_done_fn *fn, void *payload)
{
    return start(a, ACT_SHOW, NULL, NULL, fn, payload);
}

struct agent_call *agent_connect(struct agent *a, const struct json *args,
                                 const struct secret *token, agent_done_fn *fn, void *payload)
{
    return start(a, ACT_CONNECT, args, token, fn, payload);
}

struct agent_call *agent_disconnect(struct agent *a, const struct json *args,
                                    const struct secret *token, agent_done_fn *fn, void *payload)
{
    return start(a, ACT_DISCONNECT, args, token, fn, payload);
}

struct agent_call *agent_config_get(struct agent *a, const char *key, agent_done_fn *fn,
                                    void *payload)
{
    struct json *args = json_object();
    struct agent_call *c;

    json_set_str(args, "key", key);
    c = start(a, ACT_GET, args, NULL, fn, payload);
    json_free(args);
    return c;
}

struct agent_call *agent_config_set(struct agent *a, const char *key, const char *value,
                                    agent_done_fn *fn, void *payload)
{
    struct json *args = json_object();
    struct agent_call *c;

    json_set_str(args, "key", key);
    json_set_str(args, "value", value);
    c = start(a, ACT_SET, args, NULL, fn, payload);
    json_free(args);
    return c;
}
