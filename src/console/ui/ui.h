/* ui.h - what a screen may ask of the console around it.
 *
 * A screen is one row of screens.c: texts, a table of keys, functions. It reads the sections
 * (ui_section), sends intents (ui_ask) and never waits: when an answer or a newer section comes it
 * is drawn again. ui owns the screens' memory: `size` zeroed bytes each, kept for the console's
 * life, so that values survive leaving a screen. Drawing goes through paint.h into the body's area;
 * frame (title row, rule, hint, key bar) is ui's. Times are Unix ms of ui_now.
 */
#ifndef AZL_UI_UI_H
#define AZL_UI_UI_H

#include "console/face/help.h"
#include "console/face/model.h"
#include "console/ui/keys.h"
#include "console/ui/paint.h"
#include "console/ui/tty.h"
#include "console/ui/ui_main.h"

#define UI_MIN_ROWS 20
#define UI_MIN_COLS 60

enum screen_id {
    SCREEN_HOME,
    SCREEN_WIZARD,
    SCREEN_SIGNIN,
    SCREEN_WAYS,
    SCREEN_SECRET,
    SCREEN_PROGRESS,
    SCREEN_ACT,
    SCREEN_NODES,
    SCREEN_LOG,
    SCREEN_TERMINAL,
    SCREEN_HELP,
    SCREENS
};

struct ui;
struct screen {
    enum screen_id id;
    const char *title;       /* N_() */
    const struct help *help; /* for F1 */
    unsigned sections;       /* mask: redrawn when one of these changed */
    bool ticks;              /* shows ages or times: redrawn at each tick */
    bool own_title;          /* place() stands for the title, too */
    bool signs_in;     /* opens the sign-in as a step of its own: it goes on by itself after */
    int hint_rows;     /* rows for the text about the focus, from 24 rows up */
    int low_hint_rows; /* on lower screens; 0: the body gets the rule's row, too */
    size_t size;       /* of self */
    const struct key_row *keys;
    size_t n_keys;
    void (*open)(
        struct ui *ui,
        void *self); /* it comes to the top by ui_open; may be NULL, as all below but draw */
    void (*shown)(struct ui *ui, void *self); /* the screen above it was left */
    void (*close)(struct ui *ui, void *self);
    void (*draw)(struct ui *ui, void *self, const struct area *body);
    bool (*key)(struct ui *ui, void *self, int key); /* keys without a row; true: used */
    bool (*typing)(const void *self); /* a field has the focus: characters are text first */
    bool (*leave)(struct ui *ui,
                  void *self); /* Esc: true when the screen went back a step by itself */
    void (*changed)(struct ui *ui, void *self, enum section_id id);
    void (*hint)(struct ui *ui, void *self, char *out, size_t size);
    void (*place)(struct ui *ui, void *self, char *out,
                  size_t size); /* "Step 2 of 3: Where" in the title */
};
extern const struct screen *const screens[SCREENS];

int64_t ui_now(const struct ui *ui);
struct theme *ui_theme(struct ui *ui);
struct tty *ui_tty(struct ui *ui);
struct loop *ui_loop(struct ui *ui);
const struct ui_options *ui_options(const struct ui *ui);
enum client_state ui_state(const struct ui *ui, const struct err **why);

const struct model *ui_model(const struct ui *ui);
const void *ui_section(const struct ui *ui, enum section_id id); /* never NULL */
bool ui_has(const struct ui *ui, enum section_id id);            /* it came at least once */
bool ui_may_act(const struct ui *ui);
/* Sends an intent; false (and a notice) when there is no core or this user may not act. */
bool ui_ask(struct ui *ui, const char *intent, struct json *args_owned, client_answer_fn *fn,
            void *payload);
/* The same with secrets beside it (wire.h). */
bool ui_ask_secret(struct ui *ui, const char *intent, struct json *args_owned,
                   const struct wire_secret *secrets, size_t n, client_answer_fn *fn,
                   void *payload);
/* For intents whose result does not matter: an error becomes a notice. */
bool ui_tell(struct ui *ui, const char *intent, struct json *args_owned);

void ui_open(struct ui *ui, enum screen_id id);
void ui_back(struct ui *ui);
void ui_to_home(struct ui *ui);
void *ui_self(struct ui *ui, enum screen_id id);
const struct screen *ui_top(const struct ui *ui);
const struct screen *ui_below(const struct ui *ui); /* the screen under the top one, or NULL */
void ui_leave(struct ui *ui, int exit_code, const char *last_words);
void ui_shell(struct ui *ui);    /* runs $SHELL on this terminal and comes back */
void ui_ask_size(struct ui *ui); /* asks the terminal; takes what it says */
void ui_dirty(struct ui *ui);
void ui_repaint(struct ui *ui);
void ui_change_look(struct ui *ui); /* basic or rich, and the language that it can show */
const char *ui_pasted(const struct ui *ui);

/* One line in place of the hint until the next key. */
void ui_notice(struct ui *ui, const char *level, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void ui_show_err(struct ui *ui, const char *title, const struct err *e);

#define DIALOG_CHOICES 3
struct dialog {
    const char *title;
    char text[1600];
    struct {
        const char *label;                         /* the act's own name, never "No" */
        void (*run)(struct ui *ui, void *payload); /* NULL: just closes */
    } choices[DIALOG_CHOICES];
    int n, focus;
    void *payload;
};
void ui_dialog(struct ui *ui, const struct dialog *d); /* copied */

/* Run by ui_main. */
struct ui *ui_new(const struct client_options *client, const struct ui_options *options,
                  struct err *e);
int ui_run(struct ui *ui);
void ui_free(struct ui *ui);

#endif
