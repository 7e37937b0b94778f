# shellcheck shell=bash disable=SC2154,SC2016
# SPDX-License-Identifier: GPL-2.0
# blktests, as tests/upstream.sh has copied and built it, on a map.
#
#    nvme0 --- nvme0n1 --.
#                         >-- map --- blktests
#    nvme1 --- nvme1n1 --'
#
# topology: pcie2
# files: build/vm/upstream/blktests
# time limit: 7200

wait_boot
one_map 2
printf '%s\n' "TEST_DEVS=($dm)" DEVICE_ONLY=1 QUICK_RUN=1 TIMEOUT=10 >blktests/config
expect "blktests, all tests passed" eval '(cd blktests && ./check $TESTS)'
one_map 2
