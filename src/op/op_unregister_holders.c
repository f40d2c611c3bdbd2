/* What others run on this cluster: Arc VMs and what they need, custom locations, the resource
 * bridge, AKS. Found before the first deletion: they would lose what they live on.
 *
 * Sources: Microsoft.Resources 2021-04-01 (a list shows type, kind, extendedLocation);
 * Microsoft.ExtendedLocation 2021-08-15 customLocations (hostResourceId names the resource bridge).
 * Inferred: no public field ties a resource bridge to its cluster. Azure Local puts bridge and
 * custom location into the cluster's own group, so what stands in the cluster's or the machines'
 * group counts as this cluster's, unless its extendedLocation names a custom location elsewhere:
 * the safe side. A machine of kind HCI that is no node is an Arc VM. */
#include "config.h"

#include "op/op_unregister.h"

#include <string.h>
#include <strings.h>

#include "base/i18n.h"
#include "base/text.h"

#define API_CUSTOM_LOCATIONS "2021-08-15"
#define MAX_NAMES            3000 /* bytes of a fact's text */
#define HCI                  "Microsoft.AzureStackHCI/"
#define CUSTOM               "Microsoft.ExtendedLocation/customLocations"
#define BRIDGE               "Microsoft.ResourceConnector/appliances"
#define MACHINE              "Microsoft.HybridCompute/machines"

static const struct {
    const char *type, *what;
} kinds[] = {
    { HCI "virtualMachineInstances", N_("Arc VM") },
    { HCI "virtualMachines", N_("Arc VM") },
    { HCI "networkInterfaces", N_("network interface of Arc VMs") },
    { HCI "virtualHardDisks", N_("disk of Arc VMs") },
    { HCI "logicalNetworks", N_("logical network") },
    { HCI "virtualNetworks", N_("logical network") },
    { HCI "networkSecurityGroups", N_("network security group") },
    { HCI "storageContainers", N_("storage path") },
    { HCI "galleryImages", N_("image for Arc VMs") },
    { HCI "marketplaceGalleryImages", N_("image for Arc VMs") },
    { CUSTOM, N_("custom location") },
    { BRIDGE, N_("resource bridge") },
    { "Microsoft.Kubernetes/connectedClusters", N_("Kubernetes cluster (AKS)") },
    { "Microsoft.HybridContainerService/provisionedClusters", N_("Kubernetes cluster (AKS)") },
    { "Microsoft.HybridContainerService/provisionedClusterInstances",
      N_("Kubernetes cluster (AKS)") },
};

static const char *text(const struct json *r, const char *name)
{
    const char *s = json_str(r, name);

    return s ? s : "";
}

static const char *what_of(const struct json *r)
{
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (str_ieq(text(r, "type"), kinds[i].type))
            return _(kinds[i].what);
    return NULL;
}

/* In the cluster's or the machines' group? */
static bool at_home(const struct op_view *v, const char *id)
{
    static const char *const groups[] = { "group", "arcGroup" };
    struct str s = STR_INIT;
    bool in = false;

    for (size_t i = 0; i < ARRAY_LEN(groups) && !in; i++) {
        str_reset(&s);
        arm_path(&s, "/subscriptions/%s/resourceGroups/%s/", op_input(v, "subscriptionId"),
                 op_fact(v, groups[i]));
        in = *op_fact(v, groups[i]) && strncasecmp(id, str_p(&s), s.len) == 0;
    }
    str_free(&s);
    return in;
}

/* "one|two|": no name of a resource has that character. */
static bool listed(const char *lines, const char *id)
{
    size_t n = strlen(id);

    for (const char *p = lines; *p; p += strcspn(p, "|"), p += *p == '|')
        if (strcspn(p, "|") == n && strncasecmp(p, id, n) == 0)
            return true;
    return false;
}

static void add_line(struct op_view *v, const char *fact, const char *line)
{
    struct str s = STR_INIT;

    if (listed(op_fact(v, fact), line) || strlen(op_fact(v, fact)) > MAX_NAMES)
        return;
    str_addf(&s, "%s%s|", op_fact(v, fact), line);
    op_set_fact(v, fact, str_p(&s));
    str_free(&s);
}

static bool lives_here(const struct op_view *v, const struct json *r)
{
    const char *place = text(r, "extendedLocation.name");

    return *place ? at_home(v, place) || listed(op_fact(v, "customs"), place)
                  : at_home(v, text(r, "id"));
}

static void add_holder(struct op_view *v, const char *fact, const char *what, const struct json *r)
{
    struct str s = STR_INIT;

    str_addf(&s, "%s %s", what, text(r, "name"));
    if (!at_home(v, text(r, "id")))
        str_addf(&s, " (%s)", text(r, "id"));
    add_line(v, fact, str_p(&s));
    str_free(&s);
}

