#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "testing.h"

#include "base/file.h"
#include "rig.h"

static struct world *world;

/* Other fixtures of this program have options and a token key of their own. */
static void set_options(const char *dir)
{
    memset(&sb_options, 0, sizeof(sb_options));
    STR_SET(sb_options.dir, dir);
    STR_SET(sb_options.listen_host, "127.0.0.1");
    sb_options.approve = SB_APPROVE_MANUAL;
    sb_options.instant = true;
    sb_options.clock_rate = 1;
    sb_options.nodes = 1;
}

struct world *rig_world(void)
{
    char dir[512];
    struct err e = { 0 };
    str_fmt(dir, sizeof(dir), "%s/sandbox", test_dir());
    if (!str_eq(sb_options.dir, dir)) {
        set_options(dir);
        if (file_mkdirs(dir, &e) < 0 || jwt_init(dir, &e) < 0)
            fail_msg("%s: %s", e.context, e.message);
    }
    if (!world && world_open(dir, "", &world, &e) < 0)
        fail_msg("%s: %s", e.context, e.message);
    fault_clear();
    return world;
}

/* "a=b&c=d" without decoding: enough for what tests send. */
static struct json *pairs(const char *text)
{
    struct json *out = json_object();
    for (const char *p = text ? text : ""; *p;) {
        char name[128], value[4096];
        size_t n = strcspn(p, "&"), eq = strcspn(p, "=&");
        str_fmt(name, sizeof(name), "%.*s", (int)eq, p);
        str_fmt(value, sizeof(value), "%.*s", eq < n ? (int)(n - eq - 1) : 0, p + eq + (eq < n));
        json_set_str(out, name, value);
        p += n + (p[n] == '&');
    }
    return out;
}

struct rig_answer rig_ask(const char *method, const char *path, const char *query, const char *body,
                          const char *token)
{
    struct sb_req *q = xcalloc(1, sizeof(*q));
    struct sb_reply r = { 0 };
    struct json *params = pairs(query), *headers = json_object(), *form = NULL, *json = NULL;
    struct str bearer = STR_INIT;
    struct err e = { 0 };
    if (token) {
        str_addf(&bearer, "%s%s", str_starts(token, "Basic ") ? "" : "Bearer ", token);
        json_set_str(headers, "authorization", str_p(&bearer));
    }
    q->body = body ? body : "";
    q->body_len = strlen(q->body);
    q->sent_json = body && (*body == '{' || *body == '[');
    if (q->sent_json)
        json = json_parse(body, q->body_len, 0, &e);
    else if (body)
        form = pairs(body);
    q->method = method;
    q->path = path;
    q->host = "127.0.0.1:4433";
    STR_SET(q->base, "https://127.0.0.1:4433");
    q->query = params;
    q->headers = headers;
    q->json = json;
    q->form = form;
    q->api_version = sb_query(q, "api-version") ? sb_query(q, "api-version") : "";
    q->node = -1;
    q->world = world;
    guid_random(q->request_id);
    guid_random(q->correlation_id);
    route_dispatch(q, &r, false);
    json_free(params);
    json_free(headers);
    json_free(form);
    json_free(json);
    str_free(&bearer);
    free(q);
    return (struct rig_answer){ r.status, r.json, r.text, r.headers };
}

void rig_free(struct rig_answer *a)
{
    json_free(a->json);
    json_free(a->headers);
    free(a->text);
    *a = (struct rig_answer){ 0 };
}

char *rig_token(const char *aud, const char *tid, int life_s)
{
    const struct json *user = json_first(world_section(world, "users"));
    struct json *c = json_object();
    json_set_str(c, "aud", aud);
    json_set_str(c, "tid", tid);
    json_set_str(c, "oid", json_str(user, "oid"));
    json_set_str(c, "appid", RIG_CLIENT);
    json_set_str(c, "idtyp", "user");
    return jwt_sign("https://sts.windows.net/test/", c, life_s);
}
