/* watch.h - what was said of the state already, so that only changes are said. Inside of plain. */
#ifndef AZL_PLAIN_WATCH_H
#define AZL_PLAIN_WATCH_H

#include "console/plain/plain.h"

struct step_said {
    char state[12], detail[200];
    bool begun; /* that it is under way was said */
};
struct watch_run {
    bool follow; /* steps and nodes are said, too */
    bool looked; /* the section was seen once */
    char id[64], state[20];
    char consent[400]; /* the address that was said */
    struct step_said steps[SEC_MAX_STEPS];
    struct {
        char step[48], state[12];
    } nodes[SEC_MAX_NODES];
};
struct watch_run *plain_watch_run(struct plain *p);
void watch_run_turn(struct plain *p, struct watch_run *w);

#endif
