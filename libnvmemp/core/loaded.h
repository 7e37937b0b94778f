/* SPDX-License-Identifier: GPL-2.0 */
/* The maps that device-mapper has. */
#ifndef MP_LOADED_H
#define MP_LOADED_H

#include "core/types.h"

/* The order that loaded maps stand in, for qsort(3) */
int mp_loaded_cmp(const void *a, const void *b);
const struct mp_loaded_map *mp_loaded_find(const struct mp_loaded *loaded, const char *uuid);
/* The path with this number, or NULL */
const struct mp_path *mp_map_path(const struct mp_map *map, uint32_t major, uint32_t minor);

/* NULL: the status line was not read, or says nothing of this path of the map's. */
const struct mp_path_status *mp_loaded_status(const struct mp_loaded_map *map,
					      const struct mp_path *path);
/* Which subsystem it was made of: see mp_loaded_remember() */
bool mp_loaded_nqn_known(const struct mp_loaded_map *map);

/*
 * Which subsystem each map was made of, as its table can't say: what before
 * knew, else what a path of its table leads to. Without it, a map whose paths
 * are all gone would be given those of a twin in another subsystem, a clone
 * with the same identifiers. To be called with each new loaded and each new
 * topo; before may be loaded itself. -ENOMEM
 */
int mp_loaded_remember(struct mp_loaded *loaded, const struct mp_loaded *before,
		       const struct mp_topo *topo);

/*
 * Maps that were not read again (kept) are filled in as they were before. -ENOENT: one
 * is not in before.
 */
int mp_loaded_keep(struct mp_loaded *loaded, const struct mp_loaded *before);

/* Whether each was kept, and none is new or gone: nothing changed. */
bool mp_loaded_all_kept(const struct mp_loaded *loaded, const struct mp_loaded *before);

/*
 * A name for each path, also for one whose device is gone: what it was in before, or its
 * number. before may be loaded itself.
 */
void mp_loaded_name_paths(struct mp_loaded *loaded, const struct mp_topo *topo,
			  const struct mp_loaded *before);

/*
 * Which maps follow their paths: one that became read-only with a path becomes
 * writable with it; one that was made so does not.
 */
void mp_loaded_note_read_only(struct mp_loaded *loaded, const struct mp_desired *desired,
			      const struct mp_loaded *before);

/* Nothing under way, nothing out of order: what it does next comes with an event of its own. */
bool mp_loaded_is_quiet(const struct mp_loaded_map *map);

#endif
