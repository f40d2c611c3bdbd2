/* Target json: a text through the JSON door, its parts through the field tables. The input is a
 * line as it stands on the socket between core and console: {"hello":...}, {"answer":{"sections":
 * ...}} or {"error":...}; any other text only goes through the door. */
#include "config.h"

#include <ctype.h>
#include <stdlib.h>

#include "base/json.h"
#include "fuzz.h"
#include "wire/sections.h"
#include "wire/wire.h"

/* ---- RFC 8259 once more, by another hand: what the door lets in must follow it ---- */

struct strict {
    const uint8_t *p, *end;
    int depth;
    bool ok;
};

static void strict_value(struct strict *s);

static bool take(struct strict *s, char c)
{
    if (s->p < s->end && *s->p == (uint8_t)c) {
        s->p++;
        return true;
    }
    return false;
}

static void blanks(struct strict *s)
{
    while (s->p < s->end && *s->p && strchr(" \t\r\n", *s->p))
        s->p++;
}

static size_t digits(struct strict *s)
{
    const uint8_t *from = s->p;

    while (s->p < s->end && isdigit(*s->p))
        s->p++;
    return (size_t)(s->p - from);
}

static void strict_number(struct strict *s)
{
    take(s, '-');
    if (!take(s, '0') && !digits(s))
        s->ok = false;
    if (take(s, '.') && !digits(s))
        s->ok = false;
    if (take(s, 'e') || take(s, 'E')) {
        if (!take(s, '+'))
            take(s, '-');
        if (!digits(s))
            s->ok = false;
    }
}

static void strict_string(struct strict *s)
{
    s->ok = s->ok && take(s, '"');
    while (s->ok && s->p < s->end && *s->p != '"') {
        uint8_t c = *s->p++;

        if (c < 0x20)
            s->ok = false;
        if (c != '\\')
            continue;
        if (s->p == s->end || !*s->p || !strchr("\"\\/bfnrtu", *s->p))
            s->ok = false;
        else if (*s->p++ == 'u')
            for (int i = 0; i < 4; i++)
                s->ok = s->ok && s->p < s->end && isxdigit(*s->p++);
    }
    s->ok = s->ok && take(s, '"');
}

static void strict_items(struct strict *s, char close, bool named)
{
    s->depth++;
    s->ok = s->ok && s->depth <= JSON_MAX_DEPTH;
    blanks(s);
    if (take(s, close)) {
        s->depth--;
        return;
    }
    do {
        blanks(s);
        if (named) {
            strict_string(s);
            blanks(s);
            s->ok = s->ok && take(s, ':');
        }
        strict_value(s);
    } while (s->ok && take(s, ','));
    s->ok = s->ok && take(s, close);
    s->depth--;
}

static void strict_word(struct strict *s, const char *word)
{
    size_t n = strlen(word);

    s->ok = s->ok && (size_t)(s->end - s->p) >= n && memcmp(s->p, word, n) == 0;
    if (s->ok)
        s->p += n;
}

static void strict_value(struct strict *s)
{
    if (!s->ok)
        return;
    blanks(s);
    if (s->p == s->end)
        s->ok = false;
    else if (take(s, '{'))
        strict_items(s, '}', true);
    else if (take(s, '['))
        strict_items(s, ']', false);
    else if (*s->p == '"')
        strict_string(s);
    else if (*s->p == 't')
        strict_word(s, "true");
    else if (*s->p == 'f')
        strict_word(s, "false");
    else if (*s->p == 'n')
        strict_word(s, "null");
    else
        strict_number(s);
    blanks(s);
}

static bool is_strict(const uint8_t *data, size_t size)
{
    struct strict s = { data, data + size, 0, true };

    if (size >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0)
        s.p += 3; /* a byte order mark is passed over */
    strict_value(&s);
    return s.ok && s.p == s.end;
}

/* Nothing that the door refuses beyond the grammar: escapes, numbers that are no double or very
 * long. */
static bool is_plain(const uint8_t *data, size_t size)
{
    size_t run = 0;

    for (size_t i = 0; i < size; i++) {
        run = isdigit(data[i]) ? run + 1 : 0;
        if (data[i] == '\\' || data[i] == 'e' || data[i] == 'E' || run > 30)
            return false;
    }
    return true;
}

/* ---- writing and reading again ---- */

