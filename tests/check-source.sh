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
(cd "$src" && grep -lE '\b(_|N_|P_)\(' $(find src -name '*.c') | sort) >want.$$
grep -v '^#' "$src/po/POTFILES.in" | grep . | sort >have.$$
if diff have.$$ want.$$; then ok "po/POTFILES.in names all files with text"; else bad "po/POTFILES.in"; fi
rm -f want.$$ have.$$

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
