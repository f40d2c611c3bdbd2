#include "config.h"

#include "wire/regions.h"

#include "base/near.h"

const struct sec_choice *region_near(const struct sec_choices *c, const char *name)
{
    const struct sec_choice *near = NULL;
    int best = NEAR_FAR;

    for (size_t i = 0; i < c->n_regions; i++) {
        int d = near_name(name, c->regions[i].id);

        if (d < best) {
            best = d;
            near = &c->regions[i];
        }
    }
    return near;
}
