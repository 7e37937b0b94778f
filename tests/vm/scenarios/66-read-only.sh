# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: GPL-2.0
# A namespace is write protected while it is in use (Set Features, 84h): its map
# says so above, and becomes writable with it. One that the administrator made
# read-only stays so.
#
# topology: tcp2

nqn=nqn.test:protected

protect() {
	nvme set-feature /dev/nvme0 -n 1 -f 0x84 --value="$1" >/dev/null || fail "the target does not know write protection"
}

is_read_only() {
	[ "$(blockdev --getro "$dm")" = "$1" ]
}

wait_boot
tcp_modules
tcp_namespace $nqn 1 /dev/disk/by-id/virtio-back0
tcp_port 20 $nqn
tcp_port 21 $nqn
tcp_connect $nqn 20
tcp_connect $nqn 21
one_map 2
is_read_only 0 || fail "the map is read-only from the start"
exec 3<>"$dm"

say "write protected"
protect 1
wait_for "the map read-only" is_read_only 1
# device-mapper's rules drop the links for the event of the disk, until that of the table
udevadm settle
expect_not "a write" dd if=/dev/zero of="$dm" bs=4k count=1 oflag=direct status=none
expect "a read" dd if="$dm" of=/dev/null bs=4k count=1 iflag=direct status=none

say "writable again"
protect 0
wait_for "the map writable" is_read_only 0
udevadm settle
expect "a write" dd if=/dev/zero of="$dm" bs=4k count=1 oflag=direct status=none
wait_for "two usable paths" usable_is 2
exec 3>&-

say "by the administrator"
blockdev --setro "$dm"
udevadm trigger --settle --subsystem-match=block --sysname-match='nvme*'
status . >/dev/null
is_read_only 1 || fail "the map became writable by itself"
