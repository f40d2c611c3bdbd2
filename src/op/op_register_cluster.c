#include "config.h"

#include "op/op_register.h"

#include <stdlib.h>
#include <string.h>

#include "azure/hci.h"
#include "azure/roles.h"
#include "base/i18n.h"

/* ---- the cluster resource ---- */

void reg_ask_cluster(const struct op_view *v, struct op_need *need, const char *method,
                     unsigned flags)
{
    reg_arm(need, method, API_CLUSTERS, flags);
    reg_add_id(v, need, "cluster.id");
}

static void set_known(struct op_view *v, const char *fact, const char *value)
{
    if (value && *value)
        op_set_fact(v, fact, value);
}

/* -1 and *e: not an answer about a cluster. */
static int keep_cluster(struct op_view *v, const struct json *j, struct hci_cluster *c,
                        struct err *e)
{
    if (hci_read_cluster(j, c, e))
        return -1;
    op_set_fact(v, "cluster.identity", c->identity_type);
    set_known(v, "cluster.cloudId", c->cloud_id);
    set_known(v, "cluster.serviceEndpoint", c->service_endpoint);
    set_known(v, "cluster.rpObjectId", c->rp_object_id);
    set_known(v, "cluster.principalId", c->principal_id);
    set_known(v, "cluster.appId", c->app_id);
    set_known(v, "cluster.appObjectId", c->app_object_id);
    set_known(v, "cluster.spObjectId", c->sp_object_id);
    return 0;
}

/* The module puts tags on a resource that it makes and drops them without a word otherwise
 * (register-flow.md 2.4, R8); nothing is changed here either, but it is said. */
static bool lacks_tags(const struct op_view *v, const struct json *there)
{
    struct json *wanted = reg_tags(v, "tags");
    bool lacks = false;

    JSON_EACH (t, wanted) {
        const char *is = json_value_str(json_imember(there, json_name(t)));

        lacks = lacks || !is || !str_eq(is, json_value_str(t));
    }
    json_free(wanted);
    return lacks;
}

REG_ASK(cluster_check)
{
    reg_ask_cluster(v, need, "GET", 0);
}

REG_READ(cluster_check)
{
    struct hci_cluster c;
    char here[64];

    op_note(v, "%s", op_fact(v, "name"));
    if (reg_absent(a)) {
        op_set_fact(v, "cluster.state", "absent");
        return OP_ABSENT;
    }
    if (!reg_good(a))
        return reg_fail(a, e, 0, _("looking for the cluster resource"));
    if (keep_cluster(v, a->json, &c, e)) {
        err_wrap(e, "%s", _("looking for the cluster resource"));
        return OP_FAILED;
    }
    str_region(here, sizeof here, c.location);
    if (!str_ieq(here, op_fact(v, "region"))) {
        err_set(e, ERR_OP, 9104,
                _("The cluster resource %s exists already, in the region %s instead of %s."),
                op_fact(v, "name"), here, op_fact(v, "region"));
        return OP_FAILED;
    }
    op_set_fact(v, "cluster.state", "present");
    if (lacks_tags(v, json_member(a->json, "tags"))) {
        op_set_fact(v, "cluster.tags", "kept");
        op_note(v, _("%s is there already: its tags stay as they are"), op_fact(v, "name"));
    }
    return hci_state_running(c.provisioning_state) ? OP_RUNNING : OP_DONE;
}

REG_ASK(cluster_apply)
{
    struct json *tags = reg_tags(v, "tags");

    reg_ask_cluster(v, need, "PUT", ARM_LRO);
    need->body = reg_by_first_generation(v)
                     ? hci_cluster_body_of(op_fact(v, "region"), tags, op_fact(v, "entra.appId"),
                                           op_input(v, "tenantId"))
                     : hci_cluster_body(op_fact(v, "region"), tags);
    json_free(tags);
}

REG_READ(cluster_apply)
{
    struct hci_cluster c;

    if (!reg_good(a))
        return reg_fail(a, e, 9130, _("creating the cluster resource (9130)"));
    if (keep_cluster(v, a->json, &c, e))
        return OP_ABSENT; /* made, but told badly: read it again */
    op_set_fact(v, "cluster.state", "made");
    return OP_DONE;
}

REG_ASK(cluster_undo)
{
    reg_ask_cluster(v, need, "DELETE", ARM_LRO);
}

