/* signin.c - the sign-ins that wait, and who may sign in. */
#include "config.h"

#include <ctype.h>
#include <string.h>

#include <openssl/rand.h>
#include <openssl/sha.h>

#include "sandbox/signin.h"

#define KEEP_MS (3600 * 1000LL) /* how long a finished sign-in stays visible */

static const char *const state_names[] = {
    [SIGNIN_PENDING] = "pending", [SIGNIN_APPROVED] = "approved", [SIGNIN_DECLINED] = "declined",
    [SIGNIN_EXPIRED] = "expired", [SIGNIN_REDEEMED] = "redeemed",
};

void signin_digest(char out[DIGEST_SIZE], const char *secret_text)
{
    unsigned char sum[SHA256_DIGEST_LENGTH];
    struct str s = STR_INIT;
    SHA256((const unsigned char *)secret_text, strlen(secret_text), sum);
    str_add_b64url(&s, sum, sizeof(sum));
    str_copy(out, DIGEST_SIZE, str_p(&s));
    str_free(&s);
}

void signin_random(struct str *out, size_t n)
{
    unsigned char bytes[256] = { 0 };
    RAND_bytes(bytes, (int)(n < sizeof(bytes) ? n : sizeof(bytes)));
    str_add_b64url(out, bytes, n < sizeof(bytes) ? n : sizeof(bytes));
}

/* Nine characters without those that are taken for each other, as Entra's look. */
static void make_user_code(char out[USER_CODE_SIZE])
{
    static const char letters[] = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    unsigned char bytes[9] = { 0 };
    RAND_bytes(bytes, sizeof(bytes));
    for (size_t i = 0; i < sizeof(bytes); i++)
        out[i] = letters[bytes[i] % (sizeof(letters) - 1)];
    out[sizeof(bytes)] = '\0';
}

static int64_t number(const struct json *s, const char *name)
{
    int64_t n = 0;
    json_int(s, name, &n);
    return n;
}

static void sweep(struct json *all)
{
    const struct json *s = json_first(all);
    while (s) {
        const struct json *next = json_next(s);
        char key[DIGEST_SIZE];
        if (number(s, "expires") + KEEP_MS < wall_ms() && STR_SET(key, json_name(s)))
            json_unset(all, key);
        s = next;
    }
}

struct json *signin_new(struct world *w, const char *client_id, const char *scope,
                        const char *tenant, int expires_s, struct str *device_code)
{
    struct json *all = world_section(w, "signins"), *s = json_object();
    char key[DIGEST_SIZE], user_code[USER_CODE_SIZE];
    sweep(all);
    signin_random(device_code, 192); /* long, as Entra's are (azure-wire.md 1.3.3) */
    signin_digest(key, str_p(device_code));
    make_user_code(user_code);
    json_set_str(s, "userCode", user_code);
    json_set_str(s, "clientId", client_id);
    json_set_str(s, "scope", scope);
    json_set_str(s, "tenant", tenant);
    json_set_int(s, "asked", wall_ms());
    json_set_int(s, "expires", wall_ms() + expires_s * 1000LL);
    json_set_str(s, "state", state_names[SIGNIN_PENDING]);
    json_set(all, key, s);
    world_touch(w);
    return s;
}

struct json *signin_by_device_code(struct world *w, const char *device_code)
{
    char key[DIGEST_SIZE];
    signin_digest(key, device_code);
    const struct json *s = json_member(world_section(w, "signins"), key);
    return s ? json_edit(s) : NULL;
}

struct json *signin_by_user_code(struct world *w, const char *typed)
{
    char code[USER_CODE_SIZE];
    size_t n = 0;
    for (const char *p = typed; *p && n + 1 < sizeof(code); p++)
        if (isalnum((unsigned char)*p))
            code[n++] = (char)toupper((unsigned char)*p);
    code[n] = '\0';
    JSON_EACH (s, world_section(w, "signins"))
        if (n && str_eq(json_str(s, "userCode"), code))
            return json_edit(s);
    return NULL;
}

void signin_set(struct world *w, struct json *s, enum signin_state state)
{
    json_set_str(s, "state", state_names[state]);
    world_touch(w);
}

const char *signin_state_name(enum signin_state s)
{
    return state_names[s];
}

static enum signin_state stored_state(const struct json *s)
{
    for (size_t i = 0; i < ARRAY_LEN(state_names); i++)
        if (str_eq(json_str(s, "state"), state_names[i]))
            return (enum signin_state)i;
    return SIGNIN_EXPIRED;
}

static bool decide(struct world *w, struct json *s, const char *upn, bool approve)
{
    const struct json *user = signin_user(w, upn, "");
    if (!user && approve)
        return false;
    if (user)
        json_set_str(s, "user", json_str(user, "upn"));
    signin_set(w, s, approve ? SIGNIN_APPROVED : SIGNIN_DECLINED);
    return true;
}

enum signin_state signin_now(struct world *w, struct json *s)
{
    enum signin_state state = stored_state(s);
    int64_t now = wall_ms();
    if (state != SIGNIN_PENDING && state != SIGNIN_APPROVED)
        return state;
    if (now >= number(s, "expires")) {
        signin_set(w, s, SIGNIN_EXPIRED);
        return SIGNIN_EXPIRED;
    }
    if (state == SIGNIN_PENDING && sb_options.approve == SB_APPROVE_AUTO &&
        now >= number(s, "asked") + sb_options.approve_after_s * 1000LL)
        decide(w, s, NULL, true);
    return stored_state(s);
}

bool signin_decide(struct world *w, struct json *s, const char *upn, bool approve)
{
    return signin_now(w, s) == SIGNIN_PENDING && decide(w, s, upn, approve);
}

int signin_decide_all(struct world *w, const char *upn, bool approve)
{
    int n = 0;
    JSON_EACH (s, world_section(w, "signins"))
        n += signin_decide(w, json_edit(s), upn, approve);
    return n;
}

const struct json *signin_user(struct world *w, const char *upn, const char *tid)
{
    JSON_EACH (u, world_section(w, "users"))
        if ((!upn || str_ieq(json_str(u, "upn"), upn)) &&
            (!tid[0] || str_ieq(json_str(u, "tid"), tid)))
            return u;
    return NULL;
}

const char *signin_app_name(const char *client_id)
{
    static const struct {
        const char *id, *name;
    } apps[] = { /* azure-wire.md 1.6 */
                 { "04b07795-8ddb-461a-bbee-02f9e1bf7b46", "Microsoft Azure CLI" },
                 { "1950a258-227b-4e31-a9cf-717495945fc2", "Microsoft Azure PowerShell" },
                 { "14d82eec-204b-4c2f-b7e8-296a70dab67e", "Microsoft Graph Command Line Tools" }
    };
    for (size_t i = 0; i < ARRAY_LEN(apps); i++)
        if (str_ieq(apps[i].id, client_id))
            return apps[i].name;
    return "";
}
