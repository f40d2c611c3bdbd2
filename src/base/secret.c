#include "config.h"

#include "base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/str.h"

union head {
    size_t size;
    max_align_t align;
};

static size_t page_round(size_t n)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);

    return (n + page - 1) / page * page;
}

static char *map_pages(size_t map)
{
    char *p = mmap(NULL, map, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (p == MAP_FAILED)
        return xmalloc(SIZE_MAX / 2); /* ends the program as every other lack of memory does */
    /* Each of these may be refused by limits or by an older kernel; wiping does not depend on them.
     */
    if (mlock(p, map) != 0)
        errno = 0;
    madvise(p, map, MADV_DONTDUMP);
    madvise(p, map, MADV_WIPEONFORK);
    return p;
}

void secret_set(struct secret *s, const char *bytes, size_t n)
{
    struct secret fresh = { NULL, n, page_round(n + 1) };

    if (n > 0) {
        fresh.p = map_pages(fresh.map);
        memcpy(fresh.p, bytes, n);
        fresh.p[n] = '\0';
    } else {
        fresh.map = 0;
    }
    secret_clear(s);
    *s = fresh;
}

void secret_copy(struct secret *dst, const struct secret *src)
{
    secret_set(dst, src->p, src->len);
}

void secret_add(struct secret *s, const char *bytes, size_t n)
{
    struct secret fresh = { NULL, s->len + n, page_round(s->len + n + 1) };

    if (n == 0)
        return;
    if (fresh.len >= s->map) {
        fresh.p = map_pages(fresh.map);
        if (s->len)
            memcpy(fresh.p, s->p, s->len);
        fresh.len = s->len;
        secret_clear(s);
        *s = fresh;
    }
    memcpy(s->p + s->len, bytes, n);
    s->len += n;
    s->p[s->len] = '\0';
}

void secret_cut(struct secret *s, size_t n)
{
    if (n == 0) {
        secret_clear(s);
    } else if (n < s->len) {
        explicit_bzero(s->p + n, s->len - n);
        s->len = n;
    }
}

void secret_clear(struct secret *s)
{
    if (s->p) {
        explicit_bzero(s->p, s->map);
        munmap(s->p, s->map);
    }
    *s = (struct secret){ NULL, 0, 0 };
}

bool secret_eq(const struct secret *a, const char *bytes, size_t n)
{
    unsigned char diff = 0;

    if (a->len != n)
        return false;
    for (size_t i = 0; i < n; i++)
        diff |= (unsigned char)(a->p[i] ^ bytes[i]);
    return diff == 0;
}

int secret_memfd(const char *name, const char *bytes, size_t n)
{
    int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING), saved;
    size_t done = 0;

    if (fd < 0)
        return -1;
    while (done < n) {
        ssize_t r = write(fd, bytes + done, n - done);

        if (r < 0 && errno == EINTR)
            continue;
        if (r <= 0)
            goto fail;
        done += (size_t)r;
    }
    if (lseek(fd, 0, SEEK_SET) == 0 &&
        fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) == 0)
        return fd;
fail:
    saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

int secret_read(struct secret *s, int fd)
{
    struct secret room = { NULL, 0, page_round(SECRET_MAX + 1) };
    int saved = 0;

    room.p = map_pages(room.map);
    while (!saved) {
        ssize_t r = read(fd, room.p + room.len, SECRET_MAX + 1 - room.len);

        if (r == 0)
            break;
        if (r > 0)
            room.len += (size_t)r;
        else if (errno != EINTR)
            saved = errno;
        if (room.len > SECRET_MAX)
            saved = EFBIG;
    }
    if (!saved)
        secret_copy(s, &room);
    secret_clear(&room);
    errno = saved;
    return saved ? -1 : 0;
}

int secret_unseal(struct secret *s, int fd)
{
    const int want = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
    int seals = fcntl(fd, F_GET_SEALS);

    if (seals < 0 || (seals & want) != want) {
        errno = EPERM;
        return -1;
    }
    return lseek(fd, 0, SEEK_SET) < 0 ? -1 : secret_read(s, fd);
}

void *wipe_malloc(size_t n)
{
    union head *h = n <= SIZE_MAX - sizeof(*h) ? malloc(sizeof(*h) + n) : NULL;

    if (!h)
        return NULL;
    h->size = n;
    return h + 1;
}

void *wipe_calloc(size_t n, size_t size)
{
    void *p;

    if (size && n > SIZE_MAX / size)
        return NULL;
    p = wipe_malloc(n * size);
    return p ? memset(p, 0, n * size) : NULL;
}

void *wipe_realloc(void *p, size_t n)
{
    size_t old = p ? ((union head *)p - 1)->size : 0;
    void *q = wipe_malloc(n);

    if (!q || !p)
        return q;
    memcpy(q, p, old < n ? old : n);
    wipe_free(p);
    return q;
}

char *wipe_strdup(const char *s)
{
    size_t n = strlen(s) + 1;
    char *p = wipe_malloc(n);

    return p ? memcpy(p, s, n) : NULL;
}

void wipe_free(void *p)
{
    union head *h = p;

    if (!h)
        return;
    h--;
    explicit_bzero(h + 1, h->size);
    free(h);
}

void secret_harden_process(void)
{
    struct rlimit none = { 0, 0 };

    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    setrlimit(RLIMIT_CORE, &none);
}
