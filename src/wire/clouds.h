/* clouds.h - the names of clouds that can be chosen. Console and core judge a name alike; what a
 * cloud is made of is the core's to know (azure/cloud.h, whose rows a test compares with these).
 *
 * Names: EnvironmentName of Register-AzStackHCI (register-flow.md 1.5, 2.1). A cloud outside of the
 * list has an address instead (--cloud-endpoint), and the name that its metadata say.
 */
#ifndef AZL_WIRE_CLOUDS_H
#define AZL_WIRE_CLOUDS_H

#include "base/err.h"

/* Without case: the name as it is spelled. NULL and *e (ERR_USAGE): not known, or not offered, and
 * why. */
const char *cloud_name_judge(const char *name, struct err *e);

#endif
