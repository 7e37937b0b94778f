# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: GPL-2.0
# nvmempctl teardown: what is in use stays as it is, and is said; what is not is
# removed with its partition maps, and comes again after a reload or a restart.
#
#    nvme0 --- nvme0n1 --.
#                         >-- map --- partition 1, ext4 --- /mnt
#    nvme1 --- nvme1n1 --'
#
# topology: pcie2
# format: 6c1f0d52-40ab-4d8e-9f53-21d1f0f4a7b1

uuid=6c1f0d52-40ab-4d8e-9f53-21d1f0f4a7b1

# refuses REASON ARGUMENT...: and nothing is changed
refuses() {
	local reason=$1 text table
	shift
	table=$(dmsetup table)
	expect_exit 1 nvmempctl teardown "$@"
	text=$(nvmempctl teardown "$@" 2>&1 || true)
	grep -qF -- "$reason" <<<"$text" || fail "teardown says '$text', expected '$reason'"
	expect_eq "the tables" "$(dmsetup table)" "$table"
	expect_eq "deferred removals" "$(dmsetup info -c --noheadings -o deferred_remove | tr -d '\n ' | sed 's/[^D]//g')" ""
}

no_dm_devices() {
	! dmsetup info -c --noheadings -o name 2>/dev/null | grep -qv '^No devices'
}

map_with_partition() {
	one_map 2
	wait_for "its partition" test -b "/dev/disk/by-uuid/$uuid"
	udevadm settle
}

torn_down() {
	status_is '[.rejected[] | select(.reason | startswith("its map was torn down"))] | length' 2
}

wait_boot
map_with_partition
part=$(readlink -f /dev/disk/by-uuid/$uuid)

say "in use"
mount "$part" /mnt
refuses "${part#/dev/} is mounted on /mnt"
refuses "${part#/dev/} is mounted on /mnt" "$map"
umount /mnt
exec 5<"$part"
refuses "is open in a program"
exec 5<&-
exec 5<"$dm"
refuses "is open in a program" "$node"
exec 5<&-
udevadm settle
expect_exit 1 setpriv --reuid=65534 --clear-groups nvmempctl teardown
expect_exit 3 nvmempctl teardown no-such-map
expect_exit 2 nvmempctl teardown "$map" more
expect "the map is there" test -b "$dm"

say "not in use"
expect_exit 0 nvmempctl teardown "$map"
expect "no dm device is left" no_dm_devices
wait_for "status to say so" torn_down
nvmempctl status
expect_exit 0 nvmempctl teardown
expect_exit 3 nvmempctl teardown "$map"

say "it is not made again, not for an event and not for a path that comes"
udevadm trigger --settle --subsystem-match=block
unplug c1
plug c1
wait_for "status to say so of both" torn_down
expect "no dm device" no_dm_devices

say "but after a reload"
systemctl reload nvmempd
map_with_partition

say "and after the driver was unloaded and loaded again, of which the daemon hears as before"
expect_exit 0 nvmempctl teardown
modprobe -r nvme
expect_not "the module is there" test -e /sys/module/nvme_core
modprobe nvme
wait_for "both controllers" test -b /dev/nvme1n1
wait_for "the trace event" grep -qx 1 /sys/kernel/tracing/instances/nvmempd/events/nvme/nvme_async_event/enable
systemctl reload nvmempd
map_with_partition

say "and after a restart"
expect_exit 0 nvmempctl teardown
expect "no dm device is left" no_dm_devices
systemctl restart nvmempd
map_with_partition
mount "/dev/disk/by-uuid/$uuid" /mnt
umount /mnt
