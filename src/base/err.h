/* err.h - an error is a value that the caller owns.
 *
 * Every function that can fail takes `struct err *e` as its last parameter, returns -1 (or NULL)
 * and has then filled *e; on success *e is untouched. The struct is of fixed size and has no
 * pointers: it is copied by assignment, stands in journals and snapshots, and needs no release.
 * message: one sentence of what happened, already cleaned of control characters. context: what we
 * were doing, added once by the layer that knows (err_wrap). advice stays empty here: core/advice
 * fills it.
 */
#ifndef AZL_BASE_ERR_H
#define AZL_BASE_ERR_H

#include <stdbool.h>
#include <stdint.h>

enum err_domain {
    ERR_NONE = 0,
    ERR_USAGE,  /* the caller's values are wrong */
    ERR_SYSTEM, /* a system call failed; code is errno */
    ERR_NET,    /* no (whole) answer came; code is the CURLcode or 0 */
    ERR_AUTH,   /* Microsoft Entra refused; code is the first AADSTS number or 0 */
    ERR_ARM,    /* Azure Resource Manager refused; http and remote_code are set */
    ERR_NODE,   /* a node or its Arc agent refused; code is its exit code or 0 */
    ERR_STORE,  /* the state folder */
    ERR_OP,   /* an operation's own rule; code is the Windows module's number (9101...) where it has
                 one */
    ERR_WIRE, /* console and core do not understand each other */
    ERR_DOMAINS
};

