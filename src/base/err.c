#include "config.h"

#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/text.h"

static const char *const domain_names[ERR_DOMAINS] = {
    [ERR_NONE] = "",     [ERR_USAGE] = "usage", [ERR_SYSTEM] = "system", [ERR_NET] = "net",
    [ERR_AUTH] = "auth", [ERR_ARM] = "arm",     [ERR_NODE] = "node",     [ERR_STORE] = "store",
    [ERR_OP] = "op",     [ERR_WIRE] = "wire",
};

/* The arguments may point into *e itself: it is written last. */
static void fill(struct err *e, enum err_domain domain, int code, const struct str *message)
{
    struct err fresh = { .domain = domain, .code = code, .retry_after_ms = -1 };

    text_clean(fresh.message, sizeof(fresh.message), str_p(message), message->len, TEXT_LINE);
    *e = fresh;
}

int err_set(struct err *e, enum err_domain domain, int code, const char *fmt, ...)
{
    struct str s = STR_INIT;
    va_list ap;

    if (!e)
        return -1;
    va_start(ap, fmt);
    str_addv(&s, fmt, ap);
    va_end(ap);
    fill(e, domain, code, &s);
    str_free(&s);
    return -1;
}

int err_sys(struct err *e, int errnum, const char *fmt, ...)
{
    struct str s = STR_INIT;
    char why[128];
    va_list ap;

    if (!e)
        return -1;
    va_start(ap, fmt);
    str_addv(&s, fmt, ap);
    va_end(ap);
    str_add(&s, ": ");
    str_add(&s, strerror_r(errnum, why, sizeof(why)));
    fill(e, ERR_SYSTEM, errnum, &s);
    str_free(&s);
    return -1;
}

int err_wrap(struct err *e, const char *fmt, ...)
{
    struct str s = STR_INIT;
    va_list ap;

    if (!e || e->context[0])
        return -1;
    va_start(ap, fmt);
    str_addv(&s, fmt, ap);
    va_end(ap);
    text_clean(e->context, sizeof(e->context), str_p(&s), s.len, TEXT_LINE);
    str_free(&s);
    return -1;
}

void err_clear(struct err *e)
{
    if (e)
        memset(e, 0, sizeof(*e));
}

const char *err_domain_name(enum err_domain d)
{
    return (unsigned)d < ERR_DOMAINS ? domain_names[d] : "";
}

enum err_domain err_domain_of(const char *name)
{
    for (int d = ERR_NONE + 1; d < ERR_DOMAINS; d++)
        if (str_eq(domain_names[d], name))
            return (enum err_domain)d;
    return ERR_NONE;
}

static const struct json_field err_fields[] = {
    JSON_WORD(struct err, domain, "domain", JSON_REQUIRED, domain_names),
    JSON_INT32(struct err, code, "code", 0),
    JSON_INT32(struct err, http, "http", JSON_SKIP_EMPTY),
    JSON_BOOL(struct err, retryable, "retryable", JSON_SKIP_EMPTY),
    JSON_BOOL(struct err, unsure, "unsure", JSON_SKIP_EMPTY),
    JSON_INT(struct err, retry_after_ms, "retryAfterMs", 0),
    JSON_STR(struct err, message, "message", 0),
    JSON_STR(struct err, context, "context", JSON_SKIP_EMPTY),
    JSON_STR(struct err, advice, "advice", JSON_SKIP_EMPTY),
    JSON_STR(struct err, remote_code, "remoteCode", JSON_SKIP_EMPTY),
    JSON_STR(struct err, request_id, "requestId", JSON_SKIP_EMPTY),
    JSON_STR(struct err, correlation_id, "correlationId", JSON_SKIP_EMPTY),
    JSON_STR(struct err, detail, "detail", JSON_SKIP_EMPTY),
};
const struct json_type err_json = JSON_TYPE("error", struct err, err_fields);
