# shellcheck shell=bash disable=SC2154,SC2317
# SPDX-License-Identifier: GPL-2.0
# LVM, md and LUKS on the whole map, one after the other: they stay on it, and
# never see a path, while controllers come and go and udev looks again.
#
#    nvme0 -x- nvme0n1 --.
#                         >-- map --- PV, or half of a RAID 1, or LUKS --- ext4 --- fio
#    nvme1 -x- nvme1n1 --'
#
# topology: pcie2

# The device below a mount is on the map, by as many steps as it takes
lies_on_the_map() {
	lsblk -nsro NAME "$(findmnt -n -o SOURCE /mnt)" | grep -qx "$map"
}

wait_boot
one_map 2
mkdir -p /mnt
export LVM_SUPPRESS_FD_WARNINGS=1	# the line to the host is open
printf 'devices { external_device_info_source = "udev" }\n' >/etc/lvm/lvmlocal.conf

lvm_is_right() {
	expect_eq "physical volumes" "$(pvs --noheadings -o pv_name 2>pvs.err | tr -d ' \n')" "$dm"
	expect_eq "what pvs complains of" "$(cat pvs.err)" ""
	expect_eq "what vgck complains of" "$(vgck vg 2>&1)" ""
	expect "the mount lies on the map" lies_on_the_map
}

say "LVM"
pvcreate -q "$dm"
vgcreate -q vg "$dm"
pvs --nohints --config 'devices { external_device_info_source = "none" }' 2>&1 | sed 's/^/  without the setting: /'
lvcreate -q -y -n lv -l 100%FREE vg
mkfs.ext4 -q -L inlv /dev/vg/lv
written /dev/vg/lv
mount LABEL=inlv /mnt
start_fio /mnt/file
churn lvm_is_right
stop_fio
umount /mnt

say "LVM activates by the event of the map, not of a path"
vgchange -q -an vg
systemctl stop nvmempd
dmsetup remove --retry "$map"
pvs --noheadings -o pv_name 2>&1 | sed 's/^/  pvs without the map: /'
expect_eq "physical volumes without the map" "$(pvs --noheadings -o pv_name 2>/dev/null | tr -d ' \n')" ""
systemctl start nvmempd
one_map 2
wait_for "the logical volume" test -b /dev/vg/lv
members_alone
expect_eq "physical volumes" "$(pvs --noheadings -o pv_name | tr -d ' \n')" "$dm"
vgremove -q -f vg
pvremove -q "$dm"

md_is_right() {
	expect_eq "the array's halves" "$(cd "/sys/block/$md/slaves" && echo *)" "$node ${loop##*/}"
	expect "the mount lies on the map" lies_on_the_map
	# a scan of all devices, as in an initramfs, finds nothing more
	mdadm --assemble --scan 2>&1 | sed 's/^/  mdadm: /'
	expect_eq "arrays" "$(cd /sys/block && echo md*)" "$md"
}

say "md"
truncate -s 200M /run/half
loop=$(losetup -f --show /run/half)
mdadm --create /dev/md/both --level=1 --raid-devices=2 --assume-clean --metadata=1.2 --run "$dm" "$loop"
md=$(readlink -f /dev/md/both)
md=${md##*/}
mkfs.ext4 -q -L inmd "/dev/$md"
written "/dev/$md"
mount LABEL=inmd /mnt
start_fio /mnt/file
churn md_is_right
stop_fio
umount /mnt

say "doctor"
md_findings() {
	nvmempctl doctor --json | jq -r '.findings[] | select(.check == "md") | .severity'
}
rm -f /etc/mdadm/mdadm.conf
expect_eq "without a DEVICE line" "$(md_findings)" warning
echo "DEVICE /dev/mapper/* /dev/sd* /dev/loop*" >/etc/mdadm/mdadm.conf
expect_eq "with one" "$(md_findings)" ""

say "md assembles by the events of the map"
mdadm --stop "/dev/$md"
udevadm trigger --settle --subsystem-match=block --action=add
wait_for "the array" test -e /dev/disk/by-label/inmd
md=$(readlink -f /dev/disk/by-label/inmd)
md=${md##*/}
mount LABEL=inmd /mnt
md_is_right
members_alone
umount /mnt
mdadm --stop "/dev/$md"
losetup -d "$loop"
mdadm --zero-superblock "$dm"

luks_is_right() {
	expect_eq "the LUKS device" "$(readlink -f "/dev/disk/by-uuid/$luks")" "/dev/$node"
	expect "the mount lies on the map" lies_on_the_map
}

say "LUKS, opened by its UUID"
printf secret >key
cryptsetup -q luksFormat --type luks2 --pbkdf pbkdf2 --pbkdf-force-iterations 1000 "$dm" key
luks=$(cryptsetup luksUUID "$dm")
written "$dm"
expect "its link" test -e "/dev/disk/by-uuid/$luks"
cryptsetup open --key-file key "UUID=$luks" safe
mkfs.ext4 -q /dev/mapper/safe
mount /dev/mapper/safe /mnt
start_fio /mnt/file
churn luks_is_right
stop_fio
umount /mnt
cryptsetup close safe
