/* graph_list.c - the part of OData that clients use on directory objects: $filter with eq, in,
 * startswith and any() joined by and/or, $select, $top with a next link. Source:
 * azure-wire.md 2.9.2, 4.3; real-clients.md 2.4; what else OData has is refused, not ignored. */
#include "config.h"

#include "sandbox/graph.h"

#include <ctype.h>
#include <string.h>

enum { TERMS_MAX = 16, PAGE = 100, PAGE_MAX = 999 };

enum op { OP_EQ, OP_STARTS, OP_ANY };
struct term {
    enum op op;
    bool or_before; /* joined to the one before by "or" */
    char member[64];
    struct json *values; /* any of these */
};
struct filter {
    struct term terms[TERMS_MAX];
    size_t n;
};

/* ---- reading a filter ---- */

static void blanks(const char **p)
{
    *p += strspn(*p, " ");
}

static bool word(const char **p, const char *text)
{
    size_t n = strlen(text);
    blanks(p);
    if (strncasecmp(*p, text, n) != 0 ||
        (isalnum((unsigned char)text[n - 1]) && isalnum((unsigned char)(*p)[n])))
        return false;
    *p += n;
    return true;
}

static bool name(const char **p, char *out, size_t size)
{
    blanks(p);
    size_t n = 0;
    while (isalnum((unsigned char)(*p)[n]) || (*p)[n] == '_' || (*p)[n] == '/')
        n++;
    bool ok = n && str_fmt(out, size, "%.*s", (int)n, *p);
    *p += n;
    return ok;
}

/* 'text' with doubled quotes, true, false, or a bare GUID. */
static struct json *value(const char **p)
{
    struct str s = STR_INIT;
    blanks(p);
    if (word(p, "true") || word(p, "false"))
        return json_bool((*p)[-2] == 'u');
    if (**p != '\'') {
        size_t n = strspn(*p, "0123456789abcdefABCDEF-");
        str_addn(&s, *p, n);
        *p += n;
    } else {
        for ((*p)++; **p && (**p != '\'' || (*p)[1] == '\''); (*p)++) {
            str_addc(&s, **p);
            *p += **p == '\'';
        }
        if (**p == '\'')
            (*p)++;
        else
            str_reset(&s);
    }
    struct json *v = s.len ? json_string(str_p(&s)) : NULL;
    str_free(&s);
    return v;
}

static bool add_value(struct term *t, const char **p)
{
    struct json *v = value(p);
    if (v)
        json_push(t->values, v);
    return v != NULL;
}

/* any(c:c eq 'x'): behind "member/any(". */
static bool any_term(struct term *t, const char **p)
{
    char var[32], again[32];
    t->op = OP_ANY;
    return name(p, var, sizeof(var)) && word(p, ":") && name(p, again, sizeof(again)) &&
           str_eq(var, again) && word(p, "eq") && add_value(t, p) && word(p, ")");
}

static bool in_term(struct term *t, const char **p)
{
    if (!word(p, "("))
        return false;
    do {
        if (!add_value(t, p))
            return false;
    } while (word(p, ","));
    return word(p, ")");
}

static bool read_term(struct term *t, const char **p)
{
    t->op = OP_EQ;
    t->values = json_array();
    if (word(p, "startswith")) {
        t->op = OP_STARTS;
        return word(p, "(") && name(p, t->member, sizeof(t->member)) && word(p, ",") &&
               add_value(t, p) && word(p, ")");
    }
    if (!name(p, t->member, sizeof(t->member)))
        return false;
    char *slash = strrchr(t->member, '/');
    if (slash && str_ieq(slash, "/any")) {
        *slash = '\0';
        return word(p, "(") && any_term(t, p);
    }
    if (word(p, "in"))
        return in_term(t, p);
    return word(p, "eq") && add_value(t, p);
}

static bool read_filter(struct filter *f, const char *text)
{
    const char *p = text;
    for (;;) {
        bool wrapped = word(&p, "(");
        if (f->n == TERMS_MAX || !read_term(&f->terms[f->n++], &p) || (wrapped && !word(&p, ")")))
            return false;
        blanks(&p);
        if (!*p)
            return true;
        if (f->n == TERMS_MAX)
            return false;
        if (word(&p, "or"))
            f->terms[f->n].or_before = true;
        else if (!word(&p, "and"))
            return false;
    }
}

static void drop_filter(struct filter *f)
{
    for (size_t i = 0; i < f->n; i++)
        json_free(f->terms[i].values);
}

/* ---- judging ---- */

static bool same(const struct json *have, const struct json *want, bool starts)
{
    const char *a = json_value_str(have), *b = json_value_str(want);
    if (!a || !b)
        return have && json_equal(have, want);
    return starts ? str_istarts(a, b) : str_ieq(a, b);
}

static bool term_fits(const struct term *t, const struct json *o)
{
    const struct json *have = json_member(o, t->member);
    JSON_EACH (want, t->values) {
        if (t->op != OP_ANY && same(have, want, t->op == OP_STARTS))
            return true;
        if (t->op == OP_ANY)
            JSON_EACH (one, have)
                if (same(one, want, false))
                    return true;
    }
    return false;
}

