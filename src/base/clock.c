#include "config.h"

#include "base/loop.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/str.h"

static int64_t read_clock(clockid_t id)
{
    struct timespec ts = { 0, 0 };

    clock_gettime(id, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t mono_ms(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

int64_t wall_ms(void)
{
    return read_clock(CLOCK_REALTIME);
}

/* A real clock follows the system's (it may be set, and runs on while the machine sleeps):
 * base_mono -1. */
void clock_init(struct clock *c, int64_t rate)
{
    *c = (struct clock){ wall_ms(), rate > 1 ? mono_ms() : -1, rate > 1 ? rate : 1 };
}

void clock_init_at(struct clock *c, int64_t rate, int64_t wall_now)
{
    *c = (struct clock){ wall_now, mono_ms(), rate > 1 ? rate : 1 };
}

int64_t clock_now(const struct clock *c)
{
    if (c->rate < 1 || c->base_mono < 0)
        return wall_ms();
    return c->base_wall + (mono_ms() - c->base_mono) * c->rate;
}

int64_t clock_real_delay(const struct clock *c, int64_t ms)
{
    int64_t rate = c->rate > 1 ? c->rate : 1;
    int64_t real = ms > 0 ? (ms - 1) / rate + 1 : 0;

    return real > 1 ? real : 1;
}

static void iso(char out[TIME_SIZE], int64_t unix_ms, bool seven)
{
    time_t secs = (time_t)(unix_ms / 1000 - (unix_ms % 1000 < 0));
    int ms = (int)(unix_ms - (int64_t)secs * 1000);
    char text[24];
    struct tm tm;

    out[0] = '\0';
    if (unix_ms == 0 || !gmtime_r(&secs, &tm) || tm.tm_year < -1900 || tm.tm_year > 8099)
        return;
    if (strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm) == 0)
        return;
    if (seven)
        str_fmt(out, TIME_SIZE, "%s.%03d0000Z", text, ms);
    else
        str_fmt(out, TIME_SIZE, "%sZ", text);
}

void time_iso(char out[TIME_SIZE], int64_t unix_ms)
{
    iso(out, unix_ms, false);
}

void time_iso7(char out[TIME_SIZE], int64_t unix_ms)
{
    iso(out, unix_ms, true);
}

/* Reads exactly `digits` digits and the separator after them ('\0': none wanted). */
static bool number(const char **s, int digits, char after, int *out)
{
    *out = 0;
    for (int i = 0; i < digits; i++, (*s)++) {
        if (**s < '0' || **s > '9')
            return false;
        *out = *out * 10 + (**s - '0');
    }
    if (after && *(*s)++ != after)
        return false;
    return true;
}

static int64_t days_from_civil(int y, int m, int d)
{
    int64_t era, yoe, doy;

    y -= m <= 2;
    era = (y >= 0 ? y : y - 399) / 400;
    yoe = y - era * 400;
    doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
    return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

static bool date_exists(int y, int m, int d)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;

    return y >= 1 && m >= 1 && m <= 12 && d >= 1 && d <= days[m - 1] + (m == 2 && leap);
}

static bool fraction(const char **s, int64_t *ms)
{
    int n = 0, scale = 100;

    if (**s != '.')
        return true;
    for ((*s)++; **s >= '0' && **s <= '9'; (*s)++, n++) {
        *ms += (int64_t)(**s - '0') * scale;
        scale /= 10;
    }
    return n >= 1 && n <= 9;
}

static bool zone(const char **s, int *minutes)
{
    int sign = **s == '-' ? -1 : 1, h, m;

    *minutes = 0;
    if (**s == 'Z' || **s == 'z') {
        (*s)++;
        return true;
    }
    if (**s != '+' && **s != '-')
        return false;
    (*s)++;
    if (!number(s, 2, '\0', &h))
        return false;
    *s += **s == ':';
    if (!number(s, 2, '\0', &m) || h > 14 || m > 59)
        return false;
    *minutes = sign * (h * 60 + m);
    return true;
}

bool time_parse(const char *s, int64_t *unix_ms)
{
    int y, mo, d, h, mi, sec, off;
    int64_t ms = 0;

    if (!s || !number(&s, 4, '-', &y) || !number(&s, 2, '-', &mo) || !number(&s, 2, '\0', &d))
        return false;
    if (*s != 'T' && *s != 't' && *s != ' ')
        return false;
    s++;
    if (!number(&s, 2, ':', &h) || !number(&s, 2, ':', &mi) || !number(&s, 2, '\0', &sec))
        return false;
    if (!fraction(&s, &ms) || !zone(&s, &off) || *s != '\0')
        return false;
    if (!date_exists(y, mo, d) || h > 23 || mi > 59 || sec > 60)
        return false;
    *unix_ms = (((days_from_civil(y, mo, d) * 24 + h) * 60 + mi - off) * 60 + sec) * 1000 + ms;
    return true;
}
