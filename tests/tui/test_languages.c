/* The screens in German, and in Simplified Chinese, core and console, with CJK characters in what
 * Azure says. */
#include "config.h"

#include "testing.h"
#include "tui/faces.h"
#include "tui/rig.h"

#include <string.h>

#include "base/str.h"
#include "console/ui/text.h"

#define NOW CANNED_NOW

static const char *const env[] = { "LANGUAGE=zh_CN", NULL };

static const struct rig_options small = {
    .rows = 20, .cols = 60, .term = "xterm-256color", .locale = "C.UTF-8", .env = env
};
static const struct rig_options usual = {
    .rows = 24, .cols = 80, .term = "xterm-256color", .locale = "C.UTF-8", .env = env
};
static const struct rig_options large = {
    .rows = 43, .cols = 132, .term = "xterm-256color", .locale = "C.UTF-8", .env = env
};

static void status(struct rig *r, bool registered)
{
    static struct sec_cluster s;

    s = (struct sec_cluster){
        .exists = true,
        .name = "CLUSTER-A",
        .nodes_up = 2,
        .nodes_total = 3,
        .cluster = { "Clustered", "ok", "3 个节点中有 2 个在线", "并非每个节点都应答", "",
                     NOW - 3000 },
        .registration = { "NotYet", "warn", "尚未向 Azure 注册", "到期日 2026-12-18，还有 27 天",
                          "注册此群集 (1)", NOW - 3000 },
        .connection = { "", "unknown", "在群集注册之前为空", "从未连接", "", NOW - 150000 },
    };
    if (registered) {
        s.registration = (struct sec_pane){ "Registered", "ok", "注册于 2026-11-20",
                                            "CLUSTER-A",  "",   NOW - 3000 };
        s.connection = (struct sec_pane){ "Connected",  "ok", "上次连接于 2026-11-21 09:29 UTC",
                                          "节点 node1", "",   NOW - 3000 };
    }
    fake_set(r->core, SEC_CLUSTER, &s);
}

static void nodes(struct rig *r)
{
    static struct sec_nodes s;

    memset(&s, 0, sizeof s);
    s.n = 3;
    for (size_t i = 0; i < s.n; i++) {
        struct sec_node *n = &s.items[i];

        str_fmt(n->name, sizeof n->name, "node%zu", i + 1);
        STR_SET(n->state, i == 0 ? "Down" : "Up");
        STR_SET(n->level, i == 0 ? "fail" : "ok");
        STR_SET(n->registration, "Registered");
        STR_SET(n->connection, "Connected");
        STR_SET(n->arc, "Disconnected");
        n->checked_at = NOW - (i == 0 ? INT64_C(260000) : 3000);
        n->stale = i == 0;
    }
    STR_SET(s.items[0].reason, "自 09:37:03 起没有来自 node1 的应答：无法连到该主机，"
                               "原因可能是网线、路由、防火墙或代理。");
    STR_SET(s.items[0].effect, "群集保持注册；此节点的 Arc 状态未知");
    STR_SET(s.items[0].next, "请检查是否可以连到该主机，然后按 r");
    fake_set(r->core, SEC_NODES, &s);
}

static const char *const titles[] = {
    "检查各值",         "询问节点的类型", "注册提供程序 Microsoft.AzureStackHCI",
    "创建资源组",       "创建群集资源",   "授予服务在计算机资源组上的角色",
    "将节点关联到群集", "同步每个节点",   "检查 Arc 设置是否已连接",
};

