/* i18n.h - translated words. User text is translated, ids and log lines never; full sentences, no
 * pasted parts. Tables hold N_("..."), the code that shows them calls _(). Counts use P_(). */
#ifndef AZL_BASE_I18N_H
#define AZL_BASE_I18N_H

#include <libintl.h>

#define _(s)             gettext(s)
#define N_(s)            (s)
#define P_(one, many, n) ngettext((one), (many), (unsigned long)(n))

/* setlocale, bindtextdomain (AZLOCONF_LOCALEDIR overrides, for tests and uninstalled runs),
 * textdomain. */
void i18n_init(void);

#endif
