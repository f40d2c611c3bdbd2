/* cloud.h - the table of clouds, and a cloud discovered from its metadata endpoint.
 *
 * Sources: register-flow.md 1.2, 1.5, 1.7, azure-wire.md 1.1, 2.2. One row is all that the program
 * knows of a cloud: hosts, audiences, scopes, portal, verification hosts of device codes,
 * api-versions. Texts have no trailing slash unless the field says so. Rows are plain data: copied.
 *
 * Offered: the three rows, Azure.local by what the node's Arc agent says of it (it has no addresses
 * before that), and any other one by its metadata endpoint. Not offered (wire/clouds.h says why):
 * AzureGermanCloud, which Microsoft closed; AzureCanary, Microsoft's own test regions, each with a
 * Resource Manager of its own. Metadata never change a row.
 * Azure.local (register-flow.md 1.5, azure-wire.md 2.2.5): the document's spelling of names is not
 * known, so case does not count; its Resource Manager is the document's resourceManager, and where
 * that is missing (Microsoft's module does not read it) armmanagement.FQDN, which is inferred: if
 * it is wrong nothing answers, and no token goes to a host outside of FQDN.
 */
#ifndef AZL_AZURE_CLOUD_H
#define AZL_AZURE_CLOUD_H

#include "base/err.h"
#include "base/json.h"

struct cloud {
    char name[48];          /* "AzureCloud" */
    char imds[32];          /* what a node's IMDS calls it; "" unknown */
    char login[200];        /* https://login.microsoftonline.com */
    char arm[200];          /* https://management.azure.com */
    char arm_audience[200]; /* scope = audience + "/.default" */
    char graph[200];
    char graph_scope[220]; /* with "/.default", but Azure.local's without */
    char dataplane[200];   /* HCI service; a registration's is told by Azure and must be its host */
    char region[40];       /* the module's default; "" none */
    char usage_scope[200]; /* billing/usage scope, with its suffix "/.default" */
    char portal[200];      /* base, ends in "/" */
    char verification_hosts[4][100]; /* hosts (no port) where a device code may be typed; a square
                                        is drawn only for these */
    int native_dataplane; /* 0: Microsoft's own; 1: speaks docs/dataplane.md, so native nodes may
                             register */
    bool discovered;      /* from a metadata endpoint */
};
extern const struct cloud cloud_rows[];
extern const size_t cloud_count;
const struct cloud *cloud_find(const char *name); /* without case; NULL if unknown */
#define CLOUD_LOCAL "Azure.local"                 /* known by name, found by its agent's metadata */
/* Fills *out from the answer of GET {endpoint}/metadata/endpoints (array or object form); every URL
 * must be https and on the endpoint's own host unless a CA file was given for it (trusted says so).
 */
int cloud_from_metadata(struct cloud *out, const char *endpoint, const struct json *doc,
                        bool trusted, struct err *e);
/* Azure.local from the Arc agent's answer to GET /metadata/endpoints. Every address must be https,
 * and on FQDN or a host below it unless `trusted`. */
int cloud_from_agent(struct cloud *out, const struct json *doc, bool trusted, struct err *e);
bool cloud_may_verify(const struct cloud *c,
                      const char *verification_uri); /* https and host listed */
/* https://portal.../#@{tenant}/resource{id}/overview (register-flow.md 1.7). Microsoft's corporate
 * tenant is shown by ms.portal.azure.com (1.2, 1.5). */
void cloud_portal_url(const struct cloud *c, char *out, size_t size, const char *tenant,
                      const char *resource_id);

/* Dated built-in regions, before sign-in (docs-facts.md 5.7, seed 001). */
struct cloud_region {
    const char *cloud, *name, *display;
};
extern const struct cloud_region cloud_regions[];
extern const size_t cloud_region_count;
extern const char *const cloud_regions_dated; /* "2025-11" */

/* api-versions that we send */
#define API_CLUSTERS       "2024-04-01"
#define API_ARC_SETTINGS   "2024-04-01"
#define API_RECONCILE      "2025-09-15-preview"
#define API_MACHINES       "2022-03-10"
#define API_RESOURCES      "2021-04-01"
#define API_SUBSCRIPTIONS  "2022-12-01"
#define API_ROLES          "2022-04-01"
#define API_LOCKS          "2020-05-01"
#define API_METADATA       "2022-09-01"
#define API_AGENT_METADATA "2020-06-01"

#endif
