# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Completion for nvmempctl, which knows itself what may follow.
_nvmempctl() {
	mapfile -t COMPREPLY < <("$1" complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _nvmempctl nvmempctl
