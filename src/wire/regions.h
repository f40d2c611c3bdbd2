/* regions.h - the region that somebody meant. Console and core judge a typed name alike. */
#ifndef AZL_WIRE_REGIONS_H
#define AZL_WIRE_REGIONS_H

#include "wire/sections.h"

/* The offered region that is nearest to a name in short form ("westeurop", "indiacentral") by
 * base/near.h. NULL: none is near. */
const struct sec_choice *region_near(const struct sec_choices *c, const char *name);

#endif
