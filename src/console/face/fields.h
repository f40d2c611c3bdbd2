/* fields.h - the wizard's forms: what is asked, where the choices come from, how a value
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
    WHERE_FIELDS,
    WHERE_ARC_GROUP = WHERE_FIELDS, /* on the page of a move alone */
    WHERE_MOVE_FIELDS
};
enum {
    MORE_ARC_GROUP,
    MORE_TAG,
    MORE_GROUP_TAGS,
    MORE_REPAIR,
    MORE_RECREATE,
    MORE_THUMBPRINT,
    MORE_ARC_SPN,
    MORE_STABLE_AGENT,
    MORE_LOGS,
    MORE_FIELDS
};
extern const struct form_field create_fields[CREATE_FIELDS];
extern const struct form_field where_fields[WHERE_MOVE_FIELDS];
extern const struct form_field more_fields[MORE_FIELDS]; /* parameters that most leave alone */

void fields_defaults(struct form *where, const struct model *m); /* fills what is empty and known */
void fields_create_defaults(struct form *create, const struct model *m);
/* Where a form has the field of this name of where_fields, -1: it has none. fields_rest: it has
 * them, but they are off now; fields_places: they are asked for. */
int fields_at(const struct form *f, int where);
bool fields_rest(const struct form *f);
bool fields_places(const struct form *f);
/* Azure's lists must be asked anew: of another tenant or subscription, or they `rested` before. */
bool fields_changed_lists(const struct form *f, bool rested);
struct json *fields_create_args(const struct form *create);
/* Of the intent choices: the tenant and the subscription that the lists are to be of. */
struct json *fields_choices_args(const struct form *where);
bool fields_lack_choices(const struct form *where,
                         const struct model *m); /* or they are another's */
/* Of register and register-check. Values that stay empty are left out. */
struct json *fields_args(const struct form *where, const struct form *more);
/* By its parameter's own rules (wire/params.h); for form_field.check. "" is right. */
const char *fields_check_param(const struct model *m, const struct form *f, int i, char *msg,
                               size_t size);
/* The rows of where_fields, for pages that hold more. */
int fields_tenant_count(const struct model *m, const struct form *f);
void fields_tenant_choice(const struct model *m, const struct form *f, int i,
                          struct form_choice *out);
const char *fields_check_tenant(const struct model *m, const struct form *f, int i, char *msg,
                                size_t size);
int fields_sub_count(const struct model *m, const struct form *f);
void fields_sub_choice(const struct model *m, const struct form *f, int i, struct form_choice *out);
const char *fields_check_sub(const struct model *m, const struct form *f, int i, char *msg,
                             size_t size);
int fields_region_count(const struct model *m, const struct form *f);
void fields_region_choice(const struct model *m, const struct form *f, int i,
                          struct form_choice *out);
const char *fields_check_region(const struct model *m, const struct form *f, int i, char *msg,
                                size_t size);
const char *fields_check_name(const struct model *m, const struct form *f, int i, char *msg,
                              size_t size);
const char *fields_need_group(const struct model *m, const struct form *f, int i, char *msg,
                              size_t size); /* fields_check_group, and it may not be empty */
/* Resource groups of the subscription: the first row makes a new one. */
int fields_group_count(const struct model *m, const struct form *f);
void fields_group_choice(const struct model *m, const struct form *f, int i,
                         struct form_choice *out);
int fields_arc_group_count(const struct model *m, const struct form *f);
void fields_arc_group_choice(const struct model *m, const struct form *f, int i,
                             struct form_choice *out); /* the same of the machines' group */
const char *fields_check_group(const struct model *m, const struct form *f, int i, char *msg,
                               size_t size);
int fields_flag_count(const struct model *m, const struct form *f); /* no, yes */
void fields_flag_choice(const struct model *m, const struct form *f, int i,
                        struct form_choice *out);
void fields_sentence(char *out, size_t size,
                     const char *sentence); /* without its full stop: it stands in a line */
void fields_add_more(struct json *args, const struct form *more); /* fields_more.c */
const char *fields_source(enum form_source s);

#endif
