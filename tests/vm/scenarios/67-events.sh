# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: GPL-2.0
# What the daemon hears of by itself: ANA changes (and how long after one the
# target knows), states of controllers. What it could not hear is looked for. Its
# tracing leaves nothing behind, a killed daemon's is taken over, and where there is
# none it looks by the clock and says so.
#
# topology: tcp2

nqn=nqn.test:events
T=/sys/kernel/tracing

letter() {
	dmsetup status "$map" | grep -o "$(cat "/sys/block/$1/dev") [A-Z] [a-z-]*"
}

ana_in_kernel() {
	[[ $(letter "$1") = *" $2" ]]
}

# state_without_refresh DEVICE: as the daemon knows it
state_without_refresh() {
	busctl --address=unix:path=/run/nvmemp/bus get-property org.nvmemp1 "/org/nvmemp1/path/$1" org.nvmemp1.Path ControllerState
}

state_known() {
	[ "$(state_without_refresh "$1")" = "s \"$2\"" ]
}

nothing_left() {
	[ ! -e $T/instances/nvmempd ] && ! grep nvmemp/ $T/kprobe_events
}

noticed() {
	grep -q 'nvme_async_event: ' $T/instances/nvmempd/trace
}

# chatter: more than the page of each CPU that is being read holds. It loses nothing.
chatter() {
	local cpu
	for cpu in 0 1; do
		taskset -c $cpu bash -c "for i in {1..50}; do printf '%0200d\n' 0; done >$T/instances/nvmempd/trace_marker"
	done
}

# fill: until the daemon's buffer for what udevd says has no room for more
fill() {
	local inode
	inode=$(find "/proc/$pid/fd" -lname 'socket:*' -printf '%l ' | tr -dc '0-9 ')
	until awk -v ours="$inode" 'index(" " ours, " " $10 " ") && $2 == 15 { n += $9 } END { exit !n }' /proc/net/netlink; do
		perl -e 'socket(S, 16, 3, 15); send(S, "x" x 8000, 0, pack("SSLL", 16, 0, 0, 2)) for 1 .. 500'
	done
}

# ends SYSTEM-CALL FILE: from now on, the daemon's system calls fail there
ends() {
	rm -f ends.out ends.err
	strace -p "$(daemon_pid)" -e trace="$1" -P "$2" -e inject="$1":error=EIO -o ends.out 2>ends.err &
	tracer=$!
	wait_for "strace" grep -q attached ends.err
}

# ended SYSTEM-CALL: one has failed
ended() {
	wait_for "$1 to fail" grep -q INJECTED ends.out
	kill -INT $tracer
	wait $tracer || true
}

trouble_is() {
	status .event_trouble | grep -q "^$1"
}

state_in_target() {
	dmsetup status "$map" | grep -q " $(cat "/sys/block/$1/dev") $2 "
}

# Milliseconds between a mark and the message to the target after it, median
reaction() {
	awk '{ for (i = 1; i <= NF; i++) if ($i ~ /^[0-9]+\.[0-9]+:$/) t = $i + 0 }
		/tracing_mark_write/ { mark = t }
		/lab_message: / && mark { print int((t - mark) * 1000 + 0.5); mark = 0 }' $T/trace | sort -n |
		awk '{ v[NR] = $1 } END { print NR ": " v[int((NR + 1) / 2)] " " v[NR] }'
}

wait_boot
tcp_modules
tcp_namespace $nqn 1 /dev/disk/by-id/virtio-back0
tcp_port 20 $nqn
tcp_port 21 $nqn
tcp_connect $nqn 20
tcp_connect $nqn 21
one_map 2
path=$(status '.maps[0].paths[] | select(.address | test("trsvcid=4421")) | .device')
ctrl=$(status '.maps[0].paths[] | select(.address | test("trsvcid=4421")) | .controller')
status_is .event_trouble "" || fail "there is trouble: $(status .event_trouble)"

say "an ANA change reaches the target"
mountpoint -q $T || mount -t tracefs tracefs $T
echo 'p:lab/lab_message dm_nvmemp:nvmemp_message' >>$T/kprobe_events
echo 1 >$T/events/lab/lab_message/enable
for state in inaccessible optimized inaccessible optimized non-optimized optimized inaccessible optimized inaccessible optimized; do
	echo "$state" >$T/trace_marker
	tcp_ana 21 $state
	wait_for "$path $state in the target" ana_in_kernel "$path" $state
	sleep 0.3
