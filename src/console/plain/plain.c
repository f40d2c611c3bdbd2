#include "config.h"

#include "console/plain/plain.h"

#include <errno.h>
#include <langinfo.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/text.h"
#include "console/face/fields.h"
#include "console/face/language.h"
#include "console/face/words.h"
#include "console/plain/wrap.h"
#include "console/ui/text.h"

#define TURN_MS    1000
#define LEAST_COLS 20   /* what is narrower is no width, but a line that was not told its own */
#define MAX_LINE   4096 /* bytes of one answer; what is beyond them is dropped */

struct plain {
    struct loop *loop;
    struct model model;
    struct plain_options options;
    struct watch *watch;
    struct str input; /* what was read and is not answered yet */
    struct loop_io *io;
    bool input_ended, echo, begun;
    bool ended;
    int exit_code;
    struct str prompt; /* stands at the end of the output, without LF */
    bool standing;
    bool ahead; /* the answer was typed, and echoed, before its prompt stood */
    char last_words[400];
    bool tty;
    struct termios found;
    struct form forms[PLAIN_FORMS]; /* values stay when a job is left */
};

/* ---- small things jobs ask ---- */

const struct model *plain_model(const struct plain *p)
{
    return &p->model;
}

struct loop *plain_loop(struct plain *p)
{
    return p->loop;
}

const struct plain_options *plain_options(const struct plain *p)
{
    return &p->options;
}

const void *plain_section(const struct plain *p, enum section_id id)
{
    return model_section(&p->model, id);
}

struct watch *plain_watch(struct plain *p)
{
    return p->watch;
}

bool plain_first(struct plain *p)
{
    bool first = !p->begun;

    p->begun = true;
    return first;
}

bool plain_ended(const struct plain *p)
{
    return p->ended;
}

void plain_leave(struct plain *p, int exit_code, const char *last_words)
{
    if (p->ended)
        return;
    p->ended = true;
    p->exit_code = exit_code;
    STR_SET(p->last_words, last_words);
}

const char *plain_word(const char *word, int64_t checked_at)
{
    return word[0] ? word : checked_at ? _("nothing yet") : _("no answer");
}

/* ---- output ---- */

static void put(struct plain *p, const struct str *s)
{
    if (s->len && fwrite(s->p, 1, s->len, stdout) != s->len)
        plain_leave(p, 1, NULL);
    if (fflush(stdout) != 0)
        plain_leave(p, 1, NULL);
}

/* A line that is said while a prompt stands begins a line of its own; the prompt comes again. */
static void end_prompt(struct plain *p)
{
    struct str lf = STR_INIT;

    if (!p->standing)
        return;
    p->standing = false;
    str_addc(&lf, '\n');
    put(p, &lf);
    str_free(&lf);
}

static void stand_prompt(struct plain *p)
{
    if (p->standing || p->prompt.len == 0)
        return;
    p->standing = true;
    put(p, &p->prompt);
}

/* A narrower window breaks words where it ends: the lines follow it. */
static int columns(void)
{
    struct winsize ws;

    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) == 0 && ws.ws_col >= LEAST_COLS &&
        ws.ws_col <= PLAIN_COLS)
        return ws.ws_col - 1;
    return PLAIN_COLS;
}

void plain_say(struct plain *p, const char *fmt, ...)
{
    struct str text = STR_INIT, out = STR_INIT;
    va_list ap;

    va_start(ap, fmt);
    str_addv(&text, fmt, ap);
    va_end(ap);
    end_prompt(p);
    wrap_text(&out, str_p(&text), columns());
    put(p, &out);
    str_free(&text);
    str_free(&out);
}

void plain_error(struct plain *p, const char *title, const struct err *e)
{
    struct str support = STR_INIT;

    if (e->context[0])
        plain_say(p, "%s: %s: %s", title, e->context, e->message);
    else
        plain_say(p, "%s: %s", title, e->message);
    if (e->detail[0])
        plain_say(p, _("Details: %s\n"), e->detail);
    if (e->why[0])
        plain_say(p, _("Why: %s\n"), e->why);
    if (e->advice[0])
        plain_say(p, _("What to do: %s\n"), e->advice);
    if (e->domain == ERR_OP && e->code >= 9001)
        plain_say(p, _("Code: %d\n"), e->code);
    if (words_support(&support, e))
        plain_say(p, "%s", str_p(&support));
    str_free(&support);
}

