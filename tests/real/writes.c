#include "config.h"

#include "real/kit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "azure/hci.h"
#include "base/file.h"

#define WORD      "MAKE"
#define EMPTY_MS  3000
#define EMPTY_MAX 8

/* ---- addresses ---- */

static void group_id(const struct kit *k, struct str *out)
{
    arm_path(out, "/subscriptions/%s/resourcegroups/%s", k->subscription, k->group);
}

static void at_group(struct kit *k, const char *method, const char *below, unsigned flags,
                     struct json *body)
{
    struct str id = STR_INIT;

    group_id(k, &id);
    str_add(&id, below);
    kit_ask(k, method, id.p, API_RESOURCES, flags, body);
    str_free(&id);
}

static void at_cluster(struct kit *k, const char *method, unsigned flags, struct json *body)
{
    struct str id = STR_INIT;

    hci_cluster_id(&id, k->subscription, k->group, k->cluster);
    kit_ask(k, method, id.p, API_CLUSTERS, flags, body);
    str_free(&id);
}

static struct json *our_tags(const struct kit *k)
{
    struct json *tags = json_object();

    json_set_str(tags, KIT_TAG, k->run_id);
    return tags;
}

static bool is_ours(const struct kit *k, const struct json *j)
{
    return str_ieq(json_str(json_member(j, "tags"), KIT_TAG), k->run_id);
}

/* A refusal that arrived: nothing was made. After a 5xx or a lost answer nobody knows. */
static bool surely_refused(const struct arm_reply *r)
{
    return r->http >= 400 && r->http < 500 && r->http != 408 && !r->err.unsure;
}

/* ---- what to do if deleting fails ---- */

static void commands(const struct kit *k, struct str *out)
{
    struct str id = STR_INIT;

    hci_cluster_id(&id, k->subscription, k->group, k->cluster);
    str_addf(out, "az resource delete --ids %s --api-version " API_CLUSTERS "\n", id.p);
    str_addf(out, "az group delete --subscription %s --name %s\n", k->subscription, k->group);
    str_free(&id);
}

void say_left(struct kit *k)
{
    struct str s = STR_INIT;

    kit_note(k, "LEFT", "something may be left in Azure. Look at it, then delete it with:");
    commands(k, &s);
    printf("\n%s\n", s.p);
    fflush(stdout);
    str_free(&s);
}

static void left_path(const struct kit *k, struct str *out)
{
    str_addf(out, "%s/left-behind.txt", k->o.out);
}

/* On disk before the first write: whoever kills the kit, or whose machine dies, finds the names. */
int write_left_file(struct kit *k, struct err *e)
{
    struct str path = STR_INIT, text = STR_INIT;
    int rc;

    left_path(k, &path);
    str_add(&text, "This run did not end by itself. What it made in Azure is deleted with:\n\n");
    commands(k, &text);
    rc = file_replace(path.p, text.p, text.len, e);
    str_free(&path);
    str_free(&text);
    return rc;
}

void remove_left_file(struct kit *k)
{
    struct str path = STR_INIT;

    left_path(k, &path);
    unlink(path.p);
    str_free(&path);
}

/* ---- two questions ---- */

static void no_write(struct kit *k, const char *why)
{
    kit_fail(k, KIT_USAGE, "nothing is made in Azure: %s", why);
    kit_next(k);
}

static void go_on(struct kit *k)
{
    struct err e = { 0 };

    if (write_left_file(k, &e) < 0) {
        no_write(k, e.message);
        return;
    }
    k->write = true;
    kit_next(k);
}

static void on_word(struct kit *k, char *line)
{
    if (!line || strcmp(line, WORD) != 0)
        no_write(k, "the word was not typed");
    else if (++k->words == 2)
        go_on(k);
    else
        ask_line(k, on_word, "Once more, to be sure, type " WORD ": ");
}

