#include "config.h"

#include "console/ui/widgets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/text.h"
#include "console/ui/text.h"

int widget_scroll(int top, int selected, int rows, int n)
{
    if (selected >= 0 && selected < top)
        top = selected;
    if (selected >= top + rows)
        top = selected - rows + 1;
    if (top > n - rows)
        top = n - rows;
    return top < 0 ? 0 : top;
}

/* ---- input ---- */

static bool insert(struct input *in, const char *bytes, size_t n)
{
    size_t len = strlen(in->text);

    if (n == 0 || len + n >= INPUT_SIZE)
        return false;
    memmove(in->text + in->at + n, in->text + in->at, len - in->at + 1);
    memcpy(in->text + in->at, bytes, n);
    in->at += n;
    return true;
}

/* Pasted text is data: its first line, trimmed and cleaned. */
static bool insert_pasted(struct input *in, const char *pasted)
{
    char line[INPUT_SIZE], clean[INPUT_SIZE];
    size_t n;

    while (*pasted && strchr(" \t\r\n", *pasted))
        pasted++;
    n = strcspn(pasted, "\r\n");
    if (n >= sizeof line)
        n = sizeof line - 1;
    memcpy(line, pasted, n);
    line[n] = '\0';
    text_set(clean, sizeof clean, str_trim(line));
    return insert(in, clean, strlen(clean));
}

static void cut(struct input *in, size_t from, size_t to)
{
    memmove(in->text + from, in->text + to, strlen(in->text + to) + 1);
    in->at = from;
}

bool input_key(struct input *in, int key, const char *pasted)
{
    char utf8[5], clean[32];
    size_t n, len = strlen(in->text);

    switch (key) {
    case K_LEFT:
        in->at = text_prev(in->text, in->at);
        return true;
    case K_RIGHT:
        in->at = text_next(in->text, in->at);
        return true;
    case K_HOME:
    case K_CTRL('A'):
        in->at = 0;
        return true;
    case K_END:
    case K_CTRL('E'):
        in->at = len;
        return true;
    case K_BACKSPACE:
        if (in->at > 0)
            cut(in, text_prev(in->text, in->at), in->at);
        return true;
    case K_DEL:
        if (in->at < len)
            cut(in, in->at, text_next(in->text, in->at));
        return true;
    case K_CTRL('U'):
        cut(in, 0, len);
        return true;
    case K_PASTE:
        return insert_pasted(in, pasted);
    default:
        if (key < ' ' || key >= K_UP)
            return false;
        n = text_encode(utf8, (wchar_t)key);
        text_clean(clean, sizeof clean, utf8, n, TEXT_LINE);
        return insert(in, clean, strlen(clean));
    }
}

void input_draw(const struct input *in, int row, int col, int cols, bool focus)
{
    size_t from = 0;
    char before[INPUT_SIZE];

    STR_SET(before, in->text);
    before[in->at] = '\0';
    while (text_width(before + from) > cols - 1)
        from = text_next(before, from);
    paint_text(row, col, cols, ROLE_TEXT, in->text + from);
    if (focus)
        paint_cursor(row, col + text_width(before + from));
}

/* ---- menu ---- */

static int item_of_number(const struct menu_item *items, int n, int number)
{
    for (int i = 0; i < n; i++)
        if (items[i].number == number)
            return i;
    return -1;
}

static void menu_digit(struct menu *m, const struct menu_item *items, int n, int digit)
{
    int number = m->typed * 10 + digit, i = item_of_number(items, n, number);

    if (i < 0 && m->typed) {
        number = digit;
        i = item_of_number(items, n, number);
    }
    m->typed = number;
    if (i >= 0)
        m->selected = i;
    else if (number == 0 || number > 9)
        m->typed = 0;
}

