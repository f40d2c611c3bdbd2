/* client.h - the console's end of the socket: find or start the core, say hello, keep a watch open,
 * send intents.
 *
 * Order: client_start (never blocks; first paint does not wait for it), then the loop; sections
 * arrive by on_change. client_ask sends an intent, its answer comes once by callback. When the core
 * goes away the client starts over by itself (on_state tells). The system core's socket is tried
 * first; if it is there but refuses, the client says who may use it and never starts a private core
 * silently.
 */
#ifndef AZL_CONSOLE_CLIENT_H
#define AZL_CONSOLE_CLIENT_H

#include "base/json.h"
#include "base/loop.h"
#include "wire/sections.h"
#include "wire/wire.h"

struct client_options {
    bool sandbox;
    int nodes; /* --nodes with --sandbox; 0: as it was, else 1 */
    bool fresh;
    const char *state_dir; /* NULL: the usual place */
    const char *cloud_endpoint, *ca_file;
    const char *environment; /* a cloud by its name, or NULL */
    const char *const
        *core_args;    /* further arguments for a private core, NULL-terminated, or NULL */
    unsigned sections; /* bit mask of section ids to watch */
    bool no_start;     /* do not start a core: for status of what runs */
};
enum client_state { CLIENT_CONNECTING, CLIENT_READY, CLIENT_REFUSED, CLIENT_FAILED };
struct client;
typedef void client_change_fn(void *payload, enum section_id id);
typedef void client_state_fn(void *payload, enum client_state s, const struct err *why);
typedef void client_answer_fn(void *payload, const struct json *result,
                              const struct err *e); /* exactly one is set */

struct client *client_start(struct loop *l, const struct client_options *o,
                            client_change_fn *on_change, client_state_fn *on_state, void *payload);
/* Tests: an already connected socket instead of looking for a core. */
struct client *client_over(struct loop *l, int fd, unsigned sections, client_change_fn *on_change,
                           client_state_fn *on_state, void *payload);
void client_free(struct client *c);
void client_ask(struct client *c, const char *intent, struct json *args_owned, client_answer_fn *fn,
                void *payload);
/* The same with secrets beside the intent (wire.h): copied, the caller wipes its own. */
void client_ask_secret(struct client *c, const char *intent, struct json *args_owned,
                       const struct wire_secret *secrets, size_t n, client_answer_fn *fn,
                       void *payload);
void client_forget(struct client *c, void *payload); /* answers for this payload are dropped */
/* The newest decoded sections (plain structs, zeroed until the first came); version 0: never came.
 */
const void *client_section(const struct client *c, enum section_id id);
int64_t client_version(const struct client *c, enum section_id id);
const struct wire_hello *client_hello(const struct client *c);

#endif
