/* params.h - a registration's parameters: one table for the option, the wizard's field, the key of
 * an answers file, the intent's value and the help.
 *
 * Plain data, one row a parameter of Register-AzStackHCI (register-flow.md 2.1), those that its
 * first generation had or documents promise included, and two of our own: resourceGroupTags
 * (azure-wire.md 2.4.6: policies demand tags, Microsoft's tools cannot give them to the groups that
 * they make) and recreateResource. A row that cannot be honoured here has `instead`: it is refused
 * with that sentence, never ignored. What a value must look like is judged here, so that console
 * and core say the same; what only Azure knows (is the region offered, the subscription enabled) is
 * the core's to judge.
 *
 * Rules of names: azure-wire.md 2.4.3 and 3.1.7. Tags: azure-wire.md 2.4.3 (50, name 512, value
 * 256 characters) and Resource Manager's public documentation (names without case, none of
 * < > % & \ ? /). Its documents disagree whether names may begin with azure, microsoft or windows;
 * we let them pass, Azure has the word. A thumbprint is Windows' SHA-1 one, 40 hexadecimal digits.
 */
#ifndef AZL_WIRE_PARAMS_H
#define AZL_WIRE_PARAMS_H

#include "base/err.h"
#include "base/json.h"

enum param_no { /* the core judges in this order: a default may need an earlier value */
                PAR_SUBSCRIPTION,
                PAR_TENANT,
                PAR_ENVIRONMENT,
                PAR_REGION,
                PAR_NAME,
                PAR_GROUP,
                PAR_ARC_GROUP,
                PAR_TAG,
                PAR_GROUP_TAGS,
                PAR_REPAIR,
                PAR_RECREATE,
                PAR_THUMBPRINT,
                PAR_ARC_SPN,
                PAR_STABLE_AGENT,
                PAR_LOGS,
                PAR_ACCOUNT,
                PAR_ARM_TOKEN,
                PAR_GRAPH_TOKEN,
                PAR_ARC_SPN_SECRET,
                PAR_COMPUTER,
                PAR_CREDENTIAL,
                PAR_DEVICE_AUTH,
                PAR_IS_WAC,
                PAR_ENABLE_ARC,
                PAR_CONFIRM,
                PAR_WHAT_IF,
                PARAMS
};
enum param_kind {
    PARAM_TEXT, /* JSON string */
    PARAM_FLAG, /* true, false */
    PARAM_TAGS  /* an object of strings; on the command line NAME=VALUE, repeated */
};
enum {
    PARAM_NEEDED = 1, /* has no default that is always there */
    PARAM_SENT = 2,   /* a value of the intents register and register-check */
    PARAM_SECRET = 4, /* never in a file of answers, never in argv */
    PARAM_KEY = 8     /* may stand in a file of answers although it is not sent */
};
/* 0: *out is the value as it is to be sent (new, the caller's). -1: *e says what is wrong. */
typedef int param_judge_fn(const char *text, struct json **out, struct err *e);

struct param {
    const char *id;      /* of the intent's value, and of its member in answers: "region" */
    const char *name;    /* the module's spelling: "Region"; the key of a file of answers */
    const char *option;  /* "region"; NULL: none of register's */
    const char *arg;     /* "REGION"; NULL: a switch */
    const char *label;   /* N_(): beside a field */
    const char *brief;   /* N_(): behind the option */
    const char *help;    /* N_(): what it is, and where it is found; NULL: no field */
    const char *instead; /* N_(): why it is refused here, and what there is in its place */
    enum param_kind kind;
    unsigned flags;
    param_judge_fn *judge; /* of a text; NULL: any clean one */
};
extern const struct param params[PARAMS];

const struct param *param_find(const char *name); /* by name or id, without case */
/* The name that is nearest to a wrong one; "" if none is near. */
const char *param_near(const char *wrong);
/* Type and shape. value NULL, null and "" are wrong here: who has none does not ask. */
int param_judge(const struct param *p, const struct json *value, struct json **out, struct err *e);

/* "NAME=VALUE" into an object; -1: no such pair, or the name is there already. */
int param_tag_add(struct json *tags, const char *pair, struct err *e);
/* "a=1, b=2" as in a field; "" is an empty object. */
struct json *param_tags_read(const char *text, struct err *e);
void param_tags_text(struct str *out, const struct json *tags); /* "a=1, b=2" */
/* A value in words: a text as it is, "true" or "false", tags as above. */
void param_text(struct str *out, const struct json *value);

/* Small differences between two words: inserted, lost and changed characters; 99 for long words. */
int param_distance(const char *a, const char *b);

#endif
