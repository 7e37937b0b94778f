# shellcheck shell=sh disable=SC2034
# SPDX-License-Identifier: GPL-2.0
# For tests in shell, which source it: prints TAP, as the cmocka tests do.
n=0

# result NAME COMPLAINT: passed if there is none
result() {
	n=$((n + 1))
	if [ -z "$2" ]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		echo "$2"
	fi
}
