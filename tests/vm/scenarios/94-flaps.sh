# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: GPL-2.0
# Path flaps under I/O, ten thousand where CELLS is "all", leave nothing behind: neither
# memory and descriptors of the daemon, nor device-mapper devices, tracefs instances and
# probes, nor objects in the kernel's slabs.
#
#    port 20 -x- nvme0n1 ... nvme0n32 --.
#                                        >-- 32 maps; fio on one of them
#    port 21 --- nvme1n1 ... nvme1n32 --'
#
# topology: tcp2
# time limit: 3600

nqn=nqn.test:flaps
N=32
FLAPS=1600
[ "$CELLS" != all ] || FLAPS=10000

# Lines of `dmsetup status` with a path in that ANA state
maps_with() {
	dmsetup status | grep -c " $1 "
}

are_inaccessible() {
	[ "$(maps_with inaccessible)" = $N ]
}

are_optimized() {
	[ "$(maps_with inaccessible)" = 0 ]
}

# flap: each map loses its path behind port 20 and gets it back, the daemon telling it so
flap() {
	tcp_ana 20 inaccessible
	wait_for "$N maps that lost a path" are_inaccessible
	tcp_ana 20 optimized
	wait_for "$N maps that have it back" are_optimized
	flaps=$((flaps + N))
}

# flap_until COUNT: and a controller is lost as a whole, too, once in 50
flap_until() {
	local round=0
	while [ $flaps -lt "$1" ]; do
		flap
		round=$((round + 1))
		[ $((round % 50)) != 0 ] || lose_controller
	done
	wait_for "all paths" usable_is $((2 * N))
	wait_for_io "after $flaps flaps"
	say "$flaps flaps, up $(cut -d ' ' -f 1 /proc/uptime) s"
}

by_port() {
	local c
	for c in /sys/class/nvme/nvme*; do
		! grep -qs "trsvcid=44$1" "$c/address" || echo "${c##*/}"
	done
}

lose_controller() {
	nvme disconnect -d "$(by_port 20)"
	wait_for "$N usable paths" usable_is $N
	tcp_connect $nqn 20
	wait_for "all paths" usable_is $((2 * N))
	flaps=$((flaps + N))
}

# measure NAME: what there is, into a file
measure() {
	local pid
	pid=$(daemon_pid)
	udevadm settle --timeout=600
	echo 3 >/proc/sys/vm/drop_caches
	cp /proc/slabinfo "slab.$1"
	{
		echo "descriptors $(find "/proc/$pid/fd" -type l | wc -l)"
		echo "threads $(find "/proc/$pid/task" -mindepth 1 -maxdepth 1 | wc -l)"
		echo "maps $(dmsetup ls | wc -l)"
		echo "instances $(find /sys/kernel/tracing/instances -mindepth 1 -maxdepth 1 | wc -l)"
		echo "probes $(wc -l </sys/kernel/tracing/kprobe_events)"
		echo "semaphores $(ipcs -s | grep -c '^0x')"
	} >"count.$1"
	awk '$1 == "RssAnon:" { print $2 }' "/proc/$pid/status" >"own.$1"
	say "$1: $(paste -sd ' ' "count.$1"), the daemon's own memory $(cat "own.$1") KiB"
}

# Caches that have grown by an object for each flap. SLUB counts objects roughly, so a few
# hundred say nothing.
grown_caches() {
	awk -v least=$FLAPS 'NR == FNR { before[$1] = $2; next }
		$1 in before && $2 - before[$1] >= least { printf "%s by %d ", $1, $2 - before[$1] }' slab.begin slab.end
}

wait_boot
tcp_modules
modprobe null_blk nr_devices=1 gb=1 memory_backed=1
for ((i = 1; i <= N; i++)); do
	tcp_namespace $nqn $i /dev/nullb0
done
for port in 20 21; do
	tcp_port $port $nqn
	tcp_connect $nqn $port
done
wait_for "$N maps" map_count_is $N
wait_for "all paths" usable_is $((2 * N))
udevadm settle
node=$(readlink -f "/dev/mapper/$(status '.maps[0].name')")	# without rules there are no links
no_rules
# small: null_blk keeps 16 bytes of each block that is written for the first time
start_fio "$node" --size=4M

flaps=0
flap_until $((FLAPS / 4))
measure begin
flaps=0
flap_until $FLAPS
measure end
stop_fio

expect_eq "what there is, against before" "$(cat count.end)" "$(cat count.begin)"
expect_eq "caches that have grown" "$(grown_caches)" ""
expect "the daemon's own memory, KiB: $(cat own.begin) before, $(cat own.end) after" \
	test "$(cat own.end)" -le $(($(cat own.begin) + 512))
value "flaps" "$flaps"
value "the daemon's own memory before and after" "$(cat own.begin) KiB, $(cat own.end) KiB"
