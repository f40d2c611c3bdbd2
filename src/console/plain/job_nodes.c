/* The nodes: a line each, and one in detail. */
#include "config.h"

#include "base/i18n.h"
#include "console/face/words.h"
#include "console/plain/answer.h"
#include "console/plain/plain.h"
#include "console/plain/wrap.h"

static const struct sec_nodes *sec(const struct plain *p)
{
    return plain_section(p, SEC_NODES);
}

static void say_node(struct plain *p, int i)
{
    const struct sec_node *n = &sec(p)->items[i];
    char clock[AGE_SIZE], checked[80];

    words_clock(clock, n->checked_at);
    if (!n->checked_at)
        STR_SET(checked, _("Not checked yet."));
    else
        str_fmt(checked, sizeof checked, n->stale ? _("STALE, checked %s.") : _("Checked %s."),
                clock);
    plain_say(p, _("%d %s: %s. Registration %s. Connection %s. Arc %s. %s"), i + 1, n->name,
              plain_word(n->state, n->checked_at), plain_word(n->registration, n->checked_at),
              plain_word(n->connection, n->checked_at), plain_word(n->arc, n->checked_at), checked);
}

static void say_detail(struct plain *p, int i)
{
    const struct sec_node *n = &sec(p)->items[i];
    const struct {
        const char *label, *text;
    } rows[] = {
        { N_("Why"), n->reason },
        { N_("Effect"), n->effect },
        { N_("Do"), n->next },
        { N_("Last sync"), n->last_connected },
        { N_("Arc agent"), n->agent_version },
    };

    say_node(p, i);
    for (size_t k = 0; k < ARRAY_LEN(rows); k++)
        if (rows[k].text[0])
            plain_say(p, "%s: %s", _(rows[k].label), rows[k].text);
}

static void say_bad(struct plain *p)
{
    int bad = 0;

    for (int i = 0; i < (int)sec(p)->n; i++)
        if (!str_eq(sec(p)->items[i].level, "ok")) {
            say_detail(p, i);
            bad++;
        }
    if (bad == 0)
        plain_say(p, "%s", _("All nodes are well."));
}

static void say_list(struct plain *p)
{
    for (int i = 0; i < (int)sec(p)->n; i++)
        say_node(p, i);
    if (sec(p)->n == 0)
        plain_say(p, "%s",
                  model_has(plain_model(p), SEC_NODES)
                      ? _("There are no nodes yet: item 1 creates a cluster.")
                      : _("Asking the core."));
}

static int node_of(struct plain *p, const char *line)
{
    int64_t number;

    if (str_to_int(line, &number) && number >= 1 && number <= (int64_t)sec(p)->n)
        return (int)number - 1;
    for (int i = 0; i < (int)sec(p)->n; i++)
        if (str_ieq(sec(p)->items[i].name, line))
            return i;
    return -1;
}

void job_nodes(struct plain *p)
{
    char line[PLAIN_LINE];

    say_list(p);
    while (plain_ask(p, line, "%s",
                     _("Number of a node, r asks them again, ? helps, Enter goes back:")) ==
           GOT_LINE) {
        enum answer kind = answer_kind(line);

        if (kind == ANSWER_EMPTY || kind == ANSWER_BACK)
            return;
        if (kind == ANSWER_HELP) {
            plain_help(p, HELP_NODES);
        } else if (answer_is(line, "r", N_("refresh"))) {
            if (plain_do(p, _("The nodes were not asked"), "status", NULL, NULL))
                say_list(p);
        } else if (answer_is(line, "x", N_("bad"))) {
            say_bad(p);
        } else if (node_of(p, line) >= 0) {
            say_detail(p, node_of(p, line));
        } else {
            plain_say(p, _("There is no node %s."), line);
        }
    }
}
