// SPDX-License-Identifier: GPL-2.0
/* The target's choice of a path: the same header that the kernel module compiles. */
#include <string.h>

#include "unit.h"

#include "select.h"

#define NONE	NVMEMP_NO_PATH

static void classes_follow_their_table(void **state)
{
	static const struct {
		const char *name;
		u32 optimized, nonoptimized, preferred, failed, reserve, want;
	} rows[] = {
		{ "nothing", 0, 0, 0, 0, 0, 0 },
		{ "optimized before non-optimized", 0x6, 0x9, 0, 0, 0, 0x6 },
		{ "one optimized failed", 0x6, 0x9, 0, 0x2, 0, 0x4 },
		{ "all optimized failed", 0x6, 0x9, 0, 0x6, 0, 0x9 },
		{ "non-optimized only", 0, 0x8, 0, 0, 0, 0x8 },
		{ "all failed", 0x6, 0x9, 0, 0xf, 0, 0 },
		{ "more failed than there are", 0x1, 0, 0, ~0u, 0, 0 },
		{ "preferred", 0x3, 0, 0x2, 0, 0, 0x2 },
		{ "preferred is non-optimized", 0x1, 0x2, 0x2, 0, 0, 0x2 },
		{ "preferred failed", 0x3, 0, 0x2, 0x2, 0, 0x1 },
		{ "preferred is in no class", 0x1, 0, 0x4, 0, 0, 0x1 },
		{ "one in reserve", 0x3, 0, 0, 0, 0x1, 0x2 },
		{ "non-optimized before optimized in reserve", 0x1, 0x2, 0, 0, 0x1, 0x2 },
		{ "reserve when the rest failed", 0x3, 0, 0, 0x2, 0x1, 0x1 },
		{ "all in reserve: as if none were", 0x1, 0x2, 0, 0, 0x3, 0x1 },
		{ "preferred in reserve waits", 0x3, 0, 0x1, 0, 0x1, 0x2 },
		{ "preferred in reserve with all others", 0x3, 0, 0x2, 0, 0x3, 0x2 },
		{ "reserve and failed: failed", 0x1, 0, 0, 0x1, 0x1, 0 },
		{ "the last of 32", 0x80000000, 0x1, 0, 0, 0, 0x80000000 },
	};
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		struct nvmemp_select s = {
			.optimized = rows[i].optimized, .nonoptimized = rows[i].nonoptimized,
			.preferred = rows[i].preferred,
		};

		check_int(rows[i].name, nvmemp_candidates(&s, rows[i].failed, rows[i].reserve),
			  rows[i].want);
	}
}

/* By its definition, in words: for every small combination */
static u32 slow_candidates(const struct nvmemp_select *s, u32 failed, u32 reserve)
{
	u32 pool, round;

	for (round = 0; round < 2; round++) {
		pool = ~failed & (round ? ~0u : ~reserve);
		if (s->preferred & pool & (s->optimized | s->nonoptimized))
			return s->preferred;
		if (s->optimized & pool)
			return s->optimized & pool;
		if (s->nonoptimized & pool)
			return s->nonoptimized & pool;
	}
	return 0;
}

static void classes_follow_their_definition(void **state)
{
	u32 opt, non, pref, failed, reserve;

	for (opt = 0; opt < 8; opt++)
		for (non = 0; non < 8; non++)
			for (pref = 0; pref <= 4; pref = pref ? pref * 2 : 1)
				for (failed = 0; failed < 8; failed++)
					for (reserve = 0; reserve < 8; reserve++) {
						struct nvmemp_select s = {
							.optimized = opt, .nonoptimized = non & ~opt,
							.preferred = pref,
						};

						assert_int_equal(nvmemp_candidates(&s, failed, reserve),
								 slow_candidates(&s, failed, reserve));
					}
}

