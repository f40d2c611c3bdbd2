/* The way by application and certificates (register-flow.md 2.6, 2.8): for nodes that cannot be
 * registered by their own identity. Which way is walked depends on the nodes alone
 * (register-flow.md 7.2). Where nodes of both kinds form a cluster the way by application is taken,
 * because the older ones know no other: inferred. */
#include "config.h"

#include "op/op_register.h"

#include <string.h>

#include "azure/hci.h"
#include "base/i18n.h"

#define OLDEST_BUILD 17784 /* register-flow.md 1.11 */
/* From here on the service makes the application, below it the client does (op_register_gen1.c).
 * No public source draws the line by a build number: inferred from 20348 being the first that the
 * module calls its second ("V2") system. */
#define SERVICE_MAKES_APP_BUILD 20348
#define LOOKS                   3 /* after a lost answer: a long operation may be at work unseen */

/* ---- which way ---- */

bool reg_by_app(const struct op_view *v)
{
    return str_eq(op_fact(v, "path"), "application");
}

bool reg_by_certificate(const struct op_view *v)
{
    return reg_by_app(v) || reg_by_first_generation(v);
}

bool reg_by_identity(const struct op_view *v)
{
    return !reg_by_certificate(v);
}

bool reg_user_certificate(const struct op_view *v)
{
    return reg_by_certificate(v) && *op_input(v, "certificateThumbprint");
}

bool reg_own_certificate(const struct op_view *v)
{
    return reg_by_certificate(v) && !*op_input(v, "certificateThumbprint");
}

bool reg_changes_arc(const struct op_view *v)
{
    return reg_changes(v) && !reg_by_first_generation(v);
}

bool reg_arc_by_cluster(const struct op_view *v)
{
    return reg_by_app(v);
}

bool reg_arc_verified(const struct op_view *v)
{
    return reg_by_identity(v) || reg_arc_by_cluster(v);
}

static bool arc_way(const struct op_view *v, const char *way)
{
    return reg_arc_by_cluster(v) && str_eq(op_fact(v, "path.arc"), way);
}

bool reg_arc_generated(const struct op_view *v)
{
    return arc_way(v, "generated");
}

bool reg_arc_roles(const struct op_view *v)
{
    return reg_arc_by_cluster(v) && str_eq(op_fact(v, "path.roles"), "give");
}

static bool node_is(const struct op_view *v, size_t i, const char *fact, const char *value)
{
    return str_ieq(op_node_fact(v, op_node_at(v, i), fact), value);
}

/* The names of the nodes whose fact is (or is not) this. */
static size_t names_of(const struct op_view *v, const char *fact, const char *value, bool is,
                       struct str *out)
{
    size_t n = 0;

    for (size_t i = 0; i < op_node_count(v); i++)
        if (node_is(v, i, fact, value) == is)
            str_addf(out, "%s%s", n++ ? ", " : "", op_node_at(v, i));
    return n;
}

void reg_keep_build(struct op_view *v, const struct json *facts)
{
    int64_t build = 0;
    char text[24];

    if (json_int(facts, "osBuild", &build)) {
        str_fmt(text, sizeof text, "%lld", (long long)build);
        op_set_node_fact(v, "build", text);
    }
    op_set_node_fact(v, "msi", json_flag(facts, "msiCapable", false) ? "1" : "0");
    op_set_node_fact(v, "old", build > 0 && build < OLDEST_BUILD ? "1" : "0");
    op_set_node_fact(v, "first", build > 0 && build < SERVICE_MAKES_APP_BUILD ? "1" : "0");
}

REG_READ(path)
{
    static const char *const ways[][2] = {
        { "identity", N_("by the nodes' identity") },
        { "application", N_("by an application and certificates") },
        { REG_FIRST_GENERATION, N_("by an application that is made here, and certificates") },
    };
    struct str names = STR_INIT;
    bool old, msi, first;
    size_t way;

    (void)a;
    old = names_of(v, "old", "1", true, &names) > 0;
    if (old)
        err_set(e, ERR_OP, 9111,
                _("The operating system of these nodes is too old to be registered (build %d is "
                  "needed): %s"),
                OLDEST_BUILD, str_p(&names));
    str_reset(&names);
    msi = names_of(v, "msi", "1", false, &names) == 0;
    str_reset(&names);
    first = names_of(v, "first", "1", true, &names) > 0;
    str_free(&names);
    if (old)
        return OP_FAILED;
    way = first ? 2 : msi ? 0 : 1;
    op_set_fact(v, "path", ways[way][0]);
    if (!reg_arc_by_cluster(v)) { /* nothing is left to choose */
        op_set_fact(v, "path.arc", "none");
        op_set_fact(v, "path.roles", "none");
    }
    op_note(v, "%s", _(ways[way][1]));
    return OP_DONE;
}

