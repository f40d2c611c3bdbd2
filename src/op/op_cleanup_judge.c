/* What one object of Azure's says of itself: a leftover, or not. Pure. */
#include "config.h"

#include "op/op_cleanup.h"

#include <string.h>
#include <strings.h>

#include "azure/hci.h"
#include "base/i18n.h"

#define DAY_MS      (24 * 3600 * 1000LL)
#define HCI_SERVICE "1322e676-dee7-41ee-a874-ac923822781c" /* register-flow.md 1.2 */
#define ARC_TAIL    ".arc"

static const char *text(const struct json *j, const char *path)
{
    const char *s = json_str(j, path);

    return s ? s : "";
}

static bool among(const char *word, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (str_ieq(word, words[i]))
            return true;
    return false;
}

static bool says(struct cl_word *out, bool left, const char *why)
{
    out->left = left;
    STR_SET(out->why, why);
    return left;
}

/* words: what happened on that day. How long ago it was. */
static int64_t aged(struct cl_word *out, const char *words, int64_t at, int64_t now)
{
    char day[TIME_SIZE];

    time_iso(day, at);
    day[10] = '\0';
    str_fmt(out->age, sizeof out->age, _("%s %s (%lld d)"), words, day,
            (long long)((now - at) / DAY_MS));
    return now - at;
}

static bool recent(int64_t age)
{
    return age < CL_DAYS * DAY_MS;
}

/* ---- cluster resources ---- */

static const char *const never_words[] = { "NotYetRegistered" };
static const char *const away_words[] = { "NotConnectedRecently", "Disconnected" };

/* Azure's two words for it, of which older versions have one. */
static bool called(const struct json *cluster, const char *const *words, size_t n)
{
    const char *more = text(cluster, "properties.connectivityStatus");

    return among(text(cluster, "properties.status"), words, n) && (!*more || among(more, words, n));
}

static void other_word(const struct json *cluster, struct cl_word *out)
{
    const char *status = text(cluster, "properties.status");

    out->left = false;
    str_fmt(out->why, sizeof out->why, _("Azure calls it %s: that does not say that it is gone"),
            *status ? status : "--");
}

static void never_synced(const struct json *cluster, int64_t now, struct cl_word *out)
{
    int64_t made, changed;

    if (!time_parse(text(cluster, "systemData.createdAt"), &made)) {
        says(out, false, _("Azure does not say when it was made"));
        return;
    }
    if (time_parse(text(cluster, "systemData.lastModifiedAt"), &changed) && changed > made)
        made = changed;
    if (recent(aged(out, _("never synced, made or changed"), made, now)))
        says(out, false, _("it was made or changed within the last 30 days"));
    else if (!called(cluster, never_words, ARRAY_LEN(never_words)))
        other_word(cluster, out);
    else
        says(out, true, _("it has never synced"));
}

void cl_cluster(const struct json *cluster, int64_t now, struct cl_word *out)
{
    const char *synced = text(cluster, "properties.lastSyncTimestamp");
    int64_t at;

    memset(out, 0, sizeof *out);
    if (hci_state_running(json_str(cluster, "properties.provisioningState"))) {
        str_fmt(out->why, sizeof out->why, _("Azure is at work on it (%s)"),
                text(cluster, "properties.provisioningState"));
        return;
    }
    if (!*synced) {
        never_synced(cluster, now, out);
        return;
    }
    if (!time_parse(synced, &at))
        says(out, false, _("Azure does not say readably when it last synced"));
    else if (recent(aged(out, _("last synced"), at, now)))
        says(out, false,
             _("it synced within the last 30 days: a cluster may be without Azure so "
               "long"));
    else if (!called(cluster, away_words, ARRAY_LEN(away_words)))
        other_word(cluster, out);
    else
        says(out, true, _("it has not synced for more than 30 days"));
}

bool cl_cluster_uses(const struct json *clusters, const char *app_id, const char *name)
{
    JSON_EACH (c, clusters)
        if (str_ieq(text(c, "name"), name) ||
            (*app_id && str_ieq(text(c, "properties.aadClientId"), app_id)))
            return true;
    return false;
}

/* ---- machines ---- */

void cl_machine(const struct json *machine, int64_t now, struct cl_word *out)
{
    const char *status = text(machine, "properties.status");
    const char *change = text(machine, "properties.lastStatusChange");
    bool dated;
    int64_t at;

    memset(out, 0, sizeof *out);
    dated = time_parse(change, &at);
    if (dated)
        aged(out, _("its status changed last"), at, now);
    if (str_ieq(status, "Connected"))
        says(out, false, _("it is connected"));
    else if (str_ieq(status, "Expired"))
        says(out, true, _("Azure calls it Expired: it has been away for 45 days or more"));
    else if (!str_ieq(status, "Disconnected") || !dated)
        str_fmt(out->why, sizeof out->why, _("its state is not known (%s)"),
                *status ? status : "--");
    else if (recent(now - at))
        says(out, false, _("it was connected within the last 30 days"));
    else
        says(out, true, _("it has been disconnected for more than 30 days"));
}

