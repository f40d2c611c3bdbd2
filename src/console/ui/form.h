/* form.h - a page of fields on the screen: typed or chosen from a list that filters as one types;
 * checked when left, the message under the field.
 *
 * Values and rules: face/form.h. A default or a list's value that was not touched yet is replaced
 * as a whole by the first character typed. form_key: FORM_NEXT when the operator asked to go on and
 * every field is right; FORM_OTHER when the other button was pressed.
 */
#ifndef AZL_UI_FORM_H
#define AZL_UI_FORM_H

#include "console/face/form.h"
#include "console/ui/widgets.h"

enum form_result { FORM_UNUSED, FORM_USED, FORM_NEXT, FORM_OTHER };

enum form_result form_key(struct form *f, struct ui *ui, int key);
bool form_typing(const struct form *f);
bool form_close_list(struct form *f); /* true: one was open */
void form_draw(struct form *f, struct ui *ui, const struct area *a);
const char *form_help(const struct form *f);
/* What is wrong with the focused field, where the row of `cols` under it is too short to say it
 * or there is none; else NULL. */
const char *form_cut_message(const struct form *f, int cols);

#endif
