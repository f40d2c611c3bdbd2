#include "config.h"

#include "console/face/ways.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/proc.h"
#include "base/text.h"

void way_clear(struct way *w)
{
    secret_clear(&w->proof);
    secret_clear(&w->password);
    *w = (struct way){ 0 };
}

/* ---- files and descriptors ---- */

void way_trim(struct secret *s)
{
    size_t n = s->len;

    while (n > 0 && strchr("\r\n", s->p[n - 1]))
        n--;
    secret_cut(s, n);
}

int way_read_file(struct secret *out, const char *path, bool whole, char *warning, size_t size,
                  struct err *e)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC), rc = -1;
    struct stat st;

    if (fd < 0)
        return err_sys(e, errno, _("%s cannot be read"), path);
    if (secret_read(out, fd) < 0)
        err_sys(e, errno, _("%s cannot be read"), path);
    else if (!secret_is(out))
        err_set(e, ERR_USAGE, 0, _("%s is empty."), path);
    else
        rc = 0;
    if (rc == 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 077))
        str_fmt(warning, size, _("Other users of this machine may read %s: chmod 600 it."), path);
    close(fd);
    if (rc == 0 && !whole)
        way_trim(out);
    return rc;
}

int way_read_fd(struct secret *out, const char *number, struct err *e)
{
    int64_t fd;

    if (!str_to_int(number, &fd) || fd < 0 || fd > 65535)
        return err_set(e, ERR_USAGE, 0, _("\"%s\" is no number of a descriptor."), number);
    if (secret_read(out, (int)fd) < 0)
        return err_sys(e, errno, _("Descriptor %d cannot be read"), (int)fd);
    if (!secret_is(out))
        return err_set(e, ERR_USAGE, 0, _("Descriptor %d gave nothing."), (int)fd);
    way_trim(out);
    return 0;
}

/* ---- the environment ---- */

static const char *variable(const char *name)
{
    const char *v = getenv(name);

    return v && v[0] ? v : NULL;
}

static int missing(struct err *e, const char *name)
{
    err_set(e, ERR_USAGE, 0, _("The environment names no %s."), name);
    STR_SET(e->advice, _("Set AZURE_TENANT_ID, AZURE_CLIENT_ID, and AZURE_CLIENT_SECRET or "
                         "AZURE_CLIENT_CERTIFICATE_PATH; or sign in another way."));
    return -1;
}

int way_environment(struct way *w, struct err *e)
{
    const char *tenant = variable("AZURE_TENANT_ID"), *client = variable("AZURE_CLIENT_ID");
    const char *secret = variable("AZURE_CLIENT_SECRET");
    const char *path = variable("AZURE_CLIENT_CERTIFICATE_PATH");
    const char *password = variable("AZURE_CLIENT_CERTIFICATE_PASSWORD");
    const char *chain = variable("AZURE_CLIENT_SEND_CERTIFICATE_CHAIN");
    const char *authority = variable("AZURE_AUTHORITY_HOST");

    if (!tenant && !w->tenant[0])
        return missing(e, "AZURE_TENANT_ID");
    if (!client)
        return missing(e, "AZURE_CLIENT_ID");
    if (!secret && !path)
        return missing(e, "AZURE_CLIENT_SECRET");
    if (!w->tenant[0])
        STR_SET(w->tenant, tenant);
    STR_SET(w->client_id, client);
    STR_SET(w->authority, authority);
    w->name = secret ? "secret" : "certificate";
    if (secret)
        secret_set(&w->proof, secret, strlen(secret));
    else if (way_read_file(&w->proof, path, true, w->warning, sizeof w->warning, e) < 0)
        return -1;
    if (!secret && password)
        secret_set(&w->password, password, strlen(password));
    w->chain = !secret && chain && (str_ieq(chain, "true") || str_eq(chain, "1"));
    return 0;
}

/* ---- the Azure CLI ---- */

#define AZ_MS    60000
#define AZ_BYTES 65536

struct way_cli {
    struct way *way;
    struct proc *proc;
    way_cli_fn *done;
    void *payload;
};

/* The program's path, as a shell would find it. */
static bool find_az(char *out, size_t size)
{
    const char *p = getenv("PATH");

    for (size_t n; p && *p; p += n + (p[n] == ':')) {
        n = strcspn(p, ":");
        if (n && *p == '/' && str_fmt(out, size, "%.*s/az", (int)n, p) && access(out, X_OK) == 0)
            return true;
    }
    return false;
}

/* What az needs to find its sign-in and its way out; secrets of others stay out. */
static size_t child_env(char *room[], size_t max)
{
    static const char *const names[] = {
        "PATH",
        "HOME",
        "USER",
        "LANG",
        "LC_ALL",
        "TMPDIR",
        "HTTPS_PROXY",
        "https_proxy",
        "HTTP_PROXY",
        "http_proxy",
        "NO_PROXY",
        "no_proxy",
        "AZURE_CONFIG_DIR",
        "REQUESTS_CA_BUNDLE",
        "SSL_CERT_FILE",
        "ARM_CLOUD_METADATA_URL",
    };
    size_t n = 0;

    for (size_t i = 0; i < ARRAY_LEN(names) && n + 1 < max; i++) {
        struct str s = STR_INIT;

        if (!getenv(names[i]))
            continue;
        str_addf(&s, "%s=%s", names[i], getenv(names[i]));
        room[n++] = str_take(&s);
    }
    room[n] = NULL;
    return n;
}

/* What az says of the matter: the first of its lines about an error that is more than the news that
 * there was one; else its first line. */
