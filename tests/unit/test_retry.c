// SPDX-License-Identifier: GPL-2.0
/* When a step may be done again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "../../daemon/retry.c"

static const struct mp_step step = {
	.kind = MP_STEP_MESSAGE, .name = "a", .uuid = "nvmemp-a", .text = "policy numa",
};

static void new_step_may_be_done_now(void **state)
{
	struct retries r = { NULL };

	assert_int_equal(retries_when(&r, &step, 1000), 0);
}

static void failed_step_waits_twice_as_long_each_time(void **state)
{
	struct retries r = { NULL };
	uint64_t now = 1000, wait = 1000;
	int i;

	for (i = 0; i < 10; i++) {
		retries_note(&r, &step, false, now);
		assert_int_equal(retries_when(&r, &step, now), now + wait);
		assert_int_equal(retries_when(&r, &step, now + wait - 1), now + wait);
		assert_int_equal(retries_when(&r, &step, now + wait), 0);
		now += wait;
		wait = wait * 2 > 60000 ? 60000 : wait * 2;
	}
	retries_done(&r);
}

static void step_without_effect_is_not_done_for_ever(void **state)
{
	struct retries r = { NULL };
	uint64_t now = 1000, wait = 100;
	int i;

	for (i = 0; i < 10; i++) {
		retries_note(&r, &step, true, now);
		assert_int_equal(retries_when(&r, &step, now), now + wait);
		now += wait;
		wait = wait * 2 > 10000 ? 10000 : wait * 2;
	}
	retries_done(&r);
}

static void what_was_long_ago_does_not_count(void **state)
{
	struct retries r = { NULL };

	retries_note(&r, &step, true, 1000);
	retries_note(&r, &step, true, 5000);
	assert_int_equal(retries_when(&r, &step, 5000), 5100);
	retries_done(&r);
}

static void another_step_of_the_map_does_not_wait(void **state)
{
	struct retries r = { NULL };
	struct mp_step other = step;

	retries_note(&r, &step, false, 1000);
	other.text = "policy round-robin";
	assert_int_equal(retries_when(&r, &other, 1000), 0);
	other = step;
	other.uuid = "nvmemp-b";
	assert_int_equal(retries_when(&r, &other, 1000), 0);
	other = step;
	other.kind = MP_STEP_RELOAD;
	assert_int_equal(retries_when(&r, &other, 1000), 0);
	retries_done(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(new_step_may_be_done_now),
		cmocka_unit_test(failed_step_waits_twice_as_long_each_time),
		cmocka_unit_test(step_without_effect_is_not_done_for_ever),
		cmocka_unit_test(what_was_long_ago_does_not_count),
		cmocka_unit_test(another_step_of_the_map_does_not_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