REG_READ(cluster_undo)
{
    (void)v;
    return reg_deleted(a, e);
}

/* ---- its identity ---- */

REG_ASK(identity_check)
{
    if (op_tries(v))
        reg_ask_cluster(v, need, "GET", 0);
}

static enum op_verdict judge_identity(struct op_view *v)
{
    return str_ifind(op_fact(v, "cluster.identity"), "SystemAssigned") ? OP_DONE : OP_ABSENT;
}

static enum op_verdict read_again(struct op_view *v, const struct op_answer *a, struct err *e)
{
    struct hci_cluster c;

    if (!reg_good(a))
        return reg_fail(a, e, 0, _("reading the cluster resource"));
    return keep_cluster(v, a->json, &c, e) ? OP_FAILED : OP_DONE;
}

int reg_keep_cluster(struct op_view *v, const struct op_answer *a, struct err *e)
{
    return read_again(v, a, e) == OP_DONE ? 0 : -1;
}

REG_READ(identity_check)
{
    if (a->http && read_again(v, a, e) != OP_DONE)
        return OP_FAILED;
    return judge_identity(v);
}

REG_ASK(identity_apply)
{
    reg_ask_cluster(v, need, "PATCH", ARM_LRO);
    need->body = hci_identity_body();
}

REG_READ(identity_apply)
{
    struct hci_cluster c;

    if (!reg_good(a))
        return reg_fail(a, e, 0, _("giving the cluster resource its identity"));
    keep_cluster(v, a->json, &c, e);
    return judge_identity(v);
}

/* ---- what the service fills in: register-flow.md 7.6 ---- */

static enum op_verdict judge_service(struct op_view *v, struct err *e)
{
    if (!*op_fact(v, "cluster.rpObjectId")) {
        err_set(e, ERR_OP, 9131,
                _("Azure has not named the service principal of Azure Stack HCI for this cluster "
                  "(resourceProviderObjectId)."));
        return OP_ABSENT;
    }
    if (*op_fact(v, "cluster.cloudId") && *op_fact(v, "cluster.serviceEndpoint"))
        return OP_DONE;
    err_set(e, ERR_OP, 9130,
            _("Azure has not given the cluster resource its cloud id and service endpoint."));
    e->http = 200; /* it was answered, and the ids are not in it: the advice hangs on that */
    return OP_ABSENT;
}

REG_ASK(rp_check)
{
    if (op_tries(v))
        reg_ask_cluster(v, need, "GET", 0);
}

REG_READ(rp_check)
{
    if (a->http && read_again(v, a, e) != OP_DONE)
        return OP_FAILED;
    return judge_service(v, e);
}

REG_ASK(rp_apply)
{
    reg_ask_cluster(v, need, "PATCH", 0);
    need->body = json_object();
}

REG_READ(rp_apply)
{
    struct hci_cluster c;

    if (!reg_good(a))
        return reg_fail(a, e, 9131, _("asking the service for its object id (9131)"));
    keep_cluster(v, a->json, &c, e);
    return judge_service(v, e);
}

/* ---- the service's role on the Arc group: azure-wire.md 2.10 ---- */

/* One row a step: to whom, which role, and the module's number. */
struct role_row {
    const char *step, *role;
    int code;
};
static const struct role_row role_rows[] = {
    { "role", HCI_ROLE_RESOURCE_MANAGER, 9132 },
    { "arc-role-onboarding", HCI_ROLE_ONBOARDING, 0 },
    { "arc-role-admin", HCI_ROLE_RESOURCE_ADMIN, 0 },
};

static const struct role_row *role_of(const struct op_view *v)
{
    for (size_t i = 1; i < ARRAY_LEN(role_rows); i++)
        if (str_eq(role_rows[i].step, op_step_id(v)))
            return &role_rows[i];
    return &role_rows[0];
}

static const char *principal_of(const struct op_view *v)
{
    return role_of(v) == &role_rows[0] ? op_fact(v, "cluster.rpObjectId") : reg_arc_principal(v);
}

/* A fact of this step's role: "role.state", "arc-role-admin.conflict". */
static const char *role_fact(const struct op_view *v, char out[80], const char *name)
{
    str_fmt(out, 80, "%s.%s", role_of(v)->step, name);
    return out;
}

