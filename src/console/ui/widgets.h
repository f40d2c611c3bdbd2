/* widgets.h - the small parts screens are made of: input line, menu, table, text view. Plain data
 * owned by the screen; draw functions only read.
 *
 * Key functions answer true when they used the key. A selection is an index; -1 none.
 */
#ifndef AZL_UI_WIDGETS_H
#define AZL_UI_WIDGETS_H

#include "console/face/form.h"
#include "console/ui/ui.h"

int widget_scroll(int top, int selected, int rows, int n); /* the top that shows selected */

/* ---- input: one line of text with a cursor ---- */
bool input_key(struct input *in, int key, const char *pasted); /* true: text or cursor changed */
void input_draw(const struct input *in, int row, int col, int cols, bool focus);

/* ---- menu: numbered items; digits gather and act on Enter ---- */
struct menu_item {
    int number;
    const char *text;
    char note[160]; /* second column */
    enum role note_role;
};
struct menu {
    int selected, top;
    int typed; /* the number so far, 0 none */
};
/* true with *chosen >= 0: the item was chosen by Enter. */
bool menu_key(struct menu *m, const struct menu_item *items, int n, int key, int *chosen);
void menu_draw(const struct menu *m, const struct menu_item *items, int n, const struct area *a);

/* ---- table ---- */
struct column {
    const char *title; /* N_() */
    int min;           /* columns; the last one takes the rest */
    int weight;        /* its share of what is left over */
};
struct table {
    int selected, top;
};
/* Fills out with the text of a cell; returns its role. */
typedef enum role table_cell_fn(struct ui *ui, int row, int column, char *out, size_t size);
bool table_key(struct table *t, int n, int rows, int key);
void table_draw(struct table *t, struct ui *ui, const struct area *a, const struct column *columns,
                int n_columns, int n, table_cell_fn *cell);

/* ---- text view: paragraphs that wrap and scroll ---- */
struct paragraph {
    char *text;
    enum role role;
    int indent, hang; /* columns: of all lines, of those after the first */
};
struct textview {
    struct paragraph *items;
    int n, cap, top, total, rows; /* total lines and rows of the last drawing */
};
void textview_add(struct textview *v, enum role role, int indent, int hang, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));
void textview_clear(struct textview *v);
bool textview_key(struct textview *v, int key);
void textview_draw(struct textview *v, const struct area *a);

#endif
