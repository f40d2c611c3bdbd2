/* Registering: one question after the other, the review, a word of confirmation. */
#include "config.h"

#include <string.h>

#include "base/i18n.h"
#include "console/face/answers.h"
#include "console/face/fields.h"
#include "console/face/review.h"
#include "console/plain/answer.h"
#include "console/plain/plain.h"
#include "console/plain/question.h"
#include "console/plain/wrap.h"

#define CREATED_MS 15000

/* ---- a cluster ---- */

static bool cluster_exists(struct plain *p, void *payload)
{
    const struct sec_cluster *c = plain_section(p, SEC_CLUSTER);
    const int64_t *until = payload;

    return c->exists || mono_ms() >= *until;
}

static bool create_cluster(struct plain *p)
{
    struct form *f = plain_form(p, PLAIN_CREATE);
    int64_t until = mono_ms() + CREATED_MS;

    plain_say(p, "%s",
              _("There is no cluster on this machine yet. Name it and its nodes; then it can be "
                "registered with Azure."));
    fields_create_defaults(f, plain_model(p));
    if (question_fields(p, f, 0) != STEP_NEXT)
        return false;
    if (!plain_do(p, _("The cluster was not created"), "cluster-create", fields_create_args(f),
                  NULL))
        return false;
    plain_wait(p, NULL, cluster_exists, &until);
    if (plain_ended(p))
        return false;
    plain_say(p, _("The cluster %s is created."), f->values[CREATE_NAME].id);
    return true;
}

/* ---- review ---- */

struct page {
    struct plain *p;
    struct str held; /* a value whose notes are still to come */
};

static void say_held(struct page *page)
{
    if (page->held.len)
        plain_say(page->p, "%s%s", str_p(&page->held), wrap_stop(str_p(&page->held)));
    str_reset(&page->held);
}

static void review_line(void *payload, enum review_kind kind, const char *text)
{
    struct page *page = payload;

    if (kind == REVIEW_NOTE) {
        str_addf(&page->held, ", %s", text);
        return;
    }
    say_held(page);
    if (kind == REVIEW_VALUE || kind == REVIEW_ACT || kind == REVIEW_KEPT)
        str_add(&page->held, text);
    else if (kind == REVIEW_FAIL)
        plain_say(page->p, _("Error: %s."), text);
    else if (kind == REVIEW_WARN)
        plain_say(page->p, _("Warning: %s."), text);
    else
        plain_say(page->p, kind == REVIEW_TITLE ? "%s:" : "%s", text);
}

/* register or register-check; where the core wants the secret of the Arc principal it is asked
 * for, and the intent sent again with it. It is the caller's to wipe. */
static bool ask_core(struct plain *p, const char *title, const char *intent, const struct form *f,
                     const struct form *more, struct secret *s, struct json **result)
{
    bool look = str_eq(intent, "register-check");
    struct wire_secret secret = { "arcSpnSecret", s };

    for (;;) {
        struct err e = { 0 };

        if (plain_try(p, intent, look ? review_args(f, more) : fields_args(f, more), &secret,
                      secret_is(s) ? 1 : 0, result, &e))
            return true;
        if (e.code != ERR_C_NEEDS_SECRET || secret_is(s)) {
            if (err_is(&e))
                plain_error(p, title, &e);
            return false;
        }
        if (!plain_ask_secret(p, s, more->values[MORE_ARC_SPN].id))
            return false;
    }
}

/* *result: what the core found, the caller's. */
static bool review(struct plain *p, struct form *f, struct form *more, struct secret *s,
                   bool *right, struct json **result)
{
    struct page page = { p, STR_INIT };

    plain_say(p, "%s", _("Asking Azure what is to be done. Nothing is written."));
    if (!ask_core(p, _("The values could not be checked"), "register-check", f, more, s, result))
        return false;
    *right = review_say(plain_model(p), f, more, *result, 0, review_line, &page);
    say_held(&page);
    str_free(&page.held);
    return true;
}

static void request_line(void *payload, enum review_kind kind, const char *text)
{
    plain_say(payload, kind == REVIEW_TITLE ? "%s:" : "%s", text);
}

/* Where the values are to be kept; an existing file is asked for. */
static void save(struct plain *p, const struct form *f, const struct form *more)
{
    struct json *values = fields_args(f, more);
    char path[PLAIN_LINE];
    struct err e = { 0 };

    if (plain_ask(p, path, "%s", _("File to write the values into (Enter: none):")) == GOT_LINE &&
        path[0]) {
        int rc = answers_write(path, values, false, &e);

        if (rc < 0 && e.code == ERR_C_CONFLICT) {
            plain_say(p, _("%s is there already. Its text would be lost."), path);
            if (!plain_confirm(p, _("Type yes to write it anew:"))) {
                json_free(values);
                return;
            }
            err_clear(&e);
            rc = answers_write(path, values, true, &e);
        }
        if (rc < 0)
            plain_error(p, _("The file was not written"), &e);
        else
            plain_say(p, _("Written: %s"), path);
    }
    json_free(values);
}

