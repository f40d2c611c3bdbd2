/* The reset of a native node's machine: extensions, gateway, agent and bootstrap, one after the
 * other (docs-facts.md 5.4). A job of the node, not of the call that began it: the call answers at
 * once, the job goes on until a phase fails, all are done, or the node is closed. What it does to
 * Azure it does with the token that the call brought, which is in this job's memory only.
 *
 * Inferred: what GatewayCleanup does (here: the agent connects directly again; the association in
 * Azure hangs from the machine and goes with it), and what the bootstrap's state is (here: the
 * folder DIR/bootstrap). Machine, extensions: Microsoft.HybridCompute 2022-03-10. */
#include "config.h"

#include "node/node_local_int.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/text.h"
#include "net/http.h"
#include "node/reset_state.h"

#define API_VERSION   "2022-03-10"
#define TRIES         5
#define PAUSE_MS      2000
#define DELETE_MS     (15 * 60 * 1000) /* of one extension */
#define LISTS_MAX     4                /* of extensions, each after the one before was worked off */
#define LIST_PAUSE_MS 200

typedef void answer_fn(struct reset_job *j, const struct http_reply *r);

struct reset_job {
    struct local_node *n;
    struct reset_state s;
    size_t phase;
    struct secret token;
    char arm[300];
    struct agent_call *agent;
    struct http_call *http;
    struct loop_timer *timer;
    /* of the request under way */
    const char *method;
    struct str url;
    answer_fn *answer;
    int tries;
    void (*look)(struct reset_job *); /* after a DELETE that failed: is it there still? */
    int lost;                         /* such DELETEs, of one thing */
    int failed;                       /* commands of the agent in this phase; it passes */
    /* of ExtensionCleanup */
    struct json *list;
    const struct json *extension; /* in list: the one that is being deleted */
    struct str watch;             /* its status' address, "" none */
    int64_t until;
    int lists; /* that were not empty */
};

static void start_phase(struct reset_job *j);
static void on_phase(void *payload);

/* ---- the files ---- */

static void state_path(const struct local_node *n, char out[NODE_PATH_SIZE])
{
    str_fmt(out, NODE_PATH_SIZE, "%s/reset.json", n->dir);
}

static void bootstrap_path(const struct local_node *n, char out[NODE_PATH_SIZE])
{
    str_fmt(out, NODE_PATH_SIZE, "%s/bootstrap", n->dir);
}

static int save(struct reset_job *j, struct err *e)
{
    char path[NODE_PATH_SIZE];

    state_path(j->n, path);
    return reset_state_save(path, &j->s, e);
}

static int load(const struct local_node *n, struct reset_state *s, struct err *e)
{
    char path[NODE_PATH_SIZE];

    state_path(n, path);
    return reset_state_load(path, s, e);
}

/* What the bootstrap keeps of how the machine came to Azure Arc (docs-facts.md 5.2: "Configuration
 * saved to ...\bootstrap.json"). */
void node_bootstrap_keep(struct local_node *n, const struct json *args)
{
    static const char *const kept[] = { "subscriptionId", "resourceGroup", "tenantId",
                                        "location",       "cloud",         "resourceName" };
    struct json *doc = json_object();
    struct str text = STR_INIT;
    struct err e = { 0 };
    char dir[NODE_PATH_SIZE], path[NODE_PATH_SIZE];

    for (size_t i = 0; i < ARRAY_LEN(kept); i++)
        if (json_str(args, kept[i]))
            json_set_str(doc, kept[i], json_str(args, kept[i]));
    bootstrap_path(n, dir);
    json_write_pretty(&text, doc);
    if (file_mkdirs(dir, &e) != 0 || !str_fmt(path, sizeof path, "%s/bootstrap.json", dir) ||
        file_replace(path, str_p(&text), text.len, &e) != 0)
        log_wrn("node %s: %s", n->node.name, e.message);
    str_free(&text);
    json_free(doc);
}

/* ---- the end ---- */

static void job_free(struct reset_job *j)
{
    agent_cancel(j->agent);
    http_cancel(j->n->plane.http, j->http);
    loop_timer_del(j->timer);
    json_free(j->list);
    str_free(&j->url);
    str_free(&j->watch);
    secret_clear(&j->token);
    j->n->reset = NULL;
    free(j);
}

void node_reset_close(struct local_node *n)
{
    if (n->reset)
        job_free(n->reset);
}

