/* form.h - a page of fields: typed or chosen from a list that filters as one types; checked when
 * left, the message under the field.
 *
 * Fields are a static table; values live in the screen. The list comes from a section and may
 * arrive at any time: every value can also be typed. A default or a list's value that was not
 * touched yet is replaced as a whole by the first character typed. form_key: FORM_NEXT when the
 * operator asked to go on and every field is right.
 */
#ifndef AZL_UI_FORM_H
#define AZL_UI_FORM_H

#include "console/ui/widgets.h"

#define FORM_FIELDS 8

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
    int (*count)(struct ui *ui, const struct form *f);
    void (*choice)(struct ui *ui, const struct form *f, int i, struct form_choice *out);
    /* Judges values[i].id; fills message. Returns "ok", "warn" or "fail". */
    const char *(*check)(struct ui *ui, const struct form *f, int i, char *message, size_t size);
};
struct form_value {
    struct input in;
    char undo[INPUT_SIZE], id[INPUT_SIZE], message[240], level[8];
    enum form_source source, undo_source;
};
struct form {
    const struct form_field *fields;
    int n, focus; /* focus n: the button */
    const char *button;
    struct form_value values[FORM_FIELDS];
    bool list_open, filtering;
    bool editing; /* the focused value was touched: what is typed goes into it */
    int list_at, list_top;
    int changed; /* field whose value was just settled with another id, or -1; the screen resets it
                  */
};

enum form_result { FORM_UNUSED, FORM_USED, FORM_NEXT };

void form_init(struct form *f, const struct form_field *fields, int n, const char *button);
void form_set(struct form *f, int field, const char *text, const char *id, enum form_source source);
enum form_result form_key(struct form *f, struct ui *ui, int key);
bool form_check(struct form *f, struct ui *ui); /* all fields; focus goes to the first wrong one */
void form_settle(struct form *f, struct ui *ui, int field);
void form_message(struct form *f, const char *field_id, const char *level,
                  const char *text); /* what the core found */
bool form_typing(const struct form *f);
bool form_close_list(struct form *f); /* true: one was open */
void form_draw(struct form *f, struct ui *ui, const struct area *a);
const char *form_help(const struct form *f);

#endif
