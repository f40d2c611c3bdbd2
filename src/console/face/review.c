#include "config.h"

#include "console/face/review.h"

#include "base/i18n.h"
#include "base/str.h"
#include "base/text.h"
#include "console/face/fields.h"
#include "console/ui/text.h"

struct review {
    struct form *where;
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
    { "create", N_("to be created") },     { "register", N_("to be registered") },
    { "connect", N_("to be connected") },  { "assign", N_("to be assigned") },
    { "keep", N_("there already, kept") },
};

static const char *how_text(const char *id)
{
    for (size_t i = 0; i < ARRAY_LEN(hows); i++)
        if (str_eq(hows[i].id, id))
            return _(hows[i].text);
    return id;
}

static int field_of(const char *id)
{
    for (int i = 0; i < WHERE_FIELDS; i++)
        if (str_eq(where_fields[i].id, id))
            return i;
    return -1;
}

static const char *clean(char *out, size_t size, const struct json *j, const char *name)
{
    text_set(out, size, json_str(j, name));
    return out;
}

/* "Contoso-Prod, from Azure's list", with the id and what the core found in lines below. */
static void say_field(struct review *r, const struct json *f)
{
    char id[64], text[200], source[80], note[300], level[16];
    int i = field_of(clean(id, sizeof id, f, "field"));
    const struct form_value *v = i >= 0 ? &r->where->values[i] : NULL;
    const char *shown = text;
    bool bad, warn;

    clean(text, sizeof text, f, "value");
    clean(source, sizeof source, f, "source");
    clean(note, sizeof note, f, "note");
    clean(level, sizeof level, f, "level");
    bad = str_eq(level, "fail");
    warn = str_eq(level, "warn");
    if (v && v->source != FORM_EMPTY)
        STR_SET(source, fields_source(v->source));
    if (v && guid_is(text) && v->in.text[0])
        shown = v->in.text;
    value(r, v ? _(where_fields[i].label) : id, shown, source);
    if (!str_ieq(shown, text))
        line(r, REVIEW_NOTE, "%s", text);
    if (note[0] && !str_ieq(note, shown))
        line(r, bad ? REVIEW_FAIL : warn ? REVIEW_WARN : REVIEW_NOTE, "%s", note);
    if (bad) {
        r->right = false;
        form_message(r->where, id, level, note);
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
        line(r, str_eq(how, "keep") ? REVIEW_KEPT : REVIEW_ACT, "%s %s: %s", what, str_p(&names),
             how_text(how));
        str_free(&names);
    }
}

bool review_say(const struct model *m, struct form *where, const struct json *result, int pad,
                review_line_fn *fn, void *payload)
{
    const struct sec_cluster *c = model_section(m, SEC_CLUSTER);
    struct review r = { where, pad, fn, payload, true };

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
