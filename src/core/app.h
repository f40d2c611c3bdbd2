/* app.h - the application: what the core does when a console asks (intents), and what it shows
 * (sections).
 *
 * Order: app_new; app_attach_serve; then, as they come to be, app_attach_nodes (store, nodes) and
 * app_attach_cloud (cloud, sign-in, Resource Manager). Intents that need what is not there yet are
 * answered with the reason (app_trouble). When both are there, an unfinished run is taken up again.
 * app_turn belongs after every turn of the loop: it publishes the log. All pointers given stay the
 * caller's and outlive the app. A sign-in belongs to the uid that made it: others see whose it is
 * and cannot start work with it.
 */
#ifndef AZL_CORE_APP_H
#define AZL_CORE_APP_H

#include "azure/arm.h"
#include "azure/auth.h"
#include "azure/cloud.h"
#include "core/serve.h"
#include "core/state.h"
#include "node/node.h"
#include "store/store.h"

struct app;
struct app_config {
    struct loop *loop;
    struct state *state;
    const struct clock *clock; /* the policy clock */
    const char *version, *state_dir, *runs_dir, *host;
    bool private_core, sandbox;
    int64_t idle_ms; /* a private core ends so long after the last console and run; 0: never */
    void (*on_stop)(void *payload);
    void *payload;
};
struct app *app_new(const struct app_config *c);
void app_free(struct app *a);
void app_attach_serve(struct app *a, struct serve *s);
void app_attach_nodes(struct app *a, struct store *store, struct node **nodes, size_t n);
/* auth must have been made with app_auth_changed and the app as payload. sandbox_base: "" unless
 * the cloud is the sandbox. */
void app_attach_cloud(struct app *a, const struct cloud *cloud, struct auth *auth, struct arm *arm,
                      const char *sandbox_base);
/* Why the core cannot work fully; NULL: it can again. Two kinds, kept apart: the state folder and
 * all else. */
enum app_part { APP_STATE_FOLDER, APP_BACKENDS, APP_PARTS };
void app_trouble(struct app *a, enum app_part part, const struct err *e);
void app_turn(struct app *a);

/* Callbacks for serve and auth; payload is the app. */
void app_intent(void *payload, const struct serve_ask *ask, const char *name,
                const struct json *args);
void app_clients(void *payload, size_t clients, size_t watching);
void app_newer(void *payload);
void app_auth_changed(void *payload);

/* The table of intents. */
enum {
    APP_ACT = 1 /* changes something */,
    APP_NODES = 2,
    APP_CLOUD = 4 /* what must be there */,
    APP_SIGNED_IN = 8 /* by this uid */,
    APP_STATUS = 16 /* the nodes, and what they said */
};
struct app_intent_row {
    const char *name;
    unsigned needs;
    void (*fn)(struct app *a, const struct serve_ask *ask, const struct json *args);
};
extern const struct app_intent_row app_intents[];
extern const size_t app_intent_count;

#endif
