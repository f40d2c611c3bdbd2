#include "config.h"

#include "testing.h"
#include "console/tests.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "wire/paths.h"

static void names(void **state)
{
    char a[PATH_NAME_SIZE], b[PATH_NAME_SIZE];

    (void)state;
    path_name(a, "");
    assert_string_equal(a, "cbf29ce484222325"); /* FNV-1a's offset basis */
    path_name(a, "a");
    assert_string_equal(a, "af63dc4c8601ec8c");
    path_name(a, "/home/anna/.local/state/azloconf");
    path_name(b, "/home/anna/.local/state/azloconf-sandbox");
    assert_string_not_equal(a, b);
}

static void usual_places(void **state)
{
    char want[PATH_SIZE], got[PATH_SIZE];
    struct err e = { 0 };
    struct stat st;

    (void)state;
    setenv("XDG_STATE_HOME", test_dir(), 1);
    str_fmt(want, sizeof want, "%s/azloconf", test_dir());
    assert_int_equal(path_state_dir(got, sizeof got, NULL, false, &e), 0);
    assert_string_equal(got, want);
    assert_int_equal(stat(got, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    assert_int_equal(path_state_dir(got, sizeof got, NULL, true, &e), 0);
    assert_true(str_ends(got, "/azloconf-sandbox"));
    unsetenv("XDG_STATE_HOME");
}

/* The same folder by any name gives the same socket: two consoles never start two cores. */
static void one_folder_one_socket(void **state)
{
    char real[PATH_SIZE], link[PATH_SIZE], a[PATH_SIZE], b[PATH_SIZE], sa[PATH_SOCKET_SIZE],
        sb[PATH_SOCKET_SIZE];
    struct err e = { 0 };

    (void)state;
    setenv("XDG_RUNTIME_DIR", test_dir(), 1);
    str_fmt(real, sizeof real, "%s/one//state/", test_dir());
    str_fmt(link, sizeof link, "%s/two", test_dir());
    assert_int_equal(path_state_dir(a, sizeof a, real, false, &e), 0);
    assert_int_equal(symlink(a, link), 0);
    str_fmt(real, sizeof real, "%s/../one/./state", a);
    str_fmt(real, sizeof real, "%s/one/../one/state", test_dir());
    assert_int_equal(path_state_dir(b, sizeof b, real, false, &e), 0);
    assert_string_equal(a, b);
    assert_int_equal(path_socket(sa, sizeof sa, a, &e), 0);
    assert_int_equal(path_socket(sb, sizeof sb, b, &e), 0);
    assert_string_equal(sa, sb);
    assert_true(str_starts(sa, test_dir()));
    assert_true(str_ends(sa, ".sock"));
}

static void long_runtime_folder(void **state)
{
    char longer[200], got[PATH_SOCKET_SIZE];
    struct err e = { 0 };

    (void)state;
    memset(longer, 'x', sizeof longer);
    longer[0] = '/';
    longer[sizeof longer - 1] = '\0';
    setenv("XDG_RUNTIME_DIR", longer, 1);
    assert_int_equal(path_runtime_dir(got, sizeof got, &e), 0);
    assert_true(str_starts(got, "/tmp/azloconf-")); /* sun_path holds 108 bytes */
    setenv("XDG_RUNTIME_DIR", test_dir(), 1);
}

static void foreign_folder(void **state)
{
    char dir[PATH_SIZE], got[PATH_SOCKET_SIZE];
    struct err e = { 0 };

    (void)state;
    str_fmt(dir, sizeof dir, "%s/open", test_dir());
    mkdir(dir, 0777);
    setenv("XDG_RUNTIME_DIR", dir, 1);
    str_fmt(dir, sizeof dir, "%s/open/azloconf", test_dir());
    mkdir(dir, 0777);
    chmod(dir, 0777); /* others could put a socket there */
    assert_int_equal(path_runtime_dir(got, sizeof got, &e), -1);
    assert_true(e.message[0] != '\0');
    setenv("XDG_RUNTIME_DIR", test_dir(), 1);
}

int test_console_paths(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),
        cmocka_unit_test(usual_places),
        cmocka_unit_test(one_folder_one_socket),
        cmocka_unit_test(long_runtime_folder),
        cmocka_unit_test(foreign_folder),
    };

    return TEST_GROUP("wire/paths", tests);
}
