# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Host side of the lab, sourced by run.sh, demo.sh and packages.sh: boots one machine with
# a declared topology and a job, and serves what the guest asks for.
#
# The guest talks over one virtio-serial port, in lines:
#   @host unplug ID | plug ID   a controller leaves or joins; the host answers
#                               "ok" or "error TEXT" when it is done
#   @host shell                 the host's terminal becomes one of the guest's
#   @host cut                   no answer: the machine is killed; vm_result is "cut"
#   @value NAME=TEXT            a figure for the host to print afterwards
#   @result ok | fail TEXT | skip TEXT
#   anything else               goes to lab_output
#
# After vm_run: vm_result, vm_reason, vm_seconds, vm_value[NAME].

# another Debian release than the machine's has its own (image.sh)
vm=build/vm${VM_RELEASE:+/$VM_RELEASE}
# Only against machines that hang: no verdict depends on it.
VM_TIMEOUT=${VM_TIMEOUT:-900}

declare -A vm_device	# ID of a controller: its -device argument
declare -A vm_value
vm_pid=

# What the machine boots, where its root is, and what QEMU does when it reboots
vm_boot=$vm		# a folder with kernel and initrd
vm_root=root=/dev/vda	# for the kernel's command line
vm_drives=(-drive "file=$vm/root.img,if=none,id=root,format=raw,snapshot=on,cache=unsafe"
	   -device "virtio-blk-pci,drive=root,serial=root")
vm_reboot=(-no-reboot)

# Called once a second while a machine runs; DIR/console.log is its console
lab_tick() {
	:
}

# lost_timer CONSOLE: a CPU never gets its timer again (seen: QEMU's APIC keeps an
# interrupt in service that the guest has ended). The kernel says so after 21 s and then
# once a minute; a machine that was only starved says it no third time. Sets vm_reason.
lost_timer() {
	local said
	said=$(grep -c 'kthread timer wakeup didn.t happen' "$1") || return
	# other machines' initramfs doesn't say when it is over
	if [ "$vm_boot" = "$vm" ] && ! grep -q 'lab: over to systemd' "$1"; then
		vm_reason='QEMU lost a timer before systemd ran'
	elif [ "$said" -ge 3 ]; then
		vm_reason='no result after QEMU lost a timer'
	else
		return 1
	fi
}

# disk DIR ID [SIZE]: a sparse disk for a namespace, as drive ID
vm_disk() {
	truncate -s "${3:-256M}" "$1/$2.img"
	vm_args+=(-drive "file=$1/$2.img,if=none,id=$2,format=raw,cache=unsafe")
}

# One GPT partition with ext4 of that UUID in it.
vm_disk_format() {
	local image=$1 uuid=$2
	echo '2048,200M,L' | sfdisk -q -X gpt "$image"
	mke2fs -q -t ext4 -F -U "$uuid" -E offset=$((2048 * 512)) "$image" 200M
}

vm_controller() {
	local id=$1 serial=$2 subsystem=$3 slot=$4
	vm_args+=(-device "pcie-root-port,id=rp-$id,chassis=$slot,slot=$slot,addr=0x1$slot")
	vm_device[$id]="nvme,id=$id,serial=$serial,subsys=$subsystem,bus=rp-$id,dbcs=off"
	vm_args+=(-device "${vm_device[$id]}")
}

# pcie2: one subsystem, two controllers that can be unplugged, one namespace;
# pcie2pi: with protection information (type 1); pcie2zns: of zones of 4 MiB
vm_topology_pcie2pi() {
	vm_topology_pcie2 "$1" ,ms=8,pi=1
}

vm_topology_pcie2zns() {
	vm_topology_pcie2 "$1" ,zoned=true,zoned.zone_size=4M,logical_block_size=4096,physical_block_size=4096
}

vm_topology_pcie2() {
	vm_args+=(-device "nvme-subsys,id=s0,nqn=s0")
	vm_controller c0 NVMEMP0 s0 1
	vm_controller c1 NVMEMP0 s0 2
	vm_disk "$1" d0
	vm_args+=(-device "nvme-ns,drive=d0,bus=c0,nsid=1,shared=on${2-}")
}