/* ---- lost answers ---- */

void reg_keep_lost(struct op_view *v, const char *fact, const struct op_answer *a)
{
    char text[8];

    str_fmt(text, sizeof text, "%d", a->err.unsure ? LOOKS : 0);
    op_set_fact(v, fact, text);
}

/* It is not there: may it still come by itself? A run that died with its question out knows no more
 * than one whose answer was lost. */
enum op_verdict reg_not_there(struct op_view *v, const char *fact)
{
    const char *left = op_fact(v, fact);
    char text[8];
    int n = *left ? left[0] - '0' : LOOKS;

    if (!op_tries(v) || n <= 0)
        return OP_ABSENT;
    str_fmt(text, sizeof text, "%d", n - 1);
    op_set_fact(v, fact, text);
    return OP_RUNNING;
}

/* ---- certificates on the nodes ---- */

static void ask_certificate(const struct op_view *v, struct op_need *need)
{
    reg_verb(need, NODE_CERTIFICATE_FIND);
    need->args = json_object();
    json_set_str(need->args, "certificateThumbprint", op_input(v, "certificateThumbprint"));
}

static void keep_certificate(struct op_view *v, const struct json *j)
{
    op_set_node_fact(v, "certificate", json_str(j, "certificate"));
    op_set_node_fact(v, "certificate.thumbprint", json_str(j, "certificateThumbprint"));
    op_set_node_fact(v, "certificate.app", json_str(j, "appId"));
}

REG_ASK(certificate_check)
{
    ask_certificate(v, need);
}

REG_READ(certificate_check)
{
    const char *text = reg_ok(a) ? json_str(a->json, "certificate") : NULL;
    int64_t days = 0;

    if (!reg_ok(a) && a->err.code == 9109) {
        err_set(e, ERR_OP, 9109, "%s", a->err.message);
        return OP_FAILED;
    }
    if (!reg_ok(a)) {
        op_set_node_fact(v, "certificate.why", a->err.message);
        return reg_fail(a, e, 9110, _("looking for the node's certificate"));
    }
    if (text && strlen(text) > OP_FACT_MAX) {
        err_set(e, ERR_OP, 9109, _("The certificate on %s is too large to be uploaded."),
                op_node_name(v));
        return OP_FAILED;
    }
    if (!json_flag(a->json, "found", false) || !json_int(a->json, "daysLeft", &days) || days < 60)
        return OP_ABSENT; /* of a user's certificate the node says 9109 itself */
    if (reg_own_certificate(v) && reg_renews(v) && !op_made(v) && !op_tries(v) &&
        *json_str(a->json, "appId"))
        return OP_ABSENT;
    keep_certificate(v, a->json);
    op_note(v, "%s", json_str(a->json, "certificateThumbprint"));
    return OP_DONE;
}

REG_ASK(certificate_apply)
{
    reg_verb(need, NODE_CERTIFICATE_NEW);
    need->args = json_object();
    json_set_bool(need->args, "renew", reg_renews(v));
}

REG_READ(certificate_apply)
{
    if (!reg_ok(a)) {
        op_set_node_fact(v, "certificate.why", a->err.message);
        return reg_fail(a, e, 9110, _("making the node's certificate (9110)"));
    }
    keep_certificate(v, a->json);
    return OP_DONE;
}

/* Why it was, of the first node without this fact that tells. */
static const char *first_why(const struct op_view *v, const char *fact, const char *value, bool is,
                             const char *why)
{
    for (size_t i = 0; i < op_node_count(v); i++) {
        const char *text = op_node_fact(v, op_node_at(v, i), why);

        if (*text && node_is(v, i, fact, value) == is)
            return text;
    }
    return "";
}

