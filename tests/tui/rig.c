#include "config.h"

#include "testing.h"
#include "tui/rig.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"
#include "base/i18n.h"
#include "base/str.h"
#include "console/plain/plain_main.h"
#include "console/ui/ui_main.h"

const struct rig_options rig_rich = {
    .rows = 24, .cols = 80, .term = "xterm-256color", .locale = "C.UTF-8"
};
const struct rig_options rig_large = {
    .rows = 43, .cols = 132, .term = "xterm-256color", .locale = "C.UTF-8"
};
const struct rig_options rig_ascii = { .rows = 20, .cols = 60, .term = "vt100", .locale = "C" };

static int64_t *child_clock;

static int64_t child_now(void)
{
    return *child_clock;
}

struct child {
    int fd, other;
    const struct rig_options *o;
};

static int child_main(void *arg)
{
    struct child *c = arg;
    struct ui_options o = {
        .core_fd = c->fd, .now = child_now, .look = c->o->look, .getty = c->o->getty
    };

    close(c->other);
    i18n_init();
    if (c->o->plain)
        return plain_main(NULL, &(struct plain_options){ .core_fd = c->fd });
    return ui_main(NULL, &o);
}

struct rig rig_start(const struct rig_options *o)
{
    struct rig r = { 0 };
    struct err e = { 0 };
    int fds[2];
    struct child c = { .o = o };
    struct vt_options v = o->line;

    v.rows = o->rows;
    v.cols = o->cols;
    v.term = o->term;
    v.locale = o->locale;
    v.env = o->env;
    v.child = child_main;
    v.arg = &c;
    if (!child_clock)
        child_clock = mmap(NULL, sizeof *child_clock, PROT_READ | PROT_WRITE,
                           MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    *child_clock = CANNED_NOW;
    r.clock = child_clock;
    r.term = o->term;
    r.loop = loop_new(&e);
    assert_non_null(r.loop);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    c.fd = fds[1];
    c.other = fds[0];
    r.vt = vt_start(r.loop, &v);
    close(fds[1]);
    fcntl(fds[0], F_SETFD, FD_CLOEXEC);
    if (o->silent)
        close(fds[0]);
    else
        r.core = fake_new(r.loop, fds[0], o->hello);
    vt_settle(r.vt);
    return r;
}

void rig_end(struct rig *r)
{
    vt_free(r->vt);
    if (r->core)
        fake_free(r->core);
    loop_free(r->loop);
}

void rig_keys(struct rig *r, const char *keys)
{
    vt_send(r->vt, keys);
}

void rig_show(struct rig *r)
{
    vt_settle(r->vt);
}

/* The pty's number is not ours to choose. */
static void mask(char *text)
{
    char *p = strstr(text, "/dev/pts/");

    if (!p)
        return;
    for (p += 9; *p >= '0' && *p <= '9'; p++)
        *p = 'N';
    if (*p == '\n') {
        while (p[-2] == 'N') /* one N, whatever the number's length */
            memmove(p - 1, p, strlen(p) + 1), p--;
    }
}

/* ansi leaves the last column empty: a rule is one shorter there. */
static void widen_rules(struct str *s)
{
    struct str out = STR_INIT;
    const char *p = str_p(s), *end;

    for (; (end = strchr(p, '\n')) != NULL; p = end + 1) {
        str_addn(&out, p, (size_t)(end - p));
        if (end - p == 79 && strspn(p, "-") == 79)
            str_addc(&out, '-');
        str_addc(&out, '\n');
    }
    str_free(s);
    *s = out;
}

/* The terminal's name as home and the terminal screen show it; "screen" is also a word. */
static const char *name_in(const char *text, const char *term)
{
    size_t n = strlen(term);

    for (const char *p = strstr(text, term); p; p = strstr(p + 1, term))
        if (p - text > 2 && p[-1] == ' ' &&
            ((p[-2] == ',' && p[n] == '\n') || (p[-2] == ' ' && p[n] == ',')))
            return p;
    return NULL;
}

/* On any terminal the golden is that of one: the name is the only difference. */
static char *masked(struct rig *r)
{
    const char *text = vt_text(r->vt), *at;
    struct str s = STR_INIT;

    while (r->as && (at = name_in(text, r->term)) != NULL) {
        str_addn(&s, text, (size_t)(at - text));
        str_add(&s, r->as);
        text = at + strlen(r->term);
    }
    str_add(&s, text);
    mask(s.p);
    if (str_eq(r->term, "ansi"))
        widen_rules(&s);
    return str_take(&s);
}

void rig_golden(struct rig *r, const char *name)
{
    char path[200], full[4096];
    struct str want = STR_INIT;
    struct err e = { 0 };
    char *got = masked(r);
    FILE *f;

    str_fmt(path, sizeof path, "tui/golden/%s.txt", name);
    STR_SET(full, test_data(path));
    if (getenv("AZL_UPDATE_GOLDEN")) {
        free(got);
        vt_turn(r->vt, 400); /* on a busy machine, too */
        got = masked(r);
        f = fopen(full, "w");
        assert_non_null(f);
        fputs(got, f);
        fclose(f);
    }
    if (file_read(full, 65536, &want, &e) < 0)
        fail_msg("%s", e.message);
    for (int i = 0; i < 20 && !str_eq(str_p(&want), got); i++) { /* a busy machine draws later */
        vt_settle(r->vt);
        free(got);
        got = masked(r);
    }
    if (!str_eq(str_p(&want), got)) {
        print_error("---- wanted:\n%s", str_p(&want));
        print_error("---- got:\n%s----\n", got);
        fail_msg("%s differs", name);
    }
    str_free(&want);
    free(got);
}

void rig_assert_shows(struct rig *r, const char *text)
{
    if (!vt_wait_for(r->vt, text))
        fail_msg("\"%s\" is not on the screen:\n%s", text, vt_text(r->vt));
}

void rig_assert_hides(struct rig *r, const char *text)
{
    vt_settle(r->vt);
    if (vt_shows(r->vt, text))
        fail_msg("\"%s\" is on the screen:\n%s", text, vt_text(r->vt));
}
