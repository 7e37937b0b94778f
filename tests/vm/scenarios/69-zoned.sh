# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: GPL-2.0
# A zoned namespace (ZNS): the map has the zones of its paths, keeps writes to a
# zone in order while paths change, resets zones, and loses nothing with a path.
#
# topology: pcie2zns

zones() {
	blkzone report "$1" | sed 's/ *cnds.*//'
}

zoned_write() {
	fio --name=zones --filename="$dm" --zonemode=zbd --direct=1 --ioengine=libaio --iodepth=8 --rw=write --bs=64k \
		--size=64M --rate=16m --verify=crc32c --do_verify=1 --verify_fatal=1 >fio.log 2>&1
}

wait_boot
one_map 2
member=$(path_of c0)
expect_eq "the map's model" "$(cat "/sys/block/$node/queue/zoned")" host-managed
expect_eq "the map's zones" "$(cat "/sys/block/$node/queue/nr_zones")" "$(cat "/sys/block/$member/queue/nr_zones")"
expect_eq "zones in its report" "$(zones "$dm" | wc -l)" "$(zones "/dev/$member" | wc -l)"
expect_not "a write behind the write pointer" dd if=/dev/zero of="$dm" bs=4k seek=8 count=1 oflag=direct status=none
wait_for "two usable paths" usable_is 2

say "paths change under writes"
for policy in numa round-robin queue-depth; do
	dmsetup message "$map" 0 policy $policy
	blkzone reset "$dm"
	zoned_write &
	fio_pid=$!
	while kill -0 $fio_pid 2>/dev/null; do
		for id in c0 c1; do
			nvmempctl switch "$dm" "$(controller $id)" || true
			nvmempctl fail "$dm" "$(controller $id)"
			nvmempctl reinstate "$dm" "$(controller $id)"
		done
	done
	wait $fio_pid || fail "fio with $policy: $(grep -m 1 -E 'error|err=' fio.log)"
	nvmempctl switch "$dm" auto
done
expect_eq "zones through the map and through a path" "$(zones "$dm")" "$(zones "/dev/$member")"
dd if="$dm" bs=1M count=64 iflag=direct status=none | sha256sum >sum

say "a path is lost"
unplug c0
expect_eq "the data" "$(dd if="$dm" bs=1M count=64 iflag=direct status=none | sha256sum)" "$(cat sum)"
plug c0
wait_for "two usable paths" usable_is 2

say "a reset of one zone"
expect "reset" blkzone reset -o 0 -c 1 "$dm"
expect "the first zone is empty" grep -q 'wptr 0x000000' <(zones "$dm" | head -n 1)
expect_not "the second is empty" grep -q 'wptr 0x000000' <(zones "$dm" | sed -n 2p)
