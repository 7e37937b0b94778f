# shellcheck shell=bash disable=SC2154 # given by init or lib.sh
# SPDX-License-Identifier: GPL-2.0
# The storm when no path is safe, not the first either: with "no_path queue" I/O
# waits for one, over suspends and new tables, and none gets an error.
seconds=$((30 * scale))
backing b0 128 submit_queues=2 cache_size=256
for i in 0 1 2; do
	dm_path p$i /dev/b0
done
size=$(sectors /dev/b0)
map m "policy round-robin no_path queue" /dev/mapper/p{0,1,2}
all=() numbers=()
for i in 0 1 2; do
	numbers+=("$(number /dev/mapper/p$i)")
	all+=("p$i=${numbers[i]}")
done

storms=()
storm() {
	"$tools/storm" "$((seed * 10 + $1))" "$seconds" "Q$2" m "$size" "$(number /dev/b0)" "${numbers[0]}" \
		"${all[@]}" >"/run/storm-$1" 2>&1 &
	storms+=($!)
}

# What messages and tables have left without a path gets all of them back: a
# suspend that flushes waits for that, for example.
rescue() {
	local number
	for number in "${numbers[@]}"; do
		message m add_path "$number" 2 ana optimized 2>/dev/null || true
		message m ana "$number" optimized 2>/dev/null || true
		message m reinstate_path "$number" 2>/dev/null || true
	done
}

kernel_says_little
pids=() names=()
run_fio() {
	verified_fio "$1" /dev/mapper/m "$seconds" --offset="$2" --size=48m "${@:3}"
	pids+=("$fio_pid") names+=("$1")
}
run_fio aio 0 --ioengine=libaio --rw=randrw --bsrange=4k-64k --iodepth=16
run_fio uring 48m --ioengine=io_uring --rw=randrw --bs=4k --iodepth=32
storm 1 mmmmmmmmq
storm 2 pppq
storm 3 ts
end=$((SECONDS + seconds))
while [ $SECONDS -lt $end ]; do
	sleep 1
	rescue
done
for i in 1 2; do
	wait "${storms[i - 1]}" || fail "storm $i: $(tail -n 1 /run/storm-$i)"
done
# the paths are whole now, and nobody takes them away but the third storm's tables
while [ -d "/proc/${storms[2]}" ]; do
	rescue
	sleep 0.2
done
wait "${storms[2]}" || fail "storm 3: $(tail -n 1 /run/storm-3)"
for i in 1 2 3; do
	say "storm $i: $(cat /run/storm-$i)"
done
rescue
for i in "${!pids[@]}"; do
	fio_passed "${names[i]}" "${pids[i]}"
done
kernel_says_all
dm_table m "$(table "policy latency" /dev/mapper/p{0,1,2})"
map_works m
