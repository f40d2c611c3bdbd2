#include "config.h"

#include "fake.h"

#include "azure/auth_int.h"

#define TID   "aaaaaaaa-0000-4000-8000-000000000001"
#define OID   "bbbbbbbb-0000-4000-8000-000000000002"
#define OTHER "cccccccc-0000-4000-8000-000000000003"

struct bed { /* one auth over one script; a protocol second is 10 ms long */
    struct fake *f;
    struct auth *a;
    int changes;
    bool in, out, code; /* the view has been in such a state */
    bool told;          /* auth_token answered */
    int answers;
    char token[100];
    struct err err;
};

static void on_change(void *payload)
{
    struct bed *b = payload;
    enum auth_state s = auth_view(b->a)->state;

    b->changes++;
    b->code |= s == AUTH_CODE;
    b->in |= s == AUTH_IN;
    b->out |= s == AUTH_FAILED || s == AUTH_OUT;
}

static void on_token(void *payload, const struct secret *token, const struct err *e)
{
    struct bed *b = payload;

    b->told = true;
    b->answers++;
    STR_SET(b->token, token ? token->p : "");
    memset(&b->err, 0, sizeof(b->err));
    if (e)
        b->err = *e;
}

static int setup(void **state)
{
    struct bed *b = xcalloc(1, sizeof(*b));

    b->f = fake_new();
    b->a = auth_new(b->f->loop, &b->f->http, cloud_find("AzureCloud"), NULL, on_change, b);
    b->a->second_ms = 10;
    *state = b;
    return 0;
}

static int teardown(void **state)
{
    struct bed *b = *state;

    auth_free(b->a);
    fake_free(b->f);
    free(b);
    return 0;
}

#define CODE_OK                                                                                    \
    "{\"device_code\":\"DEV/+1\",\"user_code\":\"C7XKQ2LMP\",\"verification_uri\":"                \
    "\"https://microsoft.com/"                                                                     \
    "devicelogin\",\"expires_in\":\"900\",\"interval\":\"1\",\"message\":\"Do it\"}"
#define PENDING                                                                                    \
    "{\"error\":\"authorization_pending\",\"error_description\":\"AADSTS70016: "                   \
    "x\",\"error_codes\":[70016]}"

static const char *tokens(const char *access, const char *refresh, int expires)
{
    static char text[1500];
    struct str claims = STR_INIT, b64 = STR_INIT;

    str_add(&claims, "{\"tid\":\"" TID "\",\"oid\":\"" OID
                     "\",\"preferred_username\":\"anna@contoso.onmicrosoft.com\"}");
    str_add_b64url(&b64, claims.p, claims.len);
    str_fmt(text, sizeof(text),
            "{\"token_type\":\"Bearer\",\"access_token\":\"%s\",\"refresh_token\":\"%s\",\"expires_"
            "in\":%d,"
            "\"id_token\":\"e30.%s.sig\"}",
            access, refresh, expires, b64.p);
    str_free(&claims);
    str_free(&b64);
    return text;
}

static void begin(struct bed *b, const char *tenant)
{
    struct err e = { 0 };

    if (auth_device(b->a, tenant, &e))
        fail_msg("%s", e.message);
}

static void sign_in(struct bed *b, int expires)
{
    fake_expect(b->f, "POST", "/devicecode", 200, NULL, CODE_OK);
    fake_expect(b->f, "POST", "/token", 200, NULL, tokens("AT-1", "RT-1", expires));
    begin(b, NULL);
    assert_true(fake_run(b->f, &b->in, 1000));
}

static bool ask(struct bed *b, const char *tenant)
{
    b->told = false;
    auth_token(b->a, tenant, on_token, b);
    return fake_run(b->f, &b->told, 1000);
}

static void done(struct bed *b)
{
    assert_int_equal(b->f->strays, 0);
    assert_int_equal(fake_left(b->f), 0);
}

