#include "config.h"

#include "console/ui/ui_main.h"

#include <stdio.h>

#include "base/i18n.h"
#include "console/ui/ui.h"

int ui_main(const struct client_options *client, const struct ui_options *options)
{
    struct err e = { 0 };
    struct ui *ui = ui_new(client, options, &e);
    int rc;

    if (!ui) {
        fprintf(stderr, "azloconf: %s\n", e.message);
        return 2;
    }
    rc = ui_run(ui);
    ui_free(ui);
    return rc;
}
