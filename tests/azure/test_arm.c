#include "config.h"

#include "arm_bed.h"

static void plain_get(void **state)
{
    struct bed *b = *state;
    const struct fake_seen *s;

    fake_expect(b->f, "GET", ARM RES "?api-version=2024-04-01", 200, NULL, "{\"id\":\"x\"}");
    assert_int_equal(arm_bed_call(b, "GET", RES, 0, NULL)->http, 200);
    assert_false(err_is(&b->reply.err));
    assert_string_equal(b->json, "{\"id\":\"x\"}");
    s = fake_last(b->f);
    assert_string_equal(s->bearer, "AT-1");
    assert_non_null(strstr(s->headers, "x-ms-correlation-request-id: corr-1\n"));
    assert_non_null(strstr(s->headers, "x-ms-client-request-id: "));
    assert_non_null(strstr(s->headers, "Accept: application/json\n"));
    assert_null(strstr(s->headers, "Content-Type"));
    assert_string_equal(b->f->allowed[0], "management.azure.com");
    arm_bed_done(b);
}

static void put_with_body_and_query(void **state)
{
    struct bed *b = *state;
    struct arm_req q = { .method = "GET",
                         .path = "/subscriptions/s/x y\xc3\xa9?#",
                         .query = "$filter=atScope()",
                         .api = "2022-04-01",
                         .flags = ARM_NO_TOKEN };

    fake_expect(b->f, "PUT", RES, 201, NULL, "{\"id\":\"x\"}");
    assert_int_equal(arm_bed_call(b, "PUT", RES, 0, "{\"a\":1}")->http, 201);
    assert_string_equal(fake_last(b->f)->body, "{\"a\":1}");
    assert_non_null(strstr(fake_last(b->f)->headers, "Content-Type: application/json\n"));
    fake_expect(b->f, "GET",
                ARM "/subscriptions/s/x%20y%C3%A9%3F%23?$filter=atScope()&api-version=2022-04-01",
                200, NULL, "{}");
    b->told = false;
    arm_send(b->arm, &q, arm_bed_reply, b);
    assert_true(fake_run(b->f, &b->told, 1000));
    assert_string_equal(fake_last(b->f)->bearer, "");
    arm_bed_done(b);
}

static void paths_cannot_move_the_host(void **state)
{
    static const char *const bad[] = { "@evil.example/x", ".evil.example/", ":8443/x", "",
                                       "https://evil.example/" };
    struct bed *b = *state;

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        arm_bed_call(b, "GET", bad[i], 0, NULL);
        assert_int_equal(b->reply.http, 0);
        assert_int_equal(b->reply.err.domain, ERR_USAGE);
    }
    assert_int_equal(b->f->n, 0);
    arm_bed_done(b);
}

static void not_found_and_lost(void **state)
{
    struct bed *b = *state;

    fake_expect(b->f, "GET", RES, 404,
                "x-ms-request-id: req-1\nx-ms-correlation-request-id: corr-9",
                "{\"error\":{\"code\":\"ResourceNotFound\",\"message\":\"no\"}}");
    arm_bed_call(b, "GET", RES, 0, NULL);
    assert_int_equal(b->reply.http, 404);
    assert_int_equal(b->reply.err.http, 404);
    assert_string_equal(b->reply.err.remote_code, "ResourceNotFound");
    assert_string_equal(b->reply.err.request_id, "req-1");
    assert_string_equal(b->reply.err.correlation_id, "corr-9");
    fake_expect(b->f, "PUT", RES, FAKE_LOST, NULL, NULL);
    arm_bed_call(b, "PUT", RES, 0, "{}");
    assert_int_equal(b->reply.http, 0);
    assert_int_equal(b->reply.err.domain, ERR_NET);
    assert_true(b->reply.err.unsure);
    fake_expect(b->f, "PUT", RES, 504, "Retry-After-ms: 7000", "<html>");
    arm_bed_call(b, "PUT", RES, 0, "{}");
    assert_true(b->reply.err.unsure && b->reply.err.retryable);
    assert_int_equal(b->reply.err.retry_after_ms, 7000);
    fake_expect(b->f, "PUT", RES, 200, NULL, "{\"id\":\"x\"");
    arm_bed_call(b, "PUT", RES, 0, "{}");
    assert_int_equal(b->reply.http, 200);
    assert_int_equal(b->reply.err.domain, ERR_NET);
    assert_true(b->reply.err.unsure);
    fake_expect(b->f, "GET", RES, 307, "Location: https://evil.example/", "");
    arm_bed_call(b, "GET", RES, 0, NULL);
    assert_int_equal(b->reply.err.domain, ERR_ARM);
    arm_bed_done(b);
}

