/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The health of every path that is in a map: what the target says of it goes
 * into one state machine for each (core/pathsm.h), and out come wishes.
 */
#ifndef MPD_HEALTH_H
#define MPD_HEALTH_H

#include "core/types.h"

struct health;

struct health_path {
	const char *uuid;		/* of the map; holds until the next update */
	uint32_t major, minor;
};

struct health *health_new(void);
void health_free(struct health *h);

/* What the target says now, and deadlines that have passed. -ENOMEM */
int health_update(struct health *h, const struct mp_loaded *loaded, uint64_t now_ms);

/* Its controller serves again: worth a try before the deadline. */
void health_connected(struct health *h, uint32_t major, uint32_t minor, uint64_t now_ms);

/* This path is to be probed. Each wish is given once; health_probed() or _confirm() answers it. */
bool health_take_probe(struct health *h, struct health_path *ret);

/* The ANA state of this path is to be read again: it can't be used as it is. */
bool health_take_recheck(struct health *h, struct health_path *ret);

/* All probed paths with this number; a good one still has to be confirmed. */
void health_probed(struct health *h, uint32_t major, uint32_t minor, bool good, uint64_t now_ms);

/*
 * A path that was probed well: whoever takes it says whether it (still) belongs
 * into its map. true: it is to be reinstated.
 */
bool health_take_good(struct health *h, struct health_path *ret);
bool health_confirm(struct health *h, const struct health_path *path, bool belongs,
		    uint64_t now_ms);

/* When to update although nothing happened; 0 = no need. */
uint64_t health_wake_ms(const struct health *h);

#endif
