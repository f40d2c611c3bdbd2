/* Verbs of a registration by application and certificates: the node's certificate, the cluster's
 * application, and Arc where the cluster brings its nodes there. A certificate is proven before it
 * is kept: it stands in certificate-new.pem until the service has tested it. */
#include "config.h"

#include "node/node_local_int.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/log.h"
#include "node/certificate.h"

/* Since which build the nodes of Windows can be brought to Arc by the cluster's identity is not
 * public (register-flow.md 2.8.5 asks the node's cmdlet and service); 22H2 is taken: inferred. */
#define CLUSTER_IDENTITY_BUILD 20349
#define ARC_BUILD              20348

static const char *arg(const struct node_call *c, const char *name)
{
    const char *s = json_str(c->args, name);

    return s ? s : "";
}

static struct json *who(const struct node_call *c)
{
    struct json *body = json_object();

    json_set_str(body, "node", c->n->node.name);
    return body;
}

static bool is_not_found(const struct err *e)
{
    return e->code == ERR_C_NOT_FOUND;
}

/* ---- certificates ---- */

/* The file of a thumbprint; "": the node's own, the one that is not proven yet before the other. */
static int path_of(struct local_node *n, const char *thumbprint, char path[NODE_PATH_SIZE],
                   struct err *e)
{
    struct certificate own = { 0 };
    struct err ignored = { 0 };
    bool same;

    if (!*thumbprint) {
        str_copy(path, NODE_PATH_SIZE, access(n->new_path, F_OK) == 0 ? n->new_path : n->own_path);
        return 0;
    }
    same =
        certificate_load(n->own_path, &own, &ignored) == 0 && str_ieq(own.thumbprint, thumbprint);
    certificate_clear(&own);
    if (!same)
        return certificate_find(n->certificates_dir, thumbprint, path, NODE_PATH_SIZE, e);
    str_copy(path, NODE_PATH_SIZE, n->own_path);
    return 0;
}

static struct json *describe(struct local_node *n, const struct certificate *cert)
{
    struct json *j = json_object();
    struct engine_record r = { 0 };
    struct err ignored = { 0 };
    struct str b64 = STR_INIT;
    bool known = engine_record_load(n->record_path, &r, &ignored) == 0 &&
                 str_ieq(r.cert_thumbprint, cert->thumbprint);

    str_add_b64(&b64, str_p(&cert->der), cert->der.len);
    json_set_bool(j, "found", true);
    json_set_str(j, "certificateThumbprint", cert->thumbprint);
    json_set_str(j, "notAfter", cert->not_after);
    json_set_int(j, "daysLeft", certificate_days(cert, clock_now(n->clock)));
    json_set_str(j, "certificate", str_p(&b64));
    json_set_str(j, "appId", known ? r.cert_app : "");
    str_free(&b64);
    return j;
}

static struct json *not_there(void)
{
    struct json *j = json_object();

    json_set_bool(j, "found", false);
    return j;
}

void node_certificate_find(struct node_call *c)
{
    const char *thumbprint = arg(c, "certificateThumbprint");
    struct certificate cert = { 0 };
    char path[NODE_PATH_SIZE];
    struct err e = { 0 };
    int rc = path_of(c->n, thumbprint, path, &e);

    if (rc == 0)
        rc = certificate_load(path, &cert, &e);
    if (rc == 0 && *thumbprint &&
        certificate_days(&cert, clock_now(c->n->clock)) < CERTIFICATE_MIN_DAYS) {
        rc = err_set(&e, ERR_NODE, 9109,
                     _("The certificate %s of the node %s ends on %s; it must be valid for %d days "
                       "more."),
                     cert.thumbprint, c->n->node.name, cert.not_after, CERTIFICATE_MIN_DAYS);
    } else if (rc != 0 && *thumbprint && is_not_found(&e)) {
        e.code = 9109;
    }
    if (rc == 0)
        node_reply_end(c, describe(c->n, &cert), NULL);
    else if (!*thumbprint && is_not_found(&e))
        node_reply_end(c, not_there(), NULL);
    else
        node_reply_end(c, NULL, &e);
    certificate_clear(&cert);
}

