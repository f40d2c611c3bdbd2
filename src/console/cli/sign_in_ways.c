#include "config.h"

#include "console/cli/sign_in_ways.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/i18n.h"

/* ---- the ways ---- */

/* From the one of both options that is given; -1 too when it is not readable. */
static int file_or_fd(struct cli *c, struct way *w, struct secret *out, const char *file,
                      const char *fd, struct err *e)
{
    if (cli_value(c, file))
        return way_read_file(out, cli_value(c, file), false, w->warning, sizeof w->warning, e);
    return cli_value(c, fd) ? way_read_fd(out, cli_value(c, fd), e) : 0;
}

static int by_principal(struct cli *c, struct way *w, struct err *e)
{
    const char *certificate = cli_value(c, "client-certificate");

    if (!cli_value(c, "client-id") || !w->tenant[0])
        return err_set(e, ERR_USAGE, 0, "%s",
                       _("--service-principal needs --client-id and --tenant-id"));
    STR_SET(w->client_id, cli_value(c, "client-id"));
    w->name = certificate ? "certificate" : "secret";
    if (certificate) {
        if (way_read_file(&w->proof, certificate, true, w->warning, sizeof w->warning, e) < 0)
            return -1;
        return file_or_fd(c, w, &w->password, "client-certificate-password-file",
                          "client-certificate-password-fd", e);
    }
    if (cli_value(c, "client-secret-file") || cli_value(c, "client-secret-fd"))
        return file_or_fd(c, w, &w->proof, "client-secret-file", "client-secret-fd", e);
    return ask_secret(c, _("The application's secret (not shown): "), &w->proof, e);
}

static int by_token(struct cli *c, struct way *w, struct err *e)
{
    if (!cli_value(c, "account-id"))
        return err_set(e, ERR_USAGE, 0, "%s", _("a ready token needs --account-id"));
    w->name = "token";
    STR_SET(w->account, cli_value(c, "account-id"));
    return file_or_fd(c, w, &w->proof, "access-token-file", "access-token-fd", e);
}

static bool az_done(struct cli *c, void *payload)
{
    (void)c;
    return ((struct way_cli_end *)payload)->done;
}

static int by_azure_cli(struct cli *c, struct way *w, struct err *e)
{
    struct way_cli_end az = { 0 };
    struct way_cli *child = way_cli_start(c->loop, w, way_cli_ended, &az, e);

    if (!child)
        return -1;
    if (cli_wait(c, az_done, &az, 0, e) < 0) {
        if (!az.done)
            way_cli_stop(child);
        return -1;
    }
    if (!err_is(&az.err))
        return 0;
    *e = az.err;
    return -1;
}

static int by_browser(struct cli *c, struct way *w, struct err *e)
{
    const char *port = cli_value(c, "port");

    w->name = "browser";
    if (port && (!str_to_int(port, &w->port) || w->port < 1024 || w->port > 65535))
        return err_set(e, ERR_USAGE, 0, "%s", _("--port takes a number from 1024 to 65535"));
    return 0;
}

static int by_environment(struct cli *c, struct way *w, struct err *e)
{
    (void)c;
    return way_environment(w, e);
}

int cli_way_password(struct cli *c, struct way *w, struct err *e)
{
    if (e->domain != ERR_USAGE || e->code != ERR_C_PASSWORD || secret_is(&w->password) ||
        !isatty(STDIN_FILENO))
        return -1;
    err_clear(e);
    return ask_secret(c, _("The password of the certificate's key (not shown): "), &w->password, e);
}

/* ---- choosing ---- */

static const struct row {
    const char *options[4]; /* any of them chooses the way */
    const char *others[7];  /* that belong to it */
    int (*fill)(struct cli *c, struct way *w, struct err *e);
} rows[] = {
    { { "service-principal" },
      { "client-id", "client-secret-file", "client-secret-fd", "client-certificate",
        "client-certificate-password-file", "client-certificate-password-fd" },
      by_principal },
    { { "access-token-file", "access-token-fd" }, { "account-id" }, by_token },
    { { "azure-cli" }, { NULL }, by_azure_cli },
    { { "browser" }, { "port" }, by_browser },
    { { "environment" }, { NULL }, by_environment },
};

