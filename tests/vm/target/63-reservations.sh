# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: GPL-2.0
# Persistent reservations through the map, on a target that has them (nvmet since
# 6.13): both paths hold them, another host is kept out, a conflict of its making
# goes up and costs no path, and a failed path is no obstacle.
. ./lib.sh
modprobe dm-nvmemp
D=$(mknull nb0 64)
T=/sys/kernel/config/nvmet
S=$T/subsystems/t0
mkdir $S
echo 1 >$S/attr_allow_any_host
mkdir $S/namespaces/1
echo -n $D >$S/namespaces/1/device_path
if [ -e $S/namespaces/1/resv_enable ]; then
	echo 1 >$S/namespaces/1/resv_enable
	echo 1 >$S/namespaces/1/enable
	for p in 1 2; do P=$T/ports/$p; mkdir $P; echo tcp >$P/addr_trtype; echo 127.0.0.1 >$P/addr_traddr; echo ipv4 >$P/addr_adrfam; echo 442$p >$P/addr_trsvcid; ln -s $S $P/subsystems/t0; done

	# con PORT HOST: prints the namespace
	con() {
		local c
		{
			echo "transport=tcp,traddr=127.0.0.1,trsvcid=442$1,nqn=t0,hostnqn=h$2,hostid=3f1c6a0e-0000-4000-8000-00000000000$2" >&9
			c=$(sed -n 's/.*instance=\([0-9]*\).*/nvme\1/p' <&9)
		} 9<>/dev/nvme-fabrics
		sleep 1
		echo /dev/${c}n1
	}
	# pr DEVICE OPERATION WORD...: include/uapi/linux/pr.h; type 1 is Write Exclusive
	pr() {
		perl -e 'my %op = (register => [0x401870c8, "QQLL"], reserve => [0x401070c9, "QLL"],
				release => [0x401070ca, "QLL"], clear => [0x401070cd, "QLL"]);
			my ($device, $op, @words) = @ARGV;
			open(my $f, "+<", $device) or exit 2;
			my $r = ioctl($f, $op{$op}[0], pack($op{$op}[1], @words));
			print "     $op @words on $device: ", defined $r ? $r + 0 : $!, "\n";
			exit !(defined $r && $r == 0);' "$@"
	}
	wr() { dd if=/dev/zero of=$1 bs=4k count=1 oflag=direct 2>/dev/null; }

	NA=$(con 1 1) NB=$(con 2 1) OTHER=$(con 1 2)
	A=$(devno $NA) B=$(devno $NB) SZ=$(blockdev --getsz $NA)
	echo "0 $SZ nvmemp 0 2 $A 1 flush_failfast $B 1 flush_failfast" | dmsetup create m
	M=/dev/mapper/m
	ok "register" pr $M register 0 1 0 0
	ok "reserve" pr $M reserve 1 1 0
	for path in $A $B; do
		msg prefer $path
		ok "the holder writes through $path" wr $M
	done
	msg prefer none
	ok "another host does not write" not wr $OTHER
	ok "nor reserve" not pr $OTHER reserve 2 1 0
	msg fail_path $A
	ok "a failed path is no obstacle to a release" pr $M release 1 1 0
	ok "nor to a reservation" pr $M reserve 1 1 0
	msg reinstate_path $A
	ok "release" pr $M release 1 1 0
	ok "another host registers" pr $OTHER register 0 2 0 0
	ok "and reserves" pr $OTHER reserve 2 1 0
	ok "now the map does not write" not wr $M
	ok "which costs no path" letters_are AA
	ok "reads go on" rd
	ok "the other clears" pr $OTHER clear 2 0 0
	ok "then the map writes" wr $M
	dmsetup remove m
	for c in /sys/class/nvme/nvme*; do grep -q trsvcid $c/address && echo 1 >$c/delete_controller; done
	for p in 1 2; do rm $T/ports/$p/subsystems/t0; rmdir $T/ports/$p; done
else
	echo "     the target of this kernel has none"
fi
rmdir $S/namespaces/1 $S
rmnull nb0
ok "module goes" rmmod dm-nvmemp
done_
