// SPDX-License-Identifier: GPL-2.0
/* A look, then plan -> job; and when the next one is */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/dump.h"
#include "core/err.h"
#include "core/loaded.h"
#include "core/plan.h"
#include "log.h"
#include "rc.h"
#include "todo.h"

#define STEPS_AT_ONCE	128		/* in a job: what happens meanwhile waits for its end */
#define REST_FACTOR	4		/* a look that can wait comes after as many times what the last took, */
#define REST_ACT_MS	100		/* but so soon if there is something to do: somebody may wait for it */
#define REST_MAX_MS	1000		/* and so soon if something may have changed, as in a storm of events */

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return !a || (b && b < a) ? b : a;
}

int reconcile_plan(struct reconcile *rc, struct mp_plan *ret, struct mp_err *err)
{
	const struct mp_plan_input input = {
		.desired = &rc->desired, .loaded = &rc->loaded,
		.lost = rc->lost.maps, .nr_lost = rc->lost.nr_maps, .now_ms = rc_now_ms(),
	};
	int r;

	if (!rc->maps_known)
		return mp_err_set(err, -EAGAIN, "device-mapper was not read yet");
	r = mp_plan(&input, ret);
	return r ? mp_err_set(err, r, "no memory") : 0;
}

static void set_timer(struct reconcile *rc, uint64_t wake_ms)
{
	if (!wake_ms) {
		sd_event_source_set_enabled(rc->timer, SD_EVENT_OFF);
		return;
	}
	sd_event_source_set_time(rc->timer, wake_ms * 1000);
	sd_event_source_set_enabled(rc->timer, SD_EVENT_ONESHOT);
}

static void tell_refusals(struct reconcile *rc)
{
	uint64_t now = rc_now_ms();

	if (!rc->news_since_ms)
		rc->news_since_ms = now;
	rc->news_wake_ms = report_rejects(&rc->told, &rc->desired,
					  rc->options.once ? 0 : rc->news_since_ms, now);
	if (!rc->news_wake_ms)
		rc->news_since_ms = 0;
}

static void settle(struct reconcile *rc, size_t waiting)
{
	bool busy = identify_busy(rc->identify);
	char status[300];

	report_status(&rc->view, status, sizeof(status));
	/* until the answers are there, every namespace is "not identified yet" */
	if (!busy)
		tell_refusals(rc);
	if (!busy && rc->topo.native && !rc->told_native) {
		rc->told_native = true;
		log_line(LOG_NOTICE, "%s", status);
	}
	if (!busy && rc->options.once)
		rc_end(rc, waiting > 0);
	if (rc->target_missing && !rc->topo.native)
		snprintf(status, sizeof(status), "%s", rc->target_err.text);
	if (rc->listener.settled)
		rc->listener.settled(rc->listener.context, status, !busy);
}

static void show_plan(struct reconcile *rc, const struct mp_plan *plan)
{
	size_t i;

	if (identify_busy(rc->identify))
		return;
	for (i = 0; i < plan->nr_steps; i++) {
		char *text = mp_dump_step(&plan->steps[i]);

		printf("%s (%s)\n", text ? text : "no memory", plan->steps[i].reason);
		free(text);
	}
	rc_end(rc, false);
}

static bool takes_paths(const struct mp_step *step)
{
	return step->kind == MP_STEP_CREATE || step->kind == MP_STEP_RELOAD ||
	       step->kind == MP_STEP_ADD_PATH;
}

const struct mp_path *rc_opened_path(const struct reconcile *rc, const struct mp_step *step, size_t *i)
{
	const struct mp_map *want = takes_paths(step) ? mp_desired_find(&rc->desired, step->uuid) : NULL;
	const struct mp_loaded_map *have = mp_loaded_find(&rc->loaded, step->uuid);

	for (; want && *i < want->nr_paths; ++*i) {
		const struct mp_path *p = &want->paths[*i];

		if (!have || !mp_map_path(&have->map, p->major, p->minor))
			return p;
	}
	return NULL;
}

/*
 * Of what is kept, something may have changed without an event. A device that a step
 * takes is read again right before. Positive: it is not what the plan was made of.
 */
static int read_paths(struct reconcile *rc, const struct mp_plan *plan, struct mp_err *err)
{
	size_t i, j;
	int r;

	for (i = 0; i < plan->nr_steps; i++) {
		const struct mp_path *p;

		for (j = 0; (p = rc_opened_path(rc, &plan->steps[i], &j)); j++) {
			r = mp_known_read_now(rc->known, p->name, err);
			if (r < 0)
				return r;
		}
	}
	return rc_topo_is_old(rc);
}

/* A job's steps; what follows is planned again when they are done. */
static int submit_plan(struct reconcile *rc, struct mp_plan *plan, struct mp_err *err)
{
	struct mapjob *job;
	int r;

	if (plan->nr_steps > STEPS_AT_ONCE)
		plan->nr_steps = STEPS_AT_ONCE;
	r = read_paths(rc, plan, err);
	if (r > 0) {
		rc->urgent = true;
		rc_want_pass(rc);
	}
	job = r == 0 ? mapjob_new() : NULL;
	if (!job) {
		mp_plan_done(plan);
		return r ? (r < 0 ? r : 0) : mp_err_set(err, -ENOMEM, "no memory");
	}
	job->plan = *plan;
	rc_submit(rc, job);
	return 0;
}

