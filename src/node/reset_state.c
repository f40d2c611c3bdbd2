#include "config.h"

#include "node/reset_state.h"

#include <string.h>

#include "base/file.h"
#include "base/i18n.h"
#include "base/text.h"

#define FORM      1
#define STATE_MAX (64u * 1024)

const char *const reset_phase_names[RESET_PHASES] = { [RESET_EXTENSIONS] = "ExtensionCleanup",
                                                      [RESET_GATEWAY] = "GatewayCleanup",
                                                      [RESET_AGENT] = "AzcmAgentCleanup",
                                                      [RESET_BOOTSTRAP] = "BootstrapCleanup" };

#define PHASE struct reset_phase
static const struct json_field phase_fields[] = {
    JSON_STR(PHASE, name, "name", JSON_REQUIRED),
    JSON_STR(PHASE, status, "status", JSON_REQUIRED),
    JSON_INT(PHASE, start, "startedAt", JSON_SKIP_EMPTY),
    JSON_INT(PHASE, end, "endedAt", JSON_SKIP_EMPTY),
    JSON_OBJ(PHASE, error, "error", JSON_SKIP_EMPTY, &err_json),
};
static const struct json_type phase_json = JSON_TYPE("phase of a reset", PHASE, phase_fields);

#define STATE struct reset_state
static const struct json_field state_fields[] = {
    JSON_INT(STATE, version, "version", JSON_REQUIRED),
    JSON_STR(STATE, id, "id", JSON_REQUIRED),
    JSON_STR(STATE, status, "status", JSON_REQUIRED),
    JSON_STR(STATE, machine, "machine", JSON_SKIP_EMPTY),
    JSON_INT(STATE, start, "startedAt", JSON_SKIP_EMPTY),
    JSON_INT(STATE, end, "endedAt", JSON_SKIP_EMPTY),
    JSON_LIST(STATE, phases, n_phases, "phases", JSON_REQUIRED, &phase_json),
};
static const struct json_type state_json = JSON_TYPE("state of a reset", STATE, state_fields);

void reset_state_new(struct reset_state *s, const char *id)
{
    *s = (STATE){ .version = FORM, .n_phases = RESET_PHASES };
    STR_SET(s->id, id);
    STR_SET(s->status, RESET_NOT_STARTED);
    for (size_t i = 0; i < RESET_PHASES; i++) {
        STR_SET(s->phases[i].name, reset_phase_names[i]);
        STR_SET(s->phases[i].status, RESET_NOT_STARTED);
    }
}

bool reset_is_machine(const char *id)
{
    static const char type[] = "/providers/Microsoft.HybridCompute/machines/";
    const char *at = str_ifind(id, type), *name = at ? at + strlen(type) : "";

    return str_istarts(id, "/subscriptions/") && *name && !strchr(name, '/') &&
           !strpbrk(id, "?#@\\% ") && !strstr(id, "/../") && !strstr(id, "/./") &&
           !str_eq(name, ".") && !str_eq(name, "..");
}

static bool is_sound(const struct reset_state *s)
{
    bool sound = s->version == FORM && s->n_phases == RESET_PHASES &&
                 (!s->machine[0] || reset_is_machine(s->machine));

    for (size_t i = 0; sound && i < RESET_PHASES; i++)
        sound = str_eq(s->phases[i].name, reset_phase_names[i]);
    return sound;
}

int reset_state_load(const char *path, struct reset_state *s, struct err *e)
{
    struct str text = STR_INIT;
    struct err inner = { 0 };
    struct json *j = NULL;
    int rc = file_read(path, STATE_MAX, &text, &inner);

    if (rc != 0 && inner.domain == ERR_STORE && inner.code == ERR_C_NOT_FOUND) {
        reset_state_new(s, "");
        rc = 0;
    } else if (rc != 0) {
        *e = inner;
    } else {
        j = json_parse(str_p(&text), text.len, 0, &inner);
        if (!j || json_decode(j, &state_json, s, &inner) != 0 || !is_sound(s))
            rc = err_set(e, ERR_NODE, ERR_C_CORRUPT,
                         _("The node's record %s is damaged (%s). It was left as it is: mend it, "
                           "or move it away to start a new one."),
                         path, err_is(&inner) ? inner.message : "version, phases, machine");
    }
    json_free(j);
    str_free(&text);
    return rc;
}

struct json *reset_state_json(const struct reset_state *s)
{
    return json_encode(&state_json, s);
}

int reset_state_save(const char *path, const struct reset_state *s, struct err *e)
{
    struct json *j = reset_state_json(s);
    struct str text = STR_INIT;
    int rc;

    json_write_pretty(&text, j);
    rc = file_replace(path, str_p(&text), text.len, e);
    str_free(&text);
    json_free(j);
    return rc;
}

/* The times as node.h has them; what is not at its end lasts until now. */
static void set_times(struct json *out, int64_t start, int64_t end)
{
    int64_t until = end ? end : wall_ms();
    char iso[TIME_SIZE];

    json_unset(out, "startedAt");
    json_unset(out, "endedAt");
    time_iso(iso, start);
    json_set_str(out, "startTime", start ? iso : NULL);
    time_iso(iso, end);
    json_set_str(out, "endTime", end ? iso : NULL);
    json_set_int(out, "elapsedMs", start && until > start ? until - start : 0);
}

struct json *reset_state_answer(const struct reset_state *s, bool active)
{
    struct json *out = json_encode(&state_json, s);
    size_t i = 0;

    json_unset(out, "version");
    json_set_bool(out, "active", active);
    set_times(out, s->start, s->end);
    JSON_EACH (p, json_member(out, "phases"))
        if (i < RESET_PHASES) {
            set_times(json_edit(p), s->phases[i].start, s->phases[i].end);
            i++;
        }
    return out;
}

/* ---- what the machine has ---- */

void reset_plays(struct json *facts, int64_t build, const char *text, size_t size)
{
    static const char *const names[] = { "solutionVersion", "powershell", "azStackHciModule",
                                         "administrator" };
    struct err ignored = { 0 };
    struct json *doc = size ? json_parse(text, size, 0, &ignored) : NULL;

    /* Azure Local is of 23H2 and later: docs-facts.md 1.1 */
    json_set_str(facts, "solutionVersion", build && build < 25398 ? "" : "12.2510");
    json_set_str(facts, "powershell", "7.5");
    json_set_bool(facts, "azStackHciModule", true);
    json_set_bool(facts, "administrator", true);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        const struct json *has = json_member(doc, names[i]), *was = json_member(facts, names[i]);
        bool fits = json_is_string(was) ? json_is_string(has) && text_is_clean(json_value_str(has))
                                        : json_is_bool(has);

        if (fits)
            json_set(facts, names[i], json_copy(has));
    }
    json_free(doc);
}
