#include "config.h"

#include "wire/params.h"

#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/near.h"
#include "base/str.h"
#include "base/text.h"

#define ALNUM "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

enum { TAGS_MAX = 50, TAG_NAME = 512, TAG_VALUE = 256, TEXT_MAX = 256 };

/* ---- judges of texts ---- */

static int text_out(struct json **out, const char *text)
{
    *out = json_string(text);
    return 0;
}

static int guid(const char *text, struct json **out, const char *sentence, struct err *e)
{
    char id[GUID_SIZE];

    if (!guid_parse(id, text))
        return err_set(e, ERR_USAGE, 0, "%s", sentence);
    return text_out(out, id);
}

static int judge_subscription(const char *text, struct json **out, struct err *e)
{
    return guid(text, out,
                _("The subscription id must be a GUID; the portal shows it under Subscriptions."),
                e);
}

static int judge_tenant(const char *text, struct json **out, struct err *e)
{
    return guid(
        text, out,
        _("The tenant id must be a GUID; the portal shows it under Microsoft Entra ID, Overview."),
        e);
}

static int judge_spn(const char *text, struct json **out, struct err *e)
{
    return guid(text, out,
                _("The service principal for Arc is named by its application (client) id, a GUID; "
                  "the portal shows it under App registrations."),
                e);
}

static int judge_region(const char *text, struct json **out, struct err *e)
{
    size_t n = strlen(text);
    char name[TEXT_MAX];

    if (n > 60 || strspn(text, ALNUM " ") != n || strspn(text, " ") == n)
        return err_set(e, ERR_USAGE, 0, "%s",
                       _("A region is a name of letters and digits, for example eastus or East "
                         "US."));
    str_region(name, sizeof name, text);
    return text_out(out, name);
}

static int judge_name(const char *text, struct json **out, struct err *e)
{
    size_t n = strlen(text);

    if (n > 40)
        return err_set(e, ERR_USAGE, 0, "%s",
                       _("The name of a cluster resource has at most 40 characters."));
    if (strspn(text, ALNUM "-_.") != n || strspn(text, ".") == n)
        return err_set(e, ERR_USAGE, 0, "%s",
                       _("The name of a cluster resource holds letters, digits, and - _ . only."));
    return text_out(out, text);
}

static int judge_group(const char *text, struct json **out, struct err *e)
{
    size_t n = strlen(text);

    if (n > 90)
        return err_set(e, ERR_USAGE, 0, "%s",
                       _("The name of a resource group has at most 90 characters."));
    if (strspn(text, ALNUM "-_.()") != n)
        return err_set(
            e, ERR_USAGE, 0, "%s",
            _("The name of a resource group holds letters, digits, and - _ . ( ) only."));
    if (text[n - 1] == '.')
        return err_set(e, ERR_USAGE, 0, "%s",
                       _("The name of a resource group does not end with a full stop."));
    return text_out(out, text);
}

static int judge_thumbprint(const char *text, struct json **out, struct err *e)
{
    char hex[41] = "";
    size_t n = 0;

    for (const char *p = text; *p && n < sizeof hex; p++)
        if (*p >= 'a' && *p <= 'f')
            hex[n++] = (char)(*p - 'a' + 'A');
        else if (*p != ' ' && *p != ':')
            hex[n++] = *p;
    if (n != 40 || strspn(hex, "0123456789ABCDEF") != n)
        return err_set(e, ERR_USAGE, 0, "%s",
                       _("A certificate's thumbprint is 40 hexadecimal digits."));
    hex[40] = '\0';
    return text_out(out, hex);
}

static int judge_folder(const char *text, struct json **out, struct err *e)
{
    if (text[0] != '/')
        return err_set(e, ERR_USAGE, 0, "%s",
                       _("The folder of the logs must be an absolute path: it begins with /."));
    return text_out(out, text);
}

/* ---- tags ---- */

/* Resource Manager counts as .NET does: a character outside the basic plane is two. */
static size_t units(const char *text)
{
    size_t n = 0;

    for (const unsigned char *p = (const unsigned char *)text; *p; p++)
        n += (*p & 0xc0) != 0x80 ? 1 + (*p >= 0xf0) : 0;
    return n;
}

