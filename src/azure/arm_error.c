/* Resource Manager's error bodies (azure-wire.md 2.6): one sentence, a code, and whether the same
 * request may be sent again. */
#include "config.h"

#include "azure/arm_int.h"

#include <string.h>

#include "base/i18n.h"
#include "base/text.h"

#define UNWRAPS 2

static bool in_list(const char *const *list, size_t n, const char *code)
{
    for (size_t i = 0; i < n; i++)
        if (str_ieq(list[i], code))
            return true;
    return false;
}

/* What time alone cures: azure-wire.md 2.6.7, 2.7.4, 2.10.10. */
static bool is_retryable(int http, const char *code)
{
    static const char *const codes[] = {
        "AnotherOperationInProgress",
        "GatewayTimeout",
        "InternalServerError",
        "PrincipalNotFound",
        "ReferencedResourceNotProvisioned",
        "RetryableError",
        "RetryableErrorDueToAnotherOperation",
        "ServerBusy",
        "ServerTimeout",
        "ServiceUnavailable",
        "SubscriptionRequestsThrottled",
        "TooManyRequests",
    };

    return http_status_passes(http) || in_list(codes, ARRAY_LEN(codes), code);
}

static const char *member_str(const struct json *j, const char *name)
{
    return json_value_str(json_imember(j, name));
}

/* {error:{...}} or bare {code, message}; NULL if it is neither. */
static const struct json *error_of(const struct json *j)
{
    const struct json *inner = json_imember(j, "error");

    if (json_is_object(inner))
        return inner;
    return member_str(j, "code") || member_str(j, "message") ? j : NULL;
}

/* ---- code and message ---- */

static bool is_envelope(const char *code)
{
    static const char *const codes[] = { "DeploymentFailed", "InvalidTemplateDeployment",
                                         "MultipleErrorsOccurred", "ResourceDeploymentFailure" };

    return in_list(codes, ARRAY_LEN(codes), code);
}

/* An envelope's own text says only that something is inside. */
static const struct json *into_details(const struct json *error)
{
    for (int i = 0; i < 4; i++) {
        const struct json *inner = json_first(json_imember(error, "details"));
        const char *message = member_str(error, "message");

        if (!inner || !error_of(inner) ||
            (message && message[0] && !is_envelope(member_str(error, "code"))))
            break;
        error = error_of(inner);
    }
    return error;
}

/* What is blank once it is clean says no more than nothing. */
static void set_unless_blank(char *dst, size_t size, const char *text)
{
    char clean[sizeof(((struct err *)0)->message)];

    text_set(clean, size < sizeof(clean) ? size : sizeof(clean), text);
    if (clean[strspn(clean, " ")])
        str_copy(dst, size, clean);
}

static void read_error(struct err *e, const struct json *j, struct str *whole, int unwraps)
{
    const struct json *error = error_of(j);
    const char *message, *code;
    struct json *inside = NULL;
    struct err ignored;

    if (!error)
        return;
    error = into_details(error);
    code = member_str(error, "code");
    message = member_str(error, "message");
    set_unless_blank(e->remote_code, sizeof(e->remote_code), code);
    set_unless_blank(e->message, sizeof(e->message), message);
    str_reset(whole);
    str_add(whole, message ? message : "");
    if (unwraps > 0 && message && message[strspn(message, " \t\r\n")] == '{')
        inside = json_parse(message, strlen(message), 0, &ignored);
    if (error_of(inside))
        read_error(e, inside, whole, unwraps - 1);
    json_free(inside);
}

void arm_error_tree(struct err *e, int http, const struct json *j)
{
    struct str whole = STR_INIT;

    if (http)
        err_set(e, ERR_ARM, 0, _("Azure refused the request (HTTP %d) without a reason."), http);
    else
        err_set(e, ERR_ARM, 0, _("Azure reported a failure without a reason."));
    e->http = http;
    read_error(e, j, &whole, UNWRAPS);
    if (arm_refusal_policy(e, j, str_p(&whole))) {
        if (is_envelope(e->remote_code) || !e->remote_code[0])
            STR_SET(e->remote_code, "RequestDisallowedByPolicy");
    } else {
        arm_refusal_right(e, str_p(&whole));
    }
    str_free(&whole);
    e->retryable = is_retryable(http, e->remote_code);
}

/* ---- public ---- */

void arm_error(struct err *e, int http, const char *body, size_t len, const char *request_id,
               const char *correlation_id)
{
    struct err ignored;
    struct json *j = len ? json_parse(body, len, ARM_MAX_REPLY, &ignored) : NULL;
    size_t blank = 0;

    arm_error_tree(e, http, j);
    while (blank < len && strchr(" \t\r\n\xef\xbb\xbf", body[blank]) && body[blank])
        blank++;
    if (!j && blank < len && body[blank] == '<')
        str_fmt(e->message, sizeof(e->message),
                _("A proxy or gateway answered in place of Azure (HTTP %d)."), http);
    if (request_id)
        text_set(e->request_id, sizeof(e->request_id), request_id);
    if (correlation_id)
        text_set(e->correlation_id, sizeof(e->correlation_id), correlation_id);
    json_free(j);
}
