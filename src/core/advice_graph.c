/* advice_graph.c - what Microsoft Graph says of applications and their permissions:
 * azure-wire.md 4.7.2, and seed 000 for the ways out. */
#include "config.h"

#include "core/advice.h"

#include "base/i18n.h"
#include "base/str.h"

static const struct advice_row rows[] = {
    { .domain = ERR_ARM,
      .keys = "Authorization_RequestDenied",
      .what = N_("Your account lacks a right in the directory (Microsoft Entra)."),
      .why = N_("To make applications takes a tenant that lets its users do so, or a role; to "
                "consent to their permissions takes a role."),
      .text = N_("Ask for the role Cloud Application Administrator, which makes applications and "
                 "consents to these permissions, or Privileged Role Administrator, which consents; "
                 "or let an administrator do it.") },
    { .domain = ERR_ARM,
      .keys = "Authorization_IdentityNotFound",
      .what = N_("Your account is not in this directory (Microsoft Entra)."),
      .text = N_("Sign in to the tenant of the subscription, with an account of it.") },
    { .domain = ERR_ARM,
      .keys = "Request_ResourceNotFound Directory_ObjectNotFound",
      .what = N_("Microsoft Entra does not know the object."),
      .why = N_("What was made a moment ago is not known everywhere yet."),
      .text = N_("Wait some minutes, and resume the operation.") },
    { .domain = ERR_ARM,
      .keys = "Directory_QuotaExceeded",
      .what = N_("The directory lets nobody own more objects than so many."),
      .why = N_("A user may own 250 applications, deleted ones count for 30 days."),
      .text = N_("Delete applications that nobody needs, for good, or sign in with another "
                 "account.") },
    { .domain = ERR_ARM,
      .keys = "Request_MultipleObjectsWithSameKeyValue",
      .what = N_("An object of this name is there already."),
      .text = N_("Resume the operation: it looks for it.") },
    { .domain = ERR_ARM,
      .keys = "CredentialInvalidLifetimeAsPerAppPolicy",
      .what = N_("A policy of the tenant limits how long a credential may last."),
      .text = N_("Give a certificate that ends sooner (--certificate-thumbprint), or ask an "
                 "administrator for an exception.") },
    { .domain = ERR_ARM,
      .keys = "Request_BadRequest",
      .what = N_("Microsoft Graph does not take the request as it is."),
      .text = N_("Resume the operation after some minutes; if it stays so, report it with the "
                 "ids.") },
};
const struct advice_part advice_graph = { rows, ARRAY_LEN(rows) };
