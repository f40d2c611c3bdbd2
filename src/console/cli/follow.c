#include "config.h"

#include "console/cli/follow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/str.h"
#include "console/cli/output.h"
#include "console/face/consent.h"
#include "console/face/outcome.h"
#include "console/ui/text.h"

struct follow {
    char id[64]; /* of an operation of two parts the one under way */
    char title[120];
    struct sec_run run;
    unsigned came; /* of the section, that were looked at; a new core counts versions anew */
    char shown[SEC_MAX_STEPS][12]; /* the state that was printed last, step by step */
    char detail[200];
    const char *until; /* a step after which nobody looks on, or NULL: to the end */
    bool asked_sign_in, undo;
    char consent[400]; /* the address that was printed */
};

static const struct {
    const char *state, *word;
} ends[] = { { "done", N_("done") },          { "found", N_("found") },
             { "skipped", N_("not needed") }, { "failed", N_("FAILED") },
             { "undone", N_("undone") },      { "running", N_("working") } };

static const char *word_of(const char *state)
{
    for (size_t i = 0; i < ARRAY_LEN(ends); i++)
        if (str_eq(ends[i].state, state))
            return _(ends[i].word);
    return NULL;
}

static void print_steps(struct follow *f)
{
    const struct sec_run *r = &f->run;

    for (size_t i = 0; i < r->n; i++) {
        const struct sec_step *s = &r->steps[i];
        const char *word = word_of(s->state);
        char when[40], span[24], padded[80];

        if (!word || str_eq(s->state, f->shown[i]))
            continue;
        STR_SET(f->shown[i], s->state);
        if (s->ended_at)
            printf("%s  %s %s  %s%s%s\n", out_time(when, s->ended_at),
                   text_pad(padded, sizeof padded, word, 10), s->title,
                   out_span(span, s->ended_at - s->started_at), s->detail[0] ? "  " : "",
                   s->detail);
        else
            printf("%s  %s %s\n", out_time(when, wall_ms()),
                   text_pad(padded, sizeof padded, word, 10), s->title);
    }
    fflush(stdout);
}

static bool is_over(const struct sec_run *r)
{
    return str_eq(r->state, "done") || str_eq(r->state, "failed") || str_eq(r->state, "stopped") ||
           str_eq(r->state, "undone");
}

void cli_consent(const struct sec_run *r, FILE *to)
{
    if (!consent_missing(r))
        return;
    fprintf(to, "%s\n%s\n%s\n", consent_sentence(r), consent_where(), r->consent_url);
    if (r->n_roles)
        fprintf(to, "%s\n", consent_what());
    for (size_t i = 0; i < r->n_roles; i++)
        fprintf(to, "  %s\n    %s\n", r->roles[i].name, r->roles[i].address);
}

/* Once, when it appears; scripts have it on standard error, where the code of a sign-in is, too. */
static void say_consent(struct cli *c, struct follow *f)
{
    FILE *to = c->json ? stderr : stdout;

    if (str_eq(f->consent, f->run.consent_url) || is_over(&f->run))
        return;
    STR_SET(f->consent, f->run.consent_url);
    cli_consent(&f->run, to);
    if (c->tty && !c->json && consent_missing(&f->run))
        out_square(f->run.consent_url);
    fflush(to);
}

static bool moved(struct cli *c, void *payload)
{
    struct follow *f = payload;
    const struct sec_run *r = client_section(c->client, SEC_RUN);

    if (c->came[SEC_RUN] == f->came || !r->id[0]) /* none: a core that began just now */
        return false;
    f->came = c->came[SEC_RUN];
    return true;
}

int cli_run_by_id(struct cli *c, const char *id, struct sec_run *out, struct err *e)
{
    struct json *args = json_object(), *result = NULL;
    int r;

    json_set_str(args, "id", id);
    if (cli_ask(c, "run-show", args, &result, e) < 0)
        return -1;
    r = json_decode(result, &sec_run_type, out, e);
    json_free(result);
    return r;
}

/* The core shows one run: if that is another by now, ours is asked for by its id. */
static int look(struct cli *c, struct follow *f, struct err *e)
{
    const struct sec_run *shown = client_section(c->client, SEC_RUN);

    if (!str_eq(shown->id, f->id))
        return cli_run_by_id(c, f->id, &f->run, e);
    f->run = *shown;
    return 0;
}

/* The first part is at its end: 1, the second is followed from now on. */
static bool next_part(struct follow *f)
{
    if (!f->run.next[0])
        return false;
    STR_SET(f->id, f->run.next);
    memset(f->shown, 0, sizeof f->shown);
    return true;
}

/* Of an operation of two parts, before the steps of each. */
static void print_title(struct follow *f)
{
    if (!f->run.parts || str_eq(f->title, f->run.title))
        return;
    STR_SET(f->title, f->run.title);
    puts(f->title);
}

/* The run's section comes before that of the sign-in that ended. */
static bool asks_for_sign_in(struct cli *c, void *payload)
{
    const struct sec_run *r = client_section(c->client, SEC_RUN);
    const struct sec_signin *s = client_section(c->client, SEC_SIGNIN);

    (void)payload;
    return !str_eq(r->state, "waiting-sign-in") || !str_eq(s->state, "in") || !s->yours;
}

static bool is_in(struct cli *c, void *payload)
{
    const struct sec_run *r = client_section(c->client, SEC_RUN);
    const struct sec_signin *s = client_section(c->client, SEC_SIGNIN);

    (void)payload;
    return str_eq(s->state, "in") || !str_eq(r->state, "waiting-sign-in");
}

