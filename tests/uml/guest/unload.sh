# shellcheck shell=bash disable=SC2154 # given by init or lib.sh
# SPDX-License-Identifier: GPL-2.0
# The module goes and comes, with and without maps, also right behind I/O and
# failures; it does not go while a map is there.
backing b0 32
for i in 0 1; do
	dm_path p$i /dev/b0
done
kernel_says_little
for try in $(seq $((6 * scale))); do
	map m "policy round-robin no_path queue" /dev/mapper/p{0,1}
	! rmmod dm_nvmemp 2>/dev/null || fail "the module left a map behind"
	path_breaks p1
	dd if=/dev/mapper/m of=/dev/null bs=64k count=8 iflag=direct status=none || fail "try $try: can't read"
	message m policy latency
	message m remove_path "$(number /dev/mapper/p1)" || fail "try $try: an idle path stays"
	path_heals p1 /dev/b0
	message m add_path "$(number /dev/mapper/p1)" 2 weight 3
	dd if=/dev/mapper/m of=/dev/null bs=64k count=8 iflag=direct status=none
	# udev has no part in this kernel: nobody else holds it
	dmsetup remove m
	unload
	insmod "$module"
done
kernel_says_all
