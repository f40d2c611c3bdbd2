#include "config.h"

#include "op/op_cleanup_found.h"

#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"

#define HOUR_MS (60 * 60 * 1000)

/* ---- what is registered here stays ---- */

static void stored_ask(const struct op_view *v, struct op_need *need)
{
    (void)v;
    reg_verb(need, NODE_STATUS);
}

static enum op_verdict stored_read(struct op_view *v, const struct op_answer *a, struct err *e)
{
    const char *uri = cl_text(a->json, "AzureResourceUri");

    if (!reg_ok(a))
        return reg_fail(a, e, 0, _("asking the node for its status"));
    if (*uri)
        op_set_fact(v, "here", uri);
    op_note(v, "%s", *uri ? uri : "--");
    return OP_DONE;
}

static int refuse(const struct json *item, const char *here, struct err *e)
{
    const char *id = cl_text(item, "id");

    if (cl_kind_of(id) < 0)
        return err_set(e, ERR_USAGE, 0, _("Nothing of that form is cleaned up: %s"), id);
    if (*here && (cl_within(id, here) || cl_within(here, id)))
        return err_set(e, ERR_OP, ERR_C_REGISTERED_HERE,
                       _("%s belongs to the cluster that is registered here: it is no leftover. "
                         "Nothing was changed."),
                       cl_text(item, "name"));
    return 0;
}

static enum op_verdict chosen_read(struct op_view *v, const struct op_answer *a, struct err *e)
{
    const char *text = op_input(v, "items");
    struct json *items = json_parse(text, strlen(text), 0, e);
    size_t n = json_len(items);
    int bad = json_is_array(items) && n ? 0 : -1;

    (void)a;
    if (bad)
        err_set(e, ERR_USAGE, 0, "%s", _("Nothing was chosen."));
    else if (n > CL_RUN_MAX)
        bad = err_set(e, ERR_USAGE, 0, _("At most %d things are deleted in one go."), CL_RUN_MAX);
    JSON_EACH (i, bad ? NULL : items)
        if (!bad)
            bad = refuse(i, op_fact(v, "here"), e);
    json_free(items);
    op_note(v, "%zu", n);
    return bad ? OP_FAILED : OP_DONE;
}

/* ---- what came of it ---- */

static long total(const struct op_view *v, const char *what)
{
    static const char *const steps[] = { "arc-settings", "clusters",     "machines",
                                         "roles",        "applications", "groups" };
    long n = 0;

    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        char fact[64];

        str_fmt(fact, sizeof fact, "%s.%s", steps[i], what);
        n += strtol(op_fact(v, fact), NULL, 10);
    }
    return n;
}

static enum op_verdict outcome_read(struct op_view *v, const struct op_answer *a, struct err *e)
{
    long deleted = total(v, "deleted"), gone = total(v, "gone");
    long left = total(v, "kept") + total(v, "failed");

    (void)a;
    op_note(v, _("%ld deleted, %ld gone already, %ld not deleted"), deleted, gone, left);
    if (!left)
        return OP_DONE;
    err_set(e, ERR_OP, ERR_C_LEFTOVERS, _("%ld of %ld were not deleted. %s"), left,
            left + deleted + gone, op_fact(v, "cleanup.told"));
    return OP_FAILED;
}

/* ---- the table ---- */

#define DELETE_STEP(step, what, before)                                                            \
    {                                                                                              \
        .id = step, .title = what, .after = before, .check_needs = "@after", .when = cl_has,       \
        .check = { cl_item_check_ask, cl_item_check_read },                                        \
        .apply = { cl_item_apply_ask, cl_item_apply_read }, .tries = CL_RUN_MAX * 6,               \
        .delay_ms = 10, .deadline_ms = HOUR_MS, .flags = OP_NO_RETURN | OP_GOAL                    \
    }

/* What hangs from something else goes before it; groups last, empty by then. */
static const struct op_step steps[] = {
    { .id = "stored",
      .title = N_("Look at the stored registration"),
      .scope = OP_EACH_NODE,
      .check = { stored_ask, stored_read } },
    { .id = "chosen",
      .title = N_("Look at what was chosen"),
      .after = "stored",
      .check_needs = "@after",
      .check = { NULL, chosen_read } },
    DELETE_STEP("arc-settings", N_("Delete the Arc settings"), "chosen"),
    DELETE_STEP("clusters", N_("Delete the cluster resources"), "chosen arc-settings"),
    DELETE_STEP("machines", N_("Delete the Arc machines"), "chosen clusters"),
    DELETE_STEP("roles", N_("Delete the role assignments"), "chosen machines"),
    DELETE_STEP("applications", N_("Delete the applications in Microsoft Entra"), "chosen roles"),
    DELETE_STEP("groups", N_("Delete the resource groups"), "chosen applications"),
    { .id = "outcome",
      .title = N_("See what came of it"),
      .after = "groups",
      .check_needs = "@after",
      .check = { NULL, outcome_read } },
};

static const char *const inputs_needed[] = { "items", "subscriptions", NULL };

const struct op_plan op_cleanup = { .id = "cleanup",
                                    .title = N_("Clean up what was never unregistered"),
                                    .steps = steps,
                                    .n = ARRAY_LEN(steps),
                                    .inputs = inputs_needed };
