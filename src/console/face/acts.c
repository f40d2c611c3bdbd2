#include "config.h"

#include "console/face/acts.h"

#include <string.h>

#include "base/i18n.h"
#include "base/str.h"
#include "base/text.h"
#include "console/face/act_fields.h"
#include "console/face/fields.h"
#include "console/face/words.h"

static const char *part(const struct json *row, const char *name)
{
    const char *s = json_str(row, name);

    return s ? s : "";
}

/* ---- rows ---- */

const struct act *act_find(const char *id)
{
    for (size_t i = 0; i < act_count; i++)
        if (str_eq(acts[i].id, id))
            return &acts[i];
    return NULL;
}

const struct act *act_of_command(const char *name, const char *word)
{
    char id[64];

    str_fmt(id, sizeof id, "%s%s%s", name, word ? "-" : "", word ? word : "");
    return act_find(id);
}

static const struct act_option *option_of(const struct act *a, const char *arg)
{
    for (size_t i = 0; i < a->n_options; i++)
        if (str_eq(a->options[i].arg, arg))
            return &a->options[i];
    return NULL;
}

const struct act *act_of_run(const struct sec_run *r)
{
    return r->plan[0] ? act_find(r->whole[0] ? r->whole : r->plan) : NULL;
}

int act_item_of_run(const struct sec_run *r)
{
    const struct act *a = act_of_run(r);

    return a ? a->item : 1;
}

void act_intent(char *out, size_t size, const struct act *a, bool check)
{
    str_fmt(out, size, "%s%s", a->id, check ? "-check" : "");
}

bool act_is_idle(const struct json *review)
{
    return !json_len(json_get(review, "will")) && !json_member(review, "error");
}

struct json *act_args(const struct act *a, const struct form *f, const struct json *ticked)
{
    struct json *args = json_object();
    char region[64];

    for (int i = 0; i < f->n; i++) {
        const struct act_option *o = option_of(a, form_id(&f->fields[i]));
        const char *id = f->values[i].id;

        if (!o || !*id || form_off(f, i))
            continue;
        if (str_eq(o->arg, "region")) {
            str_region(region, sizeof region, id);
            id = region;
        }
        if (o->kind == ACT_TEXT)
            json_set_str(args, o->arg, id);
        else if (o->kind == ACT_FLAG && str_eq(id, "yes"))
            json_set_bool(args, o->arg, true);
    }
    if (ticked)
        json_set(args, "items", json_copy(ticked));
    return args;
}

/* ---- the words ---- */

size_t act_words(const struct json *review)
{
    size_t each = json_len(json_get(review, "confirm.each"));
    const char *word = json_str(review, "confirm.word");

    return each ? each : word && *word;
}

const char *act_word(const struct json *review, size_t at, const char **ask)
{
    const struct json *one = json_first(json_get(review, "confirm.each"));
    const char *word, *question;

    if (!one)
        one = at ? NULL : json_member(review, "confirm");
    for (size_t i = 0; one && i < at; i++)
        one = json_next(one);
    word = one ? json_str(one, "word") : NULL;
    question = one ? json_str(one, "ask") : NULL;
    if (ask)
        *ask = question ? question : "";
    return word ? word : "";
}

bool act_word_fits(const struct json *review, size_t at, const char *typed)
{
    const char *word = act_word(review, at, NULL);

    return !*word || str_ieq(word, typed);
}

void act_confirm(struct json *args, const struct json *review, const struct json *typed,
                 const char *last)
{
    struct json *list;

    if (act_words(review) == 1) {
        json_set_str(args, "confirm", last);
    } else if (act_words(review)) {
        list = typed ? json_copy(typed) : json_array();
        json_push(list, json_string(last));
        json_set(args, "confirm", list);
    }
}

const char *act_principal(const struct json *review)
{
    static const char *const names[] = { "inputs.arcAppId", "inputs.then.inputs.arcAppId" };
    struct err why;

    if (!review_stop(review, &why) || why.code != ERR_C_NEEDS_SECRET)
        return NULL;
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (json_str(review, names[i]))
            return json_str(review, names[i]);
    return NULL;
}

const char *act_kept(const struct json *item)
{
    return json_str(item, "kept");
}

void act_name_item(struct str *out, const struct json *item)
{
    const char *place = part(item, "place");

    str_addf(out, "%s%s%s%s", part(item, "name"), *place ? " (" : "", place, *place ? ")" : "");
}

void act_say_item(struct str *out, const struct json *item)
{
    const char *age = part(item, "age"), *why = act_kept(item) ? act_kept(item) : part(item, "why");

    str_addf(out, "%s ", part(item, "what"));
    act_name_item(out, item);
    str_addf(out, "%s%s%s%s", *age ? ", " : "", age, *why ? ": " : "", why);
}

/* ---- the review ---- */

struct sink {
    review_line_fn *fn;
    void *payload;
};

