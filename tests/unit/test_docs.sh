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
