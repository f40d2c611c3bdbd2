/* The cluster resource and what hangs from it: Arc settings, extensions, machines. A DELETE that
 * finds nothing (404, 204) has done its work: azure-wire.md 3.6. */
#include "config.h"

#include "op/op_unregister.h"

#include <string.h>

#include "azure/hci.h"
#include "base/i18n.h"
#include "base/log.h"

#define LOOKS 3 /* for machines whose parent Azure has not taken away yet, 2 s apart */

/* The number of what the module calls: Arc was not unregistered. */
static int arc_code(const struct op_view *v)
{
    return unr_by_certificate(v) ? 9117 : 9140;
}

/* Not reg_absent: a write that is refused with 409 MissingSubscriptionRegistration has done
 * nothing. */
bool unr_gone(const struct op_answer *a)
{
    return a->http == 404 || reg_good(a);
}

/* An answer to our DELETE was lost, and Azure is at it. */
static bool being_deleted(const struct op_view *v, const struct op_answer *a)
{
    return op_tries(v) && str_ieq(json_str(a->json, "properties.provisioningState"), "Deleting");
}

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
    return being_deleted(v, a) ? OP_RUNNING : OP_ABSENT;
}

UNR_ASK(settings_apply)
{
    reg_ask_settings(v, need, "DELETE", ARM_LRO);
}

UNR_READ(settings_apply)
{
    char doing[120];

    if (unr_gone(a))
        return OP_DONE;
    str_fmt(doing, sizeof doing, _("deleting the Arc settings (%d)"), arc_code(v));
    return reg_fail(a, e, arc_code(v), doing);
}

/* ---- the module's mark before it takes Arc away (not on the identity path: 4.3 V1) ---- */

bool unr_disables(const struct op_view *v)
{
    return unr_local(v) && unr_by_certificate(v) && str_eq(op_fact(v, "settings.state"), "present");
}

/* A second look asks: the answer to the request, or how it ended, may be lost. */
UNR_ASK(disable_check)
{
    if (op_tries(v))
        reg_ask_settings(v, need, "GET", 0);
}

UNR_READ(disable_check)
{
    const char *now = json_str(a->json, "properties.aggregateState");

    if (reg_absent(a) || op_made(v))
        return OP_DONE;
    if (err_is(&a->err))
        return reg_fail(a, e, 0, _("looking at the Arc settings"));
    now = a->http ? now : op_fact(v, "settings.aggregate");
    return str_ieq(now, "DisableInProgress") ? OP_DONE : OP_ABSENT;
}

UNR_ASK(disable_apply)
{
    reg_ask_settings(v, need, "POST", ARM_LRO);
    str_add(&need->path, "/initializeDisableProcess");
}

UNR_READ(disable_apply)
{
    (void)v;
    if (unr_gone(a))
        return OP_DONE;
    return reg_fail(a, e, 9117, _("telling Azure that Arc is being disabled (9117)"));
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

static void note_stuck(struct op_view *v)
{
    if (*op_fact(v, "extensions.stuck"))
        op_note(v, _("%s could not be deleted; that was passed over, as --force asked for"),
                op_fact(v, "extensions.stuck"));
}

UNR_READ(extensions_check)
{
    struct str user = STR_INIT, azure = STR_INIT;
    bool left, endless;

    bool asked = a->http || err_is(&a->err); /* not where there are no Arc settings */

    if (asked && !reg_absent(a) && !reg_good(a))
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
    endless = unr_word(str_p(&user), op_fact(v, "extensions.endless"));
    str_free(&user);
    str_free(&azure);
    note_stuck(v);
    if (!endless)
        return left ? OP_ABSENT : OP_DONE;
    err_set(e, ERR_OP, arc_code(v),
            _("Azure began to delete the extension %s, and that does not end."),
            op_fact(v, "extensions.endless"));
    return OP_FAILED;
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

/* Accepted, and it never ended. The engine looks whether it is done before it tries again; the
 * look then says that it is not. */
static bool is_endless(const struct op_answer *a)
{
    return a->err.domain == ERR_ARM && a->err.code == ERR_C_DEADLINE;
}

static bool is_stuck(const struct op_answer *a, const struct err *e)
{
    return is_endless(a) || (!e->retryable && !e->unsure && a->http != 401);
}

static enum op_verdict pass_over(struct op_view *v, const char *name, struct err *e)
{
    struct str stuck = STR_INIT;

    str_add(&stuck, op_fact(v, "extensions.stuck"));
    add_word(&stuck, name);
    op_set_fact(v, "extensions.stuck", str_p(&stuck));
    log_wrn("extension %s could not be deleted (%s); passed over, as --force asked for", name,
            e->message);
    str_free(&stuck);
    err_clear(e);
    return OP_ABSENT;
}

/* One at a time; the list says which is next. `force` covers one that Azure does not delete, and
 * nothing else (register-flow.md 7.27). */
UNR_READ(extensions_apply)
{
    char name[96], doing[200];

    if (unr_gone(a))
        return OP_ABSENT;
    first_extension(v, name);
    str_fmt(doing, sizeof doing, _("deleting the extension %s (%d)"), name, arc_code(v));
    reg_fail(a, e, arc_code(v), doing);
    if (is_stuck(a, e) && *op_input(v, "force"))
        return pass_over(v, name, e);
    if (is_endless(a))
        op_set_fact(v, "extensions.endless", name);
    return OP_FAILED;
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
    return being_deleted(v, a) ? OP_RUNNING : OP_ABSENT;
}

UNR_ASK(cluster_apply)
{
    reg_ask_cluster(v, need, "DELETE", ARM_LRO);
}

UNR_READ(cluster_apply)
{
    int code = unr_by_certificate(v) ? 9118 : 9148;
    char doing[120];

    if (unr_gone(a))
        return OP_DONE;
    str_fmt(doing, sizeof doing, _("deleting the cluster resource (%d)"), code);
    return reg_fail(a, e, code, doing);
}
