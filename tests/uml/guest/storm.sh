# shellcheck shell=bash disable=SC2154 # given by init or lib.sh
# SPDX-License-Identifier: GPL-2.0
# cpus: 2
# Verified I/O of several kinds while three storms (storm.c) go over the map: no
# error may reach fio, since one path is always good, and all data must be right.
seconds=$((40 * scale))
# null_blk allocates where it must not sleep for a polled write to what it does not
# have yet; so all is there, and no cache
backing b0 256 poll_queues=1 submit_queues=2
dd if=/dev/zero of=/dev/b0 bs=1M count=256 oflag=direct status=none
for i in 0 1 2 3; do
	dm_path p$i /dev/b0
done
size=$(sectors /dev/b0)
map m "policy round-robin no_path fail" /dev/mapper/p{0,1,2,3}
others=()
for i in 1 2 3; do
	others+=("p$i=$(number /dev/mapper/p$i)")
done

storm() {
	"$tools/storm" "$((seed * 10 + $1))" "$seconds" "$2" m "$size" "$(number /dev/b0)" "$(number /dev/mapper/p0)" \
		"${others[@]}" >"/run/storm-$1" 2>&1 &
	storms+=($!)
}

kernel_says_little
m=/dev/mapper/m
pids=() names=() storms=()
run_fio() {
	verified_fio "$1" $m "$seconds" --offset="$2" --size=48m "${@:3}"
	pids+=("$fio_pid") names+=("$1")
}
run_fio aio 0 --ioengine=libaio --rw=randrw --bsrange=4k-64k --iodepth=16
run_fio uring 48m --ioengine=io_uring --rw=randrw --bs=4k --iodepth=32 --fixedbufs
run_fio flush 96m --ioengine=psync --rw=randwrite --bs=16k --fsync=4
run_fio polled 144m --ioengine=io_uring --hipri=1 --rw=randrw --bs=4k --iodepth=4
run_fio big 192m --ioengine=libaio --rw=write --bs=1m --iodepth=4
storm 1 mmmmq
storm 2 mptq
storm 3 ts
for i in 1 2 3; do
	wait "${storms[i - 1]}" || fail "storm $i: $(tail -n 1 /run/storm-$i)"
	say "storm $i: $(cat /run/storm-$i)"
done
for i in "${!pids[@]}"; do
	fio_passed "${names[i]}" "${pids[i]}"
done
kernel_says_all

dm_table m "$(table "policy latency" /dev/mapper/p{0,1,2,3})"
map_works m