static void whole_sign_in(void **state)
{
    struct bed *b = *state;
    const struct auth_view *v = auth_view(b->a);
    int64_t before;

    fake_expect(b->f, "POST",
                "https://login.microsoftonline.com/organizations/oauth2/v2.0/devicecode", 200, NULL,
                CODE_OK);
    fake_expect(b->f, "POST", "/organizations/oauth2/v2.0/token", 400, NULL, PENDING);
    fake_expect(b->f, "POST", "/organizations/oauth2/v2.0/token", 200, NULL,
                tokens("AT-1", "RT-1", 3599));
    begin(b, "");
    assert_int_equal(v->state, AUTH_STARTING);
    assert_int_equal(b->changes, 0); /* never from inside the call */
    assert_true(fake_run(b->f, &b->code, 1000));
    before = b->f->seen[0].at;
    assert_string_equal(v->user_code, "C7XKQ2LMP");
    assert_string_equal(v->verification_uri, "https://microsoft.com/devicelogin");
    assert_string_equal(v->message, "Do it");
    assert_true(v->uri_trusted);
    assert_in_range(v->code_expires_mono - mono_ms(), 8000, 9000);
    assert_int_equal(b->f->n, 1); /* no poll before one interval */
    assert_true(fake_run(b->f, &b->in, 1000));
    assert_true(b->f->seen[1].at - before >= 10);
    assert_true(b->f->seen[2].at - b->f->seen[1].at >= 10);
    assert_non_null(strstr(b->f->seen[0].body, "client_id=" AUTH_CLIENT_AZURE_CLI));
    assert_non_null(strstr(b->f->seen[0].body,
                           "scope=https%3A%2F%2Fmanagement.azure.com%2F.default%20offline_access"));
    assert_non_null(strstr(b->f->seen[1].body,
                           "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code"));
    assert_non_null(strstr(b->f->seen[1].body, "device_code=DEV%2F%2B1"));
    assert_string_equal(b->f->seen[1].headers, b->f->seen[0].headers); /* one request id for all */
    assert_string_equal(v->account, "anna@contoso.onmicrosoft.com");
    assert_string_equal(v->tenant, TID);
    assert_string_equal(v->user_oid, OID);
    assert_string_equal(v->user_code, "");
    assert_true(v->token_expires_mono > mono_ms());
    assert_true(ask(b, NULL));
    assert_string_equal(b->token, "AT-1");
    assert_int_equal(b->f->n, 3);
    done(b);
}

/* The other dialect: no interval, no message, expires_in alone, a slow_down, and access_denied. */
static void other_dialect(void **state)
{
    struct bed *b = *state;
    const struct auth_view *v = auth_view(b->a);

    fake_expect(b->f, "POST", "/devicecode", 200, NULL,
                "{\"device_code\":\"D\",\"user_code\":\"NSDK-JCDQ\",\"verification_uri\":\"https://"
                "op.example/device\","
                "\"verification_uri_complete\":\"https://op.example/"
                "device?user_code=NSDK-JCDQ\",\"expires_in\":600}");
    fake_expect(b->f, "POST", "/token", 400, NULL, "{\"error\":\"slow_down\"}");
    fake_expect(b->f, "POST", "/token", 400, NULL,
                "{\"error\":\"access_denied\",\"error_description\":\"no\"}");
    begin(b, "contoso.onmicrosoft.com");
    assert_true(fake_run(b->f, &b->code, 1000));
    assert_int_equal(b->a->interval_ms, 50); /* five seconds when it does not say */
    assert_false(v->uri_trusted);
    assert_non_null(strstr(v->message, "NSDK-JCDQ"));
    assert_non_null(strstr(v->message, "https://op.example/device"));
    assert_true(fake_run(b->f, &b->out, 1000));
    assert_true(b->f->seen[1].at - b->f->seen[0].at >= 50);
    assert_true(b->f->seen[2].at - b->f->seen[1].at >= 100); /* five more */
    assert_int_equal(v->state, AUTH_FAILED);
    assert_int_equal(v->err.domain, ERR_AUTH);
    assert_int_equal(v->err.code, ERR_C_DECLINED);
    assert_non_null(strstr(b->f->seen[0].url, "/contoso.onmicrosoft.com/"));
    done(b);
}

static void entra_declines(void **state)
{
    struct bed *b = *state;

    fake_expect(b->f, "POST", "/devicecode", 200, NULL, CODE_OK);
    fake_expect(b->f, "POST", "/token", 400, NULL, "{\"error\":\"authorization_declined\"}");
    begin(b, NULL);
    assert_true(fake_run(b->f, &b->out, 1000));
    assert_int_equal(auth_view(b->a)->err.code, ERR_C_DECLINED);
    done(b);
}

