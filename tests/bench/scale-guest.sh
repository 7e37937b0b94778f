#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# N namespaces, all of one null block device, behind four controllers:
#
#    nvme0n1 ... nvme0nN --.
#    nvme1n1 ... nvme1nN ---\
#    nvme2n1 ... nvme2nN ----> N maps
#    nvme3n1 ... nvme3nN --'
#
# scale-guest.sh WHO N: answers with lines "@ WHAT VALUE".
# shellcheck disable=SC2086 # words of its own
set -u

who=$1 size=$2
nqn=nqn.test:scale
nvmet=/sys/kernel/config/nvmet
log=/run/log
LOSSES=9

fail() {
	echo "@error $*"
	tail -n 5 $log
	exit 1
}

answer() {
	echo "@ $*"
}

wait_for() {
	local what=$1
	shift
	for ((try = 0; try < 6000; try++)); do
		"$@" && return
		sleep 0.2
	done
	fail "waited too long for $what"
}

now_us() {
	echo "${EPOCHREALTIME/./}"
}

# --- the machine ---

# Of udev's rules, only those that device-mapper needs, and the name that multipathd goes
# by: what others do with each device is no part of this, and takes most of the time.
start_udev() {
	local rule
	mkdir -p /run/udev/rules.d
	for rule in /usr/lib/udev/rules.d/*.rules; do
		case ${rule##*/} in
		55-dm.rules | 95-dm-notify.rules) ;;
		*) ln -s /dev/null "/run/udev/rules.d/${rule##*/}" ;;
		esac
	done
	# shellcheck disable=SC2016 # udev's
	echo 'KERNEL=="nvme*n*", ATTR{wwid}=="?*", ENV{ID_WWN}="$attr{wwid}"' >/run/udev/rules.d/10-scale.rules
	/lib/systemd/systemd-udevd --daemon
}

paths_are() {
	[ "$(find /sys/block -name 'nvme*n*' | wc -l)" = "$1" ]
}

make_machine() {
	local i dir=$nvmet/subsystems/$nqn
	mkdir "$dir" "$nvmet/ports/1" || fail "no nvmet"
	echo 1 >"$dir/attr_allow_any_host"
	for ((i = 1; i <= size; i++)); do
		mkdir "$dir/namespaces/$i"
		echo -n /dev/nullb0 >"$dir/namespaces/$i/device_path"
		printf '00000000-0000-4000-8000-%012d' "$i" >"$dir/namespaces/$i/device_uuid"
		echo 1 >"$dir/namespaces/$i/enable"
	done
	echo loop >$nvmet/ports/1/addr_trtype
	ln -s "$dir" "$nvmet/ports/1/subsystems/$nqn"
	for i in 1 2 3 4; do
		echo "transport=loop,nqn=$nqn,hostnqn=nqn.test:host,hostid=00000000-0000-4000-8000-000000000000,nr_io_queues=1,duplicate_connect" >/dev/nvme-fabrics ||
			fail "no controller $i"
	done
	wait_for "the paths" paths_are $((4 * size))
	udevadm settle -t 1200
}

# --- who is measured ---

# Each line with the time when it came; in a storm it must not wait for its turn.
stamp() {
	exec nice -n -20 /mnt/build/bench/events stamp >>$log
}

start() {
	case $who in
	nvmempd)
		target=nvmemp
		mkdir -p /run/nvmemp
		# as much as CPUWeight=1000 of its unit; multipathd goes real-time by itself
		nice -n -10 /mnt/build/nvmempd > >(stamp) 2>&1 &
		;;
	multipathd)
		target=multipath
		cat >/etc/multipath.conf <<-CONF
			defaults {
				find_multipaths no
				path_grouping_policy group_by_prio
				failback immediate
				no_path_retry queue
			}
		CONF
		multipathd -d -v 2 > >(stamp) 2>&1 &
		;;
	esac
	pid=$!
}

all_maps() {
	[ "$(dmsetup ls --target $target 2>/dev/null | grep -c '(')" = "$size" ] &&
		[ "$(dmsetup table --target $target | grep -o ' 259:[0-9]*' | wc -l)" = $((4 * size)) ]
}

ticks() {
	awk '{ print $14 + $15 }' /proc/$pid/stat
}

seconds() {
	awk -v t="$1" -v hz="$(getconf CLK_TCK)" 'BEGIN { printf "%.2f\n", t / hz }'
}

resident() {
	awk '$1 == "VmRSS:" { printf "%.1f\n", $2 / 1024 }' /proc/$pid/status
}

# It has nothing more to do: at most 2 % of a CPU for three seconds
is_idle() {
	local before
	before=$(ticks)
	sleep 3
	[ $(($(ticks) - before)) -le $((3 * $(getconf CLK_TCK) / 50)) ]
}

heard_of() {
	case $who in
	nvmempd) grep -m1 "$1: path $2 is down" ;;
	multipathd) grep -m1 -E "$2: mark as failed|checker failed path $3 " ;;
	esac <$log | cut -d ' ' -f 1
}

is_heard_of() {
	[ -n "$(heard_of "$@")" ]
}

# lose N: the fourth path of the N-th map; prints how many ms until that was known
lose() {
	local map number device began
	map=$(dmsetup ls --target $target | awk -v n="$1" 'NR == n { print $1 }')
	number=$(dmsetup table "$map" | grep -o ' 259:[0-9]*' | tail -n 1 | tr -d ' ')
	device=$(readlink "/sys/dev/block/$number")
	device=${device##*/}
	: >$log
	began=$(/mnt/build/bench/events message "$map" "fail_path $number") || fail "can't fail $device"
	wait_for "$who to hear of $device" is_heard_of "$map" "$device" "$number" >&2
	echo $((($(heard_of "$map" "$device" "$number") - began) / 1000))
}

# The median and the longest
summary() {
	sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] "/" v[NR] }'
}

lose_some() {
	local i
	for ((i = 1; i <= LOSSES; i++)); do
		lose $((i * 7))
		sleep 0.5
	done
}

status_ms() {
	local i began
	for i in 1 2 3 4 5; do
		began=$(now_us)
		case $who in
		nvmempd) /mnt/build/nvmempctl status --json ;;
		multipathd) multipathd show maps json ;;
		esac >/run/status.json
		echo $((($(now_us) - began) / 1000))
	done | summary
	[ $who != nvmempd ] || jq -e ".maps | length == $size" /run/status.json >/dev/null || fail "status shows other maps"
}

start_udev
make_machine
: >$log
began=$(now_us)
start
wait_for "all maps" all_maps
answer start_s "$(awk -v us=$(($(now_us) - began)) 'BEGIN { printf "%.1f\n", us / 1e6 }')"
udevadm settle -t 1200
wait_for "$who to be idle" is_idle
answer cpu_s "$(seconds "$(ticks)")"
answer rss_mib "$(resident)"
answer status_ms "$(status_ms)"
answer quiet_ms "$(lose_some | summary)"
wait_for "$who to be idle" is_idle
before=$(ticks)
/mnt/build/bench/events storm 10000 /sys/block/nvme*n*/uevent &
answer storm_ms "$(lose_some | summary)"
wait $!
udevadm settle -t 1200
wait_for "$who to be idle" is_idle
answer storm_cpu_s "$(seconds $(($(ticks) - before)))"
answer storm_mib "$(resident)"
all_maps || fail "maps are not whole any more"
echo "@end"
