# shellcheck shell=bash disable=SC2154,SC2317
# SPDX-License-Identifier: GPL-2.0
# Partitions with ext4, xfs and swap, used by UUID and label, stay on the map while
# controllers come and go and udev looks again; and what lsblk and nvme show.
#
#    nvme0 -x- nvme0n1 --.
#                         >-- map --- ext4, xfs, swap --- fio
#    nvme1 -x- nvme1n1 --'
#
# topology: pcie2

wait_boot
one_map 2
mkdir -p /srv/xfs

# leads LINK N: /dev/disk/LINK is partition N of the map
leads() {
	expect_eq "/dev/disk/$1" "$(readlink -f "/dev/disk/$1")" "$(readlink -f "$dm-part$2")"
}

partitions_are_right() {
	leads by-label/data 1
	leads "by-uuid/$ext4" 1
	leads "by-uuid/$xfs" 2
	leads by-label/swap 3
	leads "by-uuid/$swap" 3
	leads by-partlabel/first 1
	leads "by-id/nvme-$wwid-part1" 1
	expect_eq "swap" "$(swapon --noheadings --show=NAME)" "/dev/$(basename "$(readlink -f "$dm-part3")")"
}

say "partitions"
wwid=$(status '.maps[0].wwid')
sfdisk -q -X gpt "$dm" <<-'TABLE'
	size=80M, name=first
	size=80M, name=second
	size=40M, name=third
TABLE
for n in 1 2 3; do
	wait_for "partition $n" test -b "$dm-part$n"
done
mkfs.ext4 -q -L data "$dm-part1"
# so small a file system only for tests (mkfs.xfs asks for these three)
TEST_DIR=1 TEST_DEV=1 QA_CHECK_FS=1 mkfs.xfs -q "$dm-part2"
mkswap -q -L swap "$dm-part3"
udevadm settle
ext4=$(blkid -p -s UUID -o value "$dm-part1")
xfs=$(blkid -p -s UUID -o value "$dm-part2")
swap=$(blkid -p -s UUID -o value "$dm-part3")
wait_for "links" test -e "/dev/disk/by-uuid/$swap"
mount LABEL=data /mnt
mount "UUID=$xfs" /srv/xfs
swapon -L swap
start_fio /mnt/file --size=16M
churn partitions_are_right
stop_fio

say "what others show"
lsblk -o NAME,TYPE,FSTYPE,LABEL,MOUNTPOINTS
expect_eq "lsblk's type of the map" "$(lsblk -dno TYPE "$dm")" nvmemp
expect_eq "lsblk: above each path" "$(lsblk -rno NAME "/dev/$(path_of c0)" | sed -n 2p)" "$map"
nvme list
expect_eq "nvme list: paths" "$(nvme list | grep -c '^/dev/nvme')" 2
nvme list-subsys
expect_eq "nvme list-subsys: controllers" "$(nvme list-subsys | grep -c ' pcie ')" 2
