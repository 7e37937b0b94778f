# shellcheck shell=bash disable=SC2154,SC2317
# SPDX-License-Identifier: GPL-2.0
# Partitions with ext4, xfs and swap, then btrfs on the whole map, used by UUID
# and label; and what lsblk, udisks and nvme show. When all paths are lost, udev's
# rules read nothing that they would have to wait for.
#
#    nvme0 -x- nvme0n1 --.
#                         >-- map --- partitions, or btrfs --- fio
#    nvme1 -x- nvme1n1 --'
#
# topology: pcie2

wait_boot
one_map 2
mkdir -p /mnt /srv/xfs

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

ignored_by_udisks() {
	udisksctl info -b "$1" | sed -n 's/^ *HintIgnore: *//p'
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
written "$dm-part1" "$dm-part2" "$dm-part3"
ext4=$(blkid -p -s UUID -o value "$dm-part1")
xfs=$(blkid -p -s UUID -o value "$dm-part2")
swap=$(blkid -p -s UUID -o value "$dm-part3")
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
for member in "$(path_of c0)" "$(path_of c1)"; do
	expect_eq "udisks ignores $member" "$(ignored_by_udisks "/dev/$member")" true
done
expect_eq "udisks ignores a partition of the map" "$(ignored_by_udisks "$dm-part1")" false
swapoff -L swap
umount /mnt /srv/xfs

# btrfs may show a device by either name, as udev and mount told it
btrfs_is_right() {
	expect_eq "what btrfs scans" "$(btrfs device scan | sed -n 's/^registered: //p' | xargs -r readlink -f)" "/dev/$node"
	expect_eq "the device of the file system" "$(readlink -f "$(btrfs filesystem show /mnt | sed -n 's/.* path //p')")" "/dev/$node"
	expect_eq "btrfs's link" "$(readlink -f "/dev/disk/by-label/tree")" "/dev/$node"
	expect_eq "mounted from" "$(readlink -f "$(findmnt -n -o SOURCE /mnt)")" "/dev/$node"
}

say "btrfs"
# what udev still looks at is busy
wipefs -q -a "$dm-part1" "$dm-part2" "$dm-part3"
udevadm settle
kpartx -d -p -part "$dm"
wipefs -q -a "$dm"
udevadm settle
mkfs.btrfs -q -L tree "$dm"
written "$dm"
expect "its label" test -e /dev/disk/by-label/tree
mount LABEL=tree /mnt
start_fio /mnt/file --size=16M
churn btrfs_is_right
stop_fio
umount /mnt
btrfs device scan --forget
mount LABEL=tree /mnt
btrfs_is_right

say "no path left: udev reads nothing, and waits for nothing"
configure <<<$'[defaults]\nno_path = queue'
unplug c0
echo 3 >/proc/sys/vm/drop_caches
unplug c1
wait_for "waiting" state_is waiting
expect_exit 0 udevadm settle --timeout=30
plug c0
plug c1
one_map 2
udevadm settle
btrfs_is_right
umount /mnt
