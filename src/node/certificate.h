/* certificate.h - the certificate by which a node proves that it speaks for the cluster's
 * application, and the assertion that it signs.
 *
 * A certificate and its RSA key stand together in one PEM file, readable by its owner alone. The
 * key never leaves this module; what others get is the public part and a signed assertion. Sources:
 * azure-wire.md 1.4.3 to 1.4.8 (assertion: PS256, x5t#S256, at most ten minutes; Entra takes RSA
 * keys only); register-flow.md 1.10 (one self-signed certificate a node; a user's one must stay
 * valid for 60 days). Key size and lifetime of the Windows cmdlet's certificate are not public:
 * 2048 bits and two years are our choice. Thumbprint: SHA-1 of the DER bytes in upper case
 * hexadecimal, as Windows writes it.
 */
#ifndef AZL_NODE_CERTIFICATE_H
#define AZL_NODE_CERTIFICATE_H

#include "base/err.h"
#include "base/loop.h"
#include "base/str.h"

#define CERTIFICATE_MIN_DAYS 60
#define THUMBPRINT_SIZE      41

struct certificate {
    char thumbprint[THUMBPRINT_SIZE];
    char not_after[TIME_SIZE];
    struct str der;
};
void certificate_clear(struct certificate *c);

/* A new self-signed one, key first, over whatever path held. */
int certificate_make(const char *path, const char *name, struct err *e);
/* ERR_C_NOT_FOUND: there is no such file. The key must fit the certificate. */
int certificate_load(const char *path, struct certificate *c, struct err *e);
/* The file of dir (*.pem) that holds the certificate of this thumbprint (blanks and case do not
 * count) and its key. ERR_C_NOT_FOUND. */
int certificate_find(const char *dir, const char *thumbprint, char *path, size_t size,
                     struct err *e);
/* Whole days that are left at `now` (Unix ms); negative: it has ended. */
int64_t certificate_days(const struct certificate *c, int64_t now);
/* The signed assertion of client_id for the token endpoint `audience`. */
int certificate_assertion(const char *path, const char *audience, const char *client_id,
                          struct str *out, struct err *e);

#endif
