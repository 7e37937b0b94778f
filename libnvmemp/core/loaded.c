// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/desire.h"
#include "core/ident.h"
#include "core/loaded.h"
#include "core/topo.h"

int mp_loaded_cmp(const void *a, const void *b)
{
	const struct mp_loaded_map *x = a, *y = b;

	return strcmp(x->map.uuid, y->map.uuid);
}

const struct mp_loaded_map *mp_loaded_find(const struct mp_loaded *loaded, const char *uuid)
{
	const struct mp_loaded_map key = { .map.uuid = uuid };

	return loaded->nr_maps ? bsearch(&key, loaded->maps, loaded->nr_maps, sizeof(key),
					 mp_loaded_cmp) : NULL;
}

const struct mp_path *mp_map_path(const struct mp_map *map, uint32_t major, uint32_t minor)
{
	size_t i;

	for (i = 0; i < map->nr_paths; i++)
		if (map->paths[i].major == major && map->paths[i].minor == minor)
			return &map->paths[i];
	return NULL;
}

const struct mp_path_status *mp_loaded_status(const struct mp_loaded_map *map,
					      const struct mp_path *path)
{
	size_t i;

	for (i = 0; i < map->status.nr_paths; i++) {
		const struct mp_path_status *s = &map->status.paths[i];

		if (s->major == path->major && s->minor == path->minor)
			return s;
	}
	return NULL;
}

bool mp_loaded_nqn_known(const struct mp_loaded_map *map)
{
	return map->nqn && *map->nqn;
}

/* The subsystem that a path of the map's table leads to, if it is still the map's namespace */
static const char *nqn_of_paths(const struct mp_map *map, const struct mp_topo *topo)
{
	char uuid[MP_DM_UUID_SIZE];
	size_t i;

	for (i = 0; i < map->nr_paths; i++) {
		int n = mp_topo_find_devno(topo, map->paths[i].major, map->paths[i].minor);
		const struct mp_ns *ns = n < 0 ? NULL : &topo->ns[n];

		if (ns && !*ns->bad && !mp_ident_dm_uuid(ns->id.wwid, uuid, NULL) &&
		    !strcmp(map->uuid, uuid))
			return topo->ctrls[ns->ctrl].nqn;
	}
	return "";
}

int mp_loaded_remember(struct mp_loaded *loaded, const struct mp_loaded *before,
		       const struct mp_topo *topo)
{
	size_t i;

	for (i = 0; i < loaded->nr_maps; i++) {
		struct mp_loaded_map *l = &loaded->maps[i];
		const struct mp_loaded_map *old = mp_loaded_find(before, l->map.uuid);
		const char *nqn = old && mp_loaded_nqn_known(old) ? old->nqn : nqn_of_paths(&l->map, topo);

		if (mp_loaded_nqn_known(l))
			continue;
		l->nqn = *nqn ? mp_arena_strdup(loaded->arena, nqn) : "";
		if (!l->nqn)
			return -ENOMEM;
	}
	return 0;
}

static int copy_map(struct mp_arena *arena, const struct mp_loaded_map *from,
		    struct mp_loaded_map *ret)
{
	struct mp_loaded_map m = *from;
	size_t i;

	m.map.name = mp_arena_strdup(arena, from->map.name);
	m.map.uuid = mp_arena_strdup(arena, from->map.uuid);
	m.map.paths = mp_arena_memdup(arena, from->map.paths, m.map.nr_paths * sizeof(*m.map.paths));
	m.status.paths = mp_arena_memdup(arena, from->status.paths,
					 m.status.nr_paths * sizeof(*m.status.paths));
	m.bad = mp_arena_strdup(arena, from->bad);
	m.nqn = NULL;
	m.kept = false;
	for (i = 0; m.map.paths && i < m.map.nr_paths; i++)
		m.map.paths[i].name = "";
	if (!m.map.name || !m.map.uuid || !m.map.paths || !m.status.paths || !m.bad)
		return -ENOMEM;
	*ret = m;
	return 0;
}

int mp_loaded_keep(struct mp_loaded *loaded, const struct mp_loaded *before)
{
	size_t i;
	int r = 0;

	for (i = 0; i < loaded->nr_maps && !r; i++) {
		struct mp_loaded_map *m = &loaded->maps[i];
		const struct mp_loaded_map *old = m->kept ? mp_loaded_find(before, m->map.uuid) : NULL;

		if (old)
			r = copy_map(loaded->arena, old, m);
		else if (m->kept)
			r = -ENOENT;
	}
	return r;
}

bool mp_loaded_is_quiet(const struct mp_loaded_map *map)
{
	size_t i;

	if (*map->bad || !map->has_table || map->suspended || map->deferred_remove ||
	    map->status.state != MP_MAP_UP || map->status.nr_queued ||
	    map->status.nr_paths != map->map.nr_paths)
		return false;
	for (i = 0; i < map->status.nr_paths; i++)
		if (map->status.paths[i].state != MP_PATH_ACTIVE)
			return false;
	return true;
}

void mp_loaded_name_paths(struct mp_loaded *loaded, const struct mp_topo *topo,
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

void mp_loaded_note_read_only(struct mp_loaded *loaded, const struct mp_desired *desired,
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

bool mp_loaded_all_kept(const struct mp_loaded *loaded, const struct mp_loaded *before)
{
	size_t i;

	for (i = 0; i < loaded->nr_maps; i++)
		if (!loaded->maps[i].kept)
			return false;
	return loaded->nr_maps == before->nr_maps;
}