/* "and" binds closer than "or". */
static bool filter_fits(const struct filter *f, const struct json *o)
{
    bool group = true;
    for (size_t i = 0; i < f->n; i++) {
        if (f->terms[i].or_before) {
            if (group)
                return true;
            group = true;
        }
        group = group && term_fits(&f->terms[i], o);
    }
    return group;
}

/* ---- what leaves ---- */

static bool selected(const char *select, const char *member)
{
    size_t n = strlen(member);
    if (!select || !*select)
        return true;
    for (const char *p = select; *p; p += strspn(p, ", ")) {
        size_t len = strcspn(p, ",");
        if (len == n && !strncasecmp(p, member, n))
            return true;
        p += len;
    }
    return false;
}

static struct json *clean(const struct json *j)
{
    struct json *out;
    if (json_is_array(j)) {
        out = json_array();
        JSON_EACH (c, j)
            json_push(out, clean(c));
        return out;
    }
    if (!json_is_object(j))
        return json_copy(j);
    out = json_object();
    JSON_EACH (c, j)
        if (json_name(c)[0] != '_')
            json_set(out, json_name(c), clean(c));
    return out;
}

struct json *graph_form(const struct sb_req *q, const struct json *o, const char *type)
{
    const char *select = sb_query(q, "$select");
    struct json *all = clean(o), *out = json_object();
    if (type)
        json_set_str(out, "@odata.type", type);
    JSON_EACH (c, all)
        if (selected(select, json_name(c)))
            json_set(out, json_name(c), json_copy(c));
    /* a certificate's bytes come only when the credentials are asked for by name */
    if (!select || !str_ifind(select, "keyCredentials"))
        JSON_EACH (k, json_member(out, "keyCredentials"))
            json_set(json_edit(k), "key", json_null());
    json_free(all);
    return out;
}

void graph_one(const struct sb_req *q, struct sb_reply *r, int status, const char *set,
               const struct json *o)
{
    struct json *doc = json_object(), *form = graph_form(q, o, NULL);
    struct str context = STR_INIT;
    str_addf(&context, "%s" GRAPH "/$metadata#%s/$entity", q->base, set);
    json_set_str(doc, "@odata.context", str_p(&context));
    JSON_EACH (c, form)
        json_set(doc, json_name(c), json_copy(c));
    json_free(form);
    str_free(&context);
    sb_reply_json(r, status, doc);
}

static int64_t number(const struct sb_req *q, const char *name_of, int64_t dflt)
{
    const char *text = sb_query(q, name_of);
    int64_t n = 0;
    return text && str_to_int(text, &n) && n > 0 ? n : dflt;
}

static void add_next_link(const struct sb_req *q, struct json *doc, int64_t skip)
{
    struct str s = STR_INIT;
    str_addf(&s, "%s%s?", q->base, q->path);
    JSON_EACH (c, q->query) {
        if (str_eq(json_name(c), "$skiptoken") || !json_value_str(c))
            continue;
        str_addf(&s, "%s=", json_name(c));
        str_add_url(&s, json_value_str(c));
        str_addc(&s, '&');
    }
    str_addf(&s, "$skiptoken=%lld", (long long)skip);
    json_set_str(doc, "@odata.nextLink", str_p(&s));
    str_free(&s);
}

static struct json *page(struct sb_req *q, const struct filter *f, const struct json *all,
                         int64_t *next)
{
    struct json *list = json_array();
    int64_t skip = number(q, "$skiptoken", 0), top = number(q, "$top", PAGE), at = 0;
    *next = 0;
    top = top > PAGE_MAX ? PAGE_MAX : top;
    JSON_EACH (o, all) {
        const char *tid = json_str(o, "_tid");
        if ((tid && !str_ieq(tid, graph_tid(q))) || !filter_fits(f, o))
            continue;
        if (at >= skip + top)
            *next = skip + top;
        else if (at >= skip)
            json_push(list, graph_form(q, o, NULL));
        at++;
    }
    return list;
}

void graph_list(struct sb_req *q, struct sb_reply *r, const char *set, const struct json *all)
{
    const char *text = sb_query(q, "$filter");
    struct filter f = { .n = 0 };
    int64_t next = 0;
    if (text && *text && !read_filter(&f, text)) {
        sb_graph_error(q, r, 400, "BadRequest", "Invalid filter clause: '%.200s'.", text);
    } else {
        struct json *doc = json_object();
        struct str context = STR_INIT;
        str_addf(&context, "%s" GRAPH "/$metadata#%s", q->base, set);
        json_set_str(doc, "@odata.context", str_p(&context));
        struct json *list = page(q, &f, all, &next);
        if (next)
            add_next_link(q, doc, next);
        json_set(doc, "value", list);
        str_free(&context);
        sb_reply_json(r, 200, doc);
    }
    drop_filter(&f);
}
