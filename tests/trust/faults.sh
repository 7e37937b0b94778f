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

reset() {
	echo 1 >"/sys/class/nvme/$1/reset_controller" 2>/dev/null || true	# it is being reset already
}

fault reset pcie on "a controller is reset"
reset_in() { pick c0 c1; one=$picked; reset "$(controller "$one")"; }
reset_out() { wait_for "$one live" controller_is_live "$one"; }

fault reset_tcp "tcp cache" on "an NVMe/TCP controller is reset"
reset_tcp_in() { pick 20 21; reset "$(by_port "$picked")"; }
reset_tcp_out() { :; }

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

# --- ANA ---

fault ana "tcp cache" on "a path becomes non-optimized or inaccessible, and optimized again"
ana_in() {
	pick 20 21
	one=$picked
	pick non-optimized inaccessible
	tcp_ana "$one" "$picked"
}
ana_out() { tcp_ana "$one" optimized; }

# --- the daemon, and who is around it ---

daemon_answers() { nvmempctl status >/dev/null 2>&1; }

# Not for being started too often
end_daemon() {
	systemctl reset-failed nvmempd
	kill "-$1" "$(daemon_pid)"
}

fault daemon_kill "" on "the daemon is killed"
daemon_kill_in() { end_daemon KILL; }
daemon_kill_out() { wait_for "the daemon" daemon_answers; }
