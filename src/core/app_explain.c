/* app_explain.c - what a code or a message means, by the table of advice. The answer is the table's
 * own English: the core's language need not be the asker's, and the asker has the same catalogues.
 */
#include "config.h"

#include "base/i18n.h"
#include "core/advice.h"
#include "core/app_int.h"

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
    if (r->what)
        json_set_str(result, "what", r->what);
    if (r->why)
        json_set_str(result, "why", r->why);
    if (r->text)
        json_set_str(result, "advice", r->text);
    serve_result(ask, result);
}
