/* Paging (azure-wire.md 2.9): nextLink verbatim until there is none; an empty page with one is
 * fine. */
#include "config.h"

#include "azure/arm_int.h"

#include <string.h>

#include "base/i18n.h"

#define MAX_PAGES 500
#define MAX_ITEMS 50000

static void broken(struct arm_call *c, const char *sentence)
{
    struct err e = { 0 };

    err_set(&e, ERR_ARM, ERR_C_CORRUPT, "%s", sentence);
    arm_finish(c, c->first_http, NULL, &e);
}

/* true: it is new. */
static bool note_page(struct arm_call *c, const char *url)
{
    struct str line = STR_INIT;
    bool known;

    str_addf(&line, "\n%s\n", url);
    known = strstr(str_p(&c->seen), line.p) != NULL;
    if (!known)
        str_add(&c->seen, line.p);
    str_free(&line);
    return !known;
}

static void take_items(struct arm_call *c, const struct json *value)
{
    struct json *items;

    if (!c->list) {
        c->list = json_object();
        json_set(c->list, "value", json_array());
    }
    items = json_edit(json_member(c->list, "value"));
    JSON_EACH (one, value)
        json_push(items, json_copy(one));
}

void arm_page_answer(struct arm_call *c, const struct arm_answer *a)
{
    const struct json *value = json_member(a->json, "value");
    const struct json *link =
        json_member(a->json, c->flags & ARM_GRAPH ? "@odata.nextLink" : "nextLink");
    const char *next = json_value_str(link);
    struct err e = { 0 };

    if (err_is(&a->err)) {
        arm_finish(c, a->r->status, a->json, &a->err);
        return;
    }
    if (!json_is_array(value) || (link && !next && !json_is_null(link))) {
        broken(c, _("Azure's answer is no list of the expected form."));
        return;
    }
    take_items(c, value);
    if (!next || !next[0]) {
        arm_finish(c, c->first_http, c->list, NULL);
        return;
    }
    if (++c->pages >= MAX_PAGES || json_len(json_member(c->list, "value")) > MAX_ITEMS) {
        broken(c, _("Azure's list does not come to an end."));
    } else if (!arm_follow(c, next, &e)) {
        arm_finish(c, c->first_http, NULL, &e);
    } else if (!note_page(c, next) || str_eq(next, str_p(&c->url))) {
        broken(c, _("The pages of Azure's list go in a circle."));
    } else {
        c->phase = ARM_PAGE;
        arm_go(c);
    }
}
