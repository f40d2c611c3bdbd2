#include "config.h"

#include "console/cli/output.h"

#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

#include "base/i18n.h"
#include "base/str.h"
#include "console/ui/qr.h"
#include "console/ui/text.h"

static int columns_of(const char *text)
{
    wchar_t wide[512];
    size_t n = mbstowcs(wide, text, ARRAY_LEN(wide) - 1);
    int w;

    if (n == (size_t)-1)
        return (int)strlen(text);
    wide[n] = 0;
    w = wcswidth(wide, n);
    return w < 0 ? (int)strlen(text) : w;
}

/* Prints at most `width` columns of text and pads to it (width 0: all of it). */
static void put_cell(const char *text, int width, bool last)
{
    mbstate_t state = { 0 };
    int used = 0;

    while (*text) {
        wchar_t wc;
        size_t n = mbrtowc(&wc, text, strlen(text), &state);
        int w;

        if (n == (size_t)-1 || n == (size_t)-2 || n == 0) {
            n = 1;
            w = 1;
            memset(&state, 0, sizeof state);
        } else {
            w = wcwidth(wc);
        }
        if (w < 0)
            w = 0;
        if (width && used + w > width)
            break;
        fwrite(text, 1, n, stdout);
        used += w;
        text += n;
    }
    for (; !last && used < width; used++)
        putchar(' ');
}

void out_table(const struct out_column *columns, size_t n_columns, const char *const *cells,
               size_t n_rows)
{
    int width[16];

    for (size_t k = 0; k < n_columns; k++) {
        width[k] = columns_of(_(columns[k].title));
        for (size_t r = 0; r < n_rows; r++) {
            int w = columns_of(cells[r * n_columns + k]);

            if (w > width[k])
                width[k] = w;
        }
        if (columns[k].max && width[k] > columns[k].max)
            width[k] = columns[k].max;
    }
    for (size_t r = 0; r <= n_rows; r++) {
        for (size_t k = 0; k < n_columns; k++) {
            const char *text = r ? cells[(r - 1) * n_columns + k] : _(columns[k].title);

            put_cell(*text ? text : "--", width[k], k + 1 == n_columns);
            fputs(k + 1 == n_columns ? "\n" : "  ", stdout);
        }
    }
}

void out_pair(const char *name, const char *value)
{
    char label[80];

    printf("%s : %s\n", text_pad(label, sizeof label, name, 18), value && *value ? value : "--");
}

static bool is_time(const char *name)
{
    size_t n = name ? strlen(name) : 0;

    return n && (str_eq(name, "at") || str_eq(name, "started") || str_eq(name, "ended") ||
                 (n > 2 && str_eq(name + n - 2, "At")));
}

static void iso_ms(char out[TIME_SIZE], int64_t unix_ms)
{
    char seconds[TIME_SIZE];

    time_iso(seconds, unix_ms);
    str_fmt(out, TIME_SIZE, "%.19s.%03dZ", seconds, (int)(unix_ms % 1000));
}

/* Sections carry Unix milliseconds and empty errors; scripts want ISO 8601 and nothing. */
static void tidy(struct json *j)
{
    const struct json *next;

    for (const struct json *m = json_first(j); m; m = next) {
        const char *message = json_str(m, "message");
        char name[64], when[TIME_SIZE];
        int64_t at;

        next = json_next(m);
        STR_SET(name, json_name(m));
        if (is_time(name) && json_value_int(m, &at)) {
            iso_ms(when, at);
            json_set_str(j, name, at ? when : NULL);
        } else if (str_eq(name, "error") && (!message || !message[0])) {
            json_unset(j, name);
        } else {
            tidy(json_edit(m));
        }
    }
}

void out_json(struct json *owned)
{
    struct str s = STR_INIT;

    tidy(owned);
    json_write_pretty(&s, owned);
    fputs(str_p(&s), stdout);
    str_free(&s);
    json_free(owned);
}

void out_error_lines(FILE *f, const struct err *e)
{
    if (e->context[0])
        fprintf(f, "%s: %s\n", e->context, e->message);
    else
        fprintf(f, "%s\n", e->message);
    if (e->detail[0])
        fprintf(f, _("Details: %s\n"), e->detail);
    if (e->advice[0])
        fprintf(f, _("What to do: %s\n"), e->advice);
    if (e->domain == ERR_OP && e->code >= 9001)
        fprintf(f, _("Code: %d\n"), e->code);
    if (e->remote_code[0])
        fprintf(f, _("Azure's code: %s\n"), e->remote_code);
    if (e->request_id[0])
        fprintf(f, _("Request id for support: %s\n"), e->request_id);
    if (e->correlation_id[0])
        fprintf(f, _("Correlation id for support: %s\n"), e->correlation_id);
}

void out_error(const struct cli *c, const struct err *e)
{
    fflush(stdout);
    if (c->json) {
        struct json *o = json_object();

        json_set(o, "error", json_encode(&err_json, e));
        out_json(o);
        return;
    }
    fputs("azloconf: ", stderr);
    out_error_lines(stderr, e);
}

const char *out_time(char buf[40], int64_t unix_ms)
{
    time_t t = (time_t)(unix_ms / 1000);
    struct tm tm;

    if (!unix_ms || !localtime_r(&t, &tm))
        return "--";
    strftime(buf, 40, "%Y-%m-%d %H:%M:%S", &tm);
    return buf;
}

const char *out_span(char buf[24], int64_t ms)
{
    str_fmt(buf, 24, "%lld:%02lld", (long long)(ms / 60000), (long long)(ms / 1000 % 60));
    return buf;
}

static void put_modules(const struct qr *q, const struct qr_plan *plan, int row)
{
    static const char *const halves[] = { " ", "\xe2\x96\x80", "\xe2\x96\x84", "\xe2\x96\x88" };

    for (int col = 0; col < plan->cols; col++) {
        int lit = qr_cell(q, plan, row, col);

        if (plan->halves)
            fputs(halves[lit & 3], stdout);
        else
            fputs(lit ? "\033[7m \033[27m" : " ", stdout);
    }
}

void out_square(const char *text)
{
    const char *term = getenv("TERM");
    bool utf8 = str_eq(nl_langinfo(CODESET), "UTF-8");
    struct winsize ws = { 0 };
    struct qr_plan plan;
    struct qr q = { 0 }; /* qr_make frees what was there */

    if (!term || str_eq(term, "dumb") || ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) < 0 ||
        !qr_make(&q, text))
        return;
    qr_plan(&plan, &q, 200, ws.ws_col ? ws.ws_col : 80, utf8);
    if (!plan.drawn)
        puts(_("This terminal is too small for a square: type the address."));
    for (int row = 0; plan.drawn && row < plan.rows; row++) {
        /* both colours are set: the square must not follow the terminal's theme */
        fputs(strstr(term, "256") ? "\033[38;5;231;48;5;16m" : "\033[37;40m", stdout);
        put_modules(&q, &plan, row);
        fputs("\033[0m\n", stdout);
    }
    qr_free(&q);
}
