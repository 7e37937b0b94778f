# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# What scenarios are written with; runs in the guest. Descriptor 9 is the line
# to the host (tests/vm/lib.sh says what goes over it).

# Only against hangs, for conditions that come true or never do.
BOUND=${BOUND:-300}

say() {
	echo "# $*"
}

fail() {
	[ -e failed ] || tr '\n' ' ' <<<"$*" >failed
	exit 1
}

skip() {
	echo "$*" >skipped
	exit 0
}

# expect WHAT COMMAND...: COMMAND must succeed
expect() {
	local what=$1
	shift
	"$@" || fail "$what: '$*' is false"
}

expect_not() {
	local what=$1
	shift
	! "$@" || fail "$what: '$*' is true"
}

expect_eq() {
	[ "$2" = "$3" ] || fail "$1: got '$2', expected '$3'"
}

# expect_exit STATUS COMMAND...: prints what COMMAND said, on one line
expect_exit() {
	local want=$1 got=0 text
	shift
	text=$("$@" 2>&1 </dev/null) || got=$?
	printf '  exit %d: %s: %s\n' "$got" "$*" "${text//$'\n'/ | }"
	[ "$got" = "$want" ] || fail "'$*' exits $got, expected $want: $text"
}

# wait_for WHAT COMMAND...: until COMMAND succeeds
wait_for() {
	local what=$1 end=$((SECONDS + BOUND))
	shift
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || fail "waited $BOUND s for: $what"
		sleep 0.2
	done
}

host() {
	local answer
	echo "@host $*" >&9
	read -r -t "${HOST_BOUND:-300}" answer <&9 || answer="error no answer"
	[ "$answer" = ok ] || fail "host $*: $answer"
}

# value NAME TEXT
value() {
	echo "@value $1=$2" >&9
}

now_ms() {
	local up
	read -r up _ </proc/uptime
	echo "${up/./}0"
}

# --- the machine ---

boot_ended() {
	case $(systemctl is-system-running) in
	running | degraded | maintenance) return 0 ;;
	esac
	return 1
}

wait_boot() {
	wait_for "end of boot" boot_ended
	expect_eq "units that failed at boot" "$(systemctl list-units --state=failed --plain --no-legend | tr '\n' ' ')" ""
}

# The script runs again after it, from its beginning. Only where the host lets machines
# reboot, and not for scenarios.
reboot_machine() {
	say "reboots"
	sync
	systemctl reboot
	exec sleep infinity
}

