# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: GPL-2.0
# A zoned namespace (ZNS): the map has the zones of its paths, keeps writes to a
# zone in order while paths change and while controllers are lost, knows which of
# those lost writes were done, resets zones, and loses nothing with a path. btrfs, which
# writes by zone append, works on it.
#
# topology: pcie2zns

zones() {
	blkzone report "$1" | sed 's/ *cnds.*//'
}

zoned_write() {
	fio --name=zones --filename="$dm" --zonemode=zbd --direct=1 --ioengine=libaio --iodepth=8 --rw=write --bs=64k \
		--size=64M --rate=16m --verify=crc32c --do_verify=1 --verify_fatal=1 >fio.log 2>&1
}

errors() {
	status '[.maps[0].paths[].error_count] | add'
}

# reset ID: a controller, and waits until it is back
reset() {
	local name
	name=$(controller "$1")
	echo 1 >"/sys/class/nvme/$name/reset_controller"
	wait_for "$name live" is_live "$name"
	wait_for "two usable paths" usable_is 2
}

# over ID: a path that the next writes take
over() {
	expect "switch" nvmempctl switch "$dm" "$(controller "$1")"
}

wait_boot
one_map 2
member=$(path_of c0)
expect_eq "the map's model" "$(cat "/sys/block/$node/queue/zoned")" host-managed
expect_eq "the map's zones" "$(cat "/sys/block/$node/queue/nr_zones")" "$(cat "/sys/block/$member/queue/nr_zones")"
expect_eq "zones in its report" "$(zones "$dm" | wc -l)" "$(zones "/dev/$member" | wc -l)"
expect_not "a write behind the write pointer" dd if=/dev/zero of="$dm" bs=4k seek=8 count=1 oflag=direct status=none
wait_for "two usable paths" usable_is 2

say "each path goes on where the other one was"
before=$(errors)
dd if=/dev/urandom of=data bs=64k count=8 status=none
for round in 1 2 3; do
	over "c$((round % 2))"
	blkzone reset -o 0 -c 1 "$dm"
	for n in {0..7}; do
		over "c$((n % 2))"
		expect "write $n of round $round" dd if=data of="$dm" bs=64k count=1 skip="$n" seek="$n" oflag=direct status=none
	done
	over "c$((n % 2))"
	expect_eq "the data of round $round" "$(dd if="$dm" bs=64k count=8 iflag=direct status=none | sha256sum)" "$(sha256sum <data)"
done
over c0
blkzone finish -o 0 -c 1 "$dm"
over c1
blkzone reset -o 0 -c 1 "$dm"
expect "a write behind a finish and a reset" dd if=data of="$dm" bs=64k count=1 oflag=direct status=none
expect_eq "errors of the paths" "$(errors)" "$before"
expect "automatic" nvmempctl switch "$dm" auto

if [ -e /usr/local/lib/lose.ko ]; then
	say "a write is done and its answer is lost"
	blkzone reset -o 0 -c 1 "$dm"
	a=$(path_of c0)
	echo 2000 >"/sys/block/$a/queue/io_timeout"
	insmod /usr/local/lib/lose.ko "disk=$a" op=1 count=0
	over c0
	for n in {0..3}; do
		echo 1 >/sys/module/lose/parameters/count
		expect "write $n" dd if=data of="$dm" bs=64k count=1 skip="$n" seek="$n" oflag=direct status=none
		expect_eq "answers still to be lost" "$(cat /sys/module/lose/parameters/count)" 0
		wait_for "two usable paths" usable_is 2
	done
	rmmod lose
	expect_eq "the data" "$(dd if="$dm" bs=64k count=4 iflag=direct status=none | sha256sum)" "$(head -c 256K data | sha256sum)"
	expect "automatic" nvmempctl switch "$dm" auto
fi

say "controllers are reset under writes"
for policy in numa round-robin; do
	dmsetup message "$map" 0 policy $policy
	blkzone reset "$dm"
	zoned_write &
	fio_pid=$!
	while kill -0 $fio_pid 2>/dev/null; do
		for id in c0 c1; do
			reset $id
		done
	done
	wait $fio_pid || fail "fio with $policy: $(grep -m 1 -E 'error|err=' fio.log)"
done

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

say "zone append, with which btrfs writes data to zones"
expect "the map appends" test "$(cat "/sys/block/$node/queue/zone_append_max_bytes")" -gt 0
mkfs.btrfs -q -f -O zoned -m single -d single "$dm"
mount "$dm" /mnt
files() {
	local i
	for ((i = 0; i < 60; i++)); do
		dd if=/dev/urandom of="/mnt/$i" bs=64k count=16 status=none conv=fsync || return
	done
}
files &
writer=$!
while kill -0 $writer 2>/dev/null; do
	for id in c0 c1; do
		reset $id
		over $id
	done
done
wait $writer || fail "btrfs could not write: $(dmesg | grep -i btrfs | tail -n 1)"
sha256sum /mnt/* >sums
unplug c1
umount /mnt
mount "$dm" /mnt
expect "what was written is there" sha256sum --quiet -c sums
expect "scrub" btrfs scrub start -B /mnt
expect "no btrfs errors" btrfs device stats --check /mnt
umount /mnt
