#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# `make check-uml`: boots the sanitizing user-mode kernel once for each test of
# tests/uml/guest (or for those whose names are given):
#   tests/uml/run.sh [-n] [NAME...]
# -n: with the kernels, modules and tools as they were built last. A test fails if
# it says so, or if the kernel reports anything at all. It gets a kernel for one
# CPU, unless its header says "# cpus: 2": those are many times slower.
# UML_SEED=N: another run of chance; UML_SCALE=N: N times as long; UML_KIND=KIND
# of kernel.sh, for all; UML_LOGS=DIR, by default build/uml/logs.
set -euo pipefail
cd "$(dirname "$0")/../.."
uml=$PWD/build/uml
logs=${UML_LOGS:-$uml/logs}
seed=${UML_SEED:-1}
limit=${UML_TIMEOUT:-14400}	# seconds, against hangs that not even the kernel notices
reports='KASAN:|BUG:|WARNING:|UBSAN:|ODEBUG:|INFO: task .* blocked|INFO: rcu|INFO: suspicious|suspicious RCU|possible circular|possible recursive|inconsistent lock|invalid wait context|scheduling while atomic|sleeping function called|Kernel panic|general protection|Oops|refcount_t:|list_(add|del) corruption|soft lockup|unreferenced object|held lock freed|bad unlock balance|Unable to handle|Segfault with no mm|Bad page|Call Trace:'

fresh=1
if [ "${1-}" = -n ]; then
	fresh=
	shift
fi
if [ $# -eq 0 ]; then
	set -- tests/uml/guest/*.sh
fi

passed=0 failed=0 skipped=0
pid=
# the kernel leaves this group: timeout passes the signal on to it
trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null' EXIT
trap 'exit 1' INT TERM

# kind NAME: of the kernel for that test
kind() {
	local two=
	! grep -qx '# cpus: 2' "tests/uml/guest/$1.sh" || two=-smp
	echo "${UML_KIND:-sanitize$two}"
}

if [ -n "$fresh" ]; then
	for name; do
		name=$(basename "$name" .sh)
		[ "$name" = lib ] || kind "$name"
	done | sort -u | while read -r kind; do
		tests/uml/kernel.sh "$kind" >"$uml/built-$kind"
	done
	mkdir -p "$uml/tools"
	for tool in tests/uml/*.c; do
		gcc -O2 -Wall -Wextra -D_GNU_SOURCE -Ikernel -o "$uml/tools/$(basename "$tool" .c)" "$tool" -ldevmapper
	done
fi
mkdir -p "$logs"

# boot NAME LOG
boot() {
	local linux module kind cpus=1
	kind=$(kind "$1")
	{ read -r linux && read -r module; } <"$uml/built-$kind"
	[ "$kind" = "${kind%-smp}" ] || cpus=2
	set -m
	TMPDIR=/dev/shm timeout -s KILL "$limit" "$linux" quiet loglevel=6 seccomp=on "mem=${UML_MEM:-3G}" "ncpus=$cpus" root=/dev/root \
		rootfstype=hostfs rootflags=/ ro init="$PWD/tests/uml/init" con0=fd:0,fd:1 con=null \
		nvme_core.multipath=N null_blk.nr_devices=0 log_buf_len=4M sysctl.kernel.hung_task_timeout_secs=300 \
		"uml_top=$PWD" "uml_test=$1" "uml_module=$module" "uml_seed=$seed" "uml_scale=${UML_SCALE:-1}" </dev/null >"$2" 2>&1 &
	pid=$!
	set +m
	status=0
	wait "$pid" || status=$?
	pid=
}

for name; do
	name=$(basename "$name" .sh)
	[ "$name" != lib ] || continue
	log=$logs/$name.log
	begun=$SECONDS
	boot "$name" "$log"
	tr -d '\r' <"$log" >"$log.text" && mv "$log.text" "$log"
	verdict=$(sed -n 's/^.*@@ \(ok\|skip .*\|FAIL .*\)$/\1/p' "$log" | tail -n 1)
	report=$(sed '1,/@@ begin/d;/^-- /d;s/^\[ *[0-9.]*\]\(\[[^]]*\]\)\? //p' "$log" | grep -m1 -E "$reports" || true)
	[ -n "$verdict" ] || verdict="FAIL no result (exit $status)"
	[ -z "$report" ] || verdict="FAIL the kernel says: $report"
	seconds=$((SECONDS - begun))
	case $verdict in
	ok)
		echo "ok $name ($seconds s)"
		passed=$((passed + 1))
		;;
	skip*)
		echo "skip $name: ${verdict#skip }"
		skipped=$((skipped + 1))
		;;
	*)
		echo "FAIL $name: ${verdict#FAIL } ($seconds s, log: ${log#"$PWD/"})"
		failed=$((failed + 1))
		;;
	esac
done
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
