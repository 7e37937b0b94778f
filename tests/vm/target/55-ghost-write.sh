# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# A write that a lost controller carries out late: without write_hold it undoes a
# newer one that was acknowledged, with it never. Two nvmet subsystems stand for
# two controllers of one namespace; below the first, writes take four seconds.
. ./lib.sh
modprobe dm-nvmemp
D=$(mknull nb0 64)
SZ=$(blockdev --getsz "$D")
echo "0 $SZ linear $D 0" | dmsetup create slow
T=/sys/kernel/config/nvmet
export_disk() { # export_disk N DISK
	local s=$T/subsystems/g$1 p=$T/ports/$1
	mkdir "$s"; echo 1 >"$s/attr_allow_any_host"
	mkdir "$s/namespaces/1"; echo -n "$2" >"$s/namespaces/1/device_path"; echo 1 >"$s/namespaces/1/enable"
	mkdir "$p"; echo tcp >"$p/addr_trtype"; echo 127.0.0.1 >"$p/addr_traddr"; echo ipv4 >"$p/addr_adrfam"; echo 443$1 >"$p/addr_trsvcid"
	ln -s "$s" "$p/subsystems/g$1"
}
node() {
	local c
	for c in /sys/class/nvme/nvme*; do
		grep -q "trsvcid=443$1" "$c/address" && ls -d "$c"/nvme*n1 | sed 's|.*/|/dev/|'
	done
}
block() { # block LETTER: 4 KiB of it
	head -c 4096 /dev/zero | tr '\0' "$1"
}
export_disk 1 /dev/mapper/slow
export_disk 2 "$D"
for n in 1 2; do
	echo "transport=tcp,traddr=127.0.0.1,trsvcid=443$n,nqn=g$n,hostnqn=h0,hostid=3f1c6a0e-0000-4000-8000-000000000001,keep_alive_tmo=2,reconnect_delay=1" >/dev/nvme-fabrics
done
sleep 2
A=$(devno "$(node 1)") B=$(devno "$(node 2)")
echo "0 $SZ nvmemp 2 no_path queue 2 $A 1 flush_failfast $B 1 flush_failfast" | dmsetup create m

# One round: "o" is under way on A when its link dies; then "n" is written over it.
round() {
	swap_table slow "0 $SZ delay $D 0 0 $D 0 4000"
	block o | dd of=/dev/mapper/m bs=4k oflag=direct 2>/dev/null & W=$!
	sleep 1
	rm $T/ports/1/subsystems/g1
	wait $W
	ok "the first write is acknowledged" test $? = 0
	block n | dd of=/dev/mapper/m bs=4k oflag=direct 2>/dev/null
	ok "the second write is acknowledged" test $? = 0
	sleep 6
	found=$(dd if=/dev/mapper/m bs=4k count=1 iflag=direct 2>/dev/null | head -c 1)
	swap_table slow "0 $SZ linear $D 0"
	ln -s $T/subsystems/g1 $T/ports/1/subsystems/g1
	until [ "$(cat /sys/class/nvme/*/state | sort -u)" = live ]; do sleep .2; done
	msg reinstate_path "$A"
}
round
ok "write_hold off: the old write has come back (so this test can tell)" test "$found" = o
msg write_hold 6000
round
ok "write_hold 6000: the new data stands" test "$found" = n

dmsetup remove m
for c in /sys/class/nvme/nvme*; do
	grep -q 127.0.0.1 "$c/address" && echo 1 >"$c/delete_controller"
done
rm -f $T/ports/*/subsystems/g*
rmdir $T/ports/* $T/subsystems/g*/namespaces/1 $T/subsystems/g*
dmsetup remove slow
rmnull nb0
ok "module goes" rmmod dm-nvmemp
done_
