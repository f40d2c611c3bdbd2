#include "config.h"

#include "base/json.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/secret.h"

#define WHOLE_MAX 9007199254740992.0 /* 2^53: beyond it a double loses digits */

__attribute__((constructor)) static void set_hooks(void)
{
    cJSON_Hooks hooks = { .malloc_fn = wipe_malloc, .free_fn = wipe_free };

    cJSON_InitHooks(&hooks);
}

static cJSON *in(const struct json *j)
{
    return (cJSON *)(uintptr_t)j;
}

static struct json *out_of(cJSON *c)
{
    if (!c)
        xmalloc(SIZE_MAX / 2); /* cJSON gives NULL for want of memory only: end as xmalloc does */
    return (struct json *)c;
}

static const struct json *as_json(const cJSON *c)
{
    return (const struct json *)c;
}

/* ---- parsing ---- */

struct lexer {
    const char *p, *end;
    int depth;
    const char *why; /* set when the text is refused */
};

/* cJSON takes digits of \u that are none for 0: "\uzzzz" would end the string. */
static const char *refuse_escape(const char *p, const char *end)
{
    if (end - p < 2 || p[1] != 'u')
        return NULL;
    for (int i = 2; i < 6; i++)
        if (end - p <= i || !p[i] || !strchr("0123456789abcdefABCDEF", p[i]))
            return N_("The JSON text is refused: it does not follow the grammar.");
    if (memcmp(p + 2, "0000", 4) == 0)
        return N_("The JSON text is refused: a string holds a NUL character.");
    return NULL;
}

static void lex_string(struct lexer *x)
{
    for (x->p++; x->p < x->end && *x->p != '"' && !x->why; x->p++) {
        if ((unsigned char)*x->p < 0x20)
            x->why = N_("The JSON text is refused: a control character stands in a string.");
        if (*x->p == '\\')
            x->why = refuse_escape(x->p++, x->end);
    }
    if (x->p >= x->end && !x->why)
        x->why = N_("The JSON text is refused: a string has no end.");
}

static bool lex_digits(struct lexer *x)
{
    const char *from = x->p;

    while (x->p < x->end && *x->p >= '0' && *x->p <= '9')
        x->p++;
    return x->p > from;
}

/* cJSON leaves numbers to strtod, which takes "1." and "-.5". */
static void lex_number(struct lexer *x)
{
    const char *from;
    bool good;

    x->p += *x->p == '-';
    from = x->p;
    good = lex_digits(x);
    if (good && x->p - from > 1 && from[0] == '0')
        x->why = N_("The JSON text is refused: a number begins with 0.");
    if (x->p < x->end && *x->p == '.') {
        x->p++;
        good = lex_digits(x) && good;
    }
    if (x->p < x->end && (*x->p == 'e' || *x->p == 'E')) {
        x->p++;
        x->p += x->p < x->end && (*x->p == '+' || *x->p == '-');
        good = lex_digits(x) && good;
    }
    if (!good && !x->why)
        x->why = N_("The JSON text is refused: it does not follow the grammar.");
    x->p--;
}

