#include "config.h"

#include "real/mask_words.h"

#include <string.h>
#include <strings.h>

#include "azure/auth.h"
#include "azure/hci.h"
#include "base/log.h"
#include "base/str.h"

static const char *const secret_members[] = {
    "user_code",
    "client_info",
    "nonce",
    "signature",
};
static const char *const secret_form_members[] = { "code", "state", "claims", "username" };

/* step NULL: in every step. */
static const struct {
    const char *step, *name;
} public_members[] = {
    { NULL, "state" },
    { NULL, "status" },
    { NULL, "type" },
    { NULL, "kind" },
    { NULL, "code" },
    { NULL, "error" },
    { NULL, "suberror" },
    { NULL, "grant_type" },
    { NULL, "token_type" },
    { NULL, "registrationState" },
    { NULL, "registrationPolicy" },
    { NULL, "provisioningState" },
    { NULL, "connectivityStatus" },
    { NULL, "aggregateState" },
    { NULL, "namespace" },
    { NULL, "resourceType" },
    { NULL, "apiVersions" },
    { NULL, "defaultApiVersion" },
    { NULL, "apiVersion" },
    { NULL, "capabilities" },
    { NULL, "locations" },
    { NULL, "location" },
    { NULL, "tenantCategory" },
    { NULL, "tenantType" },
    { NULL, "spendingLimit" },
    { NULL, "authorizationSource" },
    { NULL, "regionType" },
    { NULL, "regionCategory" },
    { NULL, "geography" },
    { NULL, "geographyGroup" },
    { NULL, "principalType" },
    { NULL, "createdByType" },
    { NULL, "lastModifiedByType" },
    { NULL, "actions" },
    { NULL, "notActions" },
    { NULL, "dataActions" },
    { NULL, "notDataActions" },
    { NULL, "billingModel" },
    { "locations", "name" },
    { "locations", "displayName" },
    { "locations", "regionalDisplayName" },
    { "openid", "response_types_supported" },
    { "openid", "response_modes_supported" },
    { "openid", "scopes_supported" },
    { "openid", "subject_types_supported" },
    { "openid", "id_token_signing_alg_values_supported" },
    { "openid", "token_endpoint_auth_methods_supported" },
    { "openid", "claims_supported" },
};

static const char *const name_maps[] = { "tags", "userAssignedIdentities" };

static const char *const segments[] = {
    "subscriptions",
    "resourceGroups",
    "tenants",
    "providers",
    "locations",
    "operations",
    "operationResults",
    "operationStatuses",
    "asyncOperations",
    "register",
    "unregister",
    "clusters",
    "arcSettings",
    "machines",
    "extensions",
    "roleAssignments",
    "roleDefinitions",
    "permissions",
    "denyAssignments",
    "resources",
    "deployments",
    "policyAssignments",
    "locks",
    "oauth2",
    "v2.0",
    "v1.0",
    "token",
    "devicecode",
    "authorize",
    "logout",
    "deviceauth",
    "devicelogin",
    "device",
    "common",
    "organizations",
    "consumers",
    ".well-known",
    "openid-configuration",
    "discovery",
    "instance",
    "keys",
    "metadata",
    "endpoints",
    "kerberos",
    "userinfo",
    "oidc",
    "user_impersonation",
    ".default",
    "read",
    "write",
    "delete",
    "action",
    "*",
    "edgeDevices",
    "privateLinkScopes",
    "guestConfigurationAssignments",
    "me",
};

static const char *const providers[] = {
    "AzureStackHCI",   "HybridCompute",    "GuestConfiguration", "HybridConnectivity",
    "Authorization",   "Resources",        "PolicyInsights",     "Management",
    "ManagedIdentity", "ExtendedLocation", "ResourceConnector",  "Features",
};

/* The words of the sentences that Azure Resource Manager, Entra and the headers use. A word that is
 * missing here is shown as "~", which costs the reader a word and the operator nothing. */
