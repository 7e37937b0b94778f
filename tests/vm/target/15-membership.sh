# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Paths come and go by message under verified I/O; what does not fit is refused and changes nothing.
. ./lib.sh
modprobe dm-nvmemp
paths 64; good="0 $SZ linear $D 0"
echo "$good" | dmsetup create pc; C=$(devno /dev/mapper/pc)
D2=$(mknull nb1 32)
echo "0 $SZ nvmemp 2 policy round-robin 2 $A 0 $B 0" | dmsetup create m
T=$(dmsetup table m)
bad() { local e w=$1; shift; e=$(dmsetup message m 0 "$@" 2>&1) && { echo "FAIL taken: $*"; fails=$((fails+1)); }; ok "refused ($w): $*" has "$e" "$w"; ok "  and nothing changed" test "$(dmsetup table m)" = "$T"; }
bad "File exists" add_path $A 0; bad "File exists" add_path /dev/mapper/pb 0
bad "Invalid argument" add_path $C
bad "Invalid argument" add_path $C 1
bad "Invalid argument" add_path $C 1 frob
bad "Invalid argument" add_path $C 2 ana frob
bad "Invalid argument" add_path $C 2 weight 0
bad "Invalid argument" add_path $C 2 weight 101
bad "Invalid argument" add_path $C 2 kato 600001
bad "Invalid argument" add_path $C 0 x
bad "No such" add_path /dev/nonesuch 0; bad "Invalid argument" add_path $(devno $D2) 0
bad "No such device" remove_path $C
bad "Invalid argument" remove_path
bad "No such device" remove_path 9:9
bad "Invalid argument" weight $A 0
bad "Invalid argument" weight $A
bad "No such device" weight $C 3
bad "Invalid argument" reset_stats now
bad "Invalid argument" failback never
bad "Invalid argument" write_hold 0
bad "Invalid argument" write_hold 600001
bad "Invalid argument" anatt 256
bad "Invalid argument" marginal_errors 1001
bad "Invalid argument" marginal_window 0
bad "Invalid argument" policy fastest
bad "No such device" release_path $C
exec 9<>$D2; blkdev=$D2; exec 9<&-
n=0; busy=0
until [ $n -gt 5 ]; do
	fio --eta=never --name=v --filename=/dev/mapper/m --rw=randrw --bs=4k-64k --size=48m --time_based --runtime=15 --ioengine=libaio --iodepth=16 --direct=1 --verify=crc32c --verify_backlog=64 --verify_fatal=1 --output=/tmp/f & F=$!
	running
	while kill -0 $F 2>/dev/null; do
		msg add_path $C 4 ana optimized weight 3; sleep .1
		msg disable_path $A; until msg remove_path $A 2>/dev/null; do busy=$((busy + 1)); sleep .01; done
		sleep .05; msg add_path $A 2 ana optimized
		until msg remove_path $C 2>/dev/null; do busy=$((busy + 1)); sleep .01; done; n=$((n + 1))
	done
	wait $F; ok "fio over $n rounds ($busy times busy)" test $? = 0
done
# in the order of their slots, which go round
T=$(dmsetup table m); head="0 $SZ nvmemp 4 policy round-robin no_path fail 2"
ok "the table tells who is there" test "$T" = "$head $B 2 ana optimized $A 2 ana optimized" -o "$T" = "$head $A 2 ana optimized $B 2 ana optimized"
ok "and dm knows what is open" test "$(dmsetup deps -o devno m | grep -o '[0-9]*, [0-9]*' | wc -l)" = 2
ok "pc is free" dmsetup remove pc
msg remove_path $A; T=$(dmsetup table m); bad "busy" remove_path $B; ok "I/O goes on" rd
msg add_path $A 3 weight 7 disabled
msg reset_stats
S=($(st))
ok "statistics start anew" test "${S[18]}" = 0
dmsetup table m | dmsetup reload m
ok "table reads back" test $? = 0
dmsetup resume m
ok "weight and disabled are in it" has "$(dmsetup table m)" "$A 5 ana optimized weight 7 disabled"
# 32 paths, not one more
for i in $(seq 30); do echo "$good" | dmsetup create q$i; msg add_path $(devno /dev/mapper/q$i) 0 || ok "path $i" false; done
echo "$good" | dmsetup create q31
T=$(dmsetup table m)
bad "No space" add_path $(devno /dev/mapper/q31) 0
ok "I/O over 32 paths" fio --eta=never --name=r --filename=/dev/mapper/m --rw=randread --bs=4k --size=16m --ioengine=libaio --iodepth=16 --direct=1 --output=/tmp/f
for i in $(seq 30); do msg remove_path $(devno /dev/mapper/q$i) || ok "remove $i" false; done
for i in $(seq 31); do dmsetup remove q$i; done
# a disk that somebody asked something leaves, and a new one gets its name
dmsetup remove m
echo "0 $SZ nvmemp 0 2 $A 0 $B 0" | dmsetup create m
N=$(mknull nb2 64); name=${N#/dev/}; X=$(devno $N)
msg add_path $X 0; msg prefer $X
ok "somebody asks it" not perl -e 'open F, "<", "/dev/mapper/m" or exit 0; exit(ioctl(F, 0x53ff, 0) ? 0 : 1)'
rmnull nb2; soon "the disk leaves" msg remove_path $X
ok "and is no slave" test ! -L "/sys/block/dm-$(dmsetup info -c --noheadings -o minor m)/slaves/$name"
N=$(mknull nb2 64); ok "a new disk has its name" test $N = /dev/$name
ok "and joins" msg add_path $(devno $N) 0
msg prefer $(devno $N); ok "I/O goes there" rd
msg prefer none; soon "and it leaves" msg remove_path $(devno $N); rmnull nb2
dmsetup remove m; rmnull nb1; clean; ok "module goes" rmmod dm-nvmemp; done_
