/* tty.h - the terminal's life: taken over once, given back as it was found on every way out.
 *
 * tty_open saves termios, starts curses and sets the line as we need it; tty_close undoes all of
 * it. A crash (abort, segmentation fault) is caught by handlers that write a fixed reset string and
 * the saved termios (curses is not async-signal-safe). Facts: console-anchors.md 4.4, 4.5.
 */
#ifndef AZL_UI_TTY_H
#define AZL_UI_TTY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "console/ui/keys.h"

enum tty_kind { TTY_PTY, TTY_VT, TTY_SERIAL };

struct tty {
    enum tty_kind kind;
    char name[64];  /* the TERM in use */
    char given[64]; /* the environment's; another one where that is unknown here */
    char device[64];
    long baud;         /* 0 where it means nothing */
    int64_t tick_ms;   /* how often ages and clocks may be redrawn */
    int64_t escape_ms; /* how long the rest of a key's sequence may take */
    bool half_blocks;  /* the font has U+2580 and U+2584, as far as one can ask */
    bool size_unknown; /* the line said 0x0: ask by tty_ask_size */
    /* of tty_may_draw and tty_ask_size */
    int64_t credit, credit_at, asked_at, alive_at;
    uint64_t sent;
    bool key_frame, answers;
};

int tty_open(struct tty *t, struct err *e);
void tty_close(struct tty *t,
               const char *last_words); /* last_words: one line left on the screen, or NULL */
void tty_say(const char *line);         /* outside of the screens, in this terminal's characters */
void tty_pause(struct tty *t);          /* shell: the terminal as found, curses kept */
void tty_resume(struct tty *t);
void tty_add_keys(const struct tty *t, struct keys *k); /* terminfo's own sequences */
int64_t tty_tick_of(long baud);                         /* baud 0: not a slow line */
/* Skip, do not queue: false while earlier output is still on its way, or more was sent in the last
 * seconds than a slow line behind a pseudo terminal could have taken. What a key changes may be
 * drawn as soon as the line itself is free. */
bool tty_may_draw(struct tty *t, bool for_key);
/* After a false one: asks the far end to say when it has seen everything; its answer comes as
 * K_ALIVE: give it to tty_caught_up. Without an answer time alone brings the credit back. */
void tty_ask_caught_up(struct tty *t);
void tty_caught_up(struct tty *t);
void tty_ask_size(struct tty *t); /* the answer comes as K_SIZE: give it to tty_answered */
bool tty_answered(struct tty *t, int rows, int cols); /* false: nobody asked, or no size */
bool tty_resized(int rows, int cols); /* 0, 0: ask the kernel. true: it is another one */
const char *tty_kind_name(enum tty_kind k);

#endif