static void round_trip(const struct json *j)
{
    struct str text = STR_INIT, again = STR_INIT;
    struct err e = { 0 };
    struct json *copy = json_copy(j), *back;

    FUZZ_HOLDS(json_equal(copy, j), "a copy is equal");
    json_write(&text, j);
    FUZZ_HOLDS(!memchr(str_p(&text), '\n', text.len), "the compact form is one line");
    FUZZ_HOLDS(is_strict((const uint8_t *)str_p(&text), text.len), "what is written is JSON");
    back = json_parse(str_p(&text), text.len, 0, &e);
    FUZZ_HOLDS(back, "what is written can be read");
    FUZZ_HOLDS(json_equal(back, j), "what is read again is equal");
    json_write(&again, back);
    FUZZ_HOLDS(str_eq(str_p(&text), str_p(&again)), "written twice, the same bytes");
    json_free(back);
    str_reset(&text);
    json_write_pretty(&text, j);
    back = json_parse(str_p(&text), text.len, 0, &e);
    FUZZ_HOLDS(back && json_equal(back, j), "the pretty form is the same value");
    json_free(back);
    json_free(copy);
    str_free(&text);
    str_free(&again);
}

static void all_clean(const struct json *j)
{
    if (json_is_string(j))
        FUZZ_HOLDS(text_is_clean(json_value_str(j)), "what a field table took is clean");
    JSON_EACH (c, j)
        all_clean(c);
}

static void table_trip(const struct json *j, const struct json_type *t)
{
    char *first, *second;
    struct err e = { 0 };
    struct json *written, *again;

    first = malloc(t->size);
    second = malloc(t->size);
    if (!first || !second)
        abort();
    if (json_decode(j, t, first, &e) != 0) {
        fuzz_error(&e);
        FUZZ_HOLDS(e.domain == ERR_WIRE, "a table's refusal is of the wire");
    } else {
        FUZZ_HOLDS(!err_is(&e), "a success leaves the error alone");
        written = json_encode(t, first);
        all_clean(written);
        FUZZ_HOLDS(json_decode(written, t, second, &e) == 0, "a table reads what it wrote");
        again = json_encode(t, second);
        FUZZ_HOLDS(json_equal(written, again), "written and read again, the same values");
        json_free(again);
        json_free(written);
    }
    free(first);
    free(second);
}

static void tables(const struct json *j)
{
    const struct json *sections = json_get(j, "answer.sections");
    const struct json *hello = json_member(j, "hello"), *error = json_member(j, "error");

    if (hello)
        table_trip(hello, &wire_hello_type);
    if (error)
        table_trip(error, &err_json);
    JSON_EACH (c, sections) {
        const struct section_row *row = json_name(c) ? section_by_name(json_name(c)) : NULL;

        if (row)
            table_trip(json_member(c, "data"), row->type);
    }
}

/* ---- looking things up ---- */

static void look_up(const struct json *j)
{
    size_t n = 0;
    int64_t v;
    double d;

    JSON_EACH (c, j) {
        n++;
        if (json_is_object(j)) {
            FUZZ_HOLDS(json_member(j, json_name(c)) == c, "a member is found by its name");
            FUZZ_HOLDS(json_imember(j, json_name(c)), "a member is found without case, too");
        } else {
            char place[24];

            snprintf(place, sizeof place, "%zu", n - 1);
            FUZZ_HOLDS(n > 100000 || json_get(j, place) == c, "an item is found by its place");
        }
        if (json_value_int(c, &v)) {
            FUZZ_HOLDS(json_value_double(c, &d) && (double)v == d, "a whole number is its double");
            FUZZ_HOLDS(v >= -(INT64_C(1) << 53) && v <= INT64_C(1) << 53, "within 2^53");
        }
        if (n <= 64)
            look_up(c);
    }
    FUZZ_HOLDS(json_len(j) == n, "the length is the number of children");
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err e = { 0 };
    struct json *j = json_parse((const char *)data, size, 0, &e);

    if (!j) {
        fuzz_error(&e);
        FUZZ_HOLDS(!is_strict(data, size) || !is_plain(data, size) || strstr(e.message, "twice"),
                   "what follows the grammar is let in");
        return 0;
    }
    FUZZ_HOLDS(!err_is(&e), "a success leaves the error alone");
    FUZZ_HOLDS(is_strict(data, size), "what is let in follows the grammar");
    round_trip(j);
    look_up(j);
    tables(j);
    json_free(j);
    return 0;
}
