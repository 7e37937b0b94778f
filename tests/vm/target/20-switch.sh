# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Verified I/O while paths fail, come back, are preferred, change ANA state and policy.
. ./lib.sh
modprobe dm-nvmemp
paths 128
echo "0 $SZ nvmemp 2 no_path queue 2 $A 0 $B 0" | dmsetup create m
fio --eta=never --name=v --filename=/dev/mapper/m --rw=randrw --bs=4k-64k --size=100m --time_based --runtime=${RT:-20} --ioengine=libaio --iodepth=16 --direct=1 --verify=crc32c --verify_backlog=64 --verify_fatal=1 --fsync=64 --output=/tmp/f &
F=$!; sleep 2; i=0
while kill -0 $F 2>/dev/null; do
	i=$((i + 1))
	msg fail_path $A
	sleep .05
	msg reinstate_path $A
	msg prefer $B
	sleep .05
	msg fail_path $B
	sleep .05
	msg prefer none
	msg policy round-robin
	msg policy queue-depth
	msg reinstate_path $B
	msg ana $A inaccessible
	sleep .05
	msg ana $A non-optimized $B change
	sleep .05
	msg ana $A optimized $B optimized
	msg disable_path $A
	sleep .02
	msg fail_path $B
	sleep .05
	msg policy latency
	msg reinstate_path $A
	msg reinstate_path $B
done
wait $F; ok "fio" test $? = 0; ok "no error" test "$(grep -c 'err= 0' /tmp/f)" = 1
echo "     $i rounds: $(st)"; ok "all active" test "$(letters)" = AA
S=($(st)); ok "nothing in flight" test "${S[17]} ${S[35]}" = "0 0"
dmsetup remove m; clean; ok "module goes" rmmod dm-nvmemp; done_
