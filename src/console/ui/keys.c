#include "config.h"

#include "console/ui/keys.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "console/ui/text.h"

#define MAX_PENDING 64
#define MAX_ADDED   64
#define MAX_PASTE   4096
#define BURST       24

struct keys {
    char pending[MAX_PENDING];
    size_t n;
    struct {
        char seq[16];
        int key;
    } added[MAX_ADDED];
    size_t n_added;
    bool pasting;
    struct str paste;
    int rows, cols;
    bool orphan; /* the last key was an Esc by timeout: its tail may still come */
};

static const struct final {
    char c;
    int key;
} finals[] = {
    { 'A', K_UP },   { 'B', K_DOWN }, { 'C', K_RIGHT }, { 'D', K_LEFT },
    { 'H', K_HOME }, { 'F', K_END },  { 'Z', K_BTAB },  { 'P', K_F(1) },
    { 'Q', K_F(2) }, { 'R', K_F(3) }, { 'S', K_F(4) },  { 'M', K_ENTER },
};

static const struct number {
    int n, key;
} numbers[] = {
    { 1, K_HOME },  { 2, K_INS },   { 3, K_DEL },    { 4, K_END },    { 5, K_PGUP },
    { 6, K_PGDN },  { 7, K_HOME },  { 8, K_END },    { 11, K_F(1) },  { 12, K_F(2) },
    { 13, K_F(3) }, { 14, K_F(4) }, { 15, K_F(5) },  { 17, K_F(6) },  { 18, K_F(7) },
    { 19, K_F(8) }, { 20, K_F(9) }, { 21, K_F(10) }, { 23, K_F(11) }, { 24, K_F(12) },
};

struct keys *keys_new(void)
{
    return xcalloc(1, sizeof(struct keys));
}

void keys_free(struct keys *k)
{
    if (k)
        str_free(&k->paste);
    free(k);
}

void keys_add(struct keys *k, const char *sequence, int key)
{
    if (!sequence || sequence[0] != K_ESC || !sequence[1] ||
        strlen(sequence) >= sizeof k->added[0].seq || k->n_added == MAX_ADDED)
        return;
    STR_SET(k->added[k->n_added].seq, sequence);
    k->added[k->n_added++].key = key;
}

static int key_of_final(char c)
{
    for (size_t i = 0; i < ARRAY_LEN(finals); i++)
        if (finals[i].c == c)
            return finals[i].key;
    return K_NONE;
}

static int key_of_number(int n)
{
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
        if (numbers[i].n == n)
            return numbers[i].key;
    return K_NONE;
}

/* A whole CSI sequence p[0..n), after "ESC [". */
static int key_of_csi(struct keys *k, const char *p, size_t n)
{
    int first = atoi(p), second = 0;
    char last = p[n - 1];
    const char *semi = memchr(p, ';', n);

    if (semi)
        second = atoi(semi + 1);
    if (p[0] == '[') /* Linux VT: ESC [ [ A is F1 */
        return last >= 'A' && last <= 'E' ? K_F(last - 'A' + 1) : K_NONE;
    if (last == 'R' && first > 1 && second > 9) {
        k->rows = first;
        k->cols = second;
        return K_SIZE;
    }
    if (last == '~' && first == 200) {
        k->pasting = true;
        str_reset(&k->paste);
        return K_NONE;
    }
    return last == '~' ? key_of_number(first) : key_of_final(last);
}

enum verdict { MORE, TAKEN };

/* A sequence of terminfo's; *begun: more bytes may still make one. */
static bool added(const struct keys *k, size_t *used, int *key, bool *begun)
{
    for (size_t i = 0; i < k->n_added; i++) {
        size_t len = strlen(k->added[i].seq);
        if (k->n >= len && memcmp(k->pending, k->added[i].seq, len) == 0) {
            *used = len;
            *key = k->added[i].key;
            return true;
        }
        *begun |= k->n < len && memcmp(k->pending, k->added[i].seq, k->n) == 0;
    }
    return false;
}

static bool ends_csi(const char *p, size_t i)
{
    return (p[i] >= 0x40 && p[i] <= 0x7e && !(p[i] == '[' && i == 2)) || p[i] < 0x20;
}

static enum verdict csi(struct keys *k, size_t *used, int *key)
{
    size_t i = 2;

    while (i < k->n && !ends_csi(k->pending, i))
        i++;
    if (i == k->n) {
        *used = k->n;
        return k->n < MAX_PENDING - 1 ? MORE : TAKEN;
    }
    *used = i + 1;
    *key = key_of_csi(k, k->pending + 2, i - 1);
    return TAKEN;
}

/* Looks at pending, which starts with Esc; *used bytes belong to the key. */
static enum verdict sequence(struct keys *k, size_t *used, int *key)
{
    const char *p = k->pending;
    bool begun = false;

    *key = K_NONE;
    if (added(k, used, key, &begun))
        return TAKEN;
    if (k->n < 2 || begun)
        return MORE;
    if (p[1] == '[')
        return csi(k, used, key);
    if (p[1] == 'O') {
        *used = 3;
        if (k->n >= 3)
            *key = key_of_final(p[2]);
        return k->n < 3 ? MORE : TAKEN;
    }
    if (p[1] >= '0' && p[1] <= '9') {
        *used = 2;
        *key = K_F(p[1] == '0' ? 10 : p[1] - '0');
        return TAKEN;
    }
    *used = 1;
    *key = K_ESC;
    return TAKEN;
}

