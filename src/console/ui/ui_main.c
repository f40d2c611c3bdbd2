#include "config.h"

#include "console/ui/ui_main.h"

#include <langinfo.h>
#include <stdio.h>

#include "base/i18n.h"
#include "base/str.h"
#include "console/ui/text.h"
#include "console/ui/ui.h"

int ui_main(const struct client_options *client, const struct ui_options *options)
{
    struct err e = { 0 };
    char plain[sizeof e.message];
    struct ui *ui;
    int rc;

    /* Screens count and spell UTF-8, whatever the locale's character set is. */
    bind_textdomain_codeset(PACKAGE, "UTF-8");
    text_set_ascii(!str_ieq(nl_langinfo(CODESET), "UTF-8")); /* until the look is known */
    ui = ui_new(client, options, &e);
    if (!ui) {
        text_plain(plain, sizeof plain, e.message);
        fprintf(stderr, "azloconf: %s\n", plain);
        return UI_NO_TERMINAL;
    }
    rc = ui_run(ui);
    ui_free(ui);
    return rc;
}
