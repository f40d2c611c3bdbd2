/* vt.h - a program in a pty under a terminal emulator: keys in, a screen as text out.
 *
 * The child is forked from the test program and runs `child`; the emulator lives here. vt_settle
 * turns the loop until the child has been silent for a while.
 */
#ifndef AZL_TESTS_VT_H
#define AZL_TESTS_VT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <termios.h>

#include "base/loop.h"

struct vt;
struct vt_options {
    int rows, cols;
    const char *term, *locale; /* "vt220", "C.UTF-8" */
    const char *const *env;    /* more "K=V", NULL-terminated, or NULL */
    int (*child)(void *arg);   /* exit status */
    void *arg;
    bool no_size;                        /* the line says 0x0; the emulator has rows, cols */
    bool mute;                           /* the emulator answers no questions */
    void (*set_line)(struct termios *t); /* the line as the child finds it */
    long drain;                          /* bytes a second that are read; 0: all at once */
    void (*reply)(struct vt *v, const char *ask); /* answers CPR in the emulator's place */
};
struct vt *vt_start(struct loop *l, const struct vt_options *o);
void vt_free(struct vt *v); /* ends the child, if it still runs, by SIGKILL */
void vt_settle(struct vt *v);
void vt_turn(struct vt *v, int64_t ms);       /* turns the loop for so long */
void vt_hold(struct vt *v, bool hold);        /* true: nothing is read from the child */
int64_t vt_busy_ms(const struct vt *v);       /* of drain: how long the line was not idle */
void vt_send(struct vt *v, const char *keys); /* and settles */
void vt_send_raw(struct vt *v, const char *bytes, size_t n);
void vt_send_later(struct vt *v, int64_t ms, const char *bytes); /* a literal; once at a time */
void vt_resize(struct vt *v, int rows, int cols);
void vt_line_size(struct vt *v, int rows,
                  int cols); /* of the line alone: the emulator keeps its own */
const char *
vt_text(struct vt *v); /* rows without trailing blanks, LF each; valid until the next call */
bool vt_shows(struct vt *v, const char *text);    /* in one row */
bool vt_wait_for(struct vt *v, const char *text); /* at most five seconds */
void vt_cell(struct vt *v, int row, int col, uint32_t *glyph, bool *reverse);
struct vt_style {
    int fg;       /* -1: the terminal's own */
    bool painted; /* another background than the terminal's own */
    bool bold, reverse;
};
void vt_style(struct vt *v, int row, int col, struct vt_style *out);
void vt_cursor(struct vt *v, int *row, int *col);
size_t vt_bytes(struct vt *v);                   /* sent by the child since the last call */
bool vt_sent(struct vt *v, const char *bytes);   /* somewhere in everything so far */
size_t vt_all(struct vt *v, const char **bytes); /* everything sent so far */
pid_t vt_pid(const struct vt *v);
void vt_size(const struct vt *v, struct winsize *out); /* as the line says it */
void vt_termios(const struct vt *v, struct termios *out);
int vt_ended(struct vt *v); /* without waiting: as vt_exit */
int vt_exit(
    struct vt *v); /* waits (at most five seconds): exit status, 128 + signal, -1 still running */

#endif
