#include "config.h"

#include "testing.h"

#include "base/str.h"
#include "contract.h"

#define QUIET_MS 60 /* long enough for what must not happen */
#define TOKEN    "eyJ0-the-operators-token"

static const char register_args[] =
    "{\"serviceEndpoint\":\"" CONTRACT_SERVICE
    "\",\"billingServiceApiScope\":\"https://dp.example/usage/.default\",\"cloudId\":\"" CONTRACT_ID
    "\",\"subscriptionId\":\"" CONTRACT_ID "\",\"tenantId\":\"" CONTRACT_ID
    "\",\"resourceName\":\"c1\",\"providerNamespace\":\"Microsoft.AzureStackHCI\","
    "\"resourceArmId\":\"" CONTRACT_URI "\",\"region\":\"eastus\",\"clusterNodes\":[\"node1\"]}";

struct log {
    struct node_bed bed;
    int answers;
    struct json *answer;
    struct err err;
};

static void on_done(void *payload, const struct node_reply *r)
{
    struct log *g = payload;
    struct str text = STR_INIT;

    g->answers++;
    json_free(g->answer);
    g->answer = r->json ? json_copy(r->json) : NULL;
    g->err = r->err;
    /* An object, or an error that says something; never both, never a token. */
    if (r->json) {
        assert_true(json_is_object(r->json));
        assert_false(err_is(&r->err));
        json_write(&text, r->json);
        assert_null(strstr(text.p, TOKEN));
    } else {
        assert_true(err_is(&r->err));
        assert_true(r->err.message[0] != '\0');
        assert_null(strstr(r->err.message, TOKEN));
    }
    str_free(&text);
}

static void turn(struct node_bed *b, int64_t ms)
{
    int64_t end = mono_ms() + ms;

    while (mono_ms() < end)
        loop_turn(b->loop, end - mono_ms());
}

static void turn_until(struct log *g, int answers)
{
    int64_t end = mono_ms() + 5000;

    while (g->answers < answers && mono_ms() < end)
        loop_turn(g->bed.loop, 50);
    assert_int_equal(g->answers, answers);
}

/* What the caller gave is gone when the call returns. */
static struct node_call *ask(struct log *g, enum node_verb v, const char *text, const char *token)
{
    struct err e = { 0 };
    struct json *args = text ? json_parse(text, strlen(text), 0, &e) : NULL;
    struct secret s = { 0 };
    struct node_call *c;

    if (token)
        secret_set(&s, token, strlen(token));
    c = node_call(g->bed.node, v, args, token ? &s : NULL, on_done, g);
    assert_non_null(c);
    secret_clear(&s);
    json_free(args);
    return c;
}

/* One verb whole: never answered from inside, once, and no second time. */
static void call(struct log *g, enum node_verb v, const char *args, const char *token)
{
    g->answers = 0;
    ask(g, v, args, token);
    assert_int_equal(g->answers, 0);
    turn_until(g, 1);
    turn(&g->bed, 5);
    assert_int_equal(g->answers, 1);
}

static void end(const struct node_backend *k, struct log *g)
{
    json_free(g->answer);
    k->close(&g->bed);
}

/* ---- each verb ---- */

static void verbs(const struct node_backend *k)
{
    for (int v = 0; v < NODE_VERBS; v++) {
        struct log g = { 0 };

        k->open(&g.bed, false);
        call(&g, (enum node_verb)v, "{}", node_verbs[v].takes_token ? TOKEN : NULL);
        call(&g, (enum node_verb)v, "{}", NULL); /* a token that is not there */
        if (!node_verbs[v].changes) {
            assert_non_null(g.answer);
            call(&g, (enum node_verb)v, NULL, NULL);
            assert_non_null(g.answer);
            call(&g, (enum node_verb)v, "{}", TOKEN); /* not asked for: not used */
            assert_non_null(g.answer);
        }
        end(k, &g);
    }
}

static void unknown_verb(const struct node_backend *k)
{
    struct log g = { 0 };

    k->open(&g.bed, false);
    call(&g, NODE_VERBS, "{}", TOKEN);
    assert_null(g.answer);
    assert_int_equal(g.err.domain, ERR_USAGE);
    assert_false(g.err.unsure);
    end(k, &g);
}

/* ---- the shape of answers ---- */

