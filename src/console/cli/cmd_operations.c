#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/str.h"
#include "console/cli/follow.h"
#include "console/cli/output.h"
#include "console/cli/sign_in_ways.h"
#include "console/face/acts.h"
#include "console/face/outcome.h"

static const char *text_of(const struct json *row, const char *name)
{
    const char *s = json_str(row, name);

    return s ? s : "";
}

/* "register", "repair", or "move 2/2: register". */
static const char *plan_of(char out[48], const struct json *row)
{
    int64_t part = 0, parts = 0;

    json_int(row, "part", &part);
    json_int(row, "parts", &parts);
    if (parts)
        str_fmt(out, 48, "%s %d/%d: %s", text_of(row, "whole"), (int)part, (int)parts,
                text_of(row, "plan"));
    else
        str_copy(out, 48, text_of(row, json_member(row, "whole") ? "whole" : "plan"));
    return out;
}

static int list(struct cli *c)
{
    static const struct out_column columns[] = { { N_("Id"), 48 },
                                                 { N_("Plan"), 32 },
                                                 { N_("State"), 16 },
                                                 { N_("Started"), 20 },
                                                 { N_("Error"), 60 } };
    struct json *result = NULL;
    const struct json *runs;
    const char **cells;
    struct err e = { 0 };
    char(*when)[40], (*plan)[48];
    size_t n, k = 0, row = 0;

    if (cli_ask(c, "runs", json_object(), &result, &e) < 0)
        return cli_fail(c, &e);
    if (c->json) {
        out_json(result);
        return EXIT_DONE;
    }
    runs = json_get(result, "runs");
    n = json_len(runs);
    if (n == 0)
        puts(_("No operation was started here yet."));
    cells = xcalloc(n * ARRAY_LEN(columns) + 1, sizeof *cells);
    when = xcalloc(n + 1, sizeof *when);
    plan = xcalloc(n + 1, sizeof *plan);
    JSON_EACH (r, runs) {
        int64_t started = 0;

        cells[k++] = text_of(r, "id");
        cells[k++] = plan_of(plan[row], r);
        cells[k++] = text_of(r, "state");
        json_int(r, "started", &started);
        cells[k++] = out_time(when[row++], started);
        cells[k++] = json_str(r, "error.message") ? json_str(r, "error.message") : "";
    }
    if (n)
        out_table(columns, ARRAY_LEN(columns), cells, n);
    free(cells);
    free(when);
    free(plan);
    json_free(result);
    return EXIT_DONE;
}

static struct json *id_args(const char *id)
{
    struct json *args = json_object();

    json_set_str(args, "id", id);
    return args;
}

static int show(struct cli *c, const char *id)
{
    struct sec_run *r = xcalloc(1, sizeof *r);
    struct err e = { 0 };
    char a[40], span[24];

    if (cli_run_by_id(c, id, r, &e) < 0) {
        free(r);
        return cli_fail(c, &e);
    }
    if (c->json) {
        out_json(outcome_json(r));
        free(r);
        return EXIT_DONE;
    }
    out_pair(_("Operation"), r->id);
    if (r->parts)
        out_pair(_("Part"), r->title);
    if (r->before[0])
        out_pair(_("It follows"), r->before);
    if (r->next[0])
        out_pair(_("It is followed by"), r->next);
    out_pair(_("State"), r->state);
    out_pair(_("Started"), out_time(a, r->started_at));
    out_pair(_("Ended"), out_time(a, r->ended_at));
    for (size_t i = 0; i < r->n; i++) {
        const struct sec_step *s = &r->steps[i];
        int64_t end = s->ended_at ? s->ended_at : s->started_at ? wall_ms() : 0;

        printf("  %-9s %-6s %s%s%s\n", s->state,
               s->started_at ? out_span(span, end - s->started_at) : "", s->title,
               s->detail[0] ? "  " : "", s->detail);
    }
    cli_consent(r, stdout);
    cli_outcome(r);
    if (err_is(&r->error))
        out_error_lines(stdout, &r->error);
    free(r);
    return EXIT_DONE;
}

/* No id: the newest operation; the core says so if nothing of it is left to do. */
static int newest(struct cli *c, char id[64], struct err *e)
{
    struct json *result = NULL;

    if (cli_ask(c, "runs", json_object(), &result, e) < 0)
        return -1;
    str_copy(id, 64, json_str(json_first(json_get(result, "runs")), "id"));
    json_free(result);
    return id[0] ? 0
                 : err_set(e, ERR_OP, ERR_C_NOT_FOUND, "%s",
                           _("No operation was started here yet: there is nothing to go on with."));
}

