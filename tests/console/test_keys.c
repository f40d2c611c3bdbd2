#include "config.h"

#include "testing.h"
#include "console/tests.h"

#include "base/str.h"
#include "console/ui/keys.h"

#define MAX 32

struct seen {
    int keys[MAX];
    int n;
};

static void on_key(void *payload, int key)
{
    struct seen *s = payload;

    assert_true(s->n < MAX);
    s->keys[s->n++] = key;
}

static const struct known {
    const char *bytes;
    int key;
} known[] = {
    { "a", 'a' },
    { "\r", K_ENTER },
    { "\n", K_ENTER },
    { "\t", K_TAB },
    { "\177", K_BACKSPACE },
    { "\b", K_BACKSPACE },
    { "\033[A", K_UP },
    { "\033OA", K_UP },
    { "\033[B", K_DOWN },
    { "\033OD", K_LEFT },
    { "\033[H", K_HOME },
    { "\033[1~", K_HOME },
    { "\033[7~", K_HOME },
    { "\033[4~", K_END },
    { "\033OF", K_END },
    { "\033[5~", K_PGUP },
    { "\033[6~", K_PGDN },
    { "\033[3~", K_DEL },
    { "\033[Z", K_BTAB },
    { "\033[[A", K_F(1) },
    { "\033[[E", K_F(5) },
    { "\033OP", K_F(1) },
    { "\033[11~", K_F(1) },
    { "\033[15~", K_F(5) },
    { "\033[24~", K_F(12) },
    { "\0331", K_F(1) },
    { "\0330", K_F(10) },
    { "\033[1;5A", K_UP },
    { "\033OM", K_ENTER },
    { "\033[[B", K_F(2) }, /* the Linux VT */
    { "\033[[C", K_F(3) },
    { "\033[[D", K_F(4) },
    { "\033\t", K_BTAB },
    { "\033[12~", K_F(2) }, /* PuTTY, rxvt, the VT220 */
    { "\033[14~", K_F(4) },
    { "\033[28~", K_F(1) },
    { "\033[8~", K_END },
    { "\033[a", K_UP }, /* rxvt: Shift, Ctrl */
    { "\033Ob", K_DOWN },
    { "\033[5$", K_PGUP },
    { "\033[6^", K_PGDN },
    { "\033[3@", K_DEL },
    { "\033Op", '0' }, /* the number pad */
    { "\033Oy", '9' },
    { "\033Oo", '/' },
    { "\033O5P", K_F(1) }, /* modifiers before the letter */
    { "\033O1;2Q", K_F(2) },
    { "\033[1;3B", K_DOWN },
    { "\033[11;5~", K_F(1) },
    { "\033\033[A", K_UP }, /* Alt */
    { "\033\033OB", K_DOWN },
    { "\233B", K_DOWN },        /* CSI in one byte */
    { "\033[4\033[B", K_DOWN }, /* the first one was broken off */
    { "\x1a", K_CTRL('Z') },
    { "\xc3\xa4", 0xe4 },
    { "\xe4\xb8\xad", 0x4e2d },
    { "\xf0\x9f\x98\x80", 0x1f600 },
};

static void encodings(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        struct keys *k = keys_new();
        struct seen s = { .n = 0 };

        keys_feed(k, known[i].bytes, strlen(known[i].bytes), on_key, &s);
        if (s.n != 1 || s.keys[0] != known[i].key)
            fail_msg("sequence %zu gave %d keys, first %x", i, s.n, (unsigned)s.keys[0]);
        assert_false(keys_waiting(k));
        keys_free(k);
    }
}

/* The same, one byte at a time: nothing may depend on how a slow line cuts. */
static void torn(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        struct keys *k = keys_new();
        struct seen s = { .n = 0 };

        for (size_t b = 0; known[i].bytes[b]; b++)
            keys_feed(k, known[i].bytes + b, 1, on_key, &s);
        assert_int_equal(s.n, 1);
        assert_int_equal(s.keys[0], known[i].key);
        keys_free(k);
    }
}

static void lone_escape(void **state)
{
    struct keys *k = keys_new();
    struct seen s = { .n = 0 };

    (void)state;
    keys_feed(k, "\033", 1, on_key, &s);
    assert_int_equal(s.n, 0);
    assert_true(keys_waiting(k));
    keys_timeout(k, on_key, &s);
    assert_int_equal(s.n, 1);
    assert_int_equal(s.keys[0], K_ESC);
    keys_feed(k, "[B", 2, on_key,
              &s); /* the rest came too late: it is still the arrow, not two letters */
    assert_int_equal(s.n, 2);
    assert_int_equal(s.keys[1], K_DOWN);
    keys_feed(k, "[B", 2, on_key, &s); /* but only right after it */
    assert_int_equal(s.n, 4);
    assert_int_equal(s.keys[2], '[');
    keys_free(k);
}