static void drop(struct keys *k, size_t n)
{
    memmove(k->pending, k->pending + n, k->n - n);
    k->n -= n;
    k->pending[k->n] = '\0';
}

static size_t utf8_length(unsigned char c)
{
    return c < 0xc2 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 1;
}

static int character(const char *p, size_t len)
{
    unsigned char c = (unsigned char)p[0];
    int value;

    if (c == '\n' || c == '\r')
        return K_ENTER;
    if (c == 127 || c == 8)
        return K_BACKSPACE;
    if (len == 1)
        return c < 0x80 ? c : K_NONE;
    value = c & (0x7f >> len);
    for (size_t i = 1; i < len; i++) {
        if (((unsigned char)p[i] & 0xc0) != 0x80)
            return K_NONE;
        value = value << 6 | ((unsigned char)p[i] & 0x3f);
    }
    return value;
}

static void send(struct keys *k, int key, keys_fn *fn, void *payload)
{
    k->orphan = false;
    if (key != K_NONE)
        fn(payload, key);
}

/* Within a bracketed paste: everything is text until ESC [ 201 ~. */
static bool paste_step(struct keys *k, keys_fn *fn, void *payload)
{
    static const char end[] = "\033[201~";
    size_t len = sizeof end - 1, same = 0;

    while (same < k->n && same < len && k->pending[same] == end[same])
        same++;
    if (same == len) {
        k->pasting = false;
        drop(k, len);
        send(k, K_PASTE, fn, payload);
        return true;
    }
    if (same == k->n)
        return false;
    if (k->paste.len < MAX_PASTE)
        str_addc(&k->paste, k->pending[0]);
    drop(k, 1);
    return true;
}

/* Takes one key from pending; false when it needs more bytes. */
static bool step(struct keys *k, keys_fn *fn, void *payload)
{
    size_t used;
    int key;

    if (k->n == 0)
        return false;
    if (k->pasting)
        return paste_step(k, fn, payload);
    if (k->pending[0] == K_ESC) {
        if (sequence(k, &used, &key) == MORE)
            return false;
        drop(k, used);
        send(k, key, fn, payload);
        return true;
    }
    used = utf8_length((unsigned char)k->pending[0]);
    if (used > k->n)
        return false;
    key = character(k->pending, used);
    drop(k, key == K_NONE ? 1 : used);
    send(k, key, fn, payload);
    return true;
}

/* Several lines of nothing but text in one read: nobody types that. A single line end is an Enter,
 * whatever stands before it. */
static bool is_burst(const struct keys *k, const char *bytes, size_t n)
{
    size_t text = 0;
    bool line_end = false, more = false;

    if (k->pasting || k->n > 0)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (bytes[i] == '\r' || bytes[i] == '\n') {
            line_end = true;
        } else if ((unsigned char)bytes[i] < ' ' || bytes[i] == 127) {
            return false;
        } else {
            text++;
            more |= line_end;
        }
    }
    return more && text >= BURST;
}

/* "[B" right after a lone Esc, in one read: a slow line tore an arrow apart. */
static bool orphan_tail(struct keys *k, const char *bytes, size_t n, keys_fn *fn, void *payload)
{
    int key;

    if (!k->orphan || n < 2 || (bytes[0] != '[' && bytes[0] != 'O') || k->n > 0)
        return false;
    key = n == 2                ? key_of_final(bytes[1])
          : bytes[n - 1] == '~' ? key_of_number(atoi(bytes + 1))
                                : K_NONE;
    if (key == K_NONE)
        return false;
    send(k, key, fn, payload);
    return true;
}

void keys_feed(struct keys *k, const char *bytes, size_t n, keys_fn *fn, void *payload)
{
    if (is_burst(k, bytes, n)) {
        str_reset(&k->paste);
        str_addn(&k->paste, bytes, n < MAX_PASTE ? n : MAX_PASTE);
        send(k, K_PASTE, fn, payload);
        return;
    }
    if (orphan_tail(k, bytes, n, fn, payload))
        return;
    for (size_t i = 0; i < n; i++) {
        if (bytes[i] == '\0')
            continue;
        if (k->n == MAX_PENDING - 1)
            drop(k, 1);
        k->pending[k->n++] = bytes[i];
        k->pending[k->n] = '\0';
        while (step(k, fn, payload))
            ;
    }
}

bool keys_waiting(const struct keys *k)
{
    return k->n > 0 && !k->pasting;
}

void keys_timeout(struct keys *k, keys_fn *fn, void *payload)
{
    bool lone = k->n == 1 && k->pending[0] == K_ESC;

    if (!keys_waiting(k))
        return;
    k->n = 0;
    k->pending[0] = '\0';
    if (lone) {
        send(k, K_ESC, fn, payload);
        k->orphan = true;
    }
}

const char *keys_text(const struct keys *k)
{
    return str_p(&k->paste);
}

void keys_report(const struct keys *k, int *rows, int *cols)
{
    *rows = k->rows;
    *cols = k->cols;
}

const struct key_row *keys_find(const struct key_row *rows, size_t n, int key, struct ui *ui,
                                const void *self)
{
    for (size_t i = 0; i < n; i++) {
        const struct key_row *r = &rows[i];
        bool mine =
            key == r->key || (r->also && key == r->also) || (r->fkey && key == K_F(r->fkey));

        if (mine && (!r->guard || r->guard(ui, self)))
            return r;
    }
    return NULL;
}
