/* The way of the first generation (20H2; register-flow.md 2.12): the client itself makes the
 * cluster's application in Microsoft Entra, asks for its four permissions, and puts the nodes'
 * certificates on it. Requests: azure-wire.md 4.3, 4.4, 4.7.
 *
 * An application is taken for the cluster's in two cases only: the cluster resource names it
 * (aadClientId), or this run's journal does, by its id or by the mark that was journaled before it
 * was made. One that merely has the cluster's name may be anybody's, and is left alone.
 *
 * Inferred: that the cluster resource takes the two ids in today's api-version, too (the contracts
 * of all versions allow it; the module of that time sent 2021-09-01); that a key credential's dates
 * may be left to Entra, which reads them from the certificate; the address of a permission in
 * AzureChinaCloud, where the service is named by its id alone. */
#include "config.h"

#include "op/op_register.h"

#include <string.h>

#include "azure/hci.h"
#include "base/i18n.h"
#include "base/log.h"

#define USAGE_APP  "1322e676-dee7-41ee-a874-ac923822781c" /* register-flow.md 1.2 */
#define NO_APP     "00000000-0000-0000-0000-000000000000"
#define FACT_MAX   4000 /* of a fact's text */
#define APP_SELECT "$select=id,appId,displayName,notes,requiredResourceAccess"

/* What the application must hold of the service. */
static const struct permission {
    const char *step, *name, *id;
} permissions[] = {
    { "entra-cluster-read", "AzureStackHCI.Cluster.Read", "2344a320-6a09-4530-bed7-c90485b5e5e2" },
    { "entra-cluster-write", "AzureStackHCI.Cluster.ReadWrite",
      "493bd689-9082-40db-a506-11f40b68128f" },
    { "entra-node-read", "AzureStackHCI.ClusterNode.Read", "8fa5445e-80fb-4c71-a3b1-9a16a81a1966" },
    { "entra-node-write", "AzureStackHCI.ClusterNode.ReadWrite",
      "bbe8afc9-f3ba-4955-bb5f-1cfb6960b242" },
};
static const char *const deprecated[] = { "e4359fc6-82ee-4411-9a4d-edfc7812cf24",
                                          "8c83ab0a-0f96-40e9-940b-20cc5c5ecca9" };

bool reg_by_first_generation(const struct op_view *v)
{
    return str_eq(op_fact(v, "path"), REG_FIRST_GENERATION);
}

/* A repair, and a user's certificate: what is not of now goes (register-flow.md 2.12.6). */
bool reg_replaces(const struct op_view *v)
{
    return reg_renews(v) || *op_input(v, "certificateThumbprint");
}

bool reg_prunes(const struct op_view *v)
{
    return reg_changes(v) && reg_replaces(v);
}

/* ---- requests ---- */

void reg_graph(struct op_need *need, const char *method, unsigned flags)
{
    reg_arm(need, method, NULL, flags | ARM_GRAPH);
    str_add(&need->path, "/v1.0");
}

/* A fact that is known by now, not the place of one in a preview. */
const char *reg_known(const struct op_view *v, const char *fact)
{
    const char *value = op_fact(v, fact);

    return op_is_hole(value) ? "" : value;
}

enum op_verdict reg_graph_fail(const struct op_answer *a, struct err *e, const char *doing)
{
    enum op_verdict vd = reg_fail(a, e, 0, doing);

    if (a->http == 404) /* what was made a moment ago is not known everywhere: 4.7.4 */
        e->retryable = true;
    return vd;
}

static bool refused(const struct op_answer *a)
{
    return a->http == 403 && !str_ieq(a->err.remote_code, "insufficient_claims");
}

/* ---- the service's principal ---- */

static void ask_usage(struct op_need *need)
{
    reg_graph(need, "GET", 0);
    str_add(&need->path, "/servicePrincipals(appId='" USAGE_APP "')");
    str_add(&need->query, "$select=id,appId");
}

/* This way needs a token for Microsoft Graph, too (register-flow.md 2.12.1): whoever gets none is
 * told before anything is written. */