static void the_next_goes_round(void **state)
{
	assert_int_equal(nvmemp_next(0x7, 0), 1);
	assert_int_equal(nvmemp_next(0x7, 2), 0);
	assert_int_equal(nvmemp_next(0x5, 0), 2);
	assert_int_equal(nvmemp_next(0x4, 2), 2);
	assert_int_equal(nvmemp_next(0x3, NONE), 0);
	assert_int_equal(nvmemp_next(0xc0000000, 30), 31);
	assert_int_equal(nvmemp_next(0xc0000000, 31), 30);
}

static void the_nth_goes_round(void **state)
{
	assert_int_equal(nvmemp_nth(0x15, 0), 0);
	assert_int_equal(nvmemp_nth(0x15, 1), 2);
	assert_int_equal(nvmemp_nth(0x15, 2), 4);
	assert_int_equal(nvmemp_nth(0x15, 3), 0);
	assert_int_equal(nvmemp_nth(0x80000000, 77), 31);
}

static void the_nearest_is_the_first_of_the_nearest(void **state)
{
	u8 distance[NVMEMP_SLOTS];

	memset(distance, 20, sizeof(distance));
	assert_int_equal(nvmemp_pick_nearest(0x6, distance), 1);
	distance[2] = 10;
	assert_int_equal(nvmemp_pick_nearest(0x6, distance), 2);
	assert_int_equal(nvmemp_pick_nearest(0x3, distance), 0);
	distance[31] = 5;
	assert_int_equal(nvmemp_pick_nearest(~0u, distance), 31);
	assert_int_equal(nvmemp_pick_nearest(0, distance), NONE);
}

static void round_robin_gives_each_its_weight(void **state)
{
	struct nvmemp_select s = { .weight = { [0] = 1, [2] = 3, [4] = 1, [7] = 5 } };
	unsigned int used[NVMEMP_SLOTS] = { 0 }, i;
	struct nvmemp_turn turn = { 0, 0 };

	for (i = 0; i < 1000; i++)
		used[nvmemp_pick_turn(&s, 0x95, &turn)]++;
	assert_int_equal(used[0], 100);
	assert_int_equal(used[2], 300);
	assert_int_equal(used[4], 100);
	assert_int_equal(used[7], 500);
	/* a path that leaves in the middle of its turn is not taken again */
	turn = (struct nvmemp_turn){ .last = 7, .left = 4 };
	assert_int_equal(nvmemp_pick_turn(&s, 0x15, &turn), 0);
}

struct model {
	struct {
		u32 depth, latency;
	} load[NVMEMP_SLOTS];
};

static u64 depth_cost(const void *from, unsigned int i)
{
	return nvmemp_depth_cost(((const struct model *)from)->load[i].depth);
}

static u64 latency_cost(const void *from, unsigned int i)
{
	const struct model *m = from;

	return nvmemp_latency_cost(m->load[i].depth, m->load[i].latency);
}

