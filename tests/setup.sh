#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Installs what a part of this project needs and this machine lacks:
#   tests/setup.sh unit    compiler, libraries, cmocka; promtool
#   tests/setup.sh vm      that, and all for virtual machines (also: demo)
#   tests/setup.sh fuzz    unit's, and clang's libFuzzer
#   tests/setup.sh uml     unit's, and all for user-mode kernels; their source
#   tests/setup.sh static  unit's, kernel headers, and what looks at sources
# Debian 12 and 13, and Ubuntu. Not root: prints the command to run, exits 1.
set -eu
cd "$(dirname "$0")/.."
top=$(pwd)
# shellcheck source=tests/sources.sh
. tests/sources.sh

UNIT='gcc make pkg-config libc6-dev libdevmapper-dev libudev-dev libnvme-dev libsystemd-dev
	libcmocka-dev libsmartcols-dev libjson-c-dev mandoc python3-prometheus-client abigail-tools rpm'
VM='mmdebstrap busybox-static cpio kmod e2fsprogs fdisk xz-utils socat'
FUZZ='clang libclang-rt-dev'
STATIC='cppcheck clang-tidy shellcheck sparse coccinelle xz-utils'
UML='flex bison bc iproute2 libelf-dev libssl-dev xz-utils kmod util-linux dmsetup fio nvme-cli'

# The first QEMU whose NVMe controller can do without its doorbell buffer
# (dbcs=off): with the buffer, commands are lost after a controller reset.
QEMU_FLOOR=1:8.1

# User-mode kernels have SMP since 6.19. From another suite than the machine's,
# and only unpacked; the newest there, should this one have left it.
UML_SUITE=trixie-backports
UML_SOURCE=linux-source-7.2

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

# own_apt DIR: prepares it for the apt of apt_in
own_apt() {
	rm -rf "$1"
	mkdir -p "$1/lists/partial" "$1/archives/partial" "$1/parts"
}

# apt_in DIR TOOL ARGUMENT...: apt that knows the sources of suite_source only
apt_in() {
	in=$1 tool=$2
	shift 2
	"$tool" -q -o Dir::Etc::sourcelist=/dev/null -o "Dir::Etc::sourceparts=$in/parts" \
		-o "Dir::State::lists=$in/lists" -o "Dir::Cache::archives=$in/archives" \
		-o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= \
		-o Debug::NoLocking=1 -o APT::Install-Recommends=false -o APT::Keep-Downloaded-Packages=true "$@"
}

