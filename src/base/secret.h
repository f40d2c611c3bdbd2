/* secret.h - tokens and keys: locked, not dumped, wiped.
 *
 * A secret lives on its own locked pages (mlock, MADV_DONTDUMP, MADV_WIPEONFORK) and is wiped with
 * explicit_bzero when cleared. It never enters a section, journal, log, argv or environment; it
 * crosses a process border only as a sealed memfd. A zeroed struct secret is empty. mlock failing
 * (RLIMIT_MEMLOCK) is not an error: the pages are still wiped.
 */
#ifndef AZL_BASE_SECRET_H
#define AZL_BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>

struct secret {
    char *p; /* NUL-terminated; NULL when empty */
    size_t len, map;
};

void secret_set(struct secret *s, const char *bytes, size_t n);
void secret_copy(struct secret *dst, const struct secret *src);
/* n bytes more at its end, in locked pages only; from the n'th byte on it is cut off and wiped. */
void secret_add(struct secret *s, const char *bytes, size_t n);
void secret_cut(struct secret *s, size_t n);
void secret_clear(struct secret *s);
static inline bool secret_is(const struct secret *s)
{
    return s->len > 0;
}
bool secret_eq(const struct secret *a, const char *bytes, size_t n); /* constant time */
/* A sealed memfd (CLOEXEC) with the bytes, read position 0; -1 and errno. For a child's --config or
 * SCM_RIGHTS. */
int secret_memfd(const char *name, const char *bytes, size_t n);
#define SECRET_MAX 65536
/* All that fd gives until its end (a file, a pipe), straight into locked pages; -1 and errno
 * (EFBIG: more than SECRET_MAX bytes). The descriptor stays open. */
int secret_read(struct secret *s, int fd);
/* What a sealed memfd holds; any other descriptor is refused with EPERM: its owner could change or
 * shorten it meanwhile. */
int secret_unseal(struct secret *s, int fd);

/* An allocator that wipes on free and on moving realloc; for libcurl, cJSON and OpenSSL. */
void *wipe_malloc(size_t n);
void *wipe_calloc(size_t n, size_t size);
void *wipe_realloc(void *p, size_t n);
char *wipe_strdup(const char *s);
void wipe_free(void *p);

/* Core dumps and ptrace by the same user off (prctl PR_SET_DUMPABLE 0, RLIMIT_CORE 0). Call first
 * in main. */
void secret_harden_process(void);

#endif
