#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# What udev's rules and the drop-in for multipath-tools agree on.
# shellcheck source=tests/unit/tap.sh
. tests/unit/tap.sh

property=$(sed -n 's/^\tproperty "^\(.*\)\$"$/\1/p' udev/multipath.conf)

result the_drop_in_names_a_property_of_the_paths "$(
	grep -q "^ENV{$property}=\"1\"\$" udev/56-nvmemp-path.rules || echo "no rule sets '$property'"
)"

# multipathd stops at the first property, by name, that one of its lists has
result the_property_comes_before_the_exception "$(
	first=$(printf '%s\n' "$property" ID_WWN SCSI_IDENT_ | LC_ALL=C sort | head -n 1)
	[ "$first" = "$property" ] || echo "$first comes first"
)"

# 60-multipath.rules says 0 of what is not multipathd's, behind our first rules
result the_last_word_on_a_path_is_ours "$(
	for word in 'DM_MULTIPATH_DEVICE_PATH}="1"' 'SYSTEMD_READY}="0"'; do
		grep -qF "ENV{$word" udev/62-nvmemp-path-late.rules || echo "62 does not set $word"
	done
)"
# 64-md-raid-assembly and 64-btrfs read from a device whose type they know; 69-lvm wants it
result the_type_of_an_unchanged_map_is_known_behind_md_and_btrfs "$(
	files=$(grep -l '^IMPORT{db}="ID_FS_TYPE"' udev/*.rules)
	case $files in
	udev/6[5-8]-*.rules) ;;
	*) echo "in: $files" ;;
	esac
)"
echo "1..$n"
