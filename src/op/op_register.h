/* op_register.h - the acts of the registration plan: ask/read pairs, put together in the table of
 * op_register.c.
 *
 * Order and rules: register-flow.md 2.2 to 2.5 and 2.9, without its surprises (section 7). Codes:
 * register-flow.md 3.3. Facts of the run: name group arcGroup region cluster.id settings.id (from
 * `inputs`); group.state arc-group.state cluster.state settings.state (present, absent, made,
 * same); cluster.identity .cloudId .serviceEndpoint .rpObjectId (set when known);
 * settings.aggregate, settings.nodes (" a b "), settings.consent (when), settings.looks;
 * arc.<node> (its state in the settings, "" not listed); provider-hci.locations (only once
 * Registered); parent.<node> (of its machine); stored.status, stored.uri; way (the decision). Facts
 * of a node: registration connection uri cloudId registeredAt agent (here, none) agent.name; of a
 * repair lastError certificateEnds secretEnds.
 *
 * The decision (register-flow.md 2.3; op_register_decide.c has the table, inputs repair and
 * recreate): "look": registered, and all of it is there: nothing is changed, nodes and machines are
 * looked at. "make": whatever is missing is made; a registration that is there is left alone (Arc
 * for a cluster that was registered without it). "renew": what is missing is made, the nodes are
 * tied and registered anew. It stands in the journal: a run that goes on goes on the same way.
 *
 * Three ways (op_register_aad.c): fact path = identity, application or first-generation, from the
 * nodes' facts msi, first and old. Of the way by application: cluster.appId .appObjectId
 * .spObjectId .principalId, settings.appId .spObjectId, path.arc (given, identity, generated,
 * none); of a node: certificate (base64, public) certificate.thumbprint certificate.app (accepted
 * for), arc (Enabled, Disabled) arc.ready arc.app arc.group arc.identity.
 *
 * Of the first generation (op_register_gen1.c): entra.usage (the service's principal), entra.mark
 * .appId .objectId .principalId .access .given .deprecated .state (made: by this run), entra.keys
 * and entra.key.N (credentials that stay), entra.has.N (node N's is listed), entra.sent;
 * consent.url and consent.roles ("NAME ADDRESS NAME ADDRESS ..."; set while an administrator's
 * consent is waited for, "" after it).
 */
#ifndef AZL_OP_OP_REGISTER_H
#define AZL_OP_OP_REGISTER_H

#include "op/plans.h"

#define REG_ASK(n) void reg_##n##_ask(const struct op_view *v, struct op_need *need)
#define REG_READ(n)                                                                                \
    enum op_verdict reg_##n##_read(struct op_view *v, const struct op_answer *a, struct err *e)

/* op_register_nodes.c */
REG_READ(inputs);
REG_ASK(facts);
REG_READ(facts);
REG_ASK(stored);
REG_READ(stored);
REG_ASK(agent_place);
REG_READ(agent_place);
REG_ASK(machine_place);
REG_READ(machine_place);
REG_ASK(agent_check);
REG_READ(agent_check);
REG_ASK(agent_apply);
REG_READ(agent_apply);
REG_ASK(agent_undo);
REG_READ(agent_undo);
REG_ASK(register_check);
REG_READ(register_check);
REG_ASK(register_apply);
REG_READ(register_apply);
REG_ASK(register_undo);
REG_READ(register_undo);
REG_ASK(sync_check);
REG_READ(sync_check);
REG_ASK(sync_apply);
REG_READ(sync_apply);
REG_ASK(links);
REG_READ(links);

/* op_register_decide.c */
#define REG_LOOK     "look"
#define REG_MAKE     "make"
#define REG_RENEW    "renew"
#define REG_DELETING "deleting" /* of group.state: what stands in it goes with it */
REG_READ(ready);
bool reg_changes(const struct op_view *v);     /* `when`: not "look" */
bool reg_will_change(const struct op_view *v); /* the same, before `ready` has said it */
bool reg_renews(const struct op_view *v);

/* op_register_azure.c */
REG_ASK(subscription);
REG_READ(subscription);
REG_ASK(provider_check);
REG_READ(provider_check);
REG_ASK(provider_apply);
REG_READ(provider_apply);
REG_READ(region);
REG_ASK(group_check);
REG_READ(group_check);
REG_ASK(group_apply);
REG_READ(group_apply);
REG_ASK(group_undo);
REG_READ(group_undo);