static void run(struct rig *r, const char *state)
{
    static struct sec_run s;
    int done = str_eq(state, "done") ? 9 : 3;

    memset(&s, 0, sizeof s);
    STR_SET(s.state, state);
    STR_SET(s.id, "r1");
    STR_SET(s.plan, "register");
    STR_SET(s.title, "向 Azure 注册 CLUSTER-A");
    s.started_at = NOW - 151000;
    s.n = ARRAY_LEN(titles);
    s.step_count = (int64_t)s.n;
    s.step_no = done < 9 ? done + 1 : 9;
    for (int i = 0; i < (int)s.n; i++) {
        struct sec_step *p = &s.steps[i];

        str_fmt(p->id, sizeof p->id, "step%d", i);
        STR_SET(p->title, titles[i]);
        p->no_return = i == 4;
        STR_SET(p->state, i < done ? (i == 1 ? "found" : "done") : i == done ? state : "waiting");
        if (i <= done)
            p->started_at = NOW - 151000 + i * INT64_C(20000);
        if (i < done)
            p->ended_at = p->started_at + 12000;
    }
    s.n_nodes = 3;
    for (int i = 0; i < 3; i++) {
        str_fmt(s.nodes[i].name, sizeof s.nodes[i].name, "node%d", i + 1);
        STR_SET(s.nodes[i].state, done == 9 ? "done" : "waiting");
        STR_SET(s.nodes[i].detail, done == 9 ? ""
                                             : "等待群集资源，之后才能将节点的 Arc 代理连接到"
                                               "资源组 CLUSTER-A-rg 中的计算机");
    }
    if (done < 9)
        STR_SET(s.steps[3].detail, "Azure 返回 HTTP 429；第 2 次尝试，共 5 次，12 秒后进行");
    if (str_eq(state, "failed")) {
        s.ended_at = s.steps[3].ended_at = NOW - 20000;
        err_set(&s.error, ERR_ARM, 0, "您的帐户缺少创建资源组 CLUSTER-A-rg 的权限。");
        s.error.http = 403;
        STR_SET(s.error.remote_code, "AuthorizationFailed");
        STR_SET(s.error.advice, "请申请订阅上的所有者角色，或用户访问管理员和 Azure Stack HCI "
                                "管理员角色；新角色需要几分钟才生效。");
    }
    if (done == 9) {
        s.ended_at = NOW - 20000;
        STR_SET(s.result, "Success");
        STR_SET(s.portal_url, "https://portal.azure.com/#resource/overview");
    }
    fake_set(r->core, SEC_RUN, &s);
}

static void ready(struct rig *r)
{
    canned_core(r->core, "sandbox");
    canned_signin(r->core, "out");
    canned_run(r->core, "none");
    canned_log(r->core);
    status(r, false);
    nodes(r);
}

static void registered(struct rig *r)
{
    ready(r);
    canned_signin(r->core, "in");
    status(r, true);
}

static void code(struct rig *r)
{
    ready(r);
    canned_signin(r->core, "code");
}

static void act(struct json *list, const char *what, const char *name, const char *how)
{
    struct json *o = json_object();

    json_set_str(o, "what", what);
    json_set_str(o, "name", name);
    json_set_str(o, "how", how);
    json_push(list, o);
}

static void signed_in(struct rig *r)
{
    struct json *review = canned_review(), *will = json_array();

    ready(r);
    canned_signin(r->core, "in");
    canned_choices(r->core);
    act(will, "资源提供程序", "Microsoft.HybridCompute", "register");
    act(will, "资源组", "CLUSTER-A-rg", "create");
    act(will, "群集资源", "CLUSTER-A", "create");
    act(will, "已连接 Arc 的计算机", "node1", "connect");
    act(will, "已连接 Arc 的计算机", "node2", "connect");
    act(will, "已连接 Arc 的计算机", "node3", "connect");
    json_set(review, "will", will);
    fake_reply(r->core, "register-check", review);
}

static void running(struct rig *r)
{
    ready(r);
    canned_signin(r->core, "in");
    run(r, "running");
}

static void failing(struct rig *r)
{
    running(r);
    rig_show(r);
    rig_keys(r, "1\r");
    run(r, "failed");
}

static void ending(struct rig *r)
{
    running(r);
    rig_show(r);
    rig_keys(r, "1\r");
    run(r, "done");
}

