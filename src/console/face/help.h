/* help.h - what is explained of each job: to everybody, and what belongs to one face only. */
#ifndef AZL_FACE_HELP_H
#define AZL_FACE_HELP_H

#include "console/face/model.h"

struct help {
    const char *about;  /* N_(): paragraphs for every face; NULL: none */
    const char *screen; /* N_(): of the full screen, its keys and marks */
    const char *plain;  /* N_(): of the plain face, its answers */
};
enum help_topic {
    HELP_HOME,
    HELP_WIZARD,
    HELP_SIGNIN,
    HELP_RUN,
    HELP_ACT,
    HELP_NODES,
    HELP_LOG,
    HELP_TERMINAL,
    HELP_HELP,
    HELP_TOPICS
};
extern const struct help help_topics[HELP_TOPICS];

/* What this program is and whose it is not: a paragraph each. */
typedef void help_line_fn(void *payload, const char *level, const char *text);
void help_program(const struct model *m, help_line_fn *fn, void *payload);

#endif
