/* The first generation's second part (op_register_gen1.c): the cluster resource learns its
 * application, and the application the nodes' certificates (register-flow.md 2.12.5, 2.12.6;
 * azure-wire.md 4.3: the whole list of credentials is replaced by what is sent). */
#include "config.h"

#include "op/op_register.h"

#include <stdlib.h>
#include <string.h>

#include "azure/hci.h"
#include "base/i18n.h"

#define FACT_MAX    4000 /* of a fact's text */
#define KEYS_MAX    64
#define KEYS_SELECT "$select=id,appId,keyCredentials"

/* ---- the cluster names its application ---- */

REG_ASK(entra_bind_check)
{
    if (op_tries(v))
        reg_ask_cluster(v, need, "GET", 0);
}

static enum op_verdict judge_bind(struct op_view *v, struct err *e)
{
    if (!str_ieq(op_fact(v, "cluster.appId"), op_fact(v, "entra.appId")))
        return OP_ABSENT;
    if (*op_fact(v, "cluster.cloudId"))
        return OP_DONE;
    err_set(e, ERR_OP, 9130, _("Azure has not given the cluster resource its cloud id."));
    e->http = 200; /* it was answered, and the id is not in it: the advice hangs on that */
    return OP_ABSENT;
}

REG_READ(entra_bind_check)
{
    if (a->http && reg_keep_cluster(v, a, e))
        return OP_FAILED;
    return judge_bind(v, e);
}

REG_ASK(entra_bind_apply)
{
    reg_ask_cluster(v, need, "PATCH", 0);
    need->body = hci_application_body(op_fact(v, "entra.appId"), op_input(v, "tenantId"));
}

REG_READ(entra_bind_apply)
{
    if (!reg_good(a))
        return reg_fail(a, e, 0, _("telling the cluster resource its application"));
    if (a->json && reg_keep_cluster(v, a, e))
        return OP_ABSENT;
    return judge_bind(v, e);
}

/* ---- the nodes' certificates on the application ---- */

REG_ASK(entra_keys_check)
{
    reg_graph(need, "GET", 0);
    arm_path(&need->path, "/applications/%s", op_fact(v, "entra.objectId"));
    str_add(&need->query, KEYS_SELECT);
}

static int hex(char c)
{
    const char *digits = "0123456789abcdef", *at = c ? strchr(digits, c | 0x20) : NULL;

    return at ? (int)(at - digits) : -1;
}

/* A thumbprint as a key credential has it. */
static void add_identifier(const char *thumbprint, struct str *out)
{
    unsigned char bytes[64];
    size_t n = 0;

    for (; n < sizeof bytes && hex(thumbprint[0]) >= 0 && hex(thumbprint[1]) >= 0; thumbprint += 2)
        bytes[n++] = (unsigned char)(hex(thumbprint[0]) << 4 | hex(thumbprint[1]));
    str_add_b64(out, bytes, n);
}

static bool key_is(const struct op_view *v, const struct json *key, const char *node)
{
    const char *have = json_str(key, "customKeyIdentifier"), *whole = json_str(key, "key");
    struct str id = STR_INIT;
    bool same;

    add_identifier(op_node_fact(v, node, "certificate.thumbprint"), &id);
    same = (whole && str_eq(whole, op_node_fact(v, node, "certificate"))) ||
           (have && id.len && str_eq(have, str_p(&id)));
    str_free(&id);
    return same;
}

static bool is_ours(const struct op_view *v, const struct json *key)
{
    for (size_t i = 0; i < op_node_count(v); i++)
        if (key_is(v, key, op_node_at(v, i)))
            return true;
    return false;
}

static bool has_key(const struct op_view *v, const struct json *keys, const char *node)
{
    JSON_EACH (k, keys)
        if (key_is(v, k, node))
            return true;
    return false;
}

/* One that stays is sent back as it came, without its bytes: they stand for themselves. */
static int keep_key(struct op_view *v, size_t n, const struct json *key, struct err *e)
{
    struct json *copy = json_copy(key);
    struct str text = STR_INIT;
    char fact[40];
    bool fits;

    json_unset(copy, "key");
    json_write(&text, copy);
    json_free(copy);
    fits = text.len < FACT_MAX && n < KEYS_MAX;
    str_fmt(fact, sizeof fact, "entra.key.%zu", n);
    op_set_fact(v, fact, fits ? str_p(&text) : "");
    str_free(&text);
    return fits ? 0
                : err_set(e, ERR_OP, ERR_C_TOO_BIG,
                          _("The application holds more certificates than can be written back."));
}

