/* screens.h - the rows of all screens, and the numbered menu. A newcomer's screen: its file, its
 * row here, its line in Makefile.am.
 */
#ifndef AZL_UI_SCREENS_H
#define AZL_UI_SCREENS_H

#include "console/face/items.h"
#include "console/ui/ui.h"

extern const struct screen screen_home, screen_wizard, screen_signin, screen_ways, screen_secret,
    screen_progress, screen_act, screen_nodes, screen_log, screen_terminal, screen_help;

/* What the numbered items of face/items.h open here. */
struct menu_row {
    int number;
    void (*run)(struct ui *ui);
    enum role (*note)(struct ui *ui, char *out, size_t size); /* in place of the item's own */
};
extern const struct menu_row menu_rows[];
extern const size_t n_menu_rows;
const struct item *menu_item(const struct menu_row *row);
enum role menu_note(struct ui *ui, const struct menu_row *row, char *out, size_t size);

void act_open(struct ui *ui, int item); /* screen_act.c: items 9 and 10 */
/* actions.c: items 12 to 15 */
void action_log_off(struct ui *ui);
void action_restart(struct ui *ui);
void action_shut_down(struct ui *ui);
void action_shell(struct ui *ui);
void nodes_table(struct ui *ui, const struct area *a); /* in short */

#endif
