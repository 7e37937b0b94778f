#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2034,SC2154 # shared with lib.sh
# `make demo`: builds the guest, boots it with an NVMe subsystem of two
# controllers, and shows the main job (tests/vm/guest/demo). DEMO_SHELL=1 leaves
# a shell in the guest at the end. Exit code 0, or 1 and the reason.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/vm/lib.sh
. tests/vm/lib.sh

dir=$vm/demo
lab_quiet=
trap 'vm_kill' EXIT
trap 'exit 1' INT TERM

if [ -t 1 ]; then
	bold=$'\033[1m' plain=$'\033[0m'
else
	bold='' plain=''
fi

# What explains a step stands out; what a failed machine says of itself is for the log.
lab_output() {
	printf '%s\n' "$1" >>"$dir/log"
	case $1 in
	'--- diagnosis') lab_quiet=1 ;;
	esac
	[ -z "$lab_quiet" ] || return 0
	case $1 in
	'==> '*) printf '\n%s%s%s\n' "$bold" "$1" "$plain" ;;
	*) printf '%s\n' "$1" ;;
	esac
}

# The guest's second serial line, until Ctrl-]
vm_host_shell() {
	socat STDIO,raw,echo=0,escape=0x1d "UNIX-CONNECT:$dir/shell" </dev/tty >/dev/tty || true
}

printf '%s==> building nvmemp, and a Debian machine with it in build/vm%s\n' "$bold" "$plain"
tests/vm/image.sh

rm -rf "$dir"
mkdir -p "$dir/job"
cp tests/vm/guest/demo "$dir/job/script"
printf 'VARIANT=\nPOWEROFF=\nDEMO_SHELL=%s\n' "${DEMO_SHELL-}" >"$dir/job/env"
vm_args=() VM_EXTRA=()
if [ -n "${DEMO_SHELL-}" ]; then
	if ! { : </dev/tty; } 2>/dev/null; then
		echo "demo: DEMO_SHELL=1 needs a terminal" >&2
		exit 1
	fi
	VM_EXTRA=(-chardev "socket,id=shell,path=$dir/shell,server=on,wait=off" -serial chardev:shell)
	VM_TIMEOUT=86400
fi
vm_topology_pcie2 "$dir"
vm_pack_job "$dir" ''
printf '%s==> booting it: QEMU emulates the processor, so this takes half a minute%s\n' "$bold" "$plain"
vm_run "$dir" nvme_core.multipath=N
rm -f "$dir"/*.img
if [ "$vm_result" != ok ]; then
	printf '\ndemo: failed: %s (log: %s)\n' "$vm_reason" "$dir/log" >&2
	exit 1
fi
printf '\n%sdone: 0 I/O errors%s\n' "$bold" "$plain"