/* op_register_cluster.c */
REG_ASK(cluster_check);
REG_READ(cluster_check);
REG_ASK(cluster_apply);
REG_READ(cluster_apply);
REG_ASK(cluster_undo);
REG_READ(cluster_undo);
REG_ASK(identity_check);
REG_READ(identity_check);
REG_ASK(identity_apply);
REG_READ(identity_apply);
REG_ASK(rp_check);
REG_READ(rp_check);
REG_ASK(rp_apply);
REG_READ(rp_apply);
REG_ASK(role_check);
REG_READ(role_check);
REG_ASK(role_apply);
REG_READ(role_apply);
REG_ASK(role_undo);
REG_READ(role_undo);

/* op_register_arc.c */
REG_ASK(settings_check);
REG_READ(settings_check);
REG_ASK(settings_apply);
REG_READ(settings_apply);
REG_ASK(settings_undo);
REG_READ(settings_undo);
REG_ASK(reconcile_check);
REG_READ(reconcile_check);
REG_ASK(reconcile_apply);
REG_READ(reconcile_apply);
/* of the plan arc-enable alone */
REG_READ(arc_mark_check);
REG_ASK(arc_mark_apply);
REG_READ(arc_mark_apply);
REG_ASK(arc_mark_undo);
REG_READ(arc_mark_undo);
bool reg_consents(const struct op_view *v); /* `when` */
REG_ASK(consent_check);
REG_READ(consent_check);
REG_ASK(consent_apply);
REG_READ(consent_apply);
REG_ASK(arc_state);
REG_READ(arc_state);
REG_ASK(arc_poke);
REG_READ(arc_poke);
REG_ASK(arc_node);
REG_READ(arc_node);

/* op_register_gen1.c */
#define REG_FIRST_GENERATION "first-generation"
bool reg_by_first_generation(const struct op_view *v);
bool reg_prunes(const struct op_view *v);   /* `when`: what is not of now goes */
bool reg_replaces(const struct op_view *v); /* a repair, or a user's certificate */
void reg_graph(struct op_need *need, const char *method, unsigned flags);
/* A fact that is known by now, not the place of one in a preview; else "". */
const char *reg_known(const struct op_view *v, const char *fact);
enum op_verdict reg_graph_fail(const struct op_answer *a, struct err *e, const char *doing);
REG_ASK(entra_reach);
REG_READ(entra_reach);
REG_ASK(entra_usage);
REG_READ(entra_usage);
REG_ASK(entra_app_check);
REG_READ(entra_app_check);
REG_ASK(entra_app_apply);
REG_READ(entra_app_apply);
REG_ASK(entra_app_undo);
REG_READ(entra_app_undo);
REG_ASK(entra_principal_check);
REG_READ(entra_principal_check);
REG_ASK(entra_principal_apply);
REG_READ(entra_principal_apply);
REG_ASK(entra_principal_undo);
REG_READ(entra_principal_undo);
REG_ASK(entra_given);
REG_READ(entra_given);
REG_ASK(entra_grant_check);
REG_READ(entra_grant_check);
REG_ASK(entra_grant_apply);
REG_READ(entra_grant_apply);
REG_ASK(entra_consent);
REG_READ(entra_consent);
REG_ASK(entra_deprecated_check);
REG_READ(entra_deprecated_check);
REG_ASK(entra_deprecated_apply);
REG_READ(entra_deprecated_apply);
/* op_register_keys.c */
REG_ASK(entra_bind_check);
REG_READ(entra_bind_check);
REG_ASK(entra_bind_apply);
REG_READ(entra_bind_apply);
REG_ASK(entra_keys_check);
REG_READ(entra_keys_check);
REG_ASK(entra_keys_apply);
REG_READ(entra_keys_apply);
REG_READ(entra_no_arc);

/* op_register_aad.c */
bool reg_by_app(const struct op_view *v);
bool reg_by_identity(const struct op_view *v);
bool reg_by_certificate(const struct op_view *v); /* whoever made the application */
bool reg_changes_arc(const struct op_view *v);    /* `when`: reg_changes, and there is Arc */
bool reg_user_certificate(const struct op_view *v);
bool reg_own_certificate(const struct op_view *v);
bool reg_arc_by_cluster(const struct op_view *v);
bool reg_arc_verified(const struct op_view *v);
bool reg_arc_generated(const struct op_view *v);
bool reg_arc_roles(const struct op_view *v);
REG_READ(path);
REG_ASK(certificate_check);
REG_READ(certificate_check);
REG_ASK(certificate_apply);
REG_READ(certificate_apply);
REG_READ(certificates_made);
REG_ASK(certificate_undo);
REG_READ(certificate_undo);
REG_ASK(app_check);
REG_READ(app_check);
REG_ASK(app_apply);
REG_READ(app_apply);
REG_ASK(upload_check);
REG_READ(upload_check);
REG_ASK(upload_apply);
REG_READ(upload_apply);
REG_ASK(certificate_set_check);
REG_READ(certificate_set_check);
REG_ASK(certificate_set_apply);
REG_READ(certificate_set_apply);
REG_READ(certificates);
REG_ASK(arc_status);
REG_READ(arc_status);
REG_READ(arc_way);
REG_ASK(arc_app_check);
REG_READ(arc_app_check);
REG_ASK(arc_app_apply);
REG_READ(arc_app_apply);
REG_READ(arc_secret_check);
REG_ASK(arc_secret_apply);
REG_READ(arc_secret_apply);
REG_ASK(arc_init_check);
REG_READ(arc_init_check);
REG_ASK(arc_init_apply);
REG_READ(arc_init_apply);
REG_ASK(arc_enable_check);
REG_READ(arc_enable_check);
REG_ASK(arc_enable_apply);
REG_READ(arc_enable_apply);