static void say_paragraph(void *payload, const char *level, const char *text)
{
    (void)level;
    plain_say(payload, "%s", text);
}

void plain_help(struct plain *p, enum help_topic topic)
{
    const struct help *h = &help_topics[topic];

    if (h->about)
        plain_say(p, "%s", _(h->about));
    plain_say(p, "%s", _(h->plain));
    if (topic == HELP_HOME)
        help_program(&p->model, say_paragraph, p);
}

struct form *plain_form(struct plain *p, enum plain_form which)
{
    return &p->forms[which];
}

/* ---- input ---- */

static void on_input(void *payload, int fd, short revents)
{
    struct plain *p = payload;
    char bytes[512];
    ssize_t n = read(fd, bytes, sizeof bytes);

    (void)revents;
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    if (n > 0) {
        str_addn(&p->input, bytes, (size_t)n);
        explicit_bzero(bytes, sizeof bytes); /* maybe a secret */
        return;
    }
    p->input_ended = true;
    loop_io_del(p->io);
    p->io = NULL;
}

/* Where the next line ends in the input; *rest: the bytes behind it. */
static bool find_line(const struct plain *p, size_t *n, size_t *rest)
{
    const char *lf = p->input.len ? memchr(p->input.p, '\n', p->input.len) : NULL;

    *n = lf ? (size_t)(lf - p->input.p) : p->input.len;
    *rest = p->input.len - *n - (lf != NULL);
    return lf || (p->input_ended && *n > 0) || *n >= MAX_LINE;
}

static void drop_line(struct plain *p, size_t rest)
{
    memmove(p->input.p, p->input.p + p->input.len - rest, rest);
    explicit_bzero(p->input.p + rest, p->input.len - rest);
    p->input.len = rest;
}

/* The next whole line; the last one may lack its end. */
static bool take_line(struct plain *p, char out[PLAIN_LINE])
{
    size_t n, rest;

    if (!find_line(p, &n, &rest))
        return false;
    text_clean(out, PLAIN_LINE, str_p(&p->input), n, TEXT_LINE);
    str_trim(out);
    drop_line(p, rest);
    if (!p->echo || p->ahead) /* nobody else ended the prompt's line */
        end_prompt(p);
    p->standing = p->ahead = false;
    return true;
}

static void leave_at_end(struct plain *p)
{
    end_prompt(p);
    plain_leave(p, 0,
                model_run_active(&p->model)
                    ? _("azloconf left; the operation goes on. Type azloconf to come back to it.")
                    : _("azloconf left. The core was not stopped. Type azloconf to come back."));
}

enum got plain_wait(struct plain *p, char out[PLAIN_LINE], plain_until_fn *fn, void *payload)
{
    for (;;) {
        if (p->ended)
            return GOT_END;
        if (fn && fn(p, payload))
            return GOT_EVENT;
        if (out && take_line(p, out))
            return GOT_LINE;
        if (out && p->input_ended) {
            leave_at_end(p);
            return GOT_END;
        }
        stand_prompt(p);
        if (loop_turn(p->loop, TURN_MS) < 0)
            plain_leave(p, 1, NULL);
        watch_turn(p, p->watch);
    }
}

enum got plain_ask(struct plain *p, char out[PLAIN_LINE], const char *fmt, ...)
{
    struct str text = STR_INIT;
    enum got got;
    va_list ap;

    va_start(ap, fmt);
    str_addv(&text, fmt, ap);
    va_end(ap);
    str_reset(&p->prompt);
    wrap_prompt(&p->prompt, str_p(&text), columns());
    str_free(&text);
    loop_turn(p->loop, 0);
    p->ahead = p->input.len && memchr(p->input.p, '\n', p->input.len);
    stand_prompt(p);
    got = plain_wait(p, out, NULL, NULL);
    str_reset(&p->prompt);
    return got;
}

/* ---- a secret ---- */