static void a_401_is_repeated_once(void **state)
{
    struct bed *b = *state;

    fake_expect(b->f, "PUT", RES, 401, NULL,
                "{\"error\":{\"code\":\"ExpiredAuthenticationToken\",\"message\":\"old\"}}");
    arm_bed_token(b, "AT-2");
    fake_expect(b->f, "PUT", RES, 200, NULL, "{}");
    arm_bed_call(b, "PUT", RES, 0, "{\"a\":1}");
    assert_int_equal(b->reply.http, 200);
    assert_string_equal(b->f->seen[0].bearer, "AT-1");
    assert_string_equal(b->f->seen[1].bearer, "AT-2");
    assert_string_equal(b->f->seen[1].body, "{\"a\":1}");
    arm_bed_done(b);

    fake_expect(b->f, "GET", RES, 401, NULL,
                "{\"error\":{\"code\":\"InvalidAuthenticationToken\",\"message\":\"bad\"}}");
    arm_bed_token(b, "AT-3");
    fake_expect(
        b->f, "GET", RES, 401,
        "WWW-Authenticate: Bearer authorization_uri=\"https://login.microsoftonline.com/x\"",
        "{\"error\":{\"code\":\"InvalidAuthenticationToken\",\"message\":\"bad\"}}");
    arm_bed_call(b, "GET", RES, 0, NULL);
    assert_int_equal(b->reply.http, 401);
    assert_string_equal(b->reply.err.remote_code, "InvalidAuthenticationToken");
    assert_non_null(strstr(b->reply.www_authenticate, "authorization_uri"));
    /* a fresh token is refused: the sign-in is worth nothing any more, and whoever waits is told */
    assert_int_equal(auth_view(b->auth)->state, AUTH_FAILED);
    assert_string_equal(auth_view(b->auth)->err.remote_code, "InvalidAuthenticationToken");
    arm_bed_done(b);
}

static void a_401_that_no_refresh_cures(void **state)
{
    struct bed *b = *state;

    fake_expect(b->f, "GET", RES, 401,
                "WWW-Authenticate: Bearer error=\"insufficient_claims\", claims=\"e30=\"",
                "{\"error\":{\"code\":\"InvalidAuthenticationToken\",\"message\":\"x\"}}");
    arm_bed_call(b, "GET", RES, 0, NULL);
    assert_string_equal(b->reply.err.remote_code, "insufficient_claims");
    assert_non_null(strstr(b->reply.err.message, "Conditional Access"));
    fake_expect(
        b->f, "GET", RES, 401, NULL,
        "{\"error\":{\"code\":\"InvalidAuthenticationTokenTenant\",\"message\":\"wrong tenant\"}}");
    arm_bed_call(b, "GET", RES, 0, NULL);
    assert_string_equal(b->reply.err.remote_code, "InvalidAuthenticationTokenTenant");
    assert_int_equal(b->f->n, 2);
    assert_int_equal(auth_view(b->auth)->state, AUTH_IN); /* it is good for other things */
    arm_bed_done(b);
}

static void nobody_signed_in(void **state)
{
    struct bed *b = *state;

    auth_sign_out(b->auth);
    arm_bed_call(b, "GET", RES, 0, NULL);
    assert_int_equal(b->reply.http, 0);
    assert_int_equal(b->reply.err.code, ERR_C_NOT_SIGNED_IN);
    arm_bed_done(b);
}

static void deadline_and_cancel(void **state)
{
    struct bed *b = *state;
    struct arm_req q = { .method = "PUT", .path = RES, .api = "1", .deadline_ms = 20 };

    fake_expect(b->f, "PUT", RES, FAKE_HOLD, NULL, NULL);
    b->told = false;
    arm_send(b->arm, &q, arm_bed_reply, b);
    assert_true(fake_run(b->f, &b->told, 900));
    assert_int_equal(b->reply.err.code, ERR_C_DEADLINE);
    assert_true(b->reply.err.unsure);
    assert_null(b->f->calls);

    fake_expect(b->f, "GET", RES, FAKE_HOLD, NULL, NULL);
    struct arm_call *c = arm_bed_start(b, "GET", RES, 0, NULL);
    fake_turns(b->f, 10);
    arm_cancel(c);
    arm_cancel(arm_bed_start(b, "GET", RES, 0, NULL)); /* while it waits for its token */
    fake_turns(b->f, 10);
    assert_int_equal(b->answers, 1);
    assert_null(b->f->calls);
    arm_bed_done(b);
}

