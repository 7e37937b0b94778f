/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The interpreter of plans: each step becomes calls of ops. Nothing is undone
 * when a step fails, except that a map is never left suspended: the caller
 * looks again and plans again.
 */
#ifndef MPD_APPLY_H
#define MPD_APPLY_H

#include <stdbool.h>

#include "core/types.h"
#include "sys/ops.h"

enum apply_outcome {
	APPLY_DONE,
	APPLY_DEFERRED,			/* a removal that waits for the last close */
	APPLY_FAILED,			/* err says why */
	APPLY_SKIPPED,			/* an earlier step of the same map failed, or we stop */
};

struct apply_result {
	enum apply_outcome outcome;
	struct mp_err err;
};

enum apply_outcome apply_step(const struct mp_ops *ops, const struct mp_step *step,
			      struct mp_err *err);

/*
 * All steps in order; a failing map does not stop the others. results has room
 * for one per step. stop is asked before each step and may be NULL.
 */
struct apply_stop {
	bool (*stop)(void *context);
	void *context;
};

void apply_plan(const struct mp_ops *ops, const struct mp_plan *plan,
		const struct apply_stop *stop, struct apply_result *results);

#endif
