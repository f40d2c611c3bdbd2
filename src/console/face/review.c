#include "config.h"

#include "console/face/review.h"

#include <string.h>

#include "base/i18n.h"
#include "base/str.h"
#include "base/text.h"
#include "console/face/fields.h"
#include "console/face/words.h"
#include "console/ui/text.h"

struct review {
    struct form *where, *more;
    int pad;
    review_line_fn *fn;
    void *payload;
    bool right;
};

static void line(const struct review *r, enum review_kind kind, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
static void line(const struct review *r, enum review_kind kind, const char *fmt, ...)
{
    struct str s = STR_INIT;
    va_list ap;

    va_start(ap, fmt);
    str_addv(&s, fmt, ap);
    va_end(ap);
    r->fn(r->payload, kind, str_p(&s));
    str_free(&s);
}

static void value(const struct review *r, const char *label, const char *text, const char *source)
{
    const char *comma = source[0] ? ", " : "";

    char padded[120];

    if (r->pad)
        line(r, REVIEW_VALUE, "%s %s%s%s", text_pad(padded, sizeof padded, label, r->pad), text,
             comma, source);
    else
        line(r, REVIEW_VALUE, "%s: %s%s%s", label, text, comma, source);
}

static const struct how {
    const char *id, *text;
} hows[] = {
    { "create", N_("to be created") },
    { "register", N_("to be registered") },
    { "connect", N_("to be connected") },
    { "assign", N_("to be assigned") },
    { "keep", N_("there already, kept") },
    { "consent", N_("you consent to their installation") },
    { "renew", N_("to be renewed") },
    { "repair", N_("missing: needs a repair") },
    { "enough", N_("enough, as far as roles tell") },
    { "lacking", N_("not enough") },
    { "unseen", N_("cannot be read; Azure will tell") },
};

const char *preview_how(const char *id)
{
    for (size_t i = 0; i < ARRAY_LEN(hows); i++)
        if (str_eq(hows[i].id, id))
            return _(hows[i].text);
    return id ? id : "";
}

/* The core's words for a step that was looked at (op.h, op_preview). */
static const struct how states[] = {
    { "ok", N_("fine") },         { "there", N_("there") }, { "make", N_("make") },
    { "perhaps", N_("perhaps") }, { "later", N_("later") }, { "not", N_("not") },
    { "stop", N_("STOP") },
};

const char *preview_state(const char *word)
{
    for (size_t i = 0; i < ARRAY_LEN(states); i++)
        if (str_eq(states[i].id, word))
            return _(states[i].text);
    return word ? word : "";
}

static int find_in(const struct form *f, const char *id)
{
    for (int i = 0; i < f->n; i++)
        if (str_eq(form_id(&f->fields[i]), id))
            return i;
    return -1;
}

static const struct form_value *value_named(const struct review *r, const char *id)
{
    int i = find_in(r->where, id), k = find_in(r->more, id);

    return i >= 0 ? &r->where->values[i] : k >= 0 ? &r->more->values[k] : NULL;
}

static const char *label_of(const char *id)
{
    const struct param *p = param_find(id);

    return p && p->label ? _(p->label) : id;
}

static const char *clean(char *out, size_t size, const struct json *j, const char *name)
{
    text_set(out, size, json_str(j, name));
    return out;
}

/* "Contoso-Prod, from Azure's list", with the id and what the core found in lines below. */
static void say_field(struct review *r, const struct json *f)
{
    char id[64], text[600], source[80], note[300], level[16];
    const struct form_value *v = value_named(r, clean(id, sizeof id, f, "field"));
    const char *shown = text;
    bool bad, warn;

    clean(text, sizeof text, f, "value");
    clean(source, sizeof source, f, "source");
    clean(note, sizeof note, f, "note");
    clean(level, sizeof level, f, "level");
    bad = str_eq(level, "fail");
    warn = str_eq(level, "warn");
    if (v && v->source != FORM_EMPTY)
        STR_SET(source, fields_source(str_eq(text, "true") ? FORM_TYPED : v->source));
    if (v && v->in.text[0] && (guid_is(text) || str_eq(text, "true")))
        shown = v->in.text;
    value(r, label_of(id), shown, source);
    if (!str_ieq(shown, text) && !str_eq(text, "true"))
        line(r, REVIEW_NOTE, "%s", text);
    if (note[0] && !str_ieq(note, shown))
        line(r, bad ? REVIEW_FAIL : warn ? REVIEW_WARN : REVIEW_NOTE, "%s", note);
    if (bad) {
        r->right = false;
        form_message(r->where, id, level, note);
        form_message(r->more, id, level, note);
    }
}

/* Acts of the same kind in one paragraph: sixteen nodes are one line of names. */
static void say_acts(const struct review *r, const struct json *will)
{
    const struct json *a = json_first(will);
    char what[120], how[40], name[200];

    while (a) {
        struct str names = STR_INIT;
        const struct json *first = a;

        clean(what, sizeof what, a, "what");
        clean(how, sizeof how, a, "how");
        for (; a && str_eq(json_str(a, "what"), json_str(first, "what")) &&
               str_eq(json_str(a, "how"), json_str(first, "how"));
             a = json_next(a))
            str_addf(&names, "%s%s", names.len ? ", " : "", clean(name, sizeof name, a, "name"));
        line(r,
             str_eq(how, "keep") || str_eq(how, "enough")      ? REVIEW_KEPT
             : str_eq(how, "unseen") || str_eq(how, "lacking") ? REVIEW_WARN
                                                               : REVIEW_ACT,
             "%s %s: %s", what, str_p(&names), preview_how(how));
        str_free(&names);
    }
}

void review_steps(const struct json *result, review_line_fn *fn, void *payload)
{
    const struct review r = { .fn = fn, .payload = payload };
    char title[160], method[16], address[600], node[64];

    JSON_EACH (st, json_get(result, "steps")) {
        line(&r, REVIEW_TITLE, "%s: %s", clean(title, sizeof title, st, "title"),
             preview_state(json_str(st, "state")));
        JSON_EACH (q, json_get(st, "requests")) {
            clean(node, sizeof node, q, "node");
            line(&r, str_eq(json_str(q, "kind"), "write") ? REVIEW_ACT : REVIEW_NOTE, "%s %s%s%s",
                 clean(method, sizeof method, q, "method"), node, node[0] ? ": " : "",
                 clean(address, sizeof address, q, "address"));
        }
    }
}

struct json *review_args(const struct form *where, const struct form *more)
{
    struct json *args = json_object();

    json_set(args, "values", fields_args(where, more));
    json_set(args, "whole", json_bool(true));
    return args;
}

bool review_stop(const struct json *result, struct err *why)
{
    struct err bad = { 0 };

    err_clear(why);
    if (!json_member(result, "error"))
        return false;
    if (json_decode(json_member(result, "error"), &err_json, why, &bad) < 0)
        *why = bad;
    return err_is(why);
}

/* Each right in a line of its own: they are what is to be asked for. */
static void say_lacks(const struct review *r, const struct json *missing)
{
    char scope[400], raw[200], action[200];

    JSON_EACH (m, missing) {
        const char *all = json_str(m, "actions"), *end;

        line(r, REVIEW_STOP, _("Missing over %s:"), clean(scope, sizeof scope, m, "scope"));
        for (; all && *all; all = *end ? end + 2 : end) {
            end = strstr(all, ", ");
            end = end ? end : all + strlen(all);
            str_fmt(raw, sizeof raw, "%.*s", (int)(end - all), all);
            TEXT_SET(action, raw);
            line(r, REVIEW_LACK, "%s", action);
        }
    }
}

static void say_stop(const struct review *r, const struct json *result)
{
    const struct json *missing = json_get(result, "missing");
    char text[2000], *next, *p = text;
    struct err why;

    if (!review_stop(result, &why))
        return;
    line(r, REVIEW_STOP, "%s", _("This registration would be stopped:"));
    say_lacks(r, missing);
    if (json_len(missing))
        why.detail[0] = '\0'; /* the same in one line */
    words_error(text, sizeof text, &why);
    for (; p; p = next) {
        next = strchr(p, '\n');
        if (next)
            *next++ = '\0';
        if (*p)
            line(r, REVIEW_STOP, "%s", p);
    }
}

bool review_say(const struct model *m, struct form *where, struct form *more,
                const struct json *result, int pad, review_line_fn *fn, void *payload)
{
    const struct sec_cluster *c = model_section(m, SEC_CLUSTER);
    struct review r = { where, more, pad, fn, payload, true };

    say_stop(&r, result);
    value(&r, _("Cluster"), c->name, where->values[WHERE_CLOUD].in.text);
    JSON_EACH (f, json_get(result, "fields"))
        say_field(&r, f);
    line(&r, REVIEW_TITLE, "%s", _("What will be done"));
    say_acts(&r, json_get(result, "will"));
    line(&r, REVIEW_TITLE, "%s", _("What cannot be undone"));
    line(&r, REVIEW_PROSE, "%s",
         _("Region and resource name stay until the cluster is unregistered. From its creation on "
           "the subscription is billed for the cluster. Registered resource providers stay "
           "registered."));
    return r.right;
}
