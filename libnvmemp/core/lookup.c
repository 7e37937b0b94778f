// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/lookup.h"

/* Of equal ones, what came first stays first: they are of one array. */
static int wwid_cmp(const void *a, const void *b)
{
	const struct mp_ns *x = *(const struct mp_ns *const *)a, *y = *(const struct mp_ns *const *)b;
	int r = strcmp(x->id.wwid, y->id.wwid);

	return r ? r : (x > y) - (x < y);
}

static int number_order(const struct mp_place *p, uint32_t major, uint32_t minor)
{
	if (p->major != major)
		return p->major < major ? -1 : 1;
	return (p->minor > minor) - (p->minor < minor);
}

static int number_cmp(const void *a, const void *b)
{
	const struct mp_place *x = a, *y = b;
	int r = number_order(x, y->major, y->minor);

	return r ? r : (x->map > y->map) - (x->map < y->map);
}

static void add_places(struct mp_lookup *l, const struct mp_loaded_map *map)
{
	size_t i;

	for (i = 0; i < map->map.nr_paths; i++)
		l->by_number[l->nr_places++] = (struct mp_place){
			.major = map->map.paths[i].major,
			.minor = map->map.paths[i].minor,
			.map = map,
		};
}

int mp_lookup_init(struct mp_arena *arena, const struct mp_topo *topo,
		   const struct mp_loaded *loaded, struct mp_lookup *ret)
{
	struct mp_lookup l = { .nr_ns = topo->nr_ns };
	size_t i, nr_paths = 0;

	for (i = 0; i < loaded->nr_maps; i++)
		nr_paths += loaded->maps[i].map.nr_paths;
	l.by_wwid = mp_arena_alloc(arena, (l.nr_ns + 1) * sizeof(*l.by_wwid));
	l.by_number = mp_arena_alloc(arena, (nr_paths + 1) * sizeof(*l.by_number));
	if (!l.by_wwid || !l.by_number)
		return -ENOMEM;
	for (i = 0; i < l.nr_ns; i++)
		l.by_wwid[i] = &topo->ns[i];
	for (i = 0; i < loaded->nr_maps; i++)
		add_places(&l, &loaded->maps[i]);
	qsort(l.by_wwid, l.nr_ns, sizeof(*l.by_wwid), wwid_cmp);
	qsort(l.by_number, l.nr_places, sizeof(*l.by_number), number_cmp);
	*ret = l;
	return 0;
}

/* The first whose wwid is not before this one; or, with its equals, behind it */
static size_t place_of(const struct mp_lookup *l, const char *wwid, bool behind)
{
	size_t from = 0, to = l->nr_ns;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (strcmp(l->by_wwid[middle]->id.wwid, wwid) < behind)
			from = middle + 1;
		else
			to = middle;
	}
	return to;
}

const struct mp_ns *const *mp_lookup_wwid(const struct mp_lookup *l, const char *wwid, size_t *ret_nr)
{
	size_t first = place_of(l, wwid, false);

	*ret_nr = place_of(l, wwid, true) - first;
	return l->by_wwid + first;
}

const struct mp_place *mp_lookup_number(const struct mp_lookup *l, uint32_t major, uint32_t minor,
					size_t *ret_nr)
{
	size_t from = 0, to = l->nr_places;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (number_order(&l->by_number[middle], major, minor) < 0)
			from = middle + 1;
		else
			to = middle;
	}
	while (to < l->nr_places && !number_order(&l->by_number[to], major, minor))
		to++;
	*ret_nr = to - from;
	return l->by_number + from;
}
