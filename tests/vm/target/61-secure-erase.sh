# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: GPL-2.0
# Secure erase, on disks that can: to one path, and whole to the other if that fails.
# A path that can't has no place beside those that can.
. ./lib.sh
modprobe dm-nvmemp
insmod /usr/local/lib/erase.ko
A=$(devno /dev/erase0); B=$(devno /dev/erase1); SZ=$(blockdev --getsz /dev/erase0)
echo "0 $SZ nvmemp 0 2 $A 0 $B 0" | dmsetup create m
erased() { cat /sys/module/erase/parameters/erased; }
ok "secure erase" blkdiscard -f -s -o 1048576 -l 2097152 /dev/mapper/m
ok "went to the first path" test "$(erased)" = 4096,0
echo 1,0 >/sys/module/erase/parameters/dead
ok "over a dead path" blkdiscard -f -s -o 0 -l 1048576 /dev/mapper/m
ok "went to the other" test "$(erased)" = 4096,2048
ok "the first is out" letters_are FA
echo 0,0 >/sys/module/erase/parameters/dead
msg reinstate_path $A
D=$(mknull nb0 64)
ok "a path that can't is refused" not msg add_path "$(devno $D)" 0 2>/dev/null
ok "and changed nothing" letters_are AA
rmnull nb0
dmsetup remove m
ok "the disks are let go" rmmod erase
ok "module goes" rmmod dm-nvmemp; done_
