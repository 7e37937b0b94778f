/* SPDX-License-Identifier: GPL-2.0 */
/* What desire looks up for each of thousands of namespaces, sorted once. */
#ifndef MP_LOOKUP_H
#define MP_LOOKUP_H

#include "core/types.h"

/* A path of a loaded map */
struct mp_place {
	uint32_t major, minor;
	const struct mp_loaded_map *map;
};

struct mp_lookup {
	const struct mp_ns **by_wwid;
	size_t nr_ns;
	struct mp_place *by_number;
	size_t nr_places;
};

/* Of what is there; all of it belongs to the arena. -ENOMEM */
int mp_lookup_init(struct mp_arena *arena, const struct mp_topo *topo,
		   const struct mp_loaded *loaded, struct mp_lookup *ret);

/* The namespaces with this wwid, in order of topo; *ret_nr may be 0. */
const struct mp_ns *const *mp_lookup_wwid(const struct mp_lookup *l, const char *wwid, size_t *ret_nr);

/* The maps that have this device for a path, in order of loaded. */
const struct mp_place *mp_lookup_number(const struct mp_lookup *l, uint32_t major, uint32_t minor,
					size_t *ret_nr);

#endif
