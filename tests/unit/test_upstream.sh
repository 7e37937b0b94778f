#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tests/upstream.sh with a played checkout of blktests, and a played machine that runs
# its `check` and shows what it prints, as V=1 tests/vm/run.sh does.
# shellcheck source=tests/unit/tap.sh
. tests/unit/tap.sh
tree=$(pwd)/${B:-build}/tests/upstream
rm -rf "$tree"
mkdir -p "$tree/tests/vm" "$tree/blktests/tests"
cp tests/upstream.sh "$tree/tests/"

cat >"$tree/tests/vm/run.sh" <<'RUN'
#!/bin/sh
# the lines before "again" are of a run that waited too long for something
cd build/vm/upstream/blktests && ./check $TESTS >out
status=$?
sed 's/^/    /' out
if grep -q '^machine dies' out; then
	echo "FAIL upstream: no result after 7200 s (log: build/vm/logs/upstream/log)"
	status=1
elif [ $status = 0 ]; then
	echo "ok upstream (60 s)"
else
	echo "FAIL upstream: blktests, all tests passed (log: build/vm/logs/upstream/log)"
fi
echo "$((1 - status)) passed, $status failed, 0 skipped"
exit $status
RUN
chmod +x "$tree/tests/vm/run.sh"

# said NAME STATUS WANTED [ARGUMENT...]: what upstream.sh prints and its exit code
said() {
	local name=$1 status=$2 wanted=$3 got
	shift 3
	got=$(cd "$tree" && tests/upstream.sh "$@" 2>&1; echo "= $?")
	result "$name" "$(diff <(printf '%s\n= %s\n' "$wanted" "$status") <(printf '%s\n' "$got"))"
}

# checkout STATUS TEXT: its check prints that
checkout() {
	printf '#!/bin/sh\ncat <<"OUT"\n%s\nOUT\necho "tests:" "$@"\nexit %d\n' "$2" "$1" >"$tree/blktests/check"
	chmod +x "$tree/blktests/check"
	printf 'all:\n\t@true\n' >"$tree/blktests/Makefile"
}

pad='                                       '
passed="block/001 (stress device hotplugging)$pad [passed]
    runtime  ...  1.234s"
left="block/008 (do IO while hotplugging CPUs)$pad [not run]
    CPU hotplug is not supported"
bad="block/009 (check page-cache coherency)$pad [failed]
    runtime  ...  0.5s
    --- tests/block/009.out
    +++ results/nvmemp/block/009.out.bad
    -[passed] is no result here"
shown() {
	printf '%s\n' "$@" | sed -n '/\[\(passed\|failed\|not run\)\]$/s/^/    /p'
}

said which_checkout 2 "upstream.sh: which checkout of blktests? make check-upstream BLKTESTS=dir"
said no_checkout 2 "upstream.sh: $tree/tests: no checkout of blktests: it has no 'check' or no 'tests'" "$tree/tests"

checkout 0 ""
printf 'all:\n\t@echo no compiler; false\n' >"$tree/blktests/Makefile"
result does_not_build "$(cd "$tree" && tests/upstream.sh blktests 2>&1 | grep -q '^upstream.sh: blktests does not build: ' || echo "it does")"

checkout 0 "$passed
$left"
said passed_and_not_run 0 "$(shown "$passed" "$left")
1 passed, 0 failed, 1 skipped" blktests

checkout 1 "$passed
$bad"
said one_failed 1 "$(shown "$passed" "$bad")
FAIL upstream: blktests, all tests passed (log: build/vm/logs/upstream/log)
1 passed, 1 failed, 0 skipped" blktests

checkout 0 "$passed
machine dies"
said no_end 1 "$(shown "$passed")
FAIL upstream: no result after 7200 s (log: build/vm/logs/upstream/log)
1 passed, 1 failed, 0 skipped" blktests

# a machine that waited too long for something runs once more
checkout 0 "$passed
$bad
$passed
${bad/failed/passed}"
said the_last_result_of_a_test_holds 0 "$(shown "$passed" "$bad" "$passed" "${bad/failed/passed}")
2 passed, 0 failed, 0 skipped" blktests

checkout 0 ""
said nothing_ran 1 "0 passed, 1 failed, 0 skipped" blktests
result the_tests_that_are_asked_for "$(cd "$tree" && tests/upstream.sh blktests block/001 nvme >/dev/null 2>&1
	grep -qx '    tests: block/001 nvme' build/vm/upstream/log || cat build/vm/upstream/log)"
echo "1..$n"
