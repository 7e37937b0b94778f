# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: GPL-2.0
# Words of the failover bench, in the guest, besides those of tests/vm/guest/lib.sh.

# Gives the machine to who is to be measured.
take_over() {
	case $VARIANT in
	multipathd)
		systemctl stop nvmempd.service nvmempd.socket 2>/dev/null || true
		dmsetup remove_all
		systemctl -q unmask multipathd.service multipathd.socket
		rm /etc/udev/rules.d/60-multipath.rules /etc/multipath/conf.d/nvmemp.conf
		modprobe -a dm-multipath dm-service-time
		cat >/etc/multipath.conf <<-CONF
			defaults {
				find_multipaths no
				path_grouping_policy group_by_prio
				failback immediate
				no_path_retry queue
			}
			blacklist {
				devnode "^vd"
			}
		CONF
		systemctl daemon-reload
		udevadm control --reload
		systemctl start multipathd
		;;
	native) systemctl stop nvmempd ;;
	esac
}

multipath_has() {
	[ "$(multipathd show paths raw format '%d %t %T' | grep -c 'active ready')" = "$1" ]
}

# find_device: waits for the device over both paths; sets $dm
find_device() {
	case $VARIANT in
	nvmemp) one_map 2 ;;
	native)
		wait_for "a native head" compgen -G '/dev/nvme*n1'
		dm=$(compgen -G '/dev/nvme*n1')
		expect "one native head, not: $dm" test -b "$dm"
		;;
	multipathd)
		wait_for "a map of multipathd" compgen -G '/dev/disk/by-id/dm-uuid-mpath-*'
		wait_for "its two paths" multipath_has 2
		dm=$(readlink -f /dev/disk/by-id/dm-uuid-mpath-*)
		;;
	esac
}

# Both paths are used, or would be
whole() {
	case $VARIANT in
	nvmemp) usable_is 2 ;;
	native) [ "$(cat /sys/class/nvme/*/state | grep -c live)" = 2 ] ;;
	multipathd) multipath_has 2 ;;
	esac
}

# through CONTROLLER: I/O that its namespace has completed
through() {
	local stat r w
	for stat in /sys/class/nvme/"$1"/nvme*n*/stat; do
		[ -e "$stat" ] || continue
		read -r r _ _ _ w _ <"$stat" && echo $((r + w)) && return
	done
	echo 0
}

now_us() {
	echo "${EPOCHREALTIME/./}"
}

# settles_on NEW OLD: waits until NEW carries the I/O and OLD none; prints the ms
# from $began to the last I/O that OLD was seen to complete
settles_on() {
	local last=$began old new now
	old=$(through "$2") new=$(through "$1")
	while :; do
		now=$(now_us)
		if [ "$(through "$2")" != "$old" ]; then
			old=$(through "$2") new=$(through "$1") last=$now
		elif [ $((now - last)) -gt 1000000 ] && [ "$(through "$1")" -gt $((new + 20)) ]; then
			break
		fi
		[ $((now - began)) -lt 120000000 ] || fail "no switch to $1 within two minutes"
	done
	echo $(((last - began) / 1000))
}

start_measured() {
	start_fio "$dm" --verify_fatal=0 --continue_on_error=all
	sleep 2
}

# stop_measured EVENT SWITCH-MS
stop_measured() {
	sleep 1
	wait_for_io "behind $1"
	kill -INT "$fio_pid"
	wait_for "fio to end" fio_is_gone
	echo "@sample $1 $(fio_json '[.jobs[0].write.clat_ns.max, .jobs[0].read.clat_ns.max] | max / 1000000 | floor') $(fio_json '.jobs[0].total_err') ${2:--}" >&9
}
