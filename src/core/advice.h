/* advice.h - what happened, why as far as known, and what to do about it: one table, its parts in
 * the files advice_*.c, so that advice improves without touching callers.
 *
 * A row is found by the error's domain with code, keys, HTTP status or words; the first that fits
 * wins; what a row leaves out fits everything. Rows that have words alone are for explanations:
 * troubles that people meet elsewhere and look up. Sources: each part names its own. Texts are
 * translated when they are asked for, in the core's language; for `explain` by the console.
 */
#ifndef AZL_CORE_ADVICE_H
#define AZL_CORE_ADVICE_H

#include "base/err.h"

struct advice_row {
    enum err_domain domain; /* ERR_NONE: all but ERR_SYSTEM and ERR_NET */
    int code;
    const char *keys; /* words: numbers are the code's, others the remote code without case; a last
                         '*' fits any rest */
    int http;
    const char *words; /* what the message holds; '*' is any text, without case */
    const char *what;  /* N_(), or NULL: the message says it */
    const char *why;   /* N_(), or NULL: not known */
    const char *text;  /* N_(): what to do */
};
struct advice_part {
    const struct advice_row *rows;
    unsigned n;
};
extern const struct advice_part advice_entra, advice_azure, advice_graph, advice_module,
    advice_agent, advice_ours, advice_words;
extern const struct advice_part *const advice_parts[]; /* in the order of search; ends with NULL */

const struct advice_row *advice_row(const struct err *e); /* NULL if there is none */
const char *advice_find(const struct err *e); /* what to do, translated; NULL if there is none */
void advice_fill(struct err *e); /* fills why and advice when they are empty and e is an error */
/* By what an operator has before him: a code ("9108", "AADSTS53003", "AZCM0042",
 * "AuthorizationFailed"), or a message with one in it, or its words. NULL: not known. */
const struct advice_row *advice_explain(const char *text);

#endif
