#include "config.h"

#include "testing.h"
#include "tui/faces.h"
#include "tui/rig.h"

#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/str.h"

/* A random operator before a random core: keys, pastes and sizes on one side; empty, huge, hostile
 * and broken sections, garbage and lost connections on the other. It lives, leaves with a good exit
 * code, and between the storms every screen can be reached. AZL_SEED repeats a run, AZL_RANDOM_S
 * (seconds) makes it longer; a sanitizer's report ends it with what the console printed. */

static uint64_t seed, console_seed; /* the present console's begin: that alone repeats it */

static unsigned any(unsigned n) /* 0..n-1 */
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(seed >> 33) % n;
}

/* ---- the core ---- */

static const char *const words[] = {
    "",
    "running",
    "failed",
    "done",
    "code",
    "in",
    "out",
    "starting",
    "ready",
    "asking",
    "none",
    "ok",
    "warn",
    "fail",
    "Up",
    "Down",
    "waiting",
    "found",
    "skipped",
    "NotYet",
    "stopped",
    "Clustered",
    "INFO",
    "ERROR",
    "stopping",
    "waiting-sign-in",
    "register",
    "11111111-2222-3333-4444-555555555555",
    "https://microsoft.com/devicelogin",
    "sandbox",
    "eastus",
};
static const char *const bits[] = {
    "a",
    " ",
    "\033[2J",
    "\r",
    "\n",
    "\t",
    "\xe2\x80\xae",
    "\xe4\xb8\xad",
    "e\xcc\x81\xcc\x81",
    "\xf0\x9f\x98\x80",
    "%s%n",
    "word ",
    "\xe2\x80\x8b",
    "\x07",
    ("\xc2\x9b"
     "31m"),
    "AVeryLongWordWithoutAnyBlankInIt",
};

static struct json *random_text(void)
{
    struct str s = STR_INIT;
    struct json *j;
    unsigned n = any(4) ? any(6) : any(90);

    if (any(3) == 0)
        return json_string(words[any(ARRAY_LEN(words))]);
    for (unsigned i = 0; i < n; i++)
        str_add(&s, bits[any(ARRAY_LEN(bits))]);
    j = json_string(str_p(&s));
    str_free(&s);
    return j;
}

static struct json *random_number(void)
{
    static const int64_t edges[] = { 0,
                                     1,
                                     -1,
                                     3,
                                     CANNED_NOW,
                                     CANNED_NOW - 61000,
                                     INT32_MAX,
                                     INT32_MIN,
                                     CANNED_NOW + 900000,
                                     86400000,
                                     (int64_t)1 << 53,
                                     -((int64_t)1 << 53),
                                     100000000000,
                                     7 };

    return json_number(edges[any(ARRAY_LEN(edges))]);
}

static struct json *random_object(const struct json_type *t);

static struct json *random_value(const struct json_field *f)
{
    struct json *list;
    unsigned n;

    if (any(60) == 0) /* of the wrong kind */
        return any(2) ? json_object() : any(2) ? random_number() : json_null();
    switch (f->kind) {
    case JSON_F_INT:
        return random_number();
    case JSON_F_BOOL:
        return json_bool(any(2));
    case JSON_F_OBJ:
        return random_object(f->sub);
    case JSON_F_LIST:
        list = json_array();
        n = any(3) == 0 ? (unsigned)f->max + any(3) : any(5);
        for (unsigned i = 0; i < n; i++)
            json_push(list, f->sub ? random_object(f->sub) : random_text());
        return list;
    default:
        return random_text();
    }
}

static struct json *random_object(const struct json_type *t)
{
    struct json *o = json_object();

    for (size_t i = 0; i < t->n; i++)
        if (any(12))
            json_set(o, t->fields[i].name, random_value(&t->fields[i]));
    return o;
}

static void core_acts(struct rig *r)
{
    static const char *const lines[] = { "\n{\"answer\":1}\n", "\n{}\n", "\n{\"sections\":[]}\n",
                                         "garbage\n",
                                         "\n{\"answer\":{\"id\":999,\"result\":{}}}\n" };
    enum section_id id = (enum section_id)any(SECTIONS);

    switch (any(40)) {
    case 0:
        canned_hostile(r->core);
        break;
    case 1:
        fake_raw(r->core, lines[any(ARRAY_LEN(lines))]);
        break;
    case 2:
        fake_send(r->core, id, json_object());
        break;
    default:
        fake_send(r->core, id, random_object(section_rows[id].type));
    }
}

/* ---- the operator ---- */

static void operator_acts(struct rig *r)
{
    static const char *const keys[] = {
        "\r",      "\t",        "\033",       "\033[A", "\033[B", "\033[C",
        "\033[D",  "\033[5~",   "\033[6~",    "\033[H", "\033[F", "\033[Z",
        "\033OP",  "\x7f",      "\x0c",       "\x14",   "\x15",   "\x1a",
        "\x03",    "\x13",      "?",          "/",      "q",      "r",
        "l",       "n",         "b",          "i",      "\033[",  "\033[4",
        "\033[0n", "\033[9;9R", "\033[43;1R", "\xc3",   "\xff",   "\xe4\xb8\xad",
        "15\r",    "1\r",       "12\r",       "8\r",    "o",      "1",
    };
    char bytes[64];
    size_t n = 1 + any(60);

    switch (any(12)) {
    case 0: /* a paste, sometimes without its end */
        vt_send_raw(r->vt, "\033[200~", 6);
        for (size_t i = any(40); i > 0; i--)
            vt_send_raw(r->vt, bits[any(ARRAY_LEN(bits))], 1);
        if (any(8))
            vt_send_raw(r->vt, "\033[201~", 6);
        break;
    case 1:
        for (size_t i = 0; i < n; i++)
            bytes[i] = (char)(1 + any(255));
        vt_send_raw(r->vt, bytes, n);
        break;
    case 2:
        vt_line_size(r->vt, 1 + (int)any(100), 1 + (int)any(300));
        break;
    default:
        for (size_t i = 1 + any(4); i > 0; i--) {
            const char *k = keys[any(ARRAY_LEN(keys))];
            vt_send_raw(r->vt, k, strlen(k));
        }
    }
}

