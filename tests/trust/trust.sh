# shellcheck shell=bash disable=SC2154,SC2034
# SPDX-License-Identifier: GPL-2.0
# The maps under test, and the writers on them; runs in the guest (see
# docs/reliability.md for the picture).

nqn=nqn.test:trust
uuid_tcp=11111111-aaaa-4aaa-8aaa-aaaaaaaaaaaa
uuid_cache=22222222-bbbb-4bbb-8bbb-bbbbbbbbbbbb
uuid_decoy=33333333-cccc-4ccc-8ccc-cccccccccccc
back0=/dev/disk/by-id/virtio-back0
record=/dev/disk/by-id/virtio-record
maps=(pcie tcp cache)
policy=numa
below_mb=384
declare -A write_in write_out write_pid record_at=([pcie]=0 [tcp]=256 [cache]=512)
declare -A seen_done seen_verified seen_errors seen_longest

# by_port PORT: the controller behind it
by_port() {
	local address
	for address in /sys/class/nvme/*/address; do
		grep -q "trsvcid=44$1" "$address" && basename "$(dirname "$address")"
	done
}

# trust_configure NO-PATH
trust_configure() {
	configure <<-CONF
		[defaults]
		policy = $policy
		no_path = $1
		write_hold = auto
		[namespace $wwid_pcie]
		alias = pcie
		[namespace uuid.$uuid_tcp]
		alias = tcp
		[namespace uuid.$uuid_cache]
		alias = cache
		[namespace uuid.$uuid_decoy]
		no_path = fail
	CONF
}

no_path_is() {
	[ "$(dmsetup status tcp | cut -d ' ' -f 8)" = "$1" ] && [ "$(dmsetup status cache | cut -d ' ' -f 8)" = "$1" ]
}

# A file through the page cache: what is not flushed is lost with the power.
cache_file() {
	local disk=/dev/disk/by-id/virtio-back1
	if [ "$BOOT" = 1 ]; then
		mkfs.ext4 -q "$disk"
		mount "$disk" /mnt
		dd if=/dev/zero of=/mnt/cache bs=1M count=32 conv=fsync status=none
		sync -f /mnt
	else
		mount "$disk" /mnt
	fi
	echo 0 >/proc/sys/vm/dirty_writeback_centisecs
}

cache_namespace() {
	local ns=$NVMET/subsystems/$nqn/namespaces/2
	mkdir "$ns"
	echo -n /mnt/cache >"$ns/device_path"
	echo 1 >"$ns/buffered_io"
	echo 2 >"$ns/ana_grpid"
	echo "$uuid_cache" >"$ns/device_uuid"
	echo 1 >"$ns/enable"
}

make_decoy() {
	modprobe null_blk nr_devices=0
	mkdir /sys/kernel/config/nullb/decoy
	echo 1 >/sys/kernel/config/nullb/decoy/memory_backed
	echo 64 >/sys/kernel/config/nullb/decoy/size
	echo 1 >/sys/kernel/config/nullb/decoy/power
	wait_for "the decoy" eval '[ -b /dev/decoy ] || [ -b /dev/nullb0 ]'	# as the kernel's age has it
	decoy=/dev/nullb0
	[ ! -b /dev/decoy ] || decoy=/dev/decoy
}

whole() {
	usable_is 6
}

# assemble: the three maps, each over two paths
assemble() {
	wait_boot
	one_map 2
	wwid_pcie=$(status '.maps[0].wwid')
	# a volume group would be seen on the disks below nvmet, too
	echo 'devices { global_filter = [ "a|^/dev/mapper/(pcie|tcp|cache)$|", "r|.*|" ] }' >/etc/lvm/lvmlocal.conf
	tcp_modules
	trust_configure queue
	make_decoy
	dmsetup create below --table "0 $((below_mb * 2048)) linear $back0 0"
	cache_file
	tcp_namespace $nqn 1 /dev/mapper/below uuid $uuid_tcp
	cache_namespace
	local port
	for port in 20 21; do
		tcp_own_address $port
		tcp_port $port $nqn
		tcp_connect $nqn $port --keep-alive-tmo=5 --reconnect-delay=1 --ctrl-loss-tmo=600
	done
	wait_for "six usable paths" whole
	for port in "${maps[@]}"; do
		wait_for "/dev/mapper/$port" test -b "/dev/mapper/$port"
	done
}

# --- writers ---

start_writers() {
	local map in out
	for map in "${maps[@]}"; do
		rm -f "$map.in" "$map.out"
		mkfifo "$map.in" "$map.out"
		exec {in}<>"$map.in" {out}<>"$map.out"
		write_in[$map]=$in write_out[$map]=$out
		./ledger write "/dev/mapper/$map" $record "${record_at[$map]}" "$run" <"$map.in" >"$map.out" 2>>wrong &
		write_pid[$map]=$!
	done
}

# figures MAP: asks its writers, and adds to what was seen
figures() {
	local map=$1 did verified errors wrong longest
	kill -0 "${write_pid[$map]}" 2>/dev/null || fail "the writers of $map ended: $(tail -n 3 wrong)"
	echo >&"${write_in[$map]}"
	read -r -t 120 did verified errors wrong longest <&"${write_out[$map]}" || fail "the writers of $map don't answer"
	figures_seen
}

figures_seen() {
	[ "$wrong" = 0 ] || fail "$map: $wrong wrong blocks: $(head -n 3 wrong)"
	seen_done[$map]=$((${seen_done[$map]:-0} + did))
	seen_verified[$map]=$((${seen_verified[$map]:-0} + verified))
	seen_errors[$map]=$((${seen_errors[$map]:-0} + errors))
	[ "$longest" -lt "${seen_longest[$map]:-0}" ] || seen_longest[$map]=$longest
}

forget_figures() {
	seen_done=() seen_verified=() seen_errors=() seen_longest=()
}

# goes_on MAP: it has done I/O since it was asked last
goes_on() {
	local before=${seen_done[$1]:-0}
	figures "$1"
	[ "${seen_done[$1]}" -gt "$before" ]
}

# all_go_on WHAT: I/O moves on all maps, from now on
all_go_on() {
	local map
	for map in "${maps[@]}"; do
		figures "$map"
		wait_for_here "I/O to $map ($1)" goes_on "$map"
	done
}

# wait_for, but what the condition leaves in variables stays
wait_for_here() {
	local what=$1 end=$(($(now_ms) + BOUND * 1000))
	shift
	until "$@"; do
		[ "$(now_ms)" -lt "$end" ] || fail "waited $BOUND s for: $what"
		sleep 0.2
	done
}

stop_writers() {
	local map in out
	for map in "${maps[@]}"; do
		in=${write_in[$map]} out=${write_out[$map]}
		echo stop >&"$in"
		wait "${write_pid[$map]}" || fail "the writers of $map: $(tail -n 3 wrong)"
		figures_end "$map"
		exec {in}>&- {out}>&-
	done
}

# The last line that they say by themselves
figures_end() {
	local map=$1 did verified errors wrong longest
	read -r -t 10 did verified errors wrong longest <&"${write_out[$map]}" || fail "the writers of $map said nothing at their end"
	figures_seen
}

# verify MAP MODE: through the map, and through each of its paths
verify() {
	local map=$1 device text
	for device in "/dev/mapper/$map" $(status ".maps[] | select(.name == \"$map\") | .paths[].device" | sed 's|^|/dev/|'); do
		text=$(./ledger verify "$device" $record "${record_at[$map]}" "$run" "$2" 2>&1) ||
			fail "$map through $device, $2: $text"
		say "$map through $device, $2: $text"
	done
	verified_text="${text%% right*} blocks, ${text##*by } each way"
}