static int bad_tag(const char *name, const char *value, struct err *e)
{
    char shown[60];

    text_set(shown, sizeof shown, name);
    if (!name[0])
        return err_set(e, ERR_USAGE, 0, "%s", _("A tag needs a name."));
    if (!text_is_clean(name) || !text_is_clean(value))
        return err_set(e, ERR_USAGE, 0, _("The tag \"%s\" has characters that cannot be shown."),
                       shown);
    if (units(name) > TAG_NAME)
        return err_set(e, ERR_USAGE, 0,
                       _("The name of the tag \"%s\" has more than %d characters."), shown,
                       TAG_NAME);
    if (strpbrk(name, "<>%&\\?/"))
        return err_set(e, ERR_USAGE, 0,
                       _("The name of the tag \"%s\" may not hold any of < > %% & \\ ? /"), shown);
    if (units(value) > TAG_VALUE)
        return err_set(e, ERR_USAGE, 0,
                       _("The value of the tag \"%s\" has more than %d characters."), shown,
                       TAG_VALUE);
    return 0;
}

static int set_tag(struct json *tags, const char *name, const char *value, struct err *e)
{
    if (bad_tag(name, value, e))
        return -1;
    if (json_imember(tags, name))
        return err_set(e, ERR_USAGE, 0,
                       _("The tag \"%.60s\" is there twice; upper and lower case are the same."),
                       name);
    if (json_len(tags) == TAGS_MAX)
        return err_set(e, ERR_USAGE, 0, _("A resource has at most %d tags."), TAGS_MAX);
    json_set_str(tags, name, value);
    return 0;
}

int param_tag_add(struct json *tags, const char *pair, struct err *e)
{
    char *copy = xstrdup(pair), *eq = strchr(copy, '=');
    int rc;

    if (eq)
        *eq = '\0';
    rc = eq ? set_tag(tags, str_trim(copy), str_trim(eq + 1), e)
            : err_set(e, ERR_USAGE, 0, _("A tag is NAME=VALUE, not \"%.100s\"."), pair);
    free(copy);
    return rc;
}

struct json *param_tags_read(const char *text, struct err *e)
{
    struct json *tags = json_object();
    char *copy = xstrdup(text), *p = copy;

    for (int rc = 0; *p;) {
        size_t n = strcspn(p, ",");
        bool last = !p[n];

        p[n] = '\0';
        if (*str_trim(p))
            rc = param_tag_add(tags, p, e);
        if (rc) {
            json_free(tags);
            tags = NULL;
            break;
        }
        p += n + !last;
    }
    free(copy);
    return tags;
}

void param_tags_text(struct str *out, const struct json *tags)
{
    const char *between = "";

    JSON_EACH (t, tags) {
        str_addf(out, "%s%s=%s", between, json_name(t), json_value_str(t) ? json_value_str(t) : "");
        between = ", ";
    }
}

void param_text(struct str *out, const struct json *value)
{
    if (json_is_object(value))
        param_tags_text(out, value);
    else if (json_is_bool(value))
        str_add(out, json_flag(value, NULL, false) ? "true" : "false");
    else
        str_add(out, json_value_str(value) ? json_value_str(value) : "");
}

static int judge_tags(const struct json *value, const char *reserved, struct json **out,
                      struct err *e)
{
    struct json *tags = json_object();
    int rc = 0;

    JSON_EACH (t, value) {
        if (rc)
            break;
        if (!json_is_string(t))
            rc = err_set(e, ERR_USAGE, 0, _("The value of the tag \"%.60s\" must be a text."),
                         json_name(t));
        else if (str_ieq(json_name(t), reserved))
            rc = err_set(e, ERR_USAGE, 0,
                         _("The tag %s is set by the registration itself: it marks the groups "
                           "that it made."),
                         reserved);
        else
            rc = set_tag(tags, json_name(t), json_value_str(t), e);
    }
    if (!rc && reserved && json_len(tags) == TAGS_MAX)
        rc = err_set(e, ERR_USAGE, 0,
                     _("A resource has at most %d tags, and one is the registration's own."),
                     TAGS_MAX);
    if (rc)
        json_free(tags);
    else
        *out = tags;
    return rc;
}

/* ---- all kinds ---- */

static int judge_text(const struct param *p, const struct json *value, struct json **out,
                      struct err *e)
{
    const char *given = json_value_str(value);
    char text[TEXT_MAX];

