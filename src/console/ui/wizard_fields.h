/* wizard_fields.h - the wizard's two forms: what is asked, where the choices come from, how a value
 * is judged, what it is in words. */
#ifndef AZL_UI_WIZARD_FIELDS_H
#define AZL_UI_WIZARD_FIELDS_H

#include "console/ui/form.h"

enum { CREATE_NAME, CREATE_NODES, CREATE_FIELDS };
enum {
    WHERE_CLOUD,
    WHERE_TENANT,
    WHERE_SUBSCRIPTION,
    WHERE_REGION,
    WHERE_GROUP,
    WHERE_NAME,
    WHERE_FIELDS
};
extern const struct form_field create_fields[CREATE_FIELDS];
extern const struct form_field where_fields[WHERE_FIELDS];

void wizard_defaults(struct form *where, struct ui *ui); /* fills what is empty and known */
void wizard_create_defaults(struct form *create, struct ui *ui);
struct json *wizard_create_args(const struct form *create);
struct json *wizard_args(const struct form *where); /* of register and register-check */
const char *wizard_source(enum form_source s);

#endif
