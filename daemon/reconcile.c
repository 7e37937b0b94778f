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

#include "clients.h"
#include "core/arena.h"
#include "core/conf.h"
#include "core/desire.h"
#include "core/dump.h"
#include "core/err.h"
#include "core/facts.h"
#include "core/ident.h"
#include "core/plan.h"
#include "core/store.h"
#include "core/topo.h"
#include "health.h"
#include "identify.h"
#include "log.h"
#include "lost.h"
#include "mapjob.h"
#include "news.h"
#include "nvmemp_uapi.h"
#include "reconcile.h"
#include "report.h"
#include "retry.h"
#include "sys/conffile.h"
#include "sys/dm.h"
#include "sys/known.h"
#include "sys/sysfs.h"
#include "todo.h"
#include "users.h"

#define READ_AT_ONCE	16		/* devices, before others get their turn */
#define STEPS_AT_ONCE	128		/* in a job: what happens meanwhile waits for its end */
#define REST_FACTOR	4		/* a look that can wait comes after as many times what the last took, */
#define REST_MAX_MS	100		/* but so soon: somebody may wait for a new device */
#define LOOK_FIRST_MS	1000		/* after a failed look, doubled each time */
#define LOOK_MAX_MS	60000

struct reconcile {
	sd_event *event;
	struct reconcile_options options;
	struct reconcile_listener listener;
	sd_event_source *pass;
	sd_event_source *timer;
	struct maps *maps;
	struct mp_known *known;
	struct identify *identify;
	struct health *health;
	struct retries retries;
	struct clients *clients;

	struct mp_conf conf;
	struct mp_topo topo;
	uint64_t topo_version;		/* of the facts that it was built of */
	struct mp_desired desired;
	struct mp_loaded loaded;
	struct view view;
	struct lost lost;
	uint64_t plan_wake_ms;
	struct told told;
	struct news news;
	uint64_t news_since_ms;		/* refusals that nobody was told of; 0 = none */
	uint64_t news_wake_ms;

