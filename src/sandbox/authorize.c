/* authorize.c - the authorization code with PKCE: the page that a browser is sent to, and the
 * code's redemption. A request is a sign-in like a device code's (signin.h), approved by the same
 * means; the page's own address holds the handle of it. Sources: RFC 6749 4.1, RFC 7636, RFC
 * 8252 7.3 (the port of a loopback address is not compared), azure-wire.md 1.7, 1.8; that
 * Microsoft's clients for command lines may come back to http://localhost alone, and the numbers
 * 50011, 500112, 501481 and 70008, are of model knowledge, not seen. */
#include "config.h"

#include <string.h>

#include <openssl/sha.h>

#include "base/i18n.h"
#include "sandbox/access.h"
#include "sandbox/entra.h"
#include "sandbox/web.h"

enum { SESSION_LIFE_S = 900, CODE_LIFE_S = 600 };

static const struct entra_error E_BAD_CODE = {
    "invalid_grant", 70008,
    "The provided authorization code or refresh token has expired due to inactivity or is not "
    "valid."
};
static const struct entra_error E_REDEEMED = {
    "invalid_grant", 54005,
    "OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an "
    "existing refresh token."
};
static const struct entra_error E_VERIFIER = {
    "invalid_grant", 501481,
    "The Code_Verifier does not match the code_challenge supplied in the authorization request."
};
static const struct entra_error E_REPLY = {
    "invalid_client", 500112,
    "The reply address does not match the reply address provided when requesting the "
    "authorization code."
};

/* ---- the request ---- */

/* http://localhost, any port, nothing or "/" behind it. */
static bool is_loopback(const char *uri)
{
    const char *p = uri;

    if (str_starts(p, "http://localhost"))
        p += strlen("http://localhost");
    else if (str_starts(p, "http://127.0.0.1"))
        p += strlen("http://127.0.0.1");
    else
        return false;
    if (*p == ':')
        p += 1 + strspn(p + 1, "0123456789");
    return !*p || str_eq(p, "/");
}

static void refuse_page(struct sb_reply *r, const char *text)
{
    web_say(r, 400, _("Sign-in is not possible"), text);
}

/* To the address that asked, once that is known to be good. */
static void go_back(struct sb_reply *r, const struct json *s, const char *name, const char *value,
                    const char *text)
{
    struct str to = STR_INIT;

    str_addf(&to, "%s?%s=", json_str(s, "redirect"), name);
    str_add_url(&to, value);
    if (text) {
        str_add(&to, "&error_description=");
        str_add_url(&to, text);
    }
    if (json_str(s, "state_")) {
        str_add(&to, "&state=");
        str_add_url(&to, json_str(s, "state_"));
    }
    sb_reply_header(r, "Location", "%s", str_p(&to));
    sb_reply_header(r, "Cache-Control", "no-store");
    sb_reply_text(r, 302, "text/plain; charset=utf-8", xstrdup(""));
    str_free(&to);
}

/* A new code each time would make two good ones: the page may be loaded again. */
static void send_code(struct sb_req *q, struct sb_reply *r, struct json *s)
{
    struct str code = STR_INIT;
    char key[DIGEST_SIZE];

    str_add(&code, "1.");
    signin_random(&code, 192);
    signin_digest(key, str_p(&code));
    json_set_str(s, "code", key);
    json_set_int(s, "codeExpires", wall_ms() + CODE_LIFE_S * 1000LL);
    world_touch(q->world);
    go_back(r, s, "code", str_p(&code), NULL);
    str_free(&code);
}

static void ask_page(struct sb_req *q, struct sb_reply *r, const struct json *s, const char *handle)
{
    const char *client = json_str(s, "clientId"), *app = signin_app_name(client);
    struct str page = STR_INIT;

    web_start(&page, _("Are you trying to sign in?"));
    web_p(&page, _("Only go on if you started this sign-in yourself."));
    str_add(&page, "<table>\n");
    web_row(&page, _("Application"), app[0] ? app : _("an application of your own"));
    web_row(&page, _("Wants access to"), json_str(s, "scope"));
    web_row(&page, _("Code"), json_str(s, "userCode"));
    str_add(&page, "</table>\n<form method=\"post\" action=\"/login/session\">\n<input "
                   "type=\"hidden\" name=\"id\" value=\"");
    web_text(&page, handle);
    str_add(&page, "\">\n");
    web_users(&page, q->world);
    str_add(&page, "<p>");
    web_button(&page, "approve", _("Approve"));
    web_button(&page, "decline", _("Decline"));
    str_add(&page, "</p>\n</form>\n<p><a href=\"/login/session?id=");
    web_text(&page, handle);
    str_add(&page, "\">");
    web_text(&page, _("It was approved elsewhere: go on"));
    str_add(&page, "</a></p>\n");
    web_send(r, 200, &page);
}

static void show_session(struct sb_req *q, struct sb_reply *r, struct json *s, const char *handle)
{
    switch (signin_now(q->world, s)) {
    case SIGNIN_APPROVED:
        send_code(q, r, s);
        break;
    case SIGNIN_DECLINED:
        go_back(r, s, "error", "access_denied",
                "AADSTS65004: User declined to consent to access the app.");
        break;
    case SIGNIN_PENDING:
        ask_page(q, r, s, handle);
        break;
    default:
        refuse_page(r, _("This sign-in waits no more. Start it again in the program."));
    }
}

