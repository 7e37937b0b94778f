# shellcheck shell=bash disable=SC2154,SC2034
# SPDX-License-Identifier: GPL-2.0
# The loads: what runs on a map while a fault is done to it, each as a row
#
#   load NAME WORDS
#
# and two functions, NAME_start DEVICE and NAME_stop DEVICE, which fails if anything
# that was written is not there, or if there was an error.

declare -A load_words
load_names=()

load() {
	load_names+=("$1")
	load_words[$1]=$2
}

load random "random writes, libaio, read back with checksums"
random_start() { start_fio "$1"; }
random_stop() { stop_fio; }

load fsync "the same, each write flushed"
fsync_start() { start_fio "$1" --fsync=1; }
fsync_stop() { stop_fio; }

load uring "io_uring, which submits with NOWAIT first"
uring_start() { start_fio "$1" --ioengine=io_uring; }
uring_stop() { stop_fio; }

load polled "io_uring, completions polled for"
polled_start() { start_fio "$1" --ioengine=io_uring --hipri=1; }
polled_stop() { stop_fio; }

load discard "random writes, beside discards of another place and its first block written again"
discard_start() {
	start_fio "$1"
	rm -f discard.stop discard.failed
	(
		while [ ! -e discard.stop ]; do
			blkdiscard -o $((96 << 20)) -l $((4 << 20)) "$1" 2>&1 || break
			head -c 4096 /dev/urandom >discard.block
			dd if=discard.block of="$1" bs=4096 seek=$((24 << 10)) oflag=direct conv=notrunc status=none || break
			cmp discard.block <(dd if="$1" bs=4096 count=1 skip=$((24 << 10)) iflag=direct status=none) || break
			sleep 0.1
		done >discard.log 2>&1
		[ -e discard.stop ] || touch discard.failed
	) &
	discard_pid=$!
}
discard_stop() {
	touch discard.stop
	wait "$discard_pid"
	[ ! -e discard.failed ] || fail "discards: $(tail -n 2 discard.log)"
	stop_fio
}

# on_filesystem TYPE DEVICE
on_filesystem() {
	"mkfs.$1" -q "$2"
	mkdir -p "/run/$1"
	mount "$2" "/run/$1"
	start_fio "/run/$1/file" --size=32M --fsync=32
}

load ext4 "a file on ext4; fsck finds nothing afterwards"
ext4_start() { on_filesystem ext4 "$1"; }
ext4_stop() {
	stop_fio
	umount /run/ext4
	fsck.ext4 -fn "$1" >fsck.log 2>&1 || fail "fsck: $(tail -n 3 fsck.log)"
	wipefs -qa "$1"
}

load xfs "a file on xfs; xfs_repair finds nothing afterwards"
xfs_start() { on_filesystem xfs "$1"; }
xfs_stop() {
	stop_fio
	umount /run/xfs
	xfs_repair -n "$1" >fsck.log 2>&1 || fail "xfs_repair: $(tail -n 3 fsck.log)"
	wipefs -qa "$1"
}

load lvm "a logical volume"
lvm_start() {
	vgcreate -qq -y trust "$1" >lvm.log 2>&1 || fail "vgcreate: $(tail -n 3 lvm.log)"
	lvcreate -qq -y -L 80M -n volume trust >>lvm.log 2>&1 || fail "lvcreate: $(tail -n 3 lvm.log)"
	start_fio /dev/trust/volume
}
lvm_stop() {
	stop_fio
	vgremove -qq -f trust >>lvm.log 2>&1 || fail "vgremove: $(tail -n 3 lvm.log)"
	pvremove -qq "$1"
}

# no_meaning FAULT LOAD MAP: why that cell is not run, if so
no_meaning() {
	[ "${fault_expected[$1]}" != errors ] || {
		echo "an error is right, and these loads end at one: the ledger of 95-soak goes on"
		return
	}
	[ -z "${fault_maps[$1]}" ] || [[ " ${fault_maps[$1]} " = *" $3 "* ]] || {
		echo "it does not hit this map: 95-soak looks at all of them"
		return
	}
	# lock_sock in nvme_tcp_poll, under the rcu_read_lock of iocb_bio_iopoll; on a path without a map, too
	[ "$2 $3" != "polled tcp" ] || {
		echo "Linux sleeps in an RCU section when it polls NVMe/TCP"
		return
	}
	return 1
}
