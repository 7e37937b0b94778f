#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Builds the guest of the lab: this machine's own distribution release, its
# stock kernel, systemd and udev, with the project installed by
# `make install` and `make modules_install`.
#   build/vm/base-HASH/   tree, vmlinuz, initramfs: made once
#   build/vm/root.img     base + project: made in a few seconds, each time
#   build/vm/kernel build/vm/initrd
# KVER=VERSION takes another kernel (its headers must be installed).
#
# VM_RELEASE=trixie | trixie-backports: a guest of Debian 13, with its own kernel
# or with the newest one that was backported to it, in build/vm/$VM_RELEASE. The
# project is built in a second tree, base-HASH/build, where `image.sh unit-run` runs
# its unit tests too; both are kept until this script changes or they are deleted.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/sources.sh
. tests/sources.sh
release=${VM_RELEASE-}
vm=build/vm${release:+/$release}
mkdir -p "$vm"

# Beyond the essential packages; kpartx because our udev rules call it, multipath-tools
# for the one scenario with it: elsewhere its daemon and its rule for paths are masked.
# The last line: the neighbours, who want to be above a map.
PACKAGES=(systemd systemd-sysv udev dbus dmsetup kpartx fio nvme-cli jq strace
	  e2fsprogs util-linux mount fdisk kmod procps multipath-tools
	  lvm2 mdadm cryptsetup-bin btrfs-progs xfsprogs udisks2)
# Libraries that the project links to: their package names differ from release
# to release, so this machine is asked who owns them.
LIBRARIES=(libdevmapper.so.1.02.1 libudev.so.1 libnvme.so.1 libsystemd.so.0
	   libsmartcols.so.1 libjson-c.so.5)
# The same, and all to build with, on Debian 13
RELEASE_LIBRARIES=(libdevmapper1.02.1 libudev1 libnvme1t64 libsystemd0 libsmartcols1 libjson-c5)
RELEASE_BUILD=(gcc make pkg-config libc6-dev libdevmapper-dev libudev-dev libnvme-dev libsystemd-dev
	       libcmocka-dev libsmartcols-dev libjson-c-dev linux-headers-amd64 linux-image-amd64 kmod)
# Parts of the kernel that the lab has no use for; two thirds of its size.
PRUNE=(sound arch/x86/kvm net/wireless net/bluetooth net/mac80211 drivers/gpu drivers/net drivers/media
       drivers/infiniband drivers/staging drivers/iio drivers/usb drivers/hid drivers/isdn
       drivers/mtd "drivers/scsi/*/" drivers/ata drivers/i2c drivers/watchdog drivers/input drivers/hwmon drivers/platform fs/ocfs2 fs/ceph)

die() {
	echo "image.sh: $*" >&2
	exit 1
}

# quiet LOG COMMAND...: shows the log's end only if the command fails
quiet() {
	local log=$1
	shift
	"$@" >"$log" 2>&1 || {
		tail -n 25 "$log" >&2
		die "failed: $* (log: $log)"
	}
}

# kernel_version [DPKG-QUERY-OPTION]...
kernel_version() {
	local meta=linux-headers-amd64
	[ "$ID" = ubuntu ] && meta=linux-headers-generic
	dpkg-query "$@" -W -f '${Depends}' $meta | tr ',' '\n' |
		sed -n 's/^ *linux-headers-\([0-9][^ ]*\).*/\1/p' | head -n 1
}

sources() {
	if [ -n "$release" ]; then
		find "$vm" -maxdepth 1 -name 'apt.*' -size +0
		return
	fi
	find /etc/apt/sources.list /etc/apt/sources.list.d -maxdepth 1 \
		\( -name '*.list' -o -name '*.sources' \) -size +0 2>/dev/null || true
}

library_packages() {
	local library
	for library in "${LIBRARIES[@]}"; do
		dpkg -S "*/$library" | sed 's/:.*//' | head -n 1
	done
}

