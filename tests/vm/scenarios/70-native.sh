# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: GPL-2.0
# Native multipath is on: the service stays up, says so, builds nothing, and
# leaves the kernel's device alone.
#
#    nvme0 --.
#             >-- native head nvmeXn1
#    nvme1 --'
#
# topology: pcie2
# variants: native

wait_boot
native_head
expect_eq "the kernel's parameter" "$(cat /sys/module/nvme_core/parameters/multipath)" Y
expect "the service is up" systemctl -q is-active nvmempd
wait_for "nvmempctl" nvmempctl status
expect_eq "maps" "$(status '.maps | length')" 0
expect_eq "dm devices" "$(dmsetup info -c --noheadings -o name 2>/dev/null | grep -vc '^No devices' | cat)" 0
expect "its state says so" grep -qi native <(systemctl show -P StatusText nvmempd)
expect "its log says so" grep -qi native <(daemon_log)
expect "nvmempctl status says so" grep -qi native <(nvmempctl status)
nvmempctl status
head=${dm#/dev/}
expect_eq "its policy" "$(status '.subsystems[0].native_policy')" "$(cat "/sys/class/nvme-subsystem/$(status '.subsystems[0].name')/iopolicy")"
expect_eq "paths of $head" "$(status "[.subsystems[].native_paths[] | select(.namespace == \"$head\").controller] | sort | join(\" \")")" \
	"$(printf '%s\n' "$(controller c0)" "$(controller c1)" | sort | paste -sd ' ')"
for hidden in /sys/block/nvme*c*n*; do
	path=${hidden##*/}
	ana=$(cat "$hidden/ana_state" 2>/dev/null || true)
	expect_eq "ANA state of $path" "$(status ".subsystems[].native_paths[] | select(.device == \"$path\").ana_state")" "$ana"
	expect "nvmempctl status shows $path" grep -q "$path  of $head  ANA ${ana:-not reported}" <(nvmempctl status)
done
expect_not "the head marked as a member" grep -qx DM_MULTIPATH_DEVICE_PATH=1 <(udevadm info -q property "$dm")
mkfs.ext4 -q "$dm"
mount "$dm" /mnt
start_fio /mnt/file
stop_fio
umount /mnt
expect "the service is still up" systemctl -q is-active nvmempd