static void lost_polls_do_not_end_it(void **state)
{
    struct bed *b = *state;

    fake_expect(b->f, "POST", "/devicecode", 200, NULL, CODE_OK);
    fake_expect(b->f, "POST", "/token", FAKE_LOST, NULL, NULL);
    fake_expect(b->f, "POST", "/token", 503, "Retry-After-ms: 30", "<html>busy</html>");
    fake_expect(b->f, "POST", "/token", 200, NULL, "not json");
    fake_expect(b->f, "POST", "/token", 200, NULL, "{\"access_token\":7}");
    fake_expect(b->f, "POST", "/token", 403, NULL, "<html>proxy</html>");
    fake_expect(b->f, "POST", "/token", 429, NULL,
                "{\"error\":\"temporarily_unavailable\",\"error_codes\":[90012]}");
    fake_expect(b->f, "POST", "/token", 400, NULL, PENDING);
    fake_expect(b->f, "POST", "/token", 200, NULL, tokens("AT-1", "RT-1", 3599));
    begin(b, NULL);
    assert_true(fake_run(b->f, &b->in, 5000));
    assert_true(b->f->seen[3].at - b->f->seen[2].at >= 30);
    done(b);
}

/* A server that revokes what is redeemed twice: the answer with the tokens was lost, we could not
 * know. What is said must be that, not that the server found something invalid. */
static void lost_redemption_says_so(void **state)
{
    struct bed *b = *state;
    const struct err *e = &auth_view(b->a)->err;

    fake_expect(b->f, "POST", "/devicecode", 200, NULL, CODE_OK);
    fake_expect(b->f, "POST", "/token", FAKE_LOST, NULL, NULL);
    fake_expect(b->f, "POST", "/token", 400, NULL,
                "{\"error\":\"invalid_grant\",\"error_description\":\"grant request is invalid\"}");
    begin(b, NULL);
    assert_true(fake_run(b->f, &b->out, 1000));
    assert_int_equal(e->domain, ERR_AUTH);
    assert_int_equal(e->code, ERR_C_ANSWER_LOST);
    assert_non_null(strstr(e->message, "lost on the way"));
    assert_string_equal(e->remote_code, "invalid_grant");
    done(b);

    b->out = false; /* an answer in between: nothing was lost, the server's own words count */
    fake_expect(b->f, "POST", "/devicecode", 200, NULL, CODE_OK);
    fake_expect(b->f, "POST", "/token", FAKE_LOST, NULL, NULL);
    fake_expect(b->f, "POST", "/token", 400, NULL, PENDING);
    fake_expect(b->f, "POST", "/token", 400, NULL,
                "{\"error\":\"invalid_grant\",\"error_description\":\"grant request is invalid\"}");
    begin(b, NULL);
    assert_true(fake_run(b->f, &b->out, 1000));
    assert_string_equal(e->message, "grant request is invalid");
    done(b);
}

static void expires_here_and_there(void **state)
{
    struct bed *b = *state;

    fake_expect(b->f, "POST", "/devicecode", 200, NULL,
                "{\"device_code\":\"D\",\"user_code\":\"U\",\"verification_uri\":\"https://"
                "microsoft.com/x\","
                "\"expires_in\":50,\"interval\":\"20\"}"); /* a busy machine is late, too */
    fake_expect(b->f, "POST", "/token", 400, NULL, PENDING);
    fake_expect(b->f, "POST", "/token", 400, NULL, PENDING);
    begin(b, NULL);
    assert_true(fake_run(b->f, &b->out, 1000));
    assert_int_equal(auth_view(b->a)->err.domain, ERR_AUTH);
    assert_int_equal(auth_view(b->a)->err.code, ERR_C_EXPIRED);
    done(b);

    b->out = false;
    fake_expect(b->f, "POST", "/devicecode", 200, NULL, CODE_OK);
    fake_expect(b->f, "POST", "/token", 400, NULL,
                "{\"error\":\"expired_token\",\"error_description\":\"AADSTS70019: "
                "gone\",\"error_codes\":[70019]}");
    begin(b, NULL);
    assert_true(fake_run(b->f, &b->out, 1000));
    assert_int_equal(auth_view(b->a)->err.code, ERR_C_EXPIRED);
    assert_string_equal(auth_view(b->a)->err.remote_code, "AADSTS70019");
    done(b);
}

