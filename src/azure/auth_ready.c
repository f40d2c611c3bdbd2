/* auth_ready.c - a token of Resource Manager's that somebody else got: given with its account
 * (ArmAccessToken and AccountId, register-flow.md 2.1), or the Azure CLI's current one, which the
 * console fetches. Nothing renews it: the sign-in ends when the token does. Its claims are read for
 * display and for its end only; whether it is good Resource Manager decides. */
#include "config.h"

#include "azure/auth_int.h"

#include <string.h>

#include "base/i18n.h"

static int64_t ends_at(const struct json *claims)
{
    double exp = 0; /* some issuers write it with a fraction */
    const struct json *v = json_member(claims, "exp");

    return v && json_value_double(v, &exp) && exp > 0 && exp < 1e11 ? (int64_t)exp * 1000 : 0;
}

static bool is_for_graph(const struct auth *a, const struct json *claims)
{
    char aud[256], graph[256];

    return http_url_host(json_str(claims, "aud") ? json_str(claims, "aud") : "", aud,
                         sizeof(aud)) &&
           http_url_host(a->cloud.graph, graph, sizeof(graph)) && str_eq(aud, graph) &&
           !str_istarts(a->cloud.arm_audience, json_str(claims, "aud"));
}

static int judge(const struct auth *a, const struct json *claims, const char *tenant, struct err *e)
{
    const char *tid = json_str(claims, "tid");

    if (!claims)
        return err_set(e, ERR_USAGE, 0, "%s",
                       _("This is no access token: a token has three parts with dots between."));
    if (!ends_at(claims))
        return err_set(e, ERR_USAGE, 0, "%s", _("The access token does not say when it ends."));
    if (ends_at(claims) <= wall_ms()) {
        err_set(e, ERR_AUTH, ERR_C_EXPIRED, "%s", _("The access token has ended already."));
        STR_SET(e->advice, _("Get a new access token, or sign in another way."));
        return -1;
    }
    if (is_for_graph(a, claims))
        return err_set(e, ERR_USAGE, 0, "%s",
                       _("The access token is one for Microsoft Graph: one for Azure Resource "
                         "Manager is needed."));
    if (!tid && (!tenant || !tenant[0]))
        return err_set(e, ERR_USAGE, 0, "%s",
                       _("The access token does not name its tenant: give the tenant's id."));
    if (tid && tenant && guid_is(tenant) && !str_ieq(tid, tenant))
        return err_set(e, ERR_USAGE, 0, _("The access token is one of tenant %s, not of %s."), tid,
                       tenant);
    return 0;
}

static int check(struct auth *a, const struct auth_ask *ask, struct err *e)
{
    struct json *claims;
    int rc;

    if (str_eq(ask->way, AUTH_TOKEN) && (!ask->account || !ask->account[0]))
        return err_set(e, ERR_USAGE, 0, "%s",
                       _("A ready access token needs the id of its account beside it."));
    if (!ask->proof || !secret_is(ask->proof))
        return err_set(e, ERR_USAGE, 0, "%s", _("The access token is empty."));
    if (strpbrk(ask->proof->p, " \t\r\n") || strlen(ask->proof->p) != ask->proof->len)
        return err_set(e, ERR_USAGE, 0, "%s",
                       _("The access token holds blanks or more than one line."));
    claims = auth_claims(ask->proof->p);
    rc = judge(a, claims, ask->tenant, e);
    json_free(claims);
    return rc;
}

static void on_end(void *payload)
{
    struct auth *a = payload;

    a->timer = NULL;
    auth_end_own(a, ERR_C_NOT_SIGNED_IN,
                 _("The access token has come to its end, and nothing renews it."), NULL);
}

static void start(void *payload)
{
    struct auth *a = payload;
    struct json *claims = auth_claims(a->proof.p), *answer = json_object();
    int64_t left = ends_at(claims) - wall_ms();
    struct auth_slot *s;

    json_set_str(answer, "access_token", a->proof.p);
    auth_sign_in(a, answer);
    json_free(answer);
    json_free(claims);
    s = auth_slot_of(a, AUTH_FOR_ARM, NULL);
    secret_copy(&s->access, &a->proof);
    secret_clear(&a->proof);
    s->ends = s->refresh_at = mono_ms() + left;
    auth_is_in(a);
    a->view.token_expires_mono = s->ends;
    auth_timer(a, left > 0 ? left : 0, on_end);
}

const struct auth_way auth_way_token = { AUTH_TOKEN, false, false, check, start, NULL };
const struct auth_way auth_way_cli = { AUTH_CLI, false, false, check, start, NULL };
