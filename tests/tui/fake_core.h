/* fake_core.h - a core of canned sections at the other end of a socketpair: says hello, answers
 * watches, records intents. */
#ifndef AZL_TESTS_FAKE_CORE_H
#define AZL_TESTS_FAKE_CORE_H

#include "base/loop.h"
#include "wire/sections.h"
#include "wire/wire.h"

struct fake_core;
struct fake_core *fake_new(struct loop *l, int fd,
                           const struct wire_hello *hello); /* hello NULL: the usual one, may act */
void fake_free(struct fake_core *f);
void fake_set(struct fake_core *f, enum section_id id,
              const void *section); /* a newer version; answers an open watch */
void fake_send(struct fake_core *f, enum section_id id, struct json *data_owned); /* any JSON */
bool fake_is_lost(const struct fake_core *f);          /* the console has hung up */
void fake_raw(struct fake_core *f, const char *bytes); /* past the protocol */
/* What the next intents of this name are answered; owned by the fake core. Without one: {}. */
void fake_reply(struct fake_core *f, const char *intent, struct json *result_owned);
void fake_refuse(struct fake_core *f, const char *intent, const struct err *e);
/* The next of this name wait; fake_answer answers the newest of them. */
void fake_hold(struct fake_core *f, const char *intent);
void fake_answer(struct fake_core *f, struct json *result_owned);
size_t fake_count(const struct fake_core *f, const char *intent); /* intents of this name so far */
/* What came beside the newest of this name as the secret `name`, "" if nothing did. */
const char *fake_secret(const struct fake_core *f, const char *intent, const char *name);
const struct json *fake_args(const struct fake_core *f,
                             const char *intent); /* of the newest, or NULL */

#endif