static void cancel_is_immediate(void **state)
{
    struct bed *b = *state;

    fake_expect(b->f, "POST", "/devicecode", 200, NULL, CODE_OK);
    fake_expect(b->f, "POST", "/token", FAKE_HOLD, NULL, NULL);
    begin(b, NULL);
    while (b->f->n < 2)
        loop_turn(b->f->loop, 5);
    auth_cancel(b->a);
    assert_int_equal(auth_view(b->a)->state, AUTH_OUT);
    assert_string_equal(auth_view(b->a)->user_code, "");
    assert_true(fake_run(b->f, &b->out, 100));
    fake_turns(b->f, 30);
    assert_int_equal(b->f->n, 2);
    done(b);
}

static void entra_refuses(void **state)
{
    struct bed *b = *state;
    const struct err *e = &auth_view(b->a)->err;

    fake_expect(b->f, "POST", "/devicecode", 200, NULL, CODE_OK);
    fake_expect(
        b->f, "POST", "/token", 400, NULL,
        "{\"error\":\"invalid_grant\",\"error_description\":\"AADSTS53003: Access has been "
        "blocked.\\r\\nTrace ID: t\\r\\n"
        "Timestamp: "
        "x\",\"error_codes\":[53003],\"trace_id\":\"trace-1\",\"correlation_id\":\"corr-1\"}");
    begin(b, NULL);
    assert_true(fake_run(b->f, &b->out, 1000));
    assert_int_equal(auth_view(b->a)->state, AUTH_FAILED);
    assert_int_equal(e->code, 53003);
    assert_string_equal(e->message, "AADSTS53003: Access has been blocked.");
    assert_string_equal(e->remote_code, "AADSTS53003");
    assert_string_equal(e->request_id, "trace-1");
    assert_string_equal(e->correlation_id, "corr-1");
    assert_int_equal(e->http, 400);
    assert_false(e->retryable);
    done(b);
}

static void code_is_asked_again(void **state)
{
    struct bed *b = *state;

    fake_expect(b->f, "POST", "/devicecode", FAKE_LOST, NULL, NULL);
    fake_expect(b->f, "POST", "/devicecode", 502, NULL, "<html>");
    fake_expect(b->f, "POST", "/devicecode", 200, NULL, CODE_OK);
    fake_expect(b->f, "POST", "/token", FAKE_HOLD, NULL, NULL);
    begin(b, NULL);
    assert_true(fake_run(b->f, &b->code, 1000));
    auth_cancel(b->a);
}

static void unknown_tenant(void **state)
{
    struct bed *b = *state;

    fake_expect(b->f, "POST", "/devicecode", 400, NULL,
                "{\"error\":\"invalid_request\",\"error_description\":\"AADSTS90002: Tenant not "
                "found.\",\"error_codes\":[90002]}");
    begin(b, "nowhere.example");
    assert_true(fake_run(b->f, &b->out, 1000));
    assert_int_equal(auth_view(b->a)->err.code, 90002);
    done(b);
}

static void bad_code_answers(void **state)
{
    static const char *const bad[] = {
        "{}",
        "[]",
        "{\"device_code\":1,\"user_code\":\"U\",\"verification_uri\":\"https://microsoft.com/x\"}",
        "{\"device_code\":\"D\",\"user_code\":\"\",\"verification_uri\":\"https://a.com/x\"}",
        "{\"device_code\":\"D\",\"user_code\":\"U\"}",
    };
    struct bed *b = *state;

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        b->out = false;
        fake_expect(b->f, "POST", "/devicecode", 200, NULL, bad[i]);
        for (int n = 1; bad[i][0] == '[' && n < AUTH_TRIES; n++)
            fake_expect(b->f, "POST", "/devicecode", 200, NULL, bad[i]);
        begin(b, NULL);
        assert_true(fake_run(b->f, &b->out, 1000));
        assert_int_equal(auth_view(b->a)->state, AUTH_FAILED);
        assert_true(auth_view(b->a)->err.message[0]);
        done(b);
    }
}

static void hostile_texts_are_shown_clean(void **state)
{
    struct bed *b = *state;
    const struct auth_view *v = auth_view(b->a);

    fake_expect(b->f, "POST", "/devicecode", 200, NULL,
                "{\"device_code\":\"D\",\"user_code\":\"A\\u001b[2JB\",\"verification_uri\":"
                "\"https://microsoft.com/"
                "\\u202edevicelogin\",\"message\":\"go\\r\\nthere\\u0007\",\"interval\":-3,"
                "\"expires_in\":1e300}");
    begin(b, NULL);
    assert_true(fake_run(b->f, &b->code, 1000));
    assert_null(strchr(v->user_code, 0x1b));
    assert_null(strchr(v->message, '\n'));
    assert_false(v->uri_trusted);
    assert_int_equal(b->a->interval_ms, 10);
    auth_cancel(b->a);
}

