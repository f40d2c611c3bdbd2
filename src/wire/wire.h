/* wire.h - what console and core say: newline-delimited JSON over a Unix stream socket, four
 * messages.
 *
 * - hello: the first line of each side; the core's is struct wire_hello, and "options" lists what a
 *   private core was started with, so that nobody takes it for one with other options.
 *   {"hello":{"protocol":1,"program":"azloconfd","version":"0.1.0","options":["--sandbox"]}}
 * - watch: "send me what is newer than this". One watch is open at a time; the core answers once,
 * as soon as a named section has a higher version (at once if one has). A console then watches
 *   again: a slow one gets the newest state, never a queue.
 *   {"watch":{"since":{"cluster":12,"log":3}}}
 *   {"answer":{"to":"watch","sections":{"cluster":{"version":13,"data":{...}}}}}
 * - intent: asks for an act, answered once.
 *   {"intent":{"id":7,"name":"sign-in","args":{...}}}
 * - answer: {"answer":{"to":7,"result":{...},"at":{"cluster":13}}} or {"error":{err_json}} for
 * "result". "at" names the versions that the sections had when the answer was given: a console
 * acts on an answer when it has seen at least those of the sections that it watches.
 *
 * Lines are at most WIRE_MAX_LINE bytes. An intent's secrets travel beside
 * its line, never in it: sealed memfds (SCM_RIGHTS), one a name of "secrets", in their order:
 *   {"intent":{"id":8,"name":"sign-in","args":{...},"secrets":["clientSecret"]}}
 * A descriptor arrives with the first byte of its line or before. A side that meets another
 * protocol number says so and closes; an old idle core replaces itself.
 */
#ifndef AZL_WIRE_WIRE_H
#define AZL_WIRE_WIRE_H

#include "base/err.h"
#include "base/json.h"
#include "base/loop.h"
#include "base/secret.h"
#include "wire/sections.h"

#define WIRE_PROTOCOL 1
#define WIRE_MAX_LINE (1024 * 1024)

struct wire_hello {
    int64_t protocol;
    char program[32];
    char version[32];
    /* of the core only: */
    int64_t pid;
    bool may_act;      /* this uid may send intents that change something */
    char who_may[160]; /* sentence: who may, when this uid may not */
};
extern const struct json_type wire_hello_type;

/* A connection in the loop: lines in, lines out, buffered. on_line gets each whole line parsed;
 * on_end once, with the reason. */
struct wire;
typedef void wire_line_fn(void *payload, const struct json *line);
typedef void wire_end_fn(void *payload,
                         const struct err *why); /* domain ERR_NONE: the peer closed */
struct wire *wire_new(struct loop *l, int fd, wire_line_fn *on_line, wire_end_fn *on_end,
                      void *payload); /* owns fd */
void wire_free(struct wire *w);
void wire_send(struct wire *w, struct json *owned);
void wire_send_text(struct wire *w, const char *line,
                    size_t n);             /* an encoded message, without its LF */
size_t wire_pending(const struct wire *w); /* bytes not yet taken by the kernel */

#define WIRE_MAX_SECRETS 4 /* of one intent */
struct wire_secret {
    const char *name;
    const struct secret *value; /* the caller's; copied into a memfd */
};
int wire_send_intent(struct wire *w, int64_t id, const char *name, struct json *args_owned,
                     const struct wire_secret *secrets, size_t n, struct err *e);
/* The oldest descriptor that came and was not taken yet; -1: none. The caller closes it. */
int wire_take_fd(struct wire *w);

/* Builders. */
struct json *wire_hello_msg(const struct wire_hello *h);
struct json *wire_watch_msg(struct json *since_owned);
struct json *wire_intent_msg(int64_t id, const char *name, struct json *args_owned);
struct json *wire_answer_result(int64_t id, struct json *result_owned);
struct json *wire_answer_error(int64_t id, const struct err *e);
void wire_answer_at(struct json *answer_msg, const int64_t versions[SECTIONS]);
struct json *wire_answer_sections(struct json *sections_owned);

#endif