/* ---- paging ---- */

static void pages(void **state)
{
    struct bed *b = *state;

    fake_expect(b->f, "GET", "/subscriptions?api", 200, NULL,
                "{\"value\":[1,2],\"nextLink\":\"" ARM "/subscriptions?a=b&$skipToken=1\"}");
    fake_expect(b->f, "GET", "$skipToken=1", 200, NULL,
                "{\"value\":[],\"nextLink\":\"" ARM "/subscriptions?$skipToken=2\"}");
    fake_expect(b->f, "GET", "$skipToken=2", 200, NULL, "{\"value\":[3],\"nextLink\":\"\"}");
    arm_bed_call(b, "GET", "/subscriptions", ARM_PAGES, NULL);
    assert_false(err_is(&b->reply.err));
    assert_int_equal(b->reply.http, 200);
    assert_string_equal(b->json, "{\"value\":[1,2,3]}");
    assert_string_equal(b->f->seen[1].bearer, "AT-1");
    assert_string_equal(b->f->seen[1].url, ARM "/subscriptions?a=b&$skipToken=1");
    arm_bed_done(b);
}

static void bad_pages(void **state)
{
    static const char *const bad[] = {
        "{\"value\":[1],\"nextLink\":\"https://evil.example/x\"}",
        "{\"value\":[1],\"nextLink\":\"http://management.azure.com/x\"}",
        "{\"value\":[1],\"nextLink\":\"https://management.azure.com.evil.example/x\"}",
        "{\"value\":[1],\"nextLink\":\"https://management.azure.com:8443/x\"}",
        "{\"value\":[1],\"nextLink\":\"https://management.azure.com@evil.example/x\"}",
        "{\"value\":[1],\"nextLink\":\"/relative\"}",
        "{\"value\":[1],\"nextLink\":{\"a\":1}}",
        "{\"value\":\"x\"}",
        "{}",
        "[]",
    };
    struct bed *b = *state;

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        fake_expect(b->f, "GET", "/subscriptions", 200, NULL, bad[i]);
        arm_bed_call(b, "GET", "/subscriptions", ARM_PAGES, NULL);
        if (b->reply.err.domain != ERR_ARM)
            fail_msg("accepted: %s", bad[i]);
        assert_string_equal(b->json, "");
    }
    fake_expect(b->f, "GET", "/subscriptions", 200, NULL, bad[0]);
    arm_bed_call(b, "GET", "/subscriptions", ARM_PAGES, NULL);
    assert_non_null(strstr(b->reply.err.message, "evil.example"));
    arm_bed_done(b);
}

static void pages_in_a_circle(void **state)
{
    struct bed *b = *state;

    fake_expect(b->f, "GET", "/subscriptions", 200, NULL,
                "{\"value\":[1],\"nextLink\":\"" ARM "/subscriptions?t=1\"}");
    fake_expect(b->f, "GET", "t=1", 200, NULL,
                "{\"value\":[2],\"nextLink\":\"" ARM "/subscriptions?t=2\"}");
    fake_expect(b->f, "GET", "t=2", 200, NULL,
                "{\"value\":[3],\"nextLink\":\"" ARM "/subscriptions?t=1\"}");
    arm_bed_call(b, "GET", "/subscriptions", ARM_PAGES, NULL);
    assert_int_equal(b->reply.err.domain, ERR_ARM);
    assert_int_equal(b->f->n, 3);
    fake_expect(b->f, "GET", "/subscriptions", 200, NULL,
                "{\"value\":[1],\"nextLink\":\"" ARM "/subscriptions?api-version=2024-04-01\"}");
    arm_bed_call(b, "GET", "/subscriptions", ARM_PAGES, NULL);
    assert_int_equal(b->reply.err.domain, ERR_ARM);
    arm_bed_done(b);
}

