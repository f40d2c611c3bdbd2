#include "config.h"

#include "wire/sections.h"

#include "base/str.h"

static const struct json_field core_fields[] = {
    JSON_STR(struct sec_core, version, "version", 0),
    JSON_INT(struct sec_core, pid, "pid", 0),
    JSON_STR(struct sec_core, mode, "mode", 0),
    JSON_STR(struct sec_core, host, "host", 0),
    JSON_STR(struct sec_core, cloud, "cloud", 0),
    JSON_STR(struct sec_core, portal, "portal", 0),
    JSON_STR(struct sec_core, state_dir, "stateDir", 0),
    JSON_INT(struct sec_core, started_at, "startedAt", 0),
    JSON_INT(struct sec_core, now, "now", 0),
    JSON_INT(struct sec_core, policy_now, "policyNow", 0),
    JSON_INT(struct sec_core, clock_rate, "clockRate", 0),
    JSON_STR(struct sec_core, sandbox_base, "sandboxBase", JSON_SKIP_EMPTY),
    JSON_STR(struct sec_core, problem, "problem", JSON_SKIP_EMPTY),
    JSON_STR(struct sec_core, advice, "advice", JSON_SKIP_EMPTY),
};
const struct json_type sec_core_type = JSON_TYPE("core", struct sec_core, core_fields);

static const struct json_field signin_fields[] = {
    JSON_STR(struct sec_signin, state, "state", 0),
    JSON_STR(struct sec_signin, way, "way", JSON_SKIP_EMPTY),
    JSON_BOOL(struct sec_signin, ends, "ends", JSON_SKIP_EMPTY),
    JSON_INT(struct sec_signin, port, "port", JSON_SKIP_EMPTY),
    JSON_STR(struct sec_signin, account, "account", JSON_SKIP_EMPTY),
    JSON_STR(struct sec_signin, tenant_id, "tenantId", JSON_SKIP_EMPTY),
    JSON_STR(struct sec_signin, tenant_name, "tenantName", JSON_SKIP_EMPTY),
    JSON_STR(struct sec_signin, user_code, "userCode", JSON_SKIP_EMPTY),
    JSON_STR(struct sec_signin, verification_uri, "verificationUri", JSON_SKIP_EMPTY),
    JSON_STR(struct sec_signin, message, "message", JSON_SKIP_EMPTY),
    JSON_BOOL(struct sec_signin, uri_trusted, "uriTrusted", 0),
    JSON_INT(struct sec_signin, code_expires_at, "codeExpiresAt", JSON_SKIP_EMPTY),
    JSON_INT(struct sec_signin, polled_at, "polledAt", JSON_SKIP_EMPTY),
    JSON_INT(struct sec_signin, next_poll_at, "nextPollAt", JSON_SKIP_EMPTY),
    JSON_INT(struct sec_signin, token_expires_at, "tokenExpiresAt", JSON_SKIP_EMPTY),
    JSON_INT(struct sec_signin, owner_uid, "ownerUid", 0),
    JSON_BOOL(struct sec_signin, yours, "yours", 0),
    JSON_OBJ(struct sec_signin, error, "error", 0, &err_json),
};
const struct json_type sec_signin_type = JSON_TYPE("signin", struct sec_signin, signin_fields);

static const struct json_field pane_fields[] = {
    JSON_STR(struct sec_pane, word, "word", 0),
    JSON_STR(struct sec_pane, level, "level", 0),
    JSON_STR(struct sec_pane, reason, "reason", JSON_SKIP_EMPTY),
    JSON_STR(struct sec_pane, evidence, "evidence", JSON_SKIP_EMPTY),
    JSON_STR(struct sec_pane, next, "next", JSON_SKIP_EMPTY),
    JSON_INT(struct sec_pane, checked_at, "checkedAt", 0),
};
static const struct json_type pane_type = JSON_TYPE("pane", struct sec_pane, pane_fields);

static const struct json_field cluster_fields[] = {
    JSON_BOOL(struct sec_cluster, exists, "exists", 0),
    JSON_STR(struct sec_cluster, name, "name", 0),
    JSON_OBJ(struct sec_cluster, cluster, "cluster", 0, &pane_type),
    JSON_OBJ(struct sec_cluster, registration, "registration", 0, &pane_type),
    JSON_OBJ(struct sec_cluster, connection, "connection", 0, &pane_type),
    JSON_STR(struct sec_cluster, registration_date, "registrationDate", JSON_SKIP_EMPTY),
    JSON_STR(struct sec_cluster, azure_resource_name, "azureResourceName", JSON_SKIP_EMPTY),
    JSON_STR(struct sec_cluster, azure_resource_uri, "azureResourceUri", JSON_SKIP_EMPTY),
    JSON_STR(struct sec_cluster, last_connected, "lastConnected", JSON_SKIP_EMPTY),
    JSON_STR(struct sec_cluster, next_sync, "nextSync", JSON_SKIP_EMPTY),
    JSON_STR(struct sec_cluster, diagnostic_level, "diagnosticLevel", JSON_SKIP_EMPTY),
    JSON_STR(struct sec_cluster, region, "region", JSON_SKIP_EMPTY),
    JSON_STR(struct sec_cluster, certificate_ends, "certificateNotAfter", JSON_SKIP_EMPTY),
    JSON_STR(struct sec_cluster, arc_secret_ends, "arcSecretNotAfter", JSON_SKIP_EMPTY),
    JSON_STR(struct sec_cluster, portal_url, "portalUrl", JSON_SKIP_EMPTY),
    JSON_INT(struct sec_cluster, nodes_up, "nodesUp", 0),
    JSON_INT(struct sec_cluster, nodes_total, "nodesTotal", 0),
    JSON_INT(struct sec_cluster, due_at, "dueAt", JSON_SKIP_EMPTY),
    JSON_BOOL(struct sec_cluster, stale, "stale", 0),
    JSON_OBJ(struct sec_cluster, error, "error", 0, &err_json),
};
const struct json_type sec_cluster_type = JSON_TYPE("cluster", struct sec_cluster, cluster_fields);