static void line(const struct sink *s, enum review_kind kind, const char *text)
{
    s->fn(s->payload, kind, text);
}

static bool alike(const struct json *a, const struct json *b)
{
    return str_eq(part(a, "how"), part(b, "how")) && str_eq(part(a, "what"), part(b, "what")) &&
           str_eq(part(a, "why"), part(b, "why"));
}

static bool told_before(const struct json *will, const struct json *row)
{
    JSON_EACH (w, will) {
        if (w == row)
            return false;
        if (alike(w, row))
            return true;
    }
    return false;
}

/* "Arc-connected machine node1, node2: registration did not connect it" */
static void say_alike(const struct sink *s, enum review_kind kind, const struct json *row)
{
    struct str raw = STR_INIT;
    char text[4000];
    bool more = false;

    str_add(&raw, part(row, "what"));
    for (const struct json *w = row; w; w = json_next(w))
        if (alike(w, row) && *part(w, "name")) {
            str_addf(&raw, "%s%s", more ? ", " : " ", part(w, "name"));
            more = true;
        }
    if (*part(row, "why"))
        str_addf(&raw, ": %s", part(row, "why"));
    text_set(text, sizeof text, str_p(&raw));
    line(s, kind, text);
    str_free(&raw);
}

static const struct {
    const char *how, *title;
    enum review_kind kind;
} hows[] = {
    { "delete", N_("This goes:"), REVIEW_ACT },
    { "change", N_("This is changed:"), REVIEW_ACT },
    { "renew", N_("This is renewed:"), REVIEW_ACT },
    { "make", N_("This is made:"), REVIEW_ACT },
    { "keep", N_("This stays:"), REVIEW_KEPT },
};

static void say_will(const struct sink *s, const struct json *will)
{
    for (size_t i = 0; i < ARRAY_LEN(hows); i++) {
        bool any = false;

        JSON_EACH (w, will) {
            if (!str_eq(part(w, "how"), hows[i].how) || told_before(will, w))
                continue;
            if (!any)
                line(s, REVIEW_TITLE, _(hows[i].title));
            any = true;
            say_alike(s, hows[i].kind, w);
        }
    }
}

static void say_sentences(const struct sink *s, const struct json *list, const char *title,
                          enum review_kind kind)
{
    char text[1200];

    if (json_len(list) && title)
        line(s, REVIEW_TITLE, title);
    JSON_EACH (w, list) {
        text_set(text, sizeof text, json_value_str(w));
        line(s, kind, text);
    }
}

static void say_stop(const struct sink *s, const struct json *review)
{
    char text[2000], *next, *p = text;
    struct err why;

    if (!review_stop(review, &why))
        return;
    line(s, REVIEW_STOP, _("Something stands in the way:"));
    words_error(text, sizeof text, &why);
    for (; p; p = next) {
        next = strchr(p, '\n');
        if (next)
            *next++ = '\0';
        if (*p)
            line(s, REVIEW_STOP, p);
    }
}

void act_review(const struct json *review, review_line_fn *fn, void *payload)
{
    const struct sink s = { fn, payload };
    const struct json *will = json_get(review, "will");

    say_stop(&s, review);
    say_sentences(&s, json_get(review, "warn"), NULL, REVIEW_WARN);
    say_will(&s, will);
    if (act_is_idle(review))
        line(&s, REVIEW_PROSE, _("There is nothing to do."));
    say_sentences(&s, json_get(review, "ends"), _("What ends with it:"), REVIEW_PROSE);
}

/* ---- the table ---- */

static bool not_registered(const struct model *m)
{
    const struct sec_cluster *c = model_section(m, SEC_CLUSTER);

    return !c->azure_resource_uri[0];
}

static bool always(const struct model *m)
{
    (void)m;
    return true;
}

static bool several_nodes(const struct model *m)
{
    const struct sec_nodes *nodes = model_section(m, SEC_NODES);

    return nodes->n > 1;
}

static const struct act_option unregister_options[] = {
    { "subscription-id", "subscriptionId", ACT_TEXT },
    { "tenant-id", "tenantId", ACT_TEXT },
    { "resource-name", "resourceName", ACT_TEXT },
    { "resource-group-name", "resourceGroupName", ACT_TEXT },
    { "force", "force", ACT_FLAG },
};

