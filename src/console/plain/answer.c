#include "config.h"

#include "console/plain/answer.h"

#include "base/i18n.h"
#include "base/str.h"

bool answer_is(const char *line, const char *letter, const char *word)
{
    return str_ieq(line, letter) || str_ieq(line, word) || str_ieq(line, _(word));
}

enum answer answer_kind(const char *line)
{
    if (!line[0])
        return ANSWER_EMPTY;
    if (answer_is(line, "<", N_("back")))
        return ANSWER_BACK;
    return str_eq(line, "?") ? ANSWER_HELP : ANSWER_TEXT;
}

static bool is_choice(const struct form *f, const struct model *m, int field, int i,
                      const char *text)
{
    struct form_choice c = { .id = "" };

    f->fields[field].choice(m, f, i, &c);
    return str_ieq(c.id, text) || str_ieq(c.name, text);
}

int answer_pick(const struct form *f, const struct model *m, int field, const char *text,
                int found[FORM_MATCHES])
{
    int n = form_choices(f, m, field);
    int64_t number;

    if (str_to_int(text, &number) && number >= 1 && number <= n) {
        found[0] = (int)number - 1;
        return 1;
    }
    for (int i = 0; i < n; i++)
        if (is_choice(f, m, field, i, text)) {
            found[0] = i;
            return 1;
        }
    return f->fields[field].free ? 0 : form_matches(f, m, field, text, found);
}