static bool is_node(const struct op_view *v, const char *name)
{
    for (size_t i = 0; i < op_node_count(v); i++)
        if (str_ieq(op_node_at(v, i), name) ||
            str_ieq(op_node_fact(v, op_node_at(v, i), "agent.name"), name))
            return true;
    return false;
}

void unr_keep_holder(struct op_view *v, const char *which, const struct json *r)
{
    const char *what = what_of(r);
    char fact[48];

    str_fmt(fact, sizeof fact, "%s.holders", which);
    if (what && lives_here(v, r))
        add_holder(v, fact, what, r);
    if (str_ieq(text(r, "type"), CUSTOM))
        add_line(v, "customs", text(r, "id"));
    if (str_ieq(text(r, "type"), BRIDGE))
        add_line(v, "bridges", text(r, "id"));
    str_fmt(fact, sizeof fact, "%s.vms", which);
    if (str_ieq(text(r, "type"), MACHINE) && str_ieq(text(r, "kind"), "HCI") &&
        !is_node(v, text(r, "name")))
        add_line(v, fact, text(r, "name"));
}

/* ---- further away: only where a bridge or a custom location is at home ---- */

bool unr_bridged(const struct op_view *v)
{
    return *op_fact(v, "bridges");
}

UNR_ASK(custom)
{
    reg_arm(need, "GET", API_CUSTOM_LOCATIONS, ARM_PAGES);
    arm_path(&need->path, "/subscriptions/%s/providers/Microsoft.ExtendedLocation/customLocations",
             op_input(v, "subscriptionId"));
}

/* Nobody's obstacle: what is at home is refused anyhow, this only names more. */
static enum op_verdict unseen(struct op_view *v)
{
    op_note(v, "%s", _("Your account may not see what lives on it in other groups."));
    return OP_SKIP;
}

UNR_READ(custom)
{
    if (a->http == 403 || a->http == 409)
        return unseen(v);
    if (!reg_absent(a) && !reg_good(a))
        return reg_fail(a, e, 0, _("looking for custom locations"));
    JSON_EACH (r, json_member(reg_good(a) ? a->json : NULL, "value"))
        if (listed(op_fact(v, "bridges"), text(r, "properties.hostResourceId"))) {
            add_line(v, "customs", text(r, "id"));
            add_holder(v, "others.holders", _("custom location"), r);
        }
    return OP_DONE;
}

bool unr_has_customs(const struct op_view *v)
{
    return *op_fact(v, "customs");
}

UNR_ASK(custom_holds)
{
    reg_arm(need, "GET", API_RESOURCES, ARM_PAGES);
    arm_path(&need->path, "/subscriptions/%s/resources", op_input(v, "subscriptionId"));
}

UNR_READ(custom_holds)
{
    if (a->http == 403)
        return unseen(v);
    if (!reg_good(a))
        return reg_fail(a, e, 0, _("looking what lives on the custom locations"));
    JSON_EACH (r, json_member(a->json, "value"))
        if (what_of(r) && *text(r, "extendedLocation.name") && lives_here(v, r) &&
            !at_home(v, text(r, "id")))
            add_holder(v, "others.holders", what_of(r), r);
    return OP_DONE;
}

/* ---- judging ---- */

static void add_lines(struct str *s, const char *lines, const char *before)
{
    for (const char *p = lines; *p; p += strcspn(p, "|"), p += *p == '|')
        str_addf(s, "%s%s%.*s", s->len ? ", " : "", before, (int)strcspn(p, "|"), p);
}

/* A machine of this kind with a parent is a node of some cluster. */
static void add_vms(const struct op_view *v, struct str *s, const char *lines)
{
    char name[96];

    if (*op_fact(v, "machines.hidden"))
        return;
    for (const char *p = lines; *p; p += strcspn(p, "|"), p += *p == '|') {
        str_fmt(name, sizeof name, "%.*s", (int)strcspn(p, "|"), p);
        if (!unr_word(op_fact(v, "machines.held"), name))
            str_addf(s, "%s%s %s", s->len ? ", " : "", _("Arc VM"), name);
    }
}

int unr_holders(struct op_view *v, struct err *e)
{
    struct str all = STR_INIT;
    char brief[200];
    int bad = 0;

    add_lines(&all, op_fact(v, "group.holders"), "");
    add_vms(v, &all, op_fact(v, "group.vms"));
    add_lines(&all, op_fact(v, "arc-group.holders"), "");
    add_vms(v, &all, op_fact(v, "arc-group.vms"));
    add_lines(&all, op_fact(v, "others.holders"), "");
    op_set_fact(v, "holders", str_p(&all));
    if (!str_copy(brief, sizeof brief - 5, str_p(&all)))
        str_copy(brief + strlen(brief), 5, ", ..");
    if (all.len) {
        bad = err_set(e, ERR_OP, ERR_C_HOLDERS,
                      _("Others still live on this cluster: %s. Delete them first; nothing was "
                        "changed."),
                      brief);
        TEXT_SET(e->detail, str_p(&all));
    }
    str_free(&all);
    return bad;
}