/* Depth, strings and numbers are judged here, before cJSON descends; cJSON judges the grammar. */
static const char *refuse(const char *text, size_t len)
{
    struct lexer x = { text, text + len, 0, NULL };

    for (; x.p < x.end && !x.why; x.p++) {
        char c = *x.p;

        if (c == '"')
            lex_string(&x);
        else if (c == '-' || (c >= '0' && c <= '9'))
            lex_number(&x);
        else if ((unsigned char)c < 0x20 && !strchr("\t\r\n", c ? c : '\1'))
            x.why = N_("The JSON text is refused: it holds a control character.");
        else if ((unsigned char)c >= 0x80)
            x.why = N_("The JSON text is refused: it does not follow the grammar.");
        else if (c == '[' || c == '{')
            x.depth++;
        else if (c == ']' || c == '}')
            x.depth--;
        if (x.depth > JSON_MAX_DEPTH)
            x.why = N_("The JSON text is refused: it is nested too deeply.");
    }
    return x.why;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool has_duplicate(const cJSON *object)
{
    size_t n = 0, i = 0;
    const cJSON *c;
    const char **names;
    bool found = false;

    cJSON_ArrayForEach(c, object) n++;
    if (n < 2)
        return false;
    names = xcalloc(n, sizeof(*names));
    cJSON_ArrayForEach(c, object) names[i++] = c->string;
    qsort(names, n, sizeof(*names), by_name);
    for (i = 1; i < n && !found; i++)
        found = strcmp(names[i - 1], names[i]) == 0;
    free(names);
    return found;
}

/* What cJSON lets through: two members of one name, and numbers beyond a double. */
static const char *refuse_tree(const cJSON *j)
{
    const cJSON *c;
    const char *why = NULL;

    if (cJSON_IsNumber(j) && !isfinite(j->valuedouble))
        return N_("The JSON text is refused: a number is too big.");
    if (cJSON_IsObject(j) && has_duplicate(j))
        return N_("The JSON text is refused: a member is there twice.");
    cJSON_ArrayForEach(c, j)
    {
        why = refuse_tree(c);
        if (why)
            break;
    }
    return why;
}

static bool only_blanks(const char *p, const char *end)
{
    while (p < end && (*p == ' ' || *p == '\t' || *p == '\r' || *p == '\n'))
        p++;
    return p == end;
}

struct json *json_parse(const char *text, size_t len, size_t max_bytes, struct err *e)
{
    size_t most = max_bytes ? max_bytes : JSON_MAX_BYTES;
    const char *stop = NULL, *why;
    cJSON *j = NULL;

    if (len > most) {
        err_set(e, ERR_WIRE, ERR_C_TOO_BIG,
                _("The JSON text has %zu bytes, more than the %zu allowed."), len, most);
        return NULL;
    }
    if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) { /* cJSON wants four bytes behind it */
        text += 3;
        len -= 3;
    }
    why = refuse(text, len);
    if (!why) {
        j = cJSON_ParseWithLengthOpts(text, len, &stop, 0);
        if (!j || !only_blanks(stop, text + len))
            why = j ? N_("The JSON text is refused: something follows its end.")
                    : N_("The JSON text is refused: it does not follow the grammar.");
        else
            why = refuse_tree(j);
    }
    if (!why)
        return out_of(j);
    cJSON_Delete(j);
    err_set(e, ERR_WIRE, ERR_C_CORRUPT, "%s", _(why));
    return NULL;
}

/* ---- making ---- */

struct json *json_object(void)
{
    return out_of(cJSON_CreateObject());
}

struct json *json_array(void)
{
    return out_of(cJSON_CreateArray());
}

struct json *json_string(const char *s)
{
    return out_of(s ? cJSON_CreateString(s) : cJSON_CreateNull());
}

struct json *json_number(int64_t n)
{
    return json_double((double)n);
}

struct json *json_double(double d)
{
    return out_of(isfinite(d) ? cJSON_CreateNumber(d) : cJSON_CreateNull());
}

struct json *json_bool(bool b)
{
    return out_of(cJSON_CreateBool(b));
}

struct json *json_null(void)
{
    return out_of(cJSON_CreateNull());
}

static void drop_name(cJSON *c)
{
    if (c->string && !(c->type & cJSON_StringIsConst))
        cJSON_free(c->string);
    c->string = NULL;
}

struct json *json_copy(const struct json *j)
{
    cJSON *c;

    if (!j)
        return NULL;
    c = cJSON_Duplicate(in(j), 1);
    if (c)
        drop_name(c);
    return out_of(c);
}

void json_free(struct json *j)
{
    cJSON_Delete(in(j));
}

/* ---- asking ---- */

bool json_is_object(const struct json *j)
{
    return cJSON_IsObject(in(j));
}

bool json_is_array(const struct json *j)
{
    return cJSON_IsArray(in(j));
}

bool json_is_string(const struct json *j)
{
    return cJSON_IsString(in(j));
}

bool json_is_number(const struct json *j)
{
    return cJSON_IsNumber(in(j));
}

bool json_is_bool(const struct json *j)
{
    return cJSON_IsBool(in(j));
}

bool json_is_null(const struct json *j)
{
    return cJSON_IsNull(in(j));
}