static const struct act_option arc_disable_options[] = {
    { "tenant-id", "tenantId", ACT_TEXT },
    { "resource-name", "resourceName", ACT_TEXT },
    { "force", "force", ACT_FLAG },
};
static const struct act_option arc_enable_options[] = {
    { "tenant-id", "tenantId", ACT_TEXT },
    { "resource-name", "resourceName", ACT_TEXT },
    { "arc-server-resource-group-name", "arcServerResourceGroupName", ACT_TEXT },
    { "arc-spn-app-id", "arcSpnAppId", ACT_TEXT },
};
static const struct act_option repair_options[] = {
    { "tenant-id", "tenantId", ACT_TEXT },
    { "recreate-resource", "recreate", ACT_FLAG },
};
static const struct act_option reset_options[] = {
    { "node", "node", ACT_TEXT },
    { "register", "register", ACT_FLAG },
    { "subscription-id", "subscriptionId", ACT_TEXT },
    { "tenant-id", "tenantId", ACT_TEXT },
    { "region", "region", ACT_TEXT },
    { "resource-name", "resourceName", ACT_TEXT },
    { "resource-group-name", "resourceGroupName", ACT_TEXT },
    { "arc-server-resource-group-name", "arcServerResourceGroupName", ACT_TEXT },
    { "logs-directory", "logsDirectory", ACT_TEXT },
};

static const struct act_option cleanup_options[] = {
    { "subscription-id", "subscriptionId", ACT_TEXT },
    { "tenant-id", "tenantId", ACT_TEXT },
    { "delete", "items", ACT_LIST },
};

static const struct act_option move_options[] = {
    { "old-resource-name", "confirm", ACT_TEXT },
    { "subscription-id", "subscriptionId", ACT_TEXT },
    { "tenant-id", "tenantId", ACT_TEXT },
    { "region", "region", ACT_TEXT },
    { "resource-name", "resourceName", ACT_TEXT },
    { "resource-group-name", "resourceGroupName", ACT_TEXT },
    { "arc-server-resource-group-name", "arcServerResourceGroupName", ACT_TEXT },
    { "tag", "tag", ACT_LIST },
    { "resource-group-tags", "resourceGroupTags", ACT_LIST },
    { "certificate-thumbprint", "certificateThumbprint", ACT_TEXT },
    { "arc-spn-app-id", "arcSpnAppId", ACT_TEXT },
    { "use-stable-agent-version", "useStableAgentVersion", ACT_FLAG },
    { "logs-directory", "logsDirectory", ACT_TEXT },
};

#define OPTIONS(a) .options = (a), .n_options = ARRAY_LEN(a)

const struct act acts[] = {
    { .id = "unregister",
      .item = 10,
      .title = N_("Unregister this cluster"),
      .help = N_("Takes the registration back, in Azure and on the nodes."),
      .button = N_("Unregister now"),
      .word_option = "resource-name",
      OPTIONS(unregister_options),
      .fields = act_named_fields,
      .n_fields = ACT_NAMED_FIELDS,
      .first = not_registered,
      .fill = act_named_fill,
      .lists = true },
    { .id = "arc-disable",
      .item = 10,
      .title = N_("Disable Azure Arc"),
      .help = N_("Takes Azure Arc away from the nodes; the cluster stays registered."),
      .button = N_("Disable Azure Arc now"),
      .word_option = "resource-name",
      OPTIONS(arc_disable_options) },
    { .id = "arc-enable",
      .item = 9,
      .title = N_("Enable Azure Arc"),
      .help = N_("Gives the nodes of a registered cluster Azure Arc again."),
      .button = N_("Enable Azure Arc now"),
      OPTIONS(arc_enable_options),
      .fields = act_arc_fields,
      .n_fields = ACT_ARC_FIELDS },
    { .id = "repair",
      .plan = "register",
      .item = 9,
      .title = N_("Repair the registration"),
      .help = N_("Renews the registration and makes what is missing of it."),
      .button = N_("Repair now"),
      OPTIONS(repair_options),
      .fields = act_repair_fields,
      .n_fields = ACT_REPAIR_FIELDS },
    { .id = "sync",
      .item = 9,
      .title = N_("Sync with Azure now"),
      .help = N_("Has every node do billing, licensing and census now."),
      .button = N_("Sync now") },
    { .id = "cleanup",
      .item = 9,
      .title = N_("Clean up"),
      .help = N_("Finds what clusters that were never unregistered left behind."),
      .button = N_("Delete now"),
      OPTIONS(cleanup_options) },
    { .id = "move",
      .item = 10,
      .title = N_("Move the registration"),
      .help = N_("Unregisters the cluster and registers it with new values, as one operation."),
      .button = N_("Move now"),
      .word_option = "old-resource-name",
      .registers = true,
      OPTIONS(move_options),
      .fields = where_fields,
      .n_fields = WHERE_MOVE_FIELDS,
      .first = always,
      .fill = act_move_fill,
      .lists = true },
    { .id = "reset",
      .item = 10,
      .title = N_("Reset a machine"),
      .help = N_("Takes a machine, or all, out of Azure Arc, so that it can be registered as new."),
      .button = N_("Reset now"),
      .word_option = "node",
      .until = "reset",
      .no_cluster = true,
      OPTIONS(reset_options),
      .fields = act_reset_fields,
      .n_fields = ACT_RESET_FIELDS,
      .first = several_nodes,
      .fill = act_reset_fill,
      .lists = true },
};
const size_t act_count = ARRAY_LEN(acts);
