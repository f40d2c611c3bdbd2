/* The newest lines of the core's log; lines with a word; warnings alone. */
#include "config.h"

#include "base/i18n.h"
#include "console/face/words.h"
#include "console/plain/answer.h"
#include "console/plain/plain.h"

#define NEWEST 20

static const struct sec_log *sec(const struct plain *p)
{
    return plain_section(p, SEC_LOG);
}

static bool fits(const struct sec_log_line *l, const char *word, bool bad_only)
{
    bool bad = str_istarts(l->level, "warn") || str_istarts(l->level, "err");

    return (bad || !bad_only) && (!word[0] || str_ifind(l->text, word));
}

static void say_lines(struct plain *p, const char *word, bool bad_only, size_t max)
{
    size_t n = 0, skip;

    for (size_t i = 0; i < sec(p)->n; i++)
        n += fits(&sec(p)->lines[i], word, bad_only);
    skip = n > max ? n - max : 0;
    if (n == 0 && word[0])
        plain_say(p, _("\"%s\" stands in no line."), word);
    else if (n == 0)
        plain_say(p, "%s", bad_only ? _("No warnings and no errors.") : _("The log is empty."));
    for (size_t i = 0; i < sec(p)->n; i++) {
        const struct sec_log_line *l = &sec(p)->lines[i];
        char clock[AGE_SIZE];

        if (!fits(l, word, bad_only) || (skip > 0 && skip--))
            continue;
        words_clock(clock, l->at);
        plain_say(p, "%s %s %s", clock, l->level, l->text);
    }
}

void job_log(struct plain *p)
{
    char line[PLAIN_LINE];

    say_lines(p, "", false, NEWEST);
    while (plain_ask(p, line, "%s",
                     _("/ and a word finds, w warnings, a all lines, ? helps, Enter goes back:")) ==
           GOT_LINE) {
        enum answer kind = answer_kind(line);

        if (kind == ANSWER_EMPTY || kind == ANSWER_BACK)
            return;
        if (kind == ANSWER_HELP)
            plain_help(p, HELP_LOG);
        else if (line[0] == '/')
            say_lines(p, str_trim(line + 1), false, SEC_LOG_LINES);
        else if (answer_is(line, "w", N_("warnings")))
            say_lines(p, "", true, SEC_LOG_LINES);
        else if (answer_is(line, "a", N_("all")))
            say_lines(p, "", false, SEC_LOG_LINES);
        else
            plain_say(p, "%s", _("Type /word, w, a or ?."));
    }
}
