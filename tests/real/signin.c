#include "config.h"

#include "real/kit.h"

#include <stdio.h>
#include <string.h>

#define TICK_MS 1000

static void show_left(struct kit *k)
{
    const struct auth_view *v = auth_view(k->auth);
    int64_t s = (v->code_expires_mono - mono_ms()) / 1000;

    if (k->tty && v->state == AUTH_CODE)
        printf("\r        the code is good for %lld:%02lld ", (long long)(s / 60),
               (long long)(s % 60));
    fflush(stdout);
}

static void on_tick(void *payload)
{
    struct kit *k = payload;

    show_left(k);
    k->tick = loop_after(k->loop, TICK_MS, on_tick, k);
}

static void show_code(struct kit *k, const struct auth_view *v)
{
    kit_note(k, "sign in", "open   %s", v->verification_uri);
    kit_note(k, "", "type   %s", v->user_code);
    if (!v->uri_trusted)
        kit_note(k, "", "this address is not one that the cloud is known for: look twice");
    if (!k->tick)
        on_tick(k);
}

static void end_tick(struct kit *k)
{
    loop_timer_del(k->tick);
    k->tick = NULL;
    if (k->tty)
        printf("\r%60s\r", "");
}

static void failed(struct kit *k, const struct err *e)
{
    if (e->code == ERR_C_EXPIRED)
        kit_fail(k, KIT_NO_SIGN_IN, "not signed in: the code expired before anybody used it");
    else if (e->code == ERR_C_DECLINED)
        kit_fail(k, KIT_NO_SIGN_IN, "not signed in: the sign-in was refused in the browser");
    else
        kit_fail(k, KIT_NO_SIGN_IN, "not signed in: %s%s%s", e->message,
                 e->remote_code[0] ? " " : "", e->remote_code);
    kit_next(k);
}

void signin_changed(void *payload)
{
    struct kit *k = payload;
    const struct auth_view *v = auth_view(k->auth);

    if (k->done)
        return;
    if (v->state == AUTH_CODE && !k->code_shown) {
        k->code_shown = true;
        show_code(k, v);
    } else if (v->state == AUTH_IN && !k->signed_in) {
        k->signed_in = true;
        end_tick(k);
        kit_note(k, "ok", "signed in as %s, tenant %s", v->account, v->tenant);
        kit_next(k);
    } else if (v->state == AUTH_FAILED) {
        end_tick(k);
        if (!k->signed_in)
            failed(k, &v->err);
    }
}

void signin_start(struct kit *k)
{
    struct err e = { 0 };

    k->auth = auth_new(k->loop, k->rec, &k->cloud, k->o.client_id, signin_changed, k);
    k->arm = arm_new(k->loop, k->reads, k->rec, k->auth, &k->cloud);
    if (auth_device(k->auth, k->o.tenant, &e) < 0) {
        kit_fail(k, KIT_USAGE, "%s", e.message);
        kit_next(k);
    }
}

void signin_cancel(struct kit *k)
{
    end_tick(k);
    if (k->auth)
        auth_cancel(k->auth);
}
