#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2317 # functions that are arguments of step
# `make check-packages`: builds the packages in a clean Debian of this machine's release
# (VM_RELEASE=trixie: of that one), asks lintian, and runs machines with them (all, or
# those that are named; their scripts and drawings are in tests/vm/packages):
#   install           installs, reboots, upgrades and removes them
#   boot, boot-dracut the root file system is on a map, and paths go while it boots
#   off               the same disk, with nvmemp=off
# -n: only the machines, with what was built for them before. V=1: shows what they say.
# The last line is "N passed, N failed, N skipped"; logs are in build/vm/logs/packages-*.
set -euo pipefail
cd "$(dirname "$0")/../.."
# two modules are compiled in a machine that has no KVM
VM_TIMEOUT=${VM_TIMEOUT:-7200}
# shellcheck source=tests/vm/lib.sh
. tests/vm/lib.sh

work=$vm/packages
logs=${VM_LOGS:-$vm/logs}
root_uuid=3f9c1f0a-7a55-4b0c-8d0e-5e1b0a6d2c11
passed=0 failed=0
trap 'vm_kill' EXIT
trap 'exit 1' INT TERM

verdict() {
	if [ "$1" = ok ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
	fi
	echo "$*"
}

lab_output() {
	printf '%s\n' "$1" >>"$run_log"
	[ -z "${V-}" ] || printf '    %s\n' "$1"
}

# A tree of hard links to the base's files: whoever writes replaces them (dpkg and
# depmod do).
stage() {
	rm -rf "$1"
	cp -al "$tree" "$1"
	mkdir -p "$1/opt"
}

# in_tree TREE COMMAND...
in_tree() {
	# shellcheck disable=SC2016 # the inner shell's
	unshare --mount sh -c 'mount -t proc proc "$0/proc" && exec chroot "$0" "$@"' \
		"$1" env LC_ALL=C DEBIAN_FRONTEND=noninteractive "${@:2}"
}

# step NAME COMMAND...: with its output in a log; sets $status. Never in a condition,
# where bash would go on after a command of COMMAND that failed.
step() {
	local name=$1 log=$logs/packages-$1.log began=$SECONDS
	shift
	set +e
	(set -e; "$@") >"$log" 2>&1
	status=$?
	set -e
	if [ $status = 0 ]; then
		verdict ok "$name ($((SECONDS - began)) s)"
	else
		tail -n 20 "$log"
		verdict FAIL "$name: see $log"
	fi
}

finish() {
	printf '%d passed, %d failed, 0 skipped\n' $passed $failed
	[ $failed = 0 ]
	exit
}

# build WHICH OPTION...: into $work/WHICH
build() {
	in_tree "$work/build" sh -c 'cd /src/nvmemp && exec dpkg-buildpackage -us -uc "$@"' sh "${@:2}"
	rm -rf "${work:?}/$1"
	mkdir "$work/$1"
	find "$work/build/src" -maxdepth 1 -type f -exec mv -t "$work/$1" {} +
}

build_first() {
	stage "$work/build"
	mkdir -p "$work/build/src/nvmemp"
	git ls-files -z --cached --others --exclude-standard | xargs -0 tar -c | tar -x -C "$work/build/src/nvmemp"
	build first
}

# As the next version will be: what knows its number is what test_packages.sh lists
build_next() {
	local version
	version=$(sed -n 's/^VERSION := //p' Makefile)
	(cd "$work/build/src/nvmemp" &&
		sed -i "s/${version//./\\.}/$version.1/" Makefile debian/changelog kernel/dkms.conf nvmemp.spec)
	DEB_BUILD_OPTIONS=nocheck build next -b
}

run_lintian() {
	cp "$work"/first/* "$work/build/src/"
	in_tree "$work/build" sh -c 'lintian --fail-on error,warning /src/*.changes'
}

# pack TREE IMAGE OPTION...: an ext4 file system
pack() {
	local size
	size=$(($(du -sm --apparent-size "$1" | cut -f 1) * 5 / 4 + 500))
	mke2fs -q -F -t ext4 -m 0 -E "lazy_itable_init=1,offset=${4:-0}" -U "$3" -d "$1" "$2" "${size}M"
}

put_packages() {
	local which
	for which in first next; do
		mkdir -p "$1/opt/$which"
		cp "$work/$which"/*.deb "$1/opt/$which/"
		rm "$1/opt/$which"/*dbgsym*
	done
}

image_install() {
	local new=$work/stage
	stage "$new"
	put_packages "$new"
	rm -f "$work/root.img"
	pack "$new" "$work/root.img" "$root_uuid"
	boot_files "$new" "$work/install" "initrd.img-$(basename "$new"/lib/modules/*)"
	rm -rf "$new"
}

# boot_files TREE FOLDER INITRD: where QEMU takes them from
boot_files() {
	mkdir -p "$2"
	cp "$1"/boot/vmlinuz-* "$2/kernel"
	cp "$1/boot/$3" "$2/initrd"
}

# As an administrator would: the packages, the option, an initramfs
image_boot() {
	local new=$work/stage version
	stage "$new"
	put_packages "$new"
	version=$(basename "$new"/lib/modules/*)
	echo "UUID=$root_uuid / ext4 defaults 0 1" >"$new/etc/fstab"
	echo 'options nvme_core multipath=N' >"$new/etc/modprobe.d/nvme.conf"
	install -D -m 755 tests/vm/packages/lab-initramfs "$new/etc/initramfs-tools/scripts/init-bottom/lab"
	install -D -m 755 tests/vm/packages/lab-initramfs "$new/usr/lib/dracut/modules.d/99lab/lab.sh"
	cat >"$new/usr/lib/dracut/modules.d/99lab/module-setup.sh" <<-'SETUP'
		install() {
			inst_multiple mkdir mount
			inst_hook pre-pivot 99 "$moddir/lab.sh"
		}
	SETUP
	in_tree "$new" sh -c 'apt-get install -y --no-install-recommends /opt/first/*.deb'
	boot_files "$new" "$work/boot" "initrd.img-$version"
	in_tree "$new" dracut --force --no-hostonly --kver "$version" /boot/initrd.dracut
	boot_files "$new" "$work/boot-dracut" initrd.dracut
	rm "$new/boot/initrd.dracut"
	rm -f "$work/disk.img"
	truncate -s 8G "$work/disk.img"
	echo '2048,7G,L' | sfdisk -q -X gpt "$work/disk.img"
	pack "$new" "$work/disk.img" "$root_uuid" $((2048 * 512))
	rm -rf "$new"
}

# prepare NAME SCRIPT: folder, topology and job; sets $dir
prepare() {
	dir=$logs/packages-$1
	rm -rf "$dir"
	mkdir -p "$dir/job"
	run_log=$dir/log
	: >"$run_log"
	cp "tests/vm/packages/$2.sh" "$dir/job/script"
	printf 'VARIANT=%s\nPOWEROFF=clean\nuuid=%s\n' "$1" "$root_uuid" >"$dir/job/env"
	vm_args=() vm_reboot=()
	vm_topology_pcie2 "$dir"
	vm_pack_job "$dir" ''
}

machine() {
	vm_run "$dir" "$2"
	rm -f "$dir"/*.img
	if [ "$vm_result" = ok ]; then
		verdict ok "$1 ($vm_seconds s)"
	else
		verdict FAIL "$1: $vm_reason (log: $run_log)"
	fi
}

run_install() {
	prepare install install
	vm_disk_format "$dir/d0.img" 6c1f0d52-40ab-4d8e-9f53-21d1f0f4a7b1
	vm_boot=$work/install
	vm_root='root=/dev/vda rw'
	vm_drives=(-drive "file=$work/root.img,if=none,id=root,format=raw,snapshot=on,cache=unsafe"
		   -device "virtio-blk-pci,drive=root,serial=root")
	machine install nvme_core.multipath=N
}

# on_map NAME SCRIPT CMDLINE: from the disk behind both controllers
on_map() {
	prepare "$1" "$2"
	cp --sparse=always "$work/disk.img" "$dir/d0.img"
	vm_boot=$work/$1
	[ -d "$vm_boot" ] || vm_boot=$work/boot
	vm_root=root=UUID=$root_uuid
	vm_drives=()
	machine "$1" "$3"
}

# The first controller goes once, when the initramfs has made the map: there, the daemon
# says so on the console; with dracut it talks to the journal, and the kernel tells of
# the mount.
run_boot() {
	ticked=
	lab_tick() {
		[ -z "$ticked" ] && grep -qsE 'nvmempd: ready|EXT4-fs \(dm-1\): mounted' "$dir/console.log" || return 0
		ticked=1
		lab_output "host: the map is there: c0 goes"
		vm_unplug c0 || lab_output "host: $vm_answer"
	}
	on_map "$1" boot loglevel=7
	lab_tick() {
		:
	}
}

if [ "$(id -u)" != 0 ]; then
	echo "packages.sh: needs root (mmdebstrap, file owners)" >&2
	exit 1
fi
as_is=
if [ "${1-}" = -n ]; then
	as_is=1
	shift
fi
[ $# -gt 0 ] || set -- install boot boot-dracut off
for name; do
	case $name in
	install | boot | boot-dracut | off) ;;
	*)
		echo "packages.sh: no machine named $name" >&2
		exit 2
		;;
	esac
done
mkdir -p "$work" "$logs"
if [ -z "$as_is" ]; then
	tree=$(tests/vm/packages-tree.sh)
	step build build_first
	[ $status = 0 ] || finish
	step build-next build_next
	[ $status = 0 ] || finish
	step lintian run_lintian
	step image-install image_install
	[ $status = 0 ] || finish
	step image-boot image_boot
	[ $status = 0 ] || finish
fi
for name; do
	case $name in
	install) run_install ;;
	off) on_map off off nvmemp=off ;;
	*) run_boot "$name" ;;
	esac
done
finish
