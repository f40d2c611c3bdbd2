/* rig.h - the console in a pty with a fake core behind it: the fixture of all screen tests. */
#ifndef AZL_TESTS_RIG_H
#define AZL_TESTS_RIG_H

#include "tui/canned.h"
#include "tui/vt.h"

struct rig {
    struct loop *loop;
    struct fake_core *core;
    struct vt *vt;
    const char *term, *as; /* as: the name in the goldens, if it is another */
    int64_t *clock;        /* the console's time of day; shared with the child */
};
struct rig_options {
    int rows, cols;
    const char *term, *locale;
    const char *const *env;
    const struct wire_hello *hello;
    int look;
    bool silent; /* the core says nothing at all */
    bool getty;
    bool plain;             /* the face of lines, on the same terminal */
    struct vt_options line; /* no_size, mute, set_line, drain, reply; the rest is ignored */
};
extern const struct rig_options rig_rich;  /* 80x24, xterm-256color, UTF-8 */
extern const struct rig_options rig_large; /* 132x43, the same */
extern const struct rig_options rig_ascii; /* 60x20, vt100, the C locale */

struct rig rig_start(const struct rig_options *o);
void rig_end(struct rig *r);
void rig_keys(struct rig *r, const char *keys);
void rig_show(struct rig *r); /* settles: what the core sent is drawn */
void rig_golden(
    struct rig *r,
    const char *name); /* the screen is tests/tui/golden/NAME.txt; AZL_UPDATE_GOLDEN=1 writes it */
void rig_assert_shows(struct rig *r, const char *text);
void rig_assert_hides(struct rig *r, const char *text);

#endif