    if (!given)
        return err_set(e, ERR_USAGE, 0, "%s", _("This value must be a text."));
    if (!text_is_clean(given) || !STR_SET(text, given))
        return err_set(e, ERR_USAGE, 0, "%s",
                       _("This value is too long or has characters that cannot be."));
    str_trim(text);
    if (!text[0])
        return err_set(e, ERR_USAGE, 0, "%s", _("This value is empty."));
    return p->judge ? p->judge(text, out, e) : text_out(out, text);
}

int param_judge(const struct param *p, const struct json *value, struct json **out, struct err *e)
{
    *out = NULL;
    if (p->instead)
        return err_set(e, ERR_USAGE, 0, "%s", _(p->instead));
    if (p->kind == PARAM_TEXT)
        return judge_text(p, value, out, e);
    if (p->kind == PARAM_FLAG) {
        if (!json_is_bool(value))
            return err_set(e, ERR_USAGE, 0, "%s", _("This value must be true or false."));
        *out = json_copy(value);
        return 0;
    }
    if (!json_is_object(value))
        return err_set(e, ERR_USAGE, 0, "%s",
                       _("This value must be an object of texts: {\"NAME\": \"VALUE\"}."));
    return judge_tags(value, p == &params[PAR_GROUP_TAGS] ? "CreatedBy" : NULL, out, e);
}

/* ---- finding ---- */

const struct param *param_find(const char *name)
{
    for (int i = 0; i < PARAMS; i++)
        if (str_ieq(params[i].name, name) || str_ieq(params[i].id, name))
            return &params[i];
    return NULL;
}

int param_distance(const char *a, const char *b)
{
    return near_distance(a, b);
}

const char *param_near(const char *wrong)
{
    const char *name = "";
    char low[64], one[64];
    int best = 5;

    STR_SET(low, wrong);
    str_lower(low);
    for (int i = 0; i < PARAMS; i++) {
        STR_SET(one, params[i].name);
        str_lower(one);
        if (param_distance(low, one) < best && param_distance(low, one) * 2 <= (int)strlen(low)) {
            best = param_distance(low, one);
            name = params[i].name;
        }
    }
    return name;
}

/* ---- the table ---- */