static void on_made(void *payload, pid_t pid, int status)
{
    struct node_call *c = payload;
    struct local_node *n = c->n;
    struct certificate cert = { 0 };
    struct err e = { 0 };

    (void)pid;
    loop_child_del(c->child);
    c->child = NULL;
    if (status != 0)
        err_set(&e, ERR_NODE, 0, _("OpenSSL could not make a certificate."));
    if (status != 0 || certificate_load(n->new_path, &cert, &e) != 0) {
        err_wrap(&e, _("making a certificate for the node %s"), n->node.name);
        node_reply_end(c, NULL, &e);
        return;
    }
    log_inf("node %s: new certificate %s, valid until %s", n->node.name, cert.thumbprint,
            cert.not_after);
    node_reply_end(c, describe(n, &cert), NULL);
    certificate_clear(&cert);
}

/* A key takes a good part of a second to find: a child looks for it, so that nobody waits for the
 * loop meanwhile. It holds no descriptor of ours (nor the core's lock) and dies with us. */
static void make_new(struct node_call *c)
{
    struct local_node *n = c->n;
    struct err e = { 0 };
    pid_t pid = fork();

    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        close_range(3, ~0U, 0);
        _exit(certificate_make(n->new_path, n->node.name, &e) == 0 ? 0 : 1);
    }
    if (pid > 0) {
        c->child = loop_child_add(n->loop, pid, on_made, c);
        return;
    }
    err_sys(&e, errno, _("making a certificate for the node %s"), n->node.name);
    node_reply_end(c, NULL, &e);
}

void node_certificate_new(struct node_call *c)
{
    struct local_node *n = c->n;
    struct certificate cert = { 0 };
    char path[NODE_PATH_SIZE];
    struct err e = { 0 };

    path_of(n, "", path, &e);
    if (!json_flag(c->args, "renew", false) && certificate_load(path, &cert, &e) == 0 &&
        certificate_days(&cert, clock_now(n->clock)) >= CERTIFICATE_MIN_DAYS)
        node_reply_end(c, describe(n, &cert), NULL);
    else
        make_new(c);
    certificate_clear(&cert);
}

void node_drop_certificates(struct local_node *n)
{
    unlink(n->new_path);
    unlink(n->own_path);
}

static int forget_certificate(struct local_node *n, struct err *e)
{
    struct engine_record r;

    if (engine_record_load(n->record_path, &r, e) != 0)
        return -1;
    r.cert_thumbprint[0] = r.cert_not_after[0] = r.cert_app[0] = '\0';
    node_drop_certificates(n);
    return engine_record_save(n->record_path, &r, e);
}

void node_certificate_remove(struct node_call *c)
{
    struct err e = { 0 };

    if (forget_certificate(c->n, &e) != 0)
        node_reply_end(c, NULL, &e);
    else
        node_reply_end(c, json_object(), NULL);
}

/* ---- the test, and what is kept after it ---- */

static int keep_certificate(struct node_call *c, struct certificate *cert, struct err *e)
{
    struct local_node *n = c->n;
    struct engine_record r;

    if (certificate_load(c->certificate, cert, e) != 0 ||
        engine_record_load(n->record_path, &r, e) != 0)
        return -1;
    if (str_eq(c->certificate, n->new_path) && rename(n->new_path, n->own_path) != 0)
        return err_set(e, ERR_NODE, 0, _("The proven certificate of the node %s cannot be kept."),
                       n->node.name);
    STR_SET(r.cert_thumbprint, cert->thumbprint);
    STR_SET(r.cert_not_after, cert->not_after);
    STR_SET(r.cert_app, arg(c, "appId"));
    return engine_record_save(n->record_path, &r, e);
}

static void on_tested(void *payload, const struct json *answer, const struct err *failure)
{
    struct node_call *c = payload;
    struct certificate cert = { 0 };
    struct err e = { 0 };

    c->plane = NULL;
    if (!answer) {
        node_reply_end(c, NULL, failure);
        return;
    }
    if (keep_certificate(c, &cert, &e) != 0) {
        node_reply_end(c, NULL, &e);
    } else {
        log_inf("node %s: certificate %s accepted", c->n->node.name, cert.thumbprint);
        node_reply_end(c, describe(c->n, &cert), NULL);
    }
    certificate_clear(&cert);
}

void node_certificate_set(struct node_call *c)
{
    struct dataplane_app app = { .fresh = true };
    struct err e = { 0 };

    if (path_of(c->n, arg(c, "certificateThumbprint"), c->certificate, &e) != 0) {
        e.code = is_not_found(&e) ? 9109 : e.code;
        node_reply_end(c, NULL, &e);
        return;
    }
    STR_SET(app.login, arg(c, "aadAuthority"));
    STR_SET(app.tenant, arg(c, "tenantId"));
    STR_SET(app.id, arg(c, "appId"));
    STR_SET(app.certificate, c->certificate);
    c->plane =
        dataplane_post_as(&c->n->plane, &app, arg(c, "serviceEndpoint"), arg(c, "cloudId"),
                          arg(c, "billingServiceApiScope"), "certificate", who(c), on_tested, c);
}

