#include "config.h"

#include "op/op_engine.h"

#include <string.h>

#include "base/text.h"

static const char *member(const struct json *facts, const char *name)
{
    const char *s = json_value_str(json_member(facts, name));

    return s ? s : "";
}

const char *op_input(const struct op_view *v, const char *name)
{
    return member(v->run->inputs, name);
}

/* "{cloudId}" for cluster.cloudId. */
static const char *hole(const struct op_run *r, const char *name)
{
    const char *dot = strrchr(name, '.');
    char text[80];

    str_fmt(text, sizeof text, "{%s}", dot ? dot + 1 : name);
    json_set_str(r->holes, name, text);
    return member(r->holes, name);
}

/* In a preview: what would be there by then. A state that says "absent" will say "made". */
static const char *foreseen(const struct op_run *r, const char *name, const char *value)
{
    if (!r->holes)
        return value;
    if (str_ends(name, ".state"))
        return str_eq(value, "absent") ? "made" : value;
    return *value ? value : hole(r, name);
}

bool op_is_hole(const char *fact)
{
    return fact[0] == '{';
}

const char *op_fact(const struct op_view *v, const char *name)
{
    return foreseen(v->run, name, member(v->run->facts, name));
}

const char *op_node_name(const struct op_view *v)
{
    return v->cell->node < 0 ? "" : v->run->nodes[v->cell->node]->name;
}

const char *op_node_fact(const struct op_view *v, const char *node, const char *name)
{
    for (size_t i = 0; i < v->run->n_nodes; i++)
        if (str_eq(v->run->nodes[i]->name, node))
            return foreseen(v->run, name, member(v->run->node_facts[i], name));
    return "";
}

static void remember(struct op_cell *c, const char *prefix, const char *name, const char *value)
{
    char key[80];

    if (!c->facts)
        c->facts = json_object();
    str_fmt(key, sizeof key, "%s%s", prefix, name);
    if (!json_member(c->facts, key) || !str_eq(member(c->facts, key), value))
        c->news = true;
    json_set_str(c->facts, key, value);
}

void op_set_fact(struct op_view *v, const char *name, const char *value)
{
    char clean[OP_FACT_MAX + 1];

    text_set(clean, sizeof clean, value ? value : "");
    json_set_str(v->run->facts, name, clean);
    remember(v->cell, "", name, clean);
}

void op_set_node_fact(struct op_view *v, const char *name, const char *value)
{
    char clean[OP_FACT_MAX + 1];

    if (v->cell->node < 0)
        return;
    text_set(clean, sizeof clean, value ? value : "");
    json_set_str(v->run->node_facts[v->cell->node], name, clean);
    remember(v->cell, "@", name, clean);
}

void op_set_secret(struct op_view *v, const char *text)
{
    secret_set(&v->run->secret, text, strlen(text));
}

bool op_has_secret(const struct op_view *v)
{
    return secret_is(&v->run->secret);
}

size_t op_node_count(const struct op_view *v)
{
    return v->run->n_nodes;
}

const char *op_node_at(const struct op_view *v, size_t i)
{
    return i < v->run->n_nodes ? v->run->nodes[i]->name : "";
}

const struct cloud *op_cloud(const struct op_view *v)
{
    return v->run->ports.cloud;
}

bool op_node_native(const struct op_view *v)
{
    for (size_t i = 0; i < v->run->n_nodes; i++)
        if (v->run->nodes[i]->native)
            return true;
    return false;
}

bool op_perhaps(const struct op_view *v)
{
    return v->cell->begun && !v->cell->made;
}

const char *op_step_id(const struct op_view *v)
{
    return v->cell->step->id;
}

bool op_made(const struct op_view *v)
{
    return v->cell->made;
}

const char *op_old_fact(const struct op_view *v, const char *name)
{
    const char *last = "";

    JSON_EACH (rec, v->run->old_facts) {
        const char *s = member(json_member(rec, "facts"), name);

        last = *s ? s : last;
    }
    return last;
}

int op_tries(const struct op_view *v)
{
    return v->cell->tries + (v->cell->begun && !v->cell->tries);
}

void op_note(struct op_view *v, const char *fmt, ...)
{
    struct str s = STR_INIT;
    va_list ap;

    va_start(ap, fmt);
    str_addv(&s, fmt, ap);
    va_end(ap);
    TEXT_SET(v->cell->detail, str_p(&s));
    str_free(&s);
}

const char *op_next_word(const char *words, char *out, size_t size)
{
    size_t n;

    words += strspn(words ? words : "", " ");
    n = strcspn(words, " ");
    if (!n)
        return NULL;
    str_fmt(out, size, "%.*s", (int)n, words);
    return words + n;
}

bool op_has_word(const char *words, const char *word)
{
    char one[80];

    while (words && (words = op_next_word(words, one, sizeof one)))
        if (str_eq(one, word))
            return true;
    return false;
}

bool op_after_complete(const struct op_cell *c)
{
    const char *p = c->step->after;
    char id[80];

    while (p && (p = op_next_word(p, id, sizeof id)))
        for (size_t i = 0; i < c->run->plan->n; i++)
            if (str_eq(c->run->plan->steps[i].id, id) && !op_step_complete(c->run, i))
                return false;
    return true;
}

bool op_facts_known(const struct op_cell *c)
{
    const char *p = c->step->check_needs;
    const struct op_run *r = c->run;
    char name[80];

    while (p && (p = op_next_word(p, name, sizeof name))) {
        if (str_eq(name, "@after")) {
            if (!op_after_complete(c))
                return false;
        } else if (!json_member(r->facts, name) &&
                   !(c->node >= 0 && json_member(r->node_facts[c->node], name))) {
            return false;
        }
    }
    return true;
}

static bool path_known(const struct op_cell *c)
{
    const char *p = c->step->path_needs;
    char name[80];

    while (p && (p = op_next_word(p, name, sizeof name)))
        if (!json_member(c->run->facts, name))
            return false;
    return true;
}

bool op_path_open(const struct op_cell *c)
{
    return c->step->when_path && !path_known(c);
}

bool op_off_path(const struct op_cell *c)
{
    struct op_view v = { c->run, (struct op_cell *)c };

    if (!op_step_of(c->run->plan, c->step))
        return true;
    if (!c->step->when_path)
        return false;
    return path_known(c) ? !c->step->when_path(&v) : (c->step->flags & OP_OTHER_WAY) != 0;
}

bool op_wanted(const struct op_cell *c)
{
    struct op_view v = { c->run, (struct op_cell *)c };

    return !op_off_path(c) && (!c->step->when || c->step->when(&v));
}
