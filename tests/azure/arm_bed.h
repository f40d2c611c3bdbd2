/* arm_bed.h - a test bed of arm's tests: one arm, signed in, over a script for Resource Manager and
 * one for Entra. */
#ifndef AZL_TESTS_AZURE_ARM_BED_H
#define AZL_TESTS_AZURE_ARM_BED_H

#include "fake.h"

#include "azure/arm_int.h"
#include "azure/auth_int.h"

#define TID "aaaaaaaa-0000-4000-8000-000000000001"
#define ARM "https://management.azure.com"
#define RES "/subscriptions/s/resourceGroups/g/providers/Microsoft.AzureStackHCI/clusters/c"
#define OP                                                                                         \
    ARM "/subscriptions/s/providers/Microsoft.AzureStackHCI/locations/eastus/operationStatuses/"   \
        "1?api-version=x"

struct bed {
    struct fake *f, *login; /* two scripts over one loop: Resource Manager and Entra */
    struct auth *auth;
    struct arm *arm;
    bool told;
    int answers;
    struct arm_reply reply;
    char json[4000];
};

int arm_bed_setup(void **state);
int arm_bed_teardown(void **state);
void arm_bed_reply(void *payload, const struct arm_reply *r); /* an arm_done_fn: keeps the reply */
struct arm_call *arm_bed_start(struct bed *b, const char *method, const char *path, unsigned flags,
                               const char *body);
/* Starts and waits; the reply without its json, which is in b->json as text. */
const struct arm_reply *arm_bed_call(struct bed *b, const char *method, const char *path,
                                     unsigned flags, const char *body);
void arm_bed_token(struct bed *b, const char *access); /* Entra's next answer */
void arm_bed_done(
    struct bed *b); /* the scripts are played, no token went elsewhere, nothing is left */

#define T(fn) cmocka_unit_test_setup_teardown(fn, arm_bed_setup, arm_bed_teardown)

#endif
