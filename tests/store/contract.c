#include "config.h"

#include "testing.h"

#include <unistd.h>

#include "contract.h"

static struct json *number(int64_t n)
{
    struct json *j = json_object();

    json_set_int(j, "n", n);
    return j;
}

static int put(struct store *s, const char *key, int64_t n, int64_t rev, int64_t *new_rev,
               struct err *e)
{
    struct json *j = number(n);
    int rc = s->ops->put(s, key, j, rev, new_rev, e);

    json_free(j);
    return rc;
}

static int64_t value(struct store *s, const char *key, int64_t *rev)
{
    struct err e = { 0 };
    struct json *j = s->ops->get(s, key, rev, &e);
    int64_t n = -1;

    assert_non_null(j);
    assert_true(json_int(j, "n", &n));
    json_free(j);
    return n;
}

static void compare_and_swap(struct store *a, struct store *b)
{
    struct err e = { 0 };
    int64_t rev = 0, seen = 0, first, ignored;

    assert_null(a->ops->get(a, "cluster", &rev, &e));
    assert_int_equal(e.domain, ERR_STORE);
    assert_int_equal(e.code, ERR_C_NOT_FOUND);
    assert_int_equal(put(a, "cluster", 1, 0, &rev, &e), 0);
    assert_true(rev > 0);
    assert_int_equal(value(b, "cluster", &seen), 1);
    assert_int_equal(seen, rev);
    first = rev;

    assert_int_equal(put(b, "cluster", 2, 0, &ignored, &e), -1); /* it exists */
    assert_int_equal(e.code, ERR_C_CONFLICT);
    assert_int_equal(put(b, "cluster", 2, rev, &rev, &e), 0);
    assert_true(rev > first);
    assert_int_equal(put(a, "cluster", 3, first, &ignored, &e), -1); /* lost */
    assert_int_equal(e.code, ERR_C_CONFLICT);
    assert_int_equal(value(a, "cluster", &seen), 2);
    assert_int_equal(seen, rev);
    assert_int_equal(put(a, "absent", 3, 7, &ignored, &e), -1);
    assert_int_equal(e.code, ERR_C_CONFLICT);
}

static void deleting(struct store *a, struct store *b)
{
    struct err e = { 0 };
    int64_t rev, again;

    assert_int_equal(put(a, "gone", 1, 0, &rev, &e), 0);
    assert_int_equal(b->ops->del(b, "gone", rev + 1, &e), -1);
    assert_int_equal(e.code, ERR_C_CONFLICT);
    assert_int_equal(b->ops->del(b, "gone", rev, &e), 0);
    assert_null(a->ops->get(a, "gone", &again, &e));
    assert_int_equal(a->ops->del(a, "gone", rev, &e), -1);
    assert_int_equal(e.code, ERR_C_NOT_FOUND);
    /* A revision seen before the deletion does not fit the new document. */
    assert_int_equal(put(a, "gone", 2, 0, &again, &e), 0);
    assert_true(again != rev);
    assert_int_equal(put(b, "gone", 3, rev, &again, &e), -1);
    assert_int_equal(value(a, "gone", &rev), 2);
}

static void listing(struct store *s)
{
    struct err e = { 0 };
    struct str text = STR_INIT;
    int64_t rev;
    struct json *j;

    assert_int_equal(put(s, "list/b", 1, 0, &rev, &e), 0);
    assert_int_equal(put(s, "list/a.2", 1, 0, &rev, &e), 0);
    assert_int_equal(put(s, "list/deep/x", 1, 0, &rev, &e), 0);
    assert_int_equal(put(s, "list-other", 1, 0, &rev, &e), 0);
    j = s->ops->list(s, "list/", &e);
    json_write(&text, j);
    assert_string_equal(text.p, "[\"list/a.2\",\"list/b\",\"list/deep/x\"]");
    json_free(j);
    str_free(&text);
    j = s->ops->list(s, "nothing", &e);
    assert_int_equal(json_len(j), 0);
    json_free(j);
}

static void names(struct store *s)
{
    static const char *const bad[] = { "",       "/a",      "a/",  "a//b",    "..", "a/..",
                                       "a/../b", "a..b",    "A",   "a b",     ".a", "a/.b",
                                       "-a",     "locks/x", "a\n", "\xc3\xa4" };
    struct err e = { 0 };
    int64_t rev;

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_null(s->ops->get(s, bad[i], &rev, &e));
        assert_int_equal(e.domain, ERR_USAGE);
        assert_int_equal(put(s, bad[i], 1, 0, &rev, &e), -1);
        assert_int_equal(e.domain, ERR_USAGE);
    }
}

static void locks(struct store *a, struct store *b)
{
    struct err e = { 0 };
    struct store_lock *held = a->ops->lock(a, "operation", &e), *other;
    char pid[32];

    assert_non_null(held);
    assert_null(b->ops->lock(b, "operation", &e));
    assert_int_equal(e.code, ERR_C_BUSY);
    str_fmt(pid, sizeof(pid), "%ld", (long)getpid());
    assert_non_null(strstr(e.message, pid));
    other = b->ops->lock(b, "other", &e);
    assert_non_null(other);
    a->ops->unlock(held);
    held = b->ops->lock(b, "operation", &e);
    assert_non_null(held);
    b->ops->unlock(held);
    b->ops->unlock(other);
    assert_null(b->ops->lock(b, "../x", &e));
}

void store_contract(store_open_fn *open_store)
{
    struct store *a = open_store(true), *b = open_store(false);

    compare_and_swap(a, b);
    deleting(a, b);
    listing(a);
    names(a);
    locks(a, b);
    a->ops->close(a);
    assert_int_equal(value(b, "cluster", NULL), 2);
    b->ops->close(b);
}
