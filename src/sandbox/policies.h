/* policies.h - Azure Policy's "deny": assignments from the seed's "policies" or POST
 * /sandbox/policies, judged for each request that makes or changes a resource, after the rights and
 * before the provider sees it.
 *
 * {"policies":[{"kind":"tag"|"locations"|"name", "name"?, "displayName"?, "definition"?,
 * "definitionDisplayName"?, "message"?, "scope"?, "tag"?, "locations"?, "pattern"?, "types"?}]}
 * tag: a resource (else of `types`, else each group) must have the tag. locations: its location
 * must be among these; groups are not judged unless `types` names them, as Azure's mode Indexed has
 * it. name: its name must fit the pattern ('*' and '?'). types: resource types; scope: else every
 * subscription. Without "policies" in a world nothing is judged; a POST replaces all.
 *
 * Sources: docs-facts.md 8 (shape of the denial, ids of the built-in definitions), azure-wire.md
 * 2.6.4. Inferred: that the customer's message stands behind "Reasons:" in the text, and the order
 * of rights and policies.
 */
#ifndef AZL_SANDBOX_POLICIES_H
#define AZL_SANDBOX_POLICIES_H

#include "sandbox/sandbox.h"

/* Replaces the world's policies; -1: the document is wrong. doc without "policies": nothing. */
int policies_set(struct world *w, const struct json *doc, struct err *e);
/* Judges the request. False: r is 403 RequestDisallowedByPolicy. */
bool policies_allow(struct sb_req *q, struct sb_reply *r);
/* The same for a resource that no request names: an agent's machine. */
bool policies_allow_resource(struct sb_req *q, struct sb_reply *r, const char *type, const char *id,
                             const struct json *body);

#endif
