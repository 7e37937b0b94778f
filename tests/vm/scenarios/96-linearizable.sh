# shellcheck shell=bash disable=SC1091,SC2154
# SPDX-License-Identifier: GPL-2.0
# Threads write and read the same sectors while the path in use is cut off with
# writes on the way to a disk that does not answer yet. Without write_hold one of these
# undoes a newer write, and the history shows it; with it, the history is that of one register.
#
#    nvmet g1 --- slow (dm, suspended) --.
#                                         >-- one disk
#    nvmet g2 ---------------------------'
#
# topology: tcp2
# programs: tests/trust/registers.c

devno() {
	cat "/sys/block/$(basename "$(readlink -f "$1")")/dev"
}

node() {
	local c
	for c in /sys/class/nvme/nvme*; do
		grep -q "trsvcid=44$1" "$c/address" && echo "/dev/$(namespaces "${c##*/}")"
	done
}

all_live() {
	[ "$(cat /sys/class/nvme/*/state | sort -u)" = live ]
}

# Bios sent down the path behind port 21
through_21() {
	dmsetup status m | grep -o " $b [A-Z] .*" | cut -d ' ' -f 6
}

more_through_21() {
	[ "$(through_21)" -gt "$1" ]
}

lost_20() {
	dmsetup status m | grep -q " $a [FB] "
}

# history NAME COMMAND...: of the map, while port 20 is cut off with writes on the way,
# which are carried out when COMMAND has succeeded
history() {
	local pid name=$1
	shift
	./registers /dev/mapper/m >history 2>&1 &
	pid=$!
	sleep 3
	dmsetup suspend --noflush --nolockfs slow
	sleep 1
	before=$(through_21)
	rm "$NVMET/ports/20/subsystems/g1"
	wait_for "the path to be lost" lost_20
	wait_for "$name" "$@"
	dmsetup resume slow
	before=$(through_21)
	wait_for "$name, more I/O" goes_on
	kill "$pid"
	verdict=right
	wait $pid || verdict=wrong
	value "$name" "$(tail -n 1 history)"
	sed 's/^/# /' history
	ln -s "$NVMET/subsystems/g1" "$NVMET/ports/20/subsystems/g1"
	wait_for "both controllers" all_live
	dmsetup message m 0 reinstate_path "$a"
}

goes_on() {
	more_through_21 $((before + 200))
}

wait_boot
systemctl stop nvmempd nvmempd.socket
tcp_modules
disk=/dev/disk/by-id/virtio-back0
size=$(blockdev --getsz $disk)
dmsetup create slow --table "0 $size linear $disk 0"
tcp_namespace g1 1 /dev/mapper/slow
tcp_namespace g2 1 $disk
tcp_port 20 g1
tcp_port 21 g2
tcp_connect g1 20 --keep-alive-tmo=2 --reconnect-delay=1
tcp_connect g2 21 --keep-alive-tmo=2 --reconnect-delay=1
wait_for "both paths" eval '[ -b "$(node 20)" ] && [ -b "$(node 21)" ]'
a=$(devno "$(node 20)") b=$(devno "$(node 21)")
dmsetup create m --table "0 $size nvmemp 2 no_path queue 2 $a 1 flush_failfast $b 1 flush_failfast"

history "write_hold off" goes_on
expect_eq "write_hold off: the history (so this test can tell)" "$verdict" wrong
dmsetup message m 0 write_hold 15000
history "write_hold 15000" true
expect_eq "write_hold 15000: the history" "$verdict" right
