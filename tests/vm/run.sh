#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Runs the machine scenarios (all, or those whose names begin with the given
# words, or those files):
#   tests/vm/run.sh [-n] [NAME | FILE]...
# -n: with the image as it is. V=1: shows what the guests say. Prints a line
# for each and a summary; logs are in build/vm/logs (or VM_LOGS). LANES machines run at
# a time: one more than there are CPUs, since they wait a lot, or one where V=1 or there is
# one CPU. Load must not decide: a scenario that waited too long for something runs once
# more, alone, when all others are done. It says so, and the first one's log is kept beside.
#
# A scenario is a bash script for the guest (tests/vm/guest/lib.sh has its
# words) with a header of comments, read here:
#   # topology: pcie2 | pcie2pi | pcie2zns | twosubsys | tcp2
#   # variants: NAME...     runs it once for each, with $VARIANT set; `native`
#                           boots with nvme_core.multipath=Y
#   # cmdline: WORD...      more kernel arguments
#   # format: UUID          the first disk gets a GPT partition with ext4
#   # fstab: LINE           in the guest's fstab when it boots
#   # files: FOLDER         is in the guest, beside the script
#   # programs: FILE.c...   are built, without libraries, and are in the guest, too
#   # poweroff: clean       must shut down in order at the end
#   # time limit: SECONDS   against hangs only; where the script has MINUTES, those come on
#                           top. The longest begin first, so that none ends alone
# A guest that asks the host to `cut` the power is booted again with its disks, and
# $BOOT is then 2. MINUTES, SEED, CELLS and TESTS reach the guest.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/vm/lib.sh
. tests/vm/lib.sh

logs=${VM_LOGS:-$vm/logs}
exec 4>&1	# what the guests say is shown at once, unlike what is found

header() {
	sed -n "s/^# $2: *//p" "$1" | head -n 1
}

lab_output() {
	printf '%s\n' "$1" >>"$run_log"
	case $1 in
	'--- diagnosis') in_diagnosis=1 ;;
	esac
	[ -z "${V-}" ] || [ -n "$in_diagnosis" ] || printf '    %s\n' "$1" >&4
}

# limit_of FILE: seconds
limit_of() {
	local limit minutes=0
	limit=$(header "$1" 'time limit')
	! grep -q MINUTES "$1" || minutes=${MINUTES:-0}
	echo $((${limit:-900} + minutes * 60))
}

