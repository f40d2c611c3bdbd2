/* terminfo.h - what a terminal type can, asked before the screen is opened. terminfo(3) fills the
 * name space with macros, so it is spoken to in a file of its own.
 */
#ifndef AZL_CONSOLE_UI_TERMINFO_H
#define AZL_CONSOLE_UI_TERMINFO_H

#include <stdbool.h>

/* The type is known on this machine and has cursor addressing. */
bool terminfo_knows(const char *name);
bool terminfo_places_text(const char *name);

#endif
