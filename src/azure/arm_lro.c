/* Long-running operations (azure-wire.md 2.8): which address to ask, what its answers mean, when it
 * is over. */
#include "config.h"

#include "azure/arm_int.h"

#include <string.h>

#include "azure/hci.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/text.h"

#define INTERVAL_S   10
#define MAX_WAIT_S   600
#define FAILED_READS 5

static bool is_one_of(const struct arm_call *c, const char *methods)
{
    return strstr(methods, c->method) != NULL;
}

static void ask_again(struct arm_call *c, const struct http_reply *r)
{
    int64_t second = c->arm->second_ms;
    int64_t ms = r && r->retry_after_ms >= 0 ? r->retry_after_ms : INTERVAL_S * second;

    if (ms > MAX_WAIT_S * second)
        ms = MAX_WAIT_S * second;
    if (ms < second / 5)
        ms = second / 5;
    arm_go_after(c, ms);
}

static void fail(struct arm_call *c, const struct err *e, bool unsure)
{
    struct err copy = *e;

    copy.unsure = unsure;
    arm_finish(c, c->first_http, NULL, &copy);
}

static void poll_resource(struct arm_call *c)
{
    str_reset(&c->target);
    str_add(&c->target, str_p(&c->url));
    c->poll = ARM_POLL_RESOURCE;
    c->failed_reads = 0;
}

/* Success: a PUT or PATCH is answered with the resource as it is now, everything else with what the
 * last answer held. */
static void done(struct arm_call *c, const struct json *json)
{
    if (c->poll == ARM_POLL_RESOURCE || !is_one_of(c, "PUT PATCH")) {
        arm_finish(c, c->first_http, json, NULL);
        return;
    }
    poll_resource(c);
    arm_go(c);
}

static bool has_failed(const char *state)
{
    return str_ieq(state, "Failed") || str_ieq(state, "Canceled") || str_ieq(state, "Cancelled");
}

static void failed(struct arm_call *c, const struct json *json, const char *state)
{
    const struct json *inner = json_get(json, "properties.error");
    struct err e = { 0 };

    arm_error_tree(&e, 0, json_is_object(inner) ? inner : json);
    if (!e.remote_code[0]) {
        text_set(e.remote_code, sizeof(e.remote_code), state);
        str_fmt(e.message, sizeof(e.message),
                _("Azure's operation ended as \"%s\" without a reason."), e.remote_code);
    }
    fail(c, &e, false);
}

/* A status that could not be read says nothing of the operation: asked again while there is time.
 * The status may be out of reach for somebody with rights on the resource alone: then the resource
 * tells (azure-wire.md 2.8.2, 2.8.9). An action has none, and whoever asked for it looks at once.
 */
static void read_failed(struct arm_call *c, const struct arm_answer *a, const struct err *e)
{
    int http = a->r->status;
    bool passing = http == 408 || http == 429 || http >= 500 || (http == 0 && e->retryable);
    bool refused = http == 403 && str_ieq(e->remote_code, "AuthorizationFailed");

    log_inf("a status could not be read (HTTP %d %s): %s", http, e->remote_code, e->message);
    if (passing) {
        ask_again(c, a->r);
    } else if ((http == 403 || http == 404) && c->poll != ARM_POLL_RESOURCE &&
               is_one_of(c, "PUT PATCH DELETE")) {
        poll_resource(c);
        ask_again(c, a->r);
    } else if (http == 401 || refused || ++c->failed_reads >= FAILED_READS) {
        fail(c, e, true);
    } else {
        ask_again(c, a->r);
    }
}

static void not_a_status(struct arm_call *c, const struct arm_answer *a)
{
    struct err e = { 0 };

    err_set(&e, ERR_ARM, 0, _("Azure's answer about a running operation is not as expected."));
    e.retryable = true;
    read_failed(c, a, &e);
}

/* -1: it names an address that we do not follow, and the call is over. */
static int take_address(struct arm_call *c, const struct http_reply *r, const char *header)
{
    const char *url = http_header(r, header);
    struct err e = { 0 };

    if (!url || !url[0] || str_eq(url, str_p(&c->target)))
        return 0;
    if (arm_follow(c, url, &e))
        return 0;
    fail(c, &e, true);
    return -1;
}

static void status_answer(struct arm_call *c, const struct arm_answer *a)
{
    const char *state = json_str(a->json, "status");

    if (!state || !state[0]) {
        not_a_status(c, a);
        return;
    }
    c->failed_reads = 0;
    if (str_ieq(state, "Succeeded"))
        done(c, a->json);
    else if (has_failed(state))
        failed(c, a->json, state);
    else if (take_address(c, a->r, "Azure-AsyncOperation") == 0)
        ask_again(c, a->r);
}

static void location_answer(struct arm_call *c, const struct arm_answer *a)
{
    c->failed_reads = 0;
    if (a->r->status != 202)
        done(c, a->json);
    else if (take_address(c, a->r, "Location") == 0)
        ask_again(c, a->r);
}

static void resource_answer(struct arm_call *c, const struct arm_answer *a)
{
    const char *state = json_str(a->json, "properties.provisioningState");

    c->failed_reads = 0;
    if (is_one_of(c, "PUT PATCH") && has_failed(state))
        failed(c, a->json, state);
    else if (is_one_of(c, "DELETE") || hci_state_running(state))
        ask_again(c, a->r);
    else
        done(c, a->json);
}

void arm_lro_answer(struct arm_call *c, const struct arm_answer *a)
{
    int http = a->r->status;

    if (err_is(&a->err)) {
        if (c->poll == ARM_POLL_RESOURCE && http == 404 && is_one_of(c, "DELETE"))
            arm_finish(c, c->first_http, NULL, NULL);
        else if (c->poll == ARM_POLL_LOCATION && !a->err.retryable && http >= 400 && http < 500 &&
                 http != 401 && http != 403 && http != 404)
            fail(c, &a->err, false); /* this address answers with the operation's own outcome */
        else
            read_failed(c, a, &a->err);
        return;
    }
    switch (c->poll) {
    case ARM_POLL_STATUS:
        status_answer(c, a);
        break;
    case ARM_POLL_LOCATION:
        location_answer(c, a);
        break;
    case ARM_POLL_RESOURCE:
        resource_answer(c, a);
        break;
    }
}

static void begin_at(struct arm_call *c, const struct arm_answer *a, const char *header,
                     enum arm_poll poll)
{
    c->phase = ARM_POLL;
    c->poll = poll;
    if (take_address(c, a->r, header) == 0)
        ask_again(c, a->r);
}

bool arm_lro_begin(struct arm_call *c, const struct arm_answer *a)
{
    const char *status = http_header(a->r, "Azure-AsyncOperation");
    const char *location = http_header(a->r, "Location");
    const char *state = json_str(a->json, "properties.provisioningState");
    int http = a->r->status;

    if (!arm_is_write(c) || http == 204)
        return false;
    if (status && status[0]) {
        begin_at(c, a, "Azure-AsyncOperation", ARM_POLL_STATUS);
        return true;
    }
    if (location && location[0] && (http == 202 || (http == 201 && state == NULL))) {
        begin_at(c, a, "Location", ARM_POLL_LOCATION);
        return true;
    }
    if (is_one_of(c, "PUT PATCH") && has_failed(state)) {
        failed(c, a->json, state);
        return true;
    }
    if ((is_one_of(c, "PUT PATCH") && (hci_state_running(state) || http == 202)) ||
        (is_one_of(c, "DELETE") && http == 202)) {
        c->phase = ARM_POLL;
        poll_resource(c);
        ask_again(c, a->r);
        return true;
    }
    return false;
}
