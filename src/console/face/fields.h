/* fields.h - the wizard's two forms: what is asked, where the choices come from, how a value
 * is judged, what it is in words. */
#ifndef AZL_FACE_FIELDS_H
#define AZL_FACE_FIELDS_H

#include "console/face/form.h"

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

void fields_defaults(struct form *where, const struct model *m); /* fills what is empty and known */
void fields_create_defaults(struct form *create, const struct model *m);
struct json *fields_create_args(const struct form *create);
struct json *fields_args(const struct form *where); /* of register and register-check */
const char *fields_source(enum form_source s);

#endif
