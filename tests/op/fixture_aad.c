/* The small Azure and its nodes on the path by application and certificates. */
#include "config.h"

#include "op/fixture.h"

static void describe(const struct fx_node *n, struct json *j)
{
    json_set_bool(j, "found", n->certificate);
    json_set_str(j, "certificateThumbprint", n->certificate ? n->base.name : NULL);
    json_set_str(j, "certificate", n->certificate ? n->base.name : NULL);
    json_set_str(j, "appId", n->cert_app);
    json_set_int(j, "daysLeft", 700);
}

static void arc_status(const struct fx_node *n, struct json *j)
{
    const struct fx_node *first = &n->fx->nodes[0];

    json_set_str(j, "clusterArcStatus", first->arc_group[0] ? "Enabled" : "Disabled");
    json_set_str(j, "nodeArcStatus", n->agent_name[0] ? "Enabled" : "Disabled");
    json_set_str(j, "applicationId", first->arc_app);
    json_set_str(j, "resourceGroup", first->arc_group);
    json_set_bool(j, "clusterIdentity", !n->no_identity);
}

void fx_aad_node(struct fx_node *n, enum node_verb verb, const struct json *args, struct json *j)
{
    switch (verb) {
    case NODE_CERTIFICATE_NEW:
        n->certificate = true;
        describe(n, j);
        break;
    case NODE_CERTIFICATE_SET:
        STR_SET(n->cert_app, json_str(args, "appId"));
        describe(n, j);
        break;
    case NODE_CERTIFICATE_FIND:
        describe(n, j);
        break;
    case NODE_ARC_STATUS:
        arc_status(n, j);
        break;
    case NODE_ARC_INIT:
        STR_SET(n->arc_app, json_str(args, "appId"));
        STR_SET(n->arc_group, json_str(args, "resourceGroup"));
        break;
    case NODE_ARC_ENABLE:
        STR_SET(n->agent_name, json_str(args, "resourceName"));
        STR_SET(n->agent_sub, FX_SUB);
        STR_SET(n->agent_group, "hci-rg");
        STR_SET(n->agent_tenant, FX_TENANT);
        fx_add_machine(n->fx, n->base.name);
        fx_link_machines(n->fx);
        break;
    default:
        break;
    }
}

static void set_properties(struct fx *fx, const char *path, const char *const *names)
{
    char key[400];
    struct json *p;

    str_fmt(key, sizeof key, "%s", path);
    str_lower(key);
    p = json_edit(json_get(json_member(fx->resources, key), "properties"));
    for (; *names; names++)
        json_set_str(p, *names, FX_APP);
}

bool fx_aad_post(struct fx *fx, const char *path, struct json **out)
{
    static const char *const cluster[] = { "aadClientId", "aadApplicationObjectId",
                                           "aadServicePrincipalObjectId", NULL };
    static const char *const settings[] = { "arcApplicationClientId", "arcApplicationObjectId",
                                            "arcServicePrincipalObjectId", NULL };

    if (str_ends(path, "/createClusterIdentity"))
        set_properties(fx, FX_CLUSTER, cluster);
    else if (str_ends(path, "/createArcIdentity"))
        set_properties(fx, FX_SETTINGS, settings);
    else if (!str_ends(path, "/uploadCertificate") && !str_ends(path, "/generatePassword"))
        return false;
    *out = json_object();
    if (str_ends(path, "/generatePassword"))
        json_set_str(*out, "secretText", "not a secret");
    return true;
}