/* Wherever a slow line tears a key apart for longer than the delay: no letter comes out of it. */
static void torn_anywhere(void **state)
{
    static const struct known sequences[] = {
        { "\033[B", K_DOWN },       { "\033[5~", K_PGUP },  { "\033[[A", K_F(1) },
        { "\033[1;5A", K_UP },      { "\033[11~", K_F(1) }, { "\033[200~x\033[201~", K_PASTE },
        { "\033[43;132R", K_SIZE },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(sequences); i++)
        for (size_t at = 1; at < strlen(sequences[i].bytes) && at < 6; at++) {
            struct keys *k = keys_new();
            struct seen s = { .n = 0 };
            const char *p = sequences[i].bytes;

            keys_feed(k, p, at, on_key, &s);
            keys_timeout(k, on_key, &s);
            assert_int_equal(s.n, at == 1); /* the Esc itself */
            keys_feed(k, p + at, strlen(p + at), on_key, &s);
            if (s.n != 1 + (at == 1) || s.keys[s.n - 1] != sequences[i].key)
                fail_msg("sequence %zu torn at %zu: %d keys, last %x", i, at, s.n,
                         (unsigned)s.keys[s.n ? s.n - 1 : 0]);
            keys_free(k);
        }
}

/* Esc, and text at once after it: nothing of it is lost. */
static void escape_then_text(void **state)
{
    static const char *const texts[] = { "\033x",    "\033Ohio",  "\033O",
                                         "\033\033", "\033\033a", "\033\xc3\xa4" };
    static const int keys[][6] = {
        { K_ESC, 'x' },   { K_ESC, 'O', 'h', 'i', 'o' }, { K_ESC, 'O' },
        { K_ESC, K_ESC }, { K_ESC, K_ESC, 'a' },         { K_ESC, 0xe4 }
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct keys *k = keys_new();
        struct seen s = { .n = 0 };

        keys_feed(k, texts[i], strlen(texts[i]), on_key, &s);
        keys_timeout(k, on_key, &s);
        for (int n = 0; n < 6; n++)
            if (keys[i][n] != (n < s.n ? s.keys[n] : 0))
                fail_msg("text %zu: key %d is %x", i, n, (unsigned)s.keys[n]);
        keys_free(k);
    }
}

/* What the terminal was asked it answers at any time, also right behind an Esc that somebody types.
 */
static void escape_then_answer(void **state)
{
    static const struct known answers[] = { { "\033\033[0n", K_ALIVE },
                                            { "\033\033[43;132R", K_SIZE } };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(answers); i++)
        for (size_t at = 0; at < strlen(answers[i].bytes); at++) {
            struct keys *k = keys_new();
            struct seen s = { .n = 0 };

            keys_feed(k, answers[i].bytes, at, on_key, &s);
            keys_feed(k, answers[i].bytes + at, strlen(answers[i].bytes + at), on_key, &s);
            assert_int_equal(s.n, 2);
            assert_int_equal(s.keys[0], K_ESC);
            assert_int_equal(s.keys[1], answers[i].key);
            keys_free(k);
        }
}

static void paste_without_an_end(void **state)
{
    struct keys *k = keys_new();
    struct seen s = { .n = 0 };

    (void)state;
    keys_feed(k, "\033[200~lost", 10, on_key, &s);
    assert_true(keys_waiting(k) && keys_pasting(k));
    assert_int_equal(s.n, 0);
    keys_timeout(k, on_key, &s);
    assert_int_equal(s.n, 1);
    assert_int_equal(s.keys[0], K_PASTE);
    assert_string_equal(keys_text(k), "lost");
    keys_feed(k, "q", 1, on_key, &s);
    assert_int_equal(s.keys[1], 'q');
    keys_free(k);
}

static void half_sequence_ends(void **state)
{
    struct keys *k = keys_new();
    struct seen s = { .n = 0 };

    (void)state;
    keys_feed(k, "\033[1", 3, on_key, &s);
    keys_timeout(k, on_key, &s);
    assert_int_equal(s.n, 0);
    keys_feed(k, "x", 1, on_key, &s);
    assert_int_equal(s.keys[0], 'x');
    keys_free(k);
}

