#include "config.h"

#include "base/i18n.h"

#include <locale.h>
#include <stdlib.h>

#ifndef LOCALEDIR
#define LOCALEDIR "/usr/local/share/locale"
#endif

void i18n_init(void)
{
    const char *dir = getenv("AZLOCONF_LOCALEDIR");

    setlocale(LC_ALL, "");
    /* JSON numbers are read and written by the C library: the point stays a point. */
    setlocale(LC_NUMERIC, "C");
    bindtextdomain(PACKAGE, dir && dir[0] ? dir : LOCALEDIR);
    textdomain(PACKAGE);
}
