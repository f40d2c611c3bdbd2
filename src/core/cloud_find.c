#include "config.h"

#include "core/cloud_find.h"

#include <stdlib.h>

#include "base/i18n.h"
#include "base/json.h"

#define DEADLINE_MS 15000
#define REPLY_MAX   (1024 * 1024)

struct cloud_find {
    struct http *http;
    struct http_call *call;
    char endpoint[256];
    bool trusted, local;
    cloud_find_fn *fn;
    void *payload;
};

static int read_cloud(const struct cloud_find *f, const struct http_reply *r, struct cloud *out,
                      struct err *e)
{
    struct json *doc;
    int rc;

    if (!r->status) {
        *e = r->err;
        return -1;
    }
    if (r->status != 200) {
        err_set(e, ERR_NET, 0, _("%s answers its metadata with HTTP %d."), f->endpoint, r->status);
        e->http = r->status;
        return -1;
    }
    doc = json_parse(r->body, r->body_len, REPLY_MAX, e);
    if (!doc)
        return err_wrap(e, _("metadata of %s"), f->endpoint);
    rc = f->local ? cloud_from_agent(out, doc, f->trusted, e)
                  : cloud_from_metadata(out, f->endpoint, doc, f->trusted, e);
    json_free(doc);
    return rc;
}

static void on_reply(void *payload, const struct http_reply *r)
{
    struct cloud_find *f = payload;
    struct cloud cloud;
    struct err e = { 0 };

    f->call = NULL;
    if (read_cloud(f, r, &cloud, &e) == 0) {
        f->fn(f->payload, &cloud, NULL);
    } else {
        err_wrap(&e, _("finding the cloud"));
        f->fn(f->payload, NULL, &e);
    }
    free(f);
}

static struct cloud_find *start(struct http *h, const struct cloud_find *wanted, const char *api)
{
    struct cloud_find *f = xcalloc(1, sizeof(*f));
    struct str url = STR_INIT;
    struct http_req q = { .method = "GET", .deadline_ms = DEADLINE_MS, .max_reply = REPLY_MAX };

    *f = *wanted;
    f->http = h;
    str_addf(&url, "%s/metadata/endpoints?api-version=%s", f->endpoint, api);
    q.url = url.p;
    q.headers[0] = (struct http_header){ "Accept", "application/json" };
    if (f->local) {
        q.headers[1] = (struct http_header){ "metadata", "true" };
        q.headers[2] = (struct http_header){ "UseDefaultCredentials", "true" };
        q.flags = HTTP_PLAIN_LOOPBACK | HTTP_NO_PROXY;
    }
    f->call = http_send(h, &q, on_reply, f);
    str_free(&url);
    return f;
}

struct cloud_find *cloud_find_start(struct http *h, const char *endpoint, bool trusted,
                                    cloud_find_fn *fn, void *payload)
{
    struct cloud_find f = { .trusted = trusted, .fn = fn, .payload = payload };

    STR_SET(f.endpoint, endpoint);
    return start(h, &f, API_METADATA);
}

struct cloud_find *cloud_find_local(struct http *h, const char *himds, bool trusted,
                                    cloud_find_fn *fn, void *payload)
{
    struct cloud_find f = { .trusted = trusted, .local = true, .fn = fn, .payload = payload };

    STR_SET(f.endpoint, himds);
    return start(h, &f, API_AGENT_METADATA);
}

void cloud_find_cancel(struct cloud_find *f)
{
    if (!f)
        return;
    http_cancel(f->http, f->call);
    free(f);
}
