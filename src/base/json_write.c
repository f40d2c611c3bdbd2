#include "config.h"

#include "base/json.h"

#include <stdio.h>

static void write_string(struct str *out, const char *s)
{
    static const char short_forms[] = "\b\f\n\r\t", letters[] = "bfnrt";

    str_addc(out, '"');
    for (; s && *s; s++) {
        unsigned char c = (unsigned char)*s;
        size_t k = 0;

        while (short_forms[k] && short_forms[k] != *s)
            k++;
        if (short_forms[k]) {
            str_addc(out, '\\');
            str_addc(out, letters[k]);
        } else if (c == '"' || c == '\\') {
            str_addc(out, '\\');
            str_addc(out, *s);
        } else if (c < 0x20 || c == 0x7f) {
            str_addf(out, "\\u%04x", c);
        } else {
            str_addc(out, *s);
        }
    }
    str_addc(out, '"');
}

static void write_scalar(struct str *out, const struct json *j)
{
    int64_t whole;
    double d;

    if (json_is_string(j))
        write_string(out, json_value_str(j));
    else if (json_value_int(j, &whole))
        str_addf(out, "%lld", (long long)whole);
    else if (json_value_double(j, &d))
        str_addf(out, "%.17g", d);
    else if (json_is_bool(j))
        str_add(out, json_flag(j, NULL, false) ? "true" : "false");
    else
        str_add(out, "null");
}

/* level -1: compact. */
static void new_line(struct str *out, int level)
{
    if (level < 0)
        return;
    str_addc(out, '\n');
    for (int i = 0; i < level; i++)
        str_add(out, "  ");
}

static void write_value(struct str *out, const struct json *j, int level)
{
    bool object = json_is_object(j), first = true;
    int inner = level < 0 ? -1 : level + 1;

    if (!object && !json_is_array(j)) {
        write_scalar(out, j);
        return;
    }
    str_addc(out, object ? '{' : '[');
    JSON_EACH (c, j) {
        if (!first)
            str_addc(out, ',');
        first = false;
        new_line(out, inner);
        if (object) {
            write_string(out, json_name(c));
            str_add(out, level < 0 ? ":" : ": ");
        }
        write_value(out, c, inner);
    }
    if (!first)
        new_line(out, level);
    str_addc(out, object ? '}' : ']');
}

void json_write(struct str *out, const struct json *j)
{
    write_value(out, j, -1);
}

void json_write_pretty(struct str *out, const struct json *j)
{
    write_value(out, j, 0);
    str_addc(out, '\n');
}