static void finish(struct reset_job *j, const char *status)
{
    struct err e = { 0 };

    STR_SET(j->s.status, status);
    j->s.end = wall_ms();
    if (save(j, &e) != 0)
        log_err("node %s: %s", j->n->node.name, e.message);
    log_inf("node %s: reset %s", j->n->node.name, status);
    job_free(j);
}

/* e NULL: done, as `status` says. */
static void end_phase(struct reset_job *j, const char *status, const struct err *e)
{
    struct reset_phase *p = &j->s.phases[j->phase];
    struct err unsaved = { 0 };

    STR_SET(p->status, e ? RESET_FAILED : status);
    p->end = wall_ms();
    if (e) {
        p->error = *e;
        p->error.retryable = p->error.unsure = false;
        log_wrn("node %s: %s: %s", j->n->node.name, p->name, e->message);
        finish(j, RESET_FAILED);
        return;
    }
    log_inf("node %s: %s: %s", j->n->node.name, p->name, p->status);
    if (save(j, &unsaved) != 0) {
        end_phase(j, status, &unsaved);
        return;
    }
    j->phase++;
    start_phase(j);
}

static void fail(struct reset_job *j, struct err *e, const char *doing)
{
    err_wrap(e, "%s", doing);
    end_phase(j, RESET_FAILED, e);
}

/* Both phases of the agent look before they change: after a failure that passes they begin anew. */
static void agent_failed(struct reset_job *j, const struct err *e, const char *doing)
{
    struct err why = *e;

    if (e->retryable && ++j->failed < TRIES)
        j->timer = loop_after(j->n->loop, PAUSE_MS, on_phase, j);
    else
        fail(j, &why, doing);
}

/* ---- requests to Resource Manager ---- */

static void send(struct reset_job *j);

static void on_pause(void *payload)
{
    struct reset_job *j = payload;

    j->timer = NULL;
    if (j->lost && str_eq(j->method, "DELETE"))
        j->look(j);
    else
        send(j);
}

static int64_t pause_of(const struct http_reply *r)
{
    return r->retry_after_ms >= 0 ? r->retry_after_ms : PAUSE_MS;
}

static void send_later(struct reset_job *j, int64_t ms)
{
    j->timer = loop_after(j->n->loop, ms, on_pause, j);
}

/* What is read may be asked for again; what is deleted is looked for first: it may be gone. */
static void on_reply(void *payload, const struct http_reply *r)
{
    struct reset_job *j = payload;

    bool again = r->status == 0 || http_status_passes(r->status);

    j->http = NULL;
    if (again && str_eq(j->method, "DELETE"))
        j->tries = j->lost++;
    if (again && ++j->tries < TRIES)
        send_later(j, r->status == 0 && str_eq(j->method, "DELETE") ? 0 : pause_of(r));
    else
        j->answer(j, r);
}

static void send(struct reset_job *j)
{
    struct http_req q = { .method = j->method,
                          .url = str_p(&j->url),
                          .headers = { { "Accept", "application/json" } },
                          .bearer = &j->token };

    j->http = http_send(j->n->plane.http, &q, on_reply, j);
}

static void prepare(struct reset_job *j, const char *method, const char *id, const char *below,
                    answer_fn *fn)
{
    str_reset(&j->url);
    if (str_istarts(id, "https://"))
        str_add(&j->url, id);
    else
        str_addf(&j->url, "%s%s%s?api-version=%s", j->arm, id, below, API_VERSION);
    j->method = method;
    j->answer = fn;
    j->tries = 0;
}

static void ask(struct reset_job *j, const char *method, const char *id, const char *below,
                answer_fn *fn)
{
    prepare(j, method, id, below, fn);
    send(j);
}

/* {"error": {"code", "message"}}, as Azure says it. `what`: whose, for the sentence. */
static void read_error(struct err *e, const struct json *doc, int status, const char *what)
{
    const char *code = json_str(doc, "error.code"), *text = json_str(doc, "error.message");

    err_set(e, ERR_ARM, 0, _("%s: Azure answered %s (HTTP %d). %s"), what,
            code ? code : _("without a code"), status, text ? text : "");
    e->http = status;
    TEXT_SET(e->remote_code, code);
}

