#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Which functions an I/O's instructions are in: executed instructions for each
# 4k random read at depth 64, counted by a plugin of the emulator, for each
# device and function, most first; functions that all devices use alike are one row.
#   tests/bench/profile.sh [DEVICE]...    (raw linear nvmemp-numa)
# MODULE=FILE takes that module; else kernel/ is built.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/bench/lib.sh
. tests/bench/lib.sh

IOS=10000
LOAD=${LOAD:-randread 4096 64}
PATHS=${PATHS:-2}
[ $# -gt 0 ] || set -- raw linear nvmemp-numa

bench_kernel
bench_module
bench_load
gcc -shared -fPIC -O2 -Wall -Wextra -Wno-unused-parameter -o $out/counts.so tests/bench/counts.c
for device; do
	echo "$device $PATHS $LOAD $IOS"
done >$out/cells
bench_initrd $out/profile.img null_blk dm-mod dm-multipath dm-round-robin dm-service-time
CMDLINE='nokaslr symbols=ttyS1' bench_boot $out/profile.img -serial "file:$out/symbols" \
	-plugin "file=$out/counts.so,out=$out/counts" >$out/answers
! grep '^@error\|^@skip' $out/answers || die "see $out/console.log"
[ "$(grep -c ^stretch $out/counts)" = $# ] || die "not as many stretches as devices in $out/counts"

# Symbols and counts, sorted by address: what follows a symbol is in its function.
# Addresses are compared as text: awk's numbers have 53 bits.
number=0
for device; do
	number=$((number + 1))
	{
		tr -d '\r' <$out/symbols | awk '$2 ~ /[tTwW]/ { print $1, "0", $3, $4 }'
		awk -v want=$number '$1 == "stretch" { n++; next } n == want { print $1, "1", $2 }' $out/counts
	} | LC_ALL=C sort -k 1,1 -k 2,2 | awk -v device="$device" -v ios=$IOS '
		$2 == 0 { name = $3 (NF > 3 ? " " $4 : "") ; next }
		{ print device "\t" ($1 < "8" ? "(user space)" : name) "\t" $3 / ios }'
done >$out/profile
awk -F '\t' -v devices="$*" '
	{ sum[$1, $2] += $3; total[$1] += $3; name[$2] }
	END {
		n = split(devices, d, " ")
		line = "function"
		for (i = 1; i <= n; i++) line = line "\t" d[i]
		print "2\t" line
		line = "(all)"
		for (i = 1; i <= n; i++) line = line "\t" sprintf("%.0f", total[d[i]])
		print "1e9\t" line
		for (f in name) {
			line = f
			least = most = sum[d[1], f]
			for (i = 1; i <= n; i++) {
				v = sum[d[i], f]
				line = line "\t" sprintf("%.1f", v)
				least = v < least ? v : least
				most = v > most ? v : most
			}
			if (most - least >= 1)
				print most "\t" line
			else
				for (i = 1; i <= n; i++) alike[i] += sum[d[i], f]
		}
		line = "(alike)"
		for (i = 1; i <= n; i++) line = line "\t" sprintf("%.1f", alike[i])
		print "1e8\t" line
	}' $out/profile | { read -r _ line; echo "$line"; LC_ALL=C sort -g -r -k 1,1 | cut -f 2-; } | column -t -s "$(printf '\t')"
