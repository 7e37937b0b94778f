// SPDX-License-Identifier: GPL-2.0
/*
 * The pass: hint -> facts -> topo -> desired -> plan -> job -> look again.
 *
 * Everything here runs on the loop's thread. A pass never waits: it starts
 * what it needs (an answer of a controller, a look at device-mapper), ends,
 * and is run again when that is there.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/arena.h"
#include "core/conf.h"
#include "core/desire.h"
#include "core/dump.h"
#include "core/err.h"
#include "core/facts.h"
#include "core/plan.h"
#include "core/topo.h"
#include "health.h"
#include "identify.h"
#include "log.h"
#include "mapjob.h"
#include "nvmemp_uapi.h"
#include "reconcile.h"
#include "report.h"
#include "request.h"
#include "retry.h"
#include "sys/conffile.h"
#include "sys/dm.h"
#include "sys/sysfs.h"

#define PRIORITY_PASS	5		/* after the events that are there, before clients */
#define LOOK_FIRST_MS	1000		/* after a failed look, doubled each time */
#define LOOK_MAX_MS	60000
#define PROBE_WAIT_MS	20000		/* what a client that asked to reinstate waits */

/* A client's wish to reinstate, until the path was probed */
struct pending {
	struct pending *next;
	struct request request;		/* without its texts */
	char *uuid;
	uint32_t major, minor;
	bool probed;
	uint64_t deadline_ms;
};

struct client {
	struct waiter waiter;
	struct request request;		/* without its texts */
};

struct reconcile {
	sd_event *event;
	struct reconcile_options options;
	struct reconcile_listener listener;
	sd_event_source *pass;
	sd_event_source *timer;
	struct maps *maps;
	struct identify *identify;
	struct health *health;
	struct retries retries;

	struct mp_conf conf;
	struct mp_topo topo;
	struct mp_desired desired;
	struct mp_loaded loaded;
	struct view view;
	struct mp_lost *lost;		/* as the plan wants it; uuids are our copies */
	size_t nr_lost;
	uint64_t plan_wake_ms;
	struct told told;
	uint64_t news_since_ms;		/* refusals that nobody was told of; 0 = none */
	uint64_t news_wake_ms;

	unsigned int nr_jobs;
	bool looked;			/* topo and desired were built at least once */
	bool maps_known;		/* loaded was read at least once */
	bool maps_old;			/* something happened since that reading began */
	uint64_t look_again_ms;		/* a look failed: not before this */
	unsigned int look_delay_ms;
	bool target_missing;
	struct mp_err target_err;
	struct mp_err look_err;		/* "" = the last look was a success */
	struct waiter *refreshers;	/* for the next job */
	struct pending *pending;
	bool ended;
	bool failed;
};

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return ts.tv_sec * UINT64_C(1000) + ts.tv_nsec / 1000000;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return !a || (b && b < a) ? b : a;
}

static void want_pass(struct reconcile *rc)
{
	sd_event_source_set_enabled(rc->pass, SD_EVENT_ONESHOT);
}

static void end(struct reconcile *rc, bool failed)
{
	rc->ended = true;
	rc->failed |= failed;
	sd_event_exit(rc->event, 0);
}

/* ---- jobs ---- */

static void submit(struct reconcile *rc, struct mapjob *job)
{
	struct waiter **tail = &job->waiters;

	while (*tail)
		tail = &(*tail)->next;
	*tail = rc->refreshers;
	rc->refreshers = NULL;
	/* asking for it loads the module, which a dry run must not do */
	job->check_target = (!rc->maps_known || rc->target_missing) && !rc->options.dry_run;
	rc->maps_old = false;
	rc->nr_jobs++;
	mapjob_submit(rc->maps, job);
}