static const struct json_field node_fields[] = {
    JSON_STR(struct sec_node, name, "name", JSON_REQUIRED),
    JSON_STR(struct sec_node, state, "state", 0),
    JSON_STR(struct sec_node, level, "level", 0),
    JSON_STR(struct sec_node, registration, "registration", JSON_SKIP_EMPTY),
    JSON_STR(struct sec_node, connection, "connection", JSON_SKIP_EMPTY),
    JSON_STR(struct sec_node, arc, "arc", JSON_SKIP_EMPTY),
    JSON_STR(struct sec_node, agent_version, "agentVersion", JSON_SKIP_EMPTY),
    JSON_STR(struct sec_node, last_connected, "lastConnected", JSON_SKIP_EMPTY),
    JSON_STR(struct sec_node, reason, "reason", JSON_SKIP_EMPTY),
    JSON_STR(struct sec_node, effect, "effect", JSON_SKIP_EMPTY),
    JSON_STR(struct sec_node, next, "next", JSON_SKIP_EMPTY),
    JSON_INT(struct sec_node, checked_at, "checkedAt", 0),
    JSON_BOOL(struct sec_node, stale, "stale", JSON_SKIP_EMPTY),
};
static const struct json_type node_type = JSON_TYPE("node", struct sec_node, node_fields);

static const struct json_field nodes_fields[] = {
    JSON_LIST(struct sec_nodes, items, n, "items", 0, &node_type),
};
const struct json_type sec_nodes_type = JSON_TYPE("nodes", struct sec_nodes, nodes_fields);

static const struct json_field step_fields[] = {
    JSON_STR(struct sec_step, id, "id", JSON_REQUIRED),
    JSON_STR(struct sec_step, title, "title", 0),
    JSON_STR(struct sec_step, state, "state", 0),
    JSON_INT(struct sec_step, started_at, "startedAt", JSON_SKIP_EMPTY),
    JSON_INT(struct sec_step, ended_at, "endedAt", JSON_SKIP_EMPTY),
    JSON_INT(struct sec_step, tries, "tries", JSON_SKIP_EMPTY),
    JSON_STR(struct sec_step, detail, "detail", JSON_SKIP_EMPTY),
    JSON_INT(struct sec_step, nodes_done, "nodesDone", JSON_SKIP_EMPTY),
    JSON_INT(struct sec_step, nodes_total, "nodesTotal", JSON_SKIP_EMPTY),
    JSON_BOOL(struct sec_step, no_return, "noReturn", JSON_SKIP_EMPTY),
    JSON_BOOL(struct sec_step, undo, "undo", JSON_SKIP_EMPTY),
};
static const struct json_type step_type = JSON_TYPE("step", struct sec_step, step_fields);

static const struct json_field run_node_fields[] = {
    JSON_STR(struct sec_run_node, name, "name", JSON_REQUIRED),
    JSON_STR(struct sec_run_node, step, "step", 0),
    JSON_STR(struct sec_run_node, state, "state", 0),
    JSON_STR(struct sec_run_node, detail, "detail", JSON_SKIP_EMPTY),
};
static const struct json_type run_node_type =
    JSON_TYPE("run node", struct sec_run_node, run_node_fields);

static const struct json_field role_fields[] = {
    JSON_STR(struct sec_role, name, "name", JSON_REQUIRED),
    JSON_STR(struct sec_role, address, "address", 0),
};
static const struct json_type role_type = JSON_TYPE("role", struct sec_role, role_fields);

