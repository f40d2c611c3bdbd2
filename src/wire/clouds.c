#include "config.h"

#include "wire/clouds.h"

#include "base/i18n.h"
#include "base/str.h"

#define TEST_CLOUD                                                                                 \
    N_("it is Microsoft's own test cloud; name its Resource Manager with --cloud-endpoint")

static const struct {
    const char *name, *why_not; /* N_() */
} names[] = {
    { "AzureCloud", NULL },
    { "AzureChinaCloud", NULL },
    { "AzureUSGovernment", NULL },
    { "Azure.local", NULL },
    { "AzureGermanCloud", N_("Microsoft has closed this cloud") },
    { "AzureCanary", TEST_CLOUD },
    { "AzurePPE", TEST_CLOUD },
};

const char *cloud_name_judge(const char *name, struct err *e)
{
    struct str known = STR_INIT;

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (str_ieq(names[i].name, name) && !names[i].why_not) {
            str_free(&known);
            return names[i].name;
        }
        if (str_ieq(names[i].name, name)) {
            err_set(e, ERR_USAGE, 0, _("The cloud %s is not offered: %s"), name,
                    _(names[i].why_not));
            break;
        }
        if (!names[i].why_not)
            str_addf(&known, "%s%s", known.len ? ", " : "", names[i].name);
    }
    if (!err_is(e))
        err_set(e, ERR_USAGE, 0, _("The cloud %s is not known; known are %s"), name, str_p(&known));
    str_free(&known);
    return NULL;
}
