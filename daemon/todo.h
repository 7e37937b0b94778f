/* SPDX-License-Identifier: GPL-2.0 */
/* A plan, cut down to what may be done now, and messages added to it. */
#ifndef MPD_TODO_H
#define MPD_TODO_H

#include "core/types.h"
#include "retry.h"

struct todo_limits {
	const struct retries *retries;
	bool no_target;			/* the kernel lacks it: no table can be loaded */
	uint64_t now_ms;
};

struct todo_waiting {
	size_t nr_steps;
	uint64_t wake_ms;		/* when the first may be done; 0 = an event will tell */
};

/*
 * Leaves the steps of plan that may be done now. One that must wait makes the
 * later ones of its map wait too, since they count on it. -ENOMEM
 */
int todo_limit(struct mp_plan *plan, const struct todo_limits *limits, struct todo_waiting *ret);

/* One more step, behind the others; plan has an arena. -ENOMEM */
int todo_add_message(struct mp_plan *plan, const struct mp_loaded_map *map, const char *text,
		     const char *reason);

#endif
