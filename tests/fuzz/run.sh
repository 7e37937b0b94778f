#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# tests/fuzz/run.sh [SECONDS [NAME...]]: fuzzes every parser of the core, each for
# that long (10), with clang's libFuzzer and sanitizers; begins with the seeds and
# with what earlier runs found in $B/fuzz/corpus. An input that breaks a law is
# kept in $B/fuzz and its path printed. Ends with "N passed, N failed, N skipped".
cd "$(dirname "$0")/../.." || exit 1
B=${B:-build}/fuzz
CLANG=${CLANG:-clang}
seconds=${1:-10}
[ $# -gt 0 ] && shift
passed=0 failed=0 skipped=0
mkdir -p "$B"

if ! echo 'int LLVMFuzzerTestOneInput(const char *d, unsigned long n) { return !d && n; }' |
	"$CLANG" -x c -fsanitize=fuzzer -o "$B/probe" - 2>"$B/probe.log"; then
	echo "SKIP: $CLANG has no libFuzzer: apt-get install clang"
	skipped=1
	set --
elif [ $# -eq 0 ]; then
	for file in tests/fuzz/fuzz_*.c; do
		name=${file##*/fuzz_}
		set -- "$@" "${name%.c}"
	done
fi

for name; do
	corpus=$B/corpus/$name
	seeds=tests/fuzz/seeds/$name
	[ "$name" = machine ] && seeds=tests/fixtures
	mkdir -p "$corpus"
	if ! "$CLANG" -std=gnu11 -D_GNU_SOURCE -g -O1 -Wall -Wextra -Wno-unused-parameter -Wno-missing-field-initializers \
		-fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -Ikernel -Ilibnvmemp \
		-o "$B/fuzz_$name" "tests/fuzz/fuzz_$name.c" libnvmemp/core/*.c; then
		echo "FAIL $name: does not build"
		failed=$((failed + 1))
		continue
	fi
	if "$B/fuzz_$name" -max_total_time="$seconds" -max_len=32768 -timeout=10 -rss_limit_mb=2048 \
		-artifact_prefix="$B/$name-" "$corpus" "$seeds" >"$B/$name.log" 2>&1; then
		echo "ok $name: $(sed -n 's/^Done \([0-9]*\) runs.*/\1 inputs/p' "$B/$name.log")," \
			"$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$B/$name.log" | tail -n 1) edges"
		passed=$((passed + 1))
	else
		echo "FAIL $name:"
		grep -E 'ERROR|SUMMARY|runtime error|Test unit written|^    #[0-9] ' "$B/$name.log" | head -n 20
		failed=$((failed + 1))
	fi
done
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
