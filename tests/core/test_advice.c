#include "config.h"

#include "testing.h"

#include <errno.h>

#include "base/str.h"
#include "core/advice.h"

int test_core_advice(void);

static const char *of(enum err_domain d, int code, const char *remote, int http)
{
    struct err e = { .domain = d, .code = code, .http = http };

    STR_SET(e.remote_code, remote);
    return advice_find(&e);
}

static void rows_are_reachable(void **s)
{
    (void)s;
    for (unsigned i = 0; i < advice_count; i++) {
        const struct advice_row *r = &advice_rows[i];
        struct err e = { .domain = r->domain ? r->domain : ERR_OP,
                         .code = r->code,
                         .http = r->http };

        STR_SET(e.remote_code, r->remote);
        if (r->remote && str_ends(r->remote, "*"))
            STR_SET(e.remote_code, "AZCM0001");
        if (r->remote && str_starts(r->remote, "LocationNot"))
            STR_SET(e.remote_code, "LocationNotAvailableForResourceType");
        assert_string_equal(advice_find(&e), r->text);
        assert_true(strlen(r->text) < sizeof(e.advice));
    }
}

static void the_narrow_row_comes_first(void **s)
{
    (void)s;
    assert_string_not_equal(of(ERR_ARM, 0, "RequestDisallowedByPolicy", 403),
                            of(ERR_ARM, 0, "Unheard", 403));
    assert_ptr_equal(of(ERR_ARM, 0, "authorizationfailed", 403),
                     of(ERR_ARM, 0, "AuthorizationFailed", 403));
    assert_non_null(of(ERR_NET, 60, "", 0));
    assert_string_not_equal(of(ERR_NET, 60, "", 0), of(ERR_NET, 99, "", 0));
}

/* errno 104 is ECONNRESET and our 104 is "cancelled"; errno 101 our "not signed in". */
static void our_numbers_are_not_errno(void **s)
{
    (void)s;
    assert_non_null(of(ERR_OP, ERR_C_NOT_SIGNED_IN, "", 0));
    assert_non_null(of(ERR_AUTH, ERR_C_NOT_SIGNED_IN, "", 0));
    assert_null(of(ERR_SYSTEM, ERR_C_NOT_SIGNED_IN, "", 0));
    assert_string_equal(of(ERR_NET, ERR_C_NOT_SIGNED_IN, "", 0), of(ERR_NET, 99, "", 0));
    assert_non_null(of(ERR_SYSTEM, ENOSPC, "", 0));
}

static void filled_once(void **s)
{
    struct err e = { .domain = ERR_OP, .code = 9101 }, none = { 0 },
               unknown = { .domain = ERR_OP, .code = 77 };

    (void)s;
    STR_SET(e.advice, "mine");
    advice_fill(&e);
    assert_string_equal(e.advice, "mine");
    e.advice[0] = 0;
    advice_fill(&e);
    assert_true(e.advice[0] != 0);
    advice_fill(&none);
    assert_string_equal(none.advice, "");
    advice_fill(&unknown);
    assert_string_equal(unknown.advice, "");
}

int test_core_advice(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_reachable),
        cmocka_unit_test(the_narrow_row_comes_first),
        cmocka_unit_test(our_numbers_are_not_errno),
        cmocka_unit_test(filled_once),
    };

    return TEST_GROUP("core/advice", tests);
}
