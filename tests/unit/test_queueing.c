// SPDX-License-Identifier: GPL-2.0
/* What turning queueing off and on says to which map. */
#include <errno.h>

#include "unit.h"

#include "../../daemon/queueing.c"
#include "core/words.h"

void log_line(int priority, const char *fmt, ...)
{
}

static char said[400];

static int fake_message(void *self, const struct mp_step *step, struct mp_err *err)
{
	size_t used = strlen(said);

	snprintf(said + used, sizeof(said) - used, "%s: %s\n", step->name, step->text);
	return strcmp(step->name, "broken") ? 0 : -EIO;
}

#define MAP(n, table, path, why) \
	{ .map = { .name = n, .uuid = "nvmemp-" n, .no_path = path }, .has_table = table, .bad = why }

static struct mp_loaded_map maps[] = {
	MAP("broken", true, MP_NO_PATH_QUEUE, ""),
	MAP("empty", false, MP_NO_PATH_FAIL, ""),
	MAP("fails", true, MP_NO_PATH_FAIL, ""),
	MAP("strange", true, MP_NO_PATH_FAIL, "table: not understood"),
	MAP("waits", true, 60, ""),
};
static const struct mp_loaded loaded = { .maps = maps, .nr_maps = COUNT(maps) };
static const struct mp_ops ops = { .message = fake_message };

static void off_reaches_all_that_may_queue(void **state)
{
	said[0] = '\0';
	assert_int_equal(queueing_tell(&ops, &loaded, false), -EIO);
	check_text("off", said, "broken: no_path fail\nstrange: no_path fail\nwaits: no_path fail\n");
}

static void on_changes_nothing_but_is_heard(void **state)
{
	said[0] = '\0';
	assert_int_equal(queueing_tell(&ops, &loaded, true), -EIO);
	check_text("on", said, "broken: no_path queue\nfails: no_path fail\nwaits: no_path 60\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(off_reaches_all_that_may_queue),
		cmocka_unit_test(on_changes_nothing_but_is_heard),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
