# shellcheck shell=bash disable=SC2016,SC2154
# SPDX-License-Identifier: GPL-2.0
# Nobody who is not root changes anything, and no client, however bad, stops the
# daemon: it still handles a lost path, and tells of it.
#
#    nvme0 -x- nvme0n1 --.
#                         >-- map
#    nvme1 --- nvme1n1 --'
#
# topology: pcie2

wait_boot
one_map 2
bus=/run/nvmemp/bus
before=$(daemon_pid)
table=$(dmsetup table)
nobody() {
	setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
}
call() {
	nobody busctl --address=unix:path=$bus call org.nvmemp1 "$@"
}
root=/org/nvmemp1
object=$(call $root org.freedesktop.DBus.ObjectManager GetManagedObjects | grep -o "$root/map/[^\"]*" | head -n 1)
expect "an object for the map" test -n "$object"

say "another user reads, and changes nothing"
expect "objects" call $root org.freedesktop.DBus.ObjectManager GetManagedObjects
for method in Refresh Plan Subscribe; do
	expect "$method" call $root org.nvmemp1.Manager $method
done
expect_not "Reload" call $root org.nvmemp1.Manager Reload
for method in Switch Fail Reinstate Release; do
	expect_not "$method" call "$object" org.nvmemp1.Map $method s auto
done
expect_not "Teardown" call "$object" org.nvmemp1.Map Teardown
expect_not "a property" call "$object" org.freedesktop.DBus.Properties Set ssv org.nvmemp1.Map State s failing
expect_eq "the table" "$(dmsetup table)" "$table"

say "exposure of the service: $(systemd-analyze security nvmempd.service --no-pager | sed -n 's/.*exposure level[^:]*: //p')"

say "clients that are half open, many, and without sense"
nobody perl -MSocket -e '
	my @lines = ("", "\0", "\0AUTH", "\0AUTH EXTERNAL 3635353334\r\nBEGIN\r\n", "\xff" x 4096);
	my ($kept, $refused) = (0, 0);
	my @all;
	sub client {
		socket(my $s, AF_UNIX, SOCK_STREAM, 0) or die $!;
		fcntl($s, 4, 04000);	# F_SETFL, O_NONBLOCK
		connect($s, sockaddr_un($ARGV[0])) or return $refused++;
		defined(syswrite($s, $_[0])) or length($_[0]) == 0 or return $refused++;
		push @all, $s;
		$kept++;
	}
	$SIG{PIPE} = "IGNORE";
	client($lines[$_ % 5]) for 1 .. 1000;
	print "half open and without sense: $kept kept, $refused refused\n";
	@all = ();
	# a message of 120 MiB is announced, and half a megabyte of it comes
	client($lines[3] . pack("CCCCVVV", 108, 1, 0, 1, 120 << 20, 1, 8) . "\0" x 65536) for 1 .. 20;
	print "done\n";
	sleep 1;' $bus
expect_eq "the daemon was not restarted" "$(daemon_pid)" "$before"

say "a path is lost"
nvmempctl --json monitor >events &
monitor=$!
nvmempctl monitor >lines &
lines=$!
sleep 1
gone=$(path_of c0)
unplug c0
has() {
	jq -e -s "map(select(.event == \"$1\" and .device == \"$2\")) | length > 0" <events >/dev/null
}
wait_for "its removal in the events" has path-removed "$gone"
expect_eq "the map" "$(status '.maps[0].state')" up
plug c0
wait_for "two usable paths" usable_is 2
wait_for "a new path in the events" grep -q '"path-added"' events
kill $monitor $lines
cat lines
expect "lines for people" grep -q "path-removed $map $gone" lines
expect_eq "the daemon was not restarted" "$(daemon_pid)" "$before"
