#include "config.h"

#include "azure/rights.h"

#include "base/i18n.h"

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool matches(const char *pattern, const char *action)
{
    const char *star = NULL, *from = NULL;

    while (*action) {
        if (*pattern == '*') {
            star = ++pattern;
            from = action;
        } else if (lower(*pattern) == lower(*action)) {
            pattern++;
            action++;
        } else if (star) {
            pattern = star;
            action = ++from;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return !*pattern;
}

static bool any_matches(const struct json *patterns, const char *action)
{
    JSON_EACH (p, patterns)
        if (json_is_string(p) && matches(json_value_str(p), action))
            return true;
    return false;
}

bool rights_permit(const struct json *permissions, const char *action)
{
    const struct json *items =
        json_is_array(permissions) ? permissions : json_member(permissions, "value");

    JSON_EACH (one, items)
        if (any_matches(json_member(one, "actions"), action) &&
            !any_matches(json_member(one, "notActions"), action))
            return true;
    return false;
}

int rights_check(const struct json *answer, struct err *e)
{
    const struct json *items = json_is_array(answer) ? answer : json_member(answer, "value");

    if (!json_is_array(items))
        return err_set(e, ERR_ARM, ERR_C_CORRUPT, _("Azure's answer was not as expected."));
    JSON_EACH (one, items)
        if (!json_is_array(json_member(one, "actions")))
            return err_set(e, ERR_ARM, ERR_C_CORRUPT, _("Azure's answer was not as expected."));
    return 0;
}
