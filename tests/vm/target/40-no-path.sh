# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# No usable path: queue, seconds, fail; the target's own trials.
. ./lib.sh
modprobe dm-nvmemp
paths 64; good="0 $SZ linear $D 0"
echo "0 $SZ nvmemp 2 no_path queue 2 $A 0 $B 0" | dmsetup create m
msg disable_path $A; msg disable_path $B
rd & P=$!
sleep 1
ok "queue: it waits" kill -0 $P
has "$(st)" "waiting numa queue 1 - -" || fails=$((fails+1))
t=$(secs)
msg reinstate_path $B
wait $P
ok "queue: ends well" test $? = 0
t=$(($(secs) - t))
echo "     $t ms behind reinstate_path"
echo "     after $t ms"
# own trials: 'F' and the path is fine
msg reinstate_path $A
swap_table pa "0 $SZ error"
swap_table pb "0 $SZ error"
msg fail_path $A
msg fail_path $B
rd & P=$!
sleep 1.5
ok "trial: waits while paths err" kill -0 $P
ok "both out" test "$(letters)" = FF
swap_table pb "$good"
t=$(secs)
wait $P
ok "trial: ends well" test $? = 0
t=$(($(secs) - t))
echo "     $t ms behind the repair"
ok "one path is back by itself" test "$(letters)" = FA
swap_table pa "$good"; msg reinstate_path $A
# seconds
msg no_path 3; msg disable_path $A; msg disable_path $B
t=$(secs)
ok "seconds: error" not rd
t=$(($(secs) - t))
echo "     after $t ms"
ok "not before its time" test $t -ge 2800
has "$(st)" "failing" || fails=$((fails+1))
t=$(secs); ok "then at once" not rd; t=$(($(secs) - t)); echo "     after $t ms"
msg reinstate_path $A; ok "usable again" rd; has "$(st)" "up" || fails=$((fails+1))
# a path that is up within the time
msg disable_path $A
(sleep 1; msg reinstate_path $B) & rd & P=$!
wait $P
ok "within the time: no error" test $? = 0
wait
# time counts from the moment without a path, also when nothing waits
msg disable_path $B
sleep 3.5
has "$(st)" "failing" || fails=$((fails+1))
t=$(secs)
ok "the clock ran" not rd
t=$(($(secs) - t))
echo "     after $t ms"
msg reinstate_path $A; msg reinstate_path $B
# fail
msg no_path fail
msg disable_path $A
msg disable_path $B
t=$(secs)
ok "fail: error" not rd
t=$(($(secs) - t))
echo "     after $t ms"
# inaccessible: waits although no_path is fail
msg reinstate_path $A
msg ana $A inaccessible
rd & P=$!
sleep 1
ok "inaccessible: waits" kill -0 $P
has "$(st)" "waiting" || fails=$((fails+1))
msg ana $A optimized
wait $P
ok "ends well" test $? = 0
msg ana $A persistent-loss
t=$(secs)
ok "persistent loss: error" not rd
t=$(($(secs) - t))
echo "     after $t ms"
# changing no_path lets waiting bios go
msg no_path queue
rd & P=$!
sleep .5
ok waits kill -0 $P
msg no_path fail
wait $P
ok "no_path fail ends what waits" test $? != 0
# no_path fail and failed paths that are fine: I/O works without the daemon
msg ana $A optimized
msg reinstate_path $A
msg reinstate_path $B
msg fail_path $A
msg fail_path $B
sleep .3
n=0
for i in $(seq 100); do rd && break; n=$i; sleep .1; done
ok "fail: failed paths come back by trials" test $n -lt 100
echo "     $n errors before: $(st)"
dmsetup remove m; clean; ok "module goes" rmmod dm-nvmemp; done_
