#include "config.h"

#include "azure/hci.h"

#include <string.h>

#include "azure/arm.h"
#include "base/i18n.h"
#include "base/text.h"

#define ALNUM "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

/* ---- reading ---- */

struct place {
    const char *path;
    size_t off, size;
    bool required;
};
#define PLACE(T, m, path, required)                                                                \
    {                                                                                              \
        path, offsetof(T, m), sizeof(((T *)0)->m), required                                        \
    }

static int not_as_expected(struct err *e, const char *what, const char *member)
{
    return err_set(e, ERR_ARM, 0, _("Azure's answer about %s is not as expected: \"%s\"."), what,
                   member);
}

/* An id or name that does not fit is refused: a cut one would name something else. */
static int read_places(const struct json *j, const struct place *t, size_t n, void *out,
                       const char *what, struct err *e)
{
    for (size_t i = 0; i < n; i++) {
        const struct json *v = json_get(j, t[i].path);
        const char *s = json_value_str(v);
        char *dst = (char *)out + t[i].off;

        if (!v || json_is_null(v)) {
            if (t[i].required)
                return not_as_expected(e, what, t[i].path);
            continue;
        }
        if (!s || strlen(s) >= t[i].size)
            return not_as_expected(e, what, t[i].path);
        text_set(dst, t[i].size, s);
    }
    return 0;
}

static const struct place cluster_places[] = {
    PLACE(struct hci_cluster, id, "id", true),
    PLACE(struct hci_cluster, location, "location", false),
    PLACE(struct hci_cluster, provisioning_state, "properties.provisioningState", false),
    PLACE(struct hci_cluster, status, "properties.status", false),
    PLACE(struct hci_cluster, identity_type, "identity.type", false),
    PLACE(struct hci_cluster, principal_id, "identity.principalId", false),
    PLACE(struct hci_cluster, cloud_id, "properties.cloudId", false),
    PLACE(struct hci_cluster, service_endpoint, "properties.serviceEndpoint", false),
    PLACE(struct hci_cluster, rp_object_id, "properties.resourceProviderObjectId", false),
    PLACE(struct hci_cluster, last_sync, "properties.lastSyncTimestamp", false),
    PLACE(struct hci_cluster, app_id, "properties.aadClientId", false),
    PLACE(struct hci_cluster, app_object_id, "properties.aadApplicationObjectId", false),
    PLACE(struct hci_cluster, sp_object_id, "properties.aadServicePrincipalObjectId", false),
};

int hci_read_cluster(const struct json *j, struct hci_cluster *out, struct err *e)
{
    memset(out, 0, sizeof(*out));
    return read_places(j, cluster_places, ARRAY_LEN(cluster_places), out, _("the cluster"), e);
}

static const struct place arc_places[] = {
    PLACE(struct hci_arc, id, "id", true),
    PLACE(struct hci_arc, resource_group, "properties.arcInstanceResourceGroup", false),
    PLACE(struct hci_arc, aggregate_state, "properties.aggregateState", false),
    PLACE(struct hci_arc, provisioning_state, "properties.provisioningState", false),
    PLACE(struct hci_arc, app_id, "properties.arcApplicationClientId", false),
    PLACE(struct hci_arc, app_object_id, "properties.arcApplicationObjectId", false),
    PLACE(struct hci_arc, sp_object_id, "properties.arcServicePrincipalObjectId", false),
};
static const struct place arc_node_places[] = {
    PLACE(struct hci_arc_node, name, "name", false),
    PLACE(struct hci_arc_node, arc_instance, "arcInstance", false),
    PLACE(struct hci_arc_node, state, "state", false),
};

/* All or none: an extension without consent is not installed. ISO times of one clock compare as
 * text. */
static void read_consent(const struct json *list, struct hci_arc *out)
{
    JSON_EACH (one, list) {
        const char *at = json_str(one, "consentTime");

        if (!at || !*at) {
            out->consented_at[0] = '\0';
            return;
        }
        if (!out->consented_at[0] || strcmp(at, out->consented_at) < 0)
            TEXT_SET(out->consented_at, at);
    }
}

int hci_read_arc(const struct json *j, struct hci_arc *out, struct err *e)
{
    const struct json *nodes = json_get(j, "properties.perNodeDetails");

    memset(out, 0, sizeof(*out));
    if (read_places(j, arc_places, ARRAY_LEN(arc_places), out, _("the Arc settings"), e))
        return -1;
    if (nodes && !json_is_null(nodes) && !json_is_array(nodes))
        return not_as_expected(e, _("the Arc settings"), "properties.perNodeDetails");
    read_consent(json_get(j, "properties.defaultExtensions"), out);
    JSON_EACH (one, nodes) {
        if (out->n == ARRAY_LEN(out->nodes) || !json_is_object(one))
            return not_as_expected(e, _("the Arc settings"), "properties.perNodeDetails");
        if (read_places(one, arc_node_places, ARRAY_LEN(arc_node_places), &out->nodes[out->n],
                        _("the Arc settings"), e))
            return -1;
        out->n++;
    }
    return 0;
}

/* One enum for cluster, Arc settings and nodes (azure-wire.md 3.2, 3.3.4). A word that we do not
 * know counts as running. */
