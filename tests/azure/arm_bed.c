#include "config.h"

#include "arm_bed.h"

void arm_bed_reply(void *payload, const struct arm_reply *r)
{
    struct bed *b = payload;
    struct str s = STR_INIT;

    b->told = true;
    b->answers++;
    b->reply = *r;
    b->reply.json = NULL;
    b->json[0] = '\0';
    if (r->json) {
        json_write(&s, r->json);
        STR_SET(b->json, s.p);
    }
    str_free(&s);
}

/* Signed in without the device code: test_auth.c proves that. */
static void give_token(struct bed *b)
{
    struct auth_slot *s;

    b->auth->view.state = AUTH_IN;
    STR_SET(b->auth->home, TID);
    secret_set(&b->auth->refresh, "RT", 2);
    s = auth_slot_of(b->auth, AUTH_FOR_ARM, NULL);
    secret_set(&s->access, "AT-1", 4);
    s->ends = s->refresh_at = mono_ms() + 3600000;
}

int arm_bed_setup(void **state)
{
    struct bed *b = xcalloc(1, sizeof(*b));
    const struct cloud *c = cloud_find("AzureCloud");

    b->f = fake_new();
    b->login = fake_new();
    loop_free(b->login->loop);
    b->login->loop = b->f->loop;
    b->auth = auth_new(b->f->loop, &b->login->http, c, NULL, NULL, NULL);
    b->auth->second_ms = 10;
    b->arm = arm_new(b->f->loop, &b->f->http, &b->f->http, b->auth, c);
    b->arm->second_ms = 10;
    give_token(b);
    *state = b;
    return 0;
}

int arm_bed_teardown(void **state)
{
    struct bed *b = *state;
    struct err e = { 0 };

    arm_free(b->arm);
    auth_free(b->auth);
    b->login->loop = loop_new(&e);
    fake_free(b->login);
    fake_free(b->f);
    free(b);
    return 0;
}

struct arm_call *arm_bed_start(struct bed *b, const char *method, const char *path, unsigned flags,
                               const char *body)
{
    struct err e = { 0 };
    struct json *j = body ? json_parse(body, strlen(body), 0, &e) : NULL;
    struct arm_req q = { .method = method,
                         .path = path,
                         .api = "2024-04-01",
                         .body = j,
                         .flags = flags,
                         .correlation = "corr-1" };
    struct arm_call *c;

    b->told = false;
    c = arm_send(b->arm, &q, arm_bed_reply, b);
    json_free(j);
    return c;
}

const struct arm_reply *arm_bed_call(struct bed *b, const char *method, const char *path,
                                     unsigned flags, const char *body)
{
    arm_bed_start(b, method, path, flags, body);
    assert_false(b->told);
    if (!fake_run(b->f, &b->told, 2000))
        fail_msg("no answer to %s %s", method, path);
    return &b->reply;
}

void arm_bed_done(struct bed *b)
{
    assert_int_equal(b->f->strays + b->login->strays, 0);
    assert_int_equal(fake_left(b->f) + fake_left(b->login), 0);
    for (size_t i = 0; i < b->f->n; i++) /* whatever the test did: no token went elsewhere */
        if (b->f->seen[i].bearer[0])
            assert_true(str_starts(b->f->seen[i].url, str_eq(b->f->seen[i].bearer, "AT-GRAPH")
                                                          ? "https://graph.microsoft.com/"
                                                          : ARM "/"));
    assert_null(b->arm->calls);
}

void arm_bed_token(struct bed *b, const char *access)
{
    char body[200];

    str_fmt(body, sizeof(body), "{\"access_token\":\"%s\",\"expires_in\":3599}", access);
    fake_expect(b->login, "POST", "/token", 200, NULL, body);
}
