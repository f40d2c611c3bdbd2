#include "config.h"

#include "base/json.h"

#include <limits.h>
#include <string.h>

#include "base/i18n.h"
#include "base/text.h"

static int decode_into(const struct json *j, const struct json_type *t, char *out, struct err *e);

static int wrong(const struct json_type *t, const struct json_field *f, struct err *e)
{
    return err_set(e, ERR_WIRE, ERR_C_CORRUPT,
                   _("The member \"%s\" of \"%s\" is of the wrong type."), f->name, t->name);
}

static int decode_int(const struct json *v, const struct json_type *t, const struct json_field *f,
                      char *at, struct err *e)
{
    int64_t n;
    int small;

    if (!json_value_int(v, &n))
        return wrong(t, f, e);
    if (f->size != sizeof(int)) {
        memcpy(at, &n, sizeof(n));
        return 0;
    }
    if (n < INT_MIN || n > INT_MAX)
        return err_set(e, ERR_WIRE, ERR_C_CORRUPT,
                       _("The number in the member \"%s\" of \"%s\" is too big."), f->name,
                       t->name);
    small = (int)n;
    memcpy(at, &small, sizeof(small));
    return 0;
}

static int decode_word(const struct json *v, const struct json_type *t, const struct json_field *f,
                       char *at, struct err *e)
{
    const char *word = json_value_str(v);

    if (!word)
        return wrong(t, f, e);
    for (size_t i = 0; i < f->max; i++) {
        int value = (int)i;

        if (str_eq(f->words[i], word)) {
            memcpy(at, &value, sizeof(value));
            return 0;
        }
    }
    return err_set(e, ERR_WIRE, ERR_C_CORRUPT,
                   _("The member \"%s\" of \"%s\" has an unknown value."), f->name, t->name);
}

static int decode_list(const struct json *v, const struct json_type *t, const struct json_field *f,
                       char *base, struct err *e)
{
    char *at = base + f->off;
    size_t n = json_len(v), i = 0;

    if (!json_is_array(v))
        return wrong(t, f, e);
    if (n > f->max)
        return err_set(e, ERR_WIRE, ERR_C_TOO_BIG,
                       _("The member \"%s\" of \"%s\" has %zu items, more than the %zu allowed."),
                       f->name, t->name, n, f->max);
    JSON_EACH (item, v) {
        char *slot = at + i++ * f->size;

        if (!f->sub && !json_is_string(item))
            return wrong(t, f, e);
        if (!f->sub)
            text_set(slot, f->size, json_value_str(item));
        else if (decode_into(item, f->sub, slot, e) < 0)
            return -1;
    }
    memcpy(base + f->count_off, &n, sizeof(n));
    return 0;
}

static int decode_field(const struct json *v, const struct json_type *t, const struct json_field *f,
                        char *base, struct err *e)
{
    char *at = base + f->off;
    bool flag;

    switch (f->kind) {
    case JSON_F_STR:
        if (!json_is_string(v))
            return wrong(t, f, e);
        text_set(at, f->size, json_value_str(v));
        return 0;
    case JSON_F_BOOL:
        if (!json_is_bool(v))
            return wrong(t, f, e);
        flag = json_flag(v, NULL, false);
        memcpy(at, &flag, sizeof(flag));
        return 0;
    case JSON_F_INT:
        return decode_int(v, t, f, at, e);
    case JSON_F_WORD:
        return decode_word(v, t, f, at, e);
    case JSON_F_OBJ:
        return json_is_object(v) ? decode_into(v, f->sub, at, e) : wrong(t, f, e);
    case JSON_F_LIST:
        return decode_list(v, t, f, base, e);
    }
    return wrong(t, f, e);
}

static int decode_into(const struct json *j, const struct json_type *t, char *out, struct err *e)
{
    if (!json_is_object(j))
        return err_set(e, ERR_WIRE, ERR_C_CORRUPT, _("\"%s\" is not a JSON object."), t->name);
    for (size_t i = 0; i < t->n; i++) {
        const struct json_field *f = &t->fields[i];
        const struct json *v = json_member(j, f->name);

        if (v && !json_is_null(v)) {
            if (decode_field(v, t, f, out, e) < 0)
                return -1;
        } else if (f->flags & JSON_REQUIRED) {
            return err_set(e, ERR_WIRE, ERR_C_CORRUPT, _("The member \"%s\" of \"%s\" is missing."),
                           f->name, t->name);
        }
    }
    return 0;
}

int json_decode(const struct json *j, const struct json_type *t, void *out, struct err *e)
{
    memset(out, 0, t->size);
    return decode_into(j, t, out, e);
}

static struct json *encode_list(const struct json_field *f, const char *base)
{
    struct json *list = json_array();
    const char *at = base + f->off;
    size_t n;

    memcpy(&n, base + f->count_off, sizeof(n));
    for (size_t i = 0; i < n && i < f->max; i++, at += f->size)
        json_push(list, f->sub ? json_encode(f->sub, at) : json_string(at));
    return list;
}

static int64_t int_of(const struct json_field *f, const char *at)
{
    int64_t n;
    int small;

    if (f->kind == JSON_F_INT && f->size != sizeof(int)) {
        memcpy(&n, at, sizeof(n));
        return n;
    }
    memcpy(&small, at, sizeof(small));
    return small;
}

static bool flag_of(const char *at)
{
    bool b;

    memcpy(&b, at, sizeof(b));
    return b;
}

static const char *word_of(const struct json_field *f, const char *at)
{
    int64_t n = int_of(f, at);

    return n >= 0 && (uint64_t)n < f->max && f->words[n] ? f->words[n] : "";
}

static bool all_zero(const char *p, size_t n)
{
    while (n > 0 && p[n - 1] == 0)
        n--;
    return n == 0;
}

static bool is_empty(const struct json_field *f, const char *base)
{
    const char *at = base + f->off;

    switch (f->kind) {
    case JSON_F_STR:
        return at[0] == '\0';
    case JSON_F_BOOL:
        return !flag_of(at);
    case JSON_F_INT:
    case JSON_F_WORD:
        return int_of(f, at) == 0;
    case JSON_F_OBJ:
        return all_zero(at, f->size);
    case JSON_F_LIST:
        return all_zero(base + f->count_off, sizeof(size_t));
    }
    return false;
}

static struct json *encode_field(const struct json_field *f, const char *base)
{
    const char *at = base + f->off;

    switch (f->kind) {
    case JSON_F_STR:
        return json_string(at);
    case JSON_F_BOOL:
        return json_bool(flag_of(at));
    case JSON_F_INT:
        return json_number(int_of(f, at));
    case JSON_F_WORD:
        return json_string(word_of(f, at));
    case JSON_F_OBJ:
        return json_encode(f->sub, at);
    case JSON_F_LIST:
        return encode_list(f, base);
    }
    return json_null();
}

struct json *json_encode(const struct json_type *t, const void *in)
{
    struct json *j = json_object();

    for (size_t i = 0; i < t->n; i++) {
        const struct json_field *f = &t->fields[i];
        struct json *v;

        if ((f->flags & JSON_SKIP_EMPTY) && is_empty(f, in))
            continue;
        v = encode_field(f, in);
        if ((f->flags & JSON_SKIP_EMPTY) && f->kind == JSON_F_OBJ && json_len(v) == 0)
            json_free(v);
        else
            json_set(j, f->name, v);
    }
    return j;
}
