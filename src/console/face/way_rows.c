/* The ways to sign in as the screens and the plain face offer them: one row a way, its questions as
 * a form. A secret is never typed into a form: its file is named, or the command line's prompt asks
 * for it. */
#include "config.h"

#include <string.h>

#include "base/i18n.h"
#include "console/face/ways.h"

static const char *needed(const struct form *f, int i, char *message, size_t size)
{
    if (f->values[i].id[0])
        return "ok";
    str_copy(message, size, _("needed"));
    return "fail";
}

static const char *check_guid(const struct model *m, const struct form *f, int i, char *message,
                              size_t size)
{
    (void)m;
    if (guid_is(f->values[i].id))
        return "ok";
    str_copy(message, size, _("this is no GUID"));
    return "fail";
}

static const char *check_file(const struct model *m, const struct form *f, int i, char *message,
                              size_t size)
{
    (void)m;
    return needed(f, i, message, size);
}

static const char *check_tenant(const struct model *m, const struct form *f, int i, char *message,
                                size_t size)
{
    const char *s = f->values[i].id;

    if (guid_is(s) || strchr(s, '.'))
        return "ok";
    (void)m;
    str_copy(message, size, _("a GUID or a domain name"));
    return "fail";
}

static const char *check_port(const struct model *m, const struct form *f, int i, char *message,
                              size_t size)
{
    int64_t port;

    (void)m;
    if (!f->values[i].id[0] ||
        (str_to_int(f->values[i].id, &port) && port >= 1024 && port <= 65535))
        return "ok";
    str_copy(message, size, _("a number from 1024 to 65535"));
    return "fail";
}

#define FIELD(name, title, text, judge)                                                            \
    {                                                                                              \
        .id = name, .label = title, .help = text, .check = judge                                   \
    }
#define TENANT                                                                                     \
    FIELD("tenant", N_("Tenant ID"),                                                               \
          N_("The directory's id: in the portal under Microsoft Entra ID, Overview."),             \
          check_tenant)
#define CLIENT                                                                                     \
    FIELD("clientId", N_("Application ID"),                                                        \
          N_("The application's (client) id: in the portal under App registrations."), check_guid)
static const struct form_field browser_fields[] = {
    FIELD("port", N_("Port"),
          N_("Of this machine's loopback address; empty for any. Choose one that ssh -L "
             "PORT:localhost:PORT brings to your own machine."),
          check_port),
};
static const struct form_field secret_fields[] = {
    TENANT,
    CLIENT,
    FIELD("file", N_("File of the secret"),
          N_("A file that only you may read; the secret is its one line. To type the secret: "
             "azloconf sign-in --service-principal asks for it."),
          check_file),
};
static const struct form_field certificate_fields[] = {
    TENANT,
    CLIENT,
    FIELD("file", N_("Certificate"), N_("A file with certificate and RSA key, PEM or PKCS #12."),
          check_file),
    FIELD("password", N_("File of its password"), N_("Empty if the key has none."), NULL),
};
static const struct form_field token_fields[] = {
    FIELD("account", N_("Account ID"), N_("Whose token it is, for example anna@contoso.com."),
          check_file),
    FIELD("file", N_("File of the token"),
          N_("A file with an access token for Azure Resource Manager. The sign-in ends when it "
             "does."),
          check_file),
};

#define FIELDS(a) a, (int)ARRAY_LEN(a)
const struct way_row way_rows[] = {
    { NULL, N_("Device code, on a phone or PC"),
      N_("An address and a code are shown; no browser is needed here."), NULL, 0 },
    { "browser", N_("Browser on this machine, or behind ssh -L"),
      N_("For tenants that block device codes. An address of this machine is shown."),
      FIELDS(browser_fields) },
    { "azure-cli", N_("The Azure CLI's sign-in"),
      N_("With the token of az login; the sign-in ends when the token does."), NULL, 0 },
    { "secret", N_("Application with a secret"),
      N_("A service principal; its secret is read from a file."), FIELDS(secret_fields) },
    { "certificate", N_("Application with a certificate"),
      N_("A service principal; certificate and key are read from a file."),
      FIELDS(certificate_fields) },
    { "token", N_("A ready access token"),
      N_("One that another program got; the sign-in ends when the token does."),
      FIELDS(token_fields) },
    { "environment", N_("The variables AZURE_..."),
      N_("AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET or _CERTIFICATE_PATH, as this "
         "console was started with them."),
      NULL, 0 },
};
const size_t way_count = ARRAY_LEN(way_rows);

static const char *value(const struct way_row *row, const struct form *f, const char *id)
{
    for (int i = 0; i < row->n; i++)
        if (str_eq(row->fields[i].id, id))
            return f->values[i].id;
    return "";
}

int way_from_form(struct way *w, const struct way_row *row, const struct form *f, struct err *e)
{
    const char *file = value(row, f, "file"), *password = value(row, f, "password");
    bool whole = str_eq(row->name, "certificate");

    if (str_eq(row->name, "environment"))
        return way_environment(w, e);
    w->name = row->name;
    STR_SET(w->tenant, value(row, f, "tenant"));
    STR_SET(w->client_id, value(row, f, "clientId"));
    STR_SET(w->account, value(row, f, "account"));
    str_to_int(value(row, f, "port"), &w->port);
    if (file[0] && way_read_file(&w->proof, file, whole, w->warning, sizeof w->warning, e) < 0)
        return -1;
    if (password[0])
        return way_read_file(&w->password, password, false, w->warning, sizeof w->warning, e);
    return 0;
}