# Puts the backported QEMU, with all that it needs and is not installed, below
# build/qemu; the machine's own packages stay as they are.
unpack_backported_qemu() {
	apt=$top/build/qemu-apt
	rm -rf build/qemu
	own_apt "$apt"
	suite_source "$apt/parts/lab" "$VERSION_CODENAME" "$VERSION_CODENAME-backports"
	quiet apt_in "$apt" apt-get update
	quiet apt_in "$apt" apt-get -y --download-only -t "$VERSION_CODENAME-backports" install qemu-system-x86
	for deb in "$apt"/archives/*.deb; do
		dpkg -x "$deb" build/qemu.new
	done
	mv build/qemu.new build/qemu
	rm -rf "$apt"
	own_qemu_will_do || die "the QEMU in build/qemu does not run, or is too old"
}

# build/promtool: the one file of its package, which would install a server
unpack_promtool() {
	rm -rf build/promtool.new
	mkdir build/promtool.new
	chmod 777 build/promtool.new	# apt downloads as another user
	(cd build/promtool.new && quiet apt-get -q download prometheus)
	dpkg-deb --fsys-tarfile build/promtool.new/prometheus_*.deb | tar -xOf - ./usr/bin/promtool >build/promtool.new/promtool
	chmod 755 build/promtool.new/promtool
	mv build/promtool.new/promtool build/promtool
	rm -rf build/promtool.new
}

# build/static/scripts: checkpatch and the semantic patches, from the source of the
# release's own kernel
unpack_kernel_scripts() {
	source=$(apt-cache depends linux-source | sed -n 's/^ *Depends: \(linux-source-[0-9.]*\)$/\1/p' | head -n 1)
	[ -n "$source" ] || die "no package linux-source here"
	rm -rf build/static
	mkdir -p build/static/new
	chmod 777 build/static/new	# apt downloads as another user
	(cd build/static/new && quiet apt-get -q download "$source")
	dpkg-deb --fsys-tarfile "build/static/new/$source"_*.deb | tar -xOf - "./usr/src/$source.tar.xz" |
		tar -xJf - -C build/static/new --strip-components=1 "$source/scripts/checkpatch.pl" "$source/scripts/spelling.txt" \
			"$source/scripts/const_structs.checkpatch" "$source/scripts/coccinelle"
	mv build/static/new/scripts build/static/scripts
	rm -rf build/static/new
}

# build/uml/linux-source-N: its file .package is the last that is written
unpack_uml_source() {
	[ "$ID" = debian ] || die "user-mode kernels are built from Debian's kernel source: no such suite here"
	apt=$top/build/uml/apt
	rm -rf build/uml/linux-source-*
	own_apt "$apt"
	suite_source "$apt/parts/lab" "$UML_SUITE"
	quiet apt_in "$apt" apt-get update
	names=$(apt_in "$apt" apt-cache pkgnames linux-source- | grep -x 'linux-source-[0-9.]*' | sort -V)
	source=$(printf '%s\n' "$names" | grep -x "$UML_SOURCE" || printf '%s\n' "$names" | tail -n 1)
	[ -n "$source" ] || die "no kernel source in $UML_SUITE"
	(cd "$apt" && quiet apt_in "$apt" apt-get download "$source")
	dpkg -x "$apt/$source"_*.deb "$apt/x"
	tar -C build/uml -xf "$apt/x/usr/src/$source.tar.xz"
	basename "$apt/$source"_*.deb >"build/uml/$source/.package"
	rm -rf "$apt"
}

part=${1-}
case $part in
unit | fuzz | vm | demo | uml | static) ;;
*)
	echo "usage: $0 unit|fuzz|vm|demo|uml|static" >&2
	exit 2
	;;
esac
[ -e /etc/os-release ] || die "no /etc/os-release: Debian or Ubuntu is needed"
# shellcheck source=/dev/null
. /etc/os-release
command -v apt-get >/dev/null || die "no apt-get: install by hand: $UNIT $VM $FUZZ $UML $STATIC"
mkdir -p build
log=$(mktemp "$top/build/setup.XXXXXX")
trap 'rm -f "$log"' EXIT

case $part in
unit) more= ;;
static) more=$STATIC ;;
fuzz) more=$FUZZ ;;
uml) more=$UML ;;
*) more=$VM ;;
esac
# shellcheck disable=SC2086 # lists of words
need=$(lacking $UNIT $more)
if [ "$more" = "$VM" ] || [ "$part" = static ]; then
	headers=$(headers_package)
	headers_are_current "$headers" || need="$need$headers "
fi
if [ "$more" = "$VM" ]; then
	if ! qemu_will_do && ! own_qemu_will_do; then
		version=$(candidate qemu-system-x86 || true)
		if [ -n "$version" ] && dpkg --compare-versions "$version" ge "$QEMU_FLOOR"; then
			need="${need}qemu-system-x86 "
		else
			backport=1
		fi
	fi
fi
fetch=
if [ "$part" = uml ] && ! [ -e "$(echo build/uml/linux-source-*/.package)" ]; then
	fetch=1
fi
if [ "$part" = static ] && ! [ -d build/static/scripts ]; then
	fetch=1
fi
promtool=
command -v promtool >/dev/null || [ -x build/promtool ] || promtool=1
[ -n "$need" ] || [ -n "${backport-}" ] || [ -n "$fetch" ] || [ -n "$promtool" ] || exit 0
if [ "$(id -u)" != 0 ] && { [ -n "$need" ] || [ -n "${backport-}" ]; }; then
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
if [ -n "$promtool" ]; then
	echo "unpacking promtool into build"
	unpack_promtool
fi
if [ -n "$fetch" ] && [ "$part" = static ]; then
	echo "unpacking checkpatch and coccinelle's scripts into build/static"
	unpack_kernel_scripts
elif [ -n "$fetch" ]; then
	echo "unpacking $UML_SOURCE from $UML_SUITE into build/uml"
	unpack_uml_source
fi
