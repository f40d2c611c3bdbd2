/* keys.c - preloaded by tests: RSA keys come from a small stock, because finding one takes longer
 * than most tests do. The first ones are found as ever and put into the folder AZL_KEYS; who comes
 * later gets them in turn. No product code knows of this, and no key leaves the build folder. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { STOCK = 16 }; /* as many as a cluster has nodes: each of them has one of its own */

typedef void *keygen_fn(void *lib, const char *properties, const char *type, ...);
typedef void *bio_fn(const char *path, const char *mode);
typedef void *read_fn(void *bio, void **out, void *password, void *arg);
typedef int write_fn(void *bio, const void *key, const void *cipher, const void *pass, int n,
                     void *password, void *arg);
typedef int free_fn(void *bio);

static void *symbol(const char *name)
{
    return dlsym(RTLD_NEXT, name);
}

static void *with_bio(const char *path, const char *mode)
{
    bio_fn *open_file = (bio_fn *)symbol("BIO_new_file");

    return open_file ? open_file(path, mode) : NULL;
}

static void *kept_key(const char *path)
{
    read_fn *read_key = (read_fn *)symbol("PEM_read_bio_PrivateKey");
    free_fn *done = (free_fn *)symbol("BIO_free");
    void *bio = access(path, R_OK) == 0 ? with_bio(path, "r") : NULL;
    void *key = bio ? read_key(bio, NULL, NULL, NULL) : NULL;

    if (bio)
        done(bio);
    return key;
}

static void keep_key(const char *path, const void *key)
{
    write_fn *write_key = (write_fn *)symbol("PEM_write_bio_PrivateKey");
    free_fn *done = (free_fn *)symbol("BIO_free");
    char new[512];
    void *bio;
    int good;

    snprintf(new, sizeof new, "%s.%d", path, (int)getpid());
    bio = with_bio(new, "w");
    if (!bio)
        return;
    good = write_key(bio, key, NULL, NULL, 0, NULL, NULL);
    done(bio);
    if (!good || rename(new, path) != 0)
        unlink(new);
}

/* Whose turn it is; -1: there is no folder. */
static int next_turn(const char *folder)
{
    char path[400], text[16] = "";
    int fd, n = -1;

    mkdir(folder, 0700);
    snprintf(path, sizeof path, "%s/next", folder);
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return -1;
    if (flock(fd, LOCK_EX) == 0 && pread(fd, text, sizeof text - 1, 0) >= 0) {
        n = atoi(text) % STOCK;
        snprintf(text, sizeof text, "%-4d\n", n + 1);
        if (pwrite(fd, text, strlen(text), 0) < 0)
            n = -1;
    }
    close(fd);
    return n;
}

void *EVP_PKEY_Q_keygen(void *lib, const char *properties, const char *type, ...)
{
    keygen_fn *make = (keygen_fn *)symbol("EVP_PKEY_Q_keygen");
    const char *folder = getenv("AZL_KEYS");
    char path[400];
    va_list ap;
    size_t bits;
    void *key;
    int turn;

    va_start(ap, type);
    if (strcmp(type, "RSA") != 0) { /* elliptic curves have a name; they are made in no time */
        key = make(lib, properties, type, va_arg(ap, const char *));
        va_end(ap);
        return key;
    }
    bits = va_arg(ap, size_t);
    va_end(ap);
    turn = folder ? next_turn(folder) : -1;
    if (turn < 0)
        return make(lib, properties, type, bits);
    snprintf(path, sizeof path, "%s/rsa-%zu-%d.pem", folder, bits, turn);
    key = kept_key(path);
    if (!key && (key = make(lib, properties, type, bits)) != NULL)
        keep_key(path, key);
    return key;
}
