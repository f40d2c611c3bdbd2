#include "config.h"

#include "base/near.h"

#include <stdbool.h>
#include <string.h>

#include "base/str.h"

#define LONGEST 62
#define MOST    4

int near_distance(const char *a, const char *b)
{
    size_t n = strlen(b);
    int row[LONGEST + 2];

    if (n > LONGEST || strlen(a) > LONGEST)
        return NEAR_FAR;
    for (size_t j = 0; j <= n; j++)
        row[j] = (int)j;
    for (int i = 1; a[i - 1]; i++) {
        int diagonal = row[0];

        row[0] = i;
        for (size_t j = 1; j <= n; j++) {
            int best = diagonal + (a[i - 1] != b[j - 1]);

            diagonal = row[j];
            best = row[j] + 1 < best ? row[j] + 1 : best;
            row[j] = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
        }
    }
    return row[n];
}

static bool turned(const char *a, const char *b)
{
    char twice[2 * LONGEST + 2];
    size_t n = strlen(a);

    return n > 5 && n == strlen(b) && str_fmt(twice, sizeof twice, "%s%s", a, a) &&
           strstr(twice, b) != NULL;
}

int near_name(const char *typed, const char *name)
{
    int d = turned(typed, name) ? 0 : near_distance(typed, name);

    return d <= MOST && (size_t)d * 2 <= strlen(typed) ? d : NEAR_FAR;
}
