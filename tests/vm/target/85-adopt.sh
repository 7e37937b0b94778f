# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# A linear map becomes an nvmemp map and back under I/O.
. ./lib.sh
modprobe dm-nvmemp
paths 64
echo "0 $SZ linear $A 0" | dmsetup create m
fio --eta=never --name=v --filename=/dev/mapper/m --rw=randrw --bs=4k --size=32m --time_based --runtime=8 --ioengine=libaio --iodepth=16 --direct=1 --verify=crc32c --verify_backlog=64 --verify_fatal=1 --output=/tmp/f & F=$!
sleep 1
swap_table m "0 $SZ nvmemp 0 2 $A 0 $B 0"
ok "to nvmemp" has "$(dmsetup table m)" nvmemp
sleep 1
msg fail_path $A
sleep 1
swap_table m "0 $SZ linear $B 0"
ok "and back" has "$(dmsetup table m)" linear
sleep .5
swap_table m "0 $SZ nvmemp 0 2 $A 0 $B 0"
wait $F; ok "fio" test $? = 0; dmsetup remove m; clean; ok "module goes" rmmod dm-nvmemp; done_