/* Each node was asked, whatever became of the others: all that have none are named. */
REG_READ(certificates_made)
{
    struct str names = STR_INIT;
    size_t n = names_of(v, "certificate", "", true, &names);

    (void)a;
    if (n)
        err_set(e, ERR_OP, 9110, _("No certificate was made on these nodes: %s. %s"), str_p(&names),
                first_why(v, "certificate", "", true, "certificate.why"));
    str_free(&names);
    return n ? OP_FAILED : OP_DONE;
}

REG_ASK(certificate_undo)
{
    (void)v;
    reg_verb(need, NODE_CERTIFICATE_REMOVE);
}

REG_READ(certificate_undo)
{
    (void)v;
    return reg_ok(a) ? OP_DONE : reg_fail(a, e, 0, _("removing the node's certificate"));
}

/* ---- the cluster's application ---- */

REG_ASK(app_check)
{
    if (op_tries(v))
        reg_ask_cluster(v, need, "GET", 0);
}

REG_READ(app_check)
{
    if (a->http && reg_keep_cluster(v, a, e))
        return OP_FAILED;
    return *op_fact(v, "cluster.appObjectId") && *op_fact(v, "cluster.appId")
               ? OP_DONE
               : reg_not_there(v, "app.lost");
}

REG_ASK(app_apply)
{
    reg_ask_cluster(v, need, "POST", ARM_LRO);
    str_add(&need->path, "/createClusterIdentity");
}

REG_READ(app_apply)
{
    reg_keep_lost(v, "app.lost", a);
    if (!reg_good(a))
        return reg_fail(a, e, 0, _("creating the cluster's application"));
    op_set_fact(v, "app.state", "made");
    return OP_ABSENT; /* the cluster itself has the word */
}

/* ---- upload, and what the nodes say to it ---- */

static size_t not_accepted(const struct op_view *v, struct str *out)
{
    return names_of(v, "certificate.app", op_fact(v, "cluster.appId"), false, out);
}

static void set_args(const struct op_view *v, struct op_need *need)
{
    reg_verb(need, NODE_CERTIFICATE_SET);
    need->args = json_object();
    reg_app_args(v, need->args);
    json_set_str(need->args, "certificateThumbprint", op_input(v, "certificateThumbprint"));
}

/* No request reads an application's keys back through the cluster. Where they may be there (an
 * answer was lost, an earlier run came this far) the first node tries to sign in: all certificates
 * go up together, so one that was not accepted before speaks for all. */
REG_ASK(upload_check)
{
    if ((op_tries(v) || !str_eq(op_fact(v, "app.state"), "made")) && op_node_count(v) &&
        !node_is(v, 0, "certificate.app", op_fact(v, "cluster.appId")))
        set_args(v, need);
}

REG_READ(upload_check)
{
    struct str names = STR_INIT;
    size_t n = not_accepted(v, &names);

    str_free(&names);
    if (!n)
        return OP_DONE;
    if (a->json)
        return OP_DONE;
    /* this run has uploaded all of them, and the first speaks for all */
    if (op_made(v) && node_is(v, 0, "certificate.app", op_fact(v, "cluster.appId")))
        return OP_DONE;
    if (err_is(&a->err) && str_starts(a->err.remote_code, "AADSTS700"))
        return op_made(v) ? OP_DONE
                          : reg_not_there(v, "upload.lost"); /* a new key takes its time */
    return err_is(&a->err) ? reg_fail(a, e, 9110, _("looking whether the certificates arrived"))
                           : OP_ABSENT;
}

REG_ASK(upload_apply)
{
    struct str all = STR_INIT;

    for (size_t i = 0; i < op_node_count(v); i++) {
        const char *one = op_node_fact(v, op_node_at(v, i), "certificate");

        if (*one && !str_ifind(str_p(&all), one)) /* a user's one is the same everywhere */
            str_addf(&all, "%s%s", all.len ? " " : "", one);
    }
    reg_ask_cluster(v, need, "POST", ARM_LRO);
    str_add(&need->path, "/uploadCertificate");
    need->body = hci_upload_body(str_p(&all));
    str_free(&all);
}

REG_READ(upload_apply)
{
    reg_keep_lost(v, "upload.lost", a);
    return reg_good(a) ? OP_DONE
                       : reg_fail(a, e, 9110, _("uploading the nodes' certificates (9110)"));
}

