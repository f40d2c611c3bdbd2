/* The cluster resource and what hangs from it: Arc settings, extensions, machines. A DELETE that
 * finds nothing (404, 204) has done its work: azure-wire.md 3.6. */
#include "config.h"

#include "op/op_unregister.h"

#include <string.h>

#include "azure/hci.h"
#include "base/i18n.h"

#define LOOKS 3 /* for machines whose parent Azure has not taken away yet, 2 s apart */

/* ---- Arc settings ---- */

UNR_ASK(settings_check)
{
    reg_ask_settings(v, need, "GET", 0);
}

static void keep_group(struct op_view *v, const char *group)
{
    const char *old = op_old_fact(v, "arcGroup"), *before = op_input(v, "arcGroupBefore");

    if (*op_fact(v, "arcGroup"))
        return;
    op_set_fact(v, "arcGroup",
                *old      ? old
                : *group  ? group
                : *before ? before
                          : op_fact(v, "group"));
}

UNR_READ(settings_check)
{
    const char *group = json_str(a->json, "properties.arcInstanceResourceGroup");

    if (reg_absent(a)) {
        op_set_fact(v, "settings.state", "absent");
        keep_group(v, "");
        return OP_DONE;
    }
    if (reg_keep_settings(v, a, e))
        return OP_FAILED;
    op_set_fact(v, "settings.state", "present");
    keep_group(v, group ? group : "");
    return OP_ABSENT;
}

UNR_ASK(settings_apply)
{
    reg_ask_settings(v, need, "DELETE", ARM_LRO);
}

UNR_READ(settings_apply)
{
    (void)v;
    if (reg_absent(a) || reg_good(a))
        return OP_DONE;
    return reg_fail(a, e, unr_by_certificate(v) ? 9117 : 9140, _("deleting the Arc settings"));
}

/* ---- the module's mark before it takes Arc away (not on the identity path: 4.3 V1) ---- */

bool unr_disables(const struct op_view *v)
{
    return unr_local(v) && unr_by_certificate(v) && str_eq(op_fact(v, "settings.state"), "present");
}

UNR_READ(disable_check)
{
    (void)a;
    (void)e;
    return op_made(v) || str_ieq(op_fact(v, "settings.aggregate"), "DisableInProgress") ? OP_DONE
                                                                                        : OP_ABSENT;
}

UNR_ASK(disable_apply)
{
    reg_ask_settings(v, need, "POST", ARM_LRO);
    str_add(&need->path, "/initializeDisableProcess");
}

UNR_READ(disable_apply)
{
    (void)v;
    if (reg_absent(a) || reg_good(a))
        return OP_DONE;
    return reg_fail(a, e, 9117, _("telling Azure that Arc is being disabled"));
}

/* ---- extensions ---- */

UNR_ASK(extensions_check)
{
    if (!str_eq(op_fact(v, "settings.state"), "present"))
        return;
    reg_ask_settings(v, need, "GET", ARM_PAGES);
    str_add(&need->path, "/extensions");
}

static void add_word(struct str *s, const char *word)
{
    str_addf(s, "%s%s", s->len ? " " : "", word);
}

UNR_READ(extensions_check)
{
    struct str user = STR_INIT, azure = STR_INIT;
    bool left;

    if (a->http && !reg_absent(a) && !reg_good(a))
        return reg_fail(a, e, 0, _("looking at the extensions"));
    JSON_EACH (x, json_member(a->http == 404 ? NULL : a->json, "value")) {
        const char *name = json_str(x, "name"), *by = json_str(x, "properties.managedBy");

        if (!name || unr_word(op_fact(v, "extensions.stuck"), name))
            continue;
        add_word(str_ieq(by, "Azure") ? &azure : &user, name);
    }
    op_set_fact(v, "extensions.user", str_p(&user));
    op_set_fact(v, "extensions.azure", str_p(&azure));
    left = user.len > 0;
    str_free(&user);
    str_free(&azure);
    return left ? OP_ABSENT : OP_DONE;
}

static void first_extension(const struct op_view *v, char out[96])
{
    const char *all = op_fact(v, "extensions.user");

    str_fmt(out, 96, "%.*s", (int)strcspn(all, " "), all);
}

UNR_ASK(extensions_apply)
{
    char name[96];

    first_extension(v, name);
    reg_ask_settings(v, need, "DELETE", ARM_LRO);
    arm_path(&need->path, "/extensions/%s", name);
}

