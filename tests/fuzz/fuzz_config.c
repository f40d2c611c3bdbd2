/* Target config: the settings file and the command line of azloconfd. The input's lines before a
 * line "--" are arguments, those behind it are the file; without such a line all is the file. */
#include "config.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "azure/cloud.h"
#include "core/settings.h"
#include "fuzz.h"
#include "net/http.h"

#define MAX_ARGS 40

static char path[200];

/* ---- what must hold of any settings that were taken ---- */

static void ends(const char *p, size_t size)
{
    FUZZ_HOLDS(memchr(p, '\0', size), "a text ends within its member");
}
#define ENDS(m) ends(m, sizeof(m))

static void node_is_sound(const struct settings_node *n)
{
    ENDS(n->name);
    ENDS(n->himds);
    ENDS(n->azcmagent);
    ENDS(n->tokens_dir);
    FUZZ_HOLDS(!n->himds[0] || http_url_is_loopback(n->himds),
               "an agent's token address is on this machine");
    FUZZ_HOLDS(!strchr(n->name, '/') && !strchr(n->name, ':'), "a node's name is no address");
}

static void is_sound(const struct settings *c)
{
    char guid[GUID_SIZE];

    ENDS(c->socket);
    ENDS(c->state_dir);
    ENDS(c->cloud);
    ENDS(c->cloud_endpoint);
    ENDS(c->ca_file);
    ENDS(c->proxy);
    ENDS(c->client_id);
    FUZZ_HOLDS(!c->socket[0] || c->socket[0] == '/', "a socket's path is whole");
    FUZZ_HOLDS(!c->cloud[0] || cloud_find(c->cloud), "the cloud is in the table");
    FUZZ_HOLDS(!c->cloud_endpoint[0] || http_url_is_https(c->cloud_endpoint),
               "an endpoint is an https address");
    FUZZ_HOLDS(guid_parse(guid, c->client_id) && str_eq(guid, c->client_id), "an id is a GUID");
    FUZZ_HOLDS(c->clock_rate >= 1 && c->clock_rate <= 10000000, "a rate is within its limits");
    FUZZ_HOLDS(c->idle_seconds >= 0 && c->idle_seconds <= 31536000, "seconds are within limits");
    FUZZ_HOLDS(c->nodes >= 0 && c->nodes <= SETTINGS_MAX_NODES, "nodes are within their limits");
    FUZZ_HOLDS(c->n_sandbox_args <= SETTINGS_MAX_LIST, "arguments are within their limits");
    FUZZ_HOLDS(c->n_nodes <= SETTINGS_MAX_NODES, "rows of nodes are within their limits");
    for (size_t i = 0; i < c->n_sandbox_args; i++)
        ENDS(c->sandbox_args[i]);
    for (size_t i = 0; i < c->n_nodes; i++) {
        node_is_sound(&c->node[i]);
        for (size_t k = 0; k < i; k++)
            FUZZ_HOLDS(!str_ieq(c->node[i].name, c->node[k].name), "a node has one row");
    }
}

/* Only what SETTINGS_IN_FILE marks may come from the file. */
static void file_keeps_out(const struct settings *before, const struct settings *after)
{
    FUZZ_HOLDS(before->private_core == after->private_core && before->sandbox == after->sandbox &&
                   before->fresh == after->fresh && before->help == after->help,
               "a file sets no flag of a private core");
    FUZZ_HOLDS(str_eq(before->socket, after->socket) &&
                   str_eq(before->cloud_endpoint, after->cloud_endpoint) &&
                   before->clock_rate == after->clock_rate && before->nodes == after->nodes &&
                   before->n_sandbox_args == after->n_sandbox_args,
               "a file sets nothing that belongs to the command line");
}

static void wins(const char *given, const char *now)
{
    FUZZ_HOLDS(!given[0] || str_eq(given, now), "the command line wins over the file");
}

