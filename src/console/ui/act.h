/* act.h - what the files of the operations' screen share: screen_act.c (from page to page, what the
 * core is asked), act_keys.c (its keys) and act_draw.c (its pages). One struct, ui's own: what was
 * typed and ticked survives a refusal and a look at another screen; it goes when the operation
 * starts or another one is opened.
 */
#ifndef AZL_UI_ACT_H
#define AZL_UI_ACT_H

#include "base/secret.h"
#include "console/face/acts.h"
#include "console/ui/widgets.h"

enum act_page {
    ACT_PAGE_LIST, /* of the item's operations, where there are several */
    ACT_PAGE_SIGNIN,
    ACT_PAGE_VALUES,
    ACT_PAGE_LOOK, /* the core is asked, or said why it has no answer */
    ACT_PAGE_TICK, /* what of the items found */
    ACT_PAGE_REVIEW,
    ACT_PAGE_REQUESTS
};
enum act_focus { ACT_WORD, ACT_GO, ACT_VALUES, ACT_BACK, ACT_STOPS };

#define ACT_ITEMS 200 /* shown and ticked; more are told of, not offered */
#define ACT_ROWS  12

struct act_screen {
    struct ui *ui;
    int item; /* of the main menu */
    const struct act *act;
    enum act_page page;
    bool waiting;   /* an answer is on its way */
    bool starting;  /* of the intent that starts it */
    bool valued;    /* the page of values was shown */
    bool by_itself; /* before anything was looked at, because nothing is registered */
    int64_t asked_at;
    struct menu list;
    struct form form;
    char lists_for[64];  /* the subscription whose lists were asked for last */
    struct json *review; /* the newest answer */
    struct json *ticked; /* ids for the next question, NULL: none were asked for */
    struct err stop;     /* what stands in the way */
    struct textview text, requests;
    bool ticks[ACT_ITEMS];
    struct table items;
    struct json *typed; /* the words before the one that is due */
    struct input word;
    enum act_focus focus;
    struct secret secret; /* of the operator's own principal for Azure Arc, until the start */
};

struct act_screen *act_self(struct ui *ui);
/* The rows of the item, in the table's order. */
int act_rows(const struct act_screen *s, const struct act *out[ACT_ROWS]);
int act_items(const struct act_screen *s);
const struct json *act_item(const struct act_screen *s, int i);
bool act_has(const struct act_screen *s, enum act_focus f); /* this stop is on the page */
bool act_fits(const struct act_screen *s); /* the word that is due was typed, or none is */
size_t act_at(const struct act_screen *s); /* which one is due */
void act_build(struct act_screen *s);      /* the texts of the newest answer */

void act_look(struct act_screen *s);  /* asks what would be done */
void act_start(struct act_screen *s); /* starts it */
void act_show_values(struct act_screen *s);
void act_open_row(struct act_screen *s, const struct act *a);
bool act_leave(struct ui *ui, void *self); /* one step back; false: out of this screen */

/* act_keys.c */
enum { ACT_KEYS = 11 };
extern const struct key_row act_keys[ACT_KEYS];
bool act_key(struct ui *ui, void *self, int key);
bool act_typing(const void *self);

/* act_draw.c */
void act_menu(const struct act_screen *s, struct menu_item out[ACT_ROWS], int *n);
void act_draw(struct ui *ui, void *self, const struct area *body);
void act_hint(struct ui *ui, void *self, char *out, size_t size);
void act_place(struct ui *ui, void *self, char *out, size_t size);

#endif
