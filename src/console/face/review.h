/* review.h - the answer to register-check in words: every value with its source and what the core
 * found, what will be done, what cannot be undone. Each face gives the lines its own look. */
#ifndef AZL_FACE_REVIEW_H
#define AZL_FACE_REVIEW_H

#include "console/face/form.h"

enum review_kind {
    REVIEW_VALUE, /* "Region           East US, from Azure's list" */
    REVIEW_NOTE,  /* what belongs to the value above: its id, what was found */
    REVIEW_WARN,
    REVIEW_FAIL,
    REVIEW_TITLE, /* of a part */
    REVIEW_ACT,
    REVIEW_KEPT, /* there already */
    REVIEW_PROSE,
    REVIEW_STOP, /* above all: something stands in the way of the registration */
    REVIEW_LACK  /* a right that is missing, below REVIEW_STOP */
};
typedef void review_line_fn(void *payload, enum review_kind kind, const char *text);
/* What register-check is asked: the values, and a review also where something stands in the way. */
struct json *review_args(const struct form *where, const struct form *more);
/* true: something does, and *why says what. Its lines are the first of review_say's. */
bool review_stop(const struct json *result, struct err *why);
/* pad: columns of the labels, 0: "Label: value". false: something must be corrected; the fields of
 * `where` and `more` then say what (form_message). */
bool review_say(const struct model *m, struct form *where, struct form *more,
                const struct json *result, int pad, review_line_fn *fn, void *payload);
/* The steps of the same answer with their requests: REVIEW_TITLE a step, REVIEW_NOTE its looks,
 * REVIEW_ACT what it writes. */
void review_steps(const struct json *result, review_line_fn *fn, void *payload);

/* A step of the preview, from the core's word: "there", "make"... */
const char *preview_state(const char *word);
/* What becomes of a thing: "create", "keep"... */
const char *preview_how(const char *word);

#endif