/* Told once, however often it is tried. */
static void look_failed(struct reconcile *rc, const struct mp_err *err)
{
	if (strcmp(rc->look_err.text, err->text) != 0)
		log_line(LOG_ERR, "%s", err->text);
	rc->look_err = *err;
	rc->look_delay_ms = rc->look_delay_ms ? rc->look_delay_ms * 2 : LOOK_FIRST_MS;
	if (rc->look_delay_ms > LOOK_MAX_MS)
		rc->look_delay_ms = LOOK_MAX_MS;
	rc->look_again_ms = now_ms() + rc->look_delay_ms;
	if (rc->options.once || rc->options.dry_run)
		end(rc, true);
}

static void submit_look(struct reconcile *rc)
{
	static const struct mp_err no_memory = { "no memory" };
	struct mapjob *job = mapjob_new();

	if (job)
		submit(rc, job);
	else
		look_failed(rc, &no_memory);
}

static void note_results(struct reconcile *rc, const struct mapjob *job)
{
	uint64_t now = now_ms();
	size_t i;

	report_steps(&job->plan, job->results);
	for (i = 0; job->results && i < job->plan.nr_steps; i++) {
		enum apply_outcome outcome = job->results[i].outcome;

		if (outcome != APPLY_SKIPPED)
			retries_note(&rc->retries, &job->plan.steps[i], outcome != APPLY_FAILED, now);
	}
}

/* A name for each path, also for one whose device is gone: what it was, or its number. */
static void name_paths(struct mp_loaded *loaded, const struct mp_topo *topo,
		       const struct mp_loaded *before)
{
	size_t i, j;

	for (i = 0; i < loaded->nr_maps; i++) {
		struct mp_map *map = &loaded->maps[i].map;
		const struct mp_loaded_map *old = mp_loaded_find(before, map->uuid);

		for (j = 0; j < map->nr_paths; j++) {
			struct mp_path *p = &map->paths[j];
			const struct mp_path *was = old ? mp_map_path(&old->map, p->major, p->minor) : NULL;
			int ns = mp_topo_find_devno(topo, p->major, p->minor);
			char *name;

			if (ns >= 0)
				name = mp_arena_strdup(loaded->arena, topo->ns[ns].name);
			else if (was && *was->name && mp_topo_find_ns(topo, was->name) < 0)
				name = mp_arena_strdup(loaded->arena, was->name);
			else
				name = mp_arena_printf(loaded->arena, "%u:%u", p->major, p->minor);
			p->name = name ? name : "";
		}
	}
}

