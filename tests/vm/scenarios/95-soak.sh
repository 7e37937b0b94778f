# shellcheck shell=bash disable=SC1091,SC2004,SC2154
# SPDX-License-Identifier: GPL-2.0
# Faults by chance under writers that keep a record of what was acknowledged, then a
# power cut: everything acknowledged (and, where the disk has a cache that the cut
# empties, flushed) is read back through each map and through each path.
# docs/reliability.md says what that proves. `make soak MINUTES=n SEED=s` is longer.
#
# topology: trust
# files: tests/trust
# programs: tests/trust/ledger.c

. trust/trust.sh
. trust/faults.sh
seed=${SEED:-1}
run=$((seed + 1))	# 0 is what an empty disk has
RANDOM=$seed
declare -A times worst failed_ios

judge() {
	local name=$1 map
	for map in "${maps[@]}"; do
		[ "${seen_errors[$map]:-0}" = 0 ] && continue
		failed_ios[$name]=$((${failed_ios[$name]:-0} + seen_errors[$map]))
		[ "${fault_expected[$name]}" = errors ] && [[ " ${fault_maps[$name]} " = *" $map "* ]] && continue
		fail "$name: ${seen_errors[$map]} I/O errors on $map"
	done
}

# Adds what was seen to the sums, and starts anew
count() {
	local name=$1 map
	for map in "${maps[@]}"; do
		done_all=$((done_all + seen_done[$map]))
		verified_all=$((verified_all + seen_verified[$map]))
		[ "${seen_longest[$map]}" -le "${worst[$name]:-0}" ] || worst[$name]=${seen_longest[$map]}
	done
	times[$name]=$((${times[$name]:-0} + 1))
	forget_figures
}

one_fault() {
	local name=$1 map began
	began=$(now_ms)
	"${name}_in"
	sleep "$((RANDOM % 3)).$((RANDOM % 10))"
	for map in "${maps[@]}"; do
		[[ " ${fault_maps[$name]} " = *" $map "* && ${fault_expected[$name]} != on ]] && continue
		figures "$map"
		wait_for_here "I/O to $map during $name" goes_on "$map"
	done
	"${name}_out"
	wait_for "all paths after $name" whole
	all_go_on "after $name"
	say "$name: $(($(now_ms) - began)) ms; longest ${seen_longest[pcie]} ${seen_longest[tcp]} ${seen_longest[cache]} ms, errors ${seen_errors[pcie]} ${seen_errors[tcp]} ${seen_errors[cache]}"
	judge "$name"
	count "$name"
	if dmesg | grep -m 1 -E "$(cat dmesg-bad)"; then
		fail "the kernel's log after $name"
	fi
}

# faults_until MS: each once in an order by chance, then by chance
faults_until() {
	local name
	while [ "$(now_ms)" -lt "$1" ]; do
		[ ${#left[@]} -gt 0 ] || left=("${fault_names[@]}")
		pick "${!left[@]}"
		name=${left[$picked]}
		unset "left[$picked]"
		one_fault "$name"
	done
}

assemble
if [ "$BOOT" = 2 ]; then
	verify pcie acked
	verify tcp acked
	verify cache flushed
	value "after the power cut" "$verified_text (cache, flushed); 0 wrong on three maps"
	lost=$(./ledger verify /dev/mapper/cache "$record" "${record_at[cache]}" "$run" acked | tail -n 1) || true
	lost=${lost#*right, }
	value "acknowledged but not flushed, lost with the cache" "${lost%% wrong*} blocks"
	say "one sector is spoilt, so this test can tell"
	dd if=/dev/urandom of=/dev/mapper/below bs=512 count=1 seek=803 oflag=direct status=none
	expect_not "all is right" ./ledger verify /dev/mapper/tcp "$record" "${record_at[tcp]}" "$run" acked
	exit 0
fi

left=() done_all=0 verified_all=0
began=$(now_ms)
start_writers
all_go_on "at first"
forget_figures
faults_until $((began + ${MINUTES:-1} * 60000))
stop_writers
for map in "${maps[@]}"; do
	verify "$map" acked
	value "$map, before the power cut" "$verified_text, 0 wrong"
done
sum=0
for name in "${!times[@]}"; do
	value "fault $name" "${times[$name]} times, longest I/O ${worst[$name]} ms, ${failed_ios[$name]:-0} errors (${fault_expected[$name]})"
	sum=$((sum + times[$name]))
done
value "seed $seed" "$sum faults of ${#times[@]} kinds in $((($(now_ms) - began) / 1000)) s, $done_all I/Os, $verified_all blocks read back and right by the writers"

start_writers
all_go_on "again"
sleep $((3 + RANDOM % 5))
pick unplug link ana reset_tcp daemon_kill delay policy
value "the power cut comes during" "$picked"
"${picked}_in"
sleep "$((RANDOM % 2)).$((RANDOM % 10))"
echo "@host cut" >&9
sleep 60
fail "the power was not cut"
