#include "config.h"

#include "testing.h"
#include "fixture.h"
#include "sandbox/resource.h"

#include <sys/stat.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

struct world *fx_world;
const char *fx_host = "127.0.0.1:4000";
static struct sb_reply reply;
static int worlds;
static char dir[256];

static char *expand(const char *text)
{
    struct str s = STR_INIT;

    for (; *text; text++) {
        if (text[0] == '@' && text[1] == 'S') {
            str_add(&s, fx_sub());
            text++;
        } else {
            str_addc(&s, *text);
        }
    }
    return str_take(&s);
}

static void clear_reply(void)
{
    json_free(reply.json);
    json_free(reply.headers);
    free(reply.text);
    memset(&reply, 0, sizeof reply);
}

void fx_open(const char *seed, bool instant)
{
    struct err e = { 0 };
    char path[300] = "";
    FILE *f;

    if (!worlds)
        assert_int_equal(jwt_init(test_dir(), &e), 0);
    snprintf(dir, sizeof dir, "%s/w%d", test_dir(), ++worlds);
    assert_int_equal(mkdir(dir, 0700), 0);
    memset(&sb_options, 0, sizeof sb_options);
    sb_options.clock_rate = 1;
    sb_options.instant = instant;
    STR_SET(sb_options.dir, dir);
    if (seed) {
        snprintf(path, sizeof path, "%s/seed.json", dir);
        f = fopen(path, "w");
        assert_non_null(f);
        fputs(seed, f);
        fclose(f);
    }
    if (world_open(dir, path, &fx_world, &e))
        fail_msg("world_open: %s", e.message);
}

void fx_close(void)
{
    clear_reply();
    world_save(fx_world);
    world_close(fx_world);
    fx_world = NULL;
}

const char *fx_sub(void)
{
    return world_subscription(fx_world);
}

const char *fx_oid(void)
{
    return json_str(json_first(world_section(fx_world, "users")), "oid");
}

char *fx_user_token(const char *aud, const char *tid)
{
    struct json *c = json_object();

    json_set_str(c, "aud", aud);
    json_set_str(c, "tid", tid);
    json_set_str(c, "oid", fx_oid());
    json_set_str(c, "upn", "anna@contoso.onmicrosoft.com");
    json_set_str(c, "idtyp", "user");
    return jwt_sign("https://sts.windows.net/x/", c, 3599);
}

char *fx_machine_token(const char *machine_id)
{
    char *id = expand(machine_id);
    const struct json *m = world_resource(fx_world, id);
    struct json *c = json_object();

    json_set_str(c, "aud", "https://127.0.0.1:4000/usage");
    json_set_str(c, "tid", json_str(m, "identity.tenantId"));
    json_set_str(c, "oid", json_str(m, "identity.principalId"));
    json_set_str(c, "idtyp", "app");
    json_set_str(c, "xms_mirid", json_str(m, "id"));
    free(id);
    return jwt_sign("https://sts.windows.net/x/", c, 3599);
}

static int send_request(const char *method, const char *path, const char *version, const char *body,
                        struct json *query, const char *token, int local)
{
    struct sb_req *q = xcalloc(1, sizeof *q);
    struct json *headers = json_object(), *doc = NULL;
    char *p = expand(path), *b = expand(body ? body : "");
    struct str h = STR_INIT;
    struct err e = { 0 };
    int status;

    clear_reply();
    str_addf(&h, "Bearer %s", token ? token : "");
    if (token)
        json_set_str(headers, "authorization", str_p(&h));
    json_set_str(headers, "metadata", "true");
    if (b[0])
        doc = json_parse(b, strlen(b), 0, &e);
    q->method = method;
    q->path = p;
    q->host = fx_host;
    str_fmt(q->base, sizeof q->base, "https://%s", fx_host);
    q->query = query;
    q->headers = headers;
    q->body = b;
    q->body_len = strlen(b);
    q->json = doc;
    q->sent_json = b[0] != 0;
    q->api_version = version ? version : "";
    q->node = local;
    q->world = fx_world;
    route_dispatch(q, &reply, local >= 0);
    status = reply.status;
    json_free(headers);
    json_free(query);
    json_free(doc);
    str_free(&h);
    free(p);
    free(b);
    free(q);
    return status;
}

int fx_raw(const char *method, const char *path, const char *version, const char *body,
           const char *token, int local)
{
    return send_request(method, path, version, body, json_object(), token, local);
}

