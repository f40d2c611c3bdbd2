#include "config.h"

#include "console/face/language.h"

#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>

#include "base/str.h"

static const struct i18n_language *wanted; /* by the session or the operator; NULL: not asked yet */
static bool by_operator, replaced;

bool language_fits(const struct i18n_language *l, bool seven_bits)
{
    const char *term = getenv("TERM");

    if (!l->wide)
        return true;
    return !seven_bits && str_ieq(nl_langinfo(CODESET), "UTF-8") &&
           !(term && (str_eq(term, "linux") || str_starts(term, "linux-")));
}

static void speak(void)
{
    if (replaced)
        i18n_choose("en");
    else
        i18n_choose(by_operator ? wanted->id : NULL);
}

bool language_settle(bool seven_bits)
{
    bool was = replaced;

    if (!wanted)
        wanted = i18n_language();
    replaced = !language_fits(wanted, seven_bits);
    if (replaced == was)
        return false;
    speak();
    return true;
}

bool language_next(bool seven_bits)
{
    const struct i18n_language *now = i18n_language();

    for (size_t i = 1; i < i18n_language_count; i++) {
        size_t k = ((size_t)(now - i18n_languages) + i) % i18n_language_count;
        const struct i18n_language *l = &i18n_languages[k];

        if (!language_fits(l, seven_bits) || !i18n_choose(l->id))
            continue;
        wanted = l;
        by_operator = true;
        replaced = false;
        return true;
    }
    i18n_choose(now->id);
    return false;
}

const char *language_name(char *out, size_t size)
{
    const char *locale = setlocale(LC_MESSAGES, NULL);

    str_fmt(out, size, _("%s, locale %s"), i18n_language()->id, locale ? locale : "C");
    return out;
}

const char *language_word(char *out, size_t size)
{
    out[0] = '\0';
    if (replaced)
        str_fmt(out, size, /* English is what it is said in */
                "This terminal cannot show the characters of the language %s: azloconf speaks "
                "English here.",
                wanted->id);
    return out;
}