static void az_words(char *out, size_t size, const char *text)
{
    static const char prefix[] = "ERROR: ", empty[] = "The command failed with an unexpected error";
    const char *p = text;

    while (*p && (!str_starts(p, prefix) || str_starts(p + strlen(prefix), empty))) {
        p += strcspn(p, "\n");
        p += *p == '\n';
    }
    p = *p ? p + strlen(prefix) : text;
    text_clean(out, size, p, strcspn(p, "\r\n"), TEXT_LINE);
}

static void az_code(char *out, size_t size, const char *text)
{
    const char *p = strstr(text, "AADSTS");
    size_t n = p ? strspn(p + 6, "0123456789") : 0;

    if (n > 0 && n < 10)
        str_fmt(out, size, "%.*s", (int)n + 6, p);
}

static void az_failed(const struct way *w, const struct proc_result *r, struct err *e)
{
    const char *text = r->errout ? r->errout : "";
    char line[300];

    az_words(line, sizeof line, text);
    if (r->timed_out)
        err_set(e, ERR_SYSTEM, 0, _("The Azure CLI did not answer within %d s."), AZ_MS / 1000);
    else if (line[0])
        err_set(e, ERR_AUTH, ERR_C_NOT_SIGNED_IN, _("The Azure CLI gave no token: %s"), line);
    else
        err_set(e, ERR_AUTH, ERR_C_NOT_SIGNED_IN, _("The Azure CLI gave no token (exit code %d)."),
                r->exit_code);
    az_code(e->remote_code, sizeof e->remote_code, text);
    if (w->tenant[0])
        str_fmt(e->advice, sizeof e->advice,
                _("Run az login --tenant %s on this machine as the same user, then try again; or "
                  "sign in another way, for example azloconf sign-in --browser."),
                w->tenant);
    else
        STR_SET(e->advice, _("Run az login on this machine as the same user, then try again; or "
                             "sign in another way, for example azloconf sign-in --browser."));
}

static int take_token(struct way *w, const struct proc_result *r, struct err *e)
{
    struct json *j = json_parse(r->out, r->out_len, AZ_BYTES, e);
    const char *token = json_str(j, "accessToken"), *tenant = json_str(j, "tenant");
    int rc = j ? 0 : -1;

    if (rc == 0 && (!token || !token[0]))
        rc = err_set(e, ERR_AUTH, 0, "%s", _("The Azure CLI's answer holds no token."));
    if (rc == 0) {
        secret_set(&w->proof, token, strlen(token));
        if (!w->tenant[0] && tenant)
            TEXT_SET(w->tenant, tenant);
    }
    json_free(j);
    return rc;
}

static void on_az(void *payload, const struct proc_result *r)
{
    struct way_cli *c = payload;
    struct way_cli done = *c;
    struct err e = { 0 };
    int rc = -1;

    free(c);
    if (r->exit_code != 0 || r->timed_out)
        az_failed(done.way, r, &e);
    else
        rc = take_token(done.way, r, &e);
    done.done(done.payload, rc < 0 ? &e : NULL);
}

struct way_cli *way_cli_start(struct loop *l, struct way *w, way_cli_fn *done, void *payload,
                              struct err *e)
{
    char path[4096], *env[24];
    const char *argv[] = { path,   "account",  "get-access-token", "--output",
                           "json", "--tenant", w->tenant,          NULL };
    struct proc_spec spec = { .argv = argv, .max_output = AZ_BYTES, .deadline_ms = AZ_MS };
    struct way_cli *c;

    w->name = "azure-cli";
    if (!w->tenant[0])
        argv[5] = NULL;
    if (!find_az(path, sizeof path)) {
        err_set(e, ERR_USAGE, 0, "%s", _("The Azure CLI (az) is not in PATH."));
        STR_SET(e->advice, _("Install it (in Debian: azure-cli), or sign in another way, for "
                             "example azloconf sign-in --browser."));
        return NULL;
    }
    c = xcalloc(1, sizeof *c);
    *c = (struct way_cli){ .way = w, .done = done, .payload = payload };
    child_env(env, ARRAY_LEN(env));
    spec.env = (const char *const *)env;
    c->proc = proc_start(l, &spec, on_az, c, e);
    for (size_t i = 0; env[i]; i++)
        free(env[i]);
    if (!c->proc) {
        free(c);
        return NULL;
    }
    return c;
}

void way_cli_ended(void *payload, const struct err *e)
{
    struct way_cli_end *end = payload;

    end->done = true;
    if (e)
        end->err = *e;
}

void way_cli_stop(struct way_cli *c)
{
    if (!c)
        return;
    proc_kill(c->proc);
    free(c);
}

/* ---- for the core ---- */

struct json *way_args(const struct way *w)
{
    struct json *args = json_object();

    if (w->name)
        json_set_str(args, "way", w->name);
    if (w->tenant[0])
        json_set_str(args, "tenant", w->tenant);
    if (w->client_id[0])
        json_set_str(args, "clientId", w->client_id);
    if (w->account[0])
        json_set_str(args, "accountId", w->account);
    if (w->authority[0])
        json_set_str(args, "authority", w->authority);
    if (w->port)
        json_set_int(args, "port", w->port);
    if (w->chain)
        json_set_bool(args, "sendChain", true);
    return args;
}

size_t way_secrets(const struct way *w, struct wire_secret out[WIRE_MAX_SECRETS])
{
    size_t n = 0;

    if (secret_is(&w->proof))
        out[n++] = (struct wire_secret){ "proof", &w->proof };
    if (secret_is(&w->password))
        out[n++] = (struct wire_secret){ "password", &w->password };
    return n;
}
