# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Words for the scenarios below: a null_blk disk with memory (data is kept),
# two linear devices over it as paths, and checks that count.
fails=0
ok() { # ok TEXT COMMAND...: the command must succeed
	local t=$1; shift
	if "$@"; then echo "ok   $t"; else echo "FAIL $t: $*"; fails=$((fails + 1)); fi
}
not() { ! "$@"; }
has() { case "$1" in *"$2"*) return 0;; esac; echo "     got: $1"; return 1; }
lacks() { ! case "$1" in *"$2"*) true;; *) false;; esac || { echo "     got: $1"; return 1; }; }
done_() { [ $fails = 0 ] && echo "PASS" || echo "FAILED $fails"; exit $fails; }
devno() { local s; s=$(stat -L -c '%t %T' "$1"); set -- $s; echo "$((0x$1)):$((0x$2))"; }
mknull() { # mknull DIR MB: memory backed disk; prints its node
	local d=/sys/kernel/config/nullb/$1
	mkdir "$d"; echo 1 >"$d/memory_backed"; echo "$2" >"$d/size"; echo 4096 >"$d/blocksize"
	[ -e "$d/discard" ] && echo 1 >"$d/discard"
	echo 2 >"$d/queue_mode"; echo "${3:-0}" >"$d/irqmode"; echo 1 >"$d/power"
	sleep .3
	if [ -b "/dev/$1" ]; then echo "/dev/$1"; else echo "/dev/nullb$(cat "$d/index")"; fi
}
rmnull() { echo 0 >/sys/kernel/config/nullb/$1/power; rmdir /sys/kernel/config/nullb/$1; }
paths() { # paths MB: disk nb0, path devices pa and pb; sets D SZ A B (numbers)
	D=$(mknull nb0 "$1"); SZ=$(blockdev --getsz "$D")
	echo "0 $SZ linear $D 0" | dmsetup create pa
	echo "0 $SZ linear $D 0" | dmsetup create pb
	A=$(devno /dev/mapper/pa); B=$(devno /dev/mapper/pb)
}
swap_table() { # swap_table DEV TABLE: a new table, without flushing
	echo "$2" | dmsetup reload "$1"; dmsetup suspend --noflush --nolockfs "$1"; dmsetup resume "$1"
}
clean() { for d in m pa pb pc; do dmsetup remove $d 2>/dev/null; done; rmnull nb0; }
msg() { dmsetup message m 0 "$@"; }
st() { dmsetup status m; }
letters() { # the letters of the paths
	local s i; s=($(st)); i=$((3 + 1 + 1 + ${s[4]}))
	local n=${s[$i]} w=${s[$((i + 1))]} o=; i=$((i + 2))
	while [ $n -gt 0 ]; do o=$o${s[$((i + 1))]}; i=$((i + w)); n=$((n - 1)); done; echo $o
}
rd() { dd if=/dev/mapper/m of=/dev/null bs=4k count=1 skip=${1:-0} iflag=direct 2>/dev/null; }
secs() { local u; read -r u _ </proc/uptime; echo "${u/./}0"; }
soon() { # soon TEXT COMMAND...: succeeds within 10 s
	local t=$1 n=0; shift
	until "$@" >/dev/null 2>&1; do n=$((n + 1))
	[ $n -lt 1200 ] || { ok "$t" "$@"; return; }
	sleep .1; done
	echo "ok   $t"
}
letters_are() { [ "$(letters)" = "$1" ]; }
is() { has "$(st)" "$1"; }
ios() { local s=($(st)); echo $((s[18] + ${s[36]:-0})); }
running() { # I/O moves
	local a n=0
	a=$(ios)
	while [ "$(ios)" -le $((a + 20)) ]; do sleep .1; n=$((n + 1)); [ $n -lt 1200 ] || { ok "I/O moves" false; return; }; done
}