/* op_register_rights.c: what the caller may do. Facts: rights.subscription, rights.group,
 * rights.arcGroup (which actions of the table each list lacks), rights.holders (who has which role
 * on the machines' group, where the caller may not assign roles), then rights.state (enough,
 * missing, unknown: a list could not be read) and rights.missing (all, for people). */
REG_ASK(rights);
REG_READ(rights);
REG_ASK(rights_role);
REG_READ(rights_role);
REG_ASK(rights_machine);
REG_READ(rights_machine);
bool reg_may_not_give_roles(const struct op_view *v); /* on the machines' group, as lists say */
/* The end of the gate `ready`: OP_FAILED and *e when an action is missing. */
enum op_verdict reg_rights(struct op_view *v, struct err *e);

/* op_register_principal.c: the operator's own service principal. Facts: path.roles (give: to
 * reg_arc_principal; none; unseen: it cannot be looked at), principal.id .name,
 * principal.onboarding and principal.admin (held, missing). */
bool reg_arc_given(const struct op_view *v);
bool reg_all_enabled(const struct op_view *v); /* every node is in Arc (op_register_aad.c) */
bool reg_principal_holds(const struct op_view *v, const char *role);
REG_ASK(principal);
REG_READ(principal);
REG_ASK(principal_roles);
REG_READ(principal_roles);

/* Shared by these files. */
/* After an apply whose answer was lost the effect may still come by itself: the fact counts how
 * often it is looked for; then reg_not_there is OP_ABSENT. */
void reg_keep_lost(struct op_view *v, const char *fact, const struct op_answer *a);
enum op_verdict reg_not_there(struct op_view *v, const char *fact);
void reg_keep_build(struct op_view *v, const struct json *facts); /* of the verb `facts` */
void reg_app_args(const struct op_view *v, struct json *args);    /* what names the application */
const char *reg_arc_principal(const struct op_view *v); /* to whom the roles of Arc are given */
void reg_ask_cluster(const struct op_view *v, struct op_need *need, const char *method,
                     unsigned flags);
int reg_keep_cluster(struct op_view *v, const struct op_answer *a, struct err *e); /* -1 and *e */
void reg_ask_settings(const struct op_view *v, struct op_need *need, const char *method,
                      unsigned flags);
int reg_keep_settings(struct op_view *v, const struct op_answer *a, struct err *e);
void reg_arc_group(struct op_view *v, const char *settings); /* fact arcGroup, if not known */
bool reg_machines_hidden(const struct op_view *v);           /* the caller may not see machines */
bool reg_all_listed(const struct op_view *v); /* every node stands in the Arc settings */
bool reg_ok(const struct op_answer *a);       /* no error; of a node's verb */
bool reg_good(const struct op_answer *a);     /* 2xx and no error; of a request */
void reg_add_id(const struct op_view *v, struct op_need *need,
                const char *fact); /* the resource id that this fact holds, to the path */
void reg_arm(struct op_need *need, const char *method, const char *api, unsigned flags);
void reg_verb(struct op_need *need, enum node_verb verb);
/* Azure's error stays as it is (domain, http, remote code) and gets the module's number and what
 * was being done. */
enum op_verdict reg_fail(const struct op_answer *a, struct err *e, int code, const char *doing);
struct json *reg_tags(const struct op_view *v,
                      const char *input);   /* an input that is an object as text; NULL: none */
bool reg_absent(const struct op_answer *a); /* only this means absent */
int reg_offered(const struct op_view *v,
                struct err *e); /* the region is among the provider's (9108) */
int reg_other_cloud(const struct op_view *v, const char *agents,
                    struct err *e); /* of a connected agent: it is not in the core's cloud */
enum op_verdict reg_deleted(const struct op_answer *a, struct err *e);

/* op_register_things.c */
extern const struct op_thing reg_things[];

#endif
