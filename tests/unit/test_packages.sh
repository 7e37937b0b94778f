#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# What the packages' files must agree on.
# shellcheck source=tests/unit/tap.sh
. tests/unit/tap.sh

version=$(sed -n 's/^VERSION := //p' Makefile)

result every_file_has_the_version_of_the_makefile "$(
	sed -n '1s/.*(\(.*\)).*/\1/p' debian/changelog | grep -qxF "$version" || echo "not debian/changelog"
	sed -n 's/^PACKAGE_VERSION="\(.*\)"$/\1/p' kernel/dkms.conf | grep -qxF "$version" || echo "not kernel/dkms.conf"
	sed -n 's/^Version: *//p' nvmemp.spec | grep -qxF "$version" || echo "not nvmemp.spec"
)"

# a node of its own for each version's functions (libnvmemp.sym)
result every_node_of_the_library_is_in_the_symbols_file "$(
	sed -n 's/^\(LIBNVMEMP_[0-9.]*\) {$/\1/p' libnvmemp/libnvmemp.sym | while read -r node; do
		grep -qF "(symver)$node " debian/libnvmemp1.symbols || echo "$node is not"
	done
)"

# the hooks take what make install puts there, by these patterns
result rules_are_found_by_the_hooks_of_the_initramfs "$(
	for rule in udev/*.rules; do
		case ${rule##*/} in
		*nvmemp*.rules) ;;
		*) echo "$rule would not be in an initramfs" ;;
		esac
	done
)"
echo "1..$n"