REG_ASK(entra_reach)
{
    if (reg_will_change(v))
        ask_usage(need);
}

REG_READ(entra_reach)
{
    (void)v;
    if (!a->http && !err_is(&a->err))
        return OP_SKIP;
    if (a->http == 404 || reg_good(a)) /* it may come with the provider's registration */
        return OP_DONE;
    return reg_fail(a, e, 0, _("asking Microsoft Graph, where the cluster's application is made"));
}

REG_ASK(entra_usage)
{
    (void)v;
    ask_usage(need);
}

REG_READ(entra_usage)
{
    const char *id = json_str(a->json, "id");

    if (a->http == 404) { /* it comes some time after the provider's registration */
        err_set(e, ERR_OP, ERR_C_NOT_FOUND,
                _("The service principal of Azure Stack HCI (%s) is not in this tenant yet."),
                USAGE_APP);
        return OP_RUNNING;
    }
    if (!reg_good(a) || !id)
        return reg_fail(a, e, 0, _("looking for the service's principal in Microsoft Entra"));
    op_set_fact(v, "entra.usage", id);
    return OP_DONE;
}

/* ---- the application ---- */

/* Whose it is by the cluster's resource, or by this run's journal; "" not known. One of the journal
 * that was deleted since is followed by another, which has the mark alone until its id is known. */
static const char *app_id(const struct op_view *v)
{
    const char *id = reg_known(v, "cluster.appId");

    if (*id && !str_eq(id, NO_APP))
        return id;
    id = reg_known(v, "entra.appId");
    if (*id)
        return id;
    id = op_old_fact(v, "entra.appId");
    return str_ieq(id, reg_known(v, "entra.gone")) || str_ieq(id, op_old_fact(v, "entra.gone"))
               ? ""
               : id;
}

static const char *mark_of(const struct op_view *v)
{
    const char *mark = op_old_fact(v, "entra.mark");

    return *mark ? mark : reg_known(v, "entra.mark");
}

/* `begin` takes it to the journal, before the application is made. */
static void keep_mark(struct op_view *v)
{
    char mark[GUID_SIZE];

    guid_random(mark);
    op_set_fact(v, "entra.mark", *mark_of(v) ? mark_of(v) : mark);
}

REG_ASK(entra_app_check)
{
    const char *id = app_id(v);
    struct str filter = STR_INIT;

    if (!*id && !op_tries(v) && !*op_old_fact(v, "entra.mark"))
        return;
    reg_graph(need, "GET", *id ? 0 : ARM_PAGES);
    if (*id) {
        arm_path(&need->path, "/applications(appId='%s')", id);
        str_add(&need->query, APP_SELECT);
        return;
    }
    str_addf(&filter, "displayName eq '%s'", op_fact(v, "name"));
    str_add(&need->path, "/applications");
    str_add(&need->query, "$filter=");
    str_add_url(&need->query, str_p(&filter));
    str_add(&need->query, "&" APP_SELECT);
    str_free(&filter);
}

static bool is_one_of(const char *id, const char *const *ids, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (str_ieq(ids[i], id))
            return true;
    return false;
}

static bool in_access(const struct json *list, const char *id)
{
    JSON_EACH (one, list)
        if (str_ieq(json_str(one, "id"), id))
            return true;
    return false;
}

/* The service's own entry as it should be; *changed: it is not so. */
static struct json *own_access(const struct op_view *v, const struct json *have, bool *changed)
{
    struct json *entry = json_object(), *list = json_array();

    JSON_EACH (one, have) {
        if (reg_replaces(v) && is_one_of(json_str(one, "id"), deprecated, ARRAY_LEN(deprecated)))
            *changed = true;
        else
            json_push(list, json_copy(one));
    }
    for (size_t i = 0; i < ARRAY_LEN(permissions); i++) {
        struct json *one;

        if (in_access(have, permissions[i].id))
            continue;
        *changed = true;
        one = json_object();
        json_set_str(one, "id", permissions[i].id);
        json_set_str(one, "type", "Role");
        json_push(list, one);
    }
    json_set_str(entry, "resourceAppId", USAGE_APP);
    json_set(entry, "resourceAccess", list);
    return entry;
}

