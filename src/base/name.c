#include "config.h"

#include "base/name.h"

#include <stdbool.h>
#include <string.h>

#include "base/i18n.h"

#define ALNUM "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

static bool is_good(const char *name, size_t most, const char *set)
{
    size_t n = name ? strlen(name) : 0;

    return n > 0 && n <= most && strspn(name, set) == n && strchr(ALNUM, name[0]) &&
           strchr(ALNUM, name[n - 1]);
}

const char *name_bad_cluster(const char *name)
{
    return is_good(name, 40, ALNUM "-") ? NULL
                                        : _("A cluster's name is 1 to 40 letters, digits and '-', "
                                            "with no '-' at its ends.");
}

const char *name_bad_node(const char *name)
{
    return is_good(name, 54, ALNUM "-_.") ? NULL
                                          : _("A node's name is 1 to 54 letters, digits, '-', '_' "
                                              "and '.', with a letter or digit at its ends.");
}
