/* screens.h - the rows of all screens, and the numbered menu. A newcomer's screen: its file, its
 * row here, its line in Makefile.am.
 *
 * Menu numbers are kept for life: an item without a screen is absent and keeps its number (4 check
 * prerequisites, 5 permissions and consent, 6 cloud, proxy and network, 7 Azure resources, 9 repair
 * or sync, 10 unregister, reset, clean up).
 */
#ifndef AZL_UI_SCREENS_H
#define AZL_UI_SCREENS_H

#include "console/ui/ui.h"

extern const struct screen screen_home, screen_wizard, screen_signin, screen_progress, screen_nodes,
    screen_log, screen_terminal, screen_help;

struct menu_row {
    int number;
    const char *text; /* N_() */
    const char *hint; /* N_() */
    void (*run)(struct ui *ui);
    enum role (*note)(struct ui *ui, char *out, size_t size); /* second column; NULL: none */
};
extern const struct menu_row menu_rows[];
extern const size_t n_menu_rows;

/* actions.c: items 12 to 15 */
void action_log_off(struct ui *ui);
void action_restart(struct ui *ui);
void action_shut_down(struct ui *ui);
void action_shell(struct ui *ui);

#endif
