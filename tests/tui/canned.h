/* canned.h - the sections that the screens are drawn from in tests, at CANNED_NOW. */
#ifndef AZL_TESTS_CANNED_H
#define AZL_TESTS_CANNED_H

#include "tui/fake_core.h"

#define CANNED_NOW INT64_C(1795254082000) /* 2026-11-21T09:41:22Z */

void canned_core(struct fake_core *f, const char *mode);
void canned_no_cluster(struct fake_core *f);
void canned_not_registered(struct fake_core *f); /* a cluster of three nodes, signed out */
void canned_registered(struct fake_core *f);
void canned_signin(struct fake_core *f, const char *state); /* out starting code in failed */
void canned_choices(struct fake_core *f);
void canned_nodes(struct fake_core *f);
void canned_run(struct fake_core *f,
                const char *state); /* none running waiting-sign-in failed needs-secret done */
#define CANNED_APP "66666666-7777-8888-9999-000000000000" /* whose secret needs-secret wants */
void canned_consent(struct fake_core *f, bool gave_up); /* a run that waits for an administrator */
void canned_long_run(struct fake_core *f, int done);    /* 25 steps, the next one running */
void canned_log(struct fake_core *f);
/* What the wizard starts from: a cluster that is not registered, signed in, Azure's lists there. */
void canned_wizard(struct fake_core *f, const char *run);
struct json *canned_review(void);
#define CANNED_CLUSTER                                                                             \
    "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/CLUSTER-A-rg/providers/"   \
    "Microsoft.AzureStackHCI/clusters/CLUSTER-A"
struct json *canned_unregister(void); /* the answer to unregister-check */
/* Every text of every section: 200 wide characters, marks, bidirectional controls, ESC and line
 * ends, as a hostile server would send. */
void canned_hostile(struct fake_core *f);

#endif
