# shellcheck shell=bash disable=SC2154,SC2317
# SPDX-License-Identifier: GPL-2.0
# Somebody was there first, on one of the two paths: no map is made of either,
# and status says who it is. When he has left, the map is made.
#
#    nvme0 --- nvme0n1 --- file system, swap, another dm device, a program
#    nvme1 --- nvme1n1
#
# topology: pcie2

wait_boot
one_map 2
a=$(path_of c0) b=$(path_of c1)

reason_of() {
	status ".rejected[] | select(.device == \"$1\") | .reason"
}

reason_has() {
	grep -qF -- "$2" <<<"$(reason_of "$1")"
}

# taken_by WHAT REASON TAKE...: TAKE runs while nobody has the paths
taken_by() {
	local what=$1 reason=$2
	shift 2
	say "$what"
	systemctl stop nvmempd
	expect_exit 0 dmsetup remove --retry "$map"
	"$@"
	systemctl start nvmempd
	wait_for "$a: $reason" reason_has "$a" "$reason"
	wait_for "$b: the same" reason_has "$b" "its namespace is in use: $(reason_of "$a")"
	printf '  %s: %s\n' "$a" "$(reason_of "$a")" "$b" "$(reason_of "$b")"
	expect_eq "maps" "$(status '.maps | length')" 0
	expect_eq "steps of the plan" "$(nvmempctl plan --json | jq '.steps | length')" 0
}

let_go() {
	"$@"
	one_map 2
}

mount_it() {
	mkfs.ext4 -q -F "/dev/$a"
	mount "/dev/$a" /mnt
}

swap_on() {
	mkswap -f "/dev/$a" >/dev/null
	swapon "/dev/$a"
}

program_has_it() {
	find "/proc/$program_pid/fd" -lname "/dev/$a" | grep -q .
}

program() {
	perl -MFcntl -e 'sysopen(F, $ARGV[0], O_RDONLY | O_EXCL) or die "$!\n"; sleep 3600' "/dev/$a" &
	program_pid=$!
	wait_for "the program" program_has_it
}

end_program() {
	kill "$program_pid"
	wait "$program_pid" || true
}

taken_by "a file system" "$a is mounted on /mnt" mount_it
let_go umount /mnt
taken_by "swap" "$a is swap" swap_on
let_go swapoff "/dev/$a"
taken_by "a dm device" "(other)" dmsetup create other --table "0 8 linear /dev/$a 0"
let_go dmsetup remove --retry other
taken_by "what looks like LVM" "(LVM: vg-lv)" dmsetup create vg-lv -u LVM-x --table "0 8 linear /dev/$a 0"
let_go dmsetup remove --retry vg-lv
taken_by "what looks like dm-crypt" "(dm-crypt: safe)" dmsetup create safe -u CRYPT-PLAIN-safe --table "0 8 linear /dev/$a 0"
let_go dmsetup remove --retry safe
taken_by "what looks like multipathd" "(multipathd: mpatha)" dmsetup create mpatha -u mpath-x --table "0 8 linear /dev/$a 0"
let_go dmsetup remove --retry mpatha
taken_by "a program that nobody can name" "$a is open exclusively in a program" program
let_go end_program
