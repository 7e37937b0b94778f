#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# 4k random reads per second at native speed on two CPUs, over null_blk paths: a
# user-mode kernel, one and two jobs, all devices in turn, several rounds;
# medians, and the medians of each round's ratio to dm-linear, which the load of
# this machine moves less.
#   tests/bench/throughput.sh
# ROUNDS=N IOS=N. UML=DIR: a kernel that was built there with ARCH=um
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/bench/lib.sh
. tests/bench/lib.sh

ROUNDS=${ROUNDS:-7}
IOS=${IOS:-200000}
DEVICES=raw,linear,mpath-bio-round-robin,mpath-bio-service-time,mpath-bio-io-affinity,mpath-mq-service-time
DEVICES+=,nvmemp-numa,nvmemp-round-robin,nvmemp-queue-depth,nvmemp-latency

if [ -z "${UML-}" ]; then
	tests/uml/kernel.sh plain-smp
	UML=build/uml/plain-smp
fi
bench_build $out/module-uml "$UML" ARCH=um
bench_load
TMPDIR=/dev/shm "$UML/linux" quiet loglevel=1 seccomp=on mem=1G ncpus=2 root=/dev/root rootfstype=hostfs rootflags=/ rw \
	init="$PWD/tests/bench/uml-init" con0=fd:0,fd:1 con=null null_blk.nr_devices=2 null_blk.queue_mode=2 \
	null_blk.irqmode=0 null_blk.submit_queues=2 null_blk.gb=8 "bench=$PWD" "bench_module=$PWD/$module" \
	"bench_rounds=$ROUNDS" "bench_ios=$IOS" "bench_devices=$DEVICES" </dev/null >$out/throughput.log 2>&1 || true
tr -d '\r' <$out/throughput.log | grep '^@' >$out/answers || true
bench_ended

awk -v devices=$DEVICES '
$1 == "@" { iops[$2, $3, $4] = $5; rounds = $2 + 1 }
function median(a, n,   i, j, t) {
	for (i = 1; i <= n; i++) for (j = i + 1; j <= n; j++) if (a[j] < a[i]) { t = a[i]; a[i] = a[j]; a[j] = t }
	return n % 2 ? a[(n + 1) / 2] : (a[n / 2] + a[n / 2 + 1]) / 2
}
END {
	printf "4k random reads per second, two paths, %d rounds: medians, and to dm-linear\n", rounds
	printf "%-26s %10s %8s %10s %8s\n", "device", "1 job", "", "2 jobs", ""
	n = split(devices, d, ",")
	for (i = 1; i <= n; i++) {
		if (!((0, 1, d[i]) in iops)) continue
		printf "%-26s", d[i]
		for (jobs = 1; jobs <= 2; jobs++) {
			for (r = 0; r < rounds; r++) { v[r + 1] = iops[r, jobs, d[i]]; q[r + 1] = v[r + 1] / iops[r, jobs, "linear"] }
			printf " %10.0f %8.3f", median(v, rounds), median(q, rounds)
		}
		print ""
	}
}' $out/answers
bench_skipped
