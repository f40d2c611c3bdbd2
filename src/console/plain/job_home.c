/* The main menu: three lines of status, the numbers, a prompt. */
#include "config.h"

#include "base/i18n.h"
#include "console/face/items.h"
#include "console/plain/answer.h"
#include "console/plain/plain.h"
#include "console/plain/wrap.h"

#define ASKING_MS 1000
#define GIVE_UP   60000

static const struct {
    int number;
    void (*run)(struct plain *p);
} jobs[] = {
    { 1, job_register }, { 2, job_sign_in },    { 3, job_nodes },     { 8, job_log },
    { 9, job_mend },     { 10, job_leave },     { 11, job_terminal }, { 12, job_log_off },
    { 13, job_restart }, { 14, job_shut_down }, { 15, job_exit },
};

/* ---- waiting for the first answer ---- */

/* The status, or why there will be none. */
static bool is_there(struct plain *p)
{
    const struct sec_core *core = plain_section(p, SEC_CORE);

    return model_has(plain_model(p), SEC_CLUSTER) || core->problem[0];
}

static bool core_answered(struct plain *p, void *payload)
{
    const int64_t *until = payload;

    return is_there(p) || mono_ms() >= *until;
}

static void wait_for_core(struct plain *p)
{
    int64_t until = mono_ms() + ASKING_MS;

    if (is_there(p))
        return;
    plain_wait(p, NULL, core_answered, &until);
    if (plain_ended(p) || is_there(p))
        return;
    plain_say(p, "%s", _("Asking the core."));
    until = mono_ms() + GIVE_UP;
    plain_wait(p, NULL, core_answered, &until);
}

/* ---- the items ---- */

/* Each stays whole where the line breaks. */
static void add_whole(struct str *s, const char *text)
{
    for (; *text; text++)
        if (*text == ' ')
            str_add(s, "\xc2\xa0");
        else
            str_addc(s, *text);
}

static void say_brief(struct plain *p)
{
    struct str s = STR_INIT;
    char item[120];

    for (size_t i = 0; i < item_count; i++)
        if (item_rows[i].brief) {
            str_fmt(item, sizeof item, "%d %s%s", item_rows[i].number, _(item_rows[i].brief),
                    wrap_stop(_(item_rows[i].brief)));
            add_whole(&s, item);
            str_addc(&s, ' ');
        }
    add_whole(&s, _("? all items."));
    plain_say(p, "%s", str_p(&s));
    str_free(&s);
}

static void say_all(struct plain *p)
{
    char next[900];

    for (size_t i = 0; i < item_count; i++) {
        char note[160] = "";

        if (item_rows[i].note)
            item_rows[i].note(plain_model(p), note, sizeof note);
        plain_say(p, "%d %s%s%s%s", item_rows[i].number, _(item_rows[i].text), note[0] ? ": " : "",
                  note, wrap_stop(note[0] ? note : _(item_rows[i].text)));
    }
    if (!model_advice(plain_model(p), next, sizeof next) && next[0])
        plain_say(p, "%s%s", next, wrap_stop(next));
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

static void refresh(struct plain *p)
{
    if (plain_do(p, _("The nodes were not asked"), "status", NULL, NULL))
        watch_status(p, plain_watch(p), true);
}

static void help(struct plain *p)
{
    plain_help(p, HELP_HOME);
}

static void quit(struct plain *p)
{
    if (plain_options(p)->getty)
        job_log_off(p);
    else
        job_exit(p);
}

static const struct {
    const char *letter, *word;
    void (*run)(struct plain *p);
} keys[] = {
    { "?", N_("items"), say_all },   { "h", N_("help"), help },
    { "r", N_("refresh"), refresh }, { "l", N_("log"), job_log },
    { "q", N_("leave"), quit },      { "g", N_("language"), job_language },
};

static void act(struct plain *p, const char *line)
{
    int64_t number;

    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        if (answer_is(line, keys[i].letter, keys[i].word)) {
            keys[i].run(p);
            return;
        }
    if (str_to_int(line, &number)) {
        if (!open_item(p, number))
            plain_say(p, "%s", _("There is no item with this number yet."));
    } else if (answer_kind(line) == ANSWER_TEXT) {
        plain_say(p, "%s", _("Type the number of an item, ? for all of them, h for help."));
    }
}

/* Said once, before anything else. */
static void say_sandbox(struct plain *p)
{
    const struct sec_core *core = plain_section(p, SEC_CORE);

    if (plain_first(p) && str_eq(core->mode, "sandbox"))
        plain_say(p, "%s",
                  _("Sandbox: an Azure that runs on this machine. Nothing reaches the real one."));
}

/* What hinders, when it is another thing than before. */
static void say_problem(struct plain *p)
{
    char text[900];

    if (!model_advice(plain_model(p), text, sizeof text))
        text[0] = '\0';
    if (watch_news(plain_watch(p), text) && text[0])
        plain_say(p, "%s", text);
}

void job_home(struct plain *p)
{
    char line[PLAIN_LINE];

    wait_for_core(p);
    if (plain_ended(p))
        return;
    say_sandbox(p);
    watch_status(p, plain_watch(p), false);
    say_problem(p);
    say_brief(p);
    if (plain_ask(p, line, "%s", _("Number:")) == GOT_LINE)
        act(p, line);
}
