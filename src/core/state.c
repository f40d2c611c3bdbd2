#include "config.h"

#include "core/state.h"

#include <stdlib.h>
#include <string.h>

#include "core/advice.h"

struct section {
    int64_t version;
    void *data;
    struct str bytes;
};

struct state {
    struct section sections[SECTIONS];
    state_change_fn *fn;
    void *payload;
};

struct state *state_new(void)
{
    struct state *s = xcalloc(1, sizeof(*s));

    for (size_t i = 0; i < SECTIONS; i++)
        s->sections[i].data = xcalloc(1, section_rows[i].type->size);
    return s;
}

void state_free(struct state *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < SECTIONS; i++) {
        free(s->sections[i].data);
        str_free(&s->sections[i].bytes);
    }
    free(s);
}

void state_listen(struct state *s, state_change_fn *fn, void *payload)
{
    s->fn = fn;
    s->payload = payload;
}

static void encode(const struct json_type *type, const void *data, struct str *out)
{
    struct json *j = json_encode(type, data);

    json_write(out, j);
    json_free(j);
}

static struct err *error_of(enum section_id id, void *data)
{
    switch (id) {
    case SEC_SIGNIN:
        return &((struct sec_signin *)data)->error;
    case SEC_CLUSTER:
        return &((struct sec_cluster *)data)->error;
    case SEC_RUN:
        return &((struct sec_run *)data)->error;
    case SEC_CHOICES:
        return &((struct sec_choices *)data)->error;
    default:
        return NULL;
    }
}

/* The clock is compared as it stood: only the rest can be news. */
static bool same_core(const struct section *old, const struct sec_core *fresh)
{
    const struct sec_core *was = old->data;
    struct sec_core then = *fresh;
    struct str bytes = STR_INIT;
    bool same;

    then.now = was->now;
    then.policy_now = was->policy_now;
    encode(&sec_core_type, &then, &bytes);
    same = str_eq(str_p(&bytes), str_p(&old->bytes));
    str_free(&bytes);
    return same;
}

bool state_publish(struct state *s, enum section_id id, const void *data)
{
    struct section *sec = &s->sections[id];
    const struct json_type *type = section_rows[id].type;
    struct str bytes = STR_INIT;
    void *copy;
    struct err *e;

    if (id == SEC_CORE && sec->version && same_core(sec, data))
        return false;
    copy = xmalloc(type->size);
    memcpy(copy, data, type->size);
    e = error_of(id, copy);
    if (e)
        advice_fill(e);
    if (id == SEC_SIGNIN)
        ((struct sec_signin *)copy)->yours = false;
    encode(type, copy, &bytes);
    if (sec->version && str_eq(str_p(&bytes), str_p(&sec->bytes))) {
        str_free(&bytes);
        free(copy);
        return false;
    }
    free(sec->data);
    str_free(&sec->bytes);
    sec->data = copy;
    sec->bytes = bytes;
    sec->version++;
    if (s->fn)
        s->fn(s->payload, id);
    return true;
}

int64_t state_version(const struct state *s, enum section_id id)
{
    return s->sections[id].version;
}

const void *state_get(const struct state *s, enum section_id id)
{
    return s->sections[id].data;
}

void state_add(const struct state *s, enum section_id id, int64_t uid, struct str *out)
{
    const struct section *sec = &s->sections[id];
    const struct sec_signin *in = sec->data;

    if (id == SEC_SIGNIN && in->owner_uid == uid && !str_eq(in->state, "out")) {
        struct sec_signin yours = *in;

        yours.yours = true;
        encode(&sec_signin_type, &yours, out);
        return;
    }
    if (id == SEC_SIGNIN && (str_eq(in->state, "code") || str_eq(in->state, "browser"))) {
        struct sec_signin others = *in; /* who has code or address could sign in in your place */

        others.user_code[0] = others.verification_uri[0] = others.message[0] = '\0';
        others.uri_trusted = false;
        encode(&sec_signin_type, &others, out);
        return;
    }
    if (sec->version)
        str_addn(out, str_p(&sec->bytes), sec->bytes.len);
    else
        encode(section_rows[id].type, sec->data, out);
}
