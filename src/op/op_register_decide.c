/* The gate: what is to be done with what is there already (op_register.h: the decision). */
#include "config.h"

#include "op/op_register.h"

#include "base/i18n.h"

enum answer { ANY, NO, YES };

struct found {
    enum answer uri, registered, repair, recreate, cluster, settings, arc_only, first;
};

/* register-flow.md 2.3, the first row that fits; code 0: go on this way. Ids that differ were
 * refused before (step `stored`: 9107, 9125, 9127, 9128). Where the Windows module makes a vanished
 * resource anew without a word (7.15), this asks to be told. */
static const struct row {
    struct found if_;
    int code;
    const char *way; /* or the sentence of the code */
} rows[] = {
    /* the plan arc-enable: a registration is there, and is left alone */
    { { .arc_only = YES, .first = YES },
      ERR_C_ARC_NOT_THERE,
      N_("Nodes of this Windows build have no Azure Arc: their registration was made without it, "
         "and there is nothing to disable or enable.") },
    { { .arc_only = YES, .registered = NO },
      ERR_C_ARC_NEEDS_REGISTRATION,
      N_("These nodes are not registered: registering them enables Azure Arc, too.") },
    { { .uri = NO, .repair = YES },
      9101,
      N_("There is nothing to repair: no registration is stored on the nodes.") },
    { { .uri = NO, .registered = YES },
      9107,
      N_("A node says that it is registered, and does not say as what. Unregister it first.") },
    { { .registered = YES, .cluster = NO, .recreate = YES }, 0, REG_RENEW },
    { { .registered = YES, .cluster = NO },
      9106,
      N_("The cluster is registered, but its resource is gone from Azure. Unregister it first, "
         "or ask for the resource to be made again.") },
    { { .repair = YES, .cluster = NO, .recreate = YES }, 0, REG_RENEW },
    { { .repair = YES, .cluster = NO },
      9106,
      N_("The resource of the stored registration is gone from Azure, and a repair makes it "
         "again only when it is asked to.") },
    { { .repair = YES }, 0, REG_RENEW },
    { { .registered = YES, .settings = YES }, 0, REG_LOOK },
    { { 0 }, 0, REG_MAKE },
};

static enum answer answer_of(bool yes)
{
    return yes ? YES : NO;
}

static bool fits(const struct found *want, const struct found *is)
{
    const enum answer pairs[][2] = {
        { want->uri, is->uri },           { want->registered, is->registered },
        { want->repair, is->repair },     { want->recreate, is->recreate },
        { want->cluster, is->cluster },   { want->settings, is->settings },
        { want->arc_only, is->arc_only }, { want->first, is->first },
    };

    for (size_t i = 0; i < ARRAY_LEN(pairs); i++)
        if (pairs[i][0] != ANY && pairs[i][0] != pairs[i][1])
            return false;
    return true;
}

static const struct row *decide(const struct op_view *v)
{
    const struct found is = {
        .uri = answer_of(*op_fact(v, "stored.uri")),
        .registered = answer_of(str_eq(op_fact(v, "stored.status"), "Registered")),
        .repair = answer_of(str_eq(op_input(v, "repair"), "1")),
        .recreate = answer_of(str_eq(op_input(v, "recreate"), "1")),
        .cluster = answer_of(!str_eq(op_fact(v, "cluster.state"), "absent")),
        /* of the first generation there is no Arc to be enabled later */
        .settings = answer_of(!str_eq(op_fact(v, "settings.state"), "absent") ||
                              reg_by_first_generation(v)),
        .arc_only = answer_of(*op_input(v, "arcOnly")),
        .first = answer_of(reg_by_first_generation(v)),
    };
    size_t i = 0;

    while (!fits(&rows[i].if_, &is))
        i++;
    return &rows[i];
}

/* What was asked for and does nothing on the way that these nodes take is said, not ignored
 * (register-flow.md 7.2). Native nodes have their agent already. */
static void tell_unused(struct op_view *v)
{
    const struct {
        const char *input, *name;
        bool used;
    } options[] = {
        { "certificateThumbprint", "CertificateThumbprint", reg_user_certificate(v) },
        { "arcAppId", "ArcSpnCredential", reg_arc_by_cluster(v) },
        { "stableAgent", "UseStableAgentVersion", !op_node_native(v) },
    };
    struct str names = STR_INIT;

    for (size_t i = 0; i < ARRAY_LEN(options); i++)
        if (*op_input(v, options[i].input) && !str_eq(op_input(v, options[i].input), "0") &&
            !options[i].used)
            str_addf(&names, "%s%s", names.len ? ", " : "", options[i].name);
    if (names.len)
        op_note(v, _("%s: not used by these nodes"), str_p(&names));
    str_free(&names);
}

/* What was found in it would be gone before anything could be tied to it. */
static bool goes_with_its_group(const struct op_view *v, struct err *e)
{
    if (!str_eq(op_fact(v, "group.state"), REG_DELETING) ||
        !str_eq(op_fact(v, "cluster.state"), "present"))
        return false;
    err_set(e, ERR_OP, ERR_C_DELETING,
            _("The resource group %s is being deleted in Azure, and the cluster resource %s with "
              "it."),
            op_fact(v, "group"), op_fact(v, "name"));
    return true;
}

REG_READ(ready)
{
    const char *before = op_old_fact(v, "way");
    const struct row *row = decide(v);

    (void)a;
    if (goes_with_its_group(v, e))
        return OP_FAILED;
    /* a run that goes on has made what would now look like a reason to stop or to do nothing */
    if (*before)
        op_set_fact(v, "way", before);
    else if (!row->code)
        op_set_fact(v, "way", row->way);
    if (row->code) {
        err_set(e, ERR_OP, row->code, "%s", _(row->way));
        err_wrap(e, "%s", op_fact(v, "cluster.id"));
        return OP_FAILED;
    }
    if (*op_fact(v, "provider-hci.locations") && reg_offered(v, e))
        return OP_FAILED;
    tell_unused(v);
    return reg_rights(v, e);
}

bool reg_will_change(const struct op_view *v)
{
    const struct row *row = decide(v);
    const char *before = op_old_fact(v, "way");

    return !row->code && !str_eq(*before ? before : row->way, REG_LOOK);
}

bool reg_changes(const struct op_view *v)
{
    return !str_eq(op_fact(v, "way"), REG_LOOK);
}

bool reg_renews(const struct op_view *v)
{
    return str_eq(op_fact(v, "way"), REG_RENEW);
}
