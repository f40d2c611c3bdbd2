/* wizard.h - what the files of the wizard share: screen_wizard.c (from page to page, keys),
 * wizard_draw.c (its pages), wizard_review.c (what the core found, the file of answers, go). One
 * struct, ui's own (wizard_of): the values survive leaving the screen, the texts of the review do
 * not.
 */
#ifndef AZL_UI_WIZARD_H
#define AZL_UI_WIZARD_H

#include "base/secret.h"
#include "console/face/form.h"
#include "console/ui/ui.h"
#include "console/ui/widgets.h"

enum wizard_page {
    WIZARD_CREATE,
    WIZARD_SIGNIN,
    WIZARD_WHERE,
    WIZARD_REVIEW,
    WIZARD_MORE,     /* behind WIZARD_WHERE */
    WIZARD_REQUESTS, /* behind WIZARD_REVIEW, as the next */
    WIZARD_FILE
};

struct wizard {
    bool begun, waiting; /* waiting: an intent has not been answered yet */
    enum wizard_page page;
    struct form create, where, more, file;
    char regions_for[64]; /* the subscription whose regions were asked for last */
    struct textview review, requests;
    struct secret
        secret;         /* of the Arc principal below: asked when the review needs it, forgotten */
    char secret_of[64]; /* when the run has it or the wizard is left */
    bool told;          /* the requests came with the review */
    bool wrong;         /* the review found something that must be corrected */
    bool after_stop;    /* building the review: where its first part ends */
    struct err stop;    /* the review found what stands in the way of all */
    bool on_back;       /* review: which button has the focus */
};

const struct sec_cluster *wizard_cluster(const struct ui *ui);
struct wizard *wizard_of(struct ui *ui);
struct form *wizard_form(struct wizard *w); /* of the page; NULL: it has none */

/* wizard_draw.c */
void wizard_draw(struct ui *ui, void *self, const struct area *body);
void wizard_hint(struct ui *ui, void *self, char *out, size_t size);
void wizard_place(struct ui *ui, void *self, char *out, size_t size);

/* wizard_review.c */
void wizard_forget(struct wizard *w);                /* the secret */
void wizard_review(struct ui *ui, struct wizard *w); /* asks the core; its answer shows the page */
bool wizard_review_key(struct ui *ui, struct wizard *w, int key);
void wizard_show_requests(struct ui *ui, void *self);
void wizard_ask_file(struct ui *ui, void *self);
void wizard_write_file(struct ui *ui, struct wizard *w, bool replace);
void wizard_draw_review(struct wizard *w, const struct area *a);

#endif
