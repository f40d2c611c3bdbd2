#include "config.h"

#include "azure/auth_int.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "testing.h"

int test_azure_auth_listen(void);

static int asked;

static void page(void *payload, const char *target, struct auth_page *out)
{
    (void)payload;
    (void)target;
    (void)out;
    asked++;
}

static int caller(int port)
{
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char text[100];

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    str_fmt(text, sizeof text, "GET /x HTTP/1.1\r\nHost: localhost:%d\r\n\r\n", port);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    return fd;
}

/* Somebody is at the door and no descriptor is free: the loop does not spin, and lets him in as
 * soon as it can. */
static void no_descriptor_is_free(void **state)
{
    struct err e = { 0 };
    struct loop *l = loop_new(&e);
    struct auth_listen *listen = auth_listen_start(l, 0, page, NULL, &e);
    struct rlimit old, full;
    int64_t until;
    int fd, taken[200], turns = 0;
    size_t n = 0;

    (void)state;
    assert_non_null(listen);
    fd = caller(auth_listen_port(listen));
    getrlimit(RLIMIT_NOFILE, &old);
    full = old;
    full.rlim_cur = (rlim_t)fd + 16;
    setrlimit(RLIMIT_NOFILE, &full);
    while (n < ARRAY_LEN(taken) && (taken[n] = dup(fd)) >= 0)
        n++;
    for (until = mono_ms() + 400; mono_ms() < until; turns++)
        loop_turn(l, 50);
    setrlimit(RLIMIT_NOFILE, &old);
    while (n)
        close(taken[--n]);
    assert_int_equal(asked, 0);
    assert_true(turns < 30);
    for (until = mono_ms() + 5000; !asked && mono_ms() < until;)
        loop_turn(l, 50);
    assert_int_equal(asked, 1);
    close(fd);
    auth_listen_stop(listen);
    loop_free(l);
}

int test_azure_auth_listen(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_descriptor_is_free),
    };

    return TEST_GROUP("azure/auth_listen", tests);
}
