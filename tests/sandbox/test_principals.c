/* The service principals that every sandbox has: their files, and that the files fit the world. */
#include "config.h"

#include "testing.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "fixture.h"
#include "sandbox/directory.h"
#include "sandbox/principals.h"

int test_sandbox_principals(void);

static const char *path_of(const struct json *list, int i)
{
    static char path[2][700];
    const char *p = json_str(list, i ? "1.certificateFile" : "0.secretFile");
    assert_non_null(p);
    assert_true(STR_SET(path[i], p));
    return path[i];
}

static void prepare(void)
{
    struct err e = { 0 };
    if (principals_prepare(sb_options.dir, fx_world, &e) < 0)
        fail_msg("%s: %s", e.context, e.message);
}

static void read_file(const char *path, struct str *out)
{
    struct err e = { 0 };
    assert_int_equal(file_read(path, 65536, out, &e), 0);
}

static enum dir_secret secret_state(const struct json *list)
{
    struct str text = STR_INIT;
    read_file(path_of(list, 0), &text);
    enum dir_secret s = dir_secret_check(
        dir_app(fx_world, world_tenant(fx_world), json_str(list, "0.clientId")), str_p(&text));
    str_free(&text);
    return s;
}

static void files_are_private_and_fit(void **state)
{
    struct stat st;
    struct str pem = STR_INIT, again = STR_INIT;
    (void)state;
    fx_open(NULL, true);
    prepare();
    struct json *list = principals_list(sb_options.dir, fx_world);
    assert_int_equal(json_len(list), 2);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(stat(path_of(list, i), &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
    }
    assert_int_equal(secret_state(list), DIR_SECRET_GOOD);
    read_file(path_of(list, 1), &pem);
    assert_non_null(strstr(str_p(&pem), "PRIVATE KEY"));
    assert_non_null(strstr(str_p(&pem), "BEGIN CERTIFICATE"));
    prepare(); /* a second start changes nothing */
    read_file(path_of(list, 1), &again);
    assert_string_equal(str_p(&pem), str_p(&again));
    assert_int_equal(secret_state(list), DIR_SECRET_GOOD);
    struct json *second = principals_list(sb_options.dir, fx_world);
    assert_true(json_equal(list, second));
    json_free(second);
    json_free(list);
    str_free(&pem);
    str_free(&again);
    fx_close();
}

static void a_lost_file_is_made_again(void **state)
{
    (void)state;
    fx_open(NULL, true);
    prepare();
    struct json *list = principals_list(sb_options.dir, fx_world);
    struct str was = STR_INIT;
    const struct json *app =
        dir_app(fx_world, world_tenant(fx_world), json_str(list, "1.clientId"));
    str_add(&was, json_str(app, "keyCredentials.0.key"));
    assert_int_equal(unlink(path_of(list, 0)), 0);
    assert_int_equal(unlink(path_of(list, 1)), 0);
    prepare();
    assert_int_equal(secret_state(list), DIR_SECRET_GOOD);
    assert_string_not_equal(json_str(app, "keyCredentials.0.key"), str_p(&was));
    assert_int_equal(json_len(json_member(app, "keyCredentials")), 1);
    str_free(&was);
    json_free(list);
    fx_close();
}

/* The world's file must not hold what could be redeemed. */
static void the_world_holds_no_secret(void **state)
{
    char path[700];
    struct str text = STR_INIT, secret = STR_INIT;
    (void)state;
    fx_open(NULL, true);
    prepare();
    struct json *list = principals_list(sb_options.dir, fx_world);
    read_file(path_of(list, 0), &secret);
    str_fmt(path, sizeof(path), "%s/world.json", sb_options.dir);
    read_file(path, &text);
    assert_non_null(strstr(str_p(&text), json_str(list, "0.clientId")));
    assert_null(strstr(str_p(&text), str_p(&secret)));
    assert_null(strstr(str_p(&text), "PRIVATE KEY"));
    str_free(&text);
    str_free(&secret);
    json_free(list);
    fx_close();
}

int test_sandbox_principals(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_private_and_fit),
        cmocka_unit_test(a_lost_file_is_made_again),
        cmocka_unit_test(the_world_holds_no_secret),
    };
    return TEST_GROUP("sandbox/principals", tests);
}
