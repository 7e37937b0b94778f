#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Runs the given cmocka binaries; shows what failed; ends with the line
# "N passed, N failed, N skipped". A binary that crashes counts as one failure.
export CMOCKA_MESSAGE_OUTPUT=TAP
passed=0 failed=0 skipped=0
for test; do
	out=$("$test" 2>&1)
	status=$?
	p=$(printf '%s\n' "$out" | grep -c '^ok .*')
	s=$(printf '%s\n' "$out" | grep -c '^ok .*# SKIP')
	f=$(printf '%s\n' "$out" | grep -c '^not ok ')
	[ $status -eq 0 ] || [ "$f" -gt 0 ] || f=1
	[ $((p + f)) -gt 0 ] || f=1
	if [ "$f" -gt 0 ]; then
		printf 'FAIL %s (exit %d)\n' "$test" $status
		printf '%s\n' "$out" | grep -v '^ok '
	else
		printf 'ok %s: %d\n' "${test##*/}" "$p"
	fi
	passed=$((passed + p - s)) failed=$((failed + f)) skipped=$((skipped + s))
done
printf '%d passed, %d failed, %d skipped\n' $passed $failed $skipped
[ $failed -eq 0 ]