static void log_lines(struct rig *r)
{
    static struct sec_log s;
    static const char *const lines[] = {
        "azloconfd 0.1.0 started, state folder /var/lib/azloconf",
        "signed in as anna@contoso.com (张安娜), tenant 康托索中国有限公司",
        ("Azure: 您组织的某项 Azure Policy 禁止此操作：请向其所有者申请豁免，"
         "或选择其他区域、名称或组。"),
    };

    ready(r);
    memset(&s, 0, sizeof s);
    s.n = ARRAY_LEN(lines);
    for (size_t i = 0; i < s.n; i++) {
        s.lines[i].seq = (int64_t)i + 1;
        s.lines[i].at = NOW - 60000 + (int64_t)i * 9000;
        STR_SET(s.lines[i].level, i == 2 ? "WARN" : "INFO");
        STR_SET(s.lines[i].text, lines[i]);
    }
    fake_set(r->core, SEC_LOG, &s);
}

static void leaving(struct rig *r)
{
    registered(r);
    canned_registered(r->core);
    canned_signin(r->core, "in");
    fake_reply(r->core, "unregister-check", canned_unregister());
}

static const struct stop places[] = {
    { "zh_home", ready, "" },
    { "zh_home_registered", registered, "" },
    { "zh_wizard", signed_in, "1\r" },
    { "zh_wizard_wrong", signed_in, "1\r\t\teastuss\t" },
    { "zh_review", signed_in, "1\r\tprod\reast us\t\t\t\r" },
    { "zh_signin", code, "2\r" },
    { "zh_progress", running, "1\r" },
    { "zh_progress_failed", failing, "" },
    { "zh_progress_done", ending, "" },
    { "zh_act", leaving, "10\r\r" },
    { "zh_nodes", ready, "3\r" },
    { "zh_log", log_lines, "8\r" },
    { "zh_terminal", ready, "11\r" },
    { "zh_help", ready, "?" },
};

static bool no_catalogue(void)
{
    return !getenv("AZLOCONF_LOCALEDIR");
}

/* Nothing stands beyond the last column, and no half of a character is drawn as '?'. */
static void rows_are_whole(struct rig *r, const struct rig_options *o, const char *name)
{
    const char *p = vt_text(r->vt), *end;

    assert_null(strstr(p, "\xef\xbf\xbd"));
    assert_null(strstr(p, "??"));
    for (; (end = strchr(p, '\n')) != NULL; p = end + 1) {
        char row[1024];

        str_fmt(row, sizeof row, "%.*s", (int)(end - p), p);
        if (text_width(row) > o->cols)
            fail_msg("%s: %d columns: %s", name, text_width(row), row);
    }
}

static void walk(const struct rig_options *o, const char *look)
{
    if (no_catalogue())
        test_skip("AZLOCONF_LOCALEDIR is not set: the Chinese catalogue is not read");
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        struct rig r = rig_start(o);
        char name[64];

        places[i].prepare(&r);
        rig_show(&r);
        if (*places[i].keys)
            rig_keys(&r, places[i].keys);
        str_fmt(name, sizeof name, "%s_%s", places[i].name, look);
        rig_golden(&r, name);
        rows_are_whole(&r, o, name);
        rig_end(&r);
    }
}

