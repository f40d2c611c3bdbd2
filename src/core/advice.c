/* advice.c - searching the table, and the part of it that is about our own codes, this machine and
 * the network. */
#include "config.h"

#include "core/advice.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/i18n.h"
#include "base/str.h"

#define OURS(number, advice)                                                                       \
    {                                                                                              \
        .code = (number), .text = advice                                                           \
    }
#define SPACE N_("Make room on the file system of the state folder; azloconf goes on by itself.")

static const struct advice_row rows[] = {
    /* ours, whatever the domain */
    OURS(ERR_C_NOT_SIGNED_IN, N_("Sign in (menu item 2, or azloconf sign-in).")),
    OURS(ERR_C_NO_GRAPH,
         N_("Sign out, then sign in by a device code, a browser or as an application: each of them "
            "also reaches Microsoft Graph.")),
    OURS(ERR_C_NOT_ALLOWED,
         N_("Ask root to add you to group azloconf, or use the account that this belongs to.")),
    OURS(ERR_C_CONSENT,
         N_("Let an administrator open the address and consent, then resume the operation "
            "(azloconf operations resume). To consent takes the role Cloud Application "
            "Administrator, Privileged Role Administrator or Global Administrator.")),
    OURS(ERR_C_RIGHTS,
         N_("Ask an Owner of the subscription for a role with these actions, for example Owner, or "
            "Contributor with User Access Administrator. Microsoft's custom role \"Azure Stack HCI "
            "registration role\" lacks Microsoft.HybridCompute/machines/read and /write, which "
            "Arc by your account needs.")),
    OURS(ERR_C_ROLES,
         N_("Have an administrator assign these roles to the service principal on the machines' "
            "group, then start again. Your account itself then needs no right to assign roles for "
            "it.")),
    { .code = ERR_C_HOLDERS,
      .what = N_("Others live on the cluster that is to be unregistered."),
      .why = N_("Arc VMs, AKS clusters, custom locations and the resource bridge run on its nodes; "
                "without the cluster resource Azure cannot manage or delete them any more."),
      .text = N_("Delete in this order, or move away: VMs and AKS clusters, their disks, networks, "
                 "images and storage paths, then the custom location, then the resource bridge. "
                 "Then start again.") },
    { .code = ERR_C_LOCKED,
      .what = N_("Locks keep what is to be deleted."),
      .why = N_("Somebody protected it; no force of this program passes a lock over."),
      .text = N_("Ask who set the lock. An Owner or User Access Administrator of its scope may "
                 "delete it (az lock delete); then start again.") },
    { .code = ERR_C_DISAGREE,
      .what = N_("The nodes of this cluster have stored different registrations."),
      .why = N_("A node was moved here from another cluster, or its record is damaged."),
      .text = N_("Look at each node's status. Take the odd node out of the cluster, or repair its "
                 "registration, then start again.") },
    { .code = ERR_C_OTHER_CLOUD,
      .what = N_("What was asked for is not in the Azure cloud that this core works with."),
      .why = N_("In another cloud nothing of it would be found: the nodes would forget their "
                "registration, and Azure would keep it."),
      .text = N_("Look whether the subscription id is right. If it is of another cloud, start the "
                 "core for that one (azloconfd --cloud NAME) and sign in there.") },
    { .code = ERR_C_OTHER_RESOURCE,
      .what = N_("The cluster resource of that name is not the one that the nodes have stored."),
      .why = N_("It was deleted and made again, or it is another cluster's."),
      .text = N_("Look in the portal whose it is. If it is this cluster's, repair the registration "
                 "first (azloconf repair); if it is another's, leave it and ask its "
                 "owner.") },
    OURS(ERR_C_BUSY,
         N_("Wait until the other operation ends, or look at it: azloconf operations.")),
    OURS(ERR_C_NO_CLUSTER, N_("Create a cluster first: azloconf cluster create NAME.")),
    OURS(ERR_C_DATAPLANE,
         N_("Use azloconf --sandbox to rehearse, or register from Azure Local nodes.")),
    OURS(ERR_C_PROTOCOL,
         N_("Console and core are of different versions: end the older one and start again.")),
    OURS(ERR_C_EXPIRED, N_("Ask for a new code and type it within its time.")),
    OURS(ERR_C_ANSWER_LOST, N_("Sign in again: you get a new code.")),
    OURS(ERR_C_DECLINED,
         N_("Ask for a new code, and choose Continue on the page that asks who signs in.")),
    OURS(ERR_C_SUBSCRIPTION,
         N_("Choose a subscription that is Enabled, or have its owner enable this one.")),
    OURS(ERR_C_TENANT,
         N_("Name the tenant that the subscription belongs to (--tenant-id), or another "
            "subscription (--subscription-id). Where nothing is named the stored values count.")),
    OURS(ERR_C_ARC_NEEDS_REGISTRATION,
         N_("Register the cluster; that enables Azure Arc, too: azloconf register.")),
    OURS(ERR_C_ARC_NOT_THERE,
         N_("Nothing needs to be done: such a cluster is registered without Azure Arc. Newer "
            "Windows builds bring it.")),
    OURS(ERR_C_DELETING,
         N_("Wait until Azure has deleted it (its resource group is then not listed any more), or "
            "name another resource group; then start again.")),
    OURS(ERR_C_NO_MOVE,
         N_("Name what is to be different: --region, --resource-name, --resource-group-name, "
            "--arc-server-resource-group-name or --subscription-id. What is broken where it is, "
            "\"azloconf repair\" mends.")),
    OURS(ERR_C_MOVE_LOCKED,
         N_("Take the lock away (portal: Locks of that subscription or resource group), or name "
            "another resource group.")),
    OURS(ERR_C_MOVE_TAKEN,
         N_("Choose another name or resource group, or delete that cluster resource first if "
            "nobody needs it.")),
    OURS(ERR_C_CONFIRM,
         N_("Look at what would be done (--what-if, or the review on the screen), then type the "
            "name that it asks for.")),
    OURS(ERR_C_UNREGISTERED, N_("Register the cluster first: azloconf register.")),
    OURS(ERR_C_CENSUS,
         N_("Start the missing node and wait until it is up in the cluster and has synced by "
            "itself (azloconf status shows it), or wait the hours that are left. Take a node that "
            "will not come back out of the cluster first.")),
    { .domain = ERR_OP,
      .code = ERR_C_LEFTOVERS,
      .what = N_("Not all that was chosen was deleted."),
      .why = N_("Something proved to be in use when it was looked at once more, or Azure refused "
                "to delete it: the message names each with its reason."),
      .text = N_("Look at the list anew (azloconf cleanup), take away what refuses (a lock, a "
                 "missing right), then resume, or leave what is in use.") },
    { .domain = ERR_OP,
      .code = ERR_C_REGISTERED_HERE,
      .what = N_("What was chosen belongs to the cluster that is registered here."),
      .why = N_("Deleting it would take this cluster from Azure without its nodes knowing."),
      .text = N_("Leave it, or unregister this cluster: azloconf unregister.") },
    { .domain = ERR_OP,
      .code = ERR_C_NO_LEFTOVER,
      .what = N_("What was chosen is not proven to be a leftover."),
      .why =
          N_("It is in use, was in use within the last 30 days, is locked, cannot be seen whole, "
             "or is gone."),
      .text = N_("Look at the list anew (azloconf cleanup) and choose from it.") },
    OURS(ERR_C_RESET_VERSION,
         N_("Update the machine to Azure Local 2508 or later, or install its operating system "
            "again: before that version there is no other way back.")),
    OURS(ERR_C_RESET_POWERSHELL,
         N_("Install PowerShell 7 on the machine (winget install Microsoft.PowerShell), then start "
            "again.")),
    OURS(ERR_C_RESET_MODULE,
         N_("On the machine: Install-Module -Name AzStackHCI -AllowClobber -Force. Then start "
            "again.")),
    OURS(ERR_C_RESET_ADMIN,
         N_("Start again from a session of a local administrator of the machine.")),
    OURS(ERR_C_RESET_REGISTERED,
         N_("Unregister the cluster first (azloconf unregister): that frees its machines in Azure. "
            "Then reset the machine.")),
    OURS(ERR_C_RESET_CLUSTER,
         N_("Unregister that cluster, or delete its Arc settings in Azure if it is no longer in "
            "use. Then reset the machine.")),
    OURS(ERR_C_RESET_PHASE,
         N_("Mend what the sentence names, then resume (azloconf operations resume): what is done "
            "already stays done, and the phases after it have not begun.")),
    OURS(ERR_C_RESET_LOCK,
         N_("Have somebody with the right to do so take the lock away, then start again.")),
    { .code = ERR_C_IS_OVER,
      .what = N_("An operation that has come to its end is not undone."),
      .why = N_("It is done, or what it had made was taken back already."),
      .text =
          N_("Look at it: azloconf operations. Where a command takes back what is done, the error "
             "names it.") },
    { .code = ERR_C_BUILT_ON,
      .what = N_("An operation was not undone: a later one stands on what it made."),
      .why = N_("Taking it back would take away what the later one uses."),
      .text = N_("Undo the later one first (azloconf operations undo), or, if that one is done, "
                 "take the registration back with azloconf unregister.") },
    { .code = ERR_C_NO_WAY_BACK,
      .what = N_("Nothing of an operation can be taken back."),
      .why = N_("What it has done so far has no way back, as deletions and syncs have none."),
      .text = N_("Go on with it: azloconf operations resume.") },
    { .code = ERR_C_OTHER_TENANT,
      .what = N_("You are signed in to another tenant than the operation's."),
      .why = N_("What it made lies in its own tenant."),
      .text = N_("Sign out (azloconf sign-out), then sign in to that tenant: azloconf sign-in "
                 "--tenant-id.") },
    OURS(ERR_C_DEADLINE, N_("Resume: what was made stays and is found again.")),
    OURS(ERR_C_ELSEWHERE,
         N_("Name the group where it is, or disconnect the agent there first (azcmagent "
            "disconnect) and resume.")),
    { .domain = ERR_STORE,
      .code = ERR_C_CORRUPT,
      .text = N_(
          "Move the named file away and keep it for support; azloconf then starts without it.") },

    /* this machine */
    { .domain = ERR_SYSTEM, .code = ENOSPC, .text = SPACE },
    { .domain = ERR_SYSTEM, .code = EDQUOT, .text = SPACE },
    { .domain = ERR_STORE, .code = ENOSPC, .text = SPACE },
    { .domain = ERR_SYSTEM,
      .code = EROFS,
      .text = N_("Make the state folder writable, or choose another one with --state-dir.") },
    { .domain = ERR_STORE,
      .code = EROFS,
      .text = N_("Make the state folder writable, or choose another one with --state-dir.") },
    { .domain = ERR_SYSTEM,
      .code = EACCES,
      .text = N_("Give this user access to the named file or folder.") },
    { .domain = ERR_SYSTEM,
      .code = EADDRINUSE,
      .text = N_("Another program listens there: end it, or choose another path.") },

    /* the network; CURLcode numbers */
    { .domain = ERR_NET, .code = 5, .text = N_("Check the name of the proxy.") },
    { .domain = ERR_NET, .code = 6, .text = N_("Check DNS and the host name.") },
    { .domain = ERR_NET,
      .code = 7,
      .text = N_("Check that the host can be reached: cable, route, firewall, proxy.") },
    { .domain = ERR_NET,
      .code = 28,
      .text = N_("Check that the host can be reached: firewall, proxy; then try again.") },
    { .domain = ERR_NET,
      .code = 35,
      .text = N_("Check whether a proxy or firewall breaks TLS open.") },
    { .domain = ERR_NET,
      .code = 60,
      .text =
          N_("The server's certificate is not trusted: if your proxy signs anew, name its CA with "
             "--ca-file; otherwise do not go on.") },
    { .domain = ERR_NET, .code = 77, .text = N_("The CA file cannot be read: check --ca-file.") },
    { .domain = ERR_NET, .text = N_("Check the network and the proxy, then try again.") },
};
const struct advice_part advice_ours = { rows, ARRAY_LEN(rows) };

