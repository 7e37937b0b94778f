# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
# Sourced by those that need packages of another release than the machine's;
# /etc/os-release and a function die are there.

# suite_source NAME SUITE...: the machine's own source entries, for these suites,
# in NAME.sources and NAME.list
suite_source() {
	name=$1
	shift
	for file in /etc/apt/sources.list.d/*.sources; do
		[ -e "$file" ] || continue
		awk -v c="$VERSION_CODENAME" -v suites="$*" 'BEGIN { RS = ""; ORS = "\n\n" }
			$0 ~ "Suites:([^\n]* )?" c "( |\n|$)" {
				sub(/Suites:[^\n]*/, "Suites: " suites); print }' "$file"
	done >"$name.sources"
	{ cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null || true; } |
		awk -v c="$VERSION_CODENAME" -v suites="$*" '$1 == "deb" {
			n = split(suites, suite, " ")
			for (i = 2; i <= NF; i++) if ($i == c)
				for (j = 1; j <= n; j++) { $i = suite[j]; print }
		}' >"$name.list"
	[ -s "$name.sources" ] || [ -s "$name.list" ] ||
		die "no source entry for $VERSION_CODENAME in /etc/apt"
}