static bool any(const struct cli *c, const char *const *names, size_t n, const char **which)
{
    for (size_t i = 0; i < n && names[i]; i++)
        if (cli_value(c, names[i])) {
            *which = names[i];
            return true;
        }
    return false;
}

static int choose(const struct cli *c, const struct row **chosen, struct err *e)
{
    const char *name, *first = NULL;

    *chosen = NULL;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (!any(c, rows[i].options, ARRAY_LEN(rows[i].options), &name))
            continue;
        if (*chosen)
            return err_set(e, ERR_USAGE, 0, _("--%s and --%s are two ways to sign in: choose one"),
                           first, name);
        *chosen = &rows[i];
        first = name;
    }
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (&rows[i] != *chosen && any(c, rows[i].others, ARRAY_LEN(rows[i].others), &name))
            return err_set(e, ERR_USAGE, 0, _("--%s belongs to --%s"), name, rows[i].options[0]);
    return 0;
}

static int one_source(const struct cli *c, struct err *e)
{
    static const char *const groups[][3] = {
        { "client-secret-file", "client-secret-fd", "client-certificate" },
        { "client-certificate-password-file", "client-certificate-password-fd", NULL },
        { "access-token-file", "access-token-fd", NULL },
    };
    const char *found, *name;

    for (size_t g = 0; g < ARRAY_LEN(groups); g++) {
        found = NULL;
        for (size_t i = 0; i < 3 && groups[g][i]; i++) {
            name = groups[g][i];
            if (cli_value(c, name) && found)
                return err_set(e, ERR_USAGE, 0, _("--%s and --%s exclude each other"), found, name);
            if (cli_value(c, name))
                found = name;
        }
    }
    return 0;
}

int cli_way(struct cli *c, struct way *w, struct err *e)
{
    const struct row *row;

    if (choose(c, &row, e) < 0 || one_source(c, e) < 0)
        return -1;
    STR_SET(w->tenant, cli_value(c, "tenant-id"));
    return row ? row->fill(c, w, e) : 0;
}

/* ---- the secret of ArcSpnCredential ---- */

int cli_arc_secret_fits(struct cli *c, const char *app, struct err *e)
{
    if (app || (!cli_value(c, "arc-spn-secret-file") && !cli_value(c, "arc-spn-secret-fd")))
        return 0;
    return err_set(e, ERR_USAGE, 0, "%s",
                   _("a secret for Arc belongs to an application: name it with --arc-spn-app-id"));
}

int cli_arc_secret(struct cli *c, bool ask, struct err *e)
{
    const char *file = cli_value(c, "arc-spn-secret-file"), *fd = cli_value(c, "arc-spn-secret-fd");
    char warning[200] = "";
    int r;

    if (file && fd)
        return err_set(e, ERR_USAGE, 0, "%s",
                       _("--arc-spn-secret-file and --arc-spn-secret-fd exclude each other"));
    if (!file && !fd) /* where nobody can be asked, the core tells whether it is needed */
        return ask && isatty(STDIN_FILENO)
                   ? ask_secret(c, _("The application's secret (not shown): "), &c->arc_secret, e)
                   : 0;
    r = file ? way_read_file(&c->arc_secret, file, false, warning, sizeof warning, e)
             : way_read_fd(&c->arc_secret, fd, e);
    if (warning[0])
        fprintf(stderr, "azloconf: %s\n", warning);
    return r;
}

int cli_ask_arc(struct cli *c, const char *intent, struct json *args, struct json **result,
                struct err *e)
{
    struct wire_secret secret = { "arcSpnSecret", &c->arc_secret };

    return cli_ask_secret(c, intent, args, &secret, secret_is(&c->arc_secret) ? 1 : 0, result, e);
}
