/* record.h - a transport over another one that writes each exchange, masked, as one JSON line.
 *
 * {"step","method","url","startedAt","endedAt","reqHeaders","reqBody","status","resHeaders",
 * "resBody"}: the form of azlosandbox --log with the step before it. status 0: no answer came,
 * "lost" then says why. The first request of a step has the step's id, what follows it (polls, next
 * pages) the id and ".next"; requests to Entra's token endpoint are named after what they were for.
 * The mask stays the caller's. */
#ifndef AZL_REAL_RECORD_H
#define AZL_REAL_RECORD_H

#include "net/http.h"
#include "real/mask.h"

struct http *record_new(struct http *inner, struct mask *m, const char *path, struct err *e);
void record_step(struct http *h, const char *id); /* of all requests sent from now on */
unsigned record_count(const struct http *h);
bool record_whole(const struct http *h); /* false: it could not be written to its end */

#endif
