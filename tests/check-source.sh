#!/bin/sh
# The house's rules, read from the sources: include directions, sizes, banned functions, catalogues, man pages against --help.
src=${AZL_SRC:-.} build=${AZL_BUILD:-.}
passed=0 failed=0 skipped=0
ok() { passed=$((passed + 1)); echo "ok      $1"; }
bad() { failed=$((failed + 1)); echo "FAILED  $1"; }

python3 "$src/tools/check-layers.py" "$src" >layers.$$ && ok "includes point the right way" || { cat layers.$$; bad "includes"; }
objects=$(find "$build/src" -name '*.o' | sort)
# shellcheck disable=SC2086
python3 "$src/tools/check-size.py" "$src" $objects >size.$$ && ok "sizes and banned functions" || bad "sizes"
cat size.$$
grep -q '^SKIPPED' size.$$ && skipped=$((skipped + 1))
rm -f layers.$$ size.$$

# every file with translatable text is in POTFILES.in, and nothing else
(cd "$src" && { grep -lE '\b(_|N_|P_)\(' $(find src -name '*.c')
    grep -lE '\b(_|N_|P_)\("' $(find src -name '*.h' ! -path src/base/i18n.h); } | sort) >want.$$
grep -v '^#' "$src/po/POTFILES.in" | grep . | sort >have.$$
if diff have.$$ want.$$; then ok "po/POTFILES.in names all files with text"; else bad "po/POTFILES.in"; fi
rm -f want.$$ have.$$

# the catalogues are whole: what the sources say now is translated
if command -v msgmerge >/dev/null && command -v xgettext >/dev/null; then
    (cd "$src" && xgettext --from-code=UTF-8 -k_ -kN_ -kP_:1,2 -o - $(grep -v '^#' po/POTFILES.in)) |
        sed 's/charset=CHARSET/charset=UTF-8/' >new.pot.$$
    if [ "$(grep -c '^msgid' new.pot.$$)" -lt 500 ]; then bad "the sentences were not found in the sources"; fi
    for l in $(cat "$src/po/LINGUAS"); do
        msgmerge -q --no-fuzzy-matching -o new.po.$$ "$src/po/$l.po" new.pot.$$
        for kind in untranslated only-fuzzy; do # the header comes along
            msgattrib --no-obsolete --no-wrap --$kind new.po.$$ | sed -n '/^msgid/,/^msgstr/p' | sed '1,/^msgstr/d'
        done >open.$$
        if [ -s open.$$ ]; then cat open.$$; bad "po/$l.po lacks the above"; else ok "po/$l.po is whole"; fi
        msgfmt -o want.mo.$$ new.po.$$ && python3 - want.mo.$$ "$build/locale/$l/LC_MESSAGES/azloconf.mo" <<'EOF' &&
import gettext, sys
want, have = (gettext.GNUTranslations(open(path, "rb"))._catalog for path in sys.argv[1:])
stale = [key for key in want if key and have.get(key) != want[key]]
sys.exit(f"{len(stale)} sentences are not as in the po file, for instance {stale[0]!r}" if stale else 0)
EOF
            ok "the built catalogue says what po/$l.po says" || bad "the built catalogue of $l is stale"
    done
    rm -f new.pot.$$ new.po.$$ open.$$ want.mo.$$
else
    skipped=$((skipped + 1)); echo "SKIPPED: the catalogue is not compared: gettext's tools are not installed"
fi

# the languages that can be chosen are those of the catalogues; Chinese has no character whose width is the terminal's whim
sed -n 's/^    { "\([a-z][A-Za-z_]*\)", ".*", \(true\|false\) },$/\1/p' "$src/src/base/i18n.c" | grep -v '^en$' | sort >table.$$
tr ' ' '\n' <"$src/po/LINGUAS" | grep . | sort >linguas.$$
if diff table.$$ linguas.$$; then ok "base/i18n and po/LINGUAS name the same languages"; else bad "base/i18n's table"; fi
rm -f table.$$ linguas.$$
if python3 - "$src/po/zh_CN.po" <<'EOF'
import sys, unicodedata
bad = [f"{no}: {c}" for no, line in enumerate(open(sys.argv[1], encoding="utf-8"), 1) for c in line if unicodedata.east_asian_width(c) == "A"]
sys.exit("ambiguous width: " + ", ".join(bad) if bad else 0)
EOF
then ok "zh_CN is without characters of ambiguous width"; else bad "po/zh_CN.po"; fi
command -v msgfmt >/dev/null && for l in $(cat "$src/po/LINGUAS"); do
    if msgfmt -c --check-format -o /dev/null "$src/po/$l.po"; then ok "po/$l.po is well formed"; else bad "po/$l.po"; fi
done

# the man pages and --help know the same options
compare() { # PROGRAM PAGE
    "$build/src/$1" --help | grep -oE -- '--[a-z][a-z-]+' | sort -u >help.$$
    sed 's/\\-/-/g' "$src/data/$2" | grep -oE -- '--[a-z][a-z-]+' | sort -u >man.$$
    [ "$1" = azloconf ] && for c in $("$build/src/azloconf" --help | sed -n 's/^  \([a-z][a-z-]*\)  .*/\1/p'); do
        "$build/src/azloconf" "$c" --help | grep -oE -- '--[a-z][a-z-]+'
    done | sort -u - help.$$ >all.$$ && mv all.$$ help.$$
    if diff man.$$ help.$$; then ok "$2 and $1 --help name the same options"; else bad "$2"; fi
    rm -f help.$$ man.$$ all.$$
}
compare azloconf azloconf.1
compare azloconfd azloconfd.8
compare azlosandbox azlosandbox.1

# nothing unfinished, no path of the machine it was written on
if (cd "$src" && grep -rnE '\b(TODO|FIXME|XXX)\b' src tests --include='*.[ch]' --include='*.py'); then bad "unfinished marks"; else ok "no unfinished marks"; fi

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
