# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Suspends: noflush with queued bios and another table; flushing.
. ./lib.sh
modprobe dm-nvmemp
paths 64; good="0 $SZ linear $D 0"
echo "0 $SZ nvmemp 2 no_path queue 1 $A 0" | dmsetup create m
msg disable_path $A
fio --eta=never --name=v --filename=/dev/mapper/m --rw=write --bs=4k --size=4m --ioengine=libaio --iodepth=32 --direct=1 --verify=crc32c --verify_fatal=1 --output=/tmp/f & F=$!
soon "32 wait" is "queue 32 "
for i in 1 2 3; do dmsetup suspend --noflush --nolockfs m; ok "noflush suspend" test $? = 0; has "$(st)" "queue 0 " || fails=$((fails + 1)); sleep .5; dmsetup resume m; soon "wait again" is "queue 32 "; done
echo "0 $SZ nvmemp 2 no_path queue 1 $B 0" | dmsetup reload m
dmsetup suspend --noflush --nolockfs m
dmsetup resume m
wait $F
ok "the new table's path carries them" test $? = 0
ok "no error" has "$(cat /tmp/f)" "err= 0"
# flushing suspend waits as no_path says
msg no_path 3
msg disable_path $B
rd & P=$!
sleep .3
t=$(secs)
dmsetup suspend --nolockfs m
t=$(($(secs) - t))
ok "flushing suspend ends when no_path's time is over ($t ms)" test $t -ge 2000
wait $P
ok "the bio got its error" test $? != 0
dmsetup resume m; msg reinstate_path $B; ok "goes on" rd
# interrupted suspend
msg no_path queue
msg disable_path $B
rd & P=$!
sleep .3
timeout -s INT 1 dmsetup suspend --nolockfs m
echo "     interrupted: $?"
ok "still waits" kill -0 $P
msg reinstate_path $B
wait $P
ok "ends well" test $? = 0
dmsetup resume m; ok "goes on" rd
# removal right behind an event storm, no bio
for i in $(seq 30); do msg disable_path $B; msg reinstate_path $B; msg fail_path $B; done; dmsetup remove m
echo "0 $SZ nvmemp 2 no_path 5 1 $A 1 failed" | dmsetup create m; dmsetup remove m
echo "0 $SZ nvmemp 0 1 $A 2 ana inaccessible" | dmsetup create m
rd & P=$!
sleep .3
msg ana $A optimized
wait $P
msg ana $A change
dmsetup remove m
sleep 2; clean; ok "module goes" rmmod dm-nvmemp; sleep 1; done_
