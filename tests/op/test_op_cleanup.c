#include "config.h"

#include "op/fixture.h"

#include "base/text.h"
#include "op/op_cleanup_found.h"
#include "testing.h"

#define DAY     (24 * 3600 * 1000LL)
#define NOW     (1795000000000LL) /* 2026-11-18 */
#define SUB     "/subscriptions/" FX_SUB
#define RG      SUB "/resourceGroups/old-rg"
#define CLUSTER RG "/providers/Microsoft.AzureStackHCI/clusters/OLD"
#define MACHINE RG "/providers/Microsoft.HybridCompute/machines/old1"
#define APP_ID  "aaaaaaaa-1111-2222-3333-444444444444"

static struct json *parse(const char *text)
{
    struct err e = { 0 };
    struct json *j = json_parse(text, strlen(text), 0, &e);

    if (!j)
        fail_msg("%s: %s", e.message, text);
    return j;
}

/* @N@ in a text: the time N days before now. */
static struct json *dated(const char *text, int64_t now)
{
    struct str s = STR_INIT;
    struct json *j;

    for (const char *p = text; *p; p++) {
        char at[TIME_SIZE];
        long days;
        char *end;

        if (*p != '@') {
            str_addc(&s, *p);
            continue;
        }
        days = strtol(p + 1, &end, 10);
        time_iso(at, now - days * DAY);
        str_add(&s, at);
        p = end;
    }
    j = parse(str_p(&s));
    str_free(&s);
    return j;
}

/* ---- what one object says ---- */

struct row {
    const char *json;
    bool left;
    const char *why, *age;
};

#define C(status, more)                                                                            \
    "{\"properties\":{\"provisioningState\":\"Succeeded\",\"status\":\"" status "\"" more "}}"
#define SYNCED(days)    ",\"lastSyncTimestamp\":\"@" days "@\""
#define ALSO(word)      ",\"connectivityStatus\":\"" word "\""
#define MADE(days)      "\"systemData\":{\"createdAt\":\"@" days "@\",\"lastModifiedAt\":\"@" days "@\"}"
#define N(status, made) "{" made ",\"properties\":{\"status\":\"" status "\"}}"

static const struct row clusters[] = {
    { C("Disconnected", SYNCED("31") ALSO("Disconnected")), true, "more than 30 days",
      "last synced" },
    { C("NotConnectedRecently", SYNCED("400")), true, "more than 30 days", "(400 d)" },
    { C("Disconnected", SYNCED("29")), false, "within the last 30 days", "(29 d)" },
    { C("Disconnected", SYNCED("-900")), false, "within the last 30 days", "" },
    { C("ConnectedRecently", SYNCED("90")), false, "ConnectedRecently", "" },
    { C("Disconnected", SYNCED("90") ALSO("Connected")), false, "Azure calls it", "" },
    { C("Disconnected", SYNCED("90") ALSO("PartiallyConnected")), false, "Azure calls it", "" },
    { C("Error", SYNCED("90")), false, "Azure calls it Error", "" },
    { C("NotSpecified", SYNCED("90")), false, "NotSpecified", "" },
    { C("DeploymentInProgress", SYNCED("90")), false, "DeploymentInProgress", "" },
    { C("Disconnected", ",\"lastSyncTimestamp\":\"yesterday\""), false, "readably", "" },
    { C("Disconnected", ""), false, "does not say when it was made", "" },
    { "{}", false, "does not say", "" },
    { "{\"properties\":{\"provisioningState\":\"Deleting\",\"status\":\"Disconnected\"" SYNCED(
          "90") "}}",
      false, "at work on it (Deleting)", "" },
    { N("NotYetRegistered", MADE("31")), true, "never synced", "never synced, made or changed" },
    { N("NotYetRegistered", MADE("3")), false, "made or changed within", "" },
    { N("ConnectedRecently", MADE("31")), false, "Azure calls it", "" },
    { N("DeploymentFailed", MADE("31")), false, "Azure calls it", "" },
    { "{\"systemData\":{\"createdAt\":\"@90@\",\"lastModifiedAt\":\"@2@\"},\"properties\":{"
      "\"status\":\"NotYetRegistered\"}}",
      false, "made or changed within", "" },
};

