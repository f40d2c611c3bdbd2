/* model.h - the state that every face of the console shows: full screens and the plain face.
 *
 * A face owns one struct model (zeroed: nothing came yet), sets `client` once it is started, and
 * passes its state callback on to model_state. Sections belong to the client and change in the
 * loop only. Times are Unix ms of model_now.
 */
#ifndef AZL_FACE_MODEL_H
#define AZL_FACE_MODEL_H

#include "console/client.h"

struct model {
    struct client *client; /* NULL: none yet */
    enum client_state state;
    struct err why;       /* why there is no core */
    int64_t (*now)(void); /* NULL: wall_ms */
};

int64_t model_now(const struct model *m);
const void *model_section(const struct model *m, enum section_id id); /* never NULL */
bool model_has(const struct model *m, enum section_id id);            /* it came at least once */
bool model_may_act(const struct model *m);
void model_state(struct model *m, enum client_state state, const struct err *why);
/* May this intent be sent now? Else one sentence that says why not. */
bool model_may_ask(const struct model *m, const char *intent, const char **why_not);

bool model_run_active(const struct model *m); /* it goes on, or waits for something */
bool model_run_over(const struct model *m);   /* it came to an end of some kind */
bool model_signed_in(const struct model *m);  /* and this user may work with it */
/* true: what hinders, with what to do about it; false: what comes next, or nothing ("") */
bool model_advice(const struct model *m, char *out, size_t size);

#endif
