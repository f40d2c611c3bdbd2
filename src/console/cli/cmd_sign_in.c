#include "config.h"

#include <stdio.h>

#include "base/i18n.h"
#include "base/str.h"
#include "console/cli/output.h"

/* The section is newer than when we asked, and has got as far as a code. */
static bool code_or_end(struct cli *c, void *payload)
{
    const struct sec_signin *s = client_section(c->client, SEC_SIGNIN);

    if (client_version(c->client, SEC_SIGNIN) == *(int64_t *)payload)
        return false;
    return str_eq(s->state, "code") || str_eq(s->state, "in") || str_eq(s->state, "failed");
}

static bool ended(struct cli *c, void *payload)
{
    const struct sec_signin *s = client_section(c->client, SEC_SIGNIN);
    const char *code = payload;

    return !str_eq(s->state, "starting") &&
           (!str_eq(s->state, "code") || !str_eq(s->user_code, code));
}

static void show_code(struct cli *c, const struct sec_signin *s)
{
    long minutes = (long)((s->code_expires_at - wall_ms() + 59999) / 60000);

    if (c->json)
        fprintf(stderr, _("To sign in, open %s and type the code %s\n"), s->verification_uri,
                s->user_code);
    else
        printf(_("To sign in, open %s and type the code %s\n"), s->verification_uri, s->user_code);
    if (c->tty && !c->json) {
        if (s->uri_trusted)
            out_square(s->verification_uri);
        else
            puts(_("No square is drawn: the address is not one that this cloud is known to use. "
                   "Check it."));
        printf(P_("The code is good for %ld minute. Waiting for you; Ctrl-C leaves.\n",
                  "The code is good for %ld minutes. Waiting for you; Ctrl-C leaves.\n", minutes),
               minutes);
    }
    fflush(stdout);
}

int cli_sign_in(struct cli *c, const char *tenant, struct err *e)
{
    const struct sec_signin *s;
    struct json *args;
    char code[48];
    int64_t before;

    if (!cli_have(c, 1u << SEC_SIGNIN, e))
        return -1;
    s = client_section(c->client, SEC_SIGNIN);
    if (str_eq(s->state, "in") && s->yours && (!tenant || str_ieq(tenant, s->tenant_id)))
        return 0;
    if (!str_eq(s->state, "code")) {
        args = json_object();
        if (tenant)
            json_set_str(args, "tenant", tenant);
        before = client_version(c->client, SEC_SIGNIN);
        if (cli_ask(c, "sign-in", args, NULL, e) < 0 ||
            cli_wait(c, code_or_end, &before, 60000, e) < 0)
            return -1;
    }
    while (str_eq(s->state, "code")) {
        STR_SET(code, s->user_code);
        show_code(c, s);
        if (cli_wait(c, ended, code, 0, e) < 0)
            return -1;
    }
    if (str_eq(s->state, "in"))
        return 0;
    if (err_is(&s->error))
        *e = s->error;
    else
        err_set(e, ERR_AUTH, ERR_C_NOT_SIGNED_IN, _("the sign-in was stopped"));
    return -1;
}

int cmd_sign_in(struct cli *c)
{
    const struct sec_signin *s;
    struct err e = { 0 };

    if (cli_sign_in(c, cli_value(c, "tenant-id"), &e) < 0)
        return cli_fail(c, &e);
    s = client_section(c->client, SEC_SIGNIN);
    if (c->json)
        out_json(json_encode(&sec_signin_type, s));
    else
        printf(_("Signed in as %s, tenant %s.\n"), s->account, s->tenant_id);
    return EXIT_DONE;
}

int cmd_sign_out(struct cli *c)
{
    struct err e = { 0 };

    if (cli_ask(c, "sign-out", json_object(), NULL, &e) < 0)
        return cli_fail(c, &e);
    if (c->json)
        out_json(json_object());
    else
        puts(_("Signed out: all tokens are forgotten."));
    return EXIT_DONE;
}