static void one_of(const struct json *j, const char *name, const char *const *words, size_t n)
{
    const char *word = json_str(j, name);

    for (size_t i = 0; word && i < n; i++)
        if (str_eq(word, words[i]))
            return;
    fail_msg("%s is %s", name, word ? word : "absent");
}

static void text_or_null(const struct json *j, const char *name, bool may_lack)
{
    const struct json *m = json_member(j, name);

    if (!(json_is_string(m) || json_is_null(m) || (may_lack && !m)))
        fail_msg("%s is neither text nor null", name);
}

static void is_time(const struct json *j, const char *name)
{
    const char *text = json_str(j, name);
    int64_t ms;

    if (text && !(time_parse(text, &ms) && str_ends(text, "Z")))
        fail_msg("%s is no time of UTC: %s", name, text);
}

static void shapes(const struct node_backend *k)
{
    static const char *const cluster[] = { "NotYet", "Clustered" };
    static const char *const registration[] = { "NotYet", "Registered", "OutOfPolicy" };
    static const char *const texts[] = { "ConnectionStatus", "AzureResourceName",
                                         "AzureResourceUri", "DiagnosticLevel",
                                         "Region",           "clusterName",
                                         "clusterId",        "reason" };
    static const char *const times[] = { "RegistrationDate", "LastConnected", "NextSync",
                                         "installDate", "policyDeadline" };
    static const char *const agent[] = { "status", "resourceName", "resourceGroup", "tenantId",
                                         "subscriptionId" };
    struct log g = { 0 };

    k->open(&g.bed, false);
    call(&g, NODE_STATUS, "{}", NULL);
    one_of(g.answer, "ClusterStatus", cluster, ARRAY_LEN(cluster));
    one_of(g.answer, "RegistrationStatus", registration, ARRAY_LEN(registration));
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        text_or_null(g.answer, texts[i], k->is_fake);
    for (size_t i = 0; i < ARRAY_LEN(times); i++) {
        text_or_null(g.answer, times[i], k->is_fake);
        is_time(g.answer, times[i]);
    }
    assert_true(k->is_fake || json_is_array(json_member(g.answer, "clusterNodes")));
    call(&g, NODE_FACTS, "{}", NULL);
    assert_true(json_is_bool(json_member(g.answer, "msiCapable")));
    call(&g, NODE_AGENT_SHOW, "{}", NULL);
    assert_true(json_is_bool(json_member(g.answer, "installed")));
    for (size_t i = 0; i < ARRAY_LEN(agent); i++)
        text_or_null(g.answer, agent[i], false);
    end(k, &g);
}

/* The status but for how long the node is up, which goes on by itself. */
static struct json *still(const struct json *status, int64_t *uptime)
{
    struct json *j = json_copy(status);

    if (!json_int(j, "uptime", uptime))
        *uptime = 0;
    json_set_int(j, "uptime", 0);
    return j;
}

/* Reads may be repeated freely: they change nothing. */
static void reads(const struct node_backend *k)
{
    struct json *first, *last;
    int64_t up_first, up_last;
    struct log g = { 0 };

    k->open(&g.bed, false);
    call(&g, NODE_STATUS, "{}", NULL);
    first = still(g.answer, &up_first);
    for (int v = 0; v < NODE_VERBS; v++)
        if (!node_verbs[v].changes)
            call(&g, (enum node_verb)v, "{}", NULL);
    call(&g, NODE_STATUS, "{}", NULL);
    last = still(g.answer, &up_last);
    assert_true(json_equal(first, last));
    assert_true(up_last >= up_first);
    json_free(first);
    json_free(last);
    end(k, &g);
}

/* ---- a registration's life ---- */

static void expect(struct log *g, const char *registration, const char *uri)
{
    call(g, NODE_STATUS, "{}", NULL);
    assert_string_equal(json_str(g->answer, "RegistrationStatus"), registration);
    if (uri)
        assert_string_equal(json_str(g->answer, "AzureResourceUri"), uri);
    else
        assert_true(json_is_null(json_member(g->answer, "AzureResourceUri")));
}

static void life(const struct node_backend *k)
{
    struct log g = { 0 };

    k->open(&g.bed, false);
    expect(&g, "NotYet", NULL);
    call(&g, NODE_REGISTER, register_args, NULL);
    assert_non_null(g.answer);
    expect(&g, "Registered", CONTRACT_URI);
    assert_string_equal(json_str(g.answer, "ConnectionStatus"), "Connected"); /* it synced once */
    call(&g, NODE_SYNC, "{}", NULL);
    assert_non_null(json_str(g.answer, "lastSync"));
    is_time(g.answer, "lastSync");
    is_time(g.answer, "nextSync");
    expect(&g, "Registered", CONTRACT_URI);
    for (int i = 0; i < 2; i++) { /* what is done already is done */
        call(&g, NODE_UNREGISTER, "{}", NULL);
        assert_non_null(g.answer);
        expect(&g, "NotYet", NULL);
    }
    end(k, &g);
}