const struct advice_part *const advice_parts[] = {
    &advice_entra, &advice_graph, &advice_azure, &advice_module,
    &advice_agent, &advice_ours,  &advice_words, NULL,
};

/* ---- what fits ---- */

/* '*' is any text; without case. */
static bool glob(const char *pattern, const char *text)
{
    const char *star = NULL, *from = text;

    while (*text) {
        if (*pattern == '*') {
            star = ++pattern;
            from = text;
        } else if (tolower((unsigned char)*pattern) == tolower((unsigned char)*text)) {
            pattern++;
            text++;
        } else if (star) {
            pattern = star;
            text = ++from;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return !*pattern;
}

static bool key_fits(const char *key, const struct err *e)
{
    int64_t number = 0;

    if (str_to_int(key, &number))
        return number && number == e->code;
    return e->remote_code[0] && glob(key, e->remote_code);
}

static bool keys_fit(const char *keys, const struct err *e)
{
    char key[sizeof(((struct err *)0)->remote_code)];

    for (size_t n; *keys; keys += n, keys += strspn(keys, " ")) {
        n = strcspn(keys, " ");
        str_copy(key, n + 1 < sizeof(key) ? n + 1 : sizeof(key), keys);
        if (key_fits(key, e))
            return true;
    }
    return false;
}

/* Our codes have the same numbers as some errno and CURLcode values. */
static bool domain_fits(const struct advice_row *r, const struct err *e)
{
    if (r->domain)
        return r->domain == e->domain;
    return r->code && e->domain != ERR_SYSTEM && e->domain != ERR_NET;
}

static bool fits(const struct advice_row *r, const struct err *e)
{
    return domain_fits(r, e) && (!r->code || r->code == e->code) &&
           (!r->keys || keys_fit(r->keys, e)) && (!r->http || r->http == e->http) &&
           (!r->words || glob(r->words, e->message));
}

const struct advice_row *advice_row(const struct err *e)
{
    if (!err_is(e))
        return NULL;
    for (const struct advice_part *const *p = advice_parts; *p; p++)
        for (unsigned i = 0; i < (*p)->n; i++)
            if (fits(&(*p)->rows[i], e))
                return &(*p)->rows[i];
    return NULL;
}

const char *advice_find(const struct err *e)
{
    const struct advice_row *r = advice_row(e);

    return r ? _(r->text) : NULL;
}

void advice_fill(struct err *e)
{
    const struct advice_row *r = e->advice[0] ? NULL : advice_row(e);

    if (!r)
        return;
    STR_SET(e->advice, _(r->text));
    if (r->why && !e->why[0])
        STR_SET(e->why, _(r->why));
}

/* ---- explanations ---- */

/* The row of a code; one that fits by its status alone, or by a pattern for all, says nothing of
 * it. */
static const struct advice_row *of_code(enum err_domain domain, int64_t code, const char *remote)
{
    struct err e = { .domain = domain, .code = (int)code };
    const struct advice_row *r;

    STR_SET(e.remote_code, remote);
    r = advice_row(&e);
    return r && r->what ? r : NULL;
}

static const struct advice_row *of_number(const char *text)
{
    int64_t n = 0;

    if (!str_to_int(text, &n) || n <= 0 || n > 99999999)
        return NULL;
    return of_code(n < 10000 ? ERR_OP : ERR_AUTH, n, "");
}

static const struct advice_row *of_word(const char *word)
{
    const struct advice_row *r = of_number(word);

    if (!r && str_istarts(word, "AADSTS"))
        r = of_number(word + strlen("AADSTS"));
    if (!r && str_istarts(word, "AZCM"))
        r = of_code(ERR_NODE, 0, word);
    if (!r && strlen(word) > 5)
        r = of_code(ERR_ARM, 0, word);
    return r ? r : of_code(ERR_AUTH, 0, word);
}

static const struct advice_row *of_words(const char *text)
{
    const struct advice_row *found = NULL;

    for (unsigned i = 0; i < advice_words.n && !found; i++)
        if (glob(advice_words.rows[i].words, text))
            found = &advice_words.rows[i];
    return found;
}

static bool in_code(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* A number in a sentence is seldom a code: only named codes count there, and numbers behind one of
 * these words. */
static bool announces(const char *word)
{
    static const char *const words[] = { "code",  "error",    "errorcode", "WacErrorCode",
                                         "event", "Ereignis", "Fehler",    "id" };

    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (str_ieq(word, words[i]))
            return true;
    return false;
}

static const struct advice_row *of_code_in(const char *text)
{
    const struct advice_row *r = NULL;
    char word[96] = "", last[96] = "";

    while (*text && !r) {
        size_t n = 0;

        while (in_code(text[n]))
            n++;
        if (n && n < sizeof(word)) {
            STR_SET(last, word);
            str_copy(word, n + 1, text);
            r = isdigit((unsigned char)word[0]) && !announces(last) ? NULL : of_word(word);
        }
        text += n ? n : 1;
    }
    return r;
}

const struct advice_row *advice_explain(const char *text)
{
    char one[96];
    struct str line = STR_INIT;
    const struct advice_row *r = NULL;

    for (const char *p = text; *p; p++) /* a window broke the words where it liked */
        if (!isspace((unsigned char)*p))
            str_addn(&line, p, 1);
        else if (line.len && line.p[line.len - 1] != ' ')
            str_addn(&line, " ", 1);
    if (STR_SET(one, str_p(&line)))
        r = of_word(str_trim(one));
    if (!r)
        r = of_words(str_p(&line));
    if (!r)
        r = of_code_in(str_p(&line));
    str_free(&line);
    return r;
}
