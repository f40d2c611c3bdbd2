/* kit.h - the walk of `make check-azure`: a table of steps, each one request, each recorded.
 *
 * The order: find the cloud, sign in, the steps that only read; then, if asked for and confirmed
 * twice, the steps that make a group and a cluster resource; then those that delete exactly these
 * again, whatever happened in between. A step's start either sends its request (kit_ask) or says
 * kit_next. Facts: azure-wire.md 1 to 3.
 */
#ifndef AZL_REAL_KIT_H
#define AZL_REAL_KIT_H

#include "azure/arm.h"
#include "azure/cloud.h"
#include "base/loop.h"
#include "core/cloud_find.h"

enum {
    KIT_OK = 0,
    KIT_FAILED = 1, /* a step failed, or a value was wrong */
    KIT_USAGE = 2,
    KIT_NO_SIGN_IN = 3,
    KIT_LEFT = 4, /* something may be left in Azure */
    KIT_INTERRUPTED = 130
};

struct kit_options {
    const char *cloud, *cloud_endpoint, *ca_file, *tenant, *subscription, *region, *client_id, *out;
    const char *record; /* the record's file name in `out` */
    bool write;
};

struct kit;
struct step {
    const char *id, *title;
    void (*start)(struct kit *k);
    void (*read)(struct kit *k, const struct arm_reply *r); /* NULL: good when 2xx */
    unsigned flags;
};
enum {
    STEP_WRITES = 1, /* left out once the walk is stopping */
    STEP_CLEANS = 2  /* always walked; tried again while the failure may pass */
};

struct kit {
    struct kit_options o;
    struct loop *loop;
    struct http *rec, *reads;
    struct cloud cloud;
    struct auth *auth;
    struct arm *arm;
    struct cloud_find *find;
    struct arm_call *call;
    struct http_call *plain;
    struct loop_timer *timer, *tick;
    void (*then)(struct kit *k); /* after the timer */
    size_t at;                   /* in the table */
    int tries, failed, result;
    bool tty, code_shown, signed_in, stopping, stop_again, done;
    void (*answer)(struct kit *k, char *line);
    struct loop_io *in;
    char input[400];
    size_t input_len;

    char subscription[40], subscription_name[128], state[32], region[64];
    const char *lacks;       /* an action that the writing part needs and this account has not */
    char provider_state[32]; /* of Microsoft.AzureStackHCI */
    struct json *subscriptions;
    struct str regions; /* those of the clusters type, ",eastus,westeurope," */
    bool write;         /* confirmed twice */
    int words;          /* how often the word was typed */
    char run_id[37];    /* the tag's value: what carries it is ours */
    char group[64], cluster[64], missing[64];
    bool may_group, may_cluster;   /* may exist, made by us */
    bool keep_cluster, keep_group; /* not ours, or not empty */
};

extern const struct step kit_steps[];
extern const size_t kit_n_steps;
#define KIT_TAG "azloconfCheck"

/* ---- kit.c: the walk ---- */
void kit_start(struct kit *k);
void kit_next(struct kit *k);
void kit_ask(struct kit *k, const char *method, const char *path, const char *api, unsigned flags,
             struct json *body); /* frees body */
void kit_query(struct kit *k, const char *path, const char *api, const char *query, unsigned flags);
void kit_fail(struct kit *k, int result, const char *fmt, ...)
    __attribute__((format(printf, 3, 4))); /* says why; no further step but those that clean */
void kit_note(struct kit *k, const char *mark, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void kit_error(struct kit *k, const struct err *e, int http);
void kit_later(struct kit *k, int64_t ms, void (*then)(struct kit *k));
void kit_stop(struct kit *k); /* Ctrl-C */
const struct step *kit_step(const struct kit *k);

/* ---- ask.c: questions to the operator ---- */
void ask_open(struct kit *k);
void ask_line(struct kit *k, void (*answer)(struct kit *k, char *line), const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* ---- signin.c ---- */
void signin_start(struct kit *k);
void signin_changed(void *payload);
void signin_cancel(struct kit *k);

/* ---- azure_kit.c ---- */
void kit_cloud(struct kit *k, const struct cloud *c); /* the cloud that is talked to from now on */

/* ---- reads.c, writes.c: the steps' own functions ---- */
void read_metadata(struct kit *k);
void read_openid(struct kit *k);
void read_tenants(struct kit *k);
void read_subscriptions(struct kit *k);
void got_subscriptions(struct kit *k, const struct arm_reply *r);
void choose_subscription(struct kit *k);
void read_subscription(struct kit *k);
void got_subscription(struct kit *k, const struct arm_reply *r);
void read_no_token(struct kit *k);
void read_locations(struct kit *k);
void read_provider(struct kit *k);
void got_provider(struct kit *k, const struct arm_reply *r);
void choose_region(struct kit *k);
void read_permissions(struct kit *k);
void got_permissions(struct kit *k, const struct arm_reply *r);
void read_assignments(struct kit *k);
void read_clusters(struct kit *k);
void read_bad_version(struct kit *k);
void read_no_group(struct kit *k);
void read_no_cluster(struct kit *k);
void read_refresh(struct kit *k);
void got_refusal(struct kit *k, const struct arm_reply *r); /* a 4xx is what was wanted */
void got_not_found(struct kit *k, const struct arm_reply *r);

void confirm_write(struct kit *k);
void group_absent(struct kit *k);
void got_group_absent(struct kit *k, const struct arm_reply *r);
void group_put(struct kit *k);
void got_group_put(struct kit *k, const struct arm_reply *r);
void group_head(struct kit *k);
void cluster_put(struct kit *k);
void got_cluster_put(struct kit *k, const struct arm_reply *r);
void cluster_look(struct kit *k);
void got_cluster_look(struct kit *k, const struct arm_reply *r);
void cluster_delete(struct kit *k);
void cluster_gone(struct kit *k);
void got_cluster_gone(struct kit *k, const struct arm_reply *r);
void group_look(struct kit *k);
void got_group_look(struct kit *k, const struct arm_reply *r);
void group_resources(struct kit *k);
void got_group_resources(struct kit *k, const struct arm_reply *r);
void group_delete(struct kit *k);
void group_gone(struct kit *k);
void got_group_gone(struct kit *k, const struct arm_reply *r);
void say_left(struct kit *k);
int write_left_file(struct kit *k, struct err *e);
void remove_left_file(struct kit *k);

#endif
