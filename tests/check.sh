#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# `make check`: unit tests, the same with sanitizers, static analysis, the guards of the
# data path, then the scenarios in virtual machines. With "releases" (`make check-releases`):
# unit tests and scenarios on Debian 13 and with the newest kernel there. The last
# line sums all up as "N passed, N failed, N skipped". Exit 1 if any failed, or if a
# part ended without saying how many tests it ran.
cd "$(dirname "$0")/.." || exit 1
mkdir -p build
passed=0 failed=0 skipped=0

# part NAME COMMAND...: runs it, shows its output, adds its last summary up
part() {
	name=$1 log=build/check-$1.log
	shift
	printf '== %s\n' "$name"
	{ "$@" 2>&1; echo "exit $?"; } | tee "$log" | grep --line-buffered -v '^exit [0-9]*$'
	status=$(sed -n 's/^exit \([0-9]*\)$/\1/p' "$log" | tail -n 1)
	# shellcheck disable=SC2046 # three numbers on purpose
	set -- $(sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed, \([0-9]*\) skipped$/\1 \2 \3/p' "$log" | tail -n 1)
	if [ $# -ne 3 ]; then
		printf 'FAIL %s: ended without a summary (exit %s), see %s\n' "$name" "$status" "$log"
		failed=$((failed + 1))
		return
	fi
	passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + $3))
	if [ "$status" != 0 ] && [ "$2" -eq 0 ]; then
		printf 'FAIL %s: exit %s though no test failed, see %s\n' "$name" "$status" "$log"
		failed=$((failed + 1))
	fi
}

case ${1-} in
releases)
	VM_RELEASE=trixie
	export VM_RELEASE
	part debian-13 tests/vm/run.sh
	part debian-13-unit tests/vm/image.sh unit-run
	VM_RELEASE=trixie-backports
	part debian-13-backports tests/vm/run.sh
	;;
*)
	part unit make --no-print-directory "-j$(nproc)" unit-run
	part sanitized make --no-print-directory "-j$(nproc)" unit-sanitized
	part static tests/static.sh
	part bench tests/bench/guard.sh
	part machines tests/vm/run.sh
	;;
esac
printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
[ "$failed" -eq 0 ]
