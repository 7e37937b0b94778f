# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: GPL-2.0
# What the paths do, live and as metrics, is what the kernel counted; the
# terminal is left as it was; the daemon may go and come. What is broken is
# found, and only that.
#
#    nvme0 --- nvme0n1 --.
#                         >-- map --- fio
#    nvme1 --- nvme1n1 --'
#
# topology: pcie2

wait_boot
configure <<<$'[defaults]\npolicy = round-robin'
one_map 2
a=$(path_of c0) b=$(path_of c1)

# metric NAME [LABEL]: the sum of the samples with that label
metric() {
	nvmempctl metrics | awk -v name="nvmemp_$1{" -v label="${2-}" \
		'index($0, name) == 1 && index($0, label) { n += $NF } END { printf "%.0f\n", n }'
}
# The map's own counters in /proc/diskstats, in bytes
disk_bytes() {
	awk -v node="$node" '$3 == node { print ($6 + $10) * 512 }' /proc/diskstats
}
path_bytes() {
	echo $(($(metric path_read_bytes_total) + $(metric path_written_bytes_total)))
}
agree() {
	[ $(($(disk_bytes) - disk_before)) = $(($(path_bytes) - path_before)) ]
}

say "counters"
udevadm settle
disk_before=$(disk_bytes) path_before=$(path_bytes)
start_fio "$dm"
nvmempctl top -b -n 3 | tee top.txt
expect_eq "views" "$(grep -c '^[0-9:]* *1 map, 2 paths' top.txt)" 3
for path in "$a" "$b"; do
	expect_eq "$path has I/O in each view" \
		"$(awk -v path="$path" '$1 ~ "^[*!]?" path "$" && $5 + 0 > 0' top.txt | wc -l)" 3
done
expect_eq "lines wider than 79, but for the map's name" "$(grep -v '^nvmemp-' top.txt | awk 'length > 79')" ""
stop_fio
udevadm settle
wait_for "the paths' bytes to be the map's" agree
expect "fio's bytes are there" test $(($(path_bytes) - path_before)) -ge $(((fio_written + fio_verified) * 4096))
for path in "$a" "$b"; do
	number=$(cat "/sys/block/$path/dev")
	expect_eq "I/O of $path" "$(metric path_ios_total "path=\"$path\"")" \
		"$(dmsetup status "$map" | grep -o " $number [A-Z] .*" | cut -d' ' -f6)"
	expect_eq "samples of $path" "$(metric path_latency_seconds_count "path=\"$path\"")" \
		"$(dmsetup status "$map" | grep -o " $number [A-Z] .*" | cut -d' ' -f18)"
done
expect "latencies were sampled" test "$(metric path_latency_seconds_count)" -gt 2
expect_eq "active" "$(metric device_paths_active)" 2

say "the textfile, and its unit"
mkdir -p /var/lib/prometheus/node-exporter
systemctl start nvmemp-metrics.service
expect "nvmemp_up" grep -qx "nvmemp_up 1" /var/lib/prometheus/node-exporter/nvmemp.prom
expect_eq "what is in the folder" "$(ls -A /var/lib/prometheus/node-exporter)" nvmemp.prom
expect_eq "its mode" "$(stat -c %a /var/lib/prometheus/node-exporter/nvmemp.prom)" 644
expect_eq "the timer" "$(systemctl is-enabled nvmemp-metrics.timer)" disabled

