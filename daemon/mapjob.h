/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A job for the one thread that owns device-mapper: steps of a plan, perhaps
 * none, and then a look at what is loaded.
 */
#ifndef MPD_MAPJOB_H
#define MPD_MAPJOB_H

#include "apply.h"
#include "core/types.h"
#include "worker.h"

struct maps;

/* One request that waits for a job: its answer is the result of a step. */
struct waiter {
	struct waiter *next;
	void (*done)(struct waiter *w, const struct apply_result *result);
	size_t step;			/* SIZE_MAX: only for the look */
};

struct mapjob {
	struct job job;
	struct maps *maps;
	struct mp_plan plan;		/* may be empty; the job's own */
	bool check_target;		/* ask for the target as well */
	bool all;			/* maps are to be read, not only those that changed */
	uint32_t *minors;		/* of maps that are, too; the job's own */
	size_t nr_minors;
	struct waiter *waiters;

	/* results, for the loop */
	struct apply_result *results;	/* one per step; NULL: no memory, and no step was done */
	struct mp_loaded loaded;	/* r == 0: take it (and clear it here) or it dies with the job;
					   some of its maps may be kept ones (core/loaded.h) */
	int r;
	struct mp_err err;
	bool target_missing;		/* if check_target; target_err says what to do */
	struct mp_err target_err;
};

struct mapjob_handler {
	void (*finished)(void *context, struct mapjob *job);
	void *context;
};

int maps_new(sd_event *event, const struct mapjob_handler *handler, struct maps **ret,
	     struct mp_err *err);

/* The threads, for others' single jobs */
struct workers *maps_workers(struct maps *maps);

/* NULL: no memory */
struct mapjob *mapjob_new(void);
void mapjob_free(struct mapjob *job);

/* In order; finished() follows, and then the job is freed. */
void mapjob_submit(struct maps *maps, struct mapjob *job);

/* Ends the thread: the running step comes to its end. */
void maps_stop(struct maps *maps);

#endif
