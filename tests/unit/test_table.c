// SPDX-License-Identifier: GPL-2.0
/* table and status: the target's lines */
#include <errno.h>

#include "unit.h"

#include "core/arena.h"
#include "core/status.h"
#include "core/table.h"

#define TWO "4 policy numa no_path 60 2 259:0 2 ana optimized 259:1 2 ana optimized"

static void table_goes_there_and_back(void **state)
{
	static const char *const rows[] = {
		TWO,
		"4 policy round-robin no_path queue 1 259:0 2 ana inaccessible",
		"4 policy numa no_path fail 1 259:0 6 ana change preferred disabled failed flush_failfast",
		"4 policy numa no_path 86400 3 1:1 3 ana persistent-loss disabled "
		"4095:1048575 3 ana non-optimized preferred 1:3 3 ana optimized failed",
	};
	char buf[1000];
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		struct mp_arena *arena = mp_arena_new();
		struct mp_err err = { "" };
		struct mp_map map = { 0 };

		check_int(rows[i], mp_table_parse(arena, rows[i], &map, &err), 0);
		check_int("fits", mp_table_print(&map, buf, sizeof(buf)), 0);
		check_text("the same", buf, rows[i]);
		check_int("no room", mp_table_print(&map, buf, strlen(rows[i])), -ENOSPC);
		mp_arena_free(arena);
	}
}

static void table_that_is_none_is_refused(void **state)
{
	static const struct {
		const char *text, *err;
	} rows[] = {
		{ "", "table: \"\" is no number of feature words" },
		{ "3 policy numa no_path", "table: \"3\" is no number of feature words" },
		{ "20 a b c d e f", "table: \"20\" is no number of feature words" },
		{ "6 a b c d e f", "table: unknown feature \"a b\"" },
		{ "2 anatt 0 1 1:1 0", "table: unknown feature \"anatt 0\"" },
		{ "2 failback never 1 1:1 0", "table: unknown feature \"failback never\"" },
		{ "2 write_hold 600001 1 1:1 0", "table: unknown feature \"write_hold 600001\"" },
		{ "0 1 1:1 2 weight 0", "table: unknown word \"0\" of path 1:1" },
		{ "0 1 1:1 1 weight", "table: unknown word \"weight\" of path 1:1" },
		{ "0 1 1:1 2 kato 600001", "table: unknown word \"600001\" of path 1:1" },
		{ "2 policy fastest 1 1:1 0", "table: unknown feature \"policy fastest\"" },
		{ "2 no_path 0 1 1:1 0", "table: unknown feature \"no_path 0\"" },
		{ "2 colour red 1 1:1 0", "table: unknown feature \"colour red\"" },
		{ "0 0", "table: \"0\" is no number of paths" },
		{ "0 33", "table: \"33\" is no number of paths" },
		{ "0", "table: \"\" is no number of paths" },
		{ "0 1 nvme0n1 0", "table: \"nvme0n1\" is no device number" },
		{ "0 1 1:1", "table: unknown word \"\" of path 1:1" },
		{ "0 1 1:1 13 a b c d e f g", "table: unknown word \"13\" of path 1:1" },
		{ "0 1 1:1 1 ana", "table: unknown word \"ana\" of path 1:1" },
		{ "0 1 1:1 2 ana best", "table: unknown word \"best\" of path 1:1" },
		{ "0 1 1:1 1 shiny", "table: unknown word \"shiny\" of path 1:1" },
		{ "0 2 1:1 0", "table: \"\" is no device number" },
		{ "0 1 1:1 0 more", "table: words behind the last path" },
	};
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		struct mp_arena *arena = mp_arena_new();
		struct mp_map map = { .name = "kept" };
		struct mp_err err = { "" };

		check_int(rows[i].text, mp_table_parse(arena, rows[i].text, &map, &err), -EINVAL);
		check_text(rows[i].text, err.text, rows[i].err);
		check_int("untouched", map.nr_paths, 0);
		mp_arena_free(arena);
	}
}

