/* web.h - the parts of the sandbox's pages for people: plain HTML without scripts.
 *
 * web_start opens a page, web_send ends it and sends it (it takes the text); web_text is the only
 * way of a value into a page.
 */
#ifndef AZL_SANDBOX_WEB_H
#define AZL_SANDBOX_WEB_H

#include "sandbox/sandbox.h"

void web_start(struct str *s, const char *title);
void web_text(struct str *s, const char *text);
void web_p(struct str *s, const char *text);
void web_row(struct str *s, const char *label, const char *value); /* of a table */
void web_users(struct str *s, struct world *w); /* "Sign in as", a choice named "user" */
void web_button(struct str *s, const char *value, const char *label); /* named "answer" */
void web_send(struct sb_reply *r, int status, struct str *s);
void web_say(struct sb_reply *r, int status, const char *title, const char *text);

#endif
