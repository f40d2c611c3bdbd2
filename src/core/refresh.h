/* refresh.h - which node verbs are asked, how often, with what back-off; the panes that come of it;
 * the scheduled sync.
 *
 * Verbs: a table in refresh.c. Status of all nodes in parallel at the start, every 5 s of real time
 * while a console watches, every 60 s otherwise, at once on refresh_now. A node that fails is asked
 * less often (its interval doubles, 60 s at most); what it said before stays and is called stale.
 * When a node's NextSync has come on the policy clock its sync verb is sent (the node uses its own
 * identity); a failed sync is tried again after 15 minutes of the policy clock, doubling up to 4
 * hours. Nodes and clock stay the caller's.
 */
#ifndef AZL_CORE_REFRESH_H
#define AZL_CORE_REFRESH_H

#include "azure/cloud.h"
#include "base/loop.h"
#include "core/state.h"
#include "node/node.h"

#define REFRESH_WATCHED_MS INT64_C(5000)
#define REFRESH_IDLE_MS    INT64_C(60000)

struct refresh;
typedef void refresh_done_fn(void *payload);
struct refresh_config {
    struct loop *loop;
    struct state *state;
    struct node **nodes;
    size_t n;
    const struct clock *clock; /* the policy clock */
    refresh_done_fn *first;    /* called once, when every node answered the first time; or NULL */
    void *payload;
};
struct refresh *refresh_new(const struct refresh_config *c); /* asks at once */
void refresh_free(struct refresh *r);
void refresh_watched(struct refresh *r,
                     bool watched); /* a console watches: it asks at once when the answer is old */
void refresh_place(struct refresh *r, const struct cloud *cloud,
                   const char *tenant); /* for the portal address; cloud is copied */

/* Asks every node now; fn is called once, when those asked after this call have answered (NULL:
 * nobody waits). */
void refresh_now(struct refresh *r, refresh_done_fn *fn, void *payload);

#endif
