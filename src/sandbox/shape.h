/* shape.h - the shapes of ARM bodies as tables: one table a type judges what comes in and cuts what
 * goes out.
 *
 * A row is a property with its kind, its values and the api-version that brought it. A request is
 * checked against the rows (unknown member, wrong type, value out of the list, missing one: a
 * sentence); a reply holds the rows that the asked version has, nothing else. Source:
 * Microsoft.AzureStackHCI 2021-09-01 .. 2024-04-01, Microsoft.HybridCompute 2022-03-10,
 * Microsoft.Authorization 2022-04-01, Microsoft.Resources 2021-04-01; the tables stand with their
 * families.
 */
#ifndef AZL_SANDBOX_SHAPE_H
#define AZL_SANDBOX_SHAPE_H

#include "base/json.h"
#include "base/str.h"

enum shape_kind {
    SHAPE_STR,
    SHAPE_TIME, /* ISO 8601 string */
    SHAPE_NUM,
    SHAPE_INT,
    SHAPE_BOOL,
    SHAPE_OBJ,   /* sub */
    SHAPE_LIST,  /* items are sub */
    SHAPE_WORDS, /* array of strings */
    SHAPE_MAP,   /* object of strings: tags */
    SHAPE_ANY    /* kept as it comes */
};
enum {
    SHAPE_RO = 1,       /* service-written: ignored in requests */
    SHAPE_REQUIRED = 2, /* in requests */
    SHAPE_IGNORED = 4   /* accepted in requests and dropped: known clients send it although the
                           contract lacks it */
};
struct shape;
struct shape_row {
    const char *name;
    enum shape_kind kind;
    unsigned flags;
    const char *values; /* "Off|Basic|Enhanced" or NULL */
    const char *since;  /* first api-version, or NULL */
    const struct shape *sub;
};
struct shape {
    const char *type; /* for sentences: "Cluster" */
    const struct shape_row *rows;
    size_t n;
};
#define SHAPE(type, rows)                                                                          \
    {                                                                                              \
        type, rows, ARRAY_LEN(rows)                                                                \
    }

/* Versions compare by their date. */
bool shape_has(const char *version, const char *since);
/* False, and a sentence in why, when the body does not fit. JSON null counts as absent. */
bool shape_check(const struct shape *s, const struct json *body, const char *version, char *why,
                 size_t size);
/* A new object with what `version` shows of src. */
struct json *shape_cut(const struct shape *s, const struct json *src, const char *version);
/* Copies the writable members of a checked body over dst (objects merge, lists and maps are
 * replaced). */
void shape_merge(const struct shape *s, struct json *dst, const struct json *body);

extern const struct shape shape_system_data; /* common-types v1 systemData */

#endif