/* What the core says is English here: its words are other tests' matter. */
static void german(void **state)
{
    static const char *const de[] = { "LANGUAGE=de", NULL };
    static const char *const which[] = {
        "home_ready",  "wizard_where",  "wizard_wrong",     "wizard_review",
        "signin_code", "signin_failed", "progress_running", "progress_failed",
        "nodes",       "log",           "terminal",         "act_review"
    };
    struct rig_options ascii = rig_ascii, rich = rig_rich;
    const struct rig_options *looks[] = { &ascii, &rich };
    static const char *const names[] = { "60x20", "80x24" };

    (void)state;
    if (no_catalogue())
        test_skip("AZLOCONF_LOCALEDIR is not set: the German catalogue is not read");
    ascii.locale = "C.UTF-8"; /* seven bits by the terminal's type */
    ascii.env = rich.env = de;
    for (size_t i = 0; i < 2 * n_stops; i++) {
        const struct stop *s = &stops[i / 2];
        struct rig r;
        char name[64];
        bool wanted = false;

        for (size_t k = 0; k < ARRAY_LEN(which); k++)
            wanted |= str_eq(which[k], s->name);
        if (!wanted)
            continue;
        r = rig_start(looks[i % 2]);
        stop_go(&r, s);
        str_fmt(name, sizeof name, "de_%s_%s", s->name, names[i % 2]);
        rig_golden(&r, name);
        rows_are_whole(&r, looks[i % 2], name);
        rig_end(&r);
    }
}

static void consent(const char *language, const char *term, const char *prefix, int rows, int cols)
{
    const char *const with[] = { language, NULL };
    const struct rig_options o = {
        .rows = rows, .cols = cols, .term = term, .locale = "C.UTF-8", .env = with
    };
    static const char *const keys[] = { "", "c", NULL };
    static const char *const names[] = { "progress_consent", "consent", "progress_no_consent" };

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        struct rig r = rig_start(&o);
        char name[64];

        running(&r);
        rig_show(&r);
        rig_keys(&r, "1\r");
        canned_consent(r.core, !keys[i]);
        rig_show(&r);
        if (keys[i])
            rig_keys(&r, keys[i]);
        str_fmt(name, sizeof name, "%s_%s_%dx%d", prefix, names[i], cols, rows);
        rig_golden(&r, name);
        rows_are_whole(&r, &o, name);
        rig_end(&r);
    }
}

/* An administrator's consent: the core's own words are English here. */
static void consent_in_both(void **state)
{
    (void)state;
    if (no_catalogue())
        test_skip("AZLOCONF_LOCALEDIR is not set: the catalogues are not read");
    consent("LANGUAGE=de", "vt100", "de", 20, 60);
    consent("LANGUAGE=de", "xterm-256color", "de", 24, 80);
    consent("LANGUAGE=zh_CN", "xterm-256color", "zh", 20, 60);
    consent("LANGUAGE=zh_CN", "xterm-256color", "zh", 24, 80);
}

static void chinese_60x20(void **state)
{
    (void)state;
    walk(&small, "60x20");
}

static void chinese_80x24(void **state)
{
    (void)state;
    walk(&usual, "80x24");
}

static void chinese_132x43(void **state)
{
    (void)state;
    walk(&large, "132x43");
}

/* A name of wide characters moves over the right edge by one column at a time: the last of them is
 * drawn whole or not at all, and what stands behind it keeps its column. */
static void wide_characters_at_the_edge(void **state)
{
    (void)state;
    for (int lead = 0; lead < 4; lead++) {
        struct rig r = rig_start(&small);
        static struct sec_run s;
        char want[80];

        running(&r);
        rig_show(&r);
        rig_keys(&r, "1\r");
        memset(&s, 0, sizeof s);
        STR_SET(s.state, "running");
        STR_SET(s.id, "r1");
        STR_SET(s.plan, "register");
        s.n = 1;
        s.step_count = s.step_no = 1;
        STR_SET(s.steps[0].state, "running");
        s.steps[0].started_at = NOW - 61000;
        str_fmt(s.steps[0].title, sizeof s.steps[0].title, "%.*s%s", lead, "abcd",
                "节节节节节节节节节节节节节节节节节节节节节节节节节节节节节节");
        fake_set(r.core, SEC_RUN, &s);
        str_fmt(want, sizeof want, " %.*s%.*s... ", lead, "abcd", (37 - lead) / 2 * 3,
                "节节节节节节节节节节节节节节节节节节节节");
        rig_assert_shows(&r, want);
        rig_assert_shows(&r, " 1:01\n");
        rows_are_whole(&r, &small, "edge");
        rig_end(&r);
    }
}