/* ---- the tour ---- */

static const struct place {
    const char *name, *keys, *sign, *run;
} tour[] = {
    { "home", "", "0-9 Enter open", "none" },
    { "wizard", "1\r", "Register with Azure  ", "none" },
    { "sign-in", "2\r", "n new code", "none" },
    { "progress", "1\r", "s stop after this step", "running" },
    { "nodes", "3\r", "next with a problem", "none" },
    { "log", "8\r", "w warnings only", "none" },
    { "terminal", "11\r", "c colours", "none" },
    { "help", "?", "PgUp PgDn move  ? help", "none" },
};

static struct rig start(void)
{
    static const char *const terms[] = { "xterm-256color", "vt220", "linux", "vt100", "ansi" };
    struct rig_options o = rig_rich;
    struct rig r;

    seed = console_seed;
    o.rows = 100; /* the emulator's; the line's size changes below it */
    o.cols = 300;
    o.term = terms[any(ARRAY_LEN(terms))];
    r = rig_start(&o);
    vt_line_size(r.vt, 24, 80);
    return r;
}

static void report(struct rig *r, int code)
{
    const char *all;
    size_t n = vt_all(r->vt, &all), from = n > 6000 ? n - 6000 : 0;

    for (size_t i = from; i < n; i++)
        if (all[i] == '\n' || (all[i] >= ' ' && all[i] < 127))
            putchar(all[i]);
    fail_msg("AZL_SEED=%llu: the console ended with %d", (unsigned long long)console_seed, code);
}

static bool ended(struct rig *r)
{
    int code = vt_ended(r->vt);

    if (code == 128 + SIGINT || code == 128 + SIGQUIT) /* Ctrl-C before it had the line */
        return true;
    if (code > 0)
        report(r, code);
    return code == 0;
}

/* The storm is over: a plain core, a usual size, and from wherever it is back to the menu. */
static void visit(struct rig *r, const struct place *s)
{
    canned_core(r->core, "sandbox");
    canned_not_registered(r->core);
    canned_signin(r->core, "code");
    canned_choices(r->core);
    canned_nodes(r->core);
    canned_log(r->core);
    canned_run(r->core, s->run);
    vt_line_size(r->vt, 24, 80);
    vt_turn(r->vt, 120);
    vt_send_raw(r->vt, "\033[201~\x03", 7);
    for (int i = 0; i < 8 && !ended(r); i++) {
        vt_send_raw(r->vt, "\x0c", 1);
        vt_turn(r->vt, 30);
        if (vt_shows(r->vt, "0-9 Enter open") && !vt_shows(r->vt, "Log off now"))
            break;
        vt_send_raw(r->vt, "\x03", 1);
        vt_turn(r->vt, 30);
    }
    if (ended(r)) /* Ctrl-C at the menu leaves */
        return;
    vt_send_raw(r->vt, "\x7f\x7f\x7f", 3); /* digits that wait for Enter */
    vt_send_raw(r->vt, s->keys, strlen(s->keys));
    vt_send_raw(r->vt, "\x0c", 1);
    if (!vt_wait_for(r->vt, s->sign) && !ended(r))
        fail_msg("AZL_SEED=%llu: %s was not reached; the screen:\n%.2000s",
                 (unsigned long long)console_seed, s->name, vt_text(r->vt));
}

static void random_operator(void **state)
{
    const char *given = getenv("AZL_SEED"), *seconds = getenv("AZL_RANDOM_S");
    int64_t until = mono_ms() + 1000 * (seconds ? strtol(seconds, NULL, 10) : 3);
    unsigned storm = seconds ? 60 : 20; /* acts between two visits */
    size_t visits[ARRAY_LEN(tour)] = { 0 }, acts = 0, starts = 1, at = 0;
    struct rig r;

    (void)state;
    console_seed = given ? strtoull(given, NULL, 10) : 20261121;
    print_message("AZL_SEED=%llu\n", (unsigned long long)console_seed);
    r = start();
    while (mono_ms() < until || (at < ARRAY_LEN(tour) && mono_ms() < until + 120000)) {
        for (unsigned i = 10 + any(storm); i > 0 && !ended(&r); i--, acts++) {
            if (any(3) == 0)
                core_acts(&r);
            else
                operator_acts(&r);
            vt_turn(r.vt, any(8));
        }
        if (any(6) == 0 && !ended(&r)) { /* the core goes away for good */
            fake_free(r.core);
            r.core = NULL;
            for (int i = 0; i < 5 && !ended(&r); i++, acts++)
                operator_acts(&r);
        } else if (!ended(&r) && !fake_is_lost(r.core)) {
            visit(&r, &tour[at % ARRAY_LEN(tour)]);
            if (!ended(&r))
                visits[at++ % ARRAY_LEN(tour)]++;
        }
        if (ended(&r) || !r.core || fake_is_lost(r.core)) {
            rig_end(&r);
            console_seed++;
            r = start();
            starts++;
        }
    }
    rig_end(&r);
    print_message("%zu acts, %zu consoles; visits:", acts, starts);
    for (size_t i = 0; i < ARRAY_LEN(tour); i++) {
        print_message(" %s %zu", tour[i].name, visits[i]);
        assert_true(visits[i] > 0);
    }
    print_message("\n");
}

int test_tui_random(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_operator),
    };

    return TEST_GROUP("tui/random", tests);
}
