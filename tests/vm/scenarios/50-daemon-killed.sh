# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: GPL-2.0
# The daemon is killed (SIGKILL) during I/O and during a path loss, again and again,
# or hangs until the watchdog sees it: I/O goes on, and at its restart the daemon
# adopts the map without a suspend. While a path is lost it starts no program.
#
#    nvme0 -x- nvme0n1 --.
#                         >-- map --- fio        nvmempd (killed)
#    nvme1 --- nvme1n1 --'
#
# topology: pcie2

killed() {
	local pid
	pid=$(daemon_pid)
	expect "the daemon runs" test "$pid" -gt 0
	kill -KILL "$pid"
	wait_for "process $pid to be gone" test ! -e "/proc/$pid"
}

restarted() {
	local now
	now=$(daemon_pid)
	[ "$now" -gt 0 ] && [ "$now" != "$pid" ]
}

wait_boot
one_map 2
count_calls dm_suspend
count_calls dm_swap_table
# It must not come back before this test says so.
mkdir -p /run/systemd/system/nvmempd.service.d
printf '[Service]\nRestart=no\n' >/run/systemd/system/nvmempd.service.d/lab.conf
systemctl daemon-reload
start_fio "$dm"

say "killed during I/O"
killed
wait_for_io "the daemon is dead"
systemctl start nvmempd
wait_for "two usable paths" usable_is 2
wait_for_io "the daemon is back"
expect_eq "suspends until now" "$(calls_of dm_suspend)" 0
expect_eq "tables loaded until now" "$(calls_of dm_swap_table)" 0

say "dead while a path is lost and while it is regained"
killed
unplug c0
wait_for_io "c0 is gone, the daemon is dead"
plug c0
wait_for_io "c0 is back, the daemon is dead"
systemctl start nvmempd
wait_for "two usable paths" usable_is 2
wait_for_io "the daemon is back"

say "killed in the middle of a path loss, then started by systemd"
rm /run/systemd/system/nvmempd.service.d/lab.conf
systemctl daemon-reload
pid=$(daemon_pid)
(
	sleep 0.05
	kill -KILL "$pid"
) &
unplug c0
wait_for_io "c0 is gone"
wait_for "systemd to start it again" restarted
wait_for "one path in the map" status_is '.maps[0].paths | length' 1
plug c0
wait_for "two usable paths" usable_is 2

say "it starts no program while a path is lost and regained"
T=/sys/kernel/tracing/instances/lab_exec
mkdir $T
echo 1 >$T/options/event-fork
(cd "/proc/$(daemon_pid)/task" && echo *) >$T/set_event_pid
echo 1 >$T/events/sched/sched_process_exec/enable
unplug c0
wait_for "one path in the map" status_is '.maps[0].paths | length' 1
plug c0
wait_for "two usable paths" usable_is 2
expect_eq "programs" "$(grep -c 'sched_process_exec: ' $T/trace)" 0
echo $BASHPID >>$T/set_event_pid
/bin/true
expect "one is noticed" grep -q 'sched_process_exec: .*true' $T/trace
rmdir $T

say "killed again and again"
expect_eq "starts that it may have" "$(systemctl show -P StartLimitIntervalUSec nvmempd)" 0
for _ in 1 2 3 4 5 6 7 8; do
	killed
	wait_for "systemd to start it again" restarted
done
wait_for "two usable paths" usable_is 2
wait_for_io "the daemon was killed 8 times"

say "a loop that hangs"
suspends=$(calls_of dm_suspend)
printf '[Service]\nWatchdogSec=20s\n' >/run/systemd/system/nvmempd.service.d/lab.conf
systemctl daemon-reload
systemctl restart nvmempd
wait_for "two usable paths" usable_is 2
table=$(dmsetup table)
pid=$(daemon_pid)
kill -STOP "$pid"
wait_for_io "the daemon hangs"
wait_for "systemd to start it again" restarted
expect "it was the watchdog" grep -q 'Watchdog timeout' <(daemon_log)
wait_for "two usable paths" usable_is 2
wait_for_io "the daemon is back"
expect_eq "the table" "$(dmsetup table)" "$table"
expect_eq "suspends" "$(calls_of dm_suspend)" "$suspends"

say "stopped for good: c1 is lost and I/O goes on"
systemctl stop nvmempd nvmempd.socket
unplug c1
wait_for_io "c1 is gone, the service is stopped"
stop_fio
expect "the map is left" dmsetup info "$map"
