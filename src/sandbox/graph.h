/* graph.h - between the files of Microsoft Graph v1.0: graph.c (routes, who asks, people and
 * objects), graph_list.c ($filter, $select, paging), graph_apps.c (applications and service
 * principals), graph_grants.c (permissions given to applications).
 *
 * Order in a handler: graph_may (rights), then the world, then graph_one or graph_list. Sources:
 * azure-wire.md 4.1 to 4.7; real-clients.md 2.4, 7; Microsoft.Graph graph-v1.0-extract.xml. Rights
 * are a part of Graph's: the world's first user may everything, other users read, make, and change
 * what they made; an application may what its granted app roles say (azure-wire.md 4.3.1; which
 * right a default user has is not in the facts and stays on the side that Microsoft documents for
 * default members).
 */
#ifndef AZL_SANDBOX_GRAPH_H
#define AZL_SANDBOX_GRAPH_H

#include "sandbox/directory.h"
#include "sandbox/shape.h"

#define GRAPH "/v1.0"

enum graph_right { GRAPH_READ, GRAPH_CREATE, GRAPH_CHANGE, GRAPH_GRANT };
/* owned: the object that is to be changed, or NULL. False: r is 403. */
bool graph_may(struct sb_req *q, struct sb_reply *r, enum graph_right right,
               const struct json *owned);
const char *graph_tid(const struct sb_req *q);
/* Is the caller a user, and the one who owns the tenant's subscriptions? */
bool graph_is_admin(struct sb_req *q);

/* 404 Request_ResourceNotFound */
void graph_absent(const struct sb_req *q, struct sb_reply *r, const char *id);
/* 400 Request_BadRequest */
void graph_bad(const struct sb_req *q, struct sb_reply *r, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* The checked body, or NULL: r is 400. */
const struct json *graph_body(struct sb_req *q, struct sb_reply *r, const struct shape *s);

/* What leaves: without our own members, cut to $select, with its "@odata.type" where the set is
 * mixed (type NULL: not). Owned. */
struct json *graph_form(const struct sb_req *q, const struct json *o, const char *type);
/* One object with "@odata.context" of its set ("applications"). */
void graph_one(const struct sb_req *q, struct sb_reply *r, int status, const char *set,
               const struct json *o);
/* Those of the section's (or array's) objects in the caller's tenant that $filter lets through;
 * $top and $skiptoken page them. 400 for a filter that is not understood. */
void graph_list(struct sb_req *q, struct sb_reply *r, const char *set, const struct json *all);

/* The application or service principal that the path names by {id} or {appid}, after the right to
 * it; NULL: r is filled. */
struct json *graph_find(struct sb_req *q, struct sb_reply *r, enum graph_right right);

struct json *graph_user(const struct json *user); /* of the section "users", as Graph shows it */

extern const struct sb_routes graph_routes, graph_apps_routes, graph_grants_routes;

#endif
