#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# How many instructions each kind of device adds to an I/O over raw null_blk:
# this target beside its peers, in one boot of a stock kernel on an emulated
# CPU whose clock advances by one nanosecond with each instruction.
#   tests/bench/instructions.sh           all tables
#   tests/bench/instructions.sh policies  4k random reads, two paths, our policies
#   tests/bench/instructions.sh quick     the same, dm-linear and numa only
# MODULE=FILE takes that module; else kernel/ is built.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/bench/lib.sh
. tests/bench/lib.sh

OURS=(nvmemp-numa nvmemp-round-robin nvmemp-queue-depth nvmemp-latency)
PEERS=(mpath-bio-round-robin mpath-bio-service-time mpath-bio-io-affinity mpath-mq-service-time)

# cells HOW BLOCK-SIZE DEPTH IOS PATHS DEVICE...
cells() {
	local device
	for device in "${@:6}"; do
		echo "$device $5 $1 $2 $3 $4"
	done
}

plan() {
	local ours=("${OURS[@]}") peers=() n
	case $1 in
	quick) ours=(nvmemp-numa) ;;
	policies) ;;
	all) peers=("${PEERS[@]}") ;;
	*) die "unknown: $1" ;;
	esac
	cells randread 4096 64 20000 2 raw linear "${peers[@]}" "${ours[@]}"
	[ "$1" = all ] || return 0
	cells randwrite 4096 64 10000 2 raw linear "${peers[@]}" "${ours[@]}"
	cells read 131072 64 5000 2 raw linear "${peers[@]}" "${ours[@]}"
	cells randread 4096 1 10000 2 raw linear "${peers[@]}" "${ours[@]}"
	for n in 1 4 8; do
		cells randread 4096 64 10000 $n "${peers[@]}" "${ours[@]}"
	done
}

print_growth() {
	awk '
	BEGIN { printf "\nadded per 4k random read, depth 64, by number of paths\n%-26s %8s %8s %8s %8s %10s\n", "device", 1, 2, 4, 8, "8 to 2" }
	$1 == "@" && $4 == "randread" && $5 == 4096 && $6 == 64 {
		if ($2 == "raw") raw = $7
		else if (!($2 in seen)) { seen[$2] = 1; order[++n] = $2 }
		ns[$2, $3] = $7 - raw
	}
	END { for (i = 1; i <= n; i++) if ((order[i], 8) in ns) { d = order[i]
		printf "%-26s %8.0f %8.0f %8.0f %8.0f %10.3f\n", d, ns[d, 1], ns[d, 2], ns[d, 4], ns[d, 8], ns[d, 8] / ns[d, 2] } }' $out/answers
}

what=${1:-all}
bench_kernel
bench_module
bench_load
plan "$what" >$out/cells
bench_initrd $out/initrd.img null_blk dm-mod dm-multipath dm-round-robin dm-service-time dm-io-affinity
bench_boot $out/initrd.img >$out/answers
bench_ended

echo "instructions added per I/O, Linux $KVER"
bench_added "4k random read, depth 64, 2 paths" 2 randread 4096 64
if [ "$what" = all ]; then
	bench_added "4k random write, depth 64, 2 paths" 2 randwrite 4096 64
	bench_added "128k sequential read, depth 64, 2 paths" 2 read 131072 64
	bench_added "4k random read, depth 1, 2 paths" 2 randread 4096 1
	print_growth
fi
bench_skipped