#define M(status, change)                                                                          \
    "{\"name\":\"m\",\"properties\":{\"status\":\"" status                                         \
    "\",\"parentClusterResourceId\":\"" CLUSTER "\"" change "}}"
#define CHANGED(days) ",\"lastStatusChange\":\"@" days "@\""

static const struct row machines[] = {
    { M("Disconnected", CHANGED("31")), true, "more than 30 days", "(31 d)" },
    { M("Expired", CHANGED("1")), true, "45 days", "" },
    { M("Expired", ""), true, "45 days", "" },
    { M("Disconnected", CHANGED("29")), false, "within the last 30 days", "" },
    { M("Disconnected", ""), false, "not known (Disconnected)", "" },
    { M("Connected", CHANGED("400")), false, "it is connected", "" },
    { M("Error", CHANGED("400")), false, "not known (Error)", "" },
    { M("Odd", CHANGED("400")), false, "not known (Odd)", "" },
    { "{}", false, "not known (--)", "" },
};

#define A(name, made, more)                                                                        \
    "{\"displayName\":\"" name "\",\"createdDateTime\":\"@" made "@\"" more "}"
#define ASKS                                                                                       \
    ",\"requiredResourceAccess\":[{\"resourceAppId\":\"1322e676-dee7-41ee-a874-ac923822781c\"}]"
#define KEY(end) ",\"keyCredentials\":[{\"endDateTime\":\"@" end "@\"}]"

static const struct row applications[] = {
    /* not all subscriptions were looked at */
    { A("OLD", "31", ASKS), true, "named after the cluster OLD", "made" },
    { A("OLD", "31", ASKS KEY("1")), true, "named after the cluster OLD", "" },
    { A("OLD.arc", "31", ""), true, "named after the cluster OLD", "" },
    { A("OLD", "29", ASKS), false, "within the last 30 days", "" },
    { A("OLD", "31", ""), false, "no permission", "" },
    { A("OLD", "31", ASKS KEY("-1")), false, "still good", "" },
    { A("OLD", "31", ASKS ",\"passwordCredentials\":[{}]"), false, "still good", "" },
    { "{\"displayName\":\"OLD.arc\"}", false, "does not say when", "" },
};

static const struct row groups[] = {
    { "{\"tags\":{\"createdby\":\"4c02703c-f5d0-44b0-adc3-4ed5c2839e61\"},\"properties\":{"
      "\"provisioningState\":\"Succeeded\"}}",
      true, "empty", "does not say" },
    { "{\"tags\":{\"CreatedBy\":\"me\"},\"properties\":{\"provisioningState\":\"Succeeded\"}}",
      false, "registration did not make it", "" },
    { "{\"tags\":{\"CreatedBy\":\"4C02703C-F5D0-44B0-ADC3-4ED5C2839E61\"},\"properties\":{"
      "\"provisioningState\":\"Deleting\"}}",
      false, "at work on it (Deleting)", "" },
    { "{\"tags\":{\"CreatedBy\":\"4C02703C-F5D0-44B0-ADC3-4ED5C2839E61\"}}", false,
      "does not say in what state it is", "" },
};

static void application_of_a_part(const struct json *j, int64_t now, struct cl_word *out)
{
    cl_application(j, false, now, out);
}

static void group_now(const struct json *j, int64_t now, struct cl_word *out)
{
    (void)now;
    cl_group(j, out);
}

