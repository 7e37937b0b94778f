# shellcheck shell=bash disable=SC2154,SC2317
# SPDX-License-Identifier: GPL-2.0
# The journal tells what happened, by fields, and explains it: a map made, a
# path refused, down and up again, no path left, and recovery; and a change that failed.
#
#    nvme0 -x- nvme0n1 --.
#                         >-- map
#    nvme1 -x- nvme1n1 --'
#
# topology: pcie2

# told MATCH...: entries of the daemon that have these fields
told() {
	journalctl -q -u nvmempd -o cat --no-pager "$@" | grep -q .
}

entries() {
	journalctl -q -x -u nvmempd --no-pager
}

says() {
	entries | grep -qF -- "$1"
}

# explained SUBJECT TEXT: by journalctl -x
explained() {
	wait_for "an entry: $1" says "Subject: $1"
	expect "the advice: $2" says "$2"
	say "$1"
}

wait_boot
one_map 2
journalctl --update-catalog
a=$(path_of c0) b=$(path_of c1)
explained "The multipath device $map was made" "/dev/mapper/$map is there now"

say "a path leaves and joins"
unplug c0
wait_for "its entry" told "NVMEMP_MAP=$map" "NVMEMP_PATH=$a" NVMEMP_REASON=gone
explained "$map lost the path $a" "look at the cable"
plug c0
one_map 2
a=$(path_of c0)
explained "$map has the path $a again" "has its story"
journalctl -q -x -u nvmempd -n 1 NVMEMP_PATH="$a" --no-pager

say "a path is taken out by hand"
nvmempctl fail "$map" "$a"
wait_for "its entry" told "NVMEMP_PATH=$a" NVMEMP_REASON=disabled "NVMEMP_NQN=$(status '.maps[0].subsystem')"
explained "$map lost the path $a" "\"nvmempctl reinstate $map $a\""

say "no path left"
nvmempctl fail "$map" "$b"
wait_for "its entry" told "NVMEMP_MAP=$map" PRIORITY=2 NVMEMP_REASON=waits
explained "$map has no usable path left" "nvme list-subsys"
nvmempctl reinstate "$map" "$a"
explained "$map has a usable path again" "so does what waited"
nvmempctl reinstate "$map" "$b"
one_map 2

say "a path is refused"
configure <<<$'[defaults]\nignore = yes'
systemctl stop nvmempd
dmsetup remove --retry "$map"
systemctl start nvmempd
wait_for "its entry" told "NVMEMP_PATH=$a" "NVMEMP_REASON=ignored by the configuration"
explained "$a was refused as a path" "An ordinary disk"

say "a change fails: a stranger's device has the map's name"
dmsetup create "$map" --notable
configure <<<'[defaults]'
wait_for "its entry" told "NVMEMP_MAP=$map" PRIORITY=3 MESSAGE_ID=27921f1133804387a4635134162e7957
explained "A change to $map failed" "nvmempctl plan"
journalctl -q -x -u nvmempd -n 1 MESSAGE_ID=27921f1133804387a4635134162e7957 --no-pager
dmsetup remove "$map"
one_map 2

say "no text has a field that the entry lacks"
expect_not "an unresolved field" grep -E '@NVMEMP|Subject: .*NVMEMP_' <(entries)
