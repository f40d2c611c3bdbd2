/* fake.h - a transport that plays a script, for the tests of azure: no network, every request is
 * kept for looking at.
 *
 * fake_expect adds the next reply and what request must ask for it (method and a part of the URL).
 * A request that does not match is answered with status 0 and counted in `strays`. FAKE_HOLD: the
 * request is never answered. FAKE_LOST: no answer came.
 */
#ifndef AZL_TESTS_AZURE_FAKE_H
#define AZL_TESTS_AZURE_FAKE_H

#include "testing.h"

#include "base/loop.h"
#include "base/secret.h"
#include "base/str.h"
#include "net/http.h"

enum { FAKE_LOST = 0, FAKE_HOLD = -1 };

struct fake_seen {
    char method[8], url[900], body[3000], bearer[200], headers[900];
    int64_t at;
    size_t max_reply;
};
struct fake_script;
struct fake {
    struct http http;
    struct loop *loop;
    struct fake_script *script; /* not yet played */
    struct http_call *calls;
    struct fake_seen seen[1200];
    size_t n;
    int strays;
    char allowed[8][200];
    size_t n_allowed;
};

struct fake *fake_new(void);
void fake_free(struct fake *f);
/* headers: "Name: value" lines separated by '\n', or NULL. Retry-After-ms is understood. */
void fake_expect(struct fake *f, const char *method, const char *url_part, int status,
                 const char *headers, const char *body);
size_t fake_left(const struct fake *f);
const struct fake_seen *fake_last(const struct fake *f);
/* Turns the loop until *flag, or for at most ms; false when it never came. */
bool fake_run(struct fake *f, const bool *flag, int64_t ms);
void fake_turns(struct fake *f, int64_t ms); /* just lets ms pass */

#endif
