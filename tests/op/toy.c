#include "config.h"

#include "op/toy.h"

#include "testing.h"

/* ---- a toy plan: its resources are /toy/<step> ---- */

void toy_ask_get(const struct op_view *v, struct op_need *n)
{
    n->kind = OP_NEED_ARM;
    n->method = "GET";
    n->api = "1";
    arm_path(&n->path, "/toy/%s", op_step_id(v));
}

enum op_verdict toy_read_get(struct op_view *v, const struct op_answer *a, struct err *e)
{
    char fact[40];

    if (a->http == 404)
        return OP_ABSENT;
    if (a->http != 200) {
        *e = a->err;
        return OP_FAILED;
    }
    str_fmt(fact, sizeof fact, "%s.seen", op_step_id(v));
    op_set_fact(v, fact, "yes");
    return OP_DONE;
}

void toy_ask_change(const struct op_view *v, struct op_need *n)
{
    toy_ask_get(v, n);
    n->method = str_eq(op_step_id(v), "b") ? "POST" : "PUT";
    n->body = json_object();
}

enum op_verdict toy_read_change(struct op_view *v, const struct op_answer *a, struct err *e)
{
    (void)v;
    *e = a->err;
    return a->http >= 200 && a->http < 300 ? OP_DONE : OP_FAILED;
}

void toy_ask_delete(const struct op_view *v, struct op_need *n)
{
    toy_ask_get(v, n);
    n->method = "DELETE";
}

static void ask_show(const struct op_view *v, struct op_need *n)
{
    (void)v;
    n->kind = OP_NEED_NODE;
    n->verb = NODE_AGENT_SHOW;
}

static enum op_verdict read_show(struct op_view *v, const struct op_answer *a, struct err *e)
{
    const char *name = json_str(a->json, "resourceName");

    *e = a->err;
    if (err_is(&a->err))
        return OP_FAILED;
    op_set_node_fact(v, "name", name);
    return name && *name ? OP_DONE : OP_ABSENT;
}

static void ask_node(struct op_need *n, enum node_verb verb)
{
    n->kind = OP_NEED_NODE;
    n->verb = verb;
    n->with_token = true;
    n->args = json_object();
}

static void ask_connect(const struct op_view *v, struct op_need *n)
{
    ask_node(n, NODE_AGENT_CONNECT);
    json_set_str(n->args, "resourceName", op_node_name(v));
}

static void ask_disconnect(const struct op_view *v, struct op_need *n)
{
    (void)v;
    ask_node(n, NODE_AGENT_DISCONNECT);
}

static enum op_verdict read_node(struct op_view *v, const struct op_answer *a, struct err *e)
{
    (void)v;
    *e = a->err;
    return err_is(&a->err) ? OP_FAILED : OP_DONE;
}

static enum op_verdict read_quick(struct op_view *v, const struct op_answer *a, struct err *e)
{
    (void)a;
    (void)e;
    op_set_fact(v, "quick", "done");
    return OP_DONE;
}

static bool never(const struct op_view *v)
{
    (void)v;
    return false;
}

static const struct op_step toy_steps[] = {
    { .id = "a", .title = "a", THING },
    { .id = "pre", .title = "pre", THING },
    { .id = "b", .title = "b", .after = "a", THING },
    { .id = "n",
      .title = "n",
      .scope = OP_EACH_NODE,
      .after = "a",
      .check = { ask_show, read_show },
      .apply = { ask_connect, read_node },
      .undo = { ask_disconnect, read_node },
      .delay_ms = 5 },
    { .id = "c", .title = "c", .after = "b n pre", .check_needs = "@after", THING },
    { .id = "quick", .title = "quick", .after = "c", .apply = { NULL, read_quick } },
    { .id = "no", .title = "no", .after = "c", .when = never, THING },
    { .id = "soft",
      .title = "soft",
      .after = "c",
      .check_needs = "@after quick",
      .check = { toy_ask_get, toy_read_get },
      .flags = OP_SOFT },
};
static const char *const toy_inputs[] = { "region", NULL };
const struct op_plan toy = {
    .id = "toy", .title = "toy", .steps = toy_steps, .n = ARRAY_LEN(toy_steps), .inputs = toy_inputs
};

struct fx *toy_fx(int nodes)
{
    struct fx *fx = fx_new(nodes);

    fx_put(fx, "/toy/pre", "{}");
    return fx;
}

struct op_run *toy_resume(struct fx *fx, struct err *e)
{
    char id[80];

    STR_SET(id, strrchr(fx->journal, '/') + 1);
    id[strlen(id) - strlen(".jsonl")] = '\0';
    return op_run_resume_as(&fx->ports, &toy, id, NULL, NULL, e);
}

void toy_assert_all_there(struct fx *fx, int nodes)
{
    assert_true(fx_has(fx, "/toy/a") && fx_has(fx, "/toy/b") && fx_has(fx, "/toy/c") &&
                fx_has(fx, "/toy/pre"));
    assert_false(fx_has(fx, "/toy/no"));
    for (int i = 0; i < nodes; i++)
        assert_string_equal(fx->nodes[i].agent_name, fx->nodes[i].base.name);
    assert_int_equal(fx->made_twice, 0);
}

void toy_assert_only_pre(struct fx *fx, int nodes)
{
    assert_true(fx_has(fx, "/toy/pre"));
    assert_false(fx_has(fx, "/toy/a") || fx_has(fx, "/toy/b") || fx_has(fx, "/toy/c"));
    for (int i = 0; i < nodes; i++)
        assert_string_equal(fx->nodes[i].agent_name, "");
}
