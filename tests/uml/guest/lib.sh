# shellcheck shell=bash disable=SC2034,SC2154 # used by the tests; given by init
# SPDX-License-Identifier: GPL-2.0
# What the tests in this folder are written with. One backing device (null_blk
# with memory), seen through several dm devices p0 p1 ... or through NVMe
# controllers over nvmet's loop transport: all paths show the same data.

tools=$top/build/uml/tools
nullb=/sys/kernel/config/nullb
nvmet=/sys/kernel/config/nvmet
nqn=nqn.2014-08.org.nvmexpress:uuid:6a7c0f5e-0000-4000-8000-000000000001
debug=/sys/kernel/debug

fail() {
	echo "$*" >/run/why
	echo "not as it should be: $*"
	exit 1
}

skip() {
	echo "$*" >/run/why
	exit 77
}

say() {
	echo "-- $*"
}

# What device-mapper says of each refused word would flood the console; all else
# is still told.
kernel_says_little() {
	dmesg -n 1
	dmesg --notime --follow-new | grep --line-buffered -v '^device-mapper: ' &
	kernel_reader=$!
}

kernel_says_all() {
	dmesg -n 7
	sleep 1
	kill "$kernel_reader"
}

# wait_for WHAT COMMAND...: until it succeeds; a minute in which nothing at all
# happens is a failure, however loaded the machine is
wait_for() {
	local what=$1
	shift
	for _ in {1..600}; do
		"$@" && return
		sleep 0.1
	done
	fail "$what: not within a minute"
}

# ---- devices ----

# settings FOLDER KEY=VALUE...: in their order
settings() {
	local word
	for word in "${@:2}"; do
		echo "${word#*=}" >"$1/${word%%=*}"
	done
}

# backing NAME MEGABYTES KEY=VALUE...: /dev/NAME; cache_size: flushes get to it. It is
# larger than the device: on one CPU, null_make_cache_space() spins for ever for space
# that a task which sleeps is about to make.
backing() {
	mkdir "$nullb/$1"
	settings "$nullb/$1" size="$2" memory_backed=1 "${@:3}" power=1
}

sectors() {
	blockdev --getsz "$1"
}

number() {
	stat -L -c '%Hr:%Lr' "$1"
}

# dm_path NAME DEVICE: a path that can be told to fail
dm_path() {
	dmsetup create "$1" --table "0 $(sectors "$2") linear $2 0"
}

# dm_table NAME TABLE...: swaps it in under I/O
dm_table() {
	dmsetup load "$1" --table "${*:2}"
	dmsetup suspend --noflush --nolockfs "$1"
	dmsetup resume "$1"
}

path_breaks() {
	dm_table "$1" 0 "$(sectors "/dev/mapper/$1")" error
}

path_heals() {
	dm_table "$1" 0 "$(sectors "/dev/mapper/$1")" linear "$2" 0
}

# ---- maps ----

# table FEATURES DEVICE...: a table line; a device may be "NODE WORD..."
table() {
	local features=$1 line word device
	shift
	# shellcheck disable=SC2086 # words
	line="0 $(sectors "${1%% *}") nvmemp $(set -- $features; echo $#) $features $#"
	for device; do
		# shellcheck disable=SC2086
		set -- $device
		line+=" $(number "$1") $(($# - 1))"
		shift
		for word; do
			line+=" $word"
		done
	done
	echo "$line"
}

# map NAME FEATURES DEVICE...
map() {
	dmsetup create "$1" --table "$(table "${@:2}")"
}

message() {
	dmsetup message "$1" 0 "${@:2}"
}

# letter MAP DEVICE: the path's state
letter() {
	dmsetup status "$1" | grep -o " $(number "$2") [GDFBMHA] " | cut -d' ' -f3 || true
}

is() {
	[ "$(letter "$1" "$2")" = "$3" ]
}

# map_state MAP: up, waiting, failing
map_state() {
	dmsetup status "$1" | cut -d' ' -f6
}

# The map still does I/O: writes and reads back all of its first megabyte.
map_works() {
	dd if=/dev/urandom of=/run/pattern bs=64k count=16 status=none
	dd if=/run/pattern of="/dev/mapper/$1" bs=64k oflag=direct conv=fsync status=none || fail "$1: can't write"
	dd if="/dev/mapper/$1" bs=64k count=16 iflag=direct status=none | cmp -s - /run/pattern || fail "$1: reads something else"
}

# ---- NVMe over loop ----

