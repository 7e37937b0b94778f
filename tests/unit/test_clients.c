// SPDX-License-Identifier: GPL-2.0
/* Requests to tear a map down or to set something, to the answer; the daemon is played. */
#include <errno.h>

#include "unit.h"

#include "../../daemon/clients.c"
#include "../../daemon/request.c"

struct play {
	const char *user;		/* of the map, or NULL */
	const char *torn;		/* the map that was to go */
	struct waiter *waiter;
	int answers;
	enum request_outcome outcome;
	struct mp_err err;
	char sent[64];			/* the message */
};

static int fake_user(void *context, const struct mp_loaded_map *map, struct mp_err *err)
{
	const struct play *p = context;

	return p->user ? mp_err_set(err, 1, "%s", p->user) : 0;
}

static int fake_teardown(void *context, const struct mp_loaded_map *map, struct waiter *waiter)
{
	struct play *p = context;

	p->torn = map->map.name;
	p->waiter = waiter;
	return 0;
}

static void done(void *context, enum request_outcome outcome, const struct mp_err *err)
{
	struct play *p = context;

	p->answers++;
	p->outcome = outcome;
	p->err = *err;
}

static void ask(struct play *p, const char *name)
{
	struct mp_loaded_map map = { .map = { .name = "a", .uuid = "nvmemp-a" } };
	const struct mp_loaded loaded = { .maps = &map, .nr_maps = 1 };
	const struct view view = { .loaded = &loaded };
	const struct clients_handler handler = {
		.user = fake_user, .teardown = fake_teardown, .context = p,
	};
	const struct request request = {
		.kind = REQUEST_TEARDOWN, .map = name, .path = "", .done = done, .context = p,
	};
	struct clients *c = clients_new(&handler);

	clients_request(c, &view, &request, 0);
	free(c);
}

static void a_map_in_use_is_left_with_its_user(void **state)
{
	struct play p = { .user = "dm-1 is mounted on /srv" };

	ask(&p, "a");
	assert_null(p.torn);
	assert_int_equal(p.answers, 1);
	assert_int_equal(p.outcome, REQUEST_FAILED);
	assert_string_equal(p.err.text, "dm-1 is mounted on /srv");
}

static void one_that_nobody_uses_goes(void **state)
{
	const struct apply_result gone = { .outcome = APPLY_DONE };
	struct play p = { NULL };

	ask(&p, "a");
	assert_string_equal(p.torn, "a");
	assert_int_equal(p.answers, 0);
	p.waiter->done(p.waiter, &gone);
	assert_int_equal(p.answers, 1);
	assert_int_equal(p.outcome, REQUEST_DONE);
}

static void who_has_no_name_is_found_by_trying(void **state)
{
	const struct apply_result in_use = { APPLY_FAILED, { "a is open in a program" } };
	struct play p = { NULL };

	ask(&p, "a");
	p.waiter->done(p.waiter, &in_use);
	assert_int_equal(p.outcome, REQUEST_FAILED);
	assert_string_equal(p.err.text, "a is open in a program");
}

/* ---- settings by hand ---- */

static int fake_set(void *context, const struct mp_loaded_map *map, const char *key,
		    const char *value, struct mp_err *err)
{
	return strcmp(value, "bad") ? 0 : mp_err_set(err, -EINVAL, "%s \"%s\"", key, value);
}

static int fake_send(void *context, const struct mp_loaded_map *map, const char *text,
		     struct waiter *waiter)
{
	struct play *p = context;

	snprintf(p->sent, sizeof(p->sent), "%s", text);
	p->waiter = waiter;
	return 0;
}

static void set(struct play *p, enum request_kind kind, const char *value, bool shutdown)
{
	struct mp_loaded_map map = { .map = { .name = "a", .uuid = "nvmemp-a" } };
	const struct mp_loaded loaded = { .maps = &map, .nr_maps = 1 };
	const struct mp_topo topo = { .no_queueing = shutdown };
	const struct view view = { .loaded = &loaded, .topo = &topo };
	const struct clients_handler handler = { .set = fake_set, .send = fake_send, .context = p };
	const struct request request = {
		.kind = kind, .map = "a", .path = value, .done = done, .context = p,
	};
	struct clients *c = clients_new(&handler);

	clients_request(c, &view, &request, 0);
	free(c);
}

static void a_setting_goes_to_the_target(void **state)
{
	const struct apply_result sent = { .outcome = APPLY_DONE };
	struct play p = { NULL };

	set(&p, REQUEST_POLICY, "numa", false);
	assert_string_equal(p.sent, "policy numa");
	assert_int_equal(p.answers, 0);
	p.waiter->done(p.waiter, &sent);
	assert_int_equal(p.outcome, REQUEST_DONE);
	set(&p, REQUEST_NO_PATH_SETTING, "30", false);
	assert_string_equal(p.sent, "no_path 30");
	p.waiter->done(p.waiter, &sent);
}

static void a_bad_setting_changes_nothing(void **state)
{
	struct play p = { NULL };

	set(&p, REQUEST_POLICY, "bad", false);
	assert_string_equal(p.sent, "");
	assert_int_equal(p.outcome, REQUEST_BAD_VALUE);
	assert_string_equal(p.err.text, "policy \"bad\"");
}

static void nothing_is_made_to_wait_while_the_machine_shuts_down(void **state)
{
	struct play p = { NULL };

	set(&p, REQUEST_NO_PATH_SETTING, "queue", true);
	assert_string_equal(p.sent, "");
	assert_int_equal(p.outcome, REQUEST_FAILED);
}

static void no_such_map(void **state)
{
	struct play p = { NULL };

	ask(&p, "b");
	assert_null(p.torn);
	assert_int_equal(p.outcome, REQUEST_NO_MAP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_map_in_use_is_left_with_its_user),
		cmocka_unit_test(one_that_nobody_uses_goes),
		cmocka_unit_test(who_has_no_name_is_found_by_trying),
		cmocka_unit_test(a_setting_goes_to_the_target),
		cmocka_unit_test(a_bad_setting_changes_nothing),
		cmocka_unit_test(nothing_is_made_to_wait_while_the_machine_shuts_down),
		cmocka_unit_test(no_such_map),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