static void refused(struct reset_job *j, const struct http_reply *r, const char *what)
{
    struct err e = { 0 }, ignored = { 0 };
    struct json *doc;

    if (r->status == 0) {
        e = r->err;
        fail(j, &e, what);
        return;
    }
    doc = json_parse(r->body, r->body_len, 0, &ignored);
    read_error(&e, doc, r->status, what);
    TEXT_SET(e.request_id, http_header(r, "x-ms-request-id"));
    json_free(doc);
    end_phase(j, RESET_FAILED, &e);
}

/* ---- ExtensionCleanup ---- */

static void list_extensions(struct reset_job *j);
static void watch_extension(struct reset_job *j);

static void extension_label(const struct reset_job *j, char out[160])
{
    const char *name = json_str(j->extension, "name");
    char clean[96];

    TEXT_SET(clean, name ? name : "");
    str_fmt(out, 160, _("extension %s"), clean);
}

static void delete_next(struct reset_job *j);

static void gone(struct reset_job *j)
{
    j->extension = json_next(j->extension);
    j->lost = 0;
    delete_next(j);
}

static void on_watched(struct reset_job *j, const struct http_reply *r)
{
    struct err ignored = { 0 }, e = { 0 };
    struct json *doc = r->status == 200 ? json_parse(r->body, r->body_len, 0, &ignored) : NULL;
    const char *word = json_str(doc, j->watch.len ? "status" : "properties.provisioningState");
    char label[160];

    extension_label(j, label);
    if (r->status == 404 && j->watch.len) {
        str_reset(&j->watch); /* a status is not kept for ever */
        watch_extension(j);
    } else if (r->status == 404 || (j->watch.len && str_ieq(word, "Succeeded"))) {
        gone(j);
    } else if (j->watch.len && r->status != 200 && r->status != 0) {
        str_reset(&j->watch); /* whoever may not look at the status looks at the extension */
        watch_extension(j);
    } else if (r->status != 200) {
        refused(j, r, label);
    } else if (str_ieq(word, "Failed") || str_ieq(word, "Canceled")) {
        read_error(&e, doc, r->status, label);
        end_phase(j, RESET_FAILED, &e);
    } else if (mono_ms() >= j->until) {
        err_set(&e, ERR_OP, ERR_C_DEADLINE, _("%s: Azure has not deleted it within %d minutes."),
                label, DELETE_MS / 60000);
        end_phase(j, RESET_FAILED, &e);
    } else {
        j->tries = 0;
        send_later(j, pause_of(r));
    }
    json_free(doc);
}

static void watch_extension(struct reset_job *j)
{
    ask(j, "GET", j->watch.len ? str_p(&j->watch) : json_str(j->extension, "id"), "", on_watched);
}

static void on_deleted(struct reset_job *j, const struct http_reply *r)
{
    const char *status = http_header(r, "Azure-AsyncOperation");
    char label[160];

    extension_label(j, label);
    str_reset(&j->watch);
    if (status)
        str_add(&j->watch, status);
    if (r->status == 404 || r->status == 204 || r->status == 200)
        gone(j);
    else if (r->status == 202)
        watch_extension(j);
    else
        refused(j, r, label);
}

static void delete_extension(struct reset_job *j)
{
    ask(j, "DELETE", json_str(j->extension, "id"), "", on_deleted);
}

static bool being_deleted(const struct json *extension)
{
    return str_ieq(json_str(extension, "properties.provisioningState"), "Deleting");
}

static void on_seen(struct reset_job *j, const struct http_reply *r)
{
    struct err ignored = { 0 };
    struct json *doc = r->status == 200 ? json_parse(r->body, r->body_len, 0, &ignored) : NULL;
    char label[160];

    extension_label(j, label);
    if (r->status == 404)
        gone(j);
    else if (r->status != 200)
        refused(j, r, label);
    else if (being_deleted(doc))
        watch_extension(j);
    else
        delete_extension(j);
    json_free(doc);
}

static void look_for_extension(struct reset_job *j)
{
    str_reset(&j->watch);
    ask(j, "GET", json_str(j->extension, "id"), "", on_seen);
}

/* What is deleted is an extension of this machine: neither the machine nor another one's. */
static bool is_own(const struct reset_job *j, const char *id)
{
    static const char type[] = "/extensions/";
    size_t n = strlen(j->s.machine);
    const char *name;

    if (!id || !str_istarts(id, j->s.machine) || !str_istarts(id + n, type))
        return false;
    name = id + n + strlen(type);
    return *name && !strpbrk(name, "/?#\\ ") && !str_eq(name, ".") && !str_eq(name, "..");
}

