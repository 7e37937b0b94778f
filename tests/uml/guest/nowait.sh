# shellcheck shell=bash disable=SC2154 # given by init or lib.sh
# SPDX-License-Identifier: GPL-2.0
# Callers that must not wait (RWF_NOWAIT) while paths fail and come back by
# message and by error: each gets its data, never EAGAIN because of a failover.
changes=$((10 * scale))
backing b0 8 submit_queues=2
for i in 0 1 2; do
	dm_path p$i /dev/b0
done
map m "policy round-robin no_path fail" /dev/mapper/p{0,1,2}
fio --name=fill --filename=/dev/mapper/m --direct=1 --rw=write --bs=64k --verify=crc32c --do_verify=0 --aux-path=/run >/run/fill
kernel_says_little
readers() {
	local passes=0
	while [ ! -e /run/enough ]; do
		fio --name=nowait --filename=/dev/mapper/m --direct=1 --ioengine=io_uring --nowait=1 --rw=randread --bs=64k \
			--iodepth=8 --verify=crc32c --verify_fatal=1 --aux-path=/run >/run/fio-nowait.log 2>&1 || return
		passes=$((passes + 1))
	done
	echo $passes >/run/passes
}
readers &
pid=$!
for ((changed = 0; changed < changes; )); do
	for i in 1 2; do
		number=$(number /dev/mapper/p$i)
		path_breaks p$i
		message m reinstate_path "$number"
		message m policy queue-depth
		message m fail_path "$number"
		path_heals p$i /dev/b0
		message m reinstate_path "$number"
		message m policy round-robin
		changed=$((changed + 1))
	done
done
touch /run/enough
fio_passed nowait $pid
kernel_says_all
passes=$(cat /run/passes)
[ "$passes" -ge 2 ] || fail "$passes passes: that is not a test"
say "$passes passes over the map, $changed times that a path failed and came back"
