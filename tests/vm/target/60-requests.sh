# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Flush, discard, write zeroes, NOWAIT, big and split I/O over a path that dies below them.
. ./lib.sh
modprobe dm-nvmemp
paths 128; good="0 $SZ linear $D 0"
echo "0 $SZ nvmemp 0 2 $A 0 $B 0" | dmsetup create m
for q in discard_max_bytes write_zeroes_max_bytes write_cache fua logical_block_size max_sectors_kb; do echo "     $q $(cat /sys/block/dm-*/queue/$q | tr '\n' ' ')"; done
dd if=/dev/urandom of=/dev/mapper/m bs=1M count=8 oflag=direct 2>/dev/null
ok "discard" blkdiscard -o 1048576 -l 1048576 /dev/mapper/m
ok "write zeroes" blkdiscard -z -o 2097152 -l 1048576 /dev/mapper/m
ok "zeroes arrived" test "$(dd if=/dev/mapper/m bs=1M skip=2 count=1 iflag=direct 2>/dev/null | tr -d '\0' | wc -c)" = 0
ok "neighbours did not change" test "$(dd if=/dev/mapper/m bs=1M skip=3 count=1 iflag=direct 2>/dev/null | tr -d '\0' | wc -c)" -gt 1000000
# each kind of request meets a dead first path
for kind in flush discard zeroes bigwrite; do
	swap_table pa "0 $SZ error"
	case $kind in
	flush) dd if=/dev/zero of=/dev/mapper/m bs=4k count=1 conv=fsync 2>/dev/null;;
	discard) blkdiscard -o 0 -l 1048576 /dev/mapper/m;;
	zeroes) blkdiscard -z -o 0 -l 1048576 /dev/mapper/m;;
	bigwrite) dd if=/dev/urandom of=/tmp/x bs=4M count=1 2>/dev/null; dd if=/tmp/x of=/dev/mapper/m bs=4M count=1 oflag=direct 2>/dev/null;;
	esac
	ok "$kind over a dead path" test $? = 0; sleep .2; echo "     $(letters)"
	swap_table pa "$good"; msg reinstate_path $A
done
dd if=/dev/mapper/m of=/tmp/y bs=4M count=1 iflag=direct 2>/dev/null
ok "big write is right" cmp /tmp/x /tmp/y
# split below: a path of two halves, the second bad, so that the clone is split and half of it fails
half=$((SZ / 2)); mid=$((half / 8 - 64))
swap_table pa "$(printf '0 %s linear %s 0\n%s %s error' $half $D $half $((SZ - half)))"
dd if=/dev/urandom of=/tmp/x bs=512k count=1 2>/dev/null
dd if=/tmp/x of=/dev/mapper/m bs=512k count=1 seek=$((mid * 4096)) oflag=direct,seek_bytes 2>/dev/null
ok "split write, half of it failed" test $? = 0
sleep .2; ok "first path out" test "$(letters)" = FA
dd if=$D of=/tmp/y bs=512k count=1 skip=$((mid * 4096)) iflag=direct,skip_bytes 2>/dev/null
ok "whole on the other path" cmp /tmp/x /tmp/y
msg reinstate_path $A
dd if=/dev/mapper/m of=/tmp/y bs=512k count=1 skip=$((mid * 4096)) iflag=direct,skip_bytes 2>/dev/null
ok "split read, half of it failed" cmp /tmp/x /tmp/y
swap_table pa "$good"; msg reinstate_path $A
# NOWAIT and polled
fio --eta=never --name=n --filename=/dev/mapper/m --rw=randrw --bs=4k --size=64m --io_size=32m --ioengine=io_uring --iodepth=16 --direct=1 --nowait=1 --verify=crc32c --verify_fatal=1 --output=/tmp/f & F=$!
for i in 1 2 3 4 5 6; do sleep .2; msg fail_path $A; sleep .1; msg reinstate_path $A; done; wait $F; ok "nowait" test $? = 0; echo "     $(grep -E 'err=' /tmp/f)"
fio --eta=never --name=n --filename=/dev/mapper/m --rw=randread --bs=4k --size=64m --io_size=16m --ioengine=pvsync2 --hipri --direct=1 --output=/tmp/f; ok "hipri" test $? = 0
dmsetup remove m; clean; ok "module goes" rmmod dm-nvmemp; done_
