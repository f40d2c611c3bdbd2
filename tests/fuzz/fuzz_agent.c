/* Target agent: what `azcmagent show -j` printed, which is another program's text. The input is
 * that output. */
#include "config.h"

#include <stdlib.h>

#include "base/json.h"
#include "fuzz.h"
#include "node/agent.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    return 0;
}

static void id_is_whole(const struct json *shown)
{
    const char *id = json_str(shown, "resourceId"), *name = json_str(shown, "resourceName");
    const char *slash = strrchr(id, '/');

    if (str_starts(id, "/subscriptions/") && !strchr(name, '/') && name[0] &&
        strstr(id, "/providers/Microsoft.HybridCompute/machines/"))
        FUZZ_HOLDS(slash && slash[1], "a resource's id has a name at its end");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err e = { 0 };
    struct json *first = agent_parse_show((const char *)data, size, &e), *second;
    struct str text = STR_INIT;

    if (!first) {
        fuzz_error(&e);
        FUZZ_HOLDS(e.domain == ERR_NODE, "an unreadable agent is the node's error");
        return 0;
    }
    FUZZ_HOLDS(!err_is(&e), "a success leaves the error alone");
    FUZZ_HOLDS(json_flag(first, "installed", false), "an agent that answers is installed");
    JSON_EACH (c, first)
        FUZZ_HOLDS(json_is_bool(c) || (json_is_string(c) && text_is_clean(json_value_str(c))),
                   "what an agent says is clean");
    id_is_whole(first);
    json_write(&text, first);
    second = agent_parse_show(str_p(&text), text.len, &e);
    FUZZ_HOLDS(json_equal(first, second), "read again, the same");
    json_free(first);
    json_free(second);
    str_free(&text);
    return 0;
}