# nvmet_subsystem PORTS loop|tcp DEVICE...: one subsystem, namespaces in order;
# each port has an ANA group 2 of its own state, which they are in
nvmet_subsystem() {
	local ports=$1 transport=$2 i=0 device dir
	shift 2
	mkdir "$nvmet/subsystems/$nqn"
	echo 1 >"$nvmet/subsystems/$nqn/attr_allow_any_host"
	for device; do
		i=$((i + 1))
		dir=$nvmet/subsystems/$nqn/namespaces/$i
		mkdir "$dir"
		echo "$device" >"$dir/device_path"
		echo 2 >"$dir/ana_grpid"
		echo 1 >"$dir/enable"
	done
	for ((i = 1; i <= ports; i++)); do
		dir=$nvmet/ports/$i
		mkdir "$dir"
		echo "$transport" >"$dir/addr_trtype"
		if [ "$transport" = tcp ]; then
			echo 127.0.0.1 >"$dir/addr_traddr"
			echo $((4420 + i)) >"$dir/addr_trsvcid"
			echo ipv4 >"$dir/addr_adrfam"
		else
			echo "p$i" >"$dir/addr_traddr"
		fi
		mkdir "$dir/ana_groups/2"
		echo optimized >"$dir/ana_groups/2/ana_state"
		ln -s "$nvmet/subsystems/$nqn" "$dir/subsystems/"
	done
}

# nvme_connect PORT loop|tcp: prints the controller's name
nvme_connect() {
	local host=6a7c0f5e-0000-4000-8000-0000000000ff where="transport=loop,traddr=p$1" status=0
	[ "$2" = loop ] || where="transport=tcp,traddr=127.0.0.1,trsvcid=$((4420 + $1)),reconnect_delay=1,ctrl_loss_tmo=60"
	{
		echo "$where,nqn=$nqn,hostnqn=nqn.2014-08.org.nvmexpress:uuid:$host,hostid=$host,duplicate_connect" >&9 || status=1
		[ $status -ne 0 ] || sed -n 's/.*instance=\([0-9]*\).*/nvme\1/p' <&9
	} 9<>/dev/nvme-fabrics
	return $status
}

namespace() {
	local dir
	for dir in /sys/class/nvme/"$1"/nvme*n*; do
		[ -e "$dir" ] && echo "/dev/${dir##*/}"
	done
}

has_namespace() {
	[ -b "$(namespace "$1" | head -n 1)" ]
}

# ---- I/O ----

# verified_fio NAME DEVICE SECONDS OPTION...: in the background; fio_pid
verified_fio() {
	local name=$1 device=$2 seconds=$3
	shift 3
	fio --name="$name" --filename="$device" --direct=1 --time_based --runtime="$seconds" --verify=crc32c \
		--verify_fatal=1 --verify_backlog=64 --randseed="${seed:-1}" --randrepeat=1 --group_reporting --aux-path=/run \
		--exitall_on_error "$@" >"/run/fio-$name.log" 2>&1 &
	fio_pid=$!
}

# fio_passed NAME PID
fio_passed() {
	local status=0
	wait "$2" || status=$?
	grep -E 'IOPS=|err=' "/run/fio-$1.log" | sed "s/^/-- $1: /" || true
	[ $status -eq 0 ] && return
	tail -n 15 "/run/fio-$1.log"
	fail "fio $1: exit $status: $(grep -m1 -E 'verify|error|err=' "/run/fio-$1.log" | cut -c1-150)"
}

# ---- the end ----

clean_up() {
	local dir ctrl
	dmsetup ls --target nvmemp 2>/dev/null | awk '/^No devices/ { exit } { print $1 }' | while read -r name; do
		dmsetup remove --retry "$name" || fail "map $name can't be removed"
	done
	for ctrl in /sys/class/nvme/nvme*; do
		[ ! -e "$ctrl/delete_controller" ] || echo 1 >"$ctrl/delete_controller"
	done
	dmsetup remove_all >/dev/null 2>&1 || true
	for dir in "$nvmet"/ports/*/subsystems/*; do
		[ ! -L "$dir" ] || rm "$dir"
	done
	for dir in "$nvmet"/ports/*/ana_groups/2 "$nvmet"/ports/* "$nvmet"/subsystems/*/namespaces/* "$nvmet"/subsystems/*; do
		[ ! -d "$dir" ] || rmdir "$dir"
	done
	for dir in "$nullb"/*/; do
		[ ! -d "$dir" ] || rmdir "$dir"
	done
}

unload() {
	rmmod dm_nvmemp || fail "the module can't be removed"
	! grep -q nvmemp /proc/modules || fail "the module is still there"
	! grep nvmemp /proc/slabinfo || fail "a slab of it is left"
}