	unsigned int nr_jobs;
	bool looked;			/* topo and desired were built at least once */
	bool maps_known;		/* loaded was read at least once */
	bool maps_old;			/* something happened since that reading began */
	bool maps_all;			/* anything may have: all are to be read */
	bool look_first;		/* before device-mapper is asked again */
	uint32_t *minors;		/* of maps that are to be read */
	size_t nr_minors;
	bool desired_old;		/* what it was made of changed, but for the facts */
	bool act;			/* more happened than that some device is to be read */
	bool urgent;			/* no rest before the next look */
	uint64_t look_ms;		/* what reading and looking took since the last rest */
	uint64_t rest_until_ms;
	uint64_t wake_ms;		/* the timer, but for the rest's end */
	uint64_t look_again_ms;		/* a look failed: not before this */
	unsigned int look_delay_ms;
	bool states_changed;		/* of some controller, since the last look */
	bool told_native;
	bool target_missing;
	struct mp_err target_err;
	struct mp_err look_err;		/* "" = the last look was a success */
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

/* Something may be read, which may turn out to be as it was. */
static void want_look(struct reconcile *rc)
{
	sd_event_source_set_enabled(rc->pass, SD_EVENT_ONESHOT);
}

static void want_pass(struct reconcile *rc)
{
	rc->act = true;
	want_look(rc);
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

/* Who has no name in sysfs or /proc is found by asking for the device. */
static void check_users(struct reconcile *rc, const struct mp_step *step)
{
	const struct mp_map *want = mp_desired_find(&rc->desired, step->uuid);
	const struct mp_loaded_map *have = mp_loaded_find(&rc->loaded, step->uuid);
	size_t i;

	if (step->kind != MP_STEP_CREATE && step->kind != MP_STEP_RELOAD &&
	    step->kind != MP_STEP_ADD_PATH)
		return;
	for (i = 0; want && i < want->nr_paths; i++) {
		const struct mp_path *p = &want->paths[i];

		if (!have || !mp_map_path(&have->map, p->major, p->minor))
			identify_check_use(rc->identify, p->name);
	}
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
	uint64_t now = now_ms();
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

			if (ns >= 0 && strcmp(p->name, topo->ns[ns].name) == 0)
				continue;
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

/* A map that became read-only with a path becomes writable with it; one that was made so does not. */
static void note_read_only(struct mp_loaded *loaded, const struct mp_desired *desired,
			   const struct mp_loaded *before)
{
	size_t i;

	for (i = 0; i < loaded->nr_maps; i++) {
		struct mp_loaded_map *m = &loaded->maps[i];
		const struct mp_loaded_map *old = mp_loaded_find(before, m->map.uuid);
		const struct mp_map *want = mp_desired_find(desired, m->map.uuid);

		m->follows_paths = m->map.read_only &&
				   ((old && old->follows_paths) || (want && want->read_only));
	}
}

static bool all_kept(const struct mp_loaded *loaded, const struct mp_loaded *before)
{
	size_t i;

	for (i = 0; i < loaded->nr_maps; i++)
		if (!loaded->maps[i].kept)
			return false;
	return loaded->nr_maps == before->nr_maps;
}

static int take_loaded(struct reconcile *rc, struct mapjob *job)
{
	struct mp_loaded before = rc->loaded;

	if (rc->maps_known && all_kept(&job->loaded, &before))
		return 0;
	if (mp_loaded_keep(&job->loaded, &before))
		return mp_err_set(&job->err, -ENOMEM, "no memory for the maps");
	if (mp_loaded_remember(&job->loaded, &before, &rc->topo))
		return mp_err_set(&job->err, -ENOMEM, "no memory");
	rc->loaded = job->loaded;
	job->loaded = (struct mp_loaded){ 0 };
	note_read_only(&rc->loaded, &rc->desired, &before);
	/* what is found at start has no names before the first look at the paths */
	if (rc->maps_known) {
		name_paths(&rc->loaded, &rc->topo, &before);
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

static void job_finished(void *context, struct mapjob *job)
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
		look_failed(rc, &job->err);
	}
	rc->look_first = true;
	want_pass(rc);
}

/* ---- looking ---- */

static void ctrl_connected(struct reconcile *rc, const struct mp_topo *topo, int ctrl)
{
	size_t i;

	for (i = 0; ctrl >= 0 && i < topo->nr_ns; i++)
		if (topo->ns[i].ctrl == ctrl)
			health_connected(rc->health, topo->ns[i].major, topo->ns[i].minor, now_ms());
}

/*
 * What is known of a controller that serves again is old, and its failed paths are
 * worth a try. States may have come and gone unseen, so every live one gets that.
 */
static void note_states(struct reconcile *rc, const struct mp_topo *topo)
{
	size_t i;
	int was;

	for (i = 0; i < topo->nr_ctrls; i++) {
		const struct mp_ctrl *c = &topo->ctrls[i];

		if (strcmp(c->state, "live") != 0)
			continue;
		was = mp_topo_find_ctrl(&rc->topo, c->name);
		if (was >= 0 && strcmp(rc->topo.ctrls[was].state, "live") != 0) {
			identify_stale(rc->identify, c->name);
			want_look(rc);
		} else if (!rc->states_changed) {
			continue;
		}
		ctrl_connected(rc, topo, i);
	}
	rc->states_changed = false;
}

static int build_topo(struct reconcile *rc, struct mp_err *err)
{
	struct mp_store *store = mp_known_store(rc->known);
	struct mp_facts facts;
	struct mp_topo topo;
	int r;

	r = mp_store_facts(store, &facts);
	if (r)
		return mp_err_set(err, r, "no memory");
	r = mp_topo_build(&facts, &topo, err);
	if (r)
		return r;
	note_states(rc, &topo);
	mp_topo_done(&rc->topo);
	rc->topo = topo;
	rc->topo_version = mp_store_version(store);
	name_paths(&rc->loaded, &rc->topo, &rc->loaded);
	return 0;
}

static int build_desired(struct reconcile *rc, struct mp_err *err)
{
	const struct mp_loaded nothing = { NULL };
	struct mp_desired desired;
	int r;

	r = mp_loaded_remember(&rc->loaded, &rc->loaded, &rc->topo);
	if (r)
		mp_err_set(err, r, "no memory");
	else
		r = mp_desire(&rc->topo, &rc->conf, &rc->loaded, &desired, err);
	if (r)
		return r;
	mp_desired_done(&rc->desired);
	rc->desired = desired;
	if (!rc->looked)
		report_maps(&rc->topo, &nothing, &rc->loaded);
	rc->looked = true;
	return 0;
}

static bool topo_is_old(const struct reconcile *rc)
{
	return !rc->looked || rc->topo_version != mp_store_version(mp_known_store(rc->known));
}

/* Each value is built again if one that it is built of changed. */
static int build(struct reconcile *rc, struct mp_err *err)
{
	int r = 0;

	if (topo_is_old(rc)) {
		rc->desired_old = true;
		r = build_topo(rc, err);
	} else if (rc->states_changed) {
		note_states(rc, &rc->topo);
	}
	if (r || !rc->desired_old)
		return r;
	r = build_desired(rc, err);
	rc->desired_old = r != 0;
	if (r == 0)
		rc->act = true;
	return r;
}

/*
 * Positive: there is more to read, so what is known is of several times. That is enough
 * for what is urgent: before it is acted upon, it is read again.
 */
static int look(struct reconcile *rc, struct mp_err *err)
{
	bool urgent = rc->urgent && rc->looked;
	int r, more;

	more = mp_known_read(rc->known, READ_AT_ONCE, err);
	if (more < 0)
		return more;
	if (more)
		want_look(rc);
	if (more && !urgent)
		return 1;
	rc->urgent = false;
	r = identify_ask(rc->identify, now_ms());
	if (r < 0)
		return mp_err_set(err, r, "no memory");
	return build(rc, err);
}

/* ---- planning ---- */

int reconcile_plan(struct reconcile *rc, struct mp_plan *ret, struct mp_err *err)
{
	const struct mp_plan_input input = {
		.desired = &rc->desired, .loaded = &rc->loaded,
		.lost = rc->lost.maps, .nr_lost = rc->lost.nr_maps, .now_ms = now_ms(),
	};
	int r;

	if (!rc->maps_known)
		return mp_err_set(err, -EAGAIN, "device-mapper was not read yet");
	r = mp_plan(&input, ret);
	return r ? mp_err_set(err, r, "no memory") : 0;
}

/* ---- failed paths ---- */

static const char *path_name(const struct reconcile *rc, uint32_t major, uint32_t minor)
{
	int ns = mp_topo_find_devno(&rc->topo, major, minor);

	return ns >= 0 ? rc->topo.ns[ns].name : NULL;
}

/*
 * NULL: the namespace behind this number, as it was just identified, belongs
 * into this map. Nothing else may be taken back.
 */
static const char *refusal(const struct reconcile *rc, const char *uuid, uint32_t major,
			   uint32_t minor)
{
	const struct mp_map *map = mp_desired_find(&rc->desired, uuid);
	int ns = mp_topo_find_devno(&rc->topo, major, minor);
	size_t i;

	if (ns < 0)
		return "the path is gone";
	if (!rc->topo.ns[ns].identified)
		return "it could not be identified";
	if (map && mp_map_path(map, major, minor))
		return NULL;
	for (i = 0; i < rc->desired.nr_rejects; i++)
		if (strcmp(rc->desired.rejects[i].device, rc->topo.ns[ns].name) == 0)
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
		bool good = map && !refusal(rc, p.uuid, p.major, p.minor);

		if (!health_confirm(rc->health, &p, good, now_ms()))
			continue;
		snprintf(text, sizeof(text), NVMEMP_MSG_REINSTATE_PATH " %u:%u", p.major, p.minor);
		todo_add_message(plan, map, text, "identity and a read through the path are good again");
	}
}

/* ---- clients ---- */

static struct mapjob *client_job(const struct mp_loaded_map *map, const char *text,
				 struct waiter *waiter)
{
	struct mapjob *job = mapjob_new();

	if (!job)
		return NULL;
	job->plan.arena = mp_arena_new();
	if (!job->plan.arena || todo_add_message(&job->plan, map, text, "asked for") < 0) {
		mapjob_free(job);
		return NULL;
	}
	job->waiters = waiter;
	return job;
}

static int client_send(void *context, const struct mp_loaded_map *map, const char *text,
		       struct waiter *waiter)
{
	struct mapjob *job = client_job(map, text, waiter);

	if (!job)
		return -ENOMEM;
	submit(context, job);
	return 0;
}

static int client_teardown(void *context, const struct mp_loaded_map *map, struct waiter *waiter)
{
	struct mapjob *job = client_job(map, "", waiter);

	if (!job)
		return -ENOMEM;
	job->plan.steps[0].kind = MP_STEP_TEARDOWN;
	submit(context, job);
	return 0;
}

static int client_user(void *context, const struct mp_loaded_map *map, struct mp_err *err)
{
	const struct reconcile *rc = context;

	return users_find(rc->options.root_fd, map, err);
}

/* By the wwid of a path that is there: the uuid may have it shortened. */
static int client_set(void *context, const struct mp_loaded_map *map, const char *key,
		      const char *value, struct mp_err *err)
{
	struct reconcile *rc = context;
	const char *wwid = map->map.uuid + sizeof(NVMEMP_UUID_PREFIX) - 1;
	size_t i;

	for (i = 0; i < map->map.nr_paths; i++) {
		const struct mp_path *p = &map->map.paths[i];
		int ns = mp_topo_find_devno(&rc->topo, p->major, p->minor);

		if (ns >= 0)
			wwid = rc->topo.ns[ns].id.wwid;
	}
	rc->desired_old = true;
	return mp_conf_set(&rc->conf, wwid, key, value, err);
}

static int client_rescan(void *context, const struct mp_loaded_map *map, struct mp_err *err)
{
	const struct reconcile *rc = context;
	size_t i;
	int r = 0;

	for (i = 0; i < map->map.nr_paths && !r; i++) {
		const struct mp_path *p = &map->map.paths[i];
		int ns = mp_topo_find_devno(&rc->topo, p->major, p->minor);

		if (ns >= 0)
			r = mp_sysfs_rescan(rc->options.root_fd,
					    rc->topo.ctrls[rc->topo.ns[ns].ctrl].name, err);
	}
	return r;
}

static void client_refresh(void *context)
{
	struct reconcile *rc = context;

	rc->maps_old = rc->maps_all = true;
	want_pass(rc);
}

static int client_probe(void *context, uint32_t major, uint32_t minor)
{
	struct reconcile *rc = context;
	const char *name = path_name(rc, major, minor);

	want_pass(rc);
	return name ? identify_probe(rc->identify, name) : -ENODEV;
}

static const char *client_refusal(void *context, const char *uuid, uint32_t major, uint32_t minor)
{
	return refusal(context, uuid, major, minor);
}

void reconcile_request(struct reconcile *rc, const struct request *request)
{
	clients_request(rc->clients, &rc->view, request, now_ms());
}

/* ---- answers of controllers ---- */

static void identify_changed(void *context)
{
	struct reconcile *rc = context;

	rc->urgent |= topo_is_old(rc);
	want_pass(rc);
}

/*
 * The path's number is the one of the last look, whose disk was probed: if the
 * name now leads to another disk, the next look finds no such path any more.
 */
static void identify_probed(void *context, const char *name, int r, const char *why)
{
	struct reconcile *rc = context;
	int ns = mp_topo_find_ns(&rc->topo, name);
	uint32_t major, minor;

	if (ns < 0)
		return;
	major = rc->topo.ns[ns].major;
	minor = rc->topo.ns[ns].minor;
	health_probed(rc->health, major, minor, r == 0, now_ms());
	clients_probed(rc->clients, major, minor, r, why);
	rc->urgent = true;
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
		end(rc, waiting > 0);
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
	end(rc, false);
}

static bool takes_paths(const struct mp_step *step)
{
	return step->kind == MP_STEP_CREATE || step->kind == MP_STEP_RELOAD ||
	       step->kind == MP_STEP_ADD_PATH;
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
		const struct mp_step *step = &plan->steps[i];
		const struct mp_map *want = takes_paths(step) ? mp_desired_find(&rc->desired, step->uuid) : NULL;
		const struct mp_loaded_map *have = mp_loaded_find(&rc->loaded, step->uuid);

		for (j = 0; want && j < want->nr_paths; j++) {
			const struct mp_path *p = &want->paths[j];

			if (have && mp_map_path(&have->map, p->major, p->minor))
				continue;
			r = mp_known_read_now(rc->known, p->name, err);
			if (r < 0)
				return r;
		}
	}
	return topo_is_old(rc);
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
		want_pass(rc);
	}
	job = r == 0 ? mapjob_new() : NULL;
	if (!job) {
		mp_plan_done(plan);
		return r ? (r < 0 ? r : 0) : mp_err_set(err, -ENOMEM, "no memory");
	}
	job->plan = *plan;
	submit(rc, job);
	return 0;
}

