/* SPDX-License-Identifier: GPL-2.0 */
/* The part of a model of the target that both tests of plans need. */
#ifndef MODEL_H
#define MODEL_H

#include "core/arena.h"
#include "core/desire.h"
#include "core/table.h"
#include "core/words.h"
#include "nvmemp_uapi.h"
#include "unit.h"

/* add_path DEVICE words: a path more, as the target would have it */
static inline void model_add(struct mp_arena *arena, struct mp_map *map, const char *text)
{
	struct mp_map one = { 0 };
	char params[512];
	struct mp_path *paths;

	assert_int_equal(strncmp(text, NVMEMP_MSG_ADD_PATH " ", strlen(NVMEMP_MSG_ADD_PATH) + 1), 0);
	snprintf(params, sizeof(params), "0 1 %s", text + strlen(NVMEMP_MSG_ADD_PATH) + 1);
	assert_int_equal(mp_table_parse(arena, params, &one, NULL), 0);
	assert_null(mp_map_path(map, one.paths[0].major, one.paths[0].minor));
	paths = mp_arena_alloc(arena, (map->nr_paths + 1) * sizeof(*paths));
	if (map->nr_paths)
		memcpy(paths, map->paths, map->nr_paths * sizeof(*paths));
	paths[map->nr_paths++] = one.paths[0];
	map->paths = paths;
}

/* remove_path DEVICE: the target refuses the last one */
static inline void model_remove(struct mp_map *map, uint32_t major, uint32_t minor)
{
	struct mp_path *p = (struct mp_path *)mp_map_path(map, major, minor);

	assert_non_null(p);
	assert_true(map->nr_paths > 1);
	memmove(p, p + 1, (size_t)(&map->paths[--map->nr_paths] - p) * sizeof(*p));
}

/* A feature's message, or false */
static inline bool model_feature(struct mp_map *map, const char *key, const char *value)
{
	enum mp_feature f;

	for (f = 0; f < MP_NR_FEATURES; f++)
		if (!strcmp(key, mp_feature_key(f))) {
			assert_int_equal(mp_feature_parse(f, value, &map->features[f]), 0);
			return true;
		}
	return false;
}

#endif
