/* auth_secret.c - a service principal that proves itself by a secret or by a certificate
 * (client_credentials; azure-wire.md 1.4). No refresh token is ever given: a new token is asked for
 * with the same proof, which therefore is kept as long as the sign-in. */
#include "config.h"

#include "azure/auth_int.h"

#include <string.h>

#include "base/i18n.h"

#define ASSERTION_TYPE "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

static void proof_start(void *payload);

/* client_credentials needs a concrete tenant (azure-wire.md 1.2.2). */
static bool is_concrete(const char *tenant)
{
    return tenant && tenant[0] && !str_ieq(tenant, "organizations") && !str_ieq(tenant, "common") &&
           !str_ieq(tenant, "consumers");
}

static int check_app(const struct auth_ask *ask, struct err *e)
{
    if (!ask->client_id || !guid_is(ask->client_id))
        return err_set(e, ERR_USAGE, 0, "%s",
                       _("A service principal needs its application's id (a GUID)."));
    if (!is_concrete(ask->tenant))
        return err_set(e, ERR_USAGE, 0, "%s", _("A service principal needs the id of its tenant."));
    return 0;
}

static int secret_check(struct auth *a, const struct auth_ask *ask, struct err *e)
{
    (void)a;
    if (check_app(ask, e) < 0)
        return -1;
    if (!ask->proof || !secret_is(ask->proof))
        return err_set(e, ERR_USAGE, 0, "%s", _("The secret is empty."));
    if (strpbrk(ask->proof->p, "\r\n") || strlen(ask->proof->p) != ask->proof->len)
        return err_set(e, ERR_USAGE, 0, "%s",
                       _("The secret holds more than one line: is that its file?"));
    return 0;
}

static int certificate_check(struct auth *a, const struct auth_ask *ask, struct err *e)
{
    if (check_app(ask, e) < 0)
        return -1;
    if (!ask->proof || !secret_is(ask->proof))
        return err_set(e, ERR_USAGE, 0, "%s", _("The certificate's file is empty."));
    return auth_assertion(a, ask->proof, ask->password, ask->client_id, NULL, NULL, e);
}

/* Exactly one resource, nothing beside it (azure-wire.md 1.4.1). */
static void add_common(const struct auth *a, enum auth_for what, struct auth_form *f)
{
    struct str scope = STR_INIT;

    auth_form_add(f, "grant_type", "client_credentials");
    auth_form_add(f, "client_id", a->app_id);
    auth_form_add(f, "scope", auth_audience(a, what, &scope));
    str_free(&scope);
}

static int secret_grant(struct auth *a, enum auth_for what, const char *tenant, struct auth_form *f,
                        struct err *e)
{
    (void)tenant;
    (void)e;
    add_common(a, what, f);
    auth_form_add(f, "client_secret", a->proof.p);
    return 0;
}

static int certificate_grant(struct auth *a, enum auth_for what, const char *tenant,
                             struct auth_form *f, struct err *e)
{
    struct secret assertion = { 0 };

    if (auth_assertion(a, &a->proof, &a->password, a->app_id, tenant, &assertion, e) < 0)
        return -1;
    add_common(a, what, f);
    auth_form_add(f, "client_assertion_type", ASSERTION_TYPE);
    auth_form_add(f, "client_assertion", assertion.p);
    secret_clear(&assertion);
    return 0;
}

/* To ask twice does no harm: lost answers are asked for again. */
static void finish(void *payload, const struct http_reply *r)
{
    struct auth *a = payload;
    struct err e = { 0 };
    const char *word;
    struct json *j = auth_read(r, &word, &e);

    a->call = NULL;
    if (j)
        auth_signed_in(a, j);
    else if ((e.retryable || e.unsure) && a->tries < AUTH_TRIES)
        auth_timer(a, auth_backoff(a, &e), proof_start);
    else
        auth_end(a, &e);
    json_free(j);
}

static void proof_start(void *payload)
{
    struct auth *a = payload;
    struct auth_form f = { 0 };
    struct err e = { 0 };

    a->timer = NULL;
    a->tries++;
    if (a->way->grant(a, AUTH_FOR_ARM, a->asked, &f, &e) < 0) {
        auth_form_free(&f);
        auth_end(a, &e);
        return;
    }
    a->call = auth_post(a, a->asked, "token", a->request_id, &f, finish, a);
}

const struct auth_way auth_way_secret = { AUTH_SECRET,  false,       true,
                                          secret_check, proof_start, secret_grant };
const struct auth_way auth_way_certificate = { AUTH_CERTIFICATE,  false,       true,
                                               certificate_check, proof_start, certificate_grant };
