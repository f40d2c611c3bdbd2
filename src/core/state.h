/* state.h - the core state module: versioned sections with their encoded bytes; those bytes are the
 * snapshot.
 *
 * state_publish encodes the plain struct and takes it only when the bytes differ: then the
 * section's version goes up by one and the listener is told, once a change. Version 0: never
 * published. Sections are plain data (wire/sections.h) whose texts are clean; an error in one gets
 * its advice here (core/advice). `yours` of signin is not stored: it is set for the uid that asks
 * (state_add). core.now and core.policy_now are the time of publishing and no reason to publish by
 * themselves.
 */
#ifndef AZL_CORE_STATE_H
#define AZL_CORE_STATE_H

#include "base/str.h"
#include "wire/sections.h"

struct state;
typedef void state_change_fn(void *payload, enum section_id id);

struct state *state_new(void);
void state_free(struct state *s);
void state_listen(struct state *s, state_change_fn *fn, void *payload);

/* data: the section's struct (struct sec_core for SEC_CORE ...). true when it was news. */
bool state_publish(struct state *s, enum section_id id, const void *data);
int64_t state_version(const struct state *s, enum section_id id);
/* The last published struct, zeroed before the first. */
const void *state_get(const struct state *s, enum section_id id);
/* Appends the section's encoded bytes as uid sees them. */
void state_add(const struct state *s, enum section_id id, int64_t uid, struct str *out);

#endif
