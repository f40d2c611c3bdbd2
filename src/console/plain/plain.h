/* plain.h - the plain face: the whole console as lines of text, for terminals that cannot place
 * text, for screen readers, for pipes (console-anchors.md 3.9).
 *
 * A job (job_*.c) runs straight down: it says lines, asks for a line, waits. All of that turns one
 * loop with the client, so events are said while it waits. Output is printable characters and LF;
 * input are whole lines, the terminal's own editing. Every wait may end with GOT_END (end of input,
 * Ctrl-C, no core): the job then returns at once.
 */
#ifndef AZL_PLAIN_PLAIN_H
#define AZL_PLAIN_PLAIN_H

#include "base/secret.h"
#include "console/face/form.h"
#include "console/face/help.h"
#include "console/plain/plain_main.h"

#define PLAIN_LINE 512

enum got { GOT_LINE, GOT_EVENT, GOT_END };
struct plain;
typedef bool plain_until_fn(struct plain *p, void *payload);

const struct model *plain_model(const struct plain *p);
struct loop *plain_loop(struct plain *p);
const struct plain_options *plain_options(const struct plain *p);
const void *plain_section(const struct plain *p, enum section_id id);
bool plain_first(struct plain *p);       /* true the first time only */
bool plain_ended(const struct plain *p); /* GOT_END was or will be the answer */
void plain_leave(struct plain *p, int exit_code, const char *last_words);

const char *plain_word(const char *word,
                       int64_t checked_at); /* a status word, or that it is blank */
void plain_say(struct plain *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* What, why, what to do, ids: a line each. */
void plain_error(struct plain *p, const char *title, const struct err *e);

/* Asks; out is clean and trimmed. GOT_LINE or GOT_END. */
enum got plain_ask(struct plain *p, char out[PLAIN_LINE], const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* The same for the secret of an application: without echo, never as a line; empty or GOT_END:
 * false. Asked by jobs where the core's answer or section says that it is needed. */
bool plain_ask_secret(struct plain *p, struct secret *out, const char *app);
/* Waits without a prompt for a line or until fn says so (NULL: for a line only). */
enum got plain_wait(struct plain *p, char out[PLAIN_LINE], plain_until_fn *fn, void *payload);
/* "yes" after a question that says so. */
bool plain_confirm(struct plain *p, const char *question);
/* Sends an intent and waits for its answer (owned by the caller if result is not NULL). An error is
 * said under the title. */
bool plain_do(struct plain *p, const char *title, const char *intent, struct json *args_owned,
              struct json **result);

/* The same with secrets beside it (wire.h). */
bool plain_do_secret(struct plain *p, const char *title, const char *intent,
                     struct json *args_owned, const struct wire_secret *secrets, size_t n);
/* The same, and the error is the caller's to say; err_is(e) is false where a wait was ended. */
bool plain_try(struct plain *p, const char *intent, struct json *args_owned,
               const struct wire_secret *secrets, size_t n, struct json **result, struct err *e);

enum plain_form { PLAIN_CREATE, PLAIN_WHERE, PLAIN_MORE, PLAIN_FORMS };
struct form *plain_form(struct plain *p, enum plain_form which); /* the wizard's values, kept */
void plain_help(struct plain *p, enum help_topic topic);

void plain_resume(struct plain *p); /* a shell had the terminal: it is ours again, set as before */

/* watch.c, watch_run.c: what is said without being asked for */
struct watch;
struct watch *watch_new(void);
void watch_free(struct watch *w);
struct watch *plain_watch(struct plain *p);
void watch_turn(struct plain *p, struct watch *w);             /* after each turn of the loop */
void watch_status(struct plain *p, struct watch *w, bool all); /* all, or only if one changed */
bool watch_news(struct watch *w, const char *problem);         /* another than the last time */
void watch_follow(struct plain *p, bool on); /* steps and nodes of the run are said */
void watch_all_steps(struct plain *p);
void watch_end(struct plain *p); /* how the last run ended */

/* jobs: each returns when the operator goes back */
void job_home(struct plain *p);
void job_register(struct plain *p);
void job_run(struct plain *p);
bool job_run_resume(struct plain *p); /* of a run that failed or was stopped */
/* Asks whether to go on with such a run of this item; true: that is done with. */
bool job_run_again(struct plain *p, int item);
void job_sign_in(struct plain *p);
bool job_sign_in_now(struct plain *p); /* for a job that needs one: true once signed in */
/* The same, unless somebody is signed in; why: said before the operator is asked to. */
bool job_sign_in_for(struct plain *p, const char *why);
void job_mend(struct plain *p);  /* item 9 */
void job_leave(struct plain *p); /* item 10 */
void job_nodes(struct plain *p);
void job_log(struct plain *p);
void job_terminal(struct plain *p);
void job_language(struct plain *p); /* the next one */
void job_log_off(struct plain *p);
void job_restart(struct plain *p);
void job_shut_down(struct plain *p);
void job_exit(struct plain *p);

#endif
