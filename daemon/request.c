// SPDX-License-Identifier: GPL-2.0
/* Requests: names to maps and paths. */
#include <stdio.h>
#include <string.h>

#include "core/desire.h"
#include "core/err.h"
#include "core/topo.h"
#include "core/words.h"
#include "nvmemp_uapi.h"
#include "request.h"

static const struct mp_loaded_map *find_map(const struct view *v, const char *name)
{
	size_t i;

	for (i = 0; i < v->loaded->nr_maps; i++)
		if (strcmp(v->loaded->maps[i].map.name, name) == 0)
			return &v->loaded->maps[i];
	return NULL;
}

static bool is_of_ctrl(const struct view *v, const struct mp_path *p, const char *ctrl)
{
	int ns = mp_topo_find_devno(v->topo, p->major, p->minor);

	return ns >= 0 && strcmp(v->topo->ctrls[v->topo->ns[ns].ctrl].name, ctrl) == 0;
}

/* By block device, with or without /dev/, or by controller */
static const struct mp_path *find_path(const struct view *v, const struct mp_map *map,
				       const char *name)
{
	size_t i;

	if (strncmp(name, "/dev/", 5) == 0)
		name += 5;
	for (i = 0; i < map->nr_paths; i++)
		if (strcmp(map->paths[i].name, name) == 0 || is_of_ctrl(v, &map->paths[i], name))
			return &map->paths[i];
	return NULL;
}

static bool is_about_path(enum request_kind kind)
{
	return kind == REQUEST_SWITCH || kind == REQUEST_FAIL || kind == REQUEST_REINSTATE ||
	       kind == REQUEST_RELEASE;
}

enum request_outcome request_find(const struct view *view, const struct request *request,
				  struct request_target *ret, struct mp_err *err)
{
	struct request_target t = { .map = find_map(view, request->map) };

	if (!t.map) {
		mp_err_set(err, 0, "there is no map %s", request->map);
		return REQUEST_NO_MAP;
	}
	if (!is_about_path(request->kind) ||
	    (request->kind == REQUEST_SWITCH && strcmp(request->path, "auto") == 0)) {
		*ret = t;
		return REQUEST_DONE;
	}
	t.path = find_path(view, &t.map->map, request->path);
	if (!t.path) {
		mp_err_set(err, 0, "%s has no path %s", request->map, request->path);
		return REQUEST_NO_PATH;
	}
	t.status = mp_loaded_status(t.map, t.path);
	*ret = t;
	return REQUEST_DONE;
}

enum request_outcome request_may_switch(const struct request_target *t, struct mp_err *err)
{
	if (!t->path)
		return REQUEST_DONE;
	if (!t->status) {
		mp_err_set(err, 0, "%s: the state of %s can't be read", t->map->map.name,
			   t->path->name);
		return REQUEST_FAILED;
	}
	/* a blocked one comes back by itself; what is preferred, the target releases */
	if (!mp_path_state_in_service(t->status->state)) {
		mp_err_set(err, 0, "%s: path %s is %s", t->map->map.name, t->path->name,
			   mp_path_state_word(t->status->state));
		return REQUEST_FAILED;
	}
	if (t->status->ana != MP_ANA_OPTIMIZED && t->status->ana != MP_ANA_NONOPTIMIZED) {
		mp_err_set(err, 0, "%s: the ANA state of path %s is %s", t->map->map.name,
			   t->path->name, mp_ana_word(t->status->ana));
		return REQUEST_FAILED;
	}
	return REQUEST_DONE;
}

const char *request_setting(enum request_kind kind)
{
	return kind == REQUEST_POLICY ? NVMEMP_MSG_POLICY : NVMEMP_MSG_NO_PATH;
}

void request_message(const struct request *request, const struct request_target *t, char *buf,
		     size_t size)
{
	static const char *const verbs[] = {
		[REQUEST_SWITCH] = NVMEMP_MSG_PREFER,
		[REQUEST_FAIL] = NVMEMP_MSG_DISABLE_PATH,
		[REQUEST_REINSTATE] = NVMEMP_MSG_REINSTATE_PATH,
		[REQUEST_RELEASE] = NVMEMP_MSG_RELEASE_PATH,
	};

	if (t->path)
		snprintf(buf, size, "%s %u:%u", verbs[request->kind], t->path->major,
			 t->path->minor);
	else if (request->kind == REQUEST_POLICY || request->kind == REQUEST_NO_PATH_SETTING)
		snprintf(buf, size, "%s %s", request_setting(request->kind), request->path);
	else
		snprintf(buf, size, "%s %s", NVMEMP_MSG_PREFER, NVMEMP_MSG_PREFER_NONE);
}
