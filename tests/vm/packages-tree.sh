#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Makes build/vm/packages-HASH, a Debian of this machine's release (or VM_RELEASE=trixie)
# with all that the packages are built with, tested by and depend on, so that nothing
# but they has to be installed later; prints its path.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/sources.sh
. tests/sources.sh
vm=build/vm${VM_RELEASE:+/$VM_RELEASE}

PACKAGES=(build-essential dpkg-dev debhelper dh-dkms lintian fakeroot pkgconf libcmocka-dev
	  libdevmapper-dev libjson-c-dev libnvme-dev libsmartcols-dev libsystemd-dev libudev-dev
	  dkms linux-image-amd64 linux-headers-amd64 initramfs-tools dracut-core
	  systemd systemd-sysv udev dbus dmsetup kpartx fio nvme-cli jq e2fsprogs fdisk procps zstd
	  prometheus-node-exporter)
# Where there is one, its .pc files are in a package of their own
NEWER=(systemd-dev)
# Parts of the kernel that no machine here has a use for
PRUNE=(sound net/wireless net/bluetooth net/mac80211 drivers/gpu drivers/net drivers/media drivers/infiniband
       drivers/staging drivers/iio drivers/usb drivers/hid drivers/isdn drivers/mtd drivers/scsi drivers/ata)

die() {
	echo "packages-tree.sh: $*" >&2
	exit 1
}

configure() {
	local tree=$1 unit
	echo nvmemp >"$tree/etc/hostname"
	: >"$tree/etc/fstab"
	echo 4f2d7a0c9b1e4d5f8a6b3c2d1e0f9a8b >"$tree/etc/machine-id"
	rm -f "$tree"/etc/apt/sources.list "$tree"/etc/apt/sources.list.d/*
	install -D -m 755 tests/vm/guest/lab-job "$tree/usr/local/sbin/lab-job"
	# KillMode: it goes on until the machine does, and says what it has found
	cat >"$tree/etc/systemd/system/lab-job.service" <<-UNIT
		[Unit]
		Description=Job of the lab
		[Service]
		ExecStart=/usr/local/sbin/lab-job
		KillMode=none
		TimeoutStopSec=5
		[Install]
		WantedBy=multi-user.target
	UNIT
	mkdir -p "$tree/etc/systemd/journald.conf.d"
	printf '[Journal]\nStorage=volatile\nRateLimitBurst=0\n' >"$tree/etc/systemd/journald.conf.d/lab.conf"
	chroot "$tree" systemctl -q enable lab-job.service
	for unit in serial-getty@ttyS0.service getty@tty1.service apt-daily.timer apt-daily-upgrade.timer \
		    e2scrub_all.timer e2scrub_reap.service fstrim.timer dpkg-db-backup.timer nvmf-autoconnect.service; do
		chroot "$tree" systemctl -q mask "$unit"
	done
	chroot "$tree" systemctl -q disable prometheus-node-exporter.service
}

make_tree() {
	local tree=$1 list=$vm/packages.apt packages part
	suite_source "$list" "$release"
	packages=$(printf '%s,' "${PACKAGES[@]}")
	[ "$release" = bookworm ] || packages+=$(printf '%s,' "${NEWER[@]}")
	# shellcheck disable=SC2046 # one word for each file of sources
	mmdebstrap --mode=root --variant=minbase --include="${packages%,}" "$release" "$tree" \
		$(find "$vm" -maxdepth 1 -name 'packages.apt.*' -size +0)
	for part in "${PRUNE[@]}"; do
		rm -rf "$tree"/lib/modules/*/kernel/"$part"
	done
	chroot "$tree" depmod "$(basename "$tree"/lib/modules/*)"
	configure "$tree"
}

# shellcheck source=/dev/null
. /etc/os-release
[ "$ID" = debian ] || die "needs Debian"
[ "$(id -u)" = 0 ] || die "needs root (mmdebstrap, file owners)"
release=${VM_RELEASE:-$VERSION_CODENAME}
mkdir -p "$vm"
tree=$vm/packages-$(cat "$0" tests/vm/guest/lab-job | sha256sum | cut -c 1-12)
if [ ! -d "$tree" ]; then
	rm -rf "$vm"/packages-*
	log=$vm/packages-tree.log
	make_tree "$tree.new" >"$log" 2>&1 || {
		tail -n 20 "$log" >&2
		die "failed (log: $log)"
	}
	mv "$tree.new" "$tree"
fi
echo "$tree"
