// SPDX-License-Identifier: GPL-2.0
/* Plans against a device-mapper that expects certain calls, in order, and no others. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../../daemon/apply.c"
#include "core/err.h"

struct call {
	const char *text;		/* "create a" */
	int r;
};

struct fake {
	const struct call *calls;	/* ends with a text of NULL */
	size_t pos;
};

static int play(struct fake *fake, const char *what, const struct mp_step *step,
		struct mp_err *err)
{
	const struct call *c = &fake->calls[fake->pos];
	char text[128];

	snprintf(text, sizeof(text), "%s %s", what, step->name);
	if (!c->text)
		fail_msg("unexpected: %s", text);
	assert_string_equal(text, c->text);
	fake->pos++;
	return c->r < 0 ? mp_err_set(err, c->r, "%s failed", text) : c->r;
}

#define CALL(name) \
	static int fake_##name(void *self, const struct mp_step *step, struct mp_err *err) \
	{ return play(self, #name, step, err); }

CALL(create)
CALL(load)
CALL(unload)
CALL(suspend)
CALL(resume)
CALL(rename)
CALL(message)
CALL(cancel_remove)
CALL(remove_partitions)
CALL(remove)
CALL(teardown)

static struct mp_ops fake_ops(struct fake *fake)
{
	return (struct mp_ops){
		.self = fake, .create = fake_create, .load = fake_load, .unload = fake_unload,
		.suspend = fake_suspend, .resume = fake_resume, .rename = fake_rename,
		.message = fake_message, .cancel_remove = fake_cancel_remove,
		.remove_partitions = fake_remove_partitions, .remove = fake_remove,
		.teardown = fake_teardown,
	};
}

static const struct mp_step step_a = { .name = "a", .uuid = "nvmemp-a", .text = "" };

static void one_step(enum mp_step_kind kind, const struct call *calls, enum apply_outcome wanted,
		     const char *wanted_err)
{
	struct fake fake = { .calls = calls };
	const struct mp_ops ops = fake_ops(&fake);
	struct mp_step step = step_a;
	struct mp_err err = { "" };

	step.kind = kind;
	assert_int_equal(apply_step(&ops, &step, &err), wanted);
	assert_string_equal(err.text, wanted_err);
	assert_null(calls[fake.pos].text);
}

static void single_call_steps(void **state)
{
	const struct call create[] = { { "create a", 0 }, { NULL } };
	const struct call resume[] = { { "resume a", 0 }, { NULL } };
	const struct call rename_[] = { { "rename a", 0 }, { NULL } };
	const struct call message[] = { { "message a", 0 }, { NULL } };
	const struct call cancel[] = { { "cancel_remove a", 0 }, { NULL } };
	const struct call teardown[] = { { "teardown a", 0 }, { NULL } };
	const struct call in_use[] = { { "teardown a", -EBUSY }, { NULL } };
	const struct call failing[] = { { "message a", -EINVAL }, { NULL } };

	one_step(MP_STEP_CREATE, create, APPLY_DONE, "");
	one_step(MP_STEP_RESUME, resume, APPLY_DONE, "");
	one_step(MP_STEP_RENAME, rename_, APPLY_DONE, "");
	one_step(MP_STEP_MESSAGE, message, APPLY_DONE, "");
	one_step(MP_STEP_CANCEL_REMOVE, cancel, APPLY_DONE, "");
	one_step(MP_STEP_TEARDOWN, teardown, APPLY_DONE, "");
	one_step(MP_STEP_TEARDOWN, in_use, APPLY_FAILED, "teardown a failed");
	one_step(MP_STEP_MESSAGE, failing, APPLY_FAILED, "message a failed");
}

static void reload_loads_then_suspends_then_resumes(void **state)
{
	const struct call calls[] = {
		{ "load a", 0 }, { "suspend a", 0 }, { "resume a", 0 }, { NULL }
	};

	one_step(MP_STEP_RELOAD, calls, APPLY_DONE, "");
}

static void a_path_that_the_map_refuses_needs_a_table(void **state)
{
	const struct call joins[] = { { "message a", 0 }, { NULL } };
	const struct call refused[] = {
		{ "message a", -EINVAL }, { "load a", 0 }, { "suspend a", 0 }, { "resume a", 0 }, { NULL }
	};
	const struct call busy[] = { { "message a", -EBUSY }, { NULL } };

	one_step(MP_STEP_ADD_PATH, joins, APPLY_DONE, "");
	one_step(MP_STEP_ADD_PATH, refused, APPLY_DONE, "");
	one_step(MP_STEP_ADD_PATH, busy, APPLY_FAILED, "message a failed");
}

static void refused_table_leaves_the_map_alone(void **state)
{
	const struct call calls[] = { { "load a", -EINVAL }, { NULL } };

	one_step(MP_STEP_RELOAD, calls, APPLY_FAILED, "load a failed");
}

static void failed_suspend_forgets_the_table(void **state)
{
	const struct call calls[] = {
		{ "load a", 0 }, { "suspend a", -EINTR }, { "unload a", 0 }, { NULL }
	};

	one_step(MP_STEP_RELOAD, calls, APPLY_FAILED, "suspend a failed");
}

static void failed_resume_never_leaves_a_suspended_map(void **state)
{
	const struct call calls[] = {
		{ "load a", 0 }, { "suspend a", 0 }, { "resume a", -EINVAL }, { "unload a", 0 },
		{ "resume a", 0 }, { NULL }
	};

	one_step(MP_STEP_RELOAD, calls, APPLY_FAILED, "resume a failed");
}

static void partitions_go_before_their_map(void **state)
{
	const struct call gone[] = { { "remove_partitions a", 0 }, { "remove a", 0 }, { NULL } };
	const struct call open[] = { { "remove_partitions a", 1 }, { "remove a", 1 }, { NULL } };
	const struct call failing[] = { { "remove_partitions a", -EIO }, { NULL } };

	one_step(MP_STEP_REMOVE, gone, APPLY_DONE, "");
	one_step(MP_STEP_REMOVE, open, APPLY_DEFERRED, "");
	one_step(MP_STEP_REMOVE, failing, APPLY_FAILED, "remove_partitions a failed");
}

static struct mp_step messages[] = {
	{ .kind = MP_STEP_MESSAGE, .name = "a", .uuid = "nvmemp-a", .text = "1" },
	{ .kind = MP_STEP_MESSAGE, .name = "a", .uuid = "nvmemp-a", .text = "2" },
	{ .kind = MP_STEP_MESSAGE, .name = "b", .uuid = "nvmemp-b", .text = "3" },
};
static const struct mp_plan plan = { .steps = messages, .nr_steps = 3 };

static void failing_map_stops_its_own_steps_only(void **state)
{
	const struct call calls[] = { { "message a", -EIO }, { "message b", 0 }, { NULL } };
	struct fake fake = { .calls = calls };
	const struct mp_ops ops = fake_ops(&fake);
	struct apply_result results[3];

	apply_plan(&ops, &plan, NULL, results);
	assert_int_equal(results[0].outcome, APPLY_FAILED);
	assert_string_equal(results[0].err.text, "message a failed");
	assert_int_equal(results[1].outcome, APPLY_SKIPPED);
	assert_int_equal(results[2].outcome, APPLY_DONE);
	assert_null(calls[fake.pos].text);
}

static bool stop_after_one(void *context)
{
	return ((struct fake *)context)->pos >= 1;
}

static void a_stop_takes_effect_between_steps(void **state)
{
	const struct call calls[] = { { "message a", 0 }, { NULL } };
	struct fake fake = { .calls = calls };
	const struct mp_ops ops = fake_ops(&fake);
	const struct apply_stop stop = { .stop = stop_after_one, .context = &fake };
	struct apply_result results[3];

	apply_plan(&ops, &plan, &stop, results);
	assert_int_equal(results[0].outcome, APPLY_DONE);
	assert_int_equal(results[1].outcome, APPLY_SKIPPED);
	assert_int_equal(results[2].outcome, APPLY_SKIPPED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(single_call_steps),
		cmocka_unit_test(reload_loads_then_suspends_then_resumes),
		cmocka_unit_test(a_path_that_the_map_refuses_needs_a_table),
		cmocka_unit_test(refused_table_leaves_the_map_alone),
		cmocka_unit_test(failed_suspend_forgets_the_table),
		cmocka_unit_test(failed_resume_never_leaves_a_suspended_map),
		cmocka_unit_test(partitions_go_before_their_map),
		cmocka_unit_test(failing_map_stops_its_own_steps_only),
		cmocka_unit_test(a_stop_takes_effect_between_steps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
