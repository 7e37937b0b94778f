#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# tests/coverage.sh: which lines of the core the unit tests run, after they ran in
# $B, built with --coverage; fails below 95 %.
set -e
cd "$(dirname "$0")/.."
B=${B:-build/watched}
for o in "$B"/libnvmemp/core/*.gcda; do
	gcov -n "$o"
done | awk '
	/^File / { file = $2; gsub("\047", "", file) }
	/^Lines executed:/ && file ~ /^libnvmemp\/core\/.*\.c$/ {
		sub("Lines executed:", ""); share = $0 + 0; n = $NF
		printf "%6.2f %% of %4d  %s\n", share, n, file
		run += share * n / 100; lines += n; file = ""
	}
	END {
		if (!lines) { print "no line was measured"; exit 1 }
		printf "%6.2f %% of %4d  libnvmemp/core\n", 100 * run / lines, lines
		exit run < 0.95 * lines
	}'