static void take_loaded(struct reconcile *rc, struct mapjob *job)
{
	struct mp_loaded before = rc->loaded;

	rc->loaded = job->loaded;
	job->loaded = (struct mp_loaded){ 0 };
	/* what is found at start has no names before the first look at the paths */
	if (rc->maps_known) {
		name_paths(&rc->loaded, &rc->topo, &before);
		report_maps(&rc->topo, &before, &rc->loaded);
	}
	mp_dm_loaded_done(&before);
	rc->maps_known = true;
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

static void job_finished(void *context, struct mapjob *job)
{
	struct reconcile *rc = context;

	rc->nr_jobs--;
	note_results(rc, job);
	if (job->check_target)
		take_target(rc, job);
	if (job->r == 0) {
		take_loaded(rc, job);
	} else {
		rc->maps_old = true;
		look_failed(rc, &job->err);
	}
	want_pass(rc);
}

/* ---- looking ---- */

static int read_facts(struct reconcile *rc, struct mp_facts *facts, struct mp_err *err)
{
	int r;

	r = mp_sysfs_read_all(rc->options.root_fd, facts, err);
	if (r == 0)
		r = mp_facts_sort(facts);
	if (r == 0)
		r = identify_merge(rc->identify, facts, now_ms());
	if (r == 0)
		r = mp_facts_sort(facts);
	return r;
}

static int build(struct reconcile *rc, const struct mp_facts *facts, struct mp_err *err)
{
	const struct mp_loaded nothing = { NULL };
	struct mp_desired desired;
	struct mp_topo topo;
	int r;

	r = mp_topo_build(facts, &topo, err);
	if (r)
		return r;
	name_paths(&rc->loaded, &topo, &rc->loaded);
	r = mp_desire(&topo, &rc->conf, &rc->loaded, &desired, err);
	if (r) {
		mp_topo_done(&topo);
		return r;
	}
	mp_desired_done(&rc->desired);
	mp_topo_done(&rc->topo);
	rc->desired = desired;
	rc->topo = topo;
	if (!rc->looked)
		report_maps(&rc->topo, &nothing, &rc->loaded);
	rc->looked = true;
	return 0;
}

static int look(struct reconcile *rc, struct mp_err *err)
{
	struct mp_facts facts;
	int r;

	r = mp_facts_init(&facts);
	if (r)
		return mp_err_set(err, r, "no memory");
	r = read_facts(rc, &facts, err);
	if (r == 0)
		r = build(rc, &facts, err);
	mp_facts_done(&facts);
	return r;
}

/* ---- maps whose last path is gone ---- */

static bool is_lost(const struct reconcile *rc, const char *uuid)
{
	size_t i;

	for (i = 0; i < rc->nr_lost; i++)
		if (strcmp(rc->lost[i].uuid, uuid) == 0)
			return true;
	return false;
}

static void forget_found(struct reconcile *rc)
{
	size_t i, kept = 0;

	for (i = 0; i < rc->nr_lost; i++) {
		const char *uuid = rc->lost[i].uuid;

		const struct mp_loaded_map *map = mp_loaded_find(&rc->loaded, uuid);

		if (map && mp_plan_is_lost(&rc->desired, map))
			rc->lost[kept++] = rc->lost[i];
		else
			free((char *)uuid);
	}
	rc->nr_lost = kept;
}

static void note_lost(struct reconcile *rc, const char *uuid)
{
	struct mp_lost *p = realloc(rc->lost, (rc->nr_lost + 1) * sizeof(*p));
	char *copy = p ? strdup(uuid) : NULL;

	if (p)
		rc->lost = p;
	if (copy)
		p[rc->nr_lost++] = (struct mp_lost){ .uuid = copy, .since_ms = now_ms() };
}

static void update_lost(struct reconcile *rc)
{
	size_t i;

	forget_found(rc);
	for (i = 0; i < rc->loaded.nr_maps; i++) {
		const struct mp_loaded_map *map = &rc->loaded.maps[i];

		if (mp_plan_is_lost(&rc->desired, map) && !is_lost(rc, map->map.uuid))
			note_lost(rc, map->map.uuid);
	}
}

/* ---- planning ---- */

int reconcile_plan(struct reconcile *rc, struct mp_plan *ret, struct mp_err *err)
{
	const struct mp_plan_input input = {
		.desired = &rc->desired, .loaded = &rc->loaded,
		.lost = rc->lost, .nr_lost = rc->nr_lost, .now_ms = now_ms(),
	};
	int r;

	if (!rc->maps_known)
		return mp_err_set(err, -EAGAIN, "device-mapper was not read yet");
	r = mp_plan(&input, ret);
	return r ? mp_err_set(err, r, "no memory") : 0;
}

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

/*
 * Leaves the steps that may be done now. One that must wait makes the later
 * ones of its map wait too, since they count on it. Returns when to come back.
 */
static uint64_t drop_waiting(struct reconcile *rc, struct mp_plan *plan, size_t *ret_waiting)
{
	uint64_t now = now_ms(), wake = 0;
	size_t i, kept = 0, waiting = 0;
	struct mp_step *held;

	held = mp_arena_alloc(plan->arena, (plan->nr_steps + 1) * sizeof(*held));
	for (i = 0; i < plan->nr_steps; i++) {
		struct mp_step step = plan->steps[i];
		uint64_t when = retries_when(&rc->retries, &step, now);

		if (held && (when || (rc->target_missing && needs_target(&step)) ||
			     has_map(held, waiting, step.uuid))) {
			wake = earlier(wake, when);
			held[waiting++] = step;
			continue;
		}
		plan->steps[kept++] = step;
	}
	plan->nr_steps = kept;
	*ret_waiting = waiting;
	return wake;
}

static int add_message(struct mp_plan *plan, const struct mp_loaded_map *map, const char *text,
		       const char *reason)
{
	struct mp_step *steps, step = {
		.kind = MP_STEP_MESSAGE,
		.name = mp_arena_strdup(plan->arena, map->map.name),
		.uuid = mp_arena_strdup(plan->arena, map->map.uuid),
		.text = mp_arena_strdup(plan->arena, text),
		.reason = mp_arena_strdup(plan->arena, reason),
	};

	/* not mp_arena_grow: the array has lost elements, so its room can't be told from its length */
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

/* ---- failed paths ---- */

static const char *path_name(const struct reconcile *rc, uint32_t major, uint32_t minor)
{
	int ns = mp_topo_find_devno(&rc->topo, major, minor);

	return ns >= 0 ? rc->topo.ns[ns].name : NULL;
}

/*
 * Does the namespace behind this number, as it was just identified, still
 * belong into this map? Nothing else may be taken back.
 */
static bool belongs(const struct reconcile *rc, const char *uuid, uint32_t major, uint32_t minor)
{
	const struct mp_map *map = mp_desired_find(&rc->desired, uuid);
	int ns = mp_topo_find_devno(&rc->topo, major, minor);

	return map && mp_map_path(map, major, minor) && ns >= 0 && rc->topo.ns[ns].identified;
}

static const char *refusal(const struct reconcile *rc, const char *name)
{
	size_t i;

	for (i = 0; i < rc->desired.nr_rejects; i++)
		if (strcmp(rc->desired.rejects[i].device, name) == 0)
			return rc->desired.rejects[i].reason;
	return "it does not belong to this map";
}

static void start_probes(struct reconcile *rc)
{
	struct health_path p;

	while (health_take_probe(rc->health, &p)) {
		const char *name = path_name(rc, p.major, p.minor);

		if (!name || identify_probe(rc->identify, name) < 0)
			health_probed(rc->health, p.major, p.minor, false, now_ms());
	}
	while (health_take_recheck(rc->health, &p)) {
		const char *name = path_name(rc, p.major, p.minor);

		if (name)
			identify_stale(rc->identify, name);
	}
}

static void add_reinstates(struct reconcile *rc, struct mp_plan *plan)
{
	struct health_path p;
	char text[64];

	while (health_take_good(rc->health, &p)) {
		const struct mp_loaded_map *map = mp_loaded_find(&rc->loaded, p.uuid);
		bool good = map && belongs(rc, p.uuid, p.major, p.minor);

		if (!health_confirm(rc->health, &p, good, now_ms()))
			continue;
		snprintf(text, sizeof(text), NVMEMP_MSG_REINSTATE_PATH " %u:%u", p.major, p.minor);
		add_message(plan, map, text, "identity and a read through the path are good again");
	}
}

/* ---- clients ---- */

static void client_done(struct waiter *w, const struct apply_result *result)
{
	struct client *c = (struct client *)w;
	enum request_outcome outcome = REQUEST_FAILED;
	struct mp_err err = result->err;

	if (result->outcome == APPLY_DONE || result->outcome == APPLY_DEFERRED)
		outcome = REQUEST_DONE;
	else if (result->outcome == APPLY_SKIPPED)
		mp_err_set(&err, 0, "an earlier step for this map failed: see the log");
	c->request.done(c->request.context, outcome, &err);
	free(c);
}

static void refuse(const struct request *request, enum request_outcome outcome,
		   const struct mp_err *err)
{
	request->done(request->context, outcome, err);
}

static void refuse_for_memory(const struct request *request)
{
	const struct mp_err err = { "no memory" };

	refuse(request, REQUEST_FAILED, &err);
}

static struct client *client_new(const struct request *request, size_t step)
{
	struct client *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->waiter.done = client_done;
	c->waiter.step = step;
	c->request = *request;
	c->request.map = c->request.path = "";
	return c;
}

static void request_refresh(struct reconcile *rc, const struct request *request)
{
	struct client *c = client_new(request, SIZE_MAX);

	if (!c) {
		refuse_for_memory(request);
		return;
	}
	c->waiter.next = rc->refreshers;
	rc->refreshers = &c->waiter;
	rc->maps_old = true;
	want_pass(rc);
}

/* Straight to device-mapper, behind what is under way. */
static void request_message_now(struct reconcile *rc, const struct request *request,
				const struct request_target *target)
{
	struct mapjob *job = mapjob_new();
	struct client *c = client_new(request, 0);
	char text[64];
	int r = -ENOMEM;

	request_message(request, target, text, sizeof(text));
	if (job && c)
		job->plan.arena = mp_arena_new();
	if (job && c && job->plan.arena)
		r = add_message(&job->plan, target->map, text, "asked for");
	if (r) {
		if (job)
			mapjob_free(job);
		free(c);
		refuse_for_memory(request);
		return;
	}
	job->waiters = &c->waiter;
	submit(rc, job);
}

static void drop_pending(struct pending **p)
{
	struct pending *gone = *p;

	*p = gone->next;
	free(gone->uuid);
	free(gone);
}

static void request_probe(struct reconcile *rc, const struct request *request,
			  const struct request_target *target)
{
	const char *name = path_name(rc, target->path->major, target->path->minor);
	struct pending *p;
	struct mp_err err;

	if (!name || identify_probe(rc->identify, name) < 0) {
		mp_err_set(&err, 0, "%s: path %s is gone", target->map->map.name,
			   target->path->name);
		refuse(request, REQUEST_FAILED, &err);
		return;
	}
	p = calloc(1, sizeof(*p));
	if (p)
		p->uuid = strdup(target->map->map.uuid);
	if (!p || !p->uuid) {
		free(p);
		refuse_for_memory(request);
		return;
	}
	p->request = *request;
	p->request.map = p->request.path = "";
	p->major = target->path->major;
	p->minor = target->path->minor;
	p->deadline_ms = now_ms() + PROBE_WAIT_MS;
	p->next = rc->pending;
	rc->pending = p;
	want_pass(rc);
}

static bool is_reinstated(const struct request_target *t)
{
	return t->status && (t->status->state == MP_PATH_ACTIVE ||
			     t->status->state == MP_PATH_BLOCKED);
}

void reconcile_request(struct reconcile *rc, const struct request *request)
{
	enum request_outcome outcome;
	struct request_target target;
	struct mp_err err = { "" };

	if (request->kind == REQUEST_REFRESH) {
		request_refresh(rc, request);
		return;
	}
	outcome = request_find(&rc->view, request, &target, &err);
	if (outcome == REQUEST_DONE && request->kind == REQUEST_SWITCH)
		outcome = request_may_switch(&target, &err);
	if (outcome != REQUEST_DONE ||
	    (request->kind == REQUEST_REINSTATE && is_reinstated(&target)))
		refuse(request, outcome, &err);
	else if (request->kind == REQUEST_REINSTATE)
		request_probe(rc, request, &target);
	else
		request_message_now(rc, request, &target);
}

/* A probe's outcome is one thing, who the namespace is now another: the pass knows. */
static void decide_pending(struct reconcile *rc, struct pending *p)
{
	const struct mp_loaded_map *map = mp_loaded_find(&rc->loaded, p->uuid);
	const struct mp_path *path = map ? mp_map_path(&map->map, p->major, p->minor) : NULL;
	const struct request_target target = { .map = map, .path = path };
	struct mp_err err;

	if (path && belongs(rc, p->uuid, p->major, p->minor)) {
		request_message_now(rc, &p->request, &target);
		return;
	}
	mp_err_set(&err, 0, "path %s: %s", path ? path->name : "is gone",
		   path ? refusal(rc, path->name) : "its map has changed");
	refuse(&p->request, REQUEST_FAILED, &err);
}

static void decide_probed(struct reconcile *rc)
{
	struct pending **p = &rc->pending;

	while (*p) {
		if (!(*p)->probed) {
			p = &(*p)->next;
			continue;
		}
		decide_pending(rc, *p);
		drop_pending(p);
	}
}

static void expire_pending(struct reconcile *rc)
{
	static const struct mp_err late = { "no answer yet from the controller, or from device-mapper" };
	struct pending **p = &rc->pending;
	uint64_t now = now_ms();

	while (*p) {
		if ((*p)->deadline_ms > now) {
			p = &(*p)->next;
			continue;
		}
		refuse(&(*p)->request, REQUEST_FAILED, &late);
		drop_pending(p);
	}
}

static uint64_t pending_wake_ms(const struct reconcile *rc)
{
	const struct pending *p;
	uint64_t wake = 0;

	for (p = rc->pending; p; p = p->next)
		wake = earlier(wake, p->deadline_ms);
	return wake;
}

/* ---- answers of controllers ---- */

static void identify_changed(void *context)
{
	want_pass(context);
}

static void probe_failed(struct reconcile *rc, int ns, const char *why)
{
	struct pending **p = &rc->pending;
	struct mp_err err;

	while (*p) {
		if ((*p)->major != rc->topo.ns[ns].major || (*p)->minor != rc->topo.ns[ns].minor) {
			p = &(*p)->next;
			continue;
		}
		mp_err_set(&err, 0, "%s", why);
		refuse(&(*p)->request, REQUEST_FAILED, &err);
		drop_pending(p);
	}
}

static void probe_succeeded(struct reconcile *rc, int ns)
{
	struct pending *p;

	for (p = rc->pending; p; p = p->next)
		if (p->major == rc->topo.ns[ns].major && p->minor == rc->topo.ns[ns].minor)
			p->probed = true;
}

/*
 * The path's number is the one of the last look, whose disk was probed: if the
 * name now leads to another disk, the next look finds no such path any more.
 */
static void identify_probed(void *context, const char *name, int r, const char *why)
{
	struct reconcile *rc = context;
	int ns = mp_topo_find_ns(&rc->topo, name);

	if (ns < 0)
		return;
	health_probed(rc->health, rc->topo.ns[ns].major, rc->topo.ns[ns].minor, r == 0, now_ms());
	if (r < 0)
		probe_failed(rc, ns, why);
	else
		probe_succeeded(rc, ns);
	want_pass(rc);
}

/* ---- the pass ---- */

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
	uint64_t now = now_ms();

	if (!rc->news_since_ms)
		rc->news_since_ms = now;
	rc->news_wake_ms = report_rejects(&rc->told, &rc->desired,
					  rc->options.once ? 0 : rc->news_since_ms, now);
	if (!rc->news_wake_ms)
		rc->news_since_ms = 0;
}

static void settle(struct reconcile *rc, size_t waiting)
{
	char status[300];

	/* until the answers are there, every namespace is "not identified yet" */
	if (identify_busy(rc->identify))
		return;
	tell_refusals(rc);
	report_status(&rc->view, status, sizeof(status));
	if (rc->options.once) {
		end(rc, waiting > 0);
		if (rc->topo.native)
			log_line(LOG_NOTICE, "%s", status);
	}
	if (rc->target_missing && !rc->topo.native)
		snprintf(status, sizeof(status), "%s", rc->target_err.text);
	if (rc->listener.settled)
		rc->listener.settled(rc->listener.context, status);
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
	end(rc, false);
}

static int make_plan(struct reconcile *rc, struct mp_plan *ret, uint64_t *ret_wake_ms,
		     size_t *ret_waiting, struct mp_err *err)
{
	struct mp_plan plan;
	uint64_t wake;
	int r;

	r = reconcile_plan(rc, &plan, err);
	if (r)
		return r;
	wake = plan.wake_ms;
	wake = earlier(wake, drop_waiting(rc, &plan, ret_waiting));
	*ret = plan;
	*ret_wake_ms = wake;
	return 0;
}

static int act(struct reconcile *rc, struct mp_err *err)
{
	struct mapjob *job;
	struct mp_plan plan;
	size_t waiting = 0;
	int r;

	r = make_plan(rc, &plan, &rc->plan_wake_ms, &waiting, err);
	if (r)
		return r;
	if (rc->options.dry_run) {
		show_plan(rc, &plan);
		mp_plan_done(&plan);
		return 0;
	}
	add_reinstates(rc, &plan);
	if (plan.nr_steps == 0) {
		mp_plan_done(&plan);
		settle(rc, waiting);
		return 0;
	}
	job = mapjob_new();
	if (!job) {
		mp_plan_done(&plan);
		return mp_err_set(err, -ENOMEM, "no memory");
	}
	job->plan = plan;
	submit(rc, job);
	return 0;
}

static int look_and_act(struct reconcile *rc, struct mp_err *err)
{
	int r;

	r = look(rc, err);
	if (r)
		return r;
	update_lost(rc);
	r = health_update(rc->health, &rc->loaded, now_ms());
	if (r)
		return mp_err_set(err, r, "no memory");
	if (!rc->options.dry_run)
		start_probes(rc);
	decide_probed(rc);
	if (rc->nr_jobs > 0)
		return 0;
	return act(rc, err);
}

static int on_pass(sd_event_source *s, void *userdata)
{
	struct reconcile *rc = userdata;
	struct mp_err err = { "" };
	uint64_t now = now_ms();
	int r;

	if (rc->ended)
		return 0;
	expire_pending(rc);
	if (rc->look_again_ms && rc->look_again_ms <= now)
		rc->look_again_ms = 0;
	if (rc->maps_old && !rc->look_again_ms && rc->nr_jobs == 0)
		submit_look(rc);
	if (rc->nr_jobs > 0) {
		set_timer(rc, pending_wake_ms(rc));
		return 0;
	}
	if (rc->maps_known && !rc->look_again_ms) {
		r = look_and_act(rc, &err);
		if (r < 0) {
			look_failed(rc, &err);
		} else {
			rc->look_err.text[0] = '\0';
			rc->look_delay_ms = 0;
		}
	}
	set_timer(rc, earlier(earlier(earlier(rc->plan_wake_ms, rc->look_again_ms),
				      earlier(identify_wake_ms(rc->identify),
					      health_wake_ms(rc->health))),
			      earlier(pending_wake_ms(rc), rc->news_wake_ms)));
	return 0;
}

/* What a plan waits for, such as the end of I/O on a dead path, shows only in a new status. */
static int on_timer(sd_event_source *s, uint64_t usec, void *userdata)
{
	struct reconcile *rc = userdata;

	rc->maps_old = true;
	want_pass(rc);
	return 0;
}

/* ---- hints ---- */

static void ctrl_connected(struct reconcile *rc, const char *name)
{
	int ctrl = mp_topo_find_ctrl(&rc->topo, name);
	size_t i;

	for (i = 0; ctrl >= 0 && i < rc->topo.nr_ns; i++)
		if (rc->topo.ns[i].ctrl == ctrl)
			health_connected(rc->health, rc->topo.ns[i].major, rc->topo.ns[i].minor,
					 now_ms());
}

/* Of other block devices, only those that stack on a path can matter. */
static bool may_hold_paths(const char *name)
{
	return strncmp(name, "dm-", 3) == 0 || strncmp(name, "md", 2) == 0;
}

void reconcile_hint(struct reconcile *rc, const struct hint *hint)
{
	switch (hint->kind) {
	case HINT_RESCAN:
		identify_stale_all(rc->identify);
		rc->maps_old = true;
		break;
	case HINT_DEVICE:
		identify_stale(rc->identify, hint->name);
		break;
	case HINT_REMOVED:
		rc->maps_old = true;
		break;
	case HINT_CONNECTED:
		identify_stale(rc->identify, hint->name);
		ctrl_connected(rc, hint->name);
		break;
	case HINT_BLOCK:
		if (!may_hold_paths(hint->name))
			return;
		break;
	case HINT_MAPS:
		rc->maps_old = true;
		break;
	case HINT_MODULE:
		if (!rc->target_missing && rc->maps_known)
			return;
		rc->maps_old = true;
		rc->look_again_ms = 0;
		break;
	}
	want_pass(rc);
}

/* ---- life ---- */

int reconcile_reload(struct reconcile *rc, struct mp_err *err)
{
	struct mp_conf conf;
	int r;

	r = mp_conf_init(&conf);
	if (r)
		return mp_err_set(err, r, "no memory");
	r = mp_conffile_read(rc->options.conf_file, &conf, err);
	if (r < 0) {
		mp_conf_done(&conf);
		return r;
	}
	mp_conf_done(&rc->conf);
	rc->conf = conf;
	want_pass(rc);
	return 0;
}

const struct view *reconcile_view(const struct reconcile *rc)
{
	return &rc->view;
}

void reconcile_listen(struct reconcile *rc, const struct reconcile_listener *listener)
{
	rc->listener = *listener;
}

const char *reconcile_trouble(const struct reconcile *rc)
{
	return rc->look_err.text;
}

bool reconcile_succeeded(const struct reconcile *rc)
{
	return !rc->failed;
}

static int add_sources(struct reconcile *rc)
{
	int r;

	r = sd_event_add_defer(rc->event, &rc->pass, on_pass, rc);
	if (r >= 0)
		r = sd_event_source_set_priority(rc->pass, PRIORITY_PASS);
	if (r >= 0)
		r = sd_event_add_time(rc->event, &rc->timer, CLOCK_BOOTTIME, 0, 0, on_timer, rc);
	if (r >= 0)
		r = sd_event_source_set_enabled(rc->timer, SD_EVENT_OFF);
	return r;
}

static int start(struct reconcile *rc, struct mp_err *err)
{
	const struct mapjob_handler jobs = { .finished = job_finished, .context = rc };
	const struct identify_handler answers = {
		.changed = identify_changed, .probed = identify_probed, .context = rc,
	};
	int r;

	rc->health = health_new();
	if (!rc->health || mp_conf_init(&rc->conf) < 0)
		return mp_err_set(err, -ENOMEM, "no memory");
	r = reconcile_reload(rc, err);
	if (r < 0)
		return r;
	r = maps_new(rc->event, &jobs, &rc->maps, err);
	if (r < 0)
		return r;
	r = identify_new(maps_workers(rc->maps), rc->options.root_fd, &answers, &rc->identify);
	return r ? mp_err_set(err, r, "no memory") : 0;
}

int reconcile_new(sd_event *event, const struct reconcile_options *options,
		  struct reconcile **ret, struct mp_err *err)
{
	struct reconcile *rc = calloc(1, sizeof(*rc));
	int r;

	if (!rc)
		return mp_err_set(err, -ENOMEM, "no memory");
	rc->event = sd_event_ref(event);
	rc->options = *options;
	rc->maps_old = true;
	rc->view = (struct view){
		.topo = &rc->topo, .desired = &rc->desired, .loaded = &rc->loaded,
	};
	r = add_sources(rc);
	if (r < 0)
		return mp_err_set(err, r, "event loop: %s", strerror(-r));
	r = start(rc, err);
	if (r < 0)
		return r;
	*ret = rc;
	return 0;
}

void reconcile_stop(struct reconcile *rc)
{
	rc->ended = true;
	maps_stop(rc->maps);
}
