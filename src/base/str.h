/* str.h - growable text, fixed buffers, allocation that ends the program, and encodings.
 *
 * struct str: start from STR_INIT or zeroed memory; p is NUL-terminated once something was added
 * and may be NULL before; release with str_free. Out of memory ends the program (the journal makes
 * that safe).
 */
#ifndef AZL_BASE_STR_H
#define AZL_BASE_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

struct str {
    char *p;
    size_t len, cap;
};
#define STR_INIT                                                                                   \
    {                                                                                              \
        0                                                                                          \
    }

void *xmalloc(size_t n);
void *xcalloc(size_t n, size_t size);
void *xrealloc(void *p, size_t n);
char *xstrdup(const char *s);

void str_add(struct str *s, const char *text);
void str_addn(struct str *s, const void *bytes, size_t n);
void str_addc(struct str *s, char c);
void str_addf(struct str *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void str_addv(struct str *s, const char *fmt, va_list ap);
void str_reset(struct str *s); /* length 0, memory kept */
void str_free(struct str *s);
char *str_take(struct str *s); /* the caller owns the text (never NULL); s is empty afterwards */
const char *str_p(const struct str *s); /* "" when empty */

/* Copies into a fixed buffer, cut at a UTF-8 character's border; false if it did not fit. src may
 * be NULL. */
bool str_copy(char *dst, size_t size, const char *src);
bool str_fmt(char *dst, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
#define STR_SET(arr, src) str_copy((arr), sizeof(arr), (src))

bool str_eq(const char *a, const char *b); /* NULL-safe */
bool str_ieq(const char *a,
             const char *b); /* ASCII letters without case; NULL-safe. Azure ids, names, regions */
bool str_starts(const char *s, const char *prefix);
bool str_istarts(const char *s, const char *prefix);
bool str_ends(const char *s, const char *suffix);
const char *str_ifind(const char *hay, const char *needle); /* ASCII case-insensitive strstr */
void str_lower(char *s);
char *str_trim(char *s); /* in place, white space at both ends */
/* Region names: white space removed, lower case ("East US" -> "eastus"). register-flow.md 1.6 */
void str_region(char *dst, size_t size, const char *src);
bool str_to_int(const char *s, int64_t *out); /* whole string, base 10, overflow checked */

void str_add_url(struct str *s, const char *text); /* RFC 3986 unreserved kept, rest %XX */
void str_add_b64(struct str *s, const void *bytes, size_t n);    /* standard alphabet, padded */
void str_add_b64url(struct str *s, const void *bytes, size_t n); /* no padding */
bool str_b64_decode(struct str *out, const char *text); /* either alphabet, padding optional */

/* GUIDs: lower case, dashed. Accepts dashes or none, braces or none, any case. */
#define GUID_SIZE 37
bool guid_parse(char out[GUID_SIZE], const char *text);
bool guid_is(const char *text); /* exactly the dashed 36-character form, any case */
void guid_random(char out[GUID_SIZE]);

#endif
