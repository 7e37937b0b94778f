# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: GPL-2.0
# The target alone, by dmsetup, with no daemon and no udev beside it: each
# script of tests/vm/target, over null_blk disks, over the two PCIe controllers,
# and over NVMe/TCP to this machine.
#
#    null_blk --- linear pa --.            nvme0n1 --.           port 1 --.
#            '--- linear pb ---+-- m                  +-- m                +-- m
#                                          nvme1n1 --'           port 2 --'
#
# topology: pcie2
# files: tests/vm/target
# time limit: 1800

wait_boot
one_map 2
systemctl stop nvmempd nvmempd.socket
dmsetup remove "$map"
systemctl stop systemd-udevd systemd-udevd-control.socket systemd-udevd-kernel.socket
export DM_DISABLE_UDEV=1
rmmod dm-nvmemp
modprobe null_blk nr_devices=0
tcp_modules

for script in target/[0-9]*.sh; do
	script=${script#*/}
	began=$(now_ms)
	(cd target && bash "./$script") >out 2>&1 </dev/null || {
		grep -vE '^ok ' out
		fail "$script: $(grep -m 1 '^FAIL' out)"
	}
	say "$script: $(grep -c '^ok ' out) checks in $((($(now_ms) - began) / 1000)) s"
done
modprobe dm-nvmemp