/* ---- the cluster's application ---- */

bool node_app_of(struct local_node *n, const struct engine_registration *g,
                 struct dataplane_app *out)
{
    struct engine_record r = { 0 };
    struct err ignored = { 0 };

    if (!g->app_id[0])
        return false;
    *out = (struct dataplane_app){ .fresh = false };
    STR_SET(out->login, g->authority);
    STR_SET(out->tenant, g->tenant_id);
    STR_SET(out->id, g->app_id);
    engine_record_load(n->record_path, &r, &ignored);
    if (path_of(n, r.cert_thumbprint, out->certificate, &ignored) != 0)
        STR_SET(out->certificate, n->own_path); /* whoever reads it says what is missing */
    return true;
}

void node_register_app(struct node_call *c)
{
    struct engine_record r = { 0 };
    struct err e = { 0 };

    if (node_take_registration(c) != 0)
        return;
    if (!guid_is(c->registration.app_id) || !*c->registration.authority)
        err_set(&e, ERR_NODE, 0,
                _("The registration does not say as which application to sign in."));
    else if (engine_record_load(c->n->record_path, &r, &e) == 0 &&
             !str_ieq(r.cert_app, c->registration.app_id))
        err_set(&e, ERR_NODE, 9110,
                _("The node %s holds no certificate that was tested for this application."),
                c->n->node.name);
    if (err_is(&e))
        node_reply_end(c, NULL, &e);
    else
        node_do_register(c);
}

/* ---- Arc ---- */

static bool agent_is_there(const struct json *shown, const struct engine_arc *arc)
{
    return str_ieq(json_str(shown, "status"), "Connected") &&
           str_ieq(json_str(shown, "subscriptionId"), arc->subscription_id) &&
           str_ieq(json_str(shown, "resourceGroup"), arc->resource_group);
}

static void on_arc_shown(void *payload, const struct json *shown, const struct err *failure)
{
    struct node_call *c = payload;
    struct engine_cluster cluster;
    struct engine_record r;
    struct json *out;
    struct err e = { 0 };
    bool ready, here;

    c->agent = NULL;
    if (!shown || node_own_cluster(c->n, &cluster, NULL, &e) != 0 ||
        engine_record_load(c->n->record_path, &r, &e) != 0) {
        node_reply_end(c, NULL, shown ? &e : failure);
        return;
    }
    ready = cluster.arc.region[0] != '\0';
    here = ready && r.arc_enabled[0] && agent_is_there(shown, &cluster.arc);
    out = json_object();
    json_set_str(out, "clusterArcStatus", ready ? "Enabled" : "Disabled");
    json_set_str(out, "nodeArcStatus", here ? "Enabled" : "Disabled");
    json_set_str(out, "applicationId", cluster.arc.app_id);
    json_set_bool(out, "clusterIdentity",
                  !c->n->os_build || c->n->os_build >= CLUSTER_IDENTITY_BUILD);
    json_set_str(out, "subscriptionId", cluster.arc.subscription_id);
    json_set_str(out, "tenantId", cluster.arc.tenant_id);
    json_set_str(out, "resourceGroup", cluster.arc.resource_group);
    json_set_str(out, "secretNotAfter", cluster.arc.secret_ends);
    json_set_bool(out, "cleared", r.arc_disabled[0] != '\0');
    node_reply_end(c, out, NULL);
}

/* 20H2 has no commands for Arc (register-flow.md 2.8.1, code 9112); which build the first with them
 * is, is inferred as in op_register_aad.c. */
bool node_has_arc(const struct local_node *n)
{
    return !n->os_build || n->os_build >= ARC_BUILD;
}

static bool lacks_arc(struct node_call *c)
{
    struct err e = { 0 };

    if (node_has_arc(c->n))
        return false;
    err_set(&e, ERR_NODE, 9112,
            _("The node %s has no commands for Azure Arc: its Windows is too old."),
            c->n->node.name);
    node_reply_end(c, NULL, &e);
    return true;
}

void node_arc_status(struct node_call *c)
{
    if (lacks_arc(c))
        return;
    c->agent = agent_show(&c->n->agent, on_arc_shown, c);
}