/* What it asks of other services stays. */
static struct json *access_of(const struct op_view *v, const struct json *have, bool *changed)
{
    struct json *out = json_array();
    const struct json *own = NULL;

    JSON_EACH (one, have) {
        if (str_ieq(json_str(one, "resourceAppId"), USAGE_APP))
            own = json_member(one, "resourceAccess");
        else
            json_push(out, json_copy(one));
    }
    json_push(out, own_access(v, own, changed));
    return out;
}

static enum op_verdict keep_app(struct op_view *v, const struct json *app, struct err *e)
{
    const char *id = json_str(app, "id"), *client = json_str(app, "appId");
    struct str text = STR_INIT;
    struct json *access;
    bool changed = false, fits;

    if (!id || !client || !guid_is(id) || !guid_is(client)) {
        err_set(e, ERR_ARM, 0, _("Microsoft Entra's answer names no application."));
        return OP_FAILED;
    }
    op_set_fact(v, "entra.appId", client);
    op_set_fact(v, "entra.objectId", id);
    access = access_of(v, json_member(app, "requiredResourceAccess"), &changed);
    json_write(&text, access);
    json_free(access);
    fits = text.len < FACT_MAX;
    op_set_fact(v, "entra.access", fits ? str_p(&text) : "");
    str_free(&text);
    if (!fits && changed) {
        err_set(e, ERR_OP, ERR_C_TOO_BIG,
                _("The application %s asks for more permissions than can be written back; add the "
                  "four of Azure Stack HCI by hand."),
                client);
        return OP_FAILED;
    }
    op_note(v, "%s", client);
    return changed ? OP_ABSENT : OP_DONE;
}

static const struct json *marked(const struct op_view *v, const struct json *list)
{
    const char *mark = mark_of(v);

    JSON_EACH (app, list) {
        const char *notes = json_str(app, "notes");

        if (*mark && notes && strstr(notes, mark))
            return app;
    }
    return NULL;
}

REG_READ(entra_app_check)
{
    const char *id = app_id(v);
    const struct json *app;

    if (!a->http && !err_is(&a->err)) {
        keep_mark(v);
        return OP_ABSENT;
    }
    if (a->http == 404 && *id && str_ieq(id, reg_known(v, "cluster.appId"))) {
        err_set(e, ERR_OP, ERR_C_NOT_FOUND,
                _("The cluster resource names the application %s, and it is not in this tenant. "
                  "Restore it (Microsoft Entra keeps deleted ones for 30 days), or delete the "
                  "cluster resource."),
                id);
        return OP_FAILED;
    }
    if (a->http == 404) {
        op_set_fact(v, "entra.gone", id);
        keep_mark(v);
        return reg_not_there(v, "entra.lost");
    }
    if (!reg_good(a))
        return reg_fail(a, e, 0, _("looking for the cluster's application in Microsoft Entra"));
    app = *id ? a->json : marked(v, json_member(a->json, "value"));
    if (!app) {
        op_set_fact(v, "entra.mark", mark_of(v));
        return reg_not_there(v, "entra.lost");
    }
    if (op_tries(v) && !*id)
        op_set_fact(v, "entra.state", "made");
    return keep_app(v, app, e);
}

static void new_app(const struct op_view *v, struct op_need *need)
{
    struct str notes = STR_INIT;
    bool changed = false;

    reg_graph(need, "POST", 0);
    str_add(&need->path, "/applications");
    need->body = json_object();
    str_addf(&notes, PACKAGE_NAME " %s", mark_of(v));
    json_set_str(need->body, "displayName", op_fact(v, "name"));
    json_set_str(need->body, "signInAudience", "AzureADMyOrg");
    json_set_str(need->body, "notes", str_p(&notes));
    json_set(need->body, "requiredResourceAccess", access_of(v, NULL, &changed));
    str_free(&notes);
}

