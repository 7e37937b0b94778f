# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: GPL-2.0
# Installs the packages beside a path that is in use, reboots, upgrades them under
# running I/O, removes them with the map in use, and purges them.
#
#    nvme0 --- nvme0n1 --.
#                         >-- map --- partition 1, ext4 --- /mnt
#    nvme1 --- nvme1n1 --'

part_uuid=6c1f0d52-40ab-4d8e-9f53-21d1f0f4a7b1

# apt ARGUMENT...: offline; its output goes to apt.log
apt() {
	DEBIAN_FRONTEND=noninteractive apt-get -q -y "$@" >apt.log 2>&1 </dev/null ||
		fail "apt-get $*: $(tail -n 5 apt.log)"
	expect_not "complaints of packages" grep -E 'WARNING|dpkg: error|nvmemp.*(failed|not found)' apt.log
	grep '^nvmemp: ' apt.log || true
}

installed_module() {
	dkms status -m nvmemp | grep -o '^nvmemp/[^,]*, [^,]*, [^:]*: installed'
}

version_of() {
	dpkg-query -W -f '${Version}' "$1"
}

owned_by_nobody() {
	expect_eq "paths with partition nodes" "$(compgen -G '/dev/nvme?n1p1' | wc -l)" 2
	expect_not "marks of paths" grep -rs ^E:NVMEMP_ /run/udev/data
}

# Everything of ours that is not a log, nor the packages themselves
leftovers() {
	{
		find / -xdev \( -path /proc -o -path /sys -o -path /opt -o -path /var/log -o -path /run/job \) -prune \
			-o -name '*nvmemp*' -print
		find /run -name '*nvmemp*' -not -path '/run/job/*' -print
		systemctl list-units --all --plain --no-legend 'nvmemp*'
		systemctl list-unit-files --no-legend 'nvmemp*'
		lsinitramfs "/boot/initrd.img-$(uname -r)" | grep nvmemp
		lsmod | grep nvmemp
		dpkg-query -W -f '${Package} ${Status}\n' '*nvmemp*' 2>/dev/null | grep -v not-installed
		journalctl --list-catalog | grep -i nvmemp
		ls -d /sys/block/dm-*
	} 2>/dev/null | sort -u
}

no_dm_suspend() {
	expect_not "suspends and tables of the daemon" grep nvmempd /sys/kernel/tracing/instances/lab_*/trace
}

# node_exporter_says METRIC
node_exporter_says() {
	{ printf 'GET /metrics HTTP/1.0\r\n\r\n' >&7 && grep -F "$1" <&7; } 7<>/dev/tcp/127.0.0.1/9100
}

wait_boot
if [ ! -e /var/lib/lab-reboots ]; then
	# smaller and sooner: one is made with every change here
	printf '%s\n' MODULES=dep COMPRESSLEVEL=1 >/etc/initramfs-tools/conf.d/lab
	wait_for "both controllers" test -b /dev/nvme1n1
	udevadm settle
	owned_by_nobody

	say "installs them while a path is mounted"
	mount /dev/nvme0n1p1 /mnt
	apt install /opt/first/*.deb
	installed_module || fail "no module: $(dkms status)"
	expect "the module is DKMS's" test -e "/lib/modules/$(uname -r)/updates/dkms/dm-nvmemp.ko"
	expect_eq "the daemon" "$(systemctl is-active nvmempd)/$(systemctl is-enabled nvmempd)" active/enabled
	expect_eq "the socket" "$(systemctl is-active nvmempd.socket)/$(systemctl is-enabled nvmempd.socket)" \
		inactive/disabled
	wait_for "the module" test -e /sys/module/dm_nvmemp
	wait_for "the reason that there is no map" status_is \
		'[.rejected[].reason | select(test("mounted on /mnt"))] | length > 0' true
	expect_eq "maps" "$(status '.maps | length')" 0
	touch /mnt/used
	umount /mnt
	systemctl restart nvmempd
	one_map 2
	lsinitramfs "/boot/initrd.img-$(uname -r)" | grep -c nvmemp
	touch /var/lib/lab-reboots
	reboot_machine
fi

say "the map is there after a reboot"
one_map 2
wait_for "its partition" test -b /dev/disk/by-uuid/$part_uuid
part=$(readlink -f /dev/disk/by-uuid/$part_uuid)
expect_eq "the partition's uuid" "$(cat "/sys/class/block/${part##*/}/dm/uuid")" "part1-$(status '.maps[0].uuid')"
mount /dev/disk/by-uuid/$part_uuid /mnt
expect "the file is there" test -e /mnt/used

say "shows it to node_exporter, and explains itself in the journal"
expect_eq "the timer" "$(systemctl is-enabled nvmemp-metrics.timer)" disabled
systemctl enable -q --now nvmemp-metrics.timer
systemctl start nvmemp-metrics.service prometheus-node-exporter.service
wait_for "its answer" node_exporter_says 'node_textfile_scrape_error 0'
for metric in 'nvmemp_up 1' "nvmemp_device_paths_active{device=\"$map\""; do
	expect "$metric" node_exporter_says "$metric"
done
journalctl -x -u nvmempd | grep -F "The multipath device $map was made" || fail "no explanation in the journal"

say "upgrades them under I/O"
before=$(dmsetup info -c --noheadings -o name,uuid,events,open)
tables=$(dmsetup table)
module=$(sha256sum </sys/module/dm_nvmemp/notes/.note.gnu.build-id)
pid=$(daemon_pid)
start_fio /mnt/file
count_calls dm_suspend
count_calls dm_swap_table
old=$(version_of nvmemp)
apt install /opt/next/*.deb
wait_for_io "upgraded"
expect_not "the same version" test "$(version_of nvmemp)" = "$old"
expect_not "the same daemon" test "$(daemon_pid)" = "$pid"
expect_eq "modules of DKMS" "$(installed_module | sed 's/,.*//')" "nvmemp/$(version_of nvmemp)"
expect_eq "the module in use" "$(sha256sum </sys/module/dm_nvmemp/notes/.note.gnu.build-id)" "$module"
wait_for "the daemon to have adopted it" usable_is 2
expect_eq "tables" "$(dmsetup table)" "$tables"
expect_eq "names, uuids, events, open counts" "$(dmsetup info -c --noheadings -o name,uuid,events,open)" "$before"
expect_eq "no_path" "$(status '.maps[0].no_path')" 60
no_dm_suspend

say "removes them while the map is in use"
apt remove nvmemp nvmemp-initramfs
grep -q 'maps that are in use stay' apt.log || fail "nothing is said of the map in use: $(grep nvmemp: apt.log)"
wait_for_io "removed"
expect_eq "tables" "$(dmsetup table)" "$tables"
no_dm_suspend
stop_fio
expect "the configuration is there" test -e /etc/nvmemp/nvmemp.conf

say "and again, with the map adopted and not in use"
apt install /opt/next/nvmemp_*.deb /opt/next/nvmemp-initramfs_*.deb
wait_for "the daemon to have adopted it" usable_is 2
umount /mnt
echo '# of the administrator' >/etc/nvmemp/nvmemp.conf.d/own.conf
udevadm settle
apt purge 'nvmemp*' 'libnvmemp*'
expect_eq "leftovers" "$(leftovers)" ""
owned_by_nobody
mount /dev/nvme1n1p1 /mnt
expect "the file is there" test -e /mnt/used
umount /mnt
