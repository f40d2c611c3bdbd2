/* act_fields.h - pages of values for the rows of acts.h. */
#ifndef AZL_FACE_ACT_FIELDS_H
#define AZL_FACE_ACT_FIELDS_H

#include "console/face/form.h"

/* Which cluster resource: by name where nothing is registered here, else what is stored. */
enum { ACT_NAMED_SUBSCRIPTION, ACT_NAMED_NAME, ACT_NAMED_GROUP, ACT_NAMED_FORCE, ACT_NAMED_FIELDS };
extern const struct form_field act_named_fields[ACT_NAMED_FIELDS];
void act_named_fill(struct form *f, const struct model *m);

/* What a repair may do besides. */
enum { ACT_REPAIR_FIELDS = 1 };
extern const struct form_field act_repair_fields[ACT_REPAIR_FIELDS];

/* Where the machines go in Azure Arc, and by which principal: as a registration has it. */
enum { ACT_ARC_FIELDS = 2 };
extern const struct form_field act_arc_fields[ACT_ARC_FIELDS];

/* Which machine: one of the nodes, or all; and where it is registered anew, if it is. */
enum {
    ACT_RESET_NODE,
    ACT_RESET_AGAIN,
    ACT_RESET_TENANT,
    ACT_RESET_SUBSCRIPTION,
    ACT_RESET_REGION,
    ACT_RESET_GROUP,
    ACT_RESET_NAME,
    ACT_RESET_ARC_GROUP,
    ACT_RESET_FIELDS
};
extern const struct form_field act_reset_fields[ACT_RESET_FIELDS];
void act_reset_fill(struct form *f, const struct model *m);

/* Where a move goes to: the wizard's page (where_fields, all of them), filled with what is stored.
 */
void act_move_fill(struct form *f, const struct model *m);

#endif
