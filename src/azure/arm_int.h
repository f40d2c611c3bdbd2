/* arm_int.h - the inside of arm: shared by arm.c (one call), arm_lro.c, arm_page.c, arm_error.c;
 * nobody else but their tests includes it.
 *
 * Owns: arm owns its calls; a call owns its strings, its result and what it has under way (at any
 * time one of: wait, http, timer). Every request goes through arm_go, the one place that compares
 * the host before a token leaves. Units: second_ms is the length of a protocol second (1000; tests
 * shorten it); times are monotonic ms. Sources: azure-wire.md 2.1, 2.6, 2.8, 2.9.
 */
#ifndef AZL_AZURE_ARM_INT_H
#define AZL_AZURE_ARM_INT_H

#include "azure/arm.h"

#define ARM_MAX_REPLY (8u * 1024 * 1024) /* azure-wire.md 2.1.6 */

struct arm {
    struct loop *loop;
    struct http *reads, *writes;
    struct auth *auth;
    struct cloud cloud;
    char host[200], graph_host[200];
    struct arm_call *calls;
    int64_t second_ms;
};

enum arm_phase { ARM_FIRST, ARM_PAGE, ARM_POLL };
enum arm_poll { ARM_POLL_STATUS, ARM_POLL_LOCATION, ARM_POLL_RESOURCE };

struct arm_call {
    struct arm_call *prev, *next;
    struct arm *arm;
    arm_done_fn *fn;
    void *payload;

    char method[8];
    struct str url, body, tenant;
    char correlation[64];
    unsigned flags;
    int64_t deadline;

    enum arm_phase phase;
    struct str target; /* of the request under way */
    bool renewed;      /* one fresh token was asked for after a 401 */
    unsigned signins;  /* the sign-in that its token is of */
    struct auth_wait *wait;
    struct http_call *http;
    struct http *through; /* the transport of http */
    struct loop_timer *timer, *end;

    int first_http;
    char www_authenticate[400];

    enum arm_poll poll;
    int failed_reads;  /* in a row */
    struct json *list; /* pages so far */
    struct str seen;   /* addresses of pages, each with a line feed */
    int pages;
    struct err refused; /* of a request that was wrong from the start */
};

struct arm_answer { /* one HTTP reply, read */
    const struct http_reply *r;
    struct json *json; /* NULL if none */
    struct err err;    /* set: it is no success */
};

/* ---- arm.c ---- */
bool arm_is_write(const struct arm_call *c);
/* Ends the call; json stays the caller's. err NULL: well. */
void arm_finish(struct arm_call *c, int http, const struct json *json, const struct err *err);
/* The next request is a GET of this address; false with *e (a sentence for the user) when it is not
 * on the cloud's own host. */
bool arm_follow(struct arm_call *c, const char *url, struct err *e);
void arm_go(struct arm_call *c); /* token and send, now */
void arm_go_after(struct arm_call *c, int64_t ms);

/* ---- arm_lro.c, arm_page.c ---- */
bool arm_lro_begin(struct arm_call *c,
                   const struct arm_answer *a); /* false: the answer is final already */
void arm_lro_answer(struct arm_call *c, const struct arm_answer *a);
void arm_page_answer(struct arm_call *c, const struct arm_answer *a);

/* ---- arm_error.c ---- */
void arm_error_tree(struct err *e, int http, const struct json *j);

/* What a refusal says beside its code, into message and detail (arm_refusal.c); whole: Azure's
 * whole message. False: j tells of no policy. */
bool arm_refusal_policy(struct err *e, const struct json *j, const char *whole);
/* The missing right; of any other error the whole message, where `message` has only a part. */
void arm_refusal_right(struct err *e, const char *whole);

#endif