static void args_win(const struct settings *before, const struct settings *after, bool client)
{
    wins(before->state_dir, after->state_dir);
    wins(before->cloud, after->cloud);
    wins(before->ca_file, after->ca_file);
    wins(before->proxy, after->proxy);
    FUZZ_HOLDS(!before->has_proxy || str_eq(before->proxy, after->proxy),
               "no proxy on the command line stays no proxy");
    wins(client ? before->client_id : "", after->client_id);
    for (size_t i = 0; i < before->n_nodes; i++)
        for (size_t k = 0; k < after->n_nodes; k++) {
            if (!str_ieq(before->node[i].name, after->node[k].name))
                continue;
            wins(before->node[i].himds, after->node[k].himds);
            wins(before->node[i].azcmagent, after->node[k].azcmagent);
            wins(before->node[i].tokens_dir, after->node[k].tokens_dir);
        }
}

/* ---- one input ---- */

static void put(const char *text, size_t n)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    if (fd < 0 || write(fd, text, n) != (ssize_t)n || close(fd) != 0) {
        perror(path);
        exit(2);
    }
}

static void try_finish(struct settings *c)
{
    struct err e = { 0 };

    if (settings_finish(c, &e) != 0) {
        fuzz_error(&e);
        return;
    }
    is_sound(c);
    FUZZ_HOLDS(c->state_dir[0] && (c->cloud[0] || c->sandbox), "what is needed is set");
    FUZZ_HOLDS(!c->private_core || c->socket[0], "a private core has a socket");
}

static bool takes_args(struct settings *c, int argc, char **argv)
{
    struct settings again;
    struct err e = { 0 };
    int rc;

    settings_init(c);
    rc = settings_args(c, argc, argv, &e);
    is_sound(c);
    if (rc != 0) {
        fuzz_error(&e);
        return false;
    }
    settings_init(&again);
    FUZZ_HOLDS(settings_args(&again, argc, argv, &e) == 0 && memcmp(c, &again, sizeof again) == 0,
               "the same arguments give the same settings");
    return true;
}

static bool names_client(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (str_starts(argv[i], "--client-id"))
            return true;
    return false;
}

static void takes_file(const struct settings *from_args, int argc, char **argv)
{
    struct settings c = *from_args;
    struct err e = { 0 };

    if (settings_file(&c, path, geteuid(), &e) != 0) {
        fuzz_error(&e);
        is_sound(&c);
        return;
    }
    is_sound(&c);
    file_keeps_out(from_args, &c);
    args_win(from_args, &c, names_client(argc, argv));
    try_finish(&c);
}

static void remove_file(void)
{
    unlink(path);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    const char *tmp = getenv("TMPDIR");
    int fd;

    (void)argc;
    (void)argv;
    snprintf(path, sizeof path, "%s/azl-fuzz-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm"
             : tmp                         ? tmp
                                           : "/tmp");
    fd = mkstemp(path);
    if (fd < 0) {
        perror(path);
        exit(2);
    }
    close(fd);
    atexit(remove_file);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char border[] = "\n--\n";
    char name[] = "azloconfd", *text = malloc(size + 2), *args, *file, *argv[MAX_ARGS + 2];
    struct settings c;
    int argc = 1;

    if (!text)
        abort();
    text[0] = '\n';
    memcpy(text + 1, data, size);
    text[size + 1] = '\0';
    file = memmem(text, size + 1, border, 4);
    args = file ? text + 1 : NULL;
    if (file)
        *file = '\0';
    put(file ? file + 4 : text + 1, file ? size + 1 - (size_t)(file - text) - 4 : size);
    argv[0] = name;
    while (args && args < file && argc < MAX_ARGS) {
        argv[argc++] = args;
        args += strcspn(args, "\n");
        *args++ = '\0';
    }
    argv[argc] = NULL;
    if (takes_args(&c, argc, argv)) {
        struct settings whole = c;

        try_finish(&whole);
        takes_file(&c, argc, argv);
    }
    free(text);
    return 0;
}
