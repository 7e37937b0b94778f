# shellcheck shell=bash disable=SC2016,SC2154
# SPDX-License-Identifier: GPL-2.0
# Who is not root tries everything, and nothing changes; and every file of ours has the
# owner and the mode that docs/security.md says.
#
#    nvme0 --- nvme0n1 --.
#                         >-- map
#    nvme1 --- nvme1n1 --'
#
# topology: pcie2

wait_boot
one_map 2
path=$(path_of c0)
ctrl=$(controller c0)
bus=/run/nvmemp/bus
instance=/sys/kernel/tracing/instances/nvmempd
root=/org/nvmemp1
nobody() {
	setpriv --reuid=65534 --regid=65534 --clear-groups --bounding-set=-all "$@"
}

say "owners and modes"
# Whatever has our name is root's, a folder 755, a file 644; what is not so:
declare -A mode=(
	[/usr/sbin/nvmempd]=755
	[/usr/sbin/nvmempctl]=755
	[/usr/lib/udev/nvmemp-udev]=755
	[/run/nvmemp/bus]=666
)
# Whoever runs the file as a script: initramfs-tools and dracut
executable='/usr/share/initramfs-tools/|/usr/lib/dracut/modules.d/'
nr=0
while read -r kind is who file; do
	want=644
	[ "$kind" != d ] || want=755
	[[ ! $file =~ $executable || $kind != f ]] || want=755
	expect_eq "owner and mode of $file" "$who $is" "root:root ${mode[$file]-$want}"
	nr=$((nr + 1))
	unset "mode[$file]"
done < <(find /usr /etc /run /var/lib ! -type l \( -path '*nvmemp*' -o -path '*/dm-nvmemp*' \) \
	! -path '/run/udev/*' ! -path '/run/systemd/*' ! -path '/run/credentials/*' -printf '%y %m %u:%g %p\n')
expect_eq "files of the table that are not there" "${!mode[*]}" ""
expect "files of ours: $nr" test "$nr" -gt 30
is() {
	expect_eq "owner and mode of $1" "$(stat -L -c '%U:%G %a' "$1")" "$2"
}
is $instance "root:root 750"	# as the kernel makes it
is /dev/mapper/control "root:root 600"
is "$dm" "root:disk 660"
is "/dev/$path" "root:disk 660"
is "/dev/$ctrl" "root:root 600"
expect_eq "set-uid or with capabilities" \
	"$(find / -xdev -path '*nvmemp*' -perm /6000; getcap /usr/sbin/nvmempd /usr/sbin/nvmempctl /usr/lib/udev/nvmemp-udev 2>/dev/null)" ""

# All but what moves by itself
state() {
	dmsetup table
	dmsetup info -c --noheadings -o name,uuid,major,minor,attr
	status '.maps[] | [.name, .state, .policy, .no_path, [.paths[] | [.device, .state, .ana_state, .preferred]]]'
	nvmempctl config "$map" --json
	nvmempctl plan --json
	daemon_pid
	find /etc/nvmemp /run/nvmemp /usr/lib/nvmemp /usr/lib/udev /etc/udev /usr/lib/systemd/system /etc/multipath \
		/run/nvmemp-no-queueing -printf '%p %y %m %u %g %s %T@ %i\n' 2>/dev/null | sort
	find /etc/nvmemp /usr/lib/nvmemp -type f -exec md5sum {} + | sort
	ls $instance
	cat $instance/tracing_on $instance/events/nvme/nvme_async_event/enable /sys/kernel/tracing/kprobe_events
	cat "/sys/block/$path/size" "/sys/class/nvme/$ctrl/state"
	md5sum "$dm"
	ls /dev/mapper /tmp
	systemctl show -P ActiveState nvmempd nvmemp-queueing
}
wait_for "no I/O of udev" udevadm settle
state >before
sed -n 1,6p before

# denied WHAT COMMAND...: fails as nobody, and not for want of a program
denied() {
	local what=$1 got=0 text
	shift
	text=$(nobody timeout 60 "$@" 2>&1 </dev/null) || got=$?
	printf '  exit %d: %s: %s\n' "$got" "$what" "$(head -n 1 <<<"$text" | cat -v)"
	case $got in
	0 | 124 | 126 | 127) fail "$what: nobody's '$*' exits $got: $text" ;;
	esac
}

say "the command"
for verb in "switch $map $path" "switch $map auto" "prefer $map $path" "fail $map $path" "reinstate $map $path" \
	    "drain $map $path" "release $map $path" "policy $map latency" "queue $map off" "queue $map on" \
	    "resize $map" "teardown $map" teardown reload "capture /tmp/captured" "metrics --textfile /etc/nvmemp/metrics"; do
	# shellcheck disable=SC2086 # words
	denied "nvmempctl $verb" nvmempctl $verb
done
# what changes nothing is for everybody, and there is no verb that was forgotten here
for verb in status list "show $map" paths tree plan monitor top metrics config; do
	case $verb in
	monitor) continue ;;
	top) verb='top --batch --count 1' ;;
	esac
	# shellcheck disable=SC2086 # words
	expect "nvmempctl $verb" nobody nvmempctl $verb >/dev/null
done
known=' status list show paths tree plan doctor top monitor metrics switch prefer fail reinstate drain release policy queue resize teardown config reload capture version help '
for verb in $(nvmempctl help | awk '/^  [a-z]/ { print $1 }'); do
	case $known in
	*" $verb "*) ;;
	*) fail "the verb $verb is not tried here" ;;
	esac