/* At the list's end it is asked for again: it may have had a next page. */
static void delete_next(struct reset_job *j)
{
    const char *id = json_str(j->extension, "id");
    struct err e = { 0 };

    if (!j->extension) {
        list_extensions(j);
        return;
    }
    if (!is_own(j, id)) {
        err_set(&e, ERR_ARM, 0, _("Azure lists an extension that is not this machine's: %s"),
                id ? id : "--");
        end_phase(j, RESET_FAILED, &e);
        return;
    }
    j->until = mono_ms() + DELETE_MS;
    j->look = look_for_extension;
    str_reset(&j->watch);
    if (being_deleted(j->extension)) /* by a job before this one */
        watch_extension(j);
    else
        delete_extension(j);
}

static void on_listed(struct reset_job *j, const struct http_reply *r)
{
    struct err e = { 0 };

    json_free(j->list);
    j->list = r->status == 200 ? json_parse(r->body, r->body_len, 0, &e) : NULL;
    if (r->status == 404) {
        end_phase(j, j->lists ? RESET_SUCCEEDED : RESET_NOT_NEEDED, NULL);
    } else if (r->status != 200) {
        refused(j, r, _("looking at the machine's extensions"));
    } else if (!json_is_array(json_member(j->list, "value"))) {
        err_set(&e, ERR_ARM, 0, _("Azure's list of extensions cannot be read."));
        end_phase(j, RESET_FAILED, &e);
    } else if (json_len(json_member(j->list, "value")) == 0) {
        end_phase(j, j->lists ? RESET_SUCCEEDED : RESET_NOT_NEEDED, NULL);
    } else if (++j->lists > LISTS_MAX) {
        err_set(&e, ERR_OP, ERR_C_DEADLINE, "%s",
                _("Azure still lists extensions that it said were deleted."));
        end_phase(j, RESET_FAILED, &e);
    } else {
        j->extension = json_first(json_member(j->list, "value"));
        delete_next(j);
    }
}

/* Azure's list may be behind its deletions: each look after the second waits longer. */
static void list_extensions(struct reset_job *j)
{
    if (j->lists < 2) {
        ask(j, "GET", j->s.machine, "/extensions", on_listed);
        return;
    }
    prepare(j, "GET", j->s.machine, "/extensions", on_listed);
    send_later(j, LIST_PAUSE_MS * j->lists);
}

static void clean_extensions(struct reset_job *j)
{
    j->lists = 0;
    if (j->s.machine[0])
        list_extensions(j);
    else
        end_phase(j, RESET_NOT_NEEDED, NULL);
}

/* ---- GatewayCleanup: docs-facts.md 5.5, azure-wire.md 5.10 ---- */

#define CONNECTION "connection.type"

static bool by_gateway(const struct json *answer)
{
    return str_ieq(json_str(answer, "value"), "gateway");
}

static void on_direct(void *payload, const struct json *answer, const struct err *e)
{
    struct reset_job *j = payload;

    j->agent = NULL;
    if (answer)
        end_phase(j, RESET_SUCCEEDED, NULL);
    else
        agent_failed(j, e, _("taking the agent off its gateway"));
}

static void on_connection(void *payload, const struct json *answer, const struct err *e)
{
    struct reset_job *j = payload;

    j->agent = NULL;
    if (!answer)
        agent_failed(j, e, _("asking the agent for its gateway"));
    else if (by_gateway(answer))
        j->agent = agent_config_set(&j->n->agent, CONNECTION, "direct", on_direct, j);
    else
        end_phase(j, RESET_NOT_NEEDED, NULL);
}

static void clean_gateway(struct reset_job *j)
{
    j->agent = agent_config_get(&j->n->agent, CONNECTION, on_connection, j);
}

/* ---- AzcmAgentCleanup ---- */

static void on_machine_deleted(struct reset_job *j, const struct http_reply *r)
{
    if (r->status == 200 || r->status == 202 || r->status == 204 || r->status == 404)
        end_phase(j, RESET_SUCCEEDED, NULL);
    else
        refused(j, r, _("deleting the machine's resource"));
}

