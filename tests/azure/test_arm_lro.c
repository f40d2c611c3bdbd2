#include "config.h"

#include "arm_bed.h"

static void lro_by_status(void **state)
{
    struct bed *b = *state;

    fake_expect(b->f, "PUT", RES, 201,
                "Azure-AsyncOperation: " OP
                "\nLocation: https://ignored.example/\nRetry-After-ms: 40",
                "{\"properties\":{}}");
    fake_expect(b->f, "GET", OP, 200, NULL, "{\"status\":\"InProgress\"}");
    fake_expect(b->f, "GET", OP, 200, "Retry-After-ms: 1", "{\"status\":\"Weird new word\"}");
    fake_expect(b->f, "GET", OP, 200, NULL, "{\"status\":\"succeeded\"}");
    fake_expect(b->f, "GET", RES, 200, NULL,
                "{\"id\":\"final\",\"properties\":{\"provisioningState\":\"Succeeded\"}}");
    arm_bed_call(b, "PUT", RES, ARM_LRO, "{}");
    assert_false(err_is(&b->reply.err));
    assert_int_equal(b->reply.http, 201);
    assert_non_null(strstr(b->json, "final"));
    assert_true(b->f->seen[1].at - b->f->seen[0].at >= 40);
    assert_true(b->f->seen[2].at - b->f->seen[1].at >=
                100); /* ten protocol seconds when it does not say */
    assert_string_equal(b->f->seen[1].body, "");
    arm_bed_done(b);
}

static void lro_post_and_location(void **state)
{
    struct bed *b = *state;

    fake_expect(b->f, "POST", RES "/reconcile", 202, "location: " OP "\nRetry-After-ms: 1",
                ""); /* lower case only */
    fake_expect(b->f, "GET", OP, 202, "Location: " ARM "/moved?x=1\nRetry-After-ms: 1", "");
    fake_expect(b->f, "GET", "/moved?x=1", 202, "Retry-After-ms: 1", "");
    fake_expect(b->f, "GET", "/moved?x=1", 200, NULL, "{\"done\":true}");
    arm_bed_call(b, "POST", RES "/reconcile", ARM_LRO, "{}");
    assert_int_equal(b->reply.http, 202);
    assert_false(err_is(&b->reply.err));
    assert_string_equal(b->json, "{\"done\":true}");
    fake_expect(b->f, "POST", RES "/reconcile", 202,
                "Azure-AsyncOperation: " OP "\nRetry-After-ms: 1", "");
    fake_expect(b->f, "GET", OP, 200, "Retry-After-ms: 1",
                "{\"status\":\"Succeeded\",\"properties\":{\"a\":1}}");
    arm_bed_call(b, "POST", RES "/reconcile", ARM_LRO, "{}");
    assert_string_equal(b->json, "{\"status\":\"Succeeded\",\"properties\":{\"a\":1}}");
    arm_bed_done(b);
}

static void lro_by_resource(void **state)
{
    struct bed *b = *state;

    fake_expect(b->f, "PUT", RES, 200, "Retry-After-ms: 1",
                "{\"properties\":{\"provisioningState\":\"Creating\"}}");
    fake_expect(b->f, "GET", RES, 200, "Retry-After-ms: 1",
                "{\"properties\":{\"provisioningState\":\"Updating\"}}");
    fake_expect(b->f, "GET", RES, 200, "Retry-After-ms: 1",
                "{\"properties\":{\"provisioningState\":\"Connected\"}}");
    arm_bed_call(b, "PUT", RES, ARM_LRO, "{}");
    assert_false(err_is(&b->reply.err));
    assert_non_null(strstr(b->json, "Connected"));

    fake_expect(b->f, "PUT", RES, 200, NULL,
                "{\"properties\":{\"provisioningState\":\"Succeeded\"}}");
    arm_bed_call(b, "PUT", RES, ARM_LRO, "{}");
    assert_false(err_is(&b->reply.err));

    fake_expect(b->f, "PUT", RES, 200, NULL, "{\"properties\":{\"provisioningState\":\"Failed\"}}");
    arm_bed_call(b, "PUT", RES, ARM_LRO, "{}");
    assert_int_equal(b->reply.err.domain, ERR_ARM);
    assert_string_equal(b->reply.err.remote_code, "Failed");

    fake_expect(b->f, "DELETE", RES, 202, "Retry-After-ms: 1", "");
    fake_expect(b->f, "GET", RES, 200, "Retry-After-ms: 1",
                "{\"properties\":{\"provisioningState\":\"Deleting\"}}");
    fake_expect(b->f, "GET", RES, 404, NULL, "{}");
    arm_bed_call(b, "DELETE", RES, ARM_LRO, NULL);
    assert_false(err_is(&b->reply.err));
    assert_int_equal(b->reply.http, 202);

    fake_expect(b->f, "DELETE", RES, 204, "Location: " OP, "");
    arm_bed_call(b, "DELETE", RES, ARM_LRO, NULL);
    assert_int_equal(b->reply.http, 204);
    arm_bed_done(b);
}

