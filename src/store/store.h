/* store.h - the state store: small JSON documents with compare-and-swap, and a lock.
 *
 * Backends: file (now), etcd (later). A document is changed only by store_put with the revision
 * that was read (0: must not exist yet). Answers come by return value: the file store is local and
 * quick (0.6 ms a commit, backends.md 4). Keys: "[a-z0-9][a-z0-9._/-]*", no "..".
 */
#ifndef AZL_STORE_STORE_H
#define AZL_STORE_STORE_H

#include "base/err.h"
#include "base/json.h"

struct store;
struct store_lock;
struct store_ops {
    /* NULL and ERR_C_NOT_FOUND when absent; *rev is its revision. The caller frees the document. */
    struct json *(*get)(struct store *s, const char *key, int64_t *rev, struct err *e);
    /* 0 and *new_rev, or ERR_C_CONFLICT. A failed put leaves the old document whole. */
    int (*put)(struct store *s, const char *key, const struct json *doc, int64_t rev,
               int64_t *new_rev, struct err *e);
    int (*del)(struct store *s, const char *key, int64_t rev, struct err *e);
    /* Keys that start with prefix, sorted, as a JSON array of strings. */
    struct json *(*list)(struct store *s, const char *prefix, struct err *e);
    /* Exclusive, named; ERR_C_BUSY at once when held (message names the holder). Freed when the
     * process ends. */
    struct store_lock *(*lock)(struct store *s, const char *name, struct err *e);
    void (*unlock)(struct store_lock *l);
    void (*close)(struct store *s);
};
struct store {
    const struct store_ops *ops;
};
/* dir must exist (file_mkdirs). Documents: DIR/KEY.json {"rev":n,"doc":{...}}; locks:
 * DIR/locks/NAME.lock */
struct store *store_file_open(const char *dir, struct err *e);

#endif
