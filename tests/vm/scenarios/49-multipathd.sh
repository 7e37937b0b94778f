# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: GPL-2.0
# multipathd runs beside nvmempd and would take every disk: by the drop-in it
# leaves our paths alone, whatever comes and goes, and its udev rule does not
# undo our marks. Without the drop-in it is first, and status says so.
#
#    nvme0 --- nvme0n1 --.
#                         >-- map        multipathd
#    nvme1 --- nvme1n1 --'
#
# topology: pcie2

drop_in=/etc/multipath/conf.d/nvmemp.conf

mpath_maps() {
	dmsetup info -c --noheadings -o uuid 2>/dev/null | grep -c '^mpath-' || true
}

mpath_maps_are() {
	[ "$(mpath_maps)" = "$1" ]
}

marked() {
	local path property properties
	for path in "$(path_of c0)" "$(path_of c1)"; do
		properties=$(udevadm info -q property "/dev/$path")
		for property in DM_NVMEMP_PATH=1 DM_MULTIPATH_DEVICE_PATH=1 SYSTEMD_READY=0 ID_FS_TYPE=mpath_member; do
			expect "property $property of $path" grep -qx "$property" <<<"$properties"
		done
	done
}

start_multipathd() {
	systemctl start multipathd
	wait_for "multipathd" multipathd show daemon
}

command -v multipathd >/dev/null || skip "there is no multipathd"
wait_boot
one_map 2
expect "the drop-in" test -s $drop_in
printf 'defaults {\n\tfind_multipaths off\n}\n' >/etc/multipath.conf
systemctl -q unmask multipathd.service multipathd.socket
rm /etc/udev/rules.d/60-multipath.rules
udevadm control --reload
modprobe dm-multipath
start_multipathd

say "it leaves our paths alone"
udevadm trigger --settle --action=change --subsystem-match=block
marked
unplug c1
plug c1
one_map 2
udevadm settle
marked
multipathd reconfigure
multipathd show paths format '%d %w %T' | cat
expect_not "nvme among multipathd's paths" grep -q nvme <(multipathd show paths format '%d')
expect_eq "multipathd's maps" "$(mpath_maps)" 0
start_fio "$dm"
stop_fio

say "without the drop-in, and first"
systemctl stop multipathd multipathd.socket nvmempd
mv $drop_in drop-in
dmsetup remove --retry "$map"
start_multipathd
wait_for "multipathd to take the paths" mpath_maps_are 1
systemctl start nvmempd
wait_for "status to say so" status_is '[.rejected[] | select(.reason | contains("(multipathd: "))] | length' 2
status '.rejected[].reason'
expect_eq "our maps" "$(status '.maps | length')" 0

say "with it again"
mv drop-in $drop_in
multipathd reconfigure
systemctl stop multipathd multipathd.socket
multipath -F || true
wait_for "its map to go" mpath_maps_are 0
one_map 2