REG_ASK(entra_app_apply)
{
    const char *access = reg_known(v, "entra.access");
    struct err ignored = { 0 };

    if (!*reg_known(v, "entra.objectId")) {
        new_app(v, need);
        return;
    }
    reg_graph(need, "PATCH", 0);
    arm_path(&need->path, "/applications/%s", op_fact(v, "entra.objectId"));
    need->body = json_object();
    json_set(need->body, "requiredResourceAccess", json_parse(access, strlen(access), 0, &ignored));
}

REG_READ(entra_app_apply)
{
    bool patched = *op_fact(v, "entra.objectId");

    reg_keep_lost(v, "entra.lost", a);
    if (!reg_good(a))
        return patched
                   ? reg_graph_fail(a, e, _("adding permissions to the cluster's application"))
                   : reg_fail(a, e, 0, _("creating the cluster's application in Microsoft Entra"));
    if (patched)
        return OP_DONE;
    op_set_fact(v, "entra.state", "made");
    return keep_app(v, a->json, e) == OP_DONE ? OP_DONE : OP_ABSENT;
}

REG_ASK(entra_app_undo)
{
    if (!str_eq(op_fact(v, "entra.state"), "made"))
        return;
    reg_graph(need, "DELETE", 0);
    arm_path(&need->path, "/applications/%s", op_fact(v, "entra.objectId"));
}

REG_READ(entra_app_undo)
{
    if (str_eq(op_fact(v, "entra.state"), "made"))
        return reg_deleted(a, e);
    op_note(v, "%s", _("The application stays: it was there before."));
    return OP_SKIP;
}

/* ---- its principal ---- */

REG_ASK(entra_principal_check)
{
    if (str_eq(reg_known(v, "entra.state"), "made") && !op_tries(v))
        return; /* of an application of this minute there is none */
    reg_graph(need, "GET", 0);
    arm_path(&need->path, "/servicePrincipals(appId='%s')", op_fact(v, "entra.appId"));
    str_add(&need->query, "$select=id,appId");
}

static enum op_verdict keep_principal(struct op_view *v, const struct json *j)
{
    const char *id = json_str(j, "id");

    if (!id || !guid_is(id))
        return OP_ABSENT;
    op_set_fact(v, "entra.principalId", id);
    return OP_DONE;
}

REG_READ(entra_principal_check)
{
    if (!a->http && !err_is(&a->err))
        return OP_ABSENT;
    if (a->http == 404)
        return reg_not_there(v, "entra-principal.lost");
    if (!reg_good(a))
        return reg_fail(a, e, 0, _("looking for the application's principal in Microsoft Entra"));
    return keep_principal(v, a->json);
}

REG_ASK(entra_principal_apply)
{
    reg_graph(need, "POST", 0);
    str_add(&need->path, "/servicePrincipals");
    need->body = json_object();
    json_set_str(need->body, "appId", op_fact(v, "entra.appId"));
}

REG_READ(entra_principal_apply)
{
    enum op_verdict vd;

    reg_keep_lost(v, "entra-principal.lost", a);
    if (reg_good(a))
        return keep_principal(v, a->json);
    if (str_ieq(a->err.remote_code, "Request_MultipleObjectsWithSameKeyValue"))
        return OP_ABSENT;
    vd = reg_graph_fail(a, e, _("creating the application's principal in Microsoft Entra"));
    if (a->http == 400) /* "does not reference a valid application object": 4.3, create SP */
        e->retryable = true;
    return vd;
}

/* Of an application that was there before; of one that this run made it goes with that. */
REG_ASK(entra_principal_undo)
{
    reg_graph(need, "DELETE", 0);
    arm_path(&need->path, "/servicePrincipals/%s", op_fact(v, "entra.principalId"));
}

REG_READ(entra_principal_undo)
{
    (void)v;
    return reg_deleted(a, e);
}

/* ---- what it was given ---- */

static void ask_given(const struct op_view *v, struct op_need *need)
{
    reg_graph(need, "GET", ARM_PAGES);
    arm_path(&need->path, "/servicePrincipals/%s/appRoleAssignments",
             op_fact(v, "entra.principalId"));
}

