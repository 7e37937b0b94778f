#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Runs a checkout of blktests (https://github.com/osandov/blktests), which is the user's
# and no part of this project, against a map over two controllers in a virtual machine:
#   tests/upstream.sh DIR [TEST | GROUP]...
# Without tests: all that take a device. Prints blktests' own result of each and a
# summary; exit 1 if one failed, 2 if DIR is no checkout or does not build.
set -euo pipefail
cd "$(dirname "$0")/.."
dir=${1-}
[ -n "$dir" ] || {
	echo "upstream.sh: which checkout of blktests? make check-upstream BLKTESTS=dir" >&2
	exit 2
}
shift
if [ ! -x "$dir/check" ] || [ ! -d "$dir/tests" ]; then
	echo "upstream.sh: $dir: no checkout of blktests: it has no 'check' or no 'tests'" >&2
	exit 2
fi
copy=build/vm/upstream
rm -rf "$copy"
mkdir -p "$copy"
cp -r "$dir" "$copy/blktests"
make -C "$copy/blktests" >"$copy/make.log" 2>&1 || {
	echo "upstream.sh: $dir does not build: $(tail -n 1 "$copy/make.log") (log: $copy/make.log)" >&2
	exit 2
}
log=$copy/log status=0
TESTS="$*" V=1 tests/vm/run.sh tests/vm/upstream.sh | tee "$log" | grep -E '\[(passed|failed|not run)\]$|^FAIL ' || status=1
# how many tests ended so, at last: a machine that waited too long for something runs once more
count() {
	awk -v wanted="[$1]" '/^    [^ ].*\[(passed|failed|not run)\]$/ {
			name = $1; sub(/^.*\[/, "["); last[name] = $0 }
		END { for (name in last) n += last[name] == wanted; print n + 0 }' "$log"
}
failed=$(count failed)
[ $status = 0 ] || [ "$failed" -gt 0 ] || failed=1	# it did not come to its end, or ran nothing
printf '%d passed, %d failed, %d skipped\n' "$(count passed)" "$failed" "$(count 'not run')"
[ "$failed" = 0 ]
