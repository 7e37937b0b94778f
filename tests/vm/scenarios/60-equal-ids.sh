# shellcheck shell=bash disable=SC2154,SC2016
# SPDX-License-Identifier: GPL-2.0
# Namespaces of different subsystems that carry the same identifier are never
# one map, and status says why.
#
#    s0: nvme0, nvme1 --- namespace 1, wwid W      a: port 20 --- NGUID N
#    s1: nvme2, nvme3 --- namespace 1, wwid W      b: port 21 --- NGUID N
#    (PCIe: same serial number)                    (TCP to this machine itself)
#
# topology: twosubsys

# Every map that the daemon made consists of paths of one subsystem.
no_mixed_map() {
	local dm slave nqns
	for dm in /sys/block/dm-*; do
		[ -e "$dm" ] || continue
		grep -q '^nvmemp-' "$dm/dm/uuid" || continue
		nqns=$(for slave in "$dm"/slaves/*; do cat "$slave/device/subsysnqn"; done | sort -u | wc -l)
		[ "$nqns" -le 1 ] || fail "$(cat "$dm/dm/name") joins $nqns subsystems"
	done
}

rejected_for_nqn() {
	status '.rejected[].reason' | grep -q 'subsystem NQN'
}

same() {
	[ "$(cat "/sys/block/$1/$3")" = "$(cat "/sys/block/$2/$3")" ]
}

wait_boot
for id in c00 c01 c10 c11; do
	wait_for "$id" controller_is_live $id
done
say "two subsystems over PCIe with one serial number"
a=$(path_of c00) b=$(path_of c10)
expect "the same wwid" same "$a" "$b" wwid
wait_for "a reason in status" rejected_for_nqn
status '.rejected[] | "  \(.device): \(.reason)"'
no_mixed_map
expect "in status or in a map" test "$(status '(.rejected | length) + ([.maps[].paths[]] | length)')" -eq 4

say "one of both leaves, so nothing is ambiguous for the other"
unplug c10
unplug c11
one_map 2
no_mixed_map
nvmempctl status
echo 'data of s0' | dd of="$dm" conv=fsync status=none

say "the twin comes back beside a map that is in use: it stays out"
exec 7<"$dm"
plug c10
plug c11
wait_for "a reason in status" rejected_for_nqn
no_mixed_map
expect_eq "paths of the map" "$(status '.maps[0].paths | length')" 2
expect "data of s0" grep -q 'data of s0' <(dd if="$dm" bs=4k count=1 iflag=direct status=none)

say "the map's own subsystem is lost, and only the twin is there: it stays out"
configure <<<$'[defaults]\nno_path = queue'
wait_for "no_path queue" eval 'dmsetup table "$map" | grep -q "no_path queue"'
unplug c10
unplug c11
unplug c00
unplug c01
wait_for "no usable path" usable_is 0
plug c10
plug c11
wait_for "a reason in status" eval 'status ".rejected[].reason" | grep -q .'
udevadm settle
expect_not "the twin below the map" test -e "/sys/block/$node/slaves/$(path_of c10)"
expect_not "the twin below the map" test -e "/sys/block/$node/slaves/$(path_of c11)"
no_mixed_map
plug c00
plug c01
wait_for "two usable paths" usable_is 2
no_mixed_map
expect "data of s0" grep -q 'data of s0' <(dd if="$dm" bs=4k count=1 iflag=direct status=none)
exec 7<&-

say "two subsystems over TCP with one NGUID"
modprobe null_blk nr_devices=2 gb=1
tcp_modules
nguid=5f1a0000-1111-2222-3333-444455556666
tcp_namespace nqn.test:a 1 /dev/nullb0 nguid $nguid uuid 00000000-0000-0000-0000-000000000000
tcp_namespace nqn.test:b 1 /dev/nullb1 nguid $nguid uuid 00000000-0000-0000-0000-000000000000
tcp_port 20 nqn.test:a nqn.test:b
tcp_port 21 nqn.test:a nqn.test:b
for nqn in nqn.test:a nqn.test:b; do
	tcp_connect $nqn 20
	tcp_connect $nqn 21
done
# The second never gets a block device: the kernel refuses an identifier that
# another subsystem's namespace has (nvme_global_check_duplicate_ids).
all_seen() {
	[ "$(status '[.maps[] | select(.wwid == "eui.5f1a0000111122223333444455556666") | .paths[]] | length')" = 2 ] &&
		[ "$(status '[.rejected[].reason | select(test("refuses identifiers"))] | length')" = 2 ]
}
wait_for "two in a map, two rejected" all_seen
status '.rejected[] | "  \(.device): \(.reason)"'
no_mixed_map
