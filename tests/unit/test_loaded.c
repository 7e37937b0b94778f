// SPDX-License-Identifier: GPL-2.0
/* Maps that are not read again, and which ones need not be. */
#include <errno.h>

#include "unit.h"

#include "core/arena.h"
#include "core/loaded.h"

static struct mp_path_status statuses[2];
static struct mp_path paths[2] = { { .major = 259, .minor = 1, .name = "nvme0n1" },
				   { .major = 259, .minor = 2, .name = "nvme1n1" } };

static struct mp_loaded_map good_map(void)
{
	statuses[0] = statuses[1] = (struct mp_path_status){ .state = MP_PATH_ACTIVE };
	return (struct mp_loaded_map){
		.map = { .name = "a", .uuid = "nvmemp-a", .paths = paths, .nr_paths = 2 },
		.status = { .state = MP_MAP_UP, .paths = statuses, .nr_paths = 2 },
		.has_table = true, .bad = "", .event_nr = 7,
	};
}

static void what_is_out_of_order_is_not_quiet(void **state)
{
	struct mp_loaded_map m = good_map();

	assert_true(mp_loaded_is_quiet(&m));
	statuses[1].in_flight = 3;
	assert_true(mp_loaded_is_quiet(&m));
	statuses[1].state = MP_PATH_FAILED;
	assert_false(mp_loaded_is_quiet(&m));
	m = good_map();
	statuses[0].state = MP_PATH_BLOCKED;
	assert_false(mp_loaded_is_quiet(&m));
	m = good_map();
	m.suspended = true;
	assert_false(mp_loaded_is_quiet(&m));
	m = good_map();
	m.deferred_remove = true;
	assert_false(mp_loaded_is_quiet(&m));
	m = good_map();
	m.has_table = false;
	assert_false(mp_loaded_is_quiet(&m));
	m = good_map();
	m.bad = "what?";
	assert_false(mp_loaded_is_quiet(&m));
	m = good_map();
	m.status.nr_queued = 1;
	assert_false(mp_loaded_is_quiet(&m));
	m = good_map();
	m.status.state = MP_MAP_WAITING;
	assert_false(mp_loaded_is_quiet(&m));
	m = good_map();
	m.status.nr_paths = 1;	/* a table of two paths, a status of one */
	assert_false(mp_loaded_is_quiet(&m));
}

static void a_kept_map_is_as_it_was(void **state)
{
	struct mp_loaded_map old = good_map(), new[2] = { { .kept = true, .map.uuid = "nvmemp-a" },
							  { .map.uuid = "nvmemp-b" } };
	const struct mp_loaded before = { .maps = &old, .nr_maps = 1 };
	struct mp_loaded loaded = { .arena = mp_arena_new(), .maps = new, .nr_maps = 2 };

	old.nqn = "nqn.a";
	old.open_count = 2;
	assert_int_equal(mp_loaded_keep(&loaded, &before), 0);
	assert_false(new[0].kept);
	check_text("name", new[0].map.name, "a");
	check_int("event", new[0].event_nr, 7);
	check_int("open", new[0].open_count, 2);
	check_int("paths", new[0].map.nr_paths, 2);
	check_int("number", new[0].map.paths[1].minor, 2);
	check_int("state", new[0].status.paths[1].state, MP_PATH_ACTIVE);
	/* nothing of it is the old one's, which dies */
	assert_ptr_not_equal(new[0].map.paths, old.map.paths);
	assert_ptr_not_equal(new[0].status.paths, old.status.paths);
	assert_ptr_not_equal(new[0].map.name, old.map.name);
	assert_null(new[0].nqn);
	assert_null(new[1].map.name);
	mp_arena_free(loaded.arena);
}

static void a_kept_map_that_nobody_knows_is_an_error(void **state)
{
	struct mp_loaded_map new = { .kept = true, .map.uuid = "nvmemp-b" }, old = good_map();
	const struct mp_loaded before = { .maps = &old, .nr_maps = 1 };
	struct mp_loaded loaded = { .arena = mp_arena_new(), .maps = &new, .nr_maps = 1 };

	assert_int_equal(mp_loaded_keep(&loaded, &before), -ENOENT);
	mp_arena_free(loaded.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_out_of_order_is_not_quiet),
		cmocka_unit_test(a_kept_map_is_as_it_was),
		cmocka_unit_test(a_kept_map_that_nobody_knows_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
