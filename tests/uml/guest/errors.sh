# shellcheck shell=bash disable=SC2154 # given by init or lib.sh
# SPDX-License-Identifier: GPL-2.0
# Paths that fail some of their I/O at random, under verified I/O; and a block
# that is bad on all paths, which costs none of them.
[ -d "$debug/fail_make_request" ] || skip "a kernel without fail_make_request"
seconds=$((20 * scale))
backing b0 96 submit_queues=2 cache_size=256
for i in 0 1 2 3; do
	dm_path p$i /dev/b0
done
map m "policy queue-depth no_path fail" /dev/mapper/p{0,1,2,3}

dm_sysfs() {
	echo "/sys/dev/block/$(number "$1")"
}

say "random failures of three paths in four"
kernel_says_little
for i in 1 2 3; do
	echo 1 >"$(dm_sysfs /dev/mapper/p$i)/make-it-fail"
done
settings "$debug/fail_make_request" verbose=0 times=-1 interval=1 probability=5
verified_fio random /dev/mapper/m $seconds --ioengine=io_uring --rw=randrw --bsrange=4k-128k --iodepth=16 --numjobs=2 --size=48m --offset_increment=48m
end=$((SECONDS + seconds))
while [ $SECONDS -lt $end ]; do
	for i in 1 2 3; do
		message m reinstate_path "$(number /dev/mapper/p$i)"
		sleep 0.1
	done
done
fio_passed random "$fio_pid"
errors=$(dmsetup status m | grep -o '253:[0-9]* [A-Z] [a-z-]* [0-9]* [0-9]* [0-9]*' | awk '{ n += $6 } END { print n }')
[ "$errors" -gt 0 ] || fail "no path failed anything: $(dmsetup status m)"
say "$errors errors of paths"
settings "$debug/fail_make_request" probability=0
kernel_says_all

say "a bad block"
for i in 1 2 3; do
	message m reinstate_path "$(number /dev/mapper/p$i)"
done
settings "$nullb/b0" badblocks=+8000-8007
! dd if=/dev/mapper/m of=/dev/null bs=4k skip=1000 count=1 iflag=direct status=none 2>/dev/null || fail "a bad block is read"
for i in 0 1 2 3; do
	is m /dev/mapper/p$i A || fail "a bad block costs p$i: $(dmsetup status m)"
done
dd if=/dev/mapper/m of=/dev/null bs=4k skip=1001 count=1 iflag=direct status=none || fail "its neighbour can't be read"
settings "$nullb/b0" badblocks=-8000-8007
dd if=/dev/mapper/m of=/dev/null bs=4k skip=1000 count=1 iflag=direct status=none || fail "the healed block can't be read"
map_works m
