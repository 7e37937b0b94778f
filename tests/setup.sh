#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Installs what a part of this project needs and this machine lacks:
#   tests/setup.sh unit    compiler, libraries, cmocka
#   tests/setup.sh vm      that, and all for virtual machines (also: demo)
# Debian 12 and 13, and Ubuntu. Not root: prints the command to run, exits 1.
set -eu
cd "$(dirname "$0")/.."
top=$(pwd)

UNIT='gcc make pkg-config libc6-dev libdevmapper-dev libudev-dev libnvme-dev libsystemd-dev
	libcmocka-dev libsmartcols-dev libjson-c-dev'
VM='mmdebstrap busybox-static cpio kmod e2fsprogs fdisk xz-utils socat'

# The first QEMU whose NVMe controller can do without its doorbell buffer
# (dbcs=off): with the buffer, commands are lost after a controller reset.
QEMU_FLOOR=1:8.1

die() {
	echo "$0: $*" >&2
	exit 1
}

quiet() {
	if ! "$@" >"$log" 2>&1; then
		tail -n 20 "$log" >&2
		die "failed: $*"
	fi
}

installed() {
	case $(dpkg-query -W -f '${db:Status-Abbrev}' "$1" 2>/dev/null) in
	i?*) return 0 ;;
	esac
	return 1
}

lacking() {
	for package; do
		installed "$package" || printf '%s ' "$package"
	done
}

candidate() {
	apt-cache policy "$1" 2>/dev/null | sed -n 's/^  Candidate: //p' | grep -v none
}

# Headers for the kernel that the guest will run: the distribution's current
# one, since only its image is sure to be in the archive.
headers_package() {
	case $ID in
	ubuntu) echo linux-headers-generic ;;
	*) echo "linux-headers-$(dpkg --print-architecture)" ;;
	esac
}

headers_are_current() {
	installed "$1" && [ "$(dpkg-query -W -f '${Version}' "$1")" = "$(candidate "$1")" ]
}

qemu_will_do() {
	command -v qemu-system-x86_64 >/dev/null &&
		qemu-system-x86_64 -device nvme,help 2>/dev/null | grep -q dbcs
}

own_qemu_will_do() {
	tests/vm/qemu -device nvme,help 2>/dev/null | grep -q dbcs
}

# The machine's own source entries with the backports suite in addition.
backports_source() {
	for file in /etc/apt/sources.list.d/*.sources; do
		[ -e "$file" ] || continue
		awk -v c="$VERSION_CODENAME" 'BEGIN { RS = ""; ORS = "\n\n" }
			$0 ~ "Suites:([^\n]* )?" c "( |\n|$)" {
				sub(/Suites:[^\n]*/, "Suites: " c " " c "-backports"); print }' "$file"
	done >"$1/parts/lab.sources"
	cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null |
		awk -v c="$VERSION_CODENAME" '$1 == "deb" {
			for (i = 2; i <= NF; i++) if ($i == c) { print; $i = c "-backports"; print }
		}' >"$1/parts/lab.list"
	[ -s "$1/parts/lab.sources" ] || [ -s "$1/parts/lab.list" ]
}

# Puts the backported QEMU, with all that it needs and is not installed, below
# build/qemu; the machine's own packages stay as they are.
unpack_backported_qemu() {
	apt=$top/build/qemu-apt
	rm -rf "$apt" build/qemu
	mkdir -p "$apt/lists/partial" "$apt/archives/partial" "$apt/parts"
	backports_source "$apt" || die "no source entry for $VERSION_CODENAME in /etc/apt"
	set -- apt-get -q -y -o Dir::Etc::sourcelist=/dev/null -o "Dir::Etc::sourceparts=$apt/parts" \
		-o "Dir::State::lists=$apt/lists" -o "Dir::Cache::archives=$apt/archives" \
		-o Debug::NoLocking=1 -o APT::Install-Recommends=false -o APT::Keep-Downloaded-Packages=true
	quiet "$@" update
	quiet "$@" --download-only -t "$VERSION_CODENAME-backports" install qemu-system-x86
	for deb in "$apt"/archives/*.deb; do
		dpkg -x "$deb" build/qemu.new
	done
	mv build/qemu.new build/qemu
	rm -rf "$apt"
	own_qemu_will_do || die "the QEMU in build/qemu does not run, or is too old"
}

part=${1-}
case $part in
unit | vm | demo) ;;
*)
	echo "usage: $0 unit|vm|demo" >&2
	exit 2
	;;
esac
[ -e /etc/os-release ] || die "no /etc/os-release: Debian or Ubuntu is needed"
# shellcheck source=/dev/null
. /etc/os-release
command -v apt-get >/dev/null || die "no apt-get: install by hand: $UNIT $VM"
mkdir -p build
log=$(mktemp build/setup.XXXXXX)
trap 'rm -f "$log"' EXIT

[ "$part" = unit ] && VM=
# shellcheck disable=SC2086 # lists of words
need=$(lacking $UNIT $VM)
if [ "$part" != unit ]; then
	headers=$(headers_package)
	headers_are_current "$headers" || need="$need$headers "
	if ! qemu_will_do && ! own_qemu_will_do; then
		version=$(candidate qemu-system-x86 || true)
		if [ -n "$version" ] && dpkg --compare-versions "$version" ge "$QEMU_FLOOR"; then
			need="${need}qemu-system-x86 "
		else
			backport=1
		fi
	fi
fi
[ -n "$need" ] || [ -n "${backport-}" ] || exit 0
if [ "$(id -u)" != 0 ]; then
	echo "to install what is lacking (${need}${backport:+and a backported QEMU}), run: sudo tests/setup.sh $part" >&2
	exit 1
fi
export DEBIAN_FRONTEND=noninteractive
if [ -n "$need" ]; then
	printf 'installing %s\n' "$need"
	set -- apt-get -q -y -o DPkg::Lock::Timeout=600 -o APT::Install-Recommends=false
	# shellcheck disable=SC2086 # a list of words
	if ! "$@" install $need >"$log" 2>&1; then
		quiet "$@" update
		quiet "$@" install $need
	fi
fi
if [ -n "${backport-}" ]; then
	echo "unpacking QEMU from $VERSION_CODENAME-backports into build/qemu"
	unpack_backported_qemu
fi
