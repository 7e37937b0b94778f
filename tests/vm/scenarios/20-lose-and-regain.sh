# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: GPL-2.0
# Either controller is lost and comes back while verified I/O runs: no error
# reaches it. Paths are switched, failed and reinstated by hand under it.
#
#    nvme0 -x- nvme0n1 --.
#                         >-- map --- fio
#    nvme1 -x- nvme1n1 --'
#
# topology: pcie2

wait_boot
one_map 2
before=$(dmsetup info -c --noheadings -o uuid,major,minor "$map")
start_fio "$dm"

for lost in c0 c1; do
	say "lose $lost, and regain it"
	gone=$(path_of $lost)
	unplug $lost
	wait_for_io "$lost is gone"
	wait_for "the table without $gone" status_is ".maps[0].paths | length" 1
	expect_eq "state" "$(status '.maps[0].state')" up
	plug $lost
	wait_for "two usable paths" usable_is 2
	wait_for_io "$lost is back"
done

say "switch by hand"
for side in c0 c1; do
	path=$(path_of $side)
	nvmempctl switch "$map" "$path"
	wait_for_io "switched to $path"
	expect_eq "current path" "$(status_word 8)" "$(cat "/sys/block/$path/dev")"
	count=$(status ".maps[0].paths[] | select(.device == \"$path\") | .io_count")
	wait_for_io "on $path"
	more=$(status ".maps[0].paths[] | select(.device == \"$path\") | .io_count")
	expect "I/O count of $path grows from $count" test "$more" -gt "$count"
done
nvmempctl switch "$map" "$(controller c0)"
expect_eq "preferred, by controller" "$(status_word 7)" "$(cat "/sys/block/$(path_of c0)/dev")"
nvmempctl switch "$map" auto
expect_eq "preferred path" "$(status_word 7)" -

say "fail and reinstate by hand"
path=$(path_of c0)
nvmempctl fail "$map" "$path"
wait_for "$path disabled" path_state_is "$path" disabled
wait_for_io "$path is disabled"
sleep 3
expect_eq "the daemon leaves a disabled path alone" "$(path_state "$path")" disabled
nvmempctl reinstate "$map" "$path"
wait_for "$path active" path_state_is "$path" active

say "the kernel's view of a failed path, mended without a command"
dmsetup message "$map" 0 fail_path "$(cat "/sys/block/$path/dev")"
wait_for "the daemon to take $path back" path_state_is "$path" active

stop_fio
expect_eq "still the same device" "$(dmsetup info -c --noheadings -o uuid,major,minor "$map")" "$before"
nvmempctl status
