/* op_undo_show.c - what an undo would take back and what stays, told from the journal. */
#include "config.h"

#include "op/op_engine.h"

#include "base/i18n.h"
#include "base/text.h"

struct telling {
    struct json *will;
    int64_t made, back, lost;
};

static const char *what_of(const struct op_cell *c, const struct op_thing *t)
{
    return t ? (t->what[0] ? _(t->what) : "") : _(c->step->title);
}

static const char *name_of(const struct op_cell *c, const struct op_thing *t)
{
    struct op_view v = { c->run, (struct op_cell *)c };

    if (!t || !t->name)
        return op_node_name(&v);
    return t->name[0] == '=' ? t->name + 1 : op_fact(&v, t->name);
}

static const char *why_it_stays(const struct op_cell *c, const struct op_thing *t)
{
    if (t && t->why)
        return _(t->why);
    if (c->step->flags & OP_NO_RETURN)
        return _("this cannot be taken back");
    return _("nothing takes this back; it does no harm");
}

static void add(struct telling *out, const struct op_cell *c, const struct op_thing *t,
                const char *how, const char *why)
{
    struct json *row = json_object();

    json_set_str(row, "step", c->step->id);
    json_set_str(row, "what", what_of(c, t));
    json_set_str(row, "name", name_of(c, t));
    json_set_str(row, "how", how);
    json_set_str(row, "why", why);
    json_push(out->will, row);
}

static void tell_made(struct telling *out, struct op_cell *c, const struct op_thing *t)
{
    const struct op_cell *with = op_goes_with(c);
    bool quiet = t && !t->what[0], goes = op_undoable(c) || with;
    char why[300] = "";

    if (quiet && (goes || !t->why))
        return;
    out->made++;
    out->back += goes;
    out->lost += !goes && !t && c->step->flags & OP_NO_RETURN;
    if (c->begun && !c->made && goes)
        STR_SET(why, _("it is looked first whether it came to be"));
    else if (with && !op_undoable(c))
        str_fmt(why, sizeof why, _("goes with: %s"),
                what_of(with, op_thing_of(c->run, with->step)));
    else if (t && t->only)
        STR_SET(why, _(t->only));
    else if (c->begun && !c->made)
        str_fmt(why, sizeof why, _("if it came to be: %s"), why_it_stays(c, t));
    else if (!goes)
        STR_SET(why, why_it_stays(c, t));
    add(out, c, t, goes ? "delete" : "keep", why);
}

/* Steps that only look make nothing that could stay. */
static void tell(struct telling *out, struct op_cell *c)
{
    const struct op_thing *t = op_thing_of(c->run, c->step);

    if (!c->step->apply.read)
        return;
    if (c->made || c->begun)
        tell_made(out, c, t);
    else if (c->state == OP_S_FOUND && !op_goes_with(c) &&
             (t ? t->what[0] != '\0' : c->step->undo.read != NULL))
        add(out, c, t, "keep", _("it was there before this operation"));
}

struct json *op_undo_preview(const struct op_ports *p, const char *id, struct err *e)
{
    struct op_run *r = op_run_load(p, NULL, id, e);
    struct telling out = { .will = json_array() };
    struct json *answer;

    if (!r) {
        json_free(out.will);
        return NULL;
    }
    op_recall_facts(r);
    op_undo_parts(r);
    for (size_t s = r->plan->n; s-- > 0;)
        for (size_t k = r->first[s]; k < r->first[s + 1]; k++)
            tell(&out, &r->cells[k]);
    op_run_free(r);
    answer = json_object();
    json_set(answer, "will", out.will);
    json_set_int(answer, "made", out.made);
    json_set_int(answer, "back", out.back);
    json_set_int(answer, "lost", out.lost);
    return answer;
}

int op_undo_tenant(const struct op_ports *p, const char *id, char out[40], struct err *e)
{
    struct op_run *r = op_run_load(p, NULL, id, e);

    out[0] = '\0';
    if (!r)
        return -1;
    str_copy(out, 40, op_run_input(r, "tenantId"));
    op_run_free(r);
    return 0;
}
