#include "config.h"

#include "console/ui/terminfo.h"

#include <unistd.h>

#include <ncurses.h>
#include <term.h>

bool terminfo_knows(const char *name)
{
    int known = 0;

    if (setupterm(name, STDOUT_FILENO, &known) != OK)
        return known > 0;
    del_curterm(cur_term);
    return true;
}

bool terminfo_places_text(const char *name)
{
    const char *cup;
    int known;
    bool can;

    if (setupterm(name, STDOUT_FILENO, &known) != OK)
        return false;
    cup = tigetstr("cup");
    can = cup && cup != (char *)-1;
    del_curterm(cur_term);
    return can;
}
