#include "config.h"

#include "console/cli/completion.h"

#include <string.h>

#include "base/err.h"
#include "base/i18n.h"
#include "console/cli/cli.h"

/* The words of the line are looked at from the left: an option that takes a value takes the next
 * word, or what follows "=", which bash makes a word of its own. */
static const char head[] = "# bash completion for azloconf, made by: azloconf --completion=bash\n"
                           "_azloconf()\n"
                           "{\n"
                           "    local cur=${COMP_WORDS[COMP_CWORD]} given=' ' command= words=0\n"
                           "    local option= word i offer= IFS=$' \\t\\n'\n"
                           "\n"
                           "    COMPREPLY=()\n"
                           "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
                           "        word=${COMP_WORDS[i]}\n"
                           "        if [[ $option && $word == '=' ]]; then\n"
                           "            continue\n"
                           "        elif [[ $option ]]; then\n"
                           "            option=\n"
                           "            continue\n"
                           "        fi\n"
                           "        case $word in\n";
static const char middle[] = "            --*) given+=\"$word \" ;;\n"
                             "            *)\n"
                             "                if [[ $command ]]; then\n"
                             "                    ((words++))\n"
                             "                else\n"
                             "                    command=$word\n"
                             "                fi\n"
                             "                ;;\n"
                             "        esac\n"
                             "    done\n"
                             "    [[ $option && $cur == '=' ]] && cur=\n"
                             "    case $option in\n"
                             "        '') ;;\n";
static const char tail[] = "    for word in $offer; do\n"
                           "        [[ $given == *\" $word \"* ]] ||\n"
                           "            [[ $word != \"$cur\"* ]] || COMPREPLY+=(\"$word\")\n"
                           "    done\n"
                           "}\n"
                           "complete -F _azloconf azloconf\n";

typedef void each_fn(struct str *out, const struct cli_option *o);

/* Every option once, though several commands may have it. */
static void each_option(struct str *out, each_fn *fn)
{
    for (size_t i = 0; i < cli_common_count; i++)
        fn(out, &cli_common[i]);
    for (size_t c = 0; c < cli_command_count; c++)
        for (size_t i = 0; i < cli_options(&cli_commands[c]); i++) {
            struct cli_option o = cli_option_at(&cli_commands[c], i);
            size_t first = 0;

            while (!cli_takes(&cli_commands[first], o.name))
                first++;
            if (first == c)
                fn(out, &o);
        }
}

/* With some command at least: --node of cluster create. */
static bool may_repeat(const struct cli_option *o)
{
    bool many = o->many;

    for (size_t c = 0; c < cli_command_count && !many; c++)
        for (size_t i = 0; i < cli_options(&cli_commands[c]) && !many; i++) {
            struct cli_option other = cli_option_at(&cli_commands[c], i);

            many = str_eq(other.name, o->name) && other.many;
        }
    return many;
}

static void takes_value(struct str *out, const struct cli_option *o)
{
    if (o->arg)
        str_addf(out, "            --%s) option=$word%s ;;\n", o->name,
                 may_repeat(o) ? "" : " given+=\"$word \"");
}

static void repeats(struct str *out, const struct cli_option *o)
{
    if (!o->arg && o->many)
        str_addf(out, "            --%s) ;;\n", o->name);
}

static bool is_small(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (s[i] >= 'a' && s[i] <= 'z')
            return true;
    return false;
}

/* The words of "a|b|NAME" that stand for themselves, with a blank before each. */
static void add_closed(struct str *out, const char *arg)
{
    while (*arg) {
        size_t n = strcspn(arg, "|");

        if (is_small(arg, n)) {
            str_addc(out, ' ');
            str_addn(out, arg, n);
        }
        arg += n + (arg[n] == '|');
    }
}

static bool ends_with(const char *s, const char *end)
{
    size_t n = strlen(s), m = strlen(end);

    return n >= m && str_eq(s + n - m, end);
}

static void values(struct str *out, const struct cli_option *o)
{
    struct str closed = STR_INIT;

    if (o->arg)
        add_closed(&closed, o->arg);
    if (closed.len)
        str_addf(out,
                 "        --%s)\n"
                 "            mapfile -t COMPREPLY < <(compgen -W '%s' -- \"$cur\")\n"
                 "            return\n"
                 "            ;;\n",
                 o->name, str_p(&closed) + 1);
    else if (o->arg &&
             (ends_with(o->arg, "FILE") || ends_with(o->arg, "PATH") || ends_with(o->arg, "DIR")))
        str_addf(out,
                 "        --%s)\n"
                 "            compopt -o filenames 2>/dev/null\n"
                 "            mapfile -t COMPREPLY < <(compgen -%c -- \"$cur\")\n"
                 "            return\n"
                 "            ;;\n",
                 o->name, ends_with(o->arg, "DIR") ? 'd' : 'f');
    str_free(&closed);
}

static void add_options(struct str *out, const struct cli_command *k)
{
    for (size_t i = 0; i < cli_options(k); i++)
        str_addf(out, " --%s", cli_option_at(k, i).name);
}

/* "[show ID | resume ID]" -> " show resume" */
static void add_words(struct str *out, const char *words)
{
    while (words && *words) {
        size_t n;

        words += strspn(words, " |[");
        n = strcspn(words, " |]");
        if (is_small(words, n)) {
            str_addc(out, ' ');
            str_addn(out, words, n);
        }
        words += strcspn(words, "|");
    }
}

static void offers(struct str *out)
{
    str_add(out, "    if [[ $cur == -* ]]; then\n        offer='");
    for (size_t i = 0; i < cli_common_count; i++)
        str_addf(out, "%s--%s", i ? " " : "", cli_common[i].name);
    str_add(out, "'\n        case $command in\n");
    for (size_t c = 0; c < cli_command_count; c++) {
        if (!cli_options(&cli_commands[c]))
            continue;
        str_addf(out, "            %s) offer+='", cli_commands[c].name);
        add_options(out, &cli_commands[c]);
        str_add(out, "' ;;\n");
    }
    str_add(out, "        esac\n    elif [[ -z $command ]]; then\n        offer='");
    for (size_t c = 0; c < cli_command_count; c++)
        str_addf(out, "%s%s", c ? " " : "", cli_commands[c].name);
    str_add(out, "'\n    elif ((words == 0)); then\n        case $command in\n");
    for (size_t c = 0; c < cli_command_count; c++) {
        struct str words = STR_INIT;

        add_words(&words, cli_commands[c].words);
        if (words.len)
            str_addf(out, "            %s) offer='%s' ;;\n", cli_commands[c].name,
                     str_p(&words) + 1);
        str_free(&words);
    }
    str_add(out, "        esac\n    fi\n");
}

int completion_script(struct str *out, const char *shell, struct err *e)
{
    if (!str_eq(shell, "bash"))
        return err_set(e, ERR_USAGE, 0, _("--completion is bash, not \"%s\""), shell);
    str_add(out, head);
    each_option(out, takes_value);
    each_option(out, repeats);
    str_add(out, middle);
    each_option(out, values);
    str_add(out, "        *) return ;;\n    esac\n");
    offers(out);
    str_add(out, tail);
    return 0;
}