static void judge(const struct row *rows, size_t n,
                  void (*fn)(const struct json *j, int64_t now, struct cl_word *out))
{
    for (size_t i = 0; i < n; i++) {
        struct json *j = dated(rows[i].json, NOW);
        struct cl_word w;

        fn(j, NOW, &w);
        if (w.left != rows[i].left || !strstr(w.why, rows[i].why) || !strstr(w.age, rows[i].age))
            fail_msg("%s: %d, %s, %s", rows[i].json, w.left, w.why, w.age);
        json_free(j);
    }
}

static void what_one_says(void **state)
{
    struct json *app = dated(A("OLD", "31", ASKS KEY("-1")), NOW);
    struct cl_word w;

    (void)state;
    judge(clusters, ARRAY_LEN(clusters), cl_cluster);
    judge(machines, ARRAY_LEN(machines), cl_machine);
    judge(applications, ARRAY_LEN(applications), application_of_a_part);
    judge(groups, ARRAY_LEN(groups), group_now);
    cl_application(app, true, NOW, &w);
    assert_true(w.left);
    json_free(app);
}

#define GROUPS "/resourceGroups/"

static void what_an_id_is(void **state)
{
    static const struct {
        const char *id;
        int kind;
    } rows[] = {
        { CLUSTER, CL_CLUSTER },
        { CLUSTER "/arcSettings/default", CL_SETTINGS },
        { CLUSTER "/arcSettings/default/extensions/x", -1 },
        { MACHINE, CL_MACHINE },
        { MACHINE "/extensions/x", -1 },
        { RG, CL_GROUP },
        { RG "/providers/Microsoft.Storage/storageAccounts/x", -1 },
        { RG "/providers/Microsoft.Authorization/roleAssignments/g", CL_ROLE },
        { "application:" APP_ID, CL_APP },
        { "application:../groups", -1 },
        { "x" CLUSTER, -1 },
        { SUB, -1 },
        { "", -1 },
        { SUB "/../x" GROUPS "rg", -1 },
        { SUB GROUPS "..", -1 },
        { SUB GROUPS "rg?x=1", -1 },
        { SUB GROUPS "rg\n", -1 },
        { "/subscriptions/s" GROUPS "rg", -1 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (cl_kind_of(rows[i].id) != rows[i].kind)
            fail_msg("%s: %d", rows[i].id, cl_kind_of(rows[i].id));
}

/* ---- what is found ---- */

static void answer(struct json *found, const char *key, int http, const char *code,
                   const char *body)
{
    struct json *one = json_object();

    json_set_int(one, "http", http);
    if (code)
        json_set_str(one, "code", code);
    if (body)
        json_set(one, "json", dated(body, NOW));
    json_set(json_edit(json_member(found, "answers")), key, one);
}

#define LIST(x)   "{\"value\":[" x "]}"
#define MAY(what) LIST("{\"actions\":[" what "],\"notActions\":[]}")
#define OLD_CLUSTER                                                                                \
    "{\"id\":\"" CLUSTER                                                                           \
    "\",\"name\":\"OLD\",\"properties\":{\"status\":\"Disconnected\"" SYNCED("90") "}}"
#define OLD_MACHINE(parent)                                                                        \
    "{\"id\":\"" MACHINE "\",\"name\":\"old1\",\"properties\":{\"status\":\"Disconnected\","       \
    "\"parentClusterResourceId\":\"" parent "\"" CHANGED("90") "}}"
#define GONE RG "/providers/Microsoft.AzureStackHCI/clusters/GONE"
#define OLD_GROUP                                                                                  \
    "{\"id\":\"" RG "\",\"name\":\"old-rg\",\"tags\":{\"CreatedBy\":\"4C02703C-F5D0-44B0-ADC3-"    \
    "4ED5C2839E61\"},\"properties\":{\"provisioningState\":\"Succeeded\"}}"

static struct json *found_with(const char *cluster, const char *machine, const char *group,
                               const char *rights)
{
    struct json *f = parse("{\"here\":\"\",\"nodes\":[\"node1\"],\"subscriptions\":[\"" FX_SUB
                           "\"],\"whole\":true,\"answers\":{},\"none\":[]}");

    answer(f, SUB CL_CLUSTERS, 200, NULL, cluster);
    answer(f, SUB CL_MACHINES, 200, NULL, machine);
    answer(f, SUB CL_GROUPS, 200, NULL, group);
    answer(f, SUB CL_LOCKS, 200, NULL, LIST(""));
    answer(f, SUB CL_ROLES, 200, NULL, LIST(""));
    answer(f, SUB CL_PERMISSIONS, 200, NULL, rights);
    answer(f, CLUSTER CL_SETTINGS_TAIL, 404, "ResourceNotFound", NULL);
    return f;
}

/* "cluster OLD!, machine old1" of what is there; a mark behind what stays. */
static void told(const struct json *found, const char *want)
{
    struct json *items = op_cleanup_items(found, NOW);
    struct str s = STR_INIT;

    JSON_EACH (i, items)
        str_addf(&s, "%s%s %s%s", s.len ? ", " : "", cl_text(i, "kind"), cl_text(i, "name"),
                 json_str(i, "kept") ? "!" : "");
    assert_string_equal(str_p(&s), want);
    str_free(&s);
    json_free(items);
}

static void asks_until_nothing_is_left(void **state)
{
    static const struct {
        const char *key;
        int http;
        const char *body;
    } rows[] = {
        { SUB CL_CLUSTERS, 200, LIST(OLD_CLUSTER) },
        { SUB CL_MACHINES, 200, LIST(OLD_MACHINE(GONE)) },
        { SUB CL_GROUPS, 200, LIST(OLD_GROUP) },
        { SUB CL_LOCKS, 200, LIST("") },
        { SUB CL_ROLES, 200, LIST("") },
        { SUB CL_PERMISSIONS, 200, MAY("\"*/read\"") },
        { CLUSTER CL_SETTINGS_TAIL, 404, NULL },
        { GONE, 404, NULL },
        { RG CL_RESOURCES_TAIL, 200, LIST("") },
        { RG CL_PERMISSIONS, 200, MAY("\"*\"") },
    };
    struct json *f = parse("{\"here\":\"\",\"nodes\":[],\"subscriptions\":[\"" FX_SUB
                           "\"],\"whole\":true,\"answers\":{},\"none\":[]}");
    struct json *asks = op_cleanup_asks(f, NOW);
    size_t rounds = 0, n = 0;

    (void)state;
    for (; json_len(asks); rounds++) {
        JSON_EACH (a, asks) {
            const char *key = cl_text(a, "key");
            size_t i = 0;

            for (n++; i < ARRAY_LEN(rows) && !str_eq(rows[i].key, key);)
                i++;
            if (i < ARRAY_LEN(rows))
                answer(f, key, rows[i].http, "ResourceNotFound", rows[i].body);
            else if (str_starts(key, CL_APPLICATIONS "?$filter=displayName%20in%20%28%27OLD%27"))
                answer(f, key, 200, NULL,
                       LIST("{\"id\":\"" APP_ID "\",\"displayName\":\"GONE.arc\","
                            "\"createdDateTime\":\"@90@\"}"));
            else
                fail_msg("asked for %s", key);
        }
        json_free(asks);
        asks = op_cleanup_asks(f, NOW);
    }
    json_free(asks);
    assert_int_equal(n, ARRAY_LEN(rows) + 1);
    assert_int_equal(rounds, 3);
    told(f, "cluster OLD, machine old1, group old-rg, application GONE.arc");
    json_free(f);
}

static void what_stands_by_it(void **state)
{
    static const struct {
        const char *key;
        int http;
        const char *code, *body, *items;
    } rows[] = {
        /* the parent: gone, hidden, of an unseen subscription, there, not answered */
        { GONE, 404, "ResourceNotFound", NULL, "cluster OLD, machine old1" },
        { GONE, 404, "ResourceGroupNotFound", NULL, "cluster OLD, machine old1" },
        { GONE, 404, "SubscriptionNotFound", NULL, "cluster OLD, machine old1!" },
        { GONE, 403, "AuthorizationFailed", NULL, "cluster OLD, machine old1!" },
        { GONE, 200, NULL, OLD_CLUSTER, "cluster OLD" },
        /* rights: what is not seen whole proves nothing */
        { SUB CL_PERMISSIONS, 200, NULL, MAY("\"Microsoft.AzureStackHCI/*\""),
          "cluster OLD!, machine old1!" },
        { SUB CL_PERMISSIONS, 403, "AuthorizationFailed", NULL, "cluster OLD!, machine old1!" },
        { SUB CL_MACHINES, 403, "AuthorizationFailed", NULL, "cluster OLD!" },
        { SUB CL_MACHINES, 409, "MissingSubscriptionRegistration", NULL, "cluster OLD" },
        /* locks: at it, above it, below it, beside it */
        { SUB CL_LOCKS, 200, NULL, LIST("{\"id\":\"" CLUSTER CL_LOCKS "/l\",\"name\":\"l\"}"),
          "cluster OLD!, machine old1!" },
        { SUB CL_LOCKS, 200, NULL, LIST("{\"id\":\"" RG CL_LOCKS "/l\"}"),
          "cluster OLD!, machine old1!" },
        { SUB CL_LOCKS, 200, NULL, LIST("{\"id\":\"" SUB CL_LOCKS "/l\"}"),
          "cluster OLD!, machine old1!" },
        { SUB CL_LOCKS, 200, NULL, LIST("{\"id\":\"" MACHINE "/extensions/x" CL_LOCKS "/l\"}"),
          "cluster OLD, machine old1!" },
        { SUB CL_LOCKS, 200, NULL, LIST("{\"id\":\"" RG "2" CL_LOCKS "/l\"}"),
          "cluster OLD, machine old1!" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct json *f =
            found_with(LIST(OLD_CLUSTER), LIST(OLD_MACHINE(GONE)), LIST(""), MAY("\"*\""));

        answer(f, rows[i].key, rows[i].http, rows[i].code, rows[i].body);
        told(f, rows[i].items);
        json_free(f);
    }
}

/* A machine of its own speaks for a cluster; what is registered here, and who bears a node's name,
 * is no leftover, whatever Azure says of it. */
static void what_is_here(void **state)
{
    struct json *f =
        found_with(LIST(OLD_CLUSTER), LIST(OLD_MACHINE(CLUSTER)), LIST(OLD_GROUP), MAY("\"*\""));

    (void)state;
    answer(f, RG CL_RESOURCES_TAIL, 200, NULL, LIST("{\"id\":\"" CLUSTER "\"}"));
    told(f, "cluster OLD, machine old1, group old-rg");
    json_set(f, "nodes", parse("[\"OLD1\"]"));
    told(f, "cluster OLD, machine old1!, group old-rg");
    json_set_str(f, "here", CLUSTER);
    told(f, "cluster OLD!, group old-rg!");
    json_set_str(f, "here", "");
    answer(f, SUB CL_MACHINES, 200, NULL, LIST(M("Connected", "")));
    told(f, "cluster OLD!, group old-rg!");
    json_free(f);
}

/* What Azure names that is no id of that kind, twice, without a name or unclean is neither asked
 * for nor offered as it is. */
#define ELSEWHERE                                                                                  \
    "/subscriptions/99999999-2222-3333-4444-555555555555/resourceGroups/g/providers/"              \
    "Microsoft.AzureStackHCI/clusters/x"

static void what_is_named_wrongly(void **state)
{
#define CALLED(id, name)                                                                           \
    "{\"id\":\"" id "\",\"name\":\"" name                                                          \
    "\",\"properties\":{\"status\":\"Disconnected\"" SYNCED("90") "}}"
    struct json *f = found_with(
        LIST(CALLED("OLD", "x") "," CALLED(SUB "/../x", "x") "," CALLED(RG, "x") "," CALLED(
            CLUSTER "2", "") "," CALLED(ELSEWHERE, "x") "," OLD_CLUSTER "," OLD_CLUSTER),
        LIST(""), LIST(""), MAY("\"*\""));
    struct json *asks = op_cleanup_asks(f, NOW), *items;

    (void)state;
    JSON_EACH (a, asks)
        if (!str_starts(json_str(a, "path"), RG "/") &&
            !str_starts(json_str(a, "path"), ELSEWHERE) &&
            !str_starts(json_str(a, "path"), CL_APPLICATIONS))
            fail_msg("%s is asked for", json_str(a, "path"));
    json_free(asks);
    told(f, "cluster OLD");
    answer(f, CLUSTER CL_SETTINGS_TAIL, 200, NULL, "{\"id\":\"" RG "\",\"name\":\"default\"}");
    told(f, "cluster OLD"); /* that is the group */
    answer(f, SUB CL_CLUSTERS, 200, NULL, LIST(CALLED(CLUSTER, "O\\u001b[2JLD\\n")));
    items = op_cleanup_items(f, NOW);
    assert_int_equal(json_len(items), 1);
    assert_true(text_is_clean(json_str(items, "0.name")) &&
                text_is_clean(json_str(items, "0.ask")));
    assert_string_equal(json_str(items, "0.name"), json_str(items, "0.word"));
    json_free(items);
    json_free(f);
}

/* ---- the run: each thing is proven once more ---- */

static const char *const items = "[{\"id\":\"" CLUSTER "\",\"name\":\"OLD\"},{\"id\":\"" MACHINE
                                 "\",\"name\":\"old1\",\"parent\":\"" GONE "\"}]";

struct bench {
    struct fx *fx;
    struct json *in;
    struct op_run *r;
    struct op_view v;
};

static void set_up(struct bench *b, const char *step)
{
    struct err e = { 0 };

    b->fx = fx_new(1);
    b->fx->ports.runs_dir = NULL;
    b->in = fx_inputs();
    json_set_str(b->in, "items", items);
    json_set_str(b->in, "subscriptions", FX_SUB);
    b->r = op_run_make(&b->fx->ports, &op_cleanup, b->in, NULL, &e);
    assert_non_null(b->r);
    b->v = (struct op_view){ b->r, op_cell_of(b->r, step, -1) };
}

static void tear_down(struct bench *b)
{
    op_run_free(b->r);
    json_free(b->in);
    fx_free(b->fx);
}

/* One act: what it asks, and what it makes of that answer. */
static void act(struct bench *b, bool apply, const char *asks, int http, const char *body,
                enum op_verdict want)
{
    const struct op_act *a = apply ? &b->v.cell->step->apply : &b->v.cell->step->check;
    struct op_need need = { 0 };
    struct op_answer said = { .http = http, .json = body ? dated(body, wall_ms()) : NULL };
    struct err e = { .retry_after_ms = -1 };
    char line[700];

    said.err.retry_after_ms = -1;
    if (http >= 400)
        err_set(&said.err, ERR_ARM, 0, "no");
    if (http == 409)
        STR_SET(said.err.remote_code, "MissingSubscriptionRegistration");
    a->ask(&b->v, &need);
    str_fmt(line, sizeof line, "%s %s", need.method ? need.method : "", str_p(&need.path));
    assert_string_equal(line, asks);
    assert_int_equal(a->read(&b->v, &said, &e), want);
    json_free(json_edit(said.json));
    op_need_clear(&need);
}

#define GET_C  "GET " CLUSTER
#define GET_MS "GET " SUB CL_MACHINES
#define GET_M  "GET " MACHINE
#define GET_P  "GET " GONE

static void proven_then_deleted(void **state)
{
    struct bench b;

    (void)state;
    set_up(&b, "clusters");
    act(&b, false, GET_C, 200, C("Disconnected", SYNCED("90")), OP_RUNNING);
    act(&b, false, GET_MS, 200, LIST(""), OP_ABSENT);
    act(&b, true, "DELETE " CLUSTER, 409, NULL, OP_FAILED); /* nothing went */
    act(&b, false, GET_C, 200, C("Disconnected", SYNCED("90")), OP_RUNNING);
    act(&b, false, GET_MS, 200, LIST(""), OP_ABSENT);
    act(&b, true, "DELETE " CLUSTER, 200, NULL, OP_ABSENT);
    act(&b, false, " ", 0, NULL, OP_DONE);
    assert_string_equal(op_fact(&b.v, "clusters.deleted"), "1");
    tear_down(&b);

    set_up(&b, "machines");
    act(&b, false, GET_M, 200, M("Disconnected", CHANGED("90")), OP_RUNNING);
    act(&b, false, GET_C, 404, NULL, OP_ABSENT); /* its parent, as Azure names it now */
    act(&b, true, "DELETE " MACHINE, 403, NULL, OP_ABSENT);
    act(&b, false, " ", 0, NULL, OP_SKIP);
    assert_string_equal(op_fact(&b.v, "machines.failed"), "1");
    tear_down(&b);
}

/* Azure is at a deletion whose answer was lost, or whose core died: it is waited for, not for ever.
 */
static void waits_for_what_goes(void **state)
{
    static const char deleting[] = "{\"properties\":{\"provisioningState\":\"Deleting\"}}";
    struct bench b;

    (void)state;
    set_up(&b, "clusters");
    for (int i = 0; i < 3; i++)
        act(&b, false, GET_C, 200, deleting, OP_RUNNING);
    assert_string_equal(op_fact(&b.v, "clusters.kept"), "");
    act(&b, false, GET_C, 404, NULL, OP_RUNNING);
    assert_string_equal(op_fact(&b.v, "clusters.gone"), "1");
    tear_down(&b);

    set_up(&b, "clusters");
    for (int i = 0; i < 451; i++)
        act(&b, false, GET_C, 200, deleting, OP_RUNNING);
    assert_string_equal(op_fact(&b.v, "clusters.kept"), "1");
    assert_non_null(strstr(op_fact(&b.v, "cleanup.told"), "Deleting"));
    tear_down(&b);
}

static void changed_or_gone(void **state)
{
    static const struct {
        const char *step, *first;
        int http;
        const char *body, *second;
        int http2;
        const char *body2, *fact;
    } rows[] = {
        { "clusters", GET_C, 404, NULL, NULL, 0, NULL, "clusters.gone" },
        { "clusters", GET_C, 200, C("ConnectedRecently", SYNCED("0")), NULL, 0, NULL,
          "clusters.kept" },
        { "clusters", GET_C, 200, C("Disconnected", SYNCED("90")), GET_MS, 200,
          LIST(M("Connected", "")), "clusters.kept" },
        { "clusters", GET_C, 403, NULL, NULL, 0, NULL, "clusters.failed" },
        { "machines", GET_M, 200, M("Connected", CHANGED("90")), NULL, 0, NULL, "machines.kept" },
        { "machines", GET_M, 200, M("Disconnected", CHANGED("90")), GET_C, 200, OLD_CLUSTER,
          "machines.kept" },
        { "machines", GET_M, 200, "{\"properties\":{\"status\":\"Expired\"}}", GET_P, 200,
          OLD_CLUSTER, "machines.kept" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct bench b;

        set_up(&b, rows[i].step);
        act(&b, false, rows[i].first, rows[i].http, rows[i].body, OP_RUNNING);
        if (rows[i].second)
            act(&b, false, rows[i].second, rows[i].http2, rows[i].body2, OP_RUNNING);
        assert_string_equal(op_fact(&b.v, rows[i].fact), "1");
        act(&b, false, " ", 0, NULL, strstr(rows[i].fact, "gone") ? OP_DONE : OP_SKIP);
        tear_down(&b);
    }
}

/* What is registered here is refused before anything is asked, and by each item once more. */
static void never_what_is_here(void **state)
{
    struct op_answer none = { .err = { .retry_after_ms = -1 } };
    struct err e = { .retry_after_ms = -1 };
    struct bench b;

    (void)state;
    set_up(&b, "chosen");
    assert_int_equal(b.v.cell->step->check.read(&b.v, &none, &e), OP_DONE);
    op_set_fact(&b.v, "here", CLUSTER);
    assert_int_equal(b.v.cell->step->check.read(&b.v, &none, &e), OP_FAILED);
    assert_int_equal(e.code, ERR_C_REGISTERED_HERE);
    b.v.cell = op_cell_of(b.r, "clusters", -1);
    act(&b, false, GET_C, 200, C("Disconnected", SYNCED("90")), OP_RUNNING);
    assert_string_equal(op_fact(&b.v, "clusters.kept"), "1");
    b.v.cell = op_cell_of(b.r, "outcome", -1);
    assert_int_equal(b.v.cell->step->check.read(&b.v, &none, &e), OP_FAILED);
    assert_int_equal(e.code, ERR_C_LEFTOVERS);
    assert_non_null(strstr(e.message, "registered here"));
    tear_down(&b);
}

static void chosen_is(const char *chosen, const char *words)
{
    struct op_answer none = { .err = { .retry_after_ms = -1 } };
    struct err e = { .retry_after_ms = -1 };
    struct bench b;

    set_up(&b, "chosen");
    json_set_str(json_edit(op_run_inputs(b.r)), "items", chosen);
    assert_int_equal(b.v.cell->step->check.read(&b.v, &none, &e), OP_FAILED);
    assert_int_equal(e.domain, ERR_USAGE);
    assert_string_equal(e.message, words);
    tear_down(&b);
}

static void what_cannot_be_chosen(void **state)
{
    struct str many = STR_INIT;

    (void)state;
    chosen_is("[]", "Nothing was chosen.");
    chosen_is("{}", "Nothing was chosen.");
    chosen_is("[{\"id\":\"" RG "/providers/Microsoft.Storage/storageAccounts/s\"}]",
              "Nothing of that form is cleaned up: " RG
              "/providers/Microsoft.Storage/storageAccounts/s");
    for (int i = 0; i <= 100; i++)
        str_addf(&many, "%s{\"id\":\"" RG "\"}", i ? "," : "[");
    str_addc(&many, ']');
    chosen_is(str_p(&many), "At most 100 things are deleted in one go.");
    str_free(&many);
}

/* All that takes something away comes after the choice was looked at. */
static void all_is_for_good(void **state)
{
    (void)state;
    for (size_t i = 0; i < op_cleanup.n; i++) {
        const struct op_step *s = &op_cleanup.steps[i];

        assert_null(s->undo.read);
        if (s->apply.read) {
            assert_true(s->flags & OP_NO_RETURN);
            assert_int_equal(strncmp(s->after, "chosen", 6), 0);
        }
    }
}

int test_op_op_cleanup(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_cannot_be_chosen),
        cmocka_unit_test(what_one_says),
        cmocka_unit_test(what_an_id_is),
        cmocka_unit_test(what_stands_by_it),
        cmocka_unit_test(asks_until_nothing_is_left),
        cmocka_unit_test(what_is_here),
        cmocka_unit_test(proven_then_deleted),
        cmocka_unit_test(waits_for_what_goes),
        cmocka_unit_test(changed_or_gone),
        cmocka_unit_test(never_what_is_here),
        cmocka_unit_test(all_is_for_good),
        cmocka_unit_test(what_is_named_wrongly),
    };

    return TEST_GROUP("op_cleanup", tests);
}
