/* json.h - JSON through one door: limits, exact parsing, field tables. The only module that knows
 * cJSON.
 *
 * Facts: backends.md 5.2 (cJSON accepts trailing garbage, has no size limit, is case-insensitive by
 * default: here a text must parse whole, within size and depth limits, and names are
 * case-sensitive; numbers are doubles, so 64-bit ids stay strings). Ownership: json_parse,
 * json_object, json_array, json_copy give a root that the caller frees; json_set/json_push take the
 * child. Getters return pointers into the tree, valid while the root lives. All getters accept NULL
 * and answer NULL / false / 0.
 */
#ifndef AZL_BASE_JSON_H
#define AZL_BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct json; /* a value of any kind */

#define JSON_MAX_BYTES (4u * 1024 * 1024)
#define JSON_MAX_DEPTH 32

/* Parses the whole text; max_bytes 0 means JSON_MAX_BYTES. A duplicate key in one object is an
 * error. */
struct json *json_parse(const char *text, size_t len, size_t max_bytes, struct err *e);
struct json *json_object(void);
struct json *json_array(void);
struct json *json_string(const char *s); /* NULL gives JSON null */
struct json *json_number(int64_t n);
struct json *json_double(double d);
struct json *json_bool(bool b);
struct json *json_null(void);
struct json *json_copy(const struct json *j);
void json_free(struct json *j);

bool json_is_object(const struct json *j);
bool json_is_array(const struct json *j);
bool json_is_string(const struct json *j);
bool json_is_number(const struct json *j);
bool json_is_bool(const struct json *j);
bool json_is_null(const struct json *j); /* a JSON null; false for a NULL pointer */

/* path: names joined by dots, array positions as numbers: "properties.nodes.0.name". */
const struct json *json_get(const struct json *j, const char *path);
const struct json *json_member(const struct json *object,
                               const char *name); /* one name, dots are plain */
const struct json *json_imember(const struct json *object,
                                const char *name);            /* without case: agent JSON only */
const char *json_str(const struct json *j, const char *path); /* NULL unless it is a string */
bool json_int(const struct json *j, const char *path, int64_t *out); /* whole numbers within 2^53 */
bool json_int_or_string(const struct json *j, const char *path,
                        int64_t *out); /* some IdPs send "900" */
bool json_flag(const struct json *j, const char *path, bool dflt);
const char *json_value_str(const struct json *j); /* of the value itself */
bool json_value_int(const struct json *j, int64_t *out);
bool json_value_double(const struct json *j, double *out);
size_t json_len(const struct json *j);
const struct json *json_first(const struct json *j); /* children of an array or object */
const struct json *json_next(const struct json *child);
const char *json_name(const struct json *child); /* member name, NULL in an array */
#define JSON_EACH(c, j) for (const struct json *c = json_first(j); c; c = json_next(c))

void json_set(struct json *object, const char *name,
              struct json *value); /* replaces an older member */
void json_set_str(struct json *object, const char *name, const char *s); /* NULL: JSON null */
void json_set_int(struct json *object, const char *name, int64_t n);
void json_set_bool(struct json *object, const char *name, bool b);
void json_unset(struct json *object, const char *name);
void json_push(struct json *array, struct json *value);
struct json *json_edit(const struct json *j); /* a const child of an own tree, to be changed */
bool json_equal(const struct json *a, const struct json *b);

void json_write(struct str *out, const struct json *j); /* compact, one line */
void json_write_pretty(struct str *out,
                       const struct json *j); /* two blanks a level, LF at the end */

/* ---- field tables: one table per type, used for reading and for writing ---- */

enum json_kind { JSON_F_STR, JSON_F_INT, JSON_F_BOOL, JSON_F_OBJ, JSON_F_LIST, JSON_F_WORD };
enum { JSON_REQUIRED = 1, JSON_SKIP_EMPTY = 2 /* not written when "", 0, false or no items */ };

struct json_field {
    const char *name;
    enum json_kind kind;
    size_t off, size; /* char array size, or the struct's size; INT: 0 (int64_t) or sizeof(int) */
    unsigned flags;
    const struct json_type
        *sub;              /* OBJ and LIST; a LIST without it is one of strings (char m[N][size]) */
    size_t count_off, max; /* LIST: where the size_t count stands, array length; WORD: words */
    const char *const *words; /* WORD: the enum's values as words, an unknown word is an error */
};
struct json_type {
    const char *name; /* for error texts */
    size_t size;
    const struct json_field *fields;
    size_t n;
};
#define JSON_TYPE(label, T, table)                                                                 \
    {                                                                                              \
        label, sizeof(T), table, ARRAY_LEN(table)                                                  \
    }
#define JSON_STR(T, m, label, fl)                                                                  \
    {                                                                                              \
        label, JSON_F_STR, offsetof(T, m), sizeof(((T *)0)->m), fl, NULL, 0, 0, NULL               \
    }
/* member: int64_t */
#define JSON_INT(T, m, label, fl)                                                                  \
    {                                                                                              \
        label, JSON_F_INT, offsetof(T, m), 0, fl, NULL, 0, 0, NULL                                 \
    }
/* member: int */
#define JSON_INT32(T, m, label, fl)                                                                \
    {                                                                                              \
        label, JSON_F_INT, offsetof(T, m), sizeof(int), fl, NULL, 0, 0, NULL                       \
    }
/* member: bool */
#define JSON_BOOL(T, m, label, fl)                                                                 \
    {                                                                                              \
        label, JSON_F_BOOL, offsetof(T, m), 0, fl, NULL, 0, 0, NULL                                \
    }
#define JSON_OBJ(T, m, label, fl, subtype)                                                         \
    {                                                                                              \
        label, JSON_F_OBJ, offsetof(T, m), sizeof(((T *)0)->m), fl, subtype, 0, 0, NULL            \
    }
#define JSON_LIST(T, m, count, label, fl, subtype)                                                 \
    {                                                                                              \
        label, JSON_F_LIST, offsetof(T, m), sizeof(((T *)0)->m[0]), fl, subtype,                   \
            offsetof(T, count), ARRAY_LEN(((T *)0)->m), NULL                                       \
    }
/* member: an enum; table: array of its words, in the order of its values */
#define JSON_WORD(T, m, label, fl, table)                                                          \
    {                                                                                              \
        label, JSON_F_WORD, offsetof(T, m), sizeof(((T *)0)->m), fl, NULL, 0, ARRAY_LEN(table),    \
            table                                                                                  \
    }

/* Fills *out (zeroed first). Unknown members are ignored, null counts as absent. Strings pass
 * text_clean (TEXT_LINE); a wrong type, a missing required member or too many items is one sentence
 * that names type and member. */
int json_decode(const struct json *j, const struct json_type *t, void *out, struct err *e);
struct json *json_encode(const struct json_type *t, const void *in);

#endif
