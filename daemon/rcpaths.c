// SPDX-License-Identifier: GPL-2.0
/* Failed paths that may be good again, and what clients ask for */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/ident.h"
#include "core/loaded.h"
#include "core/plan.h"
#include "nvmemp_uapi.h"
#include "rc.h"
#include "sys/sysfs.h"
#include "todo.h"
#include "users.h"

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

void rc_start_probes(struct reconcile *rc)
{
	struct health_path p;

	while (health_take_probe(rc->health, &p)) {
		const char *name = path_name(rc, p.major, p.minor);

		if (!name || identify_probe(rc->identify, name) < 0)
			health_probed(rc->health, p.major, p.minor, false, rc_now_ms());
	}
	while (health_take_recheck(rc->health, &p)) {
		const char *name = path_name(rc, p.major, p.minor);

		if (name)
			identify_stale(rc->identify, name);
	}
}

void rc_add_reinstates(struct reconcile *rc, struct mp_plan *plan)
{
	struct health_path p;
	char text[64];

	while (health_take_good(rc->health, &p)) {
		const struct mp_loaded_map *map = mp_loaded_find(&rc->loaded, p.uuid);
		bool good = map && !refusal(rc, p.uuid, p.major, p.minor);

		if (!health_confirm(rc->health, &p, good, rc_now_ms()))
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
	rc_submit(context, job);
	return 0;
}

static int client_teardown(void *context, const struct mp_loaded_map *map, struct waiter *waiter)
{
	struct mapjob *job = client_job(map, "", waiter);

	if (!job)
		return -ENOMEM;
	job->plan.steps[0].kind = MP_STEP_TEARDOWN;
	rc_submit(context, job);
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
	rc_want_pass(rc);
}

static int client_probe(void *context, uint32_t major, uint32_t minor)
{
	struct reconcile *rc = context;
	const char *name = path_name(rc, major, minor);

	rc_want_pass(rc);
	return name ? identify_probe(rc->identify, name) : -ENODEV;
}

static const char *client_refusal(void *context, const char *uuid, uint32_t major, uint32_t minor)
{
	return refusal(context, uuid, major, minor);
}

struct clients *rc_clients_new(struct reconcile *rc)
{
	const struct clients_handler handler = {
		.send = client_send, .teardown = client_teardown, .user = client_user,
		.set = client_set, .rescan = client_rescan,
		.refresh = client_refresh, .probe = client_probe, .refusal = client_refusal, .context = rc,
	};

	return clients_new(&handler);
}

void reconcile_request(struct reconcile *rc, const struct request *request)
{
	clients_request(rc->clients, &rc->view, request, rc_now_ms());
}
