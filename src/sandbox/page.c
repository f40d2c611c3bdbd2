#include "config.h"

#include "sandbox/page.h"

#define PAGE  100
#define TOKEN "$skipToken"

static void add_path(struct str *s, const char *path)
{
    for (; *path; path++) {
        char one[2] = { *path, '\0' };

        if (*path == '/')
            str_addc(s, '/');
        else
            str_add_url(s, one);
    }
}

static void set_next(const struct sb_req *q, struct sb_reply *r, int64_t from)
{
    struct str link = STR_INIT;
    const char *mark = "?";

    str_add(&link, q->base);
    add_path(&link, q->path);
    JSON_EACH (p, q->query)
        if (!str_ieq(json_name(p), TOKEN)) {
            str_addf(&link, "%s%s=", mark, json_name(p));
            str_add_url(&link, json_value_str(p) ? json_value_str(p) : "");
            mark = "&";
        }
    str_addf(&link, "%s" TOKEN "=%lld", mark, (long long)from);
    json_set_str(r->json, "nextLink", str_p(&link));
    str_free(&link);
}

void page_cut(const struct sb_req *q, struct sb_reply *r)
{
    const struct json *all = json_member(r->json, "value");
    int64_t size = PAGE, from = 0, i = 0;
    struct json *page;

    if (!str_eq(q->method, "GET") || r->status != 200 || !json_is_array(all))
        return;
    json_int(world_section(q->world, "options"), "pageSize", &size);
    if (sb_query(q, TOKEN) && (!str_to_int(sb_query(q, TOKEN), &from) || from < 0)) {
        sb_arm_error(r, 400, "InvalidSkipToken", "The provided skip token is not valid.");
        return;
    }
    if (size < 1 || (!from && (int64_t)json_len(all) <= size))
        return;
    page = json_array();
    JSON_EACH (x, all) {
        if (i >= from && i < from + size)
            json_push(page, json_copy(x));
        i++;
    }
    json_set(r->json, "value", page);
    if (from + size < i)
        set_next(q, r, from + size);
}
