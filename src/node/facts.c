#include "config.h"

#include "node/facts.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"
#include "base/text.h"

#define GIB (INT64_C(1024) * 1024 * 1024)

static void set_text(struct json *j, const char *name, const char *text)
{
    char clean[128];

    TEXT_SET(clean, text);
    if (clean[0])
        json_set_str(j, name, clean);
}

static void add_file(struct json *j, const char *name, const char *path)
{
    struct str text = STR_INIT;
    struct err ignored = { 0 };

    if (file_read(path, 4096, &text, &ignored) == 0)
        set_text(j, name, str_trim(text.p));
    str_free(&text);
}

/* A line KEY=VALUE or KEY="VALUE" of os-release. */
static void add_release(struct json *j, const char *name, const char *release, const char *key)
{
    const char *p = release;
    char value[128];
    size_t k = strlen(key), n;

    while (p && *p && !(strncmp(p, key, k) == 0 && p[k] == '=')) {
        p = strchr(p, '\n');
        if (p)
            p++;
    }
    if (!p || !*p)
        return;
    p += k + 1;
    n = *p == '"' ? strcspn(p + 1, "\"\n") : strcspn(p, "\n");
    str_fmt(value, sizeof(value), "%.*s", (int)n, *p == '"' ? p + 1 : p);
    set_text(j, name, value);
}

static void add_os(struct json *j)
{
    static const char *const paths[] = { "/etc/os-release", "/usr/lib/os-release" };
    struct str text = STR_INIT;
    struct err ignored = { 0 };

    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        if (file_read(paths[i], 16384, &text, &ignored) != 0)
            continue;
        add_release(j, "osName", text.p, "NAME");
        add_release(j, "osVersion", text.p, "VERSION_ID");
        break;
    }
    str_free(&text);
}

int64_t facts_uptime_ms(void)
{
    struct timespec t;

    return clock_gettime(CLOCK_BOOTTIME, &t) == 0 ? (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000
                                                  : 0;
}

struct json *facts_read(int64_t build)
{
    struct json *j = json_object();
    long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);

    add_os(j);
    add_file(j, "manufacturer", "/sys/class/dmi/id/sys_vendor");
    add_file(j, "model", "/sys/class/dmi/id/product_name");
    add_file(j, "serial", "/sys/class/dmi/id/product_serial");
    json_set_int(j, "cores", sysconf(_SC_NPROCESSORS_ONLN));
    if (pages > 0 && size > 0)
        json_set_int(j, "memoryInGiB", ((int64_t)pages * size + GIB / 2) / GIB);
    build = build ? build : FACTS_BUILD;
    json_set_int(j, "osBuild", build);
    json_set_bool(j, "msiCapable", build >= FACTS_MSI_BUILD);
    return j;
}

struct json *facts_census(const char *name, int64_t id, const struct json *facts)
{
    static const struct {
        const char *fact, *member;
    } rows[] = {
        { "osName", "osName" },
        { "osVersion", "osVersion" },
        { "manufacturer", "manufacturer" },
        { "model", "model" },
        { "cores", "coreCount" },
        { "memoryInGiB", "memoryInGiB" },
        { "serial", "serialNumber" },
    };
    struct json *j = json_object();

    json_set_str(j, "name", name);
    json_set_int(j, "id", id);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (json_member(facts, rows[i].fact))
            json_set(j, rows[i].member, json_copy(json_member(facts, rows[i].fact)));
    return j;
}
