/* What this face knows of the terminal, and how to get another. */
#include "config.h"

#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/text.h"
#include "console/plain/plain.h"

void job_terminal(struct plain *p)
{
    const char *term = getenv("TERM"), *device = ttyname(STDIN_FILENO),
               *language = setlocale(LC_MESSAGES, NULL);
    char name[80];

    text_set(name, sizeof name, term && *term ? term : _("not set"));
    plain_say(p, _("Terminal: %s."), name);
    plain_say(p, _("Device: %s."), device ? device : _("none, a pipe or file"));
    plain_say(p, "%s", _("Look: plain, lines of text without control characters."));
    plain_say(p, _("Characters: %s."), nl_langinfo(CODESET));
    plain_say(p, _("Language: %s."), language ? language : "C");
    plain_say(p, "%s",
              _("The language is that of the session: leave, set LANG (for example "
                "LANG=de_DE.UTF-8), and start again."));
    plain_help(p, HELP_TERMINAL);
}
