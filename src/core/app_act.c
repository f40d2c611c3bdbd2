/* app_act.c - what all operations but `register` share: the review that their -check answers, the
 * word that they want typed, and the choice between a check run and the run itself. */
#include "config.h"

#include "base/i18n.h"
#include "base/text.h"
#include "core/advice.h"
#include "core/app_int.h"

struct json *app_act_review(const struct op_plan *plan, const struct json *inputs)
{
    struct json *review = json_object();

    json_set_str(review, "plan", plan->id);
    json_set_str(review, "title", _(plan->title));
    json_set(review, "inputs", json_copy(inputs));
    return review;
}

void app_act_error(struct json *review, const struct err *e)
{
    struct err told = *e;

    advice_fill(&told);
    json_set(review, "error", json_encode(&err_json, &told));
}

void app_act_within(struct err *e, const char *part)
{
    char had[sizeof e->context];

    STR_SET(had, e->context);
    str_fmt(e->context, sizeof e->context, "%s%s%s", part, *had ? ": " : "", had);
}

void app_act_confirm(struct json *review, const char *word, const char *ask)
{
    struct json *confirm = json_object();

    json_set_str(confirm, "word", word);
    json_set_str(confirm, "ask", ask);
    json_set(review, "confirm", confirm);
}

int app_act_confirmed(const struct json *args, const char *word, struct err *e)
{
    char typed[128];

    text_set(typed, sizeof(typed), json_str(args, "confirm"));
    if (*word && str_ieq(typed, word))
        return 0;
    if (typed[0])
        return err_set(e, ERR_OP, ERR_C_CONFIRM,
                       _("%s was typed, but the name is %s. Nothing was changed."), typed, word);
    return err_set(e, ERR_OP, ERR_C_CONFIRM,
                   _("The name %s must be typed before this starts. Nothing was changed."), word);
}

void app_act_steps(struct json *review, struct op_run *check)
{
    struct json *all = json_edit(json_member(review, "steps")), *steps = op_preview(check);

    JSON_EACH (s, steps)
        json_push(all, json_copy(s));
    json_free(steps);
}

/* ---- a check run ---- */

static void on_checked(void *payload)
{
    struct app_job *j = payload;

    j->timer = NULL;
    j->checked(j);
}

/* The run is freed in a turn of its own, not from inside its callback. */
static void on_check(void *payload, struct op_run *r)
{
    struct app_job *j = payload;
    enum op_run_state s = op_run_state(r);

    if ((s == OP_R_DONE || s == OP_R_FAILED || s == OP_R_STOPPED) && !j->timer)
        j->timer = loop_after(j->app->c.loop, 0, on_checked, j);
}

int app_act_check(struct app_job *j, const struct op_ports *ports, const struct op_plan *plan,
                  const struct json *inputs, app_checked_fn *fn, struct err *e)
{
    struct op_ports p;

    app_ports(j->app, &p);
    if (j->check)
        op_run_free(j->check);
    j->checked = fn;
    j->check = op_check_start(ports ? ports : &p, plan, inputs, on_check, j, e);
    if (!j->check)
        return -1;
    app_run_secret(j->check, &j->ask);
    return 0;
}

/* ---- check, or begin ---- */

struct app_job *app_act_job(struct app *a, const struct serve_ask *ask,
                            const struct app_proven *what, struct json *inputs_owned, bool check)
{
    struct app_job *j = app_job_new(a, ask);

    j->proven = what;
    j->values = json_object();
    json_set(j->values, "inputs", inputs_owned);
    json_set_bool(j->values, "check", check);
    return j;
}

static void answer_check(struct app_job *j)
{
    const struct json *in = json_member(j->values, "inputs");
    struct json *facts = op_run_facts(j->check), *review = app_act_review(j->proven->plan, in);

    j->proven->review(j, review, facts);
    json_set(review, "steps", op_preview(j->check));
    if (op_run_state(j->check) == OP_R_FAILED)
        app_act_error(review, op_run_error(j->check));
    serve_result(&j->ask, review);
    json_free(facts);
    app_job_free(j);
}

void app_act_go(struct app_job *j)
{
    const struct json *in = json_member(j->values, "inputs");
    const struct op_plan *plan = j->proven->plan;
    struct err e = { 0 };

    if (!json_flag(j->values, "check", false))
        app_run_start(j->app, &j->ask, plan, in, &e);
    else if (app_act_check(j, NULL, plan, in, answer_check, &e) == 0)
        return;
    if (err_is(&e))
        serve_error(&j->ask, &e);
    app_job_free(j);
}

void app_act_end(struct app_job *j, app_begin_fn *begin, struct err *why)
{
    const struct json *review = json_member(j->values, "review");

    if (json_flag(j->values, "check", false) && review) {
        struct json *answer = json_copy(review);

        if (err_is(why))
            app_act_error(answer, why);
        serve_result(&j->ask, answer);
    } else if (err_is(why) || begin(j, why) < 0) {
        serve_error(&j->ask, why);
    }
    app_job_free(j);
}
