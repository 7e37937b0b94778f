// SPDX-License-Identifier: GPL-2.0
/* The target's choice of a path: the same header that the kernel module compiles. */
#include "unit.h"

#include "select.h"

#define NUMA	NVMEMP_SELECT_NUMA
#define RR	NVMEMP_SELECT_ROUND_ROBIN
#define NONE	NVMEMP_NO_PATH

static void choice_follows_its_table(void **state)
{
	static const struct {
		const char *name;
		struct nvmemp_select s;
		u32 except;
		unsigned int last, want;
	} rows[] = {
		{ "nothing", { 0, 0, 0, NUMA }, 0, 0, NONE },
		{ "first optimized", { 0x6, 0x9, 0, NUMA }, 0, 0, 1 },
		{ "numa stays", { 0x6, 0x9, 0, NUMA }, 0, 1, 1 },
		{ "optimized one is out", { 0x6, 0x9, 0, NUMA }, 0x2, 1, 2 },
		{ "all optimized are out", { 0x6, 0x9, 0, NUMA }, 0x6, 1, 0 },
		{ "non-optimized only", { 0, 0x8, 0, NUMA }, 0, 0, 3 },
		{ "all are out", { 0x6, 0x9, 0, NUMA }, 0xf, 0, NONE },
		{ "more is out than there is", { 0x1, 0, 0, NUMA }, 0xffffffff, 0, NONE },
		{ "preferred", { 0x3, 0, 0x2, NUMA }, 0, 0, 1 },
		{ "preferred is non-optimized", { 0x1, 0x2, 0x2, NUMA }, 0, 0, 1 },
		{ "preferred is out", { 0x3, 0, 0x2, NUMA }, 0x2, 0, 0 },
		{ "preferred is in neither class", { 0x1, 0, 0x4, NUMA }, 0, 0, 0 },
		{ "preferred beats round-robin", { 0x7, 0, 0x1, RR }, 0, 0, 0 },
		{ "round-robin goes on", { 0x7, 0, 0, RR }, 0, 0, 1 },
		{ "round-robin goes on again", { 0x7, 0, 0, RR }, 0, 1, 2 },
		{ "round-robin wraps", { 0x7, 0, 0, RR }, 0, 2, 0 },
		{ "round-robin skips", { 0x5, 0x2, 0, RR }, 0, 0, 2 },
		{ "round-robin with one path", { 0x4, 0, 0, RR }, 0, 2, 2 },
		{ "round-robin among non-optimized", { 0x1, 0xe, 0, RR }, 0x1, 1, 2 },
		{ "round-robin from no path", { 0x3, 0, 0, RR }, 0, NONE, 0 },
		{ "the last of 32", { 0x80000000, 0, 0, NUMA }, 0, 0, 31 },
		{ "round-robin to the last", { 0xc0000000, 0, 0, RR }, 0, 30, 31 },
		{ "round-robin from the last", { 0xc0000000, 0, 0, RR }, 0, 31, 30 },
	};
	size_t i;

	for (i = 0; i < COUNT(rows); i++)
		check_int(rows[i].name, nvmemp_pick(&rows[i].s, rows[i].except, rows[i].last),
			  rows[i].want);
}

static void round_robin_is_fair(void **state)
{
	const struct nvmemp_select s = { .optimized = 0xb5, .policy = RR };
	unsigned int used[32] = { 0 }, last = 0, i;

	for (i = 0; i < 500; i++) {
		last = nvmemp_pick(&s, 0, last);
		assert_in_range(last, 0, 31);
		used[last]++;
	}
	for (i = 0; i < 32; i++)
		check_int("uses", used[i], s.optimized >> i & 1 ? 100 : 0);
}

static void a_choice_is_never_one_of_the_excepted(void **state)
{
	uint32_t seed = 1, i;

	for (i = 0; i < ROUNDS; i++) {
		struct nvmemp_select s = {
			.optimized = next_random(&seed),
			.nonoptimized = next_random(&seed),
			.preferred = 1u << next_random(&seed) % 32,
			.policy = i & 1 ? RR : NUMA,
		};
		u32 except = next_random(&seed), all;
		unsigned int got;

		s.nonoptimized &= ~s.optimized;
		all = (s.optimized | s.nonoptimized) & ~except;
		got = nvmemp_pick(&s, except, next_random(&seed) % 32);
		if (!all)
			check_int("no path", got, NONE);
		else
			check_int("one of those left", got < 32 && (all >> got & 1), 1);
		if (all & s.optimized && !(all & s.preferred))
			check_int("an optimized one", s.optimized >> got & 1, 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(choice_follows_its_table),
		cmocka_unit_test(round_robin_is_fair),
		cmocka_unit_test(a_choice_is_never_one_of_the_excepted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
