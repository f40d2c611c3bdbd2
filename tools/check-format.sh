#!/bin/sh
# Fails on C files that clang-format would change. --fix changes them.
cd "$(dirname "$0")/.." || exit 2
command -v clang-format >/dev/null 2>&1 || { echo "SKIPPED: clang-format is not installed"; exit 77; }
files=$(find src tests -name '*.[ch]' ! -path '*/build/*')
if [ "${1-}" = --fix ]; then
    # shellcheck disable=SC2086
    exec clang-format -i $files
fi
# shellcheck disable=SC2086
clang-format --dry-run -Werror $files
