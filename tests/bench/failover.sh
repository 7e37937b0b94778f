#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What I/O feels of a failover: the longest completion and the errors that fio
# sees, and how long the switch to another path takes; this target with its
# daemon, native multipath, and dm-multipath with multipathd in machines that
# are otherwise the same (those of tests/vm).
#   tests/bench/failover.sh [-n] [WHO]...      (nvmemp native multipathd)
# -n: with the image as it is. ROUNDS=N: each event N times, 5 if not said.
# shellcheck disable=SC2034,SC2054,SC2154 # tests/vm/lib.sh reads and sets
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/vm/lib.sh
. tests/vm/lib.sh
# shellcheck source=tests/bench/lib.sh
. tests/bench/lib.sh

# Instructions take virtual time, two nanoseconds each, and so does waiting: what the
# guest sees as a latency depends little on how loaded this machine is.
VM_ACCEL=tcg,thread=single
VM_EXTRA=(-icount "shift=1,sleep=on")

trap 'vm_kill' EXIT
trap 'exit 1' INT TERM

lab_output() {
	case $1 in
	'@sample '*) echo "$who ${1#* }" >>$out/failover ;;
	*) printf '%s\n' "$1" >>"$dir/log" ;;
	esac
}

# boot WHO PART
boot() {
	local multipath=N try
	who=$1 dir=$out/failover-$1-$2
	[ "$1" = native ] && multipath=Y
	rm -rf "$dir"
	for try in 1 2 3; do
		mkdir -p "$dir/job"
		: >"$dir/log"
		cp "tests/bench/failover-$2.sh" "$dir/job/script"
		cat tests/bench/failover-guest.sh >>"$dir/job/words"
		printf 'VARIANT=%s\nPOWEROFF=\nROUNDS=%s\n' "$1" "${ROUNDS:-5}" >"$dir/job/env"
		vm_args=()
		"vm_topology_$3" "$dir"
		vm_pack_job "$dir" ""
		vm_run "$dir" "nvme_core.multipath=$multipath"
		rm -f "$dir"/*.img
		case $vm_reason in
		*Assertion*failed*) echo "     try $try: QEMU itself crashed" >&2 ;;
		*) break ;;
		esac
	done
	[ "$vm_result" = ok ] || die "$1, $2: $vm_reason (log: $dir/log)"
}

print_table() {
	awk '
	{ key = $2 " " $3 SUBSEP $1; events[$2 " " $3]; n[key]++; longest[key, n[key]] = $4; errors[key] += $5; change[key, n[key]] = $6 }
	function sorted(a, key, all,   i, j, t, v) {
		for (i = 1; i <= n[key]; i++) v[i] = a[key, i]
		for (i = 1; i <= n[key]; i++) for (j = i + 1; j <= n[key]; j++) if (v[j] + 0 < v[i] + 0) { t = v[i]; v[i] = v[j]; v[j] = t }
		return all ? v[n[key]] : v[int((n[key] + 1) / 2)]
	}
	END {
		printf "%-6s %-15s %-11s %6s %8s %6s %6s %8s %6s\n", "", "", "", "", "longest", "ms", "", "switch", "ms"
		printf "%-6s %-15s %-11s %6s %8s %6s %6s %8s %6s\n", "over", "event", "who", "times", "median", "worst", "errors", "median", "worst"
		m = split("pcie nothing,pcie reset,pcie removal,tcp nothing,tcp link-lost,tcp inaccessible,tcp non-optimized", e, ",")
		w = split("nvmemp native multipathd", who, " ")
		for (i = 1; i <= m; i++) for (j = 1; j <= w; j++) {
			k = e[i] SUBSEP who[j]
			if (!(k in n)) continue
			split(e[i], p, " ")
			printf "%-6s %-15s %-11s %6d %8d %6d %6d %8s %6s\n", p[1], p[2], who[j], n[k], sorted(longest, k, 0), sorted(longest, k, 1), errors[k], sorted(change, k, 0), sorted(change, k, 1)
		}
	}' $out/failover
}

if [ "${1-}" = -n ]; then
	shift
else
	tests/vm/image.sh
fi
[ $# -gt 0 ] || set -- nvmemp native multipathd
mkdir -p $out
: >$out/failover
for who; do
	boot "$who" pcie pcie2
	boot "$who" tcp tcp2
done
print_table