bool cl_machines_silent(const struct json *list, const char *cluster, int64_t now,
                        struct cl_word *out)
{
    JSON_EACH (m, list) {
        struct cl_word one;

        if (!arm_id_equal(text(m, "properties.parentClusterResourceId"), cluster))
            continue;
        cl_machine(m, now, &one);
        if (one.left)
            continue;
        out->left = false;
        str_fmt(out->why, sizeof out->why, _("its machine %s speaks for it: %.200s"),
                text(m, "name"), one.why);
        return false;
    }
    return true;
}

/* ---- applications ---- */

void cl_base_name(char *out, size_t size, const char *display)
{
    size_t n = strlen(display), tail = strlen(ARC_TAIL);

    if (n > tail && strcasecmp(display + n - tail, ARC_TAIL) == 0)
        n -= tail;
    str_fmt(out, size, "%.*s", (int)n, display);
}

/* Registration asks for the service's permissions for `<cluster>`; `<cluster>.arc` asks for none
 * (register-flow.md 2.12). */
static bool of_registration(const struct json *app)
{
    const char *name = text(app, "displayName");

    if (str_ends(name, ARC_TAIL))
        return true;
    JSON_EACH (r, json_member(app, "requiredResourceAccess"))
        if (str_ieq(text(r, "resourceAppId"), HCI_SERVICE))
            return true;
    return false;
}

static bool still_good(const struct json *app, int64_t now)
{
    static const char *const lists[] = { "keyCredentials", "passwordCredentials" };

    for (size_t i = 0; i < ARRAY_LEN(lists); i++)
        JSON_EACH (k, json_member(app, lists[i])) {
            int64_t end;

            if (!time_parse(text(k, "endDateTime"), &end) || end > now)
                return true;
        }
    return false;
}

void cl_application(const struct json *app, bool whole, int64_t now, struct cl_word *out)
{
    char base[128];
    int64_t made;

    memset(out, 0, sizeof *out);
    cl_base_name(base, sizeof base, text(app, "displayName"));
    if (!time_parse(text(app, "createdDateTime"), &made))
        says(out, false, _("Microsoft Entra does not say when it was made"));
    else if (recent(aged(out, _("made"), made, now)))
        says(out, false, _("it was made within the last 30 days"));
    else if (!of_registration(app))
        says(out, false,
             _("it asks for no permission of the Azure Stack HCI service: registration did not "
               "make it"));
    else if (!whole && still_good(app, now))
        says(out, false,
             _("a credential of it is still good: a cluster in a subscription that was not looked "
               "at may use it"));
    else {
        out->left = true;
        str_fmt(out->why, sizeof out->why,
                _("it is named after the cluster %s, of which there is nothing left"), base);
    }
}

/* ---- groups and roles ---- */

bool cl_tagged(const struct json *group)
{
    return str_ieq(json_value_str(json_imember(json_member(group, "tags"), "CreatedBy")),
                   HCI_CREATED_BY);
}

void cl_group(const struct json *group, struct cl_word *out)
{
    memset(out, 0, sizeof *out);
    STR_SET(out->age, _("Azure does not say when it was made"));
    if (!cl_tagged(group))
        says(out, false, _("registration did not make it"));
    else if (!*text(group, "properties.provisioningState"))
        says(out, false, _("Azure does not say in what state it is"));
    else if (!str_ieq(text(group, "properties.provisioningState"), "Succeeded"))
        str_fmt(out->why, sizeof out->why, _("Azure is at work on it (%s)"),
                text(group, "properties.provisioningState"));
    else
        says(out, true, _("registration made it, and it is empty"));
}

bool cl_role_is(const struct json *assignment)
{
    const char *scope = text(assignment, "properties.scope");
    const char *group = str_ifind(scope, "/resourceGroups/");

    return str_ends(text(assignment, "properties.roleDefinitionId"), HCI_ROLE_RESOURCE_MANAGER) &&
           group && !strchr(group + strlen("/resourceGroups/"), '/');
}

void cl_role(const struct json *assignment, int64_t now, struct cl_word *out)
{
    int64_t made;

    memset(out, 0, sizeof *out);
    if (!time_parse(text(assignment, "properties.createdOn"), &made))
        says(out, false, _("Azure does not say when it was made"));
    else if (recent(aged(out, _("made"), made, now)))
        says(out, false, _("it was made within the last 30 days"));
    else
        says(out, true,
             _("the service holds it on a group in which no machine belongs to a "
               "cluster"));
}

/* ---- ids ---- */

bool cl_within(const char *id, const char *scope)
{
    size_t n = strlen(scope);

    return n && strncasecmp(id, scope, n) == 0 && (!id[n] || id[n] == '/');
}

void cl_group_of(struct str *out, const char *id)
{
    const char *mark = str_ifind(id, "/resourceGroups/");
    size_t before = mark ? (size_t)(mark - id) + strlen("/resourceGroups/") : 0;

    if (mark)
        str_addn(out, id, before + strcspn(id + before, "/"));
}
