/* keys.h - bytes of a terminal to keys, whatever the terminal calls itself.
 *
 * A decoder without waiting: feed it what was read; when keys_waiting says so, call keys_timeout
 * after keys' delay without further bytes (a lone Esc). All known encodings are understood whatever
 * TERM says (CSI and SS3 arrows, the number pad, the Linux VT's, rxvt's and PuTTY's,
 * console-anchors.md 4.4), and those of terminfo are added by keys_add. Esc or Alt with a digit is
 * an F-key: every act also has a letter or digit. Pasted text (bracketed, or several lines in one
 * read) arrives as one K_PASTE with keys_text.
 */
#ifndef AZL_UI_KEYS_H
#define AZL_UI_KEYS_H

#include <stdbool.h>
#include <stddef.h>

enum {
    K_NONE = 0, /* below K_UP: a character's code point; control characters as they are */
    K_TAB = 9,
    K_ENTER = 13,
    K_ESC = 27,
    K_UP = 0x110000,
    K_DOWN,
    K_LEFT,
    K_RIGHT,
    K_HOME,
    K_END,
    K_PGUP,
    K_PGDN,
    K_INS,
    K_DEL,
    K_BTAB,
    K_BACKSPACE,
    K_PASTE,
    K_SIZE,  /* a size report: keys_report */
    K_ALIVE, /* the answer to "are you well" (CSI 5 n) */
    K_F0     /* K_F0 + n */
};
#define K_F(n)    (K_F0 + (n))
#define K_CTRL(c) ((c)&0x1f)

struct keys;
typedef void keys_fn(void *payload, int key);
struct keys *keys_new(void);
void keys_free(struct keys *k);
void keys_add(struct keys *k, const char *sequence,
              int key); /* starts with ESC; NULL and others are ignored */
void keys_feed(struct keys *k, const char *bytes, size_t n, keys_fn *fn, void *payload);
bool keys_waiting(const struct keys *k);
bool keys_pasting(const struct keys *k); /* in a bracketed paste: pauses may be long */
void keys_timeout(struct keys *k, keys_fn *fn, void *payload);
/* What was typed may be a secret: nothing of it stays here once its keys were sent. */
void keys_forget(struct keys *k);
const char *keys_text(const struct keys *k);                  /* of the last K_PASTE */
void keys_report(const struct keys *k, int *rows, int *cols); /* of the last K_SIZE */

/* ---- tables of keys ---- */

struct ui;
/* One row: what a key does. The key bar, the help text and the dispatch are made from it. */
struct key_row {
    int key, also, fkey; /* fkey: second name F1..F12, 0 none */
    const char *name;    /* as shown: "r", "Up Dn"; NULL: works, but is not shown in the bar */
    const char *label;   /* N_() */
    bool (*guard)(struct ui *ui, const void *self); /* NULL: always */
    void (*run)(struct ui *ui,
                void *self); /* NULL: described here, handled by the screen's own key function */
};
/* The row that answers to `key` and whose guard allows it, or NULL. */
const struct key_row *keys_find(const struct key_row *rows, size_t n, int key, struct ui *ui,
                                const void *self);

#endif
