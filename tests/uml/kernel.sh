#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Builds a user-mode kernel (ARCH=um) into build/uml/KIND, and the module of
# kernel/ against it:
#   tests/uml/kernel.sh sanitize | sanitize-smp | plain-smp
# The kernel is kept until the configuration or the source package changes.
# Prints where the two are. JOBS=N: for make.
set -euo pipefail
cd "$(dirname "$0")/../.."
top=$PWD
uml=$top/build/uml
kind=${1-}
case $kind in
plain-smp) fragments='tests/uml/common.config tests/uml/smp.config tests/uml/trace.config' ;;
sanitize) fragments='tests/uml/common.config tests/uml/sanitize.config' ;;
sanitize-smp) fragments='tests/uml/common.config tests/uml/sanitize.config tests/uml/smp.config' ;;
*)
	echo "usage: $0 sanitize|sanitize-smp|plain-smp" >&2
	exit 2
	;;
esac
out=$uml/$kind
log=$uml/$kind.log

die() {
	echo "$0: $*" >&2
	exit 1
}

# logged COMMAND...: its output goes to the log
logged() {
	"$@" >>"$log" 2>&1 </dev/null && return
	tail -n 20 "$log" >&2
	die "failed: $* (log: $log)"
}

# What olddefconfig can't give is dropped without a word: that must not pass.
check_config() {
	local line lost=
	while read -r line; do
		case $line in
		*=n) ! grep -q "^${line%=n}=" "$out/.config" || lost+=" $line" ;;
		*) grep -qx "$line" "$out/.config" || lost+=" $line" ;;
		esac
	done < <(sed -n '/^CONFIG_/p' "$@")
	[ -z "$lost" ] || die "this kernel does not take:$lost"
}

mkdir -p "$uml"
exec {lock}>"$uml/source.lock"
flock "$lock"
tests/setup.sh uml >&2
exec {lock}>&-
source=$(echo "$uml"/linux-source-*/)
source=${source%/}
[ -f "$source/Makefile" ] || die "not one kernel source in $uml"

exec {lock}>"$uml/$kind.lock"
flock "$lock"
# shellcheck disable=SC2086
stamp=$(cat "$source/.package" && grep -h '^CONFIG_' $fragments)
if [ ! -x "$out/linux" ] || [ "$(cat "$out/.stamp" 2>/dev/null)" != "$stamp" ]; then
	echo "building the $kind user-mode kernel (${source##*/}, about 10 minutes)" >&2
	mkdir -p "$out"
	rm -f "$out/.stamp"
	: >"$log"
	logged make -s -C "$source" ARCH=um "O=$out" defconfig
	# shellcheck disable=SC2086 # a list of files
	cat $fragments >>"$out/.config"
	logged make -s -C "$source" ARCH=um "O=$out" olddefconfig
	# shellcheck disable=SC2086
	check_config $fragments
	logged nice make -s -C "$source" ARCH=um "O=$out" "-j${JOBS:-$(nproc)}" linux modules
	printf '%s\n' "$stamp" >"$out/.stamp"
fi

# Nobody clears the shadow of a module that went: without this, the red zones of its
# globals are still there when the next is loaded to the same place, and reported.
watched=()
[ "$kind" = plain-smp ] ||
	watched=(kasan_params='asan-instrumentation-with-call-threshold=0 asan-stack=1 asan-instrument-allocas=1 asan-globals=0')

module=$uml/module-$kind
mkdir -p "$module"
cp -pu kernel/*.[ch] kernel/Kbuild "$module/"
# generated for another kernel, it would make a module that this one refuses
rm -f "$module"/*.mod.c
: >"$module/log"
log=$module/log
logged make -s -C "$out" ARCH=um "M=$module" "${watched[@]}" modules
printf '%s\n%s\n' "$out/linux" "$module/dm-nvmemp.ko"
