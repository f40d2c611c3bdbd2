#include "config.h"

#include "console/face/outcome.h"

#include "base/str.h"

size_t outcome_rows(const struct sec_run *r, struct outcome_row out[OUTCOME_ROWS])
{
    const struct outcome_row all[OUTCOME_ROWS] = { { "Result", r->result },
                                                   { "AzureResourceId", r->resource_id },
                                                   { "AzurePortalResourceURL", r->portal_url },
                                                   { "AzurePortalAADAppPermissionsURL",
                                                     r->consent_url },
                                                   { "Details", r->details },
                                                   { "ErrorDetail", r->error_detail } };
    size_t n = 0;

    for (size_t i = 0; r->result[0] && i < OUTCOME_ROWS; i++)
        if (all[i].value[0])
            out[n++] = all[i];
    return n;
}

struct json *outcome_json(const struct sec_run *r)
{
    struct json *run = json_encode(&sec_run_type, r), *output = json_object();
    struct outcome_row rows[OUTCOME_ROWS];
    size_t n = outcome_rows(r, rows);

    for (size_t i = 0; i < n; i++)
        json_set_str(output, rows[i].name, rows[i].value);
    if (n)
        json_set(run, "output", output);
    else
        json_free(output);
    return run;
}

bool outcome_wants_consent(const struct sec_run *r)
{
    return str_eq(r->result, "PendingForAdminConsent");
}

bool outcome_in_part(const struct sec_run *r)
{
    return str_eq(r->result, "RegisterSucceededButArcFailed") || str_eq(r->result, "PartlyDone");
}
