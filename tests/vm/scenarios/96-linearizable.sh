# shellcheck shell=bash disable=SC1091,SC2154
# SPDX-License-Identifier: GPL-2.0
# Threads write and read the same sectors while the path in use is cut off with
# writes on the way to a disk that does not answer yet. Without write_hold these
# undo newer writes, and the history shows it; with it, the history is that of one register.
#
#    nvmet g1 --- slow (dm-delay) --.
#                                    >-- one disk
#    nvmet g2 ----------------------'
#
# Nothing is left to chance: all 12 threads have an operation below port 20 when it is
# cut off, and without write_hold all writers have written something newer, and wait, when the old
# writes are carried out; each reader reads once more after that.
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

# what becomes of the I/O to slow from now on
slow_is() {
	dmsetup reload slow --table "0 $size $*"
	dmsetup suspend --noflush --nolockfs slow
	dmsetup resume slow
}

# what dm-delay keeps: reads, writes, flushes
kept() {
	[ "$(dmsetup status slow | cut -d ' ' -f 4-)" = "$*" ]
}

writers_wait() {
	grep -q '^the writers wait' history
}

# history NAME COMMAND...: of the map, while port 20 is cut off with writes on the way,
# which are carried out when COMMAND has succeeded
history() {
	local pid name=$1
	shift
	dmsetup message m 0 prefer "$a"
	./registers /dev/mapper/m >history 2>&1 &
	pid=$!
	sleep 3
	slow_is "delay $disk 0 600000"
	wait_for "8 reads and 4 writes on the way" kept 8 4 0
	before=$(through_21)
	rm "$NVMET/ports/20/subsystems/g1"
	wait_for "the path to be lost" lost_20
	wait_for "$name" goes_on
	kill -USR1 "$pid"
	"$@"
	# dm-delay carries out what it has when it is suspended, and this waits for it
	dmsetup suspend --nolockfs slow
	dmsetup reload slow --table "0 $size linear $disk 0"
	dmsetup resume slow
	wait_for "$name: the writers wait" writers_wait
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
# udev would read from slow, and wait
udevadm settle
systemctl stop systemd-udevd systemd-udevd-control.socket systemd-udevd-kernel.socket
export DM_DISABLE_UDEV=1
tcp_modules
modprobe dm-delay
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

history "write_hold off" wait_for "the newer writes" writers_wait
expect_eq "write_hold off: the history (so this test can tell)" "$verdict" wrong
# longer than an emulated machine takes to carry the old writes out
dmsetup message m 0 write_hold 60000
history "write_hold 60000" expect_not "the writers wait already" writers_wait
expect_eq "write_hold 60000: the history" "$verdict" right