static int act(struct reconcile *rc, struct mp_err *err)
{
	const struct todo_limits limits = {
		.retries = &rc->retries, .no_target = rc->target_missing, .now_ms = rc_now_ms(),
	};
	struct todo_waiting waiting;
	struct mp_plan plan;
	int r;

	r = reconcile_plan(rc, &plan, err);
	if (r)
		return r;
	r = todo_limit(&plan, &limits, &waiting);
	if (r) {
		mp_plan_done(&plan);
		return mp_err_set(err, r, "no memory");
	}
	rc->plan_wake_ms = earlier(plan.wake_ms, waiting.wake_ms);
	if (rc->options.dry_run) {
		show_plan(rc, &plan);
		mp_plan_done(&plan);
		return 0;
	}
	rc_add_reinstates(rc, &plan);
	if (plan.nr_steps == 0) {
		mp_plan_done(&plan);
		settle(rc, waiting.nr_steps);
		return 0;
	}
	return submit_plan(rc, &plan, err);
}

static int look_and_act(struct reconcile *rc, struct mp_err *err)
{
	int r;

	r = rc_look(rc, err);
	if (r || !rc->act)
		return r;
	news_publish(&rc->news, &rc->view, !identify_busy(rc->identify));
	rc->act = false;
	lost_update(&rc->lost, &rc->desired, &rc->loaded, rc_now_ms());
	r = health_update(rc->health, &rc->loaded, rc_now_ms());
	if (r)
		return mp_err_set(err, r, "no memory");
	if (!rc->options.dry_run)
		rc_start_probes(rc);
	clients_decide(rc->clients, &rc->loaded);
	if (rc->nr_jobs > 0)
		return 0;
	return act(rc, err);
}

static uint64_t rest_until_ms(const struct reconcile *rc)
{
	uint64_t most = rc->act ? REST_ACT_MS : REST_MAX_MS;

	return rc->looked_ms + (rc->rest_ms < most ? rc->rest_ms : most);
}

static bool must_rest(const struct reconcile *rc, uint64_t now)
{
	return !rc->urgent && now < rest_until_ms(rc);
}

/* A storm of events must neither keep us busy nor hold up what else happens. */
static void look_now(struct reconcile *rc)
{
	struct mp_err err = { "" };
	uint64_t began = rc_now_ms(), ended;
	int r;

	rc->look_first = false;
	r = look_and_act(rc, &err);
	if (r < 0) {
		rc_look_failed(rc, &err);
	} else {
		rc->look_err.text[0] = '\0';
		rc->look_delay_ms = 0;
	}
	ended = rc_now_ms();
	rc->look_ms += ended - began;
	if (r > 0)
		return;
	rc->looked_ms = ended;
	rc->rest_ms = REST_FACTOR * rc->look_ms;
	rc->look_ms = 0;
}

static uint64_t next_wake_ms(const struct reconcile *rc)
{
	return earlier(earlier(rc->plan_wake_ms, rc->look_again_ms),
		       earlier(earlier(identify_wake_ms(rc->identify), health_wake_ms(rc->health)),
			       earlier(rc->news_wake_ms, log_wake_ms())));
}

int rc_on_pass(sd_event_source *s, void *userdata)
{
	struct reconcile *rc = userdata;
	uint64_t now = rc_now_ms(), clients_wake;
	bool rests;

	if (rc->ended)
		return 0;
	log_catch_up(now);
	clients_wake = clients_expire(rc->clients, now);
	if (rc->look_again_ms && rc->look_again_ms <= now)
		rc->look_again_ms = 0;
	rests = must_rest(rc, now);
	if (rc->maps_old && !rc->look_again_ms && rc->nr_jobs == 0 && (rests || !rc->look_first))
		rc_submit_look(rc);
	if (rc->nr_jobs > 0) {
		set_timer(rc, clients_wake);
		return 0;
	}
	if (rc->maps_known && !rc->look_again_ms && !rests)
		look_now(rc);
	if (rc->maps_old && rc->nr_jobs == 0 && !rc->look_again_ms)
		rc_want_pass(rc);
	rc->wake_ms = earlier(next_wake_ms(rc), clients_wake);
	set_timer(rc, earlier(rc->wake_ms, rests ? rest_until_ms(rc) : 0));
	return 0;
}

/* What a plan waits for, such as the end of I/O on a dead path, shows only in a new status. */
int rc_on_timer(sd_event_source *s, uint64_t usec, void *userdata)
{
	struct reconcile *rc = userdata;

	if (!rc->wake_ms || rc->wake_ms > rc_now_ms()) {
		rc_want_look(rc);
		return 0;
	}
	rc->maps_old = true;
	rc_want_pass(rc);
	return 0;
}
