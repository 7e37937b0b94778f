# shellcheck shell=bash disable=SC1091,SC2154
# SPDX-License-Identifier: GPL-2.0
# Controllers are reset, and removed, under I/O.
#
#    c0 --.
#          >-- device --- fio
#    c1 --'

. ./words
wait_boot
take_over
wait_for "c0" controller_is_live c0
wait_for "c1" controller_is_live c1
find_device

for ((round = 0; round < ROUNDS; round++)); do
	start_measured
	sleep 3
	stop_measured "pcie nothing"

	start_measured
	for id in c0 c1; do
		name=$(controller $id)
		echo 1 >"/sys/class/nvme/$name/reset_controller"
		wait_for "$name to be live" is_live "$name"
		wait_for_io "$name was reset"
		wait_for "both paths" whole
	done
	stop_measured "pcie reset"

	start_measured
	for id in c0 c1; do
		unplug $id
		wait_for_io "$id is gone"
		plug $id
		wait_for "both paths" whole
		wait_for_io "$id is back"
	done
	stop_measured "pcie removal"
done
