/* question.h - the fields of a form as questions, one after the other. Inside of plain. */
#ifndef AZL_PLAIN_QUESTION_H
#define AZL_PLAIN_QUESTION_H

#include "console/plain/plain.h"

enum step { STEP_NEXT, STEP_BACK, STEP_END, STEP_MORE };

/* STEP_BACK: back from the first of them. */
enum step question_fields(struct plain *p, struct form *f, int from);
/* Asks Azure for the lists that the wizard's values need, if they are not there. */
void question_lists(struct plain *p, struct form *f);

#endif
