#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# How many instructions each kind of device adds to an I/O over a namespace of
# NVMe/TCP, where native multipath is a peer: as instructions.sh does it. Native
# multipath is in a second boot, since a kernel has it or has it not; both
# boots' first path is the same target in the same emulated machine.
# MODULE=FILE takes that module; else kernel/ is built.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/bench/lib.sh
. tests/bench/lib.sh

# boot MULTIPATH DEVICE...
boot() {
	local multipath=$1 device depth
	shift
	for depth in 64 1; do
		for device; do
			echo "$device 2 randread 4096 $depth 20000"
		done
	done >$out/cells
	bench_initrd $out/fabrics.img null_blk dm-mod dm-multipath dm-round-robin dm-service-time nvme-tcp nvmet-tcp
	CMDLINE="fabrics=2 nvme_core.multipath=$multipath" bench_boot $out/fabrics.img >$out/answers
	bench_ended
	cat $out/answers >>$out/answers.fabrics
}

bench_kernel
bench_module
bench_load
: >$out/answers.fabrics
boot N raw linear mpath-bio-service-time mpath-mq-service-time nvmemp-numa nvmemp-round-robin nvmemp-queue-depth nvmemp-latency
boot Y native
mv $out/answers.fabrics $out/answers

echo "instructions added per I/O over NVMe/TCP, Linux $KVER"
bench_added "4k random read, depth 64, 2 paths" 2 randread 4096 64
bench_added "4k random read, depth 1, 2 paths" 2 randread 4096 1
bench_skipped
