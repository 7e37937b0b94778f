#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Guards against a data path that grows, as a part of `make check`: what a good
# I/O costs is a ratio of two counts of instructions in one emulated machine, or
# is read off the built module, so that no load of this machine changes it.
# MODULE=FILE takes that module; else kernel/ is built.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/bench/lib.sh
. tests/bench/lib.sh

MOST_RATIO=1.06		# of what numa adds, to what dm-linear adds
MOST_PER_BIO=48		# bytes
# Entered for no good I/O, or for a few in a thousand. A function that is not
# named here is looked at if the data path reaches it.
SLOW='map_slowly|choose_slowly|choose_special|nvmemp_end_specially|rare_opf|many_fit
	|nvmemp_sample_begins|nvmemp_sample_ends|nvmemp_kick'
# An exception, for good I/O too: one locked instruction where an I/O of queue-depth
# or latency ends on another CPU than it began on. docs/performance.md names it.
ELSEWHERE='end_elsewhere'

passed=0 failed=0

# check NAME WHY-IT-FAILED: no reason is a success
check() {
	if [ -z "$2" ]; then
		printf 'ok %s\n' "$1"
		passed=$((passed + 1))
	else
		printf 'FAIL %s: %s\n' "$1" "$2"
		failed=$((failed + 1))
	fi
}

ratio_fails() {
	tests/bench/instructions.sh quick >$out/guard.log 2>&1 || { echo "see $out/guard.log"; return; }
	awk -v most=$MOST_RATIO '
		$1 == "nvmemp-numa" { seen = 1; if ($3 > most) print "numa adds " $3 " times what dm-linear does" }
		END { if (!seen) print "numa was not measured" }' $out/guard.log
}

# Locked instructions (xchg with memory is one by itself) and calls of locks in
# what map and end_io reach without the slow functions
locks() {
	objdump -dr --no-show-raw-insn "$module" | awk -v slow="^(${SLOW//[[:space:]]/}|$ELSEWHERE)(\\\\..*)?$" '
	/^[0-9a-f]+ <.*>:$/ { f = substr($2, 2, length($2) - 3); known[f]; next }
	/R_X86_64_(PLT|PC)32/ { callee = $NF; sub(/[-+]0x[0-9a-f]+$/, "", callee); calls[f] = calls[f] " " callee }
	/(call|j[a-z]+) +[0-9a-f]+ </ {
		callee = $NF
		gsub(/^<|(\+0x[0-9a-f]+)?>$/, "", callee)
		calls[f] = calls[f] " " callee
	}
	/\tlock |\txchg .*\(/ { bad[f] = bad[f] $0 "; " }
	function reach(f,   n, i, c) {
		if (f in reached || f ~ slow)
			return
		reached[f]
		if (f ~ /spin_(un)?lock|spin_trylock|mutex|(down|up)_(read|write)|raw_(read|write)_(un)?lock/)
			print "calls " f
		if (f in bad)
			print f " has " bad[f]
		n = split(calls[f], c, " ")
		for (i = 1; i <= n; i++)
			reach(c[i])
	}
	END {
		if (!("nvmemp_map" in known && "nvmemp_end_io" in known))
			print "nvmemp_map or nvmemp_end_io is not in the module"
		reach("nvmemp_map")
		reach("nvmemp_end_io")
	}' | tr '\t\n' '  '
}

per_bio_fails() {
	objdump --dwarf=info "$module" | awk -v most=$MOST_PER_BIO '
		/DW_TAG_/ { in_struct = /DW_TAG_structure_type/ && !done }
		in_struct && /DW_AT_name/ { mine = $NF == "nvmemp_io" }
		in_struct && mine && /DW_AT_byte_size/ {
			size = $NF; done = 1
			if (size > most) print size " bytes, more than " most
		}
		END { if (!size) print "no struct nvmemp_io in the debug information" }'
}

bench_kernel
bench_module
export MODULE=$module
check "numa adds no more than $MOST_RATIO times what dm-linear does" "$(ratio_fails)"
check "no locked instruction and no lock on the way of a good I/O that ends on its CPU" "$(locks)"
check "no more than $MOST_PER_BIO bytes for each bio" "$(per_bio_fails)"
grep '^nvmemp-numa\|^linear' $out/guard.log | sed 's/^/     /' || true
printf '%d passed, %d failed, 0 skipped\n' $passed $failed
[ $failed = 0 ]