static void endless_pages(void **state)
{
    struct bed *b = *state;
    char body[200];

    for (int i = 0; i < 500; i++) {
        str_fmt(body, sizeof(body), "{\"value\":[],\"nextLink\":\"" ARM "/subscriptions?t=%d\"}",
                i);
        fake_expect(b->f, "GET", "/subscriptions", 200, NULL, body);
    }
    arm_bed_call(b, "GET", "/subscriptions", ARM_PAGES, NULL);
    assert_int_equal(b->reply.err.domain, ERR_ARM);
    assert_int_equal(b->f->n, 500);
    arm_bed_done(b);
}

static void second_page_fails(void **state)
{
    struct bed *b = *state;

    fake_expect(b->f, "GET", "/subscriptions", 200, NULL,
                "{\"value\":[1],\"nextLink\":\"" ARM "/subscriptions?t=1\"}");
    fake_expect(b->f, "GET", "t=1", 403, NULL,
                "{\"error\":{\"code\":\"AuthorizationFailed\",\"message\":\"no\"}}");
    arm_bed_call(b, "GET", "/subscriptions", ARM_PAGES, NULL);
    assert_int_equal(b->reply.http, 403);
    assert_string_equal(b->reply.err.remote_code, "AuthorizationFailed");
    arm_bed_done(b);
}

/* ---- addresses ---- */

static void paths(void **state)
{
    struct str s = STR_INIT;

    (void)state;
    arm_path(&s, "/subscriptions/%s/resourcegroups/%s", "a/b", "r g(1)?");
    assert_string_equal(s.p, "/subscriptions/a%2Fb/resourcegroups/r%20g%281%29%3F");
    str_free(&s);
}

static void ids(void **state)
{
    struct arm_id id;

    (void)state;
    assert_true(arm_id_parse(
        &id,
        "/Subscriptions/S1/resourcegroups/G/PROVIDERS/Microsoft.X/clusters/C/arcSettings/default"));
    assert_string_equal(id.subscription, "S1");
    assert_string_equal(id.group, "G");
    assert_string_equal(id.provider, "Microsoft.X");
    assert_string_equal(id.type, "clusters/arcSettings");
    assert_string_equal(id.name, "default");
    assert_false(arm_id_parse(&id, "/subscriptions/s/resourceGroups/g"));
    assert_false(arm_id_parse(&id, "/subscriptions/s/resourceGroups/g/providers/p/type"));
    assert_false(arm_id_parse(&id, "/subscriptions//resourceGroups/g/providers/p/t/n"));
    assert_false(arm_id_parse(&id, "/providers/p/t/n"));
    assert_false(arm_id_parse(&id, ""));
    assert_false(arm_id_parse(&id, NULL));
    assert_true(arm_id_equal("/Subscriptions/A/", "/subscriptions/a"));
    assert_false(arm_id_equal("/subscriptions/a", "/subscriptions/ab"));
    assert_false(arm_id_equal(NULL, NULL));
    assert_false(arm_id_equal("", ""));
}

static void too_big_is_refused(void **state)
{
    struct bed *b = *state;
    struct str big = STR_INIT;
    char *filler = xmalloc(1024 * 1024 + 1);

    memset(filler, 'a', 1024 * 1024);
    filler[1024 * 1024] = '\0';
    str_add(&big, "{\"value\":[\"");
    for (int i = 0; i < 10; i++)
        str_add(&big, filler);
    str_add(&big, "\"]}");
    fake_expect(b->f, "GET", RES, 200, NULL, big.p);
    arm_bed_call(b, "GET", RES, ARM_PAGES, NULL);
    assert_int_equal(b->reply.err.domain, ERR_NET);
    assert_string_equal(b->json, "");
    /* the transport is told, so that it stops reading long before */
    assert_int_equal(fake_last(b->f)->max_reply, 8 * 1024 * 1024);
    free(filler);
    str_free(&big);
    arm_bed_done(b);
}

static void other_tenant(void **state)
{
    struct bed *b = *state;
    struct arm_req q = {
        .method = "GET", .path = RES, .api = "1", .tenant = "cccccccc-0000-4000-8000-000000000003"
    };

    fake_expect(b->login, "POST", "/cccccccc-0000-4000-8000-000000000003/oauth2/v2.0/token", 200,
                NULL, "{\"access_token\":\"AT-OTHER\",\"expires_in\":3599}");
    fake_expect(b->f, "GET", RES, 200, NULL, "{}");
    b->told = false;
    arm_send(b->arm, &q, arm_bed_reply, b);
    assert_true(fake_run(b->f, &b->told, 1000));
    assert_string_equal(fake_last(b->f)->bearer, "AT-OTHER");
    arm_bed_done(b);
}

