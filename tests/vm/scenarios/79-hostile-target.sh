# shellcheck shell=bash disable=SC2016,SC2154
# SPDX-License-Identifier: GPL-2.0
# A target as hostile as nvmet allows: its names reach no shell, no terminal and no
# path; one that changes for ever, or has many namespaces, costs the daemon a bounded
# amount, and another subsystem's lost path is handled meanwhile.
#
#    port 20, 21 --- the hostile subsystem: back0 ----.
#    port 30, 31 --- an honest one: back1 ------------- > a map for each namespace
#    port 40, 41 --- one of many namespaces: null_blk -'
#
# topology: tcp2
# time limit: 1800

# ESC, CSI in UTF-8 and as a byte, quotes, a path, a format, what a shell would run
evil=$'nqn.x:$(touch${IFS}owned)`touch owned`;touch owned|"\'\\ ..\e[31m\a\b\t\x7f\xc2\x9b31m\x9b\xff\xfe\xe2\x80\xae%s%n<b>'
serial='"$(reboot)`id`;%n'
model='../../x "$(touch /run/owned)" `reboot`'
good=nqn.test:good
many=nqn.test:many
N=48
ROUNDS=150

hostile_subsystem() {
	local subsystem=$NVMET/subsystems/$evil
	mkdir "$subsystem"
	# what it takes of it: nvmet refuses what is no printable ASCII here
	echo -n "$serial" >"$subsystem/attr_serial"
	echo -n "$model" >"$subsystem/attr_model"
	expect_not "an ESC in the serial number" sh -c 'printf "\033[31m" >"$1"' - "$subsystem/attr_serial"
	# one with an UUID, and one that has only these names for its identity
	tcp_namespace "$evil" 1 /dev/disk/by-id/virtio-back0 uuid 11111111-aaaa-4aaa-8aaa-aaaaaaaaaaaa
	tcp_namespace "$evil" 2 /dev/nullb0 uuid 00000000-0000-0000-0000-000000000000
	tcp_port 20 "$evil"
	tcp_port 21 "$evil"
}

few_rules() {
	local rule
	mkdir -p /run/udev/rules.d
	for rule in /usr/lib/udev/rules.d/*.rules; do
		case $rule in
		*nvmemp* | *-dm.rules) ;;
		*) ln -sf /dev/null "/run/udev/rules.d/${rule##*/}" ;;
		esac
	done
	udevadm control --reload
}

# of_good EXPRESSION: of the honest subsystem's maps
of_good() {
	status "[.maps[] | select(.paths | any(.address | test(\"trsvcid=443[01]\")))] | $1"
}
good_is() {
	[ "$(of_good "$1")" = "$2" ]
}
good_path() {
	of_good "[.[0].paths[] | select(.address | test(\"trsvcid=44$1\"))][0] | .ana_state"
}
good_path_is() {
	[ "$(good_path "$1")" = "$2" ]
}

# A path of the honest subsystem goes and comes back, and the kernel's table has both
honest_path_is_handled() {
	local began
	began=$(now_ms)
	tcp_ana 31 inaccessible
	wait_for "$1: the honest subsystem's lost path" good_path_is 31 inaccessible
	value "$1, an honest path's loss is handled" "within $(($(now_ms) - began)) ms"
	tcp_ana 31 optimized
	wait_for "$1: it is back" good_path_is 31 optimized
}

more_maps_than() {
	[ "$(status '.maps | length')" -gt "$1" ]
}

rss_kib() {
	awk '$1 == "VmRSS:" { print $2 }' "/proc/$(daemon_pid)/status"
}
descriptors() {
	find "/proc/$(daemon_pid)/fd" -mindepth 1 | wc -l
}
threads() {
	find "/proc/$(daemon_pid)/task" -mindepth 1 -maxdepth 1 | wc -l
}
lines() {
	daemon_log | wc -l
}
figures() {
	value "$1" "$(($(rss_kib) / 1024)) MiB, $(descriptors) descriptors, $(threads) threads, $(lines) lines of log"
}

# harmless FILE: no control byte but newline, nothing that is no ASCII
harmless() {
	! LC_ALL=C grep -anP '[^\n\x20-\x7e]' "$1" >harm || ! cat -v harm
}

wait_boot
tcp_modules
modprobe null_blk nr_devices=1 gb=1
pid=$(daemon_pid)
tcp_namespace $good 1 /dev/disk/by-id/virtio-back1 uuid 22222222-bbbb-4bbb-8bbb-bbbbbbbbbbbb
tcp_port 30 $good
tcp_port 31 $good
hostile_subsystem
for port in 30 31; do
	tcp_connect $good $port
done
for port in 20 21; do
	tcp_connect "$evil" $port
done
wait_for "three maps" map_count_is 3
wait_for "all paths" usable_is 6
expect "the kernel has the hostile names" grep -qaF $'\e[31m' /sys/class/nvme-subsystem/nvme-subsys*/subsysnqn
grep -h . /sys/class/nvme-subsystem/nvme-subsys*/{subsysnqn,serial,model} | cat -v
udevadm settle
# an entry of the log with the NQN
tcp_ana 21 inaccessible
wait_for "a path that is down" status_is '[.maps[].paths[] | select(.ana_state == "inaccessible")] | length' 2
tcp_ana 21 optimized
wait_for "all paths" usable_is 6

