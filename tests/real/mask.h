/* mask.h - what leaves a recorded exchange: secrets go, ids become pseudonyms of their own format.
 *
 * Closed by default: a string is kept only if a table says that its place holds public words
 * (states, resource types, regions, api-versions, actions), or if all its words are in a fixed
 * vocabulary. Everything else becomes a pseudonym: equal values (without case) give equal
 * pseudonyms within one run, GUIDs stay GUIDs, mail addresses mail addresses, host names host
 * names, IP addresses IP addresses. The key is random, lives in memory only and is wiped: a
 * pseudonym cannot be computed from a guessed value by anybody else. Numbers, booleans, nulls and
 * times are kept.
 */
#ifndef AZL_REAL_MASK_H
#define AZL_REAL_MASK_H

#include "base/json.h"
#include "base/str.h"

#define MASK_GONE "***"

struct mask;
struct mask *mask_new(void);
void mask_free(struct mask *m);
/* A host[:port] that the cloud itself uses: shown as it is (public), or as "cloud.invalid". */
void mask_cloud_host(struct mask *m, const char *host_port, bool is_public);

void mask_url(struct mask *m, struct str *out, const char *url);
void mask_text(struct mask *m, struct str *out, const char *text, size_t len);
/* One value of the member `name` (of a form, or a header): secrets gone, public words kept. */
void mask_value(struct mask *m, struct str *out, const char *step, const char *name,
                const char *value);
struct json *mask_json(struct mask *m, const char *step, const struct json *in);

#endif
