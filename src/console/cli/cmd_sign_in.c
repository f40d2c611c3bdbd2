#include "config.h"

#include <stdio.h>

#include "base/i18n.h"
#include "base/str.h"
#include "console/cli/output.h"
#include "console/cli/sign_in_ways.h"

/* The intent was answered, so the section tells of it; it has got as far as a code. */
static bool code_or_end(struct cli *c, void *payload)
{
    const struct sec_signin *s = client_section(c->client, SEC_SIGNIN);

    (void)payload;
    return str_eq(s->state, "code") || str_eq(s->state, "browser") || str_eq(s->state, "in") ||
           str_eq(s->state, "failed");
}

static bool ended(struct cli *c, void *payload)
{
    const struct sec_signin *s = client_section(c->client, SEC_SIGNIN);
    const char *code = payload;

    return !str_eq(s->state, "starting") && !str_eq(s->state, "browser") &&
           (!str_eq(s->state, "code") || !str_eq(s->user_code, code));
}

/* The address leads to this machine; from another one only through a tunnel. */
static void show_address(struct cli *c, const struct sec_signin *s)
{
    FILE *to = c->json ? stderr : stdout;

    fprintf(to, _("To sign in, open this address in a browser on this machine: %s\n"),
            s->verification_uri);
    if (c->tty && !c->json) {
        printf(_("From another machine, first: ssh -L %d:localhost:%d THIS-MACHINE\n"),
               (int)s->port, (int)s->port);
        puts(_("Waiting for you; Ctrl-C leaves."));
    }
    fflush(to);
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

static int ask(struct cli *c, const struct way *w, struct err *e)
{
    struct wire_secret secrets[WIRE_MAX_SECRETS];

    return cli_ask_secret(c, "sign-in", way_args(w), secrets, way_secrets(w, secrets), NULL, e);
}

static int start(struct cli *c, struct way *w, struct err *e)
{
    if (ask(c, w, e) < 0 && (cli_way_password(c, w, e) < 0 || ask(c, w, e) < 0))
        return -1;
    return cli_wait(c, code_or_end, NULL, 60000, e);
}

static int sign_in(struct cli *c, struct way *w, struct err *e)
{
    const struct sec_signin *s;
    char code[48];

    if (!cli_have(c, 1u << SEC_SIGNIN, e))
        return -1;
    s = client_section(c->client, SEC_SIGNIN);
    if (!w->name && str_eq(s->state, "in") && s->yours &&
        (!w->tenant[0] || str_ieq(w->tenant, s->tenant_id)))
        return 0;
    if ((w->name || !str_eq(s->state, "code")) && start(c, w, e) < 0)
        return -1;
    while (str_eq(s->state, "code") || str_eq(s->state, "browser")) {
        STR_SET(code, s->user_code);
        if (str_eq(s->state, "code"))
            show_code(c, s);
        else
            show_address(c, s);
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

bool cli_code_blocked(const struct err *e)
{
    static const int codes[] = { 53003, 50097, 50199, 530036 };

    for (size_t i = 0; i < ARRAY_LEN(codes); i++)
        if (e->domain == ERR_AUTH && e->code == codes[i])
            return true;
    return false;
}

int cli_sign_in(struct cli *c, const char *tenant, struct err *e)
{
    struct way w = { 0 };

    STR_SET(w.tenant, tenant);
    return sign_in(c, &w, e);
}

int cmd_sign_in(struct cli *c)
{
    const struct sec_signin *s;
    struct err e = { 0 };
    struct way w = { 0 };
    char until[TIME_SIZE];
    int rc = cli_way(c, &w, &e);

    if (rc == 0 && w.warning[0])
        fprintf(stderr, "azloconf: %s\n", w.warning);
    if (rc == 0)
        rc = sign_in(c, &w, &e);
    way_clear(&w);
    if (rc < 0)
        return cli_fail(c, &e);
    s = client_section(c->client, SEC_SIGNIN);
    time_iso(until, s->token_expires_at);
    if (c->json)
        out_json(json_encode(&sec_signin_type, s));
    else
        printf(_("Signed in as %s, tenant %s.\n"), s->account, s->tenant_id);
    if (!c->json && s->ends)
        printf(_("The sign-in ends with its token, at %s.\n"), until);
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