done
read -r count median longest <<<"$(reaction)"
expect_eq "changes that were timed" "$count" "10:"
value "ANA change to message, median and longest of 10" "$median ms, $longest ms"
echo 0 >$T/events/lab/lab_message/enable
echo '-:lab/lab_message' >>$T/kprobe_events

say "an ANA change whose notice is lost"
pid=$(daemon_pid)
kill -STOP "$pid"
chatter
tcp_ana 21 non-optimized
wait_for "the notice" noticed
while noticed; do
	chatter
done
kill -CONT "$pid"
wait_for "$path non-optimized in the target" ana_in_kernel "$path" non-optimized
expect "it says so" grep -q 'trace events were lost' <(daemon_log)
tcp_ana 21 optimized
wait_for "$path optimized in the target" ana_in_kernel "$path" optimized

say "a controller whose uevents are lost"
tcp_port 22 $nqn
kill -STOP "$pid"
fill
tcp_connect $nqn 22
udevadm settle
kill -CONT "$pid"
wait_for "three usable paths" usable_is 3
expect "it says so" grep -q 'udev events were lost' <(daemon_log)

say "the state of a controller whose link is gone, and back"
rm "$NVMET/ports/21/subsystems/$nqn"
wait_for "$ctrl connecting" state_known "$path" connecting
ln -s "$NVMET/subsystems/$nqn" "$NVMET/ports/21/subsystems/$nqn"
wait_for "$ctrl live" state_known "$path" live
wait_for "three usable paths" usable_is 3

say "events that come to an end"
ends read $T/instances/nvmempd/trace_pipe
tcp_ana 21 inaccessible
ended read
wait_for "the trouble" trouble_is 'no trace events any more'
wait_for "inaccessible in the target" ana_in_kernel "$path" inaccessible
tcp_ana 21 optimized
wait_for "optimized in the target" ana_in_kernel "$path" optimized
ends ioctl /dev/mapper/control
dmsetup message "$map" 0 fail_path "$(cat "/sys/block/$path/dev")"
ended ioctl
wait_for "both troubles" trouble_is 'no trace events any more.*; no device-mapper events any more'
wait_for "$path back" state_in_target "$path" A
dmsetup message "$map" 0 fail_path "$(cat "/sys/block/$path/dev")"
wait_for "$path back" state_in_target "$path" A
systemctl restart nvmempd
wait_for "three usable paths" usable_is 3
status_is .event_trouble "" || fail "after a restart: $(status .event_trouble)"

say "a killed daemon's tracing is taken over, a stopped one's is gone"
mkdir -p /run/systemd/system/nvmempd.service.d
printf '[Service]\nRestart=no\n' >/run/systemd/system/nvmempd.service.d/lab.conf
systemctl daemon-reload
kill -KILL "$(daemon_pid)"
wait_for "the daemon dead" eval '! systemctl -q is-active nvmempd'
expect_not "the instance is left" nothing_left
systemctl start nvmempd
wait_for "three usable paths" usable_is 3
status_is .event_trouble "" || fail "after the kill: $(status .event_trouble)"
tcp_ana 21 inaccessible
wait_for "inaccessible in the target" ana_in_kernel "$path" inaccessible
systemctl stop nvmempd
expect "nothing is left" nothing_left

say "without the kernel probe"
mount --bind /dev/null $T/kprobe_events
systemctl start nvmempd
wait_for "three paths" eval '[ "$(status ".maps[0].paths | length")" = 3 ]'
wait_for "the trouble" trouble_is 'no kernel probe (.*): the end of a controller'
tcp_ana 21 optimized
wait_for "optimized in the target" ana_in_kernel "$path" optimized
tcp_ana 21 inaccessible
wait_for "inaccessible in the target" ana_in_kernel "$path" inaccessible
rm "$NVMET/ports/21/subsystems/$nqn"
wait_for "$ctrl connecting" eval '! is_live "$ctrl"'
ln -s "$NVMET/subsystems/$nqn" "$NVMET/ports/21/subsystems/$nqn"
wait_for "$ctrl live" state_known "$path" live
systemctl stop nvmempd
umount $T/kprobe_events

say "without tracing"
umount $T
mkdir -p /run/empty
mount --bind /run/empty $T
systemctl start nvmempd
wait_for "three paths" eval '[ "$(status ".maps[0].paths | length")" = 3 ]'
expect "it says so" eval 'nvmempctl | grep -q "^Slow to react: no tracing"'
tcp_ana 21 optimized
wait_for "optimized in the target" ana_in_kernel "$path" optimized
systemctl stop nvmempd
umount $T
systemctl start nvmempd