# controller ID: the kernel's name of the controller that the host calls ID:
# c0, c1 (or cS0, cS1 of subsystem S) sit behind root ports 00:11.0, 00:12.0 ...
controller() {
	local slot=${1#c} link
	case $slot in
	?) slot=$((slot + 1)) ;;
	*) slot=$((2 * ${slot%?} + ${slot#?} + 1)) ;;
	esac
	for link in /sys/devices/pci0000:00/0000:00:1"$slot".0/*/nvme/nvme*; do
		[ -e "$link" ] || return 1
		echo "${link##*/}"
	done
}

is_live() {
	[ "$(cat "/sys/class/nvme/$1/state" 2>/dev/null)" = live ]
}

controller_is_live() {
	local name
	name=$(controller "$1") && is_live "$name"
}

# namespaces CONTROLLER: names of its block devices
namespaces() {
	local dir
	# shellcheck disable=SC2231 # may be a pattern
	for dir in /sys/class/nvme/$1/nvme*n*; do
		[ -e "$dir" ] && echo "${dir##*/}"
	done
	return 0
}

unplug() {
	local name
	name=$(controller "$1") || fail "controller $1 is not there"
	host unplug "$1"
	wait_for "$1 ($name) to go" test ! -e "/sys/class/nvme/$name"
}

plug() {
	host plug "$1"
	wait_for "$1 to come" controller_is_live "$1"
}

# written DEVICE...: udev looks at what was just written there. It does not watch a device
# while it looks at it, so the event of the last write may be lost.
written() {
	udevadm trigger --settle --action=change "$@"
}

# --- maps ---

# status JQ-EXPRESSION: from nvmempctl's view
status() {
	nvmempctl status --json | jq -r "$1"
}

status_is() {
	[ "$(status "$1" 2>/dev/null)" = "$2" ]
}

map_count_is() {
	status_is '.maps | length' "$1"
}

usable_is() {
	status_is '[.maps[].paths[] | select(.state == "active")] | length' "$1"
}

# one_map: waits for the map over N paths, and sets $map, $dm (/dev/mapper/...)
one_map() {
	wait_for "one map" map_count_is 1
	map=$(status '.maps[0].name')
	dm=/dev/mapper/$map
	[ -z "${1-}" ] || wait_for "$1 usable paths" usable_is "$1"
	wait_for "$dm" test -b "$dm"
	node=$(readlink -f "$dm")
	node=${node##*/}
}

# The device that native multipath makes; sets $dm
native_head() {
	wait_for "c0" controller_is_live c0
	wait_for "c1" controller_is_live c1
	wait_for "a native head" compgen -G '/dev/nvme*n1'
	dm=$(compgen -G '/dev/nvme*n1')
	expect "one native head, not: $dm" test -b "$dm"
}

# path_of CONTROLLER: the member behind it
path_of() {
	namespaces "$(controller "$1")" | head -n 1
}

path_state() {
	status ".maps[].paths[] | select(.device == \"$1\") | .state"
}

path_state_is() {
	[ "$(path_state "$1")" = "$2" ]
}

# Word N (from 1) of the status line behind "0 SIZE nvmemp".
status_word() {
	dmsetup status "$map" | awk -v n="$1" '{ print $(n + 3) }'
}

# members_alone: nothing but the map has the paths, or shows a link to them
members_alone() {
	local member properties property
	udevadm settle
	for member in $(status '.maps[].paths[].device'); do
		expect_eq "who holds $member" "$(ls "/sys/block/$member/holders")" "$node"
		properties=$(udevadm info -q property "/dev/$member")
		for property in DM_MULTIPATH_DEVICE_PATH=1 SYSTEMD_READY=0 ID_FS_TYPE=mpath_member; do
			expect "property $property of $member" grep -qx "$property" <<<"$properties"
		done
		expect_not "partition nodes of $member" test -e "/dev/${member}p1"
		expect_not "links to $member that say what is in it" grep -E '^(E: )?DEVLINKS=.*(by-uuid|by-label|by-part|lvm-pv)' <<<"$properties"
	done
	expect_not "what uses an NVMe device" grep -E '^/dev/nvme' /proc/mounts /proc/swaps
}

# churn [COMMAND...]: each controller is lost and comes back under I/O (start_fio),
# then udev looks at everything again; COMMAND and members_alone after each
churn() {
	local lost action
	members_alone
	"$@"
	for lost in c0 c1; do
		say "lose $lost, and regain it"
		unplug $lost
		wait_for_io "$lost is gone"
		members_alone
		plug $lost
		one_map 2
		members_alone
		"$@"
	done
	for action in change add; do
		say "udevadm trigger, $action"
		udevadm trigger --settle --subsystem-match=block --action=$action
		members_alone
		"$@"
	done
	wait_for_io "after all of it"
}

# state_is up|waiting|failing: as the target says it (see nvmemp_uapi.h)
state_is() {
	[ "$(status_word 3)" = "$1" ]
}

no_path() {
	dmsetup message "$map" 0 no_path "$1"
}

configure() {
	mkdir -p /etc/nvmemp/nvmemp.conf.d
	cat >/etc/nvmemp/nvmemp.conf.d/lab.conf
	systemctl reload nvmempd
}

daemon_pid() {
	systemctl show -P MainPID nvmempd
}

daemon_log() {
	journalctl -q -u nvmempd -o cat --no-pager "$@"
}

# --- verified I/O ---

# start_fio FILE [OPTION...]: writes and reads back with checksums until stop_fio
start_fio() {
	local file=$1
	shift
	rm -f fio.json
	# findmnt wants it to be there, and fio may take its time
	[ -b "$file" ] || : >>"$file"
	fio --name=verify --filename="$file" --ioengine=libaio --direct=1 --rw=randwrite --bs=4k --size=64M \
		--iodepth=8 --rate_iops=400 --verify=crc32c --verify_backlog=64 --verify_fatal=1 \
		--time_based --runtime=36000 --output-format=json --output=fio.json "$@" >fio.log 2>&1 &
	fio_pid=$!
	fio_file=$file
	wait_for_io "first I/O"
}

# Native multipath's own node counts nothing before Linux 6.4: its paths do.
completed() {
	local stat r w sum=0
	for stat in /sys/class/nvme/nvme*/nvme*c*n*/stat "/sys/class/block/$fio_node/stat"; do
		[ -e "$stat" ] || continue
		read -r r _ _ _ w _ <"$stat" && sum=$((sum + r + w))
	done
	echo $sum
}

more_completed() {
	[ "$(completed)" -ge "$1" ]
}

# wait_for_io WHAT: until I/O completes again through the device under fio
wait_for_io() {
	fio_node=$(readlink -f "$fio_file")
	[ -b "$fio_node" ] || fio_node=$(findmnt -n -o SOURCE -T "$fio_file")
	fio_node=$(readlink -f "$fio_node")
	fio_node=${fio_node##*/}
	wait_for "I/O going on ($1)" more_completed $(($(completed) + 200))
	kill -0 "$fio_pid" 2>/dev/null || fail "fio ended early ($1): $(tail -n 3 fio.log fio.json)"
}

fio_waits() {
	local before
	before=$(completed)
	sleep 2
	[ "$(completed)" = "$before" ]
}

# stop_fio: ends it, and fails unless all was right; sets $fio_written,
# $fio_verified, $fio_longest_ms
stop_fio() {
	kill -0 "$fio_pid" 2>/dev/null || fail "fio ended early: $(tail -n 3 fio.log fio.json)"
	kill -INT "$fio_pid"
	wait_for "fio to end" fio_is_gone
	expect_eq "I/O errors" "$(fio_json '.jobs[0].error')" 0
	expect_not "fio's log" grep -E 'verify:|error|bad ' fio.log
	fio_written=$(fio_json '.jobs[0].write.total_ios')
	fio_verified=$(fio_json '.jobs[0].read.total_ios')
	fio_longest_ms=$(fio_json '[.jobs[0].write.clat_ns.max, .jobs[0].read.clat_ns.max] | max / 1000000 | floor')
	expect "fio wrote" test "$fio_written" -gt 0
	expect "fio verified" test "$fio_verified" -gt 0
	say "fio: $fio_written written, $fio_verified read back and right, 0 errors, longest ${fio_longest_ms} ms"
}

fio_is_gone() {
	! kill -0 "$fio_pid" 2>/dev/null
}

# fio prints a line of text before the JSON when it is interrupted
fio_json() {
	sed -n '/^{/,$p' fio.json | jq -r "$1"
}

# no_rules: udev runs none any more. In a storm of events, most of the time is theirs.
no_rules() {
	local rule
	mkdir -p /run/udev/rules.d
	for rule in /usr/lib/udev/rules.d/*.rules; do
		ln -sf /dev/null "/run/udev/rules.d/${rule##*/}"
	done
	udevadm control --reload
}

# --- tracing ---

# count_calls FUNCTION: counts calls of a kernel function from now on
count_calls() {
	local dir=/sys/kernel/tracing/instances/lab_$1
	[ -e /sys/kernel/tracing/instances ] || mount -t tracefs tracefs /sys/kernel/tracing
	mkdir -p "$dir"
	echo "p:lab/$1 $1" >>/sys/kernel/tracing/kprobe_events
	echo 1 >"$dir/events/lab/$1/enable"
}

calls_of() {
	grep -c "$1: (" "/sys/kernel/tracing/instances/lab_$1/trace" || true
}

# --- NVMe over TCP to this machine itself ---

NVMET=/sys/kernel/config/nvmet

tcp_modules() {
	modprobe -a nvmet nvmet-tcp nvme-tcp
	mountpoint -q /sys/kernel/config || mount -t configfs configfs /sys/kernel/config
	up lo
}

# tcp_namespace NQN NSID DISK [nguid|uuid VALUE]...: exported, in ANA group 2
tcp_namespace() {
	local subsystem=$NVMET/subsystems/$1 namespace=$NVMET/subsystems/$1/namespaces/$2 disk=$3
	shift 3
	mkdir -p "$subsystem"
	echo 1 >"$subsystem/attr_allow_any_host"
	mkdir -p "$namespace"
	echo -n "$disk" >"$namespace/device_path"
	echo 2 >"$namespace/ana_grpid"
	tcp_identity "$namespace" "$@"
	echo 1 >"$namespace/enable"
}

tcp_identity() {
	local namespace=$1
	shift
	while [ $# -gt 0 ]; do
		echo "$2" >"$namespace/device_$1"
		shift 2
	done
}

# The ports that have an address of their own (tcp_own_address)
declare -A tcp_address

# tcp_port PORT NQN...: port 44PORT with the subsystems, group 2 optimized
tcp_port() {
	local port=$NVMET/ports/$1 nqn
	mkdir -p "$port"
	echo tcp >"$port/addr_trtype"
	echo ipv4 >"$port/addr_adrfam"
	echo "${tcp_address[$1]:-127.0.0.1}" >"$port/addr_traddr"
	echo "44$1" >"$port/addr_trsvcid"
	mkdir -p "$port/ana_groups/2"
	echo optimized >"$port/ana_groups/2/ana_state"
	shift
	for nqn; do
		ln -s "$NVMET/subsystems/$nqn" "$port/subsystems/$nqn"
	done
}

tcp_connect() {
	nvme connect -t tcp -a "${tcp_address[$2]:-127.0.0.1}" -s "44$2" -n "$1" "${@:3}"
}

# set_interface NAME CODE: Perl that changes the interface with an ioctl; there is no iproute2
set_interface() {
	perl -e '($name, $arg) = @ARGV; socket($s, 2, 2, 0) or die;'"$2" "$1" "${3-}" || fail "interface $1"
}

# up NAME, down NAME
up() {
	set_interface "$1" '$r = pack("a16 s x22", $name, 0); ioctl($s, 0x8913, $r) or die;
		$r = pack("a16 s x22", $name, 1 | unpack("x16 s", $r)); ioctl($s, 0x8914, $r) or die'
}
down() {
	set_interface "$1" '$r = pack("a16 s x22", $name, 0); ioctl($s, 0x8913, $r) or die;
		$r = pack("a16 s x22", $name, ~1 & unpack("x16 s", $r)); ioctl($s, 0x8914, $r) or die'
}

# tcp_own_address PORT: with which it can be cut off alone, by tcp_silent and tcp_heard
tcp_own_address() {
	tcp_address[$1]=172.$1.0.1	# each in a network of its own, by its class
	tcp_heard "$1"
}
tcp_heard() {
	set_interface "lo:$1" '$r = pack("a16 s n a4 x16", $name, 2, 0, pack("C4", split(/\./, $arg))); ioctl($s, 0x8916, $r) or die' \
		"${tcp_address[$1]}"
}
tcp_silent() {
	down "lo:$1"
}

tcp_ana() {
	echo "$2" >"$NVMET/ports/$1/ana_groups/2/ana_state"
}

# --- when something failed ---

diagnosis() {
	echo "--- diagnosis"
	(
		nvmempctl status
		dmsetup info -c
		dmsetup table
		dmsetup status
		lsblk -o NAME,KNAME,TYPE,SIZE,FSTYPE,MOUNTPOINT
		systemctl --no-pager --full status nvmempd
		journalctl -q -b --no-pager -o short-monotonic
		tail -n 5 fio.json fio.log
	) 2>&1 </dev/null | cat -v
	echo "--- end of diagnosis"
}
