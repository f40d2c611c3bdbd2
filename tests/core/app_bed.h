/* app_bed.h - an application with fake nodes and a fake Azure, and a console that asks it. */
#ifndef AZL_TESTS_CORE_APP_BED_H
#define AZL_TESTS_CORE_APP_BED_H

#include "core/app_int.h"
#include "core/fake.h"

#define BED_TENANT  "72f988bf-86f1-41af-91ab-2d7cd011db47"
#define BED_TENANT2 "82f988bf-86f1-41af-91ab-2d7cd011db47"
#define BED_SUB     "11111111-2222-3333-4444-555555555555"
#define BED_SUB2    "21111111-2222-3333-4444-555555555555"
#define BED_OLD     "31111111-2222-3333-4444-555555555555"

struct bed {
    struct loop *loop;
    struct state *state;
    struct serve *serve;
    struct app *app;
    struct clock clock;
    struct fake_node nodes[2];
    struct node *list[2];
    struct fake_http web;
    struct cloud cloud;
    struct auth *auth;
    struct arm *arm;
    struct store *store;
    struct peer peer;
    char dir[300], runs[340];
    struct str token, tokens_body;
    int stopped, last_id;
};
extern struct bed bed;

int bed_open(void **s);         /* application and console, nothing attached */
int bed_open_private(void **s); /* the same; it ends 100 ms after the last console */
int bed_open_all(void **s);     /* nodes and cloud attached, signed out */
int bed_close(void **s);
void bed_attach_nodes(void);
void bed_attach_cloud(void);
void bed_sign_in(void); /* through the device code flow, and until the choices are there */
/* Asks and gives the result, or NULL and the error in bed_err. The caller frees it. */
struct json *bed_ask(const char *intent, const char *args);
extern struct err bed_err;

#endif
