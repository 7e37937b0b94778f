// SPDX-License-Identifier: GPL-2.0
/* Lost maps and when that began. */
#include <stdlib.h>
#include <string.h>

#include "core/desire.h"
#include "core/plan.h"
#include "lost.h"

static bool is_noted(const struct lost *lost, const char *uuid)
{
	size_t i;

	for (i = 0; i < lost->nr_maps; i++)
		if (strcmp(lost->maps[i].uuid, uuid) == 0)
			return true;
	return false;
}

static void forget_found(struct lost *lost, const struct mp_desired *desired,
			 const struct mp_loaded *loaded)
{
	size_t i, kept = 0;

	for (i = 0; i < lost->nr_maps; i++) {
		const char *uuid = lost->maps[i].uuid;
		const struct mp_loaded_map *map = mp_loaded_find(loaded, uuid);

		if (map && mp_plan_is_lost(desired, map))
			lost->maps[kept++] = lost->maps[i];
		else
			free((char *)uuid);
	}
	lost->nr_maps = kept;
}

static void note(struct lost *lost, const char *uuid, uint64_t now_ms)
{
	struct mp_lost *p = realloc(lost->maps, (lost->nr_maps + 1) * sizeof(*p));
	char *copy = p ? strdup(uuid) : NULL;

	if (p)
		lost->maps = p;
	if (copy)
		p[lost->nr_maps++] = (struct mp_lost){ .uuid = copy, .since_ms = now_ms };
}

void lost_update(struct lost *lost, const struct mp_desired *desired,
		 const struct mp_loaded *loaded, uint64_t now_ms)
{
	size_t i;

	forget_found(lost, desired, loaded);
	for (i = 0; i < loaded->nr_maps; i++) {
		const struct mp_loaded_map *map = &loaded->maps[i];

		if (mp_plan_is_lost(desired, map) && !is_noted(lost, map->map.uuid))
			note(lost, map->map.uuid, now_ms);
	}
}