static void unknown_is_swallowed(void **state)
{
    struct keys *k = keys_new();
    struct seen s = { .n = 0 };

    (void)state;
    keys_feed(k, "\033[99;1;2y\033[>1;2cz\xff\xc3(", 20, on_key, &s);
    assert_int_equal(s.n, 2);
    assert_int_equal(s.keys[0], 'z');
    assert_int_equal(s.keys[1], '(');
    keys_free(k);
}

static void pasted(void **state)
{
    static const char text[] = "\033[200~ab\rc\033[D\033[201~q";
    struct keys *k = keys_new();
    struct seen s = { .n = 0 };

    (void)state;
    for (size_t i = 0; i < sizeof text - 1; i++)
        keys_feed(k, text + i, 1, on_key, &s);
    assert_int_equal(s.n, 2);
    assert_int_equal(s.keys[0], K_PASTE);
    assert_int_equal(s.keys[1], 'q');
    assert_string_equal(keys_text(k), "ab\rc\033[D");
    keys_free(k);
}

static void burst(void **state)
{
    struct keys *k = keys_new();
    struct seen s = { .n = 0 };

    (void)state;
    keys_feed(k, "first line of text\rsecond line", 30, on_key, &s);
    assert_int_equal(s.n, 1);
    assert_int_equal(s.keys[0], K_PASTE);
    keys_feed(k, "1\r", 2, on_key, &s); /* typed quickly */
    assert_int_equal(s.n, 3);
    keys_free(k);
}

static void size_report(void **state)
{
    struct keys *k = keys_new();
    struct seen s = { .n = 0 };
    int rows, cols;

    (void)state;
    keys_feed(k, "\033[43;132R", 9, on_key, &s);
    assert_int_equal(s.keys[0], K_SIZE);
    keys_report(k, &rows, &cols);
    assert_int_equal(rows, 43);
    assert_int_equal(cols, 132);
    s.n = 0; /* what no terminal has as its size */
    keys_feed(k, "\033[99999999999999999999;4R\033[0;0R\033[;R\033[-5;80R\033[43R", 47, on_key, &s);
    for (int i = 0; i < s.n; i++)
        assert_int_not_equal(s.keys[i], K_SIZE);
    keys_free(k);
}

static void from_terminfo(void **state)
{
    struct keys *k = keys_new();
    struct seen s = { .n = 0 };

    (void)state;
    keys_add(k, "\033@x", K_F(7));
    keys_add(k, NULL, K_F(8));
    keys_add(k, "A", K_F(9)); /* a plain letter is never a key of terminfo */
    keys_feed(k, "\033@xA", 4, on_key, &s);
    assert_int_equal(s.n, 2);
    assert_int_equal(s.keys[0], K_F(7));
    assert_int_equal(s.keys[1], 'A');
    keys_free(k);
}

static void any_bytes(void **state)
{
    struct keys *k = keys_new();
    unsigned seed = 1;

    (void)state;
    for (int i = 0; i < 20000; i++) {
        struct seen s = { .n = 0 };
        char b[3];
        for (size_t j = 0; j < sizeof b; j++) {
            seed = seed * 1103515245u + 12345u;
            b[j] = (char)(seed >> 16 & 3 ? seed >> 18 : 27);
        }
        keys_feed(k, b, sizeof b, on_key, &s);
        if (i % 7 == 0)
            keys_timeout(k, on_key, &s);
    }
    keys_free(k);
}

static void rows_and_guards(void **state)
{
    static const struct key_row rows[] = {
        { 'n', 0, 5, "n", "x", NULL, NULL },
        { K_ENTER, 'd', 0, "Enter", "y", NULL, NULL },
    };

    (void)state;
    assert_ptr_equal(keys_find(rows, 2, K_F(5), NULL, NULL), &rows[0]);
    assert_ptr_equal(keys_find(rows, 2, 'd', NULL, NULL), &rows[1]);
    assert_null(keys_find(rows, 2, K_F(0), NULL, NULL));
    assert_null(keys_find(rows, 2, 'x', NULL, NULL));
}

int test_console_keys(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encodings),
        cmocka_unit_test(torn),
        cmocka_unit_test(lone_escape),
        cmocka_unit_test(torn_anywhere),
        cmocka_unit_test(escape_then_text),
        cmocka_unit_test(escape_then_answer),
        cmocka_unit_test(paste_without_an_end),
        cmocka_unit_test(half_sequence_ends),
        cmocka_unit_test(unknown_is_swallowed),
        cmocka_unit_test(pasted),
        cmocka_unit_test(burst),
        cmocka_unit_test(size_report),
        cmocka_unit_test(from_terminfo),
        cmocka_unit_test(any_bytes),
        cmocka_unit_test(rows_and_guards),
    };

    return TEST_GROUP("console/keys", tests);
}