/* " id id " of the permissions that it holds of the service; of the deprecated ones the
 * assignment's id. */
static void keep_given(struct op_view *v, const struct json *list)
{
    struct str given = STR_INIT, old = STR_INIT;

    str_addc(&given, ' ');
    JSON_EACH (one, json_member(list, "value")) {
        const char *role = json_str(one, "appRoleId"), *id = json_str(one, "id");

        if (!role || !str_ieq(json_str(one, "resourceId"), op_fact(v, "entra.usage")))
            continue;
        str_addf(&given, "%s ", role);
        if (id && !old.len && is_one_of(role, deprecated, ARRAY_LEN(deprecated)))
            str_add(&old, id);
    }
    op_set_fact(v, "entra.given", str_p(&given));
    op_set_fact(v, "entra.deprecated", str_p(&old));
    str_free(&given);
    str_free(&old);
}

static bool is_given(const struct op_view *v, const struct permission *p)
{
    char word[64];

    str_fmt(word, sizeof word, " %s ", p->id);
    return str_ifind(op_fact(v, "entra.given"), word) != NULL;
}

static enum op_verdict read_given(struct op_view *v, const struct op_answer *a, struct err *e)
{
    if (!reg_good(a))
        return reg_graph_fail(a, e, _("looking at the permissions of the cluster's application"));
    keep_given(v, a->json);
    return OP_DONE;
}

REG_ASK(entra_given)
{
    ask_given(v, need);
}

REG_READ(entra_given)
{
    return read_given(v, a, e);
}

static const struct permission *permission_of(const struct op_view *v)
{
    for (size_t i = 0; i < ARRAY_LEN(permissions); i++)
        if (str_eq(permissions[i].step, op_step_id(v)))
            return &permissions[i];
    return NULL;
}

REG_ASK(entra_grant_check)
{
    if (op_tries(v))
        ask_given(v, need);
}

REG_READ(entra_grant_check)
{
    op_note(v, "%s", permission_of(v)->name);
    if ((a->http || err_is(&a->err)) && read_given(v, a, e) != OP_DONE)
        return OP_FAILED;
    return is_given(v, permission_of(v)) ? OP_DONE : OP_ABSENT;
}

REG_ASK(entra_grant_apply)
{
    reg_graph(need, "POST", 0);
    arm_path(&need->path, "/servicePrincipals/%s/appRoleAssignedTo", op_fact(v, "entra.usage"));
    need->body = json_object();
    json_set_str(need->body, "principalId", op_fact(v, "entra.principalId"));
    json_set_str(need->body, "resourceId", op_fact(v, "entra.usage"));
    json_set_str(need->body, "appRoleId", permission_of(v)->id);
}

REG_READ(entra_grant_apply)
{
    const struct permission *p = permission_of(v);
    struct str given = STR_INIT;

    if (refused(a)) {
        op_note(v, _("%s: an administrator has to consent"), p->name);
        log_wrn("%s: not given, Microsoft Entra refused: %s", p->name, a->err.message);
        return OP_SKIP; /* the step entra-consent has the word */
    }
    if (!reg_good(a) && !(a->http == 400 && str_ifind(a->err.message, "already exists")))
        return reg_graph_fail(a, e, _("giving the cluster's application its permissions"));
    str_addf(&given, "%s%s ", *op_fact(v, "entra.given") ? op_fact(v, "entra.given") : " ", p->id);
    op_set_fact(v, "entra.given", str_p(&given));
    str_free(&given);
    return OP_DONE;
}

/* ---- the consent ---- */

static size_t missing(const struct op_view *v)
{
    size_t n = 0;

    for (size_t i = 0; i < ARRAY_LEN(permissions); i++)
        n += !is_given(v, &permissions[i]);
    return n;
}

