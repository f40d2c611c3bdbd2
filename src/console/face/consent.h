/* consent.h - an operation that waits for an administrator's consent to the application that it
 * made: what all faces say of it. The values (consent_url, roles) are sec_run's; the page is the
 * portal's, for the application's permissions (register-flow.md 1.7, inferred to be still there).
 */
#ifndef AZL_FACE_CONSENT_H
#define AZL_FACE_CONSENT_H

#include "wire/sections.h"

bool consent_missing(const struct sec_run *r);         /* also of a run that gave up waiting */
const char *consent_sentence(const struct sec_run *r); /* what is missing and what comes then */
const char *consent_where(void);                       /* stands before the address */
const char *consent_what(void);                        /* stands before the roles */

#endif
