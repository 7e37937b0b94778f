# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: GPL-2.0
# A PCIe controller does a command and its answer is lost: the timeout resets the
# controller, and the caller gets what it asked for. Flushes go there without
# FAILFAST: with it, a lost one hangs the driver of some kernels for good (see
# docs/io-path.md), which is then shown, on a map whose table says so.
#
#    nvme0 --x answers --.
#                         >-- map
#    nvme1 --------------'
#
# topology: pcie2

lose=/sys/module/lose/parameters

# lost KIND OP COMMAND...: the next answer to OP is lost, and COMMAND succeeds
lost() {
	local kind=$1 began
	echo "$2" >$lose/op
	shift 2
	began=$(now_ms)
	echo 1 >$lose/count
	expect "a $kind whose answer is lost" "$@"
	expect_eq "answers still to be lost" "$(cat $lose/count)" 0
	say "a lost $kind: $(($(now_ms) - began)) ms"
	wait_for "two usable paths" usable_is 2
}

flush() {
	dd if=/dev/zero of="$dm" bs=4k count=1 oflag=direct conv=fsync status=none
}

wait_boot
[ -e /usr/local/lib/lose.ko ] || skip "the lab has no module lose for this kernel"
one_map 2
a=$(path_of c0)
echo 2000 >"/sys/block/$a/queue/io_timeout"
insmod /usr/local/lib/lose.ko "disk=$a"
expect "switch" nvmempctl switch "$dm" "$a"
lost read 0 dd if="$dm" of=/dev/null bs=4k count=1 iflag=direct status=none
lost write 1 dd if=/dev/zero of="$dm" bs=4k count=1 oflag=direct status=none
lost flush 2 flush

say "flushes with FAILFAST"
systemctl stop nvmempd nvmempd.socket
dmsetup table "$map" | sed -E 's/ ([0-9]+:[0-9]+) 2 ana optimized/ \1 3 ana optimized flush_failfast/g;
	s/ ([0-9]+:[0-9]+) 3 ana optimized preferred/ \1 4 ana optimized preferred flush_failfast/' >new-table
expect_eq "paths with FAILFAST" "$(grep -o flush_failfast new-table | wc -l)" 2
dmsetup reload "$map" new-table
dmsetup suspend --noflush --nolockfs "$map"
dmsetup resume "$map"
echo 1 >$lose/count
(flush && touch flushed) &
for _ in {1..60}; do
	[ ! -e flushed ] || break
	sleep 1
done
if [ -e flushed ]; then
	value "a lost flush with FAILFAST" "comes back"
else
	value "a lost flush with FAILFAST, timeout 2 s" "hangs for 60 s"
	cat /proc/[0-9]*/stack >stacks 2>/dev/null || true
	expect "the driver hangs" grep -E 'nvme_timeout|nvme_dev_disable|nvme_reset_work' stacks
	dmsetup message "$map" 0 prefer "$(cat "/sys/block/$(path_of c1)/dev")"
	expect "a read over the other path" dd if="$dm" of=/dev/null bs=4k count=1 iflag=direct status=none
	# such a machine does not power off by itself
	(sleep 3 && echo b >/proc/sysrq-trigger) &
fi
