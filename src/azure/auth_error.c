/* The one place that reads Entra's error body (azure-wire.md 1.8). */
#include "config.h"

#include "azure/auth_int.h"

#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/text.h"

static bool is_transient(int http, int code, const char *word)
{
    static const int numbers[] = { 90006, 90024, 90033, 90055, 50033, 50087, 40010, 90012, 90090 };

    if (http == 408 || http == 429 || http >= 500 || str_eq(word, "temporarily_unavailable"))
        return true;
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
        if (code == numbers[i])
            return true;
    return false;
}

/* error_codes[0]; the description carries it too, and is all that some gateways leave. */
static int first_number(const struct json *j, const char *description)
{
    const char *p = description ? strstr(description, "AADSTS") : NULL;
    int64_t v = 0;

    if (json_int_or_string(j, "error_codes.0", &v) && v > 0 && v < INT32_MAX)
        return (int)v;
    for (p = p ? p + 6 : ""; *p >= '0' && *p <= '9' && v < 100000000; p++)
        v = v * 10 + (*p - '0');
    return (int)v;
}

static void first_line(char *dst, size_t size, const char *description)
{
    size_t n = strcspn(description, "\r\n");
    const char *trace = str_ifind(description, " Trace ID:");

    if (trace && (size_t)(trace - description) < n)
        n = (size_t)(trace - description);
    text_clean(dst, size, description, n, TEXT_LINE);
}

static void no_json(struct err *e, int http, const char *body, size_t len)
{
    while (len > 0 && strchr(" \t\r\n\xef\xbb\xbf", *body) && *body) {
        body++;
        len--;
    }
    if (len > 0 && *body == '<')
        err_set(e, ERR_AUTH, 0,
                _("A proxy or gateway answered in place of Microsoft Entra (HTTP %d)."), http);
    else
        err_set(e, ERR_AUTH, 0, _("Microsoft Entra answered HTTP %d without a reason."), http);
}

void auth_error(struct err *e, int http, const char *body, size_t len)
{
    struct err ignored;
    struct json *j = body ? json_parse(body, len, AUTH_MAX_REPLY, &ignored) : NULL;
    const char *word = json_str(j, "error"), *text = json_str(j, "error_description");
    int code = first_number(j, text);
    char line[sizeof(e->message)] = "";

    if (!word && !text) {
        no_json(e, http, body ? body : "", body ? len : 0);
    } else {
        first_line(line, sizeof(line), text ? text : word);
        if (!line[0] && word)
            first_line(line, sizeof(line), word);
        if (line[0])
            err_set(e, ERR_AUTH, code, "%s", line);
        else
            no_json(e, http, "", 0);
        e->code = code;
        text_set(e->request_id, sizeof(e->request_id), json_str(j, "trace_id"));
        text_set(e->correlation_id, sizeof(e->correlation_id), json_str(j, "correlation_id"));
        if (code)
            str_fmt(e->remote_code, sizeof(e->remote_code), "AADSTS%d", code);
        else
            text_set(e->remote_code, sizeof(e->remote_code), word);
    }
    e->http = http;
    e->retryable = is_transient(http, code, word);
    json_free(j);
}