done

say "each method on the bus"
call() {
	busctl --address=unix:path=$bus call org.nvmemp1 "$@"
}
object=$(call $root org.freedesktop.DBus.ObjectManager GetManagedObjects | grep -o "$root/map/[^\"]*" | head -n 1)
tried=0
for at in $root "$object"; do
	interface=org.nvmemp1.Manager
	[ "$at" = $root ] || interface=org.nvmemp1.Map
	methods=$(call "$at" org.freedesktop.DBus.Introspectable Introspect |
		grep -o 'interface name=\\"[^\\]*\|method name=\\"[^\\]*' |
		awk -v i="$interface" '/^interface/ { on = index($0, i "") && $0 ~ i "$" } /^method/ && on { sub(/.*"/, ""); print }')
	for method in $methods; do
		case $method in
		Refresh | Plan | Subscribe | Config) continue ;;
		Reload | Teardown | Rescan) set -- ;;
		SetPolicy) set -- s latency ;;
		SetNoPath) set -- s fail ;;
		Switch | Fail | Reinstate | Release) set -- s "$path" ;;
		*) fail "the method $method is not tried here" ;;
		esac
		denied "$interface.$method" busctl --address=unix:path=$bus call org.nvmemp1 "$at" $interface "$method" "$@"
		tried=$((tried + 1))
	done
	denied "a property of $at" busctl --address=unix:path=$bus call org.nvmemp1 "$at" \
		org.freedesktop.DBus.Properties Set ssv $interface State s failing
done
expect_eq "methods that change something" $tried 9

say "files and devices"
for file in /dev/mapper/control "$dm" "/dev/$path" "/dev/$ctrl" /dev/nvme-fabrics; do
	[ -e "$file" ] || continue
	denied "read $file" head -c 1 "$file"
	denied "write $file" sh -c "echo >'$file'"
done
for folder in /etc/nvmemp /etc/nvmemp/nvmemp.conf.d /run /run/nvmemp /usr/lib/nvmemp /usr/lib/udev/rules.d /run/udev \
	      /usr/lib/systemd/system /etc/multipath/conf.d $instance; do
	expect "there is $folder" test -d "$folder"
	denied "a file in $folder" touch "$folder/nvmemp-no-queueing"
	denied "a link in $folder" ln -s /tmp "$folder/x"
done
for file in /etc/nvmemp/nvmemp.conf $bus /usr/sbin/nvmempd /usr/lib/udev/nvmemp-udev /usr/lib/udev/rules.d/56-dm-nvmemp.rules \
	    /usr/lib/nvmemp/vendor.conf $instance/tracing_on "/sys/class/nvme/$ctrl/reset_controller" \
	    "/sys/class/nvme/$ctrl/rescan_controller" "/sys/block/$path/uevent" "/sys/block/$node/uevent"; do
	expect "there is $file" test -e "$file"
	[ "$file" = $bus ] || denied "write $file" sh -c "echo add >'$file'"
	denied "mode of $file" chmod 777 "$file"
	denied "remove $file" rm -f "$file"
	denied "rename $file" mv "$file" "$file.old"
done
denied "look into the tracing instance" ls $instance
denied "another socket" perl -MSocket -e 'socket(my $s, AF_UNIX, SOCK_STREAM, 0); bind($s, sockaddr_un("/run/nvmemp/bus2")) or die "$!\n"'

say "the daemon"
for signal in TERM HUP KILL STOP; do
	denied "SIG$signal" kill -s $signal "$(daemon_pid)"
done
for option in '' --once --queueing=off --queueing=on; do
	# shellcheck disable=SC2086 # no word, or one
	denied "nvmempd $option" nvmempd $option
done
for verb in stop restart reload; do
	denied "systemctl $verb" systemctl --no-ask-password $verb nvmempd
done
denied "dmsetup message" dmsetup message "$map" 0 no_path fail
denied "dmsetup remove" dmsetup remove "$map"
denied "a uevent for udev" udevadm trigger --action=change "/sys/block/$path"

say "the udev helper by hand, in an environment that lies"
hostile=$'1"\nNVMEMP_MEMBER="1"\n\e[31m$(touch /run/owned)`touch /run/owned`'
for words in "member $path" "member ../../etc/shadow" "member nvme0n1/../../x" "map nvmemp-\$(reboot)" "map $hostile" \
	     "map nvmemp-$hostile" "member $hostile" "map part1-nvmemp-$hostile" "$hostile x" "map part999999999999-nvmemp-x"; do
	got=0
	nobody env NVMEMP_SHARED="$hostile" PATH=/tmp:. IFS=/ HOME=/nonexistent \
		/usr/lib/udev/nvmemp-udev "${words%% *}" "${words#* }" >helper 2>&1 </dev/null || got=$?
	printf '  exit %d: %s: %s\n' $got "$(cat -v <<<"$words" | tr '\n' ' ')" "$(tr '\n' ' ' <helper | cat -v)"
	expect "an exit code of its own" test $got -le 2
	expect_not "a control byte" grep -aqP '[^\n\x20-\x7e]' helper
	expect_not "a line that says something else" grep -aqvE '^NVMEMP_[A-Z]+="[^"]*"$|^nvmemp-udev: |^Usage: nvmemp-udev' helper
done
expect_not "what the words would have made" test -e /run/owned

udevadm settle
state >after
expect "nothing changed" diff before after