static void show_plan(struct kit *k)
{
    kit_note(k, "", "The next part writes to Azure, in subscription %s (%s):", k->subscription_name,
             k->subscription);
    kit_note(k, "", "1. it makes the resource group %s in %s, tagged " KIT_TAG "=%s", k->group,
             k->region, k->run_id);
    kit_note(k, "", "2. in it, it makes the cluster resource %s (Microsoft.AzureStackHCI/clusters)",
             k->cluster);
    kit_note(k, "", "3. it deletes the cluster resource, then the group; nothing else is touched");
    kit_note(k, "", "If deleting fails, the commands for it are printed, and stand in %s.",
             "left-behind.txt");
    if (!str_ieq(k->provider_state, "Registered"))
        kit_note(k, "",
                 "Microsoft.AzureStackHCI is not registered: the cluster will be refused, "
                 "and that answer is recorded.");
}

void confirm_write(struct kit *k)
{
    const char *one = getenv("AZL_AZURE_WRITE"), *two = getenv("AZL_AZURE_WRITE_AGAIN");

    if (str_ieq(k->state, "Disabled") || str_ieq(k->state, "Deleted")) {
        no_write(k, "the subscription takes no writes in its state");
        return;
    }
    if (k->lacks) {
        no_write(k, "this account could not make it and delete it again (see permissions above)");
        return;
    }
    show_plan(k);
    if (k->tty)
        ask_line(k, on_word, "Type " WORD " to go on, anything else to leave it: ");
    else if (str_eq(one, WORD) && str_eq(two, WORD))
        go_on(k);
    else
        no_write(k, "nobody can be asked here (no terminal), and AZL_AZURE_WRITE and "
                    "AZL_AZURE_WRITE_AGAIN are not both " WORD);
}

/* ---- the group ---- */

void group_absent(struct kit *k)
{
    at_group(k, "HEAD", "", 0, NULL);
}

void got_group_absent(struct kit *k, const struct arm_reply *r)
{
    if (r->http == 404)
        kit_note(k, "ok", "%s (HTTP 404)", kit_step(k)->title);
    else if (err_is(&r->err))
        kit_fail(k, KIT_FAILED, "whether the group %s exists is not known: %s", k->group,
                 r->err.message);
    else
        kit_fail(k, KIT_FAILED, "the group %s exists already: it is not touched", k->group);
    kit_next(k);
}

void group_put(struct kit *k)
{
    struct json *body = json_object();

    json_set_str(body, "location", k->region);
    json_set(body, "tags", our_tags(k));
    k->may_group = true;
    at_group(k, "PUT", "", ARM_LRO, body);
}

void got_group_put(struct kit *k, const struct arm_reply *r)
{
    if (err_is(&r->err)) {
        kit_error(k, &r->err, r->http);
        k->stopping = true;
        k->may_group = !surely_refused(r);
    } else if (r->http == 200) {
        k->keep_group = true;
        kit_fail(k, KIT_LEFT,
                 "Azure updated a group %s that somebody else made meanwhile: it is "
                 "not deleted",
                 k->group);
    } else {
        kit_note(k, "ok", "%s: %s (HTTP %d)", kit_step(k)->title, k->group, r->http);
    }
    kit_next(k);
}

void group_head(struct kit *k)
{
    at_group(k, "HEAD", "", 0, NULL);
}

/* ---- the cluster resource ---- */

void cluster_put(struct kit *k)
{
    struct json *tags = our_tags(k);

    k->may_cluster = true;
    at_cluster(k, "PUT", ARM_LRO, hci_cluster_body(k->region, tags));
    json_free(tags);
}

void got_cluster_put(struct kit *k, const struct arm_reply *r)
{
    if (err_is(&r->err) && !str_ieq(k->provider_state, "Registered") &&
        str_ieq(r->err.remote_code, "MissingSubscriptionRegistration"))
        kit_note(k, "ok",
                 "the cluster resource is refused, for its provider is not registered "
                 "(HTTP %d %s)",
                 r->http, r->err.remote_code);
    else if (err_is(&r->err))
        kit_error(k, &r->err, r->http);
    else
        kit_note(k, "ok", "%s: %s (HTTP %d)", kit_step(k)->title, k->cluster, r->http);
    if (surely_refused(r))
        k->may_cluster = false;
    kit_next(k);
}

