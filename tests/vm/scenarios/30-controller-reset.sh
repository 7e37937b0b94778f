# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: GPL-2.0
# Controllers are reset one after the other while verified I/O runs: no error,
# and the longest completion beside native multipath's in the same machine.
# Only a bound that no working machine comes near is enforced: how long a
# reset takes is up to the emulated controller and the load of the machine.
#
#    nvme0 (reset) --.
#                     >-- map, or native head --- fio
#    nvme1 (reset) --'
#
# topology: pcie2
# variants: nvmemp native

wait_boot
if [ "$VARIANT" = native ]; then
	native_head
else
	one_map 2
fi
start_fio "$dm"
sleep 2
for round in 1 2 3 4; do
	for id in c0 c1; do
		name=$(controller $id)
		echo 1 >"/sys/class/nvme/$name/reset_controller"
		wait_for "$name live, round $round" is_live "$name"
		wait_for_io "$name was reset, round $round"
		[ "$VARIANT" = native ] || wait_for "both usable" usable_is 2
	done
done
stop_fio
value "longest completion" "$fio_longest_ms ms"
value "verified" "$fio_verified reads"
expect "longest completion, $fio_longest_ms ms" test "$fio_longest_ms" -lt 30000
