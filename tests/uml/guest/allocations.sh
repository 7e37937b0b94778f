# shellcheck shell=bash disable=SC2154 # given by init or lib.sh
# SPDX-License-Identifier: GPL-2.0
# Each allocation of a message, a constructor, a resume and a status fails once.
# What fails changes nothing; what then succeeds is whole.
[ -d "$debug/failslab" ] || skip "a kernel without failslab"
backing b0 32
for i in 0 1 2; do
	dm_path p$i /dev/b0
	eval "p$i=/dev/mapper/p$i n$i=$(number /dev/mapper/p$i)"
done
# shellcheck disable=SC2154 # just set
map m "policy numa no_path fail" "$p0" "$p1"
size=$(sectors "$p0")
for kind in failslab fail_page_alloc; do
	settings "$debug/$kind" verbose=0 ignore-gfp-wait=N
done
settings "$debug/fail_page_alloc" min-order=0 ignore-gfp-highmem=N

nth() {
	local text
	text=$("$tools/nth" "$@") || fail "nth $*: $text"
	say "$* : $text"
}
kernel_says_little
# shellcheck disable=SC2154
{
	nth m message "weight $n1 7" "weight $n1 1"
	nth m message "fail_path $n1" "reinstate_path $n1"
	nth m message "disable_path $n1" "reinstate_path $n1"
	nth m message "ana $n0 optimized $n1 change" "ana $n1 optimized"
	nth m message "prefer $n1" "prefer none"
	nth m message "policy latency" "policy numa"
	nth m message reset_stats ""
	nth m message "add_path $n2 3 ana optimized preferred" "remove_path $n2"
	nth m message "remove_path $n1" "add_path $n1 2 ana optimized"
	nth m status
	nth m table "$size" "0 3 $n0 0 $n1 2 weight 9 $n2 1 preferred"
	nth m swap "$size" "2 policy queue-depth 3 $n0 0 $n1 2 weight 9 $n2 1 preferred"
}
kernel_says_all
map_works m