/* The agent deletes its resource itself; one that it no longer knew stays behind. */
static void on_machine(struct reset_job *j, const struct http_reply *r)
{
    if (r->status == 404)
        end_phase(j, RESET_SUCCEEDED, NULL);
    else if (r->status == 200)
        ask(j, "DELETE", j->s.machine, "", on_machine_deleted);
    else
        refused(j, r, _("looking at the machine's resource"));
}

static void look_for_machine(struct reset_job *j)
{
    j->look = look_for_machine;
    ask(j, "GET", j->s.machine, "", on_machine);
}

static void on_disconnected(void *payload, const struct json *answer, const struct err *e)
{
    struct reset_job *j = payload;

    j->agent = NULL;
    if (!answer)
        agent_failed(j, e, _("disconnecting the node's Arc agent"));
    else if (j->s.machine[0])
        look_for_machine(j);
    else
        end_phase(j, RESET_NOT_NEEDED, NULL);
}

static void clean_agent(struct reset_job *j)
{
    j->lost = 0;
    j->agent = agent_disconnect(&j->n->agent, NULL, &j->token, on_disconnected, j);
}

/* ---- BootstrapCleanup ---- */

/* The files of one folder, and the folder. 1: done, 0: there was none, -1: *e. */
static int remove_folder(const char *path, struct err *e)
{
    DIR *d = opendir(path);
    struct dirent *entry;

    if (!d)
        return errno == ENOENT ? 0 : err_sys(e, errno, "%s", path);
    while ((entry = readdir(d)))
        if (!str_eq(entry->d_name, ".") && !str_eq(entry->d_name, "..") &&
            unlinkat(dirfd(d), entry->d_name, 0) != 0 && errno != ENOENT) {
            err_sys(e, errno, "%s/%s", path, entry->d_name);
            closedir(d);
            return -1;
        }
    closedir(d);
    return rmdir(path) == 0 || errno == ENOENT ? 1 : err_sys(e, errno, "%s", path);
}

static void clean_bootstrap(struct reset_job *j)
{
    struct engine_record r;
    struct err e = { 0 };
    char path[NODE_PATH_SIZE];
    int rc;

    bootstrap_path(j->n, path);
    rc = remove_folder(path, &e);
    if (rc >= 0 && engine_record_load(j->n->record_path, &r, &e) != 0)
        rc = -1;
    if (rc >= 0 && r.arc_enabled[0]) {
        r.arc_enabled[0] = '\0';
        rc = engine_record_save(j->n->record_path, &r, &e) == 0 ? 1 : -1;
    }
    if (rc < 0)
        fail(j, &e, _("removing the state of the bootstrap"));
    else
        end_phase(j, rc ? RESET_SUCCEEDED : RESET_NOT_NEEDED, NULL);
}

/* ---- the phases ---- */

static void (*const phases[RESET_PHASES])(struct reset_job *j) = {
    [RESET_EXTENSIONS] = clean_extensions,
    [RESET_GATEWAY] = clean_gateway,
    [RESET_AGENT] = clean_agent,
    [RESET_BOOTSTRAP] = clean_bootstrap,
};

static bool is_over(const struct reset_phase *p)
{
    return str_eq(p->status, RESET_SUCCEEDED) || str_eq(p->status, RESET_NOT_NEEDED);
}

static void on_phase(void *payload)
{
    struct reset_job *j = payload;

    j->timer = NULL;
    phases[j->phase](j);
}

/* From the loop: a row of phases that need nothing is no deep call. */
static void start_phase(struct reset_job *j)
{
    struct err e = { 0 };
    struct reset_phase *p;

    while (j->phase < RESET_PHASES && is_over(&j->s.phases[j->phase]))
        j->phase++;
    if (j->phase == RESET_PHASES) {
        finish(j, RESET_SUCCEEDED);
        return;
    }
    j->failed = 0;
    p = &j->s.phases[j->phase];
    STR_SET(p->status, RESET_IN_PROGRESS);
    p->start = wall_ms();
    p->end = 0;
    err_clear(&p->error);
    if (save(j, &e) != 0)
        end_phase(j, RESET_FAILED, &e);
    else
        j->timer = loop_after(j->n->loop, 0, on_phase, j);
}

/* ---- the beginning ---- */