static bool accepted(const struct op_view *v)
{
    const char *app = op_fact(v, "cluster.appId");

    return *app && str_ieq(op_node_fact(v, op_node_name(v), "certificate.app"), app);
}

REG_ASK(certificate_set_check)
{
    if (op_tries(v))
        ask_certificate(v, need);
}

REG_READ(certificate_set_check)
{
    if (!reg_ok(a))
        return reg_fail(a, e, 9110, _("looking for the node's certificate"));
    if (a->json)
        keep_certificate(v, a->json);
    return accepted(v) ? OP_DONE : OP_ABSENT;
}

REG_ASK(certificate_set_apply)
{
    set_args(v, need);
}

REG_READ(certificate_set_apply)
{
    enum op_verdict vd;

    if (reg_ok(a)) {
        keep_certificate(v, a->json);
        return OP_DONE;
    }
    op_set_node_fact(v, "certificate.why", a->err.message);
    vd = reg_fail(a, e, 9110, _("testing the node's certificate against Azure (9110)"));
    /* a key, or an application, of this minute is not known everywhere yet */
    if (str_eq(a->err.remote_code, "AADSTS700027") || str_eq(a->err.remote_code, "AADSTS700016"))
        e->retryable = true;
    return vd;
}

REG_READ(certificates)
{
    struct str names = STR_INIT;
    size_t n = not_accepted(v, &names);

    (void)a;
    if (n)
        err_set(
            e, ERR_OP, 9110, _("The certificates of these nodes were not accepted: %s. %s"),
            str_p(&names),
            first_why(v, "certificate.app", op_fact(v, "cluster.appId"), false, "certificate.why"));
    str_free(&names);
    return n ? OP_FAILED : OP_DONE;
}

void reg_app_args(const struct op_view *v, struct json *args)
{
    const struct cloud *cloud = op_cloud(v);
    bool first = reg_by_first_generation(v);
    /* that generation knows its service by the table of clouds: register-flow.md 2.12.5; a cloud
     * that is not in it has only what Azure says */
    bool table = first && cloud && cloud->dataplane[0];

    json_set_str(args, "serviceEndpoint",
                 table ? cloud->dataplane : op_fact(v, "cluster.serviceEndpoint"));
    json_set_str(args, "billingServiceApiScope", op_cloud(v) ? op_cloud(v)->usage_scope : "");
    json_set_str(args, "aadAuthority", op_cloud(v) ? op_cloud(v)->login : "");
    json_set_str(args, "appId", op_fact(v, "cluster.appId"));
    json_set_str(args, "tenantId", op_input(v, "tenantId"));
    json_set_str(args, "cloudId", op_fact(v, "cluster.cloudId"));
    json_set_str(args, "objectId", op_fact(v, first ? "entra.objectId" : "cluster.appObjectId"));
    json_set_str(args, "servicePrincipalClientId",
                 op_fact(v, first ? "entra.principalId" : "cluster.spObjectId"));
}

/* ---- Arc by the cluster: which identity ---- */

static void keep_arc(struct op_view *v, const struct json *j)
{
    const char *app = json_str(j, "applicationId");

    op_set_node_fact(v, "arc", json_str(j, "nodeArcStatus"));
    op_set_node_fact(v, "arc.ready", json_str(j, "clusterArcStatus"));
    op_set_node_fact(v, "arc.app", app ? app : "");
    op_set_node_fact(v, "arc.group", json_str(j, "resourceGroup"));
    op_set_node_fact(v, "arc.secretEnd", json_str(j, "secretNotAfter"));
    op_set_node_fact(v, "arc.identity", json_flag(j, "clusterIdentity", false) ? "1" : "0");
}

REG_ASK(arc_status)
{
    (void)v;
    reg_verb(need, NODE_ARC_STATUS);
}

REG_READ(arc_status)
{
    if (!reg_ok(a)) {
        op_set_node_fact(v, "arc.why", a->err.message);
        return reg_fail(a, e, 9112, _("asking the node how it stands with Azure Arc (9112)"));
    }
    keep_arc(v, a->json);
    op_note(v, "%s", op_node_fact(v, op_node_name(v), "arc"));
    return OP_DONE;
}