static int resume(struct cli *c, const char *given)
{
    struct json *result = NULL;
    struct err e = { 0 };
    char run[64], id[64];

    STR_SET(id, given);
    if ((!id[0] && newest(c, id, &e) < 0) || cli_arc_secret(c, false, &e) < 0 ||
        cli_ask_arc(c, "run-resume", id_args(id), &result, &e) < 0)
        return cli_fail(c, &e);
    STR_SET(run, json_str(result, "id"));
    json_free(result);
    return cli_follow(c, run[0] ? run : id);
}

/* ---- undo ---- */

static void print_line(void *payload, enum review_kind kind, const char *text)
{
    (void)payload;
    printf("%s%s\n", kind == REVIEW_ACT || kind == REVIEW_KEPT ? "  - " : "", text);
}

static void print_review(const struct json *review)
{
    printf(_("Undo of %s (%s)\n"), json_str(review, "id"), json_str(review, "title"));
    act_review(review, print_line, NULL);
}

/* 1 yes, 0 no, -1 error */
static int confirmed(struct cli *c, const struct json *review, struct err *e)
{
    char line[40] = "";

    if (cli_switch(c, "yes"))
        return 1;
    if (!isatty(STDIN_FILENO) || !c->tty)
        return err_set(e, ERR_USAGE, 0, "%s",
                       _("nobody can be asked here: add --yes to undo without a question"));
    print_review(review);
    printf("%s ", _("Type yes to take it back:"));
    fflush(stdout);
    if (cli_ask_line(c, line, sizeof line, e) < 0)
        return -1;
    return str_ieq(line, "yes") || str_ieq(line, _("yes"));
}

static bool is_undone(struct cli *c, const char *id)
{
    struct sec_run *r = xcalloc(1, sizeof *r);
    struct err e = { 0 };
    bool undone = cli_run_by_id(c, id, r, &e) == 0 && str_eq(r->state, "undone");

    free(r);
    return undone;
}

/* A core that ended before it answered has begun it or not: asked again, it goes on with it, or
 * says that it is over. */
static int begin_undo(struct cli *c, const char *id, struct err *e)
{
    struct json *result = NULL;
    bool again = false;

    while (cli_ask(c, "run-undo", id_args(id), &result, e) < 0) {
        bool unsure = e->domain == ERR_WIRE && e->unsure;

        if (!unsure && !(again && e->code == ERR_C_IS_OVER && is_undone(c, id)))
            return -1;
        err_clear(e);
        if (!unsure)
            return 0;
        again = true;
    }
    json_free(result);
    return 0;
}

static int undo_it(struct cli *c, const struct json *review, struct err *e)
{
    char id[64];
    int r;

    STR_SET(id, json_str(review, "id"));
    r = review_stop(review, e) ? -1 : confirmed(c, review, e);
    if (r == 0)
        err_set(e, ERR_OP, ERR_C_CANCELLED, "%s", _("nothing was done"));
    if (r <= 0 || begin_undo(c, id, e) < 0)
        return cli_fail(c, e);
    return cli_follow_undo(c, id);
}

static int undo(struct cli *c, const char *id)
{
    struct json *review = NULL;
    struct err e = { 0 }, stop;
    int code = EXIT_DONE;

    if (cli_ask(c, "run-undo-check", id_args(id), &review, &e) < 0)
        return cli_fail(c, &e);
    if (!cli_switch(c, "what-if")) {
        code = undo_it(c, review, &e);
        json_free(review);
        return code;
    }
    if (review_stop(review, &stop))
        code = (int)cli_exit_of(&stop);
    if (c->json) {
        out_json(review);
        return code;
    }
    print_review(review);
    puts(_("Nothing was written."));
    json_free(review);
    return code;
}

int cmd_operations(struct cli *c)
{
    struct err e = { 0 };

    if (c->n_words == 0)
        return list(c);
    if (c->n_words == 2 && str_eq(c->words[0], "show"))
        return show(c, c->words[1]);
    if (c->n_words <= 2 && str_eq(c->words[0], "resume"))
        return resume(c, c->n_words == 2 ? c->words[1] : "");
    if (c->n_words <= 2 && str_eq(c->words[0], "undo"))
        return undo(c, c->n_words == 2 ? c->words[1] : "");
    err_set(
        &e, ERR_USAGE, 0,
        _("say: azloconf operations, or azloconf operations show ID, resume [ID] or undo [ID]"));
    return cli_fail(c, &e);
}
