/* web.c - the pages for people: `/` and `/devicelogin`. Plain HTML without scripts: it works in
 * w3m, lynx and every browser. */
#include "config.h"

#include <string.h>

#include "base/i18n.h"
#include "sandbox/signin.h"
#include "sandbox/web.h"

#define HTML "text/html; charset=utf-8"

/* Text as HTML shows it; the only way of a value into a page. */
void web_text(struct str *s, const char *text)
{
    for (const char *p = text ? text : ""; *p; p++) {
        switch (*p) {
        case '&':
            str_add(s, "&amp;");
            break;
        case '<':
            str_add(s, "&lt;");
            break;
        case '>':
            str_add(s, "&gt;");
            break;
        case '"':
            str_add(s, "&quot;");
            break;
        case '\'':
            str_add(s, "&#39;");
            break;
        default:
            if ((unsigned char)*p >= ' ')
                str_addc(s, *p);
        }
    }
}

void web_p(struct str *s, const char *text)
{
    str_add(s, "<p>");
    web_text(s, text);
    str_add(s, "</p>\n");
}

void web_start(struct str *s, const char *title)
{
    str_add(s, "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\">"
               "<meta name=\"viewport\" content=\"width=device-width\"><title>");
    web_text(s, title);
    str_add(s, "</title>\n<style>body{font-family:sans-serif;max-width:36em;margin:2em auto;"
               "padding:0 1em}th{text-align:left;padding-right:1em;vertical-align:top}"
               "input,select,button{font-size:1.1em}</style></head><body>\n<h1>");
    web_text(s, title);
    str_add(s, "</h1>\n");
}

void web_send(struct sb_reply *r, int status, struct str *s)
{
    str_add(s, "<hr>");
    web_p(s, _("This is the sandbox of azloconf on this machine. It is not a Microsoft page: never "
               "type a real password here."));
    str_add(s, "</body></html>\n");
    sb_reply_header(r, "Content-Security-Policy",
                    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self' "
                    "http://localhost:* http://127.0.0.1:*; frame-ancestors 'none'");
    sb_reply_header(r, "X-Content-Type-Options", "nosniff");
    sb_reply_text(r, status, HTML, str_take(s));
}

static void index_page(struct sb_req *q, struct sb_reply *r)
{
    struct str s = STR_INIT;
    (void)q;
    web_start(&s, _("azlosandbox"));
    web_p(&s,
          _("An Azure for rehearsal: Microsoft Entra, Azure Resource Manager and Azure Stack HCI, "
            "imitated on this machine."));
    str_add(&s, "<ul>\n<li><a href=\"/devicelogin\">");
    web_text(&s, _("Sign in with a device code"));
    str_add(&s, "</a></li>\n<li><a href=\"/sandbox/state\">");
    web_text(&s, _("Sign-ins and faults (JSON)"));
    str_add(&s, "</a></li>\n<li><a href=\"/metadata/endpoints?api-version=2022-09-01\">");
    web_text(&s, _("Endpoints of this cloud (JSON)"));
    str_add(&s, "</a></li>\n</ul>\n");
    web_send(r, 200, &s);
}

static void ask_code(struct sb_reply *r, int status, const char *typed, const char *trouble)
{
    struct str s = STR_INIT;
    web_start(&s, _("Enter code"));
    if (trouble) {
        str_add(&s, "<p><b>");
        web_text(&s, trouble);
        str_add(&s, "</b></p>\n");
    }
    web_p(&s, _("Type the code that the program shows."));
    str_add(&s, "<form method=\"post\" action=\"/devicelogin\">\n<p><label>");
    web_text(&s, _("Code"));
    str_add(&s, " <input name=\"code\" size=\"12\" maxlength=\"20\" autocomplete=\"off\" autofocus "
                "value=\"");
    web_text(&s, typed);
    str_add(&s, "\"></label>\n<input type=\"submit\" value=\"");
    web_text(&s, _("Next"));
    str_add(&s, "\"></p>\n</form>\n");
    web_send(r, status, &s);
}

void web_row(struct str *s, const char *label, const char *value)
{
    str_add(s, "<tr><th>");
    web_text(s, label);
    str_add(s, "</th><td>");
    web_text(s, value);
    str_add(s, "</td></tr>\n");
}

