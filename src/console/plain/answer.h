/* answer.h - what a typed line means; no input or output here. */
#ifndef AZL_PLAIN_ANSWER_H
#define AZL_PLAIN_ANSWER_H

#include "console/face/form.h"

enum answer {
    ANSWER_EMPTY, /* Enter alone: the value in brackets */
    ANSWER_BACK,  /* "<" or "back" */
    ANSWER_HELP,  /* "?" */
    ANSWER_TEXT
};
enum answer answer_kind(const char *line);
bool answer_is(const char *line, const char *letter,
               const char *word); /* either, without case; word is translated, too */

/* A list's choice: by its number (from 1), its id, its name, or a part of either. found: the
 * choices that fit; n is how many (0: none, the text itself is the value). */
int answer_pick(const struct form *f, const struct model *m, int field, const char *text,
                int found[FORM_MATCHES]);

#endif
