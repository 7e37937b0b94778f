// SPDX-License-Identifier: GPL-2.0
/* Conversations: what the target says of a path, and what is wished for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../daemon/health.c"

struct talk {
	struct health *h;
	struct mp_path_status status;
	struct mp_loaded_map map;
	struct mp_loaded loaded;
};

static int setup(void **state)
{
	struct talk *t = calloc(1, sizeof(*t));

	t->h = health_new();
	t->status = (struct mp_path_status){
		.major = 259, .minor = 1, .state = MP_PATH_ACTIVE, .ana = MP_ANA_OPTIMIZED,
	};
	t->map.map.uuid = "nvmemp-a";
	t->map.status.paths = &t->status;
	t->map.status.nr_paths = 1;
	t->loaded.maps = &t->map;
	t->loaded.nr_maps = 1;
	*state = t;
	return 0;
}

static int teardown(void **state)
{
	struct talk *t = *state;

	health_free(t->h);
	free(t);
	return 0;
}

static void says(struct talk *t, enum mp_path_state state, uint64_t now_ms)
{
	t->status.state = state;
	assert_int_equal(health_update(t->h, &t->loaded, now_ms), 0);
}

static void wants_probe(struct talk *t, bool wanted)
{
	struct health_path p = { NULL };

	assert_int_equal(health_take_probe(t->h, &p), wanted);
	if (wanted) {
		assert_string_equal(p.uuid, "nvmemp-a");
		assert_int_equal(p.minor, 1);
	}
	assert_false(health_take_probe(t->h, &p));
}

/* Takes the good answer and confirms it: is the path to be reinstated? */
static bool reinstates(struct talk *t, bool belongs, uint64_t now_ms)
{
	struct health_path p;

	assert_true(health_take_good(t->h, &p));
	return health_confirm(t->h, &p, belongs, now_ms);
}

static void failed_path_is_probed_once_and_reinstated(void **state)
{
	struct talk *t = *state;

	says(t, MP_PATH_ACTIVE, 1000);
	wants_probe(t, false);
	assert_int_equal(health_wake_ms(t->h), 0);
	says(t, MP_PATH_FAILED, 2000);
	wants_probe(t, true);
	says(t, MP_PATH_FAILED, 2010);
	wants_probe(t, false);
	health_probed(t->h, 259, 1, true, 2020);
	assert_true(reinstates(t, true, 2020));
	says(t, MP_PATH_ACTIVE, 2030);
	wants_probe(t, false);
	assert_int_equal(health_wake_ms(t->h), 0);
}

static void good_probe_of_another_namespace_reinstates_nothing(void **state)
{
	struct talk *t = *state;

	says(t, MP_PATH_FAILED, 1000);
	wants_probe(t, true);
	health_probed(t->h, 259, 1, true, 1001);
	assert_false(reinstates(t, false, 1001));
	assert_int_equal(health_wake_ms(t->h), 2001);
}

static void bad_probe_is_repeated_with_a_backoff(void **state)
{
	struct talk *t = *state;

	says(t, MP_PATH_FAILED, 1000);
	wants_probe(t, true);
	health_probed(t->h, 259, 1, false, 1000);
	assert_int_equal(health_wake_ms(t->h), 2000);
	says(t, MP_PATH_FAILED, 1999);
	wants_probe(t, false);
	says(t, MP_PATH_FAILED, 2000);
	wants_probe(t, true);
	health_probed(t->h, 259, 1, false, 2000);
	assert_int_equal(health_wake_ms(t->h), 4000);
}

static void reconnect_does_not_wait_for_the_backoff(void **state)
{
	struct talk *t = *state;

	says(t, MP_PATH_FAILED, 1000);
	wants_probe(t, true);
	health_probed(t->h, 259, 1, false, 1000);
	health_connected(t->h, 259, 1, 1100);
	wants_probe(t, true);
}