/* -1: *e. Else whether all is as it should be. */
static int judge_keys(struct op_view *v, const struct json *keys, struct err *e)
{
    bool good = true;
    char count[24];
    size_t n = 0;

    JSON_EACH (k, keys) {
        if (reg_replaces(v) && !is_ours(v, k))
            good = false;
        else if (keep_key(v, n++, k, e))
            return -1;
    }
    str_fmt(count, sizeof count, "%zu", n);
    op_set_fact(v, "entra.keys", count);
    for (size_t i = 0; i < op_node_count(v); i++) {
        bool has = has_key(v, keys, op_node_at(v, i));

        str_fmt(count, sizeof count, "entra.has.%zu", i);
        op_set_fact(v, count, has ? "1" : "");
        good = good && has;
    }
    return good;
}

REG_READ(entra_keys_check)
{
    int good;

    if (!reg_good(a))
        return reg_graph_fail(a, e, _("looking at the certificates of the cluster's application"));
    good = judge_keys(v, json_member(a->json, "keyCredentials"), e);
    if (good < 0)
        return OP_FAILED;
    if (good)
        return OP_DONE;
    /* sent, and not listed yet: to send it again would not make it quicker */
    return str_eq(op_fact(v, "entra.sent"), "1") ? OP_RUNNING : reg_not_there(v, "entra-keys.lost");
}

static struct json *new_key(const struct op_view *v, const char *node)
{
    struct json *key = json_object();
    struct str id = STR_INIT, name = STR_INIT;

    add_identifier(op_node_fact(v, node, "certificate.thumbprint"), &id);
    str_addf(&name, PACKAGE_NAME " %s", *op_input(v, "certificateThumbprint") ? "" : node);
    json_set_str(key, "type", "AsymmetricX509Cert");
    json_set_str(key, "usage", "Verify");
    json_set_str(key, "key", op_node_fact(v, node, "certificate"));
    json_set_str(key, "displayName", str_trim(name.p));
    if (id.len)
        json_set_str(key, "customKeyIdentifier", str_p(&id));
    str_free(&id);
    str_free(&name);
    return key;
}

static void add_kept(const struct op_view *v, struct json *keys)
{
    int n = atoi(reg_known(v, "entra.keys"));
    struct err ignored = { 0 };
    char fact[40];

    for (int i = 0; i < n; i++) {
        const char *text;
        struct json *key;

        str_fmt(fact, sizeof fact, "entra.key.%d", i);
        text = op_fact(v, fact);
        key = json_parse(text, strlen(text), 0, &ignored);
        if (key)
            json_push(keys, key);
    }
}

/* The whole list is replaced by what is sent: all in one request. */
REG_ASK(entra_keys_apply)
{
    struct json *keys = json_array();
    char fact[40];

    reg_graph(need, "PATCH", 0);
    arm_path(&need->path, "/applications/%s", op_fact(v, "entra.objectId"));
    add_kept(v, keys);
    for (size_t i = 0; i < op_node_count(v); i++) {
        bool again = false;

        for (size_t k = 0; k < i && !again; k++) /* a user's one is the same everywhere */
            again = str_eq(op_node_fact(v, op_node_at(v, i), "certificate"),
                           op_node_fact(v, op_node_at(v, k), "certificate"));
        str_fmt(fact, sizeof fact, "entra.has.%zu", i);
        if (!again && !*reg_known(v, fact))
            json_push(keys, new_key(v, op_node_at(v, i)));
    }
    need->body = json_object();
    json_set(need->body, "keyCredentials", keys);
}

REG_READ(entra_keys_apply)
{
    reg_keep_lost(v, "entra-keys.lost", a);
    op_set_fact(v, "entra.sent", reg_good(a) ? "1" : "");
    if (!reg_good(a))
        return reg_fail(a, e, 9110, _("putting the nodes' certificates on the application (9110)"));
    return OP_ABSENT; /* until it is listed */
}

/* ---- Arc ---- */

REG_READ(entra_no_arc)
{
    (void)a;
    (void)e;
    op_note(v, "%s", _("left out: this version of Windows has no commands for Azure Arc"));
    return OP_DONE;
}