static void set_arc(struct engine_cluster *c, const void *payload)
{
    c->arc = *(const struct engine_arc *)payload;
}

void node_arc_init(struct node_call *c)
{
    struct engine_arc arc;
    struct err e = { 0 };

    if (lacks_arc(c))
        return;
    if (json_decode(c->args, &engine_arc_json, &arc, &e) != 0 ||
        node_change_cluster(c->n, set_arc, &arc, &e) != 0)
        node_reply_end(c, NULL, &e);
    else
        node_reply_end(c, json_object(), NULL);
}

void node_arc_clear(struct node_call *c)
{
    static const struct engine_arc none = { .region = "" };
    struct engine_cluster cluster;
    struct engine_record r;
    struct err e = { 0 };

    if (node_own_cluster(c->n, &cluster, NULL, &e) == 0 &&
        (!cluster.arc.region[0] || node_change_cluster(c->n, set_arc, &none, &e) == 0) &&
        engine_record_load(c->n->record_path, &r, &e) == 0) {
        r.arc_enabled[0] = '\0';
        time_iso(r.arc_disabled, clock_now(c->n->clock));
        engine_record_save(c->n->record_path, &r, &e);
    }
    node_reply_end(c, err_is(&e) ? NULL : json_object(), err_is(&e) ? &e : NULL);
}

static void on_enabled(void *payload, const struct json *answer, const struct err *failure)
{
    struct node_call *c = payload;

    c->agent = NULL;
    if (answer)
        node_do_sync(c);
    else
        node_reply_end(c, NULL, failure);
}

/* c->token: the application's secret, or the token of the cluster's identity. */
static void connect_agent(struct node_call *c, const struct engine_arc *arc)
{
    struct json *args = json_object();

    json_set_str(args, "subscriptionId", arc->subscription_id);
    json_set_str(args, "resourceGroup", arc->resource_group);
    json_set_str(args, "tenantId", arc->tenant_id);
    json_set_str(args, "location", arc->region);
    json_set_str(args, "cloud", arc->cloud);
    json_set_str(args, "correlationId", arg(c, "correlationId"));
    json_set_str(args, "resourceName",
                 *arg(c, "resourceName") ? arg(c, "resourceName") : c->n->node.name);
    if (arc->app_id[0])
        json_set_str(args, "servicePrincipalId", arc->app_id);
    c->agent = agent_connect(&c->n->agent, args, &c->token, on_enabled, c);
    json_free(args);
}

/* The token is the node's own to use: it goes to the agent and nowhere else. */
static void on_identity(void *payload, const struct json *answer, const struct err *failure)
{
    struct node_call *c = payload;
    const char *token = json_str(answer, "access_token");
    struct engine_cluster cluster;
    struct err e = { 0 };

    c->plane = NULL;
    if (answer && !token)
        err_set(&e, ERR_NODE, 0, _("The service gave no token of the cluster's identity."));
    else if (answer)
        node_own_cluster(c->n, &cluster, NULL, &e);
    if (!answer || err_is(&e)) {
        node_reply_end(c, NULL, answer ? &e : failure);
        return;
    }
    secret_set(&c->token, token, strlen(token));
    connect_agent(c, &cluster.arc);
}

void node_arc_enable(struct node_call *c)
{
    const struct engine_registration *g;
    struct engine_cluster cluster;
    struct dataplane_app app;
    struct err e = { 0 };

    if (lacks_arc(c))
        return;
    if (node_own_cluster(c->n, &cluster, NULL, &e) != 0) {
        node_reply_end(c, NULL, &e);
        return;
    }
    g = &cluster.registration;
    if (!cluster.arc.region[0] || !node_app_of(c->n, g, &app))
        err_set(&e, ERR_NODE, 0, _("How the nodes of %s come to Azure Arc was not said yet."),
                cluster.name);
    else if (cluster.arc.app_id[0] && !secret_is(&c->token))
        err_set(&e, ERR_NODE, 0, _("The secret of the application %s is needed."),
                cluster.arc.app_id);
    if (err_is(&e))
        node_reply_end(c, NULL, &e);
    else if (cluster.arc.app_id[0])
        connect_agent(c, &cluster.arc);
    else
        c->plane = dataplane_post_as(&c->n->plane, &app, g->service_endpoint, g->cloud_id,
                                     g->billing_scope, "identity", who(c), on_identity, c);
}
