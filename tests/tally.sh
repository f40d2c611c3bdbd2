#!/bin/sh
# tally.sh LOG... - adds up the closing lines "N passed, N failed, N skipped" of the test logs, says what was skipped and why,
# and ends with the sum. A log without a closing line is a test that broke off: it counts as failed.
status=0
passed=0 failed=0 skipped=0
logs=$*
for log in $logs; do
    grep -h '^SKIPPED: ' "$log" | sed "s|^|$(basename "$log" .log): |"
    line=$(grep -E '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$' "$log" | tail -n 1)
    if [ -z "$line" ]; then
        echo "$(basename "$log" .log): broke off without a result"
        failed=$((failed + 1))
        continue
    fi
    set -- $line
    passed=$((passed + $1))
    failed=$((failed + $3))
    skipped=$((skipped + $5))
    [ "$3" = 0 ] || echo "$(basename "$log" .log): $3 failed"
done
[ "$failed" = 0 ] || status=1
echo "$passed passed, $failed failed, $skipped skipped"
exit $status
