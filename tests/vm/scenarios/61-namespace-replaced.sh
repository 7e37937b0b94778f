# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: GPL-2.0
# A namespace is deleted and created again with another identity behind the
# same node name and NSID: no path of it is ever taken into the old map, and
# nothing is written to it.
#
#    port 20 --- nvme0 --.                 back0, then back1
#                         >-- map --- fio
#    port 21 --- nvme1 --'
#
# topology: tcp2

nqn=nqn.test:replaced
old=11111111-aaaa-4aaa-8aaa-aaaaaaaaaaaa
new=22222222-bbbb-4bbb-8bbb-bbbbbbbbbbbb

maps_with() {
	[ "$(status "[.maps[] | select(.wwid == \"uuid.$1\")] | length")" = "$2" ]
}

paths_of_map() {
	status ".maps[] | select(.wwid == \"uuid.$1\") | .paths | length"
}

old_has_two() {
	[ "$(paths_of_map $old)" = 2 ]
}

wait_boot
tcp_modules
tcp_namespace $nqn 1 /dev/disk/by-id/virtio-back0 uuid $old
tcp_port 20 $nqn
tcp_port 21 $nqn
tcp_connect $nqn 20
tcp_connect $nqn 21
one_map 2
expect "its wwid is the UUID" maps_with $old 1
configure <<<$'[defaults]\nno_path = queue'
dd if=/dev/urandom of=/dev/disk/by-id/virtio-back1 bs=1M count=64 oflag=direct status=none
md5sum /dev/disk/by-id/virtio-back1 >back1.md5
start_fio "$dm"

# become DISK UUID: what the host saw as namespace 1 is gone from it before
# another one takes its NSID
become() {
	local namespace=$NVMET/subsystems/$nqn/namespaces/1
	echo 0 >"$namespace/enable"
	wait_for "the namespace to go" no_namespaces
	echo -n "/dev/disk/by-id/virtio-$1" >"$namespace/device_path"
	echo "$2" >"$namespace/device_uuid"
	echo 1 >"$namespace/enable"
}

no_namespaces() {
	[ -z "$(namespaces '*')" ]
}

say "the namespace becomes another one"
become back1 $new
wait_for "the old map without a path" state_is waiting
wait_for "a map of the new identity" maps_with $new 1
expect_eq "paths of the old map that are usable" \
	"$(status "[.maps[] | select(.wwid == \"uuid.$old\") | .paths[] | select(.state == \"active\")] | length")" 0
wait_for "I/O waiting" fio_waits
md5sum -c --quiet back1.md5 || fail "the new namespace was written to"

say "the old one comes back"
become back0 $old
wait_for "two paths" old_has_two
wait_for_io "the old namespace is back"
stop_fio
md5sum -c --quiet back1.md5 || fail "the new namespace was written to"
daemon_log -p notice | tail -n 20
