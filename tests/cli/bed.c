#include "config.h"

#include "testing.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"
#include "base/loop.h"
#include "cli/bed.h"

#define MAX_ARGS 40

int bed_parse(struct cli *c, const char *line, struct err *e)
{
    static char text[8][1000]; /* values point into it for as long as a test lives */
    static char *argv[8][MAX_ARGS + 1];
    static int turn;
    char *p = text[turn % 8], **args = argv[turn % 8];
    int n = 0;

    turn++;
    assert_true(str_copy(p, sizeof(text[0]), line));
    args[n++] = (char *)"azloconf";
    while (*p && n < MAX_ARGS) {
        p += strspn(p, " ");
        if (!*p)
            break;
        args[n++] = p;
        p += strcspn(p, " ");
        if (*p)
            *p++ = '\0';
    }
    memset(c, 0, sizeof(*c));
    return cli_parse(c, n, args, e);
}

static void on_change(void *payload, enum section_id id)
{
    ((struct cli *)payload)->came[id]++;
}

static void on_state(void *payload, enum client_state s, const struct err *why)
{
    struct cli *c = payload;

    c->state = s;
    if (why && err_is(why))
        c->why = *why;
}

void bed_start(struct bed *b, const char *line, unsigned sections)
{
    struct err e = { 0 };
    int sv[2];

    memset(b, 0, sizeof(*b));
    assert_int_equal(bed_parse(&b->c, line, &e), 0);
    b->c.loop = loop_new(&e);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, sv), 0);
    b->core = fake_new(b->c.loop, sv[1], NULL);
    b->c.client = client_over(b->c.loop, sv[0], sections, on_change, on_state, &b->c);
}

void bed_stop(struct bed *b)
{
    client_free(b->c.client);
    fake_free(b->core);
    loop_free(b->c.loop);
    str_free(&b->out);
    str_free(&b->err);
}

/* ---- what is printed ---- */

static int kept[2] = { -1, -1 };
static char paths[2][300];

void bed_capture(void)
{
    static int n;

    fflush(stdout);
    fflush(stderr);
    n++;
    for (int i = 0; i < 2; i++) {
        int fd;

        str_fmt(paths[i], sizeof(paths[i]), "%s/printed%d.%d", test_dir(), n, i);
        fd = open(paths[i], O_CREAT | O_RDWR | O_CLOEXEC, 0600);
        assert_true(fd >= 0);
        kept[i] = dup(i + 1);
        dup2(fd, i + 1);
        close(fd);
    }
}

void bed_captured(struct bed *b)
{
    struct str *to[2] = { &b->out, &b->err };
    struct err e = { 0 };

    fflush(stdout);
    fflush(stderr);
    for (int i = 0; i < 2; i++) {
        dup2(kept[i], i + 1);
        close(kept[i]);
        str_reset(to[i]);
        assert_int_equal(file_read(paths[i], 1 << 20, to[i], &e), 0);
        str_add(to[i], "");
    }
}
