# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: GPL-2.0
# ANA states of NVMe over TCP reach the choice of path: optimized before
# non-optimized, inaccessible never; a dead link costs no error.
#
#    port 20 (optimized)      --- nvme0 --.
#                                          >-- map --- fio
#    port 21 (non-optimized)  --- nvme1 --'
#
# topology: tcp2

nqn=nqn.test:ana

by_port() {
	status ".maps[0].paths[] | select(.address | test(\"trsvcid=44$1\")) | .$2"
}

ana_is() {
	[ "$(by_port "$1" ana_state)" = "$2" ]
}

# A stretch of I/O that goes through that port and not through the other
only_through() {
	local other=20 here there
	[ "$1" = 20 ] && other=21
	here=$(by_port "$1" io_count)
	there=$(by_port $other io_count)
	wait_for_io "through port $1"
	[ "$(by_port "$1" io_count)" -ge $((here + 100)) ] && [ "$(by_port $other io_count)" = "$there" ]
}

uses() {
	wait_for "I/O through port $1 alone" only_through "$1"
}

wait_boot
tcp_modules
tcp_namespace $nqn 1 /dev/disk/by-id/virtio-back0
tcp_port 20 $nqn
tcp_port 21 $nqn
tcp_ana 21 non-optimized
tcp_connect $nqn 20
tcp_connect $nqn 21
one_map 2
wait_for "port 20 optimized" ana_is 20 optimized
wait_for "port 21 non-optimized" ana_is 21 non-optimized
start_fio "$dm"
uses 20

say "the optimized path changes sides"
tcp_ana 21 optimized
tcp_ana 20 non-optimized
wait_for "port 20 non-optimized" ana_is 20 non-optimized
wait_for "port 21 optimized" ana_is 21 optimized
uses 21

say "inaccessible"
tcp_ana 21 inaccessible
wait_for "port 21 inaccessible" ana_is 21 inaccessible
uses 20
tcp_ana 21 optimized
wait_for "port 21 optimized" ana_is 21 optimized
uses 21

say "the link of port 21 dies, and comes back"
rm "$NVMET/ports/21/subsystems/$nqn"
wait_for_io "the link is dead"
uses 20
ln -s "$NVMET/subsystems/$nqn" "$NVMET/ports/21/subsystems/$nqn"
wait_for "two usable paths" usable_is 2
uses 21
stop_fio