/* Another host, another token, no api-version; what it refuses is no end of the sign-in. */
static void graph(void **state)
{
    struct bed *b = *state;
    struct arm_req q = { .method = "GET",
                         .path = "/v1.0/servicePrincipals",
                         .query = "$top=1",
                         .flags = ARM_GRAPH | ARM_PAGES };

    fake_expect(b->login, "POST", "/" TID "/oauth2/v2.0/token", 200, NULL,
                "{\"access_token\":\"AT-GRAPH\",\"expires_in\":3599}");
    fake_expect(b->f, "GET", "https://graph.microsoft.com/v1.0/servicePrincipals?$top=1", 200, NULL,
                "{\"value\":[{\"id\":1}],\"@odata.nextLink\":"
                "\"https://graph.microsoft.com/v1.0/servicePrincipals?$skiptoken=2\"}");
    fake_expect(b->f, "GET", "$skiptoken=2", 200, NULL, "{\"value\":[{\"id\":2}]}");
    b->told = false;
    arm_send(b->arm, &q, arm_bed_reply, b);
    assert_true(fake_run(b->f, &b->told, 1000));
    assert_string_equal(b->json, "{\"value\":[{\"id\":1},{\"id\":2}]}");
    assert_string_equal(fake_last(b->f)->bearer, "AT-GRAPH");
    assert_non_null(strstr(b->login->seen[0].body,
                           "scope=https%3A%2F%2Fgraph.microsoft.com%2F.default%20offline_access"));
    fake_expect(b->f, "GET", "https://management.azure.com" RES, 200, NULL, "{}");
    arm_bed_call(b, "GET", RES, 0, NULL);
    assert_string_equal(fake_last(b->f)->bearer, "AT-1");
    arm_bed_done(b);
}

static void graph_refuses(void **state)
{
    struct bed *b = *state;
    struct arm_req q = { .method = "GET", .path = "/v1.0/me", .flags = ARM_GRAPH };

    for (int round = 0; round < 2; round++) { /* a 401 to two tokens; then Entra itself */
        for (int i = 0; i < 2 && !round; i++) {
            fake_expect(b->login, "POST", "/token", 200, NULL,
                        "{\"access_token\":\"AT-GRAPH\",\"expires_in\":3599}");
            fake_expect(b->f, "GET", "https://graph.microsoft.com/v1.0/me", 401, "request-id: r-7",
                        "{\"error\":{\"code\":\"InvalidAuthenticationToken\",\"message\":\"no\"}}");
        }
        if (round) {
            auth_token_reject_for(b->auth, AUTH_FOR_GRAPH, NULL);
            fake_expect(b->login, "POST", "/token", 400, NULL,
                        "{\"error\":\"invalid_grant\",\"error_description\":\"AADSTS65001: no\","
                        "\"error_codes\":[65001]}");
        }
        b->told = false;
        arm_send(b->arm, &q, arm_bed_reply, b);
        assert_true(fake_run(b->f, &b->told, 1000));
        assert_int_equal(b->reply.http, round ? 0 : 401);
        assert_int_equal(auth_view(b->auth)->state, AUTH_IN);
        if (round)
            assert_int_equal(b->reply.err.code, 65001);
        else
            assert_string_equal(b->reply.err.request_id, "r-7");
    }
    arm_bed_done(b);
}

int test_azure_arm(void)
{
    const struct CMUnitTest tests[] = {
        T(plain_get),
        T(put_with_body_and_query),
        T(paths_cannot_move_the_host),
        T(not_found_and_lost),
        T(a_401_is_repeated_once),
        T(a_401_that_no_refresh_cures),
        T(nobody_signed_in),
        T(deadline_and_cancel),
        T(pages),
        T(bad_pages),
        T(pages_in_a_circle),
        T(endless_pages),
        T(second_page_fails),
        cmocka_unit_test(paths),
        cmocka_unit_test(ids),
        T(too_big_is_refused),
        T(other_tenant),
        T(graph),
        T(graph_refuses),
    };

    return TEST_GROUP("azure/arm", tests);
}
