/* directory_sync.c - principals that nobody makes by hand: Microsoft's own, the HCI service's, and
 * the managed identities of resources. Sources: azure-wire.md 3.2, 4.4; the ids of Graph's
 * application roles are Microsoft's published ones, from memory. */
#include "config.h"

#include "sandbox/directory.h"

#include <string.h>

#include "sandbox/resource.h"

struct role {
    const char *id, *value;
};
static const struct role graph_roles[] = {
    { "7ab1d382-f21e-4acd-a863-ba3e13f7da61", "Directory.Read.All" },
    { "19dbc75e-c2e2-444c-a770-ec69d8559fc7", "Directory.ReadWrite.All" },
    { "9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30", "Application.Read.All" },
    { "1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9", "Application.ReadWrite.All" },
    { "18a4783c-866b-4cc7-a460-3d5e5662c884", "Application.ReadWrite.OwnedBy" },
    { "06b708a9-e830-4db3-a914-8e69da51d44f", "AppRoleAssignment.ReadWrite.All" },
};
static const struct role hci_roles[] = {
    { "2344a320-6a09-4530-bed7-c90485b5e5e2", "AzureStackHCI.Cluster.Read" },
    { "493bd689-9082-40db-a506-11f40b68128f", "AzureStackHCI.Cluster.ReadWrite" },
    { "8fa5445e-80fb-4c71-a3b1-9a16a81a1966", "AzureStackHCI.ClusterNode.Read" },
    { "bbe8afc9-f3ba-4955-bb5f-1cfb6960b242", "AzureStackHCI.ClusterNode.ReadWrite" },
};
static const struct service {
    const char *app_id, *name;
    const struct role *roles;
    size_t n;
} services[] = {
    { APP_GRAPH, "Microsoft Graph", graph_roles, ARRAY_LEN(graph_roles) },
    { "797f4846-ba00-4fd7-ba43-dac1f8f63013", "Windows Azure Service Management API", NULL, 0 },
    { APP_HCI, "Microsoft.AzureStackHCI Resource Provider", hci_roles, ARRAY_LEN(hci_roles) },
};

const char *dir_graph_role(const char *value)
{
    for (size_t i = 0; i < ARRAY_LEN(graph_roles); i++)
        if (str_eq(graph_roles[i].value, value))
            return graph_roles[i].id;
    return NULL;
}

static struct json *app_role(const struct role *role)
{
    struct json *j = json_object(), *types = json_array();
    json_push(types, json_string("Application"));
    json_set(j, "allowedMemberTypes", types);
    json_set_str(j, "description", role->value);
    json_set_str(j, "displayName", role->value);
    json_set_str(j, "id", role->id);
    json_set_bool(j, "isEnabled", true);
    json_set_str(j, "origin", "Application");
    json_set_str(j, "value", role->value);
    return j;
}

/* ---- Microsoft's ---- */

/* The HCI service's principal comes with the registration of its provider in the tenant. */
static bool is_there(struct world *w, const struct service *s, const char *tid)
{
    if (!str_eq(s->app_id, APP_HCI))
        return true;
    JSON_EACH (sub, world_section(w, "subscriptions"))
        if (str_ieq(json_str(sub, "tenantId"), tid) &&
            res_registered(w, json_str(sub, "subscriptionId"), NS_HCI))
            return true;
    return false;
}

static void add_service(struct world *w, const struct service *s, const char *tid)
{
    struct json *app = json_object(), *roles = json_array(), *sp;
    json_set_str(app, "appId", s->app_id);
    json_set_str(app, "displayName", s->name);
    json_set_str(app, "signInAudience", "AzureADMultipleOrgs");
    json_set_str(app, "_tid", tid);
    /* its id is the one by which clusters name the resource provider's principal */
    sp = dir_sp_new_as(w, app, str_eq(s->app_id, APP_HCI) ? res_rp_object_id(w, tid) : NULL);
    json_set_str(sp, "appOwnerOrganizationId", "f8cdef31-a31e-4b4a-93e4-5f571e91255a");
    for (size_t i = 0; i < s->n; i++)
        json_push(roles, app_role(&s->roles[i]));
    json_set(sp, "appRoles", roles);
    json_free(app);
}

/* ---- managed identities ---- */

static void add_identity(const char *id, struct json *resource, void *payload)
{
    struct world *w = payload;
    const char *oid = json_str(resource, "identity.principalId");
    const char *tid = json_str(resource, "identity.tenantId");
    char app_id[GUID_SIZE];
    if (!tid)
        tid = world_tenant(w); /* a seed's resource */
    if (!oid || dir_sp_by_id(w, tid, oid))
        return;
    struct json *app = json_object(), *names = json_array(), *sp;
    guid_random(app_id);
    json_set_str(app, "appId", app_id);
    json_set_str(app, "displayName", json_str(resource, "name"));
    json_set_str(app, "_tid", tid);
    sp = dir_sp_new_as(w, app, oid);
    json_set_str(sp, "servicePrincipalType", "ManagedIdentity");
    json_push(names, json_string("isExplicit=False"));
    json_push(names, json_string(id));
    json_set(sp, "alternativeNames", names);
    json_set_str(sp, "_of", id);
    json_free(app);
}

/* They go with their resource. */
static void drop_identities(struct world *w)
{
    const struct json *sp = json_first(world_section(w, "servicePrincipals"));
    while (sp) {
        const struct json *next = json_next(sp);
        const char *of = json_str(sp, "_of");
        if (of &&
            !str_ieq(json_str(world_resource(w, of), "identity.principalId"), json_str(sp, "id")))
            dir_sp_remove(w, sp);
        sp = next;
    }
}

void dir_sync(struct world *w)
{
    JSON_EACH (t, world_section(w, "tenants")) {
        const char *tid = json_str(t, "tenantId");
        for (size_t i = 0; i < ARRAY_LEN(services); i++)
            if (!dir_sp(w, tid, services[i].app_id) && is_there(w, &services[i], tid))
                add_service(w, &services[i], tid);
    }
    drop_identities(w);
    world_each(w, "/subscriptions/", add_identity, w);
}
