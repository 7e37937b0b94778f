# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: GPL-2.0
# All paths are dead, I/O waits for ever, and a mounted file system has dirty
# pages: the machine can be switched off all the same, with the daemon and
# without it.
#
#    nvme0 -x- nvme0n1 --.
#                         >-- map (no_path queue) --- ext4, a reader
#    nvme1 -x- nvme1n1 --'
#
# topology: pcie2
# variants: daemon no-daemon
# poweroff: clean
# time limit: 600

no_path_is() {
	[ "$(status_word 5)" = "$1" ]
}

queued() {
	[ "$(status_word 6)" -gt 0 ]
}

wait_boot
one_map 2
expect "the unit for the shutdown" systemctl -q is-active nvmemp-queueing
configure <<<$'[defaults]\nno_path = queue'
wait_for "no_path queue in the target" no_path_is queue

say "off and on again while the machine runs"
systemctl stop nvmemp-queueing
expect_eq "no_path after the unit was stopped" "$(status_word 5)" fail
udevadm trigger --settle --subsystem-match=block
nvmempctl status >status.txt
expect_eq "the daemon leaves it so" "$(status_word 5)" fail
systemctl start nvmemp-queueing
wait_for "no_path queue again" no_path_is queue

say "dead paths"
mkfs.ext4 -q "$dm"
mount "$dm" /mnt
dd if=/dev/zero of=/mnt/file bs=1M count=8 status=none
sync -f /mnt
[ "$VARIANT" = daemon ] || systemctl stop nvmempd
unplug c0
unplug c1
dd if=/dev/zero of=/mnt/file bs=1M count=8 conv=notrunc status=none &
dd if="$dm" of=/dev/null bs=4k count=1 iflag=direct status=none &
wait_for "the target waiting" state_is waiting
wait_for "I/O that waits" queued
say "waiting: $(status_word 6) bios; now off"
