# shellcheck shell=bash disable=SC2154,SC2016
# SPDX-License-Identifier: GPL-2.0
# Each verb of the command on a real machine: what it shows, what it changes, what
# wrong words change (nothing), and a capture that says the same on another machine.
#
#    nvme0 --- nvme0n1 --.
#                         >-- map --- fio
#    nvme1 --- nvme1n1 --'
#
# topology: pcie2
# variants: ours native

# on_terminal COMMAND: what it prints on one, of 80 columns
on_terminal() {
	COLUMNS=80 script -qec "$1" /dev/null </dev/null | tr -d '\r'
}

tree_has() {
	nvmempctl tree --json | jq -e "[.subsystems[].children[] | .children[]?] | $1" >/dev/null
}

column() {
	nvmempctl "$1" -rn -o "$2" "${@:3}"
}

wait_boot
if [ "$VARIANT" = native ]; then
	native_head
	wait_for "the daemon" nvmempctl status
	wait_for "native paths" tree_has 'length == 2 and all(.type == "native path")'
	expect "the subsystem is marked" grep -q 'native subsystem' <(nvmempctl tree)
	LC_ALL=C.UTF-8 nvmempctl tree
	nvmempctl status
	expect_eq "list" "$(nvmempctl list)" ""
	expect "capture" nvmempctl capture captured
	expect_eq "the plan of a machine with native multipath" "$(nvmempctl plan --root captured)" \
		"Nothing to do: all maps are as they should be."
	return
fi
one_map 2
a=$(path_of c0) b=$(path_of c1)

say "what there is"
nvmempctl
nvmempctl list
nvmempctl show "$map"
nvmempctl paths
LC_ALL=C.UTF-8 nvmempctl tree
nvmempctl plan
expect_eq "list" "$(column list NAME,PATHS,STATE)" "$map 2/2 up"
expect_eq "list by a user" "$(setpriv --reuid=65534 --clear-groups nvmempctl list -rn -o NAME)" "$map"
expect_eq "size" "$(column list BYTES)" "$(blockdev --getsize64 "$dm")"
expect_eq "show" "$(nvmempctl show --json "$dm" | jq -r '.paths | length')" 2
expect_eq "paths" "$(column paths PATH "$node" | paste -sd ' ')" "$(printf '%s\n' "$a" "$b" | sort -V | paste -sd ' ')"
expect "tree" tree_has 'length == 2 and all(.type == "path" and .state == "active")'
expect_eq "plan" "$(nvmempctl plan)" "Nothing to do: all maps are as they should be."
expect_eq "plan as JSON" "$(nvmempctl plan --json | jq '.steps | length')" 0

say "colours"
expect "on a terminal" grep -q $'\033\\[32m' <(on_terminal "nvmempctl status")
expect "in tables on a terminal" grep -q $'\033\\[32m' <(on_terminal "nvmempctl list")
expect_not "with NO_COLOR" grep -q $'\033\\[32m' <(NO_COLOR=1 on_terminal "nvmempctl status; nvmempctl list")
expect_not "in a pipe" grep -q $'\033' <(nvmempctl status; nvmempctl list)

say "changes"
count_calls dm_suspend
start_fio "$dm"
expect "switch" nvmempctl switch "$map" "$b"
wait_for "I/O on $b" eval '[ "$(column paths PATH,USE "$map" | grep preferred)" = "$b preferred" ]'
expect "prefer auto" nvmempctl prefer "$map" auto
expect_not "a preferred path" grep -q preferred <(dmsetup table "$map")
expect "fail" nvmempctl fail "$map" "/dev/$a"
expect_eq "state" "$(column paths PATH,STATE "$map" | grep "^$a ")" "$a disabled"
expect_eq "usable" "$(column list PATHS)" 1/2
expect "reinstate" nvmempctl reinstate "$map" "$a"
expect "drain" nvmempctl drain "$map" "$(controller c0)"
expect_eq "in flight" "$(nvmempctl paths --json | jq ".paths[] | select(.device == \"$a\").in_flight")" 0
expect "reinstate" nvmempctl reinstate "$map" "$a"
expect "release" nvmempctl release "$map" "$a"
expect "policy" nvmempctl policy "$map" round-robin
expect_eq "policy" "$(column list POLICY)" round-robin
expect_eq "its origin" "$(nvmempctl config --json "$map" | jq -r '.settings[] | select(.key == "policy").origin')" "set by hand"
for wanted in "on queue" "off fail" "33 33"; do
	expect "queue" nvmempctl queue "$map" "${wanted% *}"
	expect_eq "no_path" "$(column list NO-PATH)" "${wanted#* }"
done
expect_eq "resize" "$(nvmempctl resize "$map")" "256M, as before"
expect_eq "plan" "$(nvmempctl plan)" "Nothing to do: all maps are as they should be."
expect_eq "suspends" "$(calls_of dm_suspend)" 0
expect "reload" nvmempctl reload
wait_for "the configuration's policy" eval '[ "$(column list POLICY)" = numa ]'
expect_eq "its origin" "$(nvmempctl config --json "$map" | jq -r '.settings[] | select(.key == "policy").origin')" built-in
stop_fio

