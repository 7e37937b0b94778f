#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# What the packages' files must agree on.
# shellcheck source=tests/unit/tap.sh
. tests/unit/tap.sh

B=${B:-build}
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

# As Fedora's rpm would read it: macros that Debian's has not are given, and none is left
spec() {
	rpmspec -P --define '_unitdir /usr/lib/systemd/system' --define '_libdir /usr/lib64' \
		--define 'build_ldflags -Wl,-z,now' --define 'systemd_post() post %*' \
		--define 'systemd_preun() preun %*' --define 'systemd_postun_with_restart() postun %*' nvmemp.spec
}

# installed_and_listed SPEC ROOT: complains of files of ROOT that no section %files has,
# of those that are in two, and of what is listed and not there
installed_and_listed() {
	sed -n '/^%files/,/^%changelog/{s/^%config(noreplace) //; /^\//p}' "$1" >"$2.listed"
	while read -r pattern; do
		# manual pages are compressed behind the pattern's dot; a folder stands for all in it
		# shellcheck disable=SC2086 # a pattern
		(cd "$2" && find .$pattern \( -type f -o -type l \) 2>/dev/null) || echo "not there: $pattern" >&3
	done <"$2.listed" 3>"$2.lacking" | sort >"$2.packed"
	sed -n 's/^%dir //p' "$1" | while read -r dir; do
		[ -d "$2$dir" ] || echo "not there: $dir"
	done
	cat "$2.lacking"
	(cd "$2" && find . -type f -o -type l) | sort | diff - "$2.packed"
}

if command -v rpmspec >/dev/null; then
	root=$(pwd)/$B/rpm
	rm -rf "$root"*
	mkdir -p "$root"
	result the_spec_is_one "$(spec 2>&1 >"$root.spec"; grep -n '%{\|%systemd\|%make' "$root.spec")"
	result the_spec_packs_what_it_installs_once "$(
		make=$(sed -n 's/^.*make install \(.*\)/\1/p' "$root.spec" | sed "s|DESTDIR=[^ ]*|DESTDIR=$root|; s/V=1//g")
		sh -c "make -s install $make" >"$root.log" 2>&1 || tail -n 5 "$root.log"
		sed -n '/^%install/,/^%check/{/^rm\|^install/p}' "$root.spec" | sed "s|/[^ ]*/BUILDROOT/[^/]*|$root|" | sh 2>&1
		installed_and_listed "$root.spec" "$root"
	)"
else
	n=$((n + 2))
	echo "ok $((n - 1)) - the_spec_is_one # SKIP there is no rpmspec"
	echo "ok $n - the_spec_packs_what_it_installs_once # SKIP there is no rpmspec"
fi
echo "1..$n"