static void authorize(struct sb_req *q, struct sb_reply *r)
{
    const char *client = sb_query(q, "client_id"), *redirect = sb_query(q, "redirect_uri");
    const char *scope = sb_query(q, "scope"), *challenge = sb_query(q, "code_challenge");
    const char *method = sb_query(q, "code_challenge_method"), *mode = sb_query(q, "response_mode");
    struct str handle = STR_INIT;
    char tid[GUID_SIZE];
    struct json *s;

    if (!entra_tenant(q, r, "invalid_request", tid))
        return;
    if (!client || !guid_is(client) || !scope || !str_eq(sb_query(q, "response_type"), "code") ||
        (mode && !str_eq(mode, "query")) || (challenge && method && !str_eq(method, "S256"))) {
        refuse_page(r,
                    "AADSTS900144: client_id, scope, response_type=code, response_mode=query and "
                    "code_challenge_method=S256 are what this page takes.");
        return;
    }
    if (!redirect || !is_loopback(redirect)) {
        refuse_page(r, "AADSTS50011: The redirect URI specified in the request does not match the "
                       "redirect URIs configured for the application.");
        return;
    }
    s = signin_new(q->world, client, scope, tid, SESSION_LIFE_S, &handle);
    json_set_str(s, "redirect", redirect);
    if (sb_query(q, "state"))
        json_set_str(s, "state_", sb_query(q, "state"));
    if (challenge)
        json_set_str(s, "challenge", challenge);
    show_session(q, r, s, str_p(&handle));
    str_free(&handle);
}

static struct json *session_of(struct sb_req *q, struct sb_reply *r, const char *handle)
{
    struct json *s = handle ? signin_by_device_code(q->world, handle) : NULL;

    if (s && json_str(s, "redirect"))
        return s;
    refuse_page(r, _("This sign-in waits no more. Start it again in the program."));
    return NULL;
}

static void session(struct sb_req *q, struct sb_reply *r)
{
    const char *handle = sb_query(q, "id");
    struct json *s = session_of(q, r, handle);

    if (s)
        show_session(q, r, s, handle);
}

static void session_answer(struct sb_req *q, struct sb_reply *r)
{
    const char *handle = entra_field(q, "id"), *answer = entra_field(q, "answer");
    struct json *s = session_of(q, r, handle);

    if (s && (str_eq(answer, "approve") || str_eq(answer, "decline")))
        signin_decide(q->world, s, entra_field(q, "user"), str_eq(answer, "approve"));
    if (s)
        show_session(q, r, s, handle);
}

/* ---- the code ---- */

static struct json *by_code(struct world *w, const char *code)
{
    char key[DIGEST_SIZE];

    signin_digest(key, code);
    JSON_EACH (s, world_section(w, "signins"))
        if (str_eq(json_str(s, "code"), key))
            return json_edit(s);
    return NULL;
}

static bool verifier_fits(const struct json *s, const char *verifier)
{
    const char *challenge = json_str(s, "challenge");
    unsigned char sum[SHA256_DIGEST_LENGTH];
    struct str b64 = STR_INIT;
    bool same;

    if (!challenge || !verifier)
        return !challenge && !verifier;
    SHA256((const unsigned char *)verifier, strlen(verifier), sum);
    str_add_b64url(&b64, sum, sizeof(sum));
    same = strlen(verifier) >= 43 && strlen(verifier) <= 128 && str_eq(str_p(&b64), challenge);
    str_free(&b64);
    return same;
}

static const struct entra_error *judge(struct sb_req *q, struct json *s, const char *client_id,
                                       const char *tid)
{
    int64_t expires = 0;
    enum signin_state state = s ? signin_now(q->world, s) : SIGNIN_EXPIRED;

    json_int(s, "codeExpires", &expires);
    if (!s || !str_ieq(json_str(s, "clientId"), client_id) || !str_ieq(json_str(s, "tenant"), tid))
        return &E_BAD_CODE;
    if (state == SIGNIN_REDEEMED)
        return &E_REDEEMED;
    if (state != SIGNIN_APPROVED || wall_ms() >= expires)
        return &E_BAD_CODE;
    if (!str_eq(json_str(s, "redirect"), entra_field(q, "redirect_uri")))
        return &E_REPLY;
    return verifier_fits(s, entra_field(q, "code_verifier")) ? NULL : &E_VERIFIER;
}

void entra_redeem_code(struct sb_req *q, struct sb_reply *r, const char *client_id, const char *tid)
{
    const char *code = entra_need(q, r, "code");
    struct json *s = code ? by_code(q->world, code) : NULL;
    struct entra_grant g = { .client_id = client_id, .scope = json_str(s, "scope") };
    const struct entra_error *e;

    if (!code)
        return;
    e = judge(q, s, client_id, tid);
    if (!e) {
        e = entra_fill_user(q->world, &g, json_str(s, "user"), tid);
        signin_set(q->world, s, SIGNIN_REDEEMED);
    }
    if (!e && access_refuses_user(q, r, g.tid))
        return;
    if (e)
        entra_refuse(q, r, e);
    else
        entra_send_tokens(q, r, &g);
}

static const struct sb_route rows[] = {
    { "GET", "/{tenant}/oauth2/v2.0/authorize", SB_ANYONE, NULL, authorize, "azure-wire.md 1.7.1" },
    { "GET", "/login/session", SB_ANYONE, NULL, session, "of this program" },
    { "POST", "/login/session", SB_ANYONE, NULL, session_answer, "of this program" },
};
const struct sb_routes entra_authorize_routes = { rows, ARRAY_LEN(rows) };