static const char *const words[] = {
    "a",
    "above",
    "access",
    "action",
    "actions",
    "address",
    "after",
    "again",
    "all",
    "allowed",
    "already",
    "also",
    "an",
    "and",
    "any",
    "api",
    "api-version",
    "app",
    "application",
    "are",
    "as",
    "assigned",
    "at",
    "atScope",
    "authentication",
    "authenticate",
    "authorization",
    "authorization_pending",
    "authorization_uri",
    "authorized",
    "available",
    "be",
    "bearer",
    "because",
    "been",
    "before",
    "belongs",
    "below",
    "both",
    "browser",
    "but",
    "by",
    "call",
    "can",
    "cannot",
    "check",
    "claims",
    "client",
    "client_id",
    "code",
    "configuration",
    "conflict",
    "contact",
    "contain",
    "contains",
    "correct",
    "could",
    "created",
    "credentials",
    "currently",
    "declined",
    "default",
    "delete",
    "deleted",
    "deny",
    "details",
    "device",
    "directory",
    "disabled",
    "do",
    "does",
    "done",
    "email",
    "enabled",
    "enter",
    "eq",
    "error",
    "error_description",
    "error_uri",
    "exist",
    "exists",
    "expired",
    "failed",
    "for",
    "format",
    "found",
    "from",
    "go",
    "grant",
    "granted",
    "group",
    "has",
    "have",
    "header",
    "help",
    "https",
    "id",
    "identity",
    "if",
    "in",
    "information",
    "insufficient_claims",
    "invalid",
    "invalid_grant",
    "invalid_token",
    "is",
    "issuer",
    "it",
    "its",
    "json",
    "latest",
    "learn",
    "link",
    "list",
    "location",
    "make",
    "message",
    "missing",
    "more",
    "must",
    "name",
    "namespace",
    "no",
    "not",
    "object",
    "oauth",
    "of",
    "offline_access",
    "on",
    "one",
    "only",
    "open",
    "openid",
    "operation",
    "or",
    "over",
    "page",
    "parameter",
    "pending",
    "perform",
    "period",
    "permission",
    "please",
    "policy",
    "presented",
    "principal",
    "principalid",
    "profile",
    "property",
    "provide",
    "provided",
    "provider",
    "query",
    "realm",
    "reason",
    "received",
    "recently",
    "refresh",
    "region",
    "register",
    "registered",
    "registration",
    "request",
    "required",
    "resource",
    "resourcegroup",
    "resources",
    "resourcetype",
    "response",
    "retry",
    "role",
    "scope",
    "service",
    "session",
    "sign",
    "sign-in",
    "specified",
    "state",
    "status",
    "still",
    "subscription",
    "succeeded",
    "such",
    "supported",
    "tenant",
    "that",
    "the",
    "their",
    "there",
    "this",
    "time",
    "timestamp",
    "to",
    "token",
    "trace",
    "true",
    "try",
    "type",
    "under",
    "unknown",
    "update",
    "url",
    "use",
    "used",
    "user",
    "using",
    "valid",
    "value",
    "verify",
    "version",
    "versions",
    "via",
    "was",
    "web",
    "when",
    "where",
    "which",
    "while",
    "with",
    "within",
    "without",
    "wrong",
    "yet",
    "you",
    "your",
    "application/json",
    "charset",
    "utf-8",
    "text/html",
    "text/plain",
    "no-cache",
    "no-store",
    "aadsts",
    "correlation",
    "max-age",
};

static const char *const guids[] = {
    AUTH_CLIENT_AZURE_CLI,
    HCI_CREATED_BY,
    HCI_ROLE_RESOURCE_MANAGER,
    "8e3af657-a8ff-443c-a75c-2fe8c4bcb635", /* Owner */
    "b24988ac-6180-42a0-ab88-20f7382dd24c", /* Contributor */
    "acdd72a7-3385-48ef-bd42-f606fba81ae7", /* Reader */
    "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9", /* User Access Administrator */
};

static const char *const hosts[] = {
    "aka.ms",
    "microsoft.com",
    "www.microsoft.com",
    "go.microsoft.com",
    "docs.microsoft.com",
    "learn.microsoft.com",
    "login.microsoft.com",
    "login.microsoftonline.com",
    "login.microsoftonline.us",
    "login.partner.microsoftonline.cn",
    "login.chinacloudapi.cn",
    "login.windows.net",
    "sts.windows.net",
    "graph.microsoft.com",
    "management.azure.com",
    "management.core.windows.net",
    "management.chinacloudapi.cn",
    "management.usgovcloudapi.net",
    "portal.azure.com",
    "graph.windows.net",
};

static bool among(const char *const *list, size_t count, const char *s, size_t n)
{
    for (size_t i = 0; i < count; i++)
        if (strlen(list[i]) == n && strncasecmp(list[i], s, n) == 0)
            return true;
    return false;
}
#define AMONG(list, s, n) among(list, ARRAY_LEN(list), s, n)

bool mask_secret_member(const char *name, bool form)
{
    size_t n = strlen(name);

    return log_is_secret_name(name) || AMONG(secret_members, name, n) ||
           (form && AMONG(secret_form_members, name, n));
}

bool mask_public_member(const char *step, const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(public_members); i++)
        if (str_eq(public_members[i].name, name) &&
            (!public_members[i].step || str_eq(public_members[i].step, step)))
            return true;
    return false;
}

bool mask_customer_names(const char *member)
{
    return member && AMONG(name_maps, member, strlen(member));
}

bool mask_public_segment(const char *s, size_t n)
{
    return AMONG(segments, s, n);
}

bool mask_public_provider(const char *s, size_t n)
{
    return AMONG(providers, s, n);
}

bool mask_public_word(const char *s, size_t n)
{
    return AMONG(words, s, n);
}

bool mask_public_guid(const char *guid)
{
    return AMONG(guids, guid, strlen(guid));
}

bool mask_public_host(const char *host)
{
    return AMONG(hosts, host, strlen(host));
}