say "on a terminal"
# in_terminal COMMAND: in a terminal of 80 columns; what it showed is in screen.txt
in_terminal() {
	rm -f screen.txt
	script -qefc "stty rows 24 cols 80; stty -g >tty-before; $1; stty -g >tty-after" screen.txt </dev/null >/dev/null
}
export TERM=xterm
ESC=$'\e'
restored() {
	expect_eq "the terminal's settings after $1" "$(cat tty-after)" "$(cat tty-before)"
	expect_eq "screens entered and left by $1" "$(grep -o "${ESC}\[?1049[hl]" screen.txt | tr -d '\n')" \
		"${ESC}[?1049h${ESC}[?1049l"
	expect_eq "cursor after $1" "$(grep -o "${ESC}\[?25[hl]" screen.txt | tail -n 1)" "${ESC}[?25h"
}
in_terminal "nvmempctl top -n 3 -d 0.2"
restored "an end"
# one more for the end of input, which is a key that means nothing
expect "3 views in place" test "$(grep -o "${ESC}\[H[0-9]" screen.txt | wc -l)" -ge 3
for signal in INT TERM HUP; do
	in_terminal "(until grep -q 1049h screen.txt; do sleep 0.2; done; pkill -$signal -x nvmempctl) & nvmempctl top" || true
	restored "SIG$signal"
done

say "the daemon goes and comes"
nvmempctl top -b -d 0.5 >top.txt &
top=$!
wait_for "a view" grep -q "1 map" top.txt
systemctl stop nvmempd nvmempd.socket
wait_for "top to say so" grep -q "^daemon gone, waiting" top.txt
expect_exit 4 nvmempctl metrics
expect_eq "without it" "$(nvmempctl metrics 2>/dev/null | grep -v '^#')" "nvmemp_up 0"
systemctl start nvmemp-metrics.service
expect "nvmemp_up 0" grep -qx "nvmemp_up 0" /var/lib/prometheus/node-exporter/nvmemp.prom
systemctl start nvmempd.socket nvmempd
one_map 2
lines=$(wc -l <top.txt)
again() {
	tail -n +$((lines + 1)) top.txt | grep -q "^.$a .*[0-9]$"
}
wait_for "top to go on" again
kill $top
say "counters that begin again"
dmsetup message "$map" 0 reset_stats
expect_exit 0 nvmempctl top -b -n 1 -d 0.1
expect_exit 2 nvmempctl top -d never
expect_exit 2 nvmempctl top -n 0

say "doctor"
# finds STATUS CHECK...: exit status, and the check of each finding
finds() {
	local want=$1 got=0
	shift
	nvmempctl doctor --json >doctor.json || got=$?
	nvmempctl doctor || true
	expect_eq "what is found" "$(jq -r '.findings[] | .severity + " " + .check' doctor.json | tr '\n' ',')" \
		"$(printf '%s,' "$@")"
	expect_eq "exit status" $got "$want"
}
# nobody has told this one's LVM
finds 1 "problem LVM"
cp /etc/lvm/lvm.conf lvm.conf
echo 'devices { external_device_info_source = "udev" }' >>/etc/lvm/lvm.conf
expect_eq "on a machine that is well" "$(nvmempctl doctor)" "Nothing found."

say "one path"
unplug c1
wait_for "one path in the map" status_is '.maps[0].paths | length' 1
finds 1 "problem paths"
plug c1
one_map 2
nvmempctl fail "$map" "$(path_of c1)"
finds 0 "warning paths"
nvmempctl reinstate "$map" "$(path_of c1)"
one_map 2

say "no tracefs"
umount -l /sys/kernel/tracing
finds 1 "problem tracing"
mount -t tracefs tracefs /sys/kernel/tracing

say "multipathd, and udev rules"
mv /etc/multipath/conf.d/nvmemp.conf mpath.conf
echo 'KERNEL=="nvme*", ENV{SYSTEMD_READY}="1"' >/etc/udev/rules.d/99-lab.rules
finds 1 "problem multipathd" "warning udev rules"
mv mpath.conf /etc/multipath/conf.d/nvmemp.conf
rm /etc/udev/rules.d/99-lab.rules

say "queues for ever"
configure <<<$'[defaults]\nno_path = queue'
wait_for "no_path" status_is '.maps[0].no_path' queue
finds 0 "warning paths"
systemctl stop nvmemp-queueing.service
nvmempd --queueing=on
wait_for "no_path" status_is '.maps[0].no_path' queue
finds 1 "warning paths" "problem paths"
systemctl start nvmemp-queueing.service
rm /etc/nvmemp/nvmemp.conf.d/lab.conf
systemctl reload nvmempd
wait_for "no_path" status_is '.maps[0].no_path' 60

say "no daemon"
systemctl stop nvmempd nvmempd.socket
finds 1 "problem daemon"
systemctl start nvmempd.socket nvmempd
one_map 2
expect_eq "well again" "$(nvmempctl doctor)" "Nothing found."