bool reg_all_enabled(const struct op_view *v)
{
    for (size_t i = 0; i < op_node_count(v); i++)
        if (!node_is(v, i, "arc", "Enabled"))
            return false;
    return true;
}

/* register-flow.md 2.8.5; the order of the three is the module's. */
REG_READ(arc_way)
{
    static const char *const words[][2] = {
        { "given", N_("by the operator's own application") },
        { "identity", N_("by the cluster's identity") },
        { "generated", N_("by an application and a generated secret") },
    };
    struct str names = STR_INIT;
    size_t way = *op_input(v, "arcAppId")                               ? 0
                 : names_of(v, "arc.identity", "1", false, &names) == 0 ? 1
                                                                        : 2;
    bool mute;

    (void)a;
    str_reset(&names);
    mute = names_of(v, "arc", "", true, &names) > 0;
    if (mute) /* a node that cannot be asked counts as one: register-flow.md 2.8.1 */
        err_set(e, ERR_OP, 9112,
                _("These nodes have no commands for Azure Arc, or did not answer: %s. %s"),
                str_p(&names), first_why(v, "arc", "", true, "arc.why"));
    str_free(&names);
    if (mute)
        return OP_FAILED;
    if (way == 0 && !op_has_secret(v) && !reg_all_enabled(v)) {
        err_set(e, ERR_USAGE, ERR_C_NEEDS_SECRET,
                _("The secret of the application %s is needed; it is kept nowhere. Give it with "
                  "azloconf register --arc-spn-app-id, azloconf repair or azloconf operations "
                  "resume, and --arc-spn-secret-file."),
                op_input(v, "arcAppId"));
        return OP_FAILED;
    }
    op_set_fact(v, "path.arc", words[way][0]);
    if (way) /* of his own op_register_principal.c says it */
        op_set_fact(v, "path.roles", "give");
    op_note(v, "%s", _(words[way][1]));
    return OP_DONE;
}

static const char *arc_app(const struct op_view *v)
{
    if (arc_way(v, "given"))
        return op_input(v, "arcAppId");
    return arc_way(v, "generated") ? op_fact(v, "settings.appId") : "";
}

const char *reg_arc_principal(const struct op_view *v)
{
    return op_fact(v, arc_way(v, "given")       ? "principal.id"
                      : arc_way(v, "generated") ? "settings.spObjectId"
                                                : "cluster.principalId");
}

/* ---- its application and secret ---- */

REG_ASK(arc_app_check)
{
    if (op_tries(v))
        reg_ask_settings(v, need, "GET", 0);
}

REG_READ(arc_app_check)
{
    if (a->http && reg_keep_settings(v, a, e))
        return OP_FAILED;
    return *op_fact(v, "settings.appId") && *op_fact(v, "settings.spObjectId")
               ? OP_DONE
               : reg_not_there(v, "arc-app.lost");
}

REG_ASK(arc_app_apply)
{
    reg_ask_settings(v, need, "POST", ARM_LRO);
    str_add(&need->path, "/createArcIdentity");
}

REG_READ(arc_app_apply)
{
    reg_keep_lost(v, "arc-app.lost", a);
    if (!reg_good(a))
        return reg_fail(a, e, 0, _("creating the application of the Arc settings"));
    return OP_ABSENT;
}

REG_READ(arc_secret_check)
{
    (void)a;
    (void)e;
    if (reg_all_enabled(v) && !reg_renews(v)) /* a repair makes a new one: its end is warned of */
        return OP_SKIP;
    return op_has_secret(v) ? OP_DONE : OP_ABSENT;
}

REG_ASK(arc_secret_apply)
{
    reg_ask_settings(v, need, "POST", 0);
    str_add(&need->path, "/generatePassword");
}

/* R18 of register-flow.md has the end; an answer without one leaves it unknown. */
static void keep_secret_end(struct op_view *v, const char *end)
{
    char iso[TIME_SIZE] = "";
    int64_t at = 0;

    if (end && time_parse(end, &at))
        time_iso(iso, at);
    op_set_fact(v, "settings.secretEnd", iso);
}

