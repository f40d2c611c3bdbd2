/* loop.h - one poll(2) loop: descriptors, timers, signals and children; and the clocks.
 *
 * Single-threaded. Callbacks run from loop_turn only, never from inside an adding or removing call;
 * a callback may add, change or delete any watch, its own included. Timers use the monotonic clock
 * and fire in order of their time. Wall time comes from struct clock: real, or scaled (rate N: N
 * seconds pass in one real second, from the moment of its making). The policy clock (30 days, 12 h)
 * is scaled; protocol seconds (polling, Retry-After) always use timers, that is real time.
 */
#ifndef AZL_BASE_LOOP_H
#define AZL_BASE_LOOP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

struct loop;
struct loop_io;
struct loop_timer;
struct loop_child;

struct loop *loop_new(struct err *e);
void loop_free(struct loop *l); /* frees every watch left */

/* events, revents: POLLIN, POLLOUT; POLLERR, POLLHUP and POLLNVAL are always reported. The loop
 * never closes fd. */
typedef void loop_io_fn(void *payload, int fd, short revents);
struct loop_io *loop_io_add(struct loop *l, int fd, short events, loop_io_fn *fn, void *payload);
void loop_io_set(struct loop_io *io, short events);
void loop_io_del(struct loop_io *io); /* NULL is fine */

typedef void loop_timer_fn(void *payload);
/* Fires once; the handle is dead when fn is called. */
struct loop_timer *loop_after(struct loop *l, int64_t ms, loop_timer_fn *fn, void *payload);
void loop_timer_del(struct loop_timer *t); /* NULL is fine */

/* Called in the loop, not in the handler. SIGCHLD is the loop's own. */
typedef void loop_signal_fn(void *payload, int signo);
int loop_signal(struct loop *l, int signo, loop_signal_fn *fn, void *payload, struct err *e);

typedef void loop_child_fn(void *payload, pid_t pid, int status); /* status as of waitpid */
struct loop_child *loop_child_add(struct loop *l, pid_t pid, loop_child_fn *fn, void *payload);
void loop_child_del(struct loop_child *c); /* stops watching; the child is still reaped */

int loop_turn(struct loop *l,
              int64_t max_ms); /* one poll and its callbacks; -1 max: until something happens */
void loop_run(struct loop *l); /* turns until loop_stop */
void loop_stop(struct loop *l);
uint64_t
loop_wakeups(const struct loop *l); /* turns that had something to do: a figure for tests */

int64_t mono_ms(void); /* CLOCK_MONOTONIC */
int64_t wall_ms(void); /* real Unix time in ms */

struct clock {
    int64_t base_wall, base_mono;
    int64_t rate; /* 1: real */
};
void clock_init(struct clock *c, int64_t rate);
void clock_init_at(struct clock *c, int64_t rate,
                   int64_t wall_now);     /* goes on from a stored time */
int64_t clock_now(const struct clock *c); /* Unix ms on this clock */
int64_t clock_real_delay(const struct clock *c,
                         int64_t ms); /* real ms until `ms` have passed on it, at least 1 */

/* ISO 8601: "2026-11-21T09:41:22Z". Parsing takes up to nine fraction digits, Z or an offset
 * (azure-wire.md 3.2.1). */
#define TIME_SIZE 32
void time_iso(char out[TIME_SIZE], int64_t unix_ms); /* seconds, Z; "" for 0 */
void time_iso7(char out[TIME_SIZE],
               int64_t unix_ms); /* seven fraction digits, Z: as Azure writes */
bool time_parse(const char *s, int64_t *unix_ms);

#endif
