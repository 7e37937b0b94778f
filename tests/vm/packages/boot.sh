# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: GPL-2.0
# The root file system is on a partition of a map. The first controller is pulled (by
# packages.sh) when the initramfs has made the map, the other later; then a clean
# reboot, after which the daemon adopts what the initramfs has made, without a suspend.
#
#    nvme0 -x- nvme0n1 --.
#                         >-- map --- partition 1, ext4 --- /
#    nvme1 --- nvme1n1 --'

root_is_on_a_partition_of_the_map() {
	local root uuid
	root=$(findmnt -n -o MAJ:MIN /)
	uuid=$(cat "/sys/dev/block/${root// /}/dm/uuid")
	expect_eq "the uuid of what / is on" "$uuid" "part1-$(status '.maps[0].uuid')"
	expect_eq "maps" "$(status '.maps | length')" 1
}

# What the initramfs noted and what there is now. Not event numbers: the start of
# nvmemp-queueing.service is a message to each map, which is an event.
adopted_as_it_was() {
	local trace=/sys/kernel/tracing/instances/lab/trace
	expect_eq "tables" "$(dmsetup table)" "$(cat /run/lab-table)"
	dmsetup create lab --table '0 8 error'
	dmsetup remove lab
	expect "the kernel notes tables" grep -q dmsetup $trace
	expect_not "suspends and tables of the daemon" grep nvmempd $trace
}

c0_is_gone() {
	! controller c0 >/dev/null
}

wait_boot
if [ ! -e /var/lib/lab-file ]; then
	say "first boot: c0 was pulled while it booted"
	wait_for "c0 to be gone" c0_is_gone
	one_map 1
	root_is_on_a_partition_of_the_map
	expect "the initramfs had the map" test -s /run/lab-table
	dmesg | grep 'nvmempd' | head -n 20
	plug c0
	wait_for "two usable paths" usable_is 2
	start_fio /var/lib/lab-file
	unplug c1
	wait_for_io "c1 is gone"
	plug c1
	wait_for "two usable paths" usable_is 2
	wait_for_io "c1 is back"
	stop_fio
	sha256sum /var/lib/lab-file >/var/lib/lab-sum
	reboot_machine
fi

say "second boot: nothing was pulled"
one_map 2
root_is_on_a_partition_of_the_map
adopted_as_it_was
daemon_log | head -n 20
expect_not "a journal that had to be recovered" grep -i 'EXT4-fs.*recover' <(dmesg)
expect "what was written is there" sha256sum --quiet -c /var/lib/lab-sum
