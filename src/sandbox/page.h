/* page.h - lists of the Resource Manager in pages: value[] and nextLink with $skipToken
 * (azure-wire.md 2.9.1; the size of a page is the service's, 100 here: inferred). Steered by POST
 * /sandbox/resources {"pageSize": 5}. The dispatcher calls it last, on what the caller may see. */
#ifndef AZL_SANDBOX_PAGE_H
#define AZL_SANDBOX_PAGE_H

#include "sandbox/sandbox.h"

void page_cut(const struct sb_req *q, struct sb_reply *r);

#endif