/* Codes of ERR_OP, ERR_STORE, ERR_WIRE that are ours; the module's own numbers start at 9001. */
enum err_code {
    ERR_C_NOT_SIGNED_IN = 101, /* nobody is signed in, or the sign-in ended */
    ERR_C_NOT_ALLOWED = 102,   /* this uid may not act */
    ERR_C_BUSY = 103,          /* another operation holds the lock */
    ERR_C_CANCELLED = 104,     /* left by the user */
    ERR_C_NO_CLUSTER = 105,    /* there is no cluster on this node yet */
    ERR_C_DATAPLANE = 106,     /* native nodes against a cloud without our data plane */
    ERR_C_PROTOCOL = 107,      /* the other side speaks another protocol number */
    ERR_C_EXPIRED = 108,       /* the device code expired */
    ERR_C_DECLINED = 109,      /* the sign-in was declined */
    ERR_C_SUBSCRIPTION = 110,  /* the subscription's state forbids writing */
    ERR_C_DEADLINE = 111,      /* a step ran out of its time */
    ERR_C_NOT_FOUND = 112,
    ERR_C_CONFLICT = 113, /* compare-and-swap lost */
    ERR_C_CORRUPT = 114,  /* a stored document or line does not parse */
    ERR_C_TOO_BIG = 115,
    ERR_C_ELSEWHERE =
        116,            /* the Arc agent of a node is connected to another place (module: code 2) */
    ERR_C_RIGHTS = 117, /* the account's roles lack actions that the operation needs */
    ERR_C_ANSWER_LOST = 118,  /* a code or token is used up, its answer was lost on the way */
    ERR_C_NEEDS_SECRET = 119, /* the operator's own principal was named, its secret was not given */
    ERR_C_PASSWORD = 120,     /* a key's password is missing or wrong */
    ERR_C_ROLES = 121,        /* the operator's own service principal lacks its roles */
    ERR_C_CONSENT = 122,      /* an administrator has to consent to an application's permissions */
    ERR_C_NO_GRAPH = 123,     /* signed in, by a way that gets no token for Microsoft Graph */
    ERR_C_DELETING = 124,     /* what is needed is being deleted in Azure */
    ERR_C_HOLDERS = 130,      /* others live on the cluster that is to go: Arc VMs, AKS, bridges */
    ERR_C_LOCKED = 131,       /* locks keep what is to be deleted */
    ERR_C_DISAGREE = 132,     /* the nodes have stored different registrations */
    ERR_C_OTHER_CLOUD = 133,  /* what was named, or an agent, is not in the core's cloud */
    ERR_C_OTHER_RESOURCE = 134, /* the cluster resource is not the one that the nodes have stored */
    ERR_C_ARC_NEEDS_REGISTRATION = 135, /* Arc alone was asked for, and nothing is registered */
    ERR_C_ARC_NOT_THERE = 136,          /* ... of a registration that has no Azure Arc */
    ERR_C_UNREGISTERED = 139,  /* it needs a registration, and none is stored on the nodes */
    ERR_C_CENSUS = 140,        /* a node is missing from the census, and a node was just started */
    ERR_C_IS_OVER = 144,       /* undo: the operation is done, or was undone already */
    ERR_C_BUILT_ON = 145,      /* undo: a later operation stands on what this one made */
    ERR_C_NO_WAY_BACK = 146,   /* undo: nothing of what it did can be taken back */
    ERR_C_OTHER_TENANT = 147,  /* undo: the sign-in is of another tenant than the operation */
    ERR_C_RESET_VERSION = 148, /* no Azure Local, or one before 2508 */
    ERR_C_RESET_POWERSHELL = 149, /* PowerShell is older than 7 */
    ERR_C_RESET_MODULE = 150,     /* the AzStackHCI module is missing */
    ERR_C_RESET_ADMIN = 151,      /* the session is no administrator's */
    ERR_C_RESET_REGISTERED = 152, /* the machine's cluster is registered with Azure */
    ERR_C_RESET_CLUSTER = 153,    /* in Azure the machine belongs to a cluster that is there */
    ERR_C_RESET_PHASE = 154,      /* a phase of the reset failed */
    ERR_C_RESET_LOCK = 155,       /* a lock holds the machine's resource */
    ERR_C_NO_MOVE = 156,          /* the new values are the old ones, or there is nothing to move */
    ERR_C_MOVE_LOCKED = 157,      /* a lock forbids making anything where a move would go */
    ERR_C_MOVE_TAKEN = 158,       /* there is a cluster resource of that name already */
    ERR_C_LEFTOVERS = 160,        /* a clean-up did not delete all that was chosen */
    ERR_C_REGISTERED_HERE = 161,  /* it belongs to the cluster that is registered here */
    ERR_C_NO_LEFTOVER = 162,      /* it was chosen to be cleaned up, and is no leftover */
    ERR_C_TENANT = 163,           /* the subscription is not of the tenant that was named */
    ERR_C_CONFIRM = 165,          /* the word that the operation wants typed is missing or wrong */
};

struct err {
    enum err_domain domain;
    int code;
    int http;               /* HTTP status, 0 if none */
    bool retryable;         /* the same request may be sent again */
    bool unsure;            /* the request may have had its effect (the reply was lost) */
    int64_t retry_after_ms; /* -1: the server said nothing */
    char message[400];
    char context[160];
    char why[320]; /* as far as known; filled with advice */
    char advice[400];
    char remote_code[96]; /* "AuthorizationFailed", "AADSTS70016", "AZCM0042" */
    char request_id[64];  /* x-ms-request-id, or Entra's trace id */
    char correlation_id[64];
    char detail[1000]; /* cleaned, "what: value; what: value" of this case: a policy's ids, the
                          missing right, the whole text where message holds its beginning */
};

/* Both return -1, so that `return err_set(e, ...)` reads well. */
int err_set(struct err *e, enum err_domain domain, int code, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
int err_sys(struct err *e, int errnum, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Adds what was being done; keeps a deeper context that is already there. Returns -1. */
int err_wrap(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void err_clear(struct err *e);
static inline bool err_is(const struct err *e)
{
    return e->domain != ERR_NONE;
}
const char *err_domain_name(enum err_domain d); /* "arm"; "" for none */
enum err_domain err_domain_of(const char *name);

struct json_type;
extern const struct json_type err_json; /* how an err stands in journals and messages */

#endif