say "each view of the command"
map=$(status '.maps[0].name')
for verb in status list tree paths plan doctor metrics config 'top --batch --count 1' "show $map" 'list -r' 'paths -o +ALL' 'tree -r'; do
	# shellcheck disable=SC2086 # words
	LC_ALL=C nvmempctl $verb >view 2>&1 || true
	expect "nvmempctl $verb is harmless" harmless view
	case $verb in
	*' -'* | metrics) continue ;;
	esac
	# shellcheck disable=SC2086 # words
	nvmempctl $verb --json >view 2>/dev/null || true
	expect "nvmempctl $verb --json is harmless" harmless view
	expect "nvmempctl $verb --json is JSON" jq -e . view >/dev/null
done
expect "the NQN is shown, escaped" grep -qF 'touch owned`;touch owned|\x22' <(nvmempctl status)
LC_ALL=C.UTF-8 nvmempctl tree | grep -F 'nqn.x' | head -n 2
for name in $(status '.maps[].name'); do
	expect "only plain characters in $name" grep -qxE '[A-Za-z0-9._-]{1,127}' <<<"$name"
done

say "udev and the journal"
for device in /sys/block/nvme*n* /sys/block/dm-*; do
	udevadm info "$device" >view
	expect "properties of ${device##*/} are harmless" harmless view
	nr=$(udevadm info -q property "$device" | grep -c '^NVMEMP_WWID=')
	expect_eq "NVMEMP_WWID of ${device##*/}" "$nr" 1
done
# all fields, as they were stored, of the daemon and of udev
journalctl -q -o export -u nvmempd --output-fields=MESSAGE,NVMEMP_NQN,NVMEMP_REASON,NVMEMP_PATH,NVMEMP_MAP >view
expect "the journal's fields are harmless" harmless view
expect "an entry with the NQN" grep -q 'NVMEMP_NQN=nqn.x:' view
journalctl -q -o cat -t nvmemp-udev -t systemd-udevd >view
expect_not "what udev says of our helper" grep -a 'nvmemp' view
expect_eq "what a shell would have made" "$(find / /run /dev -xdev -name 'owned*')" ""
expect_eq "links to a strange place" "$(find /dev -xdev -name '*[^A-Za-z0-9._:\\@-]*' -lname '*dm-*' | cat -v)" ""

say "it changes without end"
namespace=$NVMET/subsystems/$evil/namespaces/1
flap() {
	local i
	for ((i = 0; i < ROUNDS; i++)); do
		echo inaccessible >"$NVMET/ports/20/ana_groups/2/ana_state"
		echo optimized >"$NVMET/ports/21/ana_groups/2/ana_state"
		echo change >"$NVMET/ports/21/ana_groups/2/ana_state"
		echo optimized >"$NVMET/ports/20/ana_groups/2/ana_state"
		if [ $((i % 8)) = 0 ]; then
			echo 0 >"$namespace/enable"
			echo 1 >"$namespace/enable"
		fi
		echo >>rounds
		sleep 0.02
	done
	touch flap-is-over
}
rounds_are() {
	[ "$(wc -l <rounds)" -ge "$1" ]
}
figures "before"
fds=$(descriptors) rss=$(rss_kib) log=$(lines)
: >rounds
began=$SECONDS
flap &
wait_for "the first changes" rounds_are 20
expect_not "it has ended already" test -e flap-is-over
honest_path_is_handled "beside a target that flaps"
wait_for "the end of the changes" test -e flap-is-over
wait
tcp_ana 21 optimized
minutes=$(((SECONDS - began) / 60 + 1))
figures "after $((4 * ROUNDS)) changes of ANA and $((ROUNDS / 4)) of a namespace in $((SECONDS - began)) s"
expect "descriptors: $fds, then $(descriptors)" test "$(descriptors)" -le $((fds + 8))
expect "memory: $rss KiB, then $(rss_kib)" test "$(rss_kib)" -le $((rss + 8192))
# two maps and four devices of it, 200 a minute each; the honest one's; a line each of what was left out
expect "lines of log: $log, then $(lines)" test $(($(lines) - log)) -le $(((minutes + 1) * 6 * 200 + 100))
wait_for "all paths, when it is over" usable_is 6
expect_eq "the daemon is the same" "$(daemon_pid)" "$pid"

say "many namespaces"
few_rules
rss=$(rss_kib)
mkdir -p "$NVMET/subsystems/$many"
echo 1 >"$NVMET/subsystems/$many/attr_allow_any_host"
tcp_port 40 $many
tcp_port 41 $many
tcp_connect $many 40 -i 1 -k 60
tcp_connect $many 41 -i 1 -k 60
(
	for ((i = 1; i <= N; i++)); do
		mkdir "$NVMET/subsystems/$many/namespaces/$i"
		echo -n /dev/nullb0 >"$NVMET/subsystems/$many/namespaces/$i/device_path"
		echo 1 >"$NVMET/subsystems/$many/namespaces/$i/enable"
	done
) &
wait_for "the first maps" more_maps_than 3
honest_path_is_handled "while $N namespaces come"
wait
wait_for "$((N + 3)) maps" map_count_is $((N + 3))
figures "with $N namespaces more"
expect "memory: $rss KiB, then $(rss_kib)" test "$(rss_kib)" -le $((rss + 4096 + N * 64))
expect_eq "the daemon is the same" "$(daemon_pid)" "$pid"
honest_path_is_handled "beside $N namespaces"

say "and all of them go at once"
nvme disconnect -n $many >/dev/null
honest_path_is_handled "while they go"
nvmempctl teardown >/dev/null 2>&1 || true
wait_for "no path of theirs" status_is '[.maps[].paths[] | select(.address | test("trsvcid=444"))] | length' 0
expect_eq "the daemon is the same" "$(daemon_pid)" "$pid"