static void lro_fails(void **state)
{
    struct bed *b = *state;

    fake_expect(b->f, "POST", RES, 202, "Azure-AsyncOperation: " OP "\nRetry-After-ms: 1", "");
    fake_expect(b->f, "GET", OP, 200, NULL,
                "{\"status\":\"FAILED\",\"error\":{\"code\":\"ReconcileFailed\",\"message\":"
                "\"node2 said no\"}}");
    arm_bed_call(b, "POST", RES, ARM_LRO, NULL);
    assert_int_equal(b->reply.http, 202);
    assert_int_equal(b->reply.err.domain, ERR_ARM);
    assert_string_equal(b->reply.err.remote_code, "ReconcileFailed");
    assert_string_equal(b->reply.err.message, "node2 said no");
    assert_false(b->reply.err.unsure);
    fake_expect(b->f, "POST", RES, 202, "Azure-AsyncOperation: " OP "\nRetry-After-ms: 1", "");
    fake_expect(b->f, "GET", OP, 200, NULL, "{\"status\":\"Canceled\"}");
    arm_bed_call(b, "POST", RES, ARM_LRO, NULL);
    assert_string_equal(b->reply.err.remote_code, "Canceled");
    fake_expect(b->f, "POST", RES, 202, "Location: " OP "\nRetry-After-ms: 1", "");
    fake_expect(b->f, "GET", OP, 409, NULL,
                "{\"error\":{\"code\":\"Conflict\",\"message\":\"the outcome\"}}");
    arm_bed_call(b, "POST", RES, ARM_LRO, NULL);
    assert_string_equal(b->reply.err.message, "the outcome");
    assert_false(b->reply.err.unsure);
    arm_bed_done(b);
}

static void lro_status_reads_that_fail(void **state)
{
    struct bed *b = *state;

    fake_expect(b->f, "POST", RES, 202, "Azure-AsyncOperation: " OP "\nRetry-After-ms: 1", "");
    fake_expect(b->f, "GET", OP, 500, "Retry-After-ms: 1", "{}");
    fake_expect(b->f, "GET", OP, FAKE_LOST, "Retry-After-ms: 1", NULL);
    fake_expect(b->f, "GET", OP, 429, "Retry-After-ms: 1", "<html>");
    fake_expect(b->f, "GET", OP, 200, "Retry-After-ms: 1", "");
    fake_expect(b->f, "GET", OP, 200, "Retry-After-ms: 1", "{\"status\":7}");
    fake_expect(b->f, "GET", OP, 200, "Retry-After-ms: 1", "[[[[");
    fake_expect(b->f, "GET", OP, 401, NULL,
                "{\"error\":{\"code\":\"ExpiredAuthenticationToken\",\"message\":\"x\"}}");
    arm_bed_token(b, "AT-2");
    fake_expect(b->f, "GET", OP, 200, NULL, "{\"status\":\"Succeeded\"}");
    arm_bed_call(b, "POST", RES, ARM_LRO, NULL);
    assert_false(err_is(&b->reply.err));
    assert_string_equal(fake_last(b->f)->bearer, "AT-2");
    arm_bed_done(b);
}

static void lro_status_stays_garbage(void **state)
{
    struct bed *b = *state;

    fake_expect(b->f, "POST", RES, 202, "Azure-AsyncOperation: " OP "\nRetry-After-ms: 1", "");
    for (int i = 0; i < 5; i++)
        fake_expect(b->f, "GET", OP, 200, "Retry-After-ms: 1", "{\"state\":\"?\"}");
    arm_bed_call(b, "POST", RES, ARM_LRO, NULL);
    assert_int_equal(b->reply.err.domain, ERR_ARM);
    assert_true(b->reply.err.unsure);
    arm_bed_done(b);
}

