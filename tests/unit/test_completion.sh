#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The shell's side of completion; what is offered is in tests/command/complete.txt.
# shellcheck source=tests/unit/tap.sh
. tests/unit/tap.sh
# shellcheck source=daemon/nvmempctl.bash
. daemon/nvmempctl.bash

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cat >"$dir/nvmempctl" <<'END'
#!/bin/sh
[ "$1" = complete ] || exit 2
shift
printf '%s\n' "$#:$*" "\$(touch $(dirname "$0")/executed)"
END
chmod +x "$dir/nvmempctl"

# completes WORD...: the last is where the cursor is
completes() {
	COMP_WORDS=(nvmempctl "$@") COMP_CWORD=$#
	_nvmempctl "$dir/nvmempctl" "${*: -1}" "${COMP_WORDS[COMP_CWORD - 1]}"
}

completes fail 'a b' ''
result the_words_up_to_the_cursor_are_passed "$(
	[ "${COMPREPLY[0]}" = '3:fail a b ' ] || printf '%s\n' "${COMPREPLY[@]}"
)"
result what_is_offered_is_not_executed "$(
	[ "${#COMPREPLY[@]}" = 2 ] || echo "${#COMPREPLY[@]} words"
	[ ! -e "$dir/executed" ] || echo "it was"
)"
result it_is_registered "$(
	complete -p nvmempctl | grep -q _nvmempctl || echo "it is not"
)"
echo "1..$n"
