/* reset_state.h - what a native node remembers of the reset of its machine: DIR/reset.json.
 *
 * Plain data, and its way to disk and into the answer of the verb `reset-status`. The file is
 * written before a phase begins and after it has ended, so that whoever asks later, also after a
 * lost session or a core that was killed, is told how far it came. It holds no token. Phases and
 * their order: docs-facts.md 5.4 (a newer page's sample). States: those of the bootstrap
 * (docs-facts.md 5.2); that a reset has the same ones is inferred, as are the members: the answer
 * of Get-ArcBootstrapResetStatus is not published. Times are Unix ms of the real
 * clock in the file, ISO 8601 UTC in the answer.
 */
#ifndef AZL_NODE_RESET_STATE_H
#define AZL_NODE_RESET_STATE_H

#include "base/err.h"
#include "base/json.h"
#include "base/loop.h"
#include "base/str.h"

enum reset_phase_no { RESET_EXTENSIONS, RESET_GATEWAY, RESET_AGENT, RESET_BOOTSTRAP, RESET_PHASES };
extern const char *const reset_phase_names[RESET_PHASES];

#define RESET_NOT_STARTED "NotStarted"
#define RESET_IN_PROGRESS "InProgress"
#define RESET_SUCCEEDED   "Succeeded"
#define RESET_FAILED      "Failed"
#define RESET_NOT_NEEDED  "NotApplicable"

struct reset_phase {
    char name[32], status[16];
    int64_t start, end; /* of the last try; 0: not yet */
    struct err error;
};
struct reset_state {
    int64_t version; /* of the document's form: 1 */
    char id[GUID_SIZE];
    char status[16];
    char machine[600]; /* resource id of the machine in Azure Arc, "" it had none */
    int64_t start, end;
    struct reset_phase phases[RESET_PHASES];
    size_t n_phases;
};

/* The id of a machine in Azure Arc, nothing above or below it? What a reset deletes is one. */
bool reset_is_machine(const char *id);
/* A machine that was never reset: all NotStarted. */
void reset_state_new(struct reset_state *s, const char *id);
/* The file, or if there is none reset_state_new; a damaged one is an error and is left. */
int reset_state_load(const char *path, struct reset_state *s, struct err *e);
int reset_state_save(const char *path, const struct reset_state *s, struct err *e);
/* As node.h has it, without bootstrap and gateway. */
struct json *reset_state_answer(const struct reset_state *s, bool active);
struct json *reset_state_json(const struct reset_state *s); /* as in the file */

/* What a native node of this build plays of what a reset needs (node.h), into its facts: `text` is
 * DIR/plays.json ("" absent); what is not of those names and kinds there counts for nothing. */
void reset_plays(struct json *facts, int64_t build, const char *text, size_t size);

#endif
