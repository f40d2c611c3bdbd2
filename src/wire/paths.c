#include "config.h"

#include "wire/paths.h"

#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/i18n.h"
#include "base/str.h"

static const char *home_dir(void)
{
    const char *home = getenv("HOME");
    const struct passwd *pw;

    if (home && home[0] == '/')
        return home;
    pw = getpwuid(getuid());
    return pw && pw->pw_dir[0] == '/' ? pw->pw_dir : NULL;
}

static int usual_dir(char *out, size_t size, bool sandbox, struct err *e)
{
    const char *name = sandbox ? "azloconf-sandbox" : "azloconf";
    const char *base = getenv("XDG_STATE_HOME");
    bool fits;

    if (base && base[0] == '/') {
        fits = str_fmt(out, size, "%s/%s", base, name);
    } else {
        base = home_dir();
        if (!base)
            return err_set(e, ERR_SYSTEM, 0,
                           _("There is no home folder for the state: give --state-dir."));
        fits = str_fmt(out, size, "%s/.local/state/%s", base, name);
    }
    return fits ? 0 : err_set(e, ERR_USAGE, 0, _("The path of the state folder is too long."));
}

static int given_dir(char *out, size_t size, const char *given, struct err *e)
{
    char here[PATH_MAX];
    bool fits;

    if (!given[0])
        return err_set(e, ERR_USAGE, 0, _("The state folder needs a name."));
    if (given[0] == '/') {
        fits = str_copy(out, size, given);
    } else {
        if (!getcwd(here, sizeof here))
            return err_sys(e, errno, _("The current folder is not readable"));
        fits = str_fmt(out, size, "%s/%s", here, given);
    }
    return fits ? 0 : err_set(e, ERR_USAGE, 0, _("The path of the state folder is too long."));
}

int path_state_dir(char *out, size_t size, const char *given, bool sandbox, struct err *e)
{
    char real[PATH_MAX];
    int rc = given ? given_dir(out, size, given, e) : usual_dir(out, size, sandbox, e);

    if (rc < 0 || file_mkdirs(out, e) < 0)
        return -1;
    if (!realpath(out, real))
        return err_sys(e, errno, _("The state folder %s is not readable"), out);
    if (!str_copy(out, size, real))
        return err_set(e, ERR_USAGE, 0, _("The path of the state folder is too long."));
    return 0;
}

void path_name(char out[PATH_NAME_SIZE], const char *state_dir)
{
    uint64_t h = 14695981039346656037ull;

    for (const unsigned char *p = (const unsigned char *)state_dir; *p; p++) {
        h ^= *p;
        h *= 1099511628211ull;
    }
    str_fmt(out, PATH_NAME_SIZE, "%016llx", (unsigned long long)h);
}

int path_runtime_dir(char *out, size_t size, struct err *e)
{
    const char *run = getenv("XDG_RUNTIME_DIR");
    size_t longest = PATH_SOCKET_SIZE - sizeof "/azloconf/0123456789abcdef.sock";

    if (run && run[0] == '/' && strlen(run) < longest && access(run, W_OK) == 0)
        str_fmt(out, size, "%s/azloconf", run);
    else
        str_fmt(out, size, "/tmp/azloconf-%u", (unsigned)getuid());
    return file_mkdirs(out, e);
}

static int beside(char *out, size_t size, const char *state_dir, const char *ending, struct err *e)
{
    char dir[PATH_SOCKET_SIZE], name[PATH_NAME_SIZE];

    if (path_runtime_dir(dir, sizeof dir, e) < 0)
        return -1;
    path_name(name, state_dir);
    if (!str_fmt(out, size, "%s/%s%s", dir, name, ending))
        return err_set(e, ERR_USAGE, 0, _("The path of the core's socket is too long."));
    return 0;
}

int path_socket(char *out, size_t size, const char *state_dir, struct err *e)
{
    return beside(out, size, state_dir, ".sock", e);
}

int path_lock(char *out, size_t size, const char *state_dir, struct err *e)
{
    return beside(out, size, state_dir, ".lock", e);
}