REG_READ(arc_secret_apply)
{
    const char *secret = json_str(a->json, "secretText");

    if (!reg_good(a))
        return reg_fail(a, e, 0, _("generating the secret of the Arc settings"));
    if (!secret || !*secret) {
        err_set(e, ERR_ARM, 0, _("Azure's answer holds no secret."));
        return OP_FAILED;
    }
    op_set_secret(v, secret);
    keep_secret_end(v, json_str(a->json, "endDateTime"));
    return OP_DONE;
}

/* ---- the nodes ---- */

/* Of the secret that this run has generated, else what the cluster has already. */
static const char *secret_end(const struct op_view *v)
{
    const char *made = reg_known(v, "settings.secretEnd");

    if (!arc_way(v, "generated"))
        return "";
    return *made ? made : op_node_fact(v, op_node_name(v), "arc.secretEnd");
}

REG_ASK(arc_init_check)
{
    if (op_tries(v))
        reg_verb(need, NODE_ARC_STATUS);
}

REG_READ(arc_init_check)
{
    const char *node = op_node_name(v);

    if (!reg_ok(a))
        return reg_fail(a, e, 0, _("asking the node how it stands with Azure Arc"));
    if (a->json)
        keep_arc(v, a->json);
    return str_eq(op_node_fact(v, node, "arc.ready"), "Enabled") &&
                   str_ieq(op_node_fact(v, node, "arc.app"), arc_app(v)) &&
                   str_ieq(op_node_fact(v, node, "arc.group"), op_fact(v, "arcGroup")) &&
                   str_eq(op_node_fact(v, node, "arc.secretEnd"), secret_end(v))
               ? OP_DONE
               : OP_ABSENT;
}

REG_ASK(arc_init_apply)
{
    const char *cloud = op_cloud(v) ? op_cloud(v)->name : "AzureCloud";

    reg_verb(need, NODE_ARC_INIT);
    need->args = json_object();
    json_set_str(need->args, "tenantId", op_input(v, "tenantId"));
    json_set_str(need->args, "subscriptionId", op_input(v, "subscriptionId"));
    json_set_str(need->args, "region", op_fact(v, "region"));
    json_set_str(need->args, "resourceGroup", op_fact(v, "arcGroup"));
    json_set_str(need->args, "cloud", str_ieq(cloud, "AzureCanary") ? "AzureCloud" : cloud);
    json_set_str(need->args, "appId", arc_app(v));
    json_set_str(need->args, "secretNotAfter", secret_end(v));
}

REG_READ(arc_init_apply)
{
    (void)v;
    return reg_ok(a) ? OP_DONE
                     : reg_fail(a, e, 0, _("telling the cluster how its nodes come to Arc"));
}

REG_ASK(arc_enable_check)
{
    if (op_tries(v))
        reg_verb(need, NODE_ARC_STATUS);
}

REG_READ(arc_enable_check)
{
    if (!reg_ok(a))
        return reg_fail(a, e, 0, _("asking the node how it stands with Azure Arc"));
    if (a->json)
        keep_arc(v, a->json);
    return str_eq(op_node_fact(v, op_node_name(v), "arc"), "Enabled") ? OP_DONE : OP_ABSENT;
}

REG_ASK(arc_enable_apply)
{
    reg_verb(need, NODE_ARC_ENABLE);
    need->with_secret = !arc_way(v, "identity");
    need->args = json_object();
    json_set_str(need->args, "correlationId", op_fact(v, "run.correlation"));
    json_set_str(need->args, "resourceName", op_node_name(v));
}

/* The agent, or the node, gave no word: the module's task has another number for what breaks off
 * (9116) than for what was tried and refused (9006). */
static bool broke_off(const struct err *e)
{
    return e->domain == ERR_SYSTEM || e->domain == ERR_NET || (e->domain == ERR_NODE && !e->code);
}

REG_READ(arc_enable_apply)
{
    enum op_verdict vd;

    if (reg_ok(a)) {
        op_set_node_fact(v, "arc", "Enabled");
        op_set_node_fact(v, "agent.name", op_node_name(v));
        return OP_DONE;
    }
    vd = reg_fail(a, e, 0, _("bringing the node to Azure Arc"));
    if (broke_off(&a->err))
        e->code = 9116;
    if (a->err.http == 403) /* roles of this minute take their time */
        e->retryable = !reg_arc_given(v) || reg_arc_roles(v);
    return vd;
}
