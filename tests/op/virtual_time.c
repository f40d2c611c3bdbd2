/* virtual_time.c - time that passes only by waiting: the linker puts these two in place of poll and
 * mono_ms in this program (Makefile.am: --wrap).
 *
 * All that the tests of src/op wait for comes from timers in this process. So where nothing is
 * ready, the wait is over at once and the clock stands where the wait would have ended: a busy
 * machine changes no figure, and a wait of minutes costs nothing. */
#include "config.h"

#include <poll.h>

#include "base/loop.h"

int __real_poll(struct pollfd *fds, nfds_t n, int timeout);
int __wrap_poll(struct pollfd *fds, nfds_t n, int timeout);
int64_t __wrap_mono_ms(void);

static int64_t now = 1000000;

int64_t __wrap_mono_ms(void)
{
    return now;
}

int __wrap_poll(struct pollfd *fds, nfds_t n, int timeout)
{
    int ready = __real_poll(fds, n, 0);

    if (ready == 0 && timeout > 0)
        now += timeout;
    return ready;
}
