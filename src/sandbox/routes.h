/* routes.h - what other modules of the sandbox ask of the dispatcher besides sandbox.h. */
#ifndef AZL_SANDBOX_ROUTES_H
#define AZL_SANDBOX_ROUTES_H

#include "sandbox/sandbox.h"

/* May a token with this `aud` be shown to that service? The sandbox's own addresses count for ARM
 * and Graph with and without "/", for the data plane with "/usage" behind. Source:
 * azure-wire.md 1.1 (audiences), real-clients.md 2.3. */
bool sb_audience_fits(enum sb_audience audience, const char *aud);
/* Is a Host header this machine's own? Else the request came through CONNECT, under one of Azure's
 * names. */
bool sb_loopback_name(const char *host);

#endif
