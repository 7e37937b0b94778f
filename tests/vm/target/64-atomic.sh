# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: GPL-2.0
# Atomic writes (device-mapper has them since 6.14), over a SCSI debug disk that
# two hosts show: neither QEMU's NVMe controller nor nvmet has more than a block.
. ./lib.sh
modprobe dm-nvmemp
modprobe -q sd_mod
modprobe -q scsi_debug atomic_wr=1 add_host=2 dev_size_mb=64 delay=0 2>/dev/null
settled() { [ "$(grep -l scsi_debug /sys/block/sd*/device/model | wc -l)" = 2 ]; }
if grep -q . /sys/module/scsi_debug/parameters/atomic_wr 2>/dev/null; then
	soon "two disks" settled
	read -r PA PB <<<"$(grep -l scsi_debug /sys/block/sd*/device/model | cut -d/ -f4 | tr '\n' ' ')"
	A=$(devno /dev/$PA); B=$(devno /dev/$PB); SZ=$(blockdev --getsz /dev/$PA)
	echo "0 $SZ nvmemp 0 2 $A 0 $B 0" | dmsetup create m
	M=$(devno /dev/mapper/m)
	limit() { cat /sys/dev/block/$1/queue/atomic_write_$2_bytes 2>/dev/null || echo 0; }
	# atomic BYTES BYTE: pwritev2() with RWF_ATOMIC, of BYTE, at 0
	atomic() {
		perl -MFcntl -e 'my ($bytes, $byte) = @ARGV;
			sysopen(my $f, "/dev/mapper/m", O_RDWR | 040000) or die $!;
			my $buffer = chr($byte) x ($bytes + 4096);
			my $at = (unpack("Q", pack("P", $buffer)) + 4095) & ~4095;
			my $iov = pack("QQ", $at, $bytes);
			my $r = syscall(328, fileno($f), $iov, 1, 0, 0, 0x40);
			print "     atomic write of $bytes: ", $r < 0 ? $! : $r, "\n";
			exit !($r == $bytes);' "$@"
	}
	holds() { [ "$(dd if=/dev/$PB bs=4k count=1 iflag=direct 2>/dev/null | tr -d "\\$1" | wc -c)" = 0 ]; }
	max=$(limit $A unit_max)
	ok "the disk has atomic writes" test "$max" -gt 0
	if [ "$(uname -r | awk -F. '{ print $1 * 100 + $2 }')" -ge 614 ]; then
		ok "the map has what its paths have" test "$(limit $M unit_max) $(limit $M unit_min)" = "$max $(limit $A unit_min)"
		ok "a write of the whole unit" atomic $max 1
		ok "arrived" holds 001
		ok "one of more is refused" not atomic $((max * 2)) 2
		ok "and wrote nothing" holds 001
		echo offline >/sys/block/$PA/device/state
		ok "over a dead path" atomic $max 3
		ok "arrived whole" holds 003
		ok "the dead path is out" letters_are FA
		echo running >/sys/block/$PA/device/state
	else
		ok "a kernel whose device-mapper has none refuses" not atomic $max 1
	fi
	dmsetup remove m
	rmmod scsi_debug
fi
ok "module goes" rmmod dm-nvmemp; done_
