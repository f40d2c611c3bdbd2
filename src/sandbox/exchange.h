/* exchange.h - what the exchange log leaves out: tokens, secrets, assertions, codes (azure-wire.md
 * 6.5). */
#ifndef AZL_SANDBOX_EXCHANGE_H
#define AZL_SANDBOX_EXCHANGE_H

#include "base/json.h"

/* The values of a query that are secret (a code on its way back). */
void exchange_mask_url(struct str *out, const char *url);
/* Authorization keeps its scheme alone. */
void exchange_mask_headers(struct json *headers);
/* Of a JSON body the members, of a form (a JSON string here) the fields; of any other text what
 * looks like a token, a handle or such a member. Takes and gives ownership. */
struct json *exchange_mask_body(struct json *body);

#endif
