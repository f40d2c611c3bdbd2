/* form.h - a page of questions without a face: the values, the choices, how a value is judged.
 *
 * Fields are a static table; values live with whoever asks. A list comes from a section and may
 * arrive at any time: every value can also be typed. A value's text is what stands on the screen,
 * its id what the core gets: form_settle makes the one from the other (a choice by id or name,
 * without case) and judges it. The members from `focus` on belong to the full screen (ui/form.h).
 */
#ifndef AZL_FACE_FORM_H
#define AZL_FACE_FORM_H

#include "console/face/model.h"
#include "wire/params.h"

#define INPUT_SIZE 256
struct input { /* one line of text with a cursor */
    char text[INPUT_SIZE];
    size_t at; /* byte of the cursor */
};
void input_set(struct input *in, const char *text);

#define FORM_FIELDS  10
#define FORM_MATCHES 256

enum form_source { FORM_EMPTY, FORM_DEFAULT, FORM_TYPED, FORM_CHOSEN };
struct form_choice {
    char id[128], name[160], note[40];
};
struct form;
struct form_field {
    const char *id;    /* the name the core knows */
    const char *label; /* N_() */
    const char *help;  /* N_(): what it is and where it is found in the portal */
    bool fixed;        /* shown, not changed here */
    int (*count)(const struct model *m, const struct form *f);
    void (*choice)(const struct model *m, const struct form *f, int i, struct form_choice *out);
    /* Judges values[i].id; fills message. Returns "ok", "warn" or "fail". */
    const char *(*check)(const struct model *m, const struct form *f, int i, char *message,
                         size_t size);
    const struct param *param; /* in place of id, label and help */
    bool free; /* what is typed counts as it is: a list's row is taken only if it was picked */
    bool (*off)(const struct form *f); /* not asked, judged or sent now; NULL: it always is */
};
struct form_value {
    struct input in;
    char undo[INPUT_SIZE], id[INPUT_SIZE], message[240], level[8];
    enum form_source source, undo_source;
};
struct form {
    const struct form_field *fields;
    int n;
    struct form_value values[FORM_FIELDS];
    int changed; /* field whose value was just settled with another id, or -1; the asker resets it
                  */
    int focus;   /* n: the button, n + 1: the other one */
    const char *button, *other; /* other: NULL if there is none */
    bool list_open, filtering;
    bool editing; /* the focused value was touched: what is typed goes into it */
    int list_at, list_top;
    bool tight; /* drawn without rows for what is said of the fields */
};

const char *form_id(const struct form_field *d);
const char *form_label(const struct form_field *d); /* translated */
const char *form_about(const struct form_field *d); /* its help, translated */

bool form_off(const struct form *f, int field);
void form_init(struct form *f, const struct form_field *fields, int n, const char *button);
void form_set(struct form *f, int field, const char *text, const char *id, enum form_source source);
int form_choices(const struct form *f, const struct model *m, int field);
/* Indices of the choices whose id or name contains `typed` (all for ""). */
int form_matches(const struct form *f, const struct model *m, int field, const char *typed,
                 int out[FORM_MATCHES]);
void form_choose(struct form *f, const struct model *m, int field, int index);
void form_settle(struct form *f, const struct model *m, int field);
bool form_check(struct form *f,
                const struct model *m); /* all fields; focus goes to the first wrong one */
int form_wrong(const struct form *f);   /* the first field whose level is "fail", or -1 */
void form_message(struct form *f, const char *field_id, const char *level,
                  const char *text); /* what the core found */

#endif