bool menu_key(struct menu *m, const struct menu_item *items, int n, int key, int *chosen)
{
    *chosen = -1;
    if (key >= '0' && key <= '9') {
        menu_digit(m, items, n, key - '0');
        return true;
    }
    switch (key) {
    case K_UP:
    case K_BTAB:
        m->selected = (m->selected + n - 1) % n;
        break;
    case K_DOWN:
    case K_TAB:
        m->selected = (m->selected + 1) % n;
        break;
    case K_HOME:
        m->selected = 0;
        break;
    case K_END:
        m->selected = n - 1;
        break;
    case K_BACKSPACE:
        m->typed /= 10;
        if (item_of_number(items, n, m->typed) >= 0)
            m->selected = item_of_number(items, n, m->typed);
        return true;
    case K_ENTER:
        *chosen = m->typed ? item_of_number(items, n, m->typed) : m->selected;
        break;
    default:
        return false;
    }
    m->typed = 0;
    return true;
}

static void draw_item(const struct menu_item *it, bool on, int row, int col, int cols,
                      int text_cols)
{
    paint_fmt(row, col, 4, on ? ROLE_FOCUS : ROLE_TEXT, "%s%3d", on ? ">" : " ", it->number);
    paint_fmt(row, col + 4, text_cols + 1, on ? ROLE_FOCUS : ROLE_TEXT, " %s", _(it->text));
    if (cols > text_cols + 12)
        paint_cut(row, col + text_cols + 7, cols - text_cols - 8, it->note_role, it->note);
}

/* One column with notes where the rows suffice; else two columns without. */
void menu_draw(const struct menu *m, const struct menu_item *items, int n, const struct area *a)
{
    bool one = n <= a->rows;
    int per = one ? n : (n + 1) / 2, width = one ? a->cols : a->cols / 2, text_cols = 0;

    for (int i = 0; i < n; i++) {
        int w = text_width(_(items[i].text));
        text_cols = w > text_cols ? w : text_cols;
    }
    if (text_cols > width - 6)
        text_cols = width - 6;
    for (int i = 0; i < n && i % per < a->rows; i++) {
        int row = a->row + i % per, col = a->col + i / per * width;
        draw_item(&items[i], i == m->selected, row, col, one ? width : 0, text_cols);
        if (i == m->selected)
            paint_cursor(row, col);
    }
}

/* ---- table ---- */

bool table_key(struct table *t, int n, int rows, int key)
{
    int page = rows > 1 ? rows - 1 : 1;

    if (n == 0)
        return false;
    if (key == K_UP)
        t->selected--;
    else if (key == K_DOWN)
        t->selected++;
    else if (key == K_PGUP)
        t->selected -= page;
    else if (key == K_PGDN)
        t->selected += page;
    else if (key == K_HOME)
        t->selected = 0;
    else if (key == K_END)
        t->selected = n - 1;
    else
        return false;
    t->selected = t->selected < 0 ? 0 : t->selected >= n ? n - 1 : t->selected;
    return true;
}

static int column_width(const struct column *columns, int n, int i, int cols)
{
    int fixed = 0, weights = 0;

    for (int c = 0; c < n; c++) {
        fixed += columns[c].min + 1;
        weights += columns[c].weight;
    }
    if (weights == 0 || cols <= fixed)
        return columns[i].min;
    return columns[i].min + (cols - fixed) * columns[i].weight / weights;
}

void table_draw(struct table *t, struct ui *ui, const struct area *a, const struct column *columns,
                int n_columns, int n, table_cell_fn *cell)
{
    char text[400];
    int rows = a->rows - 1;

    t->top = widget_scroll(t->top, t->selected, rows, n);
    for (int r = -1; r < rows && t->top + r < n; r++) {
        int i = t->top + r, col = a->col + 2, end = a->col + a->cols - 1;

        if (r >= 0 && i == t->selected) {
            paint_text(a->row + 1 + r, a->col, 1, ROLE_FOCUS, ">");
            paint_cursor(a->row + 1 + r, a->col);
        }
        for (int c = 0; c < n_columns && col < end; c++) {
            int w = column_width(columns, n_columns, c, a->cols - 3), room = end - col;
            enum role role = ROLE_QUIET;

            if (r < 0)
                STR_SET(text, _(columns[c].title));
            else
                role = cell(ui, i, c, text, sizeof text);
            paint_cut(a->row + 1 + r, col, w < room && c < n_columns - 1 ? w : room, role, text);
            col += w + 1;
        }
    }
}

