#include "config.h"

#include "base/str.h"

#include <string.h>
#include <sys/random.h>
#include <unistd.h>

static bool is_dash_place(size_t i)
{
    return i == 8 || i == 13 || i == 18 || i == 23;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool guid_is(const char *text)
{
    if (!text || strlen(text) != GUID_SIZE - 1)
        return false;
    for (size_t i = 0; i < GUID_SIZE - 1; i++)
        if (is_dash_place(i) ? text[i] != '-' : hex_value(text[i]) < 0)
            return false;
    return true;
}

static void put_digits(char out[GUID_SIZE], const char digits[32])
{
    size_t n = 0;

    for (size_t i = 0; i < 32; i++) {
        if (is_dash_place(n))
            out[n++] = '-';
        out[n++] = "0123456789abcdef"[hex_value(digits[i])];
    }
    out[n] = '\0';
}

bool guid_parse(char out[GUID_SIZE], const char *text)
{
    char digits[32];
    size_t n = text ? strlen(text) : 0, k = 0;
    bool dashed;

    if (n >= 2 && text[0] == '{' && text[n - 1] == '}') {
        text++;
        n -= 2;
    }
    dashed = n == GUID_SIZE - 1;
    if (!dashed && n != sizeof(digits))
        return false;
    for (size_t i = 0; i < n; i++) {
        if (dashed && is_dash_place(i)) {
            if (text[i] != '-')
                return false;
            continue;
        }
        if (hex_value(text[i]) < 0)
            return false;
        digits[k++] = text[i];
    }
    put_digits(out, digits);
    return true;
}

void guid_random(char out[GUID_SIZE])
{
    unsigned char b[16];
    char digits[32];

    if (getentropy(b, sizeof(b)) != 0) {
        static const char text[] = "azloconf: no random numbers\n";

        /* A predictable id would be worse than no program. */
        _exit(write(STDERR_FILENO, text, sizeof(text) - 1) < 0 ? 71 : 70);
    }
    b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
    b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
    for (size_t i = 0; i < sizeof(b); i++) {
        digits[2 * i] = "0123456789abcdef"[b[i] >> 4];
        digits[2 * i + 1] = "0123456789abcdef"[b[i] & 15];
    }
    put_digits(out, digits);
}
