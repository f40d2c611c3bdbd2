/* session.h - items 12 to 15, without a face: what is asked before, the doing, the last words.
 *
 * Nothing here stops the core or a run: that goes on without any console.
 */
#ifndef AZL_FACE_SESSION_H
#define AZL_FACE_SESSION_H

#include "base/proc.h"
#include "console/face/model.h"

enum session_act { SESSION_LOG_OFF, SESSION_RESTART, SESSION_SHUT_DOWN };
/* What will happen; false: it is not done here, out says why. */
bool session_question(const struct model *m, enum session_act act, char *out, size_t size);
/* Hangs up on the login session of this terminal; without one there is nothing to do but leave. */
int session_log_off(struct err *e);
/* Asks systemd; fn as of proc_start. -1: there is none. */
int session_power(struct loop *l, enum session_act act, proc_done_fn *fn, void *payload,
                  struct err *e);
/* Runs $SHELL on this terminal and waits for it; its name in *name. -1: it did not start. */
int session_shell(const char **name);
const char *session_last_words(const struct model *m);

#endif