/* Where the terminal has none of the characters the words are English, and it is said. */
static void english_where_chinese_cannot_be(void **state)
{
    static const struct {
        const char *term, *locale;
    } terms[] = { { "linux", "C.UTF-8" }, { "vt220", "C.UTF-8" }, { "linux", "C" } };

    (void)state;
    if (no_catalogue())
        test_skip("AZLOCONF_LOCALEDIR is not set: the Chinese catalogue is not read");
    for (size_t i = 0; i < ARRAY_LEN(terms); i++) {
        struct rig_options o = usual;
        struct rig r;

        o.term = terms[i].term;
        o.locale = terms[i].locale;
        r = rig_start(&o);
        rig_assert_shows(&r, "Register this cluster");
        if (!str_eq(o.locale, "C")) { /* which has no catalogues at all */
            rig_assert_shows(&r, "This terminal cannot show the characters of the language zh_CN");
            rig_keys(&r, "11\r"); /* the language can be another, but not that one */
            rig_assert_shows(&r, "en, locale C.UTF-8");
            rig_keys(&r, "g");
            rig_assert_shows(&r, "de, Gebietsschema C.UTF-8");
            rig_keys(&r, "g");
            rig_assert_shows(&r, "en, locale C.UTF-8");
        }
        rig_end(&r);
    }
}

/* The look of seven bits has no Chinese; the rich look of the same terminal brings it back. */
static void the_look_decides(void **state)
{
    struct rig r;

    (void)state;
    if (no_catalogue())
        test_skip("AZLOCONF_LOCALEDIR is not set: the Chinese catalogue is not read");
    r = rig_start(&usual);
    ready(&r);
    rig_assert_shows(&r, "注册此群集");
    rig_keys(&r, "\x14");
    rig_assert_shows(&r, "Register this cluster");
    rig_assert_shows(&r, "This terminal cannot show the characters of the language zh_CN");
    rig_keys(&r, "\x14");
    rig_assert_shows(&r, "注册此群集");
    rig_assert_hides(&r, "Register this cluster");
    rig_end(&r);
}

/* g goes through the languages and comes round. */
static void the_language_is_chosen(void **state)
{
    struct rig r;

    (void)state;
    if (no_catalogue())
        test_skip("AZLOCONF_LOCALEDIR is not set: the catalogues are not read");
    r = rig_start(&rig_rich);
    canned_core(r.core, "native");
    rig_keys(&r, "11\r");
    rig_assert_shows(&r, "en, locale C.UTF-8");
    rig_keys(&r, "g");
    rig_assert_shows(&r, "de, Gebietsschema C.UTF-8");
    rig_keys(&r, "g");
    rig_assert_shows(&r, "zh_CN，区域设置 C.UTF-8");
    rig_keys(&r, "\033");
    rig_assert_shows(&r, "向 Azure 注册此群集");
    rig_keys(&r, "11\rg");
    rig_assert_shows(&r, "en, locale C.UTF-8");
    rig_end(&r);
    r = rig_start(&rig_ascii);
    rig_keys(&r, "11\rg");
    rig_assert_shows(&r, "There is no other language that this terminal can show.");
    rig_end(&r);
}

int test_tui_languages(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(german),
        cmocka_unit_test(consent_in_both),
        cmocka_unit_test(chinese_60x20),
        cmocka_unit_test(chinese_80x24),
        cmocka_unit_test(chinese_132x43),
        cmocka_unit_test(wide_characters_at_the_edge),
        cmocka_unit_test(english_where_chinese_cannot_be),
        cmocka_unit_test(the_look_decides),
        cmocka_unit_test(the_language_is_chosen),
    };

    return TEST_GROUP("tui/languages", tests);
}
