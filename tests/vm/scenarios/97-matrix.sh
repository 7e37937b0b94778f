# shellcheck shell=bash disable=SC1091,SC2154
# SPDX-License-Identifier: GPL-2.0
# Every fault (tests/trust/faults.sh) with every load (tests/trust/loads.sh) and
# policy. `make check` takes a part of the cells, another one with each SEED;
# `make matrix` takes all. Zoned namespaces have faults of their own in 69-zoned.
#
# topology: trust
# cmdline: nvme.poll_queues=1
# files: tests/trust
# programs: tests/trust/ledger.c
# time limit: 10800

. trust/trust.sh
. trust/faults.sh
. trust/loads.sh
policies=(numa round-robin queue-depth latency)
RANDOM=${SEED:-1}
run_cells=0 all_cells=0 left_cells=0
declare -A why_left

# chosen NUMBER: whether this run takes that cell
chosen() {
	# shellcheck disable=SC2153 # of the environment
	[ "$CELLS" = all ] || [ $((($1 + ${SEED:-1}) % 101)) = 0 ]
}

# cell FAULT MAP
cell() {
	local name=$1
	say "$name: ${fault_words[$name]} ($load, $policy, $2)"
	"${name}_in"
	[[ " ${fault_maps[$name]} " = *" $2 "* && ${fault_expected[$name]} != on ]] || wait_for_io "during $name"
	sleep "0.$((RANDOM % 10))"
	"${name}_out"
	wait_for "all paths after $name" whole
	wait_for_io "after $name"
	if dmesg | grep -m 1 -E "$(cat dmesg-bad)"; then
		fail "the kernel's log after $name"
	fi
}

# cells_of LOAD POLICY MAP: sets $cells, the faults to run there
cells_of() {
	local name why
	cells=()
	for name in "${fault_names[@]}"; do
		[ "$name" != policy ] || continue	# it is a dimension here
		if why=$(no_meaning "$name" "$1" "$3"); then
			left_cells=$((left_cells + 1))
			why_left[$why]=$((${why_left[$why]:-0} + 1))
			continue
		fi
		all_cells=$((all_cells + 1))
		chosen $all_cells && cells+=("$name")
	done
	return 0
}

assemble
for load in "${load_names[@]}"; do
	for policy in "${policies[@]}"; do
		for map in pcie tcp; do
			cells_of "$load" "$policy" $map
			[ ${#cells[@]} -gt 0 ] || continue
			trust_configure queue
			"${load}_start" "/dev/mapper/$map"
			for name in "${cells[@]}"; do
				cell "$name" $map
			done
			"${load}_stop" "/dev/mapper/$map"
			run_cells=$((run_cells + ${#cells[@]}))
		done
	done
	value "load $load" "no error, all read back"
done
value cells "$run_cells of $all_cells run; $left_cells have no meaning"
for why in "${!why_left[@]}"; do
	say "$why: ${why_left[$why]} cells"
done
