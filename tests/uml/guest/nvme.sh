# shellcheck shell=bash disable=SC2154 # given by init or lib.sh
# SPDX-License-Identifier: GPL-2.0
# The storm with NVMe controllers (nvmet over loop) as paths: they are reset,
# deleted and connected again, and their ANA states change, under verified I/O.
# The first stays.
seconds=$((90 * scale))
backing b0 192 submit_queues=2 cache_size=256
[ -d "$nvmet" ] || skip "a kernel without nvmet"
nvmet_subsystem 3 loop /dev/b0
ctrls=()
for i in 1 2 3; do
	ctrls+=("$(nvme_connect $i loop)")
	wait_for "namespace of ${ctrls[i - 1]}" has_namespace "${ctrls[i - 1]}"
done
disks=()
for ctrl in "${ctrls[@]}"; do
	disks+=("$(namespace "$ctrl")")
done
map m "policy round-robin no_path fail" "${disks[@]}"
map_works m
kernel_says_little
others=()
for disk in "${disks[@]:1}"; do
	others+=("x=$(number "$disk")")
done
"$tools/storm" "$seed" "$seconds" mmmmsq m "$(sectors "${disks[0]}")" "$(number /dev/b0)" "$(number "${disks[0]}")" \
	"${others[@]}" >/run/storm 2>&1 &
storm=$!
pids=() names=()
run_fio() {
	verified_fio "$1" /dev/mapper/m "$seconds" --offset="$2" --size=64m "${@:3}"
	pids+=("$fio_pid") names+=("$1")
}
run_fio aio 0 --ioengine=libaio --rw=randrw --bsrange=4k-256k --iodepth=16
run_fio uring 64m --ioengine=io_uring --rw=randrw --bs=4k --iodepth=32
run_fio flush 128m --ioengine=psync --rw=randwrite --bs=16k --fsync=4

# A controller that comes back brings a new disk: the old one leaves the map. The
# storm's own add_path and remove_path are for disks that have the same number.
renew() {
	local i=$1 old=$2
	echo 1 >"/sys/class/nvme/${ctrls[i]}/delete_controller"
	ctrls[i]=$(nvme_connect $((i + 1)) loop)
	wait_for "namespace of ${ctrls[i]}" has_namespace "${ctrls[i]}"
	message m remove_path "$old" 2>/dev/null || true
	disks[i]=$(namespace "${ctrls[i]}")
	message m add_path "$(number "${disks[i]}")" 2 ana optimized 2>/dev/null || true
}
renewed=0 reset=0 turn=$seed
end=$((SECONDS + seconds))
while [ $SECONDS -lt $end ]; do
	i=$((1 + RANDOM % 2))
	turn=$((turn + 1))
	case $((turn % 4)) in
	0)
		renew $i "$(number "${disks[i]}")"
		renewed=$((renewed + 1))
		;;
	1)
		echo 1 >"/sys/class/nvme/${ctrls[i]}/reset_controller" 2>/dev/null && reset=$((reset + 1))
		;;
	2)
		settings "$nvmet/ports/$((i + 1))/ana_groups/2" ana_state=inaccessible
		sleep 0.2
		settings "$nvmet/ports/$((i + 1))/ana_groups/2" ana_state=optimized
		message m reinstate_path "$(number "${disks[i]}")" 2>/dev/null || true
		;;
	*)
		message m reinstate_path "$(number "${disks[i]}")" 2>/dev/null || true
		;;
	esac
	sleep 0.1
done
say "$renewed controllers renewed, $reset reset"
if [ $renewed -eq 0 ] || [ $reset -eq 0 ]; then
	fail "no controller was renewed, or none reset"
fi
wait $storm || fail "storm: $(tail -n 1 /run/storm)"
say "storm: $(cat /run/storm)"
for i in "${!pids[@]}"; do
	fio_passed "${names[i]}" "${pids[i]}"
done
kernel_says_all
dm_table m "$(table "policy latency" "${disks[@]}")"
map_works m
