/* Built-in role definitions and the caller's permissions. Sources: Microsoft.Authorization
 * 2022-04-01 authorization-RoleDefinitionsCalls.json; azure-wire.md 2.10.13 to 2.10.16 (GUIDs,
 * actions). */
#include "config.h"

#include "sandbox/roles.h"

#include <stdlib.h>
#include <string.h>

#define DEFINITION_TYPE "Microsoft.Authorization/roleDefinitions"

static const struct {
    const char *guid, *name, *description, *actions;
} roles[] = {
    { "8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "Owner",
      "Grants full access to manage all resources, including the ability to assign roles in Azure "
      "RBAC.",
      "*" },
    { "b24988ac-6180-42a0-ab88-20f7382dd24c", "Contributor",
      "Grants full access to manage all resources, but does not allow you to assign roles in Azure "
      "RBAC.",
      "*" },
    { "acdd72a7-3385-48ef-bd42-f606fba81ae7", "Reader",
      "View all resources, but does not allow you to make any changes.", "*/read" },
    { "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9", "User Access Administrator",
      "Lets you manage user access to Azure resources.", "*/read Microsoft.Authorization/*" },
    { "b64e21ea-ac4e-4cdf-9dc9-5b892992bee7", "Azure Connected Machine Onboarding",
      "Can onboard Azure Connected Machines.",
      "Microsoft.HybridCompute/machines/read Microsoft.HybridCompute/machines/write "
      "Microsoft.HybridCompute/privateLinkScopes/read "
      "Microsoft.GuestConfiguration/guestConfigurationAssignments/read" },
    { "cd570a14-e51a-42ad-bac8-bafd67325302", "Azure Connected Machine Resource Administrator",
      "Can read, write, delete and re-onboard Azure Connected Machines.",
      "Microsoft.HybridCompute/machines/read Microsoft.HybridCompute/machines/write "
      "Microsoft.HybridCompute/machines/delete Microsoft.HybridCompute/machines/extensions/*" },
    { "f5819b54-e033-4d82-ac66-4fec3cbf3f4c", "Azure Connected Machine Resource Manager",
      "Custom Role for AzureStackHCI RP to manage hybrid compute machines and hybrid connectivity "
      "endpoints in a "
      "resource group",
      "Microsoft.HybridConnectivity/endpoints/read Microsoft.HybridConnectivity/endpoints/write "
      "Microsoft.HybridCompute/machines/read Microsoft.HybridCompute/machines/write "
      "Microsoft.HybridCompute/machines/delete Microsoft.HybridCompute/machines/extensions/read "
      "Microsoft.HybridCompute/machines/extensions/write "
      "Microsoft.HybridCompute/machines/extensions/delete" },
    { "bda0d508-adf1-4af0-9c28-88919fc3ae06", "Azure Stack HCI Administrator",
      "Grants full access to the cluster and its resources, including the ability to register "
      "Azure Stack HCI and "
      "assign others as Azure Arc HCI VM Contributor and/or Azure Arc HCI VM Reader",
      "Microsoft.AzureStackHCI/register/action Microsoft.AzureStackHCI/Unregister/Action "
      "Microsoft.AzureStackHCI/clusters/*" },
};

bool role_def_known(const char *definition_id)
{
    for (size_t i = 0; i < ARRAY_LEN(roles); i++)
        if (str_ieq(roles[i].guid, res_last(definition_id)))
            return true;
    return false;
}

static struct json *words(const char *text)
{
    struct json *list = json_array();

    while (*text) {
        char one[160];
        size_t n = strcspn(text, " ");

        str_fmt(one, sizeof one, "%.*s", (int)n, text);
        json_push(list, json_string(one));
        text += n;
        text += strspn(text, " ");
    }
    return list;
}

static struct json *permission(const char *actions, const char *not_actions)
{
    struct json *p = json_object();

    json_set(p, "actions", words(actions));
    json_set(p, "notActions", words(not_actions));
    json_set(p, "dataActions", json_array());
    json_set(p, "notDataActions", json_array());
    return p;
}

static struct json *definition_form(const char *sub_scope, size_t i)
{
    struct json *d = json_object(), *p = json_object(), *list = json_array(),
                *scopes = json_array();
    bool contributor = str_eq(roles[i].name, "Contributor");
    struct str id = STR_INIT;

    str_addf(&id, "%s/providers/" DEFINITION_TYPE "/%s", sub_scope, roles[i].guid);
    json_set_str(d, "id", str_p(&id));
    str_free(&id);
    json_set_str(d, "name", roles[i].guid);
    json_set_str(d, "type", DEFINITION_TYPE);
    json_set_str(p, "roleName", roles[i].name);
    json_set_str(p, "type", "BuiltInRole");
    json_set_str(p, "description", roles[i].description);
    json_push(scopes, json_string("/"));
    json_set(p, "assignableScopes", scopes);
    json_push(list, permission(roles[i].actions, contributor ? "Microsoft.Authorization/*/Delete "
                                                               "Microsoft.Authorization/*/Write"
                                                             : ""));
    json_set(p, "permissions", list);
    json_set(d, "properties", p);
    return d;
}

/* "/subscriptions/x" of a longer scope; "" for the root. */
static void subscription_scope(struct str *out, struct sb_req *q)
{
    const char *p = str_ifind(q->path, "/subscriptions/");

    if (p)
        str_addf(out, "/subscriptions/%.*s", (int)strcspn(p + 15, "/"), p + 15);
}

void role_defs_list(struct sb_req *q, struct sb_reply *r)
{
    const char *filter = sb_query(q, "$filter");
    struct json *body = json_object(), *value = json_array();
    struct str scope = STR_INIT;
    char name[128] = "";

    if (filter)
        roles_quoted_after(filter, "roleName eq", name, sizeof name);
    subscription_scope(&scope, q);
    for (size_t i = 0; i < ARRAY_LEN(roles); i++)
        if (!name[0] || str_ieq(name, roles[i].name))
            json_push(value, definition_form(str_p(&scope), i));
    json_set(body, "value", value);
    sb_reply_json(r, 200, body);
    str_free(&scope);
}

void role_defs_get(struct sb_req *q, struct sb_reply *r)
{
    struct str scope = STR_INIT;

    subscription_scope(&scope, q);
    for (size_t i = 0; i < ARRAY_LEN(roles); i++)
        if (str_ieq(roles[i].guid, sb_var(q, "name")))
            sb_reply_json(r, 200, definition_form(str_p(&scope), i));
    if (!r->status)
        sb_arm_error(r, 404, "RoleDefinitionDoesNotExist",
                     "The specified role definition with ID '%.100s' does not exist.",
                     sb_var(q, "name"));
    str_free(&scope);
}

/* Owner's permissions less what the seed denies. */
void role_defs_permissions(struct sb_req *q, struct sb_reply *r)
{
    struct json *body, *value, *p, *denied;

    if (!roles_allow(q, r, "Microsoft.Authorization/permissions/read", false))
        return;
    body = json_object();
    value = json_array();
    p = permission("*", "");
    denied = json_array();
    JSON_EACH (d, json_member(world_section(q->world, "options"), "denyActions"))
        json_push(denied, json_copy(d));
    json_set(p, "notActions", denied);
    json_push(value, p);
    json_set(body, "value", value);
    sb_reply_json(r, 200, body);
}
