/* facts.h - what this POSIX host is: the verb `facts`, and the node's object in the census of a
 * sync.
 *
 * Sources on this machine: os-release(5), /sys/class/dmi/id, sysconf(3). What cannot be read is
 * absent (a serial number is for root only).
 */
#ifndef AZL_NODE_FACTS_H
#define AZL_NODE_FACTS_H

#include "base/json.h"

#define FACTS_BUILD     26100 /* what a native node stands for */
#define FACTS_MSI_BUILD 25398 /* "has the cmdlet": see node.h, facts */
/* osName osVersion manufacturer model cores memoryInGiB serial osBuild msiCapable; build 0:
 * FACTS_BUILD. */
struct json *facts_read(int64_t build);
/* name, id, and the facts under the names of the cluster's reportedProperties.nodes; facts NULL:
 * name and id only. */
struct json *facts_census(const char *name, int64_t id, const struct json *facts);
/* How long this machine has been up (clock_gettime(2), CLOCK_BOOTTIME). */
int64_t facts_uptime_ms(void);

#endif
