# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Wrong tables and messages: one sentence each, nothing held, and a table read back is the same.
. ./lib.sh
modprobe dm-nvmemp
paths 64
D2=$(mknull nb1 32); D3=$D2
bad() { # bad SENTENCE TABLE
	local e; dmesg -c >/dev/null
	if echo "$2" | dmsetup create m 2>/dev/null; then echo "FAIL made: $2"
	fails=$((fails+1))
	dmsetup remove m
	return; fi
	e=$(dmesg -c | grep "nvmemp"); ok "refused: $2" has "$e" "$1"
}
bad "number of paths" "0 $SZ nvmemp 0 0"
bad "number of paths" "0 $SZ nvmemp 0"
bad "number of paths" "0 $SZ nvmemp 0 33"
bad "number of paths" "0 $SZ nvmemp 0 -1 $A 0"
bad "number of feature words" "0 $SZ nvmemp x 1 $A 0"
bad "number of feature words" "0 $SZ nvmemp 4294967295 1 $A 0"
bad "unknown feature word" "0 $SZ nvmemp 2 frob 1 1 $A 0"
bad "a feature word has no value" "0 $SZ nvmemp 1 policy 1 $A 0"
bad "a feature word has no value" "0 $SZ nvmemp 3 policy numa no_path 1 $A 0"
bad "policy must be" "0 $SZ nvmemp 2 policy latencyx 1 $A 0"
bad "no_path must be" "0 $SZ nvmemp 2 no_path 0 1 $A 0"
bad "no_path must be" "0 $SZ nvmemp 2 no_path 86401 1 $A 0"
bad "no_path must be" "0 $SZ nvmemp 2 no_path -5 1 $A 0"
bad "fewer paths" "0 $SZ nvmemp 0 2 $A 0"
bad "number of path words" "0 $SZ nvmemp 0 1 $A"
bad "number of path words" "0 $SZ nvmemp 0 1 $A 13 ana"
bad "number of path words" "0 $SZ nvmemp 0 1 $A x"
bad "" "0 $SZ nvmemp 0 1 $A 2 ana"
bad "unknown ANA state" "0 $SZ nvmemp 0 1 $A 1 ana"
bad "unknown ANA state" "0 $SZ nvmemp 0 1 $A 2 ana Optimized"
bad "unknown path word" "0 $SZ nvmemp 0 1 $A 1 frob"
bad "more than one path is preferred" "0 $SZ nvmemp 0 2 $A 1 preferred $B 1 preferred"
bad "named twice" "0 $SZ nvmemp 0 2 $A 0 $A 0"
bad "named twice" "0 $SZ nvmemp 0 2 $A 0 /dev/mapper/pa 0"
bad "words behind" "0 $SZ nvmemp 0 1 $A 0 $B"
bad "can't be opened" "0 $SZ nvmemp 0 1 /dev/nonesuch 0"
bad "can't be opened" "0 $SZ nvmemp 0 1 99:99 0"
bad "smaller than the map" "0 $SZ nvmemp 0 1 $D2 0"
bad "smaller than the map" "0 $SZ nvmemp 0 2 $A 0 $D2 0"
mkdir /sys/kernel/config/nullb/nb2
(cd /sys/kernel/config/nullb/nb2 || exit; echo 512 >blocksize; echo 64 >size; echo 1 >power)
sleep .3
[ -b /dev/nb2 ] && N2=/dev/nb2 || N2=/dev/nullb$(cat /sys/kernel/config/nullb/nb2/index)
bad "logical block size" "0 $SZ nvmemp 0 2 $A 0 $N2 0"
exec 9<$D2; bad "" "0 65536 nvmemp 0 1 $A 0 x"; exec 9<&-
# two targets in one table: a singleton
echo -e "0 8192 nvmemp 0 1 $A 0\n8192 8192 nvmemp 0 1 $B 0" | dmsetup create m 2>/dev/null
ok "no second target beside it" test $? != 0
dmsetup remove m 2>/dev/null

T="0 $SZ nvmemp 4 policy round-robin no_path 7 2 $A 4 ana non-optimized disabled failed $B 4 ana change preferred flush_failfast"
echo "$T" | dmsetup create m; ok "made" test $? = 0
G=$(dmsetup table m); ok "table reads back" test "$G" = "$T"
dmsetup remove m
echo "$G" | dmsetup create m
ok "and makes the same" test "$(dmsetup table m)" = "$G"
dmsetup remove m
echo "0 $SZ nvmemp 0 2 $A 0 $B 0" | dmsetup create m
ok "defaults" test "$(dmsetup table m)" = "0 $SZ nvmemp 4 policy numa no_path fail 2 $A 2 ana optimized $B 2 ana optimized"
st
badmsg() { # badmsg ERRNO-TEXT WORDS
	local e w=$1 b
	shift
	b=$(dmsetup table m)
	e=$(dmsetup message m 0 "$@" 2>&1) && { echo "FAIL taken: $*"; fails=$((fails+1)); }
	ok "message $*" has "$e" "$w"; ok "  changed nothing" test "$(dmsetup table m)" = "$b"
}
I="Invalid argument"; N="No such device"
badmsg "$I" frob
badmsg "$I" fail_path
badmsg "$I" fail_path $A $B
badmsg "$N" fail_path 9:9
badmsg "$N" fail_path /dev/nonesuch
badmsg "$N" fail_path $(devno $D); badmsg "$N" reinstate_path 1:1; badmsg "$N" disable_path x
badmsg "$I" ana $A
badmsg "$I" ana $A frob
badmsg "$N" ana 9:9 optimized
badmsg "$I" ana $A inaccessible $B frob
badmsg "$N" ana $A inaccessible 9:9 optimized
badmsg "$I" ana $A inaccessible $B
badmsg "$I" prefer
badmsg "$N" prefer 9:9
badmsg "$I" policy
badmsg "$I" policy frob
badmsg "$I" no_path
badmsg "$I" no_path 0
badmsg "$I" no_path 86401
badmsg "$I" no_path never
msg policy round-robin
msg no_path 9
msg ana $A non-optimized /dev/mapper/pb change
msg prefer $A
msg disable_path $B
msg fail_path $A
ok "messages show in the table" test "$(dmsetup table m)" = "0 $SZ nvmemp 4 policy round-robin no_path 9 2 $A 4 ana non-optimized preferred failed $B 3 ana change disabled"
ok "letters" test "$(letters)" = FD
msg reinstate_path $A; msg reinstate_path /dev/mapper/pb; msg prefer none; msg no_path queue
ok "and back" test "$(dmsetup table m)" = "0 $SZ nvmemp 4 policy round-robin no_path queue 2 $A 2 ana non-optimized $B 2 ana change"
ok "busy" not dmsetup remove pa
dmsetup remove m
echo 0 > /sys/kernel/config/nullb/nb2/power
rmdir /sys/kernel/config/nullb/nb2
rmnull nb1
clean
ok "module goes" rmmod dm-nvmemp
done_
