/* items.h - the numbered jobs of the main menu, the same in every face.
 *
 * Numbers are kept for life: an item that is not built yet is absent and keeps its number (4 check
 * prerequisites, 5 permissions and consent, 6 cloud, proxy and network, 7 Azure resources).
 */
#ifndef AZL_FACE_ITEMS_H
#define AZL_FACE_ITEMS_H

#include "console/face/model.h"

struct item {
    int number;
    const char *text;  /* N_() */
    const char *brief; /* N_(): in the plain face's line of items; NULL: only in the long list */
    const char *hint;  /* N_() */
    /* How it stands with it, in words; returns a level ("ok", "warn", ""). NULL: nothing to say */
    const char *(*note)(const struct model *m, char *out, size_t size);
};
extern const struct item item_rows[];
extern const size_t item_count;

#endif