void cluster_look(struct kit *k)
{
    if (k->may_cluster)
        at_cluster(k, "GET", 0, NULL);
    else
        kit_next(k);
}

void got_cluster_look(struct kit *k, const struct arm_reply *r)
{
    if (r->http == 404) {
        k->may_cluster = false;
        kit_note(k, "ok", "the cluster resource was not made (HTTP 404)");
    } else if (err_is(&r->err)) {
        kit_error(k, &r->err, r->http);
    } else if (!is_ours(k, r->json)) {
        k->keep_cluster = k->keep_group = true;
        kit_fail(k, KIT_LEFT, "the cluster resource %s does not carry our tag: it is left",
                 k->cluster);
    } else {
        kit_note(k, "ok", "%s (HTTP %d)", kit_step(k)->title, r->http);
    }
    kit_next(k);
}

void cluster_delete(struct kit *k)
{
    if (k->may_cluster && !k->keep_cluster)
        at_cluster(k, "DELETE", ARM_LRO, NULL);
    else
        kit_next(k);
}

void cluster_gone(struct kit *k)
{
    if (k->may_cluster && !k->keep_cluster)
        at_cluster(k, "GET", 0, NULL);
    else
        kit_next(k);
}

void got_cluster_gone(struct kit *k, const struct arm_reply *r)
{
    if (r->http == 404) {
        k->may_cluster = false;
        kit_note(k, "ok", "%s (HTTP 404)", kit_step(k)->title);
    } else {
        k->keep_group = true;
        kit_fail(k, KIT_LEFT, "the cluster resource %s is still there (HTTP %d)", k->cluster,
                 r->http);
    }
    kit_next(k);
}

/* ---- the group goes ---- */

static bool group_goes(struct kit *k)
{
    if (k->may_group && !k->keep_group)
        return true;
    kit_next(k);
    return false;
}

void group_look(struct kit *k)
{
    if (group_goes(k))
        at_group(k, "GET", "", 0, NULL);
}

void got_group_look(struct kit *k, const struct arm_reply *r)
{
    if (r->http == 404) {
        k->may_group = false;
        kit_note(k, "ok", "the group was not made (HTTP 404)");
    } else if (err_is(&r->err)) {
        k->keep_group = true;
        kit_error(k, &r->err, r->http);
    } else if (!is_ours(k, r->json)) {
        k->keep_group = true;
        kit_fail(k, KIT_LEFT, "the group %s does not carry our tag: it is left", k->group);
    } else {
        kit_note(k, "ok", "%s (HTTP %d)", kit_step(k)->title, r->http);
    }
    kit_next(k);
}

void group_resources(struct kit *k)
{
    if (group_goes(k))
        at_group(k, "GET", "/resources", ARM_PAGES, NULL);
}

void got_group_resources(struct kit *k, const struct arm_reply *r)
{
    size_t n = json_len(json_member(r->json, "value"));

    if (!err_is(&r->err) && n == 0) {
        kit_note(k, "ok", "%s (HTTP %d)", kit_step(k)->title, r->http);
    } else if (!err_is(&r->err) && ++k->tries < EMPTY_MAX) {
        kit_later(k, EMPTY_MS, group_resources); /* the list lags behind a deletion */
        return;
    } else {
        k->keep_group = true;
        kit_fail(k, KIT_LEFT, "the group %s is not deleted: %s", k->group,
                 err_is(&r->err) ? r->err.message : "something else is in it");
    }
    kit_next(k);
}

void group_delete(struct kit *k)
{
    if (group_goes(k))
        at_group(k, "DELETE", "", ARM_LRO, NULL);
}

void group_gone(struct kit *k)
{
    if (group_goes(k))
        at_group(k, "HEAD", "", 0, NULL);
}

void got_group_gone(struct kit *k, const struct arm_reply *r)
{
    if (r->http == 404) {
        k->may_group = false;
        kit_note(k, "ok", "%s (HTTP 404)", kit_step(k)->title);
    } else {
        kit_fail(k, KIT_LEFT, "the group %s is still there (HTTP %d)", k->group, r->http);
    }
    kit_next(k);
}
