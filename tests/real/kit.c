#include "config.h"

#include "real/kit.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "real/record.h"

#define CLEAN_TRIES 5
#define CLEAN_MS    1000

const struct step *kit_step(const struct kit *k)
{
    return &kit_steps[k->at];
}

static void say(const char *mark, const char *fmt, va_list ap)
{
    struct str raw = STR_INIT;
    char line[600];

    str_addv(&raw, fmt, ap);
    text_clean(line, sizeof(line), str_p(&raw), raw.len, TEXT_LINE);
    printf("%-8s%s\n", mark, line);
    fflush(stdout);
    str_free(&raw);
}

void kit_note(struct kit *k, const char *mark, const char *fmt, ...)
{
    va_list ap;

    (void)k;
    va_start(ap, fmt);
    say(mark, fmt, ap);
    va_end(ap);
}

void kit_fail(struct kit *k, int result, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    say("failed", fmt, ap);
    va_end(ap);
    k->failed++;
    k->stopping = true;
    if (k->result == KIT_OK)
        k->result = result;
}

void kit_error(struct kit *k, const struct err *e, int http)
{
    const char *code = e->remote_code;

    kit_note(k, "failed", "%s: %s%s%s%s%s", kit_step(k)->title, e->message, code[0] ? " [" : "",
             code, code[0] ? "]" : "", http == 403 ? " (this account may not do that)" : "");
    k->failed++;
    if (k->result == KIT_OK)
        k->result = KIT_FAILED;
}

/* ---- from step to step ---- */

static void finish(struct kit *k)
{
    if (k->may_cluster || k->may_group) {
        say_left(k);
        k->result = KIT_LEFT;
    } else {
        remove_left_file(k);
    }
    k->done = true;
}

static bool wanted(const struct kit *k, const struct step *s)
{
    if (s->flags & STEP_CLEANS)
        return k->may_cluster || k->may_group;
    if (k->stopping)
        return false;
    return !(s->flags & STEP_WRITES) || k->o.write;
}

static void start(struct kit *k)
{
    if (!wanted(k, kit_step(k))) { /* Ctrl-C came in between */
        kit_next(k);
        return;
    }
    record_step(k->rec, kit_step(k)->id);
    kit_step(k)->start(k);
}

void kit_next(struct kit *k)
{
    k->tries = 0;
    do
        k->at++;
    while (k->at < kit_n_steps && !wanted(k, kit_step(k)));
    if (k->at < kit_n_steps)
        kit_later(k, 0, start);
    else
        finish(k);
}

void kit_start(struct kit *k)
{
    k->at = 0;
    start(k);
}

static void on_timer(void *payload)
{
    struct kit *k = payload;

    k->timer = NULL;
    k->then(k);
}

void kit_later(struct kit *k, int64_t ms, void (*then)(struct kit *k))
{
    loop_timer_del(k->timer);
    k->then = then;
    k->timer = loop_after(k->loop, ms, on_timer, k);
}

/* ---- one request ---- */

static bool once_more(struct kit *k, const struct arm_reply *r)
{
    if (!(kit_step(k)->flags & STEP_CLEANS) || !err_is(&r->err) || k->tries + 1 >= CLEAN_TRIES)
        return false;
    if (!r->err.retryable && !r->err.unsure && r->http != 409 && r->http < 500 && r->http != 0)
        return false;
    kit_note(k, "again", "%s: %s", kit_step(k)->title, r->err.message);
    kit_later(k, r->err.retry_after_ms > 0 ? r->err.retry_after_ms : CLEAN_MS << k->tries, start);
    k->tries++;
    return true;
}

static void on_reply(void *payload, const struct arm_reply *r)
{
    struct kit *k = payload;

    k->call = NULL;
    if (k->done || once_more(k, r))
        return;
    if (kit_step(k)->read) {
        kit_step(k)->read(k, r);
        return;
    }
    if (err_is(&r->err))
        kit_error(k, &r->err, r->http);
    else
        kit_note(k, "ok", "%s (HTTP %d)", kit_step(k)->title, r->http);
    kit_next(k);
}

static void send_request(struct kit *k, const char *method, const char *path, const char *api,
                         const char *query, unsigned flags, const struct json *body)
{
    struct arm_req q = {
        .method = method, .path = path, .query = query, .api = api, .flags = flags, .body = body
    };

    k->call = arm_send(k->arm, &q, on_reply, k);
}

void kit_ask(struct kit *k, const char *method, const char *path, const char *api, unsigned flags,
             struct json *body)
{
    send_request(k, method, path, api, NULL, flags, body);
    json_free(body);
}

void kit_query(struct kit *k, const char *path, const char *api, const char *query, unsigned flags)
{
    send_request(k, "GET", path, api, query, flags, NULL);
}

/* ---- Ctrl-C ---- */

/* A request that may change something is waited for: only its answer tells what there is to delete.
 */
void kit_stop(struct kit *k)
{
    bool again = k->stopping;

    if (again && (k->may_group || k->may_cluster)) {
        if (k->stop_again)
            finish(k);
        else
            kit_note(k, "stop", "what was made is being deleted; Ctrl-C once more leaves it there");
        k->stop_again = true;
        return;
    }
    k->stopping = true;
    k->result = KIT_INTERRUPTED;
    if (k->may_group || k->may_cluster) {
        kit_note(k, "stop", "interrupted: what was made is deleted first");
        if (!k->call && !k->timer)
            kit_next(k);
        return;
    }
    signin_cancel(k);
    kit_note(k, "stop", "interrupted; nothing was made in Azure");
    k->done = true;
}
