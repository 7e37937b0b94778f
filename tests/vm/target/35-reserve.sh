# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Failback with hysteresis, marginal paths by errors and by latency, writes of unknown outcome, statistics.
. ./lib.sh
modprobe dm-nvmemp
paths 64; good="0 $SZ linear $D 0"
cur() { local s=($(st)); echo ${s[10]}; }
echo "0 $SZ nvmemp 4 no_path queue failback 3 2 $A 0 $B 0" | dmsetup create m
msg fail_path $A; ok "failed: the other" test "$(cur)" = $B; msg reinstate_path $A
ok "back, but held" test "$(letters) $(cur)" = "HA $B"
ok "the table says held" has "$(dmsetup table m)" "$A 3 ana optimized held"
t=$(secs)
soon "released by time" letters_are AA
t=$(($(secs) - t))
ok "not before its time ($t ms)" test $t -ge 1500
ok "used again" test "$(cur)" = $A
msg failback manual
msg fail_path $A
msg reinstate_path $A
sleep 4
ok "manual: held" letters_are HA
msg fail_path $B
ok "nothing else: used at once" test "$(cur)" = $A
ok "and I/O works" rd
msg reinstate_path $B
ok "B is held now" letters_are HH
ok "all in reserve is none" test "$(cur)" = $A
msg release_path $B
ok "released" test "$(letters) $(cur)" = "HA $B"
msg prefer $A
ok "prefer releases" test "$(letters) $(cur)" = "AA $A"
msg prefer none
msg ana $A inaccessible
msg ana $A optimized
ok "back by ANA: held" letters_are HA
msg failback immediate
msg release_path $A
msg fail_path $A; msg reinstate_path $A; ok "immediate" test "$(letters) $(cur)" = "AA $A"
# marginal by errors
msg marginal_errors 2; msg marginal_hold 4
for i in 1 2 3; do msg fail_path $A; msg reinstate_path $A; done; ok "marginal" test "$(letters) $(cur)" = "MA $B"
msg fail_path $B; ok "marginal, but the only one" rd; msg reinstate_path $B
t=$(secs)
soon "ends by itself" letters_are AA
ok "not at once" test $(($(secs) - t)) -ge 1500
msg marginal_errors 0
# marginal by latency: B takes 30 ms more, and there is so little I/O that a second has not enough samples
swap_table pb "0 $SZ delay $D 0 30"; msg policy round-robin; msg marginal_latency 5
fio --eta=never --name=r --filename=/dev/mapper/m --rw=randread --bs=4k --size=32m --time_based --runtime=600 --ioengine=libaio --iodepth=4 --direct=1 --output=/tmp/f & F=$!
soon "the slow one is marginal" letters_are AM; echo "     $(st)"
kill -INT $F
wait $F
msg marginal_latency 0; msg release_path $B
# latency leaves a slow path by itself, and finds it again
msg policy latency; s=($(st)); b=${s[36]}; a=${s[18]}
fio --eta=never --name=r --filename=/dev/mapper/m --rw=randread --bs=4k --size=32m --io_size=64m --ioengine=libaio --iodepth=4 --direct=1 --output=/tmp/f
s=($(st))
echo "     fast path $((${s[18]} - a)), slow path $((${s[36]} - b))"
ok "latency avoids the slow path" test $((${s[36]} - b)) -lt $(((${s[18]} - a) / 10))
ok "but looks at it" test $((${s[36]} - b)) -gt 0
swap_table pb "$good"
s=($(st)); b=${s[36]}
fio --eta=never --name=r --filename=/dev/mapper/m --rw=randread --bs=4k --size=32m --time_based --runtime=600 --ioengine=libaio --iodepth=4 --direct=1 --output=/tmp/f & F=$!
b_carries() { s=($(st)); [ $((${s[36]} - b)) -gt 1000 ]; }
soon "and finds it healed" b_carries
kill -INT $F
wait $F
# weights
msg policy round-robin; msg weight $A 3; s=($(st)); b=${s[36]}; a=${s[18]}
fio --eta=never --name=r --filename=/dev/mapper/m --rw=randread --bs=4k --size=32m --io_size=32m --ioengine=libaio --iodepth=4 --direct=1 --output=/tmp/f
s=($(st))
a=$((${s[18]} - a))
b=$((${s[36]} - b))
ok "weight 3 to 1: $a and $b" test $a -gt $((b * 28 / 10)) -a $a -lt $((b * 32 / 10))
# anatt bounds the wait
msg no_path fail
msg anatt 2
msg ana $A inaccessible $B change
t=$(secs)
ok "inaccessible: an error in the end" not rd
t=$(($(secs) - t))
ok "after anatt ($t ms)" test $t -ge 1500
msg ana $A optimized $B optimized; ok "goes on" rd
# statistics
msg reset_stats
msg policy numa
dd if=/dev/mapper/m of=/dev/null bs=64k count=16 iflag=direct 2>/dev/null
dd if=/dev/zero of=/dev/mapper/m bs=4k count=8 oflag=direct 2>/dev/null
s=($(st)); ok "1 MiB read, 32 KiB written" test "${s[22]} ${s[23]}" = "2048 64"; st
dmsetup remove m; clean; ok "module goes" rmmod dm-nvmemp; done_