# twosubsys: two subsystems of two controllers each, with the same serial
# number, so that the wwid of their namespaces is the same
vm_topology_twosubsys() {
	local s
	for s in 0 1; do
		vm_args+=(-device "nvme-subsys,id=s$s,nqn=s$s")
		vm_controller "c${s}0" NVMEMP0 "s$s" $((2 * s + 1))
		vm_controller "c${s}1" NVMEMP0 "s$s" $((2 * s + 2))
		vm_disk "$1" "d$s"
		vm_args+=(-device "nvme-ns,drive=d$s,bus=c${s}0,nsid=1,shared=on")
	done
}

# tcp2: plain disks back0 and back1, which the guest exports to itself
vm_topology_tcp2() {
	local b
	for b in back0 back1; do
		vm_disk "$1" $b
		vm_args+=(-device "virtio-blk-pci,drive=$b,serial=$b")
	done
}

# trust: both of the above, and a disk for the ledger
vm_topology_trust() {
	vm_topology_pcie2 "$1"
	vm_topology_tcp2 "$1"
	truncate -s 512M "$1/d0.img" "$1/back0.img"	# xfs wants more than 300 MB
	vm_disk "$1" record 1G
	vm_args+=(-device "virtio-blk-pci,drive=record,serial=record")
}

# qmp JSON EVENT: sends a command; waits for that event, or for the answer
# where EVENT is "return"
qmp() {
	local line end=$((SECONDS + 120))
	printf '%s\n' "$1" >&"$vm_qmp_in"
	while [ $SECONDS -lt $end ]; do
		IFS= read -r -t 5 line <&"$vm_qmp_out" || continue
		case $line in
		*'"error"'*)
			vm_answer="error ${line//[^[:print:]]/ }"
			return 1
			;;
		*"\"$2\""*) return 0 ;;
		esac
	done
	vm_answer="error no answer from QEMU to $1"
	return 1
}

# -device's key=value words as the arguments of device_add
device_json() {
	local word json
	json="\"driver\":\"${1%%,*}\""
	for word in $(tr ',' ' ' <<<"${1#*,}"); do
		case ${word#*=} in
		on) json+=",\"${word%%=*}\":true" ;;
		off) json+=",\"${word%%=*}\":false" ;;
		*) json+=",\"${word%%=*}\":\"${word#*=}\"" ;;
		esac
	done
	printf '{"execute":"device_add","arguments":{%s}}' "$json"
}

vm_unplug() {
	qmp "{\"execute\":\"device_del\",\"arguments\":{\"id\":\"$1\"}}" DEVICE_DELETED
}

vm_host_request() {
	vm_answer=ok
	case $1 in
	unplug) vm_unplug "$2" || true ;;
	plug) qmp "$(device_json "${vm_device[$2]}")" return || true ;;
	shell) vm_host_shell ;;
	cut)
		vm_result='cut'
		kill -KILL "$vm_pid"
		return
		;;
	*) vm_answer="error unknown request $1" ;;
	esac
	printf '%s\n' "$vm_answer" >&"$vm_in"
}

vm_line() {
	local word rest
	case $1 in
	'@host '*)
		read -r _ word rest <<<"$1"
		vm_host_request "$word" "$rest"
		;;
	'@value '*)
		rest=${1#* }
		vm_value[${rest%%=*}]=${rest#*=}
		;;
	'@result '*)
		[ -z "$vm_result" ] || return 0
		read -r _ vm_result vm_reason <<<"$1"
		;;
	*) lab_output "$1" ;;
	esac
}

# Reads the guest's lines until it has powered off; a machine that gave its
# result gets a short while to do so.
vm_serve() {
	local line part='' end=$((SECONDS + VM_TIMEOUT)) ending=
	while kill -0 "$vm_pid" 2>/dev/null; do
		lab_tick
		if lost_timer "$vm_dir/console.log" 2>/dev/null; then
			vm_result=fail
			vm_kill
			return
		fi
		if IFS= read -r -t 1 line <&"$vm_out"; then
			vm_line "${part}${line%$'\r'}"
			part=
		else
			part+=$line
		fi
		[ -z "$vm_result" ] || [ -n "$ending" ] || { ending=1 end=$((SECONDS + 120)); }
		if [ $SECONDS -ge $end ]; then
			[ -n "$vm_result" ] && vm_reason="does not power off (it said: $vm_result $vm_reason)"
			[ -n "$vm_result" ] || vm_reason="no result after $VM_TIMEOUT s"
			vm_result=fail
			vm_kill
		fi
	done
	while IFS= read -r -t 0.1 line <&"$vm_out"; do
		vm_line "$line"
	done
}

