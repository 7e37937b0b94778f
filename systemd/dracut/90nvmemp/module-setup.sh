#!/bin/bash
# shellcheck disable=SC2154 # dracut's variables
# SPDX-License-Identifier: GPL-2.0
# nvmemp in an initramfs of dracut, whose systemd runs the unit that the real system has.

is_nvmemp() {
	[[ $(cat "/sys/dev/block/$1/dm/uuid" 2>/dev/null) == nvmemp-* ]]
}

# For this machine: if something that it needs is on a map
check() {
	require_binaries nvmempd kpartx partx || return 1
	[[ -z $hostonly && -z $mount_needs ]] || for_each_host_dev_and_slaves is_nvmemp || return 255
}

depends() {
	echo systemd dm
}

installkernel() {
	hostonly='' instmods dm-nvmemp nvme
}

install() {
	inst_multiple nvmempd nvmempctl kpartx partx "$udevdir/nvmemp-udev"
	inst_multiple -o "$udevdir"/rules.d/*nvmemp*.rules /etc/udev/rules.d/*nvmemp*.rules \
		/usr/lib/nvmemp/vendor.conf /etc/nvmemp/nvmemp.conf /etc/nvmemp/nvmemp.conf.d/*.conf
	# by itself, dracut takes these into an initramfs for this machine only
	grep -ls '^options.*nvme_core' /etc/modprobe.d/*.conf | while read -r file; do
		inst_simple "$file"
	done
	# neither the socket, which would keep the boot waiting, nor what acts at shutdown
	inst_multiple "$systemdsystemunitdir/nvmempd.service" "$systemdsystemunitdir/modprobe@.service"
	$SYSTEMCTL -q --root "$initdir" enable nvmempd.service
}