static void lro_status_out_of_reach(void **state)
{
    struct bed *b = *state;

    fake_expect(b->f, "PUT", RES, 201, "Azure-AsyncOperation: " OP "\nRetry-After-ms: 1", "{}");
    fake_expect(b->f, "GET", OP, 403, "Retry-After-ms: 1",
                "{\"error\":{\"code\":\"AuthorizationFailed\",\"message\":\"no\"}}");
    fake_expect(b->f, "GET", RES, 200, "Retry-After-ms: 1",
                "{\"properties\":{\"provisioningState\":\"InProgress\"}}");
    fake_expect(b->f, "GET", RES, 200, NULL,
                "{\"properties\":{\"provisioningState\":\"Succeeded\"}}");
    arm_bed_call(b, "PUT", RES, ARM_LRO, "{}");
    assert_false(err_is(&b->reply.err));
    fake_expect(b->f, "POST", RES, 202, "Azure-AsyncOperation: " OP "\nRetry-After-ms: 1", "");
    fake_expect(b->f, "GET", OP, 403, "Retry-After-ms: 1",
                "{\"error\":{\"code\":\"AuthorizationFailed\",\"message\":\"no\"}}");
    arm_bed_call(b, "POST", RES, ARM_LRO, NULL); /* nothing else to ask: not asked five times */
    assert_string_equal(b->reply.err.remote_code, "AuthorizationFailed");
    assert_true(b->reply.err.unsure);
    arm_bed_done(b);
}

static void lro_on_a_foreign_host(void **state)
{
    static const char *const headers[] = {
        "Azure-AsyncOperation: https://evil.example/op",
        "Location: https://management.azure.com.evil.example/op",
        "Azure-AsyncOperation: http://management.azure.com/op",
        "Azure-AsyncOperation: nonsense",
    };
    struct bed *b = *state;

    for (size_t i = 0; i < ARRAY_LEN(headers); i++) {
        fake_expect(b->f, "PUT", RES, 202, headers[i], "");
        arm_bed_call(b, "PUT", RES, ARM_LRO, "{}");
        assert_int_equal(b->reply.err.domain, ERR_ARM);
        assert_true(b->reply.err.unsure);
        assert_non_null(strstr(b->reply.err.message, "another host"));
    }
    fake_expect(b->f, "POST", RES, 202, "Location: " OP "\nRetry-After-ms: 1", "");
    fake_expect(b->f, "GET", OP, 202, "Location: https://evil.example/next", "");
    arm_bed_call(b, "POST", RES, ARM_LRO, NULL);
    assert_non_null(strstr(b->reply.err.message, "evil.example"));
    assert_int_equal(b->f->n, 6);
    arm_bed_done(b);
}

static void lro_out_of_time(void **state)
{
    struct bed *b = *state;
    struct arm_req q = {
        .method = "POST", .path = RES, .api = "1", .flags = ARM_LRO, .deadline_ms = 30
    };

    fake_expect(b->f, "POST", RES, 202, "Azure-AsyncOperation: " OP "\nRetry-After-ms: 100000", "");
    b->told = false;
    arm_send(b->arm, &q, arm_bed_reply, b);
    assert_true(fake_run(b->f, &b->told, 900));
    assert_int_equal(b->reply.http, 202);
    assert_int_equal(b->reply.err.domain, ERR_ARM);
    assert_int_equal(b->reply.err.code, ERR_C_DEADLINE);
    assert_true(b->reply.err.unsure && b->reply.err.retryable);
    arm_bed_done(b);
}

static void lro_sign_in_ends(void **state)
{
    struct bed *b = *state;

    fake_expect(b->f, "POST", RES, 202, "Azure-AsyncOperation: " OP "\nRetry-After-ms: 30", "");
    arm_bed_start(b, "POST", RES, ARM_LRO, NULL);
    while (b->f->n < 1)
        loop_turn(b->f->loop, 5);
    fake_turns(b->f, 5);
    auth_sign_out(b->auth);
    assert_true(fake_run(b->f, &b->told, 500));
    assert_int_equal(b->reply.err.code, ERR_C_NOT_SIGNED_IN);
    assert_true(b->reply.err.unsure);
    arm_bed_done(b);
}

int test_azure_arm_lro(void)
{
    const struct CMUnitTest tests[] = {
        T(lro_by_status),
        T(lro_post_and_location),
        T(lro_by_resource),
        T(lro_fails),
        T(lro_status_reads_that_fail),
        T(lro_status_stays_garbage),
        T(lro_status_out_of_reach),
        T(lro_on_a_foreign_host),
        T(lro_out_of_time),
        T(lro_sign_in_ends),
    };

    return TEST_GROUP("azure/arm_lro", tests);
}