static enum op_verdict role_fail(struct op_view *v, const struct op_answer *a, struct err *e,
                                 const char *doing, const char *doing_arc)
{
    const struct role_row *row = role_of(v);

    if (row == &role_rows[0])
        return reg_fail(a, e, row->code, doing);
    return reg_fail(a, e, row->code, doing_arc);
}

static void add_scope(const struct op_view *v, struct str *s)
{
    arm_path(s, "/subscriptions/%s/resourceGroups/%s", op_input(v, "subscriptionId"),
             op_fact(v, "arcGroup"));
}

static bool group_is_new(const struct op_view *v)
{
    const char *arc = op_fact(v, "arc-group.state");

    return str_eq(str_eq(arc, "same") ? op_fact(v, "group.state") : arc, "made");
}

REG_ASK(role_check)
{
    if (reg_principal_holds(v, role_of(v)->role) || (group_is_new(v) && !op_tries(v)))
        return; /* a group of this minute holds no assignments of its own */
    reg_arm(need, "GET", API_ROLES, ARM_PAGES);
    add_scope(v, &need->path);
    str_add(&need->path, "/providers/Microsoft.Authorization/roleAssignments");
    str_add(&need->query, "$filter=principalId%20eq%20%27");
    str_add_url(&need->query, principal_of(v));
    str_add(&need->query, "%27");
}

REG_READ(role_check)
{
    struct str scope = STR_INIT;
    char fact[80];
    bool there;

    if (reg_principal_holds(v, role_of(v)->role))
        return OP_DONE;
    if (!a->http && !err_is(&a->err))
        return OP_ABSENT;
    if (a->http == 404)
        return OP_ABSENT;
    if (!reg_good(a))
        return role_fail(v, a, e, _("looking at the roles on the Arc resource group (9132)"),
                         _("looking at the roles on the Arc resource group"));
    add_scope(v, &scope);
    there = role_assignment_in(a->json, str_p(&scope), principal_of(v), role_of(v)->role);
    str_free(&scope);
    op_set_fact(v, role_fact(v, fact, "state"), there ? "present" : "absent");
    if (there)
        return OP_DONE;
    if (!*op_fact(v, role_fact(v, fact, "conflict")))
        return OP_ABSENT;
    err_set(e, ERR_ARM, role_of(v)->code, "%s", op_fact(v, role_fact(v, fact, "conflict")));
    e->http = 409;
    err_wrap(e, "%s",
             role_of(v) == &role_rows[0]
                 ? _("giving the service its role on the Arc resource group (9132)")
                 : _("giving the nodes' identity its role on the Arc resource group"));
    return OP_FAILED;
}

static void role_path(const struct op_view *v, struct op_need *need)
{
    struct str scope = STR_INIT;
    char name[GUID_SIZE];

    add_scope(v, &scope);
    if (op_is_hole(principal_of(v))) /* the name is derived from it */
        STR_SET(name, "{roleAssignmentName}");
    else
        role_assignment_name(name, str_p(&scope), principal_of(v), role_of(v)->role);
    str_addf(&need->path, "%s/providers/Microsoft.Authorization/roleAssignments/%s", str_p(&scope),
             name);
    str_free(&scope);
}

REG_ASK(role_apply)
{
    reg_arm(need, "PUT", API_ROLES, 0);
    role_path(v, need);
    need->body = role_assignment_body(op_input(v, "subscriptionId"), principal_of(v),
                                      role_of(v)->role, "ServicePrincipal");
}

REG_READ(role_apply)
{
    bool full = str_ieq(a->err.remote_code, "RoleAssignmentLimitExceeded");
    char fact[80];

    if (a->http == 409 && !full) { /* exists under another name? Reading tells */
        op_set_fact(v, role_fact(v, fact, "conflict"), a->err.message[0] ? a->err.message : "409");
        return OP_ABSENT;
    }
    if (!reg_good(a))
        return role_fail(v, a, e, _("giving the service its role on the Arc resource group (9132)"),
                         _("giving the nodes' identity its role on the Arc resource group"));
    return OP_DONE;
}

REG_ASK(role_undo)
{
    reg_arm(need, "DELETE", API_ROLES, 0);
    role_path(v, need);
}

REG_READ(role_undo)
{
    (void)v;
    return reg_deleted(a, e);
}
