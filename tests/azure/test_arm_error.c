#include "config.h"

#include "arm_bed.h"

static void error_forms(void **state)
{
    static const struct {
        int http;
        const char *body, *code, *message;
        bool retryable;
    } cases[] = {
        { 403,
          "{\"error\":{\"code\":\"AuthorizationFailed\",\"message\":\"The client 'a' does not have "
          "authorization to perform action 'x/write' over scope '/s'.\"}}",
          "AuthorizationFailed",
          "The client 'a' does not have authorization to perform action 'x/write' over scope '/s'.",
          false },
        { 409, "{\"code\":\"AnotherOperationInProgress\",\"message\":\"bare\"}",
          "AnotherOperationInProgress", "bare", true },
        { 400, "{\"error\":{\"code\":\"PrincipalNotFound\",\"message\":\"p\"}}",
          "PrincipalNotFound", "p", true },
        { 404, "{\"error\":{\"code\":\"PrincipalNotFound\",\"message\":\"p\"}}",
          "PrincipalNotFound", "p", true },
        { 429, "", "", "Azure refused the request (HTTP 429) without a reason.", true },
        { 409, "{\"error\":{\"code\":\"ReferencedResourceNotProvisioned\",\"message\":\"r\"}}",
          "ReferencedResourceNotProvisioned", "r", true },
        { 409, "{\"error\":{\"code\":\"\\n\",\"message\":\"\\r\\n \"}}", "",
          "Azure refused the request (HTTP 409) without a reason.", false },
        { 409, "{\"error\":{\"code\":\"Conflict\",\"message\":\"c\"}}", "Conflict", "c", false },
        { 400,
          "{\"error\":{\"code\":\"Outer\",\"message\":\"{\\\"error\\\":{\\\"code\\\":\\\"Inner\\\","
          "\\\"message\\\":\\\"inside\\\"}}\"}}",
          "Inner", "inside", false },
        { 400,
          "{\"error\":{\"code\":\"A\",\"message\":\"{\\\"code\\\":\\\"B\\\",\\\"message\\\":\\\"{"
          "\\\\\\\"code\\\\\\\":\\\\\\\"C\\\\\\\",\\\\\\\"message\\\\\\\":\\\\\\\"deep\\\\\\\"}"
          "\\\"}\"}}",
          "C", "deep", false },
        { 400,
          "{\"error\":{\"code\":\"MultipleErrorsOccurred\",\"message\":\"see "
          "details\",\"details\":[{\"code\":\"One\",\"message\":\"first\"}]}}",
          "One", "first", false },
        { 400, "{\"error\":{\"code\":\"X\",\"message\":\"\",\"details\":\"none\"}}", "X",
          "Azure refused the request (HTTP 400) without a reason.", false },
        { 502, "\r\n<!DOCTYPE html><html>", "",
          "A proxy or gateway answered in place of Azure (HTTP 502).", true },
        { 403, "<html>blocked</html>", "",
          "A proxy or gateway answered in place of Azure (HTTP 403).", false },
        { 500, "plain words", "", "Azure refused the request (HTTP 500) without a reason.", true },
        { 400, "{\"error\":\"text\"}", "", "Azure refused the request (HTTP 400) without a reason.",
          false },
        { 400, "{\"error\":{\"code\":[1],\"message\":{\"a\":\"b\"}}}", "",
          "Azure refused the request (HTTP 400) without a reason.", false },
        { 400, "{\"error\":{\"code\":\"E\\u001b[31m\",\"message\":\"red\\u001b[0m\\r\\nline\"}}",
          "E\\x1b[31m", "red\\x1b[0m line", false },
        { 501, "{}", "", "Azure refused the request (HTTP 501) without a reason.", false },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct err e = { 0 };

        arm_error(&e, cases[i].http, cases[i].body, strlen(cases[i].body), "req", NULL);
        assert_int_equal(e.domain, ERR_ARM);
        assert_int_equal(e.http, cases[i].http);
        assert_string_equal(e.remote_code, cases[i].code);
        assert_string_equal(e.message, cases[i].message);
        assert_int_equal(e.retryable, cases[i].retryable);
        assert_string_equal(e.request_id, "req");
    }
}

static void error_too_deep(void **state)
{
    struct str body = STR_INIT;
    struct err e = { 0 };

    (void)state;
    for (int i = 0; i < 100000; i++)
        str_add(&body, "{\"error\":");
    arm_error(&e, 400, body.p, body.len, NULL, NULL);
    assert_string_equal(e.message, "Azure refused the request (HTTP 400) without a reason.");
    str_free(&body);
}