const struct param params[PARAMS] = {
    [PAR_SUBSCRIPTION] = { .id = "subscriptionId",
                           .name = "SubscriptionId",
                           .option = "subscription-id",
                           .arg = "GUID",
                           .label = N_("Subscription"),
                           .brief = N_("subscription that will hold the cluster's resource"),
                           .help = N_("Pays for the cluster. In the portal: Subscriptions, column "
                                      "Subscription ID. You need the role Owner there. Name or id "
                                      "can also be typed."),
                           .flags = PARAM_NEEDED | PARAM_SENT,
                           .judge = judge_subscription },
    [PAR_TENANT] = { .id = "tenantId",
                     .name = "TenantId",
                     .option = "tenant-id",
                     .arg = "GUID",
                     .label = N_("Tenant"),
                     .brief = N_("tenant of that subscription"),
                     .help = N_("The directory that the subscription trusts. In the portal: "
                                "Microsoft Entra ID, Overview, Tenant ID. A value can also be "
                                "typed."),
                     .flags = PARAM_NEEDED | PARAM_SENT,
                     .judge = judge_tenant },
    [PAR_ENVIRONMENT] = { .id = "environmentName",
                          .name = "EnvironmentName",
                          .label = N_("Azure cloud"),
                          .help = N_("The cloud that this console works with."),
                          .flags = PARAM_SENT },
    [PAR_REGION] = { .id = "region",
                     .name = "Region",
                     .option = "region",
                     .arg = "REGION",
                     .label = N_("Region"),
                     .brief = N_("Azure region of the resource, for example eastus"),
                     .help = N_("Where Azure keeps the cluster's resource and its data. It moves "
                                "no machine; clusters anywhere in the world may use any of the "
                                "regions. To change it later you must unregister and register "
                                "again. In the portal: the resource's Location."),
                     .flags = PARAM_NEEDED | PARAM_SENT,
                     .judge = judge_region },
    [PAR_NAME] = { .id = "resourceName",
                   .name = "ResourceName",
                   .option = "resource-name",
                   .arg = "NAME",
                   .label = N_("Resource name"),
                   .brief = N_("name of the resource (the cluster's name)"),
                   .help = N_("The cluster's name in Azure. In the portal: Azure Local, column "
                              "Name. Usually the cluster's own name."),
                   .flags = PARAM_SENT,
                   .judge = judge_name },
    [PAR_GROUP] = { .id = "resourceGroupName",
                    .name = "ResourceGroupName",
                    .option = "resource-group-name",
                    .arg = "NAME",
                    .label = N_("Resource group"),
                    .brief = N_("resource group, used or made (NAME-rg)"),
                    .help =
                        N_("Holds the cluster's resource and those of its nodes. Choose one, or "
                           "type a new name: it is made in the region above. In the portal: "
                           "Resource groups."),
                    .flags = PARAM_SENT,
                    .judge = judge_group },
    [PAR_ARC_GROUP] = { .id = "arcServerResourceGroupName",
                        .name = "ArcServerResourceGroupName",
                        .option = "arc-server-resource-group-name",
                        .arg = "NAME",
                        .label = N_("Group for Arc"),
                        .brief = N_("resource group of the nodes' Arc machines (the cluster's)"),
                        .help = N_("Holds the nodes' Arc machines, if not the cluster's own group "
                                   "is to. It is used or made. It cannot be changed later."),
                        .flags = PARAM_SENT,
                        .judge = judge_group },
    [PAR_TAG] = { .id = "tag",
                  .name = "Tag",
                  .option = "tag",
                  .arg = "NAME=VALUE",
                  .label = N_("Tags"),
                  .brief = N_("a tag of the cluster's resource"),
                  .help = N_("Tags of the cluster's resource: NAME=VALUE, with commas between "
                             "them, for example: owner=IT, cost=4711"),
                  .kind = PARAM_TAGS,
                  .flags = PARAM_SENT },
    [PAR_GROUP_TAGS] = { .id = "resourceGroupTags",
                         .name = "ResourceGroupTags",
                         .option = "resource-group-tags",
                         .arg = "NAME=VALUE",
                         .label = N_("Tags of groups"),
                         .brief = N_("a tag of the resource groups that are made"),
                         .help = N_("Tags of the resource groups that are made, where a policy "
                                    "demands some: NAME=VALUE, with commas between them. Groups "
                                    "that are there stay as they are."),
                         .kind = PARAM_TAGS,
                         .flags = PARAM_SENT },
    [PAR_REPAIR] = { .id = "repairRegistration",
                     .name = "RepairRegistration",
                     .option = "repair-registration",
                     .label = N_("Repair"),
                     .brief = N_("repair the registration that is stored here"),
                     .help = N_("Renews the registration that is stored here: identity, "
                                "certificates, roles, Arc on nodes added since. The resource and "
                                "its data stay."),
                     .kind = PARAM_FLAG,
                     .flags = PARAM_SENT },
    [PAR_RECREATE] = { .id = "recreateResource",
                       .name = "RecreateResource",
                       .option = "recreate-resource",
                       .label = N_("Make it anew"),
                       .brief = N_("make a vanished cluster resource anew"),
                       .help = N_("Only if the cluster's resource was deleted in Azure: makes a "
                                  "new one in its place."),
                       .kind = PARAM_FLAG,
                       .flags = PARAM_SENT },
    [PAR_THUMBPRINT] = { .id = "certificateThumbprint",
                         .name = "CertificateThumbprint",
                         .option = "certificate-thumbprint",
                         .arg = "HEX",
                         .label = N_("Certificate"),
                         .brief = N_("your own certificate, by its thumbprint (one is made)"),
                         .help = N_("Thumbprint of your own certificate, which must be on every "
                                    "node and good for 60 days. Only where nodes register with a "
                                    "certificate. Empty: one is made for each node."),
                         .flags = PARAM_SENT,
                         .judge = judge_thumbprint },
    [PAR_ARC_SPN] = { .id = "arcSpnAppId",
                      .name = "ArcSpnCredential",
                      .option = "arc-spn-app-id",
                      .arg = "GUID",
                      .label = N_("Principal (Arc)"),
                      .brief = N_("application id of a service principal that connects the nodes "
                                  "to Arc"),
                      .help = N_("Application id of a service principal that connects the nodes to "
                                 "Arc, if not one that the registration makes is to. It needs both "
                                 "Arc roles. Only where nodes register with a certificate."),
                      .flags = PARAM_SENT,
                      .judge = judge_spn },
    [PAR_STABLE_AGENT] = { .id = "useStableAgentVersion",
                           .name = "UseStableAgentVersion",
                           .option = "use-stable-agent-version",
                           .label = N_("Stable agent"),
                           .brief = N_("take the Arc agent that is tested with Azure Local"),
                           .help =
                               N_("Where the Arc agent must be fetched: the version tested with "
                                  "Azure Local instead of the newest."),
                           .kind = PARAM_FLAG,
                           .flags = PARAM_SENT },
    [PAR_LOGS] = { .id = "logsDirectory",
                   .name = "LogsDirectory",
                   .option = "logs-directory",
                   .arg = "DIR",
                   .label = N_("Folder of logs"),
                   .brief = N_("write a log of this registration into DIR, too"),
                   .help = N_("An absolute path: this registration's log is written there, too, as "
                              "RegisterHCI_DATE-TIME.log."),
                   .flags = PARAM_SENT,
                   .judge = judge_folder },
    [PAR_ACCOUNT] = { .id = "accountId",
                      .name = "AccountId",
                      .label = N_("Account"),
                      .instead = N_("AccountId belongs to a ready token, which is a secret and no "
                                    "answer for a file. Sign in with both first: azloconf sign-in "
                                    "--access-token-file FILE --account-id ID") },
    [PAR_ARM_TOKEN] = { .id = "armAccessToken",
                        .name = "ArmAccessToken",
                        .instead =
                            N_("A token is a secret and no answer for a file. Sign in with it "
                               "first: azloconf sign-in --access-token-file FILE "
                               "--account-id ID"),
                        .flags = PARAM_SECRET },
    [PAR_GRAPH_TOKEN] = { .id = "graphAccessToken",
                          .name = "GraphAccessToken",
                          .instead = N_("GraphAccessToken is not needed any more, and a token is a "
                                        "secret: take it out of the file."),
                          .flags = PARAM_SECRET },
    [PAR_ARC_SPN_SECRET] = { .id = "arcSpnSecret",
                             .name = "ArcSpnSecret",
                             .instead = N_("A secret is no answer for a file: name the service "
                                           "principal's application id as ArcSpnCredential; its "
                                           "secret is given apart."),
                             .flags = PARAM_SECRET },
    [PAR_COMPUTER] = { .id = "computerName",
                       .name = "ComputerName",
                       .option = "computer-name",
                       .arg = "NAME",
                       .brief = N_("refused: azloconf runs on a node itself"),
                       .instead = N_("ComputerName cannot be used here: the nodes are those of "
                                     "this machine's core. Start azloconf on a node of that "
                                     "cluster, for example through ssh.") },
    [PAR_CREDENTIAL] = { .id = "credential",
                         .name = "Credential",
                         .option = "credential",
                         .arg = "USER",
                         .brief = N_("refused: no remote session is opened"),
                         .instead = N_("Credential cannot be used here: no remote session is "
                                       "opened, so nobody asks for it. Start azloconf on a node "
                                       "as the user who may."),
                         .flags = PARAM_SECRET },
    [PAR_DEVICE_AUTH] = { .id = "useDeviceAuthentication",
                          .name = "UseDeviceAuthentication",
                          .instead = N_("UseDeviceAuthentication is not a question here: a device "
                                        "code is what azloconf uses if no other sign-in is asked "
                                        "for. Take it out."),
                          .kind = PARAM_FLAG },
    [PAR_IS_WAC] = { .id = "isWAC",
                     .name = "IsWAC",
                     .instead = N_("IsWAC is Windows Admin Center's own: --output json gives a "
                                   "program all there is."),
                     .kind = PARAM_FLAG },
    [PAR_ENABLE_ARC] = { .id = "enableAzureArcServer",
                         .name = "EnableAzureArcServer",
                         .instead = N_("EnableAzureArcServer was the first generation's: Arc is "
                                       "part of every registration since. Take it out."),
                         .kind = PARAM_FLAG },
    [PAR_CONFIRM] = { .id = "confirm",
                      .name = "Confirm",
                      .brief = N_("do not ask"),
                      .kind = PARAM_FLAG,
                      .flags = PARAM_KEY },
    [PAR_WHAT_IF] = { .id = "whatIf",
                      .name = "WhatIf",
                      .option = "what-if",
                      .brief = N_("show what would be done and every request; write nothing"),
                      .kind = PARAM_FLAG,
                      .flags = PARAM_KEY },
};
