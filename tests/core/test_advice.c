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

/* An error that the row was written for: its first key, its status, or its words. */
static void error_of(struct err *e, const struct advice_row *r)
{
    char key[96];
    int64_t n = 0;
    size_t out = 0;

    *e = (struct err){ .domain = r->domain ? r->domain : ERR_OP, .code = r->code, .http = r->http };
    str_copy(key, r->keys ? strcspn(r->keys, " ") + 1 : 1, r->keys ? r->keys : "");
    if (str_to_int(key, &n))
        e->code = (int)n;
    else
        STR_SET(e->remote_code, key);
    if (str_eq(key, "AZCM*"))
        STR_SET(e->remote_code, "AZCM0999");
    for (const char *p = r->words; p && *p; p++)
        if (*p != '*')
            e->message[out++] = *p;
}

static void rows_are_reachable(void **s)
{
    struct err e;

    (void)s;
    for (const struct advice_part *const *p = advice_parts; *p; p++)
        for (unsigned i = 0; i < (*p)->n; i++) {
            const struct advice_row *r = &(*p)->rows[i];

            assert_true(r->text && strlen(r->text) < sizeof(e.advice));
            assert_true(!r->why || strlen(r->why) < sizeof(e.why));
            error_of(&e, r);
            if (!r->domain && !r->code)
                assert_ptr_equal(advice_explain(e.message), r);
            else if (advice_row(&e) != r)
                fail_msg("row %u with \"%s\" is never reached", i, r->keys ? r->keys : r->text);
        }
}

/* Every key of the lists, written down a second time: register-flow.md 3.3, azure-wire.md 1.8, 2.6,
 * docs-facts.md 3.5. */
static void no_code_is_without_advice(void **s)
{
    static const int module[] = {
        1,    2,    3,    9001, 9002, 9003, 9004, 9005, 9006, 9007, 9008, 9009, 9010, 9011, 9101,
        9102, 9104, 9105, 9106, 9107, 9108, 9109, 9110, 9111, 9112, 9113, 9114, 9115, 9116, 9117,
        9118, 9119, 9120, 9121, 9123, 9125, 9127, 9128, 9129, 9130, 9131, 9132, 9133, 9134, 9135,
        9140, 9141, 9142, 9143, 9144, 9145, 9146, 9147, 9148, 9149, 9150, 9151,
    };
    static const int entra[] = {
        16000,  50020,  50034,  51004,   50053,   50055,   50144,   50126,   50057,  50058,  50059,
        90019,  50072,  50074,  50076,   50078,   50079,   53004,   50097,   50129,  53000,  53001,
        50005,  50105,  50131,  53003,   530032,  530035,  530036,  50155,   50158,  50173,  70008,
        700082, 70043,  50089,  50132,   50133,   50196,   50194,   50001,   500011, 650052, 650057,
        500021, 500022, 50002,  500212,  500213,  65001,   65004,   90094,   90095,  90008,  65002,
        70011,  28002,  28003,  700022,  700023,  70016,   70018,   70019,   90119,  90120,  50134,
        700011, 700016, 70001,  7000112, 1000031, 70002,   7000215, 7000222, 700027, 50012,  50013,
        500133, 700030, 700025, 7000218, 80001,   80002,   80005,   80012,   80014,  90002,  90038,
        90051,  90006,  90024,  90033,   90055,   50033,   50087,   40010,   90012,  90090,  50049,
        90072,  50199,  50050,  90014,   900144,  9002313, 9001023, 90124,   90130,  53011,  530034,
        80013,
    };
    static const char *const arm[] = {
        "InvalidAuthenticationToken",
        "ExpiredAuthenticationToken",
        "InvalidAuthenticationTokenTenant",
        "AuthenticationFailed",
        "insufficient_claims",
        "AuthorizationFailed",
        "LinkedAuthorizationFailed",
        "DenyAssignmentAuthorizationFailed",
        "RequestDisallowedByPolicy",
        "ResourceGroupNotFound",
        "ResourceNotFound",
        "SubscriptionNotFound",
        "ParentResourceNotFound",
        "Conflict",
        "AnotherOperationInProgress",
        "ResourceGroupBeingDeleted",
        "ScopeLocked",
        "MissingSubscriptionRegistration",
        "InvalidResourceLocation",
        "InvalidRequestContent",
        "LocationRequired",
        "InvalidParameter",
        "ObjectAdditionalProperties",
        "TooManyRequests",
        "SubscriptionRequestsThrottled",
        "InternalServerError",
        "GatewayTimeout",
        "MissingRegistrationForLocation",
        "LocationNotAvailableForResourceType",
        "NoRegisteredProviderFound",
        "RoleAssignmentExists",
        "PrincipalNotFound",
        "ReadOnlyDisabledSubscription",
        "InvalidResourceGroupLocation",
    };
    static const int agent[] = {
        0,   1,   11,  12,  16,  18,  19,  20,  23,  26,  27,  28,  41,  42,  43,  44,  45,  61,
        62,  63,  64,  65,  66,  67,  68,  69,  70,  72,  73,  74,  75,  76,  81,  82,  83,  101,
        102, 103, 105, 107, 108, 127, 130, 131, 132, 133, 141, 143, 145, 146, 147, 152, 157,
    };
    char text[24];

    (void)s;
    for (size_t i = 0; i < ARRAY_LEN(module); i++) {
        str_fmt(text, sizeof(text), "%d", module[i]);
        if (!advice_explain(text))
            fail_msg("%s", text);
        assert_non_null(of(ERR_OP, module[i], "", 0));
    }
    for (size_t i = 0; i < ARRAY_LEN(entra); i++) {
        str_fmt(text, sizeof(text), "AADSTS%d", entra[i]);
        if (!advice_explain(text))
            fail_msg("%s", text);
        assert_non_null(of(ERR_AUTH, entra[i], text, 400));
    }
    for (size_t i = 0; i < ARRAY_LEN(arm); i++)
        if (!advice_explain(arm[i]))
            fail_msg("%s", arm[i]);
    for (size_t i = 0; i < ARRAY_LEN(agent); i++) {
        str_fmt(text, sizeof(text), "AZCM%04d", agent[i]);
        if (!advice_explain(text))
            fail_msg("%s", text);
    }
}

