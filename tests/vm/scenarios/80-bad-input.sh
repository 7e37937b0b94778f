# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: GPL-2.0
# Wrong words to the target, the daemon and the CLI: one clear line each, the
# right exit status, and nothing changed.
#
#    nvme0 --- nvme0n1 --.
#                         >-- map
#    nvme1 --- nvme1n1 --'
#
# topology: pcie2

wait_boot
one_map 2
a=/dev/$(path_of c0) b=/dev/$(path_of c1)
sectors=$(blockdev --getsz "$dm")
table=$(dmsetup table)
said() {
	printf '  %-34s %s\n' "$1" "$2"
}

# refuses WHAT SENTENCE TABLE: the constructor says that sentence, and no
# device is left behind
refuses() {
	local what=$1 sentence=$2 said
	shift 2
	dmesg -C
	expect_not "$what" dmsetup create bad --table "$*"
	said=$(dmesg | sed -n 's/.*device-mapper: table: [^:]*:[^:]*: nvmemp: //p')
	said "$what" "$said"
	grep -qi -- "$sentence" <<<"$said" || fail "$what: the kernel says '$said', expected '$sentence'"
	expect_not "a device after: $what" dmsetup info bad
}

# Nothing of ours may hold the members while they are tried in other tables.
systemctl stop nvmempd nvmempd.socket
dmsetup remove "$map"
say "table lines"
refuses "unknown feature word" "unknown feature" 0 8 nvmemp 2 wrong word 1 "$a" 0
refuses "feature without value" "no value" 0 8 nvmemp 1 policy 1 "$a" 0
refuses "unknown policy" "policy must be" 0 8 nvmemp 2 policy best 1 "$a" 0
refuses "no_path out of range" "no_path must be" 0 8 nvmemp 2 no_path 86401 1 "$a" 0
refuses "no paths" "number of paths" 0 8 nvmemp 0 0
refuses "too many paths" "number of paths" 0 8 nvmemp 0 33 "$a" 0
refuses "fewer paths than said" "fewer paths" 0 8 nvmemp 0 2 "$a" 0
refuses "words behind the last path" "behind the last path" 0 8 nvmemp 0 1 "$a" 0 more
refuses "unknown path word" "unknown path word" 0 8 nvmemp 0 1 "$a" 1 great
refuses "unknown ANA state" "ANA state" 0 8 nvmemp 0 1 "$a" 2 ana lovely
refuses "two preferred paths" "more than one path" 0 8 nvmemp 0 2 "$a" 1 preferred "$b" 1 preferred
refuses "a path used twice" "twice" 0 8 nvmemp 0 2 "$a" 0 "$a" 0
refuses "a path that is too small" "smaller than the map" 0 $((sectors + 8)) nvmemp 0 2 "$a" 0 "$b" 0
refuses "no such device" "." 0 8 nvmemp 0 1 /dev/nothing 0
truncate -s $((sectors * 512)) loopfile
loop=$(losetup -f --show -b 4096 loopfile)
refuses "another block size" "block size" 0 8 nvmemp 0 2 "$a" 0 "$loop" 0
losetup -d "$loop"
mkfs.ext4 -q "$a"
mount "$a" /mnt
refuses "a busy path" "in use" 0 8 nvmemp 0 2 "$a" 0 "$b" 0
umount /mnt
wipefs -q -a "$a"
systemctl start nvmempd
one_map 2
# but for the order of the paths, which is that of their coming
expect_eq "the map as before" "$(dmsetup table | xargs -n 1 | sort)" "$(xargs -n 1 <<<"$table" | sort)"
table=$(dmsetup table)

say "messages"
for message in "" nonsense fail_path "fail_path 7:77" "fail_path x" "ana $(status_word 8)" "ana 259:0 lovely" \
	       "prefer 7:77" "policy best" "no_path never" "no_path 0" "no_path 5 6" "disable_path"; do
	# shellcheck disable=SC2086 # a list of words
	expect_not "message '$message'" dmsetup message "$map" 0 $message
done
expect_eq "the table after bad messages" "$(dmsetup table)" "$table"

say "nvmempctl"
one_line() {
	[ "$(wc -l <<<"$1")" = 1 ]
}
# Also that it is one line.
refuses_cli() {
	local text
	expect_exit "$@"
	shift
	text=$("$@" 2>&1 >/dev/null </dev/null || true)
	one_line "$text" || [ "$want_usage" ] || fail "'$*' says more than one line: $text"
}
want_usage=
path=$(path_of c0)
refuses_cli 3 nvmempctl switch no-such-map auto
refuses_cli 3 nvmempctl switch "$map" nvme77n1
refuses_cli 3 nvmempctl switch "$map" vda
refuses_cli 3 nvmempctl fail no-such-map "$path"
refuses_cli 3 nvmempctl fail "$map" nvme77n1
refuses_cli 3 nvmempctl reinstate "$map" nvme77n1
refuses_cli 1 setpriv --reuid=65534 --clear-groups nvmempctl switch "$map" auto
refuses_cli 1 setpriv --reuid=65534 --clear-groups nvmempctl fail "$map" "$path"
expect "reading needs no privilege" setpriv --reuid=65534 --clear-groups nvmempctl status
want_usage=yes
refuses_cli 2 nvmempctl nonsense
refuses_cli 2 nvmempctl --nonsense
refuses_cli 2 nvmempctl switch
refuses_cli 2 nvmempctl switch "$map"
refuses_cli 2 nvmempctl switch "$map" auto more
refuses_cli 2 nvmempctl fail "$map"
want_usage=
expect_eq "the table after bad commands" "$(dmsetup table)" "$table"