static void refuses_bad_tenants(void **state)
{
    struct bed *b = *state;
    static const char *const bad[] = { "a/b", "../x", "a b", "a?x", "..", "t\xc3\xa9nant" };

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct err e = { 0 };

        assert_int_equal(auth_device(b->a, bad[i], &e), -1);
        assert_int_equal(e.domain, ERR_USAGE);
    }
    assert_int_equal(b->f->n, 0);
    assert_int_equal(auth_view(b->a)->state, AUTH_OUT);
}

static void nobody_signed_in(void **state)
{
    struct bed *b = *state;

    auth_token(b->a, NULL, on_token, b);
    assert_false(b->told); /* in the loop only */
    assert_true(fake_run(b->f, &b->told, 100));
    assert_int_equal(b->err.domain, ERR_AUTH);
    assert_int_equal(b->err.code, ERR_C_NOT_SIGNED_IN);
}

static void one_refresh_for_all(void **state)
{
    struct bed *b = *state;

    sign_in(b, 3599);
    b->a->slots->refresh_at = mono_ms(); /* five minutes before the end have come */
    fake_expect(b->f, "POST", "/" TID "/oauth2/v2.0/token", 200, NULL,
                tokens("AT-2", "RT-2", 3599));
    auth_token(b->a, NULL, on_token, b);
    auth_token(b->a, TID, on_token, b);
    auth_token(b->a, NULL, on_token, b);
    assert_true(ask(b, NULL));
    fake_turns(b->f, 20);
    assert_int_equal(b->answers, 4);
    assert_string_equal(b->token, "AT-2");
    assert_non_null(strstr(fake_last(b->f)->body, "grant_type=refresh_token"));
    assert_non_null(strstr(fake_last(b->f)->body, "refresh_token=RT-1"));
    assert_true(secret_eq(&b->a->refresh, "RT-2", 4));
    done(b);
}

static void refresh_margin(void **state)
{
    struct bed *b = *state;
    struct auth_slot *s;

    sign_in(b, 3599);
    s = b->a->slots;
    assert_int_equal(s->ends - s->refresh_at, 3000); /* 300 protocol seconds */
    auth_sign_out(b->a);
    b->in = false;
    sign_in(b, 100);
    s = b->a->slots;
    assert_int_equal(s->ends - s->refresh_at, 500); /* half of a short life */
    done(b);
}

static void trouble_while_refreshing(void **state)
{
    struct bed *b = *state;

    sign_in(b, 3599);
    b->a->slots->refresh_at = mono_ms();
    fake_expect(b->f, "POST", "/token", 500, NULL, "{}");
    assert_true(ask(b, NULL));
    assert_string_equal(b->token, "AT-1"); /* it still holds */
    assert_true(ask(b, NULL));
    done(b); /* and is not asked for again at once */

    auth_token_reject(b->a, NULL);
    fake_expect(b->f, "POST", "/token", FAKE_LOST, NULL, NULL);
    fake_expect(b->f, "POST", "/token", 503, "Retry-After-ms: 5", "{}");
    fake_expect(b->f, "POST", "/token", 200, NULL, tokens("AT-3", "RT-3", 3599));
    assert_true(ask(b, NULL));
    assert_string_equal(b->token, "AT-3");
    done(b);

    auth_token_reject(b->a, NULL);
    for (int i = 0; i < AUTH_TRIES; i++)
        fake_expect(b->f, "POST", "/token", 500, NULL, "{}");
    assert_true(ask(b, NULL));
    assert_string_equal(b->token, "");
    assert_true(b->err.retryable);
    assert_int_equal(auth_view(b->a)->state, AUTH_IN);
    done(b);
}

