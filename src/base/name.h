/* name.h - what a cluster and a node may be called: one rule each, for the core, the operations and
 * the node engine. Source: azure-wire.md 3.1.7 (a cluster resource: 1 to 40 letters, digits, - _ .
 * to be safe; the contract has no pattern) and 3.7.1 (an Arc machine: at most 54). A cluster's own
 * name is stricter than that of its resource, one DNS label as on Windows, so that it can always be
 * the resource's name (azure/hci.h judges that one). */
#ifndef AZL_BASE_NAME_H
#define AZL_BASE_NAME_H

/* NULL if fine, else a translated sentence. */
const char *name_bad_cluster(const char *name);
const char *name_bad_node(const char *name);

#endif
