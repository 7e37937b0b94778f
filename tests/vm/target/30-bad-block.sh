# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# A block that is bad on every path is one error and costs no path; one that is
# bad on one path costs that path; a path that errs wholly is left and returns.
. ./lib.sh
modprobe dm-nvmemp
paths 64
good="0 $SZ linear $D 0"
holed="$(printf '0 8192 linear %s 0\n8192 8 error\n8200 %s linear %s 8200' $D $((SZ - 8200)) $D)"
echo "0 $SZ nvmemp 0 2 $A 0 $B 0" | dmsetup create m
swap_table pa "$holed"; swap_table pb "$holed"
t=$(secs)
e=$(dd if=/dev/mapper/m of=/dev/null bs=4k count=1 skip=1024 iflag=direct 2>&1)
t=$(($(secs) - t))
ok "bad on both: the caller hears it" has "$e" "Input/output error"; echo "     after $t ms"
ok "no path failed" test "$(letters)" = AA
e=$(dd if=/dev/zero of=/dev/mapper/m bs=4k count=1 seek=1024 oflag=direct 2>&1)
ok "the same for a write" has "$e" "Input/output error"
ok "no path failed" test "$(letters)" = AA
ok "other blocks are fine" rd 7; st
fio --eta=never --name=r --filename=/dev/mapper/m --rw=randread --bs=4k --size=64m --io_size=64m --ioengine=libaio --iodepth=32 --direct=1 --continue_on_error=all --output=/tmp/f; 
echo "     $(grep -E 'errors|err=' /tmp/f | head -3)"
ok "one error for the one block" has "$(grep 'total=' /tmp/f; grep errors /tmp/f)" "total=1"
ok "no path failed" test "$(letters)" = AA
swap_table pb "$good"
ok "bad on one path: no error" rd 1024; sleep .2
ok "that path is out" test "$(letters)" = FA
swap_table pa "$good"; msg reinstate_path $A; ok "and back" test "$(letters)" = AA
swap_table pa "0 $SZ error"
ok "a path that errs wholly" rd 5; sleep .2; ok "is out" test "$(letters)" = FA
swap_table pb "0 $SZ error"
t=$(secs)
ok "none left: error" not rd 5
t=$(($(secs) - t))
echo "     after $t ms: $(st)"
swap_table pa "$good"; swap_table pb "$good"; msg reinstate_path $A; msg reinstate_path $B
ok "both back" test "$(letters)" = AA
dmsetup remove m; clean; ok "module goes" rmmod dm-nvmemp; done_
