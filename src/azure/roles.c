#include "config.h"

#include "azure/roles.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The name space of our derived names: the UUID of URLs (RFC 4122, appendix C). Never changed: the
 * names are kept by Azure. */
static const unsigned char name_space[16] = { 0x6b, 0xa7, 0xb8, 0x11, 0x9d, 0xad, 0x11, 0xd1,
                                              0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8 };

static size_t without_slash(const char *s)
{
    size_t n = strlen(s);

    while (n > 1 && s[n - 1] == '/')
        n--;
    return n;
}

static bool same_scope(const char *a, const char *b)
{
    size_t n;

    if (!a || !b)
        return false;
    n = without_slash(a);
    return n == without_slash(b) && strncasecmp(a, b, n) == 0;
}

/* Role definition ids carry a subscription or none: only the GUID at the end tells
 * (azure-wire.md 6.4). */
static const char *last_segment(const char *id)
{
    const char *slash = id ? strrchr(id, '/') : NULL;

    return slash ? slash + 1 : id;
}

static bool same_guid(const char *a, const char *b)
{
    char x[GUID_SIZE], y[GUID_SIZE];

    return a && b && guid_parse(x, a) && guid_parse(y, b) && str_eq(x, y);
}

static void add_lower(struct str *s, const char *text, size_t n)
{
    char *copy = xmalloc(n + 1);

    memcpy(copy, text, n);
    copy[n] = '\0';
    str_lower(copy);
    str_addn(s, copy, n);
    free(copy);
}

void role_assignment_name(char out[GUID_SIZE], const char *scope, const char *principal,
                          const char *role_guid)
{
    struct str s = STR_INIT;
    unsigned char h[EVP_MAX_MD_SIZE];

    str_addn(&s, name_space, sizeof(name_space));
    add_lower(&s, scope, without_slash(scope));
    str_addc(&s, '|');
    add_lower(&s, principal, strlen(principal));
    str_addc(&s, '|');
    add_lower(&s, last_segment(role_guid), strlen(last_segment(role_guid)));
    if (EVP_Digest(s.p, s.len, h, NULL, EVP_sha1(), NULL) != 1)
        abort(); /* a random name would make a second assignment some day */
    str_free(&s);
    h[6] = (unsigned char)((h[6] & 0x0f) | 0x50); /* version 5 */
    h[8] = (unsigned char)((h[8] & 0x3f) | 0x80);
    str_fmt(out, GUID_SIZE, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
            h[0], h[1], h[2], h[3], h[4], h[5], h[6], h[7], h[8], h[9], h[10], h[11], h[12], h[13],
            h[14], h[15]);
}

struct json *role_assignment_body(const char *subscription, const char *principal,
                                  const char *role_guid, const char *principal_type)
{
    struct json *body = json_object(), *p = json_object();
    struct str id = STR_INIT;

    str_addf(&id, "/subscriptions/%s/providers/Microsoft.Authorization/roleDefinitions/%s",
             subscription, last_segment(role_guid));
    json_set_str(p, "roleDefinitionId", str_p(&id));
    json_set_str(p, "principalId", principal);
    if (principal_type)
        json_set_str(p, "principalType", principal_type);
    json_set(body, "properties", p);
    str_free(&id);
    return body;
}

bool role_assignment_in(const struct json *list, const char *scope, const char *principal,
                        const char *role_guid)
{
    const struct json *items = json_is_array(list) ? list : json_member(list, "value");

    JSON_EACH (one, items) {
        const char *id = json_str(one, "properties.roleDefinitionId");

        if (same_guid(last_segment(id), last_segment(role_guid)) &&
            same_guid(json_str(one, "properties.principalId"), principal) &&
            same_scope(json_str(one, "properties.scope"), scope))
            return true;
    }
    return false;
}
