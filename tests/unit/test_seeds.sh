#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# What the fuzzers begin with, and cut off: no law of theirs is broken. `make fuzz` goes on from there.
# shellcheck source=tests/unit/tap.sh
. tests/unit/tap.sh

# what is only fed is not tested: coverage.sh does not count it
GCOV_PREFIX=$(pwd)/${B:-build}/tests/fuzz/coverage
export GCOV_PREFIX

for file in tests/fuzz/fuzz_*.c; do
	name=${file##*/fuzz_}
	name=${name%.c}
	seeds=tests/fuzz/seeds/$name
	[ "$name" = machine ] && seeds=tests/fixtures
	result "seeds_of_$name" "$("${B:-build}/tests/fuzz/fuzz_$name" "$seeds"/* 2>&1 || echo "exit $?")"
done
echo "1..$n"