static void status_is_read(void **state)
{
	static const char line[] = "1 7 waiting latency queue 7 259:1 - 99 2 18 "
				   "259:0 F optimized 1 2 3 4 9 10 11 1 1 0 1 12 13 2 24 "
				   "259:1 B inaccessible 5 6 7 8 14 15 16 2 2 2 1 17 18 3 51";
	static const char newer[] = "2 9 up numa fail 0 - 259:0 0 NEW WORDS 1 20 "
				    "259:0 M optimized 1 2 3 4 0 0 0 0 0 0 0 0 0 0 0 MORE OF-THEM";
	static const char older[] = "1 7 up numa fail 0 - 259:1 0 2 16 "
				    "259:0 A optimized 1 2 3 4 0 0 0 0 0 0 0 9 9 "
				    "259:1 A optimized 5 6 7 8 0 0 0 0 0 0 0 9 9";
	struct mp_arena *arena = mp_arena_new();
	struct mp_err err = { "" };
	struct mp_status st;

	assert_int_equal(mp_status_parse(arena, line, &st, &err), 0);
	assert_int_equal(st.state, MP_MAP_WAITING);
	assert_int_equal(st.policy, MP_POLICY_LATENCY);
	assert_int_equal(st.nr_waited, 99);
	assert_int_equal(st.no_path, MP_NO_PATH_QUEUE);
	assert_int_equal(st.nr_queued, 7);
	assert_int_equal(st.preferred, 1);
	assert_int_equal(st.current, -1);
	assert_int_equal(st.nr_paths, 2);
	assert_int_equal(st.paths[0].state, MP_PATH_FAILED);
	assert_int_equal(st.paths[1].state, MP_PATH_BLOCKED);
	assert_int_equal(st.paths[1].ana, MP_ANA_INACCESSIBLE);
	assert_int_equal(st.paths[1].in_flight, 5);
	assert_int_equal(st.paths[1].io_count, 6);
	assert_int_equal(st.paths[1].error_count, 7);
	assert_int_equal(st.paths[1].failover_count, 8);
	assert_int_equal(st.paths[1].retry_count, 14);
	assert_int_equal(st.paths[1].sectors_read, 15);
	assert_int_equal(st.paths[1].sectors_written, 16);
	assert_int_equal(st.paths[0].errors[MP_ERROR_BUSY], 0);
	assert_int_equal(st.paths[0].errors[MP_ERROR_CALLER], 1);
	assert_int_equal(st.paths[1].mean_us, 17);
	assert_int_equal(st.paths[1].max_us, 18);
	assert_int_equal(st.paths[1].sampled, 3);
	assert_int_equal(st.paths[1].sampled_us, 51);

	assert_int_equal(mp_status_parse(arena, newer, &st, &err), 0);
	assert_int_equal(st.current, 0);
	assert_int_equal(st.paths[0].failover_count, 4);
	assert_int_equal(st.paths[0].state, MP_PATH_MARGINAL);

	assert_int_equal(mp_status_parse(arena, older, &st, &err), 0);
	assert_int_equal(st.paths[1].in_flight, 5);
	assert_int_equal(st.paths[1].sampled, 0);
	mp_arena_free(arena);
}

static void status_that_is_none_is_refused(void **state)
{
	static const struct {
		const char *text, *err;
	} rows[] = {
		{ "", "status: did not expect \"\"" },
		{ "0 6 up numa fail 0 - - 1 7 1:1 A optimized 0 0 0 0", "status: did not expect \"0\"" },
		{ "1 5 up numa fail 0 -", "status: did not expect \"5\"" },
		{ "1 7 fine numa fail 0 - -", "status: did not expect \"fine\"" },
		{ "1 7 up best fail 0 - -", "status: did not expect \"best\"" },
		{ "1 7 up numa never 0 - -", "status: did not expect \"never\"" },
		{ "1 7 up numa fail x - -", "status: did not expect \"x\"" },
		{ "1 7 up numa fail 0 - - 0 0 16", "status: did not expect \"0\"" },
		{ "1 7 up numa fail 0 - - 0 1 15 1:1 A optimized 0 0 0", "status: did not expect \"15\"" },
		{ "1 7 up numa fail 0 - - 0 1 16 x A optimized 0 0 0 0", "status: did not expect \"x\"" },
		{ "1 7 up numa fail 0 - - 0 1 16 1:1 Z optimized 0 0 0 0", "status: did not expect \"Z\"" },
		{ "1 7 up numa fail 0 - - 0 1 16 1:1 A great 0 0 0 0", "status: did not expect \"great\"" },
		{ "1 7 up numa fail 0 - - 0 1 16 1:1 A optimized 0 0 0", "status: did not expect \"\"" },
		{ "1 7 up numa fail 0 - - 0 2 16 1:1 A optimized 0 0 0 0 0 0 0 0 0 0 0 0 0", "status: did not expect \"\"" },
		{ "1 99 up", "status: did not expect \"99\"" },
	};
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		struct mp_arena *arena = mp_arena_new();
		struct mp_status st = { .nr_queued = 42 };
		struct mp_err err = { "" };

		check_int(rows[i].text, mp_status_parse(arena, rows[i].text, &st, &err), -EINVAL);
		check_text(rows[i].text, err.text, rows[i].err);
		check_int("untouched", st.nr_queued, 42);
		mp_arena_free(arena);
	}
}

static void no_text_crashes_a_parser(void **state)
{
	static const char status[] = "1 7 up numa 60 0 - 259:0 0 2 16 "
				     "259:0 A optimized 0 54 0 0 0 8 8 0 0 0 0 20 30 "
				     "259:1 A optimized 0 0 0 0 0 0 0 0 0 0 0 0 0";
	unsigned char buf[900];
	uint32_t seed = 3, i;
	size_t len;

	for (i = 0; i < ROUNDS; i++) {
		struct mp_arena *arena = mp_arena_new();
		struct mp_map map = { 0 };
		struct mp_status st;

		mutate(TWO, strlen(TWO), buf, &len, &seed);
		mp_table_parse(arena, (char *)buf, &map, NULL);
		mutate(status, strlen(status), buf, &len, &seed);
		mp_status_parse(arena, (char *)buf, &st, NULL);
		mp_arena_free(arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_goes_there_and_back),
		cmocka_unit_test(table_that_is_none_is_refused),
		cmocka_unit_test(status_is_read),
		cmocka_unit_test(status_that_is_none_is_refused),
		cmocka_unit_test(no_text_crashes_a_parser),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