static void echo(const struct plain *p, bool on)
{
    struct termios tio;

    if (!p->tty || tcgetattr(STDIN_FILENO, &tio) < 0)
        return;
    tio.c_lflag = on ? tio.c_lflag | ECHO : tio.c_lflag & (tcflag_t)~ECHO;
    tcsetattr(STDIN_FILENO, TCSADRAIN, &tio);
}

static bool has_line(struct plain *p, void *payload)
{
    size_t n, rest;

    (void)payload;
    return find_line(p, &n, &rest) || p->input_ended;
}

/* The line's bytes as they are, straight into locked pages: without spaces around it only. */
static void take_secret(struct plain *p, struct secret *out)
{
    size_t n, rest, from = 0;

    if (!find_line(p, &n, &rest))
        return;
    while (n > 0 && strchr(" \t\r", p->input.p[n - 1]))
        n--;
    while (from < n && strchr(" \t", p->input.p[from]))
        from++;
    secret_set(out, p->input.p + from, n - from);
    drop_line(p, rest);
}

bool plain_ask_secret(struct plain *p, struct secret *out, const char *app)
{
    bool came;

    plain_say(p,
              _("The nodes are to be connected to Azure Arc by your own application %s. Its "
                "secret is kept nowhere, so it is asked for."),
              app);
    str_reset(&p->prompt);
    wrap_prompt(&p->prompt, _("The application's secret (not shown): "), columns());
    echo(p, false);
    stand_prompt(p);
    came = plain_wait(p, NULL, has_line, NULL) == GOT_EVENT;
    if (came)
        take_secret(p, out);
    echo(p, true);
    end_prompt(p);
    str_reset(&p->prompt);
    if (came && !secret_is(out) && !p->input_ended)
        plain_say(p, "%s", _("The secret is empty."));
    return secret_is(out);
}

bool plain_confirm(struct plain *p, const char *question)
{
    char line[PLAIN_LINE];

    return plain_ask(p, line, "%s", question) == GOT_LINE &&
           (str_ieq(line, "yes") || str_ieq(line, _("yes")));
}

/* ---- intents ---- */

struct asked {
    bool done;
    struct json *result;
    struct err err;
};

static void on_answer(void *payload, const struct json *result, const struct err *e)
{
    struct asked *a = payload;

    a->done = true;
    if (e)
        a->err = *e;
    else
        a->result = json_copy(result);
}

static bool was_answered(struct plain *p, void *payload)
{
    (void)p;
    return ((struct asked *)payload)->done;
}

bool plain_try(struct plain *p, const char *intent, struct json *args_owned,
               const struct wire_secret *secrets, size_t n, struct json **result, struct err *e)
{
    struct asked a = { 0 };
    const char *why_not;

    if (!model_may_ask(&p->model, intent, &why_not)) {
        json_free(args_owned);
        plain_say(p, "%s", why_not);
        return false;
    }
    client_ask_secret(p->model.client, intent, args_owned, secrets, n, on_answer, &a);
    if (plain_wait(p, NULL, was_answered, &a) != GOT_EVENT) {
        client_forget(p->model.client, &a);
        return false;
    }
    *e = a.err;
    if (err_is(e))
        return false;
    if (result)
        *result = a.result;
    else
        json_free(a.result);
    return true;
}

static bool ask_core(struct plain *p, const char *title, const char *intent,
                     struct json *args_owned, const struct wire_secret *secrets, size_t n,
                     struct json **result)
{
    struct err e = { 0 };

    if (plain_try(p, intent, args_owned, secrets, n, result, &e))
        return true;
    if (err_is(&e))
        plain_error(p, title, &e);
    return false;
}

bool plain_do(struct plain *p, const char *title, const char *intent, struct json *args_owned,
              struct json **result)
{
    return ask_core(p, title, intent, args_owned, NULL, 0, result);
}

bool plain_do_secret(struct plain *p, const char *title, const char *intent,
                     struct json *args_owned, const struct wire_secret *secrets, size_t n)
{
    return ask_core(p, title, intent, args_owned, secrets, n, NULL);
}

/* ---- signals, core ---- */