static void dead_refresh_token_ends_it(void **state)
{
    struct bed *b = *state;

    sign_in(b, 3599);
    b->out = false;
    auth_token_reject(b->a, NULL);
    fake_expect(b->f, "POST", "/token", 400, NULL,
                "{\"error\":\"invalid_grant\",\"error_description\":\"AADSTS700082: The refresh "
                "token has expired. Trace ID: x\","
                "\"error_codes\":[700082],\"trace_id\":\"tr\"}");
    assert_true(ask(b, NULL));
    assert_int_equal(b->err.code, ERR_C_NOT_SIGNED_IN);
    assert_string_equal(b->err.remote_code, "AADSTS700082");
    assert_true(fake_run(b->f, &b->out, 100));
    assert_int_equal(auth_view(b->a)->state, AUTH_FAILED);
    assert_int_equal(auth_view(b->a)->err.code, 700082);
    assert_string_equal(auth_view(b->a)->err.message,
                        "AADSTS700082: The refresh token has expired.");
    assert_false(secret_is(&b->a->refresh));
    assert_null(b->a->slots);
    assert_true(ask(b, NULL));
    assert_int_equal(b->err.code, ERR_C_NOT_SIGNED_IN);
    done(b);
}

/* The server changes the refresh token with every use, and the answer with the new one is lost. */
static void lost_refresh_says_so(void **state)
{
    struct bed *b = *state;
    const struct err *e = &auth_view(b->a)->err;

    sign_in(b, 3599);
    b->out = false;
    auth_token_reject(b->a, NULL);
    fake_expect(b->f, "POST", "/token", FAKE_LOST, NULL, NULL);
    fake_expect(
        b->f, "POST", "/token", 400, NULL,
        "{\"error\":\"invalid_grant\",\"error_description\":\"refresh token already used\"}");
    assert_true(ask(b, NULL));
    assert_int_equal(b->err.code, ERR_C_NOT_SIGNED_IN);
    assert_true(fake_run(b->f, &b->out, 100));
    assert_int_equal(e->code, ERR_C_ANSWER_LOST);
    assert_non_null(strstr(e->message, "lost on the way"));
    done(b);

    b->in = b->out = false; /* the next sign-in knows nothing of it */
    sign_in(b, 3599);
    auth_token_reject(b->a, NULL);
    fake_expect(b->f, "POST", "/token", 400, NULL,
                "{\"error\":\"invalid_grant\",\"error_description\":\"refresh token not found\"}");
    assert_true(ask(b, NULL));
    assert_true(fake_run(b->f, &b->out, 100));
    assert_string_equal(e->message, "refresh token not found");
    done(b);
}

static void other_tenants_have_own_tokens(void **state)
{
    struct bed *b = *state;

    sign_in(b, 3599);
    fake_expect(b->f, "POST", "/" OTHER "/oauth2/v2.0/token", 200, NULL,
                tokens("AT-OTHER", "RT-2", 3599));
    assert_true(ask(b, OTHER));
    assert_string_equal(b->token, "AT-OTHER");
    assert_true(ask(b, NULL));
    assert_string_equal(b->token, "AT-1");
    assert_string_equal(auth_view(b->a)->tenant, TID);
    done(b);

    /* that tenant wants its own MFA: no reason to end the sign-in */
    auth_token_reject(b->a, OTHER);
    fake_expect(b->f, "POST", "/" OTHER "/", 400, NULL,
                "{\"error\":\"invalid_grant\",\"error_description\":\"AADSTS50076: "
                "MFA\",\"error_codes\":[50076],\"suberror\":\"basic_action\"}");
    assert_true(ask(b, OTHER));
    assert_int_equal(b->err.code, 50076);
    assert_int_equal(auth_view(b->a)->state, AUTH_IN);
    assert_true(ask(b, "no/tenant"));
    assert_int_equal(b->err.domain, ERR_USAGE);
    done(b);
}

static void cancel_and_sign_out(void **state)
{
    struct bed *b = *state;
    struct auth_wait *w;

    sign_in(b, 3599);
    w = auth_token(b->a, NULL, on_token, b);
    auth_token_cancel(w);
    fake_turns(b->f, 10);
    assert_int_equal(b->answers, 0);

    auth_token_reject(b->a, NULL);
    fake_expect(b->f, "POST", "/token", FAKE_HOLD, NULL, NULL);
    auth_token(b->a, NULL, on_token, b);
    fake_turns(b->f, 10);
    assert_int_equal(b->answers, 0);
    auth_sign_out(b->a);
    assert_true(fake_run(b->f, &b->told, 100));
    assert_int_equal(b->err.code, ERR_C_NOT_SIGNED_IN);
    assert_int_equal(auth_view(b->a)->state, AUTH_OUT);
    assert_string_equal(auth_view(b->a)->account, "");
    assert_false(secret_is(&b->a->refresh));
    done(b);
}

