/* clouds.h - the clouds as which the sandbox can speak (--cloud NAME): their host names, audiences,
 * names and regions. Clients reach them through the CONNECT port, where every host is this sandbox.
 *
 * Without --cloud the sandbox is a cloud of its own, at its loopback address and at the public
 * cloud's names. With it only that cloud's hosts, audiences and regions are good, so that a client
 * with one wrong address fails; loopback stays open for steering. A world belongs to the cloud it
 * was made as. Sources: azure-wire.md 1.1, 2.2; register-flow.md 1.5, 1.6; docs-facts.md 5.7.
 * Inferred: that Azure.local's Resource Manager is armmanagement.FQDN, and its FQDN here.
 */
#ifndef AZL_SANDBOX_CLOUDS_H
#define AZL_SANDBOX_CLOUDS_H

#include "sandbox/sandbox.h"

struct sb_region {
    const char *display, *geography, *group, *paired;
};
struct sb_cloud {
    const char *name, *imds;             /* EnvironmentName; azEnvironment of IMDS */
    const char *login, *login_alias;     /* hosts; alias NULL: none */
    const char *arm, *graph, *dataplane; /* hosts */
    const char *portal;                  /* address, ends in "/" */
    const char *arm_classic;             /* audience, ends in "/"; NULL: none */
    const char *usage;                   /* audience of the billing service */
    const char *fqdn;                    /* suffix for storage */
    const char *instance;                /* cloud_instance_name */
    const struct sb_region *regions;     /* all of them offer clusters but the last one */
    size_t n_regions;
};
extern const struct sb_cloud sb_clouds[];
extern const size_t sb_cloud_count;

const struct sb_cloud *sb_cloud_find(const char *name); /* NULL: not known */
/* NULL: the sandbox's own. */
const struct sb_cloud *sb_cloud(void);
void sb_cloud_set(const struct sb_cloud *c);
/* The world is of the asked cloud; without one asked for, it is the world's. */
int sb_cloud_of_world(struct world *w, struct err *e);

/* https://HOST of the service, in answers. */
void sb_cloud_base(char out[300], const struct sb_req *q, enum sb_audience service);
/* May this host be asked for this? False: r is 421. */
bool sb_cloud_host_ok(const struct sb_req *q, struct sb_reply *r, enum sb_audience service);
bool sb_cloud_audience(const struct sb_cloud *c, enum sb_audience service, const char *aud);
bool sb_cloud_login_host(const struct sb_cloud *c, const char *host);
void sb_cloud_cert_names(struct str *out); /* ",DNS:..." of all clouds */
/* What GET /metadata/endpoints answers: the Resource Manager's form, and the Arc agent's. */
struct json *sb_cloud_metadata(const struct sb_cloud *c, const char *api_version);
struct json *sb_cloud_local_metadata(const struct sb_cloud *c);
/* "locations" and "regions" of a new world. */
void sb_cloud_regions(const struct sb_cloud *c, struct json *locations, struct json *regions);

#endif
