# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# NVMe/TCP through this machine: ANA states, a dead link, the only path lost and back, flushes.
. ./lib.sh
modprobe dm-nvmemp
D=$(mknull nb0 128)
T=/sys/kernel/config/nvmet
S=$T/subsystems/t0
mkdir $S
echo 1 >$S/attr_allow_any_host
mkdir $S/namespaces/1
echo -n $D >$S/namespaces/1/device_path
echo 2 >$S/namespaces/1/ana_grpid
echo 1 >$S/namespaces/1/enable
for p in 1 2; do P=$T/ports/$p; mkdir $P; echo tcp >$P/addr_trtype; echo 127.0.0.1 >$P/addr_traddr; echo ipv4 >$P/addr_adrfam; echo 442$p >$P/addr_trsvcid; mkdir $P/ana_groups/2; echo optimized >$P/ana_groups/2/ana_state; ln -s $S $P/subsystems/t0; done
con() { echo "transport=tcp,traddr=127.0.0.1,trsvcid=442$1,nqn=t0,hostnqn=h0,hostid=3f1c6a0e-0000-4000-8000-000000000001,keep_alive_tmo=2,reconnect_delay=1" >/dev/nvme-fabrics; }
node() { local c; for c in /sys/class/nvme/nvme*; do grep -q "trsvcid=442$1" $c/address && ls -d $c/nvme*n1 | sed 's|.*/|/dev/|'; done; }
con 1
con 2
sleep 2
NA=$(node 1)
NB=$(node 2)
echo "     $NA $NB"
A=$(devno $NA)
B=$(devno $NB)
SZ=$(blockdev --getsz $NA)
echo "0 $SZ nvmemp 0 2 $A 1 flush_failfast $B 1 flush_failfast" | dmsetup create m
run() { fio --eta=never --name=v --filename=/dev/mapper/m --rw=randrw --bs=4k-32k --size=64m --time_based --runtime=$1 --ioengine=libaio --iodepth=8 --direct=1 --verify=crc32c --verify_backlog=64 --verify_fatal=1 --fsync=32 --output=/tmp/f; }
max() { sed -n 's/.* clat (\(.*\)): min=.*max= *\([^,]*\),.*/\2 \1/p' /tmp/f | tr '\n' ' '; }
ana() { echo $2 >$T/ports/$1/ana_groups/2/ana_state; }
run 8 & F=$!
running
ana 1 inaccessible
soon "error of ANA costs the path" letters_are FA
msg ana $A inaccessible
ana 1 optimized
msg ana $A optimized
msg reinstate_path $A
sleep .5
ana 2 change
msg ana $B change
sleep .5
ana 2 non-optimized
msg ana $B non-optimized
wait $F
ok "ANA changes: fio" test $? = 0
echo "     longest: $(max)"
st
# all inaccessible before anybody says so: rounds carry the bios over that
msg no_path queue
run 10 & F=$!
running
ana 1 inaccessible
ana 2 inaccessible
sleep 5
msg ana $A inaccessible $B inaccessible
sleep 1.5
has "$(st)" waiting || fails=$((fails + 1))
ana 2 optimized
msg ana $B optimized
wait $F
ok "all inaccessible for 7 s, of which 5 unsaid: fio" test $? = 0
msg no_path fail
echo "     longest: $(max)"
st
ana 1 optimized; msg ana $A optimized; msg reinstate_path $A; msg reinstate_path $B
# dead link of the path in use
run 8 & F=$!
running
rm $T/ports/1/subsystems/t0
soon "link lost" letters_are FA
st
wait $F
ok "dead link: fio" test $? = 0
echo "     longest: $(max)"
# the only path lost and back: no_path queue, nobody helps
msg no_path queue
msg disable_path $A
run 12 & F=$!
running
rm $T/ports/2/subsystems/t0
soon "none left" letters_are DF
sleep 1
st
ln -s $S $T/ports/2/subsystems/t0
wait $F
ok "only path lost and back by the target's own trial: fio" test $? = 0
echo "     longest: $(max)"
st
dmsetup remove m; ok "module goes" rmmod dm-nvmemp
for c in /sys/class/nvme/nvme*; do grep -q 127.0.0.1 $c/address && echo 1 >$c/delete_controller; done
rm -f $T/ports/*/subsystems/t0
rmdir $T/ports/*/ana_groups/2 $T/ports/*
rmdir $S/namespaces/1 $S
rmnull nb0
done_