# boot FILE DIR VARIANT
boot() {
	local file=$1 dir=$2 variant=$3 uuid cmdline multipath=N lock more boots crashes=0
	exec {lock}>"$dir.lock"
	flock "$lock"	# another run may be in this folder
	rm -rf "$dir"
	mkdir -p "$dir/job"
	run_log=$dir/log
	in_diagnosis=
	: >"$run_log"
	cp "$file" "$dir/job/script"
	more=$(header "$file" files)
	[ -z "$more" ] || cp -r "$more" "$dir/job/"
	for more in $(header "$file" programs); do
		${CC:-cc} -std=gnu11 -D_GNU_SOURCE -O2 -static -pthread -o "$dir/job/$(basename "$more" .c)" "$more"
	done
	vm_args=()
	"vm_topology_$(header "$file" topology)" "$dir"
	uuid=$(header "$file" format)
	[ -z "$uuid" ] || vm_disk_format "$dir/d0.img" "$uuid"
	[ "$variant" = native ] && multipath=Y
	cmdline="nvme_core.multipath=$multipath $(header "$file" cmdline)"
	limit=$(limit_of "$file")
	vm_result=''
	for ((boots = 1; boots <= 2; boots++)); do
		printf '%s\n' "VARIANT=$variant" "POWEROFF=$(header "$file" poweroff)" "BOOT=$boots" \
			"MINUTES=${MINUTES-}" "SEED=${SEED-}" "CELLS=${CELLS-}" "TESTS='${TESTS-}'" >"$dir/job/env"
		vm_pack_job "$dir" "$(header "$file" fstab)"
		VM_TIMEOUT=$limit vm_run "$dir" "$cmdline"
		# behind a cut, with the disks as they are: that was one more
		if [ $boots = 2 ] && emulator_crashed && ((++crashes < 3)); then
			printf '     QEMU itself failed behind the power cut: once more\n' | tee -a "$run_log"
			boots=1 vm_result='cut'
			continue
		fi
		[ "$vm_result" = cut ] || break
		mv "$dir/console.log" "$dir/console-cut.log"
	done
	rm -f "$dir"/*.img
	exec {lock}>&-
}

print_values() {
	local name
	[ ${#all_values[@]} -gt 0 ] || return 0
	printf '%s\n' "${!all_values[@]}" | sort | while read -r name; do
		printf '     %s: %s\n' "$name" "${all_values[$name]}"
	done
}

# The machine ended without a verdict because the emulator failed an assertion of
# its own (seen: iotlb_to_section, with several threads), or lost a timer before
# anything of ours ran. That says nothing of us.
emulator_crashed() {
	[ "$vm_result" = fail ] || return 1
	case $vm_reason in
	'the machine stopped without a result'*Assertion*failed* | 'QEMU lost a timer'*) return 0 ;;
	esac
	return 1
}

# scenario FILE: boots each variant; the first that is not ok ends it
scenario() {
	local file=$1 name seconds=0 variant variants key text try
	declare -gA all_values=()
	name=$(basename "$file" .sh)
	variants=$(header "$file" variants)
	for variant in ${variants:-default}; do
		for try in 1 2 3; do
			boot "$file" "$logs/$name${variants:+-$variant}" "$variant"
			seconds=$((seconds + vm_seconds))
			emulator_crashed || break
			printf '     try %d of %s: QEMU itself failed: %s\n' "$try" "$name" "$vm_reason"
		done
		for key in "${!vm_value[@]}"; do
			text="${variants:+$variant }${vm_value[$key]}"
			all_values[$key]=${all_values[$key]:+${all_values[$key]}, }$text
		done
		[ "$vm_result" = ok ] || break
	done
	case $vm_result in
	ok) printf 'ok %s (%d s)\n' "$name" $seconds ;;
	skip) printf 'skip %s: %s\n' "$name" "$vm_reason" ;;
	*) printf 'FAIL %s: %s (log: %s)\n' "$name" "$vm_reason" "$run_log" ;;
	esac
	print_values
}

# lane LIST OUT AGAIN: takes scenarios from the list until it is empty; those to be run
# again go to the list AGAIN
lane() {
	local file
	trap vm_kill EXIT
	trap 'exit 1' TERM
	while file=$(flock "$1.lock" sed -n -i -e '1w /dev/stdout' -e '2,$p' "$1") && [ -n "$file" ]; do
		scenario "$file" >"$2"
		if [ -n "$3" ] && grep -qE '^FAIL [^ ]*: (waited [0-9]+ s for: |no result after |does not power off)' "$2"; then
			printf '     once more, alone, when the others are done: %s\n' "$(head -n 1 "$2")"
			rm -rf "${run_log%/log}-late"
			mv "${run_log%/log}" "${run_log%/log}-late"
			echo "$file" >>"$3"
			continue
		fi
		tee -a "$work/results" <"$2"
	done
}

chosen() {
	local word file
	if [ $# = 0 ]; then
		printf '%s\n' tests/vm/scenarios/*.sh
		return
	fi
	for word; do
		for file in "$word" tests/vm/scenarios/"$word"*.sh; do
			[ -f "$file" ] && printf '%s\n' "$file"
		done
	done
	return 0
}

if [ "${1-}" = -n ]; then
	shift
else
	tests/vm/image.sh
fi
mkdir -p "$logs"
files=$(chosen "$@")
[ -n "$files" ] || {
	echo "run.sh: no scenario named: $*" >&2
	exit 2
}
lanes=${LANES:-$(($(nproc) < 2 ? 1 : $(nproc) + 1))}
[ -z "${V-}" ] || lanes=1
# With more machines than processors, a thread for each of theirs gains nothing, and QEMU
# then loses an interrupt now and then: a machine hangs.
[ "$lanes" = 1 ] || export VM_ACCEL="${VM_ACCEL:-tcg,thread=single}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# shellcheck disable=SC2046 # process numbers
trap 'kill $(jobs -p); wait; exit 1' INT TERM
for file in $files; do
	echo "$(limit_of "$file") $file"
done | sort -s -k 1nr,1 | cut -d ' ' -f 2- >"$work/list"
again=
[ "$lanes" = 1 ] || again=$work/again
for ((i = 0; i < lanes; i++)); do
	lane "$work/list" "$work/lane$i" "$again" &
done
wait
if [ -s "$work/again" ]; then
	lane "$work/again" "$work/lane0" '' &
	wait
fi
count() {
	grep -c "^$1 " "$work/results" || true
}
failed=$(($(wc -w <<<"$files") - $(count ok) - $(count skip)))
printf '%d passed, %d failed, %d skipped\n' "$(count ok)" "$failed" "$(count skip)"
[ "$failed" = 0 ]