static void on_signal(void *payload, int signo)
{
    struct plain *p = payload;

    if (signo == SIGCONT) {
        end_prompt(p);
        return;
    }
    if (signo != SIGHUP)
        leave_at_end(p);
    p->ended = true;
    p->exit_code = 128 + signo;
}

static int watch_signals(struct plain *p, struct err *e)
{
    static const int signals[] = { SIGCONT, SIGTERM, SIGHUP, SIGINT, SIGQUIT };

    for (size_t i = 0; i < ARRAY_LEN(signals); i++)
        if (loop_signal(p->loop, signals[i], on_signal, p, e) < 0)
            return -1;
    return 0;
}

static void on_change(void *payload, enum section_id id)
{
    (void)payload, (void)id; /* watch_turn looks after each turn */
}

static void on_state(void *payload, enum client_state state, const struct err *why)
{
    struct plain *p = payload;

    model_state(&p->model, state, why);
}

static void start_client(struct plain *p, const struct client_options *given)
{
    static const struct client_options none;
    struct client_options o = given ? *given : none;

    o.sections = (1u << SECTIONS) - 1;
    if (p->options.core_fd > 0)
        p->model.client =
            client_over(p->loop, p->options.core_fd, o.sections, on_change, on_state, p);
    else
        p->model.client = client_start(p->loop, &o, on_change, on_state, p);
}

/* ---- life ---- */

/* Whole lines, echo, Ctrl-C and Ctrl-D: after a bare getty or a crashed program the line may lack
 * them. */
static void set_line(const struct plain *p)
{
    struct termios tio = p->found;

    tio.c_iflag |= ICRNL;
    tio.c_oflag |= OPOST | ONLCR;
    tio.c_lflag |= ICANON | ECHO | ECHOE | ECHOK | ISIG;
    tcsetattr(STDIN_FILENO, TCSADRAIN, &tio);
}

static void take_line_over(struct plain *p)
{
    p->tty = tcgetattr(STDIN_FILENO, &p->found) == 0;
    p->echo = p->tty;
    if (p->tty)
        set_line(p);
}

void plain_resume(struct plain *p)
{
    struct sigaction ignore = { .sa_handler = SIG_IGN }, before;

    if (!p->tty)
        return;
    sigaction(SIGTTOU, &ignore, &before);
    tcsetpgrp(STDIN_FILENO, getpgrp());
    set_line(p);
    sigaction(SIGTTOU, &before, NULL);
}

static void plain_free(struct plain *p)
{
    if (p->model.client)
        client_free(p->model.client);
    if (p->loop)
        loop_free(p->loop);
    if (p->tty)
        tcsetattr(STDIN_FILENO, TCSADRAIN, &p->found);
    watch_free(p->watch);
    str_free(&p->input);
    str_free(&p->prompt);
    free(p);
}

int plain_main(const struct client_options *client, const struct plain_options *options)
{
    struct plain *p = xcalloc(1, sizeof *p);
    struct err e = { 0 };
    char word[200];
    int rc;

    bind_textdomain_codeset(PACKAGE, "UTF-8");
    text_set_ascii(!str_ieq(nl_langinfo(CODESET), "UTF-8"));
    language_settle(text_is_ascii());
    if (options)
        p->options = *options;
    p->watch = watch_new();
    form_init(&p->forms[PLAIN_CREATE], create_fields, CREATE_FIELDS, NULL);
    form_init(&p->forms[PLAIN_WHERE], where_fields, WHERE_FIELDS, NULL);
    form_init(&p->forms[PLAIN_MORE], more_fields, MORE_FIELDS, NULL);
    p->loop = loop_new(&e);
    if (!p->loop || watch_signals(p, &e) < 0) {
        plain_error(p, "azloconf", &e);
        plain_free(p);
        return 1;
    }
    take_line_over(p);
    if (language_word(word, sizeof word)[0])
        plain_say(p, "%s", word);
    p->io = loop_io_add(p->loop, STDIN_FILENO, POLLIN, on_input, p);
    start_client(p, client);
    while (!p->ended)
        job_home(p);
    end_prompt(p);
    if (p->last_words[0])
        plain_say(p, "%s", p->last_words);
    rc = p->exit_code;
    plain_free(p);
    return rc;
}
