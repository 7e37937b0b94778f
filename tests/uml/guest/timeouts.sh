# shellcheck shell=bash disable=SC2154 # given by init or lib.sh
# SPDX-License-Identifier: GPL-2.0
# Answers that never come (fail_io_timeout) over NVMe/TCP: the command is lost,
# its timeout resets the controller, and the target has another path do it: for
# a read, a write and a flush, the last with and without flush_failfast. The hang
# that FAILFAST on flushes brings (see docs/io-path.md) needs a driver that waits
# in its timeout handler, as nvme-pci's does: here both must come back.
[ -d "$debug/fail_io_timeout" ] || skip "a kernel without fail_io_timeout"
# with a write cache, or no flush would get there
backing b0 64 submit_queues=2 cache_size=256
[ -d "$nvmet" ] || skip "a kernel without nvmet"
nvmet_subsystem 2 tcp /dev/b0
disks=() ctrls=()
for i in 1 2; do
	ctrl=$(nvme_connect $i tcp)
	ctrls+=("$ctrl")
	wait_for "namespace of $ctrl" has_namespace "$ctrl"
	disks+=("$(namespace "$ctrl")")
	echo 2000 >"/sys/block/${disks[i - 1]##*/}/queue/io_timeout"
done
map m "policy numa no_path 60" "${disks[@]}"
map_works m
lost=$debug/fail_io_timeout
settings "$lost" verbose=0 interval=1 probability=100 times=0

is_live() {
	[ "$(cat "/sys/class/nvme/$1/state")" = live ]
}

# lose WHAT COMMAND...: the next answer of the path in use is lost
lose() {
	local what=$1 disk=${disks[0]##*/} took=$SECONDS
	shift
	message m prefer "$(number "${disks[0]}")"
	echo 1 >"/sys/block/$disk/io-timeout-fail"
	settings "$lost" times=1
	"$@" || fail "$what: an error"
	echo 0 >"/sys/block/$disk/io-timeout-fail"
	[ "$(cat "$lost/times")" = 0 ] || fail "$what: no answer was lost"
	wait_for "$what: the controller is back" is_live "${ctrls[0]}"
	# by itself, or by the daemon's message
	message m reinstate_path "$(number "${disks[0]}")"
	wait_for "$what: the path is back" is m "${disks[0]}" A
	map_works m
	say "a lost $what: $((SECONDS - took)) s"
}

lose read dd if=/dev/mapper/m of=/dev/null bs=64k count=1 iflag=direct status=none
lose write dd if=/dev/zero of=/dev/mapper/m bs=64k count=1 oflag=direct status=none
lose flush sync /dev/mapper/m
dm_table m "$(table "policy numa no_path 60" "${disks[0]} flush_failfast" "${disks[1]} flush_failfast")"
lose "flush with flush_failfast" sync /dev/mapper/m
