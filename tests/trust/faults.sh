# shellcheck shell=bash disable=SC2154,SC2034
# SPDX-License-Identifier: GPL-2.0
# The faults: what can be done to the maps of trust.sh, each as a row
#
#   fault NAME MAPS EXPECTED WORDS
#
# and two functions, NAME_in and NAME_out, which does it and which undoes it. Between
# them I/O goes on for a while. MAPS: whom it hits. EXPECTED, of I/O to these:
#   on       no error, and it goes on meanwhile
#   waits    no error; it may wait until the fault is over
#   errors   errors are right
# To all other maps I/O goes on without an error.

declare -A fault_maps fault_expected fault_words
fault_names=()

fault() {
	fault_names+=("$1")
	fault_maps[$1]=$2
	fault_expected[$1]=$3
	fault_words[$1]=$4
}

# pick WORD...: one of them by chance, in $picked
pick() {
	shift $((RANDOM % $#))
	picked=$1
}

# --- controllers ---

fault unplug pcie on "a controller is removed by surprise (QMP) and comes back"
unplug_in() { pick c0 c1; one=$picked; unplug "$one"; }
unplug_out() { plug "$one"; }

fault unplug_both pcie waits "both controllers are removed and come back"
unplug_both_in() { unplug c0; unplug c1; }
unplug_both_out() { plug c1; plug c0; }

fault pci_remove pcie on "a controller is removed through sysfs and found by a rescan"
pci_remove_in() {
	pick c0 c1
	one=$picked
	echo 1 >"/sys/class/nvme/$(controller "$one")/device/remove"
}
pci_remove_out() {
	echo 1 >/sys/bus/pci/rescan
	wait_for "$one to come" controller_is_live "$one"
}

reset() {
	echo 1 >"/sys/class/nvme/$1/reset_controller" 2>/dev/null || true	# it is being reset already
}

fault reset pcie on "a controller is reset"
reset_in() { pick c0 c1; one=$picked; reset "$(controller "$one")"; }
reset_out() { wait_for "$one live" controller_is_live "$one"; }

fault reset_both pcie waits "both controllers are reset at once"
reset_both_in() { reset "$(controller c0)" & reset "$(controller c1)"; }
reset_both_out() { wait_for "c0 live" controller_is_live c0; wait_for "c1 live" controller_is_live c1; }

fault reset_tcp "tcp cache" on "an NVMe/TCP controller is reset"
reset_tcp_in() { pick 20 21; reset "$(by_port "$picked")"; }
reset_tcp_out() { :; }

fault reset_fails "tcp cache" on "a controller is reset and loses its link meanwhile, so the reset fails"
reset_fails_in() { pick 20 21; one=$picked; reset "$(by_port "$one")" & link_down "$one"; }
reset_fails_out() { link_up "$one"; }

fault detach pcie on "the namespace is detached from one controller, and attached"
detach_in() {
	pick c0 c1
	one=$(controller "$picked")
	nvme detach-ns "/dev/$one" -n 1 -c "$(cat "/sys/class/nvme/$one/cntlid")" || fail "detach-ns $one"
}
detach_out() {
	nvme attach-ns "/dev/$one" -n 1 -c "$(cat "/sys/class/nvme/$one/cntlid")" || fail "attach-ns $one"
	nvme ns-rescan "/dev/$one"
}

# --- links ---

link_down() { rm "$NVMET/ports/$1/subsystems/$nqn"; }
link_up() { ln -s "$NVMET/subsystems/$nqn" "$NVMET/ports/$1/subsystems/$nqn"; }

fault link "tcp cache" on "an NVMe/TCP link is lost and comes back"
link_in() { pick 20 21; one=$picked; link_down "$one"; }
link_out() { link_up "$one"; }

fault links "tcp cache" waits "both links are lost, for less than no_path"
links_in() { link_down 20; link_down 21; }
links_out() { pick 20 21; link_up "$picked"; link_up $((41 - picked)); }

fault links_long "tcp cache" errors "both links are lost, for longer than no_path (3 s)"
links_long_in() { trust_configure 3; wait_for "no_path 3" no_path_is 3; link_down 20; link_down 21; sleep 6; }
links_long_out() { link_up 20; link_up 21; trust_configure queue; wait_for "no_path queue" no_path_is queue; }

fault port "tcp cache" on "a port of the target is removed and made again"
port_in() {
	pick 20 21
	one=$picked
	link_down "$one"
	rmdir "$NVMET/ports/$one/ana_groups/2" "$NVMET/ports/$one"
}
port_out() { tcp_port "$one" "$nqn"; }

# Not an error that TCP hears of: silence, until the keep alive ends it
fault keep_alive "tcp cache" waits "the network is silent for longer than the keep alive"
keep_alive_in() { down lo; sleep 8; }
keep_alive_out() { up lo; }

# What write_hold is for: the controller may still carry out what it never answered
fault silent "tcp cache" on "the network to one port is silent until that path is lost"
silent_in() { pick 20 21; one=$picked; tcp_silent "$one"; }
silent_out() { tcp_heard "$one"; }

# --- ANA ---

fault ana "tcp cache" on "a path changes to some ANA state, and back to optimized"
ana_in() {
	pick 20 21
	one=$picked
	pick non-optimized inaccessible change persistent-loss
	tcp_ana "$one" "$picked"
}
ana_out() { tcp_ana "$one" optimized; }

fault ana_both "tcp cache" waits "both paths become inaccessible"
ana_both_in() { tcp_ana 20 inaccessible; tcp_ana 21 inaccessible; }
ana_both_out() { tcp_ana 21 optimized; tcp_ana 20 optimized; }

fault ana_storm "tcp cache" waits "sixty ANA changes as fast as can be"
ana_storm_in() {
	local i
	for ((i = 0; i < 60; i++)); do
		pick 20 21
		one=$picked
		pick optimized non-optimized inaccessible change
		tcp_ana "$one" "$picked"
	done
}
ana_storm_out() { tcp_ana 20 optimized; tcp_ana 21 optimized; }

# --- namespaces ---

namespace=$NVMET/subsystems/nqn.test:trust/namespaces/1

fault gone tcp waits "the namespace is taken away from all controllers, and given back"
gone_in() { echo 0 >"$namespace/enable"; }
gone_out() { echo 1 >"$namespace/enable"; }

tcp_paths_are_gone() {
	! grep -qsx "uuid.$uuid_tcp" /sys/class/nvme/nvme*/nvme*n*/wwid
}

fault remap tcp waits "another namespace takes its place under the same number, and goes"
remap_in() {
	echo 0 >"$namespace/enable"
	wait_for "the namespace to go" tcp_paths_are_gone
	echo -n "$decoy" >"$namespace/device_path"
	echo "$uuid_decoy" >"$namespace/device_uuid"
	echo 1 >"$namespace/enable"
}
remap_out() {
	echo 0 >"$namespace/enable"
	wait_for "the other namespace to go" eval '! grep -qsx "uuid.$uuid_decoy" /sys/class/nvme/nvme*/nvme*n*/wwid'
	echo -n /dev/mapper/below >"$namespace/device_path"
	echo "$uuid_tcp" >"$namespace/device_uuid"
	echo 1 >"$namespace/enable"
	cmp -s -n $((16 << 20)) "$decoy" /dev/zero || fail "the other namespace was written to"
}

fault resize tcp on "the namespace grows by 1 MiB, and so does the map"
resize_in() {
	below_mb=$((below_mb + 1))
	below "linear $back0 0"
	echo 1 >"$namespace/revalidate_size"
}
resize_out() { wait_for "the map to grow" eval '[ "$(blockdev --getsize64 /dev/mapper/tcp)" = $((below_mb << 20)) ]'; }

# --- below all paths ---

# below TARGET ARGUMENTS: what is below the namespace of the map tcp
below() {
	echo "0 $((below_mb * 2048)) $1" | dmsetup reload below || fail "below: $1"
	dmsetup suspend --noflush --nolockfs below
	dmsetup resume below
}

fault delay tcp on "all I/O takes half a second longer"
delay_in() { below "delay $back0 0 500"; }
delay_out() { below "linear $back0 0"; }

fault medium tcp errors "each I/O is an error on every path"
medium_in() { below error; }
medium_out() { below "linear $back0 0"; }

fault stall tcp waits "no I/O is answered"
stall_in() { dmsetup suspend --noflush --nolockfs below; }
stall_out() { dmsetup resume below; }

# --- the daemon, and who is around it ---

daemon_answers() { nvmempctl status >/dev/null 2>&1; }

end_daemon() {
	kill "-$1" "$(daemon_pid)"
}

fault daemon_kill "" on "the daemon is killed"
daemon_kill_in() { end_daemon KILL; }
daemon_kill_out() { wait_for "the daemon" daemon_answers; }

fault daemon_kill_link "tcp cache" on "the daemon is killed while a link is lost"
daemon_kill_link_in() { link_in; end_daemon KILL; }
daemon_kill_link_out() { link_out; wait_for "the daemon" daemon_answers; }

fault daemon_stop "tcp cache" on "the daemon is stopped (SIGSTOP) while a link is lost and comes back"
daemon_stop_in() { stopped=$(daemon_pid); kill -STOP "$stopped"; link_in; }
daemon_stop_out() { link_out; kill -CONT "$stopped"; wait_for "the daemon" daemon_answers; }

fault daemon_restart "" on "the daemon is restarted"
daemon_restart_in() { systemctl restart nvmempd; }
daemon_restart_out() { wait_for "the daemon" daemon_answers; }

fault daemon_oom "" on "the kernel kills the daemon for its memory"
daemon_oom_in() {
	local pid
	pid=$(daemon_pid)
	echo 1000 >"/proc/$pid/oom_score_adj"
	echo f >/proc/sysrq-trigger
	wait_for "the daemon $pid to be killed" test ! -e "/proc/$pid"
}
daemon_oom_out() { wait_for "the daemon" daemon_answers; }

fault udevd "" on "udevd is restarted"
udevd_in() { systemctl restart systemd-udevd; }
udevd_out() { :; }

fault uevents_lost pcie on "a controller goes and comes while no udevd runs; its uevents are played again later"
uevents_lost_in() {
	systemctl stop systemd-udevd systemd-udevd-control.socket systemd-udevd-kernel.socket
	unplug_in
}
uevents_lost_out() {
	unplug_out
	systemctl start systemd-udevd-control.socket systemd-udevd-kernel.socket systemd-udevd
	udevadm trigger --action=add --subsystem-match=nvme --subsystem-match=block
}

fault clock "" on "the clock jumps by a day, and back"
clock_in() { date -s '+1 day' >/dev/null; }
clock_out() { date -s '-1 day' >/dev/null; }

# --- hands on the map ---

fault reload "" on "a stranger loads the map's table again"
reload_in() {
	pick "${maps[@]}"
	dmsetup table "$picked" | dmsetup reload "$picked" || fail "reload"
	dmsetup suspend --noflush --nolockfs "$picked"
	dmsetup resume "$picked"
}
reload_out() { :; }

fault suspend "pcie tcp cache" waits "a stranger suspends a map, and resumes it"
suspend_in() {
	pick "${maps[@]}"
	one=$picked
	pick --noflush --nolockfs
	dmsetup suspend "$picked" "$one"
}
suspend_out() { dmsetup resume "$one"; }

fault module "" on "the module is asked to go while in use: it stays"
module_in() { expect_not "the module goes" rmmod dm-nvmemp; }
module_out() { :; }

fault by_hand "" on "a path is failed by hand, and reinstated"
by_hand_in() {
	pick "${maps[@]}"
	one=$picked
	pick 0 1
	picked=$(status ".maps[] | select(.name == \"$one\") | .paths[$picked].device")
	expect "fail" nvmempctl fail "$one" "$picked"
}
by_hand_out() { expect "reinstate" nvmempctl reinstate "$one" "$picked"; }

fault policy "" on "the policy changes, by a reload of the configuration"
policy_in() {
	pick numa round-robin queue-depth latency
	policy=$picked
	trust_configure queue
}
policy_out() { :; }