# unpack_kernel BZIMAGE: the same kernel as QEMU can start it without unpacking, which
# takes an emulated CPU five seconds. A kernel that isn't packed so stays as it is.
unpack_kernel() {
	local magic unpack at
	for magic in '\xfd7zXZ\x00 xz' '\x28\xb5\x2f\xfd zstd'; do
		unpack=${magic#* }
		LC_ALL=C grep -abPo "${magic% *}" "$1" | cut -d : -f 1 >"$1.places" || true
		while read -r at; do
			# behind the packed kernel there is more, of which both complain
			tail -c "+$((at + 1))" "$1" | "$unpack" -dc >"$1.elf" 2>/dev/null || true
			if [ "$(head -c 4 "$1.elf" | tail -c 3)" = ELF ]; then
				mv "$1.elf" "$1"
				break 2
			fi
		done <"$1.places"
	done
	rm -f "$1.elf" "$1.places"
}

# The packages that together hold the kernel image and its modules.
fetch_kernel() {
	local package
	mkdir -p "$1"
	for package in linux-image linux-modules linux-modules-extra linux-binary; do
		apt-cache show "$package-$KVER" >/dev/null 2>&1 || continue
		(cd "$1" && apt-get -q -o APT::Sandbox::User=root download "$package-$KVER")
	done
	ls "$1"/*.deb >/dev/null
}

configure_base() {
	local tree=$1 unit
	echo nvmemp >"$tree/etc/hostname"
	: >"$tree/etc/fstab"
	echo 4f2d7a0c9b1e4d5f8a6b3c2d1e0f9a8b >"$tree/etc/machine-id"
	chroot "$tree" passwd -q -d root
	install -D -m 755 tests/vm/guest/lab-job "$tree/usr/local/sbin/lab-job"
	# Early, and without the usual dependencies, so that a scenario still
	# runs (and can say why) if a mount at boot fails.
	cat >"$tree/etc/systemd/system/lab-job.service" <<-UNIT
		[Unit]
		Description=Job of the lab
		DefaultDependencies=no
		[Service]
		ExecStart=/usr/local/sbin/lab-job
		KillMode=none
		TimeoutStopSec=5
		[Install]
		WantedBy=sysinit.target
	UNIT
	mkdir -p "$tree/etc/systemd/system/serial-getty@ttyS1.service.d" "$tree/etc/systemd/journald.conf.d"
	printf '[Service]\nExecStart=\nExecStart=-/sbin/agetty --autologin root --noclear -o "-p -f root" %%I 115200 linux\n' \
		>"$tree/etc/systemd/system/serial-getty@ttyS1.service.d/autologin.conf"
	printf '[Journal]\nStorage=volatile\nRateLimitBurst=0\n' >"$tree/etc/systemd/journald.conf.d/lab.conf"
	mkdir -p "$tree/etc/udev/rules.d"
	ln -s /dev/null "$tree/etc/udev/rules.d/60-multipath.rules"
	quiet "$vm/systemctl.log" chroot "$tree" systemctl -q enable lab-job.service
	for unit in serial-getty@ttyS0.service getty@tty1.service apt-daily.timer apt-daily-upgrade.timer \
		    e2scrub_all.timer e2scrub_reap.service fstrim.timer dpkg-db-backup.timer \
		    multipathd.service multipathd.socket \
		    systemd-binfmt.service proc-sys-fs-binfmt_misc.automount nvmf-autoconnect.service \
		    dev-hugepages.mount dev-mqueue.mount sys-fs-fuse-connections.mount uuidd.socket \
		    modprobe@drm.service modprobe@efi_pstore.service modprobe@fuse.service modprobe@loop.service \
		    systemd-logind.service systemd-random-seed.service systemd-sysusers.service \
		    systemd-update-utmp.service systemd-user-sessions.service; do
		quiet "$vm/systemctl.log" chroot "$tree" systemctl -q mask "$unit"
	done
	# a neighbour runs where a scenario starts it
	for unit in udisks2.service lvm2-monitor.service; do
		quiet "$vm/systemctl.log" chroot "$tree" systemctl -q disable "$unit"
	done
}

make_initramfs() {
	local tree=$1 out=$2 dir file modules='virtio_pci virtio_blk ext4'
	dir=$(mktemp -d "$vm/initramfs.XXXXXX")
	mkdir -p "$dir"/{bin,dev,proc,sys,root,modules}
	cp "$(command -v busybox)" "$dir/bin/busybox"
	install -m 755 tests/vm/guest/initramfs-init "$dir/init"
	# a part of the kernel since 6.14
	[ ! -e "$(echo "$tree/lib/modules/$KVER"/kernel/crypto/crc32c_generic.ko*)" ] || modules+=' crc32c_generic'
	# shellcheck disable=SC2086 # words
	modprobe -d "$tree" -S "$KVER" --show-depends -a $modules |
		awk '$1 == "insmod" && !seen[$2]++ { print $2 }' |
		while read -r file; do
			case $file in
			*.xz) xz -dc "$file" >"$dir/modules/$(basename "$file" .xz)" ;;
			*.zst) zstd -qdc "$file" >"$dir/modules/$(basename "$file" .zst)" ;;
			*) cp "$file" "$dir/modules/" ;;
			esac
			basename "$file" | sed 's/\.\(xz\|zst\)$//' >>"$dir/modules/order"
		done
	(cd "$dir" && find . | cpio -o -H newc -R 0:0 2>/dev/null) >"$out"
	rm -rf "$dir"
}

# bootstrap TREE SUITE OPTION... -- PACKAGE...: from the machine's sources, or $release's
bootstrap() {
	local tree=$1 suite=$2 options=() packages
	shift 2
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	shift
	packages=$(printf '%s,' "$@")
	# shellcheck disable=SC2046 # one word for each file of sources
	quiet "$vm/mmdebstrap.log" mmdebstrap --mode=root --variant=minbase --include="${packages%,}" "${options[@]}" \
		--dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' "$suite" "$tree" $(sources)
}

make_own_trees() {
	# shellcheck disable=SC2046 # one word for each package
	bootstrap "$1/tree" "$VERSION_CODENAME" -- "${PACKAGES[@]}" $(library_packages)
	quiet "$vm/kernel.log" fetch_kernel "$1/debs"
	for deb in "$1"/debs/*.deb; do
		dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$1/tree" --keep-directory-symlink
	done
	rm -rf "$1/debs"
}

# The kernel's packages come from the last of the suites: "trixie-backports" means
# those and trixie. Its image is installed where the project is built, and taken
# from there, since the guest wants no initramfs of its own.
make_release_trees() {
	local pin=$vm/pin suite=${release%-backports}
	printf 'Package: src:linux src:linux-signed-amd64 src:linux-base\nPin: release n=%s\nPin-Priority: 990\n' "$release" >"$pin"
	bootstrap "$1/tree" "$suite" -- "${PACKAGES[@]}" "${RELEASE_LIBRARIES[@]}"
	bootstrap "$1/build" "$suite" --setup-hook="mkdir -p \"\$1/etc/apt/preferences.d\"" \
		--setup-hook="cp $pin \"\$1/etc/apt/preferences.d/kernel\"" \
		-- "${RELEASE_BUILD[@]}"
	KVER=$(kernel_version "--admindir=$1/build/var/lib/dpkg")
	[ -n "$KVER" ] || die "$release has no kernel headers"
	mkdir -p "$1/tree/boot" "$1/tree/usr/lib/modules"
	mv "$1/build/boot/vmlinuz-$KVER" "$1/tree/boot/"
	cp -a "$1/build/usr/lib/modules/$KVER" "$1/tree/usr/lib/modules/"
}

make_base() {
	local new=$base.new part
	rm -rf "$vm"/base-* "$new"
	mkdir -p "$new"
	if [ -n "$release" ]; then
		make_release_trees "$new"
	else
		make_own_trees "$new"
	fi
	for part in "${PRUNE[@]}"; do
		# shellcheck disable=SC2086 # a pattern: scsi_mod itself is wanted by dm-multipath
		rm -rf "$new/tree/lib/modules/$KVER"/kernel/$part
	done
	depmod -b "$new/tree" "$KVER"
	mv "$new/tree/boot/vmlinuz-$KVER" "$new/vmlinuz" 2>/dev/null ||
		cp "$new/tree/lib/modules/$KVER/vmlinuz" "$new/vmlinuz"
	unpack_kernel "$new/vmlinuz"
	configure_base "$new/tree"
	make_initramfs "$new/tree" "$new/initrd"
	mv "$new" "$base"
}

# The base's files are shared by hard links: whatever is added here must
# replace files, never write into them (install, ln -f and depmod do).
add_project() {
	local tree=$1
	make -s V= --no-print-directory all
	make -s V= --no-print-directory modules "KVER=$KVER" >"$vm/modules.log" 2>&1 || {
		cat "$vm/modules.log" >&2
		die "the module does not build"
	}
	make -s V= --no-print-directory install "DESTDIR=$PWD/$tree" prefix=/usr
	make -s V= --no-print-directory modules_install "KVER=$KVER" "DESTDIR=$PWD/$tree" >>"$vm/modules.log" 2>&1 || {
		cat "$vm/modules.log" >&2
		die "the module does not install"
	}
	quiet "$vm/systemctl.log" chroot "$tree" systemctl -q enable nvmempd.service
	rm -rf "$vm/modules"
	cp -r tests/vm/modules "$vm/modules"
	quiet "$vm/tests-modules.log" make -s -C "/lib/modules/$KVER/build" "M=$PWD/$vm/modules" modules
	install -D -m 644 -t "$tree/usr/local/lib" "$vm"/modules/*.ko
}

# Makes these targets in the tree of the guest's release. objtool reads /proc; the
# mount ends with the command.
release_make() {
	# shellcheck disable=SC2016 # the inner shell's
	unshare --mount sh -c 'mount -t proc proc "$0/proc" && exec chroot "$0" make -s -C /src V= "$@"' \
		"$base/build" "$@"
}

add_release_project() {
	local tree=$1 build=$base/build
	rm -rf "$build/src"
	mkdir "$build/src"
	git ls-files -z --cached --others --exclude-standard | xargs -0 tar -c | tar -x -C "$build/src"
	quiet "$vm/build.log" release_make all
	quiet "$vm/modules.log" release_make modules "KVER=$KVER"
	quiet "$vm/build.log" release_make install DESTDIR=/src/out prefix=/usr
	quiet "$vm/build.log" release_make modules_install "KVER=$KVER" DESTDIR=/src/out
	quiet "$vm/tests-modules.log" release_make -C "/lib/modules/$KVER/build" M=/src/tests/vm/modules modules
	install -D -m 644 -t "$build/src/out/usr/local/lib" "$build"/src/tests/vm/modules/*.ko
	tar -C "$build/src/out" -c . | tar -x -C "$tree" --keep-directory-symlink
	chroot "$tree" depmod "$KVER"
	quiet "$vm/systemctl.log" chroot "$tree" systemctl -q enable nvmempd.service
}

pack() {
	local tree=$1 size
	size=$(($(du -sm --apparent-size "$tree" | cut -f 1) * 5 / 4 + 200))
	rm -f "$vm/root.img.new"
	quiet "$vm/mke2fs.log" mke2fs -q -t ext4 -m 0 -O ^has_journal -E lazy_itable_init=1 \
		-d "$tree" "$vm/root.img.new" ${size}M
	mv "$vm/root.img.new" "$vm/root.img"
}

# shellcheck source=/dev/null
. /etc/os-release
[ "$(id -u)" = 0 ] || die "needs root (mmdebstrap, file owners)"
if [ -n "$release" ]; then
	suite_source "$vm/apt" "${release%-backports}" "$release"
	base=$vm/base-$(cat "$0" tests/vm/guest/initramfs-init tests/vm/guest/lab-job | sha256sum | cut -c 1-12)
else
	KVER=${KVER:-$(kernel_version)}
	[ -n "$KVER" ] || die "no kernel headers: run tests/setup.sh vm"
	base=$vm/base-$({ cat "$0" tests/vm/guest/initramfs-init tests/vm/guest/lab-job; echo "$KVER $VERSION_CODENAME"; library_packages; } | sha256sum | cut -c 1-12)
fi

exec 8>"$vm/image.lock"
flock 8
if [ ! -d "$base" ]; then
	echo "making the guest (${release:-$VERSION_CODENAME, kernel $KVER}): some minutes, once"
	make_base
fi
[ -z "$release" ] || KVER=$(kernel_version "--admindir=$base/build/var/lib/dpkg")
if [ "${1-}" = unit-run ]; then
	release_make unit-run
	exit
fi
stage=$(mktemp -d "$vm/stage.XXXXXX")
trap 'rm -rf "$stage"' EXIT
cp -al "$base/tree" "$stage/tree"
[ "${LAB_BARE-}" ] || "add_${release:+release_}project" "$stage/tree"
pack "$stage/tree"
ln -f "$base/vmlinuz" "$vm/kernel"
ln -f "$base/initrd" "$vm/initrd"
