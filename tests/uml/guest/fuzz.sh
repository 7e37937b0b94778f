# shellcheck shell=bash disable=SC2154 # given by init or lib.sh
# SPDX-License-Identifier: GPL-2.0
# 100,000 random table lines and messages: fuzz.c says what must hold. The map
# that got them works behind that.
backing b0 16
backing small 8
backing b4k 16 blocksize=4096
for i in 0 1 2 3; do
	dm_path p$i /dev/b0
done
dm_path q0 /dev/b0
dm_path q1 /dev/b0
fit=(/dev/mapper/p{0,1,2,3})
map m "policy numa no_path fail" /dev/mapper/p{0,1}
dmsetup create spare --table "$(table "policy numa" /dev/mapper/q0)"
numbers=()
for device in "${fit[@]}" /dev/mapper/q{0,1} /dev/small /dev/b4k; do
	numbers+=("$(number "$device")")
done
kernel_says_little
"$tools/fuzz" "$seed" $((${fuzz_count:-100000} * scale)) m spare "$(sectors /dev/b0)" "${numbers[@]}" >/run/fuzz ||
	fail "seed $seed: $(tail -n 1 /run/fuzz)"
say "$(cat /run/fuzz)"
kernel_says_all

# whatever state it is in, a new table makes it whole
dm_table m "$(table "policy round-robin no_path fail" "${fit[@]}")"
map_works m