static bool says(const char *text, const char *part)
{
    const struct advice_row *r = advice_explain(text);

    return r && r->what && str_ifind(r->what, part);
}

static void found_by_words(void **s)
{
    (void)s;
    assert_true(says("There was a failure configuring the virtual machine role for 'vm1'. Job "
                     "failed. Error opening \"vm1\" clustered roles. The service being accessed is "
                     "licensed for a particular number of connections. No more connections can "
                     "be made to the service at this time",
                     "virtual machine"));
    assert_true(says("Couldn't generate self-signed certificate on node(s) {n1}", "certificate"));
    assert_true(says("  9108 ", "region"));
    assert_true(says("aadsts53003", "Conditional Access"));
    assert_true(says("53003", "Conditional Access"));
    assert_true(says("it said AADSTS53003: Access has been blocked", "Conditional Access"));
    assert_true(says("code \"ScopeLocked\" came", "lock"));
    assert_true(says("Job failed. The service being accessed is licensed for a particular\r\n"
                     "    number of connections.",
                     "virtual machine")); /* as a window breaks it */
    assert_true(says("There was a failure configuring the virtual machine role for 'vm1'.",
                     "virtual machine"));
    assert_true(
        says("there are already as many connections as the service can accept", "virtual machine"));
    assert_true(says("WacErrorCode: 9108", "region"));
    assert_true(says("Ereignis 591", "cannot connect"));
    assert_true(says("HCI Registration, event id 591", "cannot connect"));
    assert_true(says("Error 53003 at the sign-in", "Conditional Access"));
    assert_true(says("Result : RegisterSucceededButArcFailed", "Arc is not"));
    assert_true(says("ErrorDetail : ArcPermissionsMissing", "roles"));
    assert_true(says("ArcIntegrationFailedOnNodes", "not Connected"));
    assert_true(says("ArcFailed", "Arc is not"));
    assert_non_null(strstr(of(ERR_ARM, 0, "Failed", 200), "activity log"));
    assert_string_equal(advice_explain("9151")->text, advice_explain("9004")->text);
    assert_non_null(strstr(advice_explain("9106")->text, "--recreate-resource"));
    assert_non_null(strstr(advice_explain("9123")->text, "azloconf operations resume"));
    assert_null(advice_explain("Unheard"));
    assert_null(advice_explain("error 9999"));
    assert_null(advice_explain("9108 machines in this region"));
    assert_null(advice_explain("9999"));
    assert_null(advice_explain("AZCM0999"));
    assert_null(advice_explain("there were 3 nodes"));
    assert_null(advice_explain(""));
}

/* What stands in an agent's message has the same advice as from Azure itself. */
static void through_the_agent(void **s)
{
    struct err e = { .domain = ERR_NODE, .code = 42 };

    (void)s;
    STR_SET(e.remote_code, "AZCM0042");
    STR_SET(e.message,
            "status 403, code \"RequestDisallowedByPolicy\": Resource 'n' was disallowed");
    assert_string_equal(advice_find(&e), of(ERR_ARM, 0, "RequestDisallowedByPolicy", 403));
    STR_SET(e.message, "status 400");
    assert_string_not_equal(advice_find(&e), of(ERR_ARM, 0, "RequestDisallowedByPolicy", 403));
    assert_null(advice_row(&(struct err){ .domain = ERR_WIRE, .code = 9 }));
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
    assert_string_equal(e.why, "");
    e = (struct err){ .domain = ERR_OP, .code = 9106 };
    advice_fill(&e);
    assert_string_equal(e.why, "Somebody deleted it in the portal.");
    advice_fill(&none);
    assert_string_equal(none.advice, "");
    advice_fill(&unknown);
    assert_string_equal(unknown.advice, "");
}

int test_core_advice(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_reachable),
        cmocka_unit_test(no_code_is_without_advice),
        cmocka_unit_test(found_by_words),
        cmocka_unit_test(through_the_agent),
        cmocka_unit_test(the_narrow_row_comes_first),
        cmocka_unit_test(our_numbers_are_not_errno),
        cmocka_unit_test(filled_once),
    };

    return TEST_GROUP("core/advice", tests);
}
