# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: GPL-2.0
# Many paths, and a storm of uevents: all maps come, a path that is lost in the
# middle of the storm is lost to the target at once, and nothing else changes.
#
#    port 20 --- nvme0n1 ... nvme0n16 --.
#    port 21 --- nvme1n1 ... nvme1n16 ---\
#    port 22 --- nvme2n1 ... nvme2n16 ----> 16 maps
#    port 23 --- nvme3n1 ... nvme3n16 --'
#
# topology: tcp2

nqn=nqn.test:many
subsystem=$NVMET/subsystems/$nqn
N=16

# The first is alone in its ANA group: one path of it can go.
add_namespaces() {
	local i namespace
	for ((i = 1; i <= N; i++)); do
		namespace=$subsystem/namespaces/$i
		mkdir -p "$namespace"
		echo -n /dev/nullb0 >"$namespace/device_path"
		[ $i != 1 ] || echo 2 >"$namespace/ana_grpid"
		echo 1 >"$namespace/enable"
	done
}

# Endless: what happens in it does not depend on how fast the machine is.
storm() {
	local file
	while [ ! -e storm-is-over ]; do
		for file in /sys/block/nvme*n*/uevent /sys/block/dm-*/uevent; do
			echo change >"$file"
		done
		echo >>storm-rounds
		sleep 0.1
	done
}

ana_of() {
	dmsetup status "$1" | grep -o "$2 [A-Z] [a-z-]*"
}

ana_is() {
	[[ $(ana_of "$1" "$2") = *" $3" ]]
}

uuids() {
	dmsetup info -c --noheadings -o uuid -S 'uuid=~^nvmemp-' | sort
}

rounds_are() {
	[ "$(wc -l <storm-rounds)" -ge "$1" ]
}

resident() {
	awk '$1 == "VmRSS:" { print int($2 / 1024) " MiB" }' "/proc/$(daemon_pid)/status"
}

wait_boot
tcp_modules
modprobe null_blk nr_devices=1 gb=1
mkdir -p "$subsystem"
echo 1 >"$subsystem/attr_allow_any_host"
add_namespaces
for port in 20 21 22 23; do
	tcp_port $port $nqn
	tcp_connect $nqn $port -i 1 -k 60
done
wait_for "$N maps" map_count_is $N
wait_for "all paths" usable_is $((4 * N))
udevadm settle -t 300
value "$N namespaces on 4 controllers" "$(resident)"

no_rules
before=$(uuids)
# a device's number need not be its namespace's, since these are scanned side by side (6.12)
for path in $(status '.maps[].paths[] | select(.address | test("trsvcid=4423")) | .device'); do
	[ "$(cat "/sys/block/$path/nsid")" != 1 ] || break
done
map=$(status ".maps[] | select(any(.paths[]; .device == \"$path\")) | .name")
number=$(cat "/sys/block/$path/dev")
expect "the path is usable" ana_is "$map" "$number" optimized
pid=$(daemon_pid)
storm &
wait_for "the storm" rounds_are 3
began=$(now_ms)
tcp_ana 23 inaccessible
wait_for "the target to know" ana_is "$map" "$number" inaccessible
value "in a storm, an ANA change reaches the target" "within $(($(now_ms) - began)) ms"
tcp_ana 23 optimized
wait_for "the target to know" ana_is "$map" "$number" optimized
wait_for "more of the storm" rounds_are 20
touch storm-is-over
wait
udevadm settle -t 300

wait_for "all paths" usable_is $((4 * N))
expect_eq "maps" "$(uuids)" "$before"
expect_eq "the daemon is the same" "$(daemon_pid)" "$pid"
expect_eq "maps made" "$(daemon_log | grep -c '^create ')" $N
expect_eq "steps of the plan" "$(nvmempctl plan --json | jq ".steps | length")" 0
value "after the storm" "$(resident)"
