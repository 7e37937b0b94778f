# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: GPL-2.0
# NVMe commands sent to the map are answered by a path that works: identify, a log
# page, the namespace's number; an error that is the command's own comes back as it is. A path
# that was asked can leave.
. ./lib.sh
modprobe dm-nvmemp
A=$(devno /dev/nvme0n1); B=$(devno /dev/nvme1n1); SZ=$(blockdev --getsz /dev/nvme0n1)
echo "0 $SZ nvmemp 0 2 $A 0 $B 0" | dmsetup create m
M=/dev/mapper/m
descriptors() { nvme ns-descs "$1" --raw-binary | tr -d '\0' | od -An -t x1; }
controller() { nvme admin-passthru "$1" --opcode=6 --cdw10=1 --data-len=4096 --read --raw-binary 2>/dev/null | od -An -j 78 -N 2 -t u2 | tr -d ' '; }
answered_by() { [ "$(controller $M)" = "$(controller $1)" ]; }
same() { [ -n "$1" ] && [ "$1" = "$2" ]; }
ok "the controllers can be told apart" test "$(controller /dev/nvme0n1)" != "$(controller /dev/nvme1n1)"
ok "id-ns" same "$(nvme id-ns -o json $M)" "$(nvme id-ns -o json /dev/nvme0n1)"
ok "ns-descs" same "$(descriptors $M)" "$(descriptors /dev/nvme0n1)"
ok "get-ns-id" same "$(nvme get-ns-id $M | grep -o '[0-9]*$')" 1
ok "get-log" same "$(nvme get-log $M --log-id=3 --log-len=512 --raw-binary | md5sum)" "$(nvme get-log /dev/nvme0n1 --log-id=3 --log-len=512 --raw-binary | md5sum)"
ok "smart-log" has "$(nvme smart-log $M)" temperature
for path in nvme0n1 nvme1n1; do
	msg prefer "$(devno /dev/$path)"
	ok "$path answers when it is preferred" answered_by /dev/$path
done
msg prefer none
msg fail_path $A
ok "the other answers for a failed one" answered_by /dev/nvme1n1
msg reinstate_path $A
msg disable_path $B
ok "and for a disabled one" answered_by /dev/nvme0n1
msg reinstate_path $B
out=$(nvme get-log $M --log-id=0x42 --log-len=512 2>&1)
ok "a refused command says so" has "$out" "Invalid"
ok "and costs no path" letters_are AA
msg disable_path $A; msg disable_path $B
ok "without a path it fails" not nvme id-ns $M >/dev/null 2>&1
# its disk stays open for whoever may still ask it, but a new one with its name could join
msg reinstate_path $B
ok "a path that was asked leaves" msg remove_path $A
ok "and is no slave of the map" test "$(ls /sys/block/dm-*/slaves)" = nvme1n1
ok "and joins again" msg add_path $A 0
ok "and answers" nvme id-ns $M >/dev/null
dmsetup remove m; ok "module goes" rmmod dm-nvmemp; done_
