#include "config.h"

#include "op/steps.h"

#include "azure/arm.h"
#include "testing.h"

const struct op_plan *steps_plan = &op_register;

static struct op_run *make(struct fx *fx)
{
    bool leaving =
        steps_plan == &op_unregister || steps_plan == &op_arc_disable || steps_plan == &op_sync;
    bool machines = steps_plan == &op_reset; /* its steps need no values before them */
    const char *first = leaving ? "proof" : "inputs";
    struct json *in = fx_inputs();
    struct err e = { 0 };
    struct op_answer none = { 0 };
    struct op_run *r;
    struct op_view v;

    if (leaving) {
        json_set_str(in, "resourceName", "hci");
        json_set_str(in, "resourceGroupName", "hci-rg");
    }
    if (steps_plan == &op_arc_disable || steps_plan == &op_arc_enable)
        json_set_str(in, "arcOnly", "1");
    if (machines) {
        json_set_str(in, "id", "33333333-2222-3333-4444-555555555555");
        json_set_str(in, "machines", "node1 node2");
    }
    fx->ports.runs_dir = NULL;
    r = op_run_make(&fx->ports, steps_plan, in, NULL, &e);
    assert_non_null(r);
    json_free(in);
    if (machines)
        return r;
    v = (struct op_view){ r, op_cell_of(r, first, -1) };
    assert_int_equal(v.cell->step->check.read(&v, &none, &e), OP_DONE);
    op_set_fact(&v, "arcGroup", "hci-rg");
    return r;
}

static struct op_view view_of(struct op_run *r, const char *step)
{
    struct op_cell *c = op_cell_of(r, step, -1);
    struct op_view v = { r, c ? c : op_cell_of(r, step, 0) };

    assert_non_null(v.cell);
    return v;
}

/* Calls fn for each "name=value". */
static void each(struct op_view *v, const char *facts,
                 void (*fn)(struct op_view *, const char *, const char *))
{
    char *copy = xstrdup(facts ? facts : ""), *p = copy;

    while (p && *p) {
        char *end = strchr(p, ';'), *eq;

        if (end)
            *end = '\0';
        eq = strchr(p, '=');
        if (eq)
            *eq = '\0';
        fn(v, p, eq ? eq + 1 : "");
        p = end ? end + 1 : NULL;
    }
    free(copy);
}

static void set(struct op_view *v, const char *name, const char *value)
{
    if (str_eq(name, "!tries"))
        v->cell->tries = 1;
    else if (str_eq(name, "!made"))
        v->cell->made = true;
    else if (name[0] == '@')
        op_set_node_fact(v, name + 1, value);
    else if (name[0] == '*')
        for (size_t i = 0; i < op_node_count(v); i++)
            json_set_str(v->run->node_facts[i], name + 1, value);
    else if (name[0] == '1')
        json_set_str(v->run->node_facts[1], name + 1, value);
    else
        op_set_fact(v, name, value);
}

static void look(struct op_view *v, const char *name, const char *value)
{
    const char *is = name[0] == '@' ? op_node_fact(v, op_node_name(v), name + 1) : op_fact(v, name);

    if (!str_eq(is, value))
        print_message("%s: fact %s\n", op_step_id(v), name);
    assert_string_equal(is, value);
}

static const struct op_act *act_of(const struct op_view *v, enum op_act_kind kind)
{
    const struct op_step *s = v->cell->step;

    return kind == OP_A_CHECK ? &s->check : kind == OP_A_APPLY ? &s->apply : &s->undo;
}

static void same_body(const struct json *body, const char *text)
{
    struct err e = { 0 };
    struct json *want = text ? json_parse(text, strlen(text), 0, &e) : NULL;
    struct str s = STR_INIT;

    if (body)
        json_write(&s, body);
    if (want && !json_equal(body, want))
        assert_string_equal(str_p(&s), text);
    if (!text)
        assert_null(body);
    str_free(&s);
    json_free(want);
}

static void one_asked(struct fx *fx, const struct asked *row)
{
    struct op_run *r = make(fx);
    struct op_view v = view_of(r, row->step);
    struct op_need n = { 0 };

    each(&v, row->facts, set);
    if (act_of(&v, row->act)->ask)
        act_of(&v, row->act)->ask(&v, &n);
    if (row->verb) {
        assert_int_equal(n.kind, OP_NEED_NODE);
        assert_string_equal(node_verb_name(n.verb), row->verb);
        assert_int_equal(n.with_token || n.with_secret, node_verbs[n.verb].takes_token);
        if (row->body)
            same_body(n.args, row->body);
    } else if (row->method) {
        assert_int_equal(n.kind, OP_NEED_ARM);
        assert_string_equal(n.method, row->method);
        assert_string_equal(str_p(&n.path), row->path);
        assert_string_equal(str_p(&n.query), row->query ? row->query : "");
        assert_string_equal(n.api ? n.api : "", row->api ? row->api : "");
        assert_int_equal(!n.api, (n.arm_flags & ARM_GRAPH) != 0);
        same_body(n.body, row->body);
    } else {
        assert_int_equal(n.kind, OP_NEED_NONE);
    }
    str_free(&n.path);
    str_free(&n.query);
    json_free(n.body);
    json_free(n.args);
    op_run_free(r);
}

void steps_asked(const struct asked *rows, size_t n)
{
    struct fx *fx = fx_new(2);

    for (size_t i = 0; i < n; i++)
        one_asked(fx, &rows[i]);
    fx_free(fx);
}

static void one_told(struct fx *fx, const struct told *row)
{
    struct op_run *r = make(fx);
    struct op_view v = view_of(r, row->step);
    struct err e = { 0 };
    struct json *body = row->body ? json_parse(row->body, strlen(row->body), 0, &e) : NULL;
    struct op_answer a = { .http = row->http, .json = body };
    enum op_verdict vd;

    if (row->http >= 400)
        arm_error(&a.err, row->http, row->body ? row->body : "", row->body ? strlen(row->body) : 0,
                  NULL, NULL);
    else if (row->http < 0) {
        a.http = 0;
        err_set(&a.err, ERR_NODE, 42, "the agent failed");
        STR_SET(a.err.remote_code, json_str(body, "code"));
        a.json = NULL;
    }
    each(&v, row->facts, set);
    vd = act_of(&v, row->act)->read(&v, &a, &e);
    if (vd != row->verdict || (row->code && e.code != row->code))
        print_message("%s act %d HTTP %d: verdict %d code %d %s\n", row->step, (int)row->act,
                      row->http, (int)vd, e.code, e.message);
    assert_int_equal(vd, row->verdict);
    if (row->code)
        assert_int_equal(e.code, row->code);
    if (vd == OP_FAILED)
        assert_true(err_is(&e));
    each(&v, row->after, look);
    json_free(body);
    op_run_free(r);
}

void steps_told(const struct told *rows, size_t n)
{
    struct fx *fx = fx_new(2);

    for (size_t i = 0; i < n; i++)
        one_told(fx, &rows[i]);
    fx_free(fx);
}
