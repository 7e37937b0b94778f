#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# What is written agrees with the code: settings, entries of the log, links, pages.
# shellcheck source=tests/unit/tap.sh
. tests/unit/tap.sh

# both WANTED GOT: complains of words (one a line) that are in one only
both() {
	printf '%s\n' "$1" | sort -u >"$B/docs.code"
	printf '%s\n' "$2" | sort -u >"$B/docs.text"
	[ -n "$1" ] || echo "nothing found in the code"
	diff "$B/docs.code" "$B/docs.text"
}
B=${B:-build}

# the table of the code, and the features that are settings: anatt is the controller's
keys=$(
	sed -n '/^} keys\[\] = {/,/^};/s/^\t{ "\([a-z_]*\)".*/\1/p' libnvmemp/core/conf.c
	sed -n '/features\[.*= {/,/^};/s/.*NVMEMP_KEY_\([A-Z_]*\),.*/\1/p' libnvmemp/core/words.c |
		tr '[:upper:]' '[:lower:]' | grep -vx anatt
)
result nvmemp_conf_5_has_the_keys_of_the_code "$(
	both "$keys" "$(sed -n '/^\.Ss Keys/,/^\.Sh/s/^\.It Cm //p' man/nvmemp.conf.5 | tr -s ' ,' '\n')"
)"

result the_sample_file_has_known_keys "$(
	# shellcheck disable=SC2013 # words
	for key in $(sed -n 's/^#\([a-z_]*\) =.*/\1/p' daemon/nvmemp.conf); do
		printf '%s\n' "$keys" | grep -qx "$key" || echo "$key"
	done
)"

result the_catalog_has_the_ids_of_the_log "$(
	both "$(sed -n 's/^#define LOG_ID_.*"\([0-9a-f]\{32\}\)"$/\1/p' daemon/log.h)" \
		"$(sed -n 's/^-- //p' systemd/nvmemp.catalog)"
	grep -o 'LOG_ID_[A-Z_]*' daemon/log.h | while read -r id; do
		[ "$id" = LOG_ID_ ] || grep -qw "$id" daemon/report.c || echo "nobody logs $id"
	done
)"

# journalctl takes a field of an entry for @FIELD@
result the_catalog_names_fields_of_the_log "$(
	for field in $(grep -o '@[A-Z_]*@' systemd/nvmemp.catalog | tr -d @ | sort -u); do
		grep -qF "\"$field\"" daemon/log.c || echo "$field"
	done
)"

result links_lead_somewhere "$(
	for file in README.md CONTRIBUTING.md docs/*.md; do
		grep -o '](\([^)]*\))' "$file" | sed 's/^](//; s/)$//' | while read -r link; do
			name=${link%%#*} part=
			case $link in
			http*) continue ;;
			*\#*) part=${link#*#} ;;
			esac
			to=$(dirname "$file")/$name
			[ -n "$name" ] || to=$file
			[ -e "$to" ] || echo "$file: $link"
			[ -z "$part" ] || sed -n 's/^#\{1,6\} //p' "$to" | tr '[:upper:]' '[:lower:]' |
				sed 's/[^a-z0-9 _-]//g; s/ /-/g' | grep -qx -- "$part" || echo "$file: no heading for $link"
		done
	done
)"

# SEE ALSO and the rest: every page of ours that is referred to is there
result pages_refer_to_pages "$(
	grep -ho '^\.Xr [a-z0-9.-]*nvmemp[a-z0-9.-]* [0-9]' man/* | sort -u | while read -r _ name section; do
		[ -e "man/$name.$section" ] || echo "$name($section)"
	done
)"

result dm_nvmemp_4_has_the_words_of_the_target "$(
	# shellcheck disable=SC2013 # words
	for word in $(sed -n 's/^#define NVMEMP_\(KEY\|MSG\|POLICY\|NO_PATH\|FAILBACK\|WRITE_HOLD\|ANA\|STATE\)_.*"\(.*\)".*/\2/p' \
		kernel/nvmemp_uapi.h); do
		grep -qw -- "$word" man/dm-nvmemp.4 || echo "$word"
	done
)"

result libnvmemp_3_has_the_functions_of_the_library "$(
	both "$(sed -n 's/^\t\(nvmemp_[a-z_]*\);.*/\1/p' libnvmemp/libnvmemp.sym)" \
		"$(sed -n 's/^\.F[no] \([a-z_]*\).*/\1/p; s/^\.Nm \([a-z_]*\).*/\1/p' man/libnvmemp.3 | sort | uniq -d)"
)"

