#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# What nvmempctl metrics prints (test_metrics compares) is read by those for whom it is meant.
# shellcheck source=tests/unit/tap.sh
. tests/unit/tap.sh
PATH=$PATH:build	# tests/setup.sh puts promtool there

# read_by NAME PROBE COMMAND: COMMAND complains, or says nothing; PROBE says whether it is there
read_by() {
	if $2 >/dev/null 2>&1; then
		result "$1" "$($3 2>&1)"
	else
		n=$((n + 1))
		echo "ok $n - $1 # SKIP not here: $2"
	fi
}

# Debian's: where another python3 comes first, it has other modules
openmetrics_parser() {
	/usr/bin/python3 - tests/fixtures/metrics*.openmetrics <<-EOF
		import sys
		from prometheus_client.openmetrics.parser import text_fd_to_metric_families as families
		for name in sys.argv[1:]:
		    with open(name) as f:
		        if not list(families(f)):
		            print(name, "has no metrics")
	EOF
}
promtool_check() {
	promtool check metrics <tests/fixtures/metrics.prom
}

read_by openmetrics_is_openmetrics "/usr/bin/python3 -m prometheus_client.openmetrics.parser" openmetrics_parser
read_by promtool_likes_the_textfile "promtool --version" promtool_check
echo "1..$n"
