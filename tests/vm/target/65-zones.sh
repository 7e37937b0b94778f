# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# A zoned disk: zones are reported through the map, and written in order while
# the paths fail in turn, behind an error, and while the map is suspended.
. ./lib.sh
modprobe dm-nvmemp
d=/sys/kernel/config/nullb/nb0
mkdir $d
echo 1 >$d/memory_backed; echo 128 >$d/size; echo 4096 >$d/blocksize; echo 2 >$d/queue_mode; echo 1 >$d/zoned; echo 4 >$d/zone_size
echo 1 >$d/power
sleep .3
D=/dev/nb0
[ -b $D ] || D=/dev/nullb$(cat $d/index)
SZ=$(blockdev --getsz $D)
for p in pa pb; do
	echo "0 $SZ linear $D 0" | dmsetup create $p
done
A=$(devno /dev/mapper/pa) B=$(devno /dev/mapper/pb)
echo "0 $SZ nvmemp 4 policy round-robin no_path queue 2 $A 0 $B 0" | dmsetup create m
ok "made" test $? = 0
node=$(readlink -f /dev/mapper/m)
node=$(cat "/sys/dev/block/$(devno /dev/mapper/m)/queue/zoned")
ok "it is zoned" test "$node" = host-managed
ok "as many zones as below" test "$(blkzone report /dev/mapper/m | wc -l)" = "$(blkzone report $D | wc -l)"
zfio() {
	fio --eta=never --name=z --filename=/dev/mapper/m --zonemode=zbd --direct=1 --bs=16k --verify=crc32c --verify_fatal=1 "$@" --output=/tmp/f
}
zfio --rw=write --size=64m --ioengine=psync --do_verify=1 &
F=$!
while kill -0 $F 2>/dev/null; do
	msg fail_path "$A"; sleep .05; msg reinstate_path "$A"
	msg fail_path "$B"; sleep .05; msg reinstate_path "$B"
done
wait $F
ok "sequential writes over failing paths" test $? = 0
ok "both were used" test "$(st | awk '{ print ($19 > 0) + ($37 > 0) }')" = 2
blkzone reset /dev/mapper/m
ok "reset" test "$(blkzone report /dev/mapper/m | grep -c 'wptr 0x000000')" = 32
zfio --rw=randwrite --size=64m --io_size=32m --ioengine=libaio --iodepth=8 --numjobs=1 --do_verify=1
ok "several zones at once" test $? = 0
# behind an error, a queue takes no more writes to the zone before it was reported
blkzone reset /dev/mapper/m
zwr() { dd if=/dev/zero of=/dev/mapper/m bs=16k count=1 seek="$1" oflag=direct 2>/dev/null; }
ok "a write" zwr 0
echo +32-63 >$d/badblocks
zwr 1 & P=$!
sleep .3
echo -32-63 >$d/badblocks
wait $P
ok "a write that failed goes on when the disk can do it again" test $? = 0
ok "a write behind it" zwr 2
# a write to a zone can't be handed back to dm core
msg disable_path "$A"; msg disable_path "$B"
zwr 3 & P=$!
soon "it waits" is "queue 1 "
dmsetup suspend --noflush --nolockfs m & S=$!
sleep 1
ok "the suspend waits for the write" kill -0 $S
msg reinstate_path "$A"
wait $P
ok "the write is done" test $? = 0
wait $S
ok "and the suspend" test $? = 0
dmsetup resume m
msg reinstate_path "$B"
ok "goes on" zwr 4
# a trial is sent again, too
msg fail_path "$A"; msg fail_path "$B"
zwr 5
ok "a write is the trial of a failed path" test $? = 0
echo "0 $SZ linear $D 0" | dmsetup create pc
dmsetup message m 0 add_path /dev/mapper/pc 0
ok "another path of the same zones" test $? = 0
N=$(mknull nb1 128)
ok "no path without zones" not dmsetup message m 0 add_path "$N" 0
dmsetup remove m
rmnull nb1
clean
ok "module goes" rmmod dm-nvmemp
done_