/* ---- text view ---- */

void textview_add(struct textview *v, enum role role, int indent, int hang, const char *fmt, ...)
{
    struct str s = STR_INIT;
    va_list ap;

    va_start(ap, fmt);
    str_addv(&s, fmt, ap);
    va_end(ap);
    if (v->n == v->cap) {
        v->cap = v->cap ? 2 * v->cap : 32;
        v->items = xrealloc(v->items, (size_t)v->cap * sizeof *v->items);
    }
    v->items[v->n++] = (struct paragraph){ str_take(&s), role, indent, hang };
}

void textview_clear(struct textview *v)
{
    for (int i = 0; i < v->n; i++)
        free(v->items[i].text);
    free(v->items);
    *v = (struct textview){ .top = v->top };
}

bool textview_key(struct textview *v, int key)
{
    int page = v->rows > 1 ? v->rows - 1 : 1, most = v->total > v->rows ? v->total - v->rows : 0;

    if (key == K_UP)
        v->top--;
    else if (key == K_DOWN)
        v->top++;
    else if (key == K_PGUP)
        v->top -= page;
    else if (key == K_PGDN || key == ' ')
        v->top += page;
    else if (key == K_HOME)
        v->top = 0;
    else if (key == K_END)
        v->top = most;
    else
        return false;
    v->top = v->top < 0 ? 0 : v->top > most ? most : v->top;
    return true;
}

/* The first line has room for the words that the others hang under. */
static int wrap_paragraph(const struct paragraph *p, int cols, struct text_line *lines, int max)
{
    const char *rest;

    if (text_wrap(p->text, cols - p->indent, lines, 1) == 0)
        return 0;
    rest = lines[0].p + lines[0].n;
    if (*rest == '\n')
        rest++;
    else
        rest += strspn(rest, " ");
    return 1 + text_wrap(rest, cols - p->indent - p->hang, lines + 1, max - 1);
}

static int draw_paragraph(const struct paragraph *p, int at, int top, const struct area *a)
{
    struct text_line lines[64];
    int n = wrap_paragraph(p, a->cols, lines, ARRAY_LEN(lines));

    if (n == 0)
        n = 1, lines[0] = (struct text_line){ "", 0 };
    for (int i = 0; i < n; i++) {
        int row = at + i - top, col = p->indent + (i ? p->hang : 0);
        if (row >= 0 && row < a->rows)
            paint_bytes(a->row + row, a->col + col, a->cols - col, p->role, lines[i].p, lines[i].n);
    }
    return n;
}

static int count_lines(const struct textview *v, int cols)
{
    struct text_line lines[64];
    int total = 0;

    for (int i = 0; i < v->n; i++) {
        int n = wrap_paragraph(&v->items[i], cols, lines, ARRAY_LEN(lines));
        total += n ? n : 1;
    }
    return total;
}

void textview_draw(struct textview *v, const struct area *a)
{
    struct area inner = *a;
    int at = 0;

    v->total = count_lines(v, a->cols);
    v->rows = a->rows;
    if (v->total > a->rows)
        inner.rows = v->rows = a->rows - 1; /* the last row says that there is more */
    v->top = widget_scroll(v->top, -1, v->rows, v->total);
    for (int i = 0; i < v->n; i++)
        at += draw_paragraph(&v->items[i], at, v->top, &inner);
    if (v->total > a->rows)
        paint_fmt(a->row + a->rows - 1, a->col, a->cols, ROLE_QUIET,
                  _("lines %d to %d of %d, PgUp PgDn move"), v->top + 1, v->top + v->rows,
                  v->total);
}
