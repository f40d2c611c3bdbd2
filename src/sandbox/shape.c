#include "config.h"

#include "sandbox/shape.h"

#include <stdio.h>
#include <string.h>

#include "base/loop.h"

bool shape_has(const char *version, const char *since)
{
    return !since || strncmp(version, since, 10) >= 0;
}

static const struct shape_row *find_row(const struct shape *s, const char *name)
{
    for (size_t i = 0; i < s->n; i++)
        if (!strcmp(s->rows[i].name, name))
            return &s->rows[i];
    return NULL;
}

static bool listed(const char *values, const char *value)
{
    size_t n = strlen(value);

    for (const char *p = values; *p;) {
        size_t len = strcspn(p, "|");

        if (len == n && !strncasecmp(p, value, n))
            return true;
        p += len;
        if (*p)
            p++;
    }
    return false;
}

static bool strings_only(const struct json *j)
{
    JSON_EACH (c, j)
        if (!json_is_string(c))
            return false;
    return true;
}

static bool fits_kind(const struct shape_row *row, const struct json *v)
{
    int64_t n;

    switch (row->kind) {
    case SHAPE_STR:
        return json_is_string(v);
    case SHAPE_TIME:
        return json_is_string(v) && time_parse(json_value_str(v), &n);
    case SHAPE_NUM:
        return json_is_number(v);
    case SHAPE_INT:
        return json_is_number(v) && json_value_int(v, &n);
    case SHAPE_BOOL:
        return json_is_bool(v);
    case SHAPE_OBJ:
        return json_is_object(v);
    case SHAPE_LIST:
        return json_is_array(v);
    case SHAPE_WORDS:
        return json_is_array(v) && strings_only(v);
    case SHAPE_MAP:
        return json_is_object(v) && strings_only(v);
    case SHAPE_ANY:
        return true;
    }
    return false;
}

static bool check_value(const struct shape *s, const struct shape_row *row, const struct json *v,
                        const char *version, char *why, size_t size)
{
    if (!fits_kind(row, v)) {
        str_fmt(why, size, "The value of member '%s' of type '%s' has a wrong type.", row->name,
                s->type);
        return false;
    }
    if (row->values && !listed(row->values, json_value_str(v))) {
        str_fmt(why, size, "The value '%.60s' of member '%s' of type '%s' is not one of '%s'.",
                json_value_str(v), row->name, s->type, row->values);
        return false;
    }
    if (row->kind == SHAPE_OBJ)
        return shape_check(row->sub, v, version, why, size);
    if (row->kind == SHAPE_LIST) {
        JSON_EACH (c, v)
            if (!shape_check(row->sub, c, version, why, size))
                return false;
    }
    return true;
}

bool shape_check(const struct shape *s, const struct json *body, const char *version, char *why,
                 size_t size)
{
    if (!json_is_object(body)) {
        str_fmt(why, size, "A value of type '%s' must be an object.", s->type);
        return false;
    }
    JSON_EACH (c, body) {
        const struct shape_row *row = find_row(s, json_name(c));

        if (row && (row->flags & (SHAPE_RO | SHAPE_IGNORED)))
            continue;
        if (!row || !shape_has(version, row->since)) {
            str_fmt(why, size,
                    "Could not find member '%.60s' on object of type '%s'. Path '%.60s'.",
                    json_name(c), s->type, json_name(c));
            return false;
        }
        if (!json_is_null(c) && !check_value(s, row, c, version, why, size))
            return false;
    }
    for (size_t i = 0; i < s->n; i++) {
        const struct shape_row *row = &s->rows[i];
        const struct json *v = json_member(body, row->name);

        if ((row->flags & SHAPE_REQUIRED) && (!v || json_is_null(v))) {
            str_fmt(why, size, "Required property '%s' not found in JSON. Path ''.", row->name);
            return false;
        }
    }
    return true;
}

struct json *shape_cut(const struct shape *s, const struct json *src, const char *version)
{
    struct json *out = json_object();

    for (size_t i = 0; i < s->n; i++) {
        const struct shape_row *row = &s->rows[i];
        const struct json *v = json_member(src, row->name);

        if (!v || json_is_null(v) || (row->flags & SHAPE_IGNORED) ||
            !shape_has(version, row->since))
            continue;
        if (row->kind == SHAPE_OBJ) {
            json_set(out, row->name, shape_cut(row->sub, v, version));
        } else if (row->kind == SHAPE_LIST) {
            struct json *list = json_array();

            JSON_EACH (c, v)
                json_push(list, shape_cut(row->sub, c, version));
            json_set(out, row->name, list);
        } else {
            json_set(out, row->name, json_copy(v));
        }
    }
    return out;
}

void shape_merge(const struct shape *s, struct json *dst, const struct json *body)
{
    JSON_EACH (c, body) {
        const struct shape_row *row = find_row(s, json_name(c));
        const struct json *old = json_member(dst, json_name(c));

        if (!row || (row->flags & (SHAPE_RO | SHAPE_IGNORED)) || json_is_null(c))
            continue;
        if (row->kind == SHAPE_OBJ && json_is_object(old))
            shape_merge(row->sub, json_edit(old), c);
        else
            json_set(dst, row->name, json_copy(c));
    }
}

static const struct shape_row system_data_rows[] = {
    { "createdBy", SHAPE_STR, 0, NULL, NULL, NULL },
    { "createdByType", SHAPE_STR, 0, "User|Application|ManagedIdentity|Key", NULL, NULL },
    { "createdAt", SHAPE_TIME, 0, NULL, NULL, NULL },
    { "lastModifiedBy", SHAPE_STR, 0, NULL, NULL, NULL },
    { "lastModifiedByType", SHAPE_STR, 0, "User|Application|ManagedIdentity|Key", NULL, NULL },
    { "lastModifiedAt", SHAPE_TIME, 0, NULL, NULL, NULL },
};
const struct shape shape_system_data = SHAPE("SystemData", system_data_rows);
