# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Messages, noflush suspends, reloads, status and failing paths at once under verified I/O.
. ./lib.sh
modprobe dm-nvmemp
paths 96; good="0 $SZ linear $D 0"; RT=${RT:-25}
TAB() { echo "0 $SZ nvmemp 4 policy $1 no_path queue 2 $A 0 $B 0"; }
TAB round-robin | dmsetup create m
fio --eta=never --name=v --filename=/dev/mapper/m --rw=randrw --bs=4k-64k --size=64m --time_based --runtime=$RT --ioengine=libaio --iodepth=16 --direct=1 --verify=crc32c --verify_backlog=64 --verify_fatal=1 --fsync=64 --output=/tmp/f & F=$!
fio --eta=never --name=r --filename=/dev/mapper/m --rw=randread --bs=4k --size=64m --time_based --runtime=$RT --numjobs=2 --ioengine=libaio --iodepth=8 --direct=1 --output=/tmp/g & G=$!
(while kill -0 $F 2>/dev/null; do for x in "fail_path $A" "ana $A change" "prefer $B" "policy numa" "fail_path $B" "reinstate_path $A" "ana $A optimized $B non-optimized" "disable_path $A" "reinstate_path $B" "prefer none" "reinstate_path $A" "policy round-robin" "ana $B optimized"; do msg $x 2>/dev/null; done; done; echo msgs over) &
M=$!
(while kill -0 $F 2>/dev/null; do TAB numa | dmsetup reload m 2>/dev/null; dmsetup suspend --noflush --nolockfs m; dmsetup resume m; sleep .3; dmsetup suspend --noflush --nolockfs m; dmsetup resume m; sleep .2; done) &
R=$!
# Bad for so short that the six rounds of a bio, 1.55 s in all, can't all meet it: a bio that every usable path fails that often ends with an error
(while kill -0 $F 2>/dev/null; do swap_table pa "0 $SZ error"; sleep .1; swap_table pa "$good"; sleep 1.2; swap_table pb "0 $SZ error"; swap_table pb "$good"; sleep .7; done) &
W=$!
while kill -0 $F 2>/dev/null; do st >/dev/null; dmsetup table m >/dev/null; sleep .1; done
wait $F
ok "verified" test $? = 0
wait $M $R $W
msg reinstate_path $A
msg reinstate_path $B
msg ana $A optimized $B optimized
wait $G
ok "readers" test $? = 0
st; dmsetup remove m; clean; ok "module goes" rmmod dm-nvmemp
# tables that come and go with waiting bios, trials and events under way
modprobe dm-nvmemp
paths 32
for i in $(seq ${N:-15}); do
	echo "0 $SZ nvmemp 2 no_path 1 2 $A 1 failed $B 2 ana change" | dmsetup create m
	for j in 1 2 3 4; do rd $j & done; msg fail_path $B; msg reinstate_path $A; msg ana $B optimized; msg fail_path $A; msg fail_path $B; wait
	dmsetup remove m || { sleep .3; dmsetup remove m; }
done
clean; ok "module goes" rmmod dm-nvmemp; sleep 1; done_
