# shellcheck shell=bash disable=SC2154 # given by init or lib.sh
# SPDX-License-Identifier: GPL-2.0
# One map over four paths: fails over, comes back, is told all kinds of things.
backing b0 64
for i in 0 1 2 3; do
	dm_path p$i /dev/b0
done
map m "policy round-robin no_path 20" /dev/mapper/p{0,1,2,3}
map_works m
path_breaks p1
map_works m
map_works m
wait_for "path p1 failed" is m /dev/mapper/p1 F
path_heals p1 /dev/b0
message m reinstate_path "$(number /dev/mapper/p1)"
is m /dev/mapper/p1 A || fail "p1 is $(letter m /dev/mapper/p1)"
dmsetup status m
dmsetup table m