say "configuration"
config=/etc/nvmemp/nvmemp.conf.d/lab.conf
before=$(daemon_pid)
for text in $'[defaults]\nwrong_key = 1' $'[defaults]\npolicy = best' $'[defaults]\nno_path = never' \
	    $'[nonsense]\npolicy = numa' $'no section at all'; do
	printf '%s\n' "$text" >$config
	systemctl reload nvmempd || true
	wait_for "the log to name $config for: ${text//$'\n'/ }" eval 'daemon_log | tail -n 3 | grep -q "lab.conf"'
	daemon_log -n 1
	refuses_cli 1 nvmempd --dry-run
	expect_eq "the table" "$(dmsetup table)" "$table"
done
rm $config
mkdir $config
refuses_cli 1 nvmempd --dry-run
rmdir $config
systemctl reload nvmempd
expect_eq "the daemon was not restarted" "$(daemon_pid)" "$before"

say "a daemon that starts with a bad configuration"
mistake=$(grep -B 1 '^Subject: The configuration of nvmempd' /usr/lib/systemd/catalog/nvmemp.catalog | sed -n 's/^-- //p')
table_has() {
	dmsetup table "$map" | grep -q -- "$1"
}
mistake_is() {
	[[ $(status .config_trouble) = $config:$1:* ]]
}
# said_everywhere LINE
said_everywhere() {
	wait_for "the mistake in line $1" mistake_is "$1"
	expect "the log names it" grep -q "$config:$1" <(journalctl -q -b --no-pager "MESSAGE_ID=$mistake")
	expect "status names it" grep -q "^Left out of the configuration.*$config:$1" <(nvmempctl)
	expect "doctor names it" grep -q 'left out of the configuration' <(nvmempctl doctor)
	refuses_cli 1 nvmempd --dry-run
	refuses_cli 1 nvmempd --once
	refuses_cli 1 nvmempctl reload
}
start_without_map() {
	systemctl stop nvmempd nvmempd.socket
	dmsetup remove --retry "$map"
	systemctl start nvmempd
}
printf '[defaults]\nno_path = 7\nwrite_hold = 700\n' >$config
systemctl reload nvmempd
wait_for "no_path 7" table_has 'no_path 7'
wait_for "write_hold 700" table_has 'write_hold 700'
was=$(dmsetup table)
printf '[defaults]\npolicy = round-robin\nno_path = never\n' >$config
systemctl restart nvmempd
one_map 2
said_everywhere 3
expect_eq "the table that was loaded" "$(dmsetup table)" "$was"
start_without_map
one_map 2
expect "what could be understood holds" table_has 'policy round-robin no_path 60 '
printf '[defaults]\npolicy = numa\nignore = yse\n' >$config
start_without_map
wait_for "the reason" eval '[[ $(status ".rejected[0].reason") = "the configuration may say to ignore it: $config:3: "* ]]'
expect_eq "maps" "$(status '.maps | length')" 0
said_everywhere 3
rm $config
expect "reload" nvmempctl reload
one_map 2
status_is .config_trouble "" || fail "the mistake is gone: $(status .config_trouble)"
table=$(dmsetup table)

say "nvmempd by hand"
expect_exit 2 nvmempd --nonsense
expect_exit 2 nvmempd extra
refuses_cli 1 setpriv --reuid=65534 --clear-groups nvmempd --once
expect_exit 0 nvmempd --dry-run
expect_exit 0 nvmempd --version

say "wrong options of the service are not tried again"
systemctl stop nvmempd nvmempd.socket
mkdir -p /run/systemd/system/nvmempd.service.d
printf '[Service]\nExecStart=\nExecStart=/usr/sbin/nvmempd --nonsense\n' >/run/systemd/system/nvmempd.service.d/lab.conf
systemctl daemon-reload
expect_not "a start" systemctl start nvmempd
expect_eq "the service" "$(systemctl show -P ActiveState nvmempd)" failed
rm /run/systemd/system/nvmempd.service.d/lab.conf
systemctl daemon-reload
systemctl start nvmempd

say "no daemon"
systemctl stop nvmempd nvmempd.socket
refuses_cli 4 nvmempctl status
refuses_cli 4 nvmempctl switch "$map" auto
expect_exit 0 nvmempd --once
expect_eq "the table after --once" "$(dmsetup table)" "$table"

say "no module"
dmsetup remove "$map"
rmmod dm-nvmemp
mv "/lib/modules/$(uname -r)/updates/dm-nvmemp.ko" hidden.ko
depmod
refuses_cli 1 nvmempd --once
systemctl start nvmempd
expect "the service stays up" systemctl -q is-active nvmempd
expect_eq "maps" "$(status '.maps | length')" 0
say "state of the service: $(systemctl show -P StatusText nvmempd)"
