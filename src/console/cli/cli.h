/* cli.h - the command line: a table of commands, each with its options, help and function.
 *
 * Options are the Windows cmdlets' parameter names in kebab case. A command runs straight down:
 * cli_ask and cli_wait turn the loop until there is an answer. Exit codes are one table
 * (cli_exit_of). Tables own their help: --help, the man page's option list and completion are made
 * from them.
 */
#ifndef AZL_CONSOLE_CLI_CLI_H
#define AZL_CONSOLE_CLI_CLI_H

#include "base/secret.h"
#include "console/client.h"
#include "wire/params.h"

enum cli_exit {
    EXIT_DONE = 0,
    EXIT_FAILED = 1,
    EXIT_USAGE = 2,
    EXIT_LEFT = 3,    /* left by the user */
    EXIT_SIGN_IN = 4, /* not signed in, or the code expired */
    EXIT_REFUSED = 5, /* refused by Azure: role, policy, Conditional Access, an
                         administrator's consent that is missing */
    EXIT_IN_PART = 6,
    EXIT_OUT_OF_POLICY = 7,
    EXIT_BUSY = 75 /* another operation holds the lock */
};

struct cli_option {
    const char *name; /* "subscription-id" */
    const char *arg;  /* "GUID", NULL: a switch */
    const char *help; /* N_() */
    bool core;        /* passed on to a private core as it is */
    bool many;        /* may be given more than once */
};
#define CLI_MAX_VALUES 160
struct cli {
    struct loop *loop;
    struct client *client;
    struct client_options connect;
    const struct cli_command *command;
    struct {
        struct cli_option option;
        const char *value;
    } values[CLI_MAX_VALUES];
    size_t n_values;
    const char *words[8]; /* what stands after the command: "create", "CLUSTER-A" */
    size_t n_words;
    const char *core_args[2 * CLI_MAX_VALUES + 1];
    size_t n_core_args;
    bool json, tty;
    bool left; /* Ctrl-C */
    enum client_state state;
    struct err why;           /* why the client failed or was refused */
    struct secret arc_secret; /* ArcSpnCredential's, of register and operations resume */
    unsigned came[SECTIONS];  /* how often each section came so far */
};
struct cli_command {
    const char *name, *words;     /* words after it, for the usage line: "show | resume ID" */
    const char *help;             /* N_() */
    const struct cli_option *own; /* beside those of the parameters */
    size_t n_own;
    const enum param_no *params; /* each is an option as its row says (wire/params.h) */
    size_t n_params;
    unsigned sections; /* to watch */
    int (*run)(struct cli *c);
};
extern const struct cli_command cli_commands[];
extern const size_t cli_command_count;
extern const struct cli_option cli_common[];
extern const size_t cli_common_count;
/* A command's options: the parameters' first, then its own. */
size_t cli_options(const struct cli_command *k);
struct cli_option cli_option_at(const struct cli_command *k, size_t i);
bool cli_takes(const struct cli_command *k, const char *name);

/* Parses; returns -1 with *e (ERR_USAGE). A missing command is c->command NULL. */
int cli_parse(struct cli *c, int argc, char **argv, struct err *e);
void cli_free(struct cli *c);                                 /* what parsing took */
const char *cli_value(const struct cli *c, const char *name); /* the last one given, NULL if none */
bool cli_switch(const struct cli *c, const char *name);
void cli_help(const struct cli_command *command); /* NULL: the whole program */
int cli_run(struct cli *c);                       /* connects, runs, closes; the exit code */

/* For commands. Both return -1 with *e when the core went away or the user left. */
int cli_ask(struct cli *c, const char *intent, struct json *args_owned, struct json **result,
            struct err *e);
int cli_ask_secret(struct cli *c, const char *intent, struct json *args_owned,
                   const struct wire_secret *secrets, size_t n, struct json **result,
                   struct err *e);
typedef bool cli_until_fn(struct cli *c, void *payload);
int cli_wait(struct cli *c, cli_until_fn *fn, void *payload, int64_t max_ms, struct err *e);
bool cli_have(struct cli *c, unsigned sections, struct err *e); /* waits until each came once */
int cli_need_cluster(struct cli *c, struct err *e); /* asks for the status; -1 if there is none */
enum cli_exit cli_exit_of(const struct err *e);
int cli_fail(const struct cli *c,
             const struct err *e); /* prints what, why, what to do, ids; its exit code */

int cmd_status(struct cli *c);
int cmd_sign_in(struct cli *c);
int cmd_sign_out(struct cli *c);
int cmd_register(struct cli *c);
int cmd_act(struct cli *c);
int cmd_cleanup(struct cli *c);
int cmd_reset(struct cli *c);
int cmd_operations(struct cli *c);
int cmd_cluster(struct cli *c);
int cmd_log(struct cli *c);
int cmd_explain(struct cli *c);
bool cli_code_blocked(const struct err *e); /* the tenant's rules: another code would not help */
int cli_sign_in(struct cli *c, const char *tenant,
                struct err *e); /* shows the code, waits until signed in */

#endif
