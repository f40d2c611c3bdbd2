#include "config.h"

#include "console/face/session.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/str.h"

bool session_question(const struct model *m, enum session_act act, char *out, size_t size)
{
    const struct sec_core *core = model_section(m, SEC_CORE);
    bool active = model_run_active(m);

    if (act == SESSION_LOG_OFF) {
        str_fmt(out, size,
                _("Your login session on this terminal ends, with everything that runs in it.%s"),
                active ? _(" The operation that is running goes on without you.") : "");
        return true;
    }
    if (str_eq(core->mode, "sandbox")) {
        str_copy(out, size,
                 _("This is the sandbox, a rehearsal: it does not restart or shut down the real "
                   "machine."));
        return false;
    }
    str_fmt(out, size, _("%s: everything that runs on this machine ends.%s"), core->host,
            active ? _(" The operation that is running stops in "
                       "between and goes on when the machine is back.")
                   : "");
    return true;
}

int session_log_off(struct err *e)
{
    pid_t leader = getsid(0);

    if (leader <= 1 || leader == getpid() || kill(leader, SIGHUP) == 0)
        return 0;
    return err_set(e, ERR_SYSTEM, errno, _("The session could not be ended: %s"), strerror(errno));
}

int session_power(struct loop *l, enum session_act act, proc_done_fn *fn, void *payload,
                  struct err *e)
{
    static const char *const places[] = { "/usr/bin/systemctl", "/bin/systemctl" };

    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        const char *argv[] = { places[i], act == SESSION_RESTART ? "reboot" : "poweroff", NULL };
        struct proc_spec spec = { .argv = argv, .deadline_ms = 30000 };

        if (access(places[i], X_OK) < 0)
            continue;
        return proc_start(l, &spec, fn, payload, e) ? 0 : -1;
    }
    return err_set(
        e, ERR_SYSTEM, ENOENT, "%s",
        _("There is no systemctl on this machine: use its own way to restart or shut down."));
}

int session_shell(const char **name)
{
    const char *shell = getenv("SHELL");
    int status = 0;
    pid_t pid;

    if (!shell || shell[0] != '/')
        shell = "/bin/sh";
    *name = shell;
    pid = fork();
    if (pid == 0) {
        static const int plain[] = { SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGTSTP, SIGPIPE, SIGCHLD };
        sigset_t none;
        for (size_t i = 0; i < ARRAY_LEN(plain); i++)
            signal(plain[i], SIG_DFL);
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        execl(shell, shell, (char *)NULL);
        _exit(127);
    }
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return pid < 0 || (WIFEXITED(status) && WEXITSTATUS(status) == 127) ? -1 : 0;
}

const char *session_last_words(const struct model *m)
{
    return model_run_active(m)
               ? _("azloconf left; the operation goes on. Type azloconf to come back to it.")
               : _("azloconf left. Type azloconf to come back.");
}
