#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The core is pure: what it includes, and what it needs from the C library.
B=${B:-build}
# shellcheck source=tests/unit/tap.sh
. tests/unit/tap.sh

result core_includes_only_itself_and_plain_c "$(
	grep -n '^#include' libnvmemp/core/*.[ch] |
		grep -vE '<(errno|stdarg|stdbool|stddef|stdint|stdio|stdlib|string)\.h>|"core/[a-z]+\.h"|"nvmemp_uapi\.h"'
)"

# Memory, strings, formatting into memory, sorting: no file, clock, environment, lock or exit.
allowed='malloc calloc realloc free memcpy memcmp memset memmove strlen strcmp strncmp strchr
strrchr strstr strspn strcspn strpbrk snprintf vsnprintf sprintf qsort __stack_chk_fail
_GLOBAL_OFFSET_TABLE_ __sprintf_chk __snprintf_chk __vsnprintf_chk __memcpy_chk'
result core_calls_nothing_that_touches_the_machine "$(
	for symbol in $(nm -u "$B/libnvmemp-core.a" 2>/dev/null | sed -n 's/^ *U //p' | sort -u); do
		case $symbol in
		mp_* | __asan_* | __ubsan_* | __gcov_*) ;;
		*) printf '%s\n' "$allowed" | tr ' ' '\n' | grep -qxF "$symbol" || echo "$symbol" ;;
		esac
	done
)"

result core_was_built "$([ -s "$B/libnvmemp-core.a" ] || echo "$B/libnvmemp-core.a is not there")"

result the_cli_uses_the_public_header_only "$(
	grep -n '^#include "' daemon/nvmempctl*.[ch] | grep -vE '"(nvmemp|nvmempctl(-doctor)?)\.h"'
)"

result header_and_export_list_agree "$(
	sed -n 's/.*[ *]\(nvmemp_[a-z_]*\)(.*/\1/p' libnvmemp/nvmemp.h | grep -v nvmemp_error\(\) | sort -u >"$B/header.list"
	sed -n 's/^\t\(nvmemp_[a-z_]*\);.*/\1/p' libnvmemp/libnvmemp.sym | sort -u >"$B/sym.list"
	diff "$B/header.list" "$B/sym.list"
)"

# Without the shim for kernel versions and the words that user space shares
result the_kernel_target_stays_small "$(
	lines=$(find kernel -name '*.[ch]' ! -name '*.mod.c' ! -name compat.h ! -name nvmemp_uapi.h -exec cat {} + | grep -vc '^$')
	[ "$lines" -lt 3200 ] || echo "$lines lines"
)"
echo "1..$n"