static void policy_errors(void **state)
{
    static const char *const bodies[] = {
        "{\"error\":{\"code\":\"RequestDisallowedByPolicy\",\"message\":\"Resource 'c' was "
        "disallowed\",\"target\":\"c\",\"additionalInfo\":["
        "{\"type\":\"Other\"},{\"type\":\"PolicyViolation\",\"info\":{"
        "\"policyDefinitionDisplayName\":\"Require a tag\",\"policyAssignmentDisplayName\":\"Tags "
        "everywhere\"}}]}}",
        "{\"error\":{\"code\":\"InvalidTemplateDeployment\",\"message\":\"failed\",\"details\":[{"
        "\"code\":\"\",\"message\":\"\",\"additionalInfo\":["
        "{\"type\":\"PolicyViolation\",\"info\":{\"policyDefinitionName\":\"Require a "
        "tag\",\"policyAsssignmentId\":\"/subscriptions/s/providers/Microsoft.Authorization/"
        "policyAssignments/Tags everywhere\"}}]}]}}",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
        struct err e = { 0 };

        arm_error(&e, 403, bodies[i], strlen(bodies[i]), NULL, NULL);
        assert_string_equal(e.remote_code, "RequestDisallowedByPolicy");
        assert_string_equal(
            e.message,
            "The policy \"Require a tag\" (assignment \"Tags everywhere\") forbids this request.");
        assert_false(e.retryable);
    }
}

static void policy_without_names(void **state)
{
    const char *text = "{\"error\":{\"code\":\"RequestDisallowedByPolicy\",\"message\":\"plain\","
                       "\"additionalInfo\":[{\"type\":\"PolicyViolation\",\"info\":{}}]}}";
    const char *token = "{\"error\":{\"code\":\"RequestDisallowedByPolicy\",\"message\":\"x\","
                        "\"additionalInfo\":[{\"type\":\"PolicyViolation\",\"info\":{"
                        "\"policyDefinitionName\":\"P\",\"evaluationDetails\":{"
                        "\"missingPolicyTokenDetails\":{\"shouldDeny\":true}}}}]}}";
    struct err e = { 0 };

    (void)state;
    arm_error(&e, 403, text, strlen(text), NULL, NULL);
    assert_string_equal(e.message, "plain");
    arm_error(&e, 403, token, strlen(token), NULL, NULL);
    assert_non_null(strstr(e.message, "policy token"));
}

/* The form of docs-facts.md 8, with ids, expressions and the customer's words. */
static void policy_in_full(void **state)
{
    const char *text =
        "{\"error\":{\"code\":\"RequestDisallowedByPolicy\",\"target\":\"rg\",\"message\":"
        "\"Resource "
        "'rg' was disallowed by policy. Reasons: 'Ask Karl for a cost centre.'. See error details "
        "for policy resource IDs.\",\"additionalInfo\":[{\"type\":\"PolicyViolation\",\"info\":{"
        "\"policyDefinitionId\":\"/providers/Microsoft.Authorization/policyDefinitions/d1\","
        "\"policyDefinitionDisplayName\":\"Require a "
        "tag\",\"policyAssignmentId\":\"/subscriptions/s/"
        "providers/Microsoft.Authorization/policyAssignments/a1\",\"policyAssignmentDisplayName\":"
        "\"Cost "
        "centres\",\"evaluationDetails\":{\"evaluatedExpressions\":[{\"expression\":\"type\"},"
        "{\"expression\":\"tags[CostCenter]\",\"operator\":\"Exists\",\"targetValue\":\"false\"}]}}"
        "},"
        "{\"type\":\"PolicyViolation\",\"info\":{\"policyDefinitionName\":\"Second\","
        "\"policyAssignmentName\":\"a2\",\"evaluationDetails\":{\"evaluatedExpressions\":[{"
        "\"expression\":\"location\",\"operator\":\"NotIn\",\"expressionValue\":\"westus\","
        "\"targetValue\":[\"westeurope\",\"northeurope\"]}]}}}]}}";
    struct err e = { 0 };

    (void)state;
    arm_error(&e, 403, text, strlen(text), NULL, NULL);
    assert_string_equal(e.message,
                        "The policy \"Require a tag\" (assignment \"Cost centres\") forbids "
                        "this request. Its owner says: Ask Karl for a cost centre.");
    assert_string_equal(
        e.detail,
        "Policy: Require a tag (/providers/Microsoft.Authorization/policyDefinitions/d1); "
        "Assignment: Cost centres (/subscriptions/s/providers/Microsoft.Authorization/"
        "policyAssignments/a1); "
        "Found: tags[CostCenter] = \"\" (Exists false); "
        "Policy: Second; Assignment: a2; Found: location = \"westus\" (NotIn westeurope, "
        "northeurope)");
}

