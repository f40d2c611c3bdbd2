/* Target cleanup: what Azure answers to a clean-up's look. The input is a JSON object; a member is
 * the answer to every ask whose path ends in "/" and its name ("any": of all others), an array: one
 * after another. A number is a status without a body. What is judged are the asks and the list. */
#include "config.h"

#include <stdlib.h>
#include <strings.h>

#include "azure/arm.h"
#include "base/json.h"
#include "fuzz.h"
#include "op/op.h"
#include "op/op_cleanup.h"

#define SUB    "11111111-2222-3333-4444-555555555555"
#define NOW    INT64_C(1795000000000)
#define ROUNDS 12

static const struct json *answer_for(const struct json *script, const char *path, size_t nth)
{
    const char *slash = strrchr(path, '/');
    const struct json *a = slash ? json_member(script, slash + 1) : NULL;

    if (!a)
        a = json_member(script, "any");
    for (size_t i = 0; json_is_array(a);) {
        const struct json *one = json_first(a);

        for (; one && json_next(one) && i < nth; i++)
            one = json_next(one);
        a = one;
    }
    return a;
}

/* As core/app_scan.c keeps it. */
static void answer(struct json *found, const struct json *script, const struct json *ask,
                   size_t nth)
{
    const struct json *a = answer_for(script, json_str(ask, "path"), nth);
    struct json *one = json_object();
    int64_t http = json_is_object(a) ? 200 : 404, flags = 0;

    json_int(ask, "flags", &flags);
    if (a && json_value_int(a, &http) && (http < 400 || http > 499))
        http = 403;
    if (http == 200 && flags & ARM_PAGES && !json_is_array(json_member(a, "value")))
        http = 404;
    json_set_int(one, "http", http);
    if (http == 200)
        json_set(one, "json", json_copy(a));
    json_set(json_edit(json_member(found, "answers")), json_str(ask, "key"), one);
}

static void ask_is_sound(const struct json *found, const struct json *ask)
{
    const char *path = json_str(ask, "path");

    FUZZ_HOLDS(path && path[0] == '/', "a path begins at the root");
    FUZZ_HOLDS(!strpbrk(path, "?#@\\ \r\n\t") && text_is_clean(path), "a path is a path alone");
    FUZZ_HOLDS(!strstr(path, "/../") && !strstr(path, "/./"), "a path stays where it is");
    FUZZ_HOLDS(!json_member(json_member(found, "answers"), json_str(ask, "key")),
               "nothing is asked twice");
}

static bool is_offered(const struct json *i)
{
    return !json_member(i, "kept");
}

static void item_is_sound(const struct json *found, const struct json *items, const struct json *i)
{
    const char *id = json_str(i, "id"), *why = json_str(i, is_offered(i) ? "why" : "kept");
    char sub[] = "/subscriptions/" SUB;

    (void)found;
    FUZZ_HOLDS(id && why && *why, "an item has its id and its reason");
    FUZZ_HOLDS(json_str(i, "name") && json_str(i, "word"), "an item has a name to type");
    JSON_EACH (m, i)
        FUZZ_HOLDS(!json_is_string(m) || text_is_clean(json_value_str(m)),
                   "what is shown is clean");
    if (!is_offered(i))
        return;
    FUZZ_HOLDS(cl_kind_of(id) >= 0, "what is offered is of a known kind");
    FUZZ_HOLDS(cl_within(id, sub) || cl_kind_of(id) == CL_APP, "and of a subscription looked at");
    FUZZ_HOLDS(json_str(i, "word")[0], "and is confirmed by a word");
    JSON_EACH (other, items)
        FUZZ_HOLDS(other == i || !is_offered(other) || strcasecmp(json_str(other, "id"), id) != 0,
                   "and is offered once");
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    return 0;
}

static struct json *new_found(void)
{
    struct json *found = json_object(), *subs = json_array(), *nodes = json_array();

    json_push(subs, json_string(SUB));
    json_push(nodes, json_string("node1"));
    json_set(found, "subscriptions", subs);
    json_set(found, "nodes", nodes);
    json_set_str(found, "here",
                 "/subscriptions/" SUB
                 "/resourceGroups/g/providers/Microsoft.AzureStackHCI/clusters/HERE");
    json_set_bool(found, "whole", true);
    json_set(found, "answers", json_object());
    json_set(found, "none", json_array());
    return found;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err e = { 0 };
    struct json *script = json_parse((const char *)data, size, 0, &e), *found, *items;
    size_t n = 0, rounds = 0;

    if (!script)
        return 0;
    found = new_found();
    for (bool more = true; more; rounds++) {
        struct json *asks = op_cleanup_asks(found, NOW);

        FUZZ_HOLDS(rounds < ROUNDS, "a look comes to an end");
        JSON_EACH (ask, asks)
            ask_is_sound(found, ask);
        JSON_EACH (ask, asks)
            answer(found, script, ask, n++);
        more = json_len(asks) > 0;
        json_free(asks);
    }
    items = op_cleanup_items(found, NOW);
    FUZZ_HOLDS(json_len(items) <= OP_CLEANUP_MAX, "the list has an end");
    JSON_EACH (i, items)
        item_is_sound(found, items, i);
    json_free(items);
    json_free(op_cleanup_warnings(found));
    json_free(found);
    json_free(script);
    return 0;
}
