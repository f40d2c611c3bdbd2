/* access.h - what a tenant's rules forbid: Conditional Access as far as a sign-in meets it.
 *
 * A tenant may refuse device codes with a number of its own (53003 and 50097 when the code is
 * redeemed; 530036 at each refresh of a session that began with a device code), and may demand that
 * its own MFA was done: then a refresh token of another tenant is refused with 50076 (or the number
 * given, 50079). "signIn" refuses users whichever way they come, a refresh token of another tenant
 * included: 50020 or 90072 (no guest here), 50199 (confirm), 65001 (no consent). Set by POST
 * /sandbox/access or a seed's "access": {"tenant": GUID, "deviceCode": NUMBER or 0, "signIn":
 * NUMBER or 0, "mfa": BOOL or NUMBER}, or an array of such; without "tenant" the first one is
 * meant. "graph" says what the tenant's users may in its directory: "admin" (the first user
 * administers it; the rule where nothing is said), "apps" (everybody makes applications, nobody
 * consents), "none" (nobody makes any: azure-wire.md 4.7.2). Sources:
 * azure-wire.md 1.2.4, 1.3.14, 1.3.15, 1.8; the error words, suberrors and texts are what MSAL is
 * written for (1.5.3) and what Microsoft's list of codes says, not seen.
 */
#ifndef AZL_SANDBOX_ACCESS_H
#define AZL_SANDBOX_ACCESS_H

#include "sandbox/sandbox.h"

int access_set(struct world *w, const struct json *rules, struct err *e);
enum access_graph { ACCESS_ADMIN, ACCESS_APPS, ACCESS_NONE };
enum access_graph access_graph(struct world *w, const char *tid);
/* True: refused, r is filled. */
bool access_refuses_device(const struct sb_req *q, struct sb_reply *r, const char *tid);
bool access_refuses_user(const struct sb_req *q, struct sb_reply *r, const char *tid);
bool access_refuses_refresh(const struct sb_req *q, struct sb_reply *r, const char *tid,
                            const char *born_in, bool device_born);

#endif
