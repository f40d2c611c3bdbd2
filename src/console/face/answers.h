/* answers.h - a file of answers: a registration's parameters as one JSON object, with the names
 * that the Windows module has for them (wire/params.h), read by `register --answers`.
 *
 * {"SubscriptionId": "...", "Region": "eastus", "Tag": {"owner": "IT"}, "RepairRegistration": true}
 * Names are read without case. No secret stands in it. What `register --what-if --output json`
 * prints is such a file, too: then its member "answers" is read.
 */
#ifndef AZL_FACE_ANSWERS_H
#define AZL_FACE_ANSWERS_H

#include "base/err.h"
#include "base/json.h"
#include "console/face/form.h"

#define ANSWERS_MAX (256 * 1024)

/* The right values, by the intent's names (the caller's). What is wrong is pushed to `wrong`, a row
 * {"key", "message"} each. NULL and *e: the file cannot be read, or is no JSON object. */
struct json *answers_read(const char *path, struct json *wrong, struct err *e);
/* The file's EnvironmentName, wanted before there is a core that could judge the rest; "" if it has
 * none or cannot be read (answers_read says why). */
void answers_environment(const char *path, char *out, size_t size);
/* From the intent's values to the file's object: what may stand in one. */
struct json *answers_of(const struct json *values);
/* 0600. An existing file: ERR_C_CONFLICT unless `replace`. */
int answers_write(const char *path, const struct json *values, bool replace, struct err *e);

/* The console's page that asks for the file's name, and the name that it offers. */
enum { ANSWERS_FILE, ANSWERS_FIELDS };
extern const struct form_field answers_fields[ANSWERS_FIELDS];
void answers_suggest(char *out, size_t size, const char *cluster);

#endif
