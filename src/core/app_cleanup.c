/* app_cleanup.c - looks for what was never unregistered, and has it deleted: only what a look right
 * before has found to be a leftover, and each thing under its own name, typed by whoever asks for
 * it. */
#include "config.h"

#include "base/i18n.h"
#include "core/app_int.h"
#include "core/app_scan.h"

static const char *text(const struct json *j, const char *name)
{
    const char *s = json_str(j, name);

    return s ? s : "";
}

static const struct json *item_of(const struct json *items, const char *id)
{
    JSON_EACH (i, items)
        if (str_ieq(text(i, "id"), id))
            return i;
    return NULL;
}

/* ---- what is shown ---- */

static struct json *inputs_of(const struct json *found, const struct json *chosen)
{
    struct json *in = json_object(), *list = json_array();
    struct str subs = STR_INIT, items = STR_INIT;

    JSON_EACH (s, json_member(found, "subscriptions"))
        str_addf(&subs, "%s%s", subs.len ? " " : "", json_value_str(s));
    JSON_EACH (c, chosen) {
        struct json *one = json_object();

        json_set_str(one, "id", text(c, "id"));
        json_set_str(one, "name", text(c, "name"));
        if (json_str(c, "parent"))
            json_set_str(one, "parent", text(c, "parent"));
        json_push(list, one);
    }
    json_write(&items, list);
    json_set_str(in, "subscriptions", str_p(&subs));
    json_set_str(in, "items", str_p(&items));
    if (json_flag(found, "whole", false))
        json_set_str(in, "whole", "1");
    str_free(&subs);
    str_free(&items);
    json_free(list);
    return in;
}

static void add_once(struct json *list, const char *sentence)
{
    JSON_EACH (s, list)
        if (str_eq(json_value_str(s), sentence))
            return;
    json_push(list, json_string(sentence));
}

static void put_name(struct json *row, const struct json *i)
{
    char name[700];

    STR_SET(name, text(i, "name"));
    if (json_str(i, "place"))
        str_fmt(name, sizeof name, "%s (%s)", text(i, "name"), text(i, "place"));
    json_set_str(row, "name", name);
}

static void review(struct json *result, const struct json *items, const struct json *chosen)
{
    struct json *will = json_array(), *ends = json_array();

    JSON_EACH (i, items) {
        const char *kept = json_str(i, "kept");
        bool goes = !kept && item_of(chosen, text(i, "id"));
        struct json *row;

        if (!goes && !kept)
            continue;
        row = json_object();
        json_set_str(row, "what", text(i, "what"));
        put_name(row, i);
        json_set_str(row, "how", goes ? "delete" : "keep");
        json_set_str(row, "why", goes ? text(i, "why") : kept);
        json_push(will, row);
        if (goes)
            add_once(ends, text(i, "ends"));
    }
    json_set(result, "will", will);
    json_set(result, "ends", ends);
}

/* ---- what is chosen ---- */

static int judge_item(const struct json *item, const char *id, struct err *e)
{
    if (!item)
        return err_set(e, ERR_OP, ERR_C_NO_LEFTOVER,
                       _("This is no leftover, or is gone already: %s. Nothing was changed."), id);
    if (json_str(item, "kept"))
        return err_set(e, ERR_OP, ERR_C_NO_LEFTOVER, _("%s stays: %s. Nothing was changed."),
                       text(item, "name"), text(item, "kept"));
    if (!json_flag(item, "may", false))
        return err_set(e, ERR_OP, ERR_C_RIGHTS,
                       _("Your account may not delete %s: it lacks %s. Nothing was changed."),
                       text(item, "name"), text(item, "missing"));
    return 0;
}

/* The items that the ids name, in their order; NULL and *e. */
static struct json *choose(const struct json *items, const struct json *ids, struct err *e)
{
    struct json *chosen = json_array();

    JSON_EACH (i, ids) {
        const char *id = json_value_str(i);
        const struct json *item = item_of(items, id ? id : "");

        if (judge_item(item, id ? id : "", e) < 0) {
            json_free(chosen);
            return NULL;
        }
        if (!item_of(chosen, id))
            json_push(chosen, json_copy(item));
    }
    return chosen;
}

