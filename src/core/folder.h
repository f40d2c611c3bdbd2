/* folder.h - the state folder: made, probed, locked, forgotten; and the policy clock that is kept
 * in it.
 *
 * STATE/core.lock (one core a folder), azloconfd.log, store/, runs/, nodes/NAME/, clock.json, with
 * a sandbox sandbox/ and sandbox.json.
 */
#ifndef AZL_CORE_FOLDER_H
#define AZL_CORE_FOLDER_H

#include "base/err.h"
#include "base/loop.h"

#define FOLDER_REHEARSAL "sandbox.json" /* written before anything else of a rehearsal */

/* A rehearsal and a real cluster never share a folder: -1 with the sentence. */
int folder_is_for(const char *dir, bool sandbox, struct err *e);
/* Makes the folder and what lies in it. */
int folder_prepare(const char *dir, struct err *e);
/* Can a file be written and kept? */
int folder_probe(const char *dir, struct err *e);
/* Cheap: is there room, and is the file system writable? */
bool folder_looks_well(const char *dir);
/* Removes everything but lock and log: --fresh. The caller holds the lock. */
int folder_forget(const char *dir, struct err *e);
/* The policy clock at this rate; a stored one goes on, so that a restart never turns it back. An
 * unwritable folder is an error, the clock runs all the same. */
int folder_clock(const char *dir, int64_t rate, struct clock *out, struct err *e);

#endif
