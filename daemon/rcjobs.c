// SPDX-License-Identifier: GPL-2.0
/* Jobs for device-mapper, and what they found */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "core/err.h"
#include "core/loaded.h"
#include "log.h"
#include "nvmemp_uapi.h"
#include "rc.h"
#include "sys/dm.h"

#define LOOK_FIRST_MS	1000		/* after a failed look, doubled each time */
#define LOOK_MAX_MS	60000

uint64_t rc_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return ts.tv_sec * UINT64_C(1000) + ts.tv_nsec / 1000000;
}

void rc_want_look(struct reconcile *rc)
{
	sd_event_source_set_enabled(rc->pass, SD_EVENT_ONESHOT);
}

void rc_want_pass(struct reconcile *rc)
{
	rc->act = true;
	rc_want_look(rc);
}

void rc_end(struct reconcile *rc, bool failed)
{
	rc->ended = true;
	rc->failed |= failed;
	sd_event_exit(rc->event, 0);
}

/* ---- jobs ---- */

void rc_submit(struct reconcile *rc, struct mapjob *job)
{
	struct waiter **tail = &job->waiters;

	while (*tail)
		tail = &(*tail)->next;
	*tail = clients_take_refreshers(rc->clients);
	/* asking for it loads the module, which a dry run must not do */
	job->check_target = (!rc->maps_known || rc->target_missing) && !rc->options.dry_run;
	job->all = rc->maps_all;
	job->minors = rc->minors;
	job->nr_minors = rc->nr_minors;
	rc->minors = NULL;
	rc->nr_minors = 0;
	rc->maps_all = false;
	rc->maps_old = false;
	rc->nr_jobs++;
	mapjob_submit(rc->maps, job);
}

void rc_look_failed(struct reconcile *rc, const struct mp_err *err)
{
	if (strcmp(rc->look_err.text, err->text) != 0)
		log_line(LOG_ERR, "%s", err->text);
	rc->look_err = *err;
	rc->look_delay_ms = rc->look_delay_ms ? rc->look_delay_ms * 2 : LOOK_FIRST_MS;
	if (rc->look_delay_ms > LOOK_MAX_MS)
		rc->look_delay_ms = LOOK_MAX_MS;
	rc->look_again_ms = rc_now_ms() + rc->look_delay_ms;
	if (rc->options.once || rc->options.dry_run)
		rc_end(rc, true);
}

void rc_submit_look(struct reconcile *rc)
{
	static const struct mp_err no_memory = { "no memory" };
	struct mapjob *job = mapjob_new();

	if (job)
		rc_submit(rc, job);
	else
		rc_look_failed(rc, &no_memory);
}

/* Who has no name in sysfs or /proc is found by asking for the device. */
static void check_users(struct reconcile *rc, const struct mp_step *step)
{
	const struct mp_path *p;
	size_t i;

	for (i = 0; (p = rc_opened_path(rc, step, &i)); i++)
		identify_check_use(rc->identify, p->name);
}

/* Before the next pass, which would make it again */
static void note_teardown(struct reconcile *rc, const struct mp_step *step)
{
	rc->desired_old = true;
	if (mp_conf_tear(&rc->conf, step->uuid) < 0)
		log_line(LOG_ERR, "%s: no memory to remember that it was torn down", step->name);
}

static void note_results(struct reconcile *rc, const struct mapjob *job)
{
	uint64_t now = rc_now_ms();
	size_t i;

	report_steps(&job->plan, job->results);
	for (i = 0; job->results && i < job->plan.nr_steps; i++) {
		enum apply_outcome outcome = job->results[i].outcome;

		if (outcome == APPLY_DONE && job->plan.steps[i].kind == MP_STEP_TEARDOWN)
			note_teardown(rc, &job->plan.steps[i]);
		if (outcome == APPLY_FAILED)
			check_users(rc, &job->plan.steps[i]);
		if (outcome != APPLY_SKIPPED)
			retries_note(&rc->retries, &job->plan.steps[i], outcome != APPLY_FAILED, now);
	}
}

static int take_loaded(struct reconcile *rc, struct mapjob *job)
{
	struct mp_loaded before = rc->loaded;

	if (rc->maps_known && mp_loaded_all_kept(&job->loaded, &before))
		return 0;
	if (mp_loaded_keep(&job->loaded, &before))
		return mp_err_set(&job->err, -ENOMEM, "no memory for the maps");
	if (mp_loaded_remember(&job->loaded, &before, &rc->topo))
		return mp_err_set(&job->err, -ENOMEM, "no memory");
	rc->loaded = job->loaded;
	job->loaded = (struct mp_loaded){ 0 };
	mp_loaded_note_read_only(&rc->loaded, &rc->desired, &before);
	/* what is found at start has no names before the first look at the paths */
	if (rc->maps_known) {
		mp_loaded_name_paths(&rc->loaded, &rc->topo, &before);
		report_maps(&rc->topo, &before, &rc->loaded);
	}
	mp_dm_loaded_done(&before);
	rc->maps_known = true;
	rc->desired_old = true;
	return 0;
}

static void take_target(struct reconcile *rc, const struct mapjob *job)
{
	if (job->target_missing && !rc->target_missing)
		log_line(LOG_ERR, "%s", job->target_err.text);
	if (!job->target_missing && rc->target_missing)
		log_line(LOG_NOTICE, "the target \"" NVMEMP_TARGET "\" is there now");
	rc->target_missing = job->target_missing;
	rc->target_err = job->target_err;
}

void rc_job_finished(void *context, struct mapjob *job)
{
	struct reconcile *rc = context;

	rc->nr_jobs--;
	note_results(rc, job);
	if (job->check_target)
		take_target(rc, job);
	if (job->r == 0)
		job->r = take_loaded(rc, job);
	if (job->r) {
		rc->maps_old = rc->maps_all = true;
		rc_look_failed(rc, &job->err);
	}
	rc->look_first = true;
	rc_want_pass(rc);
}
