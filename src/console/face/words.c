#include "config.h"

#include "console/face/words.h"

#include <pwd.h>
#include <sys/types.h>
#include <time.h>

#include "base/i18n.h"
#include "base/str.h"

void words_age(char out[AGE_SIZE], int64_t now, int64_t at)
{
    int64_t s = (now - at) / 1000;

    if (at == 0)
        str_copy(out, AGE_SIZE, "--");
    else if (s < 60)
        str_fmt(out, AGE_SIZE, _("%d s"), (int)(s < 0 ? 0 : s));
    else if (s < 3600)
        str_fmt(out, AGE_SIZE, _("%d min"), (int)(s / 60));
    else if (s < 2 * 86400)
        str_fmt(out, AGE_SIZE, _("%d h"), (int)(s / 3600));
    else
        str_fmt(out, AGE_SIZE, _("%d d"), (int)(s / 86400));
}

void words_duration(char out[AGE_SIZE], int64_t ms)
{
    int64_t s = ms < 0 ? 0 : ms / 1000;

    if (s < 3600)
        str_fmt(out, AGE_SIZE, "%d:%02d", (int)(s / 60), (int)(s % 60));
    else
        str_fmt(out, AGE_SIZE, "%d:%02d:%02d", (int)(s / 3600), (int)(s / 60 % 60), (int)(s % 60));
}

void words_clock(char out[AGE_SIZE], int64_t at)
{
    time_t t = (time_t)(at / 1000);
    struct tm tm;

    if (!localtime_r(&t, &tm) || strftime(out, AGE_SIZE, "%H:%M:%S", &tm) == 0)
        out[0] = '\0';
}

const char *words_or_blank(const char *s)
{
    return *s ? s : "--";
}

bool words_support(struct str *out, const struct err *e)
{
    if (!e->remote_code[0] && !e->http && !e->request_id[0])
        return false;
    str_add(out, _("For support:"));
    if (e->http)
        str_addf(out, " HTTP %d", e->http);
    if (e->remote_code[0])
        str_addf(out, " %s", e->remote_code);
    if (e->request_id[0])
        str_addf(out, " request %s", e->request_id);
    if (e->correlation_id[0])
        str_addf(out, " correlation %s", e->correlation_id);
    return true;
}

void words_error(char *out, size_t size, const struct err *e)
{
    struct str s = STR_INIT, support = STR_INIT;

    str_add(&s, e->message);
    if (e->context[0])
        str_addf(&s, "\n%s", e->context);
    if (e->advice[0])
        str_addf(&s, "\n\n%s", e->advice);
    if (words_support(&support, e))
        str_addf(&s, "\n\n%s", str_p(&support));
    if (e->detail[0])
        str_addf(&s, "\n%s", e->detail);
    str_copy(out, size, str_p(&s));
    str_free(&s);
    str_free(&support);
}

const char *words_owner(const struct sec_signin *s, char *out, size_t size)
{
    const struct passwd *pw = getpwuid((uid_t)s->owner_uid);

    if (pw)
        str_copy(out, size, pw->pw_name);
    else
        str_fmt(out, size, "uid %d", (int)s->owner_uid);
    return out;
}