static void disabled_path_is_left_alone(void **state)
{
	struct talk *t = *state;

	says(t, MP_PATH_DISABLED, 1000);
	wants_probe(t, false);
	health_connected(t->h, 259, 1, 1100);
	wants_probe(t, false);
	assert_int_equal(health_wake_ms(t->h), 0);
}

static void disabling_ends_the_wait_of_a_failed_path(void **state)
{
	struct talk *t = *state;

	says(t, MP_PATH_FAILED, 1000);
	wants_probe(t, true);
	health_probed(t->h, 259, 1, false, 1000);
	says(t, MP_PATH_DISABLED, 1500);
	assert_int_equal(health_wake_ms(t->h), 0);
}

static void answer_that_nobody_waits_for_does_nothing(void **state)
{
	struct talk *t = *state;
	struct health_path p;

	says(t, MP_PATH_ACTIVE, 1000);
	health_probed(t->h, 259, 1, true, 1001);
	assert_false(health_take_good(t->h, &p));
}

/* One round of fail, good probe, reinstate */
static void flap(struct talk *t, uint64_t now_ms)
{
	says(t, MP_PATH_FAILED, now_ms);
	wants_probe(t, true);
	health_probed(t->h, 259, 1, true, now_ms);
	assert_true(reinstates(t, true, now_ms));
}

static void path_that_fails_at_once_again_waits_longer_each_time(void **state)
{
	struct talk *t = *state;

	flap(t, 10000);
	says(t, MP_PATH_FAILED, 10010);
	wants_probe(t, false);
	assert_int_equal(health_wake_ms(t->h), 11000);
	flap(t, 11000);
	says(t, MP_PATH_FAILED, 11010);
	wants_probe(t, false);
	assert_int_equal(health_wake_ms(t->h), 13000);
}

static void path_that_served_for_a_while_does_not_wait(void **state)
{
	struct talk *t = *state;

	flap(t, 10000);
	says(t, MP_PATH_ACTIVE, 10010);
	says(t, MP_PATH_FAILED, 20000);
	wants_probe(t, true);
}

static void unusable_ana_state_is_read_again_with_a_backoff(void **state)
{
	struct talk *t = *state;
	struct health_path p;

	t->status.ana = MP_ANA_INACCESSIBLE;
	says(t, MP_PATH_ACTIVE, 1000);
	assert_false(health_take_recheck(t->h, &p));
	assert_int_equal(health_wake_ms(t->h), 2000);
	says(t, MP_PATH_ACTIVE, 2000);
	assert_true(health_take_recheck(t->h, &p));
	assert_false(health_take_recheck(t->h, &p));
	assert_int_equal(health_wake_ms(t->h), 4000);
	t->status.ana = MP_ANA_NONOPTIMIZED;
	says(t, MP_PATH_ACTIVE, 4000);
	assert_false(health_take_recheck(t->h, &p));
	assert_int_equal(health_wake_ms(t->h), 0);
}

static void path_that_left_its_map_is_forgotten(void **state)
{
	struct talk *t = *state;

	says(t, MP_PATH_FAILED, 1000);
	t->map.status.nr_paths = 0;
	says(t, MP_PATH_FAILED, 1100);
	wants_probe(t, false);
	assert_int_equal(health_wake_ms(t->h), 0);
}

#define ROW(claim) cmocka_unit_test_setup_teardown(claim, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(failed_path_is_probed_once_and_reinstated),
		ROW(good_probe_of_another_namespace_reinstates_nothing),
		ROW(bad_probe_is_repeated_with_a_backoff),
		ROW(reconnect_does_not_wait_for_the_backoff),
		ROW(disabled_path_is_left_alone),
		ROW(disabling_ends_the_wait_of_a_failed_path),
		ROW(answer_that_nobody_waits_for_does_nothing),
		ROW(path_that_fails_at_once_again_waits_longer_each_time),
		ROW(path_that_served_for_a_while_does_not_wait),
		ROW(unusable_ana_state_is_read_again_with_a_backoff),
		ROW(path_that_left_its_map_is_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
