# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: GPL-2.0
# A shared namespace with one path has a map at once; with single_path = no it
# has to wait for its second path, and then has one at once.
#
#    nvme0 --- nvme0n1 --.
#                         >-- map
#    nvme1 -?- nvme1n1 --'
#
# topology: pcie2

# follows WHAT COMMAND...: until COMMAND succeeds; tells the time since the moment in
# $since, which should be below a second, but the load of the host decides that
follows() {
	local what=$1
	shift
	until "$@"; do
		[ $(($(now_ms) - since)) -lt 60000 ] || fail "$what: not within a minute"
		sleep 0.02
	done
	value "$what" "$(($(now_ms) - since)) ms"
}

has_paths() {
	[ "$(dmsetup table "$map" 2>/dev/null | grep -o 'ana' | wc -l)" = "$1" ]
}

# second_path: plugs c1 in, and sets $since to when the kernel shows its disk
second_path() {
	host plug c1
	until compgen -G '/sys/devices/pci0000:00/0000:00:12.0/*/nvme/nvme*/nvme*n1' >/dev/null; do
		sleep 0.02
	done
	since=$(now_ms)
}

wait_boot
one_map 2

say "one path, and the map keeps it"
configure <<<$'[defaults]\nsingle_path = no'
unplug c1
wait_for "one path in the map" status_is '.maps[0].paths | length' 1
expect "the map" test -b "$dm"

say "a new map waits"
systemctl stop nvmempd
dmsetup remove --retry "$map"
systemctl start nvmempd
wait_for "the reason" status_is '.rejected[0].reason' "it is the only path, and single_path is no"
expect_eq "maps" "$(status '.maps | length')" 0
expect "the path is kept from others" grep -qx DM_MULTIPATH_DEVICE_PATH=1 <(udevadm info -q property "/dev/$(path_of c0)")

say "until the second path is there"
second_path
follows "map after the second path" has_paths 2
one_map 2

say "single_path = yes: at once, and the second path joins"
unplug c1
systemctl stop nvmempd
dmsetup remove --retry "$map"
rm /etc/nvmemp/nvmemp.conf.d/lab.conf
systemctl start nvmempd
one_map 1
second_path
follows "second path in the map" has_paths 2