static void on_shown(void *payload, const struct json *shown, const struct err *e)
{
    struct reset_job *j = payload;
    const char *id = json_str(shown, "resourceId");
    struct err why = e ? *e : (struct err){ 0 };

    j->agent = NULL;
    if (!shown) {
        fail(j, &why, _("asking the node's Arc agent"));
        return;
    }
    if (id && *id && !reset_is_machine(id)) {
        err_set(&why, ERR_NODE, 0, _("What the Arc agent says about itself cannot be read."));
        fail(j, &why, _("asking the node's Arc agent"));
        return;
    }
    if (id && *id)
        STR_SET(j->s.machine, id);
    start_phase(j);
}

/* The state that the job begins with: of the same operation, what it has done already counts. */
static int take_state(struct reset_job *j, const char *id, struct err *e)
{
    if (load(j->n, &j->s, e) != 0)
        return -1;
    if (!str_ieq(j->s.id, id) || !j->s.id[0])
        reset_state_new(&j->s, id);
    if (!j->s.start)
        j->s.start = wall_ms();
    j->s.end = 0;
    STR_SET(j->s.status, RESET_IN_PROGRESS);
    while (j->phase < RESET_PHASES && is_over(&j->s.phases[j->phase]))
        j->phase++;
    return save(j, e);
}

static int begin(struct node_call *c, struct err *e)
{
    const char *id = json_str(c->args, "id"), *arm = json_str(c->args, "arm");
    struct reset_job *j;

    if (!id || !guid_is(id) || !arm || !http_url_is_https(arm))
        return err_set(e, ERR_USAGE, 0, "%s",
                       "a reset needs an id and the address of Resource Manager");
    if (!secret_is(&c->token))
        return err_set(e, ERR_NODE, 0, _("The reset needs the token of a signed-in operator."));
    j = xcalloc(1, sizeof *j);
    j->n = c->n;
    j->n->reset = j;
    STR_SET(j->arm, arm);
    for (size_t n = strlen(j->arm); n > 0 && j->arm[n - 1] == '/'; n--)
        j->arm[n - 1] = '\0';
    if (take_state(j, id, e) != 0) {
        job_free(j);
        return -1;
    }
    secret_copy(&j->token, &c->token);
    j->agent = j->phase < RESET_PHASES ? agent_show(&j->n->agent, on_shown, j) : NULL;
    if (!j->agent)
        finish(j, RESET_SUCCEEDED);
    return 0;
}

void node_reset(struct node_call *c)
{
    struct local_node *n = c->n;
    struct err e = { 0 };

    if (n->reset && !str_ieq(n->reset->s.id, json_str(c->args, "id"))) {
        err_set(&e, ERR_NODE, ERR_C_BUSY, _("Another reset of this machine is under way: %s"),
                n->reset->s.id);
        node_reply_end(c, NULL, &e);
    } else if (!n->reset && begin(c, &e) != 0) {
        node_reply_end(c, NULL, &e);
    } else {
        node_reset_status(c);
    }
}

/* ---- the status ---- */

static struct json *status_of(struct local_node *n, struct err *e)
{
    struct reset_state s;
    struct json *out;
    char path[NODE_PATH_SIZE];

    if (!n->reset && load(n, &s, e) != 0)
        return NULL;
    out = reset_state_answer(n->reset ? &n->reset->s : &s, n->reset != NULL);
    bootstrap_path(n, path);
    json_set_bool(out, "bootstrap", access(path, F_OK) == 0);
    return out;
}

static void on_looked(void *payload, const struct json *answer, const struct err *e)
{
    struct node_call *c = payload;
    struct err why = e ? *e : (struct err){ 0 };
    struct json *out = NULL;

    c->agent = NULL;
    if (answer)
        out = status_of(c->n, &why);
    if (out)
        json_set_bool(out, "gateway", by_gateway(answer));
    node_reply_end(c, out, &why);
}

void node_reset_status(struct node_call *c)
{
    struct err e = { 0 };

    if (json_flag(c->args, "look", false))
        c->agent = agent_config_get(&c->n->agent, CONNECTION, on_looked, c);
    else
        node_reply_end(c, status_of(c->n, &e), &e);
}

/* ---- what the machine has ---- */

void node_add_plays(const struct local_node *n, struct json *facts)
{
    struct str text = STR_INIT;
    struct err ignored = { 0 };
    char path[NODE_PATH_SIZE];

    str_fmt(path, sizeof path, "%s/plays.json", n->dir);
    if (file_read(path, 4096, &text, &ignored) != 0)
        str_reset(&text);
    reset_plays(facts, n->os_build, str_p(&text), text.len);
    str_free(&text);
}
