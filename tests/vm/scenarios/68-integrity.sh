# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: GPL-2.0
# A namespace with protection information (type 1). Since 6.12 the map has the
# profile and passes what it is given; before, each path makes its own. Data
# survives the loss of a path in both; a block with a wrong guard is an error of
# that block and costs no path.
#
# topology: pcie2pi

profile() {
	cat "/sys/block/$1/integrity/format" 2>/dev/null || true
}

newer() {
	[ "$(printf '%s\n' 6.12 "$(uname -r)" | sort -V | head -n 1)" = 6.12 ]
}

letters() {
	dmsetup status "$map" | grep -oE ' [0-9]+:[0-9]+ [A-Z] ' | awk '{ printf "%s", $2 }'
}

# A block whose guard is wrong, written past the map: PRACT and PRCHK are 0
spoil() {
	dd if=/dev/urandom of=block bs=512 count=1 status=none
	printf '\1\2\3\4\5\6\7\10' >meta
	nvme write "/dev/$1" --start-block=$((100 * 1024 * 2)) --block-count=0 --data=block --data-size=512 \
		--metadata=meta --metadata-size=8 --prinfo=0 --force
}

wait_boot
one_map 2
member=$(path_of c0)
value "profile of a path, of the map" "$(profile "$member"), $(profile "$node")"
expect_eq "a path's profile" "$(profile "$member")" T10-DIF-TYPE1-CRC
if newer; then
	expect_eq "the map's profile" "$(profile "$node")" T10-DIF-TYPE1-CRC
fi

say "a path is lost and comes back under verified I/O"
start_fio "$dm"
unplug c0
wait_for_io "c0 is gone"
plug c0
wait_for "two usable paths" usable_is 2
unplug c1
wait_for_io "c1 is gone"
plug c1
wait_for "two usable paths" usable_is 2
stop_fio

say "a wrong guard"
expect "the block is spoilt" spoil "$(path_of c0)"
expect_not "a read of it" dd if="$dm" of=/dev/null bs=4k skip=$((100 * 1024 * 1024 / 4096)) count=1 iflag=direct status=none
expect_eq "the paths" "$(letters)" AA
expect "a read of its neighbour" dd if="$dm" of=/dev/null bs=4k skip=$((100 * 1024 * 1024 / 4096 + 1)) count=1 iflag=direct status=none