static void the_least_costly_is_taken(void **state)
{
	static const struct {
		const char *name;
		struct model m;
		u8 weight[3];
		u32 set;
		u8 last;
		bool latency;
		unsigned int want;
	} rows[] = {
		{ "equal: the next", { { { 4, 0 }, { 4, 0 }, { 4, 0 } } }, { 1, 1, 1 }, 7, 0, false, 1 },
		{ "equal: and round", { { { 4, 0 }, { 4, 0 }, { 4, 0 } } }, { 1, 1, 1 }, 7, 2, false, 0 },
		{ "least depth", { { { 4, 0 }, { 9, 0 }, { 1, 0 } } }, { 1, 1, 1 }, 7, 0, false, 2 },
		{ "not in the set", { { { 4, 0 }, { 9, 0 }, { 1, 0 } } }, { 1, 1, 1 }, 3, 0, false, 0 },
		{ "one only", { { { 4, 0 }, { 9, 0 }, { 1, 0 } } }, { 1, 1, 1 }, 2, 1, false, 1 },
		{ "less than an eighth is nothing",
		  { { { 99, 0 }, { 95, 0 }, { 99, 0 } } }, { 1, 1, 1 }, 3, 1, false, 0 },
		{ "more than an eighth is", { { { 99, 0 }, { 80, 0 }, { 99, 0 } } }, { 1, 1, 1 }, 3, 1, false, 1 },
		{ "weight", { { { 4, 0 }, { 9, 0 }, { 4, 0 } } }, { 1, 5, 1 }, 7, 2, false, 1 },
		{ "latency", { { { 0, 900 }, { 3, 100 }, { 0, 500 } } }, { 1, 1, 1 }, 7, 0, true, 1 },
		{ "latency and depth", { { { 0, 900 }, { 19, 100 }, { 0, 500 } } }, { 1, 1, 1 }, 7, 0, true, 2 },
		{ "not known yet: tried", { { { 5, 900 }, { 5, 0 }, { 0, 1 } } }, { 1, 1, 1 }, 7, 0, true, 1 },
		{ "no overflow", { { { 1 << 20, ~0u }, { 2, 100 }, { 1 << 20, ~0u } } }, { 1, 100, 1 }, 7, 0, true, 1 },
	};
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		struct nvmemp_select s = { 0 };
		struct nvmemp_turn turn = { rows[i].last, 0 };
		unsigned int got, k;

		for (k = 0; k < 3; k++)
			nvmemp_set_weight(&s, k, rows[i].weight[k]);
		got = nvmemp_pick_least(&s, rows[i].set, &turn,
					rows[i].latency ? latency_cost : depth_cost, &rows[i].m);
		check_int(rows[i].name, got, rows[i].want);
		assert_int_equal(turn.last, got);
	}
}

/* CPUs that know little of each other come to use paths as their weights say. */
static void depths_settle_by_weight(void **state)
{
	struct nvmemp_select s = { 0 };
	struct model m = { 0 };
	struct nvmemp_turn turn = { 0, 0 };
	unsigned int i;

	nvmemp_set_weight(&s, 0, 1);
	nvmemp_set_weight(&s, 1, 3);
	for (i = 0; i < 400; i++)
		m.load[nvmemp_pick_least(&s, 0x3, &turn, depth_cost, &m)].depth++;
	assert_in_range(m.load[0].depth, 88, 112);
}

static void the_average_follows(void **state)
{
	u32 average = 0;
	int i;

	average = nvmemp_average(average, 8000);
	assert_int_equal(average, 8000);
	for (i = 0; i < 40; i++)
		average = nvmemp_average(average, 800);
	assert_in_range(average, 800, 900);
	for (i = 0; i < 40; i++)
		average = nvmemp_average(average, ~0u);
	assert_true(average > 4200000000u);
	/* 0 means that nothing is known */
	for (i = 0; i < 1000; i++)
		average = nvmemp_average(average, 0);
	assert_int_equal(average, 1);
	assert_int_equal(nvmemp_average(0, 0), 1);
}

static void the_shared_depth_follows(void **state)
{
	u32 shared = 0;
	int i;

	for (i = 0; i < 200; i++)
		shared = nvmemp_smooth(shared, 50);
	assert_in_range(nvmemp_shared_depth(shared), 48, 50);
	for (i = 0; i < 400; i++)
		shared = nvmemp_smooth(shared, 0);
	assert_int_equal(nvmemp_shared_depth(shared), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(classes_follow_their_table),
		cmocka_unit_test(classes_follow_their_definition),
		cmocka_unit_test(the_next_goes_round),
		cmocka_unit_test(the_nth_goes_round),
		cmocka_unit_test(the_nearest_is_the_first_of_the_nearest),
		cmocka_unit_test(round_robin_gives_each_its_weight),
		cmocka_unit_test(the_least_costly_is_taken),
		cmocka_unit_test(depths_settle_by_weight),
		cmocka_unit_test(the_average_follows),
		cmocka_unit_test(the_shared_depth_follows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
