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
    char torn[8]; /* what keys_timeout took as it was: its tail may still come */
};

struct final {
    char c;
    int key;
};
/* After ESC [ and ESC O alike; a, b, c, d: rxvt's arrows with Shift or Ctrl. */
static const struct final finals[] = {
    { 'A', K_UP },   { 'B', K_DOWN },  { 'C', K_RIGHT }, { 'D', K_LEFT }, { 'a', K_UP },
    { 'b', K_DOWN }, { 'c', K_RIGHT }, { 'd', K_LEFT },  { 'H', K_HOME }, { 'F', K_END },
    { 'Z', K_BTAB }, { 'P', K_F(1) },  { 'Q', K_F(2) },  { 'R', K_F(3) }, { 'S', K_F(4) },
};
/* After ESC O only: the number pad of a terminal that was told to send it that way (smkx), so that
 * its digits choose menu items, too. */
static const struct final pad[] = {
    { 'p', '0' },     { 'q', '1' },   { 'r', '2' }, { 's', '3' }, { 't', '4' },
    { 'u', '5' },     { 'v', '6' },   { 'w', '7' }, { 'x', '8' }, { 'y', '9' },
    { 'M', K_ENTER }, { 'I', K_TAB }, { 'j', '*' }, { 'k', '+' }, { 'l', ',' },
    { 'm', '-' },     { 'n', '.' },   { 'o', '/' }, { 'X', '=' }, { ' ', ' ' },
};

static const struct number {
    int n, key;
} numbers[] = {
    { 1, K_HOME },  { 2, K_INS },   { 3, K_DEL },    { 4, K_END },    { 5, K_PGUP },
    { 6, K_PGDN },  { 7, K_HOME },  { 8, K_END },    { 11, K_F(1) },  { 12, K_F(2) },
    { 13, K_F(3) }, { 14, K_F(4) }, { 15, K_F(5) },  { 17, K_F(6) },  { 18, K_F(7) },
    { 19, K_F(8) }, { 20, K_F(9) }, { 21, K_F(10) }, { 23, K_F(11) }, { 24, K_F(12) },
    { 28, K_F(1) }, /* the VT220's Help */
};

struct keys *keys_new(void)
{
    static const char room[MAX_PASTE + 1];
    struct keys *k = xcalloc(1, sizeof *k);

    str_addn(&k->paste, room, sizeof room); /* once: a growing one would leave pieces behind */
    str_reset(&k->paste);
    return k;
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

static int key_of_ss3(char c)
{
    for (size_t i = 0; i < ARRAY_LEN(pad); i++)
        if (pad[i].c == c)
            return pad[i].key;
    return key_of_final(c);
}

/* Up to five digits; more are a number that no terminal means. */
static int number(const char *p, size_t n)
{
    int value = 0;

    for (size_t i = 0; i < n && p[i] >= '0' && p[i] <= '9'; i++) {
        if (i == 5)
            return -1;
        value = 10 * value + p[i] - '0';
    }
    return value;
}

static int key_of_number(int n)
{
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
        if (numbers[i].n == n)
            return numbers[i].key;
    return K_NONE;
}

/* What a terminal answers when it is asked: ESC [ rows ; cols R, ESC [ 0 n. */
static int key_of_answer(struct keys *k, const char *p, size_t n)
{
    int first = number(p, n), second;
    const char *semi = memchr(p, ';', n);

    if (p[n - 1] == 'n')
        return !semi && (first == 0 || first == 3) ? K_ALIVE : K_NONE;
    if (!semi || semi[1 + strspn(semi + 1, "0123456789")] != 'R')
        return K_NONE;
    second = number(semi + 1, n - (size_t)(semi + 1 - p));
    if (first < 2 || second < 10)
        return K_NONE;
    k->rows = first;
    k->cols = second;
    return K_SIZE;
}

/* A whole CSI sequence p[0..n), after "ESC [". */
static int key_of_csi(struct keys *k, const char *p, size_t n)
{
    int first = number(p, n);
    char last = p[n - 1];

    if (p[0] == '[') /* Linux VT: ESC [ [ A is F1 */
        return last >= 'A' && last <= 'E' ? K_F(last - 'A' + 1) : K_NONE;
    if (p[0] >= '<' && p[0] <= '?') /* an answer of the terminal, private to it */
        return K_NONE;
    if (last == 'n' || (last == 'R' && first > 1))
        return key_of_answer(k, p, n);
    if (last == '~' && first == 200) {
        k->pasting = true;
        str_reset(&k->paste);
        return K_NONE;
    }
    if (strchr("~^$@", last)) /* rxvt: ^ Ctrl, $ Shift */
        return key_of_number(first);
    return last >= 'a' && n > 1 ? K_NONE : key_of_final(last);
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
    return (p[i] >= 0x40 && p[i] <= 0x7e && !(p[i] == '[' && i == 2)) || p[i] < 0x20 ||
           (p[i] == '$' && i > 2 && p[i - 1] >= '0' && p[i - 1] <= '9');
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
    if (k->pending[i] == K_ESC) /* broken off: another one begins */
        *used = i;
    else
        *key = key_of_csi(k, k->pending + 2, i - 1);
    return TAKEN;
}

/* ESC O x, with the modifiers that some put between: ESC O 5 P, ESC O 1 ; 2 P. */
static enum verdict ss3(struct keys *k, size_t *used, int *key)
{
    size_t i = 2;

