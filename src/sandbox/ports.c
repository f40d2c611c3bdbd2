#include "config.h"

#include "sandbox/ports.h"

#include <sys/random.h>

#include "base/file.h"
#include "base/json.h"
#include "base/str.h"

static char path[600];
static struct json *earlier, *taken;

static void door_name(char out[32], const char *name, int number)
{
    str_fmt(out, 32, "%s%d", name, number);
}

void ports_open(const char *dir)
{
    struct str text = STR_INIT;
    struct err ignored = { 0 };

    str_fmt(path, sizeof path, "%s/ports.json", dir);
    taken = json_object();
    if (file_read(path, 64 * 1024, &text, &ignored) == 0)
        earlier = json_parse(str_p(&text), text.len, 0, &ignored);
    str_free(&text);
}

int ports_earlier(const char *name, int number)
{
    char door[32];
    int64_t port = 0;

    door_name(door, name, number);
    return json_int(earlier, door, &port) && port > 0 && port < 65536 ? (int)port : 0;
}

void ports_taken(const char *name, int number, int port)
{
    char door[32];

    if (!taken)
        return;
    door_name(door, name, number);
    json_set_int(taken, door, port);
}

int ports_new(void)
{
    uint16_t dice = 0;

    if (getrandom(&dice, sizeof dice, 0) < 0)
        return 0;
    return PORTS_FIRST + dice % PORTS_COUNT;
}

int ports_save(struct err *e)
{
    struct str text = STR_INIT;
    int r;

    json_write_pretty(&text, taken);
    r = file_replace(path, str_p(&text), text.len, e);
    str_free(&text);
    json_free(taken);
    json_free(earlier);
    taken = earlier = NULL;
    return r;
}