say "wrong words"
wait_for "no_path as configured" eval '[ "$(column list NO-PATH)" = 60 ]'
table=$(dmsetup table)
refuses() {
	local lines
	expect_exit "$@"
	shift
	lines=$("$@" 2>&1 >/dev/null </dev/null | wc -l)
	expect_eq "lines that '$*' says" "$lines" 1
}
for verb in switch prefer fail reinstate drain release; do
	refuses 2 nvmempctl $verb
	refuses 2 nvmempctl $verb "$map"
	refuses 2 nvmempctl $verb "$map" "$a" more
	refuses 3 nvmempctl $verb nothing "$a"
	refuses 3 nvmempctl $verb "$map" nvme77n1
	refuses 1 setpriv --reuid=65534 --clear-groups nvmempctl $verb "$map" "$a"
done
for verb in policy queue; do
	refuses 2 nvmempctl $verb "$map"
	refuses 2 nvmempctl $verb "$map" nonsense
	refuses 2 nvmempctl $verb "$map" -- -1
	refuses 3 nvmempctl $verb nothing "$([ $verb = queue ] && echo on || echo numa)"
done
refuses 2 nvmempctl queue "$map" 99999999
refuses 1 setpriv --reuid=65534 --clear-groups nvmempctl policy "$map" latency
refuses 1 setpriv --reuid=65534 --clear-groups nvmempctl resize "$map"
for verb in show resize teardown paths config; do
	refuses 3 nvmempctl $verb nothing
	refuses 2 nvmempctl $verb "$map" more
done
for verb in status list tree plan reload version; do
	refuses 2 nvmempctl $verb more
	refuses 2 nvmempctl $verb --nonsense
done
for verb in list paths tree; do
	refuses 2 nvmempctl $verb -o NAME,NONSENSE
done
refuses 2 nvmempctl status -o NAME
refuses 2 nvmempctl plan --root
refuses 1 nvmempctl plan --root /nonexistent
refuses 1 nvmempctl plan --root /etc
refuses 2 nvmempctl capture
refuses 1 nvmempctl capture /etc
refuses 1 nvmempctl capture /nonexistent/captured
refuses 1 setpriv --reuid=65534 --clear-groups nvmempctl capture /tmp/captured
refuses 2 nvmempctl hlep
refuses 2 nvmempctl help nonsense
expect_eq "the table" "$(dmsetup table)" "$table"

say "capture"
expect "capture" nvmempctl capture captured
find captured -type f | sort
expect_eq "its status" "$(jq -r '.maps[0].name' captured/status.json)" "$map"
expect "its log" grep -q "$map" captured/journal.txt
expect "nothing of keys" eval '[ -z "$(find captured | grep -i -e dhchap -e secret -e key)" ]'
expect_eq "its plan" "$(nvmempctl plan --root captured)" "$(nvmempctl plan)"
expect_eq "its plan as JSON" "$(nvmempctl plan --root captured --json | jq -c .)" "$(nvmempctl plan --json | jq -c .)"
cp -r captured other
chown -R 65534 other
mv other /tmp
expect_eq "its plan, to a user without daemon" \
	"$(NVMEMP_BUS=/nonexistent setpriv --reuid=65534 --clear-groups nvmempctl plan --root /tmp/other)" \
	"Nothing to do: all maps are as they should be."
printf '[defaults]\npolicy = latency\n' >captured/etc/nvmemp/nvmemp.conf
expect_eq "its plan with another configuration" "$(nvmempctl plan --root captured)" \
	"message $map: policy latency
    because the configuration says so"
expect_eq "its plan as JSON" "$(nvmempctl plan --root captured -j | jq -r '.steps[0].reason')" "the configuration says so"
: >captured/device-mapper.txt
expect "its plan without a map" grep -q "^create $map: 0 " <(nvmempctl plan --root captured)
echo nonsense >captured/device-mapper.txt
refuses 1 nvmempctl plan --root captured

say "completion"
expect "maps" grep -qx "$map" <(nvmempctl complete fail "")
expect "paths" grep -qx "$a" <(nvmempctl complete fail "$map" "")

say "teardown"
expect "teardown" nvmempctl teardown "$map"
expect_eq "list" "$(nvmempctl list)" ""
nvmempctl
wait_for "unused paths" tree_has 'length == 2 and all(.state == "unused")'
expect "reload" nvmempctl reload
one_map 2
systemctl stop nvmempd nvmempd.socket
for verb in status list tree plan reload "show $map" "queue $map on"; do
	# shellcheck disable=SC2086 # words
	refuses 4 nvmempctl $verb
done
expect "capture without a daemon" nvmempctl capture captured2
expect_eq "its plan" "$(nvmempctl plan --root captured2)" "Nothing to do: all maps are as they should be."
systemctl start nvmempd
