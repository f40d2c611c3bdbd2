/* fake.h - what the core's tests share: nodes that answer what they are told, a console on a
 * socketpair. */
#ifndef AZL_TESTS_CORE_FAKE_H
#define AZL_TESTS_CORE_FAKE_H

#include "base/json.h"
#include "base/loop.h"
#include "core/serve.h"
#include "net/http.h"
#include "node/node.h"

struct fake_node {
    struct node node;
    struct loop *loop;
    struct json *answers[NODE_VERBS]; /* NULL: an empty object */
    struct err errs[NODE_VERBS];
    int asked[NODE_VERBS], cancelled;
    bool mute;   /* takes questions and never answers */
    int slow_ms; /* answers after so long */
    struct json *last_args[NODE_VERBS];
};
void fake_node_init(struct fake_node *n, struct loop *l, const char *name);
void fake_node_clear(struct fake_node *n);
void fake_node_say(struct fake_node *n, enum node_verb v, const char *json_text);
void fake_node_fail(struct fake_node *n, enum node_verb v, const char *message); /* NULL: no more */

/* The other end of a serve_adopt: lines out, lines in. */
struct peer {
    struct loop *loop;
    int fd;
    struct str in;
    bool closed;
};
void peer_open(struct peer *p, struct loop *l, struct serve *s);
void peer_close(struct peer *p);
void peer_say(struct peer *p, const char *line);
void peer_hello(struct peer *p, int protocol);
/* The next line as JSON, turning the loop until it is there (two seconds at most); NULL: none came,
 * or the end. The caller frees it. */
struct json *peer_next(struct peer *p);
/* Sends an intent and returns its answer ({"to","result"} or {"to","error"}); other lines are
 * dropped. */
struct json *peer_ask(struct peer *p, int id, const char *name, const char *args);
bool peer_quiet(struct peer *p); /* nothing comes for a while */

/* A transport that answers by rules: the newest one whose method and part of the URL fit, as often
 * as asked. Without a rule no answer comes. */
struct fake_rule {
    const char *method, *part;
    int status;
    const char *body;
};
struct fake_http {
    struct http http;
    struct loop *loop;
    struct fake_rule rules[32];
    size_t n_rules;
    int requests, with_bearer;
    struct str log; /* "METHOD URL" a line */
};
void fake_http_init(struct fake_http *h, struct loop *l);
void fake_http_clear(struct fake_http *h);
void fake_http_rule(struct fake_http *h, const char *method, const char *part, int status,
                    const char *body);

void spin(struct loop *l, int ms); /* turns until so much real time is over */
bool spin_until(struct loop *l, bool (*is)(void *), void *arg); /* two seconds at most */

#endif