    while (i < k->n && i < 6 &&
           ((k->pending[i] >= '0' && k->pending[i] <= '9') || k->pending[i] == ';'))
        i++;
    *used = i + 1;
    if (i == k->n)
        return MORE;
    *key = key_of_ss3(k->pending[i]);
    if (*key == K_NONE)
        *used = 1, *key = K_ESC; /* an Esc and text that begins with O */
    return TAKEN;
}

/* Esc twice and a bracket: a key with Alt, or an Esc that was typed while the terminal answered
 * what it was asked. Only the end tells. */
static enum verdict doubled(const struct keys *k, int *key)
{
    const char *p = k->pending;
    size_t i = 3;

    if (k->n == 2)
        return MORE;
    if (p[2] != '[' && p[2] != 'O')
        return TAKEN;
    while (i < k->n && ((p[i] >= '0' && p[i] <= '9') || p[i] == ';'))
        i++;
    if (i == k->n && p[2] == '[' && k->n < MAX_PENDING - 1)
        return MORE;
    if (p[2] == 'O' || (p[i] != 'n' && (p[i] != 'R' || !memchr(p + 3, ';', i - 3))))
        *key = K_NONE;
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
    if (p[1] == 'O')
        return ss3(k, used, key);
    if ((p[1] >= '0' && p[1] <= '9') || p[1] == K_TAB) { /* the Linux VT's Shift-Tab is Esc Tab */
        *used = 2;
        *key = p[1] == K_TAB ? K_BTAB : K_F(p[1] == '0' ? 10 : p[1] - '0');
        return TAKEN;
    }
    *used = 1;
    *key = K_ESC;
    return p[1] == K_ESC ? doubled(k, key) : TAKEN;
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
    k->torn[0] = '\0';
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

/* "[B" right after a lone Esc, or "B" right after "ESC [": a slow line tore an arrow apart. Returns
 * the bytes that belong to it. */
static size_t torn_tail(struct keys *k, const char *bytes, size_t n, keys_fn *fn, void *payload)
{
    size_t head = strlen(k->torn), tail = n < 12 ? n : 12, used = 0;
    int key = K_NONE;

    if (head == 0 || k->n > 0 || k->pasting)
        return 0;
    if (head == 1 && (n < 2 || (bytes[0] != '[' && bytes[0] != 'O')))
        return 0;
    memcpy(k->pending, k->torn, head);
    memcpy(k->pending + head, bytes, tail);
    k->n = head + tail;
    if (sequence(k, &used, &key) != TAKEN || key == K_ESC || used <= head ||
        (key == K_NONE && !k->pasting))
        used = head;
    k->n = 0;
    k->pending[0] = '\0';
    if (used > head)
        send(k, key, fn, payload);
    return used - head;
}

static void feed(struct keys *k, char c, keys_fn *fn, void *payload)
{
    if (k->n == MAX_PENDING - 1)
        drop(k, 1);
    k->pending[k->n++] = c;
    k->pending[k->n] = '\0';
    while (step(k, fn, payload))
        ;
}

void keys_feed(struct keys *k, const char *bytes, size_t n, keys_fn *fn, void *payload)
{
    if (is_burst(k, bytes, n)) {
        str_reset(&k->paste);
        str_addn(&k->paste, bytes, n < MAX_PASTE ? n : MAX_PASTE);
        send(k, K_PASTE, fn, payload);
        return;
    }
    for (size_t i = torn_tail(k, bytes, n, fn, payload); i < n; i++) {
        if (bytes[i] == '\0')
            continue;
        if ((unsigned char)bytes[i] == 0x9b && k->n == 0 && !k->pasting) { /* CSI in one byte */
            feed(k, K_ESC, fn, payload);
            feed(k, '[', fn, payload);
        } else {
            feed(k, bytes[i], fn, payload);
        }
    }
}

bool keys_waiting(const struct keys *k)
{
    return k->n > 0 || k->pasting;
}

bool keys_pasting(const struct keys *k)
{
    return k->pasting;
}

/* What has begun like a sequence and is none: Esc is the key, ESC O was typed as Esc and O, the
 * rest cannot be typed and is dropped. */
void keys_timeout(struct keys *k, keys_fn *fn, void *payload)
{
    char was[MAX_PENDING];
    bool escapes;

    if (k->pasting) { /* its end was lost: what came is all */
        k->pasting = false;
        drop(k, k->n);
        send(k, K_PASTE, fn, payload);
        return;
    }
    STR_SET(was, k->pending);
    k->n = 0;
    k->pending[0] = '\0';
    if (was[0] != K_ESC)
        return;
    escapes = was[strspn(was, "\033")] == '\0';
    if (escapes || str_eq(was, "\033O")) {
        for (const char *p = was; *p; p++)
            send(k, *p, fn, payload);
    }
    if (strlen(was) < sizeof k->torn && !str_eq(was, "\033O"))
        STR_SET(k->torn, was + strspn(was, "\033") - 1);
}

void keys_forget(struct keys *k)
{
    explicit_bzero(k->pending + k->n, sizeof k->pending - k->n);
    if (k->pasting)
        return;
    if (k->paste.p)
        explicit_bzero(k->paste.p, k->paste.cap);
    k->paste.len = 0;
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
