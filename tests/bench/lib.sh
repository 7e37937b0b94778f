# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# What the benches share: a guest that is a small initramfs (busybox, dmsetup,
# load, the modules) on a stock kernel, so that it boots in seconds and nothing
# but the load runs in it.

out=build/bench
vm=build/vm
mkdir -p $out

die() {
	echo "${0##*/}: $*" >&2
	exit 1
}

# bench_kernel: sets $tree, the lab's userland, and $KVER, $KDIR, $kernel and
# $modules (below it, lib/modules): a stock kernel with all its modules, since
# the lab's guest has no SCSI, which dm-multipath links to. KERNEL=6.12 takes that
# series of Debian's, if the archive has it, instead of the lab's own.
bench_kernel() {
	local own package
	compgen -G "$vm/base-*/tree" >/dev/null || LAB_BARE=1 tests/vm/image.sh
	tree=$(echo $vm/base-*/tree)
	[ -d "$tree" ] || die "not one tree: $tree"
	KVER=$(basename "$tree"/lib/modules/*)
	[ -z "${KERNEL-}" ] || KVER=$(apt-cache depends "linux-headers-$KERNEL-amd64" | sed -n 's/^ *Depends: linux-headers-//p')
	KDIR=/lib/modules/$KVER/build
	[ -d "$KDIR" ] || apt-get -q -y -o DPkg::Lock::Timeout=600 -o APT::Install-Recommends=false install \
		"linux-headers-$KVER" >$out/headers.log 2>&1 || die "no headers of '$KVER', see $out/headers.log"
	modules=$out/kernel-$KVER
	kernel=$modules/boot/vmlinuz-$KVER
	[ ! -d "$modules" ] || return 0
	own=$(mktemp -d $out/kernel.XXXXXX)
	(cd "$own" && apt-get -qq -o APT::Sandbox::User=root download "linux-image-$KVER") || die "no kernel $KVER in the archive"
	for package in "$own"/*.deb; do
		dpkg-deb -x "$package" "$own"
		rm "$package"
	done
	# where newer kernels' packages have it
	[ -e "$own/boot/vmlinuz-$KVER" ] || { mkdir -p "$own/boot"; cp "$own"/usr/lib/modules/*/vmlinuz "$own/boot/vmlinuz-$KVER"; }
	depmod -b "$own" "$KVER"
	mv "$own" "$modules"
}

# bench_build DIR KERNEL-TREE MAKE-ARGUMENT...: builds kernel/ as it is in DIR; sets $module
bench_build() {
	local dir=$1 kdir=$2
	# for a kernel that was configured again, all is
	[ ! "$kdir/.config" -nt "$dir/log" ] || rm -rf "$dir"
	mkdir -p "$dir"
	# what did not change is not built again; *.mod.c is generated, for another kernel
	find kernel -maxdepth 1 \( -name '*.[ch]' -o -name Kbuild \) ! -name '*.mod.c' -exec cp -pu {} "$dir/" \;
	make -s -C "$kdir" "M=$PWD/$dir" CONFIG_DEBUG_INFO_BTF_MODULES= "${@:3}" modules >"$dir/log" 2>&1 || {
		tail -n 20 "$dir/log" >&2
		die "the module does not build"
	}
	module=$dir/dm-nvmemp.ko
}

# bench_module: sets $module to $MODULE, or to one built for the guest's kernel
bench_module() {
	module=${MODULE-}
	[ -n "$module" ] || bench_build "$out/module-$KVER" "$KDIR"
	[ -e "$module" ] || die "no module $module"
}

bench_load() {
	gcc -static -O2 -Wall -Wextra -o $out/load tests/bench/load.c
}

# bench_initrd FILE MODULE...: with those modules of the guest's kernel and what they need
bench_initrd() {
	local file=$1 dir path tool=/usr/sbin/dmsetup
	shift
	dir=$(mktemp -d $out/initrd.XXXXXX)
	mkdir -p "$dir"/{bin,sbin,modules}
	cp "$(command -v busybox)" "$dir/bin/busybox"
	cp $out/load "$dir/bin/"
	cp $out/cells tests/bench/devices.sh "$dir/"
	install -m 755 tests/bench/guest-init "$dir/init"
	for path in $tool $(chroot "$tree" ldd $tool | grep -o '/[^ ]*'); do
		install -D -m 755 "$tree$path" "$dir$path"
	done
	# one that this kernel doesn't have is left out
	{ modprobe -d "$modules" -S "$KVER" --show-depends -a "$@" 2>/dev/null || true; } |
		awk '$1 == "insmod" && !seen[$2]++ { print $2 }' | while read -r path; do
			case $path in
			*.xz) xz -dc "$path" >"$dir/modules/$(basename "$path" .xz)" ;;
			*) cp "$path" "$dir/modules/" ;;
			esac
			basename "$path" .xz >>"$dir/modules/order"
		done
	strip -g -o "$dir/modules/dm-nvmemp.ko" "$module"
	echo dm-nvmemp.ko >>"$dir/modules/order"
	(cd "$dir" && find . | cpio -o -H newc -R 0:0 2>/dev/null) >"$file"
	rm -rf "$dir"
}

# bench_ended: the guest did all of its work
bench_ended() {
	grep -q '^@end' $out/answers || die "the guest did not end its work, see $out/console.log"
	! grep '^@error' $out/answers || die "see $out/console.log"
}

# bench_skipped: devices that this kernel or module doesn't have
bench_skipped() {
	grep '^@skip' $out/answers | awk '!seen[$2]++ { $1 = "skipped:"; $3 = ""; print }' || true
}

# The answers of one workload as a table: what each device adds to raw, and that
# as a ratio to what dm-linear adds
bench_added() {
	awk -v title="$1" -v paths="$2" -v how="$3" -v block="$4" -v depth="$5" '
	BEGIN { printf "\n%s\n%-26s %12s %12s\n", title, "device", "instructions", "to dm-linear" }
	$1 == "@" && $3 == paths && $4 == how && $5 == block && $6 == depth {
		if ($2 == "raw") { raw = $7; printf "%-26s %12.0f\n", "(raw path itself)", raw; next }
		if ($2 == "linear") linear = $7 - raw
		printf "%-26s %12.0f %12.3f\n", $2, $7 - raw, ($7 - raw) / linear
	}' $out/answers
}

# bench_boot INITRD OPTION...: one CPU, one nanosecond for each instruction; the
# guest's answers on standard output. CMDLINE: more kernel arguments
CMDLINE=
bench_boot() {
	local initrd=$1
	shift
	tests/vm/qemu -machine q35 -accel tcg -icount shift=0,sleep=off -cpu max -smp 1 -m 1000 \
		-nodefaults -display none -no-reboot -no-user-config -kernel "$kernel" -initrd "$initrd" \
		-append "console=ttyS0 quiet loglevel=1 panic=-1 mitigations=off audit=0 $CMDLINE" \
		-serial "file:$out/console.log" "$@" </dev/null
	tr -d '\r' <$out/console.log | grep '^@' || true
}