static void freed_in_the_middle(void **state)
{
    struct bed *b = *state;

    sign_in(b, 3599);
    auth_token_reject(b->a, NULL);
    fake_expect(b->f, "POST", "/token", FAKE_HOLD, NULL, NULL);
    auth_token(b->a, NULL, on_token, b);
    fake_turns(b->f, 10);
    auth_token(b->a, NULL, on_token, b);
    auth_free(b->a);
    b->a = auth_new(b->f->loop, &b->f->http, cloud_find("AzureCloud"), NULL, on_change, b);
    fake_turns(b->f, 10);
    assert_int_equal(b->answers, 0);
    assert_null(b->f->calls);
}

static void without_refresh_token(void **state)
{
    struct bed *b = *state;

    fake_expect(b->f, "POST", "/devicecode", 200, NULL, CODE_OK);
    fake_expect(b->f, "POST", "/token", 200, NULL,
                "{\"access_token\":\"AT\",\"expires_in\":\"3599\",\"id_token\":\"!!.@@.\"}");
    begin(b, TID);
    assert_true(fake_run(b->f, &b->in, 1000));
    assert_string_equal(auth_view(b->a)->tenant, TID); /* as asked: no claims to read */
    assert_string_equal(auth_view(b->a)->account, "an account without a name");
    assert_true(ask(b, NULL));
    assert_string_equal(b->token, "AT");
    auth_token_reject(b->a, NULL);
    assert_true(ask(b, NULL));
    assert_int_equal(b->err.code, ERR_C_NOT_SIGNED_IN);
    assert_int_equal(auth_view(b->a)->state, AUTH_FAILED);
    done(b);
}

static void error_bodies(void **state)
{
    static const struct {
        int http;
        const char *body, *message;
        int code;
        bool retryable;
    } cases[] = {
        { 400,
          "{\"error\":\"x\",\"error_description\":\"AADSTS50034: No user. Trace ID: 1 Correlation "
          "ID: 2\"}",
          "AADSTS50034: No user.", 50034, false },
        { 400, "{\"error\":\"invalid_client\"}", "invalid_client", 0, false },
        { 400,
          "{\"error\":\"server_error\",\"error_description\":\"AADSTS90033: "
          "transient\",\"error_codes\":[\"90033\"]}",
          "AADSTS90033: transient", 90033, true },
        { 502, "\n <html>", "A proxy or gateway answered in place of Microsoft Entra (HTTP 502).",
          0, true },
        { 403, "", "Microsoft Entra answered HTTP 403 without a reason.", 0, false },
        { 400, "{\"error\":\"invalid_grant\",\"error_description\":\"\"}", "invalid_grant", 0,
          false },
        { 400, "{\"error\":\"\",\"error_description\":\"\\r\\n\",\"error_codes\":[65001]}",
          "Microsoft Entra answered HTTP 400 without a reason.", 65001, false },
        { 400, "{\"error\":[1],\"error_description\":{}}",
          "Microsoft Entra answered HTTP 400 without a reason.", 0, false },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct err e = { 0 };

        auth_error(&e, cases[i].http, cases[i].body, strlen(cases[i].body));
        assert_int_equal(e.domain, ERR_AUTH);
        assert_string_equal(e.message, cases[i].message);
        assert_int_equal(e.code, cases[i].code);
        assert_int_equal(e.retryable, cases[i].retryable);
        assert_int_equal(e.http, cases[i].http);
    }
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int test_azure_auth(void)
{
    const struct CMUnitTest tests[] = {
        T(whole_sign_in),
        T(other_dialect),
        T(entra_declines),
        T(lost_polls_do_not_end_it),
        T(lost_redemption_says_so),
        T(expires_here_and_there),
        T(cancel_is_immediate),
        T(entra_refuses),
        T(code_is_asked_again),
        T(unknown_tenant),
        T(bad_code_answers),
        T(hostile_texts_are_shown_clean),
        T(refuses_bad_tenants),
        T(nobody_signed_in),
        T(one_refresh_for_all),
        T(refresh_margin),
        T(trouble_while_refreshing),
        T(dead_refresh_token_ends_it),
        T(lost_refresh_says_so),
        T(other_tenants_have_own_tokens),
        T(cancel_and_sign_out),
        T(freed_in_the_middle),
        T(without_refresh_token),
        cmocka_unit_test(error_bodies),
    };

    return TEST_GROUP("azure/auth", tests);
}
