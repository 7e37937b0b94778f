// SPDX-License-Identifier: GPL-2.0
/* What of a plan is done now. */
#include <errno.h>
#include <string.h>

#include "core/arena.h"
#include "todo.h"

static bool needs_target(const struct mp_step *step)
{
	return step->kind == MP_STEP_CREATE || step->kind == MP_STEP_RELOAD;
}

static bool has_map(const struct mp_step *steps, size_t nr, const char *uuid)
{
	size_t i;

	for (i = 0; i < nr; i++)
		if (strcmp(steps[i].uuid, uuid) == 0)
			return true;
	return false;
}

int todo_limit(struct mp_plan *plan, const struct todo_limits *limits, struct todo_waiting *ret)
{
	struct todo_waiting waiting = { 0 };
	struct mp_step *held;
	size_t i, kept = 0;

	held = mp_arena_alloc(plan->arena, (plan->nr_steps + 1) * sizeof(*held));
	if (!held)
		return -ENOMEM;
	for (i = 0; i < plan->nr_steps; i++) {
		struct mp_step step = plan->steps[i];
		uint64_t when = retries_when(limits->retries, &step, limits->now_ms);

		if (!when && !(limits->no_target && needs_target(&step)) &&
		    !has_map(held, waiting.nr_steps, step.uuid)) {
			plan->steps[kept++] = step;
			continue;
		}
		held[waiting.nr_steps++] = step;
		if (when && (!waiting.wake_ms || when < waiting.wake_ms))
			waiting.wake_ms = when;
	}
	plan->nr_steps = kept;
	*ret = waiting;
	return 0;
}

int todo_add_message(struct mp_plan *plan, const struct mp_loaded_map *map, const char *text,
		     const char *reason)
{
	struct mp_step *steps, step = {
		.kind = MP_STEP_MESSAGE,
		.name = mp_arena_strdup(plan->arena, map->map.name),
		.uuid = mp_arena_strdup(plan->arena, map->map.uuid),
		.text = mp_arena_strdup(plan->arena, text),
		.reason = mp_arena_strdup(plan->arena, reason),
	};

	/* not mp_arena_grow: steps may be missing, so their number does not tell the room */
	steps = mp_arena_alloc(plan->arena, (plan->nr_steps + 1) * sizeof(*steps));
	if (!steps || !step.name || !step.uuid || !step.text || !step.reason)
		return -ENOMEM;
	if (plan->nr_steps)
		memcpy(steps, plan->steps, plan->nr_steps * sizeof(*steps));
	steps[plan->nr_steps] = step;
	plan->steps = steps;
	plan->nr_steps++;
	return 0;
}
