# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: GPL-2.0
# nvmemp=off on the kernel's command line: the same disk boots from a bare path.
#
#    nvme0 --- nvme0n1 --- partition 1, ext4 --- /
#    nvme1 --- nvme1n1

wait_boot
grep -qw nvmemp=off /proc/cmdline || fail "no nvmemp=off on the command line"
root=$(findmnt -n -o SOURCE /)
case $root in
/dev/nvme[01]n1p1) ;;
*) fail "/ is on $root" ;;
esac
expect_eq "the daemon" "$(systemctl is-active nvmempd nvmemp-queueing | tr '\n' ' ')" "inactive inactive "
expect_not "device-mapper devices" compgen -G '/sys/block/dm-*'
expect_not "marks of paths" grep -rs ^E:NVMEMP_ /run/udev/data
expect_not "a daemon in the initramfs" grep nvmempd: <(dmesg)
for disk in nvme0n1 nvme1n1; do
	expect "partition 1 of $disk" test -b /dev/${disk}p1
done
