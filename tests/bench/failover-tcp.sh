# shellcheck shell=bash disable=SC1091,SC2034,SC2154
# SPDX-License-Identifier: GPL-2.0
# Links are lost and ANA states change under I/O.
#
#    port 20 (optimized)     --- nvme0 --.
#                                         >-- device --- fio
#    port 21 (non-optimized) --- nvme1 --'

. ./words
nqn=nqn.test:bench

# by_port PORT: the controller behind it
by_port() {
	local address
	for address in /sys/class/nvme/*/address; do
		grep -q "trsvcid=44$1" "$address" && basename "$(dirname "$address")"
	done
}

live_behind() {
	is_live "$(by_port "$1")"
}

ended() {
	[ "$(cat "/sys/class/nvme/$1/state")" != live ]
}

wait_boot
take_over
tcp_modules
tcp_namespace $nqn 1 /dev/disk/by-id/virtio-back0
tcp_port 20 $nqn
tcp_port 21 $nqn
tcp_ana 21 non-optimized
tcp_connect $nqn 20
tcp_connect $nqn 21
wait_for "port 20" live_behind 20
wait_for "port 21" live_behind 21
find_device
one=$(by_port 20) two=$(by_port 21)

for ((round = 0; round < ROUNDS; round++)); do
	start_measured
	sleep 3
	stop_measured "tcp nothing"

	start_measured
	began=$(now_us)
	settles_on "$one" "$two" >/dev/null
	began=$(now_us)
	tcp_ana 20 inaccessible
	took=$(settles_on "$two" "$one")
	stop_measured "tcp inaccessible" "$took"
	tcp_ana 20 optimized

	start_measured
	began=$(now_us)
	settles_on "$one" "$two" >/dev/null
	began=$(now_us)
	tcp_ana 21 optimized
	tcp_ana 20 non-optimized
	took=$(settles_on "$two" "$one")
	stop_measured "tcp non-optimized" "$took"
	tcp_ana 20 optimized
	tcp_ana 21 non-optimized

	start_measured
	began=$(now_us)
	settles_on "$one" "$two" >/dev/null
	began=$(now_us)
	rm "$NVMET/ports/20/subsystems/$nqn"
	wait_for "$one to notice" ended "$one"
	took=$(settles_on "$two" "$one")
	wait_for_io "the link is lost"
	stop_measured "tcp link-lost" "$took"
	ln -s "$NVMET/subsystems/$nqn" "$NVMET/ports/20/subsystems/$nqn"
	wait_for "port 20" live_behind 20
	wait_for "both paths" whole
done