vm_kill() {
	[ -z "$vm_pid" ] || kill "$vm_pid" 2>/dev/null || true
}

vm_judge_console() {
	local bad
	if [ -z "$vm_result" ]; then
		vm_result=fail
		vm_reason="the machine stopped without a result (QEMU's exit status is $vm_status)"
	fi
	bad=$(grep -m 1 -E "$(cat tests/vm/guest/dmesg-bad)" "$1") || return 0
	if [ "$vm_result" = ok ]; then
		vm_result=fail
		vm_reason="console: ${bad//[^[:print:]]/}"
	fi
}

# vm_pack_job DIR FSTAB: packs DIR/job for the guest
vm_pack_job() {
	printf '%s\n' "$2" >"$1/job/fstab"
	cp tests/vm/guest/lib.sh tests/vm/guest/main tests/vm/guest/dmesg-bad "$1/job/"
	tar -C "$1/job" -cf "$1/job.img" .
	truncate -s %4096 "$1/job.img"
}

# vm_run DIR CMDLINE: boots it with DIR/job.img
vm_run() {
	local dir=$1 fifo began=$SECONDS
	# after a cut, the same machine goes on
	# shellcheck disable=SC2034 # for the caller
	[ "${vm_result-}" = cut ] || vm_value=()
	vm_result='' vm_reason='' vm_dir=$dir
	for fifo in qmp.in qmp.out line.in line.out; do
		rm -f "$dir/$fifo"
		mkfifo "$dir/$fifo"
	done
	exec {vm_qmp_in}<>"$dir/qmp.in" {vm_qmp_out}<>"$dir/qmp.out" \
		{vm_in}<>"$dir/line.in" {vm_out}<>"$dir/line.out"
	tests/vm/qemu -machine q35 -accel "${VM_ACCEL:-tcg,thread=multi}" -cpu Nehalem -smp 2 -m "${VM_MEMORY:-1500}" \
		-nodefaults -display none "${vm_reboot[@]}" -no-user-config \
		-kernel "$vm_boot/kernel" -initrd "$vm_boot/initrd" \
		-append "console=ttyS0 quiet panic=-1 no_timer_check mitigations=off audit=0 systemd.show_status=0 $vm_root $2" \
		-serial "file:$dir/console.log" \
		-chardev "pipe,id=qmp,path=$dir/qmp" -mon chardev=qmp,mode=control \
		-device virtio-serial-pci -chardev "pipe,id=line,path=$dir/line" \
		-device virtserialport,chardev=line,name=lab \
		"${vm_drives[@]}" \
		-drive "file=$dir/job.img,if=none,id=job,format=raw,readonly=on" \
		-device virtio-blk-pci,drive=job,serial=job \
		-device virtio-rng-pci "${vm_args[@]}" "${VM_EXTRA[@]}" </dev/null >"$dir/qemu.log" 2>&1 &
	vm_pid=$!
	qmp '{"execute":"qmp_capabilities"}' return || true
	vm_serve
	vm_status=0
	wait "$vm_pid" 2>/dev/null || vm_status=$?
	vm_pid=
	exec {vm_qmp_in}>&- {vm_qmp_out}>&- {vm_in}>&- {vm_out}>&-
	rm -f "$dir"/*.in "$dir"/*.out
	# shellcheck disable=SC2034 # for the caller
	vm_seconds=$((SECONDS - began))
	vm_judge_console "$dir/console.log"
	if grep -q . "$dir/qemu.log" && [ "$vm_result" = fail ]; then
		vm_reason+=" (QEMU: $(tail -n 1 "$dir/qemu.log"))"
	fi
}