static int sign_in_again(struct cli *c, struct err *e)
{
    const struct sec_run *r = client_section(c->client, SEC_RUN);
    const struct sec_signin *s = client_section(c->client, SEC_SIGNIN);

    if (cli_wait(c, asks_for_sign_in, NULL, 0, e) < 0)
        return -1;
    if (!str_eq(r->state, "waiting-sign-in"))
        return 0;
    if (!c->json && str_eq(s->state, "failed"))
        out_error_lines(stdout, &s->error);
    if (!c->json)
        puts(_("The operation waits for a sign-in."));
    if (!str_eq(s->state, "failed") || !cli_code_blocked(&s->error))
        return cli_sign_in(c, NULL, e);
    if (!c->json)
        puts(_("Sign in another way, in another terminal: the operation then goes on by itself."));
    fflush(stdout);
    return cli_wait(c, is_in, NULL, 0, e);
}

static int exit_of(const struct sec_run *r, bool undo)
{
    if (undo && str_eq(r->state, "undone"))
        return EXIT_DONE;
    if (outcome_in_part(r))
        return EXIT_IN_PART;
    if (outcome_wants_consent(r))
        return EXIT_REFUSED;
    return str_eq(r->state, "done") ? EXIT_DONE : (int)cli_exit_of(&r->error);
}

void cli_outcome(const struct sec_run *r)
{
    struct outcome_row rows[OUTCOME_ROWS];
    size_t n = outcome_rows(r, rows), wide = strlen("AzurePortalResourceURL");

    for (size_t i = 0; i < n; i++)
        wide = strlen(rows[i].name) > wide ? strlen(rows[i].name) : wide;
    for (size_t i = 0; i < n; i++)
        printf("%-*s : %s\n", (int)wide, rows[i].name, rows[i].value);
}

static void say_in_part(const struct sec_run *r)
{
    if (outcome_in_part(r) && str_eq(r->plan, "register"))
        puts(_("The cluster is registered, but a step on the nodes did not come to its end: "
               "see above."));
}

static int finish(struct cli *c, const struct sec_run *r, bool undo)
{
    if (c->json) {
        out_json(outcome_json(r));
        return exit_of(r, undo);
    }
    if (str_eq(r->state, "done")) {
        char span[24];

        printf(_("Done in %s.\n"), out_span(span, r->ended_at - r->started_at));
        cli_outcome(r);
        say_in_part(r);
        if (err_is(&r->error)) { /* a step that only warns */
            out_error(c, &r->error);
            printf(_("\"azloconf operations resume %s\" tries again what failed.\n"), r->id);
        }
        return exit_of(r, undo);
    }
    cli_outcome(r);
    if (str_eq(r->state, "undone"))
        return exit_of(r, undo);
    if (err_is(&r->error)) {
        say_in_part(r);
        cli_fail(c, &r->error);
        return exit_of(r, undo);
    }
    printf(_("The operation is %s. \"azloconf operations resume %s\" goes on with it.\n"), r->state,
           r->id);
    if (r->undo)
        printf(_("\"azloconf operations undo %s\" takes back the rest.\n"), r->id);
    return EXIT_FAILED;
}

static int leave(struct cli *c, const struct sec_run *r)
{
    if (c->json)
        out_json(outcome_json(r));
    else
        printf(_("It has begun and goes on without you. \"azloconf operations show %s\" tells how "
                 "far it is.\n"),
               r->id);
    return EXIT_DONE;
}

/* The step at which the watching ends was made, and the work goes on. */
static bool far_enough(const struct follow *f)
{
    for (size_t i = 0; f->until && i < f->run.n; i++)
        if (str_eq(f->run.steps[i].id, f->until))
            return str_eq(f->run.steps[i].state, "done") || str_eq(f->run.steps[i].state, "found");
    return false;
}

static int to_the_end(struct cli *c, struct follow *f, struct err *e)
{
    int r;

    for (;;) {
        if (cli_wait(c, moved, f, 0, e) < 0)
            return -1;
        do {
            r = look(c, f, e);
            if (r == 0 && !c->json) {
                print_title(f);
                print_steps(f);
            }
        } while (r == 0 && next_part(f));
        if (r == 0)
            say_consent(c, f);
        if (r == 0 && (is_over(&f->run) || far_enough(f)))
            return 0;
        if (r == 0 && str_eq(f->run.state, "waiting-sign-in"))
            r = sign_in_again(c, e);
        /* a core that ends under the question is followed by another, which shows the run again */
        if (r < 0 && (e->domain != ERR_WIRE || !e->unsure))
            return -1;
    }
}

static int follow(struct cli *c, const char *id, const char *until, bool undo)
{
    struct follow *f = xcalloc(1, sizeof(*f));
    struct err e = { 0 };
    int code;

    STR_SET(f->id, id);
    f->until = until;
    f->undo = undo;
    if (to_the_end(c, f, &e) == 0) {
        code = is_over(&f->run) ? finish(c, &f->run, undo) : leave(c, &f->run);
    } else {
        if (e.code == ERR_C_CANCELLED)
            fprintf(stderr,
                    _("The work goes on without you. \"azloconf operations show %s\" tells how "
                      "far it is.\n"),
                    f->id);
        code = cli_fail(c, &e);
    }
    free(f);
    return code;
}

int cli_follow(struct cli *c, const char *id)
{
    return follow(c, id, NULL, false);
}

int cli_follow_until(struct cli *c, const char *id, const char *step)
{
    return follow(c, id, step, false);
}

int cli_follow_undo(struct cli *c, const char *id)
{
    return follow(c, id, NULL, true);
}