/* true: the run was started. */
static bool confirm(struct plain *p, const struct form *f, const struct form *more,
                    struct secret *s, const struct json *found, enum step *next)
{
    char line[PLAIN_LINE];
    struct err stop;
    bool stopped = review_stop(found, &stop);

    *next = STEP_END;
    plain_say(p, "%s",
              _("Other words here: more for further values (tags, a group for Arc, repair), "
                "requests for every request of the run, file to write the values into a file."));
    while (plain_ask(p, line, "%s", _("Type yes to register, < to go back to the values:")) ==
           GOT_LINE) {
        if (stopped && answer_is(line, "yes", N_("yes"))) {
            plain_error(p, _("The registration did not start"), &stop);
            continue;
        }
        if (answer_is(line, "yes", N_("yes"))) {
            watch_follow(p, true); /* from the first step on */
            return ask_core(p, _("The registration did not start"), "register", f, more, s, NULL);
        }
        if (answer_kind(line) == ANSWER_BACK) {
            *next = STEP_BACK;
            return false;
        }
        if (answer_is(line, "m", N_("more"))) {
            *next = STEP_MORE;
            return false;
        }
        if (answer_is(line, "p", N_("requests"))) {
            review_steps(found, request_line, p);
            continue;
        }
        if (answer_is(line, "f", N_("file"))) {
            save(p, f, more);
            continue;
        }
        plain_say(p, "%s",
                  _("Nothing has been written yet. The word yes starts the registration; < goes "
                    "back."));
    }
    return false;
}

/* true: somebody is signed in, maybe only now; a core that ended has forgotten who was. */
static bool who(struct plain *p)
{
    return job_sign_in_for(p, _("To register the cluster Azure must know who you are. You sign in "
                                "on another device, a phone or a PC; this machine needs no "
                                "browser."));
}

/* Going back from the further values leads to the review, from the others out of the job. */
static bool ask_form(struct plain *p, struct form *f, int from)
{
    bool more = f->fields == more_fields;
    enum step s;

    if (more)
        plain_say(p, "%s", _("Further values: Enter keeps what stands there, - empties it."));
    s = question_fields(p, f, from);
    return s == STEP_NEXT || (more && s == STEP_BACK);
}

/* The form and field that the core found wrong are asked next. */
static int correct(struct plain *p, const struct form *f, const struct form *more, bool *on_more)
{
    int wrong = form_wrong(f);

    plain_say(p, "%s", _("Something must be corrected first."));
    *on_more = wrong < 0 && form_wrong(more) >= 0;
    return *on_more ? form_wrong(more) : wrong < 0 ? 0 : wrong;
}

static void ask_and_register(struct plain *p)
{
    struct form *f = plain_form(p, PLAIN_WHERE), *more = plain_form(p, PLAIN_MORE);
    bool right, on_more = false;
    int from = 0;

    plain_say(p, "%s", _("Asking Azure for the lists."));
    question_lists(p, f);
    if (guid_is(f->values[WHERE_SUBSCRIPTION].id)) /* a default came with the lists: its regions */
        question_lists(p, f);
    plain_say(p, _("%s: %s."), form_label(&where_fields[WHERE_CLOUD]),
              f->values[WHERE_CLOUD].in.text);
    for (;;) {
        struct json *found = NULL;
        struct secret secret = { 0 };
        enum step next = STEP_BACK;

        if (plain_ended(p) || !ask_form(p, on_more ? more : f, from) || !who(p))
            return;
        on_more = false;
        from = WHERE_NAME;
        if (!review(p, f, more, &secret, &right, &found)) {
            secret_clear(&secret);
            continue;
        }
        if (!right)
            from = correct(p, f, more, &on_more);
        else if (confirm(p, f, more, &secret, found, &next))
            next = STEP_NEXT;
        secret_clear(&secret);
        json_free(found);
        if (next == STEP_NEXT)
            job_run(p);
        if (next == STEP_NEXT || next == STEP_END)
            return;
        if (next == STEP_MORE) {
            on_more = true;
            from = 0;
        }
    }
}

/* ---- the job ---- */

void job_register(struct plain *p)
{
    const struct sec_cluster *c = plain_section(p, SEC_CLUSTER);

    if (model_run_active(plain_model(p))) {
        job_run(p);
        return;
    }
    if (!model_has(plain_model(p), SEC_CLUSTER)) {
        plain_say(p, "%s", _("The core does not answer yet. Try again in a moment."));
        return;
    }
    if (job_run_again(p, 1))
        return;
    if (!c->exists && !create_cluster(p))
        return;
    if (!who(p))
        return;
    ask_and_register(p);
}
