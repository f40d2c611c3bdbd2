#include "config.h"

#include "console/face/consent.h"

#include "base/i18n.h"
#include "base/str.h"

bool consent_missing(const struct sec_run *r)
{
    return r->consent_url[0] && !str_eq(r->state, "done") && !str_eq(r->state, "undone");
}

const char *consent_sentence(const struct sec_run *r)
{
    if (str_eq(r->state, "failed") || str_eq(r->state, "stopped"))
        return _("An administrator of the directory has not consented yet to the permissions of "
                 "the cluster's application. After that the operation can go on.");
    return _("An administrator of the directory must consent to the permissions of the cluster's "
             "application. Then the operation goes on by itself.");
}

const char *consent_where(void)
{
    return _("The page for this consent:");
}

const char *consent_what(void)
{
    return _("Permissions (application roles) that need it:");
}
