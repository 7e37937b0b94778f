#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# What programs were built against stays: nothing that tests/unit/libnvmemp.abi has is
# gone or different in the library. Made anew with each release:
#   ABI_UPDATE=1 tests/unit/test_abi.sh
B=${B:-build}
# shellcheck source=tests/unit/tap.sh
. tests/unit/tap.sh
abi=tests/unit/libnvmemp.abi

if [ -n "${ABI_UPDATE-}" ]; then
	exec abidw --headers-dir libnvmemp --drop-private-types --exported-interfaces-only --no-corpus-path \
		--no-comp-dir-path --no-show-locs --no-elf-needed --out-file $abi "$B/libnvmemp.so.1"
fi
if command -v abidiff >/dev/null && [ "$(uname -m)" = x86_64 ]; then
	# it also tells of what it was told to let pass
	said=$(abidiff --suppressions tests/unit/libnvmemp.abignore --no-added-syms --headers-dir2 libnvmemp \
		--drop-private-types --no-show-locs $abi "$B/libnvmemp.so.1" 2>&1) && said=
	result the_library_has_what_it_had "$said"
else
	n=$((n + 1))
	echo "ok $n - the_library_has_what_it_had # SKIP there is no abidiff, or no x86_64"
fi
echo "1..$n"