/* The page of the portal that shows an application's permissions (register-flow.md 1.7). */
static void add_consent_url(const struct op_view *v, struct str *out)
{
    str_addf(out,
             "%s#blade/Microsoft_AAD_RegisteredApps/ApplicationMenuBlade/CallAnAPI/appId/%s/"
             "isMSAApp/",
             op_cloud(v) ? op_cloud(v)->portal : "", op_fact(v, "entra.appId"));
}

/* A permission's full address is the service's, and its name (seed 000). */
static void add_address(const struct op_view *v, const struct permission *p, struct str *out)
{
    const char *scope = op_cloud(v) ? op_cloud(v)->usage_scope : "";
    const char *end = strstr(scope, "/.default");

    str_addf(out, "%.*s/%s", (int)(end ? end - scope : (ptrdiff_t)strlen(scope)), scope, p->name);
}

static void tell_roles(struct op_view *v, const char *url, struct err *e)
{
    struct str pairs = STR_INIT, words = STR_INIT;

    str_addf(&words, "AzurePortalAADAppPermissionsURL: %s; ", url);
    for (size_t i = 0; i < ARRAY_LEN(permissions); i++) {
        str_addf(&pairs, "%s%s ", i ? " " : "", permissions[i].name);
        add_address(v, &permissions[i], &pairs);
        str_addf(&words, "%s", i ? "; " : "");
        str_addf(&words, "%s: ", permissions[i].name);
        add_address(v, &permissions[i], &words);
    }
    op_set_fact(v, "consent.roles", str_p(&pairs));
    str_copy(e->detail, sizeof e->detail, str_p(&words));
    str_free(&pairs);
    str_free(&words);
}

static void tell_consent(struct op_view *v, struct err *e)
{
    bool told = *op_fact(v, "consent.url");
    struct str url = STR_INIT;

    add_consent_url(v, &url);
    op_set_fact(v, "consent.url", str_p(&url));
    op_note(v, "%s", _("Waiting for an administrator's consent")); /* whose page all faces tell */
    err_set(e, ERR_OP, ERR_C_CONSENT,
            _("An administrator has to consent to the permissions of the application %s."),
            op_fact(v, "name"));
    tell_roles(v, str_p(&url), e);
    if (!told)
        log_wrn("waiting for an administrator's consent at %s to %s", str_p(&url),
                op_fact(v, "consent.roles"));
    str_free(&url);
}

REG_ASK(entra_consent)
{
    if (missing(v))
        ask_given(v, need);
}

REG_READ(entra_consent)
{
    if ((a->http || err_is(&a->err)) && read_given(v, a, e) != OP_DONE)
        return OP_FAILED;
    if (missing(v)) {
        tell_consent(v, e);
        return OP_RUNNING;
    }
    if (*op_fact(v, "consent.url") || *op_old_fact(v, "consent.url")) {
        log_inf("an administrator has consented");
        op_set_fact(v, "consent.url", "");
        op_set_fact(v, "consent.roles", "");
    }
    op_note(v, "%s", _("all four permissions are given"));
    return OP_DONE;
}

/* ---- permissions of old that nobody needs any more ---- */

REG_ASK(entra_deprecated_check)
{
    if (op_tries(v))
        ask_given(v, need);
}

REG_READ(entra_deprecated_check)
{
    if ((a->http || err_is(&a->err)) && read_given(v, a, e) != OP_DONE)
        return OP_FAILED;
    return *op_fact(v, "entra.deprecated") ? OP_ABSENT : op_tries(v) ? OP_DONE : OP_SKIP;
}

REG_ASK(entra_deprecated_apply)
{
    reg_graph(need, "DELETE", 0);
    arm_path(&need->path, "/servicePrincipals/%s/appRoleAssignments/%s",
             op_fact(v, "entra.principalId"), op_fact(v, "entra.deprecated"));
}

REG_READ(entra_deprecated_apply)
{
    if (refused(a)) {
        op_note(v, "%s", _("Your account may not take them away; they do no harm."));
        return OP_SKIP;
    }
    if (!reg_good(a) && a->http != 404)
        return reg_fail(a, e, 0, _("taking away permissions of old"));
    return OP_ABSENT; /* there may be another */
}