static int act(struct reconcile *rc, struct mp_err *err)
{
	const struct todo_limits limits = {
		.retries = &rc->retries, .no_target = rc->target_missing, .now_ms = now_ms(),
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
	add_reinstates(rc, &plan);
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

	r = look(rc, err);
	if (r || !rc->act)
		return r;
	news_publish(&rc->news, &rc->view, !identify_busy(rc->identify));
	rc->act = false;
	lost_update(&rc->lost, &rc->desired, &rc->loaded, now_ms());
	r = health_update(rc->health, &rc->loaded, now_ms());
	if (r)
		return mp_err_set(err, r, "no memory");
	if (!rc->options.dry_run)
		start_probes(rc);
	clients_decide(rc->clients, &rc->loaded);
	if (rc->nr_jobs > 0)
		return 0;
	return act(rc, err);
}

static bool must_rest(const struct reconcile *rc, uint64_t now)
{
	return !rc->urgent && now < rc->rest_until_ms;
}

/* A storm of events must neither keep us busy nor hold up what else happens. */
static void look_now(struct reconcile *rc)
{
	struct mp_err err = { "" };
	uint64_t began = now_ms(), ended;
	int r;

	rc->look_first = false;
	r = look_and_act(rc, &err);
	if (r < 0) {
		look_failed(rc, &err);
	} else {
		rc->look_err.text[0] = '\0';
		rc->look_delay_ms = 0;
	}
	ended = now_ms();
	rc->look_ms += ended - began;
	if (r > 0)
		return;
	rc->rest_until_ms = ended + REST_FACTOR * rc->look_ms;
	if (rc->rest_until_ms > ended + REST_MAX_MS)
		rc->rest_until_ms = ended + REST_MAX_MS;
	rc->look_ms = 0;
}

static uint64_t next_wake_ms(const struct reconcile *rc)
{
	return earlier(earlier(rc->plan_wake_ms, rc->look_again_ms),
		       earlier(earlier(identify_wake_ms(rc->identify), health_wake_ms(rc->health)),
			       earlier(rc->news_wake_ms, log_wake_ms())));
}

static int on_pass(sd_event_source *s, void *userdata)
{
	struct reconcile *rc = userdata;
	uint64_t now = now_ms(), clients_wake;
	bool rests;

	if (rc->ended)
		return 0;
	log_catch_up(now);
	clients_wake = clients_expire(rc->clients, now);
	if (rc->look_again_ms && rc->look_again_ms <= now)
		rc->look_again_ms = 0;
	rests = must_rest(rc, now);
	if (rc->maps_old && !rc->look_again_ms && rc->nr_jobs == 0 && (rests || !rc->look_first))
		submit_look(rc);
	if (rc->nr_jobs > 0) {
		set_timer(rc, clients_wake);
		return 0;
	}
	if (rc->maps_known && !rc->look_again_ms && !rests)
		look_now(rc);
	if (rc->maps_old && rc->nr_jobs == 0 && !rc->look_again_ms)
		want_pass(rc);
	rc->wake_ms = earlier(next_wake_ms(rc), clients_wake);
	set_timer(rc, earlier(rc->wake_ms, rests ? rc->rest_until_ms : 0));
	return 0;
}

/* What a plan waits for, such as the end of I/O on a dead path, shows only in a new status. */
static int on_timer(sd_event_source *s, uint64_t usec, void *userdata)
{
	struct reconcile *rc = userdata;

	if (!rc->wake_ms || rc->wake_ms > now_ms()) {
		want_look(rc);
		return 0;
	}
	rc->maps_old = true;
	want_pass(rc);
	return 0;
}

/* ---- hints ---- */

static void doubt_map(struct reconcile *rc, uint32_t minor)
{
	uint32_t *p = realloc(rc->minors, (rc->nr_minors + 1) * sizeof(*p));

	rc->maps_old = true;
	if (!p) {
		rc->maps_all = true;
		return;
	}
	rc->minors = p;
	p[rc->nr_minors++] = minor;
}

/* It may be stacked on a path; and what others do to a map of ours shows by its uevent. */
static void other_device(struct reconcile *rc, const char *name)
{
	unsigned int minor;
	size_t i;

	mp_known_doubt(rc->known, name);
	want_look(rc);
	if (sscanf(name, "dm-%u", &minor) != 1)
		return;
	for (i = 0; i < rc->loaded.nr_maps; i++) {
		if (rc->loaded.maps[i].minor != minor)
			continue;
		doubt_map(rc, minor);
		want_pass(rc);
	}
}

/* A look that finds it gone costs little, and does not wait for others. */
static void device_removed(struct reconcile *rc, const char *name)
{
	if (mp_name_is_ctrl(name) || mp_known_read_now(rc->known, name, NULL) < 0)
		mp_known_doubt(rc->known, name);
	rc->maps_old = rc->urgent = true;
}

void reconcile_hint(struct reconcile *rc, const struct hint *hint)
{
	switch (hint->kind) {
	case HINT_RESCAN:
		identify_stale_all(rc->identify);
		mp_known_doubt_all(rc->known);
		rc->maps_old = rc->maps_all = true;
		break;
	case HINT_DEVICE:
		identify_stale(rc->identify, hint->name);
		mp_known_doubt(rc->known, hint->name);
		want_look(rc);
		return;
	case HINT_REMOVED:
		device_removed(rc, hint->name);
		break;
	case HINT_CONNECTED:
		identify_stale(rc->identify, hint->name);
		mp_known_doubt(rc->known, hint->name);
		ctrl_connected(rc, &rc->topo, mp_topo_find_ctrl(&rc->topo, hint->name));
		rc->urgent = true;
		break;
	case HINT_ANA:
		identify_stale_log(rc->identify, hint->name);
		rc->urgent = true;
		break;
	case HINT_STATE:
		rc->states_changed = rc->urgent = true;
		break;
	case HINT_BLOCK:
		other_device(rc, hint->name);
		return;
	case HINT_MAPS:
		rc->maps_old = true;
		break;
	case HINT_MODULE:
		if (!rc->target_missing && rc->maps_known)
			return;
		rc->maps_old = rc->maps_all = true;
		rc->look_again_ms = 0;
		break;
	}
	want_pass(rc);
}

/* ---- life ---- */

/*
 * At its start the daemon has no older configuration to stay with. Without one, no path
 * that the udev rules keep from others would have a map, and a machine that boots from
 * one would not. What is left out can't do harm: mp_conf_leave_out(), and maps that
 * are loaded stay as they are.
 */
static int first_conf(struct reconcile *rc, struct mp_err *err)
{
	int r;

	if (rc->options.once || rc->options.dry_run)
		return mp_conffile_read(MP_VENDOR_FILE, rc->options.conf_file, &rc->conf, err);
	r = mp_conffile_salvage(MP_VENDOR_FILE, rc->options.conf_file, &rc->conf, err);
	if (r == 0)
		report_left_out(&rc->conf);
	return r;
}

int reconcile_reload(struct reconcile *rc, struct mp_err *err)
{
	struct mp_conf conf;
	int r;

	r = mp_conf_init(&conf);
	if (r)
		return mp_err_set(err, r, "no memory");
	r = mp_conffile_read(MP_VENDOR_FILE, rc->options.conf_file, &conf, err);
	if (r < 0) {
		report_bad_reload(err);
		mp_conf_done(&conf);
		return r;
	}
	log_line(LOG_NOTICE, "the configuration was read again");
	mp_conf_done(&rc->conf);
	rc->conf = conf;
	news_tell(&rc->news, &(struct mp_event){ "config-reloaded", "", "", "", "" });
	rc->desired_old = true;
	want_pass(rc);
	return 0;
}

void reconcile_set_event_trouble(struct reconcile *rc, const char *text)
{
	rc->view.event_trouble = text;
}

const struct view *reconcile_view(const struct reconcile *rc)
{
	return &rc->view;
}

int reconcile_read_native(struct reconcile *rc)
{
	struct mp_err err;
	int r;

	if (!rc->topo.native)
		return 0;
	mp_known_doubt_all(rc->known);
	r = mp_known_read(rc->known, SIZE_MAX, &err);
	return r < 0 ? r : build(rc, &err);
}

void reconcile_listen(struct reconcile *rc, const struct reconcile_listener *listener)
{
	rc->listener = *listener;
}

void reconcile_tell_events(struct reconcile *rc, const struct event_handler *handler)
{
	rc->news.handler = *handler;
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
	const struct clients_handler clients = {
		.send = client_send, .teardown = client_teardown, .user = client_user,
		.set = client_set, .rescan = client_rescan,
		.refresh = client_refresh, .probe = client_probe, .refusal = client_refusal, .context = rc,
	};
	struct identify_machine machine;
	int r;

	rc->health = health_new();
	rc->clients = clients_new(&clients);
	rc->known = mp_known_new(rc->options.root_fd);
	if (!rc->health || !rc->clients || !rc->known || mp_conf_init(&rc->conf) < 0)
		return mp_err_set(err, -ENOMEM, "no memory");
	r = first_conf(rc, err);
	if (r < 0)
		return r;
	r = maps_new(rc->event, &jobs, &rc->maps, err);
	if (r < 0)
		return r;
	machine = (struct identify_machine){ rc->options.root_fd, mp_known_store(rc->known) };
	r = identify_new(maps_workers(rc->maps), &machine, &answers, &rc->identify);
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
	rc->maps_old = rc->maps_all = true;
	rc->act = true;
	rc->view = (struct view){
		.conf = &rc->conf, .topo = &rc->topo, .desired = &rc->desired, .loaded = &rc->loaded,
		.event_trouble = "",
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
	news_done(&rc->news);
}