static const struct json_field run_fields[] = {
    JSON_STR(struct sec_run, id, "id", 0),
    JSON_STR(struct sec_run, plan, "plan", 0),
    JSON_STR(struct sec_run, title, "title", 0),
    JSON_STR(struct sec_run, state, "state", 0),
    JSON_INT(struct sec_run, started_at, "startedAt", JSON_SKIP_EMPTY),
    JSON_INT(struct sec_run, ended_at, "endedAt", JSON_SKIP_EMPTY),
    JSON_INT(struct sec_run, owner_uid, "ownerUid", 0),
    JSON_BOOL(struct sec_run, undo, "undo", JSON_SKIP_EMPTY),
    JSON_INT(struct sec_run, step_no, "stepNo", 0),
    JSON_INT(struct sec_run, step_count, "stepCount", 0),
    JSON_LIST(struct sec_run, steps, n, "steps", 0, &step_type),
    JSON_LIST(struct sec_run, nodes, n_nodes, "nodes", 0, &run_node_type),
    JSON_OBJ(struct sec_run, error, "error", 0, &err_json),
    JSON_STR(struct sec_run, consent_url, "consentUrl", JSON_SKIP_EMPTY),
    JSON_LIST(struct sec_run, roles, n_roles, "consentRoles", JSON_SKIP_EMPTY, &role_type),
    JSON_STR(struct sec_run, resource_id, "resourceId", JSON_SKIP_EMPTY),
    JSON_STR(struct sec_run, portal_url, "portalUrl", JSON_SKIP_EMPTY),
    JSON_STR(struct sec_run, result, "result", JSON_SKIP_EMPTY),
    JSON_STR(struct sec_run, error_detail, "errorDetail", JSON_SKIP_EMPTY),
    JSON_STR(struct sec_run, details, "details", JSON_SKIP_EMPTY),
    JSON_STR(struct sec_run, secret_for, "secretFor", JSON_SKIP_EMPTY),
    JSON_INT(struct sec_run, part, "part", JSON_SKIP_EMPTY),
    JSON_INT(struct sec_run, parts, "parts", JSON_SKIP_EMPTY),
    JSON_STR(struct sec_run, whole, "whole", JSON_SKIP_EMPTY),
    JSON_STR(struct sec_run, before, "before", JSON_SKIP_EMPTY),
    JSON_STR(struct sec_run, next, "next", JSON_SKIP_EMPTY),
};
const struct json_type sec_run_type = JSON_TYPE("run", struct sec_run, run_fields);

static const struct json_field choice_fields[] = {
    JSON_STR(struct sec_choice, id, "id", JSON_REQUIRED),
    JSON_STR(struct sec_choice, name, "name", 0),
    JSON_STR(struct sec_choice, state, "state", JSON_SKIP_EMPTY),
    JSON_STR(struct sec_choice, parent, "parent", JSON_SKIP_EMPTY),
};
static const struct json_type choice_type = JSON_TYPE("choice", struct sec_choice, choice_fields);

static const struct json_field choices_fields[] = {
    JSON_STR(struct sec_choices, state, "state", 0),
    JSON_STR(struct sec_choices, regions_of, "regionsOf", 0),
    JSON_STR(struct sec_choices, groups_of, "groupsOf", 0),
    JSON_INT(struct sec_choices, asked_at, "askedAt", 0),
    JSON_LIST(struct sec_choices, tenants, n_tenants, "tenants", 0, &choice_type),
    JSON_LIST(struct sec_choices, subs, n_subs, "subs", 0, &choice_type),
    JSON_LIST(struct sec_choices, regions, n_regions, "regions", 0, &choice_type),
    JSON_LIST(struct sec_choices, groups, n_groups, "groups", 0, &choice_type),
    JSON_OBJ(struct sec_choices, error, "error", 0, &err_json),
};
const struct json_type sec_choices_type = JSON_TYPE("choices", struct sec_choices, choices_fields);

static const struct json_field log_line_fields[] = {
    JSON_INT(struct sec_log_line, seq, "seq", 0),
    JSON_INT(struct sec_log_line, at, "at", 0),
    JSON_STR(struct sec_log_line, level, "level", 0),
    JSON_INT(struct sec_log_line, event, "event", JSON_SKIP_EMPTY),
    JSON_STR(struct sec_log_line, text, "text", 0),
};
static const struct json_type log_line_type =
    JSON_TYPE("log line", struct sec_log_line, log_line_fields);

static const struct json_field log_fields[] = {
    JSON_LIST(struct sec_log, lines, n, "lines", 0, &log_line_type),
};
const struct json_type sec_log_type = JSON_TYPE("log", struct sec_log, log_fields);

const struct section_row section_rows[SECTIONS] = {
    [SEC_CORE] = { SEC_CORE, "core", &sec_core_type },
    [SEC_SIGNIN] = { SEC_SIGNIN, "signin", &sec_signin_type },
    [SEC_CLUSTER] = { SEC_CLUSTER, "cluster", &sec_cluster_type },
    [SEC_NODES] = { SEC_NODES, "nodes", &sec_nodes_type },
    [SEC_RUN] = { SEC_RUN, "run", &sec_run_type },
    [SEC_CHOICES] = { SEC_CHOICES, "choices", &sec_choices_type },
    [SEC_LOG] = { SEC_LOG, "log", &sec_log_type },
};

const struct section_row *section_by_name(const char *name)
{
    for (size_t i = 0; i < SECTIONS; i++)
        if (str_eq(section_rows[i].name, name))
            return &section_rows[i];
    return NULL;
}