/* One entry a name: a guest of another tenant is the same person. */
void web_users(struct str *s, struct world *w)
{
    str_add(s, "<p><label>");
    web_text(s, _("Sign in as"));
    str_add(s, " <select name=\"user\">\n");
    JSON_EACH (u, world_section(w, "users")) {
        const char *upn = json_str(u, "upn");
        if (!upn || signin_user(w, upn, "") != u)
            continue;
        str_add(s, "<option value=\"");
        web_text(s, upn);
        str_add(s, "\">");
        web_text(s, json_str(u, "name"));
        str_add(s, " (");
        web_text(s, upn);
        str_add(s, ")</option>\n");
    }
    str_add(s, "</select></label></p>\n");
}

void web_button(struct str *s, const char *value, const char *label)
{
    str_addf(s, "<button type=\"submit\" name=\"answer\" value=\"%s\">", value);
    web_text(s, label);
    str_add(s, "</button>\n");
}

static void ask_decision(const struct sb_req *q, struct sb_reply *r, const struct json *sign)
{
    struct str s = STR_INIT;
    const char *client = json_str(sign, "clientId"), *app = signin_app_name(client ? client : "");
    const char *tenant = json_str(sign, "tenant");
    web_start(&s, _("Are you trying to sign in?"));
    web_p(&s, _("Only go on if you started this sign-in yourself."));
    str_add(&s, "<table>\n");
    web_row(&s, _("Application"), app[0] ? app : _("an application of your own"));
    web_row(&s, _("Client ID"), client);
    web_row(&s, _("Wants access to"), json_str(sign, "scope"));
    web_row(&s, _("Tenant"), tenant && tenant[0] ? tenant : _("the tenant of the user"));
    web_row(&s, _("Code"), json_str(sign, "userCode"));
    str_add(&s, "</table>\n<form method=\"post\" action=\"/devicelogin\">\n"
                "<input type=\"hidden\" name=\"code\" value=\"");
    web_text(&s, json_str(sign, "userCode"));
    str_add(&s, "\">\n");
    web_users(&s, q->world);
    str_add(&s, "<p>");
    web_button(&s, "approve", _("Approve"));
    web_button(&s, "decline", _("Decline"));
    str_add(&s, "</p>\n</form>\n");
    web_send(r, 200, &s);
}

void web_say(struct sb_reply *r, int status, const char *title, const char *text)
{
    struct str s = STR_INIT;
    web_start(&s, title);
    web_p(&s, text);
    web_send(r, status, &s);
}

static const char *field(const struct sb_req *q, const char *name)
{
    const char *v = json_value_str(json_member(q->form, name));
    return v ? v : "";
}

static void decide(struct sb_req *q, struct sb_reply *r, struct json *sign, bool approve)
{
    const char *user = field(q, "user");
    if (!signin_decide(q->world, sign, user[0] ? user : NULL, approve))
        web_say(r, 400, _("Not signed in"), _("There is no such user, or the code waits no more."));
    else if (approve)
        web_say(r, 200, _("Signed in"), _("You have signed in. You may now close this window."));
    else
        web_say(r, 200, _("Declined"), _("The sign-in was declined. Nobody was signed in."));
}

static void login_form(struct sb_req *q, struct sb_reply *r)
{
    const char *code = sb_query(q, "otc");
    ask_code(r, 200, code ? code : "", NULL);
}

static void login_answer(struct sb_req *q, struct sb_reply *r)
{
    const char *code = field(q, "code"), *answer = field(q, "answer");
    struct json *sign = signin_by_user_code(q->world, code);
    if (!sign)
        ask_code(r, 200, code, _("That code did not work. Check the code and try again."));
    else if (signin_now(q->world, sign) == SIGNIN_EXPIRED)
        ask_code(r, 200, "", _("That code has expired. Start the sign-in again in the program."));
    else if (signin_now(q->world, sign) != SIGNIN_PENDING)
        ask_code(r, 200, "", _("That code was already used."));
    else if (str_eq(answer, "approve") || str_eq(answer, "decline"))
        decide(q, r, sign, str_eq(answer, "approve"));
    else
        ask_decision(q, r, sign);
}

static const struct sb_route rows[] = {
    { "GET HEAD", "/", SB_ANYONE, NULL, index_page, "of this program" },
    { "GET HEAD", "/devicelogin", SB_ANYONE, NULL, login_form, "azure-wire.md 1.3.5" },
    { "POST", "/devicelogin", SB_ANYONE, NULL, login_answer, "azure-wire.md 1.3.5" },
};
const struct sb_routes web_routes = { rows, ARRAY_LEN(rows) };
