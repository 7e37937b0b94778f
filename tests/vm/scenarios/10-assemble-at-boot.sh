# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: GPL-2.0
# The map is there after boot with no command typed, its partition is mounted
# by UUID from fstab, members are left alone by everything else, and the idle
# service neither wakes up nor grows.
#
#    nvme0 --- nvme0n1 --.
#                         >-- map --- partition 1, ext4 --- /srv/data
#    nvme1 --- nvme1n1 --'
#
# topology: pcie2
# format: 6c1f0d52-40ab-4d8e-9f53-21d1f0f4a7b1
# fstab: UUID=6c1f0d52-40ab-4d8e-9f53-21d1f0f4a7b1 /srv/data ext4 defaults,x-mount.mkdir 0 2
# poweroff: clean

uuid=6c1f0d52-40ab-4d8e-9f53-21d1f0f4a7b1

wait_boot
expect "unit type" grep -q '^Type=notify' <(systemctl cat nvmempd)
expect "exposure below 3.0" systemd-analyze security --offline=true --threshold=29 --no-pager \
	"$(systemctl show -P FragmentPath nvmempd)" >security.out
value "exposure" "$(sed -n 's/.*exposure level.*: \([0-9.]*\) .*/\1/p' security.out)"
one_map 2
wwid=$(cat "/sys/block/$(path_of c0)/wwid")
expect_eq "the map's name" "$map" "nvmemp-$wwid"
expect_eq "its dm UUID" "$(dmsetup info -c --noheadings -o uuid "$map")" "nvmemp-$wwid"
expect_eq "its target" "$(dmsetup table "$map" | cut -d ' ' -f 3)" nvmemp
say "the map: $(dmsetup table "$map")"

say "keys of status --json"
expect_eq "keys of a map" "$(status '.maps[0] | [has("name", "uuid", "device", "wwid", "size_bytes", "state", "policy", "paths")] | all')" true
expect_eq "keys of a path" "$(status '[.maps[0].paths[] | has("device", "controller", "transport", "address", "ana_state", "state",
	"in_flight", "io_count", "error_count", "failover_count")] | all')" true
expect_eq "top level keys" "$(status '[has("maps", "subsystems", "rejected")] | all')" true
expect_eq "size" "$(status '.maps[0].size_bytes')" "$(blockdev --getsize64 "$dm")"
expect_eq "state" "$(status '.maps[0].state')" up
expect_eq "rejected" "$(status '.rejected | length')" 0

say "the mount at boot"
source=$(findmnt -n -o SOURCE /srv/data)
part=$(readlink -f "$source")
part=${part##*/}
case $part in
dm-*) ;;
*) fail "/srv/data is mounted from $source ($part), not from a partition of the map" ;;
esac
expect_eq "the partition lies on" "$(ls "/sys/block/$part/slaves")" "$node"
expect_eq "the partition's dm UUID" "$(cat "/sys/block/$part/dm/uuid")" "part1-nvmemp-$wwid"
expect_eq "the by-uuid link" "$(readlink -f /dev/disk/by-uuid/$uuid)" "/dev/$part"
expect_eq "the by-id link of the namespace" "$(readlink -f "/dev/disk/by-id/nvme-$wwid")" "/dev/$node"
expect_eq "the by-id link of the map" "$(readlink -f "/dev/disk/by-id/dm-uuid-nvmemp-$wwid")" "/dev/$node"
echo "kept" >/srv/data/file
sync /srv/data/file
echo 1 >/proc/sys/vm/drop_caches
expect_eq "what was written" "$(cat /srv/data/file)" kept

say "members belong to nobody else"
for member in "$(path_of c0)" "$(path_of c1)"; do
	properties=$(udevadm info -q property "/dev/$member")
	for property in DM_MULTIPATH_DEVICE_PATH=1 SYSTEMD_READY=0 ID_FS_TYPE=mpath_member; do
		expect "property $property of $member" grep -qx "$property" <<<"$properties"
	done
	expect_not "partition nodes of $member" test -e "/dev/${member}p1"
	expect "its character device" test -c "/dev/ng${member#nvme}"
done
expect_not "claimed by LVM, mount or mdraid" grep -qE "^/dev/nvme" /proc/mounts

say "nothing happens, so nothing wakes up (60 s)"
udevadm settle
pid=$(daemon_pid)
rss=$(awk '/^VmRSS/ { print $2 }' "/proc/$pid/status")
anonymous=$(awk '/^RssAnon/ { print $2 }' "/proc/$pid/status")
value "resident memory, and its own part" "$rss KiB, $anonymous KiB"
expect "its own memory of $anonymous KiB is under 3 MiB" test "$anonymous" -lt 3072
locked=$(awk '/^VmLck/ { print $2 }' "/proc/$pid/status")
expect "it is locked: $locked KiB" test "$locked" -gt 0
# Linux 7 maps more of each file around a page that was touched
[ "$(uname -r | cut -d . -f 1)" -ge 7 ] ||
	expect "resident memory of $rss KiB is under 8 MiB" test "$rss" -lt 8192
switches() {
	cat /proc/"$pid"/task/*/status | awk '/ctxt_switches/ { n += $2 } END { print n }'
}
strace -f -tt -p "$pid" -o strace.out 2>strace.err &
tracer=$!
wait_for "strace" grep -q attached strace.err
sleep 2
switches_before=$(switches) lines_before=$(wc -l <strace.out)
sleep 60
switches_after=$(switches) lines_after=$(wc -l <strace.out)
kill -INT $tracer
wait $tracer || true
expect_eq "context switches of the idle daemon" "$switches_after" "$switches_before"
expect_eq "system calls of the idle daemon, see: $(tail -n 3 strace.out)" "$lines_after" "$lines_before"

say "a restart adopts the mounted map"
count_calls dm_suspend
systemctl restart nvmempd
one_map 2
expect_eq "suspends at restart" "$(calls_of dm_suspend)" 0
expect_eq "still mounted from" "$(findmnt -n -o SOURCE /srv/data)" "$source"
systemctl stop nvmempd
expect "the map outlives the service" dmsetup info "$map"
systemctl start nvmempd
