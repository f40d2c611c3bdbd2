/* faults.c - a fault is data: what goes wrong, for which requests, how often. */
#include "config.h"

#include <ctype.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "sandbox/sandbox.h"

enum { FAULT_MAX = 256, FOR_EVER = -1 };

struct entry {
    struct fault fault;
    char method[16]; /* "*": any */
    char glob[512];
    int count, after; /* after: so many that fit go by first */
    int64_t taken;
    char spec[640];
};

static struct entry entries[FAULT_MAX];
static size_t n_entries;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* value: name of the number after the kind; NULL: none. */
struct kind_row {
    const char *name;
    enum fault_kind kind;
    const char *oauth;
    bool value;
};
static const struct kind_row kinds[] = {
    { "reset", FAULT_RESET, NULL, false },
    { "reply-lost", FAULT_REPLY_LOST, NULL, false },
    { "truncate", FAULT_TRUNCATE, NULL, false },
    { "garbage", FAULT_GARBAGE, NULL, false },
    { "bad-length", FAULT_BAD_LENGTH, NULL, false },
    { "half-header", FAULT_HALF_HEADER, NULL, false },
    { "slow", FAULT_SLOW, NULL, true },
    { "slow_down", FAULT_OAUTH, "slow_down", false },
    { "expired_token", FAULT_OAUTH, "expired_token", false },
    { "declined", FAULT_OAUTH, "authorization_declined", false },
};

/* '*' spans everything, '?' one character; letters without case. */
bool sb_glob(const char *glob, const char *text)
{
    const char *star = NULL, *from = NULL;
    while (*text) {
        if (*glob == '*') {
            star = ++glob;
            from = text;
        } else if (*glob == '?' || tolower((unsigned char)*glob) == tolower((unsigned char)*text)) {
            glob++;
            text++;
        } else if (star) {
            glob = star;
            text = ++from;
        } else {
            return false;
        }
    }
    while (*glob == '*')
        glob++;
    return !*glob;
}

/* "429", "429:retry-after=3" */
static bool parse_status(const char *kind, struct fault *f)
{
    char *end = NULL;
    long status = strtol(kind, &end, 10);
    int64_t seconds;
    if (end == kind || status < 400 || status > 599)
        return false;
    f->kind = FAULT_STATUS;
    f->status = (int)status;
    if (!*end)
        return true;
    if (!str_starts(end, ":retry-after=") || !str_to_int(end + 13, &seconds) || seconds < 0 ||
        seconds > 86400)
        return false;
    f->value = (int)seconds;
    return true;
}

static bool parse_kind(const char *kind, struct fault *f)
{
    *f = (struct fault){ .value = -1 };
    if (isdigit((unsigned char)kind[0]))
        return parse_status(kind, f);
    const char *eq = strchr(kind, '=');
    size_t len = eq ? (size_t)(eq - kind) : strlen(kind);
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        const struct kind_row *k = &kinds[i];
        int64_t n = -1;
        if (strlen(k->name) != len || strncmp(k->name, kind, len) != 0)
            continue;
        if (k->value != (eq != NULL) || (eq && (!str_to_int(eq + 1, &n) || n < 0 || n > 600000)))
            return false;
        f->kind = k->kind;
        f->oauth = k->oauth;
        f->value = (int)n;
        return true;
    }
    return false;
}

/* Cuts "x3" or "x*" off the end: a glob that itself ends so is written with a count ("/max2x1"). */
static bool cut_count(char *spec, int *count)
{
    size_t len = strlen(spec), at = len;
    *count = 1;
    if (len >= 2 && spec[len - 1] == '*' && spec[len - 2] == 'x') {
        *count = FOR_EVER;
        at = len - 2;
    } else {
        while (at > 0 && isdigit((unsigned char)spec[at - 1]))
            at--;
        if (at == len || at == 0 || spec[at - 1] != 'x')
            return true;
        int64_t n = 0;
        if (!str_to_int(spec + at, &n) || n < 1 || n > 1000000)
            return false;
        *count = (int)n;
        at--;
    }
    spec[at] = '\0';
    str_trim(spec);
    return true;
}

/* Cuts " after 2" off the end. */
static bool cut_after(char *spec, int *after)
{
    char *at = strstr(spec, " after ");
    int64_t n = 0;
    if (!at)
        return true;
    if (!str_to_int(at + 7, &n) || n < 0 || n > 1000000)
        return false;
    *after = (int)n;
    *at = '\0';
    str_trim(spec);
    return true;
}

static void parse_pattern(struct entry *en, char *pattern)
{
    STR_SET(en->method, "*");
    STR_SET(en->glob, "*");
    if (!pattern)
        return;
    char *p = str_trim(pattern);
    if (*p == '/' || (*p == '*' && !strchr(p, ' '))) {
        STR_SET(en->glob, p);
        return;
    }
    char *blank = strchr(p, ' ');
    if (blank)
        *blank = '\0';
    STR_SET(en->method, p);
    if (blank)
        STR_SET(en->glob, str_trim(blank + 1));
}

int fault_add(const char *spec, struct err *e)
{
    struct entry en = { 0 };
    char text[640];
    if (!STR_SET(en.spec, spec))
        return err_set(e, ERR_USAGE, 0, _("A fault's text is too long."));
    STR_SET(text, spec);
    char *start = str_trim(text);
    bool good = cut_after(start, &en.after) && cut_count(start, &en.count);
    char *at = strchr(start, '@');
    if (at)
        *at = '\0';
    if (!good || !parse_kind(str_trim(start), &en.fault))
        return err_set(e, ERR_USAGE, 0,
                       _("\"%s\" is not a fault; write KIND[@METHOD PATH-GLOB][xCOUNT][ after N]."),
                       spec);
    parse_pattern(&en, at ? at + 1 : NULL);
    pthread_mutex_lock(&lock);
    bool room = n_entries < FAULT_MAX;
    if (room)
        entries[n_entries++] = en;
    pthread_mutex_unlock(&lock);
    return room ? 0 : err_set(e, ERR_USAGE, ERR_C_TOO_BIG, _("There are too many faults."));
}

void fault_clear(void)
{
    pthread_mutex_lock(&lock);
    n_entries = 0;
    pthread_mutex_unlock(&lock);
}

static bool take(bool oauth, const char *method, const char *path, struct fault *out)
{
    bool found = false;
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < n_entries && !found; i++) {
        struct entry *en = &entries[i];
        if ((en->fault.kind == FAULT_OAUTH) != oauth || en->count == 0 ||
            !(str_eq(en->method, "*") || str_ieq(en->method, method)) || !sb_glob(en->glob, path))
            continue;
        if (en->after > 0) {
            en->after--;
            continue;
        }
        if (en->count > 0)
            en->count--;
        en->taken++;
        *out = en->fault;
        found = true;
    }
    pthread_mutex_unlock(&lock);
    return found;
}

bool fault_take_bytes(const char *method, const char *path, struct fault *out)
{
    return take(false, method, path, out);
}

bool fault_take_oauth(const char *method, const char *path, struct fault *out)
{
    return take(true, method, path, out);
}

/* The used-up ones stay in the list: a test sees that its fault was met. */
struct json *fault_list(void)
{
    struct json *list = json_array();
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < n_entries; i++) {
        struct json *j = json_object();
        json_set_str(j, "fault", entries[i].spec);
        if (entries[i].count == FOR_EVER)
            json_set_str(j, "left", "*");
        else
            json_set_int(j, "left", entries[i].count);
        json_set_int(j, "taken", entries[i].taken);
        json_push(list, j);
    }
    pthread_mutex_unlock(&lock);
    return list;
}
