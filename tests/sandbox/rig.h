/* rig.h - a sandbox without sockets for tests: a fresh world in its own folder, and requests
 * straight into the dispatcher. */
#ifndef AZL_TESTS_SANDBOX_RIG_H
#define AZL_TESTS_SANDBOX_RIG_H

#include "sandbox/sandbox.h"

#define RIG_CLIENT "04b07795-8ddb-461a-bbee-02f9e1bf7b46"

/* The world of all tests of this program: approval by hand, at once, one clock. Faults are cleared.
 */
struct world *rig_world(void);

struct rig_answer {
    int status;
    struct json *json; /* NULL if the answer is text */
    char *text;
    struct json *headers; /* NULL if none */
};
/* body: JSON, a form (begins with a letter), or NULL. token: bearer,
 * or "Basic ...", or NULL. The caller gives the
 * answer to rig_free. */
struct rig_answer rig_ask(const char *method, const char *path, const char *query, const char *body,
                          const char *token);
void rig_free(struct rig_answer *a);
/* An access token of the first user for that audience. Allocated. */
char *rig_token(const char *aud, const char *tid, int life_s);

#endif