int fx_call(const char *method, const char *path, const char *version, const char *body)
{
    char *token = fx_user_token("https://management.azure.com/", world_tenant(fx_world));
    int status = fx_raw(method, path, version, body, token, -1);

    free(token);
    return status;
}

int fx_query(const char *path, const char *version, const char *name, const char *value)
{
    char *token = fx_user_token("https://management.azure.com", world_tenant(fx_world)),
         *v = expand(value);
    struct json *query = json_object();
    int status;

    json_set_str(query, name, v);
    status = send_request("GET", path, version, NULL, query, token, -1);
    free(token);
    free(v);
    return status;
}

const struct json *fx_json(void)
{
    return reply.json;
}

const char *fx_str(const char *path)
{
    const char *s = json_str(reply.json, path);

    return s ? s : "";
}

const char *fx_header(const char *name)
{
    const char *s = json_value_str(json_member(reply.headers, name));

    return s ? s : "";
}

void fx_ready(void)
{
    static const char *const spaces[] = { "Microsoft.AzureStackHCI", "Microsoft.HybridCompute" };

    assert_int_equal(fx_call("PUT", FX_RG, "2021-04-01", "{\"location\":\"East US\"}"), 201);
    for (size_t i = 0; i < ARRAY_LEN(spaces); i++) {
        struct json *p = json_object();
        struct str key = STR_INIT;

        str_addf(&key, "%s/%s", fx_sub(), spaces[i]);
        str_lower(key.p);
        json_set_str(p, "state", "Registered");
        json_set(world_section(fx_world, "providers"), str_p(&key), p);
        str_free(&key);
    }
}

void fx_machine(const char *name)
{
    struct str path = STR_INIT;
    char *id;

    str_addf(&path, "%s%s", FX_MACHINE, name);
    assert_int_equal(fx_call("PUT", str_p(&path), "2022-03-10",
                             "{\"location\":\"eastus\",\"identity\":{\"type\":\"SystemAssigned\"},"
                             "\"properties\":{}}"),
                     200);
    id = expand(str_p(&path));
    json_set_str(json_edit(json_get(world_resource(fx_world, id), "properties")), "status",
                 "Connected");
    free(id);
    str_free(&path);
}

void fx_give_role(void)
{
    struct str body = STR_INIT;

    assert_int_equal(fx_call("GET", FX_CLUSTER, "2024-04-01", NULL), 200);
    str_addf(&body,
             "{\"properties\":{\"roleDefinitionId\":\"/subscriptions/%s/providers/"
             "Microsoft.Authorization/roleDefinitions/"
             "f5819b54-e033-4d82-ac66-4fec3cbf3f4c\",\"principalId\":\"%s\",\"principalType\":"
             "\"ServicePrincipal\"}}",
             fx_sub(), fx_str("properties.resourceProviderObjectId"));
    assert_int_equal(fx_call("PUT",
                             FX_RG "/providers/Microsoft.Authorization/roleAssignments/"
                                   "11111111-2222-4333-8444-555555555555",
                             "2022-04-01", str_p(&body)),
                     201);
    str_free(&body);
}

void fx_cluster(void)
{
    fx_ready();
    assert_int_equal(
        fx_call(
            "PUT", FX_CLUSTER, "2024-04-01",
            "{\"location\":\"eastus\",\"identity\":{\"type\":\"SystemAssigned\"},\"tags\":null}"),
        200);
    fx_machine("node1");
    fx_give_role();
    assert_int_equal(fx_call("PUT", FX_CLUSTER "/arcSettings/default", "2024-04-01",
                             "{\"properties\":{\"arcInstanceResourceGroup\":\"" FX_GROUP "\"}}"),
                     200);
}

void fx_certificate(struct str *b64, const char *kind)
{
    EVP_PKEY *key = str_eq(kind, "RSA") ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256");
    X509 *cert = X509_new();
    unsigned char *der = NULL;
    int n;

    X509_gmtime_adj(X509_getm_notBefore(cert), 0);
    X509_gmtime_adj(X509_getm_notAfter(cert), 86400L);
    X509_set_pubkey(cert, key);
    X509_sign(cert, key, EVP_sha256());
    n = i2d_X509(cert, &der);
    str_add_b64(b64, der, (size_t)n);
    OPENSSL_free(der);
    X509_free(cert);
    EVP_PKEY_free(key);
}
