/* What this face knows of the terminal, and how to get another. */
#include "config.h"

#include <langinfo.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/text.h"
#include "console/face/language.h"
#include "console/plain/plain.h"
#include "console/ui/text.h"

void job_terminal(struct plain *p)
{
    const char *term = getenv("TERM"), *device = ttyname(STDIN_FILENO);
    char name[80], language[80];

    text_set(name, sizeof name, term && *term ? term : _("not set"));
    plain_say(p, _("Terminal: %s."), name);
    plain_say(p, _("Device: %s."), device ? device : _("none, a pipe or file"));
    plain_say(p, "%s", _("Look: plain, lines of text without control characters."));
    plain_say(p, _("Characters: %s."), nl_langinfo(CODESET));
    plain_say(p, _("Language: %s."), language_name(language, sizeof language));
    plain_say(p, "%s",
              _("The language is that of the session (LANG, for example LANG=de_DE.UTF-8); g in "
                "the menu takes the next one that this terminal can show, until you leave."));
    plain_help(p, HELP_TERMINAL);
}

void job_language(struct plain *p)
{
    char name[80];

    if (!language_next(text_is_ascii()))
        plain_say(p, "%s", _("There is no other language that this terminal can show."));
    plain_say(p, _("Language: %s."), language_name(name, sizeof name));
}
