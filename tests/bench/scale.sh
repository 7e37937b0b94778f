#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What many namespaces cost the daemon: N namespaces of nvmet over null_blk, on four
# controllers of nvme-loop, so 4 N paths; nvmempd, and multipathd. A user-mode kernel
# with two CPUs at native speed, whose files are those of the lab's guest.
#   tests/bench/scale.sh [WHO]...      (nvmempd multipathd)
# SIZES="64 256 1024". LIMIT=SECONDS for each machine. UML=DIR: a kernel that was built
# there with ARCH=um; MODULE=FILE: one that was built for it
# shellcheck disable=SC2154 # tests/bench/lib.sh sets
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/bench/lib.sh
. tests/bench/lib.sh

sizes=${SIZES:-64 256 1024}
[ $# -gt 0 ] || set -- nvmempd multipathd
if [ -z "${UML-}" ]; then
	tests/uml/kernel.sh plain-smp
	UML=build/uml/plain-smp
fi
compgen -G "$vm/base-*/tree" >/dev/null || LAB_BARE=1 tests/vm/image.sh
tree=$(echo $vm/base-*/tree)
[ -d "$tree" ] || die "not one tree: $tree"
make -s all
module=${MODULE-}
[ -n "$module" ] || bench_build $out/module-uml "$UML" ARCH=um
cc -O2 -Wall -Wextra -o $out/events tests/bench/events.c

: >$out/answers
for who; do
	for size in $sizes; do
		log=$out/scale-$who-$size.log
		TMPDIR=/dev/shm timeout -s KILL "${LIMIT:-1800}" "$UML/linux" quiet loglevel=1 seccomp=on mem=3G ncpus=2 \
			root=/dev/root rootfstype=hostfs rootflags=/ ro init="$PWD/tests/bench/scale-init" con0=fd:0,fd:1 con=null \
			nvme_core.multipath=N null_blk.nr_devices=1 null_blk.gb=1 "bench=$PWD" "bench_tree=$PWD/$tree" \
			"bench_who=$who" "bench_size=$size" "bench_module=$module" </dev/null >"$log" 2>&1 || true
		tr -d '\r' <"$log" | sed -n "s/^@ /$who $size /p" | tee -a $out/answers >&2
		grep -q '^@end' "$log" || echo "scale.sh: $who with $size namespaces did not end its work, see $log" >&2
	done
done

awk -v sizes="$sizes" '
{ v[$2, $1, $3] = $4 }
function cell(what) { return (size, who, what) in v ? v[size, who, what] : "-" }
END {
	form = "%-10s %-11s %10s %7s %9s %9s %9s %9s %9s %9s\n"
	printf form, "", "", "start to", "CPU", "resident", "a path", "is lost:", "status", "10,000", "uevents:"
	printf form, "namespaces", "", "all maps s", "s", "MiB", "quiet ms", "storm ms", "json ms", "CPU s", "MiB"
	n = split(sizes, s, " "); split("nvmempd multipathd", w, " ")
	for (i = 1; i <= n; i++) for (j = 1; j <= 2; j++) {
		size = s[i]; who = w[j]
		if ((size, who, "start_s") in v)
			printf form, size, who, cell("start_s"), cell("cpu_s"), cell("rss_mib"), cell("quiet_ms"), cell("storm_ms"), cell("status_ms"), cell("storm_cpu_s"), cell("storm_mib")
	}
	print "a path is lost: median and longest of nine, from the message that fails it to the line of the log that says so"
}' $out/answers
