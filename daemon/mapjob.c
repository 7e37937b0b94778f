// SPDX-License-Identifier: GPL-2.0
/* The device-mapper thread's jobs. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/err.h"
#include "core/plan.h"
#include "log.h"
#include "mapjob.h"
#include "sys/dm.h"

/* A suspend ends when the I/O does that it waits for; beyond this we don't. */
#define STOP_MS		15000

struct maps {
	struct workers *workers;
	struct mapjob_handler handler;
	struct mp_dm *dm;		/* the thread's, as soon as that runs */
	struct mp_ops ops;
};

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return ts.tv_sec * UINT64_C(1000) + ts.tv_nsec / 1000000;
}

static bool await_udev(void *context)
{
	struct maps *maps = context;
	unsigned int late = 0;
	bool pending;

	pending = mp_dm_udev_pending(maps->dm, now_ms(), &late);
	if (late > 0)
		log_line(LOG_WARNING, "udev's rules took longer than %u s (%u events): not waiting for them",
			 MP_DM_UDEV_MS / 1000, late);
	return pending;
}

int maps_new(sd_event *event, const struct mapjob_handler *handler, struct maps **ret,
	     struct mp_err *err)
{
	struct maps *maps = calloc(1, sizeof(*maps));
	const struct worker_queue queue = { .idle = await_udev, .context = maps };
	int r;

	if (!maps)
		return mp_err_set(err, -ENOMEM, "no memory");
	maps->handler = *handler;
	r = mp_dm_new(&maps->dm, err);
	if (r == 0) {
		maps->ops = mp_dm_ops(maps->dm);
		r = workers_new(event, &queue, &maps->workers);
		if (r < 0)
			mp_err_set(err, r, "can't start a thread: %s", strerror(-r));
	}
	if (r < 0) {
		mp_dm_free(maps->dm);
		free(maps);
		return r;
	}
	*ret = maps;
	return 0;
}

struct workers *maps_workers(struct maps *maps)
{
	return maps->workers;
}

void maps_stop(struct maps *maps)
{
	if (workers_stop(maps->workers, STOP_MS) == 0)
		mp_dm_free(maps->dm);
	else
		log_line(LOG_WARNING, "a device-mapper call does not return: ending all the same");
}

struct mapjob *mapjob_new(void)
{
	return calloc(1, sizeof(struct mapjob));
}

void mapjob_free(struct mapjob *job)
{
	mp_plan_done(&job->plan);
	mp_dm_loaded_done(&job->loaded);
	free(job->results);
	free(job->minors);
	free(job);
}

static bool is_stopping(void *context)
{
	return workers_stopping(context);
}

static void run(struct job *base)
{
	struct mapjob *job = (struct mapjob *)base;
	struct maps *maps = job->maps;
	const struct apply_stop stop = { .stop = is_stopping, .context = maps->workers };
	size_t i;

	job->results = calloc(job->plan.nr_steps + 1, sizeof(*job->results));
	if (!job->results) {
		job->r = mp_err_set(&job->err, -ENOMEM, "no memory");
		return;
	}
	if (job->check_target)
		job->target_missing = mp_dm_check_target(maps->dm, &job->target_err) > 0;
	apply_plan(&maps->ops, &job->plan, &stop, job->results);
	if (job->all)
		mp_dm_doubt_all(maps->dm);
	for (i = 0; i < job->nr_minors; i++)
		mp_dm_doubt(maps->dm, job->minors[i]);
	job->r = mp_dm_read(maps->dm, &job->loaded, &job->err);
}

static void answer(struct mapjob *job)
{
	static const struct apply_result looked = { .outcome = APPLY_DONE };
	struct apply_result failed = { .outcome = APPLY_FAILED, .err = job->err };
	struct waiter *w, *next;

	for (w = job->waiters; w; w = next) {
		next = w->next;
		if (w->step != SIZE_MAX && job->results)
			w->done(w, &job->results[w->step]);
		else
			w->done(w, job->r ? &failed : &looked);
	}
}

static void finish(struct job *base)
{
	struct mapjob *job = (struct mapjob *)base;
	struct maps *maps = job->maps;

	maps->handler.finished(maps->handler.context, job);
	answer(job);
	mapjob_free(job);
}

void mapjob_submit(struct maps *maps, struct mapjob *job)
{
	job->maps = maps;
	job->job.run = run;
	job->job.done = finish;
	workers_queue(maps->workers, &job->job);
}
