#include "config.h"

#include "real/kit.h"

/* Ids are compared between Azure's record and the sandbox's: never renamed. */
const struct step kit_steps[] = {
    { "metadata", "the cloud's description of itself", read_metadata, NULL, 0 },
    { "openid", "Entra's OpenID configuration", read_openid, NULL, 0 },
    { "signin.code", "sign-in by device code", signin_start, NULL, 0 },
    { "tenants", "tenants", read_tenants, NULL, 0 },
    { "subscriptions", "subscriptions", read_subscriptions, got_subscriptions, 0 },
    { "choice", "the subscription", choose_subscription, NULL, 0 },
    { "subscription", "the chosen subscription", read_subscription, got_subscription, 0 },
    { "no-token", "a request without a token is refused", read_no_token, got_refusal, 0 },
    { "locations", "regions of the subscription", read_locations, NULL, 0 },
    { "provider.Microsoft.AzureStackHCI", "provider Microsoft.AzureStackHCI", read_provider,
      got_provider, 0 },
    { "provider.Microsoft.HybridCompute", "provider Microsoft.HybridCompute", read_provider,
      got_provider, 0 },
    { "provider.Microsoft.GuestConfiguration", "provider Microsoft.GuestConfiguration",
      read_provider, got_provider, 0 },
    { "provider.Microsoft.HybridConnectivity", "provider Microsoft.HybridConnectivity",
      read_provider, got_provider, 0 },
    { "region", "the region", choose_region, NULL, 0 },
    { "permissions", "permissions of this account on the subscription", read_permissions,
      got_permissions, 0 },
    { "assignments", "role assignments of this account", read_assignments, NULL, 0 },
    { "clusters", "cluster resources of the subscription", read_clusters, NULL, 0 },
    { "bad-version", "an unknown api-version is refused", read_bad_version, got_refusal, 0 },
    { "no-group", "a group that does not exist", read_no_group, got_not_found, 0 },
    { "no-cluster", "a cluster in a group that does not exist", read_no_cluster, got_not_found, 0 },
    { "refresh", "a token after a refresh", read_refresh, NULL, 0 },

    { "group.absent", "the new group's name is free", group_absent, got_group_absent, STEP_WRITES },
    { "confirm", "two questions", confirm_write, NULL, STEP_WRITES },
    { "group.put", "the group is made", group_put, got_group_put, STEP_WRITES },
    { "group.head", "the group is there", group_head, NULL, STEP_WRITES },
    { "cluster.put", "the cluster resource is made", cluster_put, got_cluster_put, STEP_WRITES },

    { "cluster.get", "the cluster resource is ours", cluster_look, got_cluster_look, STEP_CLEANS },
    { "cluster.delete", "the cluster resource is deleted", cluster_delete, NULL, STEP_CLEANS },
    { "cluster.gone", "the cluster resource is gone", cluster_gone, got_cluster_gone, STEP_CLEANS },
    { "group.get", "the group is ours", group_look, got_group_look, STEP_CLEANS },
    { "group.resources", "the group is empty", group_resources, got_group_resources, STEP_CLEANS },
    { "group.delete", "the group is deleted", group_delete, NULL, STEP_CLEANS },
    { "group.gone", "the group is gone", group_gone, got_group_gone, STEP_CLEANS },
};
const size_t kit_n_steps = ARRAY_LEN(kit_steps);