static void lost(const struct node_backend *k)
{
    struct log g = { 0 };

    k->open(&g.bed, true);
    call(&g, NODE_REGISTER, register_args, NULL);
    assert_null(g.answer);
    assert_true(g.err.unsure);
    call(&g, NODE_STATUS, "{}", NULL); /* the node goes on */
    assert_non_null(g.answer);
    end(k, &g);
}

/* ---- several at once, cancelling, closing ---- */

static void several(const struct node_backend *k)
{
    static const enum node_verb asked[] = { NODE_STATUS, NODE_FACTS, NODE_AGENT_SHOW };
    struct log g = { 0 };

    k->open(&g.bed, false);
    for (size_t i = 0; i < 12; i++)
        ask(&g, asked[i % ARRAY_LEN(asked)], "{}", NULL);
    assert_int_equal(g.answers, 0);
    turn_until(&g, 12);
    turn(&g.bed, QUIET_MS);
    assert_int_equal(g.answers, 12);
    end(k, &g);
}

static void cancelling(const struct node_backend *k)
{
    for (int v = 0; v < NODE_VERBS; v++) {
        struct log g = { 0 };
        struct node_call *c;

        k->open(&g.bed, false);
        c = ask(&g, (enum node_verb)v, v == NODE_REGISTER ? register_args : "{}", TOKEN);
        ask(&g, NODE_STATUS, "{}", NULL);
        g.bed.node->ops->cancel(c);
        turn_until(&g, 1);
        assert_non_null(json_str(g.answer, "ClusterStatus")); /* the other one's */
        turn(&g.bed, QUIET_MS);
        assert_int_equal(g.answers, 1);
        end(k, &g);
    }
}

struct pair {
    struct log g;
    struct node_call *call[2];
    int answered;
};

static void on_first(void *payload, const struct node_reply *r)
{
    struct pair *p = payload;

    on_done(&p->g, r);
    if (p->answered++ == 0)
        p->g.bed.node->ops->cancel(p->call[1]);
}

static void on_chain(void *payload, const struct node_reply *r)
{
    struct pair *p = payload;

    on_done(&p->g, r);
    if (p->answered++ < 2)
        node_call(p->g.bed.node, NODE_FACTS, NULL, NULL, on_chain, p);
    assert_true(json_equal(r->json, p->g.answer)); /* the answer lives through the callback */
}

static void inside(const struct node_backend *k)
{
    struct pair p = { .answered = 0 };

    k->open(&p.g.bed, false);
    p.call[0] = node_call(p.g.bed.node, NODE_STATUS, NULL, NULL, on_first, &p);
    p.call[1] = node_call(p.g.bed.node, NODE_STATUS, NULL, NULL, on_first, &p);
    turn_until(&p.g, 1);
    turn(&p.g.bed, QUIET_MS);
    assert_int_equal(p.g.answers, 1);
    p.answered = p.g.answers = 0;
    node_call(p.g.bed.node, NODE_STATUS, NULL, NULL, on_chain, &p);
    turn_until(&p.g, 3);
    end(k, &p.g);
}

static void closing(const struct node_backend *k)
{
    for (int turns = 0; turns < 4; turns++) {
        struct log g = { 0 };
        int before;

        k->open(&g.bed, false);
        ask(&g, NODE_REGISTER, register_args, NULL);
        ask(&g, NODE_AGENT_SHOW, "{}", NULL);
        for (int i = 0; i < turns; i++)
            loop_turn(g.bed.loop, 20);
        before = g.answers;
        g.bed.node->ops->close(g.bed.node);
        g.bed.node = NULL;
        turn(&g.bed, QUIET_MS);
        assert_int_equal(g.answers, before);
        end(k, &g);
    }
}

void node_contract(const struct node_backend *k)
{
    verbs(k);
    unknown_verb(k);
    shapes(k);
    reads(k);
    life(k);
    lost(k);
    several(k);
    cancelling(k);
    inside(k);
    if (!k->is_fake)
        closing(k);
}
