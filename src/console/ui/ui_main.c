#include "config.h"

#include "console/ui/ui_main.h"

#include <stdio.h>

#include "base/i18n.h"
#include "console/ui/ui.h"

int ui_main(const struct client_options *client, const struct ui_options *options)
{
    struct err e = { 0 };
    struct ui *ui;
    int rc;

    /* Screens count and spell UTF-8, whatever the locale's character set is. */
    bind_textdomain_codeset(PACKAGE, "UTF-8");
    ui = ui_new(client, options, &e);
    if (!ui) {
        fprintf(stderr, "azloconf: %s\n", e.message);
        return 2;
    }
    rc = ui_run(ui);
    ui_free(ui);
    return rc;
}
