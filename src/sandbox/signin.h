/* signin.h - device codes between asking and redeeming: entra.c makes and redeems them, web.c and
 * control.c decide about them.
 *
 * A sign-in is an object of the world's section "signins"; its key is a digest of the device code,
 * so the file holds no code that could be redeemed. All times are real Unix ms (device codes expire
 * in real time). Everything here runs under the world's lock.
 */
#ifndef AZL_SANDBOX_SIGNIN_H
#define AZL_SANDBOX_SIGNIN_H

#include "sandbox/sandbox.h"

#define USER_CODE_SIZE 16
#define DIGEST_SIZE    48

enum signin_state {
    SIGNIN_PENDING,
    SIGNIN_APPROVED,
    SIGNIN_DECLINED,
    SIGNIN_EXPIRED,
    SIGNIN_REDEEMED
};

/* SHA-256 in base64url: how codes and refresh tokens stand in the world. */
void signin_digest(char out[DIGEST_SIZE], const char *secret_text);
/* n random bytes as base64url, appended. */
void signin_random(struct str *out, size_t n);

/* A new pending sign-in; its device code is appended to device_code (it is nowhere else). Old ones
 * are swept away. */
struct json *signin_new(struct world *w, const char *client_id, const char *scope,
                        const char *tenant, int expires_s, struct str *device_code);
struct json *signin_by_device_code(struct world *w, const char *device_code);
/* As typed: case, blanks and dashes do not matter. NULL if there is none that still waits or was
 * decided. */
struct json *signin_by_user_code(struct world *w, const char *typed);
/* Looks at the clock first: --approve auto and expiry. */
enum signin_state signin_now(struct world *w, struct json *s);
const char *signin_state_name(enum signin_state s);
void signin_set(struct world *w, struct json *s, enum signin_state state);
/* False when it does not wait any more, or there is no such user (upn NULL: the first user). */
bool signin_decide(struct world *w, struct json *s, const char *upn, bool approve);
/* Decides all that wait; returns how many. */
int signin_decide_all(struct world *w, const char *upn, bool approve);

/* Users of the world; NULL if absent. tid "": the first entry of that name, its home. */
const struct json *signin_user(struct world *w, const char *upn, const char *tid);
/* "Microsoft Azure CLI" */
const char *signin_app_name(const char *client_id);

#endif