# Interface, kind, name, types, and root or emits, as the code has it: Hello is D-Bus's own
members=$(
	for iface in manager map path subsystem; do
		sed -n 's/^\tSD_BUS_\([A-Z]*\)[A-Z_]*("\([A-Za-z]*\)", "\([^"]*\)",\(.*\)$/'$iface' \1 \2 "\3"\4/p' daemon/bus${iface}*.c |
			sed 's/ PROPERTY \([A-Za-z]*\) "\(.*\)" .*/ property \1 \2/
				s/ METHOD \([A-Za-z]*\) "\(.*\)" "\(.*\)", .*ROOT_ONLY.*/ method \1 root \2>\3/
				s/ METHOD \([A-Za-z]*\) "\(.*\)" "\(.*\)", .*/ method \1 \2>\3/
				s/ SIGNAL \([A-Za-z]*\) "\(.*\)".*/ signal \1 \2/'
	done
)
result dbus_md_has_the_members_of_the_vtables "$(
	both "$members" "$(
		awk -F '|' '/^### `org.nvmemp1/ { split($0, part, "[.`]"); iface = tolower(part[4]) }
			/^## Errors/ { exit }
			$2 ~ /^ (property|method|signal) `/ {
				kind = $2; sub(/ `.*/, "", kind); root = $2 ~ /[*]root[*]/ ? " root" : ""
				type = $3; gsub(/ /, "", type); sub(/→/, ">", type)
				n = split($2, part, "`")
				for (i = 2; i <= n; i += 2) print iface kind, part[i] root, type }' docs/dbus.md
	)"
)"

result dbus_md_says_which_properties_tell_of_changes "$(
	both "$(sed -n 's/^\tSD_BUS_PROPERTY("\([A-Za-z]*\)".*EMITS_CHANGE.*/\1/p' daemon/bus*.c)" \
		"$(sed -n 's/.*`PropertiesChanged` for \(.*\)\.$/\1/p' docs/dbus.md | grep -o '`[A-Za-z]*`' | tr -d '`')"
)"

verbs=$(sed -n '/^const struct verb verbs\[\] = {/,/^};/s/^\t{ "\([a-z]*\)", "\(.*\)", ".*/\1 \2/p' daemon/nvmempctl.c)
result nvmempctl_8_has_the_verbs_of_the_command "$(
	both "$(printf '%s\n' "$verbs" | sed 's/ .*//')" \
		"$(sed -n '/^\.Sh DESCRIPTION/,/^\.Sh OPTIONS/s/^\.It Cm \([a-z]*\).*/\1/p' man/nvmempctl.8)"
	both "$(printf '%s\n' "$verbs" | sed 's/ .*//')" \
		"$(sed -n '/^\.Sh SYNOPSIS/,/^\.Sh DESCRIPTION/{s/^\.Op Cm/.Cm/; s/ Op .*//; s/^\.Cm //p}' man/nvmempctl.8 |
			tr -d ' ' | tr '|' '\n' | grep -vxE 'auto|numa|round-robin|queue-depth|latency|on|off|Ar.*')"
)"
result nvmempctl_8_has_the_arguments_of_the_verbs "$(
	both "$(printf '%s\n' "$verbs" | sed 's/ *$//')" \
		"$(sed -n '/^\.Sh DESCRIPTION/,/^\.Sh OPTIONS/s/^\.It Cm //p' man/nvmempctl.8 |
			sed 's/Oo.*Oc.*//; s/ Op Fl.*//; s/Op Ar \([A-Z]*\)/[\1]/; s/ Ar / /g; s/ Cm / /; s/ | /|/g; s/|\(Ar\|Cm\) /|/; s/ *$//')"
)"
result nvmempctl_8_has_the_options_of_the_command "$(
	both "$(sed -n '/^const struct option_kind/,/^};/s/^.*= { "\([a-z]*\)", .\(.\)., "\([A-Z]*\)".*/-\2 --\1 \3/p' daemon/nvmempctl.c | sed 's/ $//')" \
		"$(sed -n 's/^\.It Fl \([a-zA-Z]\) , -\([a-z]*\)\( Ar \)*\([A-Z]*\)$/-\1 --\2 \4/p' man/nvmempctl.8 | sed 's/ $//')"
)"

# man leaves out others where the locale is C, as on a console that rescues
result pages_are_ascii "$(
	LC_ALL=C grep -n '[^ -~	]' man/*
)"

if command -v mandoc >/dev/null; then
	result pages_are_well_formed "$(
		mandoc -T lint man/*.[1-8] 2>&1 | grep -v "referenced manual not found\|outdated mandoc.db"
	)"
else
	n=$((n + 1))
	echo "ok $n - pages_are_well_formed # SKIP there is no mandoc"
fi
echo "1..$n"
