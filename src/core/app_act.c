#include "config.h"

#include "base/i18n.h"
#include "base/text.h"
#include "core/advice.h"
#include "core/app_int.h"

struct json *app_act_review(const struct op_plan *plan, const struct json *inputs)
{
    struct json *review = json_object();

    json_set_str(review, "plan", plan->id);
    json_set_str(review, "title", _(plan->title));
    json_set(review, "inputs", json_copy(inputs));
    return review;
}

void app_act_error(struct json *review, const struct err *e)
{
    struct err told = *e;

    advice_fill(&told);
    json_set(review, "error", json_encode(&err_json, &told));
}

void app_act_within(struct err *e, const char *part)
{
    char had[sizeof e->context];

    STR_SET(had, e->context);
    str_fmt(e->context, sizeof e->context, "%s%s%s", part, *had ? ": " : "", had);
}

void app_act_confirm(struct json *review, const char *word, const char *ask)
{
    struct json *confirm = json_object();

    json_set_str(confirm, "word", word);
    json_set_str(confirm, "ask", ask);
    json_set(review, "confirm", confirm);
}

int app_act_confirmed(const struct json *args, const char *word, struct err *e)
{
    char typed[128];

    text_set(typed, sizeof(typed), json_str(args, "confirm"));
    if (*word && str_ieq(typed, word))
        return 0;
    if (typed[0])
        return err_set(e, ERR_OP, ERR_C_CONFIRM,
                       _("%s was typed, but the name is %s. Nothing was changed."), typed, word);
    return err_set(e, ERR_OP, ERR_C_CONFIRM,
                   _("The name %s must be typed before this starts. Nothing was changed."), word);
}
