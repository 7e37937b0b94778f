# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: GPL-2.0
# All paths are lost. With no_path queue I/O waits and goes on; with
# no_path 5 it gets errors after 5 s, and the map goes when nobody holds it;
# with paths again the map is back with its data.
#
#    nvme0 -x- nvme0n1 --.
#                         >-- map --- fio, dd
#    nvme1 -x- nvme1n1 --'
#
# topology: pcie2

no_path_is() {
	[ "$(status_word 5)" = "$1" ]
}

wait_boot
one_map 2

say "no_path queue"
configure <<<$'[defaults]\nno_path = queue'
wait_for "no_path queue in the target" no_path_is queue
start_fio "$dm"
unplug c0
unplug c1
wait_for "the target waiting" state_is waiting
wait_for "I/O waiting" fio_waits
wait_for "status says so" status_is '.maps[0].state' waiting
plug c1
wait_for_io "c1 is back"
plug c0
wait_for "two usable paths" usable_is 2
wait_for_io "both are back"
stop_fio
value "longest wait survived" "$fio_longest_ms ms"

say "no_path 5"
configure <<<$'[defaults]\nno_path = 5'
wait_for "no_path 5 in the target" no_path_is 5
dd if=/dev/urandom of=pattern bs=1M count=4 status=none
dd if=pattern of="$dm" bs=1M oflag=direct status=none
unplug c0
began=$(now_ms)
host unplug c1
expect_not "a read without a path" dd if="$dm" of=/dev/null bs=4k count=1 iflag=direct
took=$(($(now_ms) - began))
value "no_path 5: error after" "$took ms"
expect "the error came after $took ms, not before 5 s" test $took -ge 5000
expect_not "a second read" dd if="$dm" of=/dev/null bs=4k count=1 iflag=direct
wait_for "the map to go" test ! -e "$dm"
wait_for "status without a map" map_count_is 0

say "paths again"
plug c0
plug c1
one_map 2
echo 3 >/proc/sys/vm/drop_caches
expect "data as before" cmp -n 4194304 pattern "$dm"
