/* advice.h - what to do about an error: one table keyed by (domain, code, remote code, http), so
 * that advice improves without touching callers.
 *
 * The first row that fits wins; a zero or NULL key fits everything. Sources: azure-wire.md 1.8, 2.6
 * (Entra and ARM codes), register-flow.md 5 (numbers of the Windows module). Texts are translated
 * when they are filled in.
 */
#ifndef AZL_CORE_ADVICE_H
#define AZL_CORE_ADVICE_H

#include "base/err.h"

struct advice_row {
    enum err_domain domain;
    int code;
    const char *remote; /* remote_code without case; a trailing '*' fits any rest */
    int http;
    const char *text; /* N_() */
};
extern const struct advice_row advice_rows[];
extern const unsigned advice_count;

const char *advice_find(const struct err *e); /* translated; NULL if there is none */
void advice_fill(struct err *e); /* fills e->advice when it is empty and e is an error */

#endif
