/* exchange.c - the exchange log: one JSON line an exchange, in the form that live validators read
 * (real-clients.md 4). */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/i18n.h"
#include "sandbox/exchange.h"
#include "sandbox/sandbox.h"

static int log_fd = -1;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

int exchange_open(const char *path, struct err *e)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_sys(e, errno, "%s", path);
    pthread_mutex_lock(&lock);
    if (log_fd >= 0)
        close(log_fd);
    log_fd = fd;
    pthread_mutex_unlock(&lock);
    return 0;
}

/* End of the head: the first byte of the body. */
static size_t head_len(const char *text, size_t len)
{
    const char *end = len ? memmem(text, len, "\r\n\r\n", 4) : NULL;
    return end ? (size_t)(end - text) + 4 : len;
}

static struct json *headers_of(const char *text, size_t len)
{
    struct json *out = json_object();
    const char *end = text + len, *line = len ? memchr(text, '\n', len) : NULL;
    while (line && ++line < end) {
        const char *nl = memchr(line, '\n', (size_t)(end - line));
        const char *stop = nl ? nl : end;
        const char *colon = memchr(line, ':', (size_t)(stop - line));
        if (colon) {
            struct str name = STR_INIT, value = STR_INIT;
            str_addn(&name, line, (size_t)(colon - line));
            str_addn(&value, colon + 1, (size_t)(stop - colon - 1));
            str_addc(&value, ' ');
            str_lower(name.p);
            json_set_str(out, name.p, str_trim(value.p));
            str_free(&name);
            str_free(&value);
        }
        line = nl;
    }
    return out;
}

static struct json *body_of(const char *text, size_t len)
{
    struct err e = { 0 };
    if (len == 0)
        return json_null();
    struct json *j = json_parse(text, len, 0, &e);
    if (j)
        return j;
    struct str copy = STR_INIT;
    str_addn(&copy, text, len);
    j = json_string(str_p(&copy));
    str_free(&copy);
    return j;
}

static struct json *shown_headers(const char *text, size_t len)
{
    struct json *headers = headers_of(text, len);
    if (!sb_options.log_secrets)
        exchange_mask_headers(headers);
    return headers;
}

static struct json *shown_body(const char *text, size_t len)
{
    struct json *body = body_of(text, len);
    return sb_options.log_secrets ? body : exchange_mask_body(body);
}

static int status_of(const char *reply, size_t len)
{
    return len >= 12 && strncmp(reply, "HTTP/1.", 7) == 0 ? atoi(reply + 9) : 0;
}

/* reply_len 0: the connection ended without an answer; status 0 stands for it. */
void exchange_write(const char *url, int64_t started_at, int64_t ended_at, const char *request,
                    size_t req_len, const char *reply, size_t reply_len)
{
    pthread_mutex_lock(&lock);
    bool wanted = log_fd >= 0;
    pthread_mutex_unlock(&lock);
    if (!wanted)
        return;
    size_t qh = head_len(request, req_len), rh = head_len(reply, reply_len);
    struct json *j = json_object();
    struct str line = STR_INIT;
    str_addn(&line, request, strcspn(request, " "));
    json_set_str(j, "method", str_p(&line));
    str_reset(&line);
    if (sb_options.log_secrets)
        str_add(&line, url);
    else
        exchange_mask_url(&line, url);
    json_set_str(j, "url", str_p(&line));
    json_set_int(j, "startedAt",
                 started_at); /* real Unix ms: for whoever counts dependent round trips */
    json_set_int(j, "endedAt", ended_at);
    json_set(j, "reqHeaders", shown_headers(request, qh));
    json_set(j, "reqBody", shown_body(request + qh, req_len - qh));
    json_set_int(j, "status", status_of(reply, reply_len));
    json_set(j, "resHeaders", shown_headers(reply, rh));
    json_set(j, "resBody", shown_body(reply + rh, reply_len - rh));
    str_reset(&line);
    json_write(&line, j);
    str_addc(&line, '\n');
    json_free(j);
    pthread_mutex_lock(&lock);
    if (log_fd >= 0 && write(log_fd, line.p, line.len) < 0) {
        close(log_fd); /* a full disk ends the log, not the sandbox */
        log_fd = -1;
    }
    pthread_mutex_unlock(&lock);
    str_free(&line);
}
