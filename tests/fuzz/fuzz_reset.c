/* Target reset: what a node's folder holds of a reset, as a crash or a foreign hand left it:
 * reset.json, and plays.json. The input is the file, taken for either. */
#include "config.h"

#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

#include "base/json.h"
#include "fuzz_file.h"
#include "node/reset_state.h"

static char dir[200], path[300], copy[300];

static void all_clean(const struct json *j)
{
    if (json_is_string(j))
        FUZZ_HOLDS(text_is_clean(json_value_str(j)), "what is told is clean");
    JSON_EACH (c, j)
        all_clean(c);
}

static void machine_is_one(const char *id)
{
    const char *type = strcasestr(id, "/providers/Microsoft.HybridCompute/machines/");

    FUZZ_HOLDS(!*id || (strncasecmp(id, "/subscriptions/", 15) == 0 && type),
               "a machine is a machine of Azure's: it will be deleted");
    FUZZ_HOLDS(!*id || (strrchr(id, '/')[1] && strrchr(id, '/') == strrchr(type, '/')),
               "and nothing below or above one");
    FUZZ_HOLDS(!strpbrk(id, "?#@\\% ") && !strstr(id, "/../"), "and no more than its id");
}

static void told(const struct reset_state *s)
{
    struct json *out = reset_state_answer(s, false);
    int64_t ms = -1;

    all_clean(out);
    FUZZ_HOLDS(json_len(json_member(out, "phases")) == RESET_PHASES, "all phases are told");
    JSON_EACH (p, json_member(out, "phases"))
        FUZZ_HOLDS(json_int(p, "elapsedMs", &ms) && ms >= 0, "a phase lasts some time");
    json_free(out);
}

static void state(void)
{
    struct reset_state first = { 0 }, second = { 0 };
    struct err e = { 0 };
    struct json *a, *b;

    if (reset_state_load(path, &first, &e) != 0) {
        fuzz_error(&e);
        FUZZ_HOLDS(e.domain == ERR_NODE && e.code == ERR_C_CORRUPT, "a damaged one is CORRUPT");
        return;
    }
    FUZZ_HOLDS(!err_is(&e), "a success leaves the error alone");
    machine_is_one(first.machine);
    told(&first);
    FUZZ_HOLDS(reset_state_save(copy, &first, &e) == 0, "what was read can be kept");
    FUZZ_HOLDS(reset_state_load(copy, &second, &e) == 0, "and read again");
    a = reset_state_json(&first);
    b = reset_state_json(&second);
    FUZZ_HOLDS(json_equal(a, b), "as it was");
    json_free(a);
    json_free(b);
}

static void plays(const uint8_t *data, size_t size)
{
    struct json *facts = json_object();

    json_set_str(facts, "name", "node1");
    reset_plays(facts, 0, (const char *)data, size);
    all_clean(facts);
    FUZZ_HOLDS(json_len(facts) == 5 && strcmp(json_str(facts, "name"), "node1") == 0,
               "it plays what a reset needs, and nothing else");
    FUZZ_HOLDS(json_str(facts, "solutionVersion") && json_str(facts, "powershell") &&
                   json_is_bool(json_member(facts, "azStackHciModule")) &&
                   json_is_bool(json_member(facts, "administrator")),
               "each as what it is");
    json_free(facts);
}

static void remove_all(void)
{
    unlink(path);
    unlink(copy);
    rmdir(dir);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    fuzz_folder(dir, sizeof dir);
    snprintf(path, sizeof path, "%s/reset.json", dir);
    snprintf(copy, sizeof copy, "%s/copy.json", dir);
    atexit(remove_all);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_put(path, data, size);
    state();
    plays(data, size);
    return 0;
}
