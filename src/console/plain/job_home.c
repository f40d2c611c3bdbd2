/* The main menu: three lines of status, the numbers, a prompt. */
#include "config.h"

#include "base/i18n.h"
#include "console/face/items.h"
#include "console/plain/plain.h"
#include "console/plain/wrap.h"

#define ASKING_MS 1000
#define GIVE_UP   60000

static void leave(struct plain *p)
{
    plain_leave(p, 0,
                model_run_active(plain_model(p))
                    ? _("azloconf left; the operation goes on. Type azloconf to come back to it.")
                    : _("azloconf left. Type azloconf to come back."));
}

static const struct {
    int number;
    void (*run)(struct plain *p);
} jobs[] = {
    { 2, job_sign_in },
    { 15, leave },
};

/* ---- waiting for the first answer ---- */

static bool core_answered(struct plain *p, void *payload)
{
    const int64_t *until = payload;

    return model_has(plain_model(p), SEC_CLUSTER) || mono_ms() >= *until;
}

static void wait_for_core(struct plain *p)
{
    int64_t until = mono_ms() + ASKING_MS;

    if (model_has(plain_model(p), SEC_CLUSTER))
        return;
    plain_wait(p, NULL, core_answered, &until);
    if (plain_ended(p) || model_has(plain_model(p), SEC_CLUSTER))
        return;
    plain_say(p, "%s", _("Asking the core."));
    until = mono_ms() + GIVE_UP;
    plain_wait(p, NULL, core_answered, &until);
}

/* ---- the items ---- */

static void say_brief(struct plain *p)
{
    struct str s = STR_INIT;

    for (size_t i = 0; i < n_items; i++)
        if (items[i].brief)
            str_addf(&s, "%d %s. ", items[i].number, _(items[i].brief));
    str_add(&s, _("? all items."));
    plain_say(p, "%s", str_p(&s));
    str_free(&s);
}

static void say_all(struct plain *p)
{
    for (size_t i = 0; i < n_items; i++) {
        char note[160] = "";

        if (items[i].note)
            items[i].note(plain_model(p), note, sizeof note);
        plain_say(p, "%d %s%s%s.", items[i].number, _(items[i].text), note[0] ? ": " : "", note);
    }
}

static bool open_item(struct plain *p, int64_t number)
{
    for (size_t i = 0; i < ARRAY_LEN(jobs); i++)
        if (jobs[i].number == number) {
            jobs[i].run(p);
            return true;
        }
    return false;
}

void job_home(struct plain *p)
{
    char line[PLAIN_LINE];
    int64_t number;

    wait_for_core(p);
    if (plain_ended(p))
        return;
    watch_status(p, plain_watch(p), false);
    say_brief(p);
    if (plain_ask(p, line, "%s ", _("Number:")) != GOT_LINE)
        return;
    if (str_eq(line, "?"))
        say_all(p);
    else if (str_to_int(line, &number) && !open_item(p, number))
        plain_say(p, "%s", _("There is no item with this number yet."));
}
