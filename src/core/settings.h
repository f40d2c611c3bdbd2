/* settings.h - the core's settings: one table of options, from the command line and, for the system
 * core, from a root-owned file.
 *
 * Order: settings_init, settings_args (all of the command line), for the system core
 * settings_file(SETTINGS_FILE), settings_finish (defaults, contradictions). The command line wins
 * over the file. The file holds lines "name = value" with the options' names without dashes; '#'
 * begins a comment. It must be a regular file of root that nobody else may write: its values name
 * commands that run as root. Options that belong to a private core are refused elsewhere.
 * --help is made from the table.
 */
#ifndef AZL_CORE_SETTINGS_H
#define AZL_CORE_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/str.h"

#define SETTINGS_FILE         "/etc/azloconf/azloconf.conf"
#define SETTINGS_SYSTEM_STATE "/var/lib/azloconf"
#define SETTINGS_MAX_NODES    64
#define SETTINGS_MAX_LIST     32
#define SETTINGS_IDLE_SECONDS 600

/* The parts of one node's Arc agent; name "" means: this host. */
struct settings_node {
    char name[64];
    char himds[256], azcmagent[600], tokens_dir[600], certificates_dir[600];
};
struct settings {
    bool private_core, sandbox, fresh, help, version;
    char socket[256], state_dir[600];
    char cloud[48], cloud_endpoint[256], sandbox_base[256], ca_file[600], proxy[256], client_id[40];
    char agent_proxy[256];                   /* "none", or "" for the core's own */
    int64_t clock_rate, idle_seconds, nodes; /* idle 0: never; nodes 0: as it was */
    int64_t node_build;            /* Windows build that native nodes play; 0: the newest */
    int64_t node_uptime;           /* hours since native nodes were started; 0: as this machine */
    bool has_proxy, has_client_id; /* one was named: it may be none, or the usual one */
    char sandbox_args[SETTINGS_MAX_LIST][256];
    size_t n_sandbox_args;
    struct settings_node node[SETTINGS_MAX_NODES];
    size_t n_nodes;
};

enum { SETTINGS_IN_FILE = 1, SETTINGS_PRIVATE = 2 /* private core only */ };
struct settings_option {
    const char *name, *argument; /* argument NULL: a flag */
    const char *help;            /* N_() */
    const char *dflt;            /* as text for --help, or NULL */
    unsigned where;
    int (*take)(struct settings *c, const struct settings_option *o, const char *value,
                struct err *e);
    size_t off, size; /* of the member, for the common kinds */
};
extern const struct settings_option settings_options[];
extern const size_t settings_option_count;

void settings_init(struct settings *c);
/* The proxy that the nodes' Arc agents get: --agent-proxy, else --proxy, else that of the
 * environment as libcurl reads it. Without name and password, which a command line would show. */
void settings_agent_proxy(const struct settings *c, char *out, size_t size);
int settings_args(struct settings *c, int argc, char **argv, struct err *e);
/* owner: the uid that must own the file (0). A missing file is no error. */
int settings_file(struct settings *c, const char *path, uid_t owner, struct err *e);
int settings_finish(struct settings *c, struct err *e);
/* The node's row, made when it is new; NULL when there are too many. */
struct settings_node *settings_node(struct settings *c, const char *name);
void settings_help(FILE *out);

#endif
