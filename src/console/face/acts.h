/* acts.h - the operations that leave, come back and mend: one row each, and the review of what one
 * would do, in lines for every face.
 *
 * A row serves the command (cli/cmd_act.c), the screen (ui/screen_act.c) and the job of lines
 * (plain/job_act.c). The core answers the intent ID-check with {plan, title, will: [{what, name,
 * how, why}], ends: [sentence], warn: [sentence], confirm: {word, ask}, error, steps, items}, all
 * sentences in the reader's language. An answer with `items` ([{id, what, name, why, age, kept}])
 * wants a choice first: asked again with items: [id], it is the review of these; one with `kept`,
 * a reason, cannot be chosen. confirm.each has the {word, ask} of each, if there are several; then
 * `confirm` of the intent is a list. An empty `will`
 * means that there is nothing to do; the intent ID with the same arguments, and with `confirm`
 * where a word was asked for, starts the run and answers {id}. The core judges that word again.
 */
#ifndef AZL_FACE_ACTS_H
#define AZL_FACE_ACTS_H

#include "base/str.h"
#include "console/face/form.h"
#include "console/face/review.h"

enum act_kind { ACT_TEXT, ACT_FLAG, ACT_LIST /* may be given more than once */ };
struct act_option {
    const char *option; /* of the command: "resource-name" */
    const char *arg;    /* member of the intent's arguments, and id of the field: "resourceName" */
    enum act_kind kind;
};
struct act {
    const char *id;     /* intent, plan and command: "unregister"; "arc-disable" is `arc disable` */
    const char *plan;   /* of its run; NULL: as the id */
    int item;           /* of the menu: 9 or 10 */
    const char *title;  /* N_() */
    const char *help;   /* N_(): one line */
    const char *button; /* N_(): the act's own name, "Unregister now" */
    const char *word_option; /* where a word is typed: the option that --yes needs to hold it;
                                NULL: a plain yes */
    const char *until;       /* the command returns when this step was made, unless --wait is given;
                                NULL: it watches to the end */
    bool no_cluster;         /* it is of a machine: there need be no cluster */
    const struct act_option *options;
    size_t n_options;
    /* The page of values, of screen and lines; those of its rows that are no `options` are shown
     * only. NULL: there is none. */
    const struct form_field *fields;
    int n_fields;
    bool (*first)(const struct model *m); /* the page comes before the review; NULL: it can be
                                             reached from there */
    void (*fill)(struct form *f, const struct model *m); /* what is empty and known; may be NULL */
    bool lists;     /* its choices are Azure's (intent choices) */
    bool offline;   /* needs no sign-in */
    bool registers; /* its options are those of a registration that follows: the tenant among them
                       is that one's, no reason to sign in anew */
};
extern const struct act acts[];
extern const size_t act_count;

const struct act *act_find(const char *id);
/* By the command's name and the word after it, which may be NULL. */
const struct act *act_of_command(const char *name, const char *word);

/* The row that a plan belongs to; NULL: none, it is a registration. */
const struct act *act_of_run(const struct sec_run *r);
/* The item of the menu that shows the run that is there: 9, 10, or 1. */
int act_item_of_run(const struct sec_run *r);

/* The intent's arguments from the page's values; "yes" of a flag is true. `ticked`: of the answer's
 * items those that go with the run, an array of ids; NULL: none was asked for. */
struct json *act_args(const struct act *a, const struct form *f, const struct json *ticked);
void act_intent(char *out, size_t size, const struct act *a, bool check);
/* Nothing would be done, and nothing stands in the way: there is nothing to start. */
bool act_is_idle(const struct json *review);

/* How many words must be typed, one after the other: 0 where a plain yes is enough. */
size_t act_words(const struct json *review);
/* The word number `at` (from 0), "" behind the last one; *ask: the core's question. */
const char *act_word(const struct json *review, size_t at, const char **ask);
bool act_word_fits(const struct json *review, size_t at, const char *typed);
/* The intent's `confirm` from the words that were typed: one by itself, several as a list. */
void act_confirm(struct json *args, const struct json *review, const struct json *typed,
                 const char *last);
/* The application whose secret is what stands in the way; NULL: none is wanted. It goes beside the
 * intents as "arcSpnSecret". */
const char *act_principal(const struct json *review);
/* An item of the answer that may not be chosen, with why: NULL, it may. */
const char *act_kept(const struct json *item);

/* The item's name; with its place where another one has that name, too: "TWIN (ONE-rg)". */
void act_name_item(struct str *out, const struct json *item);
/* "Arc-connected machine nodeX, 90 d: its cluster is gone" */
void act_say_item(struct str *out, const struct json *item);

/* What stands in the way first (REVIEW_STOP); then REVIEW_TITLE "This goes:" with its rows
 * (REVIEW_ACT, of what stays REVIEW_KEPT), what ends (REVIEW_PROSE), warnings (REVIEW_WARN). Things
 * of one kind and reason are one line. */
void act_review(const struct json *review, review_line_fn *fn, void *payload);

#endif
