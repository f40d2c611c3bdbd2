#include "config.h"

#include "console/face/answers.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/i18n.h"
#include "base/text.h"
#include "wire/params.h"

static void add_wrong(struct json *wrong, const char *key, const char *text)
{
    struct json *row = json_object();
    char clean[80];

    TEXT_SET(clean, key);
    json_set_str(row, "key", clean);
    json_set_str(row, "message", text);
    json_push(wrong, row);
}

static void unknown_key(struct json *wrong, const char *key)
{
    const char *near = param_near(key);
    struct err e = { 0 };

    if (*near)
        err_set(&e, ERR_USAGE, 0, _("There is no such parameter. Is %s meant?"), near);
    else
        err_set(&e, ERR_USAGE, 0, "%s",
                _("There is no such parameter; \"azloconf register --help\" lists them."));
    add_wrong(wrong, key, e.message);
}

static void take(struct json *values, const struct json *one, struct json *wrong)
{
    const struct param *p = param_find(json_name(one));
    struct json *own = NULL;
    struct err e = { 0 };

    if (!p)
        unknown_key(wrong, json_name(one));
    else if (json_member(values, p->id))
        add_wrong(wrong, json_name(one),
                  _("This parameter is there twice; upper and lower case are the same."));
    else if (param_judge(p, one, &own, &e) < 0)
        add_wrong(wrong, json_name(one), e.message);
    else
        json_set(values, p->id, own);
}

struct json *answers_read(const char *path, struct json *wrong, struct err *e)
{
    struct json *file, *values;
    const struct json *top;
    struct str text = STR_INIT;

    if (file_read(path, ANSWERS_MAX, &text, e) < 0) {
        err_wrap(e, "--answers %s", path);
        e->domain = ERR_USAGE;
        str_free(&text);
        return NULL;
    }
    file = json_parse(str_p(&text), text.len, ANSWERS_MAX, e);
    str_free(&text);
    if (file && !json_is_object(file)) {
        err_set(e, ERR_USAGE, 0, "%s", _("The file must hold one JSON object of parameters."));
        json_free(file);
        file = NULL;
    }
    if (!file) {
        err_wrap(e, "--answers %s", path);
        e->domain = ERR_USAGE;
        return NULL;
    }
    top = json_is_object(json_member(file, "answers")) ? json_member(file, "answers") : file;
    values = json_object();
    JSON_EACH (one, top)
        take(values, one, wrong);
    json_free(file);
    return values;
}

void answers_environment(const char *path, char *out, size_t size)
{
    struct json *wrong = json_array(), *values;
    struct err ignored = { 0 };

    values = answers_read(path, wrong, &ignored);
    str_copy(out, size, json_str(values, params[PAR_ENVIRONMENT].id));
    json_free(values);
    json_free(wrong);
}

struct json *answers_of(const struct json *values)
{
    struct json *out = json_object();

    for (int i = 0; i < PARAMS; i++) {
        const struct json *v = json_member(values, params[i].id);

        if (v && !(params[i].flags & PARAM_SECRET) && (params[i].flags & PARAM_SENT))
            json_set(out, params[i].name, json_copy(v));
    }
    return out;
}

int answers_write(const char *path, const struct json *values, bool replace, struct err *e)
{
    struct json *out = answers_of(values);
    struct str text = STR_INIT;
    int fd, rc = 0;

    json_write_pretty(&text, out);
    json_free(out);
    if (replace) {
        rc = file_replace(path, text.p, text.len, e);
    } else {
        fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0 && errno == EEXIST)
            rc = err_set(e, ERR_STORE, ERR_C_CONFLICT, _("The file %s is there already."), path);
        else if (fd < 0)
            rc = err_sys(e, errno, _("The file %s cannot be written"), path);
        else if (write(fd, text.p, text.len) != (ssize_t)text.len || fsync(fd) != 0)
            rc = err_sys(e, errno ? errno : ENOSPC, _("The file %s cannot be written"), path);
        if (fd >= 0) {
            close(fd);
            if (rc)
                unlink(path);
        }
    }
    str_free(&text);
    return rc;
}

const struct form_field answers_fields[ANSWERS_FIELDS] = {
    [ANSWERS_FILE] = { .id = "file",
                       .label = N_("File"),
                       .help = N_("The values of this registration are written there as JSON "
                                  "(mode 0600), to be used with: azloconf register --answers "
                                  "FILE. No secret is in it.") },
};

void answers_suggest(char *out, size_t size, const char *cluster)
{
    const char *home = getenv("HOME");

    str_fmt(out, size, "%s/azloconf-%s.json", home ? home : "", cluster);
}
