/* ports.h - the ports of an earlier start, taken again: a client's stored addresses hold over a
 * restart of the sandbox. DIR/ports.json {"tls0":41234,"proxy0":...,"plain0":...}. Order:
 * ports_open, then ports_earlier and ports_taken for each door, ports_save. */
#ifndef AZL_SANDBOX_PORTS_H
#define AZL_SANDBOX_PORTS_H

#include "base/err.h"

enum { PORTS_FIRST = 20000, PORTS_COUNT = 10000 };

void ports_open(const char *dir);
int ports_earlier(const char *name, int number); /* 0: none known */
/* A port for a new door, or 0. Below those that Linux gives to outgoing connections (32768 and up):
 * one of those could not be had again at the next start while anybody's connection uses it. */
int ports_new(void);
void ports_taken(const char *name, int number, int port);
int ports_save(struct err *e);

#endif
