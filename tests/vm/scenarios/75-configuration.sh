# shellcheck shell=bash disable=SC2154,SC2016
# SPDX-License-Identifier: GPL-2.0
# Settings reach a map in use by messages, without a suspend; each says where it
# comes from; a bad file changes nothing and is named.
#
# topology: pcie2

dropin=/etc/nvmemp/nvmemp.conf.d/lab.conf

# setting KEY: value and origin, for the map
setting() {
	nvmempctl config --json "$map" | jq -r ".settings[] | select(.key == \"$1\") | \"\(.value) \(.origin)\""
}

table_has() {
	dmsetup table "$map" | grep -q -- "$1"
}

preferred() {
	status '.maps[0].paths[] | select(.preferred) | .controller'
}

wait_boot
one_map 2
mkdir -p "${dropin%/*}"
expect_eq "the policy" "$(setting policy)" "numa built-in"
count_calls dm_suspend
start_fio "$dm"

say "a drop-in"
address=$(cat "/sys/class/nvme/$(controller c1)/address")
printf '[defaults]\npolicy = round-robin\nno_path = 7\n[subsystem *]\nfailback = 5\nprefer = %s\n[controller *]\nweight = 3\n' "$address" >$dropin
expect "reload" nvmempctl reload
wait_for "round-robin" table_has 'policy round-robin'
wait_for "no_path 7" table_has 'no_path 7'
wait_for "failback 5" table_has 'failback 5'
wait_for "weight 3" table_has 'weight 3'
wait_for "the preferred controller" eval '[ "$(preferred)" = "$(controller c1)" ]'
expect_eq "policy" "$(setting policy)" "round-robin $dropin:2"
expect_eq "no_path" "$(setting no_path)" "7 $dropin:3"
expect_eq "failback" "$(setting failback)" "5 $dropin:5"
nvmempctl config "$dm"
nvmempctl config | grep "weight of"

say "an administrator's preference, and back to the configuration's"
expect "switch" nvmempctl switch "$dm" "$(controller c0)"
wait_for "c0 preferred" eval '[ "$(preferred)" = "$(controller c0)" ]'
expect "auto" nvmempctl switch "$dm" auto
wait_for "c1 preferred" eval '[ "$(preferred)" = "$(controller c1)" ]'

say "a bad file"
printf '[defaults]\npolicy = numa\nno_path = never\n' >$dropin
expect_exit 1 nvmempctl reload
expect "it names file and line" grep -q "$dropin:3" <<<"$(nvmempctl reload 2>&1)"
systemctl reload nvmempd || true
expect "the old policy" table_has 'policy round-robin'
expect_eq "policy, as before" "$(setting policy)" "round-robin $dropin:2"
expect_exit 3 nvmempctl config nothing
rm $dropin
expect "reload" nvmempctl reload
wait_for "numa" table_has 'policy numa'
wait_for "no_path 60" table_has 'no_path 60'
stop_fio
expect_eq "suspends" "$(calls_of dm_suspend)" 0
