// SPDX-License-Identifier: GPL-2.0
/* Plan steps -> calls of ops */
#include <errno.h>
#include <string.h>

#include "apply.h"

/*
 * A failed suspend has put the map back into service, a failed resume has not:
 * resuming once more activates the old table. The table that was loaded in
 * vain is dropped, or the next resume by anybody would activate it.
 */
static int reload(const struct mp_ops *ops, const struct mp_step *step, struct mp_err *err)
{
	int r;

	r = ops->load(ops->self, step, err);
	if (r)
		return r;
	r = ops->suspend(ops->self, step, err);
	if (r) {
		ops->unload(ops->self, step, NULL);
		return r;
	}
	r = ops->resume(ops->self, step, err);
	if (r) {
		ops->unload(ops->self, step, NULL);
		ops->resume(ops->self, step, NULL);
	}
	return r;
}

/* The target refuses what would change the limits that it offers: that takes a table. */
static int add_path(const struct mp_ops *ops, const struct mp_step *step, struct mp_err *err)
{
	struct mp_step table = *step;
	int r = ops->message(ops->self, step, err);

	if (r != -EINVAL)
		return r;
	table.kind = MP_STEP_RELOAD;
	table.text = step->table;
	if (err)
		err->text[0] = '\0';
	return reload(ops, &table, err);
}

static int remove_all(const struct mp_ops *ops, const struct mp_step *step, struct mp_err *err)
{
	int r;

	r = ops->remove_partitions(ops->self, step, err);
	if (r < 0)
		return r;
	return ops->remove(ops->self, step, err);
}

static int run(const struct mp_ops *ops, const struct mp_step *step, struct mp_err *err)
{
	switch (step->kind) {
	case MP_STEP_CREATE:
		return ops->create(ops->self, step, err);
	case MP_STEP_RELOAD:
		return reload(ops, step, err);
	case MP_STEP_RESUME:
		return ops->resume(ops->self, step, err);
	case MP_STEP_RENAME:
		return ops->rename(ops->self, step, err);
	case MP_STEP_MESSAGE:
		return ops->message(ops->self, step, err);
	case MP_STEP_ADD_PATH:
		return add_path(ops, step, err);
	case MP_STEP_CANCEL_REMOVE:
		return ops->cancel_remove(ops->self, step, err);
	case MP_STEP_REMOVE:
		return remove_all(ops, step, err);
	case MP_STEP_TEARDOWN:
		return ops->teardown(ops->self, step, err);
	}
	return -1;
}

enum apply_outcome apply_step(const struct mp_ops *ops, const struct mp_step *step,
			      struct mp_err *err)
{
	int r = run(ops, step, err);

	if (r < 0)
		return APPLY_FAILED;
	return r > 0 ? APPLY_DEFERRED : APPLY_DONE;
}

static bool has_failed(const struct mp_plan *plan, const struct apply_result *results, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (results[i].outcome == APPLY_FAILED &&
		    strcmp(plan->steps[i].uuid, plan->steps[n].uuid) == 0)
			return true;
	return false;
}

void apply_plan(const struct mp_ops *ops, const struct mp_plan *plan,
		const struct apply_stop *stop, struct apply_result *results)
{
	bool failed = false;
	size_t i;

	for (i = 0; i < plan->nr_steps; i++) {
		results[i].err.text[0] = '\0';
		if ((stop && stop->stop(stop->context)) || (failed && has_failed(plan, results, i)))
			results[i].outcome = APPLY_SKIPPED;
		else
			results[i].outcome = apply_step(ops, &plan->steps[i], &results[i].err);
		failed |= results[i].outcome == APPLY_FAILED;
	}
}
