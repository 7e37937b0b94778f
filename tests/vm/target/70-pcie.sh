# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Two PCIe controllers of one subsystem: reset and remove each under verified I/O.
. ./lib.sh
modprobe dm-nvmemp
A=$(devno /dev/nvme0n1); B=$(devno /dev/nvme1n1); SZ=$(blockdev --getsz /dev/nvme0n1)
echo "0 $SZ nvmemp 0 2 $A 0 $B 0" | dmsetup create m
run() { fio --eta=never --name=v --filename=/dev/mapper/m --rw=randrw --bs=4k-128k --size=100m --time_based --runtime=$1 --ioengine=libaio --iodepth=16 --direct=1 --verify=crc32c --verify_backlog=64 --verify_fatal=1 --fsync=32 --output=/tmp/f; }
max() { sed -n 's/.* clat (\(.*\)): min=.*max= *\([^,]*\),.*/\2 \1/p' /tmp/f | tr '\n' ' '; }
run 12 & F=$!; sleep 1
for i in 1 2 3 4 5; do for c in 0 1; do echo 1 >/sys/class/nvme/nvme$c/reset_controller; sleep .4; l=$(letters); [ $l = AA ] || { sleep .5; echo "     $l"; msg reinstate_path $A; msg reinstate_path $B; }; done; done
wait $F; ok "resets: fio" test $? = 0; echo "     longest: $(max)"; st
msg reinstate_path $A; msg reinstate_path $B
# one path only, no_path fail: a reset is no error
msg disable_path $B
run 8 & F=$!
running
for i in 1 2 3; do echo 1 >/sys/class/nvme/nvme0/reset_controller; sleep 1; done
wait $F
ok "reset of the only path: fio" test $? = 0
echo "     longest: $(max)"
st
msg reinstate_path $B
run 8 & F=$!
running
P=$(readlink -f /sys/class/nvme/nvme0/device)
echo 1 >$P/remove
sleep 1
st
ok "removed is gone" test "$(letters)" = GA
wait $F
ok "removal: fio" test $? = 0
echo "     longest: $(max)"
echo "0 $SZ nvmemp 0 1 $B 0" | dmsetup reload m
dmsetup suspend --noflush --nolockfs m
dmsetup resume m
ok "removed is let go" test "$(letters)" = A
echo 1 >/sys/bus/pci/rescan
n=0
while [ $n -lt 50 ]; do N=$(ls /dev/nvme*n1 | grep -v nvme1n1 | head -1); [ -n "$N" ] && break; sleep .2; n=$((n + 1)); done
sleep .5
A=$(devno $N)
echo "     back as $N"
run 10 & F=$!
running
echo "0 $SZ nvmemp 0 2 $A 0 $B 0" | dmsetup reload m
dmsetup suspend --noflush --nolockfs m
dmsetup resume m
sleep 1
P=$(readlink -f /sys/class/nvme/nvme1/device)
echo 1 >$P/remove
sleep 1
st
wait $F
ok "removal of the other: fio" test $? = 0
echo "     longest: $(max)"
dmsetup remove m; ok "module goes" rmmod dm-nvmemp; done_