static void policy_by_its_message_alone(void **state)
{
    const char *text =
        "{\"error\":{\"code\":\"RequestDisallowedByPolicy\",\"message\":\"Resource 'c' was "
        "disallowed by "
        "policy. Policy identifiers: '[{\\\"policyAssignment\\\":{\\\"name\\\":\\\"Europe "
        "only\\\",\\\"id\\\":\\\"/x/a1\\\"},\\\"policyDefinition\\\":{\\\"name\\\":\\\"Allowed "
        "locations\\\",\\\"id\\\":\\\"/x/d1\\\"}}]'.\"}}";
    const char *old =
        "{\"error\":{\"code\":\"RequestDisallowedByPolicy\",\"message\":\"The resource "
        "action 'x/write' is disallowed by one or more policies. Policy "
        "identifier(s): '/x/y'.\"}}";
    struct err e = { 0 };

    (void)state;
    arm_error(&e, 403, text, strlen(text), NULL, NULL);
    assert_string_equal(
        e.message,
        "The policy \"Allowed locations\" (assignment \"Europe only\") forbids this request.");
    assert_string_equal(e.detail,
                        "Policy: Allowed locations (/x/d1); Assignment: Europe only (/x/a1)");
    arm_error(&e, 403, old, strlen(old), NULL, NULL);
    assert_non_null(strstr(e.message, "identifier(s): '/x/y'"));
}

static void missing_rights(void **state)
{
    static const struct {
        const char *code, *message, *detail;
    } cases[] = {
        { "AuthorizationFailed",
          "The client 'a' with object id 'b' does not have authorization to perform action "
          "'x/write' over scope '/s' or the scope is invalid. If access was recently granted, "
          "please refresh your credentials.",
          "Missing right: x/write; Scope: /s" },
        { "LinkedAuthorizationFailed",
          "The client has permission to perform action 'a/write' on scope '/s'; however, it does "
          "not have permission to perform action 'b/join/action' on the linked scope(s) '/t' or "
          "the linked scope(s) are invalid.",
          "Missing right: b/join/action; Scope: /t" },
        { "DenyAssignmentAuthorizationFailed",
          "The client has permission to perform action 'a/write' on scope '/s'; however, the "
          "access is denied because of the deny assignment with name 'Keep' and Id 'i' at scope "
          "'/r'.",
          "Missing right: a/write; Scope: /s; Deny assignment: Keep" },
        { "AuthorizationFailed", "No.", "" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct str body = STR_INIT;
        struct err e = { 0 };

        str_addf(&body, "{\"error\":{\"code\":\"%s\",\"message\":\"%s\"}}", cases[i].code,
                 cases[i].message);
        arm_error(&e, 403, body.p, body.len, NULL, NULL);
        assert_string_equal(e.message, cases[i].message);
        assert_string_equal(e.detail, cases[i].detail);
        str_free(&body);
    }
}

/* What is longer than a message is kept whole beside it. */
static void long_words_are_kept(void **state)
{
    char words[700];
    struct str body = STR_INIT;
    struct err e = { 0 };

    (void)state;
    memset(words, 'w', sizeof(words) - 1);
    words[sizeof(words) - 1] = 0;
    str_addf(&body, "{\"error\":{\"code\":\"Unheard\",\"message\":\"%s\"}}", words);
    arm_error(&e, 400, body.p, body.len, NULL, NULL);
    assert_string_equal(e.detail, words);
    str_reset(&body);
    str_addf(&body,
             "{\"error\":{\"code\":\"AuthorizationFailed\",\"message\":\"%s action 'x/write' over "
             "scope '/s'\"}}",
             words);
    arm_error(&e, 403, body.p, body.len, NULL, NULL);
    assert_string_equal(e.message, "Your account may not do 'x/write' over scope '/s'.");
    str_free(&body);
}

int test_azure_arm_error(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(error_forms),    cmocka_unit_test(error_too_deep),
        cmocka_unit_test(policy_errors),  cmocka_unit_test(policy_without_names),
        cmocka_unit_test(policy_in_full), cmocka_unit_test(policy_by_its_message_alone),
        cmocka_unit_test(missing_rights), cmocka_unit_test(long_words_are_kept),
    };

    return TEST_GROUP("azure/arm_error", tests);
}
