# shellcheck shell=dash disable=SC2034
# SPDX-License-Identifier: GPL-2.0
# The devices that the benches compare, by name; sourced in their guests.

# What a path's name is before and behind its number
first=/dev/nullb second=
made=

# paths N FORMAT: FORMAT with each path's device in place of %s
paths() {
	i=0
	while [ $i -lt "$1" ]; do
		# shellcheck disable=SC2059 # the format is the argument
		printf " $2" "$first$i$second"
		i=$((i + 1))
	done
}

# cpu_paths N: each path with the mask of the one CPU that is to use it
cpu_paths() {
	i=0
	while [ $i -lt "$1" ]; do
		printf ' %s %x' "$first$i$second" $((1 << i))
		i=$((i + 1))
	done
}

# table DEVICE PATHS: the table line without its start and length
table() {
	case $1 in
	linear) echo "linear ${first}0$second 0" ;;
	mpath-bio-io-affinity) echo "multipath 2 queue_mode bio 0 1 1 io-affinity 0 $2 1$(cpu_paths "$2")" ;;
	mpath-bio-*) echo "multipath 2 queue_mode bio 0 1 1 ${1#mpath-bio-} 0 $2 1$(paths "$2" '%s 1')" ;;
	mpath-mq-*) echo "multipath 0 0 1 1 ${1#mpath-mq-} 0 $2 1$(paths "$2" '%s 1')" ;;
	nvmemp-*) echo "nvmemp 2 policy ${1#nvmemp-} $2$(paths "$2" '%s 0')" ;;
	esac
}

# node DEVICE PATHS: sets $node (raw and native: the first path itself); makes
# the device if it is not the last one that was made
node() {
	case $1 in
	raw | native)
		node=${first}0$second
		return
		;;
	esac
	[ "$1 $2" != "$made" ] || return 0
	# the ring of the last load drops its file a while after the load has ended
	while [ -n "$made" ] && ! dmsetup remove --noudevsync bench 2>/dev/null; do
		sleep 0.1
	done
	made=
	if ! why=$(dmsetup create --noudevsync bench --table "0 $(blockdev --getsz "${first}0$second") $(table "$1" "$2")" 2>&1); then
		echo "@skip $1 $2 $why"
		return 1
	fi
	made="$1 $2"
	node=/dev/dm-$(dmsetup info -c --noheadings -o minor bench)
}
