# shellcheck shell=bash disable=SC1091,SC2154
# SPDX-License-Identifier: GPL-2.0
# Every fault (tests/trust/faults.sh) with every load (tests/trust/loads.sh) and
# policy. `make check` takes a part of the cells, another one with each SEED;
# `make matrix` takes all, or with QUARTER one in four, so that each fault meets each
# load once, and each policy. Zoned namespaces have faults of their own in 69-zoned.
#
# topology: trust
# cmdline: nvme.poll_queues=1
# files: tests/trust
# programs: tests/trust/ledger.c
# time limit: 21600

. trust/trust.sh
. trust/faults.sh
. trust/loads.sh
policies=(numa round-robin queue-depth latency)
RANDOM=${SEED:-1}
run_cells=0 all_cells=0 left_cells=0
declare -A why_left

# chosen NUMBER FAULT LOAD POLICY, all numbers: whether this run takes that cell
chosen() {
	# shellcheck disable=SC2153 # of the environment
	case $CELLS in
	all) ;;
	[1-4]) [ $((($2 + $3 + $4 + CELLS) % 4)) = 0 ] ;;
	*) [ $((($1 + ${SEED:-1}) % 101)) = 0 ] ;;
	esac
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

# cells_of NUMBER-OF-LOAD NUMBER-OF-POLICY MAP: sets $cells, the faults to run there
cells_of() {
	local i name why
	cells=()
	for i in "${!fault_names[@]}"; do
		name=${fault_names[$i]}
		[ "$name" != policy ] || continue	# it is a dimension here
		if why=$(no_meaning "$name" "${load_names[$1]}" "$3"); then
			left_cells=$((left_cells + 1))
			why_left[$why]=$((${why_left[$why]:-0} + 1))
			continue
		fi
		all_cells=$((all_cells + 1))
		! chosen $all_cells "$i" "$1" "$2" || cells+=("$name")
	done
}

[[ $CELLS =~ ^(|all|[1-4])$ ]] || fail "there are quarters 1 to 4, not $CELLS"
assemble
for l in "${!load_names[@]}"; do
	load=${load_names[$l]}
	for p in "${!policies[@]}"; do
		policy=${policies[$p]}
		for map in pcie tcp; do
			cells_of "$l" "$p" $map
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
