/* i18n.h - translated words. User text is translated, ids and log lines never; full sentences, no
 * pasted parts. Tables hold N_("..."), the code that shows them calls _(). Counts use P_(). */
#ifndef AZL_BASE_I18N_H
#define AZL_BASE_I18N_H

#include <libintl.h>
#include <stdbool.h>
#include <stddef.h>

#define _(s)             gettext(s)
#define N_(s)            (s)
#define P_(one, many, n) ngettext((one), (many), (unsigned long)(n))

/* setlocale, bindtextdomain (AZLOCONF_LOCALEDIR overrides, for tests and uninstalled runs),
 * textdomain. */
void i18n_init(void);
/* For programs whose words go over a socket: sentences are UTF-8 whatever the locale writes. */
void i18n_utf8(void);

/* The languages of the catalogues (po/LINGUAS) and English, which is in the program. */
struct i18n_language {
    const char *id, *name; /* the name in the language itself */
    bool wide; /* its characters take two columns, and many terminals have none of them */
};
extern const struct i18n_language i18n_languages[]; /* English is the first */
extern const size_t i18n_language_count;

const struct i18n_language *i18n_language(void); /* what _() speaks now */

/* From now on _() and the programs that are started speak this language (LANGUAGE); NULL: that of
 * the session again. false: there is no catalogue, or the locale is C, which has none. Not while
 * other threads run. */
bool i18n_choose(const char *id);

#endif
