#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# `make check-static`: what other programs see in the sources without running them.
#   tests/static.sh [TOOL...]
# TOOL: one of the functions below. Each finding fails its tool, but for those that
# tests/static.known lists with a reason: TOOL FILE CHECK REASON.
set -euo pipefail
cd "$(dirname "$0")/.."
out=build/static
jobs=$(nproc)
tools='analyzer clang_tidy cppcheck shellcheck sparse checkpatch coccinelle'

sources() {
	find daemon libnvmemp -name '*.c' | sort
}

kernel_sources() {
	find kernel -name '*.[ch]' ! -name '*.mod.c'
}

# Each prints FILE:LINE:... TEXT [CHECK], a line for each finding. It fails if it could
# not do its work, and not because there are findings.

# gcc's, with the flags of the build
analyzer() {
	rm -rf "$out/gcc"
	make --no-print-directory -j"$jobs" "B=$out/gcc" CFLAGS='-O2 -fanalyzer' all 2>"$out/analyzer.err" >/dev/null || tail -n 1 "$out/analyzer.err"
	sed -n 's/: warning:/:/p' "$out/analyzer.err"
}

clang_tidy() {
	local flags
	flags=$(make --no-print-directory --eval 'flags: ; @echo $(MPCFLAGS)' flags)
	# shellcheck disable=SC2086 # a list of words; clang-tidy counts on its standard error what it leaves out
	sources | xargs -P "$jobs" -n 1 sh -c 'flags=$1; shift; clang-tidy --quiet "$1" -- $flags 2>/dev/null' - "$flags" |
		sed -n "s|^$PWD/||; s/: \(warning\|error\):/:/p"
}

cppcheck() {
	# a macro of a public header that it does not read
	command cppcheck -j "$jobs" --quiet --std=c11 --enable=warning,style,performance,portability --suppress=constParameter \
		--suppress=constParameterPointer --suppress=constParameterCallback --suppress=variableScope --suppress=unusedStructMember \
		-D'SD_BUS_PARAM(x)=' --template='{file}:{line}: {message} [{id}]' --file-list=<(sources) 2>&1
}

shellcheck() {
	grep -rlE --exclude-dir=build --exclude-dir=.git '^#!/bin/(ba)?sh|^# shellcheck shell=' . | sed 's|^\./||' | sort |
		xargs -P "$jobs" -n 20 sh -c 'shellcheck -f gcc "$@" || [ $? = 1 ]' -
}

# with the headers of each kernel that are here
sparse() {
	local kernel
	# shellcheck disable=SC2046 # a list of files
	for kernel in /usr/src/linux-headers-*-"$(dpkg --print-architecture)"; do
		rm -rf "$out/module"
		mkdir -p "$out/module"
		cp $(kernel_sources) kernel/Kbuild "$out/module/"
		make -s -C "$kernel" "M=$PWD/$out/module" C=2 W=1 modules 2>&1
	done | sed -n "s|^.*$out/module/|kernel/|; /^kernel\/.*\(warning\|error\)/s/\$/ [sparse]/p; /^make.*\*\*\*/s/\$/ [make]/p"
	[ -f "$out/module/dm-nvmemp.ko" ] || echo "kernel: was not built: are there headers? [make]"
}

checkpatch() {
	# shellcheck disable=SC2046 # a list of files
	{ perl "$out/scripts/checkpatch.pl" --no-tree --strict --terse --quiet --show-types -f $(kernel_sources) || [ $? = 1 ]; } |
		sed -n 's/^\([^ ]*:[0-9]*:\) [A-Z]*:\([A-Z_]*\): \(.*\)/\1 \3 [\2]/p'
}

# what is wrong in the kernel in general, as its own `make coccicheck` looks for it
coccinelle() {
	# but for those that want a compiler for OCaml
	grep -rl 'virtual report' "$out/scripts/coccinelle" | xargs grep -L '^@.*script:ocaml\|^@.*initialize:ocaml' | sort |
		SOURCES=$(kernel_sources) xargs -P "$jobs" -I '{}' bash -o pipefail -c 'spatch -D report --no-show-diff --very-quiet \
			--include-headers --no-includes --cocci-file "$1" $SOURCES 2>/dev/null |
		sed -n "s/^kernel.*/& [$(basename "$1" .cocci)]/p"' - '{}'
}

# judge TOOL: its findings but for the known ones
judge() {
	awk -v tool="$1" 'NR == FNR {
			if ($1 == tool) known[$2 " " $3] = 1
			next
		}
		/\[[^][]*\]$/ {
			check = $NF
			gsub(/[][]/, "", check)
			sub(/,.*/, "", check)
			file = $1
			sub(/:.*/, "", file)
			if (known[file " " check]) next
		}
		!seen[$0]++' tests/static.known -
}

passed=0 failed=0
mkdir -p "$out"
# shellcheck disable=SC2086 # words
[ $# -gt 0 ] || set -- $tools
for tool; do
	[[ " $tools " = *" $tool "* ]] || {
		echo "static.sh: no tool named $tool; there are: $tools" >&2
		exit 2
	}
	began=$SECONDS
	status=0
	"$tool" >"$out/$tool.said" || status=$?
	judge "$tool" <"$out/$tool.said" >"$out/$tool.found"
	[ $status = 0 ] || echo "$tool: could not do its work (exit $status)" >>"$out/$tool.found"
	if [ -s "$out/$tool.found" ]; then
		cat "$out/$tool.found"
		printf 'FAIL %s: %d findings\n' "$tool" "$(wc -l <"$out/$tool.found")"
		failed=$((failed + 1))
	else
		printf 'ok %s (%d s)\n' "$tool" $((SECONDS - began))
		passed=$((passed + 1))
	fi
done
printf '%d passed, %d failed, 0 skipped\n' $passed $failed
[ $failed = 0 ]
