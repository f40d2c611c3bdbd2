#include "config.h"

#include "base/i18n.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

#ifndef LOCALEDIR
#define LOCALEDIR "/usr/local/share/locale"
#endif

const struct i18n_language i18n_languages[] = {
    { "en", "English", false },
    { "de", "Deutsch", false },
    { "zh_CN", "\xe4\xb8\xad\xe6\x96\x87 (\xe7\xae\x80\xe4\xbd\x93)", true },
};
const size_t i18n_language_count = ARRAY_LEN(i18n_languages);

static char *found; /* LANGUAGE as it was before i18n_choose, NULL: not set */
static bool chosen;

void i18n_init(void)
{
    const char *dir = getenv("AZLOCONF_LOCALEDIR");

    setlocale(LC_ALL, "");
    /* JSON numbers are read and written by the C library: the point stays a point. */
    setlocale(LC_NUMERIC, "C");
    bindtextdomain(PACKAGE, dir && dir[0] ? dir : LOCALEDIR);
    textdomain(PACKAGE);
}

void i18n_utf8(void)
{
    bind_textdomain_codeset(PACKAGE, "UTF-8");
    bind_textdomain_codeset("libc", "UTF-8"); /* strerror's sentences */
}

/* A catalogue's header names its language; without a catalogue there is none. */
const struct i18n_language *i18n_language(void)
{
    const char *line = strstr(gettext(""), "Language: ");

    for (size_t i = 1; line && i < i18n_language_count; i++) {
        const char *id = line + strlen("Language: ");
        size_t n = strlen(i18n_languages[i].id);

        if (strncmp(id, i18n_languages[i].id, n) == 0 && id[n] == '\n')
            return &i18n_languages[i];
    }
    return &i18n_languages[0];
}

bool i18n_choose(const char *id)
{
    if (!chosen) {
        found = getenv("LANGUAGE") ? xstrdup(getenv("LANGUAGE")) : NULL;
        chosen = true;
    }
    if (id)
        setenv("LANGUAGE", id, 1);
    else if (found)
        setenv("LANGUAGE", found, 1);
    else
        unsetenv("LANGUAGE");
    textdomain(PACKAGE); /* what was looked up before is forgotten */
    return !id || str_eq(i18n_language()->id, id);
}