static const struct json *step(const struct json *j, const char *name, size_t n)
{
    bool array = json_is_array(j);
    size_t at = 0;

    if (!array && !json_is_object(j))
        return NULL;
    for (size_t i = 0; array && i < n; i++) {
        if (name[i] < '0' || name[i] > '9' || i > 8)
            return NULL;
        at = at * 10 + (size_t)(name[i] - '0');
    }
    if (array && n == 0)
        return NULL;
    JSON_EACH (c, j) {
        const char *own = in(c)->string;

        if (array ? at-- == 0 : own && strncmp(own, name, n) == 0 && own[n] == '\0')
            return c;
    }
    return NULL;
}

const struct json *json_get(const struct json *j, const char *path)
{
    bool more = path && *path;

    while (j && more) {
        size_t n = strcspn(path, ".");

        j = step(j, path, n);
        more = path[n] == '.';
        path += n + 1;
    }
    return j;
}

const struct json *json_member(const struct json *object, const char *name)
{
    return json_is_object(object) ? step(object, name, strlen(name)) : NULL;
}

const struct json *json_imember(const struct json *object, const char *name)
{
    if (json_is_object(object))
        JSON_EACH (c, object)
            if (str_ieq(in(c)->string, name))
                return c;
    return NULL;
}

const char *json_str(const struct json *j, const char *path)
{
    return json_value_str(json_get(j, path));
}

bool json_int(const struct json *j, const char *path, int64_t *out)
{
    return json_value_int(json_get(j, path), out);
}

bool json_int_or_string(const struct json *j, const char *path, int64_t *out)
{
    const struct json *v = json_get(j, path);

    return json_is_string(v) ? str_to_int(json_value_str(v), out) : json_value_int(v, out);
}

bool json_flag(const struct json *j, const char *path, bool dflt)
{
    const struct json *v = json_get(j, path);

    return json_is_bool(v) ? cJSON_IsTrue(in(v)) : dflt;
}

const char *json_value_str(const struct json *j)
{
    return cJSON_GetStringValue(in(j));
}

static bool is_whole(double d)
{
    return d >= -WHOLE_MAX && d <= WHOLE_MAX && d == floor(d);
}

bool json_value_int(const struct json *j, int64_t *out)
{
    if (!json_is_number(j) || !is_whole(in(j)->valuedouble))
        return false;
    *out = (int64_t)in(j)->valuedouble;
    return true;
}

bool json_value_double(const struct json *j, double *out)
{
    if (!json_is_number(j))
        return false;
    *out = in(j)->valuedouble;
    return true;
}

size_t json_len(const struct json *j)
{
    size_t n = 0;

    JSON_EACH (c, j)
        n++;
    return n;
}

const struct json *json_first(const struct json *j)
{
    return json_is_array(j) || json_is_object(j) ? as_json(in(j)->child) : NULL;
}

const struct json *json_next(const struct json *child)
{
    return child ? as_json(in(child)->next) : NULL;
}

const char *json_name(const struct json *child)
{
    return child ? in(child)->string : NULL;
}

/* ---- changing ---- */

void json_set(struct json *object, const char *name, struct json *value)
{
    cJSON *v = value ? in(value) : in(json_null());

    if (!json_is_object(object) || v == in(object)) {
        cJSON_Delete(v == in(object) ? NULL : v);
        return;
    }
    if (json_member(object, name))
        cJSON_ReplaceItemInObjectCaseSensitive(in(object), name, v);
    else
        cJSON_AddItemToObject(in(object), name, v);
}

void json_set_str(struct json *object, const char *name, const char *s)
{
    json_set(object, name, json_string(s));
}

void json_set_int(struct json *object, const char *name, int64_t n)
{
    json_set(object, name, json_number(n));
}

void json_set_bool(struct json *object, const char *name, bool b)
{
    json_set(object, name, json_bool(b));
}

void json_unset(struct json *object, const char *name)
{
    if (json_is_object(object))
        cJSON_DeleteItemFromObjectCaseSensitive(in(object), name);
}

void json_push(struct json *array, struct json *value)
{
    cJSON *v = value ? in(value) : in(json_null());

    if (!json_is_array(array)) {
        cJSON_Delete(v);
        return;
    }
    drop_name(v);
    cJSON_AddItemToArray(in(array), v);
}

struct json *json_edit(const struct json *j)
{
    return (struct json *)(uintptr_t)j;
}

bool json_equal(const struct json *a, const struct json *b)
{
    return a == b || cJSON_Compare(in(a), in(b), 1);
}