bool hci_state_running(const char *provisioning_state)
{
    static const char *const at_rest[] = {
        "",          "Succeeded",          "Failed",
        "Canceled",  "NotSpecified",       "Error",
        "Connected", "PartiallyConnected", "Disconnected",
        "Deleted",   "PartiallySucceeded",
    };

    if (!provisioning_state)
        return false;
    for (size_t i = 0; i < ARRAY_LEN(at_rest); i++)
        if (str_ieq(at_rest[i], provisioning_state))
            return false;
    return true;
}

/* ---- addresses and bodies ---- */

void hci_cluster_id(struct str *out, const char *sub, const char *group, const char *name)
{
    str_addf(out,
             "/subscriptions/%s/resourceGroups/%s/providers/Microsoft.AzureStackHCI/clusters/%s",
             sub, group, name);
}

void hci_arc_id(struct str *out, const char *cluster_id)
{
    str_addf(out, "%s/arcSettings/default", cluster_id);
}

struct json *hci_identity_body(void)
{
    struct json *body = json_object(), *identity = json_object();

    json_set_str(identity, "type", "SystemAssigned");
    json_set(body, "identity", identity);
    return body;
}

struct json *hci_cluster_body(const char *region, const struct json *tags)
{
    struct json *body = hci_identity_body();

    json_set_str(body, "location", region);
    if (json_is_object(tags) && json_first(tags))
        json_set(body, "tags", json_copy(tags));
    return body;
}

struct json *hci_application_body(const char *app_id, const char *tenant)
{
    struct json *body = json_object(), *p = json_object();

    json_set_str(p, "aadClientId", app_id);
    json_set_str(p, "aadTenantId", tenant);
    json_set(body, "properties", p);
    return body;
}

struct json *hci_cluster_body_of(const char *region, const struct json *tags, const char *app_id,
                                 const char *tenant)
{
    struct json *body = hci_application_body(app_id, tenant);

    json_set_str(body, "location", region);
    if (json_is_object(tags) && json_first(tags))
        json_set(body, "tags", json_copy(tags));
    return body;
}

struct json *hci_arc_body(const char *arc_group)
{
    struct json *body = json_object(), *p = json_object();

    json_set_str(p, "arcInstanceResourceGroup", arc_group);
    json_set(body, "properties", p);
    return body;
}

struct json *hci_reconcile_body(const char *const *nodes, size_t n)
{
    struct json *body = json_object(), *p = json_object(), *names = json_array();

    for (size_t i = 0; i < n; i++)
        json_push(names, json_string(nodes[i]));
    json_set(p, "clusterNodes", names);
    json_set(body, "properties", p);
    return body;
}

struct json *hci_upload_body(const char *certificates)
{
    struct json *body = json_object(), *p = json_object(), *list = json_array();
    struct str one = STR_INIT;

    for (const char *c = certificates + strspn(certificates, " "); *c; c += strspn(c, " ")) {
        size_t n = strcspn(c, " ");

        str_reset(&one);
        str_addn(&one, c, n);
        json_push(list, json_string(str_p(&one)));
        c += n;
    }
    str_free(&one);
    json_set(p, "certificates", list);
    json_set(body, "properties", p);
    return body;
}

/* ---- name rules ---- */

const char *hci_bad_group_name(const char *name)
{
    size_t n = name ? strlen(name) : 0;

    if (n == 0)
        return _("A resource group needs a name.");
    if (n > 90)
        return _("The name of a resource group has at most 90 characters.");
    if (strspn(name, ALNUM "-_.()") != n)
        return _("The name of a resource group holds letters, digits, and - _ . ( ) only.");
    if (name[n - 1] == '.')
        return _("The name of a resource group does not end with a full stop.");
    return NULL;
}

const char *hci_bad_cluster_name(const char *name)
{
    size_t n = name ? strlen(name) : 0;

    if (n == 0)
        return _("The cluster resource needs a name.");
    if (n > 40)
        return _("The name of a cluster resource has at most 40 characters.");
    if (strspn(name, ALNUM "-_.") != n || strspn(name, ".") == n)
        return _("The name of a cluster resource holds letters, digits, and - _ . only.");
    return NULL;
}

const char *hci_bad_region(const char *name)
{
    size_t n = name ? strlen(name) : 0;

    if (n == 0)
        return _("A region is needed, for example eastus.");
    if (n > 60 || strspn(name, ALNUM " ") != n || strspn(name, " ") == n)
        return _("A region is a name of letters and digits, for example eastus or East US.");
    return NULL;
}

/* ---- how a cluster stands in our own documents ---- */

static const struct json_field cluster_fields[] = {
    JSON_STR(struct hci_cluster, id, "id", 0),
    JSON_STR(struct hci_cluster, location, "location", 0),
    JSON_STR(struct hci_cluster, provisioning_state, "provisioningState", 0),
    JSON_STR(struct hci_cluster, status, "status", 0),
    JSON_STR(struct hci_cluster, identity_type, "identityType", 0),
    JSON_STR(struct hci_cluster, principal_id, "principalId", 0),
    JSON_STR(struct hci_cluster, cloud_id, "cloudId", 0),
    JSON_STR(struct hci_cluster, service_endpoint, "serviceEndpoint", 0),
    JSON_STR(struct hci_cluster, rp_object_id, "resourceProviderObjectId", 0),
    JSON_STR(struct hci_cluster, last_sync, "lastSyncTimestamp", 0),
};
const struct json_type hci_cluster_type =
    JSON_TYPE("cluster resource", struct hci_cluster, cluster_fields);