/* One at a time; the list says which is next. `force` covers one that Azure does not delete, and
 * nothing else (register-flow.md 7.27). */
UNR_READ(extensions_apply)
{
    struct str stuck = STR_INIT;
    enum op_verdict vd;
    char name[96];

    if (reg_absent(a) || reg_good(a))
        return OP_ABSENT;
    first_extension(v, name);
    vd = reg_fail(a, e, unr_by_certificate(v) ? 9117 : 9140, _("deleting an extension"));
    if (!*op_input(v, "force") || e->retryable || e->unsure || a->http == 401)
        return vd;
    str_add(&stuck, op_fact(v, "extensions.stuck"));
    add_word(&stuck, name);
    op_set_fact(v, "extensions.stuck", str_p(&stuck));
    op_note(v, _("%s could not be deleted; that was passed over, as --force asked for"),
            str_p(&stuck));
    str_free(&stuck);
    err_clear(e);
    return OP_ABSENT;
}

/* ---- machines ---- */

static void ask_machines(const struct op_view *v, struct op_need *need)
{
    reg_arm(need, "GET", API_MACHINES, ARM_PAGES);
    arm_path(&need->path,
             "/subscriptions/%s/resourceGroups/%s/providers/Microsoft.HybridCompute/machines",
             op_input(v, "subscriptionId"), op_fact(v, "arcGroup"));
}

/* held: machines with a parent; foreign: with another cluster than this. */
static bool keep_machines(struct op_view *v, const struct op_answer *a)
{
    struct str held = STR_INIT, foreign = STR_INIT;
    bool ours = false;

    JSON_EACH (m, json_member(a->http == 200 ? a->json : NULL, "value")) {
        const char *name = json_str(m, "name");
        const char *parent = json_str(m, "properties.parentClusterResourceId");

        if (!name || !parent || !*parent)
            continue;
        add_word(&held, name);
        if (arm_id_equal(parent, op_fact(v, "cluster.id")))
            ours = true;
        else
            add_word(&foreign, name);
    }
    op_set_fact(v, "machines.held", str_p(&held));
    op_set_fact(v, "machines.foreign", str_p(&foreign));
    str_free(&held);
    str_free(&foreign);
    return ours;
}

UNR_ASK(machines)
{
    ask_machines(v, need);
}

static enum op_verdict unseen(struct op_view *v)
{
    op_set_fact(v, "machines.hidden", "1");
    op_note(v, "%s", _("Your account may not see the machines."));
    return OP_SKIP;
}

UNR_READ(machines)
{
    if (a->http == 403)
        return unseen(v);
    if (!reg_absent(a) && !reg_good(a))
        return reg_fail(a, e, 0, _("looking at the machines in Azure"));
    keep_machines(v, a);
    return OP_DONE;
}

UNR_ASK(machines_free)
{
    ask_machines(v, need);
}

UNR_READ(machines_free)
{
    char looks[24];
    size_t n = strlen(op_fact(v, "machines.looks"));

    if (a->http == 403)
        return unseen(v);
    if (!reg_absent(a) && !reg_good(a))
        return reg_fail(a, e, 0, _("looking at the machines in Azure"));
    if (!keep_machines(v, a) || n >= LOOKS)
        return OP_DONE;
    str_fmt(looks, sizeof looks, "%s.", op_fact(v, "machines.looks"));
    op_set_fact(v, "machines.looks", looks);
    return OP_RUNNING;
}

/* ---- the cluster resource ---- */

UNR_ASK(cluster_check)
{
    reg_ask_cluster(v, need, "GET", 0);
}

UNR_READ(cluster_check)
{
    op_note(v, "%s", op_fact(v, "name"));
    if (reg_absent(a)) {
        op_set_fact(v, "cluster.state", "absent");
        return OP_DONE;
    }
    if (reg_keep_cluster(v, a, e))
        return OP_FAILED;
    op_set_fact(v, "cluster.state", "present");
    return OP_ABSENT;
}

UNR_ASK(cluster_apply)
{
    reg_ask_cluster(v, need, "DELETE", ARM_LRO);
}

UNR_READ(cluster_apply)
{
    (void)v;
    if (reg_absent(a) || reg_good(a))
        return OP_DONE;
    return reg_fail(a, e, 9118, _("deleting the cluster resource"));
}