/* One word for each, in the same order; a single one may stand by itself. */
static int confirmed(const struct json *chosen, const struct json *confirm, struct err *e)
{
    const struct json *word = json_is_string(confirm) ? confirm : json_first(confirm);

    JSON_EACH (c, chosen) {
        if (!word || !str_ieq(json_value_str(word), text(c, "word")))
            return err_set(e, ERR_OP, ERR_C_CONFIRM,
                           _("The name of %s was not typed as it is. Nothing was changed."),
                           text(c, "name"));
        word = json_is_string(confirm) ? NULL : json_next(word);
    }
    return 0;
}

/* ---- the intents ---- */

static struct json *warnings(const struct json *found, const struct json *items)
{
    struct json *out = op_cleanup_warnings(found);

    if (json_len(items) >= OP_CLEANUP_MAX)
        add_once(out, _("There are more: only a part of them is listed. Name one subscription, or "
                        "clean up and look again."));
    return out;
}

/* Each name, one after another; `word` and `ask` are the first one's. */
static void ask_for(struct json *result, const struct json *chosen)
{
    const struct json *first = json_first(chosen);
    struct json *each = json_array();

    JSON_EACH (c, chosen) {
        struct json *one = json_object();

        json_set_str(one, "word", text(c, "word"));
        json_set_str(one, "ask", text(c, "ask"));
        json_push(each, one);
    }
    app_act_confirm(result, text(first, "word"), text(first, "ask"));
    json_set(json_edit(json_member(result, "confirm")), "each", each);
}

static void answer_check(struct app_job *j, const struct json *found, const struct json *items)
{
    const struct json *ids = json_member(j->values, "items");
    struct err e = { .retry_after_ms = -1 };
    struct json *chosen = choose(items, ids, &e), *in = inputs_of(found, chosen);
    struct json *result = app_act_review(&op_cleanup, in);

    json_free(in);
    json_set_bool(result, "local", text(found, "here")[0] != '\0');
    json_set(result, "items", json_copy(items));
    review(result, items, chosen);
    json_set(result, "warn", warnings(found, items));
    json_set(result, "steps", op_cleanup_preview(chosen));
    if (err_is(&e))
        app_act_error(result, &e);
    else if (json_len(chosen))
        ask_for(result, chosen);
    json_free(chosen);
    serve_result(&j->ask, result);
}

static int start(struct app_job *j, const struct json *found, const struct json *items,
                 struct err *e)
{
    struct json *chosen = choose(items, json_member(j->values, "items"), e), *in;
    int r = -1;

    if (!chosen)
        return -1;
    in = inputs_of(found, chosen);
    if (confirmed(chosen, json_member(j->values, "confirm"), e) == 0)
        r = app_run_start(j->app, &j->ask, &op_cleanup, in, e);
    json_free(in);
    json_free(chosen);
    return r;
}

static void on_scanned(void *payload, const struct json *found, const struct err *why)
{
    struct app_job *j = payload;
    struct err e = *why;
    struct json *items = err_is(&e) ? NULL : op_cleanup_items(found, wall_ms());

    if (!err_is(&e) && json_flag(j->values, "check", false))
        answer_check(j, found, items);
    else if (err_is(&e) || start(j, found, items, &e) < 0)
        serve_error(&j->ask, &e);
    json_free(items);
    app_job_free(j);
}

static void begin(struct app *a, const struct serve_ask *ask, const struct json *args, bool check)
{
    const char *sub = text(args, "subscriptionId");
    struct err e = { .retry_after_ms = -1 };
    struct app_job *j;

    if (!app_signed_in(a, ask, &e)) {
        serve_error(ask, &e);
        return;
    }
    if (!check && !json_len(json_member(args, "items"))) {
        err_set(&e, ERR_USAGE, 0, "%s", _("Nothing was chosen."));
        serve_error(ask, &e);
        return;
    }
    if (*sub && !guid_is(sub)) {
        err_set(&e, ERR_USAGE, 0, _("The subscription id is no GUID: %s"), sub);
        serve_error(ask, &e);
        return;
    }
    j = app_job_new(a, ask);
    j->values = args ? json_copy(args) : json_object();
    json_set_bool(j->values, "check", check);
    j->scan = app_scan_start(a, sub, on_scanned, j);
}

void app_cleanup(struct app *a, const struct serve_ask *ask, const struct json *args)
{
    begin(a, ask, args, false);
}

void app_cleanup_check(struct app *a, const struct serve_ask *ask, const struct json *args)
{
    begin(a, ask, args, true);
}
