/* app_explain.c - what a code or a message means, by the table of advice. */
#include "config.h"

#include "base/i18n.h"
#include "core/advice.h"
#include "core/app_int.h"

static void set_text(struct json *j, const char *name, const char *text)
{
    if (text)
        json_set_str(j, name, _(text));
}

void app_explain(struct app *a, const struct serve_ask *ask, const struct json *args)
{
    const char *text = json_str(args, "text");
    const struct advice_row *r = text && text[0] ? advice_explain(text) : NULL;
    struct err e = { 0 };
    struct json *result;

    (void)a;
    if (!r) {
        err_set(&e, ERR_OP, ERR_C_NOT_FOUND,
                _("Nothing is known of \"%.200s\". Keep the whole error with its ids: they are "
                  "what support asks for."),
                text ? text : "");
        serve_error(ask, &e);
        return;
    }
    result = json_object();
    set_text(result, "what", r->what);
    set_text(result, "why", r->why);
    set_text(result, "advice", r->text);
    serve_result(ask, result);
}
