/* SPDX-License-Identifier: GPL-2.0 */
/* Since when maps have been without a path: the one thing that no look can tell. */
#ifndef MPD_LOST_H
#define MPD_LOST_H

#include "core/types.h"

struct lost {
	struct mp_lost *maps;		/* in order of uuid, as the plan wants them */
	size_t nr_maps;
};

/* Starts zeroed. A map that can't be noted counts as lost just now, and is noted next time. */
void lost_update(struct lost *lost, const struct mp_desired *desired,
		 const struct mp_loaded *loaded, uint64_t now_ms);

#endif
