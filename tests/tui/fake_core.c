#include "config.h"

#include "tui/fake_core.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/str.h"

#define MAX_INTENTS 64
#define MAX_REPLIES 16

struct fake_core {
    int fd;
    struct wire *wire;
    struct wire_hello hello;
    struct json *data[SECTIONS];
    int64_t version[SECTIONS], since[SECTIONS];
    bool watched[SECTIONS], watching;
    struct {
        char name[32], secret_name[32], secret[200];
        struct json *args;
    } intents[MAX_INTENTS];
    size_t n_intents;
    struct {
        char name[32];
        struct json *result;
        struct err error;
        bool held;
    } replies[MAX_REPLIES];
    size_t n_replies;
    int64_t held_id;
};

static void answer_watch(struct fake_core *f)
{
    struct json *sections = json_object();
    size_t n = 0;

    for (int i = 0; f->watching && i < SECTIONS; i++) {
        struct json *s;
        if (!f->watched[i] || !f->data[i] || f->version[i] <= f->since[i])
            continue;
        s = json_object();
        json_set_int(s, "version", f->version[i]);
        json_set(s, "data", json_copy(f->data[i]));
        json_set(sections, section_rows[i].name, s);
        n++;
    }
    if (n == 0 || !f->wire) {
        json_free(sections);
        return;
    }
    f->watching = false;
    wire_send(f->wire, wire_answer_sections(sections));
}

static void take_watch(struct fake_core *f, const struct json *since)
{
    for (int i = 0; i < SECTIONS; i++)
        f->watched[i] = json_int(since, section_rows[i].name, &f->since[i]);
    f->watching = true;
    answer_watch(f);
}

/* One at the most: its name, and what its descriptor holds. */
static void take_secret(struct fake_core *f, const struct json *intent, size_t i)
{
    struct secret s = { 0 };
    int fd = wire_take_fd(f->wire);

    STR_SET(f->intents[i].secret_name, json_value_str(json_first(json_member(intent, "secrets"))));
    if (fd >= 0 && secret_unseal(&s, fd) == 0)
        STR_SET(f->intents[i].secret, s.p);
    secret_clear(&s);
    if (fd >= 0)
        close(fd);
}

static void take_intent(struct fake_core *f, const struct json *intent)
{
    const char *name = json_str(intent, "name");
    int64_t id = 0;

    json_int(intent, "id", &id);
    if (f->n_intents < MAX_INTENTS) {
        STR_SET(f->intents[f->n_intents].name, name);
        take_secret(f, intent, f->n_intents);
        f->intents[f->n_intents++].args = json_copy(json_member(intent, "args"));
    }
    for (size_t i = f->n_replies; i-- > 0;) {
        if (!str_eq(f->replies[i].name, name))
            continue;
        if (f->replies[i].held)
            f->held_id = id;
        else if (err_is(&f->replies[i].error))
            wire_send(f->wire, wire_answer_error(id, &f->replies[i].error));
        else
            wire_send(f->wire, wire_answer_result(id, json_copy(f->replies[i].result)));
        return;
    }
    wire_send(f->wire, wire_answer_result(id, json_object()));
}

static void on_line(void *payload, const struct json *line)
{
    struct fake_core *f = payload;
    const struct json *since = json_get(line, "watch.since"), *intent = json_member(line, "intent");

    if (since)
        take_watch(f, since);
    if (intent)
        take_intent(f, intent);
}

static void on_end(void *payload, const struct err *why)
{
    struct fake_core *f = payload;

    (void)why;
    wire_free(f->wire);
    f->wire = NULL;
}

struct fake_core *fake_new(struct loop *l, int fd, const struct wire_hello *hello)
{
    struct fake_core *f = xcalloc(1, sizeof *f);

    if (hello)
        f->hello = *hello;
    else
        f->hello = (struct wire_hello){ .protocol = WIRE_PROTOCOL,
                                        .program = "azloconfd",
                                        .version = "0.1.0",
                                        .pid = 4711,
                                        .may_act = true };
    f->fd = fd;
    f->wire = wire_new(l, fd, on_line, on_end, f);
    wire_send(f->wire, wire_hello_msg(&f->hello));
    return f;
}

void fake_free(struct fake_core *f)
{
    if (f->wire)
        wire_free(f->wire);
    for (int i = 0; i < SECTIONS; i++)
        json_free(f->data[i]);
    for (size_t i = 0; i < f->n_intents; i++)
        json_free(f->intents[i].args);
    for (size_t i = 0; i < f->n_replies; i++)
        json_free(f->replies[i].result);
    free(f);
}

void fake_send(struct fake_core *f, enum section_id id, struct json *data_owned)
{
    json_free(f->data[id]);
    f->data[id] = data_owned;
    f->version[id]++;
    answer_watch(f);
}

void fake_set(struct fake_core *f, enum section_id id, const void *section)
{
    fake_send(f, id, json_encode(section_rows[id].type, section));
}

void fake_raw(struct fake_core *f, const char *bytes)
{
    if (f->wire && send(f->fd, bytes, strlen(bytes), MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
        f->watching = false;
}

bool fake_is_lost(const struct fake_core *f)
{
    return !f->wire;
}

void fake_reply(struct fake_core *f, const char *intent, struct json *result_owned)
{
    STR_SET(f->replies[f->n_replies].name, intent);
    f->replies[f->n_replies++].result = result_owned;
}

void fake_refuse(struct fake_core *f, const char *intent, const struct err *e)
{
    STR_SET(f->replies[f->n_replies].name, intent);
    f->replies[f->n_replies++].error = *e;
}

void fake_hold(struct fake_core *f, const char *intent)
{
    STR_SET(f->replies[f->n_replies].name, intent);
    f->replies[f->n_replies++].held = true;
}

void fake_answer(struct fake_core *f, struct json *result_owned)
{
    wire_send(f->wire, wire_answer_result(f->held_id, result_owned));
}

size_t fake_count(const struct fake_core *f, const char *intent)
{
    size_t n = 0;

    for (size_t i = 0; i < f->n_intents; i++)
        n += str_eq(f->intents[i].name, intent);
    return n;
}

const char *fake_secret(const struct fake_core *f, const char *intent, const char *name)
{
    for (size_t i = f->n_intents; i-- > 0;)
        if (str_eq(f->intents[i].name, intent))
            return str_eq(f->intents[i].secret_name, name) ? f->intents[i].secret : "";
    return "";
}

const struct json *fake_args(const struct fake_core *f, const char *intent)
{
    for (size_t i = f->n_intents; i-- > 0;)
        if (str_eq(f->intents[i].name, intent))
            return f->intents[i].args;
    return NULL;
}
