/* output.h - what curses draws on its way to the terminal: nobody waits for it.
 *
 * curses writes to a descriptor and waits there as long as the terminal does not read (a stuck
 * serial line, a stopped ssh); nothing, not even a signal, would end the console then. So curses
 * gets a descriptor that is the terminal only while it starts (output_open) and a file in memory
 * from output_hold on; output_flush moves what is in it to the terminal as far as that takes it.
 * All that is sent is counted: on a pseudo terminal nothing else tells how fast its far end is.
 * One terminal a process; on a system without memory files curses keeps writing by itself.
 */
#ifndef AZL_UI_OUTPUT_H
#define AZL_UI_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

FILE *output_open(void); /* for newterm; NULL: no descriptors left */
void output_hold(void);  /* curses has seen the terminal */
void output_close(void); /* after delscreen */
void output_add(const char *bytes);
bool output_flush(void);       /* true: nothing is left */
bool output_drain(int64_t ms); /* flushes; gives up when nothing moves for ms, and forgets */
int output_fd(void);           /* POLLOUT: worth another output_flush */
uint64_t output_sent(void);    /* bytes so far */

#endif
